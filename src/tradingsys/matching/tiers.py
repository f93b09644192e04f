"""How large a position may be at which leverage, and what margin must remain to keep it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

__all__ = ["Tier", "Tiers"]

_ZERO = Decimal(0)


class Tier(Struct, frozen=True):
    """One bracket of position values: above ``floor``, up to and including ``cap``."""

    number: int
    leverage: int
    """The highest that a position of this size may have."""
    floor: Decimal
    cap: Decimal
    ratio: Decimal
    """Maintenance margin of the value, before ``deduction``."""
    deduction: Decimal
    """Makes the maintenance margin grow without jumps from one tier to the next."""


class Tiers:
    """All brackets of a symbol, from the smallest positions to the largest."""

    __slots__ = ("_cap_at", "_caps", "rows")

    def __init__(self, rows: Iterable[tuple[int, int | Decimal, Decimal]]) -> None:
        """``rows``: highest leverage, largest value, maintenance ratio; with falling leverage."""
        made: list[Tier] = []
        floor, deduction, last_ratio = _ZERO, _ZERO, _ZERO
        for number, (leverage, cap, ratio) in enumerate(rows, 1):
            deduction += floor * (ratio - last_ratio)
            made.append(Tier(number, leverage, floor, Decimal(cap), ratio, deduction))
            floor, last_ratio = Decimal(cap), ratio
        self.rows = tuple(made)
        self._caps = [row.cap for row in made]
        self._cap_at = [max(row.cap for row in made if row.leverage >= at) for at in range(made[0].leverage + 1)]

    @property
    def highest_leverage(self) -> int:
        """Of the smallest positions."""
        return self.rows[0].leverage

    def tier(self, value: Decimal) -> Tier:
        """The bracket of a position value; of the largest, anything above."""
        return self.rows[min(bisect_left(self._caps, value), len(self.rows) - 1)]

    def maintenance(self, value: Decimal) -> Decimal:
        """The margin that a position of this value must keep."""
        tier = self.tier(value)
        return value * tier.ratio - tier.deduction

    def cap(self, leverage: int) -> Decimal:
        """The largest position value at a leverage."""
        return self._cap_at[leverage] if leverage < len(self._cap_at) else _ZERO
