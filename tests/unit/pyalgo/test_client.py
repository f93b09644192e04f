"""The client, one rule after the other."""

from __future__ import annotations

import logging

import pytest

from pyalgo.link import Stage
from pyalgo.order import Order
from pyalgo.tradable import DepthSubscription
from pyalgo.words import OrderType, Side, State, Tif
from tests.unit.pyalgo.bench import Bench
from tests.unit.pyalgo.desk import buy, methods, ready
from tests.unit.pyalgo.pushes import depth
from tradingsys.core.enums import OrderStatus
from tradingsys.core.ids import OrderKey, decode_client_order_id
from tradingsys.wire.codec import decode_params, encode, encode_reply
from tradingsys.wire.messages import ErrorCode, OrderParams, PositionPush


def test_an_order_carries_the_key_its_id_is_made_of() -> None:
    bench, subscription = ready()
    first, second = buy(subscription), buy(subscription)
    bench.settle()
    params = decode_params(bench.gateway.received[-2], OrderParams)
    assert (params.quantity, params.price, params.seq) == ("30", "0.6", 1)
    gateway = bench.gateway
    assert decode_client_order_id(first.client_order_id) == OrderKey(1, gateway.lineage, gateway.epoch, 1, 1)
    assert gateway.sent_to_venue == [first.client_order_id, second.client_order_id]
    assert second.id == first.id + 1


def test_fills_update_order_and_position() -> None:
    bench, subscription = ready()
    seen: list[tuple[float, float, str, float]] = []
    subscription.on_order = lambda order: seen.append((order.acc, order.trade_quantity, order.state, subscription.net))
    order = buy(subscription)
    bench.settle()
    bench.gateway.fill(order.client_order_id, "10", "0.59")
    bench.gateway.fill(order.client_order_id, "20")
    bench.settle()
    assert seen == [(0.0, 0.0, "NEW", 0.0), (10.0, 10.0, "PARTIALLY_FILLED", 10.0), (30.0, 20.0, "FILLED", 30.0)]
    assert order.trade_price == 0.6
    assert order.making is True
    assert not order.is_active


def test_several_fills_at_once_are_told_one_by_one() -> None:
    bench, subscription = ready()
    order = buy(subscription)
    bench.settle()
    bench.disconnect()
    bench.gateway.fill(order.client_order_id, "10")
    bench.gateway.fill(order.client_order_id, "5")
    bench.gateway.forget_events()
    seen: list[tuple[float, str]] = []
    subscription.on_order = lambda order: seen.append((order.acc, order.state))
    bench.settle()
    assert seen == [(10.0, "PARTIALLY_FILLED"), (15.0, "PARTIALLY_FILLED")]


def test_orders_are_refused_not_queued_without_a_connection() -> None:
    bench, subscription = ready()
    bench.disconnect()
    assert subscription.add_order(0.6, 30, Side.BUY, OrderType.LIMIT) is None
    assert bench.errors[-1].code == ErrorCode.DISCONNECTED
    bench.settle()
    assert not bench.gateway.sent_to_venue


def test_orders_are_refused_before_the_first_snapshot_but_cancels_work() -> None:
    bench, subscription = ready()
    order = buy(subscription)
    bench.settle()
    bench.disconnect()
    bench.gateway.restart(ready=False)
    bench.settle()
    assert bench.client.stage is Stage.LOGGED_IN
    assert subscription.add_order(0.6, 30, Side.BUY, OrderType.LIMIT) is None
    assert bench.errors[-1].code == ErrorCode.NOT_READY
    assert bench.client.status == "scanning"
    subscription.cancel(order.id)
    bench.settle()
    bench.gateway.become_ready()
    bench.settle()
    assert order.state is State.CANCELED


