"""Amends and cancels: one at a time, and what happens when they are refused."""

from __future__ import annotations

import pytest

from pyalgo import Order, OrderType, Side, SmartOrder
from tests.unit.pyalgo.bench import Bench
from tests.unit.pyalgo.desk import of
from tradingsys.core.enums import OrderStatus
from tradingsys.wire.codec import decode_params, encode_error
from tradingsys.wire.messages import AmendParams, ErrorCode


def resting(bench: Bench) -> tuple[SmartOrder, Order]:
    smart = SmartOrder(of(bench))
    smart.send(0.6, 30, Side.BUY, OrderType.LIMIT)
    bench.settle()
    assert smart.order is not None
    return smart, smart.order


def sent(bench: Bench, method: str) -> int:
    return [request.method for request in bench.gateway.received].count(method)


def test_an_amend_changes_the_order_in_place(bench: Bench) -> None:
    smart, order = resting(bench)
    told: list[tuple[float, float]] = []
    of(bench).on_order = lambda order: told.append((order.price, order.quantity))
    assert smart.amend(price=0.610004, quantity=25.9)
    bench.settle()
    request = [r for r in bench.gateway.received if r.method == "amend"][-1]
    assert decode_params(request, AmendParams) == AmendParams(order.client_order_id, "0.61", "25")
    assert told == [(0.61, 25.0)]
    assert (smart.price, smart.quantity, smart.order) == (0.61, 25.0, order)


def test_an_order_on_its_way_is_not_amended_and_nobody_is_bothered(bench: Bench) -> None:
    smart = SmartOrder(of(bench))
    smart.send(0.6, 30, Side.BUY, OrderType.LIMIT)
    assert smart.is_active and not smart.amend(price=0.61)
    bench.settle()
    assert not bench.errors and sent(bench, "amend") == 0
    assert smart.amend(price=0.61)
    bench.settle()
    assert (smart.price, bench.errors) == (0.61, [])


def test_only_what_changes_is_sent(bench: Bench) -> None:
    smart, order = resting(bench)
    assert not smart.amend(price=0.6)
    assert not smart.amend(quantity=30)
    assert not smart.amend()
    assert smart.amend(quantity=20)
    bench.settle()
    request = [r for r in bench.gateway.received if r.method == "amend"][-1]
    assert decode_params(request, AmendParams) == AmendParams(order.client_order_id, None, "20")
    assert sent(bench, "amend") == 1


def test_one_amend_at_a_time_and_kill_in_between(bench: Bench) -> None:
    smart, order = resting(bench)
    assert smart.amend(price=0.61)
    assert not smart.amend(price=0.62)
    smart.kill()
    assert not smart.amend(price=0.63)
    bench.settle()
    assert (sent(bench, "amend"), sent(bench, "cancel")) == (1, 1)
    assert (order.state, order.price) == ("CANCELED", 0.61)
    assert not smart.amend(price=0.62)


def test_the_next_amend_may_be_sent_from_the_callback_that_tells_of_the_last(bench: Bench) -> None:
    smart, order = resting(bench)
    of(bench).on_order = lambda order: smart.amend(price=0.65)
    smart.amend(price=0.61)
    bench.settle()
    assert (order.price, sent(bench, "amend")) == (0.65, 2)


def test_a_refused_amend_leaves_the_order_as_it_was(bench: Bench) -> None:
    smart, order = resting(bench)
    bench.gateway.refuse_changes = (-5026, "Exceed maximum modify order limit.")
    assert smart.amend(price=0.61, quantity=50)
    assert of(bench).unfilled.buy == 50.0
    bench.settle()
    assert bench.errors[-1].code == -5026
    assert str(bench.errors[-1]) == f"amend of order {order.id}: Exceed maximum modify order limit."
    assert (order.price, order.quantity, order.is_active, of(bench).unfilled.buy) == (0.6, 30.0, True, 30.0)
    assert not smart.amend(price=0.62)
    bench.advance(1_000)
    bench.gateway.refuse_changes = None
    assert smart.amend(price=0.62)
    bench.settle()
    assert order.price == 0.62


