"""A strategy comes back with what it knew and wanted, somebody claims to be one, and what it is told to be safe."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import structs

from tests.simulate.ambush import Killed
from tests.simulate.faults import Faults
from tests.simulate.heard import untrue
from tests.simulate.life import ACCOUNT, SETTINGS
from tests.simulate.pyalgo_strategy import PyalgoStrategy
from tests.simulate.rig import Rig, WireClient
from tests.simulate.scenes.stage import (
    NOBODY_KNOWS,
    SLOW_DISK,
    Scene,
    answered,
    executed,
    operate,
    rest,
    trade,
    unanswered,
)
from tests.simulate.strategy import Link, Strategy
from tests.simulate.truth import Truth
from tests.simulate.wish import Wish
from tests.simulate.world import s
from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.net.token import session_token
from tradingsys.store import read
from tradingsys.store.read import reading
from tradingsys.wire.codec import decode_server_message
from tradingsys.wire.messages import DurablePush, OrderPush

__all__ = [
    "away",
    "claimed",
    "comes_back",
    "durable",
    "early",
    "missed",
    "missed_and_begun",
    "old_cancel",
    "old_order",
    "slow",
    "stranger",
    "told",
    "twice",
    "without_memory",
]


@Scene
def early(rig: Rig) -> Iterator[str]:
    """A strategy comes back before the gateway has read what happened while it was dead."""
    rest(rig.client())
    rig.gateway.kill("by the test", power_cut=False)
    executed(rig)
    rig.start(until_ready=False)
    while not rig.gateway.accepting:
        rig.run(0.02)
    snapshot = WireClient(rig).login().get("snapshot")
    if snapshot is not None and [held["net"] for held in snapshot["positions"]] != ["15"]:
        yield f"a snapshot from before what happened was read: {snapshot['positions']}"


@Scene
def comes_back(rig: Rig) -> Iterator[str]:
    """A strategy comes back with what it knew from the gateway's predecessor, when as much has happened again."""
    client = rig.client()
    trade(client, rig, 10)
    told = client.pushes("order")[-1]
    rig.restart()
    trade(rig.client(instance="another"), rig, 20)
    result = WireClient(rig).login(instance="another", cursor=[told["epoch"], told["n"]])
    if result.get("resumed") or result.get("snapshot") is None:
        yield "what happened in another gateway's time is taken for known"


@Scene
def old_cancel(rig: Rig) -> Iterator[str]:
    """A strategy cancels an order that it sent to the gateway's predecessor."""
    client = rig.client()
    rest(client)
    name = client.last_order()["client_order_id"]
    rig.restart()
    reply = rig.client().ask("cancel", {"client_order_id": name}, 1)
    if "error" in reply:
        yield f"an open order of its own is refused to be canceled: {reply['error']}"
    if rig.simulator.exchange.open_orders(ACCOUNT):
        yield "an order was canceled and is open"


@Scene
def old_order(rig: Rig) -> Iterator[str]:
    """A strategy sends an order once more that it sent to the gateway's predecessor, where it ended."""
    client = rig.client()
    params = rest(client)
    client.ask("cancel", {"client_order_id": client.last_order()["client_order_id"]}, 1)
    rig.restart()
    reply = rig.client().ask("order", params, 1)
    if "error" not in reply:
        yield f"an order of another gateway's time was taken: {reply['result']}"
    if rig.simulator.exchange.open_orders(ACCOUNT):
        yield "an order that was canceled is open again"
    yield from rig.venue.sent.wrong()


@Scene
def claimed(rig: Rig) -> Iterator[str]:
    """Somebody else asks for a session whose owner is alive and has nothing to say, again and again."""
    owner = rig.client(instance="owner")
    for _ in range(4):
        reply = WireClient(rig).ask("login", {"session_id": 1, "name": "x", "trading": True, "instance": "another"})
        if "error" not in reply:
            yield f"a session has a second owner: {reply}"
        rig.run(2)
    if owner.is_closed:
        yield "a living owner lost its session"


@Scene
def twice(rig: Rig) -> Iterator[str]:
    """A strategy connects a second time, and begins to number its orders anew."""
    for _ in range(2):
        rest(rig.client())
    yield from rig.venue.sent.wrong()


@Scene
def away(rig: Rig) -> Iterator[str]:
    """A strategy loses its connection, its order is executed in parts meanwhile, and it comes back with its cursor."""
    client = rig.client()
    rest(client)
    last = client.events[-1]
    client._link.close()  # type: ignore[union-attr]
    for _ in range(3):
        executed(rig, 5)
    again = WireClient(rig)
    cursor = [last["epoch"], last["n"]]
    if again.login(cursor=cursor).get("snapshot") is None:
        numbers = [event["n"] for event in again.events]
        if numbers != list(range(last["n"] + 1, last["n"] + 1 + len(numbers))) or not numbers:
            yield f"after event {last['n']} come {numbers}"


@Scene
def slow(rig: Rig) -> Iterator[str]:
    """A strategy reads nothing for a moment, in which its order is executed in parts."""
    client = rig.client()
    rest(client)
    client._link.stall(s(0.7))  # type: ignore[union-attr]
    for _ in range(2):
        executed(rig, 5)
    rig.run(1)
    executed(rig, 5)
    numbers = [event["n"] for event in client.events]
    if numbers != list(range(1, 1 + len(numbers))) and not client.is_closed:
        yield f"the events of a session are {numbers}"


