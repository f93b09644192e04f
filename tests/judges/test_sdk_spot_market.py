"""Binance's SDK reads the markets of assets: every answer fills its models, and says what is on the wire."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from binance_common.errors import BadRequestError

from tests.judges.box import Box, eventually, soon
from tests.judges.sdk_client import assert_complete, by_hmac, flattened, ws_api
from tests.judges.test_sdk_market import timeless

pytestmark = pytest.mark.usefixtures("no_complaints")

MARKET = "BNBUSDT"
_SYMBOL = {"symbol": MARKET}
_BARS = {**_SYMBOL, "interval": "1m", "limit": 20}
_TWO = {"symbols": [MARKET, "BTCUSDT"]}

CALLS: list[tuple[str, str, dict[str, Any], str]] = [
    ("time", "time", {}, "time"),
    ("ping", "ping", {}, "ping"),
    ("exchange_info", "exchange_info", {}, "exchangeInfo"),
    ("exchange_info", "exchange_info", _SYMBOL, "exchangeInfo"),
    ("execution_rules", "execution_rules", {}, "executionRules"),
    ("depth", "depth", {**_SYMBOL, "limit": 20}, "depth"),
    ("get_trades", "trades_recent", {**_SYMBOL, "limit": 50}, "trades"),
    ("historical_trades", "trades_historical", {**_SYMBOL, "limit": 50}, "historicalTrades"),
    ("agg_trades", "trades_aggregate", {**_SYMBOL, "limit": 50}, "aggTrades"),
    ("klines", "klines", _BARS, "klines"),
    ("ui_klines", "ui_klines", _BARS, "uiKlines"),
    ("avg_price", "avg_price", _SYMBOL, "avgPrice"),
    ("ticker24hr", "ticker24hr", _SYMBOL, "ticker/24hr"),
    ("ticker24hr", "ticker24hr", _TWO, "ticker/24hr"),
    ("ticker_trading_day", "ticker_trading_day", _SYMBOL, "ticker/tradingDay"),
    ("ticker", "ticker", {**_SYMBOL, "window_size": "15m"}, "ticker"),
    ("ticker", "ticker", _TWO, "ticker"),
    ("ticker_price", "ticker_price", {}, "ticker/price"),
    ("ticker_price", "ticker_price", _SYMBOL, "ticker/price"),
    ("ticker_book_ticker", "ticker_book", {}, "ticker/bookTicker"),
    ("ticker_book_ticker", "ticker_book", _SYMBOL, "ticker/bookTicker"),
]

# Limits have counts where what an account used is told; no symbols share their liquidity; exponents are of another
# coding than JSON.
_NOT_SENT = {".rateLimits[].count", ".sors"} | {
    f".symbols[].filters[].{name}" for name in ("multiplierExponent", "priceExponent", "qtyExponent")
}
_NAMES = {"window_size": "windowSize"}


def query(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments as they are on the wire."""
    return {
        _NAMES.get(name, name): json.dumps(value, separators=(",", ":")) if isinstance(value, list) else value
        for name, value in arguments.items()
    }


@pytest.mark.parametrize(("name", "arguments", "path"), [(name, given, path) for name, _, given, path in CALLS])
async def test_answers(spot: Box, name: str, arguments: dict[str, Any], path: str) -> None:
    call = getattr(by_hmac(spot).rest_api, name)

    async def same() -> Any:
        truth = timeless(spot.public(f"/api/v3/{path}", **query(arguments)))
        answer = call(**arguments).data()
        return (answer, truth) if timeless(flattened(answer)) == truth else None

    answer, truth = await eventually("the same answer", same)
    if path == "ping":
        assert answer == truth == {}
    else:
        assert_complete(answer, without=_NOT_SENT if name == "exchange_info" else ())


async def test_answers_over_the_websocket(spot: Box) -> None:
    """Each is what the call by REST says."""
    async with ws_api(by_hmac(spot)) as api:
        for _, name, arguments, path in CALLS:
            call = getattr(api, name)

            async def same(call: Any = call, given: dict[str, Any] = arguments, path: str = path) -> Any:
                truth = timeless(spot.public(f"/api/v3/{path}", **query(given)))
                answer = (await soon(call(**given))).data()
                told = flattened(answer)
                assert told["status"] == 200
                return told if timeless(told.get("result", {})) == truth else None

            told = await eventually(f"the same answer of {name}", same)
            assert [limit["rateLimitType"] for limit in told["rateLimits"]] == ["REQUEST_WEIGHT"], name


