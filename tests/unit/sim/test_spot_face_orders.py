"""Orders on spot by REST: what is answered, what is refused and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from tradingsys.core.enums import Side

from .spot_face_rig import ORDER, SpotClient, oco, place

TERMS = {"price", "origQty", "executedQty", "status", "side", "type", "timeInForce"}


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
    for order in (named, {"symbol": "DOGEUSDT", "orderId": 1}):
        assert spot_client.error("DELETE", ORDER, **order, cancelRestrictions="ONLY_SOME") == (400, -1145)
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
