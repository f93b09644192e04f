"""What is particular to spot."""

from __future__ import annotations

from tradingsys.core.enums import AccountKind
from tradingsys.venues.binance import words
from tradingsys.venues.binance.feed import FeedParts
from tradingsys.venues.binance.instruments import spot_instrument
from tradingsys.venues.binance.product import Endpoints, Paths, Product, Weights
from tradingsys.venues.binance.spot_errors import ERRORS
from tradingsys.venues.binance.spot_events import EVENTS
from tradingsys.venues.binance.spot_filters import FILTERS
from tradingsys.venues.binance.spot_orders import spot_orders
from tradingsys.venues.binance.spot_queries import LACKS, spot_questions
from tradingsys.venues.binance.subscribed_stream import SubscribedStream
from tradingsys.venues.binance.subscriptions import by_key

__all__ = ["ERRORS", "FILTERS", "SPOT", "route_of"]

_DAY_MS = 24 * 60 * 60 * 1000
_STREAMS = frozenset(
    {
        "aggTrade",
        "avgPrice",
        "blockTrade",
        "bookTicker",
        "depth",
        "kline",
        "miniTicker",
        "referencePrice",
        "ticker",
        "trade",
    }
)


def route_of(name: str) -> str | None:
    """The one connection that carries all streams of spot; None for names of no known stream."""
    return "market" if words.stream_kind(name) in _STREAMS else None


_LIVE = Endpoints(
    "https://api.binance.com",
    "wss://ws-api.binance.com:443/ws-api/v3",
    "wss://stream.binance.com:9443",
    sapi="https://api.binance.com",
)
_TESTNET = Endpoints(
    "https://testnet.binance.vision",
    "wss://ws-api.testnet.binance.vision/ws-api/v3",
    "wss://stream.testnet.binance.vision",
)
_DEMO = Endpoints(
    "https://demo-api.binance.com", "wss://demo-ws-api.binance.com/ws-api/v3", "wss://demo-stream.binance.com"
)

_PATHS = Paths(
    time="/api/v3/time",
    exchange_info="/api/v3/exchangeInfo",
    order="/api/v3/order",
    open_orders="/api/v3/openOrders",
    user_trades="/api/v3/myTrades",
    balance="/api/v3/account",
    klines="/api/v3/klines",
    price="/api/v3/ticker/bookTicker",
    api_restrictions="/sapi/v1/account/apiRestrictions",
    amend="/api/v3/order/amend/keepPriority",
    amendments="/api/v3/order/amendments",
    order_lists="/api/v3/orderList",
)

_WEIGHTS = Weights(
    time=1,
    exchange_info=20,
    # What succeeds is free, but whether it will nobody knows before.
    place=1,
    cancel=1,
    replace=4,
    amendments=4,
    order=4,
    open_orders=6,
    open_orders_of_all=80,
    user_trades=20,
    account_mode=20,
    balances=20,
    permissions=20 + 1,
    klines=((1000, 2),),
    price=2,
)


def _feeds(endpoints: Endpoints, parts: FeedParts) -> tuple[SubscribedStream, ...]:
    return (SubscribedStream(endpoints.ws_api, by_key(parts), EVENTS, parts),)


SPOT = Product(
    name="spot",
    account_kind=AccountKind.ASSETS,
    endpoints={"live": _LIVE, "testnet": _TESTNET, "demo": _DEMO},
    paths=_PATHS,
    weights=_WEIGHTS,
    filters=FILTERS,
    errors=ERRORS,
    orders=spot_orders(_PATHS, _WEIGHTS),
    questions=spot_questions(_WEIGHTS),
    lacks=LACKS,
    feeds=_feeds,
    # Two thirds of the answer would be these.
    rules_params={"showPermissionSets": "false"},
    instrument=spot_instrument,
    has_mark_price=False,
    route_of=route_of,
    stream_path=lambda _route: "/stream",
    kline_intervals=words.KLINE_INTERVALS | {"1s"},
    klines_at_once=1000,
    depth_speeds=frozenset({"", "100ms"}),
    trades_window_ms=_DAY_MS,
    trades_kept_ms=10 * 365 * _DAY_MS,
)
