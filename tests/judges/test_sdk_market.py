"""Binance's SDK reads the market: every answer fills its models, and says what is on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.judges.box import Box
from tests.judges.sdk_client import assert_complete, by_hmac, flattened

pytestmark = pytest.mark.usefixtures("no_complaints")

MARKET = "ADAUSDT"
_ATTEMPTS = 10
_SYMBOL = {"symbol": MARKET}
_BARS = {"interval": "1m", "limit": 20}
_PAIR = {"pair": MARKET}

CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("check_server_time", {}, "/fapi/v1/time"),
    ("exchange_information", {}, "/fapi/v1/exchangeInfo"),
    ("order_book", {**_SYMBOL, "limit": 20}, "/fapi/v1/depth"),
    ("rpi_order_book", _SYMBOL, "/fapi/v1/rpiDepth"),
    ("recent_trades_list", _SYMBOL, "/fapi/v1/trades"),
    ("compressed_aggregate_trades_list", _SYMBOL, "/fapi/v1/aggTrades"),
    ("mark_price", {}, "/fapi/v1/premiumIndex"),
    ("mark_price", _SYMBOL, "/fapi/v1/premiumIndex"),
    ("get_funding_rate_history", _SYMBOL, "/fapi/v1/fundingRate"),
    ("get_funding_rate_info", {}, "/fapi/v1/fundingInfo"),
    ("ticker24hr_price_change_statistics", {}, "/fapi/v1/ticker/24hr"),
    ("ticker24hr_price_change_statistics", _SYMBOL, "/fapi/v1/ticker/24hr"),
    ("symbol_price_ticker", {}, "/fapi/v1/ticker/price"),
    ("symbol_price_ticker", _SYMBOL, "/fapi/v1/ticker/price"),
    ("symbol_price_ticker_v2", {}, "/fapi/v2/ticker/price"),
    ("symbol_price_ticker_v2", _SYMBOL, "/fapi/v2/ticker/price"),
    ("symbol_order_book_ticker", {}, "/fapi/v1/ticker/bookTicker"),
    ("symbol_order_book_ticker", _SYMBOL, "/fapi/v1/ticker/bookTicker"),
    ("open_interest", _SYMBOL, "/fapi/v1/openInterest"),
    ("query_index_price_constituents", _SYMBOL, "/fapi/v1/constituents"),
    ("kline_candlestick_data", {**_SYMBOL, **_BARS}, "/fapi/v1/klines"),
    (
        "continuous_contract_kline_candlestick_data",
        {**_PAIR, "contract_type": "PERPETUAL", **_BARS},
        "/fapi/v1/continuousKlines",
    ),
    ("index_price_kline_candlestick_data", {**_PAIR, **_BARS}, "/fapi/v1/indexPriceKlines"),
    ("mark_price_kline_candlestick_data", {**_SYMBOL, **_BARS}, "/fapi/v1/markPriceKlines"),
    ("premium_index_kline_data", {**_SYMBOL, **_BARS}, "/fapi/v1/premiumIndexKlines"),
]

# One model for all kinds of filters; each filter has the fields of its own kind. The plan of settlement is in the
# exchange's documents and in no answer that was recorded lately.
_NOT_SENT = {".symbols[].settlePlan"} | {
    f".symbols[].filters[].{name}"
    for name in (
        "limit", "maxPrice", "maxQty", "minPrice", "minQty", "multiplierDecimal", "multiplierDown", "multiplierUp",
        "notional", "stepSize", "tickSize",
    )
}  # fmt: skip

# What the exchange sends and this SDK, made of the exchange's documents, has not heard of.
_UNDOCUMENTED = {
    "exchange_information": {
        ".futuresType",
        ".symbols[].filters[].positionControlSide",
        ".symbols[].maxMoveOrderLimit",
        ".symbols[].permissionSets",
    },
    # Of one symbol the model keeps it, of all it loses it.
    "symbol_order_book_ticker": {".lastUpdateId"},
}


@pytest.mark.parametrize(("name", "arguments", "path"), CALLS)
async def test_answers(box: Box, name: str, arguments: dict[str, Any], path: str) -> None:
    client = by_hmac(box)
    query = {{"contract_type": "contractType"}.get(key, key): value for key, value in arguments.items()}

    for attempt in range(_ATTEMPTS):
        truth = timeless(box.public(path, **query))
        answer = getattr(client.rest_api, name)(**arguments).data()
        told = timeless(flattened(answer))
        if told == truth or attempt == _ATTEMPTS - 1:
            break
    # Unless the market never stood still between two questions, the answers are the same.
    assert told == truth
    without = _NOT_SENT if name == "exchange_information" else ()
    assert_complete(answer, without=without, beside=_UNDOCUMENTED.get(name, ()))


async def test_bars_are_made_of_the_trades(box: Box) -> None:
    """Every number of a bar; those before the box began, and before the trades that it still tells, have no witness."""
    api = by_hmac(box).rest_api
    for side in ("BUY", "SELL"):
        box.admin("trade", {"symbol": MARKET, "side": side, "qty": "500"})
    for _ in range(_ATTEMPTS):
        trades = box.public("/fapi/v1/trades", symbol=MARKET, limit=1000)
        bars = flattened(api.kline_candlestick_data(symbol=MARKET, interval="1m", limit=20).data())
        if trades == box.public("/fapi/v1/trades", symbol=MARKET, limit=1000):
            break
    compared = 0
    for start, opened, high, low, close, volume, end, quote, count, bought, bought_quote, _ in bars:
        inside = [row for row in trades if start <= row["time"] <= end]
        if not inside or (len(trades) == 1000 and start < trades[0]["time"]):
            continue
        compared += len(inside)
        prices = [Decimal(row["price"]) for row in inside]
        takers = [row for row in inside if not row["isBuyerMaker"]]
        assert [Decimal(text) for text in (opened, high, low, close)] == [
            prices[0], max(prices), min(prices), prices[-1],
        ]  # fmt: skip
        assert [Decimal(text) for text in (volume, quote, bought, bought_quote)] == [
            sum((Decimal(row[name]) for row in rows), Decimal(0))
            for rows in (inside, takers)
            for name in ("qty", "quoteQty")
        ]
        assert count == len(inside)
    assert compared >= 2


def timeless(answer: Any) -> Any:
    """Without the moment at which it was asked, and without what follows from that moment alone."""
    if isinstance(answer, list):
        return [timeless(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    moment = {"E", "T", "time", "serverTime", "openTime", "closeTime"} if "id" not in answer else set()
    if "a" in answer and "p" in answer:
        moment = set()
    if "bidPrice" in answer:
        moment |= {"lastUpdateId"}
    moving = {"markPrice", "indexPrice", "estimatedSettlePrice"} if "nextFundingTime" in answer else set()
    # The index moves by itself, with every millisecond.
    moving |= {"price"} if "weight" in answer else set()
    return {name: timeless(value) for name, value in answer.items() if name not in moment | moving}
