"""Lists whose first order pays for those that wait: these sell what it bought."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tradingsys.core.enums import Contingency, OrderStatus, OrderType, Side
from tradingsys.sim.asset_events import ListChanged
from tradingsys.sim.events import Accepted, ChangeRefused, Executed, ExpiryReason, NewOrder, OrderRecord, Refusal
from tradingsys.sim.order_lists import ListStatus, NewOrderList

from .spot_face_rig import SpotClient
from .spot_rig import BNB, DOGE, MS, SpotRig, only, order

BUY, SELL = Side.BUY, Side.SELL
OTO, OTOCO = Contingency.OTO, Contingency.OTOCO
D = Decimal
PAID: dict[str, Any] = {
    "symbol": "DOGEUSDT",
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingTimeInForce": "GTC",
    "workingPrice": "0.6",
    "workingQuantity": "1000",
    "pendingSide": "SELL",
}
SELLS_HIGHER: dict[str, Any] = {"pendingType": "LIMIT", "pendingTimeInForce": "GTC", "pendingPrice": "0.7"}
PAIR: dict[str, Any] = {"pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "0.7", "pendingBelowType": "STOP_LOSS"}


def place(rig: SpotRig, contingency: Contingency, *orders: NewOrder) -> list[OrderRecord]:
    rig.now_ns += MS
    request = NewOrderList("a", orders[0].symbol, contingency, orders, pays_other=True)
    events = rig._keep(rig.exchange.place_list(request, rig.now_ns))
    return [event.order for event in only(events, Accepted)][: len(orders)]


def without_coins(**more: str) -> SpotRig:
    return SpotRig(deposits={"USDT": "100000", **more})


def test_nothing_of_the_base_asset_is_needed_and_the_fee_makes_less_to_sell() -> None:
    rig = without_coins()
    first, second = place(rig, OTO, order("a", BUY, "1000", "0.6"), order("a", SELL, "1", "0.7"))
    assert (second.status, second.qty) == (OrderStatus.PENDING_NEW, D(0))
    rig.quote(SELL, "400", "0.6")
    # What was bought already is set aside, and its fee is not.
    assert (rig.free("a", "DOGE"), rig.locked("a", "DOGE")) == (D(0), D("399.6"))
    rig.quote(SELL, "600", "0.6")
    now = rig.now(second)
    assert (rig.now(first).status, now.status, now.qty) == (OrderStatus.FILLED, OrderStatus.NEW, D(999))
    assert (rig.locked("a", "DOGE"), rig.free("a", "DOGE")) == (D(999), D(0))
    rig.quote(BUY, "999", "0.7")
    assert rig.now(second).status is OrderStatus.FILLED
    assert only(rig.events, ListChanged)[-1].record.status is ListStatus.ALL_DONE


def test_the_fee_comes_out_of_what_is_free_if_there_is_so_much() -> None:
    rig = without_coins(DOGE="5")
    _, second = place(rig, OTO, order("a", BUY, "1000", "0.6"), order("a", SELL, "1", "0.7"))
    rig.quote(SELL, "1000", "0.6")
    assert rig.now(second).qty == 1000
    assert (rig.locked("a", "DOGE"), rig.free("a", "DOGE")) == (D(1000), D(4))


def test_of_bnb_the_fee_is_always_taken_off() -> None:
    rig = without_coins(BNB="5")
    rig.exchange.burn_bnb("a", on=True)
    first = order("a", BUY, "1", "600", symbol=BNB)
    _, second = place(rig, OTO, first, order("a", SELL, "1", "700", symbol=BNB))
    rig.quote(SELL, "1", "600", BNB)
    assert only(rig.events, Executed)[0].execution.fee == D("0.00075")
    assert rig.now(second).qty == D("0.999")
    # What is less than the lot is free again.
    assert (rig.locked("a", "BNB"), rig.free("a", "BNB")) == (D("0.999"), D("5.00025"))


def test_a_pair_is_paid_once() -> None:
    rig = without_coins()
    stop = order("a", SELL, "1", None, OrderType.STOP_MARKET, trigger="0.5")
    legs = place(rig, OTOCO, order("a", BUY, "1000", "0.6"), order("a", SELL, "1", "0.7", maker=True), stop)
    rig.quote(SELL, "1000", "0.6")
    assert [rig.now(leg).qty for leg in legs] == [1000, 999, 999]
    assert rig.locked("a", "DOGE") == 999
    rig.cancel(rig.now(legs[1]))
    assert (rig.locked("a", "DOGE"), rig.free("a", "DOGE")) == (D(0), D(999))


def test_a_market_sale_follows_at_once() -> None:
    rig = without_coins()
    _, sale = place(rig, OTO, order("a", BUY, "1000", "0.6"), order("a", SELL, "1"))
    rig.quote(BUY, "5000", "0.59")
    rig.quote(SELL, "1000", "0.6")
    assert (rig.now(sale).status, rig.now(sale).cum_qty) == (OrderStatus.FILLED, D(999))


def test_what_was_bought_is_free_when_the_list_is_canceled() -> None:
    rig = without_coins()
    first, second = place(rig, OTO, order("a", BUY, "1000", "0.6"), order("a", SELL, "1", "0.7"))
    rig.quote(SELL, "400", "0.6")
    rig.cancel(rig.now(first))
    assert (rig.free("a", "DOGE"), rig.locked("a", "DOGE")) == (D("399.6"), D(0))
    assert (rig.now(second).status, rig.locked("a", "USDT")) == (OrderStatus.CANCELED, D(0))


def test_what_is_too_little_to_sell_ends_the_list() -> None:
    rig = without_coins()
    _, second = place(rig, OTO, order("a", BUY, "2", "0.6"), order("a", SELL, "1", "0.7"))
    rig.quote(SELL, "2", "0.6")
    now = rig.now(second)  # 1.998 are one lot, worth 0.7: less than an order must be
    assert (now.status, now.expiry) == (OrderStatus.EXPIRED, ExpiryReason.UNPAYABLE)
    assert (rig.free("a", "DOGE"), rig.locked("a", "DOGE")) == (D("1.998"), D(0))


def test_a_quantity_that_is_not_known_yet_cannot_be_changed() -> None:
    rig = without_coins()
    _, second = place(rig, OTO, order("a", BUY, "1000", "0.6"), order("a", SELL, "1", "0.7"))
    (refused,) = only(rig.amend(second, "500"), ChangeRefused)
    assert refused.refusal is Refusal.UNPAID
    rig.quote(SELL, "1000", "0.6")
    assert not only(rig.amend(rig.now(second), "500"), ChangeRefused)
    assert (rig.locked("a", "DOGE"), rig.free("a", "DOGE")) == (D(500), D(499))


# --- as clients see them


def test_the_answer_shows_no_quantity_of_what_waits() -> None:
    client = SpotClient()
    conn = client.listen()
    told = client.call("POST", "/api/v3/orderList/opo", **PAID, **SELLS_HIGHER, newOrderRespType="FULL")
    assert told["contingencyType"] == "OTO"
    first, second = told["orderReports"]
    assert (first["origQty"], first["status"]) == ("1000.00000000", "NEW")
    assert (second["status"], second["workingTime"]) == ("PENDING_NEW", -1)
    assert "origQty" not in second
    assert "origQty" not in client.call("GET", "/api/v3/order", symbol=DOGE, orderId=second["orderId"])
    refused = client.refusal(
        "PUT", "/api/v3/order/amend/keepPriority", symbol=DOGE, orderId=second["orderId"], newQty="5"
    )
    assert refused == (-2038, "Order amend (pending OPO order) is not supported.")
    client.events(conn)
    client.crowd(SELL, "1000", "0.6")
    begun = [event for event in client.events(conn) if event.get("x") == "NEW" and event["i"] == second["orderId"]]
    # Of the 10,000 that are free the fee is paid.
    assert [event["q"] for event in begun] == ["1000.00000000"]


def test_a_pair_by_the_ws_api() -> None:
    client = SpotClient()
    conn = client.open("/ws-api/v3")
    reply = client.ws_call(conn, "orderList.place.opoco", **PAID, **PAIR, pendingBelowStopPrice="0.5")
    assert reply["status"] == 200, reply
    assert [leg["status"] for leg in reply["result"]["orderReports"]] == ["NEW", "PENDING_NEW", "PENDING_NEW"]
    counts = {limit["interval"]: limit["count"] for limit in reply["rateLimits"]}
    assert counts["SECOND"] == 3


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"workingSide": "SELL"}, -1222),
        ({"pendingSide": "BUY"}, -1223),
        ({"pendingQuantity": "1000"}, -1104),
        ({"workingQuantity": ""}, -1102),
        ({"pendingPrice": "0.700001"}, -1013),
    ],
)
def test_what_is_refused(changed: dict[str, Any], code: int) -> None:
    client = SpotClient()
    given = {**PAID, **SELLS_HIGHER, **changed}
    wanted = {name: value for name, value in given.items() if value}
    assert client.error("POST", "/api/v3/orderList/opo", **wanted) == (400, code)


def test_rules_about_the_quantity_are_asked_when_it_is_known() -> None:
    client = SpotClient()
    small: dict[str, Any] = {
        **PAID,
        "workingQuantity": "2",
        "pendingType": "LIMIT",
        "pendingTimeInForce": "GTC",
        "pendingPrice": "0.4",
    }
    assert client.call("POST", "/api/v3/orderList/opo", **small)["listOrderStatus"] == "EXECUTING"


def test_every_symbol_says_that_it_takes_them() -> None:
    symbols = SpotClient().call("GET", "/api/v3/exchangeInfo", sign=False)["symbols"]
    assert all(each["opoAllowed"] for each in symbols)
