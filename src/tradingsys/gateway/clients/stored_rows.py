"""Orders and executions as pos.db has them: all of them, while memory has the recent ones."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import apsw

from tradingsys.core.order import Fill
from tradingsys.core.records import FillRecord, OrderRecord
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.store import read
from tradingsys.store.order_rows import read_fills, read_orders
from tradingsys.wire.messages import Cursor
from tradingsys.wire.operator import Selection

__all__ = ["MOST_ROWS", "matches", "merged_fills", "most", "stored_fills", "stored_fills_after", "stored_orders"]

MOST_ROWS = 1_000
"""As many as are told at once."""


def stored_orders(conn: apsw.Connection, selection: Selection) -> list[TrackedOrder]:
    """The newest that match, open or not, each with its fills."""
    records = read.orders(conn, *_chosen(selection), limit=most(selection))
    return [_with_fills(conn, row.intent.client_order_id, row.intent.session, row) for row in records]


def stored_fills(conn: apsw.Connection, selection: Selection) -> list[FillRecord]:
    """The newest that match."""
    return read.fills(conn, *_chosen(selection), limit=most(selection))


def stored_fills_after(
    conn: apsw.Connection, session: int, after: Cursor, most_fills: int
) -> tuple[list[tuple[TrackedOrder, list[Fill]]], Cursor | None]:
    """The first that were booked for a session after an event of it, each run of one order's with that order.

    And after which event to go on, unless these were all.
    """
    rows = read.fills_after(conn, session, *after, limit=most_fills)
    named = [row for row in rows if row.client_order_id is not None]
    orders: dict[str, TrackedOrder] = {}
    runs: list[tuple[TrackedOrder, list[Fill]]] = []
    for name, run in groupby(named, key=lambda row: row.client_order_id or ""):
        together = list(run)
        order = orders.get(name) or _found(conn, name, session)
        orders[name] = order
        runs.append((order, [row.fill for row in together]))
    return runs, (rows[-1].epoch, rows[-1].n) if len(rows) >= most_fills else None


def merged_fills(stored: Iterable[FillRecord], recent: Iterable[FillRecord], selection: Selection) -> list[FillRecord]:
    """Each once, newest first; what is in memory may be newer than what is written."""
    rows = {row.fill.key: row for row in (*stored, *recent)}.values()
    newest = sorted(rows, key=lambda row: (row.fill.ts_event_ms, int(row.fill.exec_id)), reverse=True)
    return newest[: most(selection)]


def matches(selection: Selection, session: int, symbol: str) -> bool:
    """Whether a row of this session and symbol (in upper case) is meant."""
    return (selection.session_id is None or selection.session_id == session) and (
        selection.symbol is None or selection.symbol.upper() == symbol
    )


def most(selection: Selection) -> int:
    """How many rows to tell."""
    return max(0, min(selection.limit, MOST_ROWS))


def _found(conn: apsw.Connection, client_order_id: str, session: int) -> TrackedOrder:
    records = read_orders(conn, "WHERE client_order_id = ?", (client_order_id,))
    return _with_fills(conn, client_order_id, session, records[0] if records else None)


def _with_fills(conn: apsw.Connection, client_order_id: str, session: int, record: OrderRecord | None) -> TrackedOrder:
    fills = read_fills(conn, "WHERE client_order_id = ?", (client_order_id,))
    return TrackedOrder.of_rows(client_order_id, session, record, fills)


def _chosen(selection: Selection) -> tuple[int | None, str | None]:
    return selection.session_id, None if selection.symbol is None else selection.symbol.upper()
