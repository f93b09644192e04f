"""What few lives meet: answers of a minute ago, and a ban of three days."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulate import old_answers, outlasting
from tests.simulate.faults import Profile
from tests.simulate.kinds import Kind, live
from tests.simulate.quiet import quiet


@quiet()
@pytest.mark.parametrize(
    ("seed", "kind", "profile"),
    [
        (1, Kind.FUTURES, Profile.STALE),
        (2, Kind.WIRE, Profile.KILLS),
        (3, Kind.MARGIN, Profile.NORMAL),
        (4, Kind.FUTURES, Profile.AMENDS),
    ],
)
def test_answers_may_be_a_minute_old(
    seed: int, kind: Kind, profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_answers, "_SHARE", 1.0)
    monkeypatch.setattr(old_answers, "_MARGINS_MS", (60_000,))
    verdict = live(seed, tmp_path, kind, profile)
    assert verdict.violations == []
    assert verdict.counts["lives with answers of many seconds ago"] == 1
    assert verdict.counts["orders accepted"]


@quiet()
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", [Kind.FUTURES, Kind.WIRE])
def test_a_ban_may_last_for_three_days(seed: int, kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlasting, "_SHARE", 1.0)
    monkeypatch.setattr(outlasting, "_LONGEST", 1.0)
    verdict = live(seed, tmp_path, kind)
    assert verdict.violations == []
    assert verdict.counts["bans of days"] == 1
    assert verdict.virtual_s > outlasting.LONGEST_S
