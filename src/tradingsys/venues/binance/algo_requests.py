"""Requests about conditional orders as parameters, in both roles (F-TR New-Algo-Order, Cancel-Algo-Order)."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.commands import CancelOrder, PlaceOrder
from tradingsys.core.enums import OrderType, TimeInForce, TriggerPrice
from tradingsys.core.errors import InvalidOrder, OrderRejected, VenueError
from tradingsys.core.order import Terms
from tradingsys.venues.binance import words
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.params import (
    choice,
    client_id,
    flag,
    mandatory,
    number,
    optional_int,
    optional_number,
    parse_timing,
)
from tradingsys.venues.binance.requests import (
    DEFAULT_STP,
    RequestParams,
    limit_params,
    parse_good_till,
    parse_limit_price,
    parse_price_match,
    parse_self_trade_prevention,
    parse_side,
    parse_time_in_force,
    refuse_spot_terms,
)
from tradingsys.venues.binance.signing import Params

__all__ = ["AlgoName", "algo_cancel_params", "algo_place_params", "parse_algo_name", "parse_algo_place"]

AlgoName = tuple[int | None, str]
"""(algoId, clientAlgoId): the first is used where both are given."""

_CLOSING = frozenset({OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET})
"""The types that can close a position of any size."""

_NOT_SENT_FOR_MARKET = (None, TimeInForce.GTC, TimeInForce.IOC)


def algo_place_params(place: PlaceOrder) -> RequestParams:
    """The parameters of `POST /algoOrder` and `algoOrder.place`, in a fixed order, with the command's own stamp.

    Raises InvalidOrder for terms that cannot be said this way.
    """
    terms = place.terms
    refuse_spot_terms(terms)
    params: RequestParams = {
        "algoType": "CONDITIONAL",
        "symbol": terms.symbol,
        "side": terms.side.value,
        "type": words.ORDER_TYPE_WORDS[terms.order_type],
    }
    if terms.order_type.has_price:
        params.update(limit_params(place))
    elif terms.price_match is not None:
        raise InvalidOrder(f"a {terms.order_type} order executes at market: it cannot have a price match")
    elif terms.time_in_force not in _NOT_SENT_FOR_MARKET or terms.good_till_ms is not None:
        raise InvalidOrder(f"a {terms.order_type} order waits until it is cancelled: it cannot be FOK or GTD")
    params.update(_trigger(terms))
    params.update(_size(terms))
    if terms.trigger_price is not None:
        params["workingType"] = words.WORKING_TYPE_WORDS[terms.trigger_price]
    if terms.price_protect:
        params["priceProtect"] = "true"
    params["clientAlgoId"] = place.client_order_id
    params["selfTradePreventionMode"] = (terms.self_trade_prevention or DEFAULT_STP).value
    params["recvWindow"] = place.recv_window_ms
    params["timestamp"] = place.stamp_ms
    return params


def algo_cancel_params(cancel: CancelOrder) -> RequestParams:
    """The parameters of `DELETE /algoOrder`, `algoOrder.cancel` and `GET /algoOrder`, without the stamp."""
    return {"clientAlgoId": cancel.client_order_id}


def parse_algo_place(params: Params) -> PlaceOrder:
    """A received conditional order; the client id is empty when the exchange shall make one.

    Orders that execute at market get the exchange's default GTC. Raises OrderRejected with the exchange's code for
    anything malformed; the symbol's own rules are `check_order`'s.
    """
    if mandatory(params, "algoType") != "CONDITIONAL":
        raise OrderRejected(-1130, "Data sent for parameter 'algoType' is not valid.")
    order_type = words.ORDER_TYPES.get(mandatory(params, "type"))
    if order_type is None or not order_type.is_conditional:
        raise OrderRejected(-1116, "Invalid orderType.")
    side = parse_side(params)
    time_in_force, post_only = parse_time_in_force(str(params.get("timeInForce", "GTC")), waits=True)
    price, price_match = None, None
    if order_type.has_price:
        price, price_match = parse_limit_price(params)
    elif parse_price_match(params) is not None:
        raise OrderRejected(-5038, "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT")
    elif optional_number(params, "price"):
        raise OrderRejected(-1106, "Parameter 'price' sent when not required.")
    stamp_ms, recv_window_ms = parse_timing(params)
    stop_px, callback_rate, activation_px = _parse_trigger(params, order_type)
    terms = Terms(
        mandatory(params, "symbol"),
        side,
        order_type,
        _parse_quantity(params, order_type),
        price,
        time_in_force,
        post_only=post_only,
        reduce_only=flag(params, "reduceOnly"),
        stop_px=stop_px,
        self_trade_prevention=parse_self_trade_prevention(params),
        close_position=flag(params, "closePosition"),
        callback_rate=callback_rate,
        activation_px=activation_px,
        good_till_ms=parse_good_till(params, time_in_force),
        price_match=price_match,
        trigger_price=choice(params, "workingType", words.WORKING_TYPES, -4031, "Invalid parameter working type")
        or TriggerPrice.LAST,
        price_protect=flag(params, "priceProtect"),
    )
    return PlaceOrder(client_id(params, "clientAlgoId"), terms, stamp_ms, recv_window_ms)


def parse_algo_name(params: Params) -> AlgoName:
    """Which conditional order a received cancel or query means; raises VenueError (-1102) when it names none."""
    algo_id, client_algo_id = optional_int(params, "algoId"), str(params.get("clientAlgoId", ""))
    if algo_id is None and not client_algo_id:
        raise VenueError(-1102, "Param 'algoId' or 'clientAlgoId' must be sent, but both were empty/null!")
    return algo_id, client_algo_id


def _trigger(terms: Terms) -> RequestParams:
    if terms.order_type is not OrderType.TRAILING_STOP_MARKET:
        if terms.stop_px is None:
            raise InvalidOrder(f"a {terms.order_type} order needs the price that triggers it (stop_price)")
        return {"triggerPrice": decimal_text(terms.stop_px)}
    if terms.callback_rate is None:
        raise InvalidOrder("a trailing stop needs the rate by which it follows, in percent (callback_rate)")
    if terms.stop_px is not None:
        raise InvalidOrder("a trailing stop has no fixed price that triggers it: use activation_px, or leave it out")
    params: RequestParams = {"callbackRate": decimal_text(terms.callback_rate)}
    if terms.activation_px is not None:
        params["activatePrice"] = decimal_text(terms.activation_px)
    return params


def _size(terms: Terms) -> RequestParams:
    if not terms.close_position:
        size: RequestParams = {"quantity": decimal_text(terms.order_qty)}
        return {**size, "reduceOnly": "true"} if terms.reduce_only else size
    if terms.order_type not in _CLOSING:
        raise InvalidOrder(
            f"a {terms.order_type} order cannot close the position: only STOP_MARKET and TAKE_PROFIT_MARKET can"
        )
    if terms.order_qty:
        raise InvalidOrder("an order that closes the position has no quantity of its own: leave it 0")
    # It reduces anyway, and the exchange refuses to be told so.
    return {"closePosition": "true"}


def _parse_trigger(params: Params, order_type: OrderType) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """(trigger price, callback rate, activation price)."""
    if order_type is not OrderType.TRAILING_STOP_MARKET:
        return number(params, "triggerPrice"), None, None
    if optional_number(params, "triggerPrice"):
        raise OrderRejected(-1106, "Parameter 'triggerPrice' sent when not required.")
    return None, number(params, "callbackRate"), optional_number(params, "activatePrice")


def _parse_quantity(params: Params, order_type: OrderType) -> Decimal:
    if not flag(params, "closePosition"):
        return number(params, "quantity")
    if order_type not in _CLOSING:
        word = words.ORDER_TYPE_WORDS[order_type]
        raise OrderRejected(-4020, f"Target strategy invalid for orderType '{word}',closePosition 'true'.")
    if optional_number(params, "quantity"):
        raise OrderRejected(-4137, "Quantity must be zero with closePosition equals true")
    if flag(params, "reduceOnly"):
        raise OrderRejected(-1106, "Parameter 'reduceonly' sent when not required.")
    return Decimal(0)
