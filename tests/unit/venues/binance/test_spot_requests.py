"""Spot's and margin's words for orders and amends, in both roles."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.venues.binance import strategies as some
from tests.unit.venues.binance.exchange_double import SERVER_MS, as_text, limit_order
from tradingsys.core.commands import CancelOrder, PlaceOrder, ReplaceOrder
from tradingsys.core.enums import (
    OrderType,
    PriceMatch,
    SelfTradePrevention,
    Side,
    SideEffect,
    TimeInForce,
    TriggerPrice,
)
from tradingsys.core.errors import InvalidOrder, OrderRejected, VenueError
from tradingsys.core.order import Terms
from tradingsys.venues.binance import spot_requests
from tradingsys.venues.binance.products import MARGIN, SPOT, USDM

D = Decimal
STAMP = {"recvWindow": 1234, "timestamp": SERVER_MS + 77}
SENT = {"newClientOrderId": "c-1", "newOrderRespType": "FULL", "selfTradePreventionMode": "EXPIRE_TAKER", **STAMP}
MARKET: dict[str, Any] = {"order_type": OrderType.MARKET, "price": None, "time_in_force": None}
STOP: dict[str, Any] = {"order_type": OrderType.STOP_MARKET, "price": None, "stop_px": D(2900), "time_in_force": None}
TRAIL: dict[str, Any] = {
    "order_type": OrderType.TRAILING_STOP_MARKET, "price": None, "callback_rate": D("1.5"), "time_in_force": None,
}  # fmt: skip


def said(**changes: Any) -> dict[str, Any]:
    """What spot is told of an order beside what it is told of every one."""
    params = SPOT.orders.way(limit_order(**changes), 0).params
    assert {name: params[name] for name in SENT if name not in ("selfTradePreventionMode",)}.items() <= SENT.items()
    return {name: value for name, value in params.items() if name not in SENT}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"type": "LIMIT", "timeInForce": "GTC", "price": "3000.10", "quantity": "0.5"}),
        ({"time_in_force": None}, {"type": "LIMIT", "timeInForce": "GTC", "price": "3000.10", "quantity": "0.5"}),
        ({"post_only": True}, {"type": "LIMIT_MAKER", "price": "3000.10", "quantity": "0.5"}),
        (
            {"iceberg_qty": D("0.1")},
            {"type": "LIMIT", "timeInForce": "GTC", "price": "3000.10", "quantity": "0.5", "icebergQty": "0.1"},
        ),
        (MARKET, {"type": "MARKET", "quantity": "0.5"}),
        ({**MARKET, "order_qty": D(0), "quote_order_qty": D("1E+2")}, {"type": "MARKET", "quoteOrderQty": "100"}),
        (STOP, {"type": "STOP_LOSS", "stopPrice": "2900", "quantity": "0.5"}),
        (
            {**STOP, "order_type": OrderType.TAKE_PROFIT_MARKET},
            {"type": "TAKE_PROFIT", "stopPrice": "2900", "quantity": "0.5"},
        ),
        (
            {"order_type": OrderType.STOP_LIMIT, "stop_px": D(2900)},
            {
                "type": "STOP_LOSS_LIMIT",
                "timeInForce": "GTC",
                "price": "3000.10",
                "stopPrice": "2900",
                "quantity": "0.5",
            },
        ),
        (
            {"order_type": OrderType.TAKE_PROFIT_LIMIT, "callback_rate": D("0.25"), "time_in_force": TimeInForce.IOC},
            {
                "type": "TAKE_PROFIT_LIMIT",
                "timeInForce": "IOC",
                "price": "3000.10",
                "trailingDelta": 25,
                "quantity": "0.5",
            },
        ),
        (TRAIL, {"type": "STOP_LOSS", "trailingDelta": 150, "quantity": "0.5"}),
        (
            {**TRAIL, "activation_px": D(3100)},
            {"type": "STOP_LOSS", "stopPrice": "3100", "trailingDelta": 150, "quantity": "0.5"},
        ),
    ],
)
def test_an_order_in_the_words_of_spot(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert said(**changes) == {"symbol": "ETHUSDT", "side": "BUY", **expected}
    assert SPOT.orders.unsayable(limit_order(**changes).terms) is None


UNSAYABLE: list[tuple[dict[str, Any], str]] = [
    ({"reduce_only": True}, "sell no more"),
    ({"close_position": True, **STOP}, "sell what is held"),
    ({"price": None, "price_match": PriceMatch.QUEUE}, "name the price"),
    ({"time_in_force": TimeInForce.GTD, "good_till_ms": SERVER_MS + 10**7}, "cancel it in time"),
    ({**STOP, "trigger_price": TriggerPrice.MARK}, "last price"),
    ({**STOP, "price_protect": True}, "leave it out"),
    ({"price": None}, "needs a price"),
    ({"post_only": True, "time_in_force": TimeInForce.IOC}, "rests"),
    ({"post_only": True, "order_type": OrderType.STOP_LIMIT, "stop_px": D(1)}, "leave post_only out"),
    ({**MARKET, "iceberg_qty": D(1)}, "at a limit: leave it out"),
    ({"iceberg_qty": D("0.1"), "time_in_force": TimeInForce.IOC}, "iceberg order rests"),
    ({"quote_order_qty": D(5)}, "use quantity"),
    ({**MARKET, "quote_order_qty": D(5)}, "not for both"),
    ({**STOP, "stop_px": None}, "stop_price"),
    ({**STOP, "callback_rate": D(1)}, "TRAILING_STOP_MARKET"),
    ({**STOP, "time_in_force": TimeInForce.FOK}, "cannot be FOK"),
    ({**STOP, "activation_px": D(1)}, "leave out activation_price"),
    ({**TRAIL, "callback_rate": None}, "callback_rate"),
    ({**TRAIL, "callback_rate": D("0.005")}, "hundredths"),
    ({**TRAIL, "callback_rate": D("-1")}, "hundredths"),
    ({**TRAIL, "stop_px": D(1)}, "activation_px"),
    ({"stop_px": D(1)}, "use a stop"),
]


@pytest.mark.parametrize("product", [SPOT, MARGIN], ids=lambda product: product.name)
@pytest.mark.parametrize(("changes", "words"), UNSAYABLE, ids=[words for _, words in UNSAYABLE])
def test_what_cannot_be_said_is_told_with_what_to_do(product: Any, changes: dict[str, Any], words: str) -> None:
    error = product.orders.unsayable(limit_order(**changes).terms)
    assert isinstance(error, InvalidOrder)
    assert words in str(error)


def test_only_margin_accounts_borrow_and_always_say_whether_they_do() -> None:
    assert SPOT.orders.unsayable(limit_order(side_effect=SideEffect.NO_SIDE_EFFECT).terms) is None
    assert "margin account" in str(SPOT.orders.unsayable(limit_order(side_effect=SideEffect.MARGIN_BUY).terms))
    way = MARGIN.orders.way(limit_order(), 0)
    assert (way.ws_method, way.http_method, way.path) == ("", "POST", "/sapi/v1/margin/order")
    assert way.params == {
        "symbol": "ETHUSDT", "isIsolated": "FALSE", "sideEffectType": "NO_SIDE_EFFECT", "side": "BUY", "type": "LIMIT",
        "timeInForce": "GTC", "price": "3000.10", "quantity": "0.5", **SENT,
    }  # fmt: skip
    borrowing = MARGIN.orders.way(limit_order(side_effect=SideEffect.MARGIN_BUY), 0).params
    assert borrowing["sideEffectType"] == "MARGIN_BUY"


@pytest.mark.parametrize(
    "changes", [{"quote_order_qty": D(5)}, {"iceberg_qty": D(1)}, {"side_effect": SideEffect.AUTO_REPAY}]
)
@pytest.mark.parametrize("kind", [{}, STOP])
def test_futures_do_not_have_what_is_spot_s(changes: dict[str, Any], kind: dict[str, Any]) -> None:
    assert isinstance(USDM.orders.unsayable(limit_order(**kind, **changes).terms), InvalidOrder)


def test_cancels_and_amends() -> None:
    cancel = CancelOrder("c-1", "ETHUSDT", "42")
    timing = {"recvWindow": 5000, "timestamp": 9}
    assert SPOT.orders.way(cancel, 9).params == {"symbol": "ETHUSDT", "orderId": 42, **timing}
    assert MARGIN.orders.way(cancel, 9).params == {"symbol": "ETHUSDT", "orderId": 42, "isIsolated": "FALSE", **timing}
    change = ReplaceOrder("c-1", "ETHUSDT", Side.BUY, D("0.4"), D(3000), 1, SERVER_MS, 1234, "42")
    way = SPOT.orders.way(change, 9)
    assert (way.ws_method, way.http_method) == ("order.amend.keepPriority", "PUT")
    assert way.path == "/api/v3/order/amend/keepPriority"
    assert way.params == {
        "symbol": "ETHUSDT", "orderId": 42, "newClientOrderId": "c-1", "newQty": "0.4", "recvWindow": 1234,
        "timestamp": SERVER_MS,
    }  # fmt: skip
    parsed = spot_requests.parse_amend(way.params)
    assert (parsed.named.venue_order_id, parsed.new_qty, parsed.new_client_order_id) == ("42", D("0.4"), "c-1")
    with pytest.raises(InvalidOrder, match="cancel it and place another"):
        MARGIN.orders.way(change, 9)
    with pytest.raises(InvalidOrder, match="cancel it and place another"):
        SPOT.orders.way(msgspec.structs.replace(change, price=None, price_match=PriceMatch.QUEUE), 9)


def test_parts_of_a_millisecond() -> None:
    params = {**SPOT.orders.way(limit_order(), 0).params, "timestamp": 1_700_000_000_123_456, "recvWindow": "99.999"}
    place = spot_requests.parse_place(params)
    assert (place.stamp_ms, place.recv_window_ms) == (1_700_000_000_123, 99)
    for window, code in (("60000.1", -1131), ("1.2345", -1102), ("long", -1102)):
        with pytest.raises(VenueError) as caught:
            spot_requests.parse_place({**params, "recvWindow": window})
        assert caught.value.code == code


# ---- what is said is read


@st.composite
def sayable(draw: st.DrawFn) -> Terms:
    order_type = draw(st.sampled_from(list(OrderType)))
    is_trailing = order_type is OrderType.TRAILING_STOP_MARKET
    is_fixed = order_type.is_conditional and not is_trailing
    in_quote = order_type is OrderType.MARKET and draw(st.booleans())
    post_only = order_type is OrderType.LIMIT and draw(st.booleans())
    force = TimeInForce.GTC if post_only else draw(st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]))
    rate = st.integers(1, 5000).map(lambda bps: D(bps).scaleb(-2))
    may_trail = order_type in (OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_LIMIT, OrderType.TAKE_PROFIT_MARKET)
    shows = order_type.has_price and force is TimeInForce.GTC and draw(st.booleans())
    return Terms(
        draw(some.symbols),
        draw(st.sampled_from(list(Side))),
        order_type,
        D(0) if in_quote else draw(some.quantities),
        draw(some.quantities) if order_type.has_price else None,
        force if order_type.has_price else None if order_type is OrderType.MARKET else TimeInForce.GTC,
        post_only=post_only,
        stop_px=draw(some.quantities) if is_fixed else None,
        self_trade_prevention=draw(st.sampled_from(list(SelfTradePrevention))),
        callback_rate=draw(rate) if is_trailing or (may_trail and draw(st.booleans())) else None,
        activation_px=draw(st.none() | some.quantities) if is_trailing else None,
        quote_order_qty=draw(some.quantities) if in_quote else None,
        iceberg_qty=draw(some.quantities) if shows else None,
    )


@given(sayable(), some.client_ids)
def test_an_order_is_read_as_it_was_said(terms: Terms, client_order_id: str) -> None:
    place = PlaceOrder(client_order_id, terms, SERVER_MS, 5000)
    for product, side_effect in ((SPOT, None), (MARGIN, SideEffect.AUTO_REPAY)):
        meant = msgspec.structs.replace(place, terms=msgspec.structs.replace(terms, side_effect=side_effect))
        params = product.orders.way(meant, 0).params
        assert spot_requests.parse_place(params) == meant
        assert spot_requests.parse_place(as_text(params)) == meant


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"type": "STOP_MARKET"}, -1116),
        ({"type": None}, -1102),
        ({"side": "UP"}, -1117),
        ({"timeInForce": "GTX"}, -1115),
        ({"timeInForce": "GTD"}, -1115),
        ({"timeInForce": None}, -1102),
        ({"price": None}, -1102),
        ({"price": "1e5"}, -1100),
        ({"quantity": None}, -1102),
        ({"stopPrice": "5"}, -1106),
        ({"trailingDelta": "5"}, -1106),
        ({"quoteOrderQty": "5"}, -1106),
        ({"newClientOrderId": "a:b"}, -1100),
        ({"newClientOrderId": "a" * 37}, -1100),
        ({"icebergQty": "0.1", "timeInForce": "IOC"}, -1160),
        ({"type": "MARKET", "price": None, "timeInForce": None, "icebergQty": "0.1"}, -1106),
        ({"selfTradePreventionMode": "ODD"}, -1130),
        ({"timestamp": None}, -1102),
        ({"type": "MARKET", "price": None}, -1106),
        ({"type": "MARKET", "price": "5", "timeInForce": None}, -1106),
        ({"type": "MARKET", "price": None, "timeInForce": None, "quantity": None}, -1102),
        ({"type": "MARKET", "price": None, "timeInForce": None, "quoteOrderQty": "5"}, -1128),
        ({"type": "STOP_LOSS", "price": None, "timeInForce": None}, -1102),
    ],
)
def test_a_malformed_order_gets_the_exchange_s_code(changes: dict[str, Any], code: int) -> None:
    params = SPOT.orders.way(limit_order(), 0).params
    broken = {name: value for name, value in {**params, **changes}.items() if value is not None}
    with pytest.raises((OrderRejected, VenueError)) as caught:
        spot_requests.parse_place(broken)
    assert caught.value.code == code


@given(some.terms(0, "ETHUSDT"), st.booleans(), st.none() | some.quantities)
def test_what_cannot_be_said_is_known_without_a_client_id(
    terms: Terms, is_iceberg: bool, quote: Decimal | None
) -> None:
    shown = D("0.1") if is_iceberg else None
    stop_px = terms.stop_px if quote else None
    odd = msgspec.structs.replace(terms, iceberg_qty=shown, quote_order_qty=quote, stop_px=stop_px)
    for product in (SPOT, MARGIN, USDM):
        error = product.orders.unsayable(odd)
        try:
            product.orders.way(PlaceOrder("c-1", odd, 0, 1), 0)
        except InvalidOrder as raised:
            assert str(error) == str(raised)
        else:
            assert error is None
