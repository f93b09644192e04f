"""Streams of trades, and of bars made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tradingsys.core.bars import Bar, BarBuilder
from tradingsys.core.market import Kline
from tradingsys.core.market import Trade as PublicTrade
from tradingsys.sim.events import Traded
from tradingsys.sim.faces.binance.feed import MS, Feed, Payload, next_beat
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.tape import Aggregate, Tape, trade_bar
from tradingsys.sim.zoned_bars import ZonedBars, ZonedBuilder
from tradingsys.venues.binance import encode_market
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import Message

__all__ = ["AggTradeFeed", "KlineFeed", "TradeFeed", "second_bars"]


def second_bars(tape: Tape, now_ms: int) -> BarBuilder:
    """A builder of bars of a second that stands now: archives keep nothing shorter than a minute."""
    builder, px = BarBuilder("1s"), tape.bars.minute.close
    builder.add_bar(Bar(now_ms, now_ms, px, px, px, px))
    for trade in tape.trades:
        if trade.ts_ns // (1_000 * MS) == now_ms // 1_000:
            builder.add_bar(trade_bar(trade))
    return builder


class TradeFeed(Feed):
    """Every trade at once."""

    def __init__(self, symbol: str, write: Callable[[Traded], Message]) -> None:
        self.symbol = symbol
        self._write = write

    def on_trade(self, trade: Traded) -> Iterable[Payload]:
        """See `Feed`."""
        return (self._write(trade),)


class AggTradeFeed(Feed):
    """Trades of one price, when the aggregate is complete."""

    def __init__(self, symbol: str, write: Callable[[PublicTrade, Aggregate, int], Message]) -> None:
        self.symbol = symbol
        self._write = write

    def on_aggregate(self, aggregate: Aggregate, now_ns: int) -> Iterable[Payload]:
        """See `Feed`."""
        trade = PublicTrade(
            self.symbol,
            ms(aggregate.ts_ns),
            aggregate.agg_id,
            decimal_text(aggregate.px),
            decimal_text(aggregate.qty),
            aggregate.buyer_is_maker,
        )
        return (self._write(trade, aggregate, ms(now_ns)),)


class KlineFeed(Feed):
    """A bar while it grows, at every beat in which it did, and once more when it is complete."""

    def __init__(
        self,
        symbol: str,
        interval: str,
        tape: Tape,
        now_ns: int,
        period_ns: int,
        shown: Callable[[Bar], Bar] = lambda bar: bar,
        offset_ms: int = 0,
    ) -> None:
        """``shown`` is the bar with as many digits as the venue has. Clocks by which bars begin are ahead of UTC by
        ``offset_ms``."""
        self._shown = shown
        self.symbol = symbol
        self._interval, self._period_ns = interval, period_ns
        tape.bars.advance(ms(now_ns))
        self._builder: BarBuilder | ZonedBuilder
        if interval == "1s":
            self._builder = second_bars(tape, ms(now_ns))
        elif offset_ms:
            self._builder = ZonedBars(tape.bars, offset_ms).builder(interval)
        else:
            self._builder = tape.bars.builder(interval)
        self._beat_ns: int | None = next_beat(self._period_ns, now_ns)

    @property
    def next_ns(self) -> int | None:  # type: ignore[override]
        """The next beat of a bar that grew, or the end of the bar."""
        current = self._builder.current
        assert current is not None
        end_ns = current.end_ms * MS
        return end_ns if self._beat_ns is None else min(end_ns, self._beat_ns)

    def on_trade(self, trade: Traded) -> Iterable[Payload]:
        """See `Feed`."""
        closed = self._builder.add_bar(trade_bar(trade))
        if self._beat_ns is None:
            self._beat_ns = next_beat(self._period_ns, trade.ts_ns)
        return [self._message(bar, trade.ts_ns, is_closed=True) for bar in closed]

    def due(self, now_ns: int) -> Iterable[Payload]:
        """See `Feed`."""
        messages = [self._message(bar, now_ns, is_closed=True) for bar in self._builder.advance(ms(now_ns))]
        current = self._builder.current
        if current is not None and self._beat_ns is not None and now_ns >= self._beat_ns:
            self._beat_ns = None
            messages.append(self._message(current, now_ns, is_closed=False))
        return messages

    def _message(self, bar: Bar, now_ns: int, *, is_closed: bool) -> Message:
        return self._write(self._shown(bar).kline(self.symbol, self._interval, ms(now_ns), is_closed=is_closed))

    def _write(self, kline: Kline) -> Message:
        return encode_market.kline(kline)
