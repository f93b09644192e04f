"""Spot's orders and executions as core values; margin's are the same messages.

A conditional order keeps its id when it is triggered, so it is one order with one venue id, and no conditional
service's. A STOP_LOSS that trails is a trailing stop here, which begins to follow at its stop price.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import UNSET, Raw, Struct, UnsetType, ValidationError, json, structs

from tradingsys.core.enums import OrderStatus, OrderType
from tradingsys.core.order import INCOMPLETE_MS, Closed, Fill, Order, Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.venues.binance import words
from tradingsys.venues.binance.decode import closed, decimal, positive, side, time_in_force, type_and_qty
from tradingsys.venues.binance.messages import spot

__all__ = [
    "amend_reply",
    "answers",
    "execution_report",
    "list_status",
    "order_list",
    "order_reply",
    "order_reply_changed",
    "orders_told",
    "user_trade",
]

_read_order = json.Decoder(spot.OrderReply).decode
_read_list = json.Decoder(spot.OrderList).decode
_read_many = json.Decoder(list[Raw]).decode


_Text = str | UnsetType


class _Told(Struct, frozen=True, kw_only=True):
    """An order in the exchange's words, whatever the message calls them."""

    symbol: str
    side: str
    type: str
    time_in_force: _Text
    status: str
    qty: str
    executed: str
    prevented: _Text
    quote_qty: _Text
    price: _Text
    stop_price: _Text
    trailing_delta: int | UnsetType
    iceberg_qty: _Text
    self_trade_prevention: _Text


def execution_report(message: spot.ExecutionReport) -> OrderChanged:
    """Facts of one order; an execution comes as its one fill, except one by smart order routing, which has no id."""
    told = _Told(
        symbol=message.symbol,
        side=message.side,
        type=message.order_type,
        time_in_force=message.time_in_force,
        status=message.order_status,
        qty=message.order_qty,
        executed=message.cum_qty,
        prevented=message.prevented_qty,
        quote_qty=message.quote_order_qty,
        price=message.price,
        stop_price=message.stop_px,
        trailing_delta=message.trailing_delta,
        iceberg_qty=message.iceberg_qty,
        self_trade_prevention=message.self_trade_prevention,
    )
    is_rejected = message.order_status == OrderStatus.REJECTED
    fill = _stream_fill(message)
    is_amend, list_id = message.execution_type == "REPLACED", _list_id(message.order_list_id)
    client_ids = _client_ids(message.client_order_id, message.original_client_order_id, has_both=is_amend)
    order = Order(
        client_ids,
        # What is rejected may never have got an id.
        str(message.order_id) if message.order_id >= 0 else None,
        _terms(told, message.ts_event_ms),
        accepted=not is_rejected,
        venue_cum_qty=decimal(message.cum_qty),
        closed=_closed(told, message.ts_event_ms, _reason(message.expiry_reason, message.reject_reason), list_id),
        fills={fill.exec_id: fill} if fill else {},
        forced=_forced(client_ids),
        list_id=list_id,
        working=_is_working(message.working_ms, message.is_working),
        created_ms=message.created_ms or 0,
    )
    return OrderChanged(order, message.symbol, message.ts_event_ms)


def order_reply(message: spot.OrderReply) -> Order:
    """Facts of an order from any REST or WS-API answer; a FULL one tells its executions so far.

    An ACK has no terms.
    """
    client_ids = _client_ids(message.client_order_id, message.orig_client_order_id)
    venue_order_id, list_id = str(message.order_id), _list_id(message.order_list_id)
    if message.status is UNSET or message.type is UNSET or message.side is UNSET:
        return Order(client_ids, venue_order_id, accepted=True, list_id=list_id)
    ts_event_ms = _told_ms(message)
    told = _shown(
        message,
        (message.status, message.type, message.side),
        qty=message.orig_qty or "0",
        executed=message.executed_qty or "0",
        prevented=message.prevented_quantity,
        quote_qty=message.orig_quote_order_qty,
    )
    terms = _terms(told, ts_event_ms)
    fills = (_reply_fill(message, row, terms, ts_event_ms) for row in message.fills or ())
    return Order(
        client_ids,
        venue_order_id,
        terms,
        accepted=message.status != OrderStatus.REJECTED,
        venue_cum_qty=decimal(told.executed),
        closed=_closed(told, ts_event_ms, _reason(message.expiry_reason), list_id),
        fills={fill.exec_id: fill for fill in fills if fill is not None},
        forced=_forced(client_ids),
        list_id=list_id,
        working=_is_working(message.working_time, message.is_working),
        created_ms=message.time or 0,
    )


def order_reply_changed(message: spot.OrderReply) -> OrderChanged:
    """The same facts as a report."""
    return OrderChanged(order_reply(message), message.symbol, _told_ms(message))


