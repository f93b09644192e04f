"""One table per session: files that were kept that way, and the views through which their users' SQL goes on working.

In such a file a table's name is a session's number and its columns are ``symbol`` and ``net``.
"""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

import apsw

from tradingsys.core.errors import ConfigError
from tradingsys.core.ids import MAX_SESSION
from tradingsys.store.edits import plain
from tradingsys.store.migrations import tables
from tradingsys.store.sqlite import rows

__all__ = ["create_view", "import_table", "legacy_sessions"]


def legacy_sessions(conn: apsw.Connection) -> list[int]:
    """The sessions that have a table of their own."""
    found = rows(conn, "SELECT name FROM sqlite_schema WHERE type = 'table'")
    return sorted(int(str(name)) for (name,) in found if _is_session(str(name)) and _is_legacy(conn, str(name)))


def import_table(conn: apsw.Connection, session: int, path: Path) -> None:
    """Move a session's table to ``positions``, where its rows are edits, and put a view in its place.

    Raises ConfigError naming the row that holds no quantity.
    """
    for symbol, net in rows(conn, f'SELECT symbol, net FROM "{session}"'):
        where = f'table "{session}", symbol {symbol!r}'
        if not isinstance(symbol, str) or not symbol:
            raise ConfigError("a row without symbol", file=str(path), key=where, hint="delete the row")
        # bool is no SQLite type, so an int is a number here; repr is the shortest text that means this float.
        if not isinstance(net, int | float) or not math.isfinite(net):
            raise ConfigError(f"net is {net!r}, which is no quantity", file=str(path), key=where)
        if net:
            try:
                conn.execute(
                    "INSERT INTO positions VALUES (?, ?, ?)", (session, symbol.lower(), plain(Decimal(repr(net))))
                )
            except apsw.ConstraintError as error:
                raise ConfigError(
                    "the symbol is there twice, in upper and in lower case", file=str(path), key=where
                ) from error
    conn.execute("INSERT OR IGNORE INTO sessions (session_id, name) VALUES (?, '')", (session,))
    conn.execute(f'DROP TABLE "{session}"')
    create_view(conn, session)


def create_view(conn: apsw.Connection, session: int) -> None:
    """Let ``"<session>" (symbol, net)`` be read and changed as if it were a table, unless something has that name."""
    if str(session) in tables(conn) or not 0 <= session <= MAX_SESSION:
        return
    conn.execute(
        f"""
        CREATE VIEW "{session}" AS
          SELECT symbol, CAST(net AS REAL) AS net FROM positions WHERE session_id = {session};
        CREATE TRIGGER "{session}_insert" INSTEAD OF INSERT ON "{session}" BEGIN
          INSERT INTO positions VALUES ({session}, lower(NEW.symbol), NEW.net);
        END;
        CREATE TRIGGER "{session}_net" INSTEAD OF UPDATE OF net ON "{session}" BEGIN
          UPDATE positions SET net = NEW.net WHERE session_id = {session} AND symbol = OLD.symbol;
        END;
        CREATE TRIGGER "{session}_symbol" INSTEAD OF UPDATE OF symbol ON "{session}" BEGIN
          UPDATE positions SET symbol = lower(NEW.symbol) WHERE session_id = {session} AND symbol = OLD.symbol;
        END;
        CREATE TRIGGER "{session}_delete" INSTEAD OF DELETE ON "{session}" BEGIN
          DELETE FROM positions WHERE session_id = {session} AND symbol = OLD.symbol;
        END;
        """
    ).fetchall()


def _is_session(name: str) -> bool:
    return name.isascii() and name.isdecimal() and str(int(name)) == name and int(name) <= MAX_SESSION


def _is_legacy(conn: apsw.Connection, name: str) -> bool:
    columns = rows(conn, f"SELECT name FROM pragma_table_info('{name}')")
    return sorted(str(column).lower() for (column,) in columns) == ["net", "symbol"]
