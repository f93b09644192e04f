"""Order requests as parameters, in both roles."""

from __future__ import annotations

import re
from decimal import Decimal

from tradingsys.core.commands import CancelOrder, PlaceOrder
from tradingsys.core.enums import OrderType, SelfTradePrevention, TimeInForce
from tradingsys.core.errors import InvalidOrder, OrderRejected, VenueError
from tradingsys.core.order import Terms
from tradingsys.venues.binance import words
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.signing import Params

__all__ = ["DEFAULT_RECV_WINDOW_MS", "cancel_params", "parse_cancel", "parse_place", "parse_timing", "place_params"]

DEFAULT_RECV_WINDOW_MS = 5000

# Explicit because the exchange's own default differs from page to page of its documentation.
_DEFAULT_STP = SelfTradePrevention.EXPIRE_TAKER

_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_INTEGER = re.compile(r"[0-9]{1,18}")
# Conditional orders are another service of the exchange since 2025-12.
_SENDABLE = {"LIMIT": OrderType.LIMIT, "MARKET": OrderType.MARKET}
_CONDITIONAL = frozenset(words.ORDER_TYPES) - frozenset(_SENDABLE)


def place_params(place: PlaceOrder) -> dict[str, str | int | bool]:
    """The parameters of `POST /order` and `order.place`, in a fixed order, with the command's own stamp.

    Raises InvalidOrder for terms that cannot be said this way.
    """
    terms = place.terms
    if terms.order_type not in (OrderType.LIMIT, OrderType.MARKET):
        raise InvalidOrder(f"orders of type {terms.order_type} cannot be sent to Binance futures yet")
    params: dict[str, str | int | bool] = {
        "symbol": terms.symbol,
        "side": terms.side.value,
        "type": words.ORDER_TYPE_WORDS[terms.order_type],
    }
    if terms.order_type is OrderType.LIMIT:
        if terms.price is None:
            raise InvalidOrder("a limit order needs a price")
        if terms.post_only and terms.time_in_force not in (None, TimeInForce.GTC):
            raise InvalidOrder(f"a post-only order rests: it cannot be {terms.time_in_force}")
        if terms.time_in_force is TimeInForce.GTD:
            raise InvalidOrder("good-till-date orders are not supported")
        params["timeInForce"] = words.time_in_force_word(terms.time_in_force, terms.post_only)
        params["price"] = decimal_text(terms.price)
    params["quantity"] = decimal_text(terms.order_qty)
    if terms.reduce_only:
        params["reduceOnly"] = "true"
    params["newClientOrderId"] = place.client_order_id
    params["newOrderRespType"] = "RESULT"
    params["selfTradePreventionMode"] = (terms.self_trade_prevention or _DEFAULT_STP).value
    params["recvWindow"] = place.recv_window_ms
    params["timestamp"] = place.stamp_ms
    return params


def cancel_params(cancel: CancelOrder) -> dict[str, str | int | bool]:
    """The parameters of `DELETE /order` and `order.cancel`, without the stamp: by the venue's id when it is known."""
    if cancel.venue_order_id is not None and _INTEGER.fullmatch(cancel.venue_order_id):
        return {"symbol": cancel.symbol, "orderId": int(cancel.venue_order_id)}
    return {"symbol": cancel.symbol, "origClientOrderId": cancel.client_order_id}


def parse_place(params: Params) -> PlaceOrder:
    """A received order request; the client id is empty when the exchange shall make one.

    Raises OrderRejected with the exchange's code for anything malformed; the symbol's own rules are `check_order`'s.
    """
    order_type = _order_type(_mandatory(params, "type"))
    side = words.SIDES.get(_mandatory(params, "side"))
    if side is None:
        raise OrderRejected(-1117, "Invalid side.")
    if params.get("positionSide", "BOTH") != "BOTH":
        raise OrderRejected(-4061, "Order's position side does not match user's setting.")
    time_in_force: TimeInForce | None = None
    post_only = False
    price = None
    if order_type is OrderType.LIMIT:
        time_in_force, post_only = words.time_in_force(_mandatory(params, "timeInForce"))
        if time_in_force is None:
            raise OrderRejected(-1115, "Invalid timeInForce.")
        price = _decimal(params, "price")
    elif "timeInForce" in params:
        raise OrderRejected(-1106, "Parameter 'timeInForce' sent when not required.")
    elif "price" in params:
        raise OrderRejected(-1106, "Parameter 'price' sent when not required.")
    stamp_ms, recv_window_ms = parse_timing(params)
    terms = Terms(
        _mandatory(params, "symbol"),
        side,
        order_type,
        _decimal(params, "quantity"),
        price,
        time_in_force,
        post_only=post_only,
        reduce_only=str(params.get("reduceOnly", "false")).lower() == "true",
        self_trade_prevention=_self_trade_prevention(params),
    )
    return PlaceOrder(_client_id(params, "newClientOrderId"), terms, stamp_ms, recv_window_ms)


def parse_cancel(params: Params) -> CancelOrder:
    """A received cancel request, or query of one order: it names the order by one id at least.

    Raises VenueError with the exchange's code for anything malformed.
    """
    symbol = _mandatory(params, "symbol")
    venue_order_id = _optional_int(params, "orderId")
    client_order_id = str(params.get("origClientOrderId", ""))
    if venue_order_id is None and not client_order_id:
        raise VenueError(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
    return CancelOrder(client_order_id, symbol, None if venue_order_id is None else str(venue_order_id))


def parse_timing(params: Params) -> tuple[int, int]:
    """(timestamp, recvWindow) in ms of any signed request.

    Raises VenueError (-1102) when the timestamp is missing or no number.
    """
    stamp_ms = _optional_int(params, "timestamp")
    if stamp_ms is None:
        raise VenueError(-1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.")
    window_ms = _optional_int(params, "recvWindow")
    return stamp_ms, DEFAULT_RECV_WINDOW_MS if window_ms is None else window_ms


def _order_type(word: str) -> OrderType:
    if word in _CONDITIONAL:
        raise OrderRejected(
            -4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."
        )
    order_type = _SENDABLE.get(word)
    if order_type is None:
        raise OrderRejected(-1116, "Invalid orderType.")
    return order_type


def _self_trade_prevention(params: Params) -> SelfTradePrevention | None:
    word = params.get("selfTradePreventionMode")
    if word is None:
        return None
    mode = words.SELF_TRADE_PREVENTIONS.get(str(word))
    if mode is None:
        raise OrderRejected(-1130, "Data sent for parameter 'selfTradePreventionMode' is not valid.")
    return mode


def _client_id(params: Params, name: str) -> str:
    text = str(params.get(name, ""))
    if len(text) > 36:
        raise OrderRejected(-4015, "Client order id is not valid.")
    if text and not _CLIENT_ID.fullmatch(text):
        raise OrderRejected(-1100, f"Illegal characters found in parameter '{name}'.")
    return text


def _mandatory(params: Params, name: str) -> str:
    value = params.get(name)
    if value is None or value == "":
        raise OrderRejected(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return str(value)


def _decimal(params: Params, name: str) -> Decimal:
    text = _mandatory(params, name)
    if not _DECIMAL.fullmatch(text.removeprefix("-")):
        raise OrderRejected(-1100, f"Illegal characters found in parameter '{name}'.")
    return Decimal(text)


def _optional_int(params: Params, name: str) -> int | None:
    value = params.get(name)
    if value is None:
        return None
    if not _INTEGER.fullmatch(str(value)):
        raise VenueError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return int(value)
