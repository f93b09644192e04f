"""Amends and replacements on spot by REST."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tradingsys.core.enums import Side

from .spot_face_rig import ORDER, SpotClient, place


def test_an_amend_makes_smaller_and_keeps_the_place(spot_client: SpotClient) -> None:
    order = place(spot_client, newClientOrderId="mine")
    path = f"{ORDER}/amend/keepPriority"
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "orderId": order["orderId"]}
    told = spot_client.call("PUT", path, **named, newQty="60", newClientOrderId="mine")
    assert told["amendedOrder"]["qty"] == "60.00000000"
    assert told["amendedOrder"]["clientOrderId"] == "mine"
    renamed = spot_client.call("PUT", path, **named, newQty="50")["amendedOrder"]
    assert renamed["origClientOrderId"] == "mine"
    assert renamed["clientOrderId"] not in ("", "mine")
    rows = spot_client.call("GET", f"{ORDER}/amendments", **named)
    assert [(row["origQty"], row["newQty"]) for row in rows] == [
        ("100.00000000", "60.00000000"),
        ("60.00000000", "50.00000000"),
    ]
    assert spot_client.error("PUT", path, **named, newQty="70") == (400, -2038)
    assert spot_client.error("PUT", path, **named, newQty="0.5") == (400, -1013)
    assert spot_client.error("PUT", path, symbol="DOGEUSDT", orderId=1, newQty="1") == (400, -2013)


def test_an_amend_that_leaves_nothing_to_trade_succeeds_and_ends_the_order(spot_client: SpotClient) -> None:
    """The venue's CHANGELOG of 2026-04-02 counts it among the requests that succeed."""
    order = place(spot_client, px="0.6")
    conn = spot_client.listen()
    spot_client.crowd(Side.SELL, "40", order["price"])
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "orderId": order["orderId"]}
    told = spot_client.call("PUT", f"{ORDER}/amend/keepPriority", **named, newQty="40")
    amended = told["amendedOrder"]
    assert (amended["status"], amended["executedQty"]) == ("EXPIRED", "40.00000000")
    (*_, event) = (each for each in spot_client.events(conn) if each["e"] == "executionReport")
    assert (event["x"], event["I"], "eR" in event) == ("EXPIRED", told["executionId"], True)
    assert amended["clientOrderId"] == amended["origClientOrderId"] == event["c"]


def test_what_happens_is_numbered_in_one_series(spot_client: SpotClient) -> None:
    conn = spot_client.listen()
    first, second = place(spot_client), place(spot_client)
    for order, qty in ((first, "60"), (second, "70"), (first, "50")):
        named: dict[str, Any] = {"symbol": "DOGEUSDT", "orderId": order["orderId"]}
        told = spot_client.call("PUT", f"{ORDER}/amend/keepPriority", **named, newQty=qty)
    spot_client.call("DELETE", ORDER, symbol="DOGEUSDT", orderId=second["orderId"])
    reports = [each for each in spot_client.events(conn) if each["e"] == "executionReport"]
    numbers = [each["I"] for each in reports]
    assert [each["x"] for each in reports] == ["NEW", "NEW", "REPLACED", "REPLACED", "REPLACED", "CANCELED"]
    assert numbers == list(range(numbers[0], numbers[0] + 6))
    assert told["executionId"] == numbers[4]


def replacement(client: SpotClient, mode: str, **more: Any) -> dict[str, Any]:
    return client.limit(px="0.58", cancelReplaceMode=mode, **more)


def test_a_replacement_of_both_halves(spot_client: SpotClient) -> None:
    order = place(spot_client)
    told = spot_client.call(
        "POST", f"{ORDER}/cancelReplace", **replacement(spot_client, "STOP_ON_FAILURE", cancelOrderId=order["orderId"])
    )
    assert (told["cancelResult"], told["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert told["cancelResponse"]["orderId"] == order["orderId"]
    assert told["newOrderResponse"]["price"] == "0.58000000"


@pytest.mark.parametrize(
    ("mode", "status", "code", "halves"),
    [
        ("STOP_ON_FAILURE", 400, -2022, ("FAILURE", "NOT_ATTEMPTED")),
        ("ALLOW_FAILURE", 409, -2021, ("FAILURE", "SUCCESS")),
    ],
)
def test_a_replacement_of_nothing(
    spot_client: SpotClient, mode: str, status: int, code: int, halves: tuple[str, str]
) -> None:
    reply = spot_client.reply(
        "POST", f"{ORDER}/cancelReplace", **replacement(spot_client, mode, cancelOrigClientOrderId="none")
    )
    told = msgspec.json.decode(reply.body)
    assert (reply.status, told["code"]) == (status, code)
    assert (told["data"]["cancelResult"], told["data"]["newOrderResult"]) == halves
    assert told["data"]["cancelResponse"] == {"code": -2011, "msg": "Unknown order sent."}
    assert len(spot_client.call("GET", "/api/v3/openOrders")) == (1 if "SUCCESS" in halves else 0)


def test_a_replacement_that_is_refused_after_the_cancellation(spot_client: SpotClient) -> None:
    order = place(spot_client)
    wanted = replacement(spot_client, "STOP_ON_FAILURE", cancelOrderId=order["orderId"], quantity="9000000")
    reply = spot_client.reply("POST", f"{ORDER}/cancelReplace", **wanted)
    told = msgspec.json.decode(reply.body)
    assert (reply.status, told["code"]) == (409, -2021)
    assert (told["data"]["cancelResult"], told["data"]["newOrderResult"]) == ("SUCCESS", "FAILURE")
    assert told["data"]["newOrderResponse"]["code"] == -2010


def test_a_replacement_that_breaks_a_rule_cancels_nothing(spot_client: SpotClient) -> None:
    order = place(spot_client)
    wanted = replacement(spot_client, "STOP_ON_FAILURE", cancelOrderId=order["orderId"], quantity="0.5")
    assert spot_client.error("POST", f"{ORDER}/cancelReplace", **wanted) == (400, -1013)
    assert len(spot_client.call("GET", "/api/v3/openOrders")) == 1
