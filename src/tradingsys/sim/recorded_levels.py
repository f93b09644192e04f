"""Recorded price levels on the box's own grid: a recording may have a finer one, as spot has than futures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tradingsys.core.enums import Side

__all__ = ["RecordedLevels", "tick_of"]

_ZERO = Decimal(0)


def tick_of(px: Decimal, tick: Decimal, side: Side) -> int:
    """Where a resting order of this side is on the grid: between two prices at the one that is worse for its owner's
    counterparty, so that bids stay below asks.
    """
    return int((px / tick).to_integral_value(ROUND_FLOOR if side is Side.BUY else ROUND_CEILING))


class RecordedLevels:
    """One side of a book: quantities by recorded price, and their sums by tick."""

    def __init__(self, side: Side, tick: Decimal, lot: Decimal) -> None:
        self._side, self._tick, self._lot = side, tick, lot
        self._quantities: dict[Decimal, Decimal] = {}
        self._sums: dict[int, Decimal] = {}

    def changed(self, levels: Iterable[tuple[Decimal, Decimal]]) -> Iterator[tuple[int, int]]:
        """Ticks with their lots after levels got these quantities; zero means gone."""
        touched: dict[int, None] = {}
        for px, qty in levels:
            ticks = tick_of(px, self._tick, self._side)
            before = self._quantities.pop(px, _ZERO)
            if qty:
                self._quantities[px] = qty
            total = self._sums.get(ticks, _ZERO) + qty - before
            if total:
                self._sums[ticks] = total
            else:
                self._sums.pop(ticks, None)
            touched[ticks] = None
        return ((ticks, int(self._sums.get(ticks, _ZERO) / self._lot)) for ticks in touched)

    def crossed(self, other_side: int | None) -> list[tuple[int, int]]:
        """Forget the levels that a price of the other side, in ticks, trades with; returns them, with no lots."""
        if other_side is None:
            return []
        stale = [
            px
            for px in self._quantities
            if (tick_of(px, self._tick, self._side) - other_side) * (1 if self._side is Side.BUY else -1) >= 0
        ]
        return list(self.changed((px, _ZERO) for px in stale))

    def replaced(self, levels: Iterable[tuple[Decimal, Decimal]]) -> Iterator[tuple[int, int]]:
        """All ticks with their lots, of these levels alone."""
        self._quantities.clear()
        self._sums.clear()
        return ((ticks, lots) for ticks, lots in self.changed(levels) if lots)
