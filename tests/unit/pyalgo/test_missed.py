"""Executions of orders that this process never heard of, while it was away for so long that a snapshot came."""

from __future__ import annotations

import pytest
from msgspec import structs

from pyalgo.order import Fill, Order
from pyalgo.words import OrderType, Side, State, Tif
from tests.unit.pyalgo.bench import Bench, desk
from tradingsys.core import enums
from tradingsys.wire.messages import ErrorCode


class Told:
    """What a strategy hears of executions, in order."""

    def __init__(self, bench: Bench) -> None:
        self.fills: list[tuple[str, float]] = []
        self.nets: list[float] = []
        self.durable: list[str] = []
        bench.context.on_fill = self._fill
        bench.context.on_durable = lambda _, fill: self.durable.append(fill.id)
        self._bench = bench

    def _fill(self, order: Order, fill: Fill) -> None:
        self.fills.append((f"{order.side}", fill.quantity))
        self.nets.append(self._bench.context.net(order.symbol))


@pytest.fixture
def bench() -> Bench:
    bench = desk(symbol="dogeusdt")
    bench.gateway.execute_elsewhere("20", enums.Side.BUY)
    bench.gateway.write_down()
    bench.settle()
    return bench


@pytest.fixture
def told(bench: Bench) -> Told:
    return Told(bench)


def back(bench: Bench) -> None:
    bench.settle()
    bench.advance(1_500)
    bench.settle()
    bench.gateway.write_down()
    bench.settle()


def test_they_are_told_in_the_order_in_which_they_were_booked(bench: Bench, told: Told) -> None:
    bench.gateway.most_fills = 2
    bench.disconnect()
    for qty, side in (("5", "SELL"), ("3", "BUY"), ("9", "SELL")):
        bench.gateway.execute_elsewhere(qty, enums.Side(side))
    bench.gateway.restart()
    bench.gateway.execute_elsewhere("1", enums.Side.BUY)
    back(bench)
    assert told.fills == [("SELL", 5.0), ("BUY", 3.0), ("SELL", 9.0), ("BUY", 1.0)]
    assert told.nets == [10.0] * 4, "the snapshot tells the position"
    assert len(told.durable) == 4
    asked = [request for request in bench.gateway.received if request.method == "get_fills"]
    assert len(asked) == 2


def test_they_are_orders_like_those_of_pushes(bench: Bench, told: Told) -> None:
    bench.disconnect()
    name = bench.gateway.execute_elsewhere("5")
    bench.gateway.restart()
    back(bench)
    order = bench.client.history.orders.by_client_id(name)
    assert order is not None and (order.state, order.acc, order.order_type) == (State.FILLED, 5.0, OrderType.MARKET)
    assert len(order.fills) == 1 and told.fills == [("SELL", 5.0)]


@pytest.mark.parametrize("is_ready", [False, True])
def test_a_gateway_that_is_not_ready_is_asked_when_it_is(bench: Bench, told: Told, is_ready: bool) -> None:
    bench.disconnect()
    bench.gateway.execute_elsewhere("5")
    bench.gateway.restart(ready=is_ready)
    bench.settle()
    assert bool(told.fills) == is_ready
    bench.gateway.become_ready()
    back(bench)
    assert told.fills == [("SELL", 5.0)]


def test_events_that_are_no_longer_kept_within_one_run(bench: Bench, told: Told) -> None:
    bench.disconnect()
    bench.gateway.execute_elsewhere("5")
    bench.gateway.forget_events()
    back(bench)
    assert told.fills == [("SELL", 5.0)]


def test_an_event_that_was_lost_on_the_way(bench: Bench, told: Told) -> None:
    bench.gateway.execute_elsewhere("5")
    assert bench.link is not None
    bench.link.to_client.clear()
    bench.gateway.execute_elsewhere("2")
    back(bench)
    assert told.fills == [("SELL", 5.0), ("SELL", 2.0)]


def test_an_onlooker_hears_of_them_too() -> None:
    bench = Bench(trading=False)
    bench.context.open_subscription("dogeusdt", "depth")
    bench.client.start_delivery()
    bench.settle()
    told = Told(bench)
    bench.disconnect()
    bench.gateway.execute_elsewhere("5")
    bench.gateway.restart()
    back(bench)
    assert told.fills == [("SELL", 5.0)] and told.durable


def test_known_orders_are_told_with_them_and_only_once(bench: Bench, told: Told) -> None:
    subscription = bench.context.subscriptions["dogeusdt@depth"]
    order = subscription.add_order(0.6, 10, Side.BUY, OrderType.LIMIT, Tif.GTC)
    bench.settle()
    assert order is not None
    bench.gateway.fill(order.client_order_id, "4")
    bench.settle()
    bench.disconnect()
    bench.gateway.fill(order.client_order_id, "6")
    bench.gateway.execute_elsewhere("5")
    bench.gateway.die()  # all of it is read at the exchange again, what was told before too
    bench.gateway.find_lost()
    bench.gateway.become_ready()
    back(bench)
    assert told.fills == [("BUY", 4.0), ("BUY", 6.0), ("SELL", 5.0)]
    assert order.state is State.FILLED and len(told.durable) == 3


