"""Reference prices, and the range around them in which orders execute."""

from __future__ import annotations

from typing import Any

import pytest

from tradingsys.core.enums import Side

from .spot_face_rig import ORDER, SpotClient
from .test_admin import post, problem

SYMBOL: dict[str, Any] = {"symbol": "DOGEUSDT"}
REASON = "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"


def set_range(client: SpotClient, **more: Any) -> None:
    post(client, "reference", product="spot", **SYMBOL, **more)


def test_there_is_none_unless_it_was_set(spot_client: SpotClient) -> None:
    for path in ("referencePrice", "referencePrice/calculation"):
        assert spot_client.error("GET", f"/api/v3/{path}", sign=False, **SYMBOL) == (400, -2043)
    rules = spot_client.call("GET", "/api/v3/executionRules", sign=False, **SYMBOL)
    assert rules == {"symbolRules": [{"symbol": "DOGEUSDT", "rules": []}]}
    conn = spot_client.open("/ws/dogeusdt@referencePrice")
    spot_client.run(2_000)
    assert spot_client.take(conn) == []


def test_it_is_told_everywhere(spot_client: SpotClient) -> None:
    conn = spot_client.open("/ws/dogeusdt@referencePrice")
    set_range(spot_client, price="0.6", bid_up="1.05", ask_down="0.95")
    longer = spot_client.open("/ws/dogeusdt@referencePrice?timeUnit=MICROSECOND")
    spot_client.run(1_000)
    assert spot_client.take(longer)[-1]["t"] == spot_client.take(conn)[-1]["t"] * 1000
    told = spot_client.call("GET", "/api/v3/referencePrice", sign=False, **SYMBOL)
    assert (told["referencePrice"], told["timestamp"]) == ("0.60000000", spot_client.now_ms)
    how = spot_client.call("GET", "/api/v3/referencePrice/calculation", sign=False, **SYMBOL)
    assert how == {"symbol": "DOGEUSDT", "calculationType": "EXTERNAL", "externalCalculationId": 0}
    api = spot_client.open("/ws-api/v3")
    rules = spot_client.ws_call(api, "executionRules", sign=False, **SYMBOL)["result"]["symbolRules"]
    rule = {"ruleType": "PRICE_RANGE", "bidLimitMultUp": "1.0500", "askLimitMultDown": "0.9500"}
    assert rules == [{"symbol": "DOGEUSDT", "rules": [rule]}]
    spot_client.run(1_000)
    set_range(spot_client)
    spot_client.run(1_000)
    assert [frame["r"] for frame in spot_client.take(conn)] == ["0.60000000", None]
    assert spot_client.call("GET", "/api/v3/referencePrice", sign=False, **SYMBOL)["referencePrice"] is None
    set_range(spot_client, off=True)
    assert spot_client.error("GET", "/api/v3/referencePrice", sign=False, **SYMBOL) == (400, -2043)


@pytest.mark.parametrize(
    ("kind", "filled"), [({"type": "MARKET", "px": "", "timeInForce": ""}, "5000"), ({"px": "0.7"}, "5000")]
)
def test_the_rest_of_a_taker_expires_outside(spot_client: SpotClient, kind: dict[str, str], filled: str) -> None:
    spot_client.crowd(Side.SELL, "5000", "0.64")
    set_range(spot_client, price="0.6", bid_up="1.05")
    user = spot_client.listen()
    wish = {**spot_client.limit(qty="6000"), **{"price" if name == "px" else name: kind[name] for name in kind}}
    told = spot_client.call("POST", ORDER, **{name: value for name, value in wish.items() if value})
    assert (told["status"], told["executedQty"], told["expiryReason"]) == ("EXPIRED", f"{filled}.00000000", REASON)
    last = [event for event in spot_client.events(user) if event["e"] == "executionReport"][-1]
    assert (last["x"], last["X"], last["eR"]) == ("EXPIRED", "EXPIRED", REASON)


def test_nothing_trades_too_cheap_either(spot_client: SpotClient) -> None:
    set_range(spot_client, price="0.6", bid_down="1.01", ask_up="0.99")
    for side in ("BUY", "SELL"):
        order: dict[str, Any] = {**SYMBOL, "side": side, "type": "MARKET", "quantity": "10"}
        told = spot_client.call("POST", ORDER, **order)
        assert (told["status"], told["executedQty"], told["expiryReason"]) == ("EXPIRED", "0.00000000", REASON)


def test_fill_or_kill_stays_whole(spot_client: SpotClient) -> None:
    spot_client.crowd(Side.SELL, "5000", "0.64")
    set_range(spot_client, price="0.6", bid_up="1.05")
    told = spot_client.call("POST", ORDER, **spot_client.limit(qty="6000", px="0.7", timeInForce="FOK"))
    assert (told["status"], told["executedQty"]) == ("EXPIRED", "0.00000000")


def test_inside_of_the_range_nothing_changes(spot_client: SpotClient) -> None:
    set_range(spot_client, price="0.6", bid_up="1.05", bid_down="0.95", ask_up="1.05", ask_down="0.95")
    assert spot_client.call("POST", ORDER, **spot_client.limit(px="0.601"))["status"] == "FILLED"
    assert spot_client.call("POST", ORDER, **spot_client.limit(qty="6000", px="0.602"))["status"] == "PARTIALLY_FILLED"


def test_filters_measure_with_it(spot_client: SpotClient) -> None:
    order = spot_client.limit(side="SELL", px="1.5")
    assert spot_client.refusal("POST", ORDER, **order) == (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE")
    set_range(spot_client, price="0.9")
    assert spot_client.call("POST", ORDER, **order)["status"] == "NEW"


def test_orders_of_the_operator_that_make_no_sense(spot_client: SpotClient) -> None:
    for wrong in ({"symbol": "NOPE"}, {**SYMBOL, "price": "-1"}, {**SYMBOL, "bid_up": "x"}):
        assert problem(spot_client, "reference", product="spot", **wrong)[0] == 400
