"""The public market: past bars, prices of a day, funding, and the streams beside book and trades."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest

from tests.shared_data import SHARED, requires_shared
from tradingsys.core.enums import OrderType, Side
from tradingsys.sim.events import NewOrder

from .exchange_rig import MS
from .face_rig import CROWD, Client
from .official import first, official_examples, shape
from .test_usdm_rest import place

DAY_MS = 24 * 3_600_000
D = Decimal


@pytest.fixture
def lively() -> Client:
    client = Client(flow=Random(1))
    client.run(2_000)
    return client


def ask(client: Client, path: str, **params: Any) -> Any:
    return client.call("GET", f"/fapi/v1/{path}", sign=False, **params)


def refused(client: Client, path: str, **params: Any) -> tuple[int, int]:
    return client.error("GET", f"/fapi/v1/{path}", sign=False, **params)


# --- bars


@pytest.mark.parametrize("interval", ["1m", "3m", "15m", "1h", "12h", "1d"])
def test_five_hundred_bars_are_there_from_the_start(lively: Client, interval: str) -> None:
    bars = ask(lively, "klines", symbol="BTCUSDT", interval=interval)
    assert len(bars) == 500
    for bar, following in pairwise(bars):
        assert bar[6] + 1 == following[0]
        assert bar[4] == following[1] or following is bars[-1]
    assert bars[-1][0] <= lively.now_ms <= bars[-1][6]


def test_bars_of_a_window(lively: Client) -> None:
    start = lively.now_ms // DAY_MS * DAY_MS - 5 * DAY_MS
    hours = ask(lively, "klines", symbol="ETHUSDT", interval="1h", startTime=start, endTime=start + DAY_MS - 1)
    assert [bar[0] for bar in hours] == [start + number * 3_600_000 for number in range(24)]
    (day,) = ask(lively, "klines", symbol="ETHUSDT", interval="1d", startTime=start, limit=1)
    assert D(day[5]) == sum(D(bar[5]) for bar in hours)
    assert D(day[2]) == max(D(bar[2]) for bar in hours)
    assert [bar[0] for bar in ask(lively, "klines", symbol="ETHUSDT", interval="1h", startTime=start, limit=3)] == [
        bar[0] for bar in hours[:3]
    ]
    upto = ask(lively, "klines", symbol="ETHUSDT", interval="1h", endTime=start + DAY_MS - 1, limit=3)
    assert upto == hours[-3:]
    assert refused(lively, "klines", symbol="ETHUSDT", interval="1h", startTime=2, endTime=1) == (400, -1023)


def test_bars_from_before_the_market_are_its_first(lively: Client) -> None:
    bars = ask(lively, "klines", symbol="BTCUSDT", interval="1d", startTime=0, limit=5)
    assert len(bars) == 5
    assert bars[0][0] > 0


def test_continuous_bars_are_those_of_the_perpetual(lively: Client) -> None:
    wanted = {"interval": "5m", "endTime": lively.now_ms - 600_000}
    traded = ask(lively, "klines", symbol="BTCUSDT", **wanted)
    assert ask(lively, "continuousKlines", pair="BTCUSDT", contractType="PERPETUAL", **wanted) == traded
    assert ask(lively, "continuousKlines", pair="BTCUSDT", contractType="NEXT_QUARTER", **wanted) == []
    assert refused(lively, "continuousKlines", pair="BTCUSDT", contractType="SPOT", interval="1m") == (400, -1130)


def test_bars_of_prices_that_are_not_traded() -> None:
    lively = Client(flow=Random(1), pace=0.05)
    lively.run(125_000)
    for path, parameter in (("markPriceKlines", "symbol"), ("indexPriceKlines", "pair")):
        bars = ask(lively, path, **{parameter: "BTCUSDT"}, interval="1m")
        assert len(bars) == 500
        assert bars[-2][8] == 60
        assert abs(D(bars[-1][4]) / 60_000 - 1) < D("0.02")
        assert {bar[5] for bar in bars} == {"0"}
    premium = ask(lively, "premiumIndexKlines", symbol="BTCUSDT", interval="1m")
    assert len(premium) == 500
    assert abs(D(premium[-1][4])) < D("0.01")


# --- trades


def test_trades_from_an_id_on_need_a_key(lively: Client) -> None:
    newest = ask(lively, "trades", symbol="BTCUSDT", limit=3)
    asked = {"symbol": "BTCUSDT", "fromId": newest[0]["id"], "limit": 2}
    assert ask(lively, "historicalTrades", **asked) == newest[:2]
    reply = lively.raw("GET", "/fapi/v1/historicalTrades", b"symbol=BTCUSDT", key=None)
    assert reply.status == 401


def test_aggregates_by_id_or_by_time(lively: Client) -> None:
    rows = ask(lively, "aggTrades", symbol="BTCUSDT")
    assert len(rows) > 5
    assert ask(lively, "aggTrades", symbol="BTCUSDT", fromId=rows[1]["a"], limit=3) == rows[1:4]
    times = {"startTime": rows[2]["T"], "endTime": rows[4]["T"]}
    assert ask(lively, "aggTrades", symbol="BTCUSDT", **times)[0]["T"] == rows[2]["T"]
    assert refused(lively, "aggTrades", symbol="BTCUSDT", fromId=1, startTime=1) == (400, -1128)
    assert refused(lively, "aggTrades", symbol="BTCUSDT", startTime=2, endTime=1) == (400, -1023)
    assert refused(lively, "aggTrades", symbol="BTCUSDT", startTime=1, endTime=3_600_002) == (400, -1127)


# --- a day


def test_the_day_is_the_sum_of_its_minutes(lively: Client) -> None:
    day = ask(lively, "ticker/24hr", symbol="DOGEUSDT")
    minutes = ask(lively, "klines", symbol="DOGEUSDT", interval="1m", startTime=day["openTime"], limit=1440)
    assert D(day["volume"]) == sum(D(bar[5]) for bar in minutes)
    assert day["count"] == sum(bar[8] for bar in minutes) == day["lastId"] - day["firstId"] + 1
    assert (D(day["openPrice"]), D(day["lastPrice"])) == (D(minutes[0][1]), D(minutes[-1][4]))
    assert D(day["highPrice"]) == max(D(bar[2]) for bar in minutes)
    assert D(day["priceChange"]) == D(day["lastPrice"]) - D(day["openPrice"])
    assert day["closeTime"] - day["openTime"] <= DAY_MS
    assert day["lastId"] == ask(lively, "trades", symbol="DOGEUSDT", limit=1)[0]["id"]
    assert len(ask(lively, "ticker/24hr")) == 5


def test_prices_of_a_silent_market_stand_still(client: Client) -> None:
    day = ask(client, "ticker/24hr", symbol="BTCUSDT")
    assert day["count"] == 0
    assert day["priceChangePercent"] == "0.000"
    assert D(day["lastPrice"]) == D(day["openPrice"]) == 60_000


# --- funding and interest


def test_funding_has_a_past_and_goes_on(lively: Client) -> None:
    rows = ask(lively, "fundingRate", symbol="BTCUSDT")
    assert len(rows) == 100
    assert {row["fundingTime"] % (8 * 3_600_000) for row in rows} == {0}
    assert len(ask(lively, "fundingRate", limit=1000)) == 1000
    next_ms = ask(lively, "premiumIndex", symbol="BTCUSDT")["nextFundingTime"]
    advance(lively, (next_ms - lively.now_ms) / 1000 + 1)
    (row,) = ask(lively, "fundingRate", symbol="BTCUSDT", startTime=next_ms)
    assert row["fundingTime"] == next_ms
    assert ask(lively, "fundingInfo")[0]["fundingIntervalHours"] == 8


def test_open_interest_is_what_all_who_are_long_hold(client: Client) -> None:
    assert D(ask(client, "openInterest", symbol="DOGEUSDT")["openInterest"]) == 0
    place(client, px="0.601")
    assert D(ask(client, "openInterest", symbol="DOGEUSDT")["openInterest"]) == 100


def test_the_depth_of_all_orders_and_the_index(client: Client) -> None:
    assert ask(client, "rpiDepth", symbol="DOGEUSDT")["bids"] == [["0.599000", "5000"]]
    assert refused(client, "rpiDepth", symbol="DOGEUSDT", limit=5) == (400, -4021)
    assert ask(client, "constituents", symbol="DOGEUSDT")["constituents"]


@pytest.mark.parametrize("path", ["/futures/data/nothing", "/fapi/v1/nothing"])
def test_what_nobody_knows_is_not_there(client: Client, path: str) -> None:
    assert client.error("GET", path, sign=False)[0] == 404


@requires_shared
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("ticker24hr_price_change_statistics_success", {"symbol": "DOGEUSDT"}),
        ("old_trades_lookup_success", {"symbol": "DOGEUSDT"}),
        ("get_funding_rate_history_success", {"symbol": "DOGEUSDT"}),
        ("get_funding_rate_info_success", {}),
        ("open_interest_success", {"symbol": "DOGEUSDT"}),
        ("symbol_price_ticker_v2_success", {"symbol": "DOGEUSDT"}),
        ("rpi_order_book_success", {"symbol": "DOGEUSDT"}),
    ],
)
def test_answers_have_the_official_fields(lively: Client, name: str, params: dict[str, str]) -> None:
    example = official_examples()[name]
    got = first(lively.call("GET", example["path"], sign=False, **params))
    assert shape(got) == shape(first(example["expected_response"]))


@requires_shared
def test_symbols_have_the_recorded_fields(client: Client) -> None:
    recorded = msgspec.json.decode((SHARED / "data/binance/exchange_info_2026.json").read_bytes())["usdm"]
    rules = {symbol["symbol"]: symbol for symbol in ask(client, "exchangeInfo")["symbols"]}
    for expected in recorded:
        if expected["symbol"] in rules:
            # Documented, though it was not recorded.
            assert rules[expected["symbol"]].keys() - {"settlePlan"} == expected.keys()


# --- streams


def frames(client: Client, stream: str, milliseconds: int, route: str = "market") -> list[Any]:
    conn = client.open(f"/{route}/ws/{stream}")
    client.run(milliseconds)
    return client.take(conn)


@requires_shared
@pytest.mark.parametrize(
    ("stream", "test"),
    [
        ("btcusdt@ticker", "individual_symbol_ticker_streams_subscription"),
        ("btcusdt@miniTicker", "individual_symbol_mini_ticker_stream_subscription"),
        ("!ticker@arr", "all_market_tickers_streams_subscription"),
        ("!miniTicker@arr", "all_market_mini_tickers_stream_subscription"),
        ("!bookTicker", "all_book_tickers_stream_subscription"),
        ("btcusdt_perpetual@continuousKline_1m", "continuous_contract_kline_candlestick_streams_subscript"),
        ("btcusdt@rpiDepth@500ms", "rpi_diff_book_depth_streams_success_with_optional_params"),
        ("!markPrice@arr@1s", "mark_price_stream_for_all_market_subscription"),
    ],
)
def test_events_have_the_official_fields(lively: Client, stream: str, test: str) -> None:
    path = SHARED / "data/binance/docs_examples/derivatives_trading_usds_futures.websocket_streams.jsonl"
    examples = {row["test"]: row for row in map(msgspec.json.decode, path.read_bytes().splitlines())}
    expected = next(row for name, row in examples.items() if name.startswith(f"test_{test}"))["expected_response"]
    route = "public" if stream.startswith(("!bookTicker", "btcusdt@rpi")) else "market"
    got = frames(lively, stream, 6_000, route)[-1]
    assert isinstance(got, list) == isinstance(expected, list)
    assert shape(first(got)) | {"b": 0, "a": 0} == shape(first(expected)) | {"b": 0, "a": 0}


def test_tickers_of_one_come_every_two_seconds_of_all_every_second(lively: Client) -> None:
    one = frames(lively, "btcusdt@ticker", 10_000)
    assert len(one) == 5
    assert one[-1]["c"] == ask(lively, "klines", symbol="BTCUSDT", interval="1m", limit=1)[0][4]
    every = frames(lively, "!miniTicker@arr", 5_000)
    assert len(every) == 5
    assert {row["s"] for row in every[0]} == set(lively.box.exchange.venues)


def test_only_what_traded_is_in_the_array(client: Client) -> None:
    conn = client.open("/market/ws/!ticker@arr")
    client.run(1_500)
    assert len(client.take(conn)) == 1
    client.crowd(Side.BUY, "10", "0.601")
    client.run(1_500)
    (rows,) = client.take(conn)
    assert [row["s"] for row in rows] == ["DOGEUSDT"]


def test_best_prices_of_all_come_every_five_seconds_when_they_changed(client: Client) -> None:
    conn = client.open("/public/ws/!bookTicker")
    client.run(11_000)
    assert [row["s"] for row in client.take(conn)] == ["DOGEUSDT"]
    client.crowd(Side.BUY, "10", "0.5995")
    client.run(5_000)
    assert [row["b"] for row in client.take(conn)] == ["0.599500"]


def test_changes_as_they_happen(client: Client) -> None:
    conn = client.open("/public/ws/dogeusdt@depth@0ms")
    client.crowd(Side.BUY, "10", "0.5995")
    client.crowd(Side.BUY, "10", "0.5996")
    one, other = client.take(conn)
    assert one["b"] == [["0.599500", "10"]]
    assert other["pu"] == one["u"] < other["U"] <= other["u"]


def test_every_trade(client: Client) -> None:
    conn = client.open("/public/ws/dogeusdt@trade")
    client.crowd(Side.BUY, "10", "0.601")
    (event,) = client.take(conn)
    assert (event["e"], event["p"], event["q"], event["m"]) == ("trade", "0.601000", "10", False)


def test_continuous_bars_follow_trades(client: Client) -> None:
    conn = client.open("/market/ws/dogeusdt_perpetual@continuousKline_1m")
    client.run(1_000)
    client.take(conn)
    client.crowd(Side.BUY, "10", "0.601")
    client.run(300)
    (event,) = client.take(conn)
    assert (event["e"], event["ps"], event["ct"]) == ("continuous_kline", "DOGEUSDT", "PERPETUAL")
    assert (event["k"]["v"], "s" in event["k"]) == ("10", False)


@pytest.mark.parametrize(
    "stream",
    [
        "defiusdt@compositeIndex",
        "!assetIndex@arr",
        "usdt@assetIndex",
        "tradingSession",
        "dogeusdt@nothing",
        "dogeusdt_next_quarter@continuousKline_1m",
        "dogeusdt@kline_1s",
        "DOGEUSDT@ticker",
    ],
)
def test_what_is_not_there_is_silent(lively: Client, stream: str) -> None:
    conn = lively.open("/market/ws")
    assert lively.control(conn, "SUBSCRIBE", [stream]) == {"result": None, "id": 1}
    lively.run(3_000)
    assert lively.take(conn) == []


def test_the_largest_liquidation_of_a_second_is_told(client: Client) -> None:
    conns = [client.open(f"/market/ws/{stream}") for stream in ("dogeusdt@forceOrder", "!forceOrder@arr")]
    others = client.open("/market/ws/btcusdt@forceOrder")
    for account, qty in (("main", "1999000"), ("other", "2000000")):
        client.crowd(Side.SELL, qty, "0.601")
        order = NewOrder(account, "DOGEUSDT", Side.BUY, OrderType.LIMIT, D(qty), D("0.601"))
        client.box.place(order, client.now_ns)
    client.box.exchange.cancel_all(CROWD, "DOGEUSDT", client.now_ns)
    client.crowd(Side.BUY, "5000000", "0.556")
    client.crowd(Side.SELL, "10", "0.558")
    client.run(30_000)
    (alone,), (among,) = (client.take(conn) for conn in conns)
    assert alone["o"] == among["o"]
    assert (alone["o"]["S"], alone["o"]["q"], alone["o"]["X"]) == ("SELL", "2000000", "FILLED")
    assert client.take(others) == []


def test_what_the_book_did_not_take_is_no_liquidation() -> None:
    client = Client(deposit="40")
    client.quote()
    client.call("POST", "/fapi/v1/order", **client.limit(px="0.601", qty="1000"))
    conn = client.open("/market/ws/dogeusdt@forceOrder")
    client.box.exchange.cancel_all(CROWD, "DOGEUSDT", client.now_ns)
    client.crowd(Side.BUY, "5000", "0.50")
    client.crowd(Side.SELL, "5000", "0.51")
    client.run(60_000)
    tried, done = client.call("GET", "/fapi/v1/forceOrders")
    assert (tried["status"], done["status"]) == ("EXPIRED", "FILLED")
    (event,) = client.take(conn)
    assert (event["o"]["X"], event["o"]["z"]) == ("FILLED", "1000")


# --- connections


def advance(client: Client, seconds: float) -> None:
    """Jump; the client's clock stays behind."""
    reply = client.raw("POST", "/admin/advance", body=msgspec.json.encode({"seconds": seconds}))
    assert reply.status == 200, reply.body


