"""Perpetual contracts of the box: real trading rules, an own starting price, and how lively each market is."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, structs

from tradingsys.core.enums import ContractKind, TimeInForce
from tradingsys.core.instrument import Instrument
from tradingsys.sim.listed_market import Grid, ListedMarket, load
from tradingsys.sim.venue import Listing

__all__ = ["Market", "load_markets"]

_NEVER_MS = 4_133_404_800_000
"""The delivery date the venue gives to perpetual contracts."""
_MAX_OPEN_ORDERS = 200


class _Band(Struct, frozen=True):
    up: Decimal
    down: Decimal


class Market(ListedMarket, frozen=True, kw_only=True):
    """One contract with everything a venue states of it."""

    onboard_ms: int
    market_lot: Grid
    band: _Band
    market_bound: Decimal
    """A market order trades no farther from the mark price than this fraction."""
    trigger_protect: str
    liquidation_fee: str
    groups: list[str]
    permissions: list[str]
    delivery_ms: int = _NEVER_MS
    max_open_orders: int = _MAX_OPEN_ORDERS

    @property
    def instrument(self) -> Instrument:
        """The market in the words that the rest of the system uses."""
        stated = self.stated(ContractKind.LINEAR)
        return structs.replace(
            stated,
            market_lot_size=self.market_lot.step,
            market_min_qty=self.market_lot.min,
            market_max_qty=self.market_lot.max,
            times_in_force=(*stated.times_in_force, TimeInForce.GTD),
            onboard_ms=self.onboard_ms,
            delivery_ms=self.delivery_ms,
            max_open_orders=self.max_open_orders,
            price_band_up=self.band.up,
            price_band_down=self.band.down,
        )

    @property
    def listing(self) -> Listing:
        """The market as the exchange lists it."""
        return Listing(
            self.instrument,
            self.start_price,
            self.market_bound,
            Decimal(self.trigger_protect),
            Decimal(self.liquidation_fee),
        )


def load_markets() -> tuple[Market, ...]:
    """The contracts shipped with the package."""
    return load(Market, "markets.json")
