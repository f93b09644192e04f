"""Requests about ordinary orders as parameters, in both roles; `algo_requests` has the conditional ones."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.commands import CancelOrder, PlaceOrder, ReplaceOrder
from tradingsys.core.enums import OrderType, PriceMatch, SelfTradePrevention, Side, TimeInForce
from tradingsys.core.errors import InvalidOrder, OrderRejected, VenueError
from tradingsys.core.order import Terms
from tradingsys.venues.binance import words
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.params import (
    DEFAULT_RECV_WINDOW_MS,
    choice,
    client_id,
    flag,
    is_venue_id,
    mandatory,
    number,
    optional_int,
    parse_timing,
)
from tradingsys.venues.binance.signing import Params

__all__ = [
    "DEFAULT_RECV_WINDOW_MS",
    "DEFAULT_STP",
    "RequestParams",
    "cancel_params",
    "good_till_date",
    "limit_params",
    "order_name",
    "parse_cancel",
    "parse_good_till",
    "parse_limit_price",
    "parse_place",
    "parse_price_match",
    "parse_replace",
    "parse_self_trade_prevention",
    "parse_side",
    "parse_time_in_force",
    "parse_timing",
    "place_params",
    "refuse_spot_terms",
    "replace_params",
]

RequestParams = dict[str, str | int | bool]

# Explicit because the exchange's own default differs from page to page of its documentation.
DEFAULT_STP = SelfTradePrevention.EXPIRE_TAKER

_GOOD_TILL_AT_LEAST_MS = 600_000
_GOOD_TILL_BEFORE_MS = 253_402_300_799_000

# Conditional orders are another service of the exchange since 2025-12.
_SENDABLE = {"LIMIT": OrderType.LIMIT, "MARKET": OrderType.MARKET}
_CONDITIONAL = frozenset(words.ORDER_TYPES) - frozenset(_SENDABLE)


def place_params(place: PlaceOrder) -> RequestParams:
    """The parameters of `POST /order` and `order.place`, in a fixed order, with the command's own stamp.

    Raises InvalidOrder for terms that cannot be said this way.
    """
    terms = place.terms
    if terms.order_type.is_conditional:
        raise InvalidOrder(f"a {terms.order_type} order waits for a price, which is asked for in another way")
    refuse_spot_terms(terms)
    params: RequestParams = {
        "symbol": terms.symbol,
        "side": terms.side.value,
        "type": words.ORDER_TYPE_WORDS[terms.order_type],
    }
    if terms.order_type is OrderType.LIMIT:
        params.update(limit_params(place))
    elif terms.price_match is not None:
        raise InvalidOrder("a market order has no price that could be matched to the book: use LIMIT with price_match")
    params["quantity"] = decimal_text(terms.order_qty)
    if terms.reduce_only:
        params["reduceOnly"] = "true"
    params["newClientOrderId"] = place.client_order_id
    params["newOrderRespType"] = "RESULT"
    params["selfTradePreventionMode"] = (terms.self_trade_prevention or DEFAULT_STP).value
    params["recvWindow"] = place.recv_window_ms
    params["timestamp"] = place.stamp_ms
    return params


def limit_params(place: PlaceOrder) -> RequestParams:
    """Time in force and price of an order that has a price.

    Raises InvalidOrder for terms that cannot be said.
    """
    terms = place.terms
    if terms.post_only and terms.time_in_force not in (None, TimeInForce.GTC):
        raise InvalidOrder(f"a post-only order rests: it cannot be {terms.time_in_force}")
    params: RequestParams = {"timeInForce": words.time_in_force_word(terms.time_in_force, terms.post_only)}
    if terms.time_in_force is TimeInForce.GTD:
        params["goodTillDate"] = good_till_date(place)
    elif terms.good_till_ms is not None:
        raise InvalidOrder("an order that is good till a time needs the time in force GTD")
    params.update(_price_params(terms.price, terms.price_match))
    return params


def refuse_spot_terms(terms: Terms) -> None:
    """Raises InvalidOrder for what only spot and margin orders can have."""
    if terms.quote_order_qty is not None:
        raise InvalidOrder("futures take no orders for an amount of the quote asset: say how many contracts (quantity)")
    if terms.iceberg_qty is not None:
        raise InvalidOrder("futures have no iceberg orders: place parts of it one after the other")
    if terms.side_effect is not None:
        raise InvalidOrder("futures borrow nothing: leave out the side effect")


def good_till_date(place: PlaceOrder) -> int:
    """When a GTD order expires; the exchange counts whole seconds, and at least ten minutes from now.

    Raises InvalidOrder when that time is missing or outside its bounds.
    """
    until_ms = place.terms.good_till_ms
    if until_ms is None:
        raise InvalidOrder("a good-till-date order needs the time until which it is good (good_till_ms)")
    until_ms = until_ms // 1000 * 1000
    if not place.stamp_ms + _GOOD_TILL_AT_LEAST_MS < until_ms:
        raise InvalidOrder(
            "the exchange takes good-till-date orders only for more than 600 seconds from now; this one is for"
            f" {(until_ms - place.stamp_ms) // 1000} seconds: choose a later time, or GTC and cancel it"
        )
    if until_ms >= _GOOD_TILL_BEFORE_MS:
        raise InvalidOrder("good_till_ms is later than the year 9999, which the exchange does not take")
    return until_ms


def replace_params(replace: ReplaceOrder) -> RequestParams:
    """The parameters of `PUT /order` and `order.modify`, with the command's own stamp and revision.

    Raises InvalidOrder when there is neither a price nor a way to find one.
    """
    return {
        **order_name(replace.symbol, replace.venue_order_id, replace.client_order_id),
        "side": replace.side.value,
        "quantity": decimal_text(replace.order_qty),
        **_price_params(replace.price, replace.price_match),
        "modifyId": replace.revision,
        "recvWindow": replace.recv_window_ms,
        "timestamp": replace.stamp_ms,
    }


def cancel_params(cancel: CancelOrder) -> RequestParams:
    """The parameters of `DELETE /order` and `order.cancel`, without the stamp: by the venue's id when it is known."""
    return order_name(cancel.symbol, cancel.venue_order_id, cancel.client_order_id)