@Scene
def without_memory(rig: Rig) -> Iterator[str]:
    """A strategy that forgot everything comes back while its order is in doubt."""
    client = rig.client()
    with answered(rig, NOBODY_KNOWS):
        unanswered(client, rig)
        snapshot = WireClient(rig).login()["snapshot"]
    if [view["status"] for view in snapshot["orders"]] != ["UNKNOWN"]:
        yield f"one order is in doubt, and the snapshot says {snapshot['orders']}"


@Scene
def stranger(rig: Rig) -> Iterator[str]:
    """The holder of one session's token asks for another session."""
    rig.settings = structs.replace(SETTINGS, token="a" * 43)
    rig.restart()
    for session, may_enter in ((1, True), (2, False)):
        params = {"session_id": session, "name": "one", "trading": True, "token": session_token("a" * 43, 1)}
        if ("result" in WireClient(rig).ask("login", params)) != may_enter:
            yield f"the token of session 1 {'does not open' if may_enter else 'opens'} session {session}"


_EXECUTIONS = 5
"""So many that some happen while others are being written."""


@Scene
def durable(rig: Rig) -> Iterator[str]:
    """Power is cut in the moment in which a strategy is told that all its executions are on the disk, which is slow."""
    rest(rig.client())
    fills: dict[str, int] = {}
    told: set[str] = set()

    def hear(_: int, data: bytes) -> None:
        match decode_server_message(data):
            case OrderPush(n=n, order=order):
                for fill in order.fills:
                    fills.setdefault(fill.exec_id, n)
            case DurablePush(n=n):
                told.update(exec_id for exec_id, at in fills.items() if at <= n)
                if len(told) == _EXECUTIONS:
                    raise Killed

    rig.gateway.overheard = hear
    rig.faults = Faults(power_cut=1.0, disk=SLOW_DISK)
    for _ in range(_EXECUTIONS):
        executed(rig, 3)
    rig.run(10)
    with reading(rig.folder / "pos.db") as conn:
        kept = {row.fill.exec_id for row in read.fills(conn, 1, limit=100)}
    if told - kept:
        yield f"told to be durable, and gone: {sorted(told - kept)}"


@Scene
def told(rig: Rig) -> Iterator[str]:
    """Orders are executed in parts while their strategies listen, while they are away, and while the gateway is."""
    bare = Strategy(rig.world, 1, ["dogeusdt"], lambda owner: rig.gateway.connect(owner))
    on_pyalgo = PyalgoStrategy(rig.world, 2, ["dogeusdt"], lambda owner: rig.gateway.connect(owner))
    strategies = (bare, on_pyalgo)
    for strategy in strategies:
        strategy.active = False
    rig.run(2)
    for strategy in strategies:
        strategy.want(Wish("dogeusdt", Side.BUY, OrderType.LIMIT, 15, Decimal("0.598"), TimeInForce.GTC))
        rig.run(0.3)
        executed(rig, 5)
        executed(rig, 5)
        rig.run(0.3)
        strategy.drop()
        executed(rig, 1)
        rig.run(2)
        executed(rig, 1)
        rig.gateway.kill("by the test", power_cut=False)
        executed(rig, 1)
        rig.restart()
        rig.run(2)
        executed(rig, 2)
    yield from _untrue(rig, *strategies)


@Scene
def missed(rig: Rig) -> Iterator[str]:
    """The gateway trades away what strategies hold that are away, and dies before they are back."""
    away: list[bool] = []

    def connect(owner: Strategy | PyalgoStrategy) -> Link | None:
        return None if away else rig.gateway.connect(owner)

    bare = Strategy(rig.world, 1, ["dogeusdt"], connect)
    strategies = (bare, PyalgoStrategy(rig.world, 2, ["dogeusdt"], connect))
    for strategy in strategies:
        strategy.active = False
    rig.run(2)
    rig.house(Side.SELL, 40, "0.6")
    for strategy in strategies:
        strategy.want(Wish("dogeusdt", Side.BUY, OrderType.LIMIT, 15, Decimal("0.6"), TimeInForce.GTC))
    rig.run(1)
    rig.house(Side.BUY, 100, "0.59")
    away.append(True)
    for strategy in strategies:
        strategy.drop()
    for strategy in strategies:
        operate(rig, "op.flatten", 1, session_id=strategy.session)
    away.clear()
    rig.restart()
    rig.run(3)
    if any(rig.nets(1, 2)):
        yield f"sessions hold {rig.nets(1, 2)} after they were flattened"
    yield from _untrue(rig, *strategies)


@Scene
def missed_and_begun(rig: Rig) -> Iterator[str]:
    """A strategy begins with an execution that is not written yet when the gateway dies, of an order that is over."""
    client = rig.client()
    rig.house(Side.SELL, 15, "0.6")
    rig.faults = Faults(disk=SLOW_DISK)
    client.ask("order", client.order_params(quantity="15"), 0.0)
    while not rig.net(1):
        rig.run(0.01)
    client._link.close()  # type: ignore[union-attr]
    on_pyalgo = PyalgoStrategy(rig.world, 1, ["dogeusdt"], lambda owner: rig.gateway.connect(owner))
    on_pyalgo.active = False
    while not on_pyalgo.net:
        rig.run(0.01)
    rig.gateway.kill("by the test", power_cut=False)
    rig.faults = Faults.none()
    rig.start()
    rig.run(3)
    yield from _untrue(rig, on_pyalgo)


def _untrue(rig: Rig, *strategies: Strategy | PyalgoStrategy) -> Iterator[str]:
    truth = Truth(rig.simulator.exchange, ACCOUNT, rig.gateway.gateway.book.lineage, rig.venue.symbols)
    for strategy in strategies:
        yield from untrue(strategy.session, strategy.lives, truth.executed(strategy.session))
