"""Orders that depend on each other: sent together, once, and asked about one by one."""

from __future__ import annotations

from typing import Any

import pytest

from pyalgo import Leg, Order, OrderType, Side, State, Tif
from pyalgo.product import Product
from tests.unit.pyalgo.bench import Bench, desk
from tests.unit.pyalgo.bench import depth_of as of
from tests.unit.pyalgo.pushes import spot_product
from tests.unit.pyalgo.spot_gateway import MarginGateway, SpotGateway
from tradingsys.core.enums import Contingency, OrderStatus
from tradingsys.wire.codec import decode_params
from tradingsys.wire.messages import ErrorCode, OrderListParams, ResolveParams

SELL_TARGET = Leg(110, 1, Side.SELL, OrderType.LIMIT_MAKER)
SELL_STOP = Leg(0, 1, Side.SELL, OrderType.STOP_LOSS, stop_price=90)
ENTRY = Leg(100, 1, Side.BUY, OrderType.LIMIT)


@pytest.fixture
def bench() -> Bench:
    return desk(SpotGateway)


def lists(bench: Bench) -> list[OrderListParams]:
    bench.settle()
    return [decode_params(r, OrderListParams) for r in bench.gateway.received if r.method == "order_list"]


def asked_about(bench: Bench) -> list[str]:
    asked = [decode_params(r, ResolveParams) for r in bench.gateway.received if r.method == "resolve"]
    return [item.client_order_id for params in asked for item in reversed(params.orders)]  # the newest is asked first


def venue(bench: Bench) -> SpotGateway:
    assert isinstance(bench.gateway, SpotGateway)
    return bench.gateway


def test_all_legs_go_out_in_one_request_in_their_order(bench: Bench) -> None:
    single = of(bench).add_order(100, 1, Side.BUY, OrderType.LIMIT)
    pair = of(bench).add_oco(SELL_TARGET, SELL_STOP)
    triple = of(bench).add_otoco(ENTRY, SELL_STOP, SELL_TARGET)
    two = of(bench).add_oto(ENTRY, Leg(0, 1, Side.SELL, OrderType.MARKET))
    assert pair is not None and triple is not None and two is not None and single is not None
    told = lists(bench)
    assert [params.contingency for params in told] == ["OCO", "OTOCO", "OTO"]
    assert [[o.seq for o in params.orders] for params in told] == [[2, 3], [4, 5, 6], [7, 8]]
    assert [o.order_type for o in told[1].orders] == ["LIMIT", "STOP_MARKET", "LIMIT"]
    assert [members for _, members in venue(bench).lists] == [
        [order.client_order_id for order in orders] for orders in (pair, triple, two)
    ]
    assert [order.list_id for order in (*pair, *triple, *two)] == ["1"] * 2 + ["2"] * 3 + ["3"] * 2
    assert single.list_id is None
    assert [order.order_type for order in pair] == [OrderType.LIMIT_MAKER, OrderType.STOP_LOSS]
    assert (pair[1].stop_price, pair[1].price) == (90.0, 0.0)


def test_cancelling_one_cancels_the_list(bench: Bench) -> None:
    told: list[tuple[Order, State]] = []
    of(bench).on_order = lambda order: told.append((order, order.state))
    pair = of(bench).add_oco(SELL_TARGET, SELL_STOP)
    assert pair is not None
    bench.settle()
    of(bench).cancel(pair[1].id)
    bench.settle()
    assert told[-2:] == [(pair[1], State.CANCELED), (pair[0], State.CANCELED)]
    assert of(bench).open_orders == []


def test_an_order_of_a_list_is_not_amended(bench: Bench) -> None:
    pair = of(bench).add_oco(SELL_TARGET, SELL_STOP)
    assert pair is not None
    bench.settle()
    assert not of(bench).amend(pair[0].id, quantity=0.5)
    assert "belongs to a list and cannot be amended: cancel the list and send a new one" in str(bench.errors[-1])