def test_an_unanswered_order_is_asked_about_and_never_sent_again() -> None:
    bench, subscription = ready()
    lost, arrived = buy(subscription), buy(subscription)
    assert bench.link is not None
    bench.link.to_gateway.popleft()
    bench.step_to_gateway()
    bench.disconnect()
    assert (lost.state, lost.in_doubt, lost.is_active) == (State.NEW, True, True)
    bench.settle()
    assert bench.gateway.sent_to_venue == [arrived.client_order_id]
    assert (arrived.state, arrived.in_doubt) == (State.NEW, False)
    assert (lost.state, lost.reason) == (State.REJECTED, "never reached the exchange")
    asked = methods(bench).count("resolve")
    bench.disconnect()
    bench.settle()
    assert methods(bench).count("resolve") == asked


def test_a_silent_gateway_is_asked_what_became_of_an_order() -> None:
    bench, subscription = ready()
    order = buy(subscription)
    bench.step_to_gateway()
    assert bench.link is not None
    bench.link.to_client.clear()
    doubts = []
    for milliseconds in (4_999, 1):
        bench.advance(milliseconds)
        doubts.append(order.in_doubt)
    bench.settle()
    doubts.append(order.in_doubt)
    assert doubts == [False, True, False]
    assert order.is_active


def test_a_repeated_event_is_ignored_and_a_gap_brings_a_snapshot() -> None:
    bench, subscription = ready()
    order = buy(subscription)
    bench.settle()
    bench.gateway.fill(order.client_order_id, "10")
    assert bench.link is not None
    bench.link.to_client.append(bench.link.to_client[-1])
    bench.settle()
    assert len(bench.gateway.logins) == 1
    assert order.acc == 10.0
    bench.gateway.fill(order.client_order_id, "5")
    bench.link.to_client.popleft()
    bench.settle()
    assert [login.cursor for login in bench.gateway.logins] == [None, None]
    assert order.acc == 15.0
    assert subscription.net == 15.0


def test_an_event_before_the_snapshot_is_left_to_the_snapshot() -> None:
    bench, subscription = ready()
    bench.disconnect()
    bench.gateway.restart(ready=False)
    bench.settle()
    bench.gateway.send(encode(PositionPush(bench.gateway.epoch, 1, "dogeusdt", "99")))
    bench.settle()
    assert (len(bench.gateway.logins), subscription.net) == (2, 0.0)


def test_a_snapshot_replaces_positions() -> None:
    bench, subscription = ready()
    order = buy(subscription)
    bench.settle()
    bench.gateway.fill(order.client_order_id, "30")
    bench.settle()
    assert subscription.net == 30.0
    bench.disconnect()
    bench.gateway.positions.clear()
    bench.gateway.restart()
    bench.settle()
    assert subscription.net == 0.0


def test_a_new_process_finds_position_and_open_orders() -> None:
    bench = Bench()
    client_order_id = bench.gateway.leave_open(7, filled="12")
    subscription = bench.context.open_subscription("dogeusdt", "depth")
    told: list[Order] = []
    subscription.on_order = told.append
    bench.client.start_delivery()
    bench.settle()
    assert told == []
    assert subscription.net == 12.0
    (order,) = subscription.open_orders
    assert (order.client_order_id, order.acc, order.state) == (client_order_id, 12.0, State.PARTIALLY_FILLED)
    subscription.cancel(order.id)
    bench.settle()
    assert order.state is State.CANCELED
    assert subscription.open_orders == []


def test_only_one_cancel_is_under_way() -> None:
    bench, subscription = ready()
    order = buy(subscription)
    bench.settle()
    for _ in range(5):
        subscription.cancel(order.id)
    assert bench.link is not None
    assert len(bench.link.to_gateway) == 1
    bench.link.to_gateway.clear()
    bench.advance(5_000)
    subscription.cancel(order.id)
    bench.settle()
    assert methods(bench).count("cancel") == 1
    assert order.state is State.CANCELED
    subscription.cancel(order.id)
    assert not bench.link.to_gateway


