"""Orders for assets that wait for the last price, under the id they have."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import TriggerPrice
from tradingsys.sim.conditions import fires_above
from tradingsys.sim.events import OrderRecord
from tradingsys.sim.venue import Venue

__all__ = ["await_price", "follows_price"]

_BPS_PER_PERCENT = 100


def follows_price(order: OrderRecord) -> bool:
    """Whether the order's trigger moves with the price already."""
    return order.trailing_bps is not None and order.trailing_ns > 0


def await_price(venue: Venue, order: OrderRecord, px: Decimal | None = None) -> None:
    """Set the order off at its trigger price; or, if it trails, when the price comes back.

    A trailing order with a trigger price follows the price only from there on: what sets it off first begins that.
    ``px`` is the first price it follows, if that is not the last.
    """
    triggers = venue.triggers[TriggerPrice.LAST]
    if order.trailing_bps is not None and follows_price(order):
        rate = Decimal(order.trailing_bps) / _BPS_PER_PERCENT
        triggers.trail(order.order_id, order.side, rate, venue.last_px if px is None else px)
    elif order.trigger_px is not None:
        above = fires_above(order.order_type, order.side)
        triggers.wait(order.order_id, order.trigger_px, above=above)
