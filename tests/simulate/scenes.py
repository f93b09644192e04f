"""Short stories with one point each, for rules that other rules hide from lives, or that need a person's hand.

Each is told to the end by the product as it is, and what it says then is what is wrong: nothing.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from tests.simulate.disk_faults import DiskFaults
from tests.simulate.faults import Faults
from tests.simulate.rig import Rig, WireClient
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.sim.faces.transport import Reply, Request, WsOutput

__all__ = ["Scene", "told"]


_DENIALS = {"/order": Reply(400, b'{"code":-2013,"msg":"Order does not exist."}'), "/openOrders": Reply(200, b"[]")}


class Scene(StrEnum):
    """What happens."""

    BACKUP = "backup"
    """Yesterday's copy of pos.db takes the place of today's, without a reboot."""
    EDIT = "edit"
    """Somebody edits a position by SQL which an order of its session changes at the same time."""
    FLIP = "flip"
    """A record of the journal says something else than what was written, and can be read all the same."""
    NEW_SYMBOL = "new symbol"
    """Power is cut right after the first order on a symbol was executed, while the disk is slow."""
    LOST_TAIL = "lost tail"
    """Power is cut, the journal's tail is gone, and a strategy asks what became of an order that was in it."""
    TORN = "torn"
    """The journal ends in the middle of a record; later the process dies, and nothing else."""
    SILENCE = "silence"
    """An order is accepted, and then the exchange answers nobody for longer than it could have taken to accept it."""
    LAST_INSTANT = "last instant"
    """Power is cut, the journal is gone, and an order that was in it is accepted when it is nearly too late."""
    IN_THE_FENCE = "in the fence"
    """Power is cut, and the gateway that waits until no earlier order can still arrive dies while it waits."""
    MEANWHILE = "meanwhile"
    """Two orders are executed while no gateway lives, one a sale of what the other buys: the account shows nothing."""
    SELF_TRADE = "self-trade"
    """The account trades with itself; the gateway dies when it knows the owner of one half."""
    OUT_OF_ORDER = "out of order"
    """History shows an execution before one that came before it, while it is read."""
    READING = "reading"
    """The gateway dies with what it just read from history in memory, and on its way to a slow disk."""
    HIDDEN = "hidden"
    """The exchange denies an order for longer than it could have taken to accept it, and then executes it."""
    EARLY = "early"
    """A strategy comes back before the gateway has read what happened while it was dead."""
    RETURN = "return"
    """A strategy comes back with what it knew from the gateway's predecessor, when as much has happened again."""
    OLD_CANCEL = "old cancel"
    """A strategy cancels an order that it sent to the gateway's predecessor."""
    OLD_ORDER = "old order"
    """A strategy sends an order once more that it sent to the gateway's predecessor, where it ended."""


def told(scene: Scene, folder: Path) -> list[str]:
    """What is wrong at the end."""
    return list(_SCENES[scene](folder))


def _backup(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    _trade(rig.client(), rig, 10)
    rig.gateway.stop()
    kept = folder.parent / f"{folder.name} of yesterday"
    shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("shm"))
    rig.start()
    _trade(rig.client(), rig, 20)
    rig.gateway.kill("for good", power_cut=False)
    for path in folder.glob("pos.db*"):
        path.unlink()
    for path in kept.glob("pos.db*"):
        shutil.copy(path, folder / path.name)
    shutil.rmtree(kept)
    rig.start(until_ready=False)
    rig.run(15)
    _trade(rig.client(), rig, 40)
    yield from _judged(rig, 70)


