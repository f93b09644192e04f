"""Putting a backup in the place of a book, so that nothing of either is lost and the next start knows."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import apsw
from msgspec import Struct

from tradingsys.core.errors import ConfigError, StoreError
from tradingsys.store.backups import Contents, check_copy
from tradingsys.store.files import create_private, free_name, fsync_directory, fsync_file
from tradingsys.store.lock import Lock
from tradingsys.store.meta import RESTORED, meta, set_meta
from tradingsys.store.read import reading
from tradingsys.store.soundness import check_values
from tradingsys.store.sqlite import rows

__all__ = ["Restored", "restore"]


class Restored(Struct, frozen=True):
    """What was done."""

    contents: Contents | None
    """Of the book that is in place now; None when it is of an older format."""
    kept: Path | None
    """The file that was there before."""
    unknown_symbols: tuple[str, ...]
    """What that one accounted for and the backup does not know."""


def restore(copy: Path, db: Path) -> Restored:
    """Put ``copy`` in the place of ``db``, which must not be in use; the journal beside it is read at the next start.

    Raises ConfigError for a copy that is no book, or another account's or another book's, and StoreError for one that
    is damaged or does not add up. Nothing was changed then.
    """
    if not copy.is_file():
        raise ConfigError("there is no such file", file=str(copy))
    with reading(copy):
        pass
    contents = check_copy(copy)
    lock = Lock(db)
    try:
        if copy.resolve() == db.resolve():
            raise ConfigError("is the book itself", file=str(copy), hint="name a backup of it")
        symbols = _symbols(db, contents, copy) if db.exists() else ()
        draft = Path(f"{db}.restoring")
        _prepare(copy, draft, is_current=contents is not None)
        kept = _set_aside(db)
        draft.replace(db)
        fsync_directory(db.parent)
    except (OSError, apsw.Error) as error:
        raise StoreError(f"{db}: {error}") from error
    finally:
        lock.release()
    return Restored(contents, kept, symbols)


def _symbols(db: Path, contents: Contents | None, copy: Path) -> tuple[str, ...]:
    """What the present book knows beyond the copy, as far as it can be read. Raises ConfigError for another's book."""
    try:
        with reading(db) as conn:
            account, lineage = meta(conn, "account"), meta(conn, "lineage")
            symbols = {str(symbol) for (symbol,) in rows(conn, "SELECT symbol FROM symbols")}
    except (StoreError, ConfigError, apsw.Error):
        return ()  # it is damaged: that is why it is replaced
    if contents is None:
        return ()
    for what, mine, theirs in (
        ("account", account, contents.account),
        ("lineage", lineage, contents.lineage),
    ):
        if mine != theirs:
            raise ConfigError(
                f"is a copy of another book: its {what} is {theirs}, that of {db} is {mine}",
                file=str(copy),
                hint=f"if you mean it, move {db} away first",
            )
    return tuple(sorted(symbols - set(contents.symbols)))


def _prepare(copy: Path, draft: Path, *, is_current: bool) -> None:
    """A durable, private copy that says of itself that it was restored."""
    draft.unlink(missing_ok=True)
    create_private(draft)
    shutil.copyfile(copy, draft)
    conn = apsw.Connection(str(draft))
    try:
        set_meta(conn, RESTORED, "1")
        if is_current:
            check_values(conn, copy)
    finally:
        conn.close()
    fsync_file(draft)


def _set_aside(db: Path) -> Path | None:
    """Keep the present file under another name, with what is still in its WAL: beside another it would be misread."""
    if not db.exists():
        return None
    kept = free_name(f"{db}.replaced-", "")
    with contextlib.suppress(apsw.Error):
        conn = apsw.Connection(str(db))
        try:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            conn.close()
    for suffix in ("-wal", "-shm"):
        rest = Path(f"{db}{suffix}")
        if rest.exists():
            rest.rename(f"{kept}{suffix}")
    try:
        os.link(db, kept)
    except OSError:  # a filesystem without links: for a moment there is no book, which a start would take for a new one
        db.rename(kept)
    return kept
