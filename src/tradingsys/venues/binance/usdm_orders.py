"""Orders of USDⓈ-M futures: ordinary ones, and conditional ones, which another service of the exchange keeps."""

from __future__ import annotations

import msgspec

from tradingsys.core.commands import CancelOrder, PlaceOrder, PlaceOrderList, ReplaceOrder
from tradingsys.core.enums import OrderStatus, OrderType, TimeInForce
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.order import Closed, Order, Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.venues.binance import decode, decode_algo, messages
from tradingsys.venues.binance.algo_requests import algo_cancel_params, algo_place_params
from tradingsys.venues.binance.order_dialect import OrderCommand, OrderDialect, OrderWay
from tradingsys.venues.binance.params import DEFAULT_RECV_WINDOW_MS
from tradingsys.venues.binance.product import Paths, Weights
from tradingsys.venues.binance.requests import cancel_params, place_params, replace_params
from tradingsys.venues.protocol import Cost

__all__ = ["usdm_orders"]

_read_order = msgspec.json.Decoder(messages.OrderReply).decode
_read_algo_order = msgspec.json.Decoder(messages.AlgoOrder).decode
_read_algo_canceled = msgspec.json.Decoder(messages.AlgoCanceled).decode

_SUCCESS = ("200", 200)


def usdm_orders(paths: Paths, weights: Weights) -> OrderDialect:
    """The dialect of USDⓈ-M."""
    return OrderDialect(
        way=lambda command, stamp_ms: _way(paths, command, stamp_ms),
        facts=_facts,
        cost=lambda command, by_rest: _cost(weights, command, by_rest),
        is_plain=_is_plain,
    )


def _way(paths: Paths, command: OrderCommand, stamp_ms: int) -> OrderWay:
    match command:
        case PlaceOrder():
            if command.terms.order_type.is_conditional:
                return OrderWay("algoOrder.place", "POST", paths.algo_order, algo_place_params(command))
            return OrderWay("order.place", "POST", paths.order, place_params(command))
        case PlaceOrderList():
            raise InvalidOrder("futures have no order lists: send the orders one by one, and cancel what is left over")
        case ReplaceOrder():
            return OrderWay("order.modify", "PUT", paths.order, replace_params(command))
        case CancelOrder():
            stamp = {"recvWindow": DEFAULT_RECV_WINDOW_MS, "timestamp": stamp_ms}
            if command.is_waiting:
                return OrderWay(
                    "algoOrder.cancel", "DELETE", paths.algo_order, {**algo_cancel_params(command), **stamp}
                )
            return OrderWay("order.cancel", "DELETE", paths.order, {**cancel_params(command), **stamp})


def _is_plain(terms: Terms) -> bool:
    return (
        terms.order_type is OrderType.LIMIT
        and terms.price is not None
        and terms.price_match is None
        and not terms.post_only
        and terms.good_till_ms is None
        and terms.time_in_force is not TimeInForce.GTD
        and terms.iceberg_qty is None
        and terms.quote_order_qty is None
        and terms.side_effect is None
    )


def _cost(weights: Weights, command: OrderCommand, by_rest: bool) -> Cost:
    """Conditional orders count as orders by REST only (2026-06-20)."""
    match command:
        case PlaceOrder():
            return Cost(weights.place, 1 if by_rest or not command.terms.order_type.is_conditional else 0)
        case PlaceOrderList():
            return Cost(0, 0)
        case ReplaceOrder():
            return Cost(weights.replace, 1)
        case CancelOrder():
            return Cost(weights.cancel, 0)


def _facts(command: OrderCommand, body: bytes) -> list[OrderChanged]:
    match command:
        case PlaceOrder() if command.terms.order_type.is_conditional:
            return [decode_algo.algo_order_changed(_read_algo_order(body))]
        case CancelOrder(is_waiting=True):
            return [_algo_canceled(command, _read_algo_canceled(body))]
    return [decode.order_reply_changed(_read_order(body))]


def _algo_canceled(cancel: CancelOrder, reply: messages.AlgoCanceled) -> OrderChanged:
    """The only answer that tells no order, only that it is cancelled; not when, so any other telling is newer."""
    if reply.code not in _SUCCESS:
        raise msgspec.ValidationError(f"neither success nor error: {reply.code} {reply.msg}")
    order = Order(
        (reply.client_algo_id,), accepted=True, closed=Closed(OrderStatus.CANCELED), algo_id=str(reply.algo_id)
    )
    return OrderChanged(order, cancel.symbol, 0)
