"""The WS-API."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.shared_data import SHARED, requires_shared
from tradingsys.venues.auth import Ed25519Signer

from .face_rig import KEY, Client
from .official import shape

TARGET = "/ws-fapi/v1"


@pytest.fixture
def client() -> Client:
    client = Client(signer=Ed25519Signer(Ed25519PrivateKey.generate()))
    client.quote()
    return client


def logged_on(client: Client) -> int:
    conn = client.open(TARGET)
    assert client.ws_call(conn, "session.logon")["status"] == 200
    return conn


def code(reply: Any) -> tuple[int, int]:
    return reply["status"], reply["error"]["code"]


def test_orders_signed_one_by_one(client: Client) -> None:
    conn = client.open(TARGET)
    placed = client.ws_call(conn, "order.place", **client.limit(newClientOrderId="mine"))
    assert (placed["id"], placed["status"], placed["result"]["clientOrderId"]) == ("r", 200, "mine")
    queried = client.ws_call(conn, "order.status", symbol="DOGEUSDT", origClientOrderId="mine")
    assert queried["result"]["avgPrice"] == "0"
    canceled = client.ws_call(conn, "order.cancel", symbol="DOGEUSDT", orderId=placed["result"]["orderId"])
    assert canceled["result"]["status"] == "CANCELED"
    assert code(client.ws_call(conn, "order.cancel", symbol="DOGEUSDT", origClientOrderId="mine")) == (400, -2011)


def test_a_session_needs_no_signatures_but_timestamps(client: Client) -> None:
    conn = logged_on(client)
    order = client.limit()
    assert client.ws_call(conn, "order.place", sign=False, **order, timestamp=client.now_ms)["status"] == 200
    assert code(client.ws_call(conn, "order.place", sign=False, **order)) == (400, -1102)
    late = {"timestamp": client.now_ms - 6000}
    assert code(client.ws_call(conn, "order.place", sign=False, **order, **late)) == (400, -1021)
    assert client.ws_call(conn, "session.logout", sign=False)["result"]["apiKey"] is None
    assert code(client.ws_call(conn, "order.place", sign=False, **order, timestamp=client.now_ms)) == (401, -2014)


def test_session_state(client: Client) -> None:
    conn = client.open(TARGET)
    opened_ms = client.now_ms
    before = client.ws_call(conn, "session.status", sign=False)["result"]
    assert (before["apiKey"], before["authorizedSince"]) == (None, None)
    since = client.ws_call(conn, "session.logon")["result"]
    assert since["apiKey"] == KEY
    assert since["authorizedSince"] == since["serverTime"] == client.now_ms
    assert since["connectedSince"] == opened_ms
    assert client.ws_call(conn, "session.status", sign=False)["result"]["authorizedSince"] == since["authorizedSince"]


def test_only_ed25519_logs_on() -> None:
    client = Client()
    conn = client.open(TARGET)
    assert code(client.ws_call(conn, "session.logon")) == (400, -4056)
    assert client.ws_call(conn, "order.place", **client.limit())["status"] == 200


def test_signatures_are_checked(client: Client) -> None:
    conn = client.open(TARGET)
    wrong = {"apiKey": KEY, "timestamp": client.now_ms, "signature": "AAAA", **client.limit()}
    assert code(client.ws_call(conn, "order.place", sign=False, **wrong)) == (400, -1022)
    unsigned = {"apiKey": KEY, "timestamp": client.now_ms, **client.limit()}
    assert code(client.ws_call(conn, "order.place", sign=False, **unsigned)) == (400, -1102)
    assert code(client.ws_call(conn, "order.place", sign=False, **{**wrong, "apiKey": "x"})) == (401, -2015)


def test_replies_tell_the_limits(client: Client) -> None:
    conn = logged_on(client)
    placed = client.ws_call(conn, "order.place", **client.limit())
    assert [(rule["rateLimitType"], rule["interval"], rule["count"]) for rule in placed["rateLimits"]] == [
        ("ORDERS", "SECOND", 1),
        ("ORDERS", "MINUTE", 1),
        ("REQUEST_WEIGHT", "MINUTE", 5 + 2),
    ]
    assert [rule["rateLimitType"] for rule in client.ws_call(conn, "time", sign=False)["rateLimits"]] == [
        "REQUEST_WEIGHT"
    ]
    assert "rateLimits" not in client.ws_call(conn, "ping", sign=False, returnRateLimits=False)
    quiet = client.open(f"{TARGET}?returnRateLimits=false")
    assert "rateLimits" not in client.ws_call(quiet, "ping", sign=False)


def test_refusals_tell_the_limits_too(client: Client) -> None:
    conn = logged_on(client)
    refused = client.ws_call(conn, "order.place", **client.limit(qty=""))
    assert code(refused) == (400, -1102)
    assert [rule["rateLimitType"] for rule in refused["rateLimits"]] == ["ORDERS", "ORDERS", "REQUEST_WEIGHT"]
    quiet = client.ws_call(conn, "order.place", returnRateLimits=False, **client.limit(qty=""))
    assert "rateLimits" not in quiet


def test_numbers_are_taken_and_signed_as_they_are_written(client: Client) -> None:
    # The exchange's own example of `order.place` has them; python-binance sends them.
    conn = client.open(TARGET)
    stamp = client.now_ms + 1
    signed = (
        f"apiKey={KEY}&price=0.590&quantity=100&side=BUY&symbol=DOGEUSDT&timeInForce=GTC&timestamp={stamp}&type=LIMIT"
    )
    frame = (
        f'{{"id":"n","method":"order.place","params":{{"apiKey":"{KEY}","price":0.590,"quantity":100,"side":"BUY",'
        f'"symbol":"DOGEUSDT","timeInForce":"GTC","timestamp":{stamp},"type":"LIMIT","newClientOrderId":null,'
        f'"signature":"{client.signer.sign(signed.encode())}"}}}}'
    )
    client.send(conn, frame.encode())
    (placed,) = client.take(conn)
    assert placed["status"] == 200, placed
    assert (placed["result"]["price"], placed["result"]["origQty"]) == ("0.590000", "100")


def test_methods_may_carry_their_version(client: Client) -> None:
    conn = client.open(TARGET)
    assert client.ws_call(conn, "v1/order.place", **client.limit())["status"] == 200
    assert code(client.ws_call(conn, "v9/order.place", **client.limit())) == (400, -1020)


def test_the_limit_says_when_to_come_back(client: Client) -> None:
    conn = logged_on(client)
    while (reply := client.ws_call(conn, "v2/account.position"))["status"] == 200:
        pass
    assert code(reply) == (429, -1003)
    assert reply["error"]["data"]["retryAfter"] % 60_000 == 0
    assert reply["error"]["data"]["serverTime"] == client.now_ms
    assert client.box.ws_refusal(TARGET, client.now_ns) is not None


@pytest.mark.parametrize(
    ("frame", "error", "request_id"),
    [
        (b"{", (400, -1135), None),
        (b'{"id":4}', (400, -1135), 4),
        (b'{"id":"a","method":"dance"}', (400, -1020), "a"),
    ],
)
def test_frames_that_are_no_requests(client: Client, frame: bytes, error: tuple[int, int], request_id: object) -> None:
    conn = client.open(TARGET)
    client.send(conn, frame)
    (reply,) = client.take(conn)
    assert code(reply) == error
    assert reply["id"] == request_id


def test_questions(client: Client) -> None:
    conn = client.open(TARGET)
    assert client.ws_call(conn, "ping", sign=False)["result"] == {}
    assert client.ws_call(conn, "time", sign=False)["result"] == {"serverTime": client.now_ms}
    assert client.ws_call(conn, "v2/account.position")["result"] == []
    assert [row["marginAvailable"] for row in client.ws_call(conn, "v2/account.status")["result"]["assets"]] == [True]
    key = client.ws_call(conn, "userDataStream.start", sign=False, apiKey=KEY)["result"]["listenKey"]
    assert client.ws_call(conn, "userDataStream.ping", sign=False, apiKey=KEY)["result"] == {"listenKey": key}


@requires_shared
@pytest.mark.parametrize("name", ["new_order_success", "cancel_order_success", "query_order_success"])
def test_replies_have_the_official_fields(client: Client, name: str) -> None:
    path = SHARED / "data/binance/docs_examples/derivatives_trading_usds_futures.websocket_api.jsonl"
    examples = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    (expected,) = [each["expected_response"]["result"] for each in examples if each["test"] == f"test_{name}"]
    conn = client.open(TARGET)
    reply = client.ws_call(conn, "order.place", **client.limit(newClientOrderId="mine"))
    if name != "new_order_success":
        method = "order.cancel" if name.startswith("cancel") else "order.status"
        reply = client.ws_call(conn, method, symbol="DOGEUSDT", origClientOrderId="mine")
    conditional = {"activatePrice", "priceRate"}
    assert shape(reply["result"]) == {key: kind for key, kind in shape(expected).items() if key not in conditional}
