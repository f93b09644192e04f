"""Requests about lists of orders as parameters, in both roles; margin's are the same, but for its older OCO."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from tradingsys.core.commands import PlaceOrder, PlaceOrderList
from tradingsys.core.enums import Contingency, OrderType, Side, TimeInForce
from tradingsys.core.errors import InvalidOrder, OrderRejected
from tradingsys.venues.binance import words
from tradingsys.venues.binance.params import SPOT_CLIENT_ID, client_id, mandatory, parse_timing
from tradingsys.venues.binance.requests import RequestParams
from tradingsys.venues.binance.signing import Params
from tradingsys.venues.binance.spot_requests import order_words, parse_terms, stp_word, timing

__all__ = ["above_and_below", "check_list", "leg_params", "list_params", "parse_list", "resting"]

_SIZES = {Contingency.OCO: 2, Contingency.OTO: 2, Contingency.OTOCO: 3}
_STOPS = frozenset({OrderType.STOP_LIMIT, OrderType.STOP_MARKET, OrderType.TRAILING_STOP_MARKET})
_SHARED = ("side", "quantity")
"""What the two orders of an OCO say together."""

_FIELDS = (
    "type",
    "side",
    "timeInForce",
    "price",
    "stopPrice",
    "trailingDelta",
    "quantity",
    "quoteOrderQty",
    "icebergQty",
)


def list_params(command: PlaceOrderList) -> RequestParams:
    """The parameters of `POST /api/v3/orderList/…` and `orderList.place.…`; the list's own id is left to the exchange.

    Raises InvalidOrder for lists that the exchange does not have.
    """
    first = check_list(command)
    legs = command.orders
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


def check_list(command: PlaceOrderList) -> PlaceOrder:
    """The first order. Raises InvalidOrder for orders that cannot be one list."""
    legs = command.orders
    if len(legs) != _SIZES[command.contingency]:
        raise InvalidOrder(f"{command.contingency} is a list of {_SIZES[command.contingency]} orders, not {len(legs)}")
    for what, said in (
        ("symbol", {leg.terms.symbol for leg in legs}),
        ("self-trade prevention", {leg.terms.self_trade_prevention for leg in legs}),
        ("side effect", {leg.terms.side_effect for leg in legs}),
    ):
        if len(said) > 1:
            raise InvalidOrder(f"all orders of a list have one {what}")
    if any(leg.terms.quote_order_qty is not None for leg in legs):
        raise InvalidOrder("an order of a list cannot be for an amount of the quote asset: use quantity")
    if command.contingency is not Contingency.OCO:
        working = legs[0].terms
        if working.order_type is not OrderType.LIMIT:
            raise InvalidOrder("the order of a list that works at once must be a limit order")
    return legs[0]


def leg_params(prefix: str, leg: PlaceOrder, *, without: tuple[str, ...] = ()) -> RequestParams:
    """One order's words, each behind a prefix such as ``working``."""
    said: RequestParams = {**order_words(leg.terms), "clientOrderId": leg.client_order_id}
    return {_behind(prefix, name): value for name, value in said.items() if name not in without}


def above_and_below(legs: tuple[PlaceOrder, ...]) -> tuple[PlaceOrder, PlaceOrder]:
    """The two orders of an OCO, by on which side of the market they wait.

    Raises InvalidOrder unless one stops a loss and the other takes a profit, both of one side and quantity.
    """
    one, other = legs
    if (one.terms.side, one.terms.order_qty) != (other.terms.side, other.terms.order_qty):
        raise InvalidOrder("the two orders of an OCO have one side and one quantity")
    if any(leg.terms.order_type is OrderType.MARKET for leg in legs):
        raise InvalidOrder("a market order cannot wait for another: make it a limit order, a stop or a take-profit")
    stops = [leg.terms.order_type in _STOPS for leg in legs]
    if stops[0] == stops[1]:
        raise InvalidOrder("of the two orders of an OCO one stops a loss, the other is a limit order or takes a profit")
    is_one_above = stops[0] == (one.terms.side is Side.BUY)
    return (one, other) if is_one_above else (other, one)


def parse_list(contingency: Contingency, params: Params) -> PlaceOrderList:
    """A received list, its orders in the order in which `list_params` takes them: an OCO's above first.

    Raises OrderRejected with the exchange's code for anything malformed.
    """
    legs: tuple[PlaceOrder, ...]
    match contingency:
        case Contingency.OCO:
            legs = _parse_pair(params, "")
        case Contingency.OTO:
            legs = (_parse_leg(params, "working"), _parse_leg(params, "pending"))
        case Contingency.OTOCO:
            legs = (_parse_leg(params, "working"), *_parse_pair(params, "pending"))
    return PlaceOrderList(contingency, legs)


def _pair(prefix: str, legs: tuple[PlaceOrder, ...]) -> RequestParams:
    above, below = above_and_below(legs)
    shared = order_words(above.terms)
    return {
        **{_behind(prefix, name): shared[name] for name in _SHARED},
        **leg_params(_behind(prefix, "above"), resting(above), without=_SHARED),
        **leg_params(_behind(prefix, "below"), resting(below), without=_SHARED),
    }


def resting(leg: PlaceOrder) -> PlaceOrder:
    """An order of a pair as it is sent: a limit order there only rests, the exchange takes no other.

    Raises InvalidOrder for one that would not rest.
    """
    terms = leg.terms
    if terms.order_type is not OrderType.LIMIT or terms.post_only:
        return leg
    if terms.time_in_force not in (None, TimeInForce.GTC):
        raise InvalidOrder(f"the limit order of an OCO rests: it cannot be {terms.time_in_force}")
    return structs.replace(leg, terms=structs.replace(terms, post_only=True))


def _parse_pair(params: Params, prefix: str) -> tuple[PlaceOrder, PlaceOrder]:
    shared = {name: params[_behind(prefix, name)] for name in _SHARED if _behind(prefix, name) in params}
    above = _parse_leg(params, _behind(prefix, "above"), shared)
    below = _parse_leg(params, _behind(prefix, "below"), shared)
    if all(leg.terms.order_type is OrderType.LIMIT for leg in (above, below)):
        raise OrderRejected(-1198, "At least one OCO order must be contingent.")
    return above, below


def _parse_leg(params: Params, prefix: str, shared: Mapping[str, str | int | bool] = {}) -> PlaceOrder:
    said = {name: params[_behind(prefix, name)] for name in _FIELDS if _behind(prefix, name) in params}
    common = {name: params[name] for name in ("selfTradePreventionMode", "sideEffectType") if name in params}
    plain = {**shared, **said, **common}
    for name in ("type", *_SHARED):
        # What is wrong is told by the name that was to be sent.
        if name not in plain:
            mandatory({}, _behind(prefix, name))
    if plain["type"] not in words.SPOT_ORDER_TYPES:
        raise OrderRejected(-1116, "Invalid orderType.")
    terms = parse_terms(plain, mandatory(params, "symbol"))
    leg_id = client_id(params, _behind(prefix, "clientOrderId"), SPOT_CLIENT_ID)
    return PlaceOrder(leg_id, terms, *parse_timing(params))


def _behind(prefix: str, name: str) -> str:
    return f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name
