"""Correcting a position while no gateway runs: the edit that a user may make by SQL, with its mistakes caught."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import apsw

from tradingsys.core.errors import ConfigError, StoreError, TradingError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.store.edits import parse_net
from tradingsys.store.lock import Lock
from tradingsys.store.migrations import needs_migration
from tradingsys.store.soundness import check_values
from tradingsys.store.sqlite import rows, transaction
from tradingsys.store.writer import open_writer
from tradingsys.wire.operator import SetPositionParams, SetPositionResult

__all__ = ["alone_with", "set_net"]

# The gateway compares ``positions`` with what it wrote last, and books the difference when it starts.
_EDIT = (
    "INSERT INTO positions (session_id, symbol, net) VALUES (?, ?, ?)"
    " ON CONFLICT (session_id, symbol) DO UPDATE SET net = excluded.net"
)
_NET = "SELECT net FROM positions WHERE session_id = ? AND symbol = ?"


def set_net(path: Path, params: SetPositionParams) -> SetPositionResult:
    """Change a row of ``positions``.

    Raises TradingError as `alone_with`, and for a symbol that the book does not know.
    """
    with alone_with(path) as conn:
        return _write(conn, path, params)


@contextlib.contextmanager
def alone_with(path: Path) -> Iterator[apsw.Connection]:
    """The book's only user meanwhile.

    Raises TradingError while a gateway holds the book, or when it is of an older format, ConfigError for values that no
    gateway wrote, and StoreError when SQLite fails.
    """
    try:
        lock = Lock(path)
    except ConfigError:
        raise TradingError(
            f"{path} is held by a gateway that does not answer here: name its address with --addr, or stop it"
        ) from None
    except OSError as error:
        raise StoreError(f"{path}.lock: {error.strerror or error}") from None
    with contextlib.ExitStack() as stack:
        stack.callback(lock.release)
        conn = open_writer(path)
        stack.callback(conn.close)
        try:
            if needs_migration(conn, path):
                raise TradingError(f"{path} was written by an older version: start its gateway once")
            check_values(conn, path)
            yield conn
        except apsw.Error as error:
            raise StoreError(f"{path}: {error}") from error


def _write(conn: apsw.Connection, path: Path, params: SetPositionParams) -> SetPositionResult:
    symbol = params.symbol.lower()
    known = {str(name).lower() for (name,) in rows(conn, "SELECT symbol FROM symbols")}
    if symbol not in known:
        raise TradingError(f"{path} knows no symbol {symbol}; it knows {', '.join(sorted(known)) or 'none yet'}")
    net = Decimal(params.net)
    before = _net(conn, params.session_id, symbol)
    # EXTERNAL has taken nothing yet of what was edited since the gateway stopped.
    whole = _sum(conn, "positions_basis", symbol)
    with transaction(conn):
        conn.execute(_EDIT, (params.session_id, symbol, plain(net)))
    external = whole - _sum(conn, "positions", symbol) + _net(conn, EXTERNAL, symbol)
    return SetPositionResult(params.session_id, symbol, plain(before), plain(net), plain(external))


def _sum(conn: apsw.Connection, table: str, symbol: str) -> Decimal:
    found = rows(conn, f"SELECT net FROM {table} WHERE lower(symbol) = ?", (symbol,))
    return sum((parse_net(str(net)) or Decimal(0) for (net,) in found), Decimal(0))


def _net(conn: apsw.Connection, session: int, symbol: str) -> Decimal:
    found = rows(conn, _NET, (session, symbol))
    return (parse_net(str(found[0][0])) if found else None) or Decimal(0)