REFUSED: list[tuple[str, tuple[Leg, ...], str]] = [
    ("add_oco", (SELL_TARGET, Leg(0, 1, Side.BUY, OrderType.STOP_LOSS, stop_price=90)), "both are of one side and"),
    ("add_oco", (SELL_TARGET, Leg(0, 2, Side.SELL, OrderType.STOP_LOSS, stop_price=90)), "both are of one side and"),
    ("add_oco", (SELL_TARGET, SELL_TARGET), "one stops a loss (STOP_LOSS or STOP_LOSS_LIMIT), the other one does not"),
    ("add_oco", (SELL_STOP, SELL_STOP), "one stops a loss (STOP_LOSS or STOP_LOSS_LIMIT), the other one does not"),
    ("add_oco", (Leg(110, 1, Side.SELL, OrderType.LIMIT), SELL_STOP), "is a LIMIT_MAKER, TAKE_PROFIT or"),
    ("add_oco", (Leg(0, 1, Side.SELL, OrderType.MARKET), SELL_STOP), "is a LIMIT_MAKER, TAKE_PROFIT or"),
    ("add_oco", (Leg(89, 1, Side.SELL, OrderType.LIMIT_MAKER), SELL_STOP), "to SELL the target must be above the stop"),
    ("add_oco", (Leg(110, 1, Side.BUY, OrderType.LIMIT_MAKER),
                 Leg(0, 1, Side.BUY, OrderType.STOP_LOSS, stop_price=105)), "to BUY the target must be below the"),
    ("add_oco", (Leg(0, 1, Side.SELL, OrderType.TAKE_PROFIT, stop_price=80), SELL_STOP), "stop: it is 80, the stop"),
    ("add_oto", (Leg(0, 1, Side.BUY, OrderType.MARKET), SELL_STOP), "the first leg works at once and is a LIMIT or"),
    ("add_oto", (ENTRY, Leg(0, 0, Side.SELL, OrderType.MARKET, quote_quantity=99)), "quote_quantity does not go with"),
    ("add_otoco", (ENTRY, SELL_STOP, SELL_STOP), "one stops a loss"),
    ("add_otoco", (SELL_TARGET, ENTRY, SELL_STOP), "both are of one side and quantity"),
    ("add_oco", (SELL_TARGET, Leg(0, 1, Side.SELL, OrderType.STOP_LOSS)), "OrderType.STOP_LOSS needs stop_price="),
    ("add_oco", (Leg(110.05, 1, Side.SELL, OrderType.LIMIT_MAKER), SELL_STOP), "off the tick 0.1"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "legs", "why"), REFUSED)
def test_what_forms_no_list_is_refused_and_nothing_is_sent(
    bench: Bench, method: str, legs: tuple[Leg, ...], why: str
) -> None:
    assert getattr(of(bench), method)(*legs) is None
    assert why in str(bench.errors[-1])
    assert lists(bench) == [] and of(bench).open_orders == []
    # Nor was a number used up.
    assert of(bench).add_order(100, 1, Side.BUY, OrderType.LIMIT)
    bench.settle()
    assert len(venue(bench).sent_to_venue) == 1


def test_one_side_effect_for_the_whole_list() -> None:
    bench = desk(MarginGateway)
    borrows = Leg(0, 1, Side.SELL, OrderType.STOP_LOSS, stop_price=90, side_effect="AUTO_REPAY")
    assert of(bench).add_oco(SELL_TARGET, borrows) is None
    assert "say the same side_effect= with every leg" in str(bench.errors[-1])
    both = Leg(110, 1, Side.SELL, OrderType.LIMIT_MAKER, side_effect="AUTO_REPAY")
    assert of(bench).add_oco(both, borrows) is not None
    assert [order.side_effect for order in lists(bench)[0].orders] == ["AUTO_REPAY"] * 2


def test_a_trailing_stop_and_a_buyers_pair_are_taken(bench: Bench) -> None:
    trailing = Leg(0, 1, Side.SELL, OrderType.STOP_LOSS, callback_rate=1)
    buys = (
        Leg(0, 1, Side.BUY, OrderType.TAKE_PROFIT, stop_price=90),
        Leg(111, 1, Side.BUY, OrderType.STOP_LOSS_LIMIT, stop_price=110),
    )
    assert of(bench).add_oco(trailing, SELL_TARGET) and of(bench).add_oco(*buys), bench.errors
    assert [params.orders[0].order_type for params in lists(bench)] == ["TRAILING_STOP_MARKET", "TAKE_PROFIT_MARKET"]


