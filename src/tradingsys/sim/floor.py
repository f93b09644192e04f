"""What every exchange of the box works on: symbols, accounts, a ledger, things to do at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from tradingsys.core.enums import Side
from tradingsys.sim.events import BookChanged, ExchangeEvent
from tradingsys.sim.ledger import Ledger
from tradingsys.sim.schedule import Schedule
from tradingsys.sim.venue import Listing, Venue

__all__ = ["Floor", "Holder"]


class Holder(Protocol):
    """An account of any kind."""

    name: str
    is_house: bool


HolderT = TypeVar("HolderT", bound=Holder)


class Floor(Generic[HolderT]):
    """Accounts, symbols, ledger, clock entries, and what the parts tell each other within one request."""

    def __init__(self, listings: Iterable[Listing], first_id: int, ledger: Ledger) -> None:
        self.first_id = first_id
        self.ledger = ledger
        self.accounts: dict[str, HolderT] = {}
        self.venues: dict[str, Venue] = {listing.instrument.symbol: Venue(listing, first_id) for listing in listings}
        self.schedule = Schedule()
        self.prints: deque[tuple[Venue, Decimal]] = deque()
        """Trade prices that conditional orders have not seen yet."""

    def is_house(self, account: str) -> bool:
        """Whether an account makes the market."""
        return self.accounts[account].is_house

    def traders(self) -> list[HolderT]:
        """Accounts that are not the house's."""
        return [account for account in self.accounts.values() if not account.is_house]

    def publish(self, venue: Venue, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Tell what changed in a book."""
        if venue.book.is_changed:
            bids, asks = venue.book.take_changes()
            first, venue.update_id = self._update_ids(venue, len(bids) + len(asks))
            best_bid = next(iter(venue.book.levels(Side.BUY, 1)), None)
            best_ask = next(iter(venue.book.levels(Side.SELL, 1)), None)
            symbol, last = venue.instrument.symbol, venue.update_id
            events.append(BookChanged(symbol, last, bids, asks, best_bid, best_ask, now_ns, first))

    def _update_ids(self, venue: Venue, changes: int) -> tuple[int, int]:
        """First and last id of so many changes: one after the other, symbol by symbol."""
        return venue.update_id + 1, venue.update_id + changes
