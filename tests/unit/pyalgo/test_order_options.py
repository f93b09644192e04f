"""Every order type and tif, with what it needs: what goes out, what is refused, what comes back."""

from __future__ import annotations

import datetime as dt

import pytest

from pyalgo import OrderType, PriceMatch, Side, SmartOrder, Tif, TriggerPrice
from pyalgo.options import OrderOptions
from tests.unit.pyalgo.bench import Bench, desk
from tests.unit.pyalgo.bench import depth_of as of
from tests.unit.pyalgo.pushes import product
from tradingsys.core.enums import OrderStatus
from tradingsys.wire.codec import decode_params
from tradingsys.wire.messages import OrderParams

UTC_NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
NOON_MS = 1_772_366_400_000


@pytest.fixture
def bench() -> Bench:
    return desk()


def sent(bench: Bench) -> OrderParams:
    bench.settle()
    return [decode_params(r, OrderParams) for r in bench.gateway.received if r.method == "order"][-1]


Fields = dict[str, object]

WIRE: list[tuple[OrderType, Tif, float, OrderOptions, Fields]] = [
    (OrderType.STOP, Tif.GTC, 99.5, {"stop_price": 99.9}, {"order_type": "STOP_LIMIT", "price": "99.5",
     "stop_price": "99.9", "time_in_force": "GTC"}),
    (OrderType.STOP, Tif.IOC, 99.5, {"stop_price": 99.9}, {"order_type": "STOP_LIMIT", "time_in_force": "IOC"}),
    (OrderType.TAKE_PROFIT, Tif.GTC, 101, {"stop_price": 100.5, "trigger_by": "MARK"}, {
     "order_type": "TAKE_PROFIT_LIMIT", "price": "101", "stop_price": "100.5", "trigger_price": "MARK"}),
    (OrderType.STOP_MARKET, Tif.GTC, 0, {"stop_price": 99.9, "reduce_only": True}, {"order_type": "STOP_MARKET",
     "price": None, "stop_price": "99.9", "time_in_force": None, "reduce_only": True}),
    # As the original: the stop is the price.
    (OrderType.STOP_MARKET, Tif.UNDEF, 99.9, {}, {"order_type": "STOP_MARKET", "price": None, "stop_price": "99.9"}),
    (OrderType.TAKE_PROFIT_MARKET, Tif.GTC, 0, {"stop_price": 105, "close_position": True}, {
     "order_type": "TAKE_PROFIT_MARKET", "stop_price": "105", "close_position": True, "quantity": "0"}),
    (OrderType.TRAILING_STOP_MARKET, Tif.GTC, 0, {"callback_rate": 0.1 * 3}, {"order_type": "TRAILING_STOP_MARKET",
     "callback_rate": "0.3"}),
    (OrderType.TRAILING_STOP_MARKET, Tif.GTC, 0, {"callback_rate": 0.5}, {"order_type": "TRAILING_STOP_MARKET",
     "callback_rate": "0.5", "activation_price": None, "stop_price": None, "price": None}),
    (OrderType.TRAILING_STOP_MARKET, Tif.GTC, 0, {"callback_rate": 1, "activation_price": 110,
     "trigger_by": TriggerPrice.LAST, "price_protect": True}, {"callback_rate": "1", "activation_price": "110",
     "trigger_price": "LAST", "price_protect": True}),
    (OrderType.LIMIT, Tif.GTD, 100, {"good_till": UTC_NOON}, {"time_in_force": "GTD", "good_till_ms": NOON_MS}),
    (OrderType.STOP, Tif.GTD, 100, {"good_till": NOON_MS, "stop_price": 101}, {"good_till_ms": NOON_MS}),
    (OrderType.LIMIT, Tif.GTC, 100, {"post_only": True}, {"post_only": True, "time_in_force": "GTC"}),
    (OrderType.LIMIT_MAKER, Tif.FOK, 100, {}, {"post_only": True, "time_in_force": "GTC"}),
    (OrderType.LIMIT, Tif.GTC, 0, {"price_match": "QUEUE"}, {"price_match": "QUEUE", "price": None}),
    (OrderType.LIMIT, Tif.IOC, 0, {"price_match": PriceMatch.OPPONENT_5}, {"price_match": "OPPONENT_5"}),
    (OrderType.STOP, Tif.GTX, 100, {"stop_price": 99}, {"post_only": True, "time_in_force": "GTC"}),
    (OrderType.TAKE_PROFIT, Tif.GTC, 0, {"stop_price": 99, "price_match": "QUEUE"}, {"price_match": "QUEUE",
     "price": None}),
    (OrderType.MARKET, Tif.GTX, 0, {"reduce_only": True}, {"time_in_force": None, "reduce_only": True,
     "post_only": False}),
    (OrderType.LIMIT, Tif.UNDEF, 100, {}, {"time_in_force": "GTC"}),
]  # fmt: skip