def parse_place(params: Params) -> PlaceOrder:
    """A received order request; the client id is empty when the exchange shall make one.

    Whether a GTD order's time is far enough ahead is left to whoever knows the time. Raises OrderRejected with the
    exchange's code for anything malformed; the symbol's own rules are `check_order`'s.
    """
    order_type = _order_type(mandatory(params, "type"))
    side = parse_side(params)
    time_in_force: TimeInForce | None = None
    post_only, price, price_match, good_till_ms = False, None, None, None
    if order_type is OrderType.LIMIT:
        time_in_force, post_only = parse_time_in_force(mandatory(params, "timeInForce"))
        good_till_ms = parse_good_till(params, time_in_force)
        price, price_match = parse_limit_price(params)
    elif "timeInForce" in params:
        raise OrderRejected(-1106, "Parameter 'timeInForce' sent when not required.")
    elif "price" in params:
        raise OrderRejected(-1106, "Parameter 'price' sent when not required.")
    elif parse_price_match(params) is not None:
        raise OrderRejected(-5038, "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT")
    stamp_ms, recv_window_ms = parse_timing(params)
    terms = Terms(
        mandatory(params, "symbol"),
        side,
        order_type,
        number(params, "quantity"),
        price,
        time_in_force,
        post_only=post_only,
        reduce_only=flag(params, "reduceOnly"),
        self_trade_prevention=parse_self_trade_prevention(params),
        good_till_ms=good_till_ms,
        price_match=price_match,
    )
    return PlaceOrder(client_id(params, "newClientOrderId"), terms, stamp_ms, recv_window_ms)


def parse_replace(params: Params) -> ReplaceOrder:
    """A received request to change an order; revision 0 when it has none. Such orders have a price or match one.

    Raises VenueError with the exchange's code for anything malformed.
    """
    named = parse_cancel(params)
    side = parse_side(params)
    price, price_match = parse_limit_price(params)
    stamp_ms, recv_window_ms = parse_timing(params)
    return ReplaceOrder(
        named.client_order_id,
        named.symbol,
        side,
        number(params, "quantity"),
        price,
        optional_int(params, "modifyId") or 0,
        stamp_ms,
        recv_window_ms,
        named.venue_order_id,
        price_match,
    )


