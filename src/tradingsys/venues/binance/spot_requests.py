"""Requests about spot's orders as parameters, in both roles; margin's are the same and some more."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct

from tradingsys.core.asset_terms import not_of_assets
from tradingsys.core.commands import CancelOrder, PlaceOrder, ReplaceOrder
from tradingsys.core.enums import OrderType, SideEffect, TimeInForce
from tradingsys.core.errors import InvalidOrder, OrderRejected
from tradingsys.core.order import Terms
from tradingsys.venues.binance import words
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.params import (
    SPOT_CLIENT_ID,
    choice,
    client_id,
    mandatory,
    number,
    optional_int,
    optional_number,
    parse_exact_timing,
)
from tradingsys.venues.binance.requests import DEFAULT_STP, RequestParams, order_name, parse_cancel
from tradingsys.venues.binance.signing import Params

__all__ = [
    "Amend",
    "amend_params",
    "as_sent",
    "order_words",
    "parse_amend",
    "parse_place",
    "parse_stamp",
    "parse_terms",
    "place_params",
    "stp_word",
    "timing",
]

T = TypeVar("T")

_NOT_SENT_FOR_MARKET = (None, TimeInForce.GTC, TimeInForce.IOC)
"""Times in force that change nothing about an order at market."""


class Amend(Struct, frozen=True):
    """A received request to make an order smaller."""

    named: CancelOrder
    new_qty: Decimal
    new_client_order_id: str
    """Empty when the exchange shall make one."""
    stamp_ms: int
    recv_window_ms: int


def place_params(place: PlaceOrder) -> RequestParams:
    """The parameters of `POST /api/v3/order` and `order.place`, in a fixed order, with the command's own stamp.

    The answer is asked for with executions (FULL): what traded at once is known with its fees before the account's
    stream tells it, and costs no more. Raises InvalidOrder for terms that cannot be said.
    """
    terms = place.terms
    if terms.side_effect not in (None, SideEffect.NO_SIDE_EFFECT):
        raise InvalidOrder("a spot account borrows nothing: leave out the side effect, or trade a margin account")
    return {"symbol": terms.symbol, **as_sent(place), **stp_word(terms), **timing(place)}


def as_sent(place: PlaceOrder) -> RequestParams:
    """An order's terms and its id, with all of its answer asked for."""
    return {
        **order_words(place.terms),
        "newClientOrderId": place.client_order_id,
        "newOrderRespType": "FULL",
    }


def stp_word(terms: Terms) -> RequestParams:
    """Always sent: what a symbol's own default is may change."""
    return {"selfTradePreventionMode": (terms.self_trade_prevention or DEFAULT_STP).value}


def timing(command: PlaceOrder | ReplaceOrder) -> RequestParams:
    """A command's own stamp."""
    return {"recvWindow": command.recv_window_ms, "timestamp": command.stamp_ms}


def order_words(terms: Terms) -> RequestParams:
    """Side, type, prices and quantities of an order. Raises InvalidOrder for what cannot be said."""
    _refuse_contract_terms(terms)
    params: RequestParams = {
        "side": terms.side.value,
        "type": words.spot_order_type_word(terms.order_type, terms.post_only),
    }
    if terms.order_type.has_price:
        params.update(_limit_words(terms))
    elif terms.time_in_force not in _NOT_SENT_FOR_MARKET:
        raise InvalidOrder(f"a {terms.order_type} order executes at market: it cannot be {terms.time_in_force}")
    params.update(_trigger_words(terms))
    params.update(_size_words(terms))
    return params


def amend_params(replace: ReplaceOrder) -> RequestParams:
    """The parameters of `PUT /api/v3/order/amend/keepPriority` and `order.amend.keepPriority`.

    The exchange only makes orders smaller, at the price that they have: whether this one does is for whoever knows the
    order. Our id is repeated, otherwise the exchange would give the order another. Raises InvalidOrder for a price to
    be found anew.
    """
    if replace.price_match is not None:
        raise InvalidOrder("the price of a spot order cannot be changed: cancel it and place another")
    return {
        **order_name(replace.symbol, replace.venue_order_id, replace.client_order_id),
        "newClientOrderId": replace.client_order_id,
        "newQty": decimal_text(replace.order_qty),
        **timing(replace),
    }


