"""What the store said was durable, held against what a power cut left.

After a cut the book must be as it was after one of the batches that it was given, none of them torn, and this one must
not be older than the last that it called durable. The same for epochs, and for intents whose journal was synced.

And what it did not say: no order may leave before that.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from tradingsys.core.errors import StoreError
from tradingsys.core.ids import decode_client_order_id
from tradingsys.core.records import Edit, Intent, Record, Saved, SymbolRecord
from tradingsys.store.book import Book
from tradingsys.store.journal import read_segments
from tradingsys.store.sqlite import data_version
from tradingsys.store.store import Done, Store

__all__ = ["Promises", "PromisingStore"]

_Rows = dict[str, list[tuple[Any, ...]]]
_APART = ("epochs", "meta")
"""Written beside the batches, and looked at one by one."""


class Promises:
    """Of one store, from its opening to the death of its process."""

    def __init__(self, path: Path, wall_ms: int, saved: Saved) -> None:
        self._path, self._wall_ms, self._edits = path, wall_ms, saved.edits
        self._symbols = {row.symbol for row in saved.symbols}
        """Durable ones, as far as batches were looked at."""
        self._looked_at = 0
        self._base = [
            (suffix, each.read_bytes()) for suffix in ("", "-wal") if (each := _beside(path, suffix)).exists()
        ]
        self.batches: list[Sequence[Record]] = []
        self.durable = 0
        """So many of the batches."""
        self._by_hand: dict[int, list[str]] = {}
        """What a shell did to the file after so many of them."""
        self._postponed: dict[int, list[Edit]] = {}
        """Edits that were left to the next start after so many of them."""
        self.epochs: dict[int, bool] = {}
        """Which have begun, and which of these are ready."""
        self.synced: list[Intent] = []
        """Intents that a power cut must not take."""
        self.written: list[Intent] = []
        """And those that it may."""
        self.lost: set[str] = set()
        """Client ids of new orders that a power cut took from the journal's tail, which it may."""
        self._asked: dict[str, bool] = {}
        """Client ids of new orders in the journal; which of them are synced."""
        self._amended: dict[tuple[str, int], bool] = {}
        """The same of amends, by the order and their number."""

    def edited(self, statement: str) -> None:
        """Somebody else wrote, durably."""
        self._by_hand.setdefault(self.durable, []).append(statement)

    def postponed(self, edits: Iterable[Edit]) -> None:
        """These were durably left to the next start."""
        self._postponed.setdefault(self.durable, []).extend(edits)

    def appended(self, *intents: Intent) -> None:
        """The journal has these."""
        self.written += intents
        self._note(intents, is_synced=False)

    def journal_synced(self) -> None:
        """No power cut may take what it has."""
        self._note(self.written, is_synced=True)
        self.synced += self.written
        self.written.clear()

    def _note(self, intents: Iterable[Intent], *, is_synced: bool) -> None:
        for each in intents:
            if each.revision:
                self._amended[each.client_order_id, each.revision] = is_synced
            else:
                self._asked[each.client_order_id] = is_synced

    def unkept_amend(self, client_order_id: str, revision: int, *, is_synced: bool) -> Iterator[str]:
        """What should have been on the disk before this amend left."""
        is_amended = self._amended.get((client_order_id, revision))
        if is_amended is None or is_amended < is_synced:
            yield f"an amend of {client_order_id} is sent, and is not {'written' if is_amended is None else 'synced'}"

    def unkept(self, client_order_id: str, symbol: str, *, is_synced: bool) -> Iterator[str]:
        """What should have been on the disk before this order left."""
        key, is_asked = decode_client_order_id(client_order_id), self._asked.get(client_order_id)
        if is_asked is None or is_asked < is_synced:
            yield f"{client_order_id} is sent, and is not {'written' if is_asked is None else 'synced'}"
        if key is None or not self.epochs.get(key.epoch):
            yield f"{client_order_id} is sent, and its epoch is not durably READY"
        for records in self.batches[self._looked_at : self.durable]:
            self._symbols |= {row.symbol for row in records if isinstance(row, SymbolRecord)}
        self._looked_at = self.durable
        if symbol not in self._symbols:
            yield f"{client_order_id} is sent, and {symbol} is not durably in the book"

    def broken(self, lineage: str) -> Iterator[str]:
        """What was promised and is not there, in the files as a power cut has left them."""
        folder = self._path.parent / "after the cut"
        folder.mkdir()
        try:
            left = [
                (suffix, each.read_bytes()) for suffix in ("", "-wal") if (each := _beside(self._path, suffix)).exists()
            ]
            conn = _copy(folder / "left.db", left)
            try:
                yield from self._broken_epochs(conn)
                yield from self._lost_intents(conn, lineage)
                yield from self._no_state_of_ours(_rows(conn), folder)
            finally:
                conn.close()
        except apsw.Error as error:
            yield f"after a power cut pos.db cannot be read: {error}"
        finally:
            shutil.rmtree(folder)

    def _broken_epochs(self, conn: apsw.Connection) -> Iterator[str]:
        left = dict(conn.execute("SELECT epoch, ready FROM epochs"))
        for epoch, is_ready in self.epochs.items():
            if left.get(epoch, -1) < is_ready:
                yield f"epoch {epoch} was durable with ready {is_ready}, and is {left.get(epoch)} after a power cut"

    def _lost_intents(self, conn: apsw.Connection, lineage: str) -> Iterator[str]:
        if not self._asked:
            return
        left = {str(name) for (name,) in conn.execute("SELECT client_order_id FROM orders")}
        for entry in read_segments(self._path, lineage, only_look=True):
            left |= {intent.client_order_id for intent in entry.intents}
        self.lost = {name for name, is_synced in self._asked.items() if not is_synced} - left
        for intent in self.synced:
            if intent.client_order_id not in left:
                yield f"{intent.client_order_id} was synced, and is gone after a power cut"

    def _no_state_of_ours(self, left: _Rows, folder: Path) -> Iterator[str]:
        conn = _copy(folder / "told.db", self._base)
        try:
            book = Book(conn, self._edits, data_version(conn), self._wall_ms)
            for number, records in enumerate(self.batches[: self.durable]):
                self._repeat(number, folder, book)
                book.write(records)
            self._repeat(self.durable, folder, book)
            told = _rows(conn)
            for records in self.batches[self.durable :]:
                if _rows(conn) == left:
                    return
                book.write(records)
            if _rows(conn) != left:
                tables = [name for name, rows in left.items() if rows != told.get(name)]
                yield f"after a power cut pos.db is in no state that includes what was durable: {tables} differ"
        finally:
            conn.close()

    def _repeat(self, number: int, folder: Path, book: Book) -> None:
        """What was done then beside batches, a shell's part as it did it: over a connection of its own."""
        if number in self._postponed:
            book.postpone(self._postponed[number])
        if number in self._by_hand:
            shell = apsw.Connection(str(folder / "told.db"))
            for statement in self._by_hand[number]:
                shell.execute(statement)
            shell.close()


