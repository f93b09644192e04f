"""Clearing a scope: orders are canceled, positions traded away, and the exchange is asked whether it is so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tradingsys.core.enums import Side, TradingState
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.records import HaltDuty, HaltRecord
from tradingsys.gateway.host import Host
from tradingsys.gateway.stops.canceling import Canceling
from tradingsys.gateway.stops.flattening import Flattening, Remainder
from tradingsys.oms.excess import beyond
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Clearing"]


class Clearing:
    """Of one scope, for as long as something stands that wants it."""

    def __init__(
        self, gateway: Host, canceling: Canceling, flattening: Flattening, number: int, row: HaltRecord
    ) -> None:
        """Where nothing is restricted, the orders that were sent until then are canceled, and none that come later."""
        self.number = number
        self.row, self.scope = row, row.scope
        self.is_confirmed = False
        """The exchange itself showed that nothing is left to cancel, and there is nothing to trade away but dust."""
        self.wants_proof = False
        """Whether nothing is left to do but to see at the exchange that it is so."""
        self.canceled = 0
        """Orders that were canceled, or ended before they could be."""
        self.remainders: list[Remainder] = []
        """What is still to be traded away, and dust."""
        self.problem = ""
        """Why the exchange could not confirm."""
        self._gateway = gateway
        self._canceling, self._flattening = canceling, flattening
        self._seen: set[str] = set()
        self._own: dict[str, TrackedOrder] = {}
        """Orders by which something was traded away, by client order id."""

    @property
    def flattens(self) -> bool:
        """Whether what sessions hold is to be traded away too."""
        return self.row.duty is HaltDuty.FLATTEN

    @property
    def _is_all(self) -> bool:
        """Whether no order may stay."""
        return self.row.state is TradingState.HALTED and self.row.duty is not HaltDuty.REDUCE

    def work(self) -> None:
        """Do what can be done now."""
        left = self.left()
        for order in left:
            self._seen.add(order.client_order_id)
            self._canceling.cancel(order)
        self.canceled = len(self._seen) - len(left)
        if self.flattens:
            self.remainders = self._flatten()
        is_done = not left and all(remainder.is_dust for remainder in self.remainders)
        self.is_confirmed = self.is_confirmed and is_done
        self.wants_proof = is_done and not self.is_confirmed

    def left(self) -> list[TrackedOrder]:
        """Orders that are to be canceled and are not known to have ended."""
        if self.row.state is TradingState.ACTIVE:
            return [order for order in self._open() if order.placed_ms <= self.row.ts_ms]
        if self._is_all:
            return [order for order in self._open() if not self._flattening.is_own(order)]
        by_place: dict[tuple[int, str], list[TrackedOrder]] = {}
        for order in self._open():
            by_place.setdefault((order.session, order.symbol), []).append(order)
        net = self._gateway.book.net
        return [
            order for place, orders in by_place.items() for order in beyond(TradingState.REDUCING, orders, net(*place))
        ]

    def _open(self) -> Iterator[TrackedOrder]:
        orders = self._gateway.book.open_orders(self.scope.session)
        known = (order for order in orders if order.is_open and not order.is_past)
        return (order for order in known if self.scope.covers(order.session, order.symbol))

    def _flatten(self) -> list[Remainder]:
        book = self._gateway.book
        places = {place for place, net in book.positions.items() if net and place[0] != EXTERNAL}
        places |= {(order.session, order.symbol) for order in book.open_orders(self.scope.session)}
        places = {place for place in places if self.scope.covers(*place)}
        steps = [self._flattening.step(*place) for place in sorted(places)]
        own = (order for place in places if (order := self._flattening.last_order(*place)) is not None)
        self._own |= {order.client_order_id: order for order in own if order.placed_ms >= self.row.ts_ms}
        return [remainder for remainder in steps if remainder is not None]

    def traded(self) -> dict[tuple[int, str, Side], Decimal]:
        """What was traded away, by session, symbol and side."""
        quantities: dict[tuple[int, str, Side], Decimal] = {}
        for order in self._own.values():
            if order.terms is not None and order.facts.cum_qty:
                key = order.session, order.symbol, order.terms.side
                quantities[key] = quantities.get(key, Decimal(0)) + order.facts.cum_qty
        return quantities

    def judge(self, open_there: Iterable[TrackedOrder]) -> None:
        """The exchange showed these: what it shows of ours is open, whatever we believe."""
        ours = next(filter(self._is_meant, open_there), None)
        self.problem = "" if ours is None else f"the exchange still shows {ours.client_order_id}"
        self.is_confirmed = ours is None and not self.left()

    def _is_meant(self, order: TrackedOrder) -> bool:
        """Whether it is one of those that must be gone."""
        if not self.scope.covers(order.session, order.symbol) or self._flattening.is_own(order):
            return False
        return self._is_all or order.client_order_id in self._seen
