"""Floats at the border: what is rounded, what is refused, and why."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyalgo import DepthSubscription, OrderType, Side, SmartOrder, Tif
from pyalgo.product import Product
from tests.unit.pyalgo.bench import Bench
from tests.unit.pyalgo.pushes import depth, product
from tradingsys.wire.codec import decode_params, encode
from tradingsys.wire.messages import OrderParams


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.context.open_subscription("dogeusdt", "depth")
    bench.context.open_subscription("btcusdt", "depth")
    bench.settle()
    bench.client.start_delivery()
    return bench


def of(bench: Bench, symbol: str) -> DepthSubscription:
    subscription = bench.context.subscriptions[f"{symbol}@depth"]
    assert isinstance(subscription, DepthSubscription)
    return subscription


def sent(bench: Bench) -> list[tuple[str | None, str]]:
    bench.settle()
    orders = [decode_params(r, OrderParams) for r in bench.gateway.received if r.method == "order"]
    return [(order.price, order.quantity) for order in orders]


def test_rounding(bench: Bench) -> None:
    btc = of(bench, "btcusdt")
    assert btc.floor_to_lot_size(0.3 - 0.1) == 0.2
    assert btc.floor_to_lot_size(0.0019999) == 0.001
    assert btc.round_price(100.07) == 100.1
    assert btc.round_price(0.1 + 0.2) == 0.3
    assert btc.tick_up(100.0) == 100.1
    assert btc.tick_dn(100.07, 3) == 99.8


def test_a_tick_from_the_middle_of_a_book_is_moved_first_and_rounded_then(bench: Bench) -> None:
    """As the original did: a tie goes to the even tick of where it arrives."""
    btc = of(bench, "btcusdt")
    assert (btc.round_price(100.05), btc.round_price(100.15)) == (100.0, 100.2)
    assert (btc.tick_up(100.05, 1), btc.tick_up(100.05, 2)) == (100.2, 100.2)
    assert (btc.tick_dn(100.05, 1), btc.tick_dn(100.15, 1)) == (100.0, 100.0)


def test_contract(bench: Bench) -> None:
    btc = of(bench, "btcusdt")
    assert (btc.tick_size, btc.lot, btc.min_notional) == (0.1, 0.001, 5.0)
    assert (btc.min_prc, btc.max_prc) == (0.1, 1_000_000.0)
    assert btc.onboard.isoformat() == "2019-09-25T16:00:00+08:00"
    assert btc.delivery.year == 9999
    assert [t for t in OrderType if btc.order_support(t)] == [
        "LIMIT",
        "LIMIT_MAKER",
        "MARKET",
        "STOP",
        "STOP_MARKET",
        "TAKE_PROFIT",
        "TAKE_PROFIT_MARKET",
        "TRAILING_STOP_MARKET",
    ]
    assert [t for t in Tif if btc.tif_support(t)] == list(Tif)


@pytest.mark.parametrize(
    ("price", "quantity", "order_type", "tif", "why"),
    [
        (100.05, 1, OrderType.LIMIT, Tif.GTC, "off the tick 0.1: use round_price"),
        (100.0, 0.0015, OrderType.LIMIT, Tif.GTC, "off the lot 0.001: use floor_to_lot_size"),
        (100.0, 0.001, OrderType.LIMIT, Tif.GTC, "is worth 0.1, less than the least order value 5"),
        (0, 1, OrderType.LIMIT, Tif.GTC, "price 0 is not above 0"),
        (2e6, 1, OrderType.LIMIT, Tif.GTC, "outside 0.1 to 1000000"),
        (100.0, 2e7, OrderType.LIMIT, Tif.GTC, "outside 0.001 to 10000000"),
        (100.0, -1, OrderType.LIMIT, Tif.GTC, "not above 0"),
        (100.0, 0, OrderType.MARKET, Tif.GTC, "not above 0"),
        (math.nan, 1, OrderType.LIMIT, Tif.GTC, "not a number"),
        (100.0, math.inf, OrderType.LIMIT, Tif.GTC, "not a number"),
        (100.0, 1, OrderType.LIMIT, Tif.GTD, "Tif.GTD needs good_till="),
        (100.0, 1, OrderType.STOP, Tif.GTC, "needs stop_price="),
        (100.0, 1, OrderType.TRAILING_STOP_MARKET, Tif.GTC, "needs callback_rate="),
        (100.0, 1, OrderType.STOP_LOSS, Tif.GTC, "on futures use OrderType.STOP_MARKET"),
        (100.0, 1, OrderType.STOP_LOSS_LIMIT, Tif.GTC, "on futures use OrderType.STOP"),
        (100.0, 1, OrderType.TAKE_PROFIT_LIMIT, Tif.GTC, "on futures use OrderType.TAKE_PROFIT"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_the_reason(
    bench: Bench, price: float, quantity: float, order_type: OrderType, tif: Tif, why: str
) -> None:
    assert of(bench, "btcusdt").add_order(price, quantity, Side.BUY, order_type, tif) is None
    assert why in str(bench.errors[-1])
    assert sent(bench) == []


def test_a_symbol_without_subscription_is_refused(bench: Bench) -> None:
    assert bench.context.add_order("xrpusdt", 1, 10, Side.BUY, OrderType.LIMIT) is None
    assert "subscribe to it first" in str(bench.errors[-1])


def test_an_unknown_order_cannot_be_canceled(bench: Bench) -> None:
    of(bench, "btcusdt").cancel(10**9)
    assert "no order" in str(bench.errors[-1])


def test_smart_order_rounds_and_sends_one_at_a_time(bench: Bench) -> None:
    smart = SmartOrder(of(bench, "btcusdt"))
    assert (smart.is_active, smart.order, smart.side, smart.state, smart.price) == (False, None, None, None, 0.0)
    smart.kill()
    smart.send(100.07, 0.3 - 0.1, Side.BUY, OrderType.LIMIT)
    smart.send(100.07, 1, Side.BUY, OrderType.LIMIT)
    assert sent(bench) == [("100.1", "0.2")]
    assert (smart.price, smart.quantity, smart.side, smart.tif) == (100.1, 0.2, Side.BUY, Tif.GTC)
    for _ in range(3):
        smart.kill()
    bench.settle()
    assert [r.method for r in bench.gateway.received].count("cancel") == 1
    assert not smart.is_active
    smart.send(0, 1, Side.SELL, OrderType.MARKET)
    assert sent(bench)[-1] == (None, "1")


def test_smart_order_tells_when_nothing_is_left_after_the_floor(bench: Bench) -> None:
    smart = SmartOrder(of(bench, "btcusdt"))
    smart.send(100, 0.0009, Side.BUY, OrderType.LIMIT)
    smart.send(math.nan, 1, Side.BUY, OrderType.LIMIT)
    assert len(bench.errors) == 2
    assert "quantity 0 is not above 0 (the lot is 0.001)" in str(bench.errors[0])
    assert smart.order is None


@given(st.integers(1, 10**7))
def test_a_price_that_went_out_and_came_back_is_the_same(ticks: int) -> None:
    rules = Product(product("dogeusdt"))
    text = format(ticks * rules.tick, "f")
    book = depth("dogeusdt", text, text)
    shown = float(book.bids[0][0])
    assert float(rules.round_price(shown)) == shown
    assert rules.round_price(shown) == Decimal(text)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_sums_of_lots_keep_every_lot(first: int, second: int) -> None:
    rules = Product(product("btcusdt"))
    assert rules.floor_qty(first * 0.001 + second * 0.001) == (first + second) * Decimal("0.001")


def test_depth_is_zero_where_there_is_nothing(bench: Bench) -> None:
    doge = of(bench, "dogeusdt")
    assert (doge.data, doge.time, doge.bid_level, doge.ask_prc(0), doge.phase) == (None, 0, 0, 0.0, "UNDEF")
    bench.gateway.send(encode(depth("dogeusdt", "0.59999", "0.6")))
    bench.settle()
    assert doge.data is not None
    assert (doge.bid_prc(0), doge.bid_vol(0), doge.bid_prc(1), doge.bid_prc(-1)) == (0.59999, 100.0, 0.0, 0.0)
    assert str(doge.data) == "Depth(06:13:20.000000 dogeusdt@depth bid 100 @ 0.59999 | ask 100 @ 0.6, 1 levels)"
