"""What was ordered, or how large an amend made it, may become known after executions: the latest word counts."""

from __future__ import annotations

import pytest
from msgspec import structs

from pyalgo.words import OrderType, Side, State, Tif
from tests.unit.pyalgo.bench import Bench
from tests.unit.pyalgo.desk import buy, ready
from tradingsys.core import enums
from tradingsys.core.enums import OrderStatus, TimeInForce


def test_a_filled_order_that_turns_out_to_be_larger_may_execute_further() -> None:
    bench, subscription = ready()
    order = buy(subscription)
    bench.settle()
    bench.gateway.fill(order.client_order_id, "30")
    bench.settle()
    assert (order.state, subscription.open_orders) == (State.FILLED, [])
    bench.gateway._set(bench.gateway.orders[order.client_order_id], quantity="40")
    bench.gateway.set_status(order.client_order_id, OrderStatus.PARTIALLY_FILLED)
    bench.settle()
    assert (order.state, order.quantity, order.acc) == (State.PARTIALLY_FILLED, 40.0, 30.0)
    assert subscription.open_orders == [order]
    assert bench.client.history.unfilled("dogeusdt", Side.BUY) == 10
    bench.gateway.fill(order.client_order_id, "10")
    bench.settle()
    assert (order.state, order.acc, subscription.net) == (State.FILLED, 40.0, 40.0)


def test_a_filled_order_that_was_larger_when_it_was_canceled_is_canceled() -> None:
    bench, subscription = ready()
    order = buy(subscription)
    bench.settle()
    bench.gateway.fill(order.client_order_id, "30")
    bench.settle()
    bench.gateway._set(bench.gateway.orders[order.client_order_id], quantity="40")
    bench.gateway.set_status(order.client_order_id, OrderStatus.CANCELED)
    bench.settle()
    assert (order.state, order.quantity, order.acc) == (State.CANCELED, 40.0, 30.0)


@pytest.mark.parametrize("is_told_at_login", [False, True])
def test_an_order_that_only_an_execution_tells_of_becomes_what_was_ordered(is_told_at_login: bool) -> None:
    bench = Bench()
    told: list[float] = []
    bench.context.on_fill = lambda _, fill: told.append(fill.quantity)
    if not is_told_at_login:
        bench.settle()
        bench.client.start_delivery()
    name = bench.gateway.leave_open(1, qty="12")
    known = bench.gateway.orders[name]
    bench.gateway._set(known, terms_unknown=True, in_doubt=True, time_in_force=None, price=None, quantity="99")
    bench.gateway.fill(name, "12")
    bench.settle()
    bench.client.start_delivery()
    [order] = bench.client.history.orders.known()
    assert (order.state, order.in_doubt, order.acc) == (State.PARTIALLY_FILLED, True, 12.0)
    executed = bench.gateway.orders[name]
    terms = structs.replace(known, order_type=enums.OrderType.STOP_LIMIT, stop_price="0.59", quantity="30")
    bench.gateway.orders[name] = structs.replace(
        terms, fills=executed.fills, cum_qty="12", time_in_force=TimeInForce.GTC, price="0.6"
    )
    bench.gateway.set_status(name, OrderStatus.PARTIALLY_FILLED)
    bench.settle()
    assert (order.order_type, order.tif, order.stop_price) == (OrderType.STOP, Tif.GTC, 0.59)
    assert (order.quantity, order.price, order.acc, order.in_doubt) == (30.0, 0.6, 12.0, False)
    assert told == ([] if is_told_at_login else [12.0])


def test_whoever_sent_an_order_keeps_his_terms_while_the_gateway_knows_only_executions() -> None:
    bench, subscription = ready()
    order = buy(subscription)
    bench.settle()
    sent = bench.gateway.orders[order.client_order_id]
    bench.gateway._set(sent, terms_unknown=True, in_doubt=True, price=None, quantity="99")
    bench.gateway.fill(order.client_order_id, "10")
    bench.settle()
    assert (order.quantity, order.price, order.acc, order.in_doubt) == (30.0, 0.6, 10.0, True)
    assert bench.client.history.unfilled("dogeusdt", Side.BUY) == 20


def test_who_asks_about_an_order_that_only_executions_told_of_says_so() -> None:
    bench = Bench()
    bench.settle()
    bench.client.start_delivery()
    name = bench.gateway.leave_open(1, qty="12")
    bench.gateway._set(bench.gateway.orders[name], terms_unknown=True, in_doubt=True, price=None, quantity="99")
    bench.gateway.fill(name, "5")
    bench.settle()
    [order] = bench.client.history.orders.known()
    orders = bench.client.history.orders
    orders.unresolved.add(name)
    [item] = orders.to_resolve()
    assert item.terms_unknown and item.client_order_id == name
    bench.client.history.answered(bench.gateway.orders[name])
    assert order.in_doubt and order._lacks_terms, "it was told nothing new"
