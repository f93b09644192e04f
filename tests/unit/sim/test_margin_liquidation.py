"""What a client sees of a liquidation on cross margin: money, words, and what is owed for it afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tradingsys.core.enums import Side

from .spot_face_rig import SpotClient
from .test_margin_face import M, market, subscribed

D = Decimal
LOAN = f"{M}/liquidation-loan"
SHORT: dict[str, Any] = {"symbol": "BTCUSDT", "sideEffectType": "MARGIN_BUY"}


def short_of_bitcoin(price: str) -> tuple[SpotClient, int]:
    """An account of 1,000 USDT that sold 0.03 BTC at 60,000, and what bitcoin costs after that; with its events."""
    client = SpotClient()
    for asset, amount in (("USDT", "99000"), ("DOGE", "10000")):
        moved: dict[str, Any] = {"type": "MARGIN_MAIN", "asset": asset, "amount": amount}
        client.call("POST", "/sapi/v1/asset/transfer", **moved)
    client.crowd(Side.BUY, "1", "60000", "BTCUSDT")
    client.call("POST", f"{M}/order", **market("SELL", "0.03", **SHORT))
    conn = subscribed(client)
    client.crowd(Side.SELL, "1", price, "BTCUSDT")
    client.crowd(Side.BUY, "0.1", price, "BTCUSDT")
    client.run(1000)
    return client, conn


def test_every_movement_is_told_and_named() -> None:
    client, conn = short_of_bitcoin("85000")
    rows = client.call("GET", f"{M}/capital-flow")
    assert [row["type"] for row in rows][-5:] == [
        "BUY_LIQUIDATION",
        "BUY_LIQUIDATION",
        "TRADING_COMMISSION",
        "REPAY_LIQUIDATION",
        "LIQUIDATION_FEE",
    ]
    (fee,) = client.call("GET", f"{M}/capital-flow", type="LIQUIDATION_FEE")
    moved = [event for event in client.events(conn) if event["e"] == "balanceUpdate"]
    assert [(event["a"], D(event["d"])) for event in moved] == [("USDT", D(fee["amount"]))]
    assert D(fee["amount"]) < 0
    (order,) = client.call("GET", f"{M}/forceLiquidationRec")["rows"]
    assert order["side"] == "BUY"
    for given in ({"endTime": order["updatedTime"] - 1}, {"startTime": order["updatedTime"] + 1}):
        assert client.call("GET", f"{M}/forceLiquidationRec", **given) == {"rows": [], "total": 0}
    assert client.call("GET", f"{M}/forceLiquidationRec", current=2) == {"rows": [], "total": 1}
    assert client.call("GET", LOAN) == {
        "asset": "USDT", "amount": "0.00000000", "repaidAmount": "0.00000000", "remainingAmount": "0.00000000",
    }  # fmt: skip


def test_who_lost_more_than_he_had_owes_the_rest() -> None:
    client, conn = short_of_bitcoin("120000")
    paid = [event for event in client.events(conn) if event["e"] == "balanceUpdate"]
    (row,) = client.call("GET", f"{M}/capital-flow", type="OTHER_LIQUIDATION")
    assert [(event["a"], D(event["d"])) for event in paid] == [(row["asset"], D(row["amount"]))]
    owed = D(client.call("GET", LOAN)["remainingAmount"])
    assert owed == (D(row["amount"]) * 120_000).quantize(D("0.00000001")) > 0
    part: dict[str, Any] = {"asset": "USDT", "amount": "10"}
    before = client.box.spot_exchange.accounts["main"].free_of("USDT")
    told = client.call("POST", f"{LOAN}/repay", **part)
    assert (told["status"], told["amount"]) == ("SUCCESS", "10.00000000")
    assert client.box.spot_exchange.accounts["main"].free_of("USDT") == before - 10
    assert D(client.call("GET", LOAN)["remainingAmount"]) == owed - 10
    history = client.call("GET", f"{LOAN}/repay-history")
    assert (history["total"], history["rows"][0]) == (1, told)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"amount": "999999999"}, -3015),
        ({"amount": "0"}, -1130),
        ({"asset": "DOGE"}, -1130),
        ({"amount": "500"}, -3041),
    ],
)
def test_what_cannot_be_paid_back(wrong: dict[str, str], code: int) -> None:
    client, _ = short_of_bitcoin("120000")
    spot = client.box.spot_exchange
    spot.transfer("main", "USDT", D(100) - spot.accounts["main"].free_of("USDT"), client.now_ns)
    given: dict[str, Any] = {"asset": "USDT", "amount": "10", **wrong}
    assert client.error("POST", f"{LOAN}/repay", **given) == (400, code)


# --- time, and lists that wait


def test_a_jump_books_every_hour_s_interest_in_its_turn() -> None:
    client = SpotClient()
    key = client.call("POST", f"{M}/listen-key", sign=False)["listenKey"]
    conn = client.open(f"/ws/{key}")
    client.call("POST", f"{M}/borrow-repay", asset="DOGE", amount="1000", type="BORROW", isIsolated="FALSE")
    client.raw("POST", "/admin/advance", body=b'{"seconds":7200}')
    hours = [frame["E"] for frame in client.take(conn) if frame.get("t") == "INTEREST"]
    assert [hour % 3_600_000 for hour in hours] == [0, 0]
    told = client.call("GET", f"{M}/interestHistory", asset="DOGE", timestamp=client.now_ms + 7_200_000)["rows"]
    assert [row["interestAccuredTime"] for row in told if row["type"] == "PERIODIC"] == hours[::-1]


TRAILS: dict[str, Any] = {
    "symbol": "DOGEUSDT",
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "0.59",
    "workingQuantity": "100",
    "workingTimeInForce": "GTC",
    "pendingType": "STOP_LOSS",
    "pendingSide": "SELL",
    "pendingQuantity": "99",
    "pendingTrailingDelta": "100",
}


def test_an_order_that_waits_and_trails_has_a_price_on_margin(spot_client: SpotClient) -> None:
    assert spot_client.refusal("POST", f"{M}/order/oto", **TRAILS) == (
        -1102,
        "Mandatory parameter 'pendingPrice' was not sent, was empty/null, or malformed.",
    )
    assert spot_client.call("POST", "/api/v3/orderList/oto", **TRAILS)["contingencyType"] == "OTO"
    told = spot_client.call("POST", f"{M}/order/oto", **TRAILS, pendingPrice="0.5")
    (waiting,) = (row for row in told["orderReports"] if row["side"] == "SELL")
    assert (waiting["type"], waiting["trailingDelta"]) == ("STOP_LOSS", 100)
