"""What was traded and what moved money: executions and income."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tradingsys.sim.events import Execution
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import eight_digits, ms
from tradingsys.sim.faces.binance_usdm import render
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.sim.faces.binance_usdm.order_reads import KEPT_MS, WEEK_MS, time_window
from tradingsys.sim.money import CashRow, MarginMove
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import IncomeRow, PositionMarginChange, UserTrade

__all__ = ["income", "margin_history", "user_trades"]

_MARGIN_KEPT_MS = 30 * 24 * 3_600_000


def user_trades(call: Call) -> list[UserTrade]:
    """`GET /fapi/v1/userTrades`: from a trade id on (inclusive), or within a time window, else the newest of a week.

    Raises Fault (-1128) for a trade id together with times.
    """
    params, symbol = call.params, call.symbol()
    from_id, order_id = params.maybe_integer("fromId"), params.maybe_integer("orderId")
    if from_id is not None and (params.get("startTime") or params.get("endTime")):
        raise Fault(400, -1128, "Combination of optional parameters invalid.")
    start_ms, end_ms = time_window(call)
    oldest_ms = call.now_ms - KEPT_MS
    rows: Sequence[Execution] = [
        row
        for row in call.state.exchange.ledger.executions_of(call.account, symbol, from_id or 0)
        if ms(row.ts_ns) >= oldest_ms
        and not call.state.troubles.hides(row.ts_ns, call.now_ns)
        and (from_id is not None or start_ms <= ms(row.ts_ns) <= end_ms)
        and order_id in (None, row.order_id)
    ]
    limit = call.limit(500, 1000)
    oldest_first = from_id is not None or bool(params.get("startTime"))
    return [render.user_trade(row) for row in (rows[:limit] if oldest_first else rows[-limit:])]


def income(call: Call) -> list[IncomeRow]:
    """`GET /fapi/v1/income`: oldest first; with a start from there on, else the newest up to the end, by pages.

    Raises Fault (-1023) for a window that ends before it starts.
    """
    params = call.params
    end_ms = params.optional_integer("endTime", call.now_ms)
    earliest_ms = call.now_ms - (KEPT_MS if params.get("endTime") else WEEK_MS)
    start_ms = params.optional_integer("startTime", earliest_ms)
    if start_ms > end_ms:
        raise Fault(400, -1023, "Start time is greater than end time.")
    rows = list(_rows(call, max(start_ms, call.now_ms - KEPT_MS), end_ms))
    limit, page = call.limit(100, 1000), max(1, params.optional_integer("page", 1))
    skipped = (page - 1) * limit
    if params.get("startTime"):
        return [_income_row(row) for row in rows[skipped : skipped + limit]]
    last = max(0, len(rows) - skipped)
    return [_income_row(row) for row in rows[max(0, last - limit) : last]]


def _rows(call: Call, start_ms: int, end_ms: int) -> Iterator[CashRow]:
    symbol, kind = call.maybe_symbol(), call.params.get("incomeType")
    for row in call.state.exchange.ledger.money(call.account):
        if start_ms <= ms(row.ts_ns) <= end_ms and symbol in (None, row.symbol) and kind in ("", row.kind):
            yield row


def _income_row(row: CashRow) -> IncomeRow:
    return IncomeRow(
        symbol=row.symbol,
        income_type=row.kind.value,
        income=decimal_text(eight_digits(row.amount)),
        asset=row.asset,
        info=row.kind.value,
        time=ms(row.ts_ns),
        tran_id=row.row_id,
        trade_id="" if row.exec_id is None else str(row.exec_id),
    )


def margin_history(call: Call) -> list[PositionMarginChange]:
    """`GET /fapi/v1/positionMargin/history`: what the account gave to isolated positions and took back; 30 days."""
    symbol, params = call.symbol(), call.params
    kind = params.maybe_integer("type")
    end_ms = params.optional_integer("endTime", call.now_ms)
    start_ms = max(params.optional_integer("startTime", 0), call.now_ms - _MARGIN_KEPT_MS)
    rows = [
        _margin_row(row)
        for row in call.state.exchange.ledger.margin_moves
        if (row.account, row.symbol) == (call.account, symbol) and start_ms <= ms(row.ts_ns) <= end_ms
    ]
    return [row for row in rows if kind in (None, row.type)][: call.limit(500, 500)]


def _margin_row(row: MarginMove) -> PositionMarginChange:
    return PositionMarginChange(
        symbol=row.symbol,
        type=1 if row.amount > 0 else 2,
        delta_type="USER_ADJUST",
        amount=decimal_text(abs(row.amount)),
        asset=row.asset,
        time=ms(row.ts_ns),
        position_side="BOTH",
    )
