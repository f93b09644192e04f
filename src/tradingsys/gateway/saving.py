"""Rows on their way to pos.db: at once where something depends on it, else when the store finds the time.

What sessions were told is told again as durable once its rows are there: see `Saving.save`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from tradingsys.core.errors import StoreError
from tradingsys.core.records import HaltRecord, PositionRecord, Record, SymbolRecord
from tradingsys.gateway.clients.sessions import Session
from tradingsys.gateway.seams import StoreSeam

__all__ = ["Saving", "stops_without_store"]

_Ending = TypeVar("_Ending", bound="Ending")
_P = ParamSpec("_P")


class Ending(Protocol):
    """Whoever can stop for good."""

    def fail(self, error: StoreError) -> None:
        """Nothing may be trusted any more: stop."""


def stops_without_store(step: Callable[Concatenate[_Ending, _P], None]) -> Callable[Concatenate[_Ending, _P], None]:
    """For steps in which an order of long ago may be looked up in pos.db: where that fails, it is over.

    A store that failed says so to whoever waits for it, which may be a moment later than somebody wants to read it.
    """

    @wraps(step)
    def stopping(ending: _Ending, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            step(ending, *args, **kwargs)
        except StoreError as error:
            ending.fail(error)

    return stopping


class Saving:
    """Keeps rows; a store that fails is told to ``failed``."""

    def __init__(self, store: StoreSeam, failed: Callable[[StoreError], None]) -> None:
        self._store = store
        self._failed = failed
        self._given = self._kept = 0
        """Batches: the store keeps them in the order in which it is given them."""
        self._tell_at = 0
        self._marks: deque[tuple[int, Session, int]] = deque()
        """With which batch everything up to which event of a session is in pos.db."""

    def save(self, records: Sequence[Record], *, durable: bool = False, moved: Sequence[Session] = ()) -> None:
        """Keep these; with them all that was told to the sessions that ``moved`` is in pos.db, as these hear then.

        Raises StoreError only when they must be ``durable`` on return.
        """
        records = _without_stale_positions(records)
        at_once = durable or any(isinstance(record, SymbolRecord | HaltRecord) for record in records)
        self._given += bool(records)
        self._marks.extend((self._given, session, session.n) for session in moved)
        if at_once:
            self._save_at_once(records, must=durable)
        elif records:
            self._store.commit(records, partial(self._done, self._given))
        elif moved and self._kept == self._given:
            self._tell()

    def _save_at_once(self, records: Sequence[Record], *, must: bool) -> None:
        """A symbol is durable before anybody can trade it, or a power cut would hide what was traded."""
        try:
            self._store.save_now(records)
        except StoreError as error:
            if must:
                raise
            self._failed(error)
            return
        self._kept = self._given
        self._tell()

    def _done(self, batch: int, error: StoreError | None) -> None:
        if error is not None:
            self._failed(error)
            return
        self._kept = max(self._kept, batch)
        # What was given while the last transaction ran is in one transaction, and is told at once.
        if self._kept >= self._tell_at:
            self._tell_at = self._given
            self._tell()

    def _tell(self) -> None:
        reached: dict[Session, int] = {}
        while self._marks and self._marks[0][0] <= self._kept:
            _, session, n = self._marks.popleft()
            reached[session] = n
        for session, n in reached.items():
            session.durable(n)


def _without_stale_positions(records: Sequence[Record]) -> Sequence[Record]:
    """Of what a session holds only the last: many executions of a page from history move it many times."""
    last = {(row.session, row.symbol): row for row in records if isinstance(row, PositionRecord)}
    return [row for row in records if not isinstance(row, PositionRecord) or last[row.session, row.symbol] is row]
