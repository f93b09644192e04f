"""An order as a strategy sees it, and all orders of a session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import count

from pyalgo.phase import to_datetime
from pyalgo.words import OrderType, Side, State, Tif, from_wire, state_of
from tradingsys.core.enums import OrderStatus
from tradingsys.wire.messages import FillView, OrderParams, OrderView, ResolveItem

__all__ = ["Order", "Orders", "terms_of"]

_ids = count(1)
_ZERO = Decimal(0)
_MAX_CLOSED = 10_000
_ENDED = (State.FILLED, State.CANCELED, State.EXPIRED, State.EXPIRED_IN_MATCH)
_NOT_ACCEPTED = (OrderStatus.PENDING_NEW, OrderStatus.UNKNOWN, OrderStatus.ABSENT)
_NEVER_ARRIVED = "never reached the exchange"


class Order:
    """A live order: read it whenever you like, it changes as the exchange reports. Times are Unix ms."""

    def __init__(self, terms: ResolveItem, order_type: OrderType, tif: Tif, time_ms: int) -> None:
        self.id = next(_ids)
        """This strategy's own number for the order, unique within the process."""
        self.client_order_id = terms.client_order_id
        """Under which the exchange knows the order."""
        self.symbol = terms.symbol
        self.side = Side(terms.side.value)
        self.order_type, self.tif = order_type, tif
        self.quantity = float(terms.quantity)
        self.price = 0.0 if terms.price is None else float(terms.price)
        """0.0 for orders at market."""
        self.state = State.NEW
        self.in_doubt = False
        """Whether nobody knows yet what became of it: count its whole remaining quantity."""
        self.time = time_ms
        """Of the last change."""
        self.acc = 0.0
        """Executed so far (FIX cum_qty)."""
        self.trade_time = 0
        self.trade_price = 0.0
        self.trade_quantity = 0.0
        """Of the latest execution; 0 until there is one."""
        self.making: bool | None = None
        """Whether the latest execution added liquidity; None until known."""
        self.reason = ""
        """Why it was rejected or expired."""
        self.code = 0
        self._terms = terms
        self._fills: set[str] = set()
        self._booked = _ZERO
        self._cum = _ZERO
        self._is_accepted = False
        self._is_absent = False

    @property
    def is_active(self) -> bool:
        """Whether more executions must be expected."""
        return self.state.is_active

    @property
    def datetime(self) -> dt.datetime:
        """`time` in UTC+8."""
        return to_datetime(self.time)

    @property
    def trade_dt(self) -> dt.datetime:
        """`trade_time` in UTC+8."""
        return to_datetime(self.trade_time)

    def __repr__(self) -> str:
        price = f"@ {self.price}" if self.price else "at market"
        trade = f", last {self.trade_quantity} @ {self.trade_price}" if self.trade_quantity else ""
        doubt = ", in doubt" if self.in_doubt else ""
        why = f", {self.reason}" if self.reason else ""
        return (
            f"Order({self.datetime:%H:%M:%S.%f} #{self.id} {self.symbol} {self.side} {self.quantity} {price} "
            f"{self.order_type} {self.tif}: {self.state}, filled {self.acc}{trade}{doubt}{why})"
        )

    def _facts(self) -> tuple[object, ...]:
        return (self.state, self._is_accepted, self.in_doubt, self._cum, self.code, self.reason)

    def _book(self, fill: FillView) -> None:
        self._fills.add(fill.exec_id)
        self._booked += Decimal(fill.qty)
        self._raise_cum(self._booked)
        self.trade_time, self.time = fill.ts_ms, fill.ts_ms
        self.trade_price, self.trade_quantity = float(fill.px), float(fill.qty)
        self.making = fill.making
        if self.state in (State.NEW, State.REJECTED):
            self.state = State.PARTIALLY_FILLED

    def _raise_cum(self, cum: Decimal) -> None:
        self._cum = max(self._cum, cum)
        self.acc = float(self._cum)

    def _settle(self, view: OrderView) -> None:
        """Take everything but executions from ``view``; what ended stays ended, whatever arrives late."""
        self._raise_cum(Decimal(view.cum_qty))
        self._is_accepted = self._is_accepted or view.status not in _NOT_ACCEPTED
        state = state_of(view.status)
        if self.state in _ENDED and (state not in _ENDED or self.state is State.FILLED):
            return
        if state is State.NEW and self._cum:
            state = State.PARTIALLY_FILLED
        self.state = state
        self.in_doubt = state.is_active and (view.in_doubt or view.status is OrderStatus.UNKNOWN)
        self.time = max(self.time, view.ts_ms)
        self._is_absent = view.status is OrderStatus.ABSENT
        self.reason = view.reason or (_NEVER_ARRIVED if self._is_absent else "")
        self.code = view.code


