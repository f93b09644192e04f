"""Logging in, losing a session, and sessions that only watch."""

from __future__ import annotations

import pytest

from pyalgo.words import OrderType, Side
from tests.unit.pyalgo.bench import Bench
from tests.unit.pyalgo.desk import methods, ready
from tests.unit.pyalgo.pushes import depth
from tradingsys.core.enums import OrderStatus
from tradingsys.wire.codec import encode
from tradingsys.wire.messages import ErrorCode, SessionClosedPush


def test_logs_in_then_subscribes() -> None:
    bench, subscription = ready()
    assert methods(bench) == ["login", "get_products", "subscribe", "get_balances"]
    assert bench.gateway.subscribed == ["dogeusdt@depth"]
    assert bench.context.is_login
    assert subscription.tick_size == 0.00001


def test_a_gateway_silent_about_the_login_is_left() -> None:
    bench = Bench()
    bench.connect()
    assert bench.client.next_deadline_ms == bench.now_ms + 10_000
    bench.advance(10_000)
    assert bench.link is None


def test_a_session_without_trading_gets_data_and_sends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    bench, subscription = ready(trading=False)
    assert subscription.add_order(0.6, 30, Side.BUY, OrderType.LIMIT) is None
    assert bench.errors[-1].code == ErrorCode.NON_TRADING
    assert "does not trade" in caplog.text
    bench.gateway.send(encode(depth("dogeusdt", "0.5", "0.6")))
    bench.settle()
    assert subscription.ask_prc() == 0.6


def test_a_session_without_trading_sees_its_position() -> None:
    bench = Bench(trading=False)
    bench.gateway.leave_open(1, filled="12")
    bench.settle()
    assert bench.context.net("dogeusdt") == 12.0
    assert bench.client.is_ready


def test_a_session_without_trading_waits_for_positions_that_can_be_trusted() -> None:
    bench = Bench(trading=False)
    bench.gateway.leave_open(1, filled="12")
    bench.gateway.ready = False
    bench.settle()
    assert bench.context.net("dogeusdt") == 0.0 and not bench.errors
    bench.gateway.become_ready()
    bench.settle()
    assert bench.context.net("dogeusdt") == 12.0


def test_a_session_without_trading_is_told_what_its_owner_is_told() -> None:
    """Orders, executions and positions of another program in the same session, also after a break."""
    bench = Bench(trading=False)
    resting = bench.gateway.leave_open(1, filled="12")
    told: list[tuple[str, float]] = []
    subscription = bench.context.open_subscription("dogeusdt", "depth")
    subscription.on_order = lambda order: told.append((order.client_order_id, order.acc))
    bench.context.on_position = lambda position: told.append((position.symbol, position.net))
    bench.client.start_delivery()
    bench.settle()
    assert [order.client_order_id for order in bench.context.open_orders("dogeusdt")] == [resting]
    bench.gateway.fill(resting, "3")
    bench.settle()
    assert told == [("dogeusdt", 15.0), (resting, 15.0)]
    bench.disconnect()
    bench.gateway.fill(resting, "15")
    bench.settle()
    assert told[2:] == [("dogeusdt", 30.0), (resting, 30.0)]
    assert not bench.errors


def test_a_refused_login_is_logged_once_with_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.gateway.refuse_login = (ErrorCode.DUPLICATE_LOGIN, "duplicate login")
    for _ in range(3):
        bench.connect()
        bench.step_to_gateway()
        bench.step_to_client()
        assert bench.link is None
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "choose another session_id" in caplog.text
    bench.gateway.refuse_login = None
    bench.settle()
    assert bench.client.is_ready


def test_a_lost_session_is_taken_again() -> None:
    bench, _ = ready()
    bench.gateway.send(encode(SessionClosedPush("taken over")))
    bench.settle()
    assert len(bench.gateway.logins) == 2
    assert bench.client.is_ready


@pytest.mark.parametrize("frame", [b"", b"nonsense", b"[]", b'{"type":"depth"}', b'{"type":"new"}', b'{"id":"x"}'])
def test_what_cannot_be_read_brings_a_new_login(frame: bytes) -> None:
    bench, _ = ready()
    bench.gateway.send(frame)
    bench.settle()
    assert len(bench.gateway.logins) == 2
    assert bench.client.is_ready


def test_what_an_order_executed_before_this_process_is_not_told_as_news() -> None:
    """It had ended, and an execution of it came late: the rest is known only once the gateway is asked about it."""
    bench = Bench()
    ended = bench.gateway.leave_open(1, filled="12")
    bench.gateway.set_status(ended, OrderStatus.CANCELED)
    told: list[float] = []
    bench.context.on_fill = lambda _, fill: told.append(fill.quantity)
    bench.settle()
    bench.client.start_delivery()
    bench.gateway.fill(ended, "5")
    bench.settle()
    bench.gateway.restart()
    bench.disconnect()
    bench.settle()
    bench.gateway.fill(ended, "1")
    bench.settle()
    assert told == [5, 1]


@pytest.mark.parametrize(("status", "later"), [(OrderStatus.CANCELED, []), (OrderStatus.PARTIALLY_FILLED, [5])])
def test_an_order_that_had_ended_and_is_told_of_again_brings_nothing_from_before(
    status: OrderStatus, later: list[float]
) -> None:
    """Why it ended is known only now, or that it lives after all: no execution is news with that."""
    bench = Bench()
    ended = bench.gateway.leave_open(1, filled="12")
    bench.gateway.fill(ended, "3")
    bench.gateway.set_status(ended, OrderStatus.EXPIRED)
    told: list[float] = []
    bench.context.on_fill = lambda _, fill: told.append(fill.quantity)
    bench.settle()
    bench.client.start_delivery()
    bench.gateway.set_status(ended, status, "self-trade prevention")
    bench.settle()
    assert bench.client.history.unfilled("dogeusdt", Side.BUY) == (15 if later else 0)
    bench.disconnect()
    for qty in later:
        bench.gateway.fill(ended, str(qty))
    bench.gateway.restart()
    bench.settle()
    assert told == later
    [order] = bench.client.history.orders.known()
    assert order.acc == 15 + sum(later) and len(order.fills) == 2 + len(later)
