"""Spot's orders and executions as Binance's messages: the exchange's role; margin's are the same messages.

Amounts are written with the digits they carry, as `encode.decimal_text` does; what is not there as eight noughts.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType, structs

from tradingsys.core.enums import OrderStatus, OrderType
from tradingsys.core.order import Fill, Order, Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.venues.binance import words
from tradingsys.venues.binance.encode import decimal_text, numeric_id, terms_of
from tradingsys.venues.binance.messages import spot

__all__ = [
    "Progress",
    "ack",
    "amend_reply",
    "cancel_reply",
    "execution_report",
    "full",
    "in_margin",
    "order_query",
    "order_reply",
    "user_trade",
]

_ZERO = Decimal(0)
_NOUGHT = "0.00000000"
_NO_LIST = -1


class Progress(Struct, frozen=True):
    """What the exchange shows of an order beside its facts; all times in ms."""

    status: str | None = None
    """The exchange's word where the facts do not tell it: PENDING_NEW."""
    created_ms: int = 0
    working_ms: int | None = None
    """When it came onto the book; None while it waits for a price or for another order."""
    trailing_ms: int | None = None
    """Since when it trails."""
    cum_quote_qty: Decimal | None = None
    """None: of the executions that the order carries."""
    prevented_qty: Decimal | None = None
    """What self-trade prevention took from the order; its terms have the quantity before that."""
    prevented_match_id: int | None = None


_UNTOLD = Progress()


def execution_report(
    report: OrderChanged,
    progress: Progress = _UNTOLD,
    *,
    sent_ms: int | None = None,
    execution_type: str | None = None,
    execution_id: int = 0,
    cancel_id: str | None = None,
    former_id: str | None = None,
    last_prevented_qty: Decimal | None = None,
    counter_order_id: int | None = None,
) -> spot.ExecutionReport:
    """What happened to an order with one client id, a numeric venue id, terms, and one fill at most.

    Without ``execution_type`` it follows from the facts: a fill is a TRADE, a closed order's is its status.
    ``cancel_id`` is the client id of the request that cancelled it, ``former_id`` the one it had before an amend.
    """
    order, reason = report.order, _reason_word(report.order)
    is_rejected = order.status is OrderStatus.REJECTED
    fill = next(iter(order.fills.values()), None)
    told = structs.replace(
        _standing(report, progress),
        client_order_id=cancel_id or order.client_order_ids[0],
        original_client_order_id=order.client_order_ids[0] if cancel_id else former_id or "",
        execution_type=execution_type or _execution_type(order, fill),
        execution_id=execution_id,
        reject_reason=reason if reason and is_rejected else "NONE",
        expiry_reason=reason if reason and not is_rejected else UNSET,
        last_prevented_qty=_text(last_prevented_qty) if last_prevented_qty is not None else UNSET,
        counter_order_id=_given(counter_order_id),
    )
    if sent_ms is not None:
        told = structs.replace(told, ts_sent_ms=sent_ms)
    return told if fill is None else _with_execution(told, fill)


def _standing(report: OrderChanged, progress: Progress) -> spot.ExecutionReport:
    """How an order stands, when nothing was executed and nothing is said about why it is told."""
    order, terms = report.order, terms_of(report.order)
    return spot.ExecutionReport(
        ts_sent_ms=report.ts_event_ms,
        symbol=terms.symbol,
        client_order_id=order.client_order_ids[0],
        side=terms.side,
        order_type=words.spot_order_type_word(terms.order_type, terms.post_only),
        time_in_force=words.time_in_force_word(terms.time_in_force, post_only=False),
        order_qty=decimal_text(terms.order_qty),
        price=_text(terms.price),
        stop_px=_text(_stop_px(terms)),
        trailing_delta=_trailing_delta(terms),
        trailing_ms=_trailing_ms(terms, progress),
        iceberg_qty=_text(terms.iceberg_qty),
        order_list_id=_list_number(order),
        original_client_order_id="",
        execution_type="NEW",
        order_status=progress.status or order.status,
        reject_reason="NONE",
        order_id=numeric_id(order),
        last_qty=_NOUGHT,
        cum_qty=_text(order.venue_cum_qty),
        last_px=_NOUGHT,
        fee=decimal_text(None),
        fee_asset=None,
        ts_event_ms=report.ts_event_ms,
        trade_id=-1,
        prevented_match_id=_given(progress.prevented_match_id),
        execution_id=0,
        is_working=progress.working_ms is not None and order.status.is_open,
        is_maker=False,
        ignored=False,
        created_ms=progress.created_ms,
        cum_quote_qty=_text(_cum_quote_qty(order, progress)),
        last_quote_qty=_NOUGHT,
        quote_order_qty=_text(terms.quote_order_qty),
        working_ms=_given(progress.working_ms),
        self_trade_prevention=terms.self_trade_prevention or UNSET,
        prevented_qty=_text(progress.prevented_qty) if progress.prevented_qty is not None else UNSET,
    )


