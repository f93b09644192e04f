"""The market streams one by one: each turns what happens in the exchange into its own messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tradingsys.core.bars import INTERVALS, Bar
from tradingsys.core.market import BestBidOffer, Depth
from tradingsys.core.market import Trade as PublicTrade
from tradingsys.sim.events import BookChanged, Traded
from tradingsys.sim.faces.binance_usdm.call import State
from tradingsys.sim.faces.binance_usdm.connection import Route
from tradingsys.sim.faces.binance_usdm.market_reads import FUNDING_RATE, next_funding_ms, top
from tradingsys.sim.faces.binance_usdm.render import ms
from tradingsys.sim.tape import Aggregate, Tape
from tradingsys.sim.venue import Venue
from tradingsys.venues.binance import encode_market
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import MarkPriceUpdate, Message

__all__ = ["Feed", "Payload", "make_feed"]

Payload = Message | list[Message]

_MS = 1_000_000
_KLINE_NS = 250 * _MS
_DEPTH_PERIODS = {"": 250 * _MS, "@100ms": 100 * _MS, "@250ms": 250 * _MS, "@500ms": 500 * _MS}
_MARK_PERIODS = {"": 3_000 * _MS, "@1s": 1_000 * _MS}
_KLINE_INTERVALS = frozenset(INTERVALS) - {"1s"}


def _next(period_ns: int, now_ns: int) -> int:
    """The next beat of the clock after now."""
    return (now_ns // period_ns + 1) * period_ns


class Feed:
    """One stream while somebody listens to it."""

    symbol: str = ""
    """Upper case; empty for a stream of all symbols."""
    next_ns: int | None = None
    """When `due` has something to send."""

    def on_book(self, event: BookChanged) -> Iterable[Payload]:  # noqa: ARG002 - most streams do not care
        """The book changed."""
        return ()

    def on_trade(self, trade: Traded) -> Iterable[Payload]:  # noqa: ARG002
        """A trade happened."""
        return ()

    def on_aggregate(self, aggregate: Aggregate, now_ns: int) -> Iterable[Payload]:  # noqa: ARG002
        """An aggregate of trades is complete."""
        return ()

    def due(self, now_ns: int) -> Iterable[Payload]:  # noqa: ARG002
        """`next_ns` has come."""
        return ()


class _TopFeed(Feed):
    """The best levels, whenever they changed since the last beat."""

    def __init__(self, symbol: str, venue: Venue, levels: int, period_ns: int, now_ns: int) -> None:
        self.symbol = symbol
        self._venue, self._levels, self._period_ns = venue, levels, period_ns
        self._sent_id = venue.update_id
        self.next_ns = _next(period_ns, now_ns)

    def on_book(self, event: BookChanged) -> Iterable[Payload]:
        if self.next_ns is None:
            self.next_ns = _next(self._period_ns, event.ts_ns)
        return ()

    def due(self, now_ns: int) -> Iterable[Payload]:
        self.next_ns = None
        previous, self._sent_id = self._sent_id, self._venue.update_id
        first = min(previous + 1, self._sent_id)
        depth = top(self.symbol, self._venue, self._levels, ms(now_ns))
        return (encode_market.depth_update(depth, first_id=first, previous_id=previous),)


class _DiffFeed(Feed):
    """Changed levels since the last beat. Ids jump, but each event names the one before it."""

    def __init__(self, symbol: str, venue: Venue, period_ns: int, now_ns: int) -> None:
        self.symbol = symbol
        self._venue, self._period_ns = venue, period_ns
        self._sent_id = venue.update_id
        self._first_id: int | None = None
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self.next_ns = _next(period_ns, now_ns)

    def on_book(self, event: BookChanged) -> Iterable[Payload]:
        if self._first_id is None:
            self._first_id = event.update_id
        self._bids.update(event.bids)
        self._asks.update(event.asks)
        if self.next_ns is None:
            self.next_ns = _next(self._period_ns, event.ts_ns)
        return ()

    def due(self, now_ns: int) -> Iterable[Payload]:
        self.next_ns = None
        if self._first_id is None:
            return ()
        venue = self._venue
        bids = [(venue.price_text(px), venue.qty_text(self._bids[px])) for px in sorted(self._bids)]
        asks = [(venue.price_text(px), venue.qty_text(self._asks[px])) for px in sorted(self._asks)]
        depth = Depth(self.symbol, ms(now_ns), bids, asks, venue.update_id)
        update = encode_market.depth_update(depth, first_id=self._first_id, previous_id=self._sent_id)
        self._sent_id, self._first_id = venue.update_id, None
        self._bids.clear()
        self._asks.clear()
        return (update,)


class _BookTickerFeed(Feed):
    """Best bid and offer, at once when either changes."""

    def __init__(self, symbol: str, venue: Venue) -> None:
        self.symbol = symbol
        self._venue = venue
        self._sent: tuple[object, object] | None = None

    def on_book(self, event: BookChanged) -> Iterable[Payload]:
        best = (event.best_bid, event.best_ask)
        if best == self._sent or event.best_bid is None or event.best_ask is None:
            return ()
        self._sent = best
        venue = self._venue
        bbo = BestBidOffer(
            self.symbol,
            ms(event.ts_ns),
            venue.price_text(event.best_bid[0]),
            venue.qty_text(event.best_bid[1]),
            venue.price_text(event.best_ask[0]),
            venue.qty_text(event.best_ask[1]),
            event.update_id,
        )
        return (encode_market.book_ticker(bbo),)


class _AggTradeFeed(Feed):
    """Trades of one price within 100 ms, when the aggregate is complete."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol

    def on_aggregate(self, aggregate: Aggregate, now_ns: int) -> Iterable[Payload]:
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


