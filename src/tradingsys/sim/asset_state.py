"""What all parts of the exchange of assets work on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from tradingsys.matching.cross_margin import CrossMarginWallet
from tradingsys.matching.fees import SpotFees
from tradingsys.matching.locks import Locks
from tradingsys.matching.wallet import SpotWallet
from tradingsys.sim.asset_events import AssetBalance, BalancesChanged
from tradingsys.sim.crowding import ExchangeLimits
from tradingsys.sim.deficits import Deficits
from tradingsys.sim.events import ExchangeEvent, OrderRecord
from tradingsys.sim.floor import Floor
from tradingsys.sim.ledger import ASSET_KINDS, Ledger
from tradingsys.sim.price_range import PriceRange
from tradingsys.sim.proceeds import Proceeds
from tradingsys.sim.valuation import prices_in
from tradingsys.sim.venue import Listing

__all__ = ["HAPPENING", "UNIT", "AssetState", "MarginBars", "MarginTerms"]

UNIT = "USDT"
"""What margin accounts are valued in."""
HAPPENING = "happening"
"""Whatever an account is told of an order: all of it is numbered in one series."""

_UPDATES_PER_ID = 10


class MarginBars(Struct, frozen=True):
    """Margin levels that mean something."""

    transfer: Decimal = Decimal(2)
    """Above, assets can be taken out, as long as the level stays there."""
    normal: Decimal = Decimal("1.5")
    """Debts that would bring the level below are not lent."""
    call: Decimal = Decimal("1.3")
    """At or below, the account is warned."""
    liquidation: Decimal = Decimal("1.1")
    """At or below, the exchange sells."""


class MarginTerms(Struct, frozen=True):
    """What borrowing costs and how far it goes."""

    bars: MarginBars = MarginBars()
    daily_rates: Mapping[str, Decimal] = {}
    """Interest by asset, of the principal for a day; others have ``daily_rate``."""
    daily_rate: Decimal = Decimal("0.00040000")
    limits: Mapping[str, Decimal] = {}
    """The most of an asset that one account may owe; others have ``limit_value`` worth of it."""
    limit_value: Decimal = Decimal(1_000_000)
    leverage: int = 3
    """What `MarginBars.normal` comes to: assets may be so many times what is the account's own."""
    liquidation_fee: Decimal = Decimal("0.02")
    """Of the debts that a liquidation pays."""


class AssetState(Floor[SpotWallet]):
    """The floor of assets: what orders set aside, and what is owed."""

    def __init__(
        self,
        listings: Iterable[Listing],
        fees: SpotFees,
        first_id: int,
        terms: MarginTerms,
        limits: ExchangeLimits | None = None,
    ) -> None:
        super().__init__(listings, first_id, Ledger(first_id, ASSET_KINDS))
        for venue in self.venues.values():
            venue.update_id = first_id * _UPDATES_PER_ID
        self.fees = fees
        self.terms = terms
        self.limits = limits or ExchangeLimits()
        self.locks = Locks()
        self.deficits = Deficits()
        self.proceeds = Proceeds(self.locks, fees.discount_asset)
        self.ranges: dict[str, PriceRange] = {}
        """Reference prices, and how far from them orders may execute, by symbol; most have none."""
        self.stirred: deque[OrderRecord] = deque()
        """Orders of lists that traded or ended, and what that means for their lists is not yet done."""
        self._next_ids: dict[str, int] = {}

    def number(self, kind: str) -> int:
        """The next id of something that is not an order."""
        made = self._next_ids[kind] = self.next_number(kind)
        return made

    def next_number(self, kind: str) -> int:
        """Which one that will be, without taking it."""
        return self._next_ids.get(kind, self.first_id - 1) + 1

    def margins(self) -> list[CrossMarginWallet]:
        """Cross-margin accounts."""
        return [each for each in self.accounts.values() if isinstance(each, CrossMarginWallet)]

    def prices(self, unit: str = UNIT) -> dict[str, Decimal]:
        """What one of each asset is worth; assets that no market leads to are missing."""
        return prices_in(unit, self.venues.values())

    def tell_balances(self, now_ns: int, events: list[ExchangeEvent]) -> None:
        """The balances that changed since the last time, for whoever listens."""
        for wallet in self.accounts.values():
            if wallet.is_house:
                continue
            changed = wallet.take_changed()
            if changed:
                balances = tuple(AssetBalance(each, wallet.free_of(each), wallet.locked_of(each)) for each in changed)
                events.append(BalancesChanged(wallet.name, balances, now_ns))
