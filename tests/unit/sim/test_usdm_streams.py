"""Market streams and user streams."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest

from tests.shared_data import SHARED, requires_shared
from tradingsys.core.enums import Side
from tradingsys.venues.binance.depth import DepthChange, DepthSequencer, DepthState, SequenceRule

from .exchange_rig import MS
from .face_rig import Client
from .official import shape
from .test_usdm_rest import place

PUBLIC, MARKET, PRIVATE = "/public/ws", "/market/ws", "/private/ws"


# --- control


def test_subscriptions_are_kept_in_order(client: Client) -> None:
    conn = client.open(PUBLIC)
    assert client.control(conn, "SUBSCRIBE", ["dogeusdt@bookTicker", "btcusdt@depth"]) == {"result": None, "id": 1}
    assert client.control(conn, "LIST_SUBSCRIPTIONS", request_id=7) == {
        "result": ["dogeusdt@bookTicker", "btcusdt@depth"],
        "id": 7,
    }
    assert client.control(conn, "UNSUBSCRIBE", ["dogeusdt@bookTicker"]) == {"result": None, "id": 1}
    assert client.control(conn, "LIST_SUBSCRIPTIONS")["result"] == ["btcusdt@depth"]


def test_combined_is_a_property(client: Client) -> None:
    for target, combined in (("/public/ws/dogeusdt@bookTicker", False), ("/public/stream", True)):
        conn = client.open(target)
        assert client.control(conn, "GET_PROPERTY", ["combined"])["result"] is combined
        assert client.control(conn, "SET_PROPERTY", ["combined", not combined]) == {"result": None, "id": 1}
        client.control(conn, "SUBSCRIBE", ["dogeusdt@bookTicker"])
        client.crowd(Side.BUY, "1" if combined else "2", "0.5991")
        (frame,) = client.take(conn)
        assert ("stream" in frame) is not combined


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"{", 3),
        (b"[]", 2),
        (b'{"id":1}', 2),
        (b'{"method":"DANCE","id":1}', 2),
        (b'{"method":"SUBSCRIBE","id":1}', 2),
        (b'{"method":"SUBSCRIBE","params":"x","id":1}', 2),
        (b'{"method":"SET_PROPERTY","params":["colour",true],"id":1}', 0),
        (b'{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}', 1),
    ],
)
def test_control_errors(client: Client, frame: bytes, code: int) -> None:
    conn = client.open(PUBLIC)
    client.send(conn, frame)
    (answer,) = client.take(conn)
    assert answer["error"]["code"] == code
    assert answer["id"] == (1 if b'"id":1' in frame else None)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"params": ["btcusdt@depth"], "id": 1}, "Invalid request: missing field `method` at line 1 column 35"),
        (
            {"method": "SUBSCRIB", "params": [], "id": 1},
            "Invalid request: unknown variant `SUBSCRIB`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, "
            "`LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY` at line 1 column 20",
        ),
        ({"method": "LIST_SUBSCRIPTIONS"}, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "LIST_SUBSCRIPTIONS", "id": -1}, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "LIST_SUBSCRIPTIONS", "id": 1.5}, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "GET_PROPERTY", "id": 1}, "Invalid request: property name must be a string"),
        ({"method": "GET_PROPERTY", "params": ["combined", 1], "id": 1}, "Invalid request: too many parameters"),
    ],
)
def test_control_errors_in_the_exchange_words(client: Client, frame: dict[str, object], message: str) -> None:
    conn = client.open(PUBLIC)
    client.send(conn, msgspec.json.encode(frame))
    assert client.take(conn)[0]["error"] == {"code": 2, "msg": message}


@pytest.mark.parametrize("target", ["/public/ws/dogeusdt%40bookTicker", "/public/stream?streams=dogeusdt%40bookTicker"])
def test_names_in_addresses_may_be_percent_encoded(client: Client, target: str) -> None:
    conn = client.open(target)
    assert client.control(conn, "LIST_SUBSCRIPTIONS")["result"] == ["dogeusdt@bookTicker"]


def test_a_connection_holds_1024_streams(client: Client) -> None:
    conn = client.open(PUBLIC)
    names = [f"s{number}@depth" for number in range(1024)]
    assert client.control(conn, "SUBSCRIBE", names) == {"result": None, "id": 1}
    assert client.control(conn, "SUBSCRIBE", ["one@more"])["error"]["code"] == 2


def test_eleven_frames_in_a_second_close_the_connection(client: Client) -> None:
    conn = client.open(PUBLIC)
    client.run(1000 - client.now_ms % 1000)
    for _ in range(10):
        client.control(conn, "LIST_SUBSCRIPTIONS")
    client.send(conn, b'{"method":"LIST_SUBSCRIPTIONS","id":1}')
    assert client.closed == {conn: 1008}


def test_connections_end_after_a_day(client: Client) -> None:
    conn = client.open(PUBLIC)
    client.run(24 * 3_600_000 - 1)
    assert client.closed == {}
    client.run(1)
    assert client.closed == {conn: 1001}


@pytest.mark.parametrize(
    ("target", "hears"),
    [("/public", True), ("", True), ("/market", False), ("/private", False)],
)
def test_a_stream_lives_on_one_route_and_is_silent_on_others(client: Client, target: str, hears: bool) -> None:
    conn = client.open(f"{target}/ws")
    assert client.control(conn, "SUBSCRIBE", ["dogeusdt@bookTicker", "dogeusdt@depth5"]) == {"result": None, "id": 1}
    client.crowd(Side.BUY, "10", "0.5991")
    client.run(1000)
    assert bool(client.take(conn)) is hears


def test_unknown_addresses_are_refused(client: Client) -> None:
    for target in ("/", "/other/ws", "/public", "/public/sockets", "/ws-fapi/v2"):
        refusal = client.box.ws_refusal(target, client.now_ns)
        assert refusal is not None
        assert refusal.status == 404
    for target in ("/ws", "/stream?streams=a@b/c@d", "/public/ws/btcusdt@depth", "/private/stream", "/ws-fapi/v1"):
        assert client.box.ws_refusal(target, client.now_ns) is None


# --- depth


def test_partial_depth_is_a_full_event_at_its_pace(client: Client) -> None:
    conn = client.open("/public/stream?streams=dogeusdt@depth5@100ms")
    client.run(200 - client.now_ms % 100)
    client.take(conn)
    for number in range(7):
        client.crowd(Side.BUY, str(number + 1), f"0.59{number}")
    assert client.take(conn) == []
    client.run(100)
    (frame,) = client.take(conn)
    data = frame["data"]
    assert frame["stream"] == "dogeusdt@depth5@100ms"
    assert [level[0] for level in data["b"]] == ["0.599000", "0.596000", "0.595000", "0.594000", "0.593000"]
    assert data["a"] == [["0.601000", "5000"]]
    assert data["pu"] < data["U"] <= data["u"]
    client.run(500)
    assert client.take(conn) == []


def test_diff_depth_carries_changes_in_an_unbroken_chain(client: Client) -> None:
    conn = client.open("/public/ws/dogeusdt@depth@100ms")
    client.crowd(Side.BUY, "10", "0.59")
    client.run(100)
    client.crowd(Side.SELL, "4000", "0.599")
    client.crowd(Side.SELL, "7", "0.605")
    client.run(100)
    one, two = client.take(conn)
    assert (one["b"], one["a"]) == ([["0.590000", "10"]], [])
    assert (two["b"], two["a"]) == ([["0.599000", "1000"]], [["0.605000", "7"]])
    assert two["pu"] == one["u"]
    assert two["U"] > two["pu"] + 1


def test_a_local_book_equals_the_tickers_at_every_update() -> None:
    client = Client(flow=Random(11))
    conn = client.open("/public/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker")
    client.run(350)
    book = DepthSequencer(SequenceRule.FUTURES)
    tickers: dict[int, Any] = {}
    compared = jumps = snapshots = 0
    for _ in range(150):
        for frame in client.take(conn):
            data = frame["data"]
            if data["e"] == "bookTicker":
                tickers[data["u"]] = data
                continue
            jumps += data["U"] > data["pu"] + 1
            book.change(DepthChange(data["U"], data["u"], data["b"], data["a"], data["pu"]))
            ticker = tickers.get(data["u"])
            if book.state is DepthState.IN_STEP and ticker is not None:
                bid, ask = book.book.best_bid, book.book.best_ask
                assert bid is not None
                assert ask is not None
                assert f"{bid[0]} {bid[1]} {ask[0]} {ask[1]}" == " ".join(ticker[key] for key in "bBaA")
                compared += 1
        if book.state is DepthState.WAITING:
            snapshot = client.call("GET", "/fapi/v1/depth", sign=False, symbol="BTCUSDT", limit=1000)
            book.snapshot(snapshot["lastUpdateId"], snapshot["bids"], snapshot["asks"])
            snapshots += 1
        client.run(100)
    assert compared > 60
    assert jumps > 60
    assert snapshots < 5


# --- trades, bars, marks


def test_aggregated_trades(client: Client) -> None:
    conn = client.open("/market/ws/dogeusdt@aggTrade")
    client.crowd(Side.BUY, "10", "0.601")
    client.crowd(Side.BUY, "20", "0.601")
    client.run(90)
    assert client.take(conn) == []
    client.run(10)
    client.crowd(Side.SELL, "5", "0.599")
    client.run(100)
    one, two = client.take(conn)
    assert (one["p"], one["q"], one["m"], one["l"] - one["f"]) == ("0.601000", "30", False, 1)
    assert (two["p"], two["q"], two["m"], two["a"]) == ("0.599000", "5", True, one["a"] + 1)


def test_bars_grow_and_close(client: Client) -> None:
    conn = client.open("/market/ws/dogeusdt@kline_1m")
    client.run(60_000 - client.now_ms % 60_000)
    client.take(conn)
    client.crowd(Side.BUY, "10", "0.601")
    client.run(100)
    client.crowd(Side.SELL, "4", "0.599")
    client.run(60_000)
    growing, *silent, closed = [frame["k"] for frame in client.take(conn)]
    assert (growing["o"], growing["c"], growing["v"], growing["V"], growing["x"]) == (
        "0.601000", "0.599000", "14", "10", False,
    )  # fmt: skip
    assert silent == []
    assert closed["x"]
    assert (closed["T"] - closed["t"], closed["n"], closed["l"]) == (59_999, 2, "0.599000")
    client.run(60_000)
    (empty,) = [frame["k"] for frame in client.take(conn)]
    assert (empty["t"], empty["o"], empty["n"], empty["f"], empty["x"]) == (
        closed["T"] + 1, "0.599000", 0, -1, True,
    )  # fmt: skip


def test_a_bar_that_was_joined_late_is_whole(client: Client) -> None:
    client.crowd(Side.BUY, "10", "0.601")
    conn = client.open("/market/ws/dogeusdt@kline_1h")
    client.crowd(Side.BUY, "5", "0.601")
    client.run(300)
    assert client.take(conn)[-1]["k"]["v"] == "15"


@pytest.mark.parametrize(("name", "pace_ms"), [("dogeusdt@markPrice", 3000), ("dogeusdt@markPrice@1s", 1000)])
def test_mark_prices_come_by_the_clock(client: Client, name: str, pace_ms: int) -> None:
    conn = client.open(f"/market/ws/{name}")
    client.run(12_000)
    times = [frame["E"] for frame in client.take(conn)]
    assert len(times) == 12_000 // pace_ms
    assert {time % pace_ms for time in times} == {0}


def test_all_mark_prices_come_in_one_array(client: Client) -> None:
    conn = client.open("/market/ws/!markPrice@arr@1s")
    client.run(1000)
    ((first, *rest),) = client.take(conn)
    assert first["e"] == "markPriceUpdate"
    assert len(rest) == 4
    told = {row["symbol"]: row for row in client.call("GET", "/fapi/v1/premiumIndex", sign=False)}
    for row in (first, *rest):
        same = told[row["s"]]
        assert (row["r"], row["i"], row["T"]) == (same["lastFundingRate"], same["indexPrice"], same["nextFundingTime"])


@requires_shared
@pytest.mark.parametrize(
    ("stream", "test"),
    [
        ("dogeusdt@aggTrade", "aggregate_trade_streams_subscription"),
        ("dogeusdt@kline_1m", "kline_candlestick_streams_subscription"),
        ("dogeusdt@markPrice@1s", "mark_price_stream_subscription"),
        ("dogeusdt@depth", "diff_book_depth_streams_subscription"),
        ("dogeusdt@bookTicker", "individual_symbol_book_ticker_streams_subscription"),
    ],
)
def test_market_events_have_the_official_fields(client: Client, stream: str, test: str) -> None:
    path = SHARED / "data/binance/docs_examples/derivatives_trading_usds_futures.websocket_streams.jsonl"
    examples = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    (expected,) = [each["expected_response"] for each in examples if each["test"] == f"test_{test}"]
    route = "public" if "depth" in stream or "bookTicker" in stream else "market"
    conn = client.open(f"/{route}/ws/{stream}")
    client.crowd(Side.BUY, "10", "0.601")
    client.crowd(Side.BUY, "10", "0.5995")
    client.run(1000)
    assert shape(client.take(conn)[-1]) | {"b": 0, "a": 0} == shape(expected) | {"b": 0, "a": 0}


def test_time_of_events_is_the_exchanges(client: Client) -> None:
    conn = client.listen()
    place(client)
    (event,) = client.take(conn)
    assert event["T"] == event["E"] == client.now_ns // MS
