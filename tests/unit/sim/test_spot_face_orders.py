"""Orders on spot by REST: what is answered, what is refused and in which words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tradingsys.core.enums import Side

from .spot_face_rig import ORDER, SpotClient

TERMS = {"price", "origQty", "executedQty", "status", "side", "type", "timeInForce"}


def place(client: SpotClient, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = client.call("POST", ORDER, **client.limit(**more))
    return told


# --- answers


def test_limit_and_market_orders_are_told_in_full_and_others_briefly(spot_client: SpotClient) -> None:
    full = place(spot_client)
    assert full.keys() >= TERMS
    assert full["fills"] == []
    brief = place(spot_client, type="LIMIT_MAKER", timeInForce="")
    assert brief.keys() == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
    result = place(spot_client, newOrderRespType="RESULT")
    assert result.keys() >= TERMS
    assert "fills" not in result
    assert spot_client.error("POST", ORDER, **spot_client.limit(newOrderRespType="ALL")) == (400, -1130)


def test_a_purchase_pays_its_fee_in_coins(spot_client: SpotClient) -> None:
    bought = spot_client.call("POST", ORDER, symbol="DOGEUSDT", side="BUY", type="MARKET", quantity="100")
    (fill,) = bought["fills"]
    assert (fill["price"], fill["commission"], fill["commissionAsset"]) == ("0.60100000", "0.10000000", "DOGE")
    (trade,) = spot_client.call("GET", "/api/v3/myTrades", symbol="DOGEUSDT")
    assert (trade["id"], trade["quoteQty"], trade["isBuyer"]) == (fill["tradeId"], "60.10000000", True)
    balances = spot_client.call("GET", "/api/v3/account", omitZeroBalances="true")["balances"]
    assert {row["asset"]: row["free"] for row in balances} == {"USDT": "99939.90000000", "DOGE": "10099.90000000"}


def test_a_market_order_for_an_amount(spot_client: SpotClient) -> None:
    bought = spot_client.call("POST", ORDER, symbol="DOGEUSDT", side="BUY", type="MARKET", quoteOrderQty="100")
    assert bought["origQuoteOrderQty"] == "100.00000000"
    assert bought["executedQty"] == "166.00000000"
    assert bought["cummulativeQuoteQty"] == "99.76600000"
    both: dict[str, Any] = {
        "symbol": "DOGEUSDT",
        "side": "BUY",
        "type": "MARKET",
        "quantity": "1",
        "quoteOrderQty": "1",
    }
    assert spot_client.error("POST", ORDER, **both) == (400, -1128)


def test_a_market_order_that_finds_too_little_expires_with_fills(spot_client: SpotClient) -> None:
    sold = spot_client.call("POST", ORDER, symbol="DOGEUSDT", side="SELL", type="MARKET", quantity="6000")
    assert (sold["status"], sold["executedQty"]) == ("EXPIRED", "5000.00000000")
    assert sold["expiryReason"] == "INSUFFICIENT_LIQUIDITY"


def test_a_test_order_changes_nothing(spot_client: SpotClient) -> None:
    assert spot_client.call("POST", f"{ORDER}/test", **spot_client.limit()) == {}
    rates = spot_client.call("POST", f"{ORDER}/test", **spot_client.limit(computeCommissionRates="true"))
    assert rates["standardCommissionForOrder"] == {"maker": "0.00100000", "taker": "0.00100000"}
    assert spot_client.call("GET", "/api/v3/openOrders") == []
    assert spot_client.error("POST", f"{ORDER}/test", **spot_client.limit(px="0.590001")) == (400, -1013)


def test_a_cancellation_has_an_id_of_its_own(spot_client: SpotClient) -> None:
    order = place(spot_client, newClientOrderId="mine")
    told = spot_client.call("DELETE", ORDER, symbol="DOGEUSDT", orderId=order["orderId"], newClientOrderId="bye")
    assert (told["origClientOrderId"], told["clientOrderId"], told["status"]) == ("mine", "bye", "CANCELED")
    assert spot_client.refusal("DELETE", ORDER, symbol="DOGEUSDT", origClientOrderId="mine") == (
        -2011,
        "Unknown order sent.",
    )


def test_both_ids_of_a_cancellation_must_fit(spot_client: SpotClient) -> None:
    order, other = place(spot_client, newClientOrderId="one"), place(spot_client, newClientOrderId="two")
    named: dict[str, Any] = {
        "symbol": "DOGEUSDT",
        "orderId": order["orderId"],
        "origClientOrderId": other["clientOrderId"],
    }
    assert spot_client.error("DELETE", ORDER, **named) == (400, -2039)
    assert spot_client.error("DELETE", ORDER, symbol="DOGEUSDT") == (400, -1102)


def test_cancellations_can_be_restricted(spot_client: SpotClient) -> None:
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "orderId": place(spot_client)["orderId"]}
    partly = spot_client.refusal("DELETE", ORDER, **named, cancelRestrictions="ONLY_PARTIALLY_FILLED")
    assert partly == (-2011, "Order was not canceled due to cancel restrictions.")
    assert spot_client.error("DELETE", ORDER, **named, cancelRestrictions="ONLY_SOME") == (400, -1145)
    spot_client.call("DELETE", ORDER, **named, cancelRestrictions="ONLY_NEW")


def test_all_orders_of_a_symbol_are_canceled_with_their_lists(spot_client: SpotClient) -> None:
    place(spot_client)
    spot_client.call("POST", "/api/v3/orderList/oco", **oco())
    alone, pair = spot_client.call("DELETE", "/api/v3/openOrders", symbol="DOGEUSDT")
    assert alone["status"] == "CANCELED"
    assert [row["status"] for row in pair["orderReports"]] == ["CANCELED", "CANCELED"]
    assert pair["listOrderStatus"] == "ALL_DONE"
    assert spot_client.error("DELETE", "/api/v3/openOrders", symbol="DOGEUSDT") == (400, -2011)


def test_a_client_id_is_unique_among_open_orders_only(spot_client: SpotClient) -> None:
    place(spot_client, newClientOrderId="again")
    again = spot_client.limit(newClientOrderId="again")
    assert spot_client.refusal("POST", ORDER, **again) == (-2010, "Duplicate order sent.")
    spot_client.call("DELETE", ORDER, symbol="DOGEUSDT", origClientOrderId="again")
    filled = place(spot_client, newClientOrderId="again", px="0.601")
    assert filled["status"] == "FILLED"
    assert place(spot_client, newClientOrderId="again")["orderId"] != filled["orderId"]


# --- amends and replacements


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


# --- lists


def oco(**more: str) -> dict[str, Any]:
    return {
        "symbol": "DOGEUSDT",
        "side": "SELL",
        "quantity": "100",
        "aboveType": "LIMIT_MAKER",
        "abovePrice": "0.62",
        "belowType": "STOP_LOSS_LIMIT",
        "belowStopPrice": "0.58",
        "belowPrice": "0.579",
        "belowTimeInForce": "GTC",
        **more,
    }


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


def test_what_no_symbol_of_the_box_has(spot_client: SpotClient) -> None:
    assert spot_client.error("POST", "/api/v3/sor/order", **spot_client.limit()) == (400, -1013)
    assert spot_client.error("POST", ORDER, **spot_client.limit(pegPriceType="PRIMARY_PEG")) == (400, -1013)


# --- refusals


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        ({"px": "0.590001"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"qty": "100.5"}, -1013, "Filter failure: LOT_SIZE"),
        ({"px": "0.1"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        ({"qty": "1"}, -1013, "Filter failure: NOTIONAL"),
        ({"qty": "0"}, -1013, "Invalid quantity."),
        ({"icebergQty": "0.5"}, -1013, "Filter failure: LOT_SIZE"),
        ({"icebergQty": "200"}, -1013, "IcebergQty exceeds QTY."),
        ({"icebergQty": "50", "timeInForce": "IOC"}, -1160, ""),
        ({"px": "0.5900000001"}, -1111, "Parameter 'price' has too much precision."),
        ({"side": "HOLD"}, -1117, "Invalid side."),
        ({"type": "STOP"}, -1116, "Invalid orderType."),
        ({"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
        ({"symbol": "NOUSDT"}, -1121, "Invalid symbol."),
        ({"newClientOrderId": "a b"}, -1100, ""),
        ({"newClientOrderId": "a" * 37}, -1100, ""),
        ({"stopPrice": "0.58"}, -1106, "Parameter 'stopPrice' sent when not required."),
        ({"strategyType": "1"}, -1134, ""),
        ({"selfTradePreventionMode": "SOME"}, -1130, ""),
        ({"qty": "9000000"}, -2010, "Account has insufficient balance for requested action."),
        ({"type": "LIMIT_MAKER", "px": "0.601", "timeInForce": ""}, -2010, "Order would immediately match and take."),
        ({"px": "1e-1"}, -1100, ""),
        ({"px": ""}, -1102, ""),
    ],
)
def test_refusals(spot_client: SpotClient, wrong: dict[str, Any], code: int, message: str) -> None:
    told = spot_client.refusal("POST", ORDER, **spot_client.limit(**wrong))
    assert told[0] == code
    assert told[1].startswith(message)


def stop(**more: str) -> dict[str, Any]:
    return {"symbol": "DOGEUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "100", **more}


def test_stops_wait_under_their_own_id(spot_client: SpotClient) -> None:
    waiting = spot_client.call("POST", ORDER, **stop(stopPrice="0.59", newOrderRespType="RESULT"))
    assert (waiting["status"], waiting["workingTime"], waiting["stopPrice"]) == ("NEW", -1, "0.59000000")
    assert spot_client.refusal("POST", ORDER, **stop(stopPrice="0.7")) == (-2010, "Order would trigger immediately.")
    assert spot_client.error("POST", ORDER, **stop()) == (400, -1102)
    spot_client.crowd(Side.SELL, "5000", "0.599")
    spot_client.crowd(Side.BUY, "500", "0.588")
    spot_client.crowd(Side.SELL, "100", "0.588")
    after = spot_client.call("GET", ORDER, symbol="DOGEUSDT", orderId=waiting["orderId"])
    assert (after["status"], after["executedQty"]) == ("FILLED", "100.00000000")


def test_trailing_stops_are_measured_in_basis_points(spot_client: SpotClient) -> None:
    told = spot_client.call("POST", ORDER, **stop(trailingDelta="100", newOrderRespType="RESULT"))
    assert told["trailingDelta"] == 100
    assert "stopPrice" not in told
    assert spot_client.refusal("POST", ORDER, **stop(trailingDelta="1")) == (-1013, "Filter failure: TRAILING_DELTA")
    assert spot_client.refusal("POST", ORDER, **stop(trailingDelta="9000"))[0] == -1013


def test_too_many_conditional_orders(spot_client: SpotClient) -> None:
    for _ in range(5):
        spot_client.call("POST", ORDER, **stop(stopPrice="0.5"))
    assert spot_client.refusal("POST", ORDER, **stop(stopPrice="0.5")) == (
        -1013,
        "Filter failure: MAX_NUM_ALGO_ORDERS",
    )


def test_self_trade_prevention(spot_client: SpotClient) -> None:
    resting = place(spot_client, px="0.60")
    taker = place(spot_client, side="SELL", px="0.60", selfTradePreventionMode="EXPIRE_TAKER")
    assert taker["status"] == "EXPIRED_IN_MATCH"
    (row,) = spot_client.call("GET", "/api/v3/myPreventedMatches", symbol="DOGEUSDT", orderId=resting["orderId"])
    assert (row["takerOrderId"], row["makerOrderId"]) == (taker["orderId"], resting["orderId"])
    assert spot_client.error("GET", "/api/v3/myPreventedMatches", symbol="DOGEUSDT") == (400, -1128)


# --- asking


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
