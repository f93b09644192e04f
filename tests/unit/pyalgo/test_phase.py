from __future__ import annotations

import datetime as dt

import pytest

from pyalgo import Phase, TradingPhase
from pyalgo.phase import SHANGHAI


def at(hour: int, minute: int = 0, second: int = 0) -> int:
    return int(dt.datetime(2026, 3, 1, hour, minute, second, tzinfo=SHANGHAI).timestamp() * 1000)


@pytest.mark.parametrize("hour", range(24))
def test_phases_last_from_their_time_to_the_next_at_any_hour(hour: int) -> None:
    phases = TradingPhase()
    phases.add_phase(0, 0, 0, Phase.OPEN)
    phases.add_phase(16, 0, 0, Phase.CLOSE)
    assert phases.determine(at(hour)) == (Phase.OPEN if hour < 16 else Phase.CLOSE)


def test_a_phase_lasts_across_midnight() -> None:
    phases = TradingPhase()
    phases.add_phase(21, 0, 0, Phase.OPEN)
    phases.add_phase(2, 30, 0, Phase.CLOSE)
    assert [
        phases.determine(at(*time)) for time in ((20, 59, 59), (21,), (23, 59, 59), (0,), (2, 29, 59), (2, 30))
    ] == [
        Phase.CLOSE,
        Phase.OPEN,
        Phase.OPEN,
        Phase.OPEN,
        Phase.OPEN,
        Phase.CLOSE,
    ]


def test_it_is_undefined_until_one_is_added() -> None:
    assert TradingPhase().determine(at(12)) == Phase.UNDEF


def test_the_same_time_again_replaces() -> None:
    phases = TradingPhase()
    phases.add_phase(9, 0, 0, Phase.OPEN)
    phases.add_phase(9, 0, 0, Phase.AUCTION)
    assert (phases.keys(), phases.vals()) == ([9 * 3600], [Phase.AUCTION])


def test_times_and_their_number_are_limited() -> None:
    phases = TradingPhase()
    for hour in range(24):
        phases.add_phase(hour, 0, 0, Phase.OPEN)
    phases.add_phase(5, 0, 0, Phase.CLOSE)
    with pytest.raises(ValueError, match="at most 24"):
        phases.add_phase(5, 0, 1, Phase.OPEN)
    with pytest.raises(ValueError, match="not a time of day"):
        phases.add_phase(24, 0, 0, Phase.OPEN)


def test_seconds_and_datetimes_are_in_shanghai() -> None:
    phases = TradingPhase()
    assert phases.to_second(at(9, 30, 1)) == 9 * 3600 + 30 * 60 + 1
    assert phases.to_datetime(0).isoformat() == "1970-01-01T08:00:00+08:00"