def test_an_order_is_still_to_be_asked_about_while_they_are_told(bench: Bench, told: Told) -> None:
    """They are not all it has, and what the strategy does meanwhile may ask."""
    subscription = bench.context.subscriptions["dogeusdt@depth"]
    order = subscription.add_order(0.6, 10, Side.BUY, OrderType.LIMIT, Tif.GTC)
    bench.settle()
    assert order is not None
    unresolved: list[bool] = []
    orders = bench.client.history.orders
    bench.context.on_fill = lambda order, _: unresolved.append(order.client_order_id in orders.unresolved)
    bench.disconnect()
    for qty in ("4", "6"):
        bench.gateway.fill(order.client_order_id, qty)
    bench.gateway.restart()
    back(bench)
    assert unresolved == [True, True] and order.state is State.FILLED and not orders.unresolved


def test_a_connection_that_breaks_between_two_pages(bench: Bench, told: Told) -> None:
    bench.gateway.most_fills = 1
    bench.disconnect()
    for qty in ("5", "3", "2"):
        bench.gateway.execute_elsewhere(qty)
    bench.gateway.restart()
    bench.connect()
    while len(told.fills) < 2:
        assert bench.step_to_gateway() or bench.step_to_client()
    bench.disconnect()
    back(bench)
    assert [qty for _, qty in told.fills] == [5.0, 3.0, 2.0]


def test_whoever_does_not_run_is_told_when_he_does(bench: Bench, told: Told) -> None:
    bench.client.stop_delivery()
    bench.disconnect()
    bench.gateway.execute_elsewhere("5")
    bench.gateway.restart()
    bench.settle()
    assert not told.fills
    bench.client.start_delivery()
    back(bench)
    assert told.fills == [("SELL", 5.0)]


def test_a_new_process_is_told_nothing_old() -> None:
    bench = Bench()
    bench.gateway.execute_elsewhere("5")
    told = Told(bench)
    bench.context.open_subscription("dogeusdt", "depth")
    bench.client.start_delivery()
    back(bench)
    assert not told.fills and not [each for each in bench.gateway.received if each.method == "get_fills"]


def test_another_book_has_another_history(bench: Bench, told: Told) -> None:
    bench.disconnect()
    bench.gateway.lineage = "zzzzz"
    bench.gateway.execute_elsewhere("5")
    bench.gateway.restart()
    back(bench)
    assert not told.fills and not bench.errors


def test_a_gateway_that_reads_its_disk_badly_is_asked_again(bench: Bench, told: Told) -> None:
    bench.gateway.refuse_fills = (ErrorCode.UNDEFINED, "pos.db cannot be read")
    bench.disconnect()
    bench.gateway.execute_elsewhere("5")
    bench.gateway.restart()
    bench.settle()
    assert not told.fills and not bench.errors
    bench.gateway.refuse_fills = None
    back(bench)
    assert told.fills == [("SELL", 5.0)]


def test_an_order_in_doubt_does_not_wait_for_a_disk(bench: Bench, told: Told) -> None:
    order = bench.context.subscriptions["dogeusdt@depth"].add_order(0.6, 10, Side.BUY, OrderType.LIMIT, Tif.GTC)
    bench.settle()
    assert order is not None
    bench.gateway.refuse_fills = (ErrorCode.UNDEFINED, "pos.db cannot be read")
    bench.disconnect()
    bench.gateway.fill(order.client_order_id, "10")
    bench.gateway.restart()
    bench.settle()
    assert order.state is State.FILLED and told.fills == [("BUY", 10.0)]
    bench.gateway.refuse_fills = None
    back(bench)
    assert told.fills == [("BUY", 10.0)]


def test_a_gateway_that_knows_no_such_question_is_asked_once(bench: Bench, told: Told) -> None:
    bench.gateway.refuse_fills = (ErrorCode.BAD_REQUEST, "unknown method 'get_fills'")
    bench.disconnect()
    bench.gateway.execute_elsewhere("5")
    bench.gateway.restart()
    back(bench)
    back(bench)
    assert not told.fills and bench.client.is_ready
    (error,) = bench.errors
    assert "unknown method" in str(error)


def test_a_fee_that_became_known_meanwhile_is_told(bench: Bench, told: Told) -> None:
    fees: list[float | None] = []
    bench.context.on_fee = lambda _, fill: fees.append(fill.fee)
    order = bench.context.subscriptions["dogeusdt@depth"].add_order(0.6, 10, Side.BUY, OrderType.LIMIT, Tif.GTC)
    bench.settle()
    assert order is not None
    bench.gateway.fill(order.client_order_id, "10")
    bench.gateway.write_down()
    bench.settle()
    assert order.state is State.FILLED and not fees
    bench.disconnect()
    known = bench.gateway.orders[order.client_order_id]
    whole = structs.replace(known.fills[0], fee="0.006", fee_asset="USDT")
    bench.gateway.orders[order.client_order_id] = structs.replace(known, fills=[whole])
    bench.gateway.restart()
    back(bench)
    assert fees == [0.006] and len(told.fills) == 1
