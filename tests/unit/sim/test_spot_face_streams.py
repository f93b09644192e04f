"""Account events and market streams of spot: who hears what, in which form."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tradingsys.core.enums import Side
from tradingsys.venues.auth import load_signer

from .spot_face_rig import KEY, ORDER, SpotClient

PEM = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIHDEDZ3GvrPDeVgHb9AbXpvJWhtKT2p6RHvfVo5wEyVQ
-----END PRIVATE KEY-----
"""
"""Made for these tests alone."""


@pytest.fixture
def ed25519_client() -> SpotClient:
    client = SpotClient(signer=load_signer(pem_text=PEM))
    client.quote()
    return client


def place(client: SpotClient, conn: int, **more: Any) -> Any:
    return client.ws_call(conn, "order.place", **client.limit(**more))["result"]


# --- sessions and subscriptions


def test_an_hmac_key_cannot_log_on(spot_client: SpotClient) -> None:
    conn = spot_client.open("/ws-api/v3")
    assert spot_client.ws_call(conn, "session.logon")["error"]["code"] == -2028
    assert spot_client.ws_call(conn, "userDataStream.subscribe", sign=False)["error"]["code"] == -1193


def test_a_session_subscribes_without_a_signature(ed25519_client: SpotClient) -> None:
    client = ed25519_client
    conn = client.open("/ws-api/v3")
    state = client.ws_call(conn, "session.logon")["result"]
    assert (state["apiKey"], state["userDataStream"]) == (KEY, False)
    assert client.ws_call(conn, "userDataStream.subscribe", sign=False)["result"] == {"subscriptionId": 0}
    assert client.ws_call(conn, "userDataStream.subscribe", sign=False)["error"]["code"] == -2035
    assert client.ws_call(conn, "session.status", sign=False)["result"]["userDataStream"] is True
    assert client.ws_call(conn, "session.subscriptions", sign=False)["result"] == [{"subscriptionId": 0}]
    client.take(conn)
    assert client.ws_call(conn, "session.logout", sign=False)["result"]["apiKey"] is None
    assert [event["e"] for event in client.events(conn)] == ["eventStreamTerminated"]


def test_subscriptions_end_one_by_one_or_all(spot_client: SpotClient) -> None:
    conn = spot_client.listen()
    ended = spot_client.ws_call(conn, "userDataStream.unsubscribe", sign=False, subscriptionId=7)
    assert ended["error"]["code"] == -2036
    assert spot_client.ws_call(conn, "userDataStream.unsubscribe", sign=False)["result"] == {}
    assert [event["e"] for event in spot_client.events(conn)] == ["eventStreamTerminated"]
    place(spot_client, conn)
    assert spot_client.events(conn) == []
    again = spot_client.ws_call(conn, "userDataStream.subscribe.signature")
    assert again["result"] == {"subscriptionId": 1}


def test_listen_keys_are_gone(spot_client: SpotClient) -> None:
    assert spot_client.reply("POST", "/api/v3/userDataStream", sign=False).status == 410
    conn = spot_client.open("/ws-api/v3")
    assert spot_client.ws_call(conn, "userDataStream.start", sign=False, apiKey=KEY)["status"] == 400


# --- account events


def test_the_life_of_an_order(spot_client: SpotClient) -> None:
    conn = spot_client.listen()
    order = place(spot_client, conn, px="0.60", newClientOrderId="mine")
    new, locked = spot_client.events(conn)
    assert (new["x"], new["X"], new["c"], new["C"], new["w"], new["N"]) == ("NEW", "NEW", "mine", "", True, None)
    assert locked["B"] == [{"a": "USDT", "f": "99940.00000000", "l": "60.00000000"}]
    spot_client.crowd(Side.SELL, "40", "0.60")
    trade, balances = spot_client.events(conn)
    assert (trade["x"], trade["X"], trade["l"], trade["z"], trade["m"]) == (
        "TRADE",
        "PARTIALLY_FILLED",
        "40.00000000",
        "40.00000000",
        True,
    )
    assert (trade["n"], trade["N"], trade["Y"]) == ("0.04000000", "DOGE", "24.00000000")
    assert {row["a"] for row in balances["B"]} == {"DOGE", "USDT"}
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "orderId": order["orderId"]}
    spot_client.ws_call(conn, "order.amend.keepPriority", **named, newQty="80", newClientOrderId="mine")
    replaced, _ = spot_client.events(conn)
    assert (replaced["x"], replaced["X"], replaced["q"], replaced["C"]) == (
        "REPLACED",
        "PARTIALLY_FILLED",
        "80.00000000",
        "mine",
    )
    spot_client.ws_call(conn, "order.cancel", **named, newClientOrderId="bye")
    canceled, freed = spot_client.events(conn)
    assert (canceled["x"], canceled["c"], canceled["C"], canceled["w"]) == ("CANCELED", "bye", "mine", False)
    assert freed["B"] == [{"a": "USDT", "f": "99976.00000000", "l": "0.00000000"}]


