"""The one connection that writes to pos.db."""

from __future__ import annotations

from pathlib import Path

import apsw

from tradingsys.core.errors import ConfigError, StoreError
from tradingsys.store.files import create_private
from tradingsys.store.sqlite import DAMAGED, OLDEST_SAFE_SQLITE, as_store_error
from tradingsys.store.wal import check_log, secure_log

__all__ = ["open_writer"]

_PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA foreign_keys = ON;
PRAGMA busy_timeout = 5000;
PRAGMA wal_autocheckpoint = 1000;
PRAGMA journal_size_limit = 67108864;
PRAGMA mmap_size = 0;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
"""


def open_writer(path: Path) -> apsw.Connection:
    """Open it, or create the file, readable by its owner only: nothing that was ever committed is missing.

    Raises ConfigError for a file that is no database, StoreError for one that is damaged: it stays as it is.
    """
    if apsw.SQLITE_VERSION_NUMBER < OLDEST_SAFE_SQLITE:
        raise StoreError(f"SQLite {apsw.sqlite_lib_version()} can corrupt pos.db: upgrade apsw to 3.51.3 or later")
    if path.exists() and not path.is_file():
        raise ConfigError("is no file", file=str(path), key="db", hint="name another one")
    if not path.parent.is_dir():
        raise ConfigError(f"the folder {path.parent} does not exist", file=str(path), key="db")
    create_private(path)
    conn = apsw.Connection(str(path))
    try:
        # Closing would put away a damaged log, and with it that it was: the next to open the file would miss nothing.
        conn.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        conn.execute(_PRAGMAS).fetchall()
        problems = [str(row[0]) for row in conn.execute("PRAGMA quick_check") if row[0] != "ok"]
        if problems:
            raise StoreError(f"{path} is damaged: {problems[0]}; {DAMAGED}")
        check_log(conn, path)
        secure_log(conn, path)
        conn.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
    except BaseException as error:
        conn.close()
        if isinstance(error, apsw.NotADBError):
            hint = "name another file, or go back to a copy of this one"
            raise ConfigError("is no SQLite database", file=str(path), key="db", hint=hint) from error
        if isinstance(error, apsw.Error):
            raise as_store_error(str(path), error) from error
        if isinstance(error, OSError):
            raise StoreError(f"{path}-wal: {error.strerror or error}") from error
        raise
    return conn