def parse_place(params: Params) -> PlaceOrder:
    """A received order request; the client id is empty when the exchange shall make one.

    Raises OrderRejected with the exchange's code for anything malformed; the symbol's own rules are `check_order`'s.
    """
    terms = parse_terms(params, mandatory(params, "symbol"))
    return PlaceOrder(client_id(params, "newClientOrderId", SPOT_CLIENT_ID), terms, *parse_stamp(params))


def parse_stamp(params: Params) -> tuple[int, int]:
    """(timestamp, recvWindow) in whole ms. Raises VenueError."""
    stamp_ms, recv_window_ms = parse_exact_timing(params)
    return int(stamp_ms), int(recv_window_ms)


def parse_terms(params: Params, symbol: str) -> Terms:
    """The terms of one received order, margin's side effect included. Raises OrderRejected."""
    side = words.SIDES.get(mandatory(params, "side"))
    if side is None:
        raise OrderRejected(-1117, "Invalid side.")
    word = mandatory(params, "type")
    order_type = words.SPOT_ORDER_TYPES.get(word)
    if order_type is None:
        raise OrderRejected(-1116, "Invalid orderType.")
    stop_px, callback_rate = _parse_trigger(params, order_type)
    is_trailing = order_type is OrderType.STOP_MARKET and callback_rate is not None
    quantity, quote_order_qty = _parse_size(params, order_type)
    time_in_force = _parse_time_in_force(params, word)
    return Terms(
        symbol,
        side,
        OrderType.TRAILING_STOP_MARKET if is_trailing else order_type,
        quantity,
        _parse_price(params, order_type),
        time_in_force,
        post_only=word == "LIMIT_MAKER",
        stop_px=None if is_trailing else stop_px,
        self_trade_prevention=_parse_word(params, "selfTradePreventionMode", words.SELF_TRADE_PREVENTIONS),
        callback_rate=callback_rate,
        activation_px=stop_px if is_trailing else None,
        quote_order_qty=quote_order_qty,
        iceberg_qty=_parse_iceberg(params, order_type, time_in_force),
        side_effect=_parse_word(params, "sideEffectType", {effect.value: effect for effect in SideEffect}),
    )


def parse_amend(params: Params) -> Amend:
    """A received request to make an order smaller. Raises VenueError for anything malformed."""
    named = parse_cancel(params)
    new_client_order_id = client_id(params, "newClientOrderId", SPOT_CLIENT_ID)
    return Amend(named, number(params, "newQty"), new_client_order_id, *parse_stamp(params))


def _refuse_contract_terms(terms: Terms) -> None:
    why = not_of_assets(terms)
    if terms.reduce_only:
        why = "spot orders cannot be told to only reduce: sell no more than there is"
    if why is not None:
        raise InvalidOrder(why)


def _limit_words(terms: Terms) -> RequestParams:
    if terms.price is None:
        raise InvalidOrder(f"a {terms.order_type} order needs a price")
    price: RequestParams = {"price": decimal_text(terms.price)}
    if not terms.post_only:
        return {"timeInForce": (terms.time_in_force or TimeInForce.GTC).value, **price}
    if terms.order_type is not OrderType.LIMIT:
        raise InvalidOrder(f"a {terms.order_type} order cannot be post-only on spot: leave post_only out")
    if terms.time_in_force not in (None, TimeInForce.GTC):
        raise InvalidOrder(f"a post-only order rests: it cannot be {terms.time_in_force}")
    return price


def _trigger_words(terms: Terms) -> RequestParams:
    if not terms.order_type.is_conditional:
        if terms.callback_rate is not None or terms.stop_px is not None or terms.activation_px is not None:
            raise InvalidOrder(f"a {terms.order_type} order waits for no price: use a stop or a take-profit")
        return {}
    if terms.order_type is OrderType.TRAILING_STOP_MARKET:
        return _trailing_words(terms)
    if terms.activation_px is not None:
        raise InvalidOrder(f"a {terms.order_type} order begins to follow at stop_price: leave out activation_price")
    if terms.callback_rate is not None and terms.order_type is OrderType.STOP_MARKET:
        raise InvalidOrder("a STOP_MARKET order that follows the market is a TRAILING_STOP_MARKET: use that")
    params: RequestParams = {}
    if terms.stop_px is not None:
        params["stopPrice"] = decimal_text(terms.stop_px)
    if terms.callback_rate is not None:
        params["trailingDelta"] = _basis_points(terms.callback_rate)
    if not params:
        raise InvalidOrder(f"a {terms.order_type} order needs the price that triggers it (stop_price)")
    return params


