"""The spot market's words and options: what goes out, what is refused with what to do, what comes back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyalgo import Order, OrderType, PriceMatch, Side, SideEffect, SmartOrder, Tif
from pyalgo.options import OrderOptions
from pyalgo.product import Product
from pyalgo.terms import Leg, order_params
from tests.unit.pyalgo.bench import Bench, desk
from tests.unit.pyalgo.bench import depth_of as of
from tests.unit.pyalgo.pushes import depth, margin_product, spot_product
from tests.unit.pyalgo.spot_gateway import MarginGateway, SpotGateway
from tradingsys.core.errors import InvalidOrder
from tradingsys.wire.codec import decode_params, encode
from tradingsys.wire.messages import AmendParams, LoginResult, OrderParams

LOGIN = LoginResult(1, "test", True, "abcde", 1, 1)


@pytest.fixture
def bench() -> Bench:
    return desk(SpotGateway)


def sent(bench: Bench) -> OrderParams:
    bench.settle()
    return [decode_params(r, OrderParams) for r in bench.gateway.received if r.method == "order"][-1]


Fields = dict[str, object]

STOP: Fields = {"order_type": "STOP_MARKET", "stop_price": "99.9", "price": None, "time_in_force": None}
STOP_LIMIT: Fields = {"order_type": "STOP_LIMIT", "stop_price": "99.9", "price": "99.5", "time_in_force": "GTC"}
TARGET: Fields = {"order_type": "TAKE_PROFIT_MARKET", "stop_price": "105", "price": None, "time_in_force": None}
TARGET_LIMIT: Fields = {"order_type": "TAKE_PROFIT_LIMIT", "stop_price": "105", "price": "104.5"}
TRAILING: Fields = {"order_type": "TRAILING_STOP_MARKET", "callback_rate": "0.25", "stop_price": None, "price": None}

WIRE: list[tuple[OrderType, Tif, float, OrderOptions, Fields]] = [
    (OrderType.LIMIT, Tif.UNDEF, 100, {}, {"order_type": "LIMIT", "time_in_force": "GTC", "post_only": False}),
    (OrderType.LIMIT_MAKER, Tif.UNDEF, 100, {}, {"order_type": "LIMIT", "time_in_force": "GTC", "post_only": True}),
    (OrderType.LIMIT, Tif.GTX, 100, {}, {"order_type": "LIMIT", "post_only": True}),
    (OrderType.MARKET, Tif.GTC, 0, {}, {"order_type": "MARKET", "quantity": "1", "time_in_force": None}),
    # The spot market's words, and the futures' where they mean the same.
    (OrderType.STOP_LOSS, Tif.GTC, 0, {"stop_price": 99.9}, STOP),
    (OrderType.STOP_LOSS, Tif.UNDEF, 99.9, {}, STOP),
    (OrderType.STOP_MARKET, Tif.GTC, 0, {"stop_price": 99.9}, STOP),
    (OrderType.STOP_LOSS_LIMIT, Tif.GTC, 99.5, {"stop_price": 99.9}, STOP_LIMIT),
    (OrderType.STOP, Tif.GTC, 99.5, {"stop_price": 99.9}, STOP_LIMIT),
    (OrderType.TAKE_PROFIT, Tif.GTC, 0, {"stop_price": 105}, TARGET),
    (OrderType.TAKE_PROFIT, Tif.GTC, 105, {}, TARGET),
    (OrderType.TAKE_PROFIT_MARKET, Tif.GTC, 0, {"stop_price": 105}, TARGET),
    (OrderType.TAKE_PROFIT_LIMIT, Tif.IOC, 104.5, {"stop_price": 105}, {**TARGET_LIMIT, "time_in_force": "IOC"}),
    # What follows the market does so in whole basis points.
    (OrderType.TRAILING_STOP_MARKET, Tif.GTC, 0, {"callback_rate": 0.25}, {**TRAILING, "activation_price": None}),
    (OrderType.TRAILING_STOP_MARKET, Tif.GTC, 0, {"callback_rate": 0.25, "activation_price": 110},
     {**TRAILING, "activation_price": "110"}),
    (OrderType.STOP_LOSS, Tif.GTC, 0, {"callback_rate": 0.25}, {**TRAILING, "activation_price": None}),
    (OrderType.STOP_LOSS, Tif.GTC, 0, {"callback_rate": 0.25, "stop_price": 110},
     {**TRAILING, "activation_price": "110"}),
    (OrderType.STOP_LOSS_LIMIT, Tif.GTC, 99.5, {"callback_rate": 1}, {"order_type": "STOP_LIMIT", "price": "99.5",
     "callback_rate": "1", "stop_price": None}),
    (OrderType.TAKE_PROFIT, Tif.GTC, 0, {"callback_rate": 2.01, "stop_price": 105}, {**TARGET,
     "callback_rate": "2.01"}),
    (OrderType.TAKE_PROFIT_LIMIT, Tif.GTC, 104.5, {"callback_rate": 0.1}, {"order_type": "TAKE_PROFIT_LIMIT",
     "callback_rate": "0.1", "stop_price": None}),
    (OrderType.MARKET, Tif.GTC, 0, {"quote_quantity": 250.5}, {"quantity": "0", "quote_quantity": "250.5"}),
    (OrderType.LIMIT, Tif.GTC, 100, {"iceberg": 0.3 - 0.1}, {"quantity": "1", "iceberg_quantity": "0.2"}),
    (OrderType.LIMIT_MAKER, Tif.GTC, 100, {"iceberg": 0.5}, {"iceberg_quantity": "0.5", "post_only": True}),
    (OrderType.LIMIT, Tif.GTC, 100, {"reduce_only": True}, {"reduce_only": True}),
    # What nothing else could be meant by needs no word on the wire.
    (OrderType.STOP_LOSS, Tif.GTC, 0, {"stop_price": 99.9, "trigger_by": "LAST"}, {**STOP, "trigger_price": None}),
]  # fmt: skip


@pytest.mark.parametrize(("order_type", "tif", "price", "options", "expected"), WIRE)
def test_what_goes_out(
    bench: Bench, order_type: OrderType, tif: Tif, price: float, options: OrderOptions, expected: Fields
) -> None:
    order = of(bench).add_order(price, 1, Side.SELL, order_type, tif, **options)
    assert order is not None, bench.errors
    assert (order.order_type, order.tif) == (order_type, tif)
    params = sent(bench)
    assert {name: getattr(params, name) for name in expected} == expected


REFUSED: list[tuple[OrderType, Tif, float, OrderOptions, str]] = [
    (OrderType.LIMIT, Tif.GTC, 0, {"price_match": "QUEUE"}, "price_match is of futures: here say the price"),
    (OrderType.LIMIT, Tif.GTC, 0, {"price_match": PriceMatch.OPPONENT}, "price_match is of futures"),
    (OrderType.STOP_LOSS, Tif.GTC, 99, {"close_position": True}, "close_position is of futures: here sell the"),
    (OrderType.LIMIT, Tif.GTD, 100, {}, "Tif.GTD is of futures: here cancel the order when its time is over"),
    (OrderType.LIMIT, Tif.GTC, 100, {"good_till": 1_772_366_400_000}, "good_till is of futures"),
    (OrderType.STOP_LOSS, Tif.GTC, 99, {"trigger_by": "MARK"}, "spot has no mark price: leave trigger_by out"),
    (OrderType.STOP_LOSS, Tif.GTC, 99, {"trigger_by": "INDEX"}, "trigger_by is 'INDEX', not one of LAST, MARK"),
    (OrderType.STOP_LOSS, Tif.GTC, 99, {"price_protect": True}, "price_protect is of futures: spot has no mark price"),
    (OrderType.STOP_LOSS, Tif.GTC, 0, {}, "OrderType.STOP_LOSS needs stop_price=: the price that triggers it"),
    (OrderType.STOP_LOSS_LIMIT, Tif.GTC, 99, {}, "OrderType.STOP_LOSS_LIMIT needs stop_price=: the price at which"),
    # On futures this is a limit order.
    (OrderType.TAKE_PROFIT, Tif.GTC, 101, {"stop_price": 100}, "is a market order on spot: for one at a price use"),
    (OrderType.TAKE_PROFIT, Tif.GTC, 101, {"callback_rate": 1}, "is a market order on spot: for one at a price use"),
    (OrderType.STOP_LOSS, Tif.GTC, 0, {"stop_price": 99, "activation_price": 98}, "say stop_price=, where it begins"),
    (OrderType.STOP_LOSS, Tif.GTC, 0, {"callback_rate": 0.125}, "it is in percent, and on spot in steps of 0.01"),
    (OrderType.TRAILING_STOP_MARKET, Tif.GTC, 0, {"callback_rate": 1, "stop_price": 9}, "say callback_rate="),
    (OrderType.LIMIT, Tif.GTC, 100, {"callback_rate": 1}, "callback_rate does not go with OrderType.LIMIT"),
    (OrderType.STOP_LOSS_LIMIT, Tif.GTC, 9, {"stop_price": 9, "post_only": True}, "post_only goes with OrderType.LIM"),
    (OrderType.STOP_LOSS_LIMIT, Tif.GTX, 9, {"stop_price": 9}, "post_only goes with OrderType.LIMIT on spot"),
    (OrderType.LIMIT, Tif.GTC, 100, {"quote_quantity": 100}, "quote_quantity goes with OrderType.MARKET: OrderType.L"),
    (OrderType.MARKET, Tif.GTC, 0, {"quote_quantity": 0}, "quote_quantity 0 is not above 0"),
    (OrderType.MARKET, Tif.GTC, 0, {"quote_quantity": float("nan")}, "quote_quantity is nan, which is not a number"),
    (OrderType.MARKET, Tif.GTC, 0, {"quote_quantity": 4.99}, "4.99 is less than the least order value 5"),
    (OrderType.MARKET, Tif.GTC, 0, {"iceberg": 0.5}, "iceberg goes with a limit price and Tif.GTC only"),
    (OrderType.LIMIT, Tif.IOC, 100, {"iceberg": 0.5}, "iceberg goes with a limit price and Tif.GTC only"),
    (OrderType.LIMIT, Tif.GTC, 100, {"iceberg": 1}, "iceberg 1 shows all of the quantity 1: leave it out"),
    (OrderType.LIMIT, Tif.GTC, 100, {"iceberg": 0.0005}, "iceberg 0.0005 is no multiple of the lot 0.001"),
    (OrderType.LIMIT, Tif.GTC, 100, {"iceberg": 0}, "iceberg 0 is no multiple of the lot"),
    (OrderType.LIMIT, Tif.GTC, 100, {"side_effect": "MARGIN_BUY"}, "side_effect goes with margin accounts only"),
    # Its least value binds all: a spot exchange does not know that an order only reduces.
    (OrderType.LIMIT, Tif.GTC, 1, {"reduce_only": True}, "less than the least order value 5"),
]


@pytest.mark.parametrize(("order_type", "tif", "price", "options", "why"), REFUSED)
def test_what_does_not_fit_is_refused_with_what_to_do(
    bench: Bench, order_type: OrderType, tif: Tif, price: float, options: OrderOptions, why: str
) -> None:
    assert of(bench).add_order(price, 1, Side.SELL, order_type, tif, **options) is None
    assert why in str(bench.errors[-1])
    bench.settle()
    assert "order" not in [request.method for request in bench.gateway.received]


ONLY_SPOT: list[tuple[OrderOptions, str]] = [
    ({"quote_quantity": 100}, "quote_quantity is of the spot market: here say the quantity"),
    ({"iceberg": 0.5}, "iceberg is of the spot market"),
    ({"side_effect": "AUTO_REPAY"}, "side_effect is of margin accounts: on futures nothing is borrowed"),
]


@pytest.mark.parametrize(("options", "why"), ONLY_SPOT)
def test_what_is_the_spot_markets_is_refused_on_futures(options: OrderOptions, why: str) -> None:
    bench = Bench()
    bench.context.open_subscription("btcusdt", "depth")
    bench.settle()
    assert of(bench).add_order(100, 1, Side.BUY, OrderType.LIMIT, **options) is None
    assert why in str(bench.errors[-1])


def test_what_a_spot_symbol_allows_is_asked_in_the_markets_words(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    book = of(bench)
    assert [each for each in OrderType if book.order_support(each)] == list(OrderType)
    assert [each for each in Tif if book.tif_support(each)] == [Tif.GTC, Tif.IOC, Tif.FOK, Tif.GTX, Tif.UNDEF]
    assert (book.is_spot, book.base_asset, book.quote_asset) == (True, "BTC", "USDT")
    assert (book.tick_size, book.lot, book.min_notional) == (0.1, 0.001, 5.0)
    assert (book.onboard.year, book.delivery.year) == (1970, 9999)
    few = spot_product("btcusdt")
    few = type(few)(
        few.symbol, few.status, few.price_filter, few.lot_size, "5", few.order[:2], few.tif, False, None, None,
        is_spot=True, amend=False,
    )  # fmt: skip
    monkeypatch.setitem(bench.client.streams.products, "btcusdt", Product(few))
    assert [each for each in OrderType if book.order_support(each)] == [OrderType.LIMIT, OrderType.MARKET]
    assert book.add_order(0, 1, Side.SELL, OrderType.STOP_LOSS, stop_price=99) is None
    assert book.add_order(0, 1, Side.SELL, OrderType.TRAILING_STOP_MARKET, callback_rate=1) is None
    assert book.add_order(0, 0, Side.BUY, OrderType.MARKET, quote_quantity=100) is None
    assert book.add_order(100, 1, Side.BUY, OrderType.LIMIT, iceberg=0.5) is None
    assert [str(error) for error in bench.errors] == [
        "btcusdt takes no STOP_LOSS orders: ask order_support() first",
        "btcusdt takes no TRAILING_STOP_MARKET orders: ask order_support() first",
        "btcusdt takes no market orders by quote_quantity: say the quantity",
        "btcusdt takes no icebergs: leave iceberg out",
    ]


def test_a_margin_account_takes_side_effects() -> None:
    bench = desk(MarginGateway)
    order = of(bench).add_order(100, 1, Side.SELL, OrderType.LIMIT, side_effect=SideEffect.MARGIN_BUY)
    assert order is not None and order.side_effect is SideEffect.MARGIN_BUY
    assert sent(bench).side_effect == "MARGIN_BUY"
    assert of(bench).add_order(0, 0, Side.BUY, OrderType.MARKET, quote_quantity=99, side_effect="AUTO_REPAY")
    assert sent(bench).side_effect == "AUTO_REPAY"
    assert of(bench).add_order(100, 1, Side.BUY, OrderType.LIMIT, side_effect="BORROW") is None
    assert "side_effect is 'BORROW', not one of NO_SIDE_EFFECT, MARGIN_BUY, AUTO_REPAY" in str(bench.errors[-1])


def test_an_order_for_an_amount_learns_its_quantity_from_the_exchange(bench: Bench) -> None:
    order = of(bench).add_order(0, 5, Side.BUY, OrderType.MARKET, quote_quantity=250)
    assert order is not None
    assert (order.quantity, order.quote_quantity, order.price) == (0.0, 250.0, 0.0)
    assert "BUY 0.0 at market for 250.0 MARKET GTC: NEW" in str(order)
    assert of(bench).unfilled == (0.0, 0.0)
    bench.gateway.send(encode(depth("btcusdt", "99.9", "100.1")))
    bench.settle()
    assert of(bench).unfilled == (2.5, 0.0)
    bench.settle()
    bench.gateway._set(bench.gateway.orders[order.client_order_id], quantity="2.5")
    bench.gateway.fill(order.client_order_id, "2.5", "100")
    bench.settle()
    assert (order.quantity, order.acc, order.state) == (2.5, 2.5, "FILLED")
    assert of(bench).unfilled == (0.0, 0.0)


def test_a_smart_order_rounds_what_is_of_the_spot_market(bench: Bench) -> None:
    smart = SmartOrder(of(bench))
    smart.send(99.96, 1.0009, Side.BUY, OrderType.LIMIT, iceberg=0.30099)
    params = sent(bench)
    assert (params.price, params.quantity, params.iceberg_quantity) == ("100", "1", "0.3")
    assert smart.order is not None and smart.order.iceberg == 0.3
    other = SmartOrder(of(bench))
    other.send(0, 0.00001, Side.BUY, OrderType.MARKET, quote_quantity=33.333333333333336)
    assert (sent(bench).quantity, sent(bench).quote_quantity) == ("0", "33.33333333")
    third = SmartOrder(of(bench))
    third.send(0, 1, Side.SELL, OrderType.STOP_LOSS, stop_price=99.44)
    assert sent(bench).stop_price == "99.4"


def test_a_new_process_finds_orders_in_the_markets_words(bench: Bench) -> None:
    types = [OrderType.LIMIT_MAKER, OrderType.STOP_MARKET, OrderType.STOP, OrderType.TAKE_PROFIT_MARKET]
    for order_type in (*types, OrderType.TAKE_PROFIT_LIMIT):
        price = 100 if order_type in (OrderType.LIMIT_MAKER, OrderType.STOP, OrderType.TAKE_PROFIT_LIMIT) else 0
        stop = {} if order_type is OrderType.LIMIT_MAKER else {"stop_price": 99.0}
        assert of(bench).add_order(price, 1, Side.SELL, order_type, **stop), bench.errors  # type: ignore[arg-type]
    bench.settle()
    later = Bench(kind=SpotGateway)
    later.gateway.orders = bench.gateway.orders
    later.settle()
    # Before its rules are known a symbol's orders have the words that are the same for most.
    assert later.context.open_orders("btcusdt")[4].order_type is OrderType.TAKE_PROFIT
    later.context.open_subscription("btcusdt", "depth")
    later.settle()
    words = ["LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]
    assert [order.order_type for order in later.context.open_orders("btcusdt")] == words
    assert [order.tif for order in later.context.open_orders("btcusdt")][:3] == ["GTC", "UNDEF", "GTC"]


def resting(bench: Bench, quantity: float = 1.0) -> Order:
    order = of(bench).add_order(100, quantity, Side.SELL, OrderType.LIMIT)
    assert order is not None
    bench.settle()
    return order


def test_an_order_can_be_made_smaller_and_nothing_else(bench: Bench) -> None:
    order = resting(bench)
    assert not of(bench).amend(order.id, price=101)
    assert not of(bench).amend(order.id, quantity=2)
    assert [str(error) for error in bench.errors] == [
        f"order {order.id} keeps its price: on spot an order can only be made smaller, cancel it and send a new one",
        f"order {order.id} cannot be made larger on spot: send another one beside it, or cancel it and send a new one",
    ]
    assert of(bench).amend(order.id, price=100, quantity=0.4)
    assert order.quantity == 1.0
    bench.settle()
    asked = [decode_params(r, AmendParams) for r in bench.gateway.received if r.method == "amend"]
    assert asked == [AmendParams(order.client_order_id, None, "0.4")]
    assert (order.quantity, of(bench).unfilled.sell) == (0.4, 0.4)


def test_where_there_is_no_amend_it_is_said_what_to_do() -> None:
    bench = desk(MarginGateway)
    order = resting(bench)
    assert not of(bench).amend(order.id, quantity=0.5)
    assert "cannot be amended: margin accounts and some symbols have no amend, cancel it" in str(bench.errors[-1])


@given(
    st.sampled_from(OrderType), st.sampled_from(Tif), st.sampled_from(Side), st.booleans(),
    st.fixed_dictionaries({}, optional={
        "stop_price": st.sampled_from([None, 90.0, 110.0]),
        "callback_rate": st.sampled_from([None, 0.1, 0.125, 5.0]),
        "activation_price": st.sampled_from([None, 105.0]),
        "reduce_only": st.booleans(),
        "post_only": st.booleans(),
        "close_position": st.booleans(),
        "price_match": st.sampled_from([None, "QUEUE"]),
        "trigger_by": st.sampled_from([None, "LAST", "MARK"]),
        "price_protect": st.booleans(),
        "quote_quantity": st.sampled_from([None, 50.0]),
        "iceberg": st.sampled_from([None, 0.5]),
        "side_effect": st.sampled_from([None, "AUTO_REPAY"]),
    }), st.sampled_from([0.0, 100.0]),
)  # fmt: skip
def test_whatever_is_combined_the_wire_gets_what_the_market_has(
    order_type: OrderType, tif: Tif, side: Side, is_margin: bool, options: OrderOptions, price: float
) -> None:
    product = Product((margin_product if is_margin else spot_product)("btcusdt"))
    try:
        params = order_params(LOGIN, 1, product, Leg(price, 1, side, order_type, tif, **options))
    except InvalidOrder as error:
        assert str(error)
        return
    assert not (params.close_position or params.price_match or params.trigger_price or params.price_protect)
    assert params.good_till_ms is None and params.time_in_force != "GTD"
    assert is_margin or params.side_effect is None
    assert (params.price is not None) == params.order_type.has_price == (params.time_in_force is not None)
    assert not params.post_only or params.order_type == "LIMIT"
    assert (params.quantity == "0") == (params.quote_quantity is not None)
    is_waiting = (params.stop_price or params.callback_rate) is not None
    assert is_waiting == params.order_type.is_conditional
    assert params.callback_rate is None or Decimal(params.callback_rate) * 100 % 1 == 0
    assert (params.order_type == "TRAILING_STOP_MARKET") <= (params.callback_rate is not None)
