"""Requests about lists of orders as parameters, in both roles; margin's are the same, but for its older OCO."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from tradingsys.core.commands import PlaceOrder, PlaceOrderList
from tradingsys.core.enums import Contingency, OrderType, Side
from tradingsys.core.errors import InvalidOrder, OrderRejected
from tradingsys.core.order import Terms
from tradingsys.core.order_lists import misfit, resting
from tradingsys.venues.binance.params import SPOT_CLIENT_ID, client_id, mandatory
from tradingsys.venues.binance.requests import RequestParams
from tradingsys.venues.binance.signing import Params
from tradingsys.venues.binance.spot_requests import order_words, parse_stamp, parse_terms, stp_word, timing

__all__ = ["behind", "check_list", "leg_params", "list_params", "parse_leg", "parse_list"]

_SHARED = ("side", "quantity")
"""What the two orders of an OCO say together."""

_LIMIT, _STOP, _TAKE_PROFIT = "limit", "stop loss", "take profit"
_MISPLACED = {
    (Side.BUY, "above", _LIMIT): -1165,
    (Side.SELL, "below", _LIMIT): -1166,
    (Side.BUY, "below", _STOP): -1196,
    (Side.SELL, "above", _STOP): -1197,
    (Side.BUY, "above", _TAKE_PROFIT): -1198,
    (Side.SELL, "below", _TAKE_PROFIT): -1199,
}
"""Orders of an OCO on the wrong side of the market."""

_FIELDS = (
    "type",
    "side",
    "timeInForce",
    "price",
    "stopPrice",
    "trailingDelta",
    "quantity",
    "icebergQty",
)


def list_params(command: PlaceOrderList) -> RequestParams:
    """The parameters of `POST /api/v3/orderList/…` and `orderList.place.…`; the list's own id is left to the exchange.

    Raises InvalidOrder for lists that the exchange does not have.
    """
    check_list(command)
    legs = command.orders
    first = legs[0]
    match command.contingency:
        case Contingency.OCO:
            said = _pair("", legs)
        case Contingency.OTO:
            said = {**leg_params("working", legs[0]), **leg_params("pending", legs[1])}
        case Contingency.OTOCO:
            said = {**leg_params("working", legs[0]), **_pair("pending", legs[1:])}
    return {
        "symbol": first.terms.symbol,
        **said,
        "newOrderRespType": "FULL",
        **stp_word(first.terms),
        **timing(first),
    }


def check_list(command: PlaceOrderList) -> None:
    """Raises InvalidOrder for orders that cannot be one list."""
    why = misfit(command.contingency, [leg.terms for leg in command.orders])
    if why is not None:
        raise InvalidOrder(why)


def leg_params(prefix: str, leg: PlaceOrder, *, without: tuple[str, ...] = ()) -> RequestParams:
    """One order's words, each behind a prefix such as ``working``."""
    said: RequestParams = {**order_words(leg.terms), "clientOrderId": leg.client_order_id}
    return {behind(prefix, name): value for name, value in said.items() if name not in without}


def parse_list(contingency: Contingency, params: Params) -> PlaceOrderList:
    """A received list, its orders in the order in which `list_params` takes them: an OCO's above first.

    Raises OrderRejected with the exchange's code for anything malformed.
    """
    legs: tuple[PlaceOrder, ...]
    match contingency:
        case Contingency.OCO:
            legs = _parse_pair(params, "")
        case Contingency.OTO:
            legs = (_parse_working(params), _parse_leg(params, "pending"))
        case Contingency.OTOCO:
            legs = (_parse_working(params), *_parse_pair(params, "pending"))
    return PlaceOrderList(contingency, legs)


def _pair(prefix: str, legs: tuple[PlaceOrder, ...]) -> RequestParams:
    """The two orders of an OCO, by on which side of the market they wait."""
    one, other = (structs.replace(leg, terms=resting(leg.terms)) for leg in legs)
    is_one_above = one.terms.order_type.stops_loss == (one.terms.side is Side.BUY)
    above, below = (one, other) if is_one_above else (other, one)
    shared = order_words(above.terms)
    return {
        **{behind(prefix, name): shared[name] for name in _SHARED},
        **leg_params(behind(prefix, "above"), above, without=_SHARED),
        **leg_params(behind(prefix, "below"), below, without=_SHARED),
    }


def _parse_pair(params: Params, prefix: str) -> tuple[PlaceOrder, PlaceOrder]:
    shared = {name: params[behind(prefix, name)] for name in _SHARED if behind(prefix, name) in params}
    above = _parse_leg(params, behind(prefix, "above"), shared)
    below = _parse_leg(params, behind(prefix, "below"), shared)
    kinds = _kind(above.terms), _kind(below.terms)
    if kinds == (_LIMIT, _LIMIT):
        raise OrderRejected(-1168, "At least one OCO order must be contingent.")
    for where, other, kind in zip(("above", "below"), ("below", "above"), kinds, strict=True):
        side = above.terms.side
        code = _MISPLACED.get((side, where, kind))
        if code is not None:
            raise OrderRejected(code, f"A {kind} order in a {side.lower()} OCO must be {other}.")
    return above, below


def _kind(terms: Terms) -> str:
    if terms.order_type.stops_loss:
        return _STOP
    if terms.order_type.takes_profit:
        return _TAKE_PROFIT
    if terms.post_only:
        return _LIMIT
    raise OrderRejected(-1158, "Order type not supported in OCO.")


def _parse_working(params: Params) -> PlaceOrder:
    working = _parse_leg(params, "working")
    if working.terms.order_type is not OrderType.LIMIT:
        raise OrderRejected(-1116, "Invalid orderType.")
    return working


def _parse_leg(params: Params, prefix: str, shared: Mapping[str, str | int | bool] = {}) -> PlaceOrder:
    said = {name: params[behind(prefix, name)] for name in _FIELDS if behind(prefix, name) in params}
    common = {name: params[name] for name in ("selfTradePreventionMode", "sideEffectType") if name in params}
    plain = {**shared, **said, **common}
    for name in ("type", *_SHARED):
        # What is wrong is told by the name that was to be sent.
        if name not in plain:
            mandatory({}, behind(prefix, name))
    return parse_leg(params, plain, behind(prefix, "clientOrderId"))


def parse_leg(params: Params, said: Params, id_name: str) -> PlaceOrder:
    """One order of a list: ``said`` has its terms by the names of an order alone. Raises OrderRejected."""
    terms = parse_terms(said, mandatory(params, "symbol"))
    return PlaceOrder(client_id(params, id_name, SPOT_CLIENT_ID), terms, *parse_stamp(params))


def behind(prefix: str, name: str) -> str:
    """What a parameter of one order of a list is called."""
    return f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name
