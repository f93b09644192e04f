"""A session's positions and orders, built from events that are each counted once."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from pyalgo.durable import DurableFills
from pyalgo.link import Listener
from pyalgo.order import ZERO, Fill, Order
from pyalgo.orders import Orders, Told
from pyalgo.words import Side
from tradingsys.wire.messages import Cursor, OrderPush, OrderView, PositionPush, PositionView, Snapshot

__all__ = ["Gap", "History"]


class Gap(Exception):
    """An event is missing: only a snapshot helps."""


class History:
    """What is known of a session, and up to which event."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.holdings: dict[str, PositionView] = {}
        """By symbol; what is missing is flat."""
        self.orders = Orders()
        self.durable = DurableFills(listener.durable)
        self.cursor: Cursor | None = None
        """The last event known; None while a snapshot is needed."""
        self.told_up_to: Cursor | None = None
        """The event after which executions are to be asked for: events were missed. None when all were told."""
        self.lineage = ""
        """Of the gateway's book; a cursor of another one means nothing there."""
        self.is_known = False
        """Whether there ever was a snapshot."""
        self._unbooked: dict[tuple[str, Side], Decimal] = {}

    @property
    def positions(self) -> dict[str, str]:
        """What is held, as exact text by symbol."""
        return {symbol: holding.net for symbol, holding in self.holdings.items()}

    def unfilled(self, symbol: str, side: Side) -> Decimal:
        """How much more may come to be bought or sold than the position shows, at worst."""
        elsewhere = self._unbooked.get((symbol, side), ZERO)
        return self.orders.unfilled(symbol, side) + self.orders.unbooked(symbol, side) + elsewhere

    def begin(self, lineage: str, *, is_resumed: bool) -> None:
        """A login succeeded. Unless it ``is_resumed``, a snapshot follows, and events between were missed."""
        if lineage != self.lineage:
            self.lineage, self.cursor, self.told_up_to = lineage, None, None
        if not is_resumed:
            self._lose_track()

    def apply(self, event: OrderPush | PositionPush) -> None:
        """Take one event and tell the listener, unless it is known already or a snapshot to come contains it.

        Raises Gap when an event before it is missing.
        """
        if self.cursor is None or not self._is_next(event.epoch, event.n):
            return
        self.cursor = (event.epoch, event.n)
        if isinstance(event, PositionPush):
            self.holdings[event.symbol] = PositionView(
                event.symbol,
                event.net,
                entry_px=event.entry_px,
                realized_pnl=event.realized_pnl,
                fees=event.fees,
                funding=event.funding,
                net_executed=event.net_executed,
            )
            self._listener.position_changed(event.symbol)
            return
        known = self.orders.by_client_id(event.order.client_order_id)
        was_complete = known is not None and not known._is_adopted and (known.is_active or known._unbooked() > 0)
        for told in self.orders.apply(event.order):
            if told.fill is not None and not told.is_late_fee and not was_complete:
                self._found(told.order, told.fill)
            self.tell(told)
        self._note(event.order, self.cursor)

    def answered(self, view: OrderView) -> None:
        """Take what the gateway says of an order it was asked about."""
        for told in self.orders.apply(view, is_complete=True):
            self.tell(told)
        if self.cursor is not None:
            self._note(view, self.cursor)

    def executed(self, view: OrderView) -> None:
        """Take executions that events told while nobody listened here, as those events would have been taken."""
        for told in self.orders.apply(view, stays_unresolved=True):
            self.tell(told)
        if self.cursor is not None:
            self._note(view, self.cursor)

    def tell(self, told: Told) -> None:
        """Tell the listener of an order."""
        order, fill, is_late_fee = told
        if not is_late_fee:
            self._listener.order(order, fill)
        if fill is not None and fill.fee is not None:
            self._listener.fee_known(order, fill)

    def take_positions(self, positions: list[PositionView]) -> None:
        """Replace all positions."""
        self.holdings = {position.symbol: position for position in positions}

    def merge(self, snapshot: Snapshot) -> None:
        """Take a snapshot: positions are replaced, orders merged; orders it does not name must be asked about."""
        before = self.holdings
        self.take_positions(snapshot.positions)
        self.orders.doubt_all_but(view.client_order_id for view in snapshot.orders)
        self.cursor = (snapshot.epoch, snapshot.n)
        # What a new process finds is its beginning, not news.
        is_news, self.is_known = self.is_known, True
        for symbol in sorted(before.keys() | self.holdings.keys()):
            if is_news and _what_counts(before.get(symbol)) != _what_counts(self.holdings.get(symbol)):
                self._listener.position_changed(symbol)
        for view in snapshot.orders:
            for told in self.orders.apply(view, is_complete=True):
                if is_news:
                    self.tell(told)
            self._note(view, self.cursor, is_news=is_news)
        # Where the gateway began anew it may have read them only now, of orders that ended: its answer says so.
        self.orders.unresolved |= self.durable.waiting_from_before(snapshot.epoch)
        self._unbooked = dict(self._unbooked_elsewhere())

    def _note(self, view: OrderView, told_by: Cursor, *, is_news: bool = True) -> None:
        order = self.orders.by_client_id(view.client_order_id)
        if order is not None:
            self.durable.note(order, view.fills, told_by, is_news=is_news)

    def _unbooked_elsewhere(self) -> list[tuple[tuple[str, Side], Decimal]]:
        """What the snapshot tells of executions on their way beyond those of the orders known here."""
        rows = []
        for symbol, holding in self.holdings.items():
            for side, told in ((Side.BUY, holding.unbooked_buy), (Side.SELL, holding.unbooked_sell)):
                rest = Decimal(told) - self.orders.unbooked(symbol, side)
                if rest > 0:
                    rows.append(((symbol, side), rest))
        return rows

    def _found(self, order: Order, fill: Fill) -> None:
        """An execution of an order that had ended here, or was unknown: it may be one that was on its way."""
        key = (order.symbol, order.side)
        if key in self._unbooked:
            self._unbooked[key] = max(ZERO, self._unbooked[key] - Decimal(repr(fill.quantity)))

    def _is_next(self, epoch: int, n: int) -> bool:
        assert self.cursor is not None
        known_epoch, known_n = self.cursor
        if epoch == known_epoch and n <= known_n:
            return False
        if epoch != known_epoch or n != known_n + 1:
            self._lose_track()
            raise Gap(f"event {n} of epoch {epoch} came after event {known_n} of epoch {known_epoch}")
        return True

    def _lose_track(self) -> None:
        self.told_up_to, self.cursor = self.told_up_to or self.cursor, None


def _what_counts(holding: PositionView | None) -> PositionView | None:
    """A position without what is not the strategy's to hear of."""
    return None if holding is None else structs.replace(holding, unbooked_buy="0", unbooked_sell="0")
