"""Orders of a cross-margin account: spot's words, and what else an order does. By REST only, and without amends."""

from __future__ import annotations

from tradingsys.core.commands import CancelOrder, PlaceOrder, PlaceOrderList, ReplaceOrder
from tradingsys.core.enums import Contingency, OrderType, SideEffect
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.order import Terms
from tradingsys.venues.binance.order_dialect import OrderCommand, OrderDialect, OrderWay
from tradingsys.venues.binance.params import DEFAULT_RECV_WINDOW_MS
from tradingsys.venues.binance.product import Paths, Weights
from tradingsys.venues.binance.requests import RequestParams, cancel_params
from tradingsys.venues.binance.spot_lists import above_and_below, check_list, list_params, resting
from tradingsys.venues.binance.spot_orders import LIST_WORDS, is_plain, order_facts
from tradingsys.venues.binance.spot_requests import as_sent, order_words, stp_word, timing
from tradingsys.venues.protocol import Cost

__all__ = ["CROSS", "margin_orders"]

CROSS: RequestParams = {"isIsolated": "FALSE"}
"""Always sent: which account is meant."""

_STOP_NAMES = {
    "stopPrice": "stopPrice",
    "price": "stopLimitPrice",
    "timeInForce": "stopLimitTimeInForce",
    "icebergQty": "stopIcebergQty",
}
_LIMIT_NAMES = {"price": "price", "icebergQty": "limitIcebergQty"}


def margin_orders(paths: Paths, weights: Weights) -> OrderDialect:
    """The dialect of cross margin."""
    return OrderDialect(
        way=lambda command, stamp_ms: _way(paths, command, stamp_ms),
        facts=order_facts,
        cost=lambda command, _by_rest: _cost(weights, command),
        is_plain=is_plain,
        by_ws=False,
    )


def _way(paths: Paths, command: OrderCommand, stamp_ms: int) -> OrderWay:
    match command:
        case PlaceOrder(terms=terms):
            params = {"symbol": terms.symbol, **_account(terms), **as_sent(command)}
            return OrderWay("", "POST", paths.order, {**params, **stp_word(terms), **timing(command)})
        case PlaceOrderList():
            path = f"{paths.order_lists}/{LIST_WORDS[command.contingency]}"
            return OrderWay("", "POST", path, _list_params(command))
        case ReplaceOrder():
            raise InvalidOrder("margin orders cannot be amended: cancel it and place another")
        case CancelOrder():
            params = {**cancel_params(command), **CROSS, "recvWindow": DEFAULT_RECV_WINDOW_MS, "timestamp": stamp_ms}
            return OrderWay("", "DELETE", paths.order, params)


def _account(terms: Terms) -> RequestParams:
    """Always said: what an order does beside trading is nothing to leave to a default."""
    return {**CROSS, "sideEffectType": (terms.side_effect or SideEffect.NO_SIDE_EFFECT).value}


def _list_params(command: PlaceOrderList) -> RequestParams:
    if command.contingency is Contingency.OCO:
        return _oco_params(command)
    said = list_params(command)
    symbol = said.pop("symbol")
    return {"symbol": symbol, **_account(command.orders[0].terms), **said}


def _oco_params(command: PlaceOrderList) -> RequestParams:
    """The exchange's older form: a limit order, and a stop on the other side of the market.

    Raises InvalidOrder for a take-profit or a trailing stop, which only spot has in a pair.
    """
    first = check_list(command)
    above_and_below(command.orders)
    limit, stop = sorted(command.orders, key=lambda leg: leg.terms.order_type is not OrderType.LIMIT)
    if limit.terms.order_type is not OrderType.LIMIT:
        raise InvalidOrder("an OCO of a margin account is a limit order and a stop: make the take-profit a limit order")
    stop_words, limit_words = order_words(stop.terms), order_words(resting(limit).terms)
    if "trailingDelta" in stop_words:
        raise InvalidOrder("an OCO of a margin account cannot trail: use a stop at a fixed price")
    return {
        "symbol": first.terms.symbol,
        **_account(first.terms),
        "side": limit_words["side"],
        "quantity": limit_words["quantity"],
        **{_LIMIT_NAMES[name]: value for name, value in limit_words.items() if name in _LIMIT_NAMES},
        "limitClientOrderId": limit.client_order_id,
        **{_STOP_NAMES[name]: value for name, value in stop_words.items() if name in _STOP_NAMES},
        "stopClientOrderId": stop.client_order_id,
        "newOrderRespType": "FULL",
        **stp_word(first.terms),
        **timing(first),
    }


def _cost(weights: Weights, command: OrderCommand) -> Cost:
    match command:
        case PlaceOrder(terms=terms):
            return Cost(_place_weight(weights, terms), 1)
        case PlaceOrderList(orders=legs):
            return Cost(_place_weight(weights, legs[0].terms), len(legs))
        case ReplaceOrder():
            return Cost(0, 0)
        case CancelOrder():
            return Cost(weights.cancel, 0)


def _place_weight(weights: Weights, terms: Terms) -> int:
    return weights.place_borrowing if terms.side_effect is SideEffect.MARGIN_BUY else weights.place