def test_a_ping_every_three_minutes(client: Client) -> None:
    conn = client.open("/market/ws")
    opened_ms = client.now_ms
    client.run(10 * 60_000)
    assert [at - opened_ms for at in client.pings[conn]] == [180_000, 360_000, 540_000]
    assert client.closed == {}


def test_ten_minutes_without_a_pong_are_too_many(client: Client) -> None:
    client.answers_pings = False
    conn = client.open("/market/ws")
    client.run(13 * 60_000 - 1)
    assert client.closed == {}
    client.run(1)
    assert client.closed == {conn: 1008}


def test_any_pong_is_good(client: Client) -> None:
    client.answers_pings = False
    conn = client.open("/ws-fapi/v1")
    for _ in range(4):
        client.run(9 * 60_000)
        client.box.ws_pong(conn)
    assert client.closed == {}


def test_nobody_is_blamed_for_a_jump(client: Client) -> None:
    client.answers_pings = False
    conn = client.open("/market/ws")
    client.run(4 * 60_000)
    advance(client, 3600)
    assert client.closed == {}
    client.run(10 * 60_000)
    assert client.closed == {conn: 1008}


def test_frames_after_the_end_are_not_heard(client: Client) -> None:
    conn = client.open("/market/ws")
    client.raw("POST", "/admin/drop", body=b"{}")
    assert client.closed == {conn: 1001}
    client.send(conn, b'{"method":"LIST_SUBSCRIPTIONS","id":1}')
    assert client.take(conn) == []


def test_times_are_the_exchanges_after_a_jump(client: Client) -> None:
    before = ask(client, "time")["serverTime"]
    advance(client, 90_000)
    assert ask(client, "time")["serverTime"] >= before + 90_000_000
    assert client.now_ns // MS < before + 1_000
