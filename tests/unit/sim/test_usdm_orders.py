"""Changing, batching and testing orders, and those that wait for a price, by REST and WS-API."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.shared_data import SHARED, requires_shared
from tradingsys.core.enums import Side
from tradingsys.venues.auth import Ed25519Signer

from .face_rig import Client
from .official import official_examples, shape
from .test_usdm_rest import ORDER, place

BATCH, ALGO = "/fapi/v1/batchOrders", "/fapi/v1/algoOrder"
DOGE = "DOGEUSDT"


def change(client: Client, **params: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {"symbol": DOGE, "side": "BUY", "quantity": "100", "price": "0.59"}
    wanted |= {"origClientOrderId": "x", **params}
    return {name: value for name, value in wanted.items() if value != ""}


def stop(**params: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "algoType": "CONDITIONAL",
        "symbol": DOGE,
        "side": "BUY",
        "type": "STOP_MARKET",
        "quantity": "100",
        "triggerPrice": "0.61",
        "clientAlgoId": "stop",
    }
    return {name: value for name, value in (wanted | params).items() if value != ""}


def events(client: Client, conn: int, kind: str) -> list[Any]:
    return [frame["o"] for frame in client.take(conn) if frame["e"] == kind]


def rise(client: Client, px: str = "0.61") -> None:
    """Somebody else trades at a price above the market."""
    client.crowd(Side.BUY, "5001", px)
    client.crowd(Side.SELL, "1", px)


# --- changing


def test_a_change_keeps_the_order_and_echoes_its_number(client: Client) -> None:
    conn = client.listen()
    order = place(client, newClientOrderId="x")
    changed = client.call("PUT", ORDER, **change(client, price="0.595", modifyId=7))
    assert (changed["orderId"], changed["clientOrderId"], changed["modifyId"]) == (order["orderId"], "x", 7)
    assert (changed["price"], changed["status"], changed["origQty"]) == ("0.595000", "NEW", "100")
    _, amended = events(client, conn, "ORDER_TRADE_UPDATE")
    assert (amended["x"], amended["X"], amended["M"], amended["p"], amended["b"]) == (
        "AMENDMENT", "NEW", "7", "0.595000", "59.500000",
    )  # fmt: skip
    (row,) = client.call("GET", "/fapi/v1/orderAmendment", symbol=DOGE, orderId=order["orderId"])
    assert row["amendment"] == {
        "price": {"before": "0.590000", "after": "0.595000"},
        "origQty": {"before": "100", "after": "100"},
        "count": 1,
        "modifyId": 7,
    }
    assert client.call("GET", "/fapi/v1/orderAmendment", symbol=DOGE, orderId=order["orderId"] + 1) == []
    client.call("DELETE", ORDER, symbol=DOGE, orderId=order["orderId"])
    (canceled,) = events(client, conn, "ORDER_TRADE_UPDATE")
    assert "M" not in canceled


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, -5027),
        ({"origClientOrderId": "y"}, -2013),
        ({"origClientOrderId": ""}, -1102),
        ({"price": ""}, -1102),
        ({"quantity": ""}, -1102),
        ({"side": ""}, -1102),
        ({"side": "SELL"}, -1117),
        ({"price": "0.590001"}, -4014),
        ({"price": "0.67"}, -4016),
        ({"quantity": "100.5"}, -1111),
        ({"quantity": "8"}, -5029),
        ({"quantity": "9000000", "price": "0.58"}, -2019),
        ({"price": "", "priceMatch": "OPPONENT_20"}, -5037),
        ({"price": "", "priceMatch": "OPPONENT_5"}, -5041),
    ],
)
def test_refused_changes_leave_the_order(client: Client, params: dict[str, Any], code: int) -> None:
    place(client, newClientOrderId="x")
    assert client.error("PUT", ORDER, **change(client, **params)) == (400, code)
    (order,) = client.call("GET", "/fapi/v1/openOrders")
    assert (order["price"], order["origQty"]) == ("0.590000", "100")


def test_a_change_to_what_is_executed_cancels(client: Client) -> None:
    conn = client.listen()
    place(client, newClientOrderId="x", px="0.5995")
    client.crowd(Side.SELL, "60", "0.5995")
    assert client.call("PUT", ORDER, **change(client, quantity="60"))["status"] == "CANCELED"
    assert [each["x"] for each in events(client, conn, "ORDER_TRADE_UPDATE")] == ["NEW", "TRADE", "CANCELED"]


def test_a_change_leaves_until_when_an_order_is_good(client: Client) -> None:
    until_ms = (client.now_ms + 700_000) // 1000 * 1000
    place(client, newClientOrderId="x", timeInForce="GTD", goodTillDate=until_ms)
    client.call("PUT", ORDER, **change(client, price="0.58"))
    (order,) = client.call("GET", "/fapi/v1/openOrders")
    assert (order["price"], order["timeInForce"], order["goodTillDate"]) == ("0.580000", "GTD", until_ms)


def test_changes_count_as_orders(client: Client) -> None:
    place(client, newClientOrderId="x")
    reply = client.reply("PUT", ORDER, **change(client, price="0.58"))
    assert reply.headers["X-MBX-ORDER-COUNT-10S"] == "2"


def test_changes_by_ws_api() -> None:
    client = Client(signer=Ed25519Signer(Ed25519PrivateKey.generate()))
    client.quote()
    conn = client.open("/ws-fapi/v1")
    place(client, newClientOrderId="x")
    reply = client.ws_call(conn, "order.modify", **change(client, price="0.58", modifyId=3))
    assert (reply["status"], reply["result"]["modifyId"]) == (200, 3)
    assert {each["rateLimitType"] for each in reply["rateLimits"]} == {"ORDERS", "REQUEST_WEIGHT"}


# --- price match, test orders


def test_a_matched_price_comes_from_the_book(client: Client) -> None:
    order = place(client, px="", priceMatch="QUEUE")
    assert (order["price"], order["priceMatch"], order["status"]) == ("0.599000", "QUEUE", "NEW")
    order = place(client, px="", priceMatch="OPPONENT", timeInForce="IOC", newOrderRespType="RESULT")
    assert (order["price"], order["status"]) == ("0.601000", "FILLED")
    assert client.error("POST", ORDER, **client.limit(type="MARKET", timeInForce="", px="", priceMatch="QUEUE")) == (
        400, -5038,
    )  # fmt: skip


def test_a_test_order_is_checked_and_goes_nowhere(client: Client) -> None:
    reply = client.call("POST", "/fapi/v1/order/test", **client.limit(px="0.601"))
    assert (reply["status"], reply["executedQty"]) == ("NEW", "0")
    assert client.error("POST", "/fapi/v1/order/test", **client.limit(px="0.601001")) == (400, -4014)
    assert client.call("GET", "/fapi/v1/allOrders", symbol=DOGE) == []


@requires_shared
def test_a_test_order_has_the_official_fields(client: Client) -> None:
    expected = shape(official_examples()["test_order_success"]["expected_response"])
    for name in ("activatePrice", "priceRate"):
        del expected[name]
    assert shape(client.call("POST", "/fapi/v1/order/test", **client.limit())) == expected


# --- batches


def test_each_order_of_a_batch_has_its_answer(client: Client) -> None:
    items = [client.limit(newClientOrderId="x"), client.limit(px="0.590001"), client.limit(type="STOP_MARKET")]
    items[0]["quantity"] = 100.0
    reply = client.reply("POST", BATCH, batchOrders=msgspec.json.encode(items).decode())
    answers = msgspec.json.decode(reply.body)
    assert [answer.get("code") for answer in answers] == [None, -4014, -4120]
    assert answers[0]["clientOrderId"] == "x"
    assert (reply.headers["X-MBX-ORDER-COUNT-10S"], reply.headers["X-MBX-ORDER-COUNT-1M"]) == ("5", "1")
    changes = [change(client, price="0.58"), change(client, origClientOrderId="y")]
    answers = client.call("PUT", BATCH, batchOrders=msgspec.json.encode(changes).decode())
    assert [answer.get("code") for answer in answers] == [None, -2013]
    answers = client.call("DELETE", BATCH, symbol=DOGE, origClientOrderIdList='["x","y"]')
    assert [answer.get("status", answer.get("code")) for answer in answers] == ["CANCELED", -2011]


@pytest.mark.parametrize("name", ["orderIdList", "orderidlist"])
def test_a_batch_is_cancelled_by_ids(client: Client, name: str) -> None:
    ids = [place(client)["orderId"] for _ in range(2)]
    listed: dict[str, Any] = {name: msgspec.json.encode(ids).decode()}
    answers = client.call("DELETE", BATCH, symbol=DOGE, **listed)
    assert [answer["orderId"] for answer in answers] == ids


def test_a_batch_is_cancelled_by_client_ids_in_small_letters(client: Client) -> None:
    order = place(client, newClientOrderId="small")
    (answer,) = client.call("DELETE", BATCH, symbol=DOGE, origclientorderidlist='["small"]')
    assert (answer["orderId"], answer["status"]) == (order["orderId"], "CANCELED")


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("POST", {}, -1102),
        ("POST", {"batchOrders": "[]"}, -4082),
        ("POST", {"batchOrders": "[" + ",".join(["{}"] * 6) + "]"}, -4082),
        ("POST", {"batchOrders": "[1]"}, -1130),
        ("POST", {"batchOrders": "{"}, -1130),
        ("PUT", {"batchOrders": "[]"}, -4082),
        ("DELETE", {"symbol": DOGE}, -1102),
        ("DELETE", {"symbol": DOGE, "orderIdList": '["x"]'}, -1130),
        ("DELETE", {"symbol": DOGE, "orderIdList": "1"}, -1130),
        ("DELETE", {"symbol": DOGE, "orderIdList": "[1,2,3,4,5,6,7,8,9,10,11]"}, -4032),
    ],
)
def test_batches_that_are_none(client: Client, method: str, params: dict[str, Any], code: int) -> None:
    assert client.error(method, BATCH, **params) == (400, code)


def test_a_countdown_cancels_when_it_is_over(client: Client) -> None:
    place(client, newClientOrderId="x")
    path = "/fapi/v1/countdownCancelAll"
    assert client.call("POST", path, symbol=DOGE, countdownTime=5000) == {"symbol": DOGE, "countdownTime": "5000"}
    client.run(4_000)
    client.call("POST", path, symbol=DOGE, countdownTime=5000)
    client.run(4_900)
    assert client.call("GET", "/fapi/v1/openOrders") != []
    client.run(100)
    assert client.call("GET", "/fapi/v1/openOrders") == []
    place(client)
    client.call("POST", path, symbol=DOGE, countdownTime=1000)
    client.call("POST", path, symbol=DOGE, countdownTime=0)
    client.run(2_000)
    assert client.call("GET", "/fapi/v1/openOrders") != []


# --- conditional orders


def test_the_life_of_a_stop(client: Client) -> None:
    conn = client.listen()
    placed = client.call("POST", ALGO, **stop())
    assert (placed["algoStatus"], placed["orderType"], placed["triggerPrice"]) == ("NEW", "STOP_MARKET", "0.61")
    assert [each["algoId"] for each in client.call("GET", "/fapi/v1/openAlgoOrders")] == [placed["algoId"]]
    assert client.call("GET", "/fapi/v1/openOrders") == []
    rise(client)
    frames = client.take(conn)
    told = [(each["e"], each["o"]["X"]) if "o" in each else (each["e"], "") for each in frames]
    assert told == [
        ("ALGO_UPDATE", "NEW"),
        ("ALGO_UPDATE", "TRIGGERING"),
        ("ALGO_UPDATE", "TRIGGERED"),
        ("ORDER_TRADE_UPDATE", "NEW"),
        ("ORDER_TRADE_UPDATE", "EXPIRED"),
        ("ALGO_UPDATE", "FINISHED"),
    ] or told[-1] == ("ALGO_UPDATE", "FINISHED")
    child = next(each["o"] for each in frames if each["e"] == "ORDER_TRADE_UPDATE")
    assert (child["c"], child["o"], child["ot"]) == ("stop", "MARKET", "MARKET")
    found = client.call("GET", ALGO, clientAlgoId="stop")
    assert found["actualOrderId"] == str(child["i"])
    assert (found["algoStatus"], found["actualType"]) == ("FINISHED", "MARKET")
    assert found["triggerTime"] > found["createTime"]
    assert client.call("GET", "/fapi/v1/openAlgoOrders") == []
    assert [each["algoId"] for each in client.call("GET", "/fapi/v1/allAlgoOrders", symbol=DOGE)] == [found["algoId"]]


def test_the_fill_of_a_triggered_order_is_told(client: Client) -> None:
    conn = client.listen()
    client.call("POST", ALGO, **stop(quantity="40"))
    client.crowd(Side.SELL, "100", "0.62")
    rise(client)
    updates = events(client, conn, "ALGO_UPDATE")
    assert [each["X"] for each in updates] == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]
    assert [each["ai"] == "" for each in updates] == [True, True, False, False]
    assert (updates[-1]["aq"], updates[-1]["ap"], updates[-1]["act"]) == ("40", "0.62", "MARKET")
    (trade,) = client.call("GET", "/fapi/v1/userTrades", symbol=DOGE)
    assert str(trade["orderId"]) == updates[-1]["ai"]


def test_a_waiting_order_is_cancelled_by_either_id(client: Client) -> None:
    conn = client.listen()
    placed = client.call("POST", ALGO, **stop())
    answer = client.call("DELETE", ALGO, algoId=placed["algoId"])
    assert answer == {"algoId": placed["algoId"], "clientAlgoId": "stop", "code": "200", "msg": "success"}
    assert client.error("DELETE", ALGO, clientAlgoId="stop") == (400, -2011)
    assert client.error("DELETE", ALGO) == (400, -1102)
    client.call("POST", ALGO, **stop())
    client.call("DELETE", "/fapi/v1/allOpenOrders", symbol=DOGE)
    assert len(client.call("GET", "/fapi/v1/openAlgoOrders", symbol=DOGE)) == 1
    assert client.call("DELETE", "/fapi/v1/algoOpenOrders", symbol=DOGE)["code"] == 200
    assert [each["X"] for each in events(client, conn, "ALGO_UPDATE")] == ["NEW", "CANCELED", "NEW", "CANCELED"]
    assert client.error("GET", ALGO, clientAlgoId="nope") == (400, -2013)


def test_an_order_that_ends_with_its_position_says_so(client: Client) -> None:
    client.call("POST", ORDER, **client.limit(px="0.601"))
    conn = client.listen()
    bound = stop(side="SELL", triggerPrice="0.5", timeInForce="GTE_GTC")
    assert client.call("POST", ALGO, **bound)["timeInForce"] == "GTE_GTC"
    client.call("POST", ORDER, **client.limit(side="SELL", px="0.599"))
    assert client.call("GET", ALGO, clientAlgoId="stop")["timeInForce"] == "GTE_GTC"
    assert [(each["X"], each["f"]) for each in events(client, conn, "ALGO_UPDATE")] == [
        ("NEW", "GTE_GTC"), ("EXPIRED", "GTE_GTC"),
    ]  # fmt: skip


def test_a_trailing_stop_is_new_twice(client: Client) -> None:
    conn = client.listen()
    trailing = stop(type="TRAILING_STOP_MARKET", side="SELL", triggerPrice="", activatePrice="0.605", callbackRate="1")
    placed = client.call("POST", ALGO, **trailing)
    assert (placed["activatePrice"], placed["callbackRate"]) == ("0.605", "1")
    rise(client)
    assert [(each["X"], each["ia"]) for each in events(client, conn, "ALGO_UPDATE")] == [("NEW", False), ("NEW", True)]


def test_a_rejected_child_says_why(client: Client) -> None:
    conn = client.listen()
    client.call("POST", ALGO, **stop(quantity="", closePosition="true"))
    rise(client)
    last = events(client, conn, "ALGO_UPDATE")[-1]
    assert (last["X"], last["rm"], last["cp"]) == ("REJECTED", "ReduceOnly Order is rejected.", True)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"algoType": "TWAP"}, -1130),
        ({"type": "LIMIT"}, -1116),
        ({"triggerPrice": ""}, -1102),
        ({"triggerPrice": "0.60"}, -2021),
        ({"triggerPrice": "0.610001"}, -4014),
        ({"triggerPrice": "0"}, -4006),
        ({"triggerPrice": "31"}, -4007),
        ({"quantity": ""}, -1102),
        ({"quantity": "100.5"}, -1111),
        ({"quantity": "8"}, -4164),
        ({"type": "STOP"}, -1102),
        ({"type": "STOP", "price": "0.68"}, -4183),
        ({"workingType": "MOON_PRICE"}, -4031),
        ({"type": "TRAILING_STOP_MARKET", "triggerPrice": "", "callbackRate": "0.05"}, -1130),
        ({"type": "TRAILING_STOP_MARKET", "triggerPrice": "", "callbackRate": "20.1"}, -1130),
        ({"type": "TRAILING_STOP_MARKET", "triggerPrice": "", "callbackRate": "1", "activatePrice": "0.61"}, -2021),
        ({"closePosition": "true"}, -4137),
        ({"positionSide": "SHORT"}, -4061),
        ({"timeInForce": "GTE_GTC"}, -2022),
        ({"timeInForce": "GTD", "goodTillDate": 1}, -5040),
        ({"clientAlgoId": "x" * 37}, -4015),
    ],
)
def test_refused_conditional_orders(client: Client, params: dict[str, Any], code: int) -> None:
    assert client.error("POST", ALGO, **stop(**params)) == (400, code)
    assert client.call("GET", "/fapi/v1/openAlgoOrders") == []


def test_conditional_orders_by_ws_api() -> None:
    client = Client(signer=Ed25519Signer(Ed25519PrivateKey.generate()))
    client.quote()
    conn = client.open("/ws-fapi/v1")
    reply = client.ws_call(conn, "algoOrder.place", **stop())
    assert (reply["status"], reply["result"]["clientAlgoId"]) == (200, "stop")
    assert [each["rateLimitType"] for each in reply["rateLimits"]] == ["REQUEST_WEIGHT"]
    assert client.ws_call(conn, "algoOrder.cancel", clientAlgoId="stop")["result"]["code"] == "200"
    # By REST they count as orders.
    assert client.reply("POST", ALGO, **stop()).headers["X-MBX-ORDER-COUNT-1M"] == "1"


@requires_shared
@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        ("new_algo_order_success", "POST", ALGO),
        ("cancel_algo_order_success", "DELETE", ALGO),
        ("query_algo_order_success", "GET", ALGO),
        ("query_all_algo_orders_success", "GET", "/fapi/v1/allAlgoOrders"),
    ],
)
def test_conditional_orders_have_the_official_fields(client: Client, name: str, method: str, path: str) -> None:
    placed = client.call("POST", ALGO, **stop(type="TAKE_PROFIT", side="SELL", price="0.61", triggerPrice="0.605"))
    expected = official_examples()[name]["expected_response"]
    if method != "POST":
        placed = client.call(method, path, symbol=DOGE, clientAlgoId="stop")
    ours, theirs = (each[0] if isinstance(each, list) else each for each in (placed, expected))
    # Where the documents disagree with each other: these are told in more places than each example does.
    spread = {
        "actualQty", "actualType", "activatePrice", "callbackRate", "slPrice", "slTriggerPrice", "tpPrice",
        "tpTriggerPrice", "tpOrderType",
    }  # fmt: skip
    assert {*ours} - {*theirs} <= spread
    assert {*theirs} - {*ours} <= spread


@requires_shared
def test_algo_events_have_the_recorded_fields(client: Client) -> None:
    path = SHARED / "data/binance/payloads/futures/user_data_json/algo_update_new.json"
    conn = client.listen()
    client.call("POST", ALGO, **stop())
    (frame,) = client.take(conn)
    assert shape(frame) == shape(msgspec.json.decode(path.read_bytes()))
