"""Order lists on spot by REST."""

from __future__ import annotations

from typing import Any

import pytest

from tradingsys.core.enums import Side

from .spot_face_rig import SpotClient, oco


def test_a_pair_of_which_one_ends_the_other(spot_client: SpotClient) -> None:
    told = spot_client.call("POST", "/api/v3/orderList/oco", **oco(listClientOrderId="pair"))
    assert (told["contingencyType"], told["listStatusType"], told["listOrderStatus"]) == (
        "OCO",
        "EXEC_STARTED",
        "EXECUTING",
    )
    assert [row["type"] for row in told["orderReports"]] == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]
    spot_client.crowd(Side.BUY, "10000", "0.62")
    found = spot_client.call("GET", "/api/v3/orderList", origClientOrderId="pair")
    assert found["listOrderStatus"] == "ALL_DONE"
    states = {row["type"]: row["status"] for row in spot_client.call("GET", "/api/v3/allOrders", symbol="DOGEUSDT")}
    assert states == {"LIMIT_MAKER": "FILLED", "STOP_LOSS_LIMIT": "EXPIRED"}
    assert spot_client.call("GET", "/api/v3/openOrderList") == []
    assert [row["orderListId"] for row in spot_client.call("GET", "/api/v3/allOrderList")] == [found["orderListId"]]


def test_a_pair_with_the_names_of_before(spot_client: SpotClient) -> None:
    told = spot_client.call(
        "POST",
        "/api/v3/order/oco",
        symbol="DOGEUSDT",
        side="SELL",
        quantity="100",
        price="0.62",
        stopPrice="0.58",
        limitClientOrderId="limit",
        stopClientOrderId="stop",
    )
    assert [row["clientOrderId"] for row in told["orders"]] == ["limit", "stop"]
    assert [row["type"] for row in told["orderReports"]] == ["LIMIT_MAKER", "STOP_LOSS"]


def test_a_buying_pair_with_the_names_of_before(spot_client: SpotClient) -> None:
    path = "/api/v3/order/oco"
    asked: dict[str, Any] = {"symbol": "DOGEUSDT", "side": "BUY", "quantity": "100", "price": "0.58"}
    stop: dict[str, Any] = {"stopPrice": "0.62", "stopLimitPrice": "0.63"}
    assert spot_client.refusal("POST", path, **asked, **stop) == (
        -1102,
        "Mandatory parameter 'stopLimitTimeInForce' was not sent, was empty/null, or malformed.",
    )
    told = spot_client.call("POST", path, **asked, **stop, stopLimitTimeInForce="GTC", limitStrategyId=7)
    assert [row["type"] for row in told["orderReports"]] == ["STOP_LOSS_LIMIT", "LIMIT_MAKER"]
    assert [row.get("strategyId") for row in told["orderReports"]] == [None, 7]


def test_orders_that_wait_for_another(spot_client: SpotClient) -> None:
    told = spot_client.call(
        "POST",
        "/api/v3/orderList/otoco",
        symbol="DOGEUSDT",
        workingType="LIMIT",
        workingSide="BUY",
        workingPrice="0.60",
        workingQuantity="100",
        workingTimeInForce="GTC",
        pendingSide="SELL",
        pendingQuantity="99",
        pendingAboveType="LIMIT_MAKER",
        pendingAbovePrice="0.62",
        pendingBelowType="STOP_LOSS",
        pendingBelowStopPrice="0.58",
    )
    assert told["contingencyType"] == "OTO"
    assert [row["status"] for row in told["orderReports"]] == ["NEW", "PENDING_NEW", "PENDING_NEW"]
    spot_client.crowd(Side.SELL, "100", "0.60")
    assert [row["status"] for row in spot_client.call("GET", "/api/v3/openOrders")] == ["NEW", "NEW"]
    spot_client.call("DELETE", "/api/v3/orderList", symbol="DOGEUSDT", orderListId=told["orderListId"])
    assert spot_client.call("GET", "/api/v3/openOrders") == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"belowType": "LIMIT_MAKER", "belowStopPrice": "", "belowTimeInForce": ""}, -1168),
        ({"aboveType": "TAKE_PROFIT", "abovePrice": "", "aboveStopPrice": "0.62", "belowType": "TAKE_PROFIT"}, -1106),
        ({"aboveType": "STOP_LOSS", "abovePrice": "", "aboveStopPrice": "0.62"}, -1197),
        ({"abovePrice": "0.57"}, -2010),
        ({"quantity": "99999999"}, -1013),
    ],
)
def test_pairs_that_make_no_sense(spot_client: SpotClient, wrong: dict[str, Any], code: int) -> None:
    asked = {name: value for name, value in oco(**wrong).items() if value}
    assert spot_client.error("POST", "/api/v3/orderList/oco", **asked) == (400, code)