def amend_reply(message: spot.AmendReply, revision: int = 0) -> OrderChanged:
    """Facts of an order that was made smaller; it is known by its earlier client id and by its new one.

    ``revision`` is that of the request, unknown to the exchange: it tells two changes of one millisecond apart.
    """
    amended = message.amended_order
    told = _shown(
        amended,
        (amended.status, amended.type, amended.side),
        qty=amended.qty,
        executed=amended.executed_qty,
        prevented=amended.prevented_qty,
        quote_qty=amended.quote_order_qty,
    )
    order = Order(
        _client_ids(amended.client_order_id, amended.orig_client_order_id, has_both=True),
        str(amended.order_id),
        _terms(told, message.transact_time, revision),
        accepted=True,
        venue_cum_qty=decimal(amended.executed_qty),
        closed=closed(amended.status, message.transact_time, _reason(amended.expiry_reason)),
        list_id=_list_id(amended.order_list_id),
        working=_is_working(amended.working_time, amended.is_working),
    )
    return OrderChanged(order, amended.symbol, message.transact_time)


def order_list(message: spot.OrderList) -> tuple[OrderChanged, ...]:
    """Facts of each order of a list: its ids, and where it is reported whole, all of that."""
    reported = [_reported(report, message) for report in message.order_reports or ()]
    known = {change.order.venue_order_id for change in reported}
    ids = [
        _listed(row.symbol, row.order_id, row.client_order_id, message.order_list_id, message.transaction_time)
        for row in message.orders
        if str(row.order_id) not in known
    ]
    return (*reported, *ids)


def list_status(message: spot.ListStatus) -> tuple[OrderChanged, ...]:
    """Which orders are in a list; nothing of one that something was refused to: their own reports tell."""
    if message.list_order_status == "REJECT":
        return ()
    return tuple(
        _listed(row.symbol, row.order_id, row.client_order_id, message.order_list_id, message.ts_event_ms)
        for row in message.orders
    )


def answers(data: bytes) -> list[spot.OrderReply | spot.OrderList]:
    """The elements of an answer that may be one order, one list, or an array of both.

    Cancelling an order of a list is answered with the list, cancelling all of a symbol with everything there was.
    """
    elements: Iterable[bytes | Raw] = _read_many(data) if data.lstrip()[:1] == b"[" else (data,)
    return [_element(element) for element in elements]


def orders_told(data: bytes) -> tuple[OrderChanged, ...]:
    """Facts of every order in such an answer."""
    return tuple(
        change
        for answer in answers(data)
        for change in (order_list(answer) if isinstance(answer, spot.OrderList) else (order_reply_changed(answer),))
    )


def user_trade(message: spot.UserTrade) -> Order:
    """One execution from history, as an order known by its venue id only."""
    fill = Fill(
        str(message.id),
        message.symbol,
        str(message.order_id),
        side("BUY" if message.is_buyer else "SELL"),
        decimal(message.price),
        decimal(message.qty),
        message.time,
        is_maker=message.is_maker,
        fee=decimal(message.commission),
        fee_asset=message.commission_asset,
    )
    list_id = _list_id(message.order_list_id)
    return Order((), fill.venue_order_id, accepted=True, fills={fill.exec_id: fill}, list_id=list_id)


def _element(element: bytes | Raw) -> spot.OrderReply | spot.OrderList:
    try:
        return _read_list(element)
    except ValidationError:
        return _read_order(element)


def _listed(symbol: str, order_id: int, client_order_id: str, list_id: int, ts_event_ms: int) -> OrderChanged:
    order = Order((client_order_id,), str(order_id), accepted=True, list_id=_list_id(list_id))
    return OrderChanged(order, symbol, ts_event_ms)


def _reported(report: spot.OrderReply, message: spot.OrderList) -> OrderChanged:
    """Margin leaves out of a report what the list around it tells."""
    told_ms = _told_ms(report) or message.transaction_time
    list_id = message.order_list_id if report.order_list_id is UNSET else report.order_list_id
    return order_reply_changed(structs.replace(report, transact_time=told_ms, order_list_id=list_id))


def _shown(
    message: spot.OrderReply | spot.AmendedOrder,
    status_type_side: tuple[str, str, str],
    *,
    qty: str,
    executed: str,
    prevented: _Text,
    quote_qty: _Text,
) -> _Told:
    status, type_word, side_word = status_type_side
    return _Told(
        symbol=message.symbol,
        side=side_word,
        type=type_word,
        time_in_force=message.time_in_force,
        status=status,
        qty=qty,
        executed=executed,
        prevented=prevented,
        quote_qty=quote_qty,
        price=message.price,
        stop_price=message.stop_price,
        trailing_delta=message.trailing_delta,
        iceberg_qty=message.iceberg_qty,
        self_trade_prevention=message.self_trade_prevention_mode,
    )


