"""Which public trades are asked for, by REST and WS-API."""

from __future__ import annotations

from tradingsys.sim.events import Traded
from tradingsys.sim.faces.binance.call import Call, S
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.tape import Aggregate

__all__ = ["chosen_aggregates", "chosen_trades"]

_HOUR_MS = 3_600_000


def chosen_trades(call: Call[S], default: int, highest: int) -> list[Traded]:
    """From a trade id on, else the newest."""
    rows = list(call.state.tapes[call.symbol()].trades)
    limit, from_id = call.limit(default, highest), call.params.maybe_integer("fromId")
    if from_id is None:
        return rows[-limit:]
    return [row for row in rows if row.trade_id >= from_id][:limit]


def chosen_aggregates(call: Call[S], longest_hours: int | None = None) -> list[Aggregate]:
    """From an id or a time on, else the newest.

    Raises Fault for an id together with times (-1128), for times in the wrong order (-1023) and for more than
    ``longest_hours`` between them (-1127).
    """
    params = call.params
    rows = list(call.state.tapes[call.symbol()].aggregates)
    limit = call.limit(500, 1000)
    from_id = params.maybe_integer("fromId")
    start_ms, end_ms = params.maybe_time("startTime"), params.maybe_time("endTime")
    if from_id is not None:
        if start_ms is not None or end_ms is not None:
            raise Fault(400, -1128, "Combination of optional parameters invalid.")
        return [row for row in rows if row.agg_id >= from_id][:limit]
    if start_ms is None:
        return [row for row in rows if end_ms is None or ms(row.ts_ns) <= end_ms][-limit:]
    if end_ms is not None:
        _check_window(start_ms, end_ms, longest_hours)
    return [row for row in rows if start_ms <= ms(row.ts_ns) <= (call.now_ms if end_ms is None else end_ms)][:limit]


def _check_window(start_ms: int, end_ms: int, longest_hours: int | None) -> None:
    if start_ms > end_ms:
        raise Fault(400, -1023, "Start time is greater than end time.")
    if longest_hours is not None and end_ms - start_ms > longest_hours * _HOUR_MS:
        raise Fault(400, -1127, f"More than {longest_hours} hours between startTime and endTime.")
