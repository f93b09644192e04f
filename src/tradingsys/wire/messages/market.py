"""The market: products, bars and streams."""

from __future__ import annotations

from msgspec import Struct

from tradingsys.core.enums import Contingency, OrderType, TimeInForce

__all__ = [
    "DepthPush",
    "KlinePush",
    "KlineView",
    "KlinesParams",
    "MarkPush",
    "ProductView",
    "Range",
    "Stamped",
    "SymbolsParams",
    "TradePush",
]


class SymbolsParams(Struct, frozen=True):
    """``get_products`` and ``get_positions``: no symbols means all."""

    symbols: list[str] = []


class Range(Struct, frozen=True):
    """A filter: step size and bounds."""

    size: str
    min: str
    max: str


class ProductView(Struct, frozen=True, omit_defaults=True):
    """The rules of one symbol."""

    symbol: str
    status: str
    price_filter: Range
    lot_size: Range
    min_notional: str
    order: list[OrderType]
    tif: list[TimeInForce]
    post_only: bool
    onboard: int | None
    delivery: int | None
    base_asset: str = ""
    quote_asset: str = ""
    is_spot: bool = False
    """Whether it trades assets: orders can have the spot market's types and quantities."""
    quote_quantity: bool = False
    """Whether market orders may be for an amount of the quote asset."""
    iceberg: bool = False
    trailing: bool = False
    amend: bool = True
    """Whether a resting order can be changed: on spot to a smaller quantity only."""
    lists: list[Contingency] = []
    margin: bool = False
    """Whether orders may borrow and repay."""


class KlinesParams(Struct, frozen=True, omit_defaults=True):
    """``get_klines``: the newest bars, oldest first."""

    symbol: str
    interval: str
    limit: int
    end_ms: int | None = None
    """Only bars that began before."""


class KlineView(Struct, frozen=True):
    """One bar. Times are Unix ms, ``close_ms`` the last one that belongs to it."""

    start_ms: int
    close_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    amount: str
    buy_volume: str
    buy_amount: str
    trade_count: int
    first_trade_id: int
    last_trade_id: int
    is_closed: bool


class Stamped(Struct, frozen=True, kw_only=True):
    """Market data with a time per stage: the venue's, entering and leaving the gateway (Unix ns)."""

    symbol: str
    stream: str
    """As subscribed, such as ``btcusdt@depth``."""
    ts_venue_ms: int
    ts_gateway_in_ns: int
    ts_gateway_out_ns: int


class DepthPush(Stamped, frozen=True, tag_field="type", tag="depth"):
    """Book levels, best first; ``bbo`` streams carry one level a side."""

    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class KlinePush(Stamped, frozen=True, tag_field="type", tag="kline"):
    """A bar, at every change and once more with ``is_closed``."""

    interval: str
    start_ms: int
    close_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    amount: str
    buy_volume: str
    buy_amount: str
    trade_count: int
    first_trade_id: int
    last_trade_id: int
    is_closed: bool


class TradePush(Stamped, frozen=True, tag_field="type", tag="trade"):
    """A public trade."""

    trade_id: int
    px: str
    qty: str
    buyer_is_maker: bool


class MarkPush(Stamped, frozen=True, tag_field="type", tag="mark"):
    """Mark price and funding."""

    mark_px: str
    index_px: str
    settle_px: str
    funding_rate: str
    next_funding_ms: int
