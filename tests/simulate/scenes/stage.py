"""What stories are made of: a gateway, a client, and what is said at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

from msgspec import Struct, structs

from tests.simulate.disk_faults import DiskFaults
from tests.simulate.faults import Faults
from tests.simulate.life import ACCOUNT
from tests.simulate.rig import Json, Rig, WireClient
from tests.simulate.worst_case import uncounted
from tradingsys.core.enums import Side
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.sim.faces.transport import Reply, Request, WsOutput

__all__ = [
    "DENIED",
    "NOBODY_KNOWS",
    "NOT_TOLD",
    "SILENT",
    "SLOW_DISK",
    "Scene",
    "a_copy_trades",
    "answered",
    "believed_absent",
    "cut_power",
    "executed",
    "executed_after_a_start",
    "executed_unseen",
    "judged",
    "lost_to_a_cut",
    "operate",
    "rest",
    "still_counted",
    "trade",
    "unanswered",
]

SLOW_DISK = DiskFaults(slow_commit=1.0, shortest_slow_ms=1_500)
NOBODY_KNOWS = {path: Reply(503, b"{}") for path in ("/order", "/openOrders", "/userTrades")}
"""See `answered`."""
NOT_TOLD = {"/userTrades": Reply(400, b'{"code":-4108,"msg":"no"}')}
"""What was executed. See `answered`."""
SILENT = {"/userTrades": Reply(503, b"{}")}
"""So is that."""
DENIED = {"/order": Reply(400, b'{"code":-2013,"msg":"Order does not exist."}'), "/openOrders": Reply(200, b"[]")}
"""Every order. See `answered`."""
_RESTS_AT = "0.598"
_LOOK_S = 0.05


class Scene(Struct, frozen=True):
    """A story, by the name of the function that tells it; a decorator of such."""

    story: Callable[[Rig], Iterator[str]]

    def __str__(self) -> str:
        return f"scene {self.story.__name__.replace('_', ' ')}"

    def told(self, folder: Path) -> list[str]:
        """What is wrong at the end."""
        with closing(Rig(folder)) as rig:
            return list(self.story(rig))


def a_copy_trades(rig: Rig, lineage: str, qty: int) -> None:
    """A gateway with a copy of the book, of which this one knows nothing, sends an order of session 1's."""
    epoch = rig.gateway.gateway.epoch + 1
    rig.run(1)
    rig.house(Side.SELL, qty, "0.6")
    name = encode_client_order_id(OrderKey(1, lineage, epoch, 1, qty))
    rig.venue.order(ACCOUNT, "DOGEUSDT", Side.BUY, qty, None, name)
    rig.run(3)


def rest(client: WireClient, wait_s: float = 0.3) -> Json:
    """An order to buy 15 waits in the market; returns what was asked."""
    params = client.order_params(quantity="15", price=_RESTS_AT)
    client.ask("order", params, wait_s)
    return params


def executed(rig: Rig, qty: int = 15) -> None:
    """So much of what `rest` left in the market is executed."""
    rig.house(Side.SELL, qty, _RESTS_AT)


def executed_unseen(client: WireClient, rig: Rig) -> None:
    """What `rest` sends is taken and executed, and nothing tells of it; events go on to be lost."""
    rig.faults = Faults(lose_event=1.0, lose_reply=1.0)
    rest(client, 0.2)
    rig.faults = Faults(lose_event=1.0)
    executed(rig)


def trade(client: WireClient, rig: Rig, qty: int) -> None:
    """Buy so much, at once."""
    rig.house(Side.SELL, qty, "0.6")
    client.ask("order", client.order_params(quantity=str(qty), price="0.6"))
    rig.run(0.5)


@contextmanager
def answered(rig: Rig, replies: Mapping[str, Reply]) -> Iterator[None]:
    """Questions whose path ends so are answered so."""
    answer = rig.simulator.http

    def http(request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        for path, reply in replies.items():
            if request.path.endswith(path) and request.method == "GET":
                return reply, []
        return answer(request, now_ns)

    rig.simulator.http = http  # type: ignore[method-assign]
    try:
        yield
    finally:
        rig.simulator.http = answer  # type: ignore[method-assign]


def believed_absent(client: WireClient, rig: Rig) -> Iterator[str]:
    """The exchange takes an order, and denies it for longer than it could have taken to accept it."""
    with answered(rig, DENIED):
        rig.faults = Faults(lose_event=1.0, lose_reply=1.0)
        rest(client, 0.2)
        rig.faults = Faults(lose_event=1.0)
        rig.run(25)
    if client.last_order()["status"] != "ABSENT":
        yield f"the scene did not come about: {client.last_order()}"


def executed_after_a_start(rig: Rig) -> Iterator[str]:
    """The gateway starts, and what `rest` left in the market is executed."""
    rig.start(until_ready=False)
    rig.run(12)
    executed(rig)
    rig.run(2)
    yield from judged(rig, 15)


def unanswered(client: WireClient, rig: Rig, **terms: object) -> None:
    """An order that the exchange takes, and nothing else is known of it."""
    rig.faults = Faults(answer_unknown=1.0, lose_event=1.0)
    client.ask("order", client.order_params(**{"price": "0.598"} | terms), 0.6)
    rig.faults = Faults.none()


def operate(rig: Rig, method: str, wait_s: float = 0, **params: object) -> Json:
    """What a person at the gateway asks for."""
    desk = WireClient(rig)
    desk.ask("operate", {})
    reply = desk.ask(method, params, wait_s)
    assert "error" not in reply, reply
    return reply


def cut_power(rig: Rig) -> None:
    """Of the journal nothing had reached the disk."""
    rig.gateway.kill("by the test", power_cut=True)
    journal = rig.folder / "pos.db.journal"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    rig.faults = Faults.none()


def lost_to_a_cut(rig: Rig, faults: Faults, wait_s: float = 0.1) -> Json:
    """An order is sent into these faults, and power cut before it is on the disk; returns what was asked."""
    client = rig.client()
    rig.faults = structs.replace(faults, disk=SLOW_DISK)
    params = rest(client, wait_s)
    cut_power(rig)
    return params


def still_counted(rig: Rig, seconds: float) -> Iterator[str]:
    """Wait so long: at every moment the gateway must count what the exchange could still execute."""
    for _ in range(round(seconds / _LOOK_S)):
        rig.run(_LOOK_S)
        yield from uncounted(rig.simulator.exchange, ACCOUNT, rig.gateway.gateway.book)


def judged(rig: Rig, net: int) -> Iterator[str]:
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
    yield from rig.venue.sent.wrong()