class _KlineFeed(Feed):
    """A bar while it grows, every 250 ms in which it did, and once more when it is complete."""

    def __init__(self, symbol: str, interval: str, tape: Tape, now_ns: int) -> None:
        self.symbol = symbol
        self._interval = interval
        self._builder = tape.builder(interval)
        self._beat_ns: int | None = _next(_KLINE_NS, now_ns)

    @property
    def next_ns(self) -> int | None:  # type: ignore[override]
        """The next beat of a bar that grew, or the end of the bar."""
        current = self._builder.current
        assert current is not None
        end_ns = current.end_ms * _MS
        return end_ns if self._beat_ns is None else min(end_ns, self._beat_ns)

    def on_trade(self, trade: Traded) -> Iterable[Payload]:
        closed = self._builder.add_trade(
            trade.px, trade.qty, ms(trade.ts_ns), trade.trade_id, buyer_is_maker=trade.buyer_is_maker
        )
        if self._beat_ns is None:
            self._beat_ns = _next(_KLINE_NS, trade.ts_ns)
        return [self._message(bar, trade.ts_ns, is_closed=True) for bar in closed]

    def due(self, now_ns: int) -> Iterable[Payload]:
        messages = [self._message(bar, now_ns, is_closed=True) for bar in self._builder.advance(ms(now_ns))]
        current = self._builder.current
        if current is not None and self._beat_ns is not None and now_ns >= self._beat_ns:
            self._beat_ns = None
            messages.append(self._message(current, now_ns, is_closed=False))
        return messages

    def _message(self, bar: Bar, now_ns: int, *, is_closed: bool) -> Message:
        return encode_market.kline(bar.kline(self.symbol, self._interval, ms(now_ns), is_closed=is_closed))


class _MarkPriceFeed(Feed):
    """Mark prices at every beat, of one symbol or of all in one array."""

    def __init__(self, state: State, symbol: str, period_ns: int, now_ns: int) -> None:
        self.symbol = symbol
        self._state, self._period_ns = state, period_ns
        self.next_ns = _next(period_ns, now_ns)

    def due(self, now_ns: int) -> Iterable[Payload]:
        self.next_ns = _next(self._period_ns, now_ns)
        if self.symbol:
            return (self._message(self.symbol, now_ns),)
        return ([self._message(symbol, now_ns) for symbol in self._state.markets],)

    def _message(self, symbol: str, now_ns: int) -> MarkPriceUpdate:
        mark_px = self._state.exchange.venues[symbol].mark.px
        now_ms = ms(now_ns)
        return encode_market.mark_price(
            symbol,
            mark_px,
            index_px=mark_px,
            funding_rate=FUNDING_RATE,
            next_funding_ms=next_funding_ms(now_ms),
            sent_ms=now_ms,
        )


_Maker = Callable[[State, str, re.Match[str], int], Feed | None]


def _top(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    return _TopFeed(symbol, state.exchange.venues[symbol], int(match[1]), _DEPTH_PERIODS[match[2]], now_ns)


def _diff(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    return _DiffFeed(symbol, state.exchange.venues[symbol], _DEPTH_PERIODS[match[1]], now_ns)


def _ticker(state: State, symbol: str, _match: re.Match[str], _now_ns: int) -> Feed | None:
    return _BookTickerFeed(symbol, state.exchange.venues[symbol])


def _agg_trade(_state: State, symbol: str, _match: re.Match[str], _now_ns: int) -> Feed | None:
    return _AggTradeFeed(symbol)


def _kline(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    interval = match[1]
    return _KlineFeed(symbol, interval, state.tapes[symbol], now_ns) if interval in _KLINE_INTERVALS else None


def _mark(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    return _MarkPriceFeed(state, symbol, _MARK_PERIODS[match[1]], now_ns)


_SPEED = "(|@100ms|@250ms|@500ms)"
_KINDS: tuple[tuple[Route, re.Pattern[str], _Maker], ...] = (
    (Route.PUBLIC, re.compile("depth(5|10|20)" + _SPEED), _top),
    (Route.PUBLIC, re.compile("depth" + _SPEED), _diff),
    (Route.PUBLIC, re.compile("bookTicker"), _ticker),
    (Route.MARKET, re.compile("aggTrade"), _agg_trade),
    (Route.MARKET, re.compile("kline_(.*)"), _kline),
    (Route.MARKET, re.compile("markPrice(|@1s)"), _mark),
)
_ALL_MARKS = re.compile("!markPrice@arr(|@1s)")


def make_feed(state: State, route: Route, name: str, now_ns: int) -> Feed | None:
    """The feed behind a stream name on a route; None for what does not exist there, which stays silent."""
    every = _ALL_MARKS.fullmatch(name)
    if every is not None:
        return _mark(state, "", every, now_ns) if route is Route.MARKET else None
    symbol, _, kind = name.partition("@")
    if symbol != symbol.lower() or symbol.upper() not in state.markets:
        return None
    for its_route, pattern, make in _KINDS:
        match = pattern.fullmatch(kind)
        if match is not None and its_route is route:
            return make(state, symbol.upper(), match, now_ns)
    return None