@pytest.mark.parametrize(("order_type", "tif", "price", "options", "expected"), WIRE)
def test_what_goes_out(
    bench: Bench, order_type: OrderType, tif: Tif, price: float, options: OrderOptions, expected: Fields
) -> None:
    order = of(bench).add_order(price, 1, Side.SELL, order_type, tif, **options)
    assert order is not None, bench.errors
    params = sent(bench)
    assert {name: getattr(params, name) for name in expected} == expected


REFUSED: list[tuple[OrderType, Tif, float, OrderOptions, str]] = [
    (OrderType.LIMIT, Tif.GTC, 100, {"stop_price": 99}, "stop_price does not go with OrderType.LIMIT"),
    (OrderType.MARKET, Tif.GTC, 0, {"close_position": True}, "close_position does not go with OrderType.MARKET"),
    (OrderType.STOP, Tif.GTC, 100, {"stop_price": 99, "callback_rate": 1}, "callback_rate does not go with"),
    (OrderType.STOP, Tif.GTC, 100, {"stop_price": 99, "close_position": True}, "goes with STOP_MARKET and"),
    (OrderType.TRAILING_STOP_MARKET, Tif.GTC, 0, {"stop_price": 99, "callback_rate": 1}, "say callback_rate="),
    (OrderType.TRAILING_STOP_MARKET, Tif.GTC, 0, {"callback_rate": 100}, "it is in percent"),
    (OrderType.TRAILING_STOP_MARKET, Tif.GTC, 0, {"callback_rate": -1}, "it is in percent"),
    (OrderType.STOP_MARKET, Tif.GTC, 0, {}, "STOP_MARKET needs stop_price="),
    (OrderType.STOP_MARKET, Tif.GTC, 0, {"stop_price": 99.95}, "stop_price 99.95 is off the tick 0.1"),
    (OrderType.STOP_MARKET, Tif.GTC, 0, {"stop_price": 99, "post_only": True}, "it executes at market"),
    (OrderType.STOP_MARKET, Tif.GTC, 0, {"stop_price": 99, "close_position": True, "reduce_only": True}, "leave redu"),
    (OrderType.LIMIT, Tif.IOC, 100, {"post_only": True}, "use Tif.GTC"),
    (OrderType.LIMIT_MAKER, Tif.GTD, 100, {}, "use Tif.GTC"),
    (OrderType.LIMIT, Tif.GTC, 100, {"good_till": NOON_MS}, "good_till goes with Tif.GTD"),
    (OrderType.MARKET, Tif.GTD, 100, {"good_till": NOON_MS}, "good_till goes with Tif.GTD and a limit price"),
    (OrderType.LIMIT, Tif.GTD, 100, {"good_till": dt.datetime(2026, 3, 1)}, "has no time zone"),
    (OrderType.STOP_MARKET, Tif.GTC, 0, {"stop_price": 99, "price_match": "QUEUE"}, "it executes at market"),
    (OrderType.LIMIT, Tif.GTC, 0, {"price_match": "BEST"}, "price_match is 'BEST', not one of OPPONENT, "),
    (OrderType.STOP_MARKET, Tif.GTC, 99, {"trigger_by": "INDEX"}, "trigger_by is 'INDEX', not one of LAST, MARK"),
    (OrderType.STOP_LOSS, Tif.GTC, 99, {}, "on futures use OrderType.STOP_MARKET"),
]


@pytest.mark.parametrize(("order_type", "tif", "price", "options", "why"), REFUSED)
def test_what_does_not_fit_together_is_refused_with_what_to_do(
    bench: Bench, order_type: OrderType, tif: Tif, price: float, options: OrderOptions, why: str
) -> None:
    assert of(bench).add_order(price, 1, Side.SELL, order_type, tif, **options) is None
    assert why in str(bench.errors[-1])
    bench.settle()
    assert "order" not in [request.method for request in bench.gateway.received]