def test_an_amend_that_the_gateway_refuses_is_told_too(bench: Bench) -> None:
    smart, order = resting(bench)
    smart.amend(quantity=40)
    assert bench.link is not None
    bench.link.to_gateway.clear()
    last = max(bench.client._requests._by_id)
    bench.link.to_client.append(encode_error(last, ErrorCode.DENIED, "over the limit"))
    bench.settle()
    assert (bench.errors[-1].code, order.quantity, of(bench).unfilled.buy) == (ErrorCode.DENIED, 30.0, 30.0)


def test_a_silent_exchange_may_be_asked_again_after_a_while(bench: Bench) -> None:
    smart, _ = resting(bench)
    bench.gateway.refuse_changes = (0, "")
    assert smart.amend(price=0.61)
    bench.settle()
    assert not smart.amend(price=0.61)
    bench.advance(5_000)
    assert smart.amend(price=0.61)


@pytest.mark.parametrize(
    ("price", "quantity", "why"),
    [(0.600001, 30, "off the tick"), (0.7, 0.5, "off the lot"), (0.7, 10, "executed already"), (0.7, 0, "not above 0")],
)
def test_what_breaks_a_rule_is_not_sent(bench: Bench, price: float, quantity: float, why: str) -> None:
    _, order = resting(bench)
    bench.gateway.fill(order.client_order_id, "10")
    bench.settle()
    assert not of(bench).amend(order.id, price, quantity)
    assert why in str(bench.errors[-1])
    assert sent(bench, "amend") == 0


def test_only_limit_orders_can_be_amended(bench: Bench) -> None:
    order = of(bench).add_order(0, 30, Side.SELL, OrderType.STOP_MARKET, stop_price=0.5)
    assert order is not None
    bench.settle()
    assert not of(bench).amend(order.id, 0.4)
    assert "only LIMIT orders can be amended, cancel it instead" in str(bench.errors[-1])
    assert not of(bench).amend(10**9, 0.4)
    assert bench.errors[-1].code == ErrorCode.NO_SUCH_ORDER


def test_amends_are_refused_not_queued_without_a_connection(bench: Bench) -> None:
    smart, order = resting(bench)
    bench.disconnect()
    assert not smart.amend(price=0.61)
    assert bench.errors[-1].code == ErrorCode.DISCONNECTED
    bench.settle()
    assert (sent(bench, "amend"), order.price) == (0, 0.6)


def test_an_amend_lost_with_the_connection_is_not_under_way_any_more(bench: Bench) -> None:
    smart, order = resting(bench)
    assert smart.amend(quantity=50)
    bench.disconnect()
    bench.settle()
    assert (order.quantity, of(bench).unfilled.buy) == (30.0, 30.0)
    assert smart.amend(quantity=50)
    bench.settle()
    assert order.quantity == 50.0


def test_a_cancel_that_the_exchange_refuses_is_told_and_not_repeated_at_once(bench: Bench) -> None:
    smart, order = resting(bench)
    bench.gateway.refuse_changes = (-2011, "Unknown order sent.")
    for _ in range(3):
        smart.kill()
        bench.settle()
    assert [(error.code, str(error)) for error in bench.errors] == [
        (-2011, f"cancel of order {order.id}: Unknown order sent.")
    ]
    bench.advance(1_000)
    bench.gateway.refuse_changes = None
    smart.kill()
    bench.settle()
    assert (sent(bench, "cancel"), order.state) == (2, "CANCELED")


def test_a_rejection_by_the_exchange_is_told_once_to_both(bench: Bench) -> None:
    told: list[str] = []
    of(bench).on_order = lambda order: told.append(order.state)
    bench.gateway.new_order_status = OrderStatus.PENDING_NEW
    smart, order = resting(bench)
    bench.gateway.set_status(order.client_order_id, OrderStatus.REJECTED, "Margin is insufficient.")
    bench.gateway.set_status(order.client_order_id, OrderStatus.REJECTED, "Margin is insufficient.")
    bench.settle()
    assert told == ["REJECTED"]
    assert [str(error) for error in bench.errors] == [f"order {order.id} was rejected: Margin is insufficient."]
    assert not smart.is_active
