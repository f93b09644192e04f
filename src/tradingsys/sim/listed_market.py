"""What every symbol of the box has: its name, its grids, a price to begin with, and how lively its market is."""

from __future__ import annotations

from decimal import Decimal
from importlib.resources import files
from typing import TypeVar

import msgspec
from msgspec import Struct

from tradingsys.core.enums import ContractKind, OrderType, TimeInForce
from tradingsys.core.instrument import Instrument

__all__ = ["FlowStyle", "Grid", "ListedMarket", "load"]


class Grid(Struct, frozen=True):
    """Bounds and step of prices or quantities, and how many decimals the venue prints."""

    min: Decimal
    max: Decimal
    step: Decimal
    digits: int = 0


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


class ListedMarket(Struct, frozen=True, kw_only=True):
    """A symbol of any kind."""

    symbol: str
    base: str
    quote: str
    price: Grid
    lot: Grid
    min_notional: Decimal
    start_price: Decimal
    flow: FlowStyle

    def stated(self, kind: ContractKind) -> Instrument:
        """What the venue states of it whatever its kind, in the words that the rest of the system uses."""
        return Instrument(
            symbol=self.symbol,
            kind=kind,
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
            market_lot_size=self.lot.step,
            market_min_qty=self.lot.min,
            market_max_qty=self.lot.max,
            min_notional=self.min_notional,
            price_precision=self.price.digits,
            qty_precision=self.lot.digits,
            order_types=(OrderType.LIMIT, OrderType.MARKET),
            times_in_force=(TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK),
            post_only=True,
        )


MarketT = TypeVar("MarketT", bound=ListedMarket)


def load(kind: type[MarketT], name: str) -> tuple[MarketT, ...]:
    """The markets of a kind that are shipped with the package in a file of this name."""
    shipped = msgspec.json.decode(files("tradingsys.sim").joinpath(name).read_bytes())
    return tuple(msgspec.convert(market, kind) for market in shipped["markets"])
