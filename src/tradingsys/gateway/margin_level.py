"""How far a margin account is from its margin call: watched, and told before the exchange acts."""

from __future__ import annotations

from collections.abc import Callable

from tradingsys.core.commands import MarginState, MarginStateQuery
from tradingsys.core.errors import TradingError
from tradingsys.core.instrument import plain
from tradingsys.core.reports import MarginLevel
from tradingsys.oms.procedure import ask, until

__all__ = ["MarginWatch", "is_well", "margin_text", "standing"]

_NS_PER_S = 1_000_000_000
_EVERY_S = 30
_FRESH_MS = 10_000
_WELL = ("EXCESSIVE", "NORMAL")
_LOW = "BELOW_NORMAL"
"""A word of ours: the exchange says nothing until it calls."""
_CALL, _LIQUIDATION = "MARGIN_CALL", "FORCE_LIQUIDATION"
_BAD = (_LOW, _CALL, "PRE_LIQUIDATION", _LIQUIDATION)
_AMPLE = 2
"""Above that the exchange lets assets be taken out."""


def is_well(report: MarginLevel) -> bool:
    """Whether there is nothing to warn of; of a word that nobody knows the level decides."""
    return report.status in _WELL or (report.status not in _BAD and report.level > _AMPLE)


def margin_text(report: MarginLevel | None) -> str:
    """What there is to warn of, and what helps; empty when there is nothing."""
    if report is None or is_well(report):
        return ""
    return (
        f"margin level {plain(report.level)} ({report.status}): repay debts, add collateral or sell what was borrowed "
        "for, before the exchange does"
    )


def standing(state: MarginState) -> str:
    """Between which of the exchange's bars the level is."""
    if state.level <= state.liquidation_bar:
        return _LIQUIDATION
    if state.level <= state.margin_call_bar:
        return _CALL
    return _LOW if state.level <= state.normal_bar else _WELL[1]


class MarginWatch:
    """Reads the level now and then: the exchange itself speaks up only when it calls for more."""

    def __init__(
        self,
        now_ns: Callable[[], int],
        venue_ms: Callable[[], int],
        tell: Callable[[MarginLevel], None],
        warned: Callable[[], MarginLevel | None],
        read: Callable[[MarginState, int], None],
    ) -> None:
        """``tell`` is told when the level passed one of the bars, and when ``warned``, the warning that stands, by
        whomever, is not what the level says: the exchange finds all well that is above its call. ``read`` is told each
        state, and when it was asked for.
        """
        self._read = read
        self._now_ns = now_ns
        self._venue_ms = venue_ms
        self._tell = tell
        self._warned = warned
        self._standing = _WELL[1]

    async def watch(self) -> None:
        """For as long as the process lives."""
        while True:
            await self.look()
            await until(self._now_ns() + _EVERY_S * _NS_PER_S)

    async def look(self) -> None:
        """Once; a failure waits for the next time."""
        asked_ms, asked_ns = self._venue_ms(), self._now_ns()
        try:
            state = await ask(MarginStateQuery())
        except TradingError:
            return
        self._read(state, asked_ns)
        before, self._standing = self._standing, standing(state)
        warning = self._warned()
        is_missing = warning is None and self._standing not in _WELL
        # One that is younger than the answer may know more than it.
        is_over = warning is not None and self._standing in _WELL and warning.ts_event_ms < asked_ms - _FRESH_MS
        if self._standing != before or is_missing or is_over:
            self._tell(MarginLevel(state.level, self._standing, self._venue_ms()))
