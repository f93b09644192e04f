"""The operator's calls: everything the exchange knows, and the levers."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest

from .face_rig import Client
from .test_usdm_rest import ORDER, place

D = Decimal


def get(client: Client, path: str, query: str = "") -> Any:
    reply = client.raw("GET", f"/admin/{path}", query.encode())
    assert reply.status == 200, reply.body
    return msgspec.json.decode(reply.body)


def post(client: Client, path: str, **body: Any) -> Any:
    reply = client.raw("POST", f"/admin/{path}", body=msgspec.json.encode(body))
    assert reply.status == 200, reply.body
    return msgspec.json.decode(reply.body)


def problem(client: Client, path: str, **body: Any) -> tuple[int, str]:
    reply = client.raw("POST", f"/admin/{path}", body=msgspec.json.encode(body))
    assert reply.status >= 400, reply.body
    return reply.status, msgspec.json.decode(reply.body)["error"]


def test_everything_about_an_account_is_told(client: Client) -> None:
    place(client, px="0.601", newClientOrderId="taken")
    place(client, newClientOrderId="resting")
    client.call("PUT", ORDER, **client.limit(px="0.592", origClientOrderId="resting", type="", timeInForce=""))
    client.call(
        "POST",
        "/fapi/v1/algoOrder",
        **client.limit(type="STOP_MARKET", side="SELL", px="", timeInForce="", clientAlgoId="stop"),
        algoType="CONDITIONAL",
        triggerPrice="0.5",
    )
    states = {row["client_order_id"]: row["status"] for row in get(client, "orders", "account=main")}
    assert states == {"taken": "FILLED", "resting": "NEW"}
    (execution,) = get(client, "ledger", "symbol=dogeusdt")
    assert (execution["client_order_id"], execution["qty"]) == ("taken", "100")
    (algo,) = get(client, "algos")
    assert (algo["client_algo_id"], algo["status"], algo["trigger_px"]) == ("stop", "NEW", "0.5")
    (change,) = get(client, "amendments")
    assert (D(change["price_before"]), D(change["price"])) == (D("0.59"), D("0.592"))
    (position,) = get(client, "positions")
    assert D(position["net"]) == 100
    (balance,) = get(client, "balances", "account=main")
    income = get(client, "income", "account=main")
    assert [row["kind"] for row in income] == ["TRANSFER", "COMMISSION"]
    assert D(balance["wallet"]) == sum(D(row["amount"]) for row in income)


def test_funding_is_told(client: Client) -> None:
    place(client, px="0.601")
    post(client, "advance", seconds=8 * 3600)
    rows = get(client, "funding", "symbol=DOGEUSDT")
    assert len(rows) == 1
    paid = [row for row in get(client, "income", "account=main") if row["kind"] == "FUNDING_FEE"]
    expected = -100 * D(rows[0]["mark_px"]) * D(rows[0]["rate"])
    assert D(paid[0]["amount"]) == expected.quantize(D("0.00000001"))


def test_every_funding_on_the_way_of_a_jump_is_settled(client: Client) -> None:
    status = get(client, "status")
    post(client, "advance", seconds=3 * 86_400)
    rows = get(client, "funding", "symbol=BTCUSDT")
    assert len(rows) == 9
    assert get(client, "status")["time_ms"] >= status["time_ms"] + 3 * 86_400_000
    assert rows[0]["ts_ms"] == status["symbols"]["BTCUSDT"]["next_funding_ms"]


def test_a_jump_ends_what_has_an_end(client: Client) -> None:
    stream = client.open("/market/ws/dogeusdt@kline_1h")
    key = client.listen()
    client.take(stream)
    post(client, "advance", seconds=2 * 3600)
    closed = [frame["k"]["T"] for frame in client.take(stream) if frame["k"]["x"]]
    assert len(closed) == 2
    assert [frame["e"] for frame in client.take(key)] == ["listenKeyExpired"]
    post(client, "advance", seconds=22 * 3600)
    assert client.closed == {stream: 1001, key: 1001}


@pytest.mark.parametrize("seconds", [0, -1, 10**9])
def test_jumps_that_cannot_be(client: Client, seconds: float) -> None:
    assert problem(client, "advance", seconds=seconds)[0] == 400


def test_the_price_can_be_moved() -> None:
    client = Client(flow=Random(3))
    client.run(1_000)
    bid = client.call("POST", ORDER, **client.limit(px="0.6", qty="100", timeInForce="GTC"))
    post(client, "price", symbol="dogeusdt", price="0.5")
    row = get(client, "status")["symbols"]["DOGEUSDT"]
    for name in ("last_px", "best_bid", "best_ask"):
        assert abs(D(row[name]) / D("0.5") - 1) < D("0.01"), name
    states = {order["order_id"]: order["status"] for order in get(client, "orders")}
    assert states[bid["orderId"]] == "FILLED"
    client.run(20_000)
    assert abs(D(get(client, "status")["symbols"]["DOGEUSDT"]["mark_px"]) / D("0.5") - 1) < D("0.01")
    assert problem(client, "price", symbol="DOGEUSDT", price="1000")[0] == 400
    assert problem(client, "price", symbol="NOPE", price="1")[0] == 400
    assert problem(client, "price", symbol="DOGEUSDT", price="many")[0] == 400


def test_a_market_without_traders_has_nobody_to_move_it(client: Client) -> None:
    assert problem(client, "price", symbol="DOGEUSDT", price="0.5") == (409, "nobody makes the market")


def test_connections_are_dropped_by_route_and_account(client: Client) -> None:
    public, market, user = client.open("/public/ws"), client.open("/market/ws"), client.listen()
    rows = {row["id"]: row for row in get(client, "connections")}
    assert (rows[public]["route"], rows[user]["accounts"]) == ("public", ["main"])
    assert post(client, "drop", route="market") == {"dropped": 1}
    assert client.closed == {market: 1001}
    assert post(client, "drop", account="nobody") == {"dropped": 0}
    assert post(client, "drop", account="main") == {"dropped": 1}
    assert post(client, "drop") == {"dropped": 1}
    assert client.closed.keys() == {public, market, user}


@pytest.mark.parametrize(("status", "code"), [("SETTLING", -4140), ("PRE_SETTLE", -4140), ("CLOSE", -4141)])
def test_a_symbol_stops_trading(client: Client, status: str, code: int) -> None:
    resting = place(client)
    conn = client.open("/market/ws/!contractInfo")
    assert post(client, "symbol", symbol="dogeusdt", status=status) == {"symbol": "DOGEUSDT", "status": status}
    (event,) = client.take(conn)
    assert (event["e"], event["s"], event["cs"]) == ("contractInfo", "DOGEUSDT", status)
    assert [bracket["bs"] for bracket in event["bks"]][:2] == [1, 2]
    rules = client.call("GET", "/fapi/v1/exchangeInfo", sign=False)
    assert {row["symbol"]: row["status"] for row in rules["symbols"]}["DOGEUSDT"] == status
    assert client.error("POST", ORDER, **client.limit()) == (400, code)
    keeps_orders = status == "PRE_SETTLE"
    assert len(client.call("GET", "/fapi/v1/openOrders")) == keeps_orders
    if keeps_orders:
        client.call("DELETE", ORDER, symbol="DOGEUSDT", orderId=resting["orderId"])
    post(client, "symbol", symbol="dogeusdt", status="TRADING")
    place(client)


def test_a_delisted_symbol_is_settled_at_the_mark_price(client: Client) -> None:
    place(client, px="0.601")
    place(client, newClientOrderId="resting")
    stop = {"algoType": "CONDITIONAL", "type": "STOP_MARKET", "triggerPrice": "0.5"}
    client.call("POST", "/fapi/v1/algoOrder", **client.limit(side="SELL", px="", timeInForce="", **stop))
    before = D(get(client, "balances", "account=main")[0]["wallet"])
    conn = client.listen()
    post(client, "symbol", symbol="DOGEUSDT", status="SETTLING")
    ended, waiting, new, lite, account, closed = client.take(conn)
    assert (ended["o"]["c"], ended["o"]["X"], ended["o"]["er"]) == ("resting", "EXPIRED", "7")
    assert (waiting["e"], waiting["o"]["X"]) == ("ALGO_UPDATE", "EXPIRED")
    order = closed["o"]
    assert order["c"].startswith("settlement_autoclose-") and order["c"] == new["o"]["c"] == lite["c"]
    assert (order["x"], order["X"], order["S"], order["l"], order["R"]) == ("TRADE", "FILLED", "SELL", "100", True)
    assert account["a"]["P"][0]["pa"] == get(client, "positions", "account=main")[0]["net"] == "0"
    mark = D(get(client, "status")["symbols"]["DOGEUSDT"]["mark_px"])
    assert D(order["L"]) == mark.quantize(D("0.00001"))
    after = D(get(client, "balances", "account=main")[0]["wallet"])
    assert after - before == D(order["rp"]) - D(order["n"]) == 100 * (D(order["L"]) - D("0.601")) - D(order["n"])
    assert get(client, "orders")[-1]["forced"] == "settlement"
    assert client.error("POST", ORDER, **client.limit(side="SELL", reduceOnly="true")) == (400, -4140)


def test_a_position_is_auto_deleveraged(client: Client) -> None:
    place(client, px="0.601")
    conn = client.listen()
    row = post(client, "deleverage", symbol="DOGEUSDT", qty="40")
    assert (row["client_order_id"], row["status"], row["forced"]) == ("adl_autoclose", "FILLED", "auto-deleveraging")
    *_, account, closed = client.take(conn)
    assert account["a"]["P"][0]["pa"] == "60"
    order = closed["o"]
    assert (order["c"], order["x"], order["X"], order["S"], order["l"]) == (
        "adl_autoclose", "CALCULATED", "FILLED", "SELL", "40",
    )  # fmt: skip
    (listed,) = client.call("GET", "/fapi/v1/forceOrders", autoCloseType="ADL")
    assert listed["orderId"] == row["order_id"]
    assert problem(client, "deleverage", symbol="DOGEUSDT", qty="61")[0] == 400
    post(client, "deleverage", symbol="DOGEUSDT")
    assert get(client, "positions", "account=main")[0]["net"] == "0"
    assert problem(client, "deleverage", symbol="DOGEUSDT")[0] == 400
    assert problem(client, "deleverage", symbol="NOPE")[0] == 400


def test_nobody_trades_a_symbol_that_is_closed() -> None:
    client = Client(flow=Random(1))
    client.run(1_000)
    post(client, "symbol", symbol="BTCUSDT", status="SETTLING")
    newest = client.call("GET", "/fapi/v1/trades", sign=False, symbol="BTCUSDT", limit=1)
    client.run(5_000)
    assert client.call("GET", "/fapi/v1/trades", sign=False, symbol="BTCUSDT", limit=1) == newest
    post(client, "symbol", symbol="BTCUSDT", status="TRADING")
    client.run(5_000)
    assert client.call("GET", "/fapi/v1/trades", sign=False, symbol="BTCUSDT", limit=1) != newest


def test_statuses_that_do_not_exist(client: Client) -> None:
    status, text = problem(client, "symbol", symbol="BTCUSDT", status="ASLEEP")
    assert status == 400
    assert "PENDING_TRADING, TRADING" in text


@pytest.mark.parametrize("path", ["advance", "price", "drop", "symbol", "trade", "cancel", "deleverage"])
def test_bodies_that_make_no_sense(client: Client, path: str) -> None:
    assert client.raw("POST", f"/admin/{path}", body=b"{").status == 400
    assert problem(client, path, nonsense=1)[0] == 400
