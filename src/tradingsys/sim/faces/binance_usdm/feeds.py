"""Which market streams there are, on which route, and the feed behind each name."""

from __future__ import annotations

import re
from collections.abc import Callable

from tradingsys.sim.faces.binance.book_feeds import BookTickerFeed, DiffFeed, TopFeed
from tradingsys.sim.faces.binance.connection import Route
from tradingsys.sim.faces.binance.feed import MS, Feed
from tradingsys.sim.faces.binance.ticker_feed import TickerFeed
from tradingsys.sim.faces.binance.trade_feeds import AggTradeFeed, KlineFeed, TradeFeed
from tradingsys.sim.faces.binance_usdm.book_feeds import AllBookTickersFeed, depth_update
from tradingsys.sim.faces.binance_usdm.call import State
from tradingsys.sim.faces.binance_usdm.kline_reads import KLINE_INTERVALS
from tradingsys.sim.faces.binance_usdm.price_feeds import (
    ContractFeed,
    ForceOrderFeed,
    MarkPriceFeed,
    mini_ticker,
)
from tradingsys.sim.faces.binance_usdm.price_reads import day_of
from tradingsys.sim.faces.binance_usdm.trade_feeds import KLINE_NS, ContinuousKlineFeed, agg_trade, trade_tick
from tradingsys.venues.binance import encode_market
from tradingsys.venues.binance.messages import Message

__all__ = ["make_feed"]

_DEPTH_PERIODS = {"": 250 * MS, "@0ms": 0, "@100ms": 100 * MS, "@250ms": 250 * MS, "@500ms": 500 * MS}
_ONE_TICKER_NS = 2_000 * MS
_ALL_TICKERS_NS = 1_000 * MS
_MARK_PERIODS = {"": 3_000 * MS, "@1s": 1_000 * MS}

_Make = Callable[[State, str, re.Match[str], int], Feed | None]


def _top(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    return TopFeed(symbol, state.exchange.venues[symbol], int(match[1]), _DEPTH_PERIODS[match[2]], now_ns, depth_update)


def _diff(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    return DiffFeed(symbol, state.exchange.venues[symbol], _DEPTH_PERIODS[match[1]], now_ns, depth_update)


def _kline(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    interval = match[1]
    return KlineFeed(symbol, interval, state.tapes[symbol], now_ns, KLINE_NS) if interval in KLINE_INTERVALS else None


def _continuous(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    interval = match[1]
    if interval not in KLINE_INTERVALS:
        return None
    return ContinuousKlineFeed(symbol, interval, state.tapes[symbol], now_ns, KLINE_NS)


def _mark(state: State, symbol: str, match: re.Match[str], now_ns: int) -> Feed | None:
    return MarkPriceFeed(state, symbol, _MARK_PERIODS[match[1]], now_ns)


def _ticker(state: State, symbol: str, make: Callable[[State, str, int], Message], now_ns: int) -> Feed:
    period_ns = _ONE_TICKER_NS if symbol else _ALL_TICKERS_NS
    return TickerFeed(
        state.markets, symbol, lambda its_symbol, now_ms: make(state, its_symbol, now_ms), period_ns, now_ns
    )


_SPEED = "(|@100ms|@250ms|@500ms)"
_OF_SYMBOL: tuple[tuple[Route, re.Pattern[str], _Make], ...] = (
    (Route.PUBLIC, re.compile("depth(5|10|20)" + _SPEED), _top),
    (Route.PUBLIC, re.compile("(?:depth)(|@0ms|@100ms|@250ms|@500ms)"), _diff),
    (Route.PUBLIC, re.compile("rpiDepth(@500ms)"), _diff),
    (
        Route.PUBLIC,
        re.compile("bookTicker"),
        lambda state, symbol, _match, _now_ns: BookTickerFeed(
            symbol, state.exchange.venues[symbol], encode_market.book_ticker
        ),
    ),
    (Route.PUBLIC, re.compile("trade"), lambda _state, symbol, _match, _now_ns: TradeFeed(symbol, trade_tick)),
    (Route.MARKET, re.compile("aggTrade"), lambda _state, symbol, _match, _now_ns: AggTradeFeed(symbol, agg_trade)),
    (Route.MARKET, re.compile("kline_(.*)"), _kline),
    (Route.MARKET, re.compile("markPrice(|@1s)"), _mark),
    (
        Route.MARKET,
        re.compile("miniTicker"),
        lambda state, symbol, _match, now_ns: _ticker(state, symbol, mini_ticker, now_ns),
    ),
    (
        Route.MARKET,
        re.compile("ticker"),
        lambda state, symbol, _match, now_ns: _ticker(state, symbol, day_of, now_ns),
    ),
    (Route.MARKET, re.compile("forceOrder"), lambda _state, symbol, _match, _now_ns: ForceOrderFeed(symbol)),
)
_OF_PAIR = ((Route.MARKET, re.compile("continuousKline_(.*)"), _continuous),)
_OF_ALL: tuple[tuple[Route, re.Pattern[str], _Make], ...] = (
    (Route.PUBLIC, re.compile("!bookTicker"), lambda state, _symbol, _match, now_ns: AllBookTickersFeed(state, now_ns)),
    (Route.MARKET, re.compile("!markPrice@arr(|@1s)"), _mark),
    (
        Route.MARKET,
        re.compile("!miniTicker@arr"),
        lambda state, _symbol, _match, now_ns: _ticker(state, "", mini_ticker, now_ns),
    ),
    (
        Route.MARKET,
        re.compile("!ticker@arr"),
        lambda state, _symbol, _match, now_ns: _ticker(state, "", day_of, now_ns),
    ),
    (Route.MARKET, re.compile("!forceOrder@arr"), lambda _state, _symbol, _match, _now_ns: ForceOrderFeed("")),
    (Route.MARKET, re.compile("!contractInfo"), lambda state, _symbol, _match, _now_ns: ContractFeed(state)),
)


def make_feed(state: State, route: Route, name: str, now_ns: int) -> Feed | None:
    """The feed behind a stream name on a route; None for what does not exist there, which stays silent.

    Silent are also the streams of things that the box does not have: composite and asset indices, hours of stock
    markets, contracts with a delivery.
    """
    if name.startswith("!"):
        return _made(_OF_ALL, state, route, "", name, now_ns)
    of, _, kind = name.partition("@")
    if of != of.lower():
        return None
    pair, _, contract = of.upper().partition("_")
    if pair not in state.markets:
        return None
    if not contract:
        return _made(_OF_SYMBOL, state, route, pair, kind, now_ns)
    return _made(_OF_PAIR, state, route, pair, kind, now_ns) if contract == "PERPETUAL" else None


def _made(
    kinds: tuple[tuple[Route, re.Pattern[str], _Make], ...],
    state: State,
    route: Route,
    symbol: str,
    kind: str,
    now_ns: int,
) -> Feed | None:
    for its_route, pattern, make in kinds:
        match = pattern.fullmatch(kind)
        if match is not None and its_route is route:
            return make(state, symbol, match, now_ns)
    return None
