"""What must survive: the journal written before each order, and pos.db behind it.

Rules that hold at every moment, whatever dies: an intent is in the journal before `Store.append` returns, and leaves
it only after pos.db holds it durably; rows reach pos.db in the order of `Store.commit`, each batch whole or not at all;
and after the first failure nothing more is written, so that no later row can hide the loss of an earlier one.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import apsw

from tradingsys.core.errors import ConfigError, StoreError
from tradingsys.core.order import Fill
from tradingsys.core.records import Edit, FillRecord, Intent, OrderRecord, Record, Saved
from tradingsys.store.backups import back_up, prune
from tradingsys.store.book import (
    Book,
    absorb_journal,
    identify,
    is_proven,
    load,
    prepare,
    restore_conflicts,
)
from tradingsys.store.edits import RowEdit
from tradingsys.store.files import free_bytes
from tradingsys.store.journal import SEGMENT_BYTES, Journal, Segment, read_segments, restart
from tradingsys.store.kill_file import read_kill_file
from tradingsys.store.lock import Lock
from tradingsys.store.order_rows import find_order, has_fill
from tradingsys.store.read import reading
from tradingsys.store.runner import Runner
from tradingsys.store.soundness import HINT, check_values
from tradingsys.store.sqlite import as_store_error, data_version, open_reader
from tradingsys.store.ticket import TicketFile
from tradingsys.store.writer import open_writer

__all__ = ["Done", "Store"]

T = TypeVar("T")

Done = Callable[[StoreError | None], None]
"""Called once the batch is durable, or with the reason why it never will be."""

_WHY = re.compile(r"[a-z0-9-]{1,40}")


class Store:
    """One account's book. All methods belong to the caller's thread; the database to the runner's."""

    def __init__(
        self,
        path: Path,
        lock: Lock,
        conn: apsw.Connection,
        book: Book,
        ticket: TicketFile,
        saved: Saved,
        runner: Runner,
        reader: Runner,
        copier: Runner,
        on_edit: Callable[[Sequence[RowEdit]], None] | None,
        segment_bytes: int,
    ) -> None:
        self.saved = saved
        """Everything the book remembered when it was opened."""
        self.on_edit = on_edit
        """Told when somebody else changed ``positions`` while we run; such rows stay as they were written."""
        self._path, self._lock, self._conn, self._book = path, lock, conn, book
        self._ticket, self._runner, self._segment_bytes = ticket, runner, segment_bytes
        self._reader, self._copier = reader, copier
        self._copying: apsw.Connection | None = None
        self._journal: Journal | None = None
        self._epoch = 0
        self._max_recv_window_ms = saved.max_recv_window_ms
        self._waiting: list[tuple[Sequence[Record], Done]] = []
        self._under_way = 0
        self._failure: StoreError | None = None
        self._is_closed = False
        self.has_changed = False
        """Whether anything was written since the store was opened, or since the last backup was begun."""

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        account: str,
        random_lineage: int,
        wall_ms: int,
        ticket_dir: Path | None,
        runner: Runner,
        reader: Runner | None = None,
        copier: Runner | None = None,
        on_edit: Callable[[Sequence[RowEdit]], None] | None = None,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> Store:
        """Lock, check, migrate, replay the journal and read everything back.

        ``random_lineage`` names the book if it is new; ``ticket_dir`` is a folder on tmpfs, or None where there is
        none. The store that is returned owns the runners and closes them; ``reader`` looks up what people ask for, and
        ``copier`` makes backups, so that neither holds up a write (by default all are the same). Raises ConfigError for
        what a person must mend and StoreError for a damaged file.
        """
        with contextlib.ExitStack() as undo, _as_store_error(path):
            lock = Lock(path)
            undo.callback(lock.release)
            conn = open_writer(path)
            undo.callback(conn.close)
            is_new = prepare(conn, path, account, random_lineage, wall_ms)
            check_values(conn, path)
            identity = identify(conn)
            ticket = TicketFile(ticket_dir, identity.lineage)
            entries = read_segments(path, identity.lineage)
            proven = is_proven(conn, identity, entries, ticket.read())
            if not proven:
                # Before anything is changed: a death from here on must find the same verdict.
                ticket.revoke()
            absorb_journal(conn, identity, entries)
            restart(path, identity.lineage)
            version = data_version(conn)
            saved = load(conn, path, wall_ms, proven=proven, is_new=is_new)
            restore_conflicts(conn, saved.edits, wall_ms)
            book = Book(conn, saved.edits, version, wall_ms)
            undo.pop_all()
        reader = reader or runner
        return cls(path, lock, conn, book, ticket, saved, runner, reader, copier or reader, on_edit, segment_bytes)

    def begin_epoch(self, epoch: int, recv_window_ms: int) -> None:
        """Durably use up ``epoch`` (venue time in ms, above the last one), before anything is sent in it.

        Orders of this epoch may have a recvWindow of at most ``recv_window_ms``. Raises StoreError.
        """
        self._wait_for(lambda: self._book.begin_epoch(epoch, recv_window_ms))
        self._epoch = epoch
        self._max_recv_window_ms = max(self._max_recv_window_ms, recv_window_ms)

    def mark_ready(self, epoch: int) -> None:
        """Durably end a power cut and open the journal for orders. Call after fence and scan. Raises StoreError."""
        if epoch != self._epoch or self._journal is not None:
            raise StoreError(f"epoch {epoch} has not begun, or is READY already")
        ends_cut = not self.saved.journal_proven
        self._wait_for(lambda: self._book.mark_ready(epoch, ends_cut=ends_cut))
        try:
            self._journal = Journal(self._path, self.saved.lineage, epoch, segment_bytes=self._segment_bytes)
            self._ticket.issue(epoch)
        except OSError as error:
            raise self._fail(StoreError(f"{self._path}: {error}")) from error

    def append(self, intent: Intent, *others: Intent) -> None:
        """Write the intents of one request to the journal, all or none; it may be sent once this returns. No fsync.

        Raises StoreError; nothing may be sent any more then.
        """
        if self._failure is not None:
            raise self._failure
        longest_ms = max(each.recv_window_ms for each in (intent, *others))
        if self._journal is None or longest_ms > self._max_recv_window_ms:
            raise StoreError("an intent before READY, or with a longer recvWindow than its epoch allows")
        try:
            number = self._journal.append(intent, *others)
        except StoreError as error:
            raise self._fail(error) from error
        self._ticket.count(number)

    def sync_journal(self) -> None:
        """Make every appended intent durable. Raises StoreError; a failure is final."""
        if self._failure is not None:
            raise self._failure
        if self._journal is None:
            return
        try:
            self._journal.sync()
        except StoreError as error:
            raise self._fail(error) from error

    def commit(self, records: Sequence[Record], done: Done) -> None:
        """Write a batch, whole or not at all, after all earlier ones; what waits together shares a transaction."""
        if self._failure is not None:
            done(self._failure)
            return
        self._waiting.append((records, done))
        if not self._under_way:
            self._flush()

    def save_now(self, records: Sequence[Record]) -> None:
        """Write a batch after all earlier ones; durable on return. Raises StoreError."""
        self._flush()
        edits = self._wait_for(lambda: self._book.write(records))
        self._durable([records], edits)

    def postpone(self, edits: Iterable[Edit]) -> None:
        """Edits that were there when the file was opened stay, as those that are made now do, for the next start.

        Durable on return. Raises StoreError.
        """
        self._flush()
        self._durable([], self._wait_for(lambda: self._book.postpone(edits)))

    def find_order(self, client_order_id: str) -> tuple[OrderRecord | None, list[FillRecord]] | None:
        """An order of any age with its fills, `saved` having only the recent ones; None without either.

        An order that only executions told of, before the end of that process, has no record. Raises StoreError.
        """
        self._flush()
        return self._wait_for(lambda: find_order(self._conn, client_order_id))

    def has_fill(self, fill: Fill) -> bool:
        """Whether an execution of any age is booked. Raises StoreError."""
        self._flush()
        return self._wait_for(lambda: has_fill(self._conn, fill))

    def look(self, question: Callable[[apsw.Connection], T], done: Callable[[T | StoreError], None]) -> None:
        """Ask the book as it is written, over a connection of its own; holds up nobody, and a failure is none of the
        book's.
        """

        def job() -> T:
            with reading(self._path) as conn:
                return question(conn)

        def told(outcome: T | BaseException) -> None:
            if isinstance(outcome, BaseException):
                done(outcome if isinstance(outcome, StoreError) else StoreError(f"{self._path}: {outcome}"))
            else:
                done(outcome)

        self._reader.submit(job, told)

    def backup(self, why: str) -> Path:
        """A verified copy of all batches so far beside the book, ``<path>.<why>-<n>.bak``. Raises StoreError."""
        if not _WHY.fullmatch(why):
            raise StoreError(f"a backup's reason is a word, not {why!r}")
        self._flush()
        self.has_changed = False
        return self._wait_for(lambda: back_up(self._conn, self._path, why), sticky=False)

    def free_bytes(self) -> int | None:
        """What is free on the disk of the file; None where nobody can tell."""
        return free_bytes(self._path)

    def kill_file(self) -> str | None:
        """The reason in ``<pos.db>.kill``, which may be empty; None as long as there is no such file."""
        return read_kill_file(self._path)

    def back_up_later(
        self, why: str, done: Callable[[Path | StoreError], None], directory: Path | None = None, keep: int = 0
    ) -> None:
        """Make such a copy, beside the book or in a ``directory``, over a connection of its own. Nothing waits for it.

        ``done`` is told later. Of those made for this reason only the newest stay, if ``keep`` says how many.
        """

        def copy() -> Path:
            self._copying = open_reader(self._path)
            try:
                made = back_up(self._copying, self._path, why, directory)
            finally:
                self._copying.close()
                self._copying = None
            if keep:
                prune(self._path, why, keep, directory)
            return made

        def told(outcome: Path | BaseException) -> None:
            if isinstance(outcome, BaseException):
                done(outcome if isinstance(outcome, StoreError) else StoreError(f"{self._path}: {outcome}"))
            else:
                done(outcome)

        def written(error: StoreError | None) -> None:
            if error is None:
                self._copier.submit(copy, told)
            else:
                done(error)

        self.has_changed = False
        self.commit([], written)

    def close(self) -> None:
        """Write what waits and let go of the file. Calling it again does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self._flush()
        self._runner.run(self._conn.close)
        self._runner.close()
        if self._copying is not None:
            self._copying.interrupt()  # a copy of a large book would take longer than a stop may
        for other in {self._reader, self._copier} - {self._runner}:
            other.close()
        if self._journal is not None:
            self._journal.close()
        self._ticket.close()
        self._failure = self._failure or StoreError(f"{self._path}: closed")
        self._lock.release()

    def _flush(self) -> None:
        if not self._waiting:
            return
        batches, self._waiting = self._waiting, []
        records = [record for batch, _ in batches for record in batch]
        self._under_way += 1
        self._runner.submit(lambda: self._write(records), lambda outcome: self._written(batches, outcome))

    def _unless_failed(self, job: Callable[[], T]) -> T:
        # Read in the writer's thread: what was submitted before the failure of an earlier batch must not overtake it.
        if self._failure is not None:
            raise self._failure
        return job()

    def _write(self, records: Sequence[Record]) -> list[RowEdit]:
        try:
            return self._unless_failed(lambda: self._book.write(records))
        except StoreError as error:
            self._failure = error
            raise

    def _written(self, batches: list[tuple[Sequence[Record], Done]], outcome: list[RowEdit] | BaseException) -> None:
        failure: StoreError | None = None
        if isinstance(outcome, StoreError):
            failure = self._fail(outcome)
        elif isinstance(outcome, BaseException):
            failure = self._fail(StoreError(f"{self._path}: {outcome!r}"))
        else:
            self._durable([records for records, _ in batches], outcome)
        try:
            for _, done in batches:
                done(failure)
        finally:
            # Only now: what a callback commits must wait for the callbacks of earlier batches.
            self._under_way -= 1
        if not self._under_way:
            self._flush()

    def _durable(self, batches: Sequence[Sequence[Record]], edits: list[RowEdit]) -> None:
        self.has_changed = self.has_changed or any(batches)
        journal = self._journal
        if journal is not None:
            for records in batches:
                for record in records:
                    if isinstance(record, OrderRecord):
                        journal.kept(record.intent.client_order_id, record.revision)
            unneeded = journal.take_unneeded()
            if unneeded:
                self._forget(unneeded)
        if edits and self.on_edit is not None:
            self.on_edit(edits)

    def _forget(self, segments: list[Segment]) -> None:
        def job() -> None:
            self._book.note_journaled(self._epoch, segments[-1].last_number)
            for segment in segments:
                segment.path.unlink()

        def done(outcome: object) -> None:
            if isinstance(outcome, BaseException):
                self._fail(StoreError(f"{self._path}: {outcome}"))

        self._runner.submit(job, done)

    def _wait_for(self, job: Callable[[], T], *, sticky: bool = True) -> T:
        try:
            return self._runner.run(lambda: self._unless_failed(job))
        except Exception as error:  # whatever it is: what was not written must not be overtaken
            failure = _failure(self._path, error)
            raise (self._fail(failure) if sticky else failure) from error

    def _fail(self, failure: StoreError) -> StoreError:
        """Stop for good; what the disk holds is unknown, so the next start must not trust the journal."""
        if self._failure is None or self._failure is failure:
            self._failure = failure
            self._ticket.revoke()
        return self._failure


def _failure(path: Path, error: Exception) -> StoreError:
    if isinstance(error, apsw.Error):
        return as_store_error(str(path), error)
    if isinstance(error, StoreError):
        return error
    return StoreError(f"{path}: {error if isinstance(error, OSError | ConfigError) else repr(error)}")


@contextlib.contextmanager
def _as_store_error(path: Path) -> Iterator[None]:
    try:
        yield
    except apsw.SQLError as error:  # a table or column of ours is not there
        raise ConfigError(str(error), file=str(path), key="db", hint=HINT) from error
    except apsw.Error as error:
        raise as_store_error(str(path), error) from error
    except OSError as error:
        raise StoreError(f"{error.filename or path}: {error.strerror or error}") from error
