"""Conditional orders as core values.

A conditional order and the ordinary one that it becomes when triggered are one core `Order`: it has both ids, and terms
of the second as soon as they are known.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import UnsetType

from tradingsys.core.enums import OrderStatus, OrderType, TimeInForce
from tradingsys.core.order import Closed, Order, Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.venues.binance import messages, words
from tradingsys.venues.binance.decode import decimal, positive, side, trigger_price, type_and_qty

__all__ = ["algo_order", "algo_order_changed", "algo_update"]

# What waits cannot be changed, so its terms have no history: the request's own (version 0) are older than the
# exchange's telling of them, and whatever it becomes when triggered, with a real time, is newer.
_VERSION_MS = 1
# A trailing stop told without its rate: its request knows more.
_VERSION_MS_INCOMPLETE = -1

_UNTOLD = ("", "0", 0, None)


def algo_order(message: messages.AlgoOrder) -> Order:
    """Facts of a conditional order from an answer; what the order it became has executed is not among them."""
    order_type, order_qty, price = type_and_qty(
        message.order_type or message.type or "", _quantity(message.quantity), message.price
    )
    callback_rate = positive(message.callback_rate)
    terms = Terms(
        message.symbol,
        side(message.side),
        order_type,
        order_qty,
        price,
        *_time_in_force(message.time_in_force),
        reduce_only=message.reduce_only is True,
        stop_px=positive(message.trigger_price),
        self_trade_prevention=words.SELF_TRADE_PREVENTIONS.get(message.self_trade_prevention_mode or ""),
        version_ms=_version_ms(order_type, callback_rate),
        close_position=message.close_position is True,
        callback_rate=callback_rate,
        activation_px=positive(message.activate_price),
        good_till_ms=message.good_till_date or None,
        price_match=words.PRICE_MATCHES.get(message.price_match or ""),
        trigger_price=trigger_price(order_type, message.working_type),
        price_protect=message.price_protect is True,
    )
    return Order(
        (message.client_algo_id,),
        _venue_id(message.actual_order_id),
        terms,
        accepted=True,
        closed=_closed(message.algo_status, message.update_time or 0, ""),
        algo_id=str(message.algo_id),
        forced=words.forced_by_id(message.client_algo_id),
    )


def algo_order_changed(message: messages.AlgoOrder) -> OrderChanged:
    """The same facts as a report."""
    return OrderChanged(algo_order(message), message.symbol, message.update_time or 0)


def algo_update(message: messages.AlgoUpdate) -> OrderChanged:
    """Facts of a conditional order from the account's stream."""
    update = message.order
    order_type, order_qty, price = type_and_qty(update.order_type, _quantity(update.order_qty), update.price)
    terms = Terms(
        update.symbol,
        side(update.side),
        order_type,
        order_qty,
        price,
        *_time_in_force(update.time_in_force),
        reduce_only=update.reduce_only is True,
        stop_px=positive(update.trigger_px),
        self_trade_prevention=words.SELF_TRADE_PREVENTIONS.get(update.self_trade_prevention or ""),
        version_ms=_version_ms(order_type, None),
        close_position=update.close_position is True,
        good_till_ms=update.good_till_ms or None,
        price_match=words.PRICE_MATCHES.get(update.price_match or ""),
        trigger_price=trigger_price(order_type, update.working_type),
        price_protect=update.price_protect is True,
    )
    order = Order(
        (update.client_algo_id,),
        _venue_id(update.actual_order_id),
        terms,
        accepted=True,
        closed=_closed(update.algo_status, message.ts_event_ms, update.reject_reason or ""),
        algo_id=str(update.algo_id),
        forced=words.forced_by_id(update.client_algo_id),
    )
    return OrderChanged(order, update.symbol, message.ts_event_ms)


def _closed(status: str, ts_event_ms: int, reason: str) -> Closed | None:
    """TRIGGERED and FINISHED are no end: how the order it became ended is told by that order."""
    match status:
        case "CANCELED":
            return Closed(OrderStatus.CANCELED, ts_event_ms, reason=reason)
        case "EXPIRED":
            return Closed(OrderStatus.EXPIRED, ts_event_ms, reason=reason)
        case "REJECTED":
            # It had been accepted, and waited: a rejection in our words would say that it never was.
            return Closed(OrderStatus.EXPIRED, ts_event_ms, reason=f"rejected when triggered: {reason or 'no reason'}")
    return None


def _version_ms(order_type: OrderType, callback_rate: Decimal | None) -> int:
    is_complete = order_type is not OrderType.TRAILING_STOP_MARKET or callback_rate is not None
    return _VERSION_MS if is_complete else _VERSION_MS_INCOMPLETE


def _quantity(text: str | UnsetType | None) -> str:
    """Orders that close the whole position have none."""
    return str(decimal(text)) if text else "0"


def _venue_id(told: int | str | UnsetType | None) -> str | None:
    return None if isinstance(told, UnsetType) or told in _UNTOLD else str(told)


def _time_in_force(word: str | UnsetType) -> tuple[TimeInForce | None, bool]:
    return words.time_in_force(word or "")
