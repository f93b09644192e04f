"""Asking for orders, open or not, for what changed them and for what they executed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from tradingsys.core.enums import OrderStatus
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance_spot import orders, render
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.order_records import Execution, OrderRecord
from tradingsys.venues.binance import requests
from tradingsys.venues.binance.messages import spot

__all__ = [
    "all_orders",
    "amendments",
    "day_window",
    "my_allocations",
    "my_trades",
    "open_orders",
    "page",
    "prevented",
    "query",
]

T = TypeVar("T")

_DAY_MS = 24 * 3_600_000
_ARCHIVED_MS = 90 * _DAY_MS
_VAIN_ENDS = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH})


def day_window(call: Call) -> tuple[int, int] | None:
    """Start and end in ms, a day at most; None when neither is given.

    Raises Fault for a longer one (-1127) and for one that ends before it starts (-1023).
    """
    start_ms, end_ms = call.params.maybe_time("startTime"), call.params.maybe_time("endTime")
    if start_ms is None and end_ms is None:
        return None
    if start_ms is None:
        start_ms = (end_ms or 0) - _DAY_MS
    if end_ms is None:
        end_ms = start_ms + _DAY_MS
    if start_ms > end_ms:
        raise Fault(400, -1023, "Start time is greater than end time.")
    if end_ms - start_ms > _DAY_MS:
        raise Fault(400, -1127, "More than 24 hours between startTime and endTime.")
    return start_ms, end_ms


def _is_hidden(call: Call, record: OrderRecord) -> bool:
    return call.state.troubles.hides(record.created_ns, call.now_ns)


def _is_archived(call: Call, record: OrderRecord) -> bool:
    in_vain = record.status in _VAIN_ENDS and not record.cum_qty
    return in_vain and call.now_ms - ms(record.created_ns) > _ARCHIVED_MS


def query(call: Call) -> spot.OrderReply:
    """`GET /api/v3/order` and `order.status`: open or not.

    Raises Fault (-2013), or (-2026) when it ended in vain long ago.
    """
    symbol = call.symbol()
    order_id, client_order_id = orders.named(requests.parse_cancel(call.params.values))
    record = call.state.exchange.ledger.order(call.account, symbol, order_id, client_order_id)
    if record is None or _is_hidden(call, record):
        raise Fault(400, -2013, "Order does not exist.")
    if client_order_id is not None and record.client_order_id != client_order_id:
        raise Fault(400, -2013, "Order does not exist.")
    if _is_archived(call, record):
        text = "Order was canceled or expired with no executed qty over 90 days ago and has been archived."
        raise Fault(400, -2026, text)
    return render.order_query(record)


def open_orders(call: Call) -> list[spot.OrderReply]:
    """`GET /api/v3/openOrders` and `openOrders.status`, of one symbol or all."""
    records = call.state.exchange.open_orders(call.account, call.maybe_symbol())
    return [render.order_query(record) for record in records if not _is_hidden(call, record)]


def all_orders(call: Call) -> list[spot.OrderReply]:
    """`GET /api/v3/allOrders` and `allOrders`: from an order id on, or within a day, else the newest."""
    symbol, from_id, window = call.symbol(), call.params.maybe_integer("orderId"), day_window(call)
    rows = [
        record
        for record in call.state.exchange.ledger.orders(call.account, symbol, from_id or 0)
        if not (_is_hidden(call, record) or _is_archived(call, record))
        and (window is None or window[0] <= ms(record.created_ns) <= window[1])
    ]
    return [render.order_query(record) for record in page(call, rows, is_counted=from_id is not None)]


def my_trades(call: Call) -> list[spot.UserTrade]:
    """`GET /api/v3/myTrades` and `myTrades`: from a trade id on, or within a day, or an order's, else the newest.

    Raises Fault (-1128) for a trade id together with times.
    """
    return [render.user_trade(row) for row in executions(call)]


def executions(call: Call) -> Sequence[Execution]:
    """What `my_trades` asks for."""
    params, symbol, window = call.params, call.symbol(), day_window(call)
    from_id, order_id = params.maybe_integer("fromId"), params.maybe_integer("orderId")
    if window is not None and (from_id is not None or order_id is not None):
        raise Fault(400, -1128, "Combination of optional parameters invalid.")
    rows = [
        row
        for row in call.state.exchange.ledger.executions_of(call.account, symbol, from_id or 0)
        if (order_id is None or row.order_id == order_id)
        and (window is None or window[0] <= ms(row.ts_ns) <= window[1])
        and not call.state.troubles.hides(row.ts_ns, call.now_ns)
    ]
    return page(call, rows, is_counted=from_id is not None)


def page(call: Call, rows: Sequence[T], *, is_counted: bool) -> Sequence[T]:
    """As many as are asked for: the oldest from a time on, or from an id on (``is_counted``), else the newest."""
    limit = call.limit(500, 1000)
    return rows[:limit] if is_counted or call.params.get("startTime") else rows[-limit:]


def amendments(call: Call) -> list[spot.AmendmentRow]:
    """`GET /api/v3/order/amendments` and `order.amendments`: of one order, oldest first."""
    symbol, order_id = call.symbol(), call.params.integer("orderId")
    from_id = call.params.optional_integer("fromExecutionId", 0)
    rows = [
        spot.AmendmentRow(
            symbol=row.symbol,
            order_id=row.order_id,
            execution_id=row.amendment_id,
            orig_client_order_id=row.client_order_id,
            new_client_order_id=row.new_client_order_id,
            orig_qty=format(row.qty_before, ".8f"),
            new_qty=format(row.qty, ".8f"),
            time=ms(row.ts_ns),
        )
        for row in call.state.exchange.ledger.amendments
        if (row.account, row.symbol, row.order_id) == (call.account, symbol, order_id) and row.amendment_id >= from_id
    ]
    return rows[: call.limit(500, 1000)]


def prevented(call: Call) -> list[spot.PreventedMatch]:
    """`GET /api/v3/myPreventedMatches` and `myPreventedMatches`: one, or an order's from an id on.

    Raises Fault (-1128) when neither is named.
    """
    params, symbol = call.params, call.symbol()
    match_id, order_id = params.maybe_integer("preventedMatchId"), params.maybe_integer("orderId")
    if (match_id is None) is (order_id is None):
        raise Fault(400, -1128, "Combination of optional parameters invalid.")
    from_id = params.optional_integer("fromPreventedMatchId", 0)
    rows = [
        render.prevented_match(row)
        for row in call.state.exchange.ledger.prevented
        if (row.account, row.symbol) == (call.account, symbol)
        and match_id in (None, row.match_id)
        and (order_id is None or (order_id in (row.taker_id, row.maker_id) and row.match_id >= from_id))
    ]
    return rows[: call.limit(500, 1000)]


def my_allocations(call: Call) -> list[spot.Allocation]:
    """`GET /api/v3/myAllocations` and `myAllocations`: nothing here is routed between symbols."""
    call.symbol()
    return []
