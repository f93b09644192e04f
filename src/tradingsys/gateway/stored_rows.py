"""Orders and executions as pos.db has them: all of them, while memory has the recent ones."""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from tradingsys.core.records import FillRecord, OrderRecord
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.store import read
from tradingsys.store.rows import read_fills
from tradingsys.wire.operator import Selection

__all__ = ["MOST_ROWS", "matches", "merged_fills", "most", "stored_fills", "stored_orders"]

MOST_ROWS = 1_000
"""As many as are told at once."""


def stored_orders(conn: apsw.Connection, selection: Selection) -> list[TrackedOrder]:
    """The newest that match, open or not, each with its fills."""
    records = read.orders(conn, *_chosen(selection), limit=most(selection))
    return [_with_fills(conn, record) for record in records]


def stored_fills(conn: apsw.Connection, selection: Selection) -> list[FillRecord]:
    """The newest that match."""
    return read.fills(conn, *_chosen(selection), limit=most(selection))


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


def _with_fills(conn: apsw.Connection, record: OrderRecord) -> TrackedOrder:
    order = TrackedOrder.of_record(record)
    for row in read_fills(conn, "WHERE client_order_id = ?", (record.intent.client_order_id,)):
        order.facts = order.facts.with_fill(row.fill)
    return order


def _chosen(selection: Selection) -> tuple[int | None, str | None]:
    return selection.session_id, None if selection.symbol is None else selection.symbol.upper()
