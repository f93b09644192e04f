"""Reading a book without being its gateway, while it runs or at rest."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import apsw

from tradingsys.core.errors import ConfigError
from tradingsys.core.records import (
    AdjustmentRecord,
    FillRecord,
    HaltRecord,
    LedgerRecord,
    OrderRecord,
    PositionRecord,
    SessionRecord,
)
from tradingsys.store.columns import whole
from tradingsys.store.edits import parse_net
from tradingsys.store.migrations import APPLICATION_ID
from tradingsys.store.order_rows import read_fills, read_orders
from tradingsys.store.rows import read_adjustments, read_ledger
from tradingsys.store.sqlite import SqlValue, open_reader, rows
from tradingsys.store.standing_rows import read_halts, read_sessions

__all__ = ["adjustments", "fills", "fills_after", "halts", "ledger", "orders", "positions", "reading", "sessions"]


@contextlib.contextmanager
def reading(path: Path) -> Iterator[apsw.Connection]:
    """One consistent view of the book at ``path``.

    Raises StoreError when it cannot be read, ConfigError when it is no book.
    """
    conn = open_reader(path)
    try:
        if rows(conn, "PRAGMA application_id") != [(APPLICATION_ID,)]:
            raise ConfigError("is no book of tradingsys", file=str(path), key="db")
        conn.execute("BEGIN")
        yield conn
    finally:
        conn.close()


def positions(conn: apsw.Connection, session: int | None = None) -> list[PositionRecord]:
    """What ``positions`` says, edits included; symbols in upper case. Raises ConfigError for a row without number."""
    found = rows(conn, "SELECT session_id, symbol, net FROM positions WHERE session_id = ?1 OR ?1 IS NULL", (session,))
    return [PositionRecord(whole(number), str(symbol).upper(), _net(symbol, net)) for number, symbol, net in found]


def sessions(conn: apsw.Connection) -> list[SessionRecord]:
    """Every session that traded, or asked to."""
    return read_sessions(conn)


def orders(
    conn: apsw.Connection,
    session: int | None = None,
    symbol: str | None = None,
    *,
    open_only: bool = False,
    limit: int = 1000,
) -> list[OrderRecord]:
    """The newest orders, newest first; ``symbol`` in upper case."""
    where = f"{_chosen(open_only)} ORDER BY rowid DESC LIMIT ?3"
    return read_orders(conn, where, (session, symbol, limit))


def fills(
    conn: apsw.Connection,
    session: int | None = None,
    symbol: str | None = None,
    *,
    since_ms: int = 0,
    limit: int = 1000,
) -> list[FillRecord]:
    """The newest fills from ``since_ms`` on, newest first; ``symbol`` in upper case."""
    where = f"{_chosen()} AND ts_event_ms >= ?4 ORDER BY ts_event_ms DESC, CAST(trade_id AS INTEGER) DESC LIMIT ?3"
    return read_fills(conn, where, (session, symbol, limit, since_ms))


def fills_after(conn: apsw.Connection, session: int, epoch: int, n: int, *, limit: int) -> list[FillRecord]:
    """The first ``limit`` fills of a session that were booked after an event of it, in the order of booking.

    Those that one event told are never torn apart: there may be more than ``limit`` because of the last one.
    """
    # SQLite bounds its search in the index by what comes first: by the event, so that a long life costs no more than it
    # tells. ``epoch > 0`` says that the index has all of these.
    after = "WHERE (epoch, n) > (?2, ?3) AND session_id = ?1 AND epoch > 0"
    last = rows(
        conn,
        f"SELECT epoch, n FROM fills {after} ORDER BY epoch, n LIMIT 1 OFFSET ?4",
        (session, epoch, n, limit - 1),
    )
    bound, until = (" AND (epoch, n) <= (?4, ?5)", last[0]) if last else ("", ())
    order = "ORDER BY epoch, n, ts_event_ms, CAST(trade_id AS INTEGER), order_id"
    return read_fills(conn, f"{after}{bound} {order}", (session, epoch, n, *until))


def adjustments(
    conn: apsw.Connection, session: int | None = None, symbol: str | None = None, *, limit: int = 1000
) -> list[AdjustmentRecord]:
    """The newest adjustments, newest first; ``symbol`` in upper case."""
    return read_adjustments(conn, f"{_chosen()} ORDER BY id DESC LIMIT ?3", (session, symbol, limit))


def ledger(
    conn: apsw.Connection, session: int | None = None, symbol: str | None = None, *, limit: int = 1000
) -> list[LedgerRecord]:
    """Money that moved without a trade, newest first; ``symbol`` in upper case."""
    where = f"{_chosen()} ORDER BY ts_ms DESC, ext_id DESC, session_id LIMIT ?3"
    return read_ledger(conn, where, (session, symbol, limit))


def halts(conn: apsw.Connection) -> list[HaltRecord]:
    """Symbols without new orders until an operator resumes them."""
    return read_halts(conn)


def _chosen(open_only: bool = False) -> str:
    chosen = "WHERE (?1 IS NULL OR session_id = ?1) AND (?2 IS NULL OR symbol = ?2)"
    return f"{chosen} AND NOT done" if open_only else chosen


def _net(symbol: SqlValue, net: SqlValue) -> Decimal:
    value = parse_net(str(net))
    if value is None:
        raise ConfigError(f"positions: {symbol!r}: net is {net!r}, which is no quantity")
    return value
