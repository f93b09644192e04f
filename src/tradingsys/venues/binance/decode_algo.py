"""Conditional orders as core values.

A conditional order and the ordinary one that it becomes when triggered are one core `Order`: it has both ids, and terms
of the second as soon as they are known.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import UnsetType, structs

from tradingsys.core.enums import OrderStatus, OrderType
from tradingsys.core.order import INCOMPLETE_MS, UNDATED_MS, Closed, Order, Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.venues.binance import messages, words
from tradingsys.venues.binance.decode import positive, side, trigger_price, type_and_qty

__all__ = ["algo_order", "algo_order_changed", "algo_update"]


_Told = messages.AlgoOrder | messages.AlgoOrderUpdate
_UNTOLD = ("", "0", 0, None)


def algo_order(message: messages.AlgoOrder) -> Order:
    """Facts of a conditional order from an answer; what the order it became has executed is not among them."""
    callback_rate, activation_px = positive(message.callback_rate), positive(message.activate_price)
    terms = _terms(message, message.order_type or message.type or "", callback_rate, activation_px)
    order = _order(message, terms, _closed(message.algo_status, message.update_time or 0, ""))
    return structs.replace(order, created_ms=message.create_time or 0)


def algo_order_changed(message: messages.AlgoOrder) -> OrderChanged:
    """The same facts as a report."""
    return OrderChanged(algo_order(message), message.symbol, message.update_time or 0)


def algo_update(message: messages.AlgoUpdate) -> OrderChanged:
    """Facts of a conditional order from the account's stream."""
    update = message.order
    closed = _closed(update.algo_status, message.ts_event_ms, update.reject_reason or "")
    order = _order(update, _terms(update, update.order_type, None, None), closed)
    if update.algo_status == "NEW":
        order = structs.replace(order, created_ms=message.ts_event_ms)
    return OrderChanged(order, update.symbol, message.ts_event_ms)


def _terms(message: _Told, word: str, callback_rate: Decimal | None, activation_px: Decimal | None) -> Terms:
    order_type, order_qty, price = type_and_qty(word, message.quantity or "0", message.price)
    is_incomplete = order_type is OrderType.TRAILING_STOP_MARKET and callback_rate is None
    return Terms(
        message.symbol,
        side(message.side),
        order_type,
        order_qty,
        price,
        *words.time_in_force(message.time_in_force or ""),
        reduce_only=message.reduce_only is True,
        stop_px=positive(message.trigger_price),
        self_trade_prevention=words.SELF_TRADE_PREVENTIONS.get(message.self_trade_prevention_mode or ""),
        # What waits cannot be changed, so its terms have no history: what it becomes when triggered has a real time.
        version_ms=INCOMPLETE_MS if is_incomplete else UNDATED_MS,
        close_position=message.close_position is True,
        callback_rate=callback_rate,
        activation_px=activation_px,
        good_till_ms=message.good_till_date or None,
        price_match=words.PRICE_MATCHES.get(message.price_match or ""),
        trigger_price=trigger_price(order_type, message.working_type),
        price_protect=message.price_protect is True,
    )


def _order(message: _Told, terms: Terms, closed: Closed | None) -> Order:
    return Order(
        (message.client_algo_id,),
        _venue_id(message.actual_order_id),
        terms,
        accepted=True,
        closed=closed,
        algo_id=str(message.algo_id),
        forced=words.forced_by_id(message.client_algo_id),
    )


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


def _venue_id(told: int | str | UnsetType | None) -> str | None:
    return None if isinstance(told, UnsetType) or told in _UNTOLD else str(told)