def _trailing_words(terms: Terms) -> RequestParams:
    if terms.callback_rate is None:
        raise InvalidOrder("a trailing stop needs the rate by which it follows, in percent (callback_rate)")
    if terms.stop_px is not None:
        raise InvalidOrder("a trailing stop has no fixed price that triggers it: use activation_px, or leave it out")
    begin: RequestParams = {} if terms.activation_px is None else {"stopPrice": decimal_text(terms.activation_px)}
    return {**begin, "trailingDelta": _basis_points(terms.callback_rate)}


def _basis_points(callback_rate: Decimal) -> int:
    delta = words.trailing_delta(callback_rate)
    if delta <= 0 or words.callback_rate(delta) != callback_rate:
        raise InvalidOrder("spot follows in whole basis points: give callback_rate in hundredths of a percent")
    return delta


def _size_words(terms: Terms) -> RequestParams:
    params: RequestParams = {}
    if terms.quote_order_qty is None:
        params["quantity"] = decimal_text(terms.order_qty)
    elif terms.order_qty:
        raise InvalidOrder("a market order is for a quantity or for an amount of the quote asset, not for both")
    else:
        params["quoteOrderQty"] = decimal_text(terms.quote_order_qty)
    if terms.iceberg_qty is not None:
        if terms.time_in_force not in (None, TimeInForce.GTC):
            raise InvalidOrder(f"an iceberg order rests: it cannot be {terms.time_in_force}")
        params["icebergQty"] = decimal_text(terms.iceberg_qty)
    return params


def _parse_time_in_force(params: Params, type_word: str) -> TimeInForce | None:
    """Orders that execute at market, and those that only make it, have none; the exchange shows them as GTC."""
    if type_word in ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"):
        time_in_force, is_post_only = words.time_in_force(mandatory(params, "timeInForce"))
        if time_in_force in (None, TimeInForce.GTD) or is_post_only:
            raise OrderRejected(-1115, "Invalid timeInForce.")
        return time_in_force
    if params.get("timeInForce") not in (None, ""):
        raise OrderRejected(-1106, "Parameter 'timeInForce' sent when not required.")
    return None if type_word == "MARKET" else TimeInForce.GTC


def _parse_price(params: Params, order_type: OrderType) -> Decimal | None:
    if order_type.has_price:
        return number(params, "price")
    if optional_number(params, "price"):
        raise OrderRejected(-1106, "Parameter 'price' sent when not required.")
    return None


def _parse_trigger(params: Params, order_type: OrderType) -> tuple[Decimal | None, Decimal | None]:
    """(stop price, callback rate)."""
    stop_px, delta = optional_number(params, "stopPrice"), optional_int(params, "trailingDelta")
    if not order_type.is_conditional:
        for name, value in (("stopPrice", stop_px), ("trailingDelta", delta)):
            if value:
                raise OrderRejected(-1106, f"Parameter '{name}' sent when not required.")
        return None, None
    if stop_px is None and not delta:
        raise OrderRejected(-1102, "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!")
    return stop_px, words.callback_rate(delta) if delta else None


def _parse_size(params: Params, order_type: OrderType) -> tuple[Decimal, Decimal | None]:
    """(quantity, amount of quote)."""
    quote = optional_number(params, "quoteOrderQty")
    if quote is None:
        if order_type is OrderType.MARKET and params.get("quantity") in (None, ""):
            raise OrderRejected(-1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!")
        return number(params, "quantity"), None
    if order_type is not OrderType.MARKET:
        raise OrderRejected(-1106, "Parameter 'quoteOrderQty' sent when not required.")
    if params.get("quantity") not in (None, ""):
        raise OrderRejected(-1128, "Combination of optional parameters invalid.")
    return Decimal(0), quote


def _parse_iceberg(params: Params, order_type: OrderType, time_in_force: TimeInForce | None) -> Decimal | None:
    shown = optional_number(params, "icebergQty")
    if not shown:
        return None
    if not order_type.has_price:
        raise OrderRejected(-1106, "Parameter 'icebergQty' sent when not required.")
    if time_in_force is not TimeInForce.GTC:
        raise OrderRejected(-1160, "Parameter 'icebergQty' is not supported if 'timeInForce' is not GTC.")
    return shown


def _parse_word(params: Params, name: str, known: Mapping[str, T]) -> T | None:
    return choice(params, name, known, -1130, f"Data sent for parameter '{name}' is not valid.")