def _edit(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    _trade(client, rig, 10)
    client.ask("order", client.order_params(quantity="15", price="0.598"))
    rig.run(0.3)
    rig.gateway.kill("by the test", power_cut=False)
    rig.house(Side.SELL, 15, "0.598")
    with sqlite3.connect(folder / "pos.db") as conn:
        conn.execute("UPDATE positions SET net = '100' WHERE session_id = 1")
    conn.close()
    rig.start(until_ready=False)
    rig.run(8)
    if rig.gateway.gateway.is_ready:
        yield f"an edit was taken of a position that moved meanwhile: {rig.net(1)}"


def _flip(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    client.ask("order", client.order_params(quantity="15", price="0.598"))
    rig.gateway.kill("by the test", power_cut=False)
    journal = folder / "pos.db.journal"
    content = journal.read_bytes()
    assert content.count(b"session\x01") == 1
    journal.write_bytes(content.replace(b"session\x01", b"session\x02"))
    with sqlite3.connect(folder / "pos.db") as conn:
        conn.execute("DELETE FROM orders")  # as if power had been cut before it was there
    conn.close()
    rig.start(until_ready=False)
    rig.run(12)
    rig.house(Side.SELL, 15, "0.598")
    rig.run(2)
    yield from _judged(rig, 15)


def _new_symbol(folder: Path) -> Iterator[str]:
    rig = Rig(folder, faults=Faults(disk=DiskFaults(slow_commit=1.0)))
    rig.house(Side.SELL, 50, "0.6")
    client = rig.client()
    client.ask("order", client.order_params(quantity="10", price="0.6"), 0.05)
    _cut_power(rig)
    rig.faults = Faults.none()
    rig.start(until_ready=False)
    rig.run(15)
    yield from _judged(rig, 10)


def _lost_tail(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    rig.faults = Faults(lose_event=1.0, disk=DiskFaults(slow_commit=1.0))
    params = client.order_params(quantity="15", price="0.598")
    client.ask("order", params, 0.1)
    _cut_power(rig)
    rig.faults = Faults.none()
    (order,) = rig.venue.simulator.exchange.open_orders("account")
    rig.venue.cancel_by_hand()
    rig.start(until_ready=False)
    rig.run(15)
    item = {name: params[name] for name in ("symbol", "side", "order_type", "quantity", "price", "time_in_force")}
    asked = {"orders": [{**item, "client_order_id": order.client_order_id}]}
    (told,) = rig.client().ask("resolve", asked, 1)["result"]["orders"]
    if told["status"] == "ABSENT":
        yield f"an order that the exchange took is told to be absent: {told['reason']}"


def _torn(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    client.ask("order", client.order_params(quantity="15", price="0.598"))
    rig.gateway.kill("by the test", power_cut=False)
    journal = folder / "pos.db.journal"
    journal.write_bytes(journal.read_bytes()[:-7])
    rig.start(until_ready=False)
    rig.run(12)
    client = rig.client()
    client.ask("order", client.order_params(quantity="25", price="0.597"))
    rig.gateway.kill("by the test", power_cut=False)
    rig.start(until_ready=False)
    if not rig.gateway.store.saved.journal_proven:
        yield "the death of a process was taken for a power cut"
    rig.run(12)
    yield from _judged(rig, 0)


def _silence(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    rig.faults = Faults(lose_reply=1.0, lose_event=1.0)
    client.ask("order", client.order_params(quantity="15", price="0.598"))
    rig.run(30)
    statuses = {push["order"]["status"] for push in client.pushes("order")}
    if "ABSENT" in statuses:
        yield "an order was believed absent because nobody answered"
    rig.faults = Faults.none()
    rig.run(30)
    if client.last_order()["status"] != "NEW":
        yield f"an open order is told to be {client.last_order()['status']}"


def _last_instant(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    rig.faults = Faults(last_instant=1.0, disk=DiskFaults(slow_commit=1.0))
    client.ask("order", client.order_params(quantity="15", price="0.598"), 0.05)
    _cut_power(rig)
    rig.faults = Faults.none()
    rig.start(until_ready=False)
    while not rig.gateway.gateway.is_ready:
        rig.run(0.02)
    known = set(rig.gateway.gateway.book.orders)
    rig.run(5)
    (order,) = rig.venue.simulator.exchange.open_orders("account")
    if order.client_order_id not in known:
        yield "READY, and an order from before the power cut is accepted after it"


def _in_the_fence(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    rig.faults = Faults(last_instant=1.0, disk=DiskFaults(slow_commit=1.0))
    client.ask("order", client.order_params(quantity="15", price="0.598"), 0.1)
    _cut_power(rig)
    rig.faults = Faults.none()
    rig.start(until_ready=False)
    rig.run(1)
    rig.gateway.kill("in the fence", power_cut=False)
    rig.start(until_ready=False)
    if rig.gateway.store.saved.journal_proven:
        yield "a power cut is forgotten before its fence has ended"
    rig.run(15)
    yield from _judged(rig, 0)


def _meanwhile(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    client.ask("order", client.order_params(quantity="15", price="0.598"))
    client.ask("order", client.order_params(quantity="15", price="0.602", side="SELL"))
    rig.gateway.kill("by the test", power_cut=False)
    rig.house(Side.SELL, 15, "0.598")
    rig.house(Side.BUY, 15, "0.602")
    rig.start(until_ready=False)
    while not rig.gateway.gateway.is_ready:
        rig.run(0.02)
    for order in rig.gateway.gateway.book.open_orders():
        yield f"READY, and nothing is known of the end of {order.client_order_id}"


def _self_trade(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    rig.faults = Faults(lose_event=1.0)
    client.ask("order", client.order_params(quantity="15", price="0.598"))
    rig.by_hand(Side.SELL, 15)
    answer = rig.simulator.http

    def nobody_knows_orders(request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        return (Reply(503, b"{}"), []) if request.path.endswith("/order") else answer(request, now_ns)

    rig.simulator.http = nobody_knows_orders  # type: ignore[method-assign]
    while not rig.net(1):
        rig.run(0.005)
    rig.run(0.3)
    rig.gateway.kill("by the test", power_cut=False)
    rig.simulator.http = answer  # type: ignore[method-assign]
    rig.faults = Faults.none()
    rig.start()
    if rig.nets(1, EXTERNAL) != [15, -15]:
        yield f"the session bought 15 from the account's owner, and they hold {rig.nets(1, EXTERNAL)}"


def _out_of_order(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    rig.faults = Faults(lose_event=1.0, staleness_ms=490.0)
    client.ask("order", client.order_params(quantity="1000", price="0.598"))
    for number in range(200):
        rig.venue.order("house", "DOGEUSDT", Side.SELL, 5, Decimal("0.598"), f"house {number}")
        rig.run(0.03)
    rig.faults = Faults.none()
    rig.run(12)
    yield from _judged(rig, 1000)


def _reading(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    rig.faults = Faults(lose_event=1.0, disk=DiskFaults(slow_commit=1.0))
    client.ask("order", client.order_params(quantity="15", price="0.598"))
    rig.run(3)
    rig.house(Side.SELL, 5, "0.598")
    rig.house(Side.SELL, 10, "0.598")
    while rig.net(1) != 15:
        rig.run(0.001)
    rig.gateway.kill("by the test", power_cut=False)
    rig.faults = Faults.none()
    rig.start()
    yield from _judged(rig, 15)


def _hidden(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    answer = rig.simulator.http

    def denies(request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        for path, reply in _DENIALS.items():
            if request.path.endswith(path) and request.method == "GET":
                return reply, []
        return answer(request, now_ns)

    rig.simulator.http = denies  # type: ignore[method-assign]
    rig.faults = Faults(lose_event=1.0, lose_reply=1.0)
    client.ask("order", client.order_params(quantity="15", price="0.598"), 0.2)
    rig.faults = Faults(lose_event=1.0)
    rig.run(25)
    rig.faults = Faults.none()
    rig.simulator.http = answer  # type: ignore[method-assign]
    if client.last_order()["status"] != "ABSENT":
        yield f"the scene did not come about: {client.last_order()}"
    rig.house(Side.SELL, 15, "0.598")
    rig.run(10)
    yield from _judged(rig, 15)


def _early(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    client.ask("order", client.order_params(quantity="15", price="0.598"))
    rig.gateway.kill("by the test", power_cut=False)
    rig.house(Side.SELL, 15, "0.598")
    rig.start(until_ready=False)
    while not rig.gateway.accepting:
        rig.run(0.02)
    snapshot = WireClient(rig).login().get("snapshot")
    if snapshot is not None and [held["net"] for held in snapshot["positions"]] != ["15"]:
        yield f"a snapshot from before what happened was read: {snapshot['positions']}"


def _return(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    _trade(client, rig, 10)
    told = client.pushes("order")[-1]
    rig.restart()
    _trade(rig.client(instance="another"), rig, 20)
    result = WireClient(rig).login(instance="another", cursor=[told["epoch"], told["n"]])
    if result.get("resumed") or result.get("snapshot") is None:
        yield "what happened in another gateway's time is taken for known"


def _old_cancel(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    client.ask("order", client.order_params(quantity="15", price="0.598"))
    name = client.last_order()["client_order_id"]
    rig.restart()
    reply = rig.client().ask("cancel", {"client_order_id": name}, 1)
    if "error" in reply:
        yield f"an open order of its own is refused to be canceled: {reply['error']}"
    if rig.venue.simulator.exchange.open_orders("account"):
        yield "an order was canceled and is open"


def _old_order(folder: Path) -> Iterator[str]:
    rig = Rig(folder)
    client = rig.client()
    params = client.order_params(quantity="15", price="0.598")
    client.ask("order", params)
    client.ask("cancel", {"client_order_id": client.last_order()["client_order_id"]}, 1)
    rig.restart()
    reply = rig.client().ask("order", params, 1)
    if "error" not in reply:
        yield f"an order of another gateway's time was taken: {reply['result']}"
    if rig.venue.simulator.exchange.open_orders("account"):
        yield "an order that was canceled is open again"
    yield from rig.venue.sent.repeated()


_SCENES = {
    Scene.BACKUP: _backup,
    Scene.EDIT: _edit,
    Scene.FLIP: _flip,
    Scene.NEW_SYMBOL: _new_symbol,
    Scene.LOST_TAIL: _lost_tail,
    Scene.TORN: _torn,
    Scene.SILENCE: _silence,
    Scene.LAST_INSTANT: _last_instant,
    Scene.IN_THE_FENCE: _in_the_fence,
    Scene.MEANWHILE: _meanwhile,
    Scene.SELF_TRADE: _self_trade,
    Scene.OUT_OF_ORDER: _out_of_order,
    Scene.READING: _reading,
    Scene.HIDDEN: _hidden,
    Scene.EARLY: _early,
    Scene.RETURN: _return,
    Scene.OLD_CANCEL: _old_cancel,
    Scene.OLD_ORDER: _old_order,
}


def _cut_power(rig: Rig) -> None:
    """Of the journal nothing had reached the disk."""
    rig.gateway.kill("by the test", power_cut=True)
    journal = rig.folder / "pos.db.journal"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])


def _trade(client: WireClient, rig: Rig, qty: int) -> None:
    """Buy so much, at once."""
    rig.house(Side.SELL, qty, "0.6")
    client.ask("order", client.order_params(quantity=str(qty), price="0.6"))
    rig.run(0.5)


def _judged(rig: Rig, net: int) -> Iterator[str]:
    """The session must hold so much, and nobody else anything."""
    gateway = rig.gateway.gateway
    if not gateway.is_ready:
        yield f"the gateway is not ready: {gateway.text}"
    if gateway.halting.reason:
        yield f"halted: {gateway.halting.reason}"
    for (session, symbol), held in ({(1, "DOGEUSDT"): Decimal(0)} | gateway.book.positions).items():
        true = Decimal(net if session == 1 else 0)
        if held != true:
            yield f"session {session} {symbol}: {held}, and it should be {true}"
    yield from rig.venue.sent.repeated()
