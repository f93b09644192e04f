"""How much an account may have open: on a symbol, and on the exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tradingsys.core.instrument import SpotRules
from tradingsys.sim.events import NewOrder, OrderRecord, Refusal
from tradingsys.sim.floor import Floor
from tradingsys.sim.venue import Venue

__all__ = ["ExchangeLimits", "crowded", "too_many_lists"]


class ExchangeLimits(Struct, frozen=True):
    """What an account may have open on all symbols together."""

    orders: int = 1_000
    conditional: int = 200
    """Of the orders."""
    icebergs: int = 10_000
    """Of the orders, too."""
    lists: int = 20


def crowded(
    floor: Floor[Any], limits: ExchangeLimits, venue: Venue, account: str, coming: Sequence[NewOrder]
) -> Refusal | None:
    """What there would be too many of with these orders, on their symbol or else on the exchange."""
    rules = venue.instrument.spot or SpotRules()
    here = _open(venue, account)
    most = venue.instrument.max_open_orders
    if most is not None and len(here) + len(coming) > most:
        return Refusal.TOO_MANY_ORDERS
    conditional = sum(each.order_type.is_conditional for each in coming)
    most = rules.max_conditional_orders
    if conditional and most is not None and _conditional(here) + conditional > most:
        return Refusal.TOO_MANY_CONDITIONS
    icebergs = sum(each.iceberg_qty is not None for each in coming)
    most = rules.max_iceberg_orders
    if icebergs and most is not None and _icebergs(here) + icebergs > most:
        return Refusal.TOO_MANY_ICEBERGS
    if sum(len(each.open_ids.get(account, ())) for each in floor.venues.values()) + len(coming) > limits.orders:
        return Refusal.TOO_MANY_ORDERS_OF_ALL
    if not conditional and not icebergs:
        return None
    everywhere = [order for each in floor.venues.values() for order in _open(each, account)]
    if conditional and _conditional(everywhere) + conditional > limits.conditional:
        return Refusal.TOO_MANY_CONDITIONS_OF_ALL
    if icebergs and _icebergs(everywhere) + icebergs > limits.icebergs:
        return Refusal.TOO_MANY_ICEBERGS_OF_ALL
    return None


def too_many_lists(limits: ExchangeLimits, venue: Venue, symbols: Sequence[str]) -> Refusal | None:
    """Whether one more order list is too many, where there are some of these symbols."""
    most = (venue.instrument.spot or SpotRules()).max_order_lists
    if most is not None and symbols.count(venue.instrument.symbol) >= most:
        return Refusal.TOO_MANY_LISTS
    return Refusal.TOO_MANY_LISTS_OF_ALL if len(symbols) >= limits.lists else None


def _open(venue: Venue, account: str) -> list[OrderRecord]:
    return [venue.open[order_id] for order_id in venue.open_ids.get(account, ())]


def _conditional(orders: Sequence[OrderRecord]) -> int:
    return sum(order.order_type.is_conditional for order in orders)


def _icebergs(orders: Sequence[OrderRecord]) -> int:
    return sum(order.iceberg_qty is not None for order in orders)
