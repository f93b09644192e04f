"""Binance's SDK listens: every event fills its model, and says what the exchange's calls say."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.judges.box import Box, Row, eventually
from tests.judges.sdk_client import assert_complete, by_ed25519, by_hmac, flattened, streams
from tests.judges.test_sdk_trading import BUY, MARKET, far_below

pytestmark = pytest.mark.usefixtures("no_complaints")


class Listening:
    """Everything that one stream tells, and no error beside it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.told: list[Any] = []
        self.errors: list[Any] = []
        connection.on_connection("error", self.errors.append)

    async def to(self, name: str, **arguments: Any) -> Listening:
        """Begin."""
        handle = await getattr(self._connection, name)(**arguments)
        handle.on("message", self.told.append)
        return self

    async def heard(self, name: str) -> None:
        """Wait for the first event."""
        await self.until(lambda: self.told, name)

    async def until(self, enough: Callable[[], object], what: str = "enough events") -> None:
        """Wait for what ``enough`` says; an error fails at once."""

        def look() -> bool:
            assert not self.errors, self.errors
            return bool(enough())

        await eventually(what, look)


SYMBOL = {"symbol": MARKET}
STREAMS: list[tuple[str, dict[str, Any]]] = [
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
]


async def test_every_stream_of_the_market(box: Box) -> None:
    """All at once, each on the connection where the SDK expects it."""
    async with streams(by_hmac(box)) as connection:
        listening = {name: await Listening(connection).to(name, **arguments) for name, arguments in STREAMS}
        for name, one in listening.items():
            await one.heard(name)
            assert_complete(one.told[0])
        listed = await connection.list_subscribe()
    assert listed


async def test_events_say_what_calls_say(box: Box) -> None:
    """Trades, a bar, best prices and best levels, each as the call tells it."""
    async with streams(by_hmac(box)) as connection:

        async def listening(name: str, **more: object) -> Listening:
            return await Listening(connection).to(name, symbol=MARKET, **more)

        trades = await listening("aggregate_trade_streams")
        bars = await listening("kline_candlestick_streams", interval="1m")
        bests = await listening("individual_symbol_book_ticker_streams")
        levels = await listening("partial_book_depth_streams", levels=5, update_speed="100ms")
        books: dict[int, Row] = {}

        def told(one: Listening) -> list[Row]:
            return [flattened(event) for event in one.told]

        def seen() -> bool:
            book = box.public("/fapi/v1/depth", symbol=MARKET, limit=5)
            books[book["lastUpdateId"]] = book
            return (
                len(trades.told) >= 10
                and len(books.keys() & {event.u for event in bests.told}) >= 2
                and len(books.keys() & {event.u for event in levels.told}) >= 2
            )

        await trades.until(seen)

        def same_bar() -> bool:
            row = box.public("/fapi/v1/klines", symbol=MARKET, interval="1m", limit=1)[-1]
            last = told(bars)[-1]["k"] if bars.told else {}
            same: bool = [last.get(key) for key in "tohlcvTqnVQ"] == row[:11]
            return same

        await bars.until(same_bar, "the same bar on both ways")
    answers = {row["a"]: row for row in box.public("/fapi/v1/aggTrades", symbol=MARKET, limit=1000)}
    for event in told(trades):
        assert {key: event[key] for key in answers[event["a"]]} == answers[event["a"]]
    for event in told(levels):
        book = books.get(event["u"])
        assert book is None or (event["b"], event["a"]) == (book["bids"], book["asks"])
    for event in told(bests):
        book = books.get(event["u"])
        assert book is None or [[event["b"], event["B"]], [event["a"], event["A"]]] == [
            book["bids"][0],
            book["asks"][0],
        ]


async def test_a_local_book(box: Box) -> None:
    """Built from the events by the exchange's own recipe, it is the exchange's book."""
    async with streams(by_hmac(box)) as connection:
        events = await Listening(connection).to("diff_book_depth_streams", symbol=MARKET, update_speed="100ms")
        await events.until(lambda: events.told)
        snapshot = box.public("/fapi/v1/depth", symbol=MARKET, limit=1000)
        later: dict[int, Row] = {}

        def enough() -> bool:
            truth = box.public("/fapi/v1/depth", symbol=MARKET, limit=1000)
            later[truth["lastUpdateId"]] = truth
            return len(events.told) >= 10 and len(later.keys() & {event.u for event in events.told}) >= 2

        await events.until(enough)
    book = {side: {Decimal(px): Decimal(qty) for px, qty in snapshot[side]} for side in ("bids", "asks")}
    previous, compared = None, 0
    for event in (flattened(each) for each in events.told):
        if event["u"] < snapshot["lastUpdateId"]:
            continue
        assert event["pu"] == previous if previous else event["U"] <= snapshot["lastUpdateId"] <= event["u"]
        previous = event["u"]
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
