"""Making a copied book one of its own: from then on its orders are told from those of the book it was copied from."""

from __future__ import annotations

from pathlib import Path

import apsw
from msgspec import Struct

from tradingsys.core.errors import ConfigError, StoreError
from tradingsys.core.ids import lineage_from_random
from tradingsys.store.backups import back_up
from tradingsys.store.book import absorb_journal, identify
from tradingsys.store.columns import whole
from tradingsys.store.journal import read_segments
from tradingsys.store.lock import Lock
from tradingsys.store.meta import RESTORED, set_meta
from tradingsys.store.migrations import needs_migration
from tradingsys.store.read import reading
from tradingsys.store.soundness import check_values
from tradingsys.store.sqlite import rows, transaction
from tradingsys.store.writer import open_writer

__all__ = ["Begun", "begin_lineage"]


class Begun(Struct, frozen=True):
    """What was done."""

    before: str
    """The lineage that the book shared with what it was copied from."""
    lineage: str
    backup: Path
    open_orders: int
    """Of the lineage before, as far as this book knows: both books go on with them."""


def begin_lineage(db: Path, random_lineage: int) -> Begun:
    """Give the book a lineage that no order carries yet. Its gateway must not be running.

    What the journal beside it has comes into the book first, and a backup is made. The next start takes it for a power
    cut. Raises ConfigError for what is no book, in use, or of an older format, and StoreError; nothing changed then.
    """
    with reading(db):
        pass
    lock = Lock(db)
    try:
        conn = open_writer(db)
        try:
            return _begin(conn, db, random_lineage)
        finally:
            conn.close()
    except (OSError, apsw.Error) as error:
        raise StoreError(f"{db}: {error}") from error
    finally:
        lock.release()


def _begin(conn: apsw.Connection, db: Path, random_lineage: int) -> Begun:
    if needs_migration(conn, db):
        hint = "start its gateway once, which brings it up to date, and stop it"
        raise ConfigError("is of an older format", file=str(db), key="db", hint=hint)
    check_values(conn, db)
    identity = identify(conn)
    lineage = lineage_from_random(random_lineage)
    if lineage == identity.lineage:
        lineage = lineage_from_random(random_lineage + 1)
    absorb_journal(conn, identity, read_segments(db, identity.lineage, only_look=True))
    backup = back_up(conn, db, "before-new-lineage")
    with transaction(conn):
        set_meta(conn, "lineage", lineage)
        set_meta(conn, RESTORED, "1")
    ((count,),) = rows(conn, "SELECT count(*) FROM orders WHERE NOT done")
    return Begun(identity.lineage, lineage, backup, whole(count))