class PromisingStore(Store):
    """The product's store, with somebody who remembers what it says."""

    promises: Promises
    passing: Callable[[str], None]

    def begin_epoch(self, epoch: int, recv_window_ms: int) -> None:
        self.passing("before an epoch begins")
        super().begin_epoch(epoch, recv_window_ms)
        self.promises.epochs[epoch] = False
        self.passing("after an epoch begins")

    def mark_ready(self, epoch: int) -> None:
        self.passing("before READY is marked")
        super().mark_ready(epoch)
        self.promises.epochs[epoch] = True
        self.passing("after READY is marked")

    def append(self, intent: Intent, *others: Intent) -> None:
        super().append(intent, *others)
        self.promises.appended(intent, *others)

    def sync_journal(self) -> None:
        super().sync_journal()
        self.promises.journal_synced()

    def commit(self, records: Sequence[Record], done: Done) -> None:
        promises = self.promises
        promises.batches.append(records)
        number = len(promises.batches)

        def told(failure: StoreError | None) -> None:
            if failure is None:
                promises.durable = max(promises.durable, number)
            done(failure)

        super().commit(records, told)

    def postpone(self, edits: Iterable[Edit]) -> None:
        left = list(edits)
        super().postpone(left)
        self.promises.postponed(left)

    def save_now(self, records: Sequence[Record]) -> None:
        self.promises.batches.append(records)
        number = len(self.promises.batches)
        super().save_now(records)
        self.promises.durable = max(self.promises.durable, number)


def _beside(path: Path, suffix: str) -> Path:
    return Path(f"{path}{suffix}")


def _copy(path: Path, files: Sequence[tuple[str, bytes]]) -> apsw.Connection:
    for suffix, content in files:
        _beside(path, suffix).write_bytes(content)
    conn = apsw.Connection(str(path))
    conn.execute("PRAGMA synchronous = OFF")
    return conn


def _rows(conn: apsw.Connection) -> _Rows:
    names = [str(name) for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return {
        name: conn.execute(f"SELECT * FROM {name}").fetchall()
        for name in names
        if name not in _APART and not name.startswith("sqlite_")
    }
