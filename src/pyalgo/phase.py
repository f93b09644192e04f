"""Trading phases: a day divided by wall time in UTC+8."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta, timezone

from pyalgo.words import Phase

__all__ = ["SHANGHAI", "TradingPhase", "to_datetime"]

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The time zone of every datetime in this package; China has had no summer time since 1991."""

_MAX_SEGMENTS = 24
_DAY_S = 86_400


def to_datetime(time_ms: int) -> datetime:
    """A Unix time in ms as a datetime in UTC+8."""
    return datetime.fromtimestamp(time_ms / 1000, SHANGHAI)


class TradingPhase:
    """Which `Phase` it is: each begins at its own time and lasts until the next begins, across midnight."""

    def __init__(self) -> None:
        self._starts_s: list[int] = []
        self._phases: list[Phase] = []

    def keys(self) -> list[int]:
        """When the phases begin, in seconds since midnight UTC+8, ascending."""
        return list(self._starts_s)

    def vals(self) -> list[Phase]:
        """The phases, in the order of `keys`."""
        return list(self._phases)

    def add_phase(self, hour: int, minute: int, second: int, phase: Phase) -> None:
        """From this time of day (UTC+8) on it is ``phase``; a phase that began at the same time is replaced.

        Raises ValueError when that is no time of day, or for a 25th phase.
        """
        is_whole = all(isinstance(part, int) for part in (hour, minute, second))
        if not (is_whole and 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
            raise ValueError(f"not a time of day: hour {hour!r}, minute {minute!r}, second {second!r}")
        if phase not in tuple(Phase):
            raise ValueError(f"phase is {phase!r}, not one of {', '.join(Phase)}")
        phase = Phase(phase)
        start_s = hour * 3600 + minute * 60 + second
        at = bisect_left(self._starts_s, start_s)
        if at < len(self._starts_s) and self._starts_s[at] == start_s:
            self._phases[at] = phase
            return
        if len(self._starts_s) >= _MAX_SEGMENTS:
            raise ValueError(f"a day has at most {_MAX_SEGMENTS} phases")
        self._starts_s.insert(at, start_s)
        self._phases.insert(at, phase)

    def to_second(self, mills: int) -> int:
        """Seconds since midnight in UTC+8."""
        return (mills // 1000 + 8 * 3600) % _DAY_S

    def determine(self, mills: int) -> Phase:
        """The phase at a Unix time in ms; UNDEF until one was added."""
        if not self._starts_s:
            return Phase.UNDEF
        # Before the day's first phase begins, it is still the one that began last on the day before: index -1.
        return self._phases[bisect_right(self._starts_s, self.to_second(mills)) - 1]

    def to_datetime(self, mills: int) -> datetime:
        """A Unix time in ms as a datetime in UTC+8."""
        return to_datetime(mills)
