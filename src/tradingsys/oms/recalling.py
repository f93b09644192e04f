"""Orders of ours that memory no longer has, or never had: from what is kept of them elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tradingsys.core.ids import EXTERNAL, OrderKey, decode_client_order_id
from tradingsys.core.records import FillRecord, OrderRecord, Saved
from tradingsys.oms.fill_book import FillBook
from tradingsys.oms.order_index import OrderIndex
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Recall", "Recalling"]

Recall = Callable[[str], tuple[OrderRecord | None, Sequence[FillRecord]] | None]
"""Finds an order of any age, with its fills. Of one that only executions told of there is nothing else."""


class Recalling:
    """Asks only about ids of our own lineage, and only where memory may lack the order."""

    def __init__(self, recall: Recall | None, saved: Saved, index: OrderIndex, fills: FillBook) -> None:
        """``index`` and ``fills`` have what was ``saved``."""
        self._recall, self._lineage = recall, saved.lineage
        self._index, self._fills = index, fills
        self.epoch: int | None = None
        """The present one: its orders are all in memory, until the first of them is dropped from it."""
        self.first_epoch = 0
        """No order is older."""
        self.lookups = 0
        """How often one was looked for where looking takes time."""
        self._find_owners(saved.fills)

    def _find_owners(self, rows: Iterable[FillRecord]) -> None:
        """An order of which only an execution is kept may still be open, and nobody else would ask about it.

        The watermark waits for it: see `TradeHistory`.
        """
        if self._recall is None:
            return
        young = [row for row in rows if row.session != EXTERNAL and self._fills.is_above_watermark(row.fill)]
        names = {row.client_order_id for row in young if row.client_order_id}
        for name in sorted(names - self._index.by_client_id.keys()):
            key, found = decode_client_order_id(name), self._recall(name)
            if key is not None and found is not None and found[0] is None:
                self._remember(name, key, *found)

    def order(self, client_order_id: str, key: OrderKey | None = None) -> TrackedOrder | None:
        """The order of this id, which is in memory from now on; None when there is none."""
        key = key or decode_client_order_id(client_order_id)
        if self._recall is None or key is None or key.lineage != self._lineage:
            return None
        if key.epoch < self.first_epoch or (key.epoch == self.epoch and not self._index.has_dropped):
            return None
        self.lookups += 1
        found = self._recall(client_order_id)
        return None if found is None else self._remember(client_order_id, key, *found)

    def _remember(
        self, client_order_id: str, key: OrderKey, record: OrderRecord | None, fills: Sequence[FillRecord]
    ) -> TrackedOrder:
        order = TrackedOrder.of_rows(client_order_id, key.session, record, fills)
        for row in fills:
            self._fills.remember(row)
        self._index.add(order)
        self._index.note_activity(order)
        return order
