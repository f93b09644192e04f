"""What differs between an exchange of contracts and one of assets, where orders enter, trade and end."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from tradingsys.core.enums import SelfTradePrevention, Side
from tradingsys.matching.order_book import Prevented
from tradingsys.sim.events import ExchangeEvent
from tradingsys.sim.order_records import ExpiryReason, NewOrder, OrderRecord
from tradingsys.sim.refusals import Refusal
from tradingsys.sim.venue import Venue

__all__ = ["Fill", "Holdings"]


class Fill(Struct, frozen=True):
    """One side of a trade, before it is booked."""

    trade_id: int
    px: Decimal
    qty: Decimal
    value: Decimal
    is_maker: bool
    fee: Decimal | None
    """None: what the account pays usually."""


class Holdings(Protocol):
    """Who may order what, and what that does to accounts. Nothing here knows the book's rules."""

    longest_ns: int | None
    """How long an order is good till it is cancelled, at the most."""

    def refusal(self, venue: Venue, request: NewOrder, ticks: int | None, lots: int) -> Refusal | None:
        """Why a new order cannot be; None when it can."""

    def opened(self, venue: Venue, order: OrderRecord, now_ns: int, events: list[ExchangeEvent]) -> OrderRecord:
        """An order is open from now on: set aside what it needs."""

    def most_lots(self, venue: Venue, order: OrderRecord, lots: int) -> int:
        """How much of an order may trade at once."""

    def market_limit(self, venue: Venue, side: Side) -> int | None:
        """The worst price a market order may trade at, in ticks."""

    def reach(self, venue: Venue, side: Side, limit: int | None) -> int | None:
        """How far an order of a limit (None: any price) may execute now, in ticks."""

    def prevention(self, order: OrderRecord) -> SelfTradePrevention:
        """What happens when an order meets its own account's."""

    def prevented(
        self, venue: Venue, taker: OrderRecord, step: Prevented, now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        """Two orders of one account met: end them, or make them smaller."""

    def value(self, px: Decimal, qty: Decimal) -> Decimal:
        """What a trade is worth, as it is counted."""

    def executed(
        self,
        venue: Venue,
        before: OrderRecord,
        after: OrderRecord,
        fill: Fill,
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> None:
        """Book one side of a trade."""

    def traded(self, venue: Venue, account: str, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Both sides of a trade were booked, this account's among them."""

    def ended(self, venue: Venue, order: OrderRecord, now_ns: int, events: list[ExchangeEvent]) -> None:
        """An order, here as it was, ended without being filled: free what it needed."""

    def forgotten(self, venue: Venue, order: OrderRecord) -> None:
        """An order, here as it ended, is open no more."""

    def unfilled(self, order: OrderRecord) -> ExpiryReason:
        """Why the rest of an order that does not rest expires."""