_DECIMAL = re.compile(r"-?\d+\.\d+")


@pytest.mark.parametrize(
    "path", ["depth", "trades", "aggTrades", "klines", "ticker/24hr", "ticker/bookTicker", "avgPrice"]
)
async def test_every_price_and_quantity_has_eight_digits(spot: Box, path: str) -> None:
    """As on the exchange, and how clients that compare texts like it."""
    given = {"interval": "1m"} if path == "klines" else {}
    told = await eventually(  # nobody may have traded yet
        f"{path} of a market that is there", lambda: spot.public(f"/api/v3/{path}", symbol=MARKET, **given) or None
    )
    if path == "ticker/24hr":
        del told["priceChangePercent"]
    texts = _DECIMAL.findall(json.dumps(told))
    assert texts
    assert {len(text.partition(".")[2]) for text in texts} == {8}


def test_a_price_that_nobody_refers_to(spot: Box) -> None:
    api = by_hmac(spot).rest_api
    for call in (api.reference_price, api.reference_price_calculation):
        with pytest.raises(BadRequestError) as refused:
            call(**_SYMBOL)
        assert refused.value.args[0] == -2043


def test_a_symbol_that_there_is_not(spot: Box) -> None:
    api = by_hmac(spot).rest_api
    for call in (api.depth, api.get_trades, api.ticker24hr, api.ticker_price, api.avg_price, api.exchange_info):
        with pytest.raises(BadRequestError) as refused:
            call(symbol="NONEUSDT")
        assert refused.value.args[0] == -1121


def summed(bars: list[Any]) -> list[Decimal]:
    """What bars make together: open, high, low, close, and what was traded, in base and in quote."""
    return [
        Decimal(bars[0][1]),
        max(Decimal(bar[2]) for bar in bars),
        min(Decimal(bar[3]) for bar in bars),
        Decimal(bars[-1][4]),
        sum((Decimal(bar[5]) for bar in bars), Decimal(0)),
        sum((Decimal(bar[7]) for bar in bars), Decimal(0)),
    ]


def told(ticker: Any) -> list[Decimal]:
    """The same of a ticker."""
    return [
        Decimal(text)
        for text in (
            ticker.open_price, ticker.high_price, ticker.low_price, ticker.last_price, ticker.volume,
            ticker.quote_volume,
        )
    ]  # fmt: skip


def follows(ticker: Any, bars: list[Any]) -> bool:
    """Whether what comes of these is told: the average price, how far the price went, how many trades it took."""
    opened, _, _, closed, volume, quote_volume = summed(bars)
    return (
        abs(Decimal(ticker.weighted_avg_price) - quote_volume / volume) <= Decimal("0.00000001")
        and Decimal(ticker.price_change) == closed - opened
        and ticker.count == sum(bar[8] for bar in bars)
    )


@pytest.mark.parametrize("window", ["15m", "2h", "day"])
async def test_windows_are_made_of_bars(spot: Box, window: str) -> None:
    api = by_hmac(spot).rest_api

    def same() -> bool:
        answer = api.ticker_trading_day(**_SYMBOL) if window == "day" else api.ticker(**_SYMBOL, window_size=window)
        ticker = answer.data().actual_instance
        interval = "1d" if window == "day" else "1m"
        bars = spot.public(
            "/api/v3/klines", symbol=MARKET, interval=interval, startTime=ticker.open_time, endTime=ticker.close_time
        )
        # A window begins with a whole minute, and may be that much wider.
        assert len(bars) in {"15m": (15, 16), "2h": (120, 121), "day": (1,)}[window]
        return told(ticker) == summed(bars) and follows(ticker, bars)

    await eventually("a window of the moment of its bars", same)


async def test_the_average_is_the_exchange_s(spot: Box) -> None:
    api = by_hmac(spot).rest_api

    def same() -> bool:
        average = Decimal(spot.admin("status")["symbols"][MARKET]["average_px"])
        return abs(Decimal(api.avg_price(**_SYMBOL).data().price) - average) <= Decimal("0.00000001")

    await eventually("the average of one moment", same)
