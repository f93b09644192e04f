"""What is particular to spot."""

from __future__ import annotations

import re

from tradingsys.core.enums import AccountKind
from tradingsys.venues.binance.filters import FilterDialect, Rule, instrument, plain_remainder
from tradingsys.venues.binance.product import Endpoints, Paths, Product, Weights
from tradingsys.venues.binance.spot_errors import ERRORS
from tradingsys.venues.binance.usdm import USDM
from tradingsys.venues.binance.usdm_orders import usdm_orders

__all__ = ["ERRORS", "FILTERS", "KLINE_INTERVALS", "SPOT", "route_of"]

_DAY_MS = 24 * 60 * 60 * 1000
KLINE_INTERVALS = frozenset(
    {"1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"}
)

_TOO_PRECISE = (-1111, "Parameter '{}' has too much precision.")


def _failure(name: str) -> tuple[int, str]:
    return -1013, f"Filter failure: {name}"


def _malformed(name: str) -> tuple[int, str]:
    return -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."


FILTERS = FilterDialect(
    remainder=plain_remainder,
    answers={
        Rule.PRECISION: _TOO_PRECISE,
        Rule.SYMBOL_STATUS: (-1013, "Market is closed."),
        Rule.ORDER_TYPE: (-1116, "Invalid orderType."),
        Rule.PRICE_MISSING: _malformed("price"),
        Rule.PRICE_NOT_POSITIVE: (-1013, "Invalid price."),
        Rule.PRICE_TOO_LOW: _failure("PRICE_FILTER"),
        Rule.PRICE_TOO_HIGH: _failure("PRICE_FILTER"),
        Rule.PRICE_OFF_TICK: _failure("PRICE_FILTER"),
        Rule.QTY_NOT_POSITIVE: (-1013, "Invalid quantity."),
        Rule.QTY_TOO_LOW: _failure("LOT_SIZE"),
        Rule.QTY_TOO_HIGH: _failure("LOT_SIZE"),
        Rule.QTY_OFF_STEP: _failure("LOT_SIZE"),
        Rule.PRICE_ABOVE_BAND: _failure("PERCENT_PRICE_BY_SIDE"),
        Rule.PRICE_BELOW_BAND: _failure("PERCENT_PRICE_BY_SIDE"),
        Rule.NOTIONAL_TOO_LOW: _failure("NOTIONAL"),
        Rule.TOO_MANY_OPEN_ORDERS: _failure("MAX_NUM_ORDERS"),
    },
    statuses={
        "END_OF_DAY": "its trading day is over: wait for the next",
        "HALT": "the exchange halted it: wait",
        "BREAK": "it pauses, or it was taken off the exchange",
        "CANCEL_ONLY": "only cancels are taken",
    },
)

_STREAM = re.compile(r"(?:!|[^@!]+@)?(?P<kind>[a-zA-Z]+)[^@]*(?:@.*)?")
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
    found = _STREAM.fullmatch(name)
    return "market" if found and found["kind"] in _STREAMS else None


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

SPOT = Product(
    name="spot",
    account_kind=AccountKind.ASSETS,
    endpoints={"live": _LIVE, "testnet": _TESTNET, "demo": _DEMO},
    paths=Paths(
        time="/api/v3/time",
        exchange_info="/api/v3/exchangeInfo",
        order="/api/v3/order",
        open_orders="/api/v3/openOrders",
        user_trades="/api/v3/myTrades",
        balance="/api/v3/account",
        klines="/api/v3/klines",
        api_restrictions="/sapi/v1/account/apiRestrictions",
        amend="/api/v3/order/amend/keepPriority",
        order_lists="/api/v3/orderList",
    ),
    weights=Weights(
        time=1,
        exchange_info=20,
        # What succeeds is free, but whether it will nobody knows before.
        place=1,
        cancel=1,
        replace=4,
        order=4,
        open_orders=6,
        open_orders_of_all=80,
        user_trades=20,
        account_mode=20,
        balances=20,
        permissions=20 + 1,
        klines=((1000, 2),),
    ),
    filters=FILTERS,
    errors=ERRORS,
    orders=usdm_orders(USDM.paths, USDM.weights),
    questions={},
    lacks={},
    feeds=lambda _endpoints, _parts: (),
    instrument=instrument,
    route_of=route_of,
    stream_path=lambda _route: "/stream",
    kline_intervals=KLINE_INTERVALS,
    klines_at_once=1000,
    depth_speeds=frozenset({"", "100ms"}),
    trades_window_ms=_DAY_MS,
    trades_kept_ms=10 * 365 * _DAY_MS,
)