def _with_execution(told: spot.ExecutionReport, fill: Fill) -> spot.ExecutionReport:
    """The same because of an execution."""
    return structs.replace(
        told,
        last_qty=_text(fill.last_qty),
        last_px=_text(fill.last_px),
        fee=decimal_text(fill.fee),
        fee_asset=fill.fee_asset,
        ts_event_ms=fill.ts_event_ms,
        trade_id=int(fill.exec_id),
        is_maker=UNSET if fill.is_maker is None else fill.is_maker,
        ignored=True,
        last_quote_qty=_text(fill.last_px * fill.last_qty),
    )


def ack(order: Order, *, transact_ms: int) -> spot.OrderReply:
    """The shortest answer to placing: that it was taken."""
    return spot.OrderReply(
        symbol=terms_of(order).symbol,
        order_id=numeric_id(order),
        order_list_id=_list_number(order),
        client_order_id=order.client_order_ids[0],
        transact_time=transact_ms,
    )


def order_reply(
    order: Order,
    progress: Progress = _UNTOLD,
    *,
    transact_ms: int | None = None,
) -> spot.OrderReply:
    """The RESULT answer to placing; its time is that of the order's terms or of its closing unless given."""
    terms = terms_of(order)
    told_ms = max(terms.version_ms, order.closed.ts_event_ms if order.closed else 0)
    return spot.OrderReply(
        symbol=terms.symbol,
        order_id=numeric_id(order),
        order_list_id=_list_number(order),
        client_order_id=order.client_order_ids[0],
        transact_time=told_ms if transact_ms is None else transact_ms,
        price=_text(terms.price),
        orig_qty=decimal_text(terms.order_qty),
        executed_qty=_text(order.cum_qty),
        orig_quote_order_qty=_text(terms.quote_order_qty),
        cummulative_quote_qty=_text(_cum_quote_qty(order, progress)),
        status=progress.status or order.status,
        time_in_force=words.time_in_force_word(terms.time_in_force, post_only=False),
        type=words.spot_order_type_word(terms.order_type, terms.post_only),
        side=terms.side,
        working_time=-1 if progress.working_ms is None else progress.working_ms,
        self_trade_prevention_mode=terms.self_trade_prevention or UNSET,
        stop_price=_positive(_stop_px(terms)),
        iceberg_qty=_positive(terms.iceberg_qty),
        trailing_delta=_trailing_delta(terms),
        trailing_time=_trailing_ms(terms, progress),
        prevented_match_id=_given(progress.prevented_match_id),
        prevented_quantity=UNSET if progress.prevented_qty is None else _text(progress.prevented_qty),
        expiry_reason=_reason_word(order) or UNSET,
    )


def full(reply: spot.OrderReply, fills: Iterable[Fill]) -> spot.OrderReply:
    """The FULL answer: with the executions that placing the order led to at once."""
    rows = [
        spot.OrderFill(
            price=_text(fill.last_px),
            qty=_text(fill.last_qty),
            commission=_text(fill.fee),
            commission_asset=fill.fee_asset or "",
            trade_id=int(fill.exec_id),
        )
        for fill in fills
    ]
    return structs.replace(reply, fills=rows)


def cancel_reply(
    order: Order,
    progress: Progress = _UNTOLD,
    *,
    cancel_id: str,
    transact_ms: int | None = None,
) -> spot.OrderReply:
    """The answer to cancelling: the order's own id is the original one there."""
    return structs.replace(
        order_reply(order, progress, transact_ms=transact_ms),
        orig_client_order_id=order.client_order_ids[0],
        client_order_id=cancel_id,
        working_time=UNSET,
    )


def order_query(order: Order, progress: Progress = _UNTOLD) -> spot.OrderReply:
    """An order as `GET /order`, `GET /openOrders` and `GET /allOrders` show it."""
    reply, terms = order_reply(order, progress), terms_of(order)
    return structs.replace(
        reply,
        transact_time=UNSET,
        time=progress.created_ms,
        update_time=reply.transact_time,
        stop_price=_text(_stop_px(terms)),
        iceberg_qty=_text(terms.iceberg_qty),
        is_working=progress.working_ms is not None,
    )


