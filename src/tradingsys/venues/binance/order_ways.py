"""By which method and path a request about an order goes, and what it costs."""

from __future__ import annotations

from tradingsys.core.commands import PlaceOrder
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.order import Terms
from tradingsys.venues.binance.order_dialect import OrderCommand, OrderWay
from tradingsys.venues.binance.product import Product
from tradingsys.venues.protocol import Cost

__all__ = ["OrderWay", "order_cost", "order_way", "unsayable"]


def order_way(product: Product, command: OrderCommand, stamp_ms: int) -> OrderWay:
    """The request for a command; ``stamp_ms`` is for commands that carry no stamp of their own.

    Raises InvalidOrder for what cannot be said to the exchange.
    """
    return product.orders.way(command, stamp_ms)


def unsayable(product: Product, terms: Terms) -> InvalidOrder | None:
    """Why no request could carry these terms; None when one can."""
    if product.orders.is_plain(terms):
        return None
    try:
        product.orders.way(PlaceOrder("", terms, 0, 1), 0)
    except InvalidOrder as error:
        return error
    return None


def order_cost(product: Product, command: OrderCommand, *, by_rest: bool) -> Cost:
    """What a command takes from the limits."""
    return product.orders.cost(command, by_rest)
