"""What all parts of the exchange of contracts work on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from tradingsys.matching.account import Account
from tradingsys.matching.fees import FeeSchedule
from tradingsys.matching.tiers import Tiers
from tradingsys.sim.events import AccountChanged, OrderRecord
from tradingsys.sim.floor import Floor
from tradingsys.sim.ledger import Ledger
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


class State(Floor[Account]):
    """The floor of contracts: positions beside."""

    def __init__(self, listings: Iterable[Listing], fees: FeeSchedule, first_id: int, options: Options) -> None:
        super().__init__(listings, first_id, Ledger(first_id))
        self.fees = fees
        self.options = options
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

    def _update_ids(self, venue: Venue, changes: int) -> tuple[int, int]:  # noqa: ARG002
        # One counter for all symbols, and more than one step each time: ids grow with gaps, as real ones do.
        self._update_id += 1 + changes
        return 0, self._update_id
