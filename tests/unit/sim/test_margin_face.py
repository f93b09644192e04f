"""Cross margin: orders that borrow, loans, interest, and what an account hears of itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .spot_face_rig import SpotClient

D = Decimal
M = "/sapi/v1/margin"
HOUR_MS = 3_600_000


def market(side: str, qty: str, **more: str) -> dict[str, Any]:
    return {"symbol": "DOGEUSDT", "side": side, "type": "MARKET", "quantity": qty, "isIsolated": "FALSE", **more}


def asset(client: SpotClient, name: str) -> dict[str, Any]:
    rows = client.call("GET", f"{M}/account")["userAssets"]
    (row,) = (row for row in rows if row["asset"] == name)
    found: dict[str, Any] = row
    return found


def subscribed(client: SpotClient, **params: int) -> int:
    token = client.call("POST", "/sapi/v1/userListenToken", sign=False, **params)["token"]
    conn = client.open("/ws-api/v3")
    told = client.ws_call(conn, "userDataStream.subscribe.listenToken", sign=False, listenToken=token)
    assert told["result"]["subscriptionId"] == 0
    return conn


def test_an_order_borrows_and_another_pays_back(spot_client: SpotClient) -> None:
    sold = spot_client.call("POST", f"{M}/order", **market("SELL", "4000"))
    assert "marginBuyBorrowAmount" not in sold
    assert sold["isIsolated"] is False
    assert "orderListId" not in sold
    spot_client.quote()
    plain = market("SELL", "7000")
    assert spot_client.refusal("POST", f"{M}/order", **plain)[0] == -2010
    limit = spot_client.limit(side="SELL", qty="7000", px="0.62", sideEffectType="MARGIN_BUY")
    short = spot_client.call("POST", f"{M}/order", **limit)
    assert (short["marginBuyBorrowAmount"], short["marginBuyBorrowAsset"]) == ("1000.00000000", "DOGE")
    assert asset(spot_client, "DOGE")["borrowed"] == "1000.00000000"
    canceled = spot_client.call("DELETE", f"{M}/order", symbol="DOGEUSDT", orderId=short["orderId"])
    assert canceled["orderId"] == str(short["orderId"])
    # The interest of the loan's first hour was paid first.
    assert 0 < float(asset(spot_client, "DOGE")["borrowed"]) < 0.02


def test_the_answer_to_an_order_does_not_tell_what_triggers_it(spot_client: SpotClient) -> None:
    spot_client.quote()
    stop = market("SELL", "100") | {"type": "STOP_LOSS", "trailingDelta": 100, "newOrderRespType": "FULL"}
    placed = spot_client.call("POST", f"{M}/order", **stop)
    assert (placed["type"], placed["status"]) == ("STOP_LOSS", "NEW")
    assert not placed.keys() & {"stopPrice", "trailingDelta", "trailingTime", "icebergQty"}
    asked = spot_client.call("GET", f"{M}/order", symbol="DOGEUSDT", orderId=placed["orderId"])
    assert asked["trailingDelta"] == 100


def test_loans_cost_interest(spot_client: SpotClient) -> None:
    loan: dict[str, Any] = {"asset": "DOGE", "isIsolated": "FALSE", "amount": "1000"}
    number = spot_client.call("POST", f"{M}/borrow-repay", **loan, type="BORROW")["tranId"]
    first = asset(spot_client, "DOGE")
    assert (first["borrowed"], first["netAsset"]) == ("1000.00000000", f"{10_000 - float(first['interest']):.8f}")
    spot_client.run(HOUR_MS)
    assert float(asset(spot_client, "DOGE")["interest"]) > float(first["interest"])
    history = spot_client.call("GET", f"{M}/interestHistory", asset="DOGE")
    assert [row["type"] for row in history["rows"]] == ["PERIODIC", "ON_BORROW"]
    too_much = dict[str, Any](loan, amount="2000", type="REPAY")
    assert spot_client.error("POST", f"{M}/borrow-repay", **too_much) == (400, -3015)
    row = asset(spot_client, "DOGE")
    owed = D(row["borrowed"]) + D(row["interest"])
    spot_client.call("POST", f"{M}/borrow-repay", **dict[str, Any](loan, amount=str(owed)), type="REPAY")
    assert asset(spot_client, "DOGE")["borrowed"] == "0.00000000"
    rows = spot_client.call("GET", f"{M}/borrow-repay", type="BORROW")["rows"]
    assert [(row["txId"], row["type"], row["principal"]) for row in rows] == [(number, "MANUAL", "1000.00000000")]
    assert spot_client.error("POST", f"{M}/borrow-repay", **loan, type="REPAY") == (400, -3015)


def test_what_can_be_borrowed(spot_client: SpotClient) -> None:
    most = spot_client.call("GET", f"{M}/maxBorrowable", asset="BTC")
    assert 0 < float(most["amount"]) < float(most["borrowLimit"])
    more: dict[str, Any] = {"asset": "BTC", "amount": "999", "type": "BORROW"}
    assert spot_client.error("POST", f"{M}/borrow-repay", **more) == (400, -3006)
    assert spot_client.error("POST", f"{M}/borrow-repay", **dict[str, Any](more, amount="0.000000001")) == (400, -1111)
    order = market("SELL", "8000000", sideEffectType="MARGIN_BUY")
    text = "Your borrow amount has exceed maximum borrow amount."
    assert spot_client.refusal("POST", f"{M}/order", **order) == (-3006, text)
    assert spot_client.error("GET", f"{M}/maxBorrowable", asset="NO") == (400, -3027)
    assert float(spot_client.call("GET", f"{M}/maxTransferable", asset="USDT")["amount"]) == 100_000


def test_what_can_be_taken_out(spot_client: SpotClient) -> None:
    """Above a level of 2, not at the bar where nothing more is lent."""
    for amount, can in (("100000", True), ("30000", False)):
        loan: dict[str, Any] = {"asset": "USDT", "amount": amount, "type": "BORROW"}
        spot_client.call("POST", f"{M}/borrow-repay", **loan)
        told = spot_client.call("GET", f"{M}/account")
        assert (D(told["marginLevel"]) > 2, told["transferOutEnabled"]) == (can, can)
        most = spot_client.call("GET", f"{M}/maxTransferable", asset="USDT")["amount"]
        assert (D(most) > 0) is can


def test_isolated_margin_is_refused(spot_client: SpotClient) -> None:
    assert spot_client.error("POST", f"{M}/order", **market("BUY", "10", isIsolated="TRUE")) == (400, -11001)
    assert spot_client.call("GET", f"{M}/isolated/account")["assets"] == []


def test_the_wallets_are_apart(spot_client: SpotClient) -> None:
    spot_client.call("POST", f"{M}/order", **market("BUY", "100"))
    assert spot_client.call("GET", "/api/v3/myTrades", symbol="DOGEUSDT") == []
    (trade,) = spot_client.call("GET", f"{M}/myTrades", symbol="DOGEUSDT")
    assert "quoteQty" not in trade
    assert trade["isIsolated"] is False
    moved: dict[str, Any] = {"type": "MARGIN_MAIN", "asset": "DOGE", "amount": "10"}
    spot_client.call("POST", "/sapi/v1/asset/transfer", **moved)
    assert asset(spot_client, "DOGE")["free"] == "10089.90000000"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("oco", {"side": "SELL", "quantity": "100", "price": "0.62", "stopPrice": "0.58"}),
        (
            "oto",
            {
                "workingType": "LIMIT",
                "workingSide": "BUY",
                "workingPrice": "0.59",
                "workingQuantity": "100",
                "workingTimeInForce": "GTC",
                "pendingType": "LIMIT_MAKER",
                "pendingSide": "SELL",
                "pendingPrice": "0.62",
                "pendingQuantity": "99",
            },
        ),
    ],
)
def test_lists(spot_client: SpotClient, path: str, params: dict[str, Any]) -> None:
    told = spot_client.call("POST", f"{M}/order/{path}", symbol="DOGEUSDT", isIsolated="FALSE", **params)
    assert (told["isIsolated"], len(told["orderReports"])) == (False, 2)
    number = told["orderListId"]
    assert spot_client.call("GET", f"{M}/orderList", orderListId=number)["listOrderStatus"] == "EXECUTING"
    assert len(spot_client.call("GET", f"{M}/openOrderList")) == 1
    spot_client.call("DELETE", f"{M}/orderList", symbol="DOGEUSDT", orderListId=number)
    assert spot_client.call("GET", f"{M}/openOrders") == []


def test_a_token_listens_until_it_expires(spot_client: SpotClient) -> None:
    conn = subscribed(spot_client, validity=HOUR_MS)
    spot_client.call("POST", f"{M}/order", **market("BUY", "100"))
    assert [event["e"] for event in spot_client.events(conn)] == [
        "executionReport",
        "executionReport",
        "outboundAccountPosition",
    ]
    spot_client.run(HOUR_MS // 2)
    token = spot_client.call("POST", "/sapi/v1/userListenToken", sign=False, validity=HOUR_MS)
    again: dict[str, Any] = {"listenToken": token["token"]}
    told = spot_client.ws_call(conn, "userDataStream.subscribe.listenToken", sign=False, **again)["result"]
    assert told == {"subscriptionId": 0, "expirationTime": token["expirationTime"]}
    spot_client.run(HOUR_MS // 2 + 10)
    assert spot_client.events(conn) == []
    spot_client.run(HOUR_MS)
    assert [event["e"] for event in spot_client.events(conn)] == ["eventStreamTerminated"]
    refused = spot_client.ws_call(conn, "userDataStream.subscribe.listenToken", sign=False, **again)
    assert refused["error"]["code"] == -1209


def test_the_risk_stream_tells_debts_and_levels(spot_client: SpotClient) -> None:
    key = spot_client.call("POST", f"{M}/listen-key", sign=False)["listenKey"]
    conn = spot_client.open(f"/ws/{key}")
    loan: dict[str, Any] = {"asset": "DOGE", "amount": "1000", "type": "BORROW"}
    spot_client.call("POST", f"{M}/borrow-repay", **loan)
    (debt,) = spot_client.take(conn)
    assert (debt["e"], debt["a"], debt["t"], debt["p"]) == ("USER_LIABILITY_CHANGE", "DOGE", "BORROW", "1000.00000000")
    spot_client.box.spot_exchange.margin("main/margin").free["USDT"] /= 100_000
    spot_client.box.spot_exchange.margin("main/margin").free["DOGE"] /= 9
    spot_client.run(1_500)
    levels = [frame for frame in spot_client.take(conn) if frame["e"] == "MARGIN_LEVEL_STATUS_CHANGE"]
    assert levels
    assert float(levels[-1]["l"]) < 1.5
    spot_client.run(HOUR_MS)
    assert "listenKeyExpired" in [frame["e"] for frame in spot_client.take(conn)]
    assert spot_client.error("PUT", f"{M}/listen-key", sign=False, listenKey=key) == (400, -1125)


def test_what_there_is(spot_client: SpotClient) -> None:
    pairs = spot_client.call("GET", f"{M}/allPairs", sign=False)
    assert "DOGEUSDT" in [row["symbol"] for row in pairs]
    assert spot_client.call("GET", f"{M}/tradeCoeff")["marginCallBar"] == "1.3"
    for name in ("allAssets", "limit-price-pairs", "crossMarginData", "rateLimit/order", "forceLiquidationRec"):
        assert spot_client.call("GET", f"{M}/{name}")
    assert spot_client.call("GET", f"{M}/priceIndex", symbol="DOGEUSDT")["symbol"] == "DOGEUSDT"
