"""What all parts of the exchange work on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import Side
from tradingsys.matching.account import Account
from tradingsys.matching.fees import FeeSchedule
from tradingsys.matching.tiers import Tiers
from tradingsys.sim.events import AccountChanged, BookChanged, ExchangeEvent, OrderRecord
from tradingsys.sim.ledger import Ledger
from tradingsys.sim.schedule import Schedule
from tradingsys.sim.venue import Listing, Venue

__all__ = ["INSURANCE", "Options", "State"]

INSURANCE = "house-insurance"
"""The account of the insurance fund."""

_UPDATES_PER_ID = 10
_ZERO = Decimal(0)


class Options(Struct, frozen=True):
    """How the exchange behaves where it may behave one way or another."""

    child_keeps_client_id: bool = True
    """Whether the order that a conditional order becomes has the conditional order's client id."""
    insurance: Decimal = Decimal(1_000_000)
    """What the insurance fund has: positions that nobody takes go to it, and to auto-deleveraging when it is empty."""


class State:
    """Accounts, symbols, ledger, clock entries, and what the parts tell each other within one request."""

    def __init__(self, listings: Iterable[Listing], fees: FeeSchedule, first_id: int, options: Options) -> None:
        self.fees = fees
        self.first_id = first_id
        self.options = options
        self.ledger = Ledger(first_id)
        self.accounts: dict[str, Account] = {}
        self.venues: dict[str, Venue] = {listing.instrument.symbol: Venue(listing, first_id) for listing in listings}
        self.schedule = Schedule()
        self.prints: deque[tuple[Venue, Decimal]] = deque()
        """Trade prices that conditional orders have not seen yet."""
        self.ended_children: deque[OrderRecord] = deque()
        """Orders that were conditional ones, and ended."""
        self.flattened: deque[tuple[str, str]] = deque()
        """(account, symbol) of positions that were closed while conditional orders depend on them."""
        self.position_bound: dict[tuple[str, str], dict[int, None]] = {}
        """Conditional orders that end with the position, by (account, symbol)."""
        self._update_id = first_id * _UPDATES_PER_ID

    def marks(self) -> dict[str, Decimal]:
        """Mark price by symbol."""
        return {symbol: venue.mark.px for symbol, venue in self.venues.items()}

    def tiers(self) -> Mapping[str, Tiers]:
        """Leverage brackets by symbol."""
        return {symbol: venue.tiers for symbol, venue in self.venues.items()}

    def traders(self) -> list[Account]:
        """Accounts that are not the house's."""
        return [account for account in self.accounts.values() if not account.is_house]

    def account_changed(
        self,
        account: Account,
        asset: str,
        now_ns: int,
        reason: str,
        *,
        symbol: str = "",
        change: Decimal = _ZERO,
        tells_position: bool = True,
    ) -> AccountChanged:
        """The account as it is now, for whoever listens; with the position of ``symbol`` if one is named."""
        return AccountChanged(
            account.name,
            asset,
            account.wallet.get(asset, _ZERO),
            symbol,
            account.position(symbol) if symbol and tells_position else None,
            now_ns,
            reason,
            account.cross_wallet(asset),
            change,
            account.isolated.get(symbol),
            self.ledger.break_even_px(account.name, symbol),
        )

    def publish(self, venue: Venue, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Tell what changed in a book."""
        bids, asks = venue.book.take_changes()
        if bids or asks:
            # One counter for all symbols, and more than one step each time: ids grow with gaps, as real ones do.
            self._update_id += 1 + len(bids) + len(asks)
            venue.update_id = self._update_id
            best_bid = next(iter(venue.book.levels(Side.BUY, 1)), None)
            best_ask = next(iter(venue.book.levels(Side.SELL, 1)), None)
            events.append(BookChanged(venue.instrument.symbol, self._update_id, bids, asks, best_bid, best_ask, now_ns))
