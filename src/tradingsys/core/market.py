"""Market data as values. Prices and quantities stay the venue's own text until somebody computes with them:
the gateway only passes them on, and a strategy wants floats."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["BestBidOffer", "Depth", "Kline", "Level", "MarkPrice", "Trade"]

Level = tuple[str, str]
"""(price, quantity), the venue's text."""


class Depth(Struct, frozen=True):
    """The best levels of a book, best first."""

    symbol: str
    ts_event_ms: int
    bids: list[Level]
    asks: list[Level]
    update_id: int = 0


class BestBidOffer(Struct, frozen=True):
    """Best bid and offer (FIX: top of book)."""

    symbol: str
    ts_event_ms: int
    bid_px: str
    bid_qty: str
    ask_px: str
    ask_qty: str
    update_id: int = 0


class Trade(Struct, frozen=True):
    """One public (aggregated) trade."""

    symbol: str
    ts_event_ms: int
    trade_id: int
    px: str
    qty: str
    buyer_is_maker: bool


class MarkPrice(Struct, frozen=True):
    """What a position is valued with, and what it will be paid or charged next."""

    symbol: str
    ts_event_ms: int
    mark_px: str
    index_px: str
    settle_px: str
    """Estimated settlement price; means something only shortly before a settlement."""
    funding_rate: str
    """Empty for contracts without funding."""
    next_funding_ms: int


class Kline(Struct, frozen=True):
    """One candlestick; ``open_ms`` inclusive, ``close_ms`` the interval's last millisecond."""

    symbol: str
    interval: str
    ts_event_ms: int
    open_ms: int
    close_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    quote_volume: str
    buy_volume: str
    """Base volume bought by takers."""
    buy_quote_volume: str
    trade_count: int
    first_trade_id: int
    last_trade_id: int
    is_closed: bool
