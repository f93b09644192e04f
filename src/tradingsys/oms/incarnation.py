"""Which gateway this is among all that ever ran a book, and how to notice that another one runs it too."""

from __future__ import annotations

from msgspec import Struct

from tradingsys.core.ids import OrderKey
from tradingsys.core.order import Order

__all__ = ["Incarnation"]


class Incarnation(Struct, frozen=True):
    """Who this gateway is among all that ever ran this book."""

    lineage: str
    epoch: int
    first_epoch_after_cut: int
    """From this epoch on the journal is complete: what it does not hold was never sent by us."""
    adopt_until_ms: int
    """Venue time after which no order of an earlier epoch can still be accepted."""
    first_epoch: int = 0
    """No order of this book's lineage is older; 0 where that is not known."""

    def split_brain(self, key: OrderKey, facts: Order, ts_event_ms: int, *, lacks_orders: bool = False) -> str:
        """How an order of this book's lineage, which this gateway does not know, proves another one; else empty.

        As long as it ``lacks_orders``, what is accepted only now may have waited: for a price, or for another order.
        What somebody amended now was accepted when it was created; what is told of a list says nothing of when.
        """
        if key.epoch == self.epoch:
            return "carries our epoch and a key that was never used here"
        if key.epoch >= self.first_epoch_after_cut:
            return "belongs to an epoch whose journal is complete, and is not in it"
        is_of_list = facts.list_id is not None and facts.terms is None
        is_new = facts.accepted and not is_of_list and facts.closed is None and not facts.cum_qty
        accepted_ms = facts.created_ms or ts_event_ms
        if is_new and accepted_ms > self.adopt_until_ms and not lacks_orders:
            return "was accepted after every order sent before this start must have been"
        return ""
