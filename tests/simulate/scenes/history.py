"""What happened is read from the exchange's history: what was meanwhile, in which order, and who dies of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tests.simulate.faults import Faults
from tests.simulate.rig import Rig
from tests.simulate.scenes.stage import SLOW_DISK, Scene, answered, executed, judged, rest
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.sim.faces.transport import Reply

__all__ = ["during_the_boot", "meanwhile", "out_of_order", "reading", "self_trade"]


@Scene
def meanwhile(rig: Rig) -> Iterator[str]:
    """Two orders are executed while no gateway lives, one a sale of what the other buys: the account shows nothing."""
    client = rig.client()
    rest(client)
    client.ask("order", client.order_params(quantity="15", price="0.602", side="SELL"))
    rig.gateway.kill("by the test", power_cut=False)
    executed(rig)
    rig.house(Side.BUY, 15, "0.602")
    rig.start(until_ready=False)
    while not rig.gateway.gateway.is_ready:
        rig.run(0.02)
    for order in rig.gateway.gateway.book.open_orders():
        yield f"READY, and nothing is known of the end of {order.client_order_id}"


@Scene
def self_trade(rig: Rig) -> Iterator[str]:
    """The account trades with itself; the gateway dies when it knows the owner of one half."""
    client = rig.client()
    rig.faults = Faults(lose_event=1.0)
    rest(client)
    rig.by_hand(Side.SELL, 15)
    with answered(rig, {"/order": Reply(503, b"{}")}):
        while not rig.net(1):
            rig.run(0.005)
        rig.run(0.3)
        rig.gateway.kill("by the test", power_cut=False)
    rig.faults = Faults.none()
    rig.start()
    if rig.nets(1, EXTERNAL) != [15, -15]:
        yield f"the session bought 15 from the account's owner, and they hold {rig.nets(1, EXTERNAL)}"


@Scene
def out_of_order(rig: Rig) -> Iterator[str]:
    """History shows an execution before one that came before it, while it is read."""
    client = rig.client()
    rig.faults = Faults(lose_event=1.0, staleness_ms=490.0)
    client.ask("order", client.order_params(quantity="1000", price="0.598"))
    for number in range(200):
        rig.venue.order("house", "DOGEUSDT", Side.SELL, 5, Decimal("0.598"), f"house {number}")
        rig.run(0.03)
    rig.faults = Faults.none()
    rig.run(12)
    yield from judged(rig, 1000)


@Scene
def reading(rig: Rig) -> Iterator[str]:
    """The gateway dies with what it just read from history in memory, and on its way to a slow disk."""
    client = rig.client()
    rig.faults = Faults(lose_event=1.0, disk=SLOW_DISK)
    rest(client)
    rig.run(3)
    executed(rig, 5)
    executed(rig, 10)
    while rig.net(1) != 15:
        rig.run(0.001)
    rig.gateway.kill("by the test", power_cut=False)
    rig.faults = Faults.none()
    rig.start()
    yield from judged(rig, 15)


@Scene
def during_the_boot(rig: Rig) -> Iterator[str]:
    """An order is executed while a gateway starts, and nothing but the account's events tells of it."""
    rest(rig.client())
    rig.gateway.kill("by the test", power_cut=False)
    with answered(rig, {"/userTrades": Reply(200, b"[]")}):
        rig.start(until_ready=False)
        while not rig.gateway.gateway.venue.stream.is_up:
            rig.run(0.001)
        rig.venue.order("house", "DOGEUSDT", Side.SELL, 15, Decimal("0.598"), "house")
        if rig.gateway.gateway.is_ready:
            yield "the scene did not come about"
        rig.run(12)
        yield from judged(rig, 15)
