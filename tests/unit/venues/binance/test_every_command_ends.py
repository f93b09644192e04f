"""Whatever happens in whatever order: every command ends, and ends once, on each product."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.venues.binance.exchange_double import SERVER_MS, WS_API, World, ed25519, hmac, limit_order
from tradingsys.core.commands import (
    Ask,
    BalancesQuery,
    Borrow,
    CancelOrder,
    OpenOrdersQuery,
    OrderQuery,
    PlaceOrder,
    PlaceOrderList,
    ReplaceOrder,
    TradesQuery,
)
from tradingsys.core.enums import Contingency, OrderType, Side
from tradingsys.core.io import Closed, Frame, HttpFailed, HttpReply, Opened, Tick
from tradingsys.core.reports import Answer, OrderRequest, RequestDone, UserStreamState
from tradingsys.venues.binance.products import PRODUCTS

CODES = [-1000, -1003, -1007, -1008, -1021, -2010, -2011, -2013, -2015, -2035, -9999]
BODIES = [
    b"", b"{", b"{}", b"[]", b"null", b'{"code":-1,"msg":"x"}', b'{"listenKey":"k"}',
    b'{"token":"t","expirationTime":%d}' % (SERVER_MS + 100_000), b'{"serverTime":%d}' % SERVER_MS,
    b'{"symbol":"ETHUSDT","orderId":7,"clientOrderId":"x"}', b'{"subscriptionId":3}',
]  # fmt: skip
EVENTS = [
    b'{"event":{"e":"serverShutdown","E":1}}',
    b'{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1}}',
]
HAPPENINGS = ["wait", "wait", "http", "http", "fail", "reply", "refuse", "open", "close", "frame"]


def commands(number: int) -> st.SearchStrategy[Any]:
    name = f"c-{number}"
    place = limit_order(name)
    stop = limit_order(f"{name}s", order_type=OrderType.STOP_MARKET, price=None, stop_px=Decimal(2000))
    sell_limit = limit_order(f"{name}a", side=Side.SELL)
    sell_stop = limit_order(
        f"{name}b", side=Side.SELL, order_type=OrderType.STOP_MARKET, price=None, stop_px=Decimal(2000),
        time_in_force=None,
    )  # fmt: skip
    return st.sampled_from(
        [
            place,
            stop,
            limit_order(name, price=None),
            PlaceOrderList(Contingency.OCO, (sell_limit, sell_stop)),
            PlaceOrderList(Contingency.OTOCO, (place, sell_limit, sell_stop)),
            PlaceOrderList(Contingency.OTO, (place,)),
            CancelOrder(name, "ETHUSDT"),
            ReplaceOrder(name, "ETHUSDT", Side.BUY, Decimal("0.4"), Decimal(3000), 1, SERVER_MS, 5000, "7"),
            Ask(number, BalancesQuery()),
            Ask(number, OpenOrdersQuery("ETHUSDT")),
            Ask(number, OrderQuery("ETHUSDT", name)),
            Ask(number, TradesQuery("ETHUSDT", start_ms=SERVER_MS - 1_000_000)),
            Ask(number, Borrow("USDT", Decimal(5))),
        ]
    )


def expected(command: Any) -> list[tuple[Any, ...]]:
    match command:
        case Ask(token):
            return [("answer", token)]
        case PlaceOrderList(orders=legs):
            return [("done", leg.client_order_id, OrderRequest.PLACE) for leg in legs]
        case PlaceOrder():
            kind = OrderRequest.PLACE
        case ReplaceOrder():
            kind = OrderRequest.REPLACE
        case _:
            kind = OrderRequest.CANCEL
    return [("done", command.client_order_id, kind)]


def ended(world: World) -> list[tuple[Any, ...]]:
    done: list[tuple[Any, ...]] = [("done", end.client_order_id, end.request) for end in world.told(RequestDone)]
    return done + [("answer", answer.token) for answer in world.told(Answer) if answer.token != 900]


def happen(world: World, data: st.DataObject, open_channels: set[str]) -> None:
    """One event that a transport could report."""
    for opening in world.opening:
        assert opening.channel not in open_channels, "opened twice"
    what = data.draw(st.sampled_from(HAPPENINGS))
    pending = [("trade", frame) for frame in world.frames] + world.user_frames
    if what == "wait":
        world.now_ns += data.draw(st.integers(0, 40)) * 500_000_000
        deadline = world.protocol.next_deadline_ns
        if deadline is not None and deadline <= world.now_ns:
            world.event(Tick())
    elif what in ("http", "fail") and world.requests:
        request = world.requests.pop(data.draw(st.integers(0, len(world.requests) - 1)))
        if what == "fail":
            world.event(HttpFailed(request.token, data.draw(st.booleans()), "broke"))
        else:
            status = data.draw(st.sampled_from([200, 200, 200, 400, 401, 409, 418, 429, 500, 503]))
            code = data.draw(st.sampled_from(CODES))
            body = data.draw(st.sampled_from(BODIES)) if status == 200 else b'{"code":%d,"msg":"no"}' % code
            world.event(HttpReply(request.token, status, {}, body))
    elif what in ("reply", "refuse") and pending:
        channel, frame = pending[data.draw(st.integers(0, len(pending) - 1))]
        world.frames = [each for each in world.frames if each is not frame]
        world.user_frames = [(where, each) for where, each in world.user_frames if each is not frame]
        if channel in open_channels:
            body = b'"status":200,"result":' + data.draw(st.sampled_from(BODIES[2:]))
            if what == "refuse":
                body = b'"status":400,"error":{"code":%d,"msg":"no"}' % data.draw(st.sampled_from(CODES))
            world.event(Frame(channel, b'{"id":%a,%s}' % (frame.id, body)))
    elif what == "open" and world.opening:
        opening = world.opening.pop(0)
        if data.draw(st.integers(0, 3)):
            open_channels.add(opening.channel)
            world.event(Opened(opening.channel))
        else:
            world.event(Closed(opening.channel, "refused"))
    elif what == "close" and open_channels:
        channel = data.draw(st.sampled_from(sorted(open_channels)))
        open_channels.discard(channel)
        world.closing = [each for each in world.closing if each != channel]
        world.event(Closed(channel, "reset"))
    elif what == "frame" and open_channels:
        world.event(Frame(data.draw(st.sampled_from(sorted(open_channels))), data.draw(st.sampled_from(EVENTS))))


def settle(world: World, open_channels: set[str]) -> None:
    """Everything under way comes to its end."""
    for channel in sorted(open_channels):
        world.event(Closed(channel, "the end"))
    open_channels.clear()
    for _ in range(200):
        if not world.requests:
            break
        world.event(HttpFailed(world.requests.pop(0).token, True, "the end"))
    world.wait(200)


@pytest.mark.parametrize("name", PRODUCTS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_every_command_ends_once(name: str, data: st.DataObject) -> None:
    world = World(data.draw(st.sampled_from([ed25519, hmac]))(), PRODUCTS[name])
    open_channels: set[str] = set()
    if data.draw(st.booleans()):
        world.tell_time()
    if data.draw(st.booleans()):
        world.take(world.protocol.connect(world.now_ns))
    wanted: list[tuple[Any, ...]] = []
    for number in range(data.draw(st.integers(1, 25))):
        if data.draw(st.booleans()):
            command = data.draw(commands(number))
            wanted += expected(command)
            world.command(command)
        happen(world, data, open_channels)
        assert len(ended(world)) <= len(wanted)
    settle(world, open_channels)
    assert sorted(ended(world), key=repr) == sorted(wanted, key=repr)
    states = [state.is_up for state in world.told(UserStreamState)]
    assert all(one != other for one, other in pairwise(states))


@pytest.mark.parametrize("name", PRODUCTS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_both_come_up_again_whatever_happened(name: str, data: st.DataObject) -> None:
    world = World(ed25519(), PRODUCTS[name])
    open_channels: set[str] = set()
    world.tell_time()
    world.take(world.protocol.connect(world.now_ns))
    for _ in range(data.draw(st.integers(1, 40))):
        happen(world, data, open_channels)
    # From now on the exchange is as it should be.
    for _ in range(400):
        well(world, open_channels)
        if world.told(UserStreamState)[-1:] == [UserStreamState(True)] and not world.opening and not world.closing:
            break
        world.wait(0.5)
    assert world.told(UserStreamState)[-1].is_up


def well(world: World, open_channels: set[str]) -> None:
    for channel in list(world.closing):
        world.closing.remove(channel)
        if channel in open_channels:
            open_channels.discard(channel)
            world.event(Closed(channel, "closed"))
    while world.opening:
        opening = world.opening.pop(0)
        assert opening.url.startswith(("ws://x/", WS_API))
        open_channels.add(opening.channel)
        world.event(Opened(opening.channel))
    while world.requests:
        request = world.requests.pop(0)
        body = {"listenKey": "k", "token": "t", "expirationTime": SERVER_MS + 10**9, "serverTime": SERVER_MS}
        world.event(HttpReply(request.token, 200, {}, msgspec.json.encode(body)))
    asked = [*(("trade", each) for each in world.frames), *world.user_frames]
    world.frames, world.user_frames = [], []
    for channel, frame in asked:
        if channel in open_channels:
            result = {"subscriptionId": 0, "apiKey": "k", "authorizedSince": SERVER_MS}
            reply = {"id": frame.id, "status": 200, "result": result}
            world.event(Frame(channel, msgspec.json.encode(reply)))
