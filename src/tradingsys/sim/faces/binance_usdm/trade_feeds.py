"""Streams of trades, and of bars made from them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, structs

from tradingsys.core.bars import Bar
from tradingsys.core.market import Trade as PublicTrade
from tradingsys.sim.events import Traded
from tradingsys.sim.faces.binance_usdm.exchange_info import CONTRACT_TYPE
from tradingsys.sim.faces.binance_usdm.feed import MS, USDM, Feed, Payload, next_beat
from tradingsys.sim.faces.binance_usdm.render import ms
from tradingsys.sim.tape import Aggregate, Tape, trade_bar
from tradingsys.venues.binance import encode_market
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import ContinuousKline, Message, TradeTick

__all__ = ["AggTradeFeed", "ContinuousKlineFeed", "KlineFeed", "TradeFeed"]

_KLINE_NS = 250 * MS


class TradeFeed(Feed):
    """Every trade at once. The venue does not document this stream any more, and sends it."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol

    def on_trade(self, trade: Traded) -> Iterable[Payload]:
        """See `Feed`."""
        return (
            TradeTick(
                ts_sent_ms=ms(trade.ts_ns),
                ts_event_ms=ms(trade.ts_ns),
                symbol=self.symbol,
                trade_id=trade.trade_id,
                px=decimal_text(trade.px),
                qty=decimal_text(trade.qty),
                trade_kind="MARKET",
                buyer_is_maker=trade.buyer_is_maker,
                symbol_type=USDM,
            ),
        )


class AggTradeFeed(Feed):
    """Trades of one price within 100 ms, when the aggregate is complete."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol

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
        message = encode_market.agg_trade(
            trade,
            first_trade_id=aggregate.first_trade_id,
            last_trade_id=aggregate.last_trade_id,
            sent_ms=ms(now_ns),
        )
        return (message,)


class KlineFeed(Feed):
    """A bar while it grows, every 250 ms in which it did, and once more when it is complete."""

    def __init__(self, symbol: str, interval: str, tape: Tape, now_ns: int) -> None:
        self.symbol = symbol
        self._interval = interval
        tape.bars.advance(ms(now_ns))
        self._builder = tape.bars.builder(interval)
        self._beat_ns: int | None = next_beat(_KLINE_NS, now_ns)

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
            self._beat_ns = next_beat(_KLINE_NS, trade.ts_ns)
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
        return encode_market.kline(bar.kline(self.symbol, self._interval, ms(now_ns), is_closed=is_closed))


class ContinuousKlineFeed(KlineFeed):
    """The bars of whatever contract is a pair's current one of its kind: here, of the perpetual one."""

    def _message(self, bar: Bar, now_ns: int, *, is_closed: bool) -> Message:
        kline = encode_market.kline(bar.kline(self.symbol, self._interval, ms(now_ns), is_closed=is_closed))
        unnamed = structs.replace(kline.bar, symbol=UNSET)
        return ContinuousKline(ts_sent_ms=kline.ts_sent_ms, pair=self.symbol, contract_type=CONTRACT_TYPE, bar=unnamed)
