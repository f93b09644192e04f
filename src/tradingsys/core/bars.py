"""Candlesticks: interval arithmetic, and building bars from trades or from shorter bars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.market import Kline

__all__ = ["INTERVALS", "Bar", "BarBuilder", "interval_end_ms", "interval_start_ms"]

_SECOND_MS = 1_000
_MINUTE_MS = 60 * _SECOND_MS
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS
_WEEK_MS = 7 * _DAY_MS
_FIRST_MONDAY_MS = 4 * _DAY_MS  # 1970-01-05
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_FIXED_MS = {
    "1s": _SECOND_MS,
    "1m": _MINUTE_MS,
    "3m": 3 * _MINUTE_MS,
    "5m": 5 * _MINUTE_MS,
    "15m": 15 * _MINUTE_MS,
    "30m": 30 * _MINUTE_MS,
    "1h": _HOUR_MS,
    "2h": 2 * _HOUR_MS,
    "4h": 4 * _HOUR_MS,
    "6h": 6 * _HOUR_MS,
    "8h": 8 * _HOUR_MS,
    "12h": 12 * _HOUR_MS,
    "1d": _DAY_MS,
    "3d": 3 * _DAY_MS,
    "1w": _WEEK_MS,
}

INTERVALS = (*_FIXED_MS, "1M")
"""Every interval, shortest first. Weeks begin on Monday, months on their first day, all in UTC."""

_ZERO = Decimal(0)


def interval_start_ms(interval: str, ts_ms: int) -> int:
    """The start of the interval that contains a moment (ms since the Unix epoch).

    Raises ValueError for an unknown interval.
    """
    if interval == "1M":
        moment = _EPOCH + timedelta(milliseconds=ts_ms)
        return _month_start_ms(moment.year, moment.month)
    length = _length_ms(interval)
    offset = _FIRST_MONDAY_MS if interval == "1w" else 0
    return ts_ms - (ts_ms - offset) % length


def interval_end_ms(interval: str, ts_ms: int) -> int:
    """The start of the next interval after the one that contains a moment; a bar's close time is 1 ms earlier.

    Raises ValueError for an unknown interval.
    """
    if interval == "1M":
        moment = _EPOCH + timedelta(milliseconds=ts_ms)
        year, month = divmod(moment.year * 12 + moment.month, 12)
        return _month_start_ms(year, month + 1)
    return interval_start_ms(interval, ts_ms) + _length_ms(interval)


def _length_ms(interval: str) -> int:
    length = _FIXED_MS.get(interval)
    if length is None:
        raise ValueError(f"unknown interval {interval!r}, not one of {', '.join(INTERVALS)}")
    return length


def _month_start_ms(year: int, month: int) -> int:
    start = datetime(year, month, 1, tzinfo=UTC) - _EPOCH
    return start.days * _DAY_MS


class Bar(Struct, frozen=True):
    """One interval's trades. Without any (``trade_count`` 0) all prices are the last one before it."""

    start_ms: int
    end_ms: int
    """Start of the next interval."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = _ZERO
    quote_volume: Decimal = _ZERO
    buy_volume: Decimal = _ZERO
    buy_quote_volume: Decimal = _ZERO
    trade_count: int = 0
    first_trade_id: int = -1
    last_trade_id: int = -1

    def join(self, later: Bar) -> Bar:
        """This bar and a later one as one bar that begins and ends with this one's interval."""
        if not later.trade_count:
            return self
        if not self.trade_count:
            return Bar(
                self.start_ms, self.end_ms, later.open, later.high, later.low, later.close, later.volume,
                later.quote_volume, later.buy_volume, later.buy_quote_volume, later.trade_count,
                later.first_trade_id, later.last_trade_id,
            )  # fmt: skip
        return Bar(
            self.start_ms,
            self.end_ms,
            self.open,
            max(self.high, later.high),
            min(self.low, later.low),
            later.close,
            self.volume + later.volume,
            self.quote_volume + later.quote_volume,
            self.buy_volume + later.buy_volume,
            self.buy_quote_volume + later.buy_quote_volume,
            self.trade_count + later.trade_count,
            self.first_trade_id,
            later.last_trade_id,
        )

    def kline(self, symbol: str, interval: str, ts_event_ms: int, *, is_closed: bool) -> Kline:
        """The bar as market data."""
        return Kline(
            symbol=symbol,
            interval=interval,
            ts_event_ms=ts_event_ms,
            open_ms=self.start_ms,
            close_ms=self.end_ms - 1,
            open=format(self.open, "f"),
            high=format(self.high, "f"),
            low=format(self.low, "f"),
            close=format(self.close, "f"),
            volume=format(self.volume, "f"),
            quote_volume=format(self.quote_volume, "f"),
            buy_volume=format(self.buy_volume, "f"),
            buy_quote_volume=format(self.buy_quote_volume, "f"),
            trade_count=self.trade_count,
            first_trade_id=self.first_trade_id,
            last_trade_id=self.last_trade_id,
            is_closed=is_closed,
        )


class BarBuilder:
    """Bars of one interval from trades, or from bars of a shorter interval that divides it.

    Feed it in the order of time. `add_trade`, `add_bar` and `advance` return the bars that they completed; intervals
    without a trade give bars without a trade, so that bars are seamless from the first trade on.
    """

    __slots__ = ("current", "interval")

    def __init__(self, interval: str) -> None:
        interval_start_ms(interval, 0)  # raises for an unknown interval
        self.interval = interval
        self.current: Bar | None = None
        """The bar under construction; None before the first trade."""

    def add_trade(self, px: Decimal, qty: Decimal, ts_ms: int, trade_id: int, *, buyer_is_maker: bool) -> list[Bar]:
        """Take one trade."""
        quote = px * qty
        bought, bought_quote = (_ZERO, _ZERO) if buyer_is_maker else (qty, quote)
        bar = Bar(ts_ms, ts_ms, px, px, px, px, qty, quote, bought, bought_quote, 1, trade_id, trade_id)
        return self.add_bar(bar)

    def add_bar(self, bar: Bar) -> list[Bar]:
        """Take one shorter bar that lies within one interval of this builder."""
        closed = self.advance(bar.start_ms)
        if self.current is None:
            self.current = self._empty(bar.start_ms, bar.open)
        self.current = self.current.join(bar)
        return closed

    def advance(self, now_ms: int) -> list[Bar]:
        """Let time pass: bars whose interval is over by ``now_ms`` are complete."""
        closed: list[Bar] = []
        while self.current is not None and now_ms >= self.current.end_ms:
            closed.append(self.current)
            start_ms, px = self.current.end_ms, self.current.close
            self.current = Bar(start_ms, interval_end_ms(self.interval, start_ms), px, px, px, px)
        return closed

    def _empty(self, ts_ms: int, px: Decimal) -> Bar:
        return Bar(interval_start_ms(self.interval, ts_ms), interval_end_ms(self.interval, ts_ms), px, px, px, px)
