"""By which method and path a request about an order goes, and what it costs."""

from __future__ import annotations

from tradingsys.core.commands import PlaceOrder, PlaceOrderList
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.order import Terms
from tradingsys.venues.binance.order_dialect import OrderCommand, OrderWay
from tradingsys.venues.binance.product import Product
from tradingsys.venues.protocol import Cost

__all__ = ["OrderWay", "order_cost", "order_way", "unsayable", "unsayable_list"]


def order_way(product: Product, command: OrderCommand, stamp_ms: int) -> OrderWay:
    """The request for a command; ``stamp_ms`` is for commands that carry no stamp of their own.

    Raises InvalidOrder for what cannot be said to the exchange.
    """
    return product.orders.way(command, stamp_ms)


def unsayable(product: Product, terms: Terms) -> InvalidOrder | None:
    """Why no request could carry these terms; None when one can."""
    return None if product.orders.is_plain(terms) else _unsayable(product, PlaceOrder("", terms, 0, 1))


def unsayable_list(product: Product, command: PlaceOrderList) -> InvalidOrder | None:
    """Why no request could carry such a list; None when one can."""
    return _unsayable(product, command)


def order_cost(product: Product, command: OrderCommand, *, by_rest: bool) -> Cost:
    """What a command takes from the limits."""
    return product.orders.cost(command, by_rest)


def _unsayable(product: Product, command: OrderCommand) -> InvalidOrder | None:
    try:
        product.orders.way(command, 0)
    except InvalidOrder as error:
        return error
    return None
