"""Programs that turn their own loop, and the low level under everything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from pyalgo import Context, Engine, Event, EventType, Order, OrderType, Session, Side, Tradable
from tests.unit.pyalgo.pushes import depth, trade
from tests.unit.pyalgo.scripted_gateway import ScriptedGateway
from tests.unit.pyalgo.ws_gateway import WsGateway
from tradingsys.wire.codec import encode

pytestmark = pytest.mark.usefixtures("own_directory")


def answer(gateway: ScriptedGateway) -> None:
    request = gateway.received[-1]
    if request.method == "subscribe":
        gateway.send(encode(depth("dogeusdt", "0.6", "0.7")))
    if request.method == "order" and gateway.sent_to_venue:
        gateway.fill(gateway.sent_to_venue[-1], "10")
        gateway.fill(gateway.sent_to_venue[-1], "20")


@pytest.fixture
def gateway() -> Iterator[WsGateway]:
    with WsGateway(on_request=answer) as running:
        yield running


def next_event(process: Callable[[], Event | None]) -> Event:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        event = process()
        if event is not None:
            return event
        time.sleep(0.001)
    raise AssertionError("nothing happens")


def test_the_low_level_tells_event_by_event(gateway: WsGateway) -> None:
    session = Session(gateway.addr, 1, "test", True)
    assert (session.is_login, session.is_ready) == (False, False)
    with pytest.raises(ValueError, match="Please login first"):
        session.subscribe("dogeusdt", "depth")
    assert session.add_order("dogeusdt", 0.6, 30, Side.BUY, OrderType.LIMIT) is None
    session.connect()
    session.connect()
    with pytest.raises(ValueError, match="nosuch"):
        session.subscribe("nosuch", "depth")
    sub = session.subscribe("dogeusdt", "depth")
    assert (sub.tick_size, sub.net, sub.floor_to_lot_size(1.9)) == (0.00001, 0.0, 1.0)
    events = [next_event(session.process) for _ in range(2)]
    assert [event.event_type for event in events] == [EventType.Login, EventType.Depth]
    order = session.add_order("dogeusdt", 0.6, 30, Side.BUY, OrderType.LIMIT)
    events = [next_event(session.process) for _ in range(5)]
    assert [event.event_type for event in events] == ["Order", "Position", "Order", "Position", "Order"]
    assert [event.data for event in events if event.event_type is EventType.Order] == [order] * 3
    assert sub.net == 30.0
    assert session.process() is None
    session.close()
    assert not session.is_login


def test_a_context_turned_by_hand_calls_back_once_a_turn(gateway: WsGateway) -> None:
    context = Context(gateway.addr, 1, "test", True)
    context.connect()
    sub = context.subscribe("dogeusdt", "depth")
    told: list[str] = []
    sub.on_data = lambda book: told.append(f"bid {book.bid_prc(0)}")
    sub.on_order = lambda order: told.append(f"order {order.acc}")
    seen: list[str] = []
    for expected in (["bid 0.6"], ["order 0.0"], ["order 10.0"], ["order 30.0"]):
        while not told:
            event = context.process()
            if event is not None:
                seen.append(event.event_type)
        assert told == expected
        told.clear()
        if expected == ["bid 0.6"]:
            sub.add_order(0.6, 30, Side.BUY, OrderType.LIMIT)
    assert seen[:2] == ["Login", "Depth"]
    context.close()


def test_nothing_is_lost_between_turns(gateway: WsGateway) -> None:
    engine = Engine()
    context = engine.make_session(gateway.addr, 1, "test")
    sub = context.subscribe("dogeusdt", "trade")
    ids: list[int] = []
    sub.on_data = lambda each: ids.append(each.id)

    def many() -> None:
        for trade_id in range(500):
            gateway.gateway.send(encode(trade("0.6", trade_id)))

    gateway.call(many)
    while len(ids) < 500:
        context.process()
    assert ids == list(range(500))
    engine.close()


def test_dispatchers_may_be_replaced(gateway: WsGateway) -> None:
    class Mine(Context):
        def on_market(self, data: object) -> None:
            seen.append(data)

    seen: list[object] = []
    context = Mine(gateway.addr, 1, "test")
    context.connect()
    sub = context.subscribe("dogeusdt", "depth")
    while not seen:
        context.process()
    assert sub.data is None
    context.close()


def test_an_error_is_told_to_a_program_with_its_own_loop(gateway: WsGateway) -> None:
    engine = Engine()
    context = engine.make_session(gateway.addr, 1, "test", True)
    sub = context.subscribe("dogeusdt", "depth")
    told: list[int] = []
    context.on_error = lambda error: told.append(error.code)
    gateway.gateway.answer_orders_with = (-10007, "over the limit")
    order = sub.add_order(0.6, 30, Side.BUY, OrderType.LIMIT)
    assert order is not None
    while order.is_active:
        context.process()
    assert told == [-10007]
    engine.close()


def test_timers_run_in_own_loops_too(gateway: WsGateway) -> None:
    engine = Engine()
    context = engine.make_session(gateway.addr, 1, "test")
    called: list[float] = []
    timer = engine.every(0.02, lambda: called.append(time.monotonic()))
    deadline = time.monotonic() + 5
    while len(called) < 3 and time.monotonic() < deadline:
        context.process()
        time.sleep(0.001)
    assert len(called) == 3
    assert called[2] - called[0] >= 0.03
    timer.cancel()
    engine.close()


def test_an_order_between_two_cells_of_a_notebook_goes_out_at_once(gateway: WsGateway) -> None:
    orders: list[Order] = []

    async def cells() -> Tradable:  # type: ignore[type-arg]
        engine = Engine()
        session = engine.make_session(gateway.addr, 1, "test", True)
        sub = session.subscribe("dogeusdt", "depth")
        await asyncio.sleep(0.05)
        order = sub.add_order(0.6, 30, Side.BUY, OrderType.LIMIT)
        assert order is not None
        orders.append(order)
        deadline = time.monotonic() + 5
        while not gateway.gateway.sent_to_venue and time.monotonic() < deadline:
            await asyncio.sleep(0.001)
        assert gateway.gateway.sent_to_venue == [order.client_order_id]
        assert sub.net == 0.0
        engine.run(seconds=0.1)
        assert session.is_login
        engine.close()
        return sub

    sub = asyncio.run(cells())
    assert (sub.net, orders[0].state, orders[0].in_doubt) == (30.0, "FILLED", False)


def test_a_session_that_nobody_drives_says_so() -> None:
    context = Context("ws://localhost:1", 1, "test", instance="a")
    for act in (
        lambda: context.subscribe("dogeusdt", "depth"),
        context.process,
        context.wait_ready,
        lambda: context.set_leverage("dogeusdt", 3),
    ):
        with pytest.raises(RuntimeError, match="call connect\\(\\) first"):
            act()
    assert context.subscriptions == {}