def parse_cancel(params: Params) -> CancelOrder:
    """A received cancel request, or query of one order: it names the order by one id at least.

    Raises VenueError with the exchange's code for anything malformed.
    """
    symbol = mandatory(params, "symbol")
    venue_order_id = optional_int(params, "orderId")
    client_order_id = str(params.get("origClientOrderId", ""))
    if venue_order_id is None and not client_order_id:
        raise VenueError(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
    return CancelOrder(client_order_id, symbol, None if venue_order_id is None else str(venue_order_id))


def parse_side(params: Params) -> Side:
    """The side of an order in one-way mode; raises OrderRejected (-1117, -4060, -4061)."""
    side = words.SIDES.get(mandatory(params, "side"))
    if side is None:
        raise OrderRejected(-1117, "Invalid side.")
    position_side = params.get("positionSide", "BOTH")
    if position_side not in ("BOTH", "LONG", "SHORT"):
        raise OrderRejected(-4060, "Invalid position side.")
    if position_side != "BOTH":
        raise OrderRejected(-4061, "Order's position side does not match user's setting.")
    return side


def parse_time_in_force(word: str, *, waits: bool = False) -> tuple[TimeInForce, bool]:
    """(time in force, post-only), for an order that ``waits`` for a price or not; raises OrderRejected (-1115).

    RPI is for accounts that the exchange chose, and no symbol lists it.
    """
    time_in_force, post_only = words.time_in_force(word)
    if time_in_force is None or word == "RPI" or (word == "GTE_GTC" and not waits):
        raise OrderRejected(-1115, "Invalid timeInForce.")
    return time_in_force, post_only


def parse_good_till(params: Params, time_in_force: TimeInForce) -> int | None:
    """Until when a GTD order is good, in whole seconds; raises OrderRejected (-1102)."""
    if time_in_force is not TimeInForce.GTD:
        return None
    mandatory(params, "goodTillDate")
    return (optional_int(params, "goodTillDate") or 0) // 1000 * 1000


def parse_price_match(params: Params) -> PriceMatch | None:
    """How the exchange shall find the price, None for not at all; raises OrderRejected (-5037)."""
    known = {**words.PRICE_MATCHES, "NONE": None}
    word = params.get("priceMatch", "NONE")
    if word not in known:
        raise OrderRejected(-5037, "Invalid price match")
    return known[str(word)]


def parse_limit_price(params: Params) -> tuple[Decimal | None, PriceMatch | None]:
    """A price, or how to find one; raises OrderRejected for neither or both."""
    price_match = parse_price_match(params)
    if price_match is None:
        return number(params, "price"), None
    if "price" in params:
        # That both are refused is documented, with which code is not.
        raise OrderRejected(-1106, "Parameter 'price' sent when not required.")
    return None, price_match


def parse_self_trade_prevention(params: Params) -> SelfTradePrevention | None:
    """What shall happen when own orders meet, None when nothing is said; raises OrderRejected (-5039)."""
    modes, text = words.SELF_TRADE_PREVENTIONS, "Invalid self trade prevention mode"
    return choice(params, "selfTradePreventionMode", modes, -5039, text)


def order_name(symbol: str, venue_order_id: str | None, client_order_id: str) -> RequestParams:
    """Which order a request is about: by the exchange's id when that is known."""
    if venue_order_id is not None and is_venue_id(venue_order_id):
        return {"symbol": symbol, "orderId": int(venue_order_id)}
    return {"symbol": symbol, "origClientOrderId": client_order_id}


def _price_params(price: Decimal | None, price_match: PriceMatch | None) -> RequestParams:
    if price_match is not None:
        if price is not None:
            raise InvalidOrder("an order has either a price or a price match, not both")
        return {"priceMatch": price_match.value}
    if price is None:
        raise InvalidOrder("a limit order needs a price, or a price match")
    return {"price": decimal_text(price)}


def _order_type(word: str) -> OrderType:
    if word in _CONDITIONAL:
        raise OrderRejected(
            -4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."
        )
    order_type = _SENDABLE.get(word)
    if order_type is None:
        raise OrderRejected(-1116, "Invalid orderType.")
    return order_type
