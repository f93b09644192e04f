"""What spot tells of orders and executions when asked, early, late and after a long time."""

from __future__ import annotations

from typing import Any

from .spot_face_rig import ORDER, SpotClient, place


def test_orders_can_be_late(spot_client: SpotClient) -> None:
    spot_client.raw("POST", "/admin/faults", body=b'{"queries_late_ms":1000,"product":"spot"}')
    order = place(spot_client)
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "orderId": order["orderId"]}
    assert spot_client.error("GET", ORDER, **named) == (400, -2013)
    assert spot_client.call("GET", "/api/v3/openOrders") == []
    spot_client.run(1000)
    assert spot_client.call("GET", ORDER, **named)["status"] == "NEW"


def test_an_order_in_vain_is_archived_after_ninety_days(spot_client: SpotClient) -> None:
    order = place(spot_client)
    spot_client.call("DELETE", ORDER, symbol="DOGEUSDT", orderId=order["orderId"])
    spot_client.now_ns += 91 * 86_400 * 10**9
    assert spot_client.error("GET", ORDER, symbol="DOGEUSDT", orderId=order["orderId"]) == (400, -2026)


def test_histories_are_asked_for_by_id_or_by_day(spot_client: SpotClient) -> None:
    first, second = place(spot_client, px="0.601"), place(spot_client, px="0.601")
    orders = "/api/v3/allOrders"
    assert [row["orderId"] for row in spot_client.call("GET", orders, symbol="DOGEUSDT", limit=1)] == [
        second["orderId"]
    ]
    from_first = spot_client.call("GET", orders, symbol="DOGEUSDT", orderId=first["orderId"])
    assert [row["orderId"] for row in from_first] == [first["orderId"], second["orderId"]]
    trades = "/api/v3/myTrades"
    trade_id = second["fills"][0]["tradeId"]
    assert [row["id"] for row in spot_client.call("GET", trades, symbol="DOGEUSDT", fromId=trade_id)] == [trade_id]
    day_ms = 86_400_000
    too_long: dict[str, Any] = {"startTime": spot_client.now_ms - 2 * day_ms, "endTime": spot_client.now_ms}
    assert spot_client.error("GET", trades, symbol="DOGEUSDT", **too_long) == (400, -1127)
    both: dict[str, Any] = {"fromId": 1, "startTime": spot_client.now_ms}
    assert spot_client.error("GET", trades, symbol="DOGEUSDT", **both) == (400, -1128)


def test_answers_that_come_to_nothing(spot_client: SpotClient) -> None:
    for word, status, code in (("timeout", 504, -1007), ("internal", 500, -1001), ("overloaded", 503, -1008)):
        spot_client.raw("POST", "/admin/faults", body=b'{"answer":"%s","product":"spot"}' % word.encode())
        assert spot_client.error("POST", ORDER, **spot_client.limit(newClientOrderId=word)) == (status, code)
    assert [row["clientOrderId"] for row in spot_client.call("GET", "/api/v3/openOrders")] == ["timeout"]
