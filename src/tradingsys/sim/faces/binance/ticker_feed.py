"""Streams of what happened in a stretch of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tradingsys.sim.events import Traded
from tradingsys.sim.faces.binance.feed import Feed, Payload, next_beat
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.venues.binance.messages import Message, MiniTicker, Ticker

__all__ = ["TickerFeed", "in_short"]


def in_short(day: Ticker) -> MiniTicker:
    """A day with fewer numbers."""
    return MiniTicker(
        ts_sent_ms=day.ts_sent_ms,
        symbol=day.symbol,
        last_px=day.last_px,
        open_px=day.open_px,
        high_px=day.high_px,
        low_px=day.low_px,
        volume=day.volume,
        quote_volume=day.quote_volume,
        pair=day.pair,
        symbol_type=day.symbol_type,
    )


class TickerFeed(Feed):
    """At every beat one symbol's message, or in one array those of all symbols that traded since the last."""

    def __init__(
        self,
        symbols: Iterable[str],
        symbol: str,
        make: Callable[[str, int], Message],
        period_ns: int,
        now_ns: int,
    ) -> None:
        """``make`` gives a symbol's message at a time in ms."""
        self.symbol = symbol
        self._make = make
        self._period_ns = period_ns
        self._traded = dict.fromkeys(symbols)
        self.next_ns = next_beat(period_ns, now_ns)

    def on_trade(self, trade: Traded) -> Iterable[Payload]:
        """See `Feed`."""
        self._traded[trade.symbol] = None
        return ()

    def due(self, now_ns: int) -> Iterable[Payload]:
        """See `Feed`."""
        self.next_ns = next_beat(self._period_ns, now_ns)
        if self.symbol:
            return (self._make(self.symbol, ms(now_ns)),)
        traded, self._traded = self._traded, {}
        return ([self._make(symbol, ms(now_ns)) for symbol in traded],) if traded else ()
