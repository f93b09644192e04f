"""Binance's SDKs listen at both exchanges: every event fills its model, and says what the exchange's calls say."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from tests.judges.box import FUTURES, SPOT, Box, Row
from tests.judges.sdk_client import Listening, assert_complete, by_ed25519, by_hmac, flattened, streams
from tests.judges.test_sdk_spot_market import _DECIMAL
from tests.judges.test_sdk_trading import BUY, MARKET, far_below

pytestmark = pytest.mark.usefixtures("no_complaints")

SYMBOL = {"symbol": MARKET}


class Words(NamedTuple):
    """What the same things are called in the SDK of each product."""

    trades: str
    bars: str
    bests: str
    levels: str
    changes: str
    update: str
    bids: str
    """In the events of best levels."""
    asks: str
    every: tuple[tuple[str, dict[str, Any]], ...]
    """All streams, with what is asked for."""
    silent: tuple[str, ...]
    """Those that may be listened to, and have nothing to say."""


WORDS = {
    FUTURES: Words(
        trades="aggregate_trade_streams",
        bars="kline_candlestick_streams",
        bests="individual_symbol_book_ticker_streams",
        levels="partial_book_depth_streams",
        changes="diff_book_depth_streams",
        update="u",
        bids="b",
        asks="a",
        every=(
            ("aggregate_trade_streams", SYMBOL),
            ("all_market_mini_tickers_stream", {}),
            ("all_market_tickers_streams", {}),
            (
                "continuous_contract_kline_candlestick_streams",
                {"pair": MARKET.lower(), "contract_type": "perpetual", "interval": "1m"},
            ),
            ("individual_symbol_mini_ticker_stream", SYMBOL),
            ("individual_symbol_ticker_streams", SYMBOL),
            ("kline_candlestick_streams", {**SYMBOL, "interval": "5m"}),
            ("mark_price_stream", {**SYMBOL, "update_speed": "1s"}),
            ("mark_price_stream_for_all_market", {"update_speed": "1s"}),
            ("all_book_tickers_stream", {}),
            ("diff_book_depth_streams", {**SYMBOL, "update_speed": "100ms"}),
            ("individual_symbol_book_ticker_streams", SYMBOL),
            ("partial_book_depth_streams", {**SYMBOL, "levels": 5}),
            ("rpi_diff_book_depth_streams", SYMBOL),
        ),
        silent=(),
    ),
    SPOT: Words(
        trades="agg_trade",
        bars="kline",
        bests="book_ticker",
        levels="partial_book_depth",
        changes="diff_book_depth",
        update="lastUpdateId",
        bids="bids",
        asks="asks",
        every=(
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
        ),
        silent=("block_trade", "reference_price"),
    ),
}

# Of windows of time: what an event and what a call has for it.
_WINDOW = {
    "p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice", "c": "lastPrice", "o": "openPrice",
    "h": "highPrice", "l": "lowPrice", "v": "volume", "q": "quoteVolume", "F": "firstId", "L": "lastId", "n": "count",
}  # fmt: skip
_HOUR = {**_WINDOW, "O": "openTime"}
_DAY = {
    **_WINDOW, "x": "prevClosePrice", "Q": "lastQty", "b": "bidPrice", "B": "bidQty", "a": "askPrice", "A": "askQty",
}  # fmt: skip


def told(one: Listening) -> list[Row]:
    return [flattened(event) for event in one.told]


async def test_every_stream_of_the_market(exchange: Box) -> None:
    """All at once, each on the connection where the SDK expects it; spot takes five requests a second on one."""
    words = WORDS[exchange.product]
    wanted = [*words.every, *((name, SYMBOL) for name in words.silent)]
    listening: dict[str, Listening] = {}
    listed: list[Any] = []
    async with AsyncExitStack() as stack:
        connections = []
        for few in (wanted[first : first + 4] for first in range(0, len(wanted), 4)):
            connections.append(await stack.enter_async_context(streams(by_hmac(exchange))))
            listening |= {name: await Listening(connections[-1]).to(name, **arguments) for name, arguments in few}
        for name, _ in words.every:
            await listening[name].heard(name)
            assert_complete(listening[name].told[0])
            if exchange.product == SPOT:
                assert_eight_digits(listening[name].told[0], name)
        assert [listening[name].told for name in words.silent] == [[] for _ in words.silent]
        listed = [await connection.list_subscribe() for connection in connections]
    assert all(listed)
    if exchange.product == SPOT:
        streams_there = [name for answer in listed for name in answer["result"]]
        assert len(streams_there) == len(wanted)
        assert f"{MARKET.lower()}@kline_1h@+08:00" in streams_there


def assert_eight_digits(event: Any, name: str) -> None:
    """So are prices and quantities printed on spot."""
    for row in flattened(event) if isinstance(event, list) else [flattened(event)]:
        row.pop("P", None)
        assert {len(text.partition(".")[2]) for text in _DECIMAL.findall(json.dumps(row))} == {8}, name


async def test_events_say_what_calls_say(exchange: Box) -> None:
    """Trades, a bar, best prices and best levels, each as the call tells it."""
    words = WORDS[exchange.product]
    async with streams(by_hmac(exchange)) as connection:

        async def listening(name: str, **more: object) -> Listening:
            return await Listening(connection).to(name, symbol=MARKET, **more)

        trades = await listening(words.trades)
        bars = await listening(words.bars, interval="1m")
        bests = await listening(words.bests)
        levels = await listening(words.levels, levels=5, update_speed="100ms")
        books: dict[int, Row] = {}

        def seen() -> bool:
            book = exchange.market("depth", symbol=MARKET, limit=5)
            books[book["lastUpdateId"]] = book
            return (
                len(trades.told) >= 10
                and len(books.keys() & {event["u"] for event in told(bests)}) >= 2
                and len(books.keys() & {event[words.update] for event in told(levels)}) >= 2
            )

        await trades.until(seen)

        def same_bar() -> bool:
            rows = exchange.market("klines", symbol=MARKET, interval="1m", limit=2)
            last = told(bars)[-1]["k"] if bars.told else {}
            return [last.get(key) for key in "tohlcvTqnVQ"] in [row[:11] for row in rows]

        await bars.until(same_bar, "the same bar on both ways")
    answers = {row["a"]: row for row in exchange.market("aggTrades", symbol=MARKET, limit=1000)}
    events = told(trades)
    assert [event["a"] for event in events] == list(range(events[0]["a"], events[0]["a"] + len(events)))
    for event in events:
        assert {key: event[key] for key in answers[event["a"]]} == answers[event["a"]]
    for event in told(levels):
        book = books.get(event[words.update])
        assert book is None or (event[words.bids], event[words.asks]) == (book["bids"], book["asks"])
    for event in told(bests):
        book = books.get(event["u"])
        assert book is None or [[event["b"], event["B"]], [event["a"], event["A"]]] == [
            book["bids"][0],
            book["asks"][0],
        ]


async def test_the_day_the_hour_and_the_average_of_spot(spot: Box) -> None:
    async with streams(by_hmac(spot)) as connection:
        averages = await Listening(connection).to("avg_price", **SYMBOL)
        days = await Listening(connection).to("ticker", **SYMBOL)
        hours = await Listening(connection).to("rolling_window_ticker", **SYMBOL, window_size="1h")

        def same_average() -> bool:
            now = Decimal(spot.market("avgPrice", **SYMBOL)["price"])
            return bool(averages.told) and abs(Decimal(averages.told[-1].w) - now) < Decimal("0.001")

        await averages.until(same_average, "the same average on both ways")

        def same(one: Listening, names: dict[str, str], answer: Row) -> bool:
            last = told(one)[-1] if one.told else {}
            return {key: last.get(key) for key in names} == {key: answer[name] for key, name in names.items()}

        await days.until(lambda: same(days, _DAY, spot.market("ticker/24hr", **SYMBOL)), "the same day on both ways")
        await hours.until(
            lambda: same(hours, _HOUR, spot.market("ticker", **SYMBOL, windowSize="1h")), "the same hour on both ways"
        )


async def test_a_local_book(exchange: Box) -> None:
    """Built from the events by the exchange's own recipe, it is the exchange's book."""
    async with streams(by_hmac(exchange)) as connection:
        name = WORDS[exchange.product].changes
        events = await Listening(connection).to(name, **SYMBOL, update_speed="100ms")
        await events.until(lambda: events.told)
        snapshot = exchange.market("depth", symbol=MARKET, limit=1000)
        later: dict[int, Row] = {}

        def enough() -> bool:
            truth = exchange.market("depth", symbol=MARKET, limit=1000)
            later[truth["lastUpdateId"]] = truth
            return len(events.told) >= 10 and len(later.keys() & {event.u for event in events.told}) >= 2

        await events.until(enough)
    book = {side: {Decimal(px): Decimal(qty) for px, qty in snapshot[side]} for side in ("bids", "asks")}
    local, is_first, compared = snapshot["lastUpdateId"], True, 0
    for event in told(events):
        if event["u"] < local or (event["u"] == local and exchange.product == SPOT):
            continue
        # The first one may overlap the snapshot; after it each says on futures which one was before it, and begins on
        # spot right after that.
        if is_first:
            assert event["U"] <= local + (exchange.product == SPOT)
        elif exchange.product == SPOT:
            assert event["U"] == local + 1
        else:
            assert event["pu"] == local
        is_first, local = False, event["u"]
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


@pytest.mark.usefixtures("flat")
async def test_the_account_s_own_news(box: Box) -> None:
    client = by_ed25519(box)
    api = client.rest_api
    async with streams(client) as connection:
        news = await Listening(connection).to("user_data", listenKey=api.start_user_data_stream().data().listen_key)
        executed = len(box.executions(MARKET))
        api.new_order(symbol=MARKET, side="BUY", type="MARKET", quantity=3000)
        price = far_below(box)
        resting = api.new_order(**BUY, price=price).data()
        api.modify_order(symbol=MARKET, side="BUY", quantity=110, price=price, order_id=resting.order_id, modify_id=5)
        api.cancel_order(symbol=MARKET, order_id=resting.order_id)
        api.change_initial_leverage(symbol=MARKET, leverage=11)
        api.change_initial_leverage(symbol=MARKET, leverage=20)
        algo = api.new_algo_order(
            algo_type="CONDITIONAL", symbol=MARKET, side="SELL", type="STOP_MARKET", trigger_price=price, quantity=100
        ).data()
        assert_complete(algo, without={".icebergQuantity", ".price", ".activatePrice", ".callbackRate"})
        assert_complete(api.cancel_algo_order(algo_id=algo.algo_id).data())

        def told(kind: str) -> list[Any]:
            events = [event.actual_instance for event in news.told]
            return [flattened(event) for event in events if type(event).__name__ == kind]

        await news.until(lambda: [row for row in told("AlgoUpdate") if row["o"]["X"] == "CANCELED"])
        executions = box.executions(MARKET)[executed:]
        await news.until(lambda: len(told("TradeLite")) >= len(executions))
    trades = [row["o"] for row in told("OrderTradeUpdate") if row["o"]["x"] == "TRADE"]
    assert [(row["t"], row["i"], Decimal(row["L"]), Decimal(row["l"]), Decimal(row["n"])) for row in trades] == [
        (row["exec_id"], row["order_id"], Decimal(row["px"]), Decimal(row["qty"]), Decimal(row["fee"]))
        for row in executions
    ]
    assert [Decimal(row["rp"]) for row in trades] == [Decimal(row["realized_pnl"]) for row in executions]
    cost = sum((Decimal(row["px"]) * Decimal(row["qty"]) for row in executions), Decimal(0))
    assert abs(Decimal(trades[-1]["ap"]) - cost / 3000) <= Decimal("0.00000001")
    lite = [(row["t"], row["i"], Decimal(row["L"]), Decimal(row["l"]), row["m"]) for row in told("TradeLite")]
    assert lite == [(row["t"], row["i"], Decimal(row["L"]), Decimal(row["l"]), row["m"]) for row in trades]
    states = [(row["o"]["x"], row["o"]["X"]) for row in told("OrderTradeUpdate") if row["o"]["i"] == resting.order_id]
    assert states == [("NEW", "NEW"), ("AMENDMENT", "NEW"), ("CANCELED", "CANCELED")]
    account = told("AccountUpdate")[-1]["a"]
    assert [(row["a"], Decimal(row["wb"])) for row in account["B"]] == [("USDT", Decimal(box.balance()["wallet"]))]
    assert [(row["s"], Decimal(row["pa"])) for row in account["P"]] == [(MARKET, Decimal(3000))]
    assert abs(Decimal(account["P"][0]["ep"]) - Decimal(box.position(MARKET)["entry_px"])) <= Decimal("0.00000001")
    assert [row["ac"] for row in told("AccountConfigUpdate")] == [{"s": MARKET, "l": 11}, {"s": MARKET, "l": 20}]
    for event in news.told:
        assert_complete(event, without=SOMETIMES)


SOMETIMES = {
    ".o.AP", ".o.cr",  # of trailing orders alone
    ".o.N", ".o.n",  # where there is a commission
    ".o.M",  # where the change had a number
    ".a.S",  # of funding
    ".ai", ".ac",  # one or the other
    ".o.rm", ".o.tt", ".o.ia",  # of conditional orders that were rejected, triggered, activated
}  # fmt: skip
