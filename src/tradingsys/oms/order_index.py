"""Finding an order by any of its names."""

from __future__ import annotations

from tradingsys.core.order import Order
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["OrderIndex"]


class OrderIndex:
    """Orders by the client order id that we gave them, by the venue's id, and by its id of a conditional order.

    Ids of anybody else's making are unique neither over symbols nor for ever: they name nothing here.
    """

    def __init__(self) -> None:
        self.by_client_id: dict[str, TrackedOrder] = {}
        self._by_venue_id: dict[tuple[str, str], TrackedOrder] = {}
        self._by_algo_id: dict[tuple[str, str], TrackedOrder] = {}

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
