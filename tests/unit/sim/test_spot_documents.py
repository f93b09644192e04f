"""Sentences of the venue's documents that are easily overlooked, one test each."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tradingsys.core.enums import Side
from tradingsys.sim.faces.binance_spot.limits import SpotLimits

from .spot_face_rig import ORDER, SpotClient, oco, place

DAY_MS = 86_400_000


def public(client: SpotClient, path: str, **params: Any) -> Any:
    return client.call("GET", f"/api/v3/{path}", sign=False, **params)


def halt(client: SpotClient, symbol: str) -> None:
    body = msgspec.json.encode({"product": "spot", "symbol": symbol, "status": "HALT"})
    assert client.raw("POST", "/admin/symbol", body=body).status == 200


# --- rest-api.md, general


def test_times_may_be_in_microseconds(spot_client: SpotClient) -> None:
    first = place(spot_client, px="0.601")
    spot_client.now_ns += 10**9
    place(spot_client, px="0.601")
    since = (first["transactTime"] + 500) * 1000
    for path, key in (("myTrades", "time"), ("allOrders", "time")):
        (row,) = spot_client.call("GET", f"/api/v3/{path}", symbol="DOGEUSDT", startTime=since)
        assert row[key] > first["transactTime"]
    (trade,) = public(spot_client, "aggTrades", symbol="DOGEUSDT", startTime=since)
    assert trade["T"] > first["transactTime"]


def test_until_a_time_the_newest_are_told_and_from_one_on_the_oldest(spot_client: SpotClient) -> None:
    ids = [place(spot_client, px="0.5")["orderId"] for _ in range(4)]
    now = spot_client.now_ms
    asked: dict[str, Any] = {"symbol": "DOGEUSDT", "limit": 2}

    def told(**more: Any) -> list[int]:
        return [row["orderId"] for row in spot_client.call("GET", "/api/v3/allOrders", **asked, **more)]

    assert told() == told(endTime=now) == ids[2:]
    assert told(startTime=now - 1000) == told(startTime=now - 1000, endTime=now) == ids[:2]


# --- rest-api.md, market data


def test_a_status_excludes_symbols_unless_there_is_a_single_one(spot_client: SpotClient) -> None:
    halt(spot_client, "BTCUSDT")
    for path in ("ticker/price", "ticker/bookTicker", "ticker/24hr", "ticker", "ticker/tradingDay"):
        both = public(spot_client, path, symbols='["BTCUSDT","DOGEUSDT"]', symbolStatus="TRADING")
        assert [row["symbol"] for row in both] == ["DOGEUSDT"]
        single: dict[str, Any] = {"symbol": "BTCUSDT", "symbolStatus": "TRADING"}
        assert spot_client.error("GET", f"/api/v3/{path}", sign=False, **single) == (400, -1220)
    assert spot_client.error("GET", "/api/v3/depth", sign=False, symbol="BTCUSDT", symbolStatus="TRADING") == (
        400, -1220,
    )  # fmt: skip
    assert public(spot_client, "depth", symbol="BTCUSDT", symbolStatus="HALT")["bids"] == []


@pytest.mark.parametrize("path", ["exchangeInfo", "executionRules"])
@pytest.mark.parametrize("named", [{"symbol": "DOGEUSDT"}, {"symbols": '["DOGEUSDT"]'}])
def test_symbols_and_their_status_are_one_choice(spot_client: SpotClient, path: str, named: dict[str, Any]) -> None:
    assert spot_client.error("GET", f"/api/v3/{path}", sign=False, **named, symbolStatus="TRADING") == (400, -1128)
    assert public(spot_client, path, symbolStatus="TRADING")


@pytest.mark.parametrize("window", ["60m", "24h", "8d", "0m", "01m", "1d2h", "1w"])
def test_windows_that_nobody_has(spot_client: SpotClient, window: str) -> None:
    assert spot_client.error("GET", "/api/v3/ticker", sign=False, symbol="DOGEUSDT", windowSize=window) == (400, -1130)


@pytest.mark.parametrize("window", ["59m", "23h", "7d"])
def test_the_longest_windows(spot_client: SpotClient, window: str) -> None:
    told = public(spot_client, "ticker", symbol="DOGEUSDT", windowSize=window)
    assert (told["closeTime"], told["openTime"] % 60_000) == (spot_client.now_ms, 0)


def test_a_trading_day_is_a_whole_day(spot_client: SpotClient) -> None:
    spot_client.now_ns += (DAY_MS - spot_client.now_ms % DAY_MS) * 10**6
    spot_client.crowd(Side.BUY, "10", "0.601")
    told = public(spot_client, "ticker/tradingDay", symbol="DOGEUSDT")
    assert (told["openTime"] % DAY_MS, told["closeTime"]) == (0, told["openTime"] + DAY_MS - 1)


def test_block_trades_are_asked_for_from_one_on(spot_client: SpotClient) -> None:
    assert spot_client.error("GET", "/api/v3/historicalBlockTrades", sign=False, symbol="DOGEUSDT") == (400, -1102)
    assert public(spot_client, "historicalBlockTrades", symbol="DOGEUSDT", fromId=1) == []
    conn = spot_client.open("/ws-api/v3")
    told = spot_client.ws_call(conn, "blockTrades.historical", sign=False, symbol="DOGEUSDT", fromId=1)
    assert told["result"] == []


@pytest.mark.parametrize(
    ("path", "params", "weight"),
    [
        ("executionRules", {"symbols": '["DOGEUSDT","BTCUSDT"]'}, 4),
        ("executionRules", {"symbol": "DOGEUSDT"}, 2),
        ("executionRules", {}, 40),
        ("myPreventedMatches", {"symbol": "DOGEUSDT", "preventedMatchId": 1}, 2),
        ("myPreventedMatches", {"symbol": "DOGEUSDT", "orderId": 1}, 20),
    ],
)
def test_weights(spot_client: SpotClient, path: str, params: dict[str, Any], weight: int) -> None:
    reply = spot_client.reply("GET", f"/api/v3/{path}", sign=path.startswith("my"), **params)
    assert (reply.status, reply.headers["X-MBX-USED-WEIGHT-1M"]) == (200, str(weight))


# --- CHANGELOG.md, 2026-04-02


@pytest.mark.parametrize("way", ["rest", "ws"])
def test_an_amend_weighs_nothing_when_it_ends_its_order(spot_client: SpotClient, way: str) -> None:
    order = place(spot_client, px="0.6")
    spot_client.crowd(Side.SELL, "60", "0.6")
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "orderId": order["orderId"]}
    api, used = spot_client.open("/ws-api/v3"), []
    for qty in ("90", "80", "60"):
        if way == "rest":
            reply = spot_client.reply("PUT", f"{ORDER}/amend/keepPriority", **named, newQty=qty)
            assert reply.status == 200
            used.append(int(reply.headers["X-MBX-USED-WEIGHT-1M"]))
        else:
            (limit,) = spot_client.ws_call(api, "order.amend.keepPriority", **named, newQty=qty)["rateLimits"]
            used.append(limit["count"])
    assert [used[1] - used[0], used[2] - used[1]] == [4, 0]
    assert spot_client.call("GET", ORDER, **named)["status"] == "EXPIRED"


# --- rest-api.md, trading


def test_an_order_that_waits_is_told_as_waiting_although_its_turn_came_at_once(spot_client: SpotClient) -> None:
    told = spot_client.call(
        "POST", "/api/v3/orderList/oto", symbol="DOGEUSDT", workingType="LIMIT", workingSide="BUY",
        workingTimeInForce="GTC", workingPrice="0.601", workingQuantity="100", pendingSide="SELL", pendingType="LIMIT",
        pendingTimeInForce="GTC", pendingPrice="0.7", pendingQuantity="90",
    )  # fmt: skip
    first, second = told["orderReports"]
    assert (first["status"], second["status"], second["workingTime"]) == ("FILLED", "PENDING_NEW", -1)
    now = spot_client.call("GET", ORDER, symbol="DOGEUSDT", orderId=second["orderId"])
    assert (now["status"], now["workingTime"] > 0) == ("NEW", True)


def test_both_ids_of_a_list_must_fit(spot_client: SpotClient) -> None:
    number = spot_client.call("POST", "/api/v3/orderList/oco", **oco(listClientOrderId="mine"))["orderListId"]
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "orderListId": number}
    assert spot_client.error("DELETE", "/api/v3/orderList", **named, listClientOrderId="another") == (400, -2011)
    assert spot_client.call("DELETE", "/api/v3/orderList", **named, listClientOrderId="mine")["orderListId"] == number


@pytest.mark.parametrize(
    ("mode", "order_id", "status", "code", "results"),
    [
        ("STOP_ON_FAILURE", None, 429, -2021, ("SUCCESS", "FAILURE")),
        ("ALLOW_FAILURE", None, 409, -2021, ("SUCCESS", "FAILURE")),
        ("STOP_ON_FAILURE", 1, 429, -2022, ("FAILURE", "NOT_ATTEMPTED")),
        ("ALLOW_FAILURE", 1, 400, -2022, ("FAILURE", "FAILURE")),
    ],
)
def test_a_replacement_beyond_the_number_of_orders(
    spot_client: SpotClient, mode: str, order_id: int | None, status: int, code: int, results: tuple[str, str]
) -> None:
    resting = place(spot_client)["orderId"]
    spot_client.box.spot_face._state.limits = SpotLimits(1)
    spot_client.box.spot_face._state.limits.spend_order("main", spot_client.now_ms)
    reply = spot_client.reply(
        "POST", f"{ORDER}/cancelReplace", **spot_client.limit(px="0.58"), cancelReplaceMode=mode,
        orderRateLimitExceededMode="CANCEL_ONLY", cancelOrderId=order_id or resting,
    )  # fmt: skip
    told = msgspec.json.decode(reply.body)
    assert (reply.status, told["code"]) == (status, code)
    assert (told["data"]["cancelResult"], told["data"]["newOrderResult"]) == results
    answer = told["data"]["newOrderResponse"]
    assert answer is None if results[1] == "NOT_ATTEMPTED" else answer["code"] == -1015


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("POST", ORDER, {"side": "BUY", "type": "MARKET", "quantity": "10", "reduceOnly": "true"}),
        ("DELETE", ORDER, {"orderId": 1, "clientOrderId": "mine"}),
        ("PUT", f"{ORDER}/amend/keepPriority", {"orderId": 1, "newQty": "1", "price": "1"}),
        ("POST", "/api/v3/orderList/oco", {**oco(), "aboveQuantity": "100"}),
        ("POST", "/api/v3/orderList/oto", {"pendingOrderType": "MARKET"}),
    ],
)
def test_what_nobody_reads_is_refused(spot_client: SpotClient, method: str, path: str, params: dict[str, Any]) -> None:
    sent = {"symbol": "DOGEUSDT", **params}
    # The time and the signature are sent too.
    text = f"read '{len(sent) + 1}' parameter(s) but was sent '{len(sent) + 2}'."
    assert spot_client.refusal(method, path, **sent) == (-1104, f"Not all sent parameters were read; {text}")


def test_names_of_symbols_are_in_capitals(spot_client: SpotClient) -> None:
    code, text = spot_client.refusal("POST", ORDER, **spot_client.limit(symbol="dogeusdt"))
    assert (code, text.startswith("Illegal characters found in parameter 'symbol'")) == (-1100, True)
    assert spot_client.refusal("POST", ORDER, **spot_client.limit(symbol="SHIBUSDT"))[0] == -1121
    for wrong in ("DOGEUSDT", "DOGEUSDT,BTCUSDT", "[DOGEUSDT]"):
        assert spot_client.error("GET", "/api/v3/ticker/price", sign=False, symbols=wrong) == (400, -1100)


@pytest.mark.parametrize(
    ("qty", "code", "text"),
    [
        ("100", -2038, "The requested action would change no state; rejecting."),
        ("101", -2038, "Order amend (quantity increase) is not supported."),
        ("1", -1013, "Filter failure: NOTIONAL"),
    ],
)
def test_amends_that_are_refused(spot_client: SpotClient, qty: str, code: int, text: str) -> None:
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "orderId": place(spot_client)["orderId"]}
    assert spot_client.refusal("PUT", f"{ORDER}/amend/keepPriority", **named, newQty=qty) == (code, text)
    assert spot_client.call("GET", ORDER, **named)["origQty"] == "100.00000000"


def test_an_amount_needs_somebody_to_trade_with() -> None:
    wanted: dict[str, Any] = {"symbol": "DOGEUSDT", "side": "BUY", "type": "MARKET", "quoteOrderQty": "50"}
    text = "Order book liquidity is less than symbol minimum quantity."
    assert SpotClient().refusal("POST", ORDER, **wanted) == (-2010, text)


# --- stp_faq.md and user-data-stream.md


@pytest.mark.parametrize(
    ("mode", "taken"),
    [
        ("EXPIRE_TAKER", {"takerPreventedQuantity": "100.00000000"}),
        ("EXPIRE_MAKER", {"makerPreventedQuantity": "60.00000000"}),
        (
            "DECREMENT",
            {"takerPreventedQuantity": "60.00000000", "makerPreventedQuantity": "60.00000000"},
        ),
    ],
)
def test_whom_of_its_own_an_order_met(mode: str, taken: dict[str, str]) -> None:
    client = SpotClient()
    resting = place(client, qty="60", px="0.6")["orderId"]
    conn = client.listen()
    told = place(client, side="SELL", px="0.6", selfTradePreventionMode=mode)
    (met,) = told["preventedMatches"]
    number = met.pop("preventedMatchId")
    assert met == {"makerSymbol": "DOGEUSDT", "makerOrderId": resting, "price": "0.60000000", **taken}
    assert told.get("tradeGroupId") == (-1 if "takerPreventedQuantity" in taken else None)
    heard = [event for event in client.events(conn) if event.get("x") == "TRADE_PREVENTION"]
    assert {event["i"] for event in heard} == {
        {"takerPreventedQuantity": told["orderId"], "makerPreventedQuantity": resting}[name] for name in taken
    }
    for event in heard:
        assert (event["v"], event["u"], event["Cs"]) == (number, -1, "DOGEUSDT")
        assert (event["pl"], event["pL"], event["pY"]) == ("60.00000000", "0.60000000", "36.00000000")
        assert event["U"] in (resting, told["orderId"]) and event["U"] != event["i"]


def test_any_subscription_counts_for_the_state_of_a_session(spot_client: SpotClient) -> None:
    conn = spot_client.open("/ws-api/v3")
    assert spot_client.ws_call(conn, "session.status", sign=False)["result"]["userDataStream"] is False
    spot_client.ws_call(conn, "userDataStream.subscribe.signature")
    assert spot_client.ws_call(conn, "session.status", sign=False)["result"]["userDataStream"] is True


# --- web-socket-streams.md


@pytest.mark.parametrize(
    ("request_id", "is_taken"),
    [
        (-(2**63), True),
        (2**63 - 1, True),
        ("a" * 36, True),
        (None, True),
        (2**63, False),
        ("a" * 37, False),
        (1.5, False),
        (True, False),
    ],
)
def test_ids_of_requests_about_streams(spot_client: SpotClient, request_id: object, is_taken: bool) -> None:
    conn = spot_client.open("/ws")
    told = spot_client.control(conn, "SUBSCRIBE", ["dogeusdt@trade"], request_id)
    assert ("error" not in told) is is_taken
    assert told.get("result", told.get("error", {}).get("code")) == (None if is_taken else 2)
