"""What requests about orders of a cross-margin account say beside spot's words, in both roles."""

from __future__ import annotations

from tradingsys.core.commands import PlaceOrderList
from tradingsys.core.enums import Contingency, OrderType, SideEffect
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.order import Terms
from tradingsys.core.order_lists import resting
from tradingsys.venues.binance.params import mandatory
from tradingsys.venues.binance.requests import RequestParams
from tradingsys.venues.binance.signing import Params
from tradingsys.venues.binance.spot_lists import (
    check_list,
    list_params,
    parse_leg,
    parse_list,
)
from tradingsys.venues.binance.spot_requests import order_words, stp_word, timing

__all__ = ["CROSS", "account_words", "margin_list_params", "parse_margin_list", "parse_older_oco"]

CROSS: RequestParams = {"isIsolated": "FALSE"}
"""Always sent: which account is meant."""

_STOP_NAMES = {
    "stopPrice": "stopPrice",
    "price": "stopLimitPrice",
    "timeInForce": "stopLimitTimeInForce",
    "icebergQty": "stopIcebergQty",
    "trailingDelta": "trailingDelta",
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
    """A received list; see `parse_list` and `parse_older_oco`.

    Raises OrderRejected with the exchange's code for anything malformed.
    """
    return parse_older_oco(params) if contingency is Contingency.OCO else parse_list(contingency, params)


def parse_older_oco(params: Params) -> PlaceOrderList:
    """A received OCO of the form that spot has beside its own: the limit order comes first, then the stop.

    Raises OrderRejected with the exchange's code for anything malformed.
    """
    for name in ("price", "stopPrice", *(("stopLimitTimeInForce",) if params.get("stopLimitPrice") else ())):
        # What is missing is told by the name that was to be sent.
        mandatory(params, name)
    common = {name: params[name] for name in _COMMON_NAMES if name in params}
    stop = {name: params[said] for name, said in _STOP_NAMES.items() if params.get(said)}
    limit = {name: params[said] for name, said in _LIMIT_NAMES.items() if params.get(said)}
    stop_type = "STOP_LOSS_LIMIT" if "price" in stop else "STOP_LOSS"
    legs = (
        parse_leg(params, {**common, **limit, "type": "LIMIT_MAKER"}, "limitClientOrderId"),
        parse_leg(params, {**common, **stop, "type": stop_type}, "stopClientOrderId"),
    )
    return PlaceOrderList(Contingency.OCO, legs)


def _oco_params(command: PlaceOrderList) -> RequestParams:
    """The exchange's older form: a limit order, and a stop on the other side of the market.

    Raises InvalidOrder for a take-profit or a trailing stop, which only spot has in a pair.
    """
    check_list(command)
    first = command.orders[0]
    limit, stop = sorted(command.orders, key=lambda leg: leg.terms.order_type is not OrderType.LIMIT)
    if limit.terms.order_type is not OrderType.LIMIT:
        raise InvalidOrder("an OCO of a margin account is a limit order and a stop: make the take-profit a limit order")
    stop_words, limit_words = order_words(stop.terms), order_words(resting(limit.terms))
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
