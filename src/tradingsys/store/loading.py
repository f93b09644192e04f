"""Reading back everything that a book remembers."""

from __future__ import annotations

from pathlib import Path

import apsw
from msgspec import Struct

from tradingsys.core.order import FillKey
from tradingsys.core.records import (
    FillRecord,
    LedgerKind,
    LedgerRecord,
    OrderRecord,
    PositionRecord,
    Saved,
    WatermarkRecord,
)
from tradingsys.core.reports import TOLD_AGAIN_MS
from tradingsys.store.columns import number, whole
from tradingsys.store.edits import read_edits
from tradingsys.store.meta import meta
from tradingsys.store.order_rows import read_fills, read_orders
from tradingsys.store.rows import (
    read_adjustments,
    read_ledger,
    read_ledger_marks,
    read_performance,
    read_symbols,
    sum_ledger,
)
from tradingsys.store.sqlite import rows
from tradingsys.store.standing_rows import read_ban, read_days, read_halts, read_missing, read_prices, read_sessions

__all__ = ["Identity", "identify", "load"]

_KEEP_NEWEST = 2_000
"""Of orders that are over: whoever asks about an older one makes it be looked up."""
_KEPT = (
    "SELECT rowid FROM orders WHERE NOT done UNION ALL"
    " SELECT rowid FROM (SELECT rowid FROM orders WHERE done ORDER BY done_ms DESC LIMIT ?)"
)


class Identity(Struct, frozen=True):
    """What makes this book itself, and how far it got."""

    lineage: str
    created_ms: int
    first_epoch: int
    last_epoch: int
    last_ready_epoch: int
    first_epoch_after_cut: int
    max_recv_window_ms: int


def identify(conn: apsw.Connection) -> Identity:
    """Read who this book is."""
    ((first_epoch, last_epoch, last_ready),) = rows(
        conn,
        "SELECT coalesce(min(epoch), 0), coalesce(max(epoch), 0), coalesce(max(epoch) FILTER (WHERE ready), 0) "
        "FROM epochs",
    )
    return Identity(
        str(meta(conn, "lineage")),
        int(meta(conn, "created_ms") or 0),
        whole(first_epoch),
        whole(last_epoch),
        whole(last_ready),
        int(meta(conn, "first_epoch_after_cut") or 0),
        int(meta(conn, "max_recv_window_ms") or 0),
    )


def load(conn: apsw.Connection, path: Path, wall_ms: int, *, proven: bool, is_new: bool = False) -> Saved:
    """Everything the book remembers. Raises ConfigError naming a row of positions that cannot be one."""
    identity = identify(conn)
    positions = rows(conn, "SELECT session_id, symbol, net FROM positions_basis ORDER BY 1, 2")
    watermarks = rows(conn, "SELECT symbol, trade_id FROM watermarks ORDER BY 1")
    return Saved(
        identity.lineage,
        identity.created_ms,
        identity.last_epoch,
        identity.first_epoch_after_cut,
        proven,
        identity.max_recv_window_ms,
        _orders(conn),
        _fills(conn),
        tuple(PositionRecord(whole(s), str(symbol).upper(), number(net)) for s, symbol, net in positions),
        tuple(read_symbols(conn)),
        tuple(WatermarkRecord(str(symbol), whole(trade_id)) for symbol, trade_id in watermarks),
        tuple(read_sessions(conn)),
        read_edits(conn, path),
        meta(conn, "venue_account") or "",
        tuple(read_performance(conn)),
        tuple(read_adjustments(conn, "WHERE delta <> '0' ORDER BY id")),  # 0 is a note about an edit that was refused
        _recent_ledger(conn, wall_ms - TOLD_AGAIN_MS),
        tuple(read_ledger_marks(conn)),
        tuple(read_halts(conn)),
        sum_ledger(conn),
        is_new,
        tuple(read_days(conn)),
        identity.first_epoch,
        tuple(read_prices(conn)),
        read_missing(conn),
        read_ban(conn),
    )


def _orders(conn: apsw.Connection) -> tuple[OrderRecord, ...]:
    return tuple(read_orders(conn, f"WHERE rowid IN ({_KEPT}) ORDER BY rowid", (_KEEP_NEWEST,)))


def _fills(conn: apsw.Connection) -> tuple[FillRecord, ...]:
    """All that somebody may still ask about, by symbol and trade id; each question has an index."""
    found: dict[FillKey, FillRecord] = {}

    def take(where: str, *bindings: int | str) -> None:
        found.update({record.fill.key: record for record in read_fills(conn, where, bindings, found)})

    # One of a kept order is part of that order's facts.
    kept = f"SELECT client_order_id FROM orders WHERE rowid IN ({_KEPT})"
    take(f"WHERE client_order_id IN ({kept})", _KEEP_NEWEST)
    # One above the watermark may come again with the next pull, and counts on top of `performance`.
    known = rows(
        conn,
        "SELECT s.symbol, coalesce(w.trade_id, s.first_trade_id) FROM symbols s"
        " LEFT JOIN watermarks w ON w.symbol = s.symbol",
    )
    for symbol, trade_id in known:
        take("WHERE symbol = ? AND CAST(trade_id AS INTEGER) >= ?", str(symbol), whole(trade_id))
    # One after the ledger's mark tells who held what when funding was paid that is not read yet.
    take("WHERE ts_event_ms >= (SELECT coalesce(min(ts_ms), 0) FROM ledger_marks)")
    # Books of older versions have no `performance`: there all of an account's fills count.
    without = rows(
        conn,
        "SELECT session_id, upper(symbol) AS name FROM positions_basis b WHERE NOT EXISTS"
        " (SELECT 1 FROM performance p WHERE p.session_id = b.session_id AND p.symbol = upper(b.symbol))",
    )
    for session, symbol in without:
        take("WHERE symbol = ? AND session_id = ?", str(symbol), whole(session))
    return tuple(found[key] for key in sorted(found, key=lambda key: (key[0], int(key[1]), key[2])))


def _recent_ledger(conn: apsw.Connection, since_ms: int) -> tuple[LedgerRecord, ...]:
    """Rows that may be told again: younger than the mark of their kind; or recent, when only the stream tells them."""
    where = (
        "WHERE ts_ms >= coalesce((SELECT m.ts_ms FROM ledger_marks m WHERE m.kind = ledger.kind),"
        f" iif(kind = '{LedgerKind.TRANSFER}', ?, 0)) ORDER BY ts_ms, ext_id, session_id"
    )
    return tuple(read_ledger(conn, where, (since_ms,)))
