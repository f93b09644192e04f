"""Nobody says what became of an order, or of an amend."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulate.faults import Faults
from tests.simulate.life import ACCOUNT
from tests.simulate.rig import Rig
from tests.simulate.scenes.stage import Scene, believed_absent, executed, judged, rest, still_counted
from tradingsys.sim.events import NewAmend

__all__ = ["forgotten_amend", "hidden", "late_amend", "silence", "unanswered_amend"]


@Scene
def silence(rig: Rig) -> Iterator[str]:
    """An order is accepted, and then the exchange answers nobody for longer than it could have taken to accept it."""
    client = rig.client()
    rig.faults = Faults(lose_reply=1.0, lose_event=1.0)
    rest(client)
    rig.run(30)
    statuses = {push["order"]["status"] for push in client.pushes("order")}
    if "ABSENT" in statuses:
        yield "an order was believed absent because nobody answered"
    rig.faults = Faults.none()
    rig.run(30)
    if client.last_order()["status"] != "NEW":
        yield f"an open order is told to be {client.last_order()['status']}"


@Scene
def hidden(rig: Rig) -> Iterator[str]:
    """The exchange denies an order for longer than it could have taken to accept it, and then executes it."""
    client = rig.client()
    yield from believed_absent(client, rig)
    rig.faults = Faults.none()
    executed(rig)
    rig.run(10)
    yield from judged(rig, 15)


@Scene
def unanswered_amend(rig: Rig) -> Iterator[str]:
    """An order is made larger, and the exchange says that it does not know whether it was."""
    client = rig.client()
    rest(client)
    rig.faults = Faults(answer_unknown=1.0, lose_event=1.0)
    client.ask("amend", {"client_order_id": client.last_order()["client_order_id"], "quantity": "30"}, 0.05)
    yield from still_counted(rig, 8)
    if client.last_order()["quantity"] != "30":
        yield f"an order of 30 is told to be one of {client.last_order()['quantity']}"


@Scene
def late_amend(rig: Rig) -> Iterator[str]:
    """An order is executed in part while an amend is on its way that makes it larger."""
    client = rig.client()
    rest(client)
    rig.faults = Faults(last_instant=1.0)
    client.ask("amend", {"client_order_id": client.last_order()["client_order_id"], "quantity": "30"}, 0.05)
    executed(rig, 5)
    rig.faults = Faults(lose_reply=1.0, lose_event=1.0)
    yield from still_counted(rig, 4)
    (order,) = rig.simulator.exchange.open_orders(ACCOUNT)
    if order.qty != 30:
        yield f"the scene did not come about: {order.qty}"


@Scene
def forgotten_amend(rig: Rig) -> Iterator[str]:
    """While no gateway lives somebody makes an order larger, it is executed as far as it went, and is canceled."""
    rest(rig.client())
    rig.gateway.kill("by the test", power_cut=False)
    exchange, now_ns = rig.simulator.exchange, rig.world.now_ns
    (order,) = exchange.open_orders(ACCOUNT)
    larger = NewAmend(ACCOUNT, order.symbol, order.side, order.qty * 2, order.px, order_id=order.order_id)
    rig.venue.deliver(rig.simulator.absorb(exchange.amend(larger, now_ns), now_ns))
    executed(rig)
    rig.venue.cancel_by_hand()
    rig.start()
    book = rig.gateway.gateway.book
    (told,) = (each for each in book.orders.values() if each.facts.venue_order_id == str(order.order_id))
    if told.status != "CANCELED":
        yield f"an order that was canceled is believed to be {told.status}"
    yield from judged(rig, 15)
