"""Conditional orders as core facts, which the venue's codec writes."""

from __future__ import annotations

from decimal import Decimal

from msgspec import UNSET, UnsetType, structs

from tradingsys.core.enums import OrderStatus
from tradingsys.core.order import Closed, Order, Terms
from tradingsys.sim.conditions import Condition, ConditionStatus
from tradingsys.sim.events import Refusal
from tradingsys.sim.faces.binance.figures import eight_digits, ms
from tradingsys.sim.faces.binance_usdm.refusals import REFUSALS
from tradingsys.venues.binance import encode_algo, messages, words

__all__ = ["canceled", "placed", "queried", "update"]


def _order(condition: Condition) -> Order:
    terms = condition.terms
    closed = None
    if condition.status is ConditionStatus.REJECTED:
        _, text = REFUSALS[Refusal(condition.reason)]
        closed = Closed(OrderStatus.REJECTED, ms(condition.updated_ns), 0, text)
    return Order(
        client_order_ids=(condition.client_algo_id,),
        venue_order_id=None if condition.child_id is None else str(condition.child_id),
        terms=Terms(
            symbol=terms.symbol,
            side=terms.side,
            order_type=terms.order_type,
            order_qty=terms.qty,
            price=terms.px,
            time_in_force=terms.time_in_force,
            post_only=terms.post_only,
            reduce_only=terms.reduce_only,
            stop_px=terms.trigger_px,
            self_trade_prevention=terms.self_trade_prevention,
            version_ms=ms(condition.updated_ns),
            close_position=terms.close_position,
            callback_rate=terms.callback_rate,
            activation_px=terms.activation_px,
            good_till_ms=terms.good_till_ms or None,
            price_match=terms.price_match,
            trigger_price=terms.trigger_price,
            price_protect=terms.price_protect,
        ),
        closed=closed,
        algo_id=str(condition.algo_id),
    )


def _child_type(condition: Condition) -> str:
    return "" if condition.child_type is None else words.ORDER_TYPE_WORDS[condition.child_type]


def _child_px(condition: Condition) -> Decimal:
    return eight_digits(condition.child_px).normalize() if condition.child_px else Decimal(0)


def placed(condition: Condition) -> messages.AlgoOrder:
    """The answer to placing."""
    reply = encode_algo.algo_order(
        _order(condition),
        status=condition.status.value,
        placed_ms=ms(condition.created_ns),
        updated_ms=ms(condition.updated_ns),
        triggered_ms=ms(condition.triggered_ns),
    )
    return structs.replace(reply, time_in_force=_time_in_force(condition, reply.time_in_force))


def queried(condition: Condition) -> messages.AlgoOrder:
    """The answer to a query."""
    reply = encode_algo.algo_query(
        _order(condition),
        status=condition.status.value,
        placed_ms=ms(condition.created_ns),
        updated_ms=ms(condition.updated_ns),
        triggered_ms=ms(condition.triggered_ns),
        actual_px=_child_px(condition),
        actual_qty=condition.child_qty,
        actual_type=_child_type(condition),
    )
    return structs.replace(reply, time_in_force=_time_in_force(condition, reply.time_in_force))


def canceled(condition: Condition) -> messages.AlgoCanceled:
    """The answer to cancelling."""
    return encode_algo.algo_canceled(_order(condition))


def update(condition: Condition) -> messages.AlgoUpdate:
    """The event about its new state."""
    message = encode_algo.algo_update(
        _order(condition),
        status=condition.status.value,
        ts_event_ms=ms(condition.updated_ns),
        triggered_ms=ms(condition.triggered_ns),
        is_activated=condition.is_activated if condition.terms.is_trailing else UNSET,
        actual_px=_child_px(condition),
        actual_qty=condition.child_qty,
        actual_type=_child_type(condition),
    )
    word = _time_in_force(condition, message.order.time_in_force)
    return structs.replace(message, order=structs.replace(message.order, time_in_force=word))


def _time_in_force(condition: Condition, word: str | UnsetType) -> str | UnsetType:
    return "GTE_GTC" if condition.terms.needs_position else word