def test_a_refused_cancel_is_not_repeated_at_once_and_the_order_asked_about() -> None:
    bench, subscription = ready()
    order = buy(subscription)
    bench.settle()
    del bench.gateway.orders[order.client_order_id]
    bench.gateway.not_ours.add(order.client_order_id)
    for _ in range(3):
        subscription.cancel(order.id)
        bench.settle()
    assert methods(bench).count("cancel") == 1
    assert methods(bench).count("resolve") == 1
    bench.advance(1_000)
    bench.gateway.not_ours.clear()
    subscription.cancel(order.id)
    bench.settle()
    assert (order.state, order.reason) == (State.REJECTED, "never reached the exchange")


def test_a_refused_order_is_rejected_with_the_reason() -> None:
    bench, subscription = ready()
    bench.gateway.answer_orders_with = (ErrorCode.DENIED, "over the limit of 100 USDT")
    told: list[str] = []
    subscription.on_order = lambda order: told.append(order.state)
    order = buy(subscription)
    bench.settle()
    assert (order.state, order.code, order.reason) == (State.REJECTED, -10007, "over the limit of 100 USDT")
    assert told == ["REJECTED"]
    assert bench.errors[-1].code == -10007


def test_a_verdict_of_absent_can_be_taken_back() -> None:
    bench, subscription = ready()
    bench.gateway.new_order_status = OrderStatus.UNKNOWN
    order = buy(subscription)
    bench.settle()
    assert order.in_doubt
    bench.gateway.set_status(order.client_order_id, OrderStatus.ABSENT)
    bench.settle()
    assert (order.state, order.is_active, order.in_doubt) == (State.REJECTED, False, False)
    bench.gateway.fill(order.client_order_id, "10")
    bench.settle()
    assert order.state is State.PARTIALLY_FILLED
    assert order.acc == 10.0


def test_an_absent_order_revived_and_filled_while_away_is_found() -> None:
    bench, subscription = ready()
    bench.gateway.new_order_status = OrderStatus.UNKNOWN
    order = buy(subscription)
    bench.settle()
    bench.gateway.set_status(order.client_order_id, OrderStatus.ABSENT)
    bench.settle()
    bench.disconnect()
    bench.gateway.fill(order.client_order_id, "30")
    bench.gateway.restart()
    bench.settle()
    assert (order.state, order.acc, subscription.net) == (State.FILLED, 30.0, 30.0)


def test_a_late_word_does_not_reopen_what_ended() -> None:
    bench, subscription = ready()
    order = buy(subscription)
    bench.settle()
    bench.gateway.set_status(order.client_order_id, OrderStatus.CANCELED)
    bench.gateway.fill(order.client_order_id, "10")
    bench.gateway.set_status(order.client_order_id, OrderStatus.PARTIALLY_FILLED)
    bench.settle()
    assert (order.state, order.acc) == (State.CANCELED, 10.0)


def test_nothing_is_told_before_the_strategy_runs() -> None:
    bench = Bench()
    subscription = bench.context.open_subscription("dogeusdt", "depth")
    assert isinstance(subscription, DepthSubscription)
    bench.settle()
    told: list[object] = []
    subscription.on_data, subscription.on_order = told.append, told.append
    order = buy(subscription)
    bench.settle()
    for bid in ("0.1", "0.2", "0.3"):
        bench.gateway.send(encode(depth("dogeusdt", bid, "0.9")))
    bench.gateway.fill(order.client_order_id, "30")
    bench.settle()
    assert told == []
    assert subscription.net == 0.0
    bench.client.start_delivery()
    assert [told[0], told[1]] == [order, order]  # accepted, executed
    assert len(told) == 3
    assert subscription.net == 30.0
    assert subscription.bid_prc(0) == 0.3


def test_one_order_that_cannot_be_resolved_keeps_no_other_in_doubt() -> None:
    bench, subscription = ready()
    before, foreign, lost = buy(subscription), buy(subscription), buy(subscription)
    bench.gateway.not_ours.add(foreign.client_order_id)
    bench.disconnect()
    bench.settle()
    bench.advance(60_000)
    bench.settle()
    assert foreign.in_doubt
    assert before.state is lost.state is State.REJECTED
    assert methods(bench).count("resolve") == 3


