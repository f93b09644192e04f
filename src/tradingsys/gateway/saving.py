"""Rows on their way to pos.db: at once where something depends on it, else when the store finds the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tradingsys.core.errors import StoreError
from tradingsys.core.records import HaltRecord, PositionRecord, Record, SymbolRecord
from tradingsys.gateway.seams import StoreSeam

__all__ = ["Saving"]


class Saving:
    """Keeps rows; a store that fails is told to ``failed``."""

    def __init__(self, store: StoreSeam, failed: Callable[[StoreError], None]) -> None:
        self._store = store
        self._failed = failed

    def save(self, records: Sequence[Record], *, durable: bool = False) -> None:
        """Keep these. Raises StoreError only when they must be ``durable`` on return."""
        records = _without_stale_positions(records)
        if durable:
            self._store.save_now(records)
        elif any(isinstance(record, SymbolRecord | HaltRecord) for record in records):
            self._save_before_all_else(records)
        elif records:
            self._store.commit(records, self._done)

    def _save_before_all_else(self, records: Sequence[Record]) -> None:
        """A symbol is durable before anybody can trade it, or a power cut would hide what was traded; a halt before it
        is told.
        """
        try:
            self._store.save_now(records)
        except StoreError as error:
            self._failed(error)

    def _done(self, error: StoreError | None) -> None:
        if error is not None:
            self._failed(error)


def _without_stale_positions(records: Sequence[Record]) -> Sequence[Record]:
    """Of what a session holds only the last: many executions of a page from history move it many times."""
    last = {(row.session, row.symbol): row for row in records if isinstance(row, PositionRecord)}
    return [row for row in records if not isinstance(row, PositionRecord) or last[row.session, row.symbol] is row]
