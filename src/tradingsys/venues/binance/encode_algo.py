"""Conditional orders as Binance's messages: the exchange's role."""

from __future__ import annotations

from decimal import Decimal

from msgspec import UNSET, UnsetType, structs

from tradingsys.core.enums import TriggerPrice
from tradingsys.core.order import Order
from tradingsys.venues.binance import messages, words
from tradingsys.venues.binance.encode import decimal_text, terms_of

__all__ = ["algo_canceled", "algo_order", "algo_query", "algo_update"]


def algo_order(
    order: Order, *, status: str, placed_ms: int, updated_ms: int, triggered_ms: int = 0
) -> messages.AlgoOrder:
    """The answer to placing; ``status`` is the exchange's word, as in `messages.AlgoOrder.algo_status`."""
    terms = terms_of(order)
    return messages.AlgoOrder(
        algo_id=_algo_id(order),
        client_algo_id=order.client_order_ids[0],
        algo_type="CONDITIONAL",
        order_type=words.ORDER_TYPE_WORDS[terms.order_type],
        symbol=terms.symbol,
        side=terms.side,
        position_side="BOTH",
        time_in_force=words.time_in_force_word(terms.time_in_force, terms.post_only),
        quantity=decimal_text(terms.order_qty),
        algo_status=status,
        trigger_price=decimal_text(terms.stop_px),
        price=decimal_text(terms.price),
        iceberg_quantity=None,
        self_trade_prevention_mode=terms.self_trade_prevention or UNSET,
        working_type=words.WORKING_TYPE_WORDS[terms.trigger_price or TriggerPrice.LAST],
        price_match=terms.price_match or "NONE",
        close_position=terms.close_position,
        price_protect=terms.price_protect,
        reduce_only=terms.reduce_only,
        activate_price=_or_empty(terms.activation_px),
        callback_rate=_or_empty(terms.callback_rate),
        create_time=placed_ms,
        update_time=updated_ms,
        trigger_time=triggered_ms,
        good_till_date=terms.good_till_ms or 0,
    )


def algo_query(
    order: Order,
    *,
    status: str,
    placed_ms: int,
    updated_ms: int,
    triggered_ms: int = 0,
    actual_px: Decimal | None = None,
    actual_qty: Decimal | None = None,
    actual_type: str = "",
) -> messages.AlgoOrder:
    """An order as `GET /algoOrder` and the lists show it; ``actual…`` is about the order it became.

    Whether queries tell a trailing stop's activation price and rate is not documented; here they do.
    """
    reply = algo_order(order, status=status, placed_ms=placed_ms, updated_ms=updated_ms, triggered_ms=triggered_ms)
    return structs.replace(
        reply,
        actual_order_id=order.venue_order_id or "",
        actual_price=decimal_text(actual_px),
        actual_qty=decimal_text(actual_qty),
        actual_type=actual_type,
        tp_trigger_price="0",
        tp_price="0",
        sl_trigger_price="0",
        sl_price="0",
        tp_order_type="",
    )


def algo_canceled(order: Order) -> messages.AlgoCanceled:
    """The answer to cancelling."""
    return messages.AlgoCanceled(
        algo_id=_algo_id(order), client_algo_id=order.client_order_ids[0], code="200", msg="success"
    )


def algo_update(
    order: Order,
    *,
    status: str,
    ts_event_ms: int,
    sent_ms: int | None = None,
    triggered_ms: int = 0,
    is_activated: bool | UnsetType = UNSET,
    actual_px: Decimal | None = None,
    actual_qty: Decimal | None = None,
    actual_type: str = "",
) -> messages.AlgoUpdate:
    """What happened to a conditional order; the reason for its end is that of `Order.closed`."""
    shown = algo_query(
        order,
        status=status,
        placed_ms=0,
        updated_ms=ts_event_ms,
        triggered_ms=triggered_ms,
        actual_px=actual_px,
        actual_qty=actual_qty,
        actual_type=actual_type,
    )
    shared = set(messages.AlgoOrder.__struct_fields__) & set(messages.AlgoOrderUpdate.__struct_fields__)
    update = messages.AlgoOrderUpdate(
        **{name: getattr(shown, name) for name in shared},
        reject_reason=order.closed.reason if order.closed else "",
        is_activated=is_activated,
    )
    return messages.AlgoUpdate(
        ts_event_ms=ts_event_ms, ts_sent_ms=ts_event_ms if sent_ms is None else sent_ms, order=update
    )


def _algo_id(order: Order) -> int:
    if order.algo_id is None:
        raise ValueError("a conditional order without the venue's algo id cannot be shown")
    return int(order.algo_id)


def _or_empty(value: Decimal | None) -> str:
    return "" if value is None else decimal_text(value)
