"""What requests about orders of a cross-margin account say beside spot's words, in both roles."""

from __future__ import annotations

from tradingsys.core.commands import PlaceOrder, PlaceOrderList
from tradingsys.core.enums import Contingency, OrderType, SideEffect
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.order import Terms
from tradingsys.venues.binance.params import SPOT_CLIENT_ID, client_id, parse_timing
from tradingsys.venues.binance.requests import RequestParams
from tradingsys.venues.binance.signing import Params
from tradingsys.venues.binance.spot_lists import above_and_below, check_list, list_params, parse_list, resting
from tradingsys.venues.binance.spot_requests import order_words, parse_terms, stp_word, timing

__all__ = ["CROSS", "account_words", "margin_list_params", "parse_margin_list"]

CROSS: RequestParams = {"isIsolated": "FALSE"}
"""Always sent: which account is meant."""

_STOP_NAMES = {
    "stopPrice": "stopPrice",
    "price": "stopLimitPrice",
    "timeInForce": "stopLimitTimeInForce",
    "icebergQty": "stopIcebergQty",
}
_LIMIT_NAMES = {"price": "price", "icebergQty": "limitIcebergQty"}
_COMMON_NAMES = ("side", "quantity", "selfTradePreventionMode", "sideEffectType")


def account_words(terms: Terms) -> RequestParams:
    """Always said: what an order does beside trading is nothing to leave to a default."""
    return {**CROSS, "sideEffectType": (terms.side_effect or SideEffect.NO_SIDE_EFFECT).value}


def margin_list_params(command: PlaceOrderList) -> RequestParams:
    """The parameters of `POST /sapi/v1/margin/order/…`.

    Raises InvalidOrder for lists that the exchange does not have.
    """
    if command.contingency is Contingency.OCO:
        return _oco_params(command)
    said = list_params(command)
    symbol = said.pop("symbol")
    return {"symbol": symbol, **account_words(command.orders[0].terms), **said}


def parse_margin_list(contingency: Contingency, params: Params) -> PlaceOrderList:
    """A received list; an OCO's limit order comes first, then its stop.

    Raises OrderRejected with the exchange's code for anything malformed.
    """
    if contingency is not Contingency.OCO:
        return parse_list(contingency, params)
    common = {name: params[name] for name in _COMMON_NAMES if name in params}
    stop = {name: params[said] for name, said in _STOP_NAMES.items() if said in params}
    limit = {name: params[said] for name, said in _LIMIT_NAMES.items() if said in params}
    stop_type = "STOP_LOSS_LIMIT" if "price" in stop else "STOP_LOSS"
    legs = (
        _leg(params, {**common, **limit, "type": "LIMIT_MAKER"}, "limitClientOrderId"),
        _leg(params, {**common, **stop, "type": stop_type}, "stopClientOrderId"),
    )
    return PlaceOrderList(contingency, legs)


def _leg(params: Params, said: Params, id_name: str) -> PlaceOrder:
    terms = parse_terms(said, str(params.get("symbol", "")))
    return PlaceOrder(client_id(params, id_name, SPOT_CLIENT_ID), terms, *parse_timing(params))


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
        **account_words(first.terms),
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