def test_futures_and_symbols_without_lists_say_what_to_do(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    futures = Bench()
    futures.context.open_subscription("btcusdt", "depth")
    futures.settle()
    assert of(futures).add_oco(SELL_TARGET, SELL_STOP) is None
    assert "futures have no order lists: send the stop and the target with reduce_only=True" in str(futures.errors[-1])
    view = spot_product("btcusdt")
    view.lists.clear()
    monkeypatch.setitem(bench.client.streams.products, "btcusdt", Product(view))
    assert of(bench).add_oto(ENTRY, SELL_STOP) is None
    assert "btcusdt takes no OTO lists: send the orders one by one" in str(bench.errors[-1])
    assert bench.context.add_order_list("ethusdt", Contingency.OCO, SELL_TARGET, SELL_STOP) is None
    assert "ethusdt: subscribe to it first" in str(bench.errors[-1])


def test_what_is_no_leg_is_a_mistake_in_the_program(bench: Bench) -> None:
    with pytest.raises(TypeError, match=r"there is no option stop: did you mean stop_price\?|there are"):
        Leg(0, 1, Side.SELL, OrderType.STOP_LOSS, stop=90)  # type: ignore[call-arg]
    wrong: Any = (110, 1, Side.SELL, OrderType.LIMIT_MAKER)
    with pytest.raises(TypeError, match=r"it needs Leg\(price, quantity, side, order_type"):
        of(bench).add_oco(wrong, SELL_STOP)
    assert repr(SELL_STOP) == "Leg(0, 1, SELL, STOP_LOSS, GTC, stop_price=90)"


@pytest.mark.parametrize("is_written", [False, True])
def test_a_list_without_answer_is_asked_about_and_never_sent_twice(bench: Bench, is_written: bool) -> None:
    triple = of(bench).add_otoco(ENTRY, SELL_TARGET, SELL_STOP)
    assert triple is not None
    if is_written:
        bench.step_to_gateway()
    bench.disconnect()
    assert all(order.in_doubt and order.is_active for order in triple)
    bench.settle()
    ids = [order.client_order_id for order in triple]
    if is_written:
        # The events after the cursor tell of them; if they come before the question, nothing needs to be asked.
        assert set(asked_about(bench)) <= set(ids)
        assert [order.state for order in triple] == [State.NEW] * 3
        assert venue(bench).sent_to_venue == ids
        assert not any(order.in_doubt for order in triple)
    else:
        assert asked_about(bench) == ids
        assert [(order.state, order.reason) for order in triple] == [(State.REJECTED, "never reached the exchange")] * 3
        assert venue(bench).sent_to_venue == []
    assert len(lists(bench)) == int(is_written)


def test_silence_and_stale_keys_leave_all_legs_in_doubt_until_resolved(bench: Bench) -> None:
    assert bench.link is not None
    pair = of(bench).add_oco(SELL_TARGET, SELL_STOP)
    assert pair is not None
    bench.link.to_gateway.clear()
    bench.advance(5_000)
    assert all(order.in_doubt for order in pair)
    bench.settle()
    assert asked_about(bench) == [order.client_order_id for order in pair]
    assert [order.state for order in pair] == [State.REJECTED] * 2
    bench.gateway.answer_orders_with = (ErrorCode.UNDEFINED, "who knows")
    other = of(bench).add_oco(SELL_TARGET, SELL_STOP)
    assert other is not None
    bench.settle()
    assert asked_about(bench)[2:] == [order.client_order_id for order in other]


def test_a_refusal_is_told_of_every_leg(bench: Bench) -> None:
    told: list[Order] = []
    of(bench).on_order = told.append
    bench.gateway.answer_orders_with = (ErrorCode.DENIED, "over the limit")
    pair = of(bench).add_oco(SELL_TARGET, SELL_STOP)
    assert pair is not None
    bench.settle()
    assert told == list(pair)
    assert [(order.state, order.code) for order in pair] == [(State.REJECTED, ErrorCode.DENIED)] * 2
    assert [error.code for error in bench.errors] == [ErrorCode.DENIED] * 2


def test_an_execution_of_one_leg_ends_the_other(bench: Bench) -> None:
    pair = of(bench).add_oco(SELL_TARGET, SELL_STOP)
    assert pair is not None
    bench.settle()
    bench.gateway.fill(pair[0].client_order_id, "1", "110")
    bench.gateway.set_status(pair[1].client_order_id, OrderStatus.EXPIRED, "OCO_TRIGGER")
    bench.settle()
    assert [order.state for order in pair] == [State.FILLED, State.EXPIRED]
    assert of(bench).net == -1.0 and of(bench).unfilled == (0.0, 0.0)


def test_a_new_process_finds_the_list(bench: Bench) -> None:
    pair = of(bench).add_oco(SELL_TARGET, SELL_STOP)
    assert pair is not None
    bench.settle()
    later = Bench(kind=SpotGateway)
    later.gateway.orders = bench.gateway.orders
    later.context.open_subscription("btcusdt", "depth")
    later.settle()
    assert [(order.list_id, order.order_type, order.tif) for order in of(later).open_orders] == [
        ("1", OrderType.LIMIT_MAKER, Tif.GTC), ("1", OrderType.STOP_LOSS, Tif.UNDEF)
    ]  # fmt: skip
