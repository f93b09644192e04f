"""Which waiting orders a price sets off, found by the price and not by asking each of them."""

from __future__ import annotations

from decimal import Decimal
from heapq import heappop, heappush

from msgspec import Struct

from tradingsys.core.enums import Side

__all__ = ["Triggers"]

_PERCENT = Decimal("0.01")
_ENOUGH = 100
"""Entries of forgotten orders that nobody minds."""


class _Trail(Struct, eq=False):
    """A trailing stop under way: ``extreme`` is the best price so far."""

    side: Side
    rate: Decimal
    extreme: Decimal

    def fires(self, px: Decimal) -> bool:
        if self.side is Side.BUY:
            self.extreme = min(self.extreme, px)
            return px >= self.extreme * (1 + self.rate * _PERCENT)
        self.extreme = max(self.extreme, px)
        return px <= self.extreme * (1 - self.rate * _PERCENT)


class Triggers:
    """Orders of one symbol that watch one price, by id."""

    __slots__ = ("_falling", "_levels", "_rising", "_trails")

    def __init__(self) -> None:
        self._rising: list[tuple[Decimal, int]] = []
        self._falling: list[tuple[Decimal, int]] = []  # by the negative price
        self._levels: dict[int, Decimal] = {}
        self._trails: dict[int, _Trail] = {}

    def __bool__(self) -> bool:
        return bool(self._levels or self._trails)

    def wait(self, order_id: int, level: Decimal, *, above: bool) -> None:
        """Set the order off at ``level`` and beyond."""
        self._levels[order_id] = level
        if above:
            heappush(self._rising, (level, order_id))
        else:
            heappush(self._falling, (-level, order_id))

    def trail(self, order_id: int, side: Side, rate: Decimal, px: Decimal) -> None:
        """Follow the price from ``px`` on, and set the order off when it comes back by ``rate`` percent."""
        self._trails[order_id] = _Trail(side, rate, px)

    def drop(self, order_id: int) -> None:
        """Forget an order."""
        self._trails.pop(order_id, None)
        if self._levels.pop(order_id, None) is None:
            return
        if len(self._rising) + len(self._falling) > _ENOUGH + 2 * len(self._levels):
            self._rising = self._waiting(self._rising)
            self._falling = self._waiting(self._falling)

    def _waiting(self, heap: list[tuple[Decimal, int]]) -> list[tuple[Decimal, int]]:
        """Without orders that are forgotten. A sorted list is a heap."""
        return sorted(entry for entry in heap if self._levels.get(entry[1]) == abs(entry[0]))

    def due(self, px: Decimal) -> list[int]:
        """Orders that this price sets off, no longer waiting: those nearest to where it came from first."""
        fired: list[int] = []
        for heap, reach in ((self._rising, px), (self._falling, -px)):
            while heap and heap[0][0] <= reach:
                signed, order_id = heappop(heap)
                if self._levels.get(order_id) == abs(signed):
                    del self._levels[order_id]
                    fired.append(order_id)
        trailed = [order_id for order_id, trail in self._trails.items() if trail.fires(px)]
        for order_id in trailed:
            del self._trails[order_id]
        return fired + trailed
