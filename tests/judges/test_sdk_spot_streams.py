"""Binance's SDK listens to markets of assets: every event fills its model, and says what the exchange's calls say."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.judges.box import Box, Row
from tests.judges.sdk_client import assert_complete, by_hmac, flattened, streams
from tests.judges.test_sdk_spot_market import _DECIMAL
from tests.judges.test_sdk_streams import Listening

pytestmark = pytest.mark.usefixtures("no_complaints")

MARKET = "DOGEUSDT"
SYMBOL = {"symbol": MARKET}
STREAMS: list[tuple[str, dict[str, Any]]] = [
    ("agg_trade", SYMBOL),
    ("trade", SYMBOL),
    ("book_ticker", SYMBOL),
    ("diff_book_depth", {**SYMBOL, "update_speed": "100ms"}),
    ("partial_book_depth", {**SYMBOL, "levels": 5, "update_speed": "100ms"}),
    ("kline", {**SYMBOL, "interval": "1m"}),
    ("kline_offset", {**SYMBOL, "interval": "1h"}),
    ("mini_ticker", SYMBOL),
    ("all_mini_ticker", {}),
    ("ticker", SYMBOL),
    ("rolling_window_ticker", {**SYMBOL, "window_size": "1h"}),
    ("all_market_rolling_window_ticker", {"window_size": "4h"}),
    ("avg_price", SYMBOL),
]


async def test_every_stream_of_the_market(spot: Box) -> None:
    async with streams(by_hmac(spot)) as connection:
        listening = {name: await Listening(connection).to(name, **arguments) for name, arguments in STREAMS}
        # No trade in blocks and no reference price comes, and both may be listened to.
        silent = [await Listening(connection).to(name, **SYMBOL) for name in ("block_trade", "reference_price")]
        for name, one in listening.items():
            await one.heard(name)
            assert_complete(one.told[0])
            for event in flattened(one.told[0]) if isinstance(one.told[0], list) else [flattened(one.told[0])]:
                event.pop("P", None)
                texts = _DECIMAL.findall(json.dumps(event))
                assert {len(text.partition(".")[2]) for text in texts} == {8}, name
        assert [one.told for one in silent] == [[], []]
        listed = (await connection.list_subscribe())["result"]
    assert len(listed) == len(STREAMS) + 2
    assert f"{MARKET.lower()}@kline_1h@+08:00" in listed


async def test_events_say_what_calls_say(spot: Box) -> None:
    """Trades, a bar, best prices, best levels, the day and the average, each as the call tells it."""
    async with streams(by_hmac(spot)) as connection:

        async def listening(name: str, **more: object) -> Listening:
            return await Listening(connection).to(name, symbol=MARKET, **more)

        trades = await listening("agg_trade")
        bars = await listening("kline", interval="1m")
        bests = await listening("book_ticker")
        levels = await listening("partial_book_depth", levels=5, update_speed="100ms")
        averages = await listening("avg_price")
        days = await listening("ticker")
        hours = await listening("rolling_window_ticker", window_size="1h")
        books: dict[int, Row] = {}

        def told(one: Listening) -> list[Row]:
            return [flattened(event) for event in one.told]

        def seen() -> bool:
            book = spot.public("/api/v3/depth", symbol=MARKET, limit=5)
            books[book["lastUpdateId"]] = book
            return (
                len(trades.told) >= 10
                and len(books.keys() & {event.u for event in bests.told}) >= 2
                and len(books.keys() & {event.last_update_id for event in levels.told}) >= 2
            )

        await trades.until(seen)

        def same_bar() -> bool:
            rows = spot.public("/api/v3/klines", symbol=MARKET, interval="1m", limit=2)
            last = told(bars)[-1]["k"] if bars.told else {}
            return [last.get(key) for key in "tohlcvTqnVQ"] in [row[:11] for row in rows]

        await bars.until(same_bar, "the same bar on both ways")

        def same_average() -> bool:
            now = Decimal(spot.public("/api/v3/avgPrice", symbol=MARKET)["price"])
            return bool(averages.told) and abs(Decimal(averages.told[-1].w) - now) < Decimal("0.001")

        await averages.until(same_average, "the same average on both ways")

        def same_day() -> bool:
            day = spot.public("/api/v3/ticker/24hr", symbol=MARKET)
            names = {
                "p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice", "x": "prevClosePrice",
                "c": "lastPrice", "Q": "lastQty", "b": "bidPrice", "B": "bidQty", "a": "askPrice", "A": "askQty",
                "o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume", "q": "quoteVolume",
                "F": "firstId", "L": "lastId", "n": "count",
            }  # fmt: skip
            last = told(days)[-1] if days.told else {}
            return {key: last.get(key) for key in names} == {key: day[name] for key, name in names.items()}

        await days.until(same_day, "the same day on both ways")

        def same_hour() -> bool:
            window = spot.public("/api/v3/ticker", symbol=MARKET, windowSize="1h")
            names = {
                "p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice", "c": "lastPrice",
                "o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume", "q": "quoteVolume",
                "F": "firstId", "L": "lastId", "n": "count", "O": "openTime",
            }  # fmt: skip
            last = told(hours)[-1] if hours.told else {}
            return {key: last.get(key) for key in names} == {key: window[name] for key, name in names.items()}

        await hours.until(same_hour, "the same hour on both ways")
    answers = {row["a"]: row for row in spot.public("/api/v3/aggTrades", symbol=MARKET, limit=1000)}
    events = told(trades)
    assert [event["a"] for event in events] == list(range(events[0]["a"], events[0]["a"] + len(events)))
    for event in events:
        assert {key: event[key] for key in answers[event["a"]]} == answers[event["a"]]
    for event in told(levels):
        book = books.get(event["lastUpdateId"])
        assert book is None or (event["bids"], event["asks"]) == (book["bids"], book["asks"])
    for event in told(bests):
        book = books.get(event["u"])
        assert book is None or [[event["b"], event["B"]], [event["a"], event["A"]]] == [
            book["bids"][0],
            book["asks"][0],
        ]


async def test_a_local_book(spot: Box) -> None:
    """Built from the events by the exchange's own recipe, it is the exchange's book."""
    async with streams(by_hmac(spot)) as connection:
        events = await Listening(connection).to("diff_book_depth", symbol=MARKET, update_speed="100ms")
        await events.until(lambda: events.told)
        snapshot = spot.public("/api/v3/depth", symbol=MARKET, limit=5000)
        later: dict[int, Row] = {}

        def enough() -> bool:
            truth = spot.public("/api/v3/depth", symbol=MARKET, limit=5000)
            later[truth["lastUpdateId"]] = truth
            return len(events.told) >= 10 and len(later.keys() & {event.u for event in events.told}) >= 2

        await events.until(enough)
    book = {side: {Decimal(px): Decimal(qty) for px, qty in snapshot[side]} for side in ("bids", "asks")}
    local, compared = snapshot["lastUpdateId"], 0
    first = True
    for event in (flattened(each) for each in events.told):
        if event["u"] <= local:
            continue
        # Each begins right after the one before, only the first one may overlap.
        assert event["U"] <= local + 1 if first else event["U"] == local + 1
        first, local = False, event["u"]
        for side, rows in (("bids", event["b"]), ("asks", event["a"])):
            for px, qty in rows:
                book[side][Decimal(px)] = Decimal(qty)
                if not Decimal(qty):
                    del book[side][Decimal(px)]
        truth = later.get(event["u"])
        if truth is not None:
            compared += 1
            for side in ("bids", "asks"):
                assert book[side] == {Decimal(px): Decimal(qty) for px, qty in truth[side]}
    assert compared
