"""Orders of ours that memory no longer has, or never had: from what is kept of them elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tradingsys.core.ids import OrderKey, decode_client_order_id
from tradingsys.core.order import Order
from tradingsys.core.records import FillRecord, OrderRecord
from tradingsys.oms.fill_book import FillBook
from tradingsys.oms.order_index import OrderIndex
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Recall", "Recalling"]

Recall = Callable[[str], tuple[OrderRecord | None, Sequence[FillRecord]] | None]
"""Finds an order of any age, with its fills. Of one that only executions told of there is nothing else."""


class Recalling:
    """Asks only about ids of our own lineage, and only where memory may lack the order."""

    def __init__(self, recall: Recall | None, lineage: str, index: OrderIndex, fills: FillBook) -> None:
        self._recall, self._lineage = recall, lineage
        self._index, self._fills = index, fills
        self.epoch: int | None = None
        """The present one: its orders are all in memory, until the first of them is dropped from it."""
        self.first_epoch = 0
        """No order is older."""
        self.lookups = 0
        """How often one was looked for where looking takes time."""

    def order(self, client_order_id: str, key: OrderKey | None = None) -> TrackedOrder | None:
        """The order of this id, which is in memory from now on; None when there is none."""
        key = key or decode_client_order_id(client_order_id)
        if self._recall is None or key is None or key.lineage != self._lineage:
            return None
        if key.epoch < self.first_epoch or (key.epoch == self.epoch and not self._index.has_dropped):
            return None
        self.lookups += 1
        found = self._recall(client_order_id)
        if found is None:
            return None
        record, fills = found
        if record is not None:
            order = TrackedOrder.of_record(record)
        else:
            order = TrackedOrder(client_order_id, key.session, Order(), None, symbol=fills[0].fill.symbol)
        for row in fills:
            self._fills.remember(row)
            order.facts = order.facts.with_fill(row.fill)
        self._index.add(order)
        self._index.note_activity(order)
        return order
