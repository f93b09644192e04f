"""Asking for orders, open or not, and for what changed them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tradingsys.core.enums import OrderStatus
from tradingsys.sim.events import OrderRecord
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance_usdm import render
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.sim.faces.binance_usdm.orders import either_id
from tradingsys.venues.binance.messages import OrderAmendment, OrderReply

__all__ = [
    "KEPT_MS",
    "WEEK_MS",
    "all_orders",
    "amendments",
    "force_orders",
    "is_forgotten",
    "open_order",
    "open_orders",
    "query",
    "time_window",
]

_DAY_MS = 24 * 3_600_000
WEEK_MS = 7 * _DAY_MS
KEPT_MS = 90 * _DAY_MS
"""What is older cannot be asked for."""
_UNFILLED_KEPT_MS = 3 * _DAY_MS
"""Orders that ended without any execution are forgotten sooner."""
_VAIN_ENDS = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH})
_FORCED = {"LIQUIDATION": ("liquidation",), "ADL": ("auto-deleveraging",), "": ("liquidation", "auto-deleveraging")}


def is_forgotten(created_ms: int, now_ms: int, *, in_vain: bool) -> bool:
    """Whether an ended order, by when it was made and whether it never traded, is shown no more."""
    age_ms = now_ms - created_ms
    return age_ms > KEPT_MS or (in_vain and age_ms > _UNFILLED_KEPT_MS)


def _is_kept(call: Call, record: OrderRecord) -> bool:
    if call.state.troubles.hides(record.created_ns, call.now_ns):
        return False
    if record.status.is_open:
        return True
    in_vain = record.status in _VAIN_ENDS and not record.cum_qty
    return not is_forgotten(ms(record.created_ns), call.now_ms, in_vain=in_vain)


def query(call: Call) -> OrderReply:
    """`GET /fapi/v1/order` and `order.status`: open or not.

    Raises Fault (-2013).
    """
    return render.order_query(_find(call))


def open_order(call: Call) -> OrderReply:
    """`GET /fapi/v1/openOrder`.

    Raises Fault (-2013) when the order is not open.
    """
    record = _find(call)
    if not record.status.is_open:
        raise Fault(400, -2013, "Order does not exist.")
    return render.order_query(record)


def _find(call: Call) -> OrderRecord:
    symbol = call.symbol()
    order_id, client_order_id = either_id(call)
    record = call.state.exchange.ledger.order(call.account, symbol, order_id, client_order_id)
    if record is None or not _is_kept(call, record):
        raise Fault(400, -2013, "Order does not exist.")
    return record


def open_orders(call: Call) -> list[OrderReply]:
    """`GET /fapi/v1/openOrders`, of one symbol or all."""
    records = call.state.exchange.open_orders(call.account, call.maybe_symbol())
    return [render.order_query(record) for record in records if _is_kept(call, record)]


def all_orders(call: Call) -> list[OrderReply]:
    """`GET /fapi/v1/allOrders`: from an order id on, or within a time window, else the newest."""
    params = call.params
    from_id = params.maybe_integer("orderId")
    start_ms, end_ms = time_window(call)
    rows = [
        record
        for record in _history(call, from_id or 0)
        if from_id is not None or start_ms <= ms(record.created_ns) <= end_ms
    ]
    oldest_first = from_id is not None or bool(params.get("startTime"))
    return [render.order_history(record) for record in _page(rows, call.limit(500, 1000), oldest_first=oldest_first)]


def force_orders(call: Call) -> list[OrderReply]:
    """`GET /fapi/v1/forceOrders`: what the venue traded for the account."""
    kind = call.params.get("autoCloseType")
    if kind not in _FORCED:
        raise malformed("autoCloseType")
    start_ms, end_ms = time_window(call)
    rows = [
        record
        for record in _history(call)
        if record.forced in _FORCED[kind] and start_ms <= ms(record.created_ns) <= end_ms
    ]
    return [render.order_history(record) for record in rows[-call.limit(50, 100) :]]


def _history(call: Call, from_id: int = 0) -> Sequence[OrderRecord]:
    """The account's orders of one symbol or all, oldest first."""
    ledger, symbol = call.state.exchange.ledger, call.maybe_symbol()
    names = [symbol] if symbol is not None else list(ledger.symbols(call.account))
    rows = [record for name in names for record in ledger.orders(call.account, name, from_id) if _is_kept(call, record)]
    rows.sort(key=lambda record: (record.created_ns, record.order_id))
    return rows


def amendments(call: Call) -> list[OrderAmendment]:
    """`GET /fapi/v1/orderAmendment`: changes of one order or all, the newest first."""
    symbol, params = call.symbol(), call.params
    order_id, client_order_id = params.maybe_integer("orderId"), params.get("origClientOrderId")
    start_ms = params.optional_integer("startTime", 0)
    end_ms = params.optional_integer("endTime", call.now_ms)

    def wanted() -> Iterator[OrderAmendment]:
        for row in reversed(call.state.exchange.ledger.amendments):
            at_ms = ms(row.ts_ns)
            if (row.account, row.symbol) != (call.account, symbol) or call.now_ms - at_ms > KEPT_MS:
                continue
            named = row.order_id == order_id if order_id is not None else client_order_id in ("", row.client_order_id)
            if named and start_ms <= at_ms <= end_ms:
                yield render.amendment(row)

    limit = call.limit(50, 100)
    return [row for _, row in zip(range(limit), wanted(), strict=False)]


def _page(rows: Sequence[OrderRecord], limit: int, *, oldest_first: bool) -> Sequence[OrderRecord]:
    return rows[:limit] if oldest_first else rows[-limit:]


def time_window(call: Call) -> tuple[int, int]:
    """Start and end in ms; a week at most.

    Raises Fault for a longer one (-1127) and for one that ends before it starts (-1023).
    """
    params = call.params
    end_ms = params.optional_integer("endTime", call.now_ms)
    start_ms = params.optional_integer("startTime", end_ms - WEEK_MS)
    if not params.get("endTime"):
        end_ms = max(start_ms, min(end_ms, start_ms + WEEK_MS))
    if start_ms > end_ms:
        raise Fault(400, -1023, "Start time is greater than end time.")
    if end_ms - start_ms > WEEK_MS:
        raise Fault(400, -1127, "More than 168 hours between startTime and endTime.")
    return start_ms, end_ms
