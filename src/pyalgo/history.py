"""A session's positions and orders, built from events that are each counted once."""

from __future__ import annotations

from pyalgo.link import Listener
from pyalgo.order import Orders
from tradingsys.wire.messages import Cursor, OrderPush, PositionPush, PositionView, Snapshot

__all__ = ["Gap", "History"]


class Gap(Exception):
    """An event is missing: only a snapshot helps."""


class History:
    """What is known of a session, and up to which event."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.positions: dict[str, str] = {}
        """Exact text by symbol; what is missing is 0."""
        self.orders = Orders()
        self.cursor: Cursor | None = None
        """The last event known; None while a snapshot is needed."""
        self.is_known = False
        """Whether there ever was a snapshot."""

    def apply(self, event: OrderPush | PositionPush) -> None:
        """Take one event and tell the listener, unless it is known already or a snapshot to come contains it.

        Raises Gap when an event before it is missing.
        """
        if self.cursor is None or not self._is_next(event.epoch, event.n):
            return
        self.cursor = (event.epoch, event.n)
        if isinstance(event, PositionPush):
            self.positions[event.symbol] = event.net
            self._listener.position(event.symbol)
            return
        for order in self.orders.apply(event.order):
            self._listener.order(order)

    def take_positions(self, positions: list[PositionView]) -> None:
        """Replace all positions."""
        self.positions = {position.symbol: position.net for position in positions}

    def merge(self, snapshot: Snapshot) -> None:
        """Take a snapshot: positions are replaced, orders merged; orders it does not name must be asked about."""
        before = self.positions
        self.take_positions(snapshot.positions)
        self.orders.doubt_all_but(view.client_order_id for view in snapshot.orders)
        self.cursor = (snapshot.epoch, snapshot.n)
        # What a new process finds is its beginning, not news.
        is_news, self.is_known = self.is_known, True
        for symbol in sorted(before.keys() | self.positions.keys()):
            if is_news and before.get(symbol) != self.positions.get(symbol):
                self._listener.position(symbol)
        for view in snapshot.orders:
            for order in self.orders.apply(view):
                if is_news:
                    self._listener.order(order)

    def _is_next(self, epoch: int, n: int) -> bool:
        assert self.cursor is not None
        known_epoch, known_n = self.cursor
        if epoch == known_epoch and n <= known_n:
            return False
        if epoch != known_epoch or n != known_n + 1:
            self.cursor = None
            raise Gap(f"event {n} of epoch {epoch} came after event {known_n} of epoch {known_epoch}")
        return True
