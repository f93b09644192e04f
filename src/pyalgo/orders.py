"""All orders of a session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import structs

from pyalgo.order import ZERO, Fill, Order
from pyalgo.words import OrderType, Side, State, Tif, from_wire
from tradingsys.wire.messages import OrderView, ResolveItem
from tradingsys.wire.messages.orders import OrderTerms

__all__ = ["Orders", "Told"]

_MAX_CLOSED = 10_000
_TERMS = [field.name for field in structs.fields(OrderTerms)]


class Told(NamedTuple):
    """What is to be told of an order: an execution, the fee of one that was told before, or just that it changed."""

    order: Order
    fill: Fill | None = None
    is_late_fee: bool = False


class Orders:
    """The orders of one session: what was sent here, and what the gateway told of."""

    def __init__(self) -> None:
        self._by_client_id: dict[str, Order] = {}
        self._by_id: dict[int, Order] = {}
        self._live: dict[int, Order] = {}
        self.unresolved: set[str] = set()
        """Ids of orders whose request never got an answer: each is asked about, none is sent again."""
        self._spot_symbols: set[str] = set()

    def add(self, client_order_id: str, terms: OrderTerms, order_type: OrderType, tif: Tif, time_ms: int) -> Order:
        """A new order of this process."""
        order = Order(client_order_id, terms, order_type, tif, time_ms)
        self._by_client_id[order.client_order_id] = order
        self._by_id[order.id] = self._live[order.id] = order
        self._forget_oldest()
        return order

    def is_spot(self, symbol: str) -> None:
        """A symbol turns out to be of the spot market: orders that another program sent get that market's words."""
        if symbol in self._spot_symbols:
            return
        self._spot_symbols.add(symbol)
        for order in self._by_id.values():
            if order.symbol == symbol and order._is_translated:
                order.order_type, order.tif = from_wire(order._terms, is_spot=True)

    def get(self, order_id: int) -> Order | None:
        """By this strategy's number."""
        return self._by_id.get(order_id)

    def by_client_id(self, client_order_id: str) -> Order | None:
        """By the exchange's name for it."""
        return self._by_client_id.get(client_order_id)

    def known(self) -> list[Order]:
        """All orders that are remembered, oldest first."""
        return list(self._by_id.values())

    def open(self, symbol: str) -> list[Order]:
        """All orders of a symbol that may still execute, oldest first."""
        return [order for order in self._live_of(symbol) if order.is_active]

    def unfilled(self, symbol: str, side: Side) -> Decimal:
        """What the open orders of one side may still execute, without what was executed and is not known here yet."""
        return sum((order._unfilled() for order in self._live_of(symbol) if order.side is side), ZERO)

    def unbooked(self, symbol: str, side: Side) -> Decimal:
        """What the exchange says orders of one side have executed without the executions being known here."""
        return sum((order._unbooked() for order in self._live_of(symbol) if order.side is side), ZERO)

    def apply(self, view: OrderView, *, is_complete: bool = False, stays_unresolved: bool = False) -> Iterator[Told]:
        """Merge what the gateway says; yields the order once per execution not seen before, else once if it changed.

        Between two yields the order is as it was right after that execution. Fees that came late are yielded before.
        ``is_complete``: the view has all executions there are, not only new ones. ``stays_unresolved``: it lacks some,
        and what is to be asked of the order stays so.
        """
        known = self._by_client_id.get(view.client_order_id)
        if known is None and view.completed_fills and not view.fills:
            return  # it ended before this process began
        order = known or self._adopt(view)
        if order._lacks_terms and not view.terms_unknown:
            order._take_request(*self._request_of(view))
            order._take_terms(view.quantity, view.price)
            order._lacks_terms = False
        if known is None and not is_complete and not view.fills:
            order._before = Decimal(view.cum_qty)
        if not stays_unresolved:
            self.unresolved.discard(view.client_order_id)
        # What ended may come back: an absent order revives, an execution arrives late.
        self._live[order.id] = order
        before = order._facts()
        for fill in (*view.completed_fills, *view.fills):
            if (completed := order._complete(fill)) is not None:
                yield Told(order, completed, is_late_fee=True)
        if is_complete and order._is_adopted:
            for fill in order._from_before(view.fills):
                order._book(fill)
        told: Fill | None = None
        for fill in view.fills:
            if fill.exec_id in order._fills:
                continue
            if told is not None:
                yield Told(order, told)
            told = order._book(fill)
        order._is_adopted = order._is_adopted and not is_complete
        order._settle(view)
        if told is not None or order._facts() != before:
            yield Told(order, told)

    def lost(self, client_order_id: str) -> Order | None:
        """The request of an order will get no answer any more; returns the order when it is now in doubt."""
        order = self._by_client_id.get(client_order_id)
        if order is None or not order.is_active:
            return None
        self.unresolved.add(client_order_id)
        if order.in_doubt:
            return None
        order.in_doubt = True
        return order

    def refuse(self, client_order_id: str, code: int, reason: str, time_ms: int) -> Order | None:
        """An order was not sent to the exchange; returns it when that is news."""
        order = self._by_client_id.get(client_order_id)
        if order is None or not order.is_active:
            return None
        self.unresolved.discard(client_order_id)
        order.state, order.in_doubt = State.REJECTED, False
        order.code, order.reason, order.time = code, reason, time_ms
        return order

    def to_resolve(self) -> list[ResolveItem]:
        """The orders whose requests got no answer: those that perhaps nobody knows more of, then the newest last."""
        orders = [order for order in self._by_id.values() if order.client_order_id in self.unresolved]
        return [
            ResolveItem(client_order_id=order.client_order_id, terms_unknown=order._lacks_terms, **_terms(order._terms))
            for order in sorted(orders, key=lambda order: not order._lacks_terms)
        ]

    def doubt_all_but(self, known: Iterable[str]) -> None:
        """After a snapshot that names ``known``: ask about every other order that may have changed meanwhile."""
        named = set(known)
        for order in self._by_id.values():
            may_change = order.is_active or order._is_absent or order._booked < order._cum or order._lacks_a_fee
            if may_change and order.client_order_id not in named:
                self.unresolved.add(order.client_order_id)

    def _adopt(self, view: OrderView) -> Order:
        order = self.add(view.client_order_id, *self._request_of(view), view.ts_ms)
        order._is_adopted = order._is_translated = True
        order._lacks_terms = view.terms_unknown
        return order

    def _request_of(self, view: OrderView) -> tuple[OrderTerms, OrderType, Tif]:
        """What another process ordered."""
        terms = OrderTerms(**_terms(view))
        return terms, *from_wire(terms, is_spot=view.symbol in self._spot_symbols)

    def _live_of(self, symbol: str) -> list[Order]:
        """All orders of a symbol that count for something, oldest first."""
        for order in [order for order in self._live.values() if not order.is_active and not order._unbooked()]:
            del self._live[order.id]
        return sorted((order for order in self._live.values() if order.symbol == symbol), key=lambda order: order.id)

    def _forget_oldest(self) -> None:
        if len(self._by_id) <= 2 * _MAX_CLOSED:
            return
        done = [order for order in self._by_id.values() if not order.is_active and order._booked >= order._cum]
        for order in done[:_MAX_CLOSED]:
            del self._by_id[order.id], self._by_client_id[order.client_order_id]
            self.unresolved.discard(order.client_order_id)


def _terms(source: OrderTerms | OrderView) -> dict[str, Any]:
    return {name: getattr(source, name) for name in _TERMS}
