"""Lives of a gateway of assets under faults, in virtual time: per asset, the books equal the exchange's ledger."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.simulate.spot_life import SpotLife
from tests.simulate.verdict import Verdict

WIRE_LIVES = 12
"""Over the venue's own wire."""
PLAIN_LIVES = 14
"""Without a codec between, which is quicker."""
_OFTEN = {
    "kills": 24,
    "power cuts": 8,
    "manual trades": 40,
    "transfers": 40,
    "executions of sessions": 400,
    "fees in BNB": 80,
    "fees in the base asset": 80,
    "orders amended": 30,
    "orders in doubt": 10,
    "order lists": 40,
    "loans": 100,
    "interest": 50,
}
"""What so many lives must meet at the least, or their silence proves nothing; about half of what was seen."""


MARGIN_LIVES = 8
"""Of a cross-margin account that borrows, pays interest and repays, without a codec between."""
_RENAMED, _RENAMING_LIVES = 500, 12
"""So many orders are renamed in the first few of these lives; a gateway may be down during most of any one of them."""


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    wire = [SpotLife(seed, tmp_path_factory.mktemp("spot")).live() for seed in range(WIRE_LIVES)]
    plain = [SpotLife(seed, tmp_path_factory.mktemp("spot"), wire=False).live() for seed in range(PLAIN_LIVES)]
    margin = [SpotLife(seed, tmp_path_factory.mktemp("margin"), margin=True).live() for seed in range(MARGIN_LIVES)]
    return [*wire, *plain, *margin]


@pytest.mark.parametrize("seed", range(WIRE_LIVES + PLAIN_LIVES + MARGIN_LIVES))
def test_every_asset_is_exact_after_any_life(seed: int, lives: list[Verdict]) -> None:
    verdict = lives[seed]
    assert not verdict.violations, "\n".join([*verdict.violations, *verdict.trace[-40:]])


def test_orders_that_people_rename_stay_the_sessions(tmp_path: Path) -> None:
    renamed = 0
    for seed in range(_RENAMING_LIVES):
        verdict = SpotLife(seed, tmp_path / str(seed), wire=False, renames=True).live()
        assert not verdict.violations, "\n".join([f"seed {seed}", *verdict.violations, *verdict.trace[-40:]])
        renamed += verdict.counts["orders renamed by hand"]
        if renamed > _RENAMED:
            return
    pytest.fail(f"only {renamed} orders were renamed in {_RENAMING_LIVES} lives")


def test_the_lives_meet_what_they_are_about(lives: list[Verdict]) -> None:
    met = sum((verdict.counts for verdict in lives), Counter[str]())
    assert {what: met[what] for what, least in _OFTEN.items() if met[what] < least} == {}, met


def test_the_same_seed_lives_the_same_life(tmp_path: Path) -> None:
    first, second = (SpotLife(9, tmp_path / name).live() for name in ("first", "second"))
    assert first.trace == second.trace and first.counts == second.counts
