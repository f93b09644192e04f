"""pos.db as the writer's thread sees it: opening, writing batches, reading everything back.

All functions run where the connection lives; `Store` decides when.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import apsw

from tradingsys.core.errors import ConfigError
from tradingsys.core.ids import lineage_from_random
from tradingsys.core.records import Edit, PositionRecord, Record
from tradingsys.store import legacy
from tradingsys.store.backups import back_up
from tradingsys.store.columns import whole
from tradingsys.store.edits import RowEdit, find_edits, parse_net, plain
from tradingsys.store.journal import Entry
from tradingsys.store.loading import Identity, identify, load
from tradingsys.store.meta import RESTORED, forget_meta, meta, set_meta
from tradingsys.store.migrations import migrate, needs_migration
from tradingsys.store.order_rows import insert_intent
from tradingsys.store.rows import write
from tradingsys.store.soundness import misplaced
from tradingsys.store.sqlite import data_version, rows, transaction
from tradingsys.store.ticket import Ticket

__all__ = ["Book", "Identity", "absorb_journal", "identify", "is_proven", "load", "prepare", "restore_conflicts"]

_Key = tuple[int, str]


def prepare(conn: apsw.Connection, path: Path, account: str, random_lineage: int, wall_ms: int) -> bool:
    """Create or migrate the tables and import tables of single sessions, after a backup of whatever was there.

    Returns whether the book is new: no order anywhere carries its lineage.

    Raises ConfigError for a file that is not ours, of another account, or with a row that is no position.
    """
    migrating, sessions = needs_migration(conn, path), legacy.legacy_sessions(conn)
    is_new = False
    if (migrating or sessions) and rows(conn, "SELECT 1 FROM sqlite_schema LIMIT 1"):
        back_up(conn, path, "before-import" if sessions else "before-migration")
    if migrating or sessions:
        with transaction(conn):
            migrate(conn)
            for session in sessions:
                legacy.import_table(conn, session, path)
            is_new = meta(conn, "lineage") is None
            if is_new:
                set_meta(conn, "lineage", lineage_from_random(random_lineage))
                set_meta(conn, "created_ms", str(wall_ms))
                set_meta(conn, "account", account)
    owner = meta(conn, "account")
    if not owner:
        raise misplaced(path, "meta", "key 'account'", "there is no such row, or it is empty")
    if owner != account:
        raise ConfigError(
            f"holds the book of account {owner!r}, not of {account!r}",
            file=str(path),
            key="db",
            hint="give every account a file of its own",
        )
    return is_new


def is_proven(conn: apsw.Connection, identity: Identity, entries: Iterable[Entry], ticket: Ticket | None) -> bool:
    """Whether journal and pos.db together hold every intent that was ever written.

    The process may have died between writing an intent and counting it: one more than the ticket says is complete too.
    """
    if ticket is None or ticket.epoch != identity.last_ready_epoch or meta(conn, RESTORED) is not None:
        return False
    highest = _journaled(conn)
    for entry in entries:
        known = highest.get(entry.epoch, 0)
        if entry.number > known + 1:
            return False
        highest[entry.epoch] = max(known, entry.number)
    return ticket.count <= highest.get(ticket.epoch, 0) <= ticket.count + 1


def absorb_journal(conn: apsw.Connection, identity: Identity, entries: Sequence[Entry]) -> None:
    """Durably put every intent of the journal into orders, where it is missing."""
    if not entries:
        return
    highest: dict[int, int] = {}
    window_ms = identity.max_recv_window_ms
    with transaction(conn):
        for entry in entries:
            for intent in entry.intents:
                insert_intent(conn, intent)
                window_ms = max(window_ms, intent.recv_window_ms)
            highest[entry.epoch] = max(highest.get(entry.epoch, 0), entry.number)
        for epoch, number in highest.items():
            conn.execute("INSERT OR IGNORE INTO epochs (epoch) VALUES (?)", (epoch,))
            _note_journaled(conn, epoch, number)
        set_meta(conn, "max_recv_window_ms", str(window_ms))


def restore_conflicts(conn: apsw.Connection, edits: Iterable[Edit], wall_ms: int) -> None:
    """Give rows that were edited in a running gateway, and moved by fills since, the value of the book.

    The edit is noted in ``adjustments`` with a delta of 0: repeating it on the restored row is then an edit like any.
    """
    with transaction(conn):
        for edit in edits:
            if edit.conflict:
                _note_refused(conn, edit, edit.basis, wall_ms)
                _put_position(conn, PositionRecord(edit.session, edit.symbol, edit.basis))


class Book:
    """Writes batches and notices what others wrote meanwhile."""

    def __init__(self, conn: apsw.Connection, edits: Iterable[Edit], version: int, wall_ms: int) -> None:
        self._conn = conn
        self._wall_ms = wall_ms
        self._version: int | None = version
        self._at_start = {(edit.session, edit.symbol): edit for edit in edits if not edit.conflict}
        self._edited: dict[_Key, RowEdit] = {}
        """Rows that a user changed while we run: theirs until the next start."""

    def write(self, records: Iterable[Record]) -> list[RowEdit]:
        """Write in one durable transaction; returns edits of positions by others that were not known yet.

        Raises StoreError.
        """
        with transaction(self._conn):
            news = self._look_for_edits()
            for record in records:
                if isinstance(record, PositionRecord):
                    self._write_position(record)
                else:
                    write(record, self._conn)
        return news

    def postpone(self, edits: Iterable[Edit]) -> list[RowEdit]:
        """Durably leave rows that were edited before the start to the next one, as if they were edited only now.

        Returns edits by others that were not known yet.
        """
        keys = {(edit.session, edit.symbol) for edit in edits}
        for key in keys:
            self._at_start.pop(key, None)
        self._version = None
        with transaction(self._conn):
            return [row for row in self._look_for_edits() if (row.session, row.symbol) not in keys]

    def begin_epoch(self, epoch: int, recv_window_ms: int) -> None:
        """Durably use up an epoch."""
        with transaction(self._conn):
            self._conn.execute("INSERT INTO epochs (epoch) VALUES (?)", (epoch,))
            known = int(meta(self._conn, "max_recv_window_ms") or 0)
            set_meta(self._conn, "max_recv_window_ms", str(max(known, recv_window_ms)))

    def mark_ready(self, epoch: int, *, ends_cut: bool) -> None:
        """Durably note that an epoch accepts orders and, if so, that it is the first after a power cut."""
        with transaction(self._conn):
            self._conn.execute("UPDATE epochs SET ready = 1 WHERE epoch = ?", (epoch,))
            if ends_cut:
                set_meta(self._conn, "first_epoch_after_cut", str(epoch))
            forget_meta(self._conn, RESTORED)

    def note_journaled(self, epoch: int, number: int) -> None:
        """Durably note that intents up to ``number`` are in orders: their records may leave the journal."""
        with transaction(self._conn):
            _note_journaled(self._conn, epoch, number)

    def _write_position(self, record: PositionRecord) -> None:
        key = (record.session, record.symbol)
        if key in self._edited:
            self._conn.execute(
                "INSERT INTO positions_basis (session_id, symbol, net) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET net = excluded.net",
                (record.session, record.symbol.lower(), plain(record.net)),
            )
            return
        edit = self._at_start.pop(key, None)
        if edit is not None and edit.edited != record.net:
            _note_refused(self._conn, edit, record.net, self._wall_ms)
        _put_position(self._conn, record)

    def _look_for_edits(self) -> list[RowEdit]:
        version = data_version(self._conn)
        if version == self._version:
            return []
        differing = {(row.session, row.symbol): row for row in find_edits(self._conn)}
        news: list[RowEdit] = []
        for key, row in differing.items():
            known, at_start = self._edited.get(key), self._at_start.get(key)
            if at_start is not None and _means(row, at_start):
                continue
            if known is None:
                self._conn.execute(
                    "INSERT INTO positions_basis VALUES (?, ?, '0', '0')"
                    " ON CONFLICT DO UPDATE SET edited_from = coalesce(edited_from, net)",
                    (row.session, row.symbol.lower()),
                )
            if known is None or known.edited != row.edited:
                news.append(row)
            self._edited[key] = row
        for key in self._edited.keys() - differing.keys():
            del self._edited[key]
            self._conn.execute("UPDATE positions_basis SET edited_from = NULL WHERE session_id = ? AND symbol = ?", key)
        self._version = version
        return news


def _means(row: RowEdit, edit: Edit) -> bool:
    return Decimal(row.basis or 0) == edit.basis and row.edited is not None and _same_number(row.edited, edit.edited)


def _same_number(text: str, number: Decimal) -> bool:
    return parse_net(text) == number


def _put_position(conn: apsw.Connection, record: PositionRecord) -> None:
    row = (record.session, record.symbol.lower(), plain(record.net))
    conn.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", row)
    conn.execute("INSERT OR REPLACE INTO positions_basis (session_id, symbol, net) VALUES (?, ?, ?)", row)


def _note_refused(conn: apsw.Connection, edit: Edit, net: Decimal, wall_ms: int) -> None:
    why = f"sql-edit not applied: net was set to {plain(edit.edited)}, but it also traded and is {plain(net)}"
    conn.execute(
        "INSERT INTO adjustments (session_id, symbol, delta, why, ts_ms) VALUES (?, ?, '0', ?, ?)",
        (edit.session, edit.symbol, why, wall_ms),
    )


def _journaled(conn: apsw.Connection) -> dict[int, int]:
    return {whole(epoch): whole(number) for epoch, number in rows(conn, "SELECT epoch, journaled FROM epochs")}


def _note_journaled(conn: apsw.Connection, epoch: int, number: int) -> None:
    conn.execute("UPDATE epochs SET journaled = max(journaled, ?) WHERE epoch = ?", (number, epoch))
