"""The prices at which an exchange of assets lets orders execute: a range around a reference price."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from msgspec import Struct

from tradingsys.core.enums import Side
from tradingsys.sim.venue import Venue

__all__ = ["PriceRange"]


class PriceRange(Struct, frozen=True):
    """The rule of one symbol; what is None does not bind."""

    reference_px: Decimal | None = None
    """Without it the whole rule does not bind."""
    bid_up: Decimal | None = None
    """How much of the reference price who buys pays at the most."""
    bid_down: Decimal | None = None
    ask_up: Decimal | None = None
    ask_down: Decimal | None = None

    @property
    def has_rule(self) -> bool:
        """Whether there is more than a reference price."""
        return any(each is not None for each in (self.bid_up, self.bid_down, self.ask_up, self.ask_down))

    def reach(self, venue: Venue, side: Side, limit: int | None) -> int | None:
        """The worst price, in ticks, up to which an order of a limit (None: any price) may execute now."""
        highest = self._ticks(venue, self.bid_up if side is Side.BUY else self.ask_up, ROUND_FLOOR)
        lowest = self._ticks(venue, self.bid_down if side is Side.BUY else self.ask_down, ROUND_CEILING)
        best = venue.book.best(side.opposite)
        if side is Side.BUY:
            if best is not None and lowest is not None and best < lowest:
                return 0
            return limit if highest is None else highest if limit is None else min(limit, highest)
        if best is not None and highest is not None and best > highest:
            return best + 1
        return limit if lowest is None else lowest if limit is None else max(limit, lowest)

    def _ticks(self, venue: Venue, multiplier: Decimal | None, rounding: str) -> int | None:
        if self.reference_px is None or multiplier is None:
            return None
        return int((self.reference_px * multiplier / venue.instrument.tick_size).to_integral_value(rounding))
