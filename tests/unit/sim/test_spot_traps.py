"""What clients of spot and of margin stumble over: each of it happens here as it does at the venue."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from msgspec import structs

from tradingsys.core.enums import Side
from tradingsys.sim.faces.transport import NO_ANSWER, Reply
from tradingsys.venues.binance.signing import sign_query

from .spot_face_rig import KEY, ORDER, SpotClient
from .test_admin import get, post
from .test_margin_face import HOUR_MS, M, market, subscribed

D = Decimal
MARGIN_ORDER = f"{M}/order"
PLACES = pytest.mark.parametrize("path", [ORDER, MARGIN_ORDER])
OPEN = {ORDER: "/api/v3/openOrders", MARGIN_ORDER: f"{M}/openOrders"}
TRADES = {ORDER: "/api/v3/myTrades", MARGIN_ORDER: f"{M}/myTrades"}
DAY_MS = 24 * HOUR_MS


def faults(client: SpotClient, **what: Any) -> None:
    post(client, "faults", product="spot", **what)


def code_of(reply: Reply) -> tuple[int, int]:
    return reply.status, msgspec.json.decode(reply.body)["code"]


def hearing(client: SpotClient, path: str) -> int:
    return client.listen() if path == ORDER else subscribed(client)


def reports(client: SpotClient, conn: int) -> list[tuple[str, str]]:
    return [(event["x"], event["c"]) for event in client.events(conn) if event["e"] == "executionReport"]


# --- keys, signatures, clocks


@pytest.mark.parametrize("path", ["/api/v3/userDataStream", "/sapi/v1/userDataStream"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_listen_keys_of_before_are_gone(spot_client: SpotClient, path: str, method: str) -> None:
    assert spot_client.reply(method, path, sign=False).status == 410


def test_one_connection_listens_once_to_an_account(spot_client: SpotClient) -> None:
    conn = spot_client.listen()
    again = spot_client.ws_call(conn, "userDataStream.subscribe.signature")
    assert (again["status"], again["error"]["code"]) == (400, -2035)
    assert spot_client.listen() != conn


@pytest.mark.parametrize("path", ["/api/v3/openOrders", f"{M}/openOrders"])
def test_the_signature_is_of_the_bytes_that_came(spot_client: SpotClient, path: str) -> None:
    def ask(query: str, body: str = "") -> Reply:
        return spot_client.raw("GET", path, query.encode(), body.encode())

    text = f"recvWindow=5000&timestamp={spot_client.now_ms}"
    signature = spot_client.signer.sign(text.encode())
    assert ask(f"{text}&signature={signature}").status == 200
    assert ask("", f"{text}&signature={signature}").status == 200
    turned = f"timestamp={spot_client.now_ms}&recvWindow=5000&signature={signature}"
    assert code_of(ask(turned)) == (400, -1022)
    assert code_of(ask(f"{text}&signature={signature}".replace("5000", "5000.0"))) == (400, -1022)
    raw = f"symbol=１&timestamp={spot_client.now_ms}"
    assert code_of(ask(f"{raw}&signature={spot_client.signer.sign(raw.encode())}")) == (400, -1022)
    encoded = f"symbol=%EF%BC%91&timestamp={spot_client.now_ms}"
    assert code_of(ask(f"{encoded}&signature={spot_client.signer.sign(encoded.encode())}")) == (400, -1121)


@pytest.mark.parametrize("path", ["/api/v3/account", f"{M}/account"])
@pytest.mark.parametrize(
    ("offset_ms", "window", "is_good"),
    [(999, "5000", True), (1000, "5000", False), (-5000, "5000", True), (-5001, "5000", False), (-2, "1.5", False)],
)
def test_clocks_may_be_apart_a_little(
    spot_client: SpotClient, path: str, offset_ms: int, window: str, is_good: bool
) -> None:
    given: dict[str, Any] = {"timestamp": spot_client.now_ms + 1 + offset_ms, "recvWindow": window}
    reply = spot_client.reply("GET", path, **given)
    assert reply.status == 200 if is_good else code_of(reply) == (400, -1021)


# --- the book


def test_a_change_of_the_book_is_lost_on_command(spot_client: SpotClient) -> None:
    conn = spot_client.open("/ws/dogeusdt@depth@100ms")
    assert post(spot_client, "faults", product="spot", lose_change="dogeusdt")["lost_in"] == 1
    seen: list[dict[str, Any]] = []
    for px in ("0.588", "0.587", "0.586", "0.585"):
        spot_client.crowd(Side.BUY, "10", px)
        spot_client.run(200)
        seen += spot_client.take(conn)
    follows = [later["U"] == before["u"] + 1 for before, later in pairwise(seen)]
    assert len(seen) == 3
    assert "0.58800000" not in [level[0] for event in seen for level in event["b"]]
    assert follows == [True, True]
    assert seen[0]["U"] > 1


# --- orders whose fate is not told


@PLACES
@pytest.mark.parametrize(
    ("answer", "status", "code", "acts"),
    [("timeout", 504, -1007, True), ("unknown", 502, 0, True), ("unavailable", 503, -1016, False)],
)
def test_an_answer_that_does_not_tell(
    spot_client: SpotClient, path: str, answer: str, status: int, code: int, acts: bool
) -> None:
    conn = hearing(spot_client, path)
    faults(spot_client, answer=answer)
    assert code_of(spot_client.reply("POST", path, **spot_client.limit(newClientOrderId="mine"))) == (status, code)
    assert reports(spot_client, conn) == ([("NEW", "mine")] if acts else [])
    assert len(spot_client.call("GET", OPEN[path])) == acts


@PLACES
def test_no_answer_at_all(spot_client: SpotClient, path: str) -> None:
    faults(spot_client, answer="drop")
    assert spot_client.reply("POST", path, **spot_client.limit(newClientOrderId="mine")).status == NO_ANSWER
    assert [row["clientOrderId"] for row in spot_client.call("GET", OPEN[path])] == ["mine"]


def test_the_websocket_drops_with_the_order_done(spot_client: SpotClient) -> None:
    api = spot_client.open("/ws-api/v3")
    faults(spot_client, answer="drop")
    with pytest.raises(IndexError):
        spot_client.ws_call(api, "order.place", **spot_client.limit(newClientOrderId="mine"))
    assert spot_client.closed == {api: 1001}
    assert [row["clientOrderId"] for row in spot_client.call("GET", OPEN[ORDER])] == ["mine"]


@PLACES
def test_what_was_placed_is_not_found_at_once(spot_client: SpotClient, path: str) -> None:
    faults(spot_client, queries_late_ms=800)
    spot_client.call("POST", path, **spot_client.limit(px="0.601", newClientOrderId="mine"))
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "origClientOrderId": "mine"}
    assert spot_client.error("GET", path, **named) == (400, -2013)
    assert spot_client.call("GET", TRADES[path], symbol="DOGEUSDT") == []
    spot_client.run(800)
    assert spot_client.call("GET", path, **named)["status"] == "FILLED"
    assert len(spot_client.call("GET", TRADES[path], symbol="DOGEUSDT")) == 1


# --- events


@PLACES
def test_events_come_after_the_answer_or_late_or_twice(spot_client: SpotClient, path: str) -> None:
    conn = hearing(spot_client, path)
    faults(spot_client, events_late_ms=300)
    spot_client.call("POST", path, **spot_client.limit(newClientOrderId="late"))
    faults(spot_client, events_late_ms=0, events_twice=1)
    assert reports(spot_client, conn) == []
    spot_client.run(300)
    assert reports(spot_client, conn) == [("NEW", "late")]
    faults(spot_client, events_twice=1)
    spot_client.call("POST", path, **spot_client.limit(newClientOrderId="twice"))
    assert reports(spot_client, conn) == [("NEW", "twice"), ("NEW", "twice")]


def test_the_answer_by_websocket_comes_before_its_events(spot_client: SpotClient) -> None:
    conn = spot_client.listen()
    spot_client.send(conn, b'{"id":1,"method":"ping"}')
    order = spot_client.ws_call(conn, "order.place", **spot_client.limit())
    assert order["status"] == 200
    assert [event["x"] for event in spot_client.events(conn) if event["e"] == "executionReport"] == ["NEW"]


# --- orders


def at_market(path: str, side: str, qty: str) -> dict[str, Any]:
    """Spot has no parameter for the kind of margin."""
    return {name: value for name, value in market(side, qty).items() if path == MARGIN_ORDER or name != "isIsolated"}


@PLACES
@pytest.mark.parametrize(("side", "asset"), [("BUY", "DOGE"), ("SELL", "USDT")])
def test_the_fee_is_taken_from_what_is_received(spot_client: SpotClient, path: str, side: str, asset: str) -> None:
    told = spot_client.call("POST", path, **at_market(path, side, "100"))
    (fill,) = told["fills"]
    received = D("100") if side == "BUY" else D(told["cummulativeQuoteQty"])
    assert (fill["commissionAsset"], D(fill["commission"])) == (asset, received / 1000)


@PLACES
def test_a_market_order_expires_with_fills(spot_client: SpotClient, path: str) -> None:
    conn = hearing(spot_client, path)
    told = spot_client.call("POST", path, **at_market(path, "SELL", "6000"))
    assert (told["status"], told["executedQty"]) == ("EXPIRED", "5000.00000000")
    events = [event for event in spot_client.events(conn) if event["e"] == "executionReport"]
    assert [(event["x"], event["w"]) for event in events] == [("NEW", True), ("TRADE", False), ("EXPIRED", False)]
    last = events[-1]
    assert (last["x"], last["X"], last["z"], last["eR"]) == (
        "EXPIRED",
        "EXPIRED",
        "5000.00000000",
        "INSUFFICIENT_LIQUIDITY",
    )


@PLACES
def test_a_cancellation_moves_the_id_of_the_order(spot_client: SpotClient, path: str) -> None:
    conn = hearing(spot_client, path)
    spot_client.call("POST", path, **spot_client.limit(newClientOrderId="mine"))
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "origClientOrderId": "mine"}
    told = spot_client.call("DELETE", path, **named, newClientOrderId="bye")
    assert (told["clientOrderId"], told["origClientOrderId"]) == ("bye", "mine")
    last = [event for event in spot_client.events(conn) if event["e"] == "executionReport"][-1]
    assert (last["x"], last["c"], last["C"]) == ("CANCELED", "bye", "mine")
    assert spot_client.call("GET", path, **named)["status"] == "CANCELED"


@PLACES
def test_the_id_of_a_filled_order_may_be_used_again(spot_client: SpotClient, path: str) -> None:
    order = spot_client.limit(px="0.601", newClientOrderId="again")
    first, second = (spot_client.call("POST", path, **order) for _ in range(2))
    assert (first["status"], second["status"]) == ("FILLED", "FILLED")
    assert first["orderId"] != second["orderId"]
    resting = spot_client.limit(newClientOrderId="again")
    spot_client.call("POST", path, **resting)
    assert spot_client.refusal("POST", path, **resting) == (-2010, "Duplicate order sent.")


@PLACES
@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"px": "0.590001"}, "PRICE_FILTER"),
        ({"qty": "10.5"}, "LOT_SIZE"),
        ({"px": "2.9"}, "PERCENT_PRICE_BY_SIDE"),
        ({"qty": "1"}, "NOTIONAL"),
    ],
)
def test_filters_are_named(spot_client: SpotClient, path: str, wrong: dict[str, str], name: str) -> None:
    assert spot_client.refusal("POST", path, **spot_client.limit(**wrong)) == (-1013, f"Filter failure: {name}")


def test_grids_begin_at_nought(spot_client: SpotClient) -> None:
    """A price is a whole number of ticks, not so many ticks above the lowest price; a quantity likewise."""
    venue = spot_client.box.spot_exchange.venues["DOGEUSDT"]
    venue.instrument = structs.replace(venue.instrument, min_price=D("0.500003"), min_qty=D("1.5"))
    spot_client.call("POST", ORDER, **spot_client.limit(px="0.59", qty="100"))
    for wrong, name in (({"px": "0.590003"}, "PRICE_FILTER"), ({"qty": "100.5"}, "LOT_SIZE")):
        assert spot_client.refusal("POST", ORDER, **spot_client.limit(**wrong)) == (-1013, f"Filter failure: {name}")


# --- limits, connections


@pytest.mark.parametrize(
    ("path", "weight", "most"),
    [("/api/v3/openOrders", 80, 6_000), (f"{M}/allOrders", 200, 12_000)],
)
def test_windows_are_the_clocks(spot_client: SpotClient, path: str, weight: int, most: int) -> None:
    given: dict[str, Any] = {"symbol": "DOGEUSDT"} if "all" in path else {}

    def ask() -> Reply:
        return spot_client.reply("GET", path, **given)

    spot_client.run(60_000 - spot_client.now_ms % 60_000 + 30_000)
    for _ in range(most // weight):
        assert ask().status == 200
    late = ask()
    assert (late.status, code_of(late)[1], 0 < int(late.headers["Retry-After"]) <= 30) == (429, -1003, True)
    spot_client.run(int(late.headers["Retry-After"]) * 1000)
    assert ask().status == 200


def test_who_ignores_that_is_banned_for_longer_and_longer(spot_client: SpotClient) -> None:
    lengths = []
    for _ in range(2):
        spot_client.run(60_000 - spot_client.now_ms % 60_000)
        answers = [spot_client.reply("GET", "/api/v3/openOrders") for _ in range(75 + 11)]
        assert [reply.status for reply in answers[75:]] == [429] * 10 + [418]
        lengths.append(int(answers[-1].headers["Retry-After"]))
        assert "IP banned until" in msgspec.json.decode(answers[-1].body)["msg"]
        spot_client.run(lengths[-1] * 1000)
    assert lengths == [120, 240]


@pytest.mark.parametrize("target", ["/ws/dogeusdt@trade", "/ws-api/v3"])
def test_connections_end_after_a_day(spot_client: SpotClient, target: str) -> None:
    conn = spot_client.open(target)
    post(spot_client, "advance", seconds=DAY_MS // 1000 - 5)
    spot_client.run(4_000)
    assert conn not in spot_client.closed
    spot_client.run(1_000)
    assert spot_client.closed[conn] == 1001


def test_the_wsapi_pings_too(spot_client: SpotClient) -> None:
    conn = spot_client.open("/ws-api/v3")
    spot_client.run(20_000)
    assert len(spot_client.pings[conn]) == 1
    spot_client.answers_pings = False
    spot_client.run(80_000)
    assert spot_client.closed[conn] == 1008


def test_a_token_ends_with_a_word_and_the_connection_stays(spot_client: SpotClient) -> None:
    conn = subscribed(spot_client, validity=HOUR_MS)
    spot_client.run(HOUR_MS + 1_000)
    (ended,) = spot_client.events(conn)
    assert ended["e"] == "eventStreamTerminated"
    assert conn not in spot_client.closed
    spot_client.call("POST", MARGIN_ORDER, **market("BUY", "100"))
    assert spot_client.events(conn) == []


# --- what is missed


@PLACES
def test_nobody_tells_afterwards_what_happened_meanwhile(spot_client: SpotClient, path: str) -> None:
    conn = hearing(spot_client, path)
    spot_client.call("POST", path, **spot_client.limit(newClientOrderId="mine"))
    spot_client.take(conn)
    post(spot_client, "drop", product="spot")
    assert spot_client.closed[conn] == 1001
    spot_client.crowd(Side.SELL, "5100", "0.59")
    again = hearing(spot_client, path)
    spot_client.run(5_000)
    assert spot_client.events(again) == []
    assert spot_client.call("GET", path, symbol="DOGEUSDT", origClientOrderId="mine")["status"] == "FILLED"
    (trade,) = spot_client.call("GET", TRADES[path], symbol="DOGEUSDT")
    assert D(trade["qty"]) == 100


def test_a_liquidation_is_an_order_of_nobodys_id(spot_client: SpotClient) -> None:
    wallet = spot_client.box.spot_exchange.margin("main/margin")
    spot_client.call("POST", f"{M}/borrow-repay", asset="DOGE", amount="20000", type="BORROW", isIsolated="FALSE")
    spot_client.crowd(Side.SELL, "50000", "0.602")
    conn = subscribed(spot_client)
    spot_client.call("POST", f"{M}/listen-key", sign=False)
    wallet.free["DOGE"] = D(0)
    wallet.free["USDT"] = D(12_300)
    spot_client.run(3_000)
    events = [event for event in spot_client.events(conn) if event["e"] == "executionReport"]
    assert {event["S"] for event in events} == {"BUY"}
    assert not {event["c"] for event in events} & {"", "mine", KEY}
    trades = spot_client.call("GET", TRADES[MARGIN_ORDER], symbol="DOGEUSDT")
    assert sum(D(row["qty"]) for row in trades) > 19_000
    forced = spot_client.call("GET", f"{M}/forceLiquidationRec")
    assert forced["rows"][0]["orderId"] == events[0]["i"]
    assert get(spot_client, "orders", "product=spot&account=main/margin")[-1]["forced"]


def test_trades_after_an_id_find_what_was_missed(spot_client: SpotClient) -> None:
    first = spot_client.call("POST", ORDER, **spot_client.limit(px="0.601"))["fills"][0]["tradeId"]
    second = spot_client.call("POST", ORDER, **spot_client.limit(px="0.601"))["fills"][0]["tradeId"]
    rows = spot_client.call("GET", TRADES[ORDER], symbol="DOGEUSDT", fromId=first + 1)
    assert [row["id"] for row in rows] == [second]
    query = sign_query(spot_client.signer, {"symbol": "DOGEUSDT", "timestamp": spot_client.now_ms})
    assert spot_client.raw("GET", TRADES[ORDER], query.encode()).status == 200


# --- what is kept


def test_nothing_is_kept_of_cancellations_and_tokens_that_are_over(spot_client: SpotClient) -> None:
    face = spot_client.box.spot_face
    pair: dict[str, Any] = {
        "symbol": "DOGEUSDT",
        "workingType": "LIMIT",
        "workingTimeInForce": "GTC",
        "workingSide": "BUY",
        "workingPrice": "0.601",
        "workingQuantity": "100",
        "pendingType": "LIMIT_MAKER",
        "pendingSide": "SELL",
        "pendingPrice": "0.7",
        "pendingQuantity": "90",
    }
    told = spot_client.call("POST", "/api/v3/orderList/oto", **pair)
    assert told["orderReports"][0]["status"] == "FILLED"
    spot_client.call("DELETE", "/api/v3/orderList", symbol="DOGEUSDT", orderListId=told["orderListId"])
    assert face._state.cancel_ids == {}
    tokens = {spot_client.call("POST", "/sapi/v1/userListenToken", sign=False, validity=1_000)["token"]}
    for _ in range(3):
        spot_client.run(1_000)
        tokens.add(spot_client.call("POST", "/sapi/v1/userListenToken", sign=False, validity=1_000)["token"])
    assert (len(tokens), len(face._streams._tokens)) == (4, 1)