def test_an_option_that_does_not_exist_is_a_mistake_in_the_program(bench: Bench) -> None:
    with pytest.raises(TypeError, match="stop_prise"):
        of(bench).add_order(100, 1, Side.SELL, OrderType.STOP, stop_prise=99)  # type: ignore[call-arg]


def test_what_the_exchange_does_not_list_is_refused_here(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    view = bench.context.product("btcusdt").view
    few = type(view)(**{**{name: getattr(view, name) for name in view.__struct_fields__}, "order": ["LIMIT"],
                        "tif": ["GTC"], "post_only": False})  # fmt: skip
    monkeypatch.setattr(bench.context.product("btcusdt"), "view", few)
    book = of(bench)
    assert book.add_order(0, 1, Side.SELL, OrderType.MARKET) is None
    assert book.add_order(100, 1, Side.SELL, OrderType.LIMIT, Tif.IOC) is None
    assert book.add_order(100, 1, Side.SELL, OrderType.LIMIT, Tif.GTX) is None
    assert book.add_order(100, 1, Side.SELL, OrderType.LIMIT_MAKER) is None
    assert [str(error) for error in bench.errors] == [
        "btcusdt takes no MARKET orders: ask order_support() first",
        "btcusdt takes no Tif.IOC: ask tif_support() first",
        "btcusdt takes no post-only orders",
        "btcusdt takes no LIMIT_MAKER orders: ask order_support() first",
    ]


def test_the_least_value_does_not_bind_what_only_reduces(bench: Bench) -> None:
    assert of(bench).add_order(100, 0.001, Side.SELL, OrderType.LIMIT) is None
    assert of(bench).add_order(100, 0.001, Side.SELL, OrderType.LIMIT, reduce_only=True) is not None
    assert product("btcusdt").min_notional == "5"


def test_an_order_knows_what_it_was_sent_with(bench: Bench) -> None:
    order = of(bench).add_order(
        0, 1, Side.SELL, OrderType.STOP_MARKET, stop_price=99.9, reduce_only=True, trigger_by="MARK"
    )
    assert order is not None
    assert (order.stop_price, order.price, order.reduce_only, order.trigger_by) == (99.9, 0.0, True, "MARK")
    assert not order.is_waiting
    bench.settle()
    assert (order.is_waiting, order.state) == (True, "NEW")
    assert "at market stop 99.9 STOP_MARKET GTC: NEW, filled 0.0, waiting" in str(order)
    bench.gateway.fill(order.client_order_id, "1")
    bench.gateway.set_status(order.client_order_id, OrderStatus.FILLED)
    bench.settle()
    assert not order.is_waiting


def test_a_new_process_finds_conditional_orders_in_the_originals_words() -> None:
    first = Bench()
    first.context.open_subscription("btcusdt", "depth")
    first.settle()
    for order_type in (OrderType.STOP, OrderType.TAKE_PROFIT, OrderType.STOP_MARKET):
        assert of(first).add_order(100, 1, Side.SELL, order_type, stop_price=99)
    first.settle()
    second = Bench()
    second.gateway.orders = first.gateway.orders
    subscription = second.context.open_subscription("btcusdt", "depth")
    second.settle()
    found = [(order.order_type, order.stop_price, order.is_waiting) for order in subscription.open_orders]
    assert found == [("STOP", 99.0, True), ("TAKE_PROFIT", 99.0, True), ("STOP_MARKET", 99.0, True)]


def test_a_smart_order_rounds_every_price(bench: Bench) -> None:
    smart = SmartOrder(of(bench))
    smart.send(99.96, 0.3 - 0.1, Side.SELL, OrderType.STOP, stop_price=99.44)
    params = sent(bench)
    assert (params.price, params.stop_price, params.quantity) == ("100", "99.4", "0.2")
    other = SmartOrder(of(bench))
    other.send(0, 1, Side.SELL, OrderType.TRAILING_STOP_MARKET, callback_rate=1.0, activation_price=100.07)
    assert sent(bench).activation_price == "100.1"
    third = SmartOrder(of(bench))
    third.send(99.44, 1, Side.SELL, OrderType.STOP_MARKET)
    assert sent(bench).stop_price == "99.4"
