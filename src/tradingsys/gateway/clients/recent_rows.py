"""The newest rows of pos.db, in memory: what operators ask for must not wait for the disk."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator

from tradingsys.core.order import FillKey
from tradingsys.core.records import AdjustmentRecord, FillRecord, Record, Saved

__all__ = ["RecentRows"]

_FILLS = 10_000
_ADJUSTMENTS = 1_000


class RecentRows:
    """Executions and adjustments, as they were saved."""

    def __init__(self, saved: Saved) -> None:
        # An ordinary dictionary walks over all it ever dropped to find its oldest.
        self._fills: OrderedDict[FillKey, FillRecord] = OrderedDict()
        self._adjustments: deque[AdjustmentRecord] = deque(saved.adjustments, maxlen=_ADJUSTMENTS)
        for row in sorted(saved.fills, key=lambda row: row.fill.ts_event_ms)[-_FILLS:]:
            self._note_fill(row)

    def note(self, records: Iterable[Record]) -> None:
        """These rows are being written."""
        for record in records:
            if isinstance(record, FillRecord):
                self._note_fill(record)
            elif isinstance(record, AdjustmentRecord):
                self._adjustments.append(record)

    def fills(self) -> Iterator[FillRecord]:
        """Newest first."""
        return reversed(self._fills.values())

    def adjustments(self, symbol: str) -> list[AdjustmentRecord]:
        """Of a symbol, newest first."""
        return [row for row in reversed(self._adjustments) if row.symbol == symbol]

    def _note_fill(self, row: FillRecord) -> None:
        known = self._fills.get(row.fill.key)
        # A report that only adds a fee may come without the order's id.
        if known is not None and row.client_order_id is None and known.client_order_id is not None:
            row = FillRecord(row.fill, row.session, known.client_order_id)
        self._fills[row.fill.key] = row
        if len(self._fills) > _FILLS:
            self._fills.popitem(last=False)
