"""Reading a book without being its gateway, while it runs or at rest."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import apsw

from tradingsys.core.errors import ConfigError
from tradingsys.core.records import AdjustmentRecord, FillRecord, OrderRecord, PositionRecord
from tradingsys.store.edits import parse_net
from tradingsys.store.migrations import APPLICATION_ID
from tradingsys.store.rows import read_fills, read_orders
from tradingsys.store.sqlite import SqlValue, open_reader, rows

__all__ = ["adjustments", "fills", "orders", "positions", "reading"]


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
    return [PositionRecord(_int(number), str(symbol).upper(), _net(symbol, net)) for number, symbol, net in found]


def orders(conn: apsw.Connection, session: int, *, limit: int = 1000) -> list[OrderRecord]:
    """The session's newest orders, newest first."""
    return read_orders(conn, "WHERE session_id = ? ORDER BY rowid DESC LIMIT ?", (session, limit))


def fills(conn: apsw.Connection, session: int, *, since_ms: int = 0, limit: int = 1000) -> list[FillRecord]:
    """The session's newest fills from ``since_ms`` on, newest first."""
    where = (
        "WHERE session_id = ? AND ts_event_ms >= ? ORDER BY ts_event_ms DESC, CAST(trade_id AS INTEGER) DESC LIMIT ?"
    )
    return read_fills(conn, where, (session, since_ms, limit))


def adjustments(conn: apsw.Connection, session: int, *, limit: int = 1000) -> list[AdjustmentRecord]:
    """The session's newest adjustments, newest first."""
    sql = "SELECT session_id, symbol, delta, why, ts_ms FROM adjustments WHERE session_id = ? ORDER BY id DESC LIMIT ?"
    found = rows(conn, sql, (session, limit))
    return [
        AdjustmentRecord(_int(number), str(symbol), Decimal(str(delta)), str(why), _int(ts_ms))
        for number, symbol, delta, why, ts_ms in found
    ]


def _net(symbol: SqlValue, net: SqlValue) -> Decimal:
    value = parse_net(str(net))
    if value is None:
        raise ConfigError(f"positions: {symbol!r}: net is {net!r}, which is no quantity")
    return value


def _int(value: SqlValue) -> int:
    assert isinstance(value, int)
    return value