class Orders:
    """The orders of one session: what was sent here, and what the gateway told of."""

    def __init__(self) -> None:
        self._by_client_id: dict[str, Order] = {}
        self._by_id: dict[int, Order] = {}
        self.unresolved: set[str] = set()
        """Ids of orders whose request never got an answer: each is asked about, none is sent again."""

    def add(self, terms: ResolveItem, order_type: OrderType, tif: Tif, time_ms: int) -> Order:
        """A new order of this process."""
        order = Order(terms, order_type, tif, time_ms)
        self._by_client_id[order.client_order_id] = order
        self._by_id[order.id] = order
        self._forget_oldest()
        return order

    def get(self, order_id: int) -> Order | None:
        """By this strategy's number."""
        return self._by_id.get(order_id)

    def known(self) -> list[Order]:
        """All orders that are remembered, oldest first."""
        return list(self._by_id.values())

    def open(self, symbol: str) -> list[Order]:
        """All orders of a symbol that may still execute, oldest first."""
        return [order for order in self._by_id.values() if order.symbol == symbol and order.is_active]

    def apply(self, view: OrderView) -> Iterator[Order]:
        """Merge what the gateway says; yields the order once per execution not seen before, else once if it changed.

        Between two yields the order is as it was right after that execution.
        """
        order = self._by_client_id.get(view.client_order_id) or self._adopt(view)
        self.unresolved.discard(view.client_order_id)
        before = order._facts()
        told = False
        for fill in view.fills:
            if fill.exec_id in order._fills:
                continue
            if told:
                yield order
            order._book(fill)
            told = True
        order._settle(view)
        if told or order._facts() != before:
            yield order

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
        """The orders whose requests got no answer."""
        return [order._terms for order in self._by_id.values() if order.client_order_id in self.unresolved]

    def doubt_all_but(self, known: Iterable[str]) -> None:
        """After a snapshot that names ``known``: ask about every other order that may have changed meanwhile."""
        named = set(known)
        for order in self._by_id.values():
            may_change = order.is_active or order._is_absent or order._booked < order._cum
            if may_change and order.client_order_id not in named:
                self.unresolved.add(order.client_order_id)

    def _adopt(self, view: OrderView) -> Order:
        order_type, tif = from_wire(view)
        return self.add(terms_of(view.client_order_id, view), order_type, tif, view.ts_ms)

    def _forget_oldest(self) -> None:
        if len(self._by_id) <= 2 * _MAX_CLOSED:
            return
        done = [order for order in self._by_id.values() if not order.is_active and order._booked >= order._cum]
        for order in done[:_MAX_CLOSED]:
            del self._by_id[order.id], self._by_client_id[order.client_order_id]
            self.unresolved.discard(order.client_order_id)


def terms_of(client_order_id: str, source: OrderParams | OrderView) -> ResolveItem:
    """What was ordered, as needed to ask what became of it."""
    return ResolveItem(
        client_order_id,
        source.symbol,
        source.side,
        source.order_type,
        source.quantity,
        source.price,
        source.time_in_force,
        source.post_only,
        source.reduce_only,
    )
