"""Power is cut, and orders that nothing remembers are still on their way."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulate.faults import Faults
from tests.simulate.rig import Rig, WireClient
from tests.simulate.scenes.stage import SLOW_DISK, Scene, cut_power, executed, judged, lost_to_a_cut, rest, trade
from tradingsys.core.enums import Side
from tradingsys.sim.faces.transport import Reply, Request, WsOutput

__all__ = ["filled_unseen", "in_the_fence", "kept", "last_instant", "lost_tail", "new_symbol", "synced"]

_LATE = Faults(last_instant=1.0)


@Scene
def last_instant(rig: Rig) -> Iterator[str]:
    """Power is cut, the journal is gone, and an order that was in it is accepted when it is nearly too late."""
    lost_to_a_cut(rig, _LATE, 0.05)
    rig.start(until_ready=False)
    while not rig.gateway.gateway.is_ready:
        rig.run(0.02)
    known = set(rig.gateway.gateway.book.orders)
    rig.run(5)
    (order,) = rig.venue.simulator.exchange.open_orders("account")
    if order.client_order_id not in known:
        yield "READY, and an order from before the power cut is accepted after it"


@Scene
def in_the_fence(rig: Rig) -> Iterator[str]:
    """Power is cut, and the gateway that waits until no earlier order can still arrive dies while it waits."""
    lost_to_a_cut(rig, _LATE)
    rig.start(until_ready=False)
    rig.run(1)
    rig.gateway.kill("in the fence", power_cut=False)
    rig.start(until_ready=False)
    if rig.gateway.store.saved.journal_proven:
        yield "a power cut is forgotten before its fence has ended"
    rig.run(15)
    yield from judged(rig, 0)


@Scene
def new_symbol(rig: Rig) -> Iterator[str]:
    """Power is cut right after the first order on a symbol was executed, while the disk is slow."""
    rig.house(Side.SELL, 50, "0.6")
    client = WireClient(rig)
    client.login()
    rig.faults = Faults(disk=SLOW_DISK)
    client.send_raw(b'{"id": 99, "method": "subscribe", "params": ["dogeusdt@depth"]}')
    while not any(message.get("id") == 99 for message in client.messages):
        rig.run(0.01)
    client.ask("order", client.order_params(quantity="10", price="0.6"), 0.05)
    cut_power(rig)
    rig.start(until_ready=False)
    rig.run(15)
    yield from judged(rig, 10)


@Scene
def filled_unseen(rig: Rig) -> Iterator[str]:
    """Power is cut, and the order that the journal lost is filled right before the exchange is asked what is open: that
    is told from the state of now, executions from an older one.
    """
    trade(rig.client(), rig, 10)
    for _ in range(2):  # ids decide how late an execution shows: with these it is as late as it can be
        rig.house(Side.SELL, 1, "0.9")
    rig.run(2)
    lost_to_a_cut(rig, Faults())
    rig.faults = Faults(staleness_ms=490.0, lose_event=1.0, fresh=("/openOrders",))
    answer, orders = rig.simulator.http, rig.simulator.exchange.open_orders

    def http(request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        is_asked = request.path.endswith("/openOrders") and "reading" in rig.gateway.gateway.text
        if is_asked and orders("account"):
            executed(rig)
        return answer(request, now_ns)

    rig.simulator.http = http  # type: ignore[method-assign]
    rig.start(until_ready=False)
    while not rig.gateway.gateway.is_ready:
        rig.run(0.01)
    yield from judged(rig, 25)


@Scene
def kept(rig: Rig) -> Iterator[str]:
    """Power is cut again and again, each time after something was executed."""
    for _ in range(8):
        trade(rig.client(), rig, 10)
        rig.gateway.kill("by the test", power_cut=True)
        rig.start(until_ready=False)
        rig.run(9)
    yield from rig.machine.disk.broken
    yield from judged(rig, 80)


@Scene
def synced(rig: Rig) -> Iterator[str]:
    """Each order is synced to a journal of short segments, pos.db lags behind, and power is cut again and again."""
    rig.machine.disk.syncs_each_order, rig.machine.disk.segment_bytes = True, 700
    rig.restart()
    for _ in range(5):
        client = rig.client()
        rig.faults = Faults(disk=SLOW_DISK)
        for _ in range(6):
            rest(client, 0.02)
        rig.gateway.kill("by the test", power_cut=True)
        rig.faults = Faults.none()
        rig.start(until_ready=False)
        rig.run(9)
    yield from rig.machine.disk.broken
    yield from judged(rig, 0)


@Scene
def lost_tail(rig: Rig) -> Iterator[str]:
    """Power is cut, the journal's tail is gone, and a strategy asks what became of an order that was in it."""
    params = lost_to_a_cut(rig, Faults(lose_event=1.0))
    (order,) = rig.venue.simulator.exchange.open_orders("account")
    rig.venue.cancel_by_hand()
    rig.start(until_ready=False)
    rig.run(15)
    item = {name: params[name] for name in ("symbol", "side", "order_type", "quantity", "price", "time_in_force")}
    asked = {"orders": [{**item, "client_order_id": order.client_order_id}]}
    (told,) = rig.client().ask("resolve", asked, 1)["result"]["orders"]
    if told["status"] == "ABSENT":
        yield f"an order that the exchange took is told to be absent: {told['reason']}"
