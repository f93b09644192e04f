"""The book's own values: the table ``meta``, which has one row for each key."""

from __future__ import annotations

import apsw

from tradingsys.store.sqlite import rows

__all__ = ["RESTORED", "forget_meta", "meta", "set_meta"]

RESTORED = "restored"
"""The key of a book that is a backup put in place: until it was READY, nothing proves it complete."""


def meta(conn: apsw.Connection, key: str) -> str | None:
    """One value; None when it was never set."""
    found = rows(conn, "SELECT value FROM meta WHERE key = ?", (key,))
    return str(found[0][0]) if found else None


def set_meta(conn: apsw.Connection, key: str, value: str) -> None:
    """Keep one value, in the place of what it was."""
    conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def forget_meta(conn: apsw.Connection, key: str) -> None:
    """It is as if it had never been set."""
    conn.execute("DELETE FROM meta WHERE key = ?", (key,))
