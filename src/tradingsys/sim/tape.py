"""What the exchange publishes about trades: the trades themselves, aggregates of them, and minute bars. Bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.bars import Bar, BarBuilder, interval_start_ms
from tradingsys.sim.events import Traded

__all__ = ["Aggregate", "Tape"]

_NS_PER_MS = 1_000_000
_AGGREGATE_NS = 100 * _NS_PER_MS
_KEPT_TRADES = 2_000
_KEPT_MINUTES = 7 * 24 * 60
_BASE = "1m"


class Aggregate(Struct, frozen=True):
    """Trades at one price and with one taker side, within 100 ms of the first."""

    agg_id: int
    px: Decimal
    qty: Decimal
    first_trade_id: int
    last_trade_id: int
    buyer_is_maker: bool
    ts_ns: int
    """Of the first trade."""


class Tape:
    """The public record of one symbol."""

    def __init__(self, symbol: str, reference_px: Decimal, now_ns: int) -> None:
        self.symbol = symbol
        self.trades: deque[Traded] = deque(maxlen=_KEPT_TRADES)
        self.aggregates: deque[Aggregate] = deque(maxlen=_KEPT_TRADES)
        self._pending: Aggregate | None = None
        self._next_agg_id = 1
        self._minutes: deque[Bar] = deque(maxlen=_KEPT_MINUTES)
        self._builder = BarBuilder(_BASE)
        start_ms = now_ns // _NS_PER_MS
        # Bars begin with the market, not with its first trade, so that a silent market has them too.
        self._builder.add_bar(Bar(start_ms, start_ms, reference_px, reference_px, reference_px, reference_px))

    @property
    def pending_until_ns(self) -> int | None:
        """When the aggregate under construction is complete at the latest."""
        return None if self._pending is None else self._pending.ts_ns + _AGGREGATE_NS

    def add(self, trade: Traded) -> list[Aggregate]:
        """Take one trade; returns the aggregate that it completed."""
        self.trades.append(trade)
        self._minutes += self._builder.add_trade(
            trade.px, trade.qty, trade.ts_ns // _NS_PER_MS, trade.trade_id, buyer_is_maker=trade.buyer_is_maker
        )
        done = self.advance(trade.ts_ns)
        pending = self._pending
        if pending is not None and (pending.px, pending.buyer_is_maker) != (trade.px, trade.buyer_is_maker):
            done += self._complete()
            pending = None
        if pending is None:
            pending = Aggregate(
                self._next_agg_id, trade.px, Decimal(0), trade.trade_id, trade.trade_id, trade.buyer_is_maker,
                trade.ts_ns,
            )  # fmt: skip
            self._next_agg_id += 1
        self._pending = Aggregate(
            pending.agg_id, pending.px, pending.qty + trade.qty, pending.first_trade_id, trade.trade_id,
            pending.buyer_is_maker, pending.ts_ns,
        )  # fmt: skip
        return done

    def advance(self, now_ns: int) -> list[Aggregate]:
        """Let time pass; returns the aggregate that this completed."""
        self._minutes += self._builder.advance(now_ns // _NS_PER_MS)
        until_ns = self.pending_until_ns
        return self._complete() if until_ns is not None and now_ns >= until_ns else []

    def _complete(self) -> list[Aggregate]:
        assert self._pending is not None
        done, self._pending = self._pending, None
        self.aggregates.append(done)
        return [done]

    def builder(self, interval: str) -> BarBuilder:
        """A builder that stands where this interval's bar stands now; feed it the trades that follow.

        Raises ValueError for an unknown interval.
        """
        builder = BarBuilder(interval)
        current = self._builder.current
        assert current is not None
        start_ms = interval_start_ms(interval, current.start_ms)
        for bar in self._minute_bars():
            if bar.start_ms >= start_ms:
                builder.add_bar(bar)
        return builder

    def bars(self, interval: str, start_ms: int = 0) -> list[Bar]:
        """Bars of an interval from a time on, oldest first, the unfinished one last.

        Raises ValueError for an unknown interval.
        """
        builder = BarBuilder(interval)
        start_ms = interval_start_ms(interval, start_ms)
        bars: list[Bar] = []
        for bar in self._minute_bars():
            if bar.start_ms >= start_ms:
                bars += builder.add_bar(bar)
        return bars if builder.current is None else [*bars, builder.current]

    def _minute_bars(self) -> Iterator[Bar]:
        yield from self._minutes
        if self._builder.current is not None:
            yield self._builder.current
