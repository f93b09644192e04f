"""Symbols of the box that trade assets: real trading rules, an own starting price, and how lively each market is."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import Contingency, ContractKind, OrderType
from tradingsys.core.instrument import Instrument, SpotRules
from tradingsys.sim.listed_market import ListedMarket, load
from tradingsys.sim.venue import Listing

__all__ = ["SpotMarket", "load_spot_markets"]

_UNBOUND = Decimal(1_000)
_CONDITIONAL = (
    OrderType.STOP_MARKET,
    OrderType.STOP_LIMIT,
    OrderType.TAKE_PROFIT_MARKET,
    OrderType.TAKE_PROFIT_LIMIT,
)


class SpotMarket(ListedMarket, frozen=True, kw_only=True):
    """One symbol with everything a venue states of it; the defaults are what most symbols have."""

    market_max: Decimal
    """The largest market order."""
    max_notional: Decimal = Decimal("9000000.00000000")
    multiplier_up: Decimal = Decimal(5)
    multiplier_down: Decimal = Decimal("0.2")
    """What a price may be, times the average price: the same for both sides."""
    average_minutes: int = 5
    max_orders: int = 200
    max_lists: int = 20
    max_conditional: int = 5
    max_icebergs: int | None = None
    max_amends: int = 10
    iceberg_parts: int = 100
    trailing_min_bps: int = 10
    trailing_max_bps: int = 2000
    max_position: Decimal | None = None
    margin: bool = True
    digits: int = 8
    """Of both assets."""

    @property
    def instrument(self) -> Instrument:
        """The market in the words that the rest of the system uses."""
        stated = self.stated(ContractKind.SPOT)
        return structs.replace(
            stated,
            market_max_qty=min(self.lot.max, self.market_max),
            price_precision=self.digits,
            qty_precision=self.digits,
            order_types=(*stated.order_types, *_CONDITIONAL),
            max_open_orders=self.max_orders,
            spot=self._rules,
        )

    @property
    def _rules(self) -> SpotRules:
        band = (self.multiplier_down, self.multiplier_up)
        trailing = (self.trailing_min_bps, self.trailing_max_bps)
        return SpotRules(
            quote_order_qty=True,
            iceberg=True,
            trailing=True,
            amend=True,
            lists=(Contingency.OCO, Contingency.OTO, Contingency.OTOCO),
            margin=self.margin,
            max_notional=self.max_notional,
            max_notional_of_market=False,
            max_position=self.max_position,
            max_iceberg_parts=self.iceberg_parts,
            max_iceberg_orders=self.max_icebergs,
            max_conditional_orders=self.max_conditional,
            max_order_lists=self.max_lists,
            max_amends=self.max_amends,
            trailing_above_bps=trailing,
            trailing_below_bps=trailing,
            bid_band=band,
            ask_band=band,
        )

    @property
    def listing(self) -> Listing:
        """The market as the exchange lists it."""
        return Listing(self.instrument, self.start_price, _UNBOUND)


def load_spot_markets() -> tuple[SpotMarket, ...]:
    """The markets shipped with the package."""
    return load(SpotMarket, "spot_markets.json")
