"""Orders of ours: by any of their names, and those that something is still to be done about."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from tradingsys.core.order import Order, Terms
from tradingsys.core.records import FillRecord, OrderRecord
from tradingsys.oms.exposure import Exposure
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["ENDED_KEPT", "OrderIndex"]

ENDED_KEPT = 10_000
"""So many that are over stay in memory; the others can be recalled from what is kept of them."""


class OrderIndex:
    """Orders by the client order id that we gave them, by the venue's id, and by its id of a conditional order.

    Ids of anybody else's making are unique neither over symbols nor for ever: they name nothing here.
    """

    def __init__(self, exposure: Exposure) -> None:
        """``exposure`` is told of everything that changes here."""
        self._exposure = exposure
        self.by_client_id: dict[str, TrackedOrder] = {}
        self.active: dict[str, TrackedOrder] = {}
        """Those that may still execute, or wait for executions."""
        self.untold: dict[str, TrackedOrder] = {}
        """Those that only trades told us of last."""
        self._unseen: dict[str, TrackedOrder] = {}
        """Those of which the venue showed nothing yet."""
        self._ended: OrderedDict[str, TrackedOrder] = OrderedDict()
        """Those that nothing is to be done about; what changed last is at the end."""
        self.has_dropped = False
        """Whether an order may be known to what is kept, and not here."""
        self._unsaved: dict[str, TrackedOrder] = {}
        self._by_venue_id: dict[tuple[str, str], TrackedOrder] = {}
        self._by_algo_id: dict[tuple[str, str], TrackedOrder] = {}

    def load(self, records: Iterable[OrderRecord], fills: Iterable[FillRecord]) -> None:
        """Orders as the book remembers them, and their executions."""
        for record in records:
            self.add(TrackedOrder.of_record(record))
        for row in fills:
            owner = self.by_client_id.get(row.client_order_id or "")
            if owner is not None:
                owner.facts = owner.facts.with_fill(row.fill)
                owner.in_doubt = False
        for order in self.by_client_id.values():
            if not order.may_be_enlarged:
                order.replace = None
            self.note_activity(order)

    def track(self, order: TrackedOrder) -> None:
        """An order about to be sent: nothing is known of it yet, so it is open, and told of in full."""
        name = order.client_order_id
        self.by_client_id[name] = self._unsaved[name] = self.active[name] = self._unseen[name] = order
        self._exposure.note(order)

    def forget(self, order: TrackedOrder) -> None:
        """An order that was never sent."""
        for known in (self.by_client_id, self._unsaved, self.active, self.untold, self._unseen, self._ended):
            known.pop(order.client_order_id, None)
        self._exposure.forget(order.client_order_id)

    def add(self, order: TrackedOrder) -> None:
        """Take note of every name the order has now."""
        facts, symbol = order.facts, order.symbol
        self.by_client_id.setdefault(order.client_order_id, order)
        if facts.venue_order_id is not None:
            self._by_venue_id[symbol, facts.venue_order_id] = order
        if facts.algo_id is not None:
            self._by_algo_id[symbol, facts.algo_id] = order

    def find(self, facts: Order, symbol: str) -> TrackedOrder | None:
        """The order that these facts are about, by any name they share."""
        for client_order_id in facts.client_order_ids:
            if (order := self.by_client_id.get(client_order_id)) is not None:
                return order
        if facts.venue_order_id is not None:
            order = self._by_venue_id.get((symbol, facts.venue_order_id))
            if order is not None:
                return order
        return self._by_algo_id.get((symbol, facts.algo_id)) if facts.algo_id is not None else None

    def unseen(self, terms: Terms | None, symbol: str) -> list[TrackedOrder]:
        """Orders of which the venue showed nothing, and that may be the one that has these ``terms``, if any are known.

        Under an id that is not ours it would have been amended by others, which keeps side and price and takes from the
        quantity.
        """
        return [order for order in self._unseen.values() if order.symbol == symbol and _may_become(order.terms, terms)]

    def all_unseen(self) -> list[TrackedOrder]:
        """Orders of which the venue showed nothing."""
        return list(self._unseen.values())

    def touch(self, order: TrackedOrder) -> None:
        """Something about the order changed: it is to be saved."""
        self._unsaved[order.client_order_id] = order
        self.note_activity(order)

    def note_activity(self, order: TrackedOrder) -> None:
        """Whether something is to be done about the order may have changed."""
        self._exposure.note(order)
        if order.is_open or order.facts.missing_qty:
            self.active[order.client_order_id] = order
        else:
            self.active.pop(order.client_order_id, None)
        if not order.has_evidence:
            self._unseen[order.client_order_id] = order
        else:
            self._unseen.pop(order.client_order_id, None)
        if order.is_untold:
            self.untold[order.client_order_id] = order
        else:
            self.untold.pop(order.client_order_id, None)
        self._ended.pop(order.client_order_id, None)
        if order.client_order_id not in self.active and order.client_order_id not in self.untold:
            self._ended[order.client_order_id] = order

    @property
    def is_changed(self) -> bool:
        """Whether there is something to take."""
        return bool(self._unsaved) or len(self._ended) > ENDED_KEPT

    def take_unsaved(self) -> list[OrderRecord]:
        """The rows of all orders that changed since the last call; whoever takes them keeps them."""
        records = [record for order in self._unsaved.values() if (record := order.record()) is not None]
        self._unsaved.clear()
        for _ in range(len(self._ended) - ENDED_KEPT):
            name, order = self._ended.popitem(last=False)
            if order.cancel_pending or order.replace is not None or order.known_terms is None:
                self._ended[name] = order  # somebody still waits for it, or there is no row of it
            else:
                self._drop(order)
        return records

    def _drop(self, order: TrackedOrder) -> None:
        self.has_dropped = True
        self.forget(order)
        facts, symbol = order.facts, order.symbol
        for names, venue_id in ((self._by_venue_id, facts.venue_order_id), (self._by_algo_id, facts.algo_id)):
            if venue_id is not None and names.get((symbol, venue_id)) is order:
                del names[symbol, venue_id]


def _may_become(own: Terms | None, told: Terms | None) -> bool:
    if own is None or told is None:
        return True
    return (own.side, own.price) == (told.side, told.price) and told.order_qty < own.order_qty
