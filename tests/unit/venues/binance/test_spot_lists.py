"""Lists of orders in spot's and margin's words, in both roles."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.unit.venues.binance.exchange_double import SERVER_MS, as_text, limit_order
from tradingsys.core.commands import PlaceOrder, PlaceOrderList
from tradingsys.core.enums import (
    Contingency,
    OrderType,
    SelfTradePrevention,
    Side,
    SideEffect,
    TimeInForce,
)
from tradingsys.core.errors import InvalidOrder, OrderRejected, VenueError
from tradingsys.venues.binance import margin_requests, spot_lists
from tradingsys.venues.binance.products import MARGIN, SPOT, USDM

D = Decimal
STAMP = {"recvWindow": 1234, "timestamp": SERVER_MS + 77}
SENT = {"newClientOrderId": "c-1", "newOrderRespType": "FULL", "selfTradePreventionMode": "EXPIRE_TAKER", **STAMP}
MARKET: dict[str, Any] = {"order_type": OrderType.MARKET, "price": None, "time_in_force": None}
STOP: dict[str, Any] = {"order_type": OrderType.STOP_MARKET, "price": None, "stop_px": D(2900), "time_in_force": None}
TRAIL: dict[str, Any] = {
    "order_type": OrderType.TRAILING_STOP_MARKET, "price": None, "callback_rate": D("1.5"), "time_in_force": None,
}  # fmt: skip

SELL_LIMIT = limit_order("c-take", side=Side.SELL)
SELL_STOP = limit_order("c-stop", side=Side.SELL, **STOP)
TAKE = limit_order(
    "c-take", side=Side.SELL, order_type=OrderType.TAKE_PROFIT_MARKET, price=None, stop_px=D(3100), time_in_force=None
)
BUY = limit_order("c-1")


@pytest.mark.parametrize("legs", [(SELL_LIMIT, SELL_STOP), (SELL_STOP, SELL_LIMIT)])
def test_of_a_pair_each_waits_on_its_side_of_the_market(legs: tuple[PlaceOrder, PlaceOrder]) -> None:
    way = SPOT.orders.way(PlaceOrderList(Contingency.OCO, legs), 0)
    assert (way.ws_method, way.path) == ("orderList.place.oco", "/api/v3/orderList/oco")
    assert way.params == {
        "symbol": "ETHUSDT", "side": "SELL", "quantity": "0.5",
        "aboveType": "LIMIT_MAKER", "abovePrice": "3000.10", "aboveClientOrderId": "c-take",
        "belowType": "STOP_LOSS", "belowStopPrice": "2900", "belowClientOrderId": "c-stop",
        "newOrderRespType": "FULL", "selfTradePreventionMode": "EXPIRE_TAKER", **STAMP,
    }  # fmt: skip
    buys = tuple(
        msgspec.structs.replace(leg, terms=msgspec.structs.replace(leg.terms, side=Side.BUY, **stop))
        for leg in legs
        for stop in ({"stop_px": D(3100)} if leg.terms.stop_px else {},)
    )
    params = SPOT.orders.way(PlaceOrderList(Contingency.OCO, buys), 0).params
    assert (params["aboveType"], params["belowType"]) == ("STOP_LOSS", "LIMIT_MAKER")


def test_one_that_works_and_what_waits_for_it() -> None:
    oto = SPOT.orders.way(PlaceOrderList(Contingency.OTO, (BUY, SELL_STOP)), 0)
    assert oto.params == {
        "symbol": "ETHUSDT", "workingSide": "BUY", "workingType": "LIMIT", "workingTimeInForce": "GTC",
        "workingPrice": "3000.10", "workingQuantity": "0.5", "workingClientOrderId": "c-1", "pendingSide": "SELL",
        "pendingType": "STOP_LOSS", "pendingStopPrice": "2900", "pendingQuantity": "0.5",
        "pendingClientOrderId": "c-stop", "newOrderRespType": "FULL", "selfTradePreventionMode": "EXPIRE_TAKER",
        **STAMP,
    }  # fmt: skip
    otoco = SPOT.orders.way(PlaceOrderList(Contingency.OTOCO, (BUY, SELL_STOP, TAKE)), 0)
    assert otoco.ws_method == "orderList.place.otoco"
    assert (otoco.params["pendingSide"], otoco.params["pendingQuantity"]) == ("SELL", "0.5")
    assert (otoco.params["pendingAboveType"], otoco.params["pendingAboveStopPrice"]) == ("TAKE_PROFIT", "3100")
    assert otoco.params["pendingBelowClientOrderId"] == "c-stop"
    on_margin = MARGIN.orders.way(PlaceOrderList(Contingency.OTOCO, (BUY, SELL_STOP, TAKE)), 0)
    assert on_margin.path == "/sapi/v1/margin/order/otoco"
    said_beside = {"isIsolated": "FALSE", "sideEffectType": "NO_SIDE_EFFECT"}
    assert on_margin.params == {**otoco.params, **said_beside}


def test_a_pair_on_margin_has_the_exchange_s_older_form() -> None:
    stop = limit_order("c-stop", side=Side.SELL, order_type=OrderType.STOP_LIMIT, stop_px=D(2900), price=D(2890))
    way = MARGIN.orders.way(PlaceOrderList(Contingency.OCO, (stop, SELL_LIMIT)), 0)
    assert way.path == "/sapi/v1/margin/order/oco"
    assert way.params == {
        "symbol": "ETHUSDT", "isIsolated": "FALSE", "sideEffectType": "NO_SIDE_EFFECT", "side": "SELL",
        "quantity": "0.5", "price": "3000.10", "limitClientOrderId": "c-take", "stopPrice": "2900",
        "stopLimitPrice": "2890", "stopLimitTimeInForce": "GTC", "stopClientOrderId": "c-stop",
        "newOrderRespType": "FULL", "selfTradePreventionMode": "EXPIRE_TAKER", **STAMP,
    }  # fmt: skip
    with pytest.raises(InvalidOrder, match="make the take-profit a limit order"):
        MARGIN.orders.way(PlaceOrderList(Contingency.OCO, (SELL_STOP, TAKE)), 0)
    with pytest.raises(InvalidOrder, match="cannot trail"):
        MARGIN.orders.way(PlaceOrderList(Contingency.OCO, (SELL_LIMIT, limit_order("t", side=Side.SELL, **TRAIL))), 0)


@pytest.mark.parametrize(
    ("contingency", "legs", "words"),
    [
        (Contingency.OCO, (SELL_LIMIT,), "2 orders, not 1"),
        (Contingency.OTOCO, (BUY, SELL_STOP), "3 orders, not 2"),
        (Contingency.OCO, (SELL_STOP, SELL_STOP), "stops a loss"),
        (Contingency.OCO, (SELL_LIMIT, TAKE), "stops a loss"),
        (Contingency.OCO, (BUY, SELL_STOP), "same side and the same quantity"),
        (Contingency.OCO, (limit_order("m", side=Side.SELL, **MARKET), SELL_STOP), "one order takes profit"),
        (Contingency.OTO, (SELL_STOP, BUY), "is a LIMIT order"),
        (Contingency.OTO, (BUY, limit_order("x", symbol="BTCUSDT")), "on one symbol"),
        (Contingency.OCO, (limit_order("x", side=Side.SELL, price=D(2899)), SELL_STOP), "takes its profit above"),
        (Contingency.OTO, (BUY, limit_order("x", side_effect=SideEffect.MARGIN_BUY)), "side_effect is the whole list"),
        (
            Contingency.OTO,
            (BUY, limit_order("x", self_trade_prevention=SelfTradePrevention.NONE)),
            "self-trade prevention is the whole list",
        ),
        (
            Contingency.OTO,
            (BUY, limit_order("x", **{**MARKET, "order_qty": D(0), "quote_order_qty": D(5)})),
            "has a quantity",
        ),
        (
            Contingency.OCO,
            (limit_order("x", side=Side.SELL, time_in_force=TimeInForce.FOK), SELL_STOP),
            "it cannot be FOK",
        ),
    ],
)
def test_what_is_no_list_is_not_sent(contingency: Contingency, legs: tuple[PlaceOrder, ...], words: str) -> None:
    for product in (SPOT, MARGIN):
        with pytest.raises(InvalidOrder, match=words):
            product.orders.way(PlaceOrderList(contingency, legs), 0)
    with pytest.raises(InvalidOrder, match="one by one"):
        USDM.orders.way(PlaceOrderList(contingency, legs), 0)


def test_lists_are_read_as_they_are_said() -> None:
    for contingency, legs in (
        (Contingency.OCO, (SELL_LIMIT, SELL_STOP)),
        (Contingency.OTO, (BUY, SELL_STOP)),
        (Contingency.OTOCO, (BUY, TAKE, SELL_STOP)),
    ):
        params = SPOT.orders.way(PlaceOrderList(contingency, legs), 0).params
        told = spot_lists.parse_list(contingency, as_text(params))
        assert [leg.client_order_id for leg in told.orders] == [leg.client_order_id for leg in legs]
        for leg, expected in zip(told.orders, legs, strict=True):
            plain = msgspec.structs.replace(leg.terms, self_trade_prevention=None, time_in_force=None, post_only=False)
            assert plain == msgspec.structs.replace(expected.terms, time_in_force=None)


def test_lists_of_margin_are_read_as_they_are_said() -> None:
    stop = limit_order("c-stop", side=Side.SELL, order_type=OrderType.STOP_LIMIT, stop_px=D(2900), price=D(2890))
    for contingency, legs in (
        (Contingency.OCO, (SELL_LIMIT, SELL_STOP)),
        (Contingency.OCO, (SELL_LIMIT, stop)),
        (Contingency.OTO, (BUY, SELL_STOP)),
        (Contingency.OTOCO, (BUY, TAKE, stop)),
    ):
        params = MARGIN.orders.way(PlaceOrderList(contingency, legs), 0).params
        told = margin_requests.parse_margin_list(contingency, as_text(params))
        for leg, expected in zip(told.orders, legs, strict=True):
            assert leg.client_order_id == expected.client_order_id
            assert leg.terms.side_effect is SideEffect.NO_SIDE_EFFECT
            plain = msgspec.structs.replace(
                leg.terms, self_trade_prevention=None, time_in_force=None, post_only=False, side_effect=None
            )
            assert plain == msgspec.structs.replace(expected.terms, time_in_force=None)
    for left_out in ("price", "stopPrice", "stopLimitTimeInForce"):
        params = MARGIN.orders.way(PlaceOrderList(Contingency.OCO, (SELL_LIMIT, stop)), 0).params
        with pytest.raises(OrderRejected, match=f"'{left_out}'"):
            margin_requests.parse_margin_list(Contingency.OCO, {**params, left_out: ""})


def test_the_order_that_works_at_once_is_a_limit_order() -> None:
    params = SPOT.orders.way(PlaceOrderList(Contingency.OTO, (BUY, SELL_STOP)), 0).params
    stop = {"workingType": "STOP_LOSS", "workingStopPrice": "5", "workingPrice": "", "workingTimeInForce": ""}
    with pytest.raises(OrderRejected, match="-1116"):
        spot_lists.parse_list(Contingency.OTO, {**params, **stop})


def leg(where: str, kind: str) -> dict[str, Any]:
    """What makes the order above or below the market one of another kind."""
    at_limit, waits = kind == "LIMIT_MAKER", kind in ("STOP_LOSS", "TAKE_PROFIT")
    said = {"Type": kind, "Price": "5" if at_limit else None, "StopPrice": "5" if waits else None, "TimeInForce": None}
    return {where + name: value for name, value in said.items()}


def above(kind: str) -> dict[str, Any]:
    return leg("above", kind)


def below(kind: str) -> dict[str, Any]:
    return leg("below", kind)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aboveType": None}, -1102),
        ({"aboveType": "ODD"}, -1116),
        ({"belowType": "LIMIT_MAKER", "belowPrice": "5", "belowStopPrice": None}, -1168),
        ({"side": "BUY"}, -1165),
        ({"side": "BUY", **above("STOP_LOSS"), **below("LIMIT_MAKER")}, None),
        ({"side": "BUY", **above("STOP_LOSS"), **below("TAKE_PROFIT")}, None),
        ({"side": "BUY", **above("STOP_LOSS"), **below("STOP_LOSS")}, -1196),
        ({"side": "BUY", **above("TAKE_PROFIT"), **below("STOP_LOSS")}, -1198),
        ({**above("TAKE_PROFIT"), **below("LIMIT_MAKER")}, -1166),
        ({**above("STOP_LOSS"), **below("STOP_LOSS")}, -1197),
        ({**above("TAKE_PROFIT"), **below("TAKE_PROFIT")}, -1199),
        ({**above("MARKET")}, -1158),
        ({"aboveType": "LIMIT", "aboveTimeInForce": "GTC"}, -1158),
        ({"quantity": None}, -1102),
        ({"side": "ODD"}, -1117),
        ({"aboveClientOrderId": "a.b"}, -1100),
    ],
)
def test_a_malformed_list_gets_the_exchange_s_code(changes: dict[str, Any], code: int | None) -> None:
    params = SPOT.orders.way(PlaceOrderList(Contingency.OCO, (SELL_LIMIT, SELL_STOP)), 0).params
    broken = {name: value for name, value in {**params, **changes}.items() if value is not None}
    if code is None:
        assert len(spot_lists.parse_list(Contingency.OCO, broken).orders) == 2
        return
    with pytest.raises(VenueError) as caught:
        spot_lists.parse_list(Contingency.OCO, broken)
    assert caught.value.code == code
