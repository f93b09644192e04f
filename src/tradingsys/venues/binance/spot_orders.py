"""Orders of spot. A conditional order keeps its id when it is triggered: all are of one kind."""

from __future__ import annotations

import msgspec

from tradingsys.core.commands import CancelOrder, PlaceOrder, PlaceOrderList, ReplaceOrder
from tradingsys.core.enums import Contingency, OrderType, TimeInForce
from tradingsys.core.order import Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.venues.binance import decode_spot
from tradingsys.venues.binance.messages import spot
from tradingsys.venues.binance.order_dialect import OrderCommand, OrderDialect, OrderWay
from tradingsys.venues.binance.params import DEFAULT_RECV_WINDOW_MS
from tradingsys.venues.binance.product import Paths, Weights
from tradingsys.venues.binance.requests import cancel_params
from tradingsys.venues.binance.spot_lists import list_params
from tradingsys.venues.binance.spot_requests import amend_params, place_params
from tradingsys.venues.protocol import Cost

__all__ = ["LIST_WORDS", "is_plain", "order_facts", "spot_orders"]

LIST_WORDS = {contingency: contingency.lower() for contingency in Contingency}
"""As paths and methods end."""

_read_order = msgspec.json.Decoder(spot.OrderReply).decode
_read_amended = msgspec.json.Decoder(spot.AmendReply).decode


def spot_orders(paths: Paths, weights: Weights) -> OrderDialect:
    """The dialect of spot."""
    return OrderDialect(
        way=lambda command, stamp_ms: _way(paths, command, stamp_ms),
        facts=order_facts,
        cost=lambda command, _by_rest: _cost(weights, command),
        is_plain=is_plain,
    )


def is_plain(terms: Terms) -> bool:
    """A limit order with nothing particular about it."""
    return (
        terms.order_type is OrderType.LIMIT
        and terms.price is not None
        and not (terms.post_only or terms.reduce_only or terms.close_position or terms.price_protect)
        and terms.time_in_force in (None, TimeInForce.GTC)
        and terms.good_till_ms is None
        and terms.price_match is None
        and terms.trigger_price is None
        and terms.stop_px is None
        and terms.callback_rate is None
        and terms.activation_px is None
        and terms.quote_order_qty is None
        and terms.side_effect is None
    )


def order_facts(command: OrderCommand, body: bytes) -> list[OrderChanged]:
    """What a success tells. Raises msgspec's errors for what cannot be read, and when an order is missing in it."""
    match command:
        case PlaceOrder():
            return [decode_spot.order_reply_changed(_read_order(body))]
        case PlaceOrderList():
            told = [*decode_spot.orders_told(body)]
            named = {client_id for change in told for client_id in change.order.client_order_ids}
            missing = [leg.client_order_id for leg in command.orders if leg.client_order_id not in named]
            if missing:
                raise msgspec.ValidationError(f"the answer to a list lacks {', '.join(missing)}")
            return told
        case ReplaceOrder():
            return [decode_spot.amend_reply(_read_amended(body), command.revision)]
        case CancelOrder():
            return [*decode_spot.orders_told(body)]


def _way(paths: Paths, command: OrderCommand, stamp_ms: int) -> OrderWay:
    match command:
        case PlaceOrder():
            return OrderWay("order.place", "POST", paths.order, place_params(command))
        case PlaceOrderList():
            word = LIST_WORDS[command.contingency]
            return OrderWay(f"orderList.place.{word}", "POST", f"{paths.order_lists}/{word}", list_params(command))
        case ReplaceOrder():
            return OrderWay("order.amend.keepPriority", "PUT", paths.amend, amend_params(command))
        case CancelOrder():
            params = {**cancel_params(command), "recvWindow": DEFAULT_RECV_WINDOW_MS, "timestamp": stamp_ms}
            return OrderWay("order.cancel", "DELETE", paths.order, params)


def _cost(weights: Weights, command: OrderCommand) -> Cost:
    match command:
        case PlaceOrder():
            return Cost(weights.place, 1)
        case PlaceOrderList(orders=legs):
            return Cost(weights.place, len(legs))
        case ReplaceOrder():
            return Cost(weights.replace, 0)
        case CancelOrder():
            return Cost(weights.cancel, 0)
