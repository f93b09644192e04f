"""The symbols of the box: real trading rules, an own starting price, and how lively each market is."""

from __future__ import annotations

from decimal import Decimal
from importlib.resources import files

import msgspec
from msgspec import Struct

from tradingsys.core.enums import ContractKind, OrderType, TimeInForce
from tradingsys.core.instrument import Instrument
from tradingsys.sim.venue import Listing

__all__ = ["FlowStyle", "Grid", "Market", "load_markets"]

_NEVER_MS = 4_133_404_800_000
"""The delivery date the venue gives to perpetual contracts."""
_MAX_OPEN_ORDERS = 200


class Grid(Struct, frozen=True):
    """Bounds and step of prices or quantities, and how many decimals the venue prints."""

    min: Decimal
    max: Decimal
    step: Decimal
    digits: int = 0


class _Band(Struct, frozen=True):
    up: Decimal
    down: Decimal


class FlowStyle(Struct, frozen=True):
    """How background traders behave on a symbol."""

    events_per_s: float
    sigma_bp: Decimal
    """Movement of the fundamental value, in basis points per square root of a second."""
    gap_ticks: int
    """Typical distance between two price levels."""
    typical_value: Decimal
    """Typical value of an order, in quote units."""
    levels: int
    """Quotes that makers keep on each side."""


class Market(Struct, frozen=True):
    """One symbol with everything a venue states of it."""

    symbol: str
    base: str
    quote: str
    onboard_ms: int
    price: Grid
    lot: Grid
    market_lot: Grid
    min_notional: Decimal
    band: _Band
    market_bound: Decimal
    """A market order trades no farther from the mark price than this fraction."""
    trigger_protect: str
    liquidation_fee: str
    groups: list[str]
    permissions: list[str]
    start_price: Decimal
    flow: FlowStyle
    delivery_ms: int = _NEVER_MS
    max_open_orders: int = _MAX_OPEN_ORDERS

    @property
    def instrument(self) -> Instrument:
        """The market in the words that the rest of the system uses."""
        return Instrument(
            symbol=self.symbol,
            kind=ContractKind.LINEAR,
            base_asset=self.base,
            quote_asset=self.quote,
            margin_asset=self.quote,
            status="TRADING",
            is_trading=True,
            tick_size=self.price.step,
            min_price=self.price.min,
            max_price=self.price.max,
            lot_size=self.lot.step,
            min_qty=self.lot.min,
            max_qty=self.lot.max,
            market_lot_size=self.market_lot.step,
            market_min_qty=self.market_lot.min,
            market_max_qty=self.market_lot.max,
            min_notional=self.min_notional,
            price_precision=self.price.digits,
            qty_precision=self.lot.digits,
            order_types=(OrderType.LIMIT, OrderType.MARKET),
            times_in_force=(TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTD),
            post_only=True,
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


class _File(Struct, frozen=True):
    markets: tuple[Market, ...]


def load_markets() -> tuple[Market, ...]:
    """The markets shipped with the package."""
    return msgspec.json.decode(files("tradingsys.sim").joinpath("markets.json").read_bytes(), type=_File).markets
