"""By which method and path a request about an order goes, and what it costs."""

from __future__ import annotations

from msgspec import Struct

from tradingsys.core.commands import CancelOrder, PlaceOrder, PlaceOrderList, ReplaceOrder
from tradingsys.core.enums import OrderType, TimeInForce
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.order import Terms
from tradingsys.venues.binance.algo_requests import algo_cancel_params, algo_place_params
from tradingsys.venues.binance.order_results import OrderCommand
from tradingsys.venues.binance.params import DEFAULT_RECV_WINDOW_MS
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.requests import cancel_params, place_params, replace_params
from tradingsys.venues.binance.signing import Params
from tradingsys.venues.protocol import Cost

__all__ = ["OrderWay", "order_cost", "order_way", "unsayable"]


class OrderWay(Struct, frozen=True):
    """One request, for either transport."""

    ws_method: str
    http_method: str
    path: str
    params: Params


def order_way(product: Product, command: OrderCommand, stamp_ms: int) -> OrderWay:
    """The request for a command; ``stamp_ms`` is for commands that carry no stamp of their own.

    Raises InvalidOrder for what cannot be said to the exchange.
    """
    paths = product.paths
    match command:
        case PlaceOrder():
            if command.terms.order_type.is_conditional:
                return OrderWay("algoOrder.place", "POST", paths.algo_order, algo_place_params(command))
            return OrderWay("order.place", "POST", paths.order, place_params(command))
        case PlaceOrderList():
            raise InvalidOrder(f"{product.name} has no order lists: place the orders one by one")
        case ReplaceOrder():
            return OrderWay("order.modify", "PUT", paths.order, replace_params(command))
        case CancelOrder():
            stamp = {"recvWindow": DEFAULT_RECV_WINDOW_MS, "timestamp": stamp_ms}
            if command.is_waiting:
                return OrderWay(
                    "algoOrder.cancel", "DELETE", paths.algo_order, {**algo_cancel_params(command), **stamp}
                )
            return OrderWay("order.cancel", "DELETE", paths.order, {**cancel_params(command), **stamp})


def unsayable(product: Product, terms: Terms) -> InvalidOrder | None:
    """Why no request could carry these terms; None when one can."""
    if _is_plain(terms):
        return None
    try:
        order_way(product, PlaceOrder("", terms, 0, 1), 0)
    except InvalidOrder as error:
        return error
    return None


def _is_plain(terms: Terms) -> bool:
    """Whether a request can carry it for sure: finding out by writing one would take as long as sending it."""
    return (
        terms.order_type is OrderType.LIMIT
        and terms.price is not None
        and terms.price_match is None
        and not terms.post_only
        and terms.good_till_ms is None
        and terms.time_in_force is not TimeInForce.GTD
    )


def order_cost(product: Product, command: OrderCommand, *, by_rest: bool) -> Cost:
    """What a command takes from the limits. Conditional orders count as orders by REST only (2026-06-20)."""
    weights = product.weights
    match command:
        case PlaceOrder():
            return Cost(weights.place, 1 if by_rest or not command.terms.order_type.is_conditional else 0)
        case PlaceOrderList(orders=legs):
            return Cost(weights.place, len(legs))
        case ReplaceOrder():
            return Cost(weights.replace, 1)
        case CancelOrder():
            return Cost(weights.cancel, 0)
