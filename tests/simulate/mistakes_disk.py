"""Mistakes about what is durable: what is synced, in which order, and what a failure or damage means."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Mistake
from tests.simulate.scenes import clients, cuts
from tradingsys.store.journal import Journal
from tradingsys.store.store import Store
from tradingsys.store.writer import open_writer

__all__ = ["DISK_MISTAKES"]

DISK_MISTAKES = (
    Mistake(
        "commits_are_not_synced",
        Profile.DISK,
        open_writer,
        "conn.execute(_PRAGMAS).fetchall()",
        'conn.execute(_PRAGMAS + "PRAGMA synchronous = NORMAL;").fetchall()',
        scene=cuts.kept,
    ),
    Mistake(
        "a_batch_is_called_durable_before_it_is",
        Profile.DISK,
        Store.commit,
        "self._waiting.append((records, done))",
        "done(None); self._waiting.append((records, lambda _: None))",
        scene=clients.durable,
    ),
    Mistake(
        "a_failed_write_is_forgotten",
        Profile.DISK,
        Store._fail,
        "self._failure = failure",
        "pass",
    ),
    Mistake(
        "full_segments_of_the_journal_are_not_synced",
        cuts.synced,
        Journal.sync,
        "fsync_file(segment.path)",
        "pass",
        hidden_by="few orders are in a full segment and not in pos.db when power is cut",
    ),
    Mistake(
        "a_segments_name_is_not_synced",
        cuts.synced,
        Journal.sync,
        "fsync_directory(self._path.parent)",
        "pass",
        hidden_by="as above",
    ),
    Mistake(
        "an_epoch_is_ready_in_memory_only",
        cuts.synced,
        Store.mark_ready,
        "self._wait_for(lambda: self._book.mark_ready(epoch, ends_cut=ends_cut))",
        "pass",
    ),
)
