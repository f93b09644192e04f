"""What every exchange of the box does the same way, whatever its accounts hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Generic, TypeVar

from tradingsys.core.enums import OrderStatus, TriggerPrice
from tradingsys.sim.events import CancelRefused, ExchangeEvent, NewOrder, OrderRecord, Refusal
from tradingsys.sim.floor import Floor, Holder
from tradingsys.sim.placing import Placing
from tradingsys.sim.venue import Venue

__all__ = ["TRADING", "Segment"]

HolderT = TypeVar("HolderT", bound=Holder)
TRADING = "TRADING"
"""The status of a symbol that trades."""


class Segment(ABC, Generic[HolderT]):
    """An exchange: it takes requests with the time at which they arrive and says what happened.

    Times are nanoseconds since the Unix epoch and must not go back. The same requests at the same times give the same
    events, to the last byte.
    """

    def __init__(self, floor: Floor[HolderT], placing: Placing) -> None:
        self.floor = floor
        self._placing = placing
        self.first_id = floor.first_id
        """Tells this run of an exchange from every other."""
        self.ledger = floor.ledger
        self.accounts = floor.accounts
        self.venues = floor.venues

    # --- accounts

    @abstractmethod
    def open_account(
        self, name: str, deposits: Mapping[str, Decimal], *, is_house: bool = False, now_ns: int = 0
    ) -> HolderT:
        """A new account. A house account has unlimited credit and leaves no trace in the ledger."""

    def open_orders(self, account: str, symbol: str | None = None) -> list[OrderRecord]:
        """Open orders of an account, oldest first, on one symbol or all."""
        venues = [self.venues[symbol]] if symbol is not None else list(self.venues.values())
        if self.floor.is_house(account):
            return [order for venue in venues for order in venue.open.values() if order.account == account]
        return [venue.open[order_id] for venue in venues for order_id in venue.open_ids.get(account, ())]

    def open_count(self, account: str, symbol: str) -> int:
        """How many orders an account, not the house's, has open on a symbol."""
        return len(self.venues[symbol].open_ids.get(account, ()))

    # --- time and prices

    @property
    @abstractmethod
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do at the latest."""

    @abstractmethod
    def tick(self, now_ns: int) -> list[ExchangeEvent]:
        """Let time pass."""

    def hear(self, symbol: str, px: Decimal, now_ns: int, qty: Decimal = Decimal(0)) -> list[ExchangeEvent]:
        """A trade that nobody here had a part in: the last price, for whatever waits for it."""
        venue = self.venues[symbol]
        venue.printed(px, qty, now_ns)
        if venue.triggers[TriggerPrice.LAST]:
            self.floor.prints.append((venue, px))
        events: list[ExchangeEvent] = []
        self._follow(now_ns, events)
        return events

    # --- orders

    @abstractmethod
    def place(self, request: NewOrder, now_ns: int) -> list[ExchangeEvent]:
        """Take an order. The first event is `Accepted` or `Rejected`; what it traded and how it ended follow."""

    def cancel(
        self,
        account: str,
        symbol: str,
        now_ns: int,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> list[ExchangeEvent]:
        """Cancel one open order by either id. The first event is `Canceled` or `CancelRefused`."""
        venue = self.venues.get(symbol)
        if venue is None:
            return [CancelRefused(account, symbol, Refusal.UNKNOWN_SYMBOL)]
        order = self._find_open(venue, account, order_id, client_order_id)
        if order is None:
            return [CancelRefused(account, symbol)]
        events: list[ExchangeEvent] = []
        self._placing.end(venue, order.order_id, OrderStatus.CANCELED, now_ns, events)
        self.floor.publish(venue, now_ns, events)
        self._follow(now_ns, events)
        return events

    def cancel_all(self, account: str, symbol: str, now_ns: int) -> list[ExchangeEvent]:
        """Cancel all open orders of an account on a symbol."""
        events: list[ExchangeEvent] = []
        self._cancel_all(account, self.venues[symbol], now_ns, events)
        self._follow(now_ns, events)
        return events

    def _cancel_all(self, account: str, venue: Venue, now_ns: int, events: list[ExchangeEvent]) -> None:
        for order in self.open_orders(account, venue.instrument.symbol):
            self._placing.end(venue, order.order_id, OrderStatus.CANCELED, now_ns, events)
        self.floor.publish(venue, now_ns, events)

    def _find_open(
        self, venue: Venue, account: str, order_id: int | None, client_order_id: str | None
    ) -> OrderRecord | None:
        if order_id is None:
            order_id = venue.client_ids.get((account, client_order_id or ""))
        order = venue.open.get(order_id) if order_id is not None else None
        return order if order is not None and order.account == account else None

    @abstractmethod
    def _follow(self, now_ns: int, events: list[ExchangeEvent]) -> None:
        """What follows from what happened, at the end of every request."""
