"""Mistakes about what is durable: what is synced, in which order, and what a failure or damage means."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Mistake
from tests.simulate.scenes import clients, cuts
from tradingsys.store.sqlite import open_writer
from tradingsys.store.store import Store

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
)
