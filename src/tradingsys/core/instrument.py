"""What may be traded and in which steps."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from msgspec import Struct

from tradingsys.core.enums import Contingency, ContractKind, OrderType, TimeInForce

__all__ = ["Instrument", "SpotRules", "plain", "snap"]

_SNAP_TOLERANCE = Decimal("1e-9")


class SpotRules(Struct, frozen=True):
    """What a symbol that trades assets allows beside. A bound of None is absent."""

    quote_order_qty: bool = False
    """Market orders for an amount of the quote asset."""
    iceberg: bool = False
    trailing: bool = False
    amend: bool = False
    """Orders can be made smaller and keep their place."""
    lists: tuple[Contingency, ...] = ()
    margin: bool = False
    """It can be traded with borrowed assets."""
    max_notional: Decimal | None = None
    min_notional_of_market: bool = True
    """Whether the least value is asked of market orders too."""
    max_notional_of_market: bool = True
    max_position: Decimal | None = None
    """Of the base asset, open buys included."""
    max_iceberg_parts: int | None = None
    max_iceberg_orders: int | None = None
    max_conditional_orders: int | None = None
    max_order_lists: int | None = None
    max_amends: int | None = None
    trailing_above_bps: tuple[int, int] | None = None
    """Least and most basis points of stops that buy and take-profits that sell."""
    trailing_below_bps: tuple[int, int] | None = None
    """The same of stops that sell and take-profits that buy."""
    bid_band: tuple[Decimal, Decimal] | None = None
    """Least and most that a buy's price may be, times the reference price."""
    ask_band: tuple[Decimal, Decimal] | None = None


class Instrument(Struct, frozen=True):
    """One symbol of a venue. Prices in quote units, quantities in base units; a bound of None is absent."""

    symbol: str
    """Upper case, as the venue writes it."""
    kind: ContractKind
    base_asset: str
    quote_asset: str
    margin_asset: str
    status: str
    """The venue's word; orders are accepted only when `is_trading`."""
    is_trading: bool
    tick_size: Decimal
    min_price: Decimal | None
    max_price: Decimal | None
    lot_size: Decimal
    min_qty: Decimal
    max_qty: Decimal
    market_lot_size: Decimal
    market_min_qty: Decimal
    market_max_qty: Decimal
    min_notional: Decimal
    price_precision: int
    qty_precision: int
    order_types: tuple[OrderType, ...]
    times_in_force: tuple[TimeInForce, ...]
    post_only: bool
    onboard_ms: int | None = None
    delivery_ms: int | None = None
    max_open_orders: int | None = None
    price_band_up: Decimal | None = None
    """A buy may not be priced above the reference price times this."""
    price_band_down: Decimal | None = None
    """A sell may not be priced below the reference price times this."""
    spot: SpotRules | None = None
    """None for contracts."""

    def floor_qty(self, qty: Decimal) -> Decimal:
        """The largest multiple of the lot that is not above ``qty``."""
        return (qty / self.lot_size).quantize(Decimal(1), ROUND_FLOOR) * self.lot_size


def snap(value: float, step: Decimal) -> Decimal:
    """A user's float as Decimal: exactly the digits Python prints, moved to the nearest step when within 1e-9 of it.

    ``snap(0.3 - 0.1, Decimal("0.1"))`` is ``0.2``, so that a floor afterwards does not lose a whole step.

    Raises ValueError for NaN and infinities.
    """
    exact = Decimal(repr(float(value)))
    if not exact.is_finite():
        raise ValueError(f"not a number that can be traded: {value!r}")
    nearest = (exact / step).quantize(Decimal(1), ROUND_HALF_EVEN) * step
    return nearest if abs(nearest - exact) <= _SNAP_TOLERANCE else exact


def plain(value: Decimal) -> str:
    """Decimal text without exponent and without superfluous zeros: ``1E-8`` → ``0.00000001``, ``1.50`` → ``1.5``."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