def test_orders_that_are_too_much_for_one_answer_are_asked_about_in_parts() -> None:
    bench, subscription = ready()
    orders = [buy(subscription) for _ in range(5)]
    bench.gateway.most_resolved = 1
    bench.disconnect()
    bench.settle()
    bench.settle()
    assert [order.state for order in orders] == [State.REJECTED] * 5
    assert methods(bench).count("resolve") == 5


def test_of_many_orders_in_doubt_the_gateway_is_asked_once_a_second_at_most() -> None:
    """Each message counts against what the connection may send, orders and cancels included."""
    bench, subscription = ready()
    orders = [buy(subscription) for _ in range(250)]
    bench.gateway.refuse_resolves = (ErrorCode.DENIED, "the exchange is being asked about 100 orders already")
    bench.disconnect()
    bench.settle()
    newer = buy(subscription)
    bench.gateway.not_ours.add(newer.client_order_id)
    for order in (*orders[:50], newer):
        subscription.cancel(order.id)
    bench.settle()
    for _ in range(5):
        bench.advance(1_000)
        bench.settle()
    assert methods(bench).count("resolve") == 1 + 5
    bench.gateway.refuse_resolves = None
    bench.advance(1_000)
    bench.settle()
    assert all(order.state is State.REJECTED for order in orders)


def test_answers_to_nothing_are_ignored() -> None:
    bench, _ = ready()
    bench.gateway.send(encode_reply(999, {"x": 1}))
    bench.settle()
    assert bench.client.is_ready
    assert len(bench.gateway.logins) == 1


def test_an_exception_in_a_callback_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    bench, subscription = ready()

    failed: list[object] = []

    def fail(each: object) -> None:
        failed.append(each)
        raise RuntimeError("mine")

    told: list[str] = []
    subscription.on_data = subscription.on_order = fail
    other = bench.context.open_subscription("dogeusdt", "bbo")
    other.on_order = lambda order: told.append(order.state)
    order = buy(subscription)
    bench.settle()
    bench.gateway.fill(order.client_order_id, "30")
    bench.gateway.send(encode(depth("dogeusdt", "0.5", "0.6")))
    with caplog.at_level(logging.ERROR):
        bench.settle()
    assert told == ["NEW", "FILLED"]
    assert len(failed) == 3 and caplog.text.count("RuntimeError: mine") == 1
    assert bench.client.is_ready


def test_a_refusal_of_a_stream_reaches_the_subscription_only() -> None:
    bench, _ = ready()
    bench.context.open_subscription("nosuch", "depth")
    bench.settle()
    assert {error.code for error in bench.errors} == {ErrorCode.INVALID_SYMBOL}
    assert bench.client.is_ready


def test_tif_and_post_only_on_the_wire() -> None:
    bench, subscription = ready()
    for order_type, tif in [
        (OrderType.LIMIT_MAKER, Tif.GTC),
        (OrderType.LIMIT, Tif.GTX),
        (OrderType.LIMIT, Tif.UNDEF),
        (OrderType.LIMIT, Tif.IOC),
        (OrderType.MARKET, Tif.GTC),
    ]:
        assert subscription.add_order(0.6, 30, Side.SELL, order_type, tif) is not None
    bench.settle()
    sent = [decode_params(r, OrderParams) for r in bench.gateway.received if r.method == "order"]
    assert [(p.order_type.value, p.time_in_force and p.time_in_force.value, p.post_only, p.price) for p in sent] == [
        ("LIMIT", "GTC", True, "0.6"),
        ("LIMIT", "GTC", True, "0.6"),
        ("LIMIT", "GTC", False, "0.6"),
        ("LIMIT", "IOC", False, "0.6"),
        ("MARKET", None, False, None),
    ]
