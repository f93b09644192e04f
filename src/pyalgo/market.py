"""Market data as strategies see it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec import structs

from pyalgo.link import MarketPush
from pyalgo.phase import to_datetime
from pyalgo.words import Side
from tradingsys.wire.messages import DepthPush, KlinePush, KlineView, MarkPush, TradePush

__all__ = ["Depth", "Kline", "MarkPrice", "MarketData", "Trade", "market_data"]

_NS_PER_MS = 1_000_000


class _MarketData:
    """What all market data have in common."""

    __slots__ = ("stream", "symbol", "time", "ts_gateway_in_ns", "ts_gateway_out_ns")

    def __init__(self, push: MarketPush, time_ms: int) -> None:
        self.symbol = push.symbol
        self.stream = push.stream
        """As subscribed, such as ``btcusdt@depth``."""
        self.time = time_ms
        """Unix ms."""
        self.ts_gateway_in_ns = push.ts_gateway_in_ns
        """When the gateway received it, Unix ns; 0 in history."""
        self.ts_gateway_out_ns = push.ts_gateway_out_ns
        """When the gateway sent it on, Unix ns; 0 in history."""

    @property
    def datetime(self) -> dt.datetime:
        """`time` in UTC+8."""
        return to_datetime(self.time)


class Depth(_MarketData):
    """The best levels of a book; level 0 is the best. ``time`` is the exchange's."""

    __slots__ = ("_asks", "_bids")

    def __init__(self, push: DepthPush) -> None:
        super().__init__(push, push.ts_venue_ms or push.ts_gateway_in_ns // _NS_PER_MS)
        self._bids, self._asks = push.bids, push.asks

    @property
    def bid_level(self) -> int:
        """How many bid levels there are."""
        return len(self._bids)

    @property
    def ask_level(self) -> int:
        """How many ask levels there are."""
        return len(self._asks)

    def bid_prc(self, level: int = 0) -> float:
        """The bid price of a level, 0.0 when there is none."""
        return _at(self._bids, level, 0)

    def bid_vol(self, level: int = 0) -> float:
        """The bid quantity of a level, 0.0 when there is none."""
        return _at(self._bids, level, 1)

    def ask_prc(self, level: int = 0) -> float:
        """The ask price of a level, 0.0 when there is none."""
        return _at(self._asks, level, 0)

    def ask_vol(self, level: int = 0) -> float:
        """The ask quantity of a level, 0.0 when there is none."""
        return _at(self._asks, level, 1)

    def __repr__(self) -> str:
        bid = " @ ".join(reversed(self._bids[0])) if self._bids else "-"
        ask = " @ ".join(reversed(self._asks[0])) if self._asks else "-"
        return f"Depth({self.datetime:%H:%M:%S.%f} {self.stream} bid {bid} | ask {ask}, {len(self._bids)} levels)"


class Kline(_MarketData):
    """One bar, as it is so far; the last update of a bar has ``is_closed``. ``time`` is the bar's last ms."""

    __slots__ = (
        "amount",
        "buy_amount",
        "buy_volume",
        "close",
        "first_trade_id",
        "high",
        "interval",
        "is_closed",
        "last_trade_id",
        "low",
        "open",
        "start_time",
        "trade_count",
        "volume",
    )

    def __init__(self, push: KlinePush) -> None:
        super().__init__(push, push.close_ms)
        self.interval = push.interval
        self.start_time = push.start_ms
        """Unix ms."""
        self.open, self.high = float(push.open), float(push.high)
        self.low, self.close = float(push.low), float(push.close)
        self.volume = float(push.volume)
        """In the base asset."""
        self.amount = float(push.amount)
        """In the quote asset."""
        self.buy_volume, self.buy_amount = float(push.buy_volume), float(push.buy_amount)
        """Of the two, what takers bought."""
        self.trade_count = push.trade_count
        self.first_trade_id, self.last_trade_id = push.first_trade_id, push.last_trade_id
        self.is_closed = push.is_closed

    @classmethod
    def from_history(cls, symbol: str, stream: str, interval: str, view: KlineView) -> Kline:
        """A bar that was asked for, not pushed."""
        bar: dict[str, Any] = structs.asdict(view)
        push = KlinePush(
            symbol=symbol,
            stream=stream,
            interval=interval,
            ts_venue_ms=view.close_ms,
            ts_gateway_in_ns=0,
            ts_gateway_out_ns=0,
            **bar,
        )
        return cls(push)

    @property
    def start_datetime(self) -> dt.datetime:
        """`start_time` in UTC+8."""
        return to_datetime(self.start_time)

    def __repr__(self) -> str:
        return (
            f"Kline({self.start_datetime:%Y-%m-%d %H:%M:%S} {self.stream} o {self.open} h {self.high} l {self.low} "
            f"c {self.close} volume {self.volume}{'' if self.is_closed else ', unfinished'})"
        )


class Trade(_MarketData):
    """A public trade: what one taker's order executed at one price."""

    __slots__ = ("buyer_is_maker", "id", "price", "quantity")

    def __init__(self, push: TradePush) -> None:
        super().__init__(push, push.ts_venue_ms)
        self.id = push.trade_id
        """The exchange's, growing by symbol."""
        self.price = float(push.px)
        self.quantity = float(push.qty)
        """In the base asset."""
        self.buyer_is_maker = push.buyer_is_maker

    @property
    def side(self) -> Side:
        """The taker's."""
        return Side.SELL if self.buyer_is_maker else Side.BUY

    def __repr__(self) -> str:
        return f"Trade({self.datetime:%H:%M:%S.%f} {self.stream} {self.side} {self.quantity} @ {self.price})"


class MarkPrice(_MarketData):
    """What positions are valued with, and the funding to come."""

    __slots__ = ("estimated_settle_price", "funding_rate", "index_price", "mark_price", "next_funding_time")

    def __init__(self, push: MarkPush) -> None:
        super().__init__(push, push.ts_venue_ms)
        self.mark_price = float(push.mark_px)
        self.index_price = float(push.index_px or 0)
        self.estimated_settle_price = float(push.settle_px or 0)
        """Means something only shortly before a settlement."""
        self.funding_rate = float(push.funding_rate) if push.funding_rate else None
        """For the next funding, as a fraction; None for a contract without funding."""
        self.next_funding_time = push.next_funding_ms
        """Unix ms."""

    @property
    def next_funding_dt(self) -> dt.datetime:
        """`next_funding_time` in UTC+8."""
        return to_datetime(self.next_funding_time)

    def __repr__(self) -> str:
        rate = "none" if self.funding_rate is None else f"{self.funding_rate:.6%}"
        return (
            f"MarkPrice({self.datetime:%H:%M:%S.%f} {self.stream} {self.mark_price}, index {self.index_price}, "
            f"funding {rate} at {self.next_funding_dt:%H:%M})"
        )


MarketData = Depth | Kline | Trade | MarkPrice


def market_data(push: MarketPush) -> MarketData:
    """What a strategy gets of a push."""
    match push:
        case DepthPush():
            return Depth(push)
        case KlinePush():
            return Kline(push)
        case TradePush():
            return Trade(push)
        case MarkPush():
            return MarkPrice(push)


def _at(levels: list[tuple[str, str]], level: int, column: int) -> float:
    return float(levels[level][column]) if 0 <= level < len(levels) else 0.0
