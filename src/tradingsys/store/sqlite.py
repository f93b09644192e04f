"""Connections to pos.db: what those that only read and the one that writes have in common."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import apsw

from tradingsys.core.errors import ConfigError, StoreError

__all__ = [
    "DAMAGED",
    "OLDEST_SAFE_SQLITE",
    "Row",
    "SqlValue",
    "as_store_error",
    "data_version",
    "open_reader",
    "rows",
    "transaction",
]

SqlValue = None | int | float | str | bytes
Row = tuple[SqlValue, ...]

# Earlier versions can corrupt a database in WAL mode that two connections use.
OLDEST_SAFE_SQLITE = 3_051_003

DAMAGED = (
    "put a copy of the file from before that in its place, as docs/gateway.md says: trades since then are read again"
)
_LOCKED = "another program keeps it locked (an SQL shell with an open transaction?): end that, then try again"
# What is wrong with the file's content, and no passing trouble.
_DAMAGES = (apsw.CorruptError, apsw.NotADBError, apsw.FormatError)


def as_store_error(filename: str, error: apsw.Error) -> StoreError:
    """What SQLite objects to, with what to do about it."""
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return StoreError(f"{filename}: {error}: {_LOCKED}")
    return StoreError(f"{filename}: {error}" + (f"; {DAMAGED}" if isinstance(error, _DAMAGES) else ""))


def open_reader(path: Path) -> apsw.Connection:
    """A connection that only reads, while a gateway runs or while none does.

    Raises ConfigError for a file that is no database, StoreError for one that cannot be read.
    """
    if path.exists() and not path.is_file():
        raise ConfigError("is no file", file=str(path), key="db", hint="name another one")
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    failure: apsw.Error | None = None
    # A WAL database in a folder that we may not write to can be read only by promising that nobody else writes.
    for option in ("mode=ro", "immutable=1"):
        with contextlib.ExitStack() as unusable:
            try:
                conn = apsw.Connection(f"{path.absolute().as_uri()}?{option}", flags=flags)
                unusable.callback(conn.close)
                conn.execute("PRAGMA busy_timeout = 5000").fetchall()
                conn.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            except apsw.NotADBError as error:
                raise ConfigError(
                    "is not a database", file=str(path), key="db", hint="name another file, or restore a backup"
                ) from error
            except apsw.Error as error:
                failure = error
            else:
                unusable.pop_all()
                return conn
    raise StoreError(f"{path}: {failure}") from failure


def data_version(conn: apsw.Connection) -> int:
    """Changes whenever another connection, such as a user's shell, has written."""
    (value,) = conn.execute("PRAGMA data_version").fetchall()[0]
    assert isinstance(value, int)
    return value


def rows(conn: apsw.Connection, sql: str, bindings: tuple[SqlValue, ...] = ()) -> list[Row]:
    """All rows of a query."""
    return conn.execute(sql, bindings).fetchall()


@contextlib.contextmanager
def transaction(conn: apsw.Connection) -> Iterator[None]:
    """All or nothing, and durable when it ends well. Raises StoreError for whatever SQLite objects to."""
    try:
        conn.execute("BEGIN IMMEDIATE")
        yield
        conn.execute("COMMIT")
    except BaseException as error:
        if conn.in_transaction:  # a full disk, for one, has ended it already
            with contextlib.suppress(apsw.Error):
                conn.execute("ROLLBACK")
        if isinstance(error, apsw.Error):
            raise as_store_error(conn.filename, error) from error
        raise
