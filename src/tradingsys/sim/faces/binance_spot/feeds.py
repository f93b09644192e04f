"""Which market streams there are, and the feed behind each name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tradingsys.core.market import Depth
from tradingsys.core.market import Trade as PublicTrade
from tradingsys.sim.events import Traded
from tradingsys.sim.faces.binance.book_feeds import BookTickerFeed, DiffFeed, TopFeed
from tradingsys.sim.faces.binance.connection import Route
from tradingsys.sim.faces.binance.feed import MS, Feed, Payload, next_beat
from tradingsys.sim.faces.binance.figures import in_eight_digits, ms
from tradingsys.sim.faces.binance.ticker_feed import TickerFeed
from tradingsys.sim.faces.binance.trade_feeds import AggTradeFeed, KlineFeed, TradeFeed
from tradingsys.sim.faces.binance_spot.call import State
from tradingsys.sim.faces.binance_spot.market_reads import KLINE_INTERVALS, depth_snapshot, reference_text
from tradingsys.sim.faces.binance_spot.tickers import day_of, mini_ticker, window_ticker
from tradingsys.sim.tape import Aggregate
from tradingsys.venues.binance import encode_market
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import Message, spot

__all__ = ["make_feed"]

_SECOND_NS = 1_000 * MS
_EIGHT_HOURS_MS = 8 * 3_600_000
_DEPTH_PERIODS = {"": _SECOND_NS, "@100ms": 100 * MS, "@1000ms": _SECOND_NS}

_Make = Callable[[State, str, re.Match[str], int], Feed | None]


def _trade(trade: Traded) -> Message:
    px, qty = decimal_text(trade.px), decimal_text(trade.qty)
    told = PublicTrade(trade.symbol, ms(trade.ts_ns), trade.trade_id, px, qty, trade.buyer_is_maker)
    return encode_market.spot_trade(told)


def _aggregate(trade: PublicTrade, aggregate: Aggregate, sent_ms: int) -> Message:
    return encode_market.spot_agg_trade(
        trade, first_trade_id=aggregate.first_trade_id, last_trade_id=aggregate.last_trade_id, sent_ms=sent_ms
    )


def _changes(depth: Depth, _first_id: int, previous_id: int) -> Message:
    """Ids without gaps: each event begins where the one before ended."""
    return encode_market.spot_depth_update(
        depth.symbol,
        first_id=previous_id + 1,
        final_id=depth.update_id,
        bids=depth.bids,
        asks=depth.asks,
        sent_ms=depth.ts_event_ms,
    )


class _ReferenceFeed(Feed):
    """The reference price of a symbol, every second; silent as long as there never was any."""

    def __init__(self, state: State, symbol: str, now_ns: int) -> None:
        self.symbol = symbol
        self._state = state
        self.next_ns = next_beat(_SECOND_NS, now_ns)

    def due(self, now_ns: int) -> Iterable[Payload]:
        """See `Feed`."""
        self.next_ns = next_beat(_SECOND_NS, now_ns)
        known = self._state.exchange.range_of(self.symbol)
        if known is None:
            return ()
        return (spot.ReferencePriceUpdate(symbol=self.symbol, price=reference_text(known), ts_event_ms=ms(now_ns)),)


def _top(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    return TopFeed(
        symbol,
        state.exchange.venues[symbol],
        int(match[1]),
        _DEPTH_PERIODS[match[2]],
        now_ns,
        lambda depth, _first_id, _previous_id: depth_snapshot(depth),
    )


def _diff(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    return DiffFeed(symbol, state.exchange.venues[symbol], _DEPTH_PERIODS[match[1]], now_ns, _changes)


def _kline(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    interval, offset = match[1], match[2]
    if interval not in KLINE_INTERVALS:
        return None
    period_ns = _SECOND_NS if interval == "1s" else 2 * _SECOND_NS
    offset_ms = _EIGHT_HOURS_MS if offset else 0
    return KlineFeed(symbol, interval, state.tapes[symbol], now_ns, period_ns, in_eight_digits, offset_ms)


def _window(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    window = match[1]
    return TickerFeed(
        state.markets,
        symbol,
        lambda its_symbol, now_ms: window_ticker(state, its_symbol, window, now_ms),
        _SECOND_NS,
        now_ns,
    )


def _average(state: State, symbol: str, _match: re.Match[str], now_ns: int) -> Feed | None:
    tape, minutes = state.tapes[symbol], state.markets[symbol].average_minutes

    def told(its_symbol: str, now_ms: int) -> Message:
        return spot.AveragePriceUpdate(
            ts_sent_ms=now_ms,
            symbol=its_symbol,
            interval=f"{minutes}m",
            price=format(state.exchange.average_px(its_symbol, now_ms * MS, minutes), ".8f"),
            last_trade_ms=ms(tape.trades[-1].ts_ns) if tape.trades else now_ms,
        )

    return TickerFeed((), symbol, told, _SECOND_NS, now_ns)


def _mini(state: State, symbol: str, _match: re.Match[str], now_ns: int) -> Feed | None:
    return TickerFeed(
        state.markets, symbol, lambda its_symbol, now_ms: mini_ticker(state, its_symbol, now_ms), _SECOND_NS, now_ns
    )


def _day(state: State, symbol: str, _match: re.Match[str], now_ns: int) -> Feed | None:
    return TickerFeed(
        state.markets, symbol, lambda its_symbol, now_ms: day_of(state, its_symbol, now_ms), _SECOND_NS, now_ns
    )


_OF_SYMBOL: tuple[tuple[re.Pattern[str], _Make], ...] = (
    (re.compile("depth(5|10|20)(|@100ms|@1000ms)"), _top),
    (re.compile("depth(|@100ms|@1000ms)"), _diff),
    (
        re.compile("bookTicker"),
        lambda state, symbol, _match, _now_ns: BookTickerFeed(
            symbol, state.exchange.venues[symbol], encode_market.spot_book_ticker
        ),
    ),
    (re.compile("trade"), lambda _state, symbol, _match, _now_ns: TradeFeed(symbol, _trade)),
    (re.compile("aggTrade"), lambda _state, symbol, _match, _now_ns: AggTradeFeed(symbol, _aggregate)),
    (re.compile("kline_([^@]*)(@[+]08:00)?"), _kline),
    (re.compile("miniTicker"), _mini),
    (re.compile("ticker"), _day),
    (re.compile("ticker_(1h|4h|1d)"), _window),
    (re.compile("avgPrice"), _average),
    (re.compile("referencePrice"), lambda state, symbol, _match, now_ns: _ReferenceFeed(state, symbol, now_ns)),
)
_OF_ALL: tuple[tuple[re.Pattern[str], _Make], ...] = (
    (re.compile("!miniTicker@arr"), _mini),
    (re.compile("!ticker_(1h|4h|1d)@arr"), _window),
)


def make_feed(state: State, route: Route, name: str, now_ns: int) -> Feed | None:
    """The feed behind a stream name; None for what does not exist, which stays silent.

    Silent are also `!ticker@arr` and `!bookTicker`, which the venue took off, and block trades: there are none.
    """
    if route is not Route.STREAM:
        return None
    of, at, kind = name.partition("@")
    if name.startswith("!"):
        return _made(_OF_ALL, state, "", name, now_ns)
    if not at or of != of.lower() or of.upper() not in state.markets:
        return None
    return _made(_OF_SYMBOL, state, of.upper(), kind, now_ns)


def _made(
    kinds: tuple[tuple[re.Pattern[str], _Make], ...], state: State, symbol: str, kind: str, now_ns: int
) -> Feed | None:
    for pattern, make in kinds:
        match = pattern.fullmatch(kind)
        if match is not None:
            return make(state, symbol, match, now_ns)
    return None
