"""What goes wrong when the operator says so, and what is true all the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tradingsys.core.enums import Side
from tradingsys.sim.faces.transport import NO_ANSWER

from .face_rig import Client
from .test_admin import get, post, problem
from .test_usdm_rest import ORDER, place

MODIFIED: dict[str, Any] = {"px": "0.58", "origClientOrderId": "mine", "type": "", "timeInForce": ""}


@pytest.fixture
def client() -> Client:
    client = Client()
    client.quote()
    return client


def found(client: Client) -> list[str]:
    return [row["client_order_id"] for row in get(client, "orders")]


@pytest.mark.parametrize(
    ("answer", "status", "code", "text", "acts"),
    [
        ("timeout", 408, -1007, "execution status unknown.", True),
        ("unknown", 503, None, "Unknown error, please check your request or try again later.", True),
        ("unavailable", 503, None, "Service Unavailable.", False),
        ("overloaded", 503, -1008, "Please try again.", False),
        ("internal", 503, -1001, "Please try again.", False),
    ],
)
def test_an_answer_that_does_not_tell(
    client: Client, answer: str, status: int, code: int | None, text: str, acts: bool
) -> None:
    user = client.listen()
    assert post(client, "faults", answer=answer)["answers"]["place"] == [answer]
    reply = client.reply("POST", ORDER, **client.limit(newClientOrderId="first"))
    body = msgspec.json.decode(reply.body)
    assert (reply.status, body.get("code")) == (status, code)
    assert body["msg"].endswith(text)
    assert found(client) == (["first"] if acts else [])
    assert [event["o"]["c"] for event in client.take(user)] == found(client)
    place(client, newClientOrderId="second")
    assert found(client)[-1] == "second"


def test_an_overloaded_exchange_lets_through_what_reduces(client: Client) -> None:
    place(client, px="0.601")
    post(client, "faults", answer="overloaded")
    place(client, side="SELL", px="0.7", reduceOnly="true")
    assert client.error("POST", ORDER, **client.limit()) == (503, -1008)
    assert problem(client, "faults", answer="overloaded", call="cancel")[0] == 400


def test_no_answer_at_all(client: Client) -> None:
    post(client, "faults", answer="drop")
    assert client.reply("POST", ORDER, **client.limit(newClientOrderId="rest")).status == NO_ANSWER
    api = client.open("/ws-fapi/v1")
    post(client, "faults", answer="drop")
    order = client.limit(newClientOrderId="ws")
    with pytest.raises(IndexError):
        client.ws_call(api, "order.place", **order)
    assert client.closed == {api: 1001}
    assert found(client) == ["rest", "ws"]
    post(client, "faults", answer="cut")
    assert client.reply("POST", ORDER, **client.limit(newClientOrderId="cut")).status == NO_ANSWER
    assert found(client) == ["rest", "ws"]


def test_changes_and_cancels_have_troubles_of_their_own(client: Client) -> None:
    post(client, "faults", answer="timeout", call="modify")
    post(client, "faults", answer="timeout", call="cancel", count=2)
    place(client, newClientOrderId="mine")
    assert client.error("PUT", ORDER, **client.limit(**MODIFIED)) == (408, -1007)
    assert get(client, "orders")[0]["price"] == "0.580000"
    assert client.error("DELETE", ORDER, symbol="DOGEUSDT", origClientOrderId="mine") == (408, -1007)
    assert get(client, "orders")[0]["status"] == "CANCELED"
    assert get(client, "faults")["answers"] == {"place": [], "modify": [], "cancel": ["timeout"]}
    post(client, "faults", answer="none", call="cancel")
    assert client.error("DELETE", ORDER, symbol="DOGEUSDT", origClientOrderId="mine") == (400, -2011)


@pytest.mark.parametrize(("code", "status"), [(-4192, 400), (-1015, 429), (-2015, 401), (-5043, 400)])
def test_any_refusal_of_the_exchange(client: Client, code: int, status: int) -> None:
    place(client, newClientOrderId="mine")
    told = post(client, "faults", answer="refused", call="modify", code=code)
    assert told["answers"]["modify"] == [str(code)]
    reply = client.reply("PUT", ORDER, **client.limit(**MODIFIED))
    body = msgspec.json.decode(reply.body)
    assert (reply.status, body["code"], bool(body["msg"])) == (status, code, True)
    assert get(client, "orders")[0]["price"] == "0.590000"
    client.call("PUT", ORDER, **client.limit(**MODIFIED))


def test_a_refused_order_is_as_doubtful_as_any(client: Client) -> None:
    post(client, "faults", answer="timeout")
    assert client.error("POST", ORDER, **client.limit(px="0.9")) == (408, -1007)
    assert found(client) == []


def test_new_orders_and_trades_are_not_found_at_once(client: Client) -> None:
    post(client, "faults", queries_late_ms=500)
    place(client, px="0.601", qty="9000", newClientOrderId="mine")
    queries: list[tuple[str, dict[str, Any]]] = [
        ("openOrders", {}),
        ("allOrders", {"symbol": "DOGEUSDT"}),
        ("userTrades", {"symbol": "DOGEUSDT"}),
    ]
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "origClientOrderId": "mine"}
    for path, params in queries:
        assert client.call("GET", f"/fapi/v1/{path}", **params) == [], path
    assert client.error("GET", ORDER, **named) == (400, -2013)
    client.run(500)
    for path, params in queries:
        assert len(client.call("GET", f"/fapi/v1/{path}", **params)) == 1, path
    assert client.call("GET", ORDER, **named)["executedQty"] == "5000"
    post(client, "faults", queries_late_ms=0)
    place(client, newClientOrderId="next")
    assert client.call("GET", ORDER, symbol="DOGEUSDT", origClientOrderId="next")["status"] == "NEW"


def test_account_events_come_late_and_in_their_order(client: Client) -> None:
    user = client.listen()
    post(client, "faults", events_late_ms=300)
    place(client, px="0.601")
    post(client, "faults", events_late_ms=0)
    place(client, newClientOrderId="after")
    assert client.take(user) == []
    client.run(300)
    assert [frame["e"] for frame in client.take(user)] == [
        "ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE",
    ]  # fmt: skip
    place(client)
    assert len(client.take(user)) == 1


def test_account_events_come_twice(client: Client) -> None:
    user = client.listen()
    post(client, "faults", events_twice=2)
    place(client, px="0.601")
    frames = client.take(user)
    assert frames[0] == frames[1] and frames[2] == frames[3]
    assert len(frames) == 6
    assert get(client, "faults")["events_twice"] == 0


@pytest.mark.parametrize("stream", ["depth@100ms", "depth@0ms"])
def test_a_change_of_the_book_is_lost(client: Client, stream: str) -> None:
    conn = client.open(f"/public/ws/dogeusdt@{stream}")
    assert post(client, "faults", lose_change="dogeusdt")["lost_in"] == 1
    for px in ("0.598", "0.597", "0.596"):
        client.crowd(Side.BUY, "10", px)
        client.run(200)
    first, second = client.take(conn)
    assert [level[0] for level in first["b"]] == ["0.597000"]
    assert second["pu"] == first["u"]
    client.crowd(Side.BUY, "10", "0.595")
    client.run(200)
    (third,) = client.take(conn)
    assert third["pu"] == second["u"]


@pytest.mark.parametrize(
    "body",
    [
        {"answer": "maybe"},
        {"count": -1},
        {"events_late_ms": 10**9},
        {"lose_change": "NOPE"},
        {"call": "query"},
        {"answer": "refused"},
        {"answer": "refused", "code": -1},
        {"answer": "timeout", "code": -1015},
        {"code": -1015},
    ],
)
def test_faults_that_make_no_sense(client: Client, body: dict[str, Any]) -> None:
    assert problem(client, "faults", **body)[0] == 400
    assert get(client, "faults")["answers"]["place"] == []