def in_margin(
    reply: spot.OrderReply, *, borrowed_qty: Decimal | None = None, borrowed_asset: str | None = None
) -> spot.OrderReply:
    """The same answer of a margin account, which tells less; a cancellation's ids are text there."""
    is_cancellation = reply.orig_client_order_id is not UNSET
    return structs.replace(
        reply,
        order_id=str(reply.order_id) if is_cancellation else reply.order_id,
        order_list_id=UNSET,
        transact_time=UNSET if is_cancellation else reply.transact_time,
        orig_quote_order_qty=UNSET,
        working_time=UNSET,
        is_isolated=False,
        margin_buy_borrow_amount=UNSET if borrowed_qty is None else _text(borrowed_qty),
        margin_buy_borrow_asset=UNSET if borrowed_asset is None else borrowed_asset,
    )


def amend_reply(
    order: Order,
    progress: Progress = _UNTOLD,
    *,
    execution_id: int,
    former_id: str,
    transact_ms: int | None = None,
    in_list: spot.AmendedList | UnsetType = UNSET,
) -> spot.AmendReply:
    """The answer to making an order smaller in its place."""
    reply, terms = order_reply(order, progress, transact_ms=transact_ms), terms_of(order)
    return spot.AmendReply(
        transact_time=reply.transact_time or 0,
        execution_id=execution_id,
        amended_order=spot.AmendedOrder(
            symbol=terms.symbol,
            order_id=numeric_id(order),
            order_list_id=_list_number(order),
            orig_client_order_id=former_id,
            client_order_id=order.client_order_ids[0],
            price=_text(terms.price),
            qty=decimal_text(terms.order_qty),
            executed_qty=_text(order.cum_qty),
            prevented_qty=_text(progress.prevented_qty),
            quote_order_qty=_text(terms.quote_order_qty),
            cumulative_quote_qty=_text(_cum_quote_qty(order, progress)),
            status=progress.status or order.status,
            time_in_force=words.time_in_force_word(terms.time_in_force, post_only=False),
            type=words.spot_order_type_word(terms.order_type, terms.post_only),
            side=terms.side,
            working_time=reply.working_time,
            self_trade_prevention_mode=reply.self_trade_prevention_mode,
            iceberg_qty=reply.iceberg_qty,
            expiry_reason=reply.expiry_reason,
        ),
        list_status=in_list,
    )


def user_trade(fill: Fill, *, list_id: int = _NO_LIST, is_margin: bool = False) -> spot.UserTrade:
    """A row of the account's history; fee and maker flag are those of the fill, 0 and false when it has none."""
    return spot.UserTrade(
        symbol=fill.symbol,
        id=int(fill.exec_id),
        order_id=int(fill.venue_order_id),
        order_list_id=UNSET if is_margin else list_id,
        price=_text(fill.last_px),
        qty=_text(fill.last_qty),
        quote_qty=UNSET if is_margin else _text(fill.last_px * fill.last_qty),
        commission=_text(fill.fee),
        commission_asset=fill.fee_asset or "",
        time=fill.ts_event_ms,
        is_buyer=fill.signed_qty > 0,
        is_maker=fill.is_maker is True,
        is_best_match=True,
        is_isolated=False if is_margin else UNSET,
    )


def _execution_type(order: Order, fill: Fill | None) -> str:
    if fill is not None:
        return "TRADE"
    if order.closed is None:
        return "NEW"
    # The event that brings the status EXPIRED_IN_MATCH is one of its own.
    return "TRADE_PREVENTION" if order.closed.status is OrderStatus.EXPIRED_IN_MATCH else order.closed.status.value


def _cum_quote_qty(order: Order, progress: Progress) -> Decimal:
    if progress.cum_quote_qty is not None:
        return progress.cum_quote_qty
    return sum((fill.last_px * fill.last_qty for fill in order.fills.values()), _ZERO)


def _stop_px(terms: Terms) -> Decimal | None:
    return terms.activation_px if terms.order_type is OrderType.TRAILING_STOP_MARKET else terms.stop_px


def _trailing_delta(terms: Terms) -> int | UnsetType:
    return UNSET if terms.callback_rate is None else words.trailing_delta(terms.callback_rate)


def _trailing_ms(terms: Terms, progress: Progress) -> int | UnsetType:
    if terms.callback_rate is None:
        return UNSET
    return -1 if progress.trailing_ms is None else progress.trailing_ms


def _reason_word(order: Order) -> str:
    reason = order.closed.reason if order.closed else ""
    return words.SPOT_REASON_WORDS.get(reason, "")


def _list_number(order: Order) -> int:
    return _NO_LIST if order.list_id is None else int(order.list_id)


def _text(value: Decimal | None) -> str:
    return decimal_text(value) if value else _NOUGHT


def _positive(value: Decimal | None) -> str | UnsetType:
    return decimal_text(value) if value else UNSET


def _given(value: int | None) -> int | UnsetType:
    return UNSET if value is None else value