def test_a_list_is_told_with_its_orders(spot_client: SpotClient) -> None:
    conn = spot_client.listen()
    reply = spot_client.ws_call(
        conn,
        "orderList.place.oco",
        symbol="DOGEUSDT",
        side="SELL",
        quantity="100",
        aboveType="LIMIT_MAKER",
        abovePrice="0.62",
        belowType="STOP_LOSS",
        belowStopPrice="0.58",
    )["result"]
    status, above, below, _ = spot_client.events(conn)
    assert (status["e"], status["c"], status["l"], status["g"]) == (
        "listStatus",
        "OCO",
        "EXEC_STARTED",
        reply["orderListId"],
    )
    assert [above["o"], below["o"]] == ["LIMIT_MAKER", "STOP_LOSS"]
    canceled = spot_client.ws_call(conn, "order.cancel", symbol="DOGEUSDT", orderId=below["i"])["result"]
    assert canceled["listOrderStatus"] == "ALL_DONE"
    assert {row["status"] for row in canceled["orderReports"]} == {"CANCELED"}
    assert [event["x"] for event in spot_client.events(conn) if event["e"] == "executionReport"] == ["CANCELED"] * 2


def test_assets_move_between_wallets(spot_client: SpotClient) -> None:
    conn = spot_client.listen()
    moved: dict[str, Any] = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "50"}
    number = spot_client.call("POST", "/sapi/v1/asset/transfer", **moved)["tranId"]
    update, position = spot_client.events(conn)
    assert (update["e"], update["a"], update["d"]) == ("balanceUpdate", "USDT", "-50.00000000")
    assert position["B"] == [{"a": "USDT", "f": "99950.00000000", "l": "0.00000000"}]
    (futures,) = spot_client.call("GET", "/fapi/v3/balance")
    assert futures["balance"] == "100050.00000000"
    rows = spot_client.call("GET", "/sapi/v1/asset/transfer", type="MAIN_UMFUTURE")
    assert [(row["tranId"], row["amount"]) for row in rows["rows"]] == [(number, "50")]
    for wrong, code in (({"amount": "0.0000000001"}, -1111), ({"amount": "0"}, -1130), ({"asset": "DOGE"}, -1130)):
        assert spot_client.error("POST", "/sapi/v1/asset/transfer", **{**moved, **wrong}) == (400, code)
    assert spot_client.events(conn) == []
    too_much: dict[str, Any] = {**moved, "amount": "999999"}
    assert spot_client.error("POST", "/sapi/v1/asset/transfer", **too_much) == (400, -5013)
    assert spot_client.error("POST", "/sapi/v1/asset/transfer", **dict[str, Any](moved, type="MAIN_C2C")) == (
        400,
        -1130,
    )


def test_a_server_that_stops_says_so(spot_client: SpotClient) -> None:
    api, raw = spot_client.open("/ws-api/v3"), spot_client.open("/ws/dogeusdt@trade")
    both = spot_client.open("/stream?streams=dogeusdt@trade")
    spot_client.raw("POST", "/admin/shutdown", body=b'{"product":"spot"}')
    (in_api,), (plain,), (combined,) = (spot_client.take(conn) for conn in (api, raw, both))
    assert plain["e"] == "serverShutdown"
    assert in_api == {"event": plain}
    assert combined == {"stream": "!serverShutdown", "data": plain}
    assert spot_client.raw("POST", "/admin/shutdown").status == 409


# --- the WS-API


def test_weights_and_order_counts(spot_client: SpotClient) -> None:
    conn = spot_client.open("/ws-api/v3")
    told = spot_client.ws_call(conn, "order.place", **spot_client.limit())["rateLimits"]
    assert [(rule["rateLimitType"], rule["interval"], rule["intervalNum"], rule["count"]) for rule in told] == [
        ("ORDERS", "SECOND", 10, 1),
        ("ORDERS", "DAY", 1, 1),
        ("REQUEST_WEIGHT", "MINUTE", 1, 2),
    ]
    refused = spot_client.ws_call(conn, "order.place", **spot_client.limit(qty="1"))["rateLimits"]
    assert refused[-1]["count"] == 3
    assert "rateLimits" not in spot_client.ws_call(conn, "ping", sign=False, returnRateLimits=False)