def _terms(told: _Told, version_ms: int, revision: int = 0) -> Terms:
    order_type, _, price = type_and_qty(told.type, told.qty, told.price, words.SPOT_ORDER_TYPES)
    stop_px, order_qty, quote_qty = positive(told.stop_price), _order_qty(told), positive(told.quote_qty)
    delta = told.trailing_delta
    callback_rate = words.callback_rate(delta) if delta and delta > 0 else None
    is_untriggerable = order_type.is_conditional and stop_px is None and callback_rate is None
    # What an amount of quote comes to is an estimate, if it is told at all, until all of it was executed.
    is_estimated = quote_qty is not None and told.status != OrderStatus.FILLED
    is_incomplete = is_untriggerable or is_estimated
    is_trailing = order_type is OrderType.STOP_MARKET and callback_rate is not None
    force, is_post_only = time_in_force(told.type, told.time_in_force)
    return Terms(
        told.symbol,
        side(told.side),
        OrderType.TRAILING_STOP_MARKET if is_trailing else order_type,
        order_qty,
        price,
        force,
        post_only=is_post_only or told.type == "LIMIT_MAKER",
        stop_px=None if is_trailing else stop_px,
        self_trade_prevention=words.SELF_TRADE_PREVENTIONS.get(told.self_trade_prevention or ""),
        version_ms=INCOMPLETE_MS if is_incomplete else version_ms,
        callback_rate=callback_rate,
        activation_px=stop_px if is_trailing else None,
        revision=revision,
        quote_order_qty=quote_qty,
        iceberg_qty=positive(told.iceberg_qty),
    )


def _closed(told: _Told, ts_event_ms: int, reason: str, list_id: str | None) -> Closed | None:
    ended = closed(told.status, ts_event_ms, reason)
    order_type = words.SPOT_ORDER_TYPES.get(told.type)
    has_waited = list_id is not None or (order_type is not None and order_type.is_conditional)
    if ended is None or ended.status is not OrderStatus.REJECTED or not has_waited:
        return ended
    # It had been accepted, and waited: a rejection in our words would say that it never was.
    return structs.replace(ended, status=OrderStatus.EXPIRED, reason=f"rejected in its turn: {reason or 'no reason'}")


def _order_qty(told: _Told) -> Decimal:
    """What is ordered, less what self-trade prevention took from it while the rest may still execute.

    What is filled was as large as what was executed: a market order for an amount of quote may be shown without a
    quantity or with an estimate, and what self-trade prevention took is not told with every report.
    """
    ordered, executed = decimal(told.qty), decimal(told.executed)
    if told.status == OrderStatus.FILLED:
        return executed
    if closed(told.status, 0) is not None:
        return ordered
    prevented = positive(told.prevented)
    return max(executed, ordered - prevented) if prevented else ordered


def _stream_fill(message: spot.ExecutionReport) -> Fill | None:
    last_qty = decimal(message.last_qty)
    # Trade ids begin at 0.
    if message.execution_type != "TRADE" or not last_qty or message.trade_id < 0:
        return None
    has_fee = bool(message.fee) and bool(message.fee_asset)
    return Fill(
        str(message.trade_id),
        message.symbol,
        str(message.order_id),
        side(message.side),
        decimal(message.last_px),
        last_qty,
        message.ts_event_ms,
        is_maker=None if message.is_maker is UNSET else message.is_maker,
        fee=decimal(message.fee) if has_fee and message.fee else None,
        fee_asset=message.fee_asset or None if has_fee else None,
    )


def _reply_fill(message: spot.OrderReply, row: spot.OrderFill, terms: Terms, ts_event_ms: int) -> Fill | None:
    """An execution of an order that was just placed: it took. What rests executes later, which events tell."""
    if row.trade_id < 0:
        return None
    return Fill(
        str(row.trade_id),
        message.symbol,
        str(message.order_id),
        terms.side,
        decimal(row.price),
        decimal(row.qty),
        ts_event_ms,
        is_maker=False,
        fee=decimal(row.commission),
        fee_asset=row.commission_asset,
    )


def _client_ids(current: str, original: _Text, *, has_both: bool = False) -> tuple[str, ...]:
    """The order's own ids: a cancellation's is current, and no order's; after an amend both are the order's."""
    if not original:
        return (current,)
    return tuple(sorted({current, original})) if has_both else (original,)


def _forced(client_ids: tuple[str, ...]) -> str:
    return max((words.forced_by_id(client_id) for client_id in client_ids), default="")


def _is_working(since_ms: int | UnsetType, told: bool | UnsetType) -> bool:
    """Whether it stands in the book, or stood there; margin's answers tell no time."""
    return told is True if isinstance(since_ms, UnsetType) else since_ms > 0


def _told_ms(message: spot.OrderReply) -> int:
    return message.transact_time or message.update_time or message.time or 0


def _list_id(told: int | UnsetType) -> str | None:
    return None if isinstance(told, UnsetType) or told < 0 else str(told)


def _reason(*told: _Text) -> str:
    word = next((each for each in told if each and each != "NONE"), "")
    return words.SPOT_REASONS.get(word, word)
