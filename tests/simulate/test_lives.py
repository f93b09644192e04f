"""Lives of the gateway under faults, in virtual time: the books equal the exchange's ledger at the end of each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.simulate.life import Life
from tests.simulate.sometimes import never_met
from tests.simulate.verdict import Verdict

LIVES = 24


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    return [Life(seed, tmp_path_factory.mktemp("life")).live() for seed in range(LIVES)]


@pytest.mark.parametrize("seed", range(LIVES))
def test_booked_equals_ledger_after_any_life(seed: int, lives: list[Verdict]) -> None:
    verdict = lives[seed]
    assert not verdict.violations, "\n".join([*verdict.violations, *verdict.trace[-40:]])


def test_the_lives_meet_what_they_are_about(lives: list[Verdict]) -> None:
    met = sum((verdict.counts for verdict in lives), Counter[str]())
    assert not list(never_met(met, LIVES, on_spot=False)), met


@pytest.mark.parametrize("seed", [3, 12])
def test_the_same_seed_lives_the_same_life(seed: int, tmp_path: Path) -> None:
    first, second = (Life(seed, tmp_path / name).live() for name in ("first", "second"))
    assert first.trace == second.trace and first.counts == second.counts
    assert Life(seed + 1, tmp_path / "other").live().trace != first.trace