def test_a_first_fill_gives_orders_back(spot_client: SpotClient) -> None:
    for _ in range(3):
        spot_client.call("POST", ORDER, **spot_client.limit(px="0.601"))
    assert [rule["count"] for rule in spot_client.call("GET", "/api/v3/rateLimit/order")] == [0, 0]
    spot_client.call("POST", ORDER, **spot_client.limit())
    assert [rule["count"] for rule in spot_client.call("GET", "/api/v3/rateLimit/order")] == [1, 1]


def test_too_many_orders(spot_client: SpotClient) -> None:
    for number in range(100):
        spot_client.call("POST", ORDER, **spot_client.limit(newClientOrderId=f"n{number}"))
    reply = spot_client.reply("POST", ORDER, **spot_client.limit())
    assert reply.status == 429
    assert int(reply.headers["Retry-After"]) <= 10


def test_times_may_be_microseconds(spot_client: SpotClient) -> None:
    stamp = (spot_client.now_ms + 1) * 1000
    assert spot_client.call("GET", "/api/v3/account", timestamp=stamp)["uid"]
    assert spot_client.call("GET", "/api/v3/account", recvWindow="4999.125")["uid"]
    old = spot_client.now_ms - 6_000
    assert spot_client.error("GET", "/api/v3/account", timestamp=old) == (400, -1021)
    assert spot_client.error("GET", "/api/v3/account", recvWindow="60001") == (400, -1131)
    conn = spot_client.listen("?timeUnit=MICROSECOND")
    order = place(spot_client, conn)
    assert order["transactTime"] == spot_client.now_ms * 1000
    assert spot_client.events(conn)[0]["E"] == spot_client.now_ms * 1000
    assert spot_client.box.ws_refusal("/ws-api/v3?timeUnit=DAY", spot_client.now_ns) is not None


# --- market streams


def test_changes_of_the_book_follow_each_other(spot_client: SpotClient) -> None:
    conn = spot_client.open("/stream?streams=dogeusdt@depth@100ms")
    last = None
    for number in range(5):
        spot_client.crowd(Side.BUY, "10", f"0.58{number}")
        spot_client.run(200)
        for frame in spot_client.take(conn):
            event = frame["data"]
            assert event.keys() == {"e", "E", "s", "U", "u", "b", "a"}
            assert last is None or event["U"] == last + 1
            last = event["u"]
    assert last == spot_client.call("GET", "/api/v3/depth", sign=False, symbol="DOGEUSDT")["lastUpdateId"]


def test_best_prices_and_best_levels_have_no_time(spot_client: SpotClient) -> None:
    conn = spot_client.open("/stream?streams=dogeusdt@bookTicker/dogeusdt@depth5@100ms")
    spot_client.crowd(Side.BUY, "10", "0.60")
    spot_client.run(100)
    best, levels = (frame["data"] for frame in spot_client.take(conn))
    assert best.keys() == {"u", "s", "b", "B", "a", "A"}
    assert levels.keys() == {"lastUpdateId", "bids", "asks"}
    assert levels["bids"][0] == [best["b"], best["B"]]


def test_trades_bars_and_prices(spot_client: SpotClient) -> None:
    names = ("trade", "aggTrade", "kline_1s", "kline_1m", "miniTicker", "ticker", "ticker_1h", "avgPrice")
    conn = spot_client.open("/stream?streams=" + "/".join(f"dogeusdt@{name}" for name in names))
    spot_client.call("POST", ORDER, **spot_client.limit(px="0.601"))
    spot_client.run(2_100)
    seen = {frame["stream"].partition("@")[2]: frame["data"] for frame in spot_client.take(conn)}
    assert seen.keys() == set(names)
    assert (seen["trade"]["p"], seen["trade"]["q"], seen["trade"]["M"]) == ("0.60100000", "100.00000000", True)
    assert (seen["aggTrade"]["f"], seen["aggTrade"]["l"]) == (seen["trade"]["t"], seen["trade"]["t"])
    assert seen["kline_1m"]["k"]["v"] == "100.00000000"
    assert seen["ticker_1h"]["e"] == "1hTicker"
    assert seen["ticker"]["b"] == "0.59900000"
    assert seen["avgPrice"]["w"] == "0.60100000"


def test_five_messages_a_second(spot_client: SpotClient) -> None:
    conn = spot_client.open("/ws")
    for number in range(5):
        assert spot_client.control(conn, "LIST_SUBSCRIPTIONS", request_id=number)["result"] == []
    spot_client.send(conn, b'{"method":"LIST_SUBSCRIPTIONS","id":6}')
    assert spot_client.closed[conn] == 1008


def test_pings_come_every_twenty_seconds(spot_client: SpotClient) -> None:
    conn = spot_client.open("/ws/dogeusdt@trade")
    opened_ms = spot_client.now_ms
    spot_client.run(41_000)
    assert [at_ms - opened_ms for at_ms in spot_client.pings[conn]] == [20_000, 40_000]
    spot_client.answers_pings = False
    spot_client.run(120_000)
    assert spot_client.closed[conn] == 1008


# --- market by REST


def test_symbols_can_be_chosen(spot_client: SpotClient) -> None:
    def listed(**params: str) -> list[str]:
        told = spot_client.call("GET", "/api/v3/exchangeInfo", sign=False, **params)
        return [row["symbol"] for row in told["symbols"]]

    every = listed()
    assert listed(symbol="DOGEUSDT") == ["DOGEUSDT"]
    assert listed(symbols='["BTCUSDT","DOGEUSDT"]') == ["BTCUSDT", "DOGEUSDT"]
    assert listed(permissions="SPOT") == every
    assert listed(permissions='["MARGIN","LEVERAGED"]') == every
    path = "/api/v3/exchangeInfo"
    assert spot_client.error("GET", path, sign=False, symbol="A", symbols='["B"]') == (400, -1128)
    assert spot_client.error("GET", path, sign=False, symbols='["BTCUSDT","BTCUSDT"]') == (400, -1151)
    assert spot_client.error("GET", path, sign=False, symbol="NOUSDT") == (400, -1121)


def test_a_symbol_that_stops(spot_client: SpotClient) -> None:
    body = b'{"symbol":"DOGEUSDT","status":"HALT","product":"spot"}'
    assert spot_client.raw("POST", "/admin/symbol", body=body).status == 200
    assert spot_client.refusal("POST", ORDER, **spot_client.limit()) == (-1013, "Market is closed.")
    (row,) = spot_client.call("GET", "/api/v3/exchangeInfo", sign=False, symbol="DOGEUSDT")["symbols"]
    assert row["status"] == "HALT"
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "symbolStatus": "TRADING"}
    assert spot_client.error("GET", "/api/v3/ticker/price", sign=False, **named) == (400, -1220)


def test_bars_of_a_second(spot_client: SpotClient) -> None:
    spot_client.call("POST", ORDER, **spot_client.limit(px="0.601"))
    spot_client.run(3_000)
    rows = spot_client.call("GET", "/api/v3/klines", sign=False, symbol="DOGEUSDT", interval="1s")
    assert next(row[5] for row in rows) == "100.00000000"
    assert [later[0] - row[0] for row, later in pairwise(rows)] == [1000] * (len(rows) - 1)
    wrong: dict[str, Any] = {"symbol": "DOGEUSDT", "interval": "2s"}
    assert spot_client.error("GET", "/api/v3/klines", sign=False, **wrong) == (400, -1120)


def test_prices_of_windows(spot_client: SpotClient) -> None:
    spot_client.call("POST", ORDER, **spot_client.limit(px="0.601"))
    for path, params in (("ticker", {"windowSize": "1h"}), ("ticker/tradingDay", {}), ("ticker/24hr", {})):
        told = spot_client.call("GET", f"/api/v3/{path}", sign=False, symbol="DOGEUSDT", **params)
        assert (told["lastPrice"], told["volume"], told["count"]) == ("0.60100000", "100.00000000", 1)
        mini = spot_client.call("GET", f"/api/v3/{path}", sign=False, symbol="DOGEUSDT", type="MINI", **params)
        assert "priceChange" not in mini
    wrong: dict[str, Any] = {"symbol": "DOGEUSDT", "windowSize": "8d"}
    assert spot_client.error("GET", "/api/v3/ticker", sign=False, **wrong) == (400, -1130)
    assert spot_client.error("GET", "/api/v3/referencePrice", sign=False, symbol="DOGEUSDT") == (400, -2043)
