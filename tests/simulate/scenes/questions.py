"""Questions to the exchange: whose turn it is, what is too old to be asked, and what an answer proves."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulate.faults import Faults
from tests.simulate.life import ACCOUNT
from tests.simulate.rig import Json, Rig, WireClient
from tests.simulate.scenes.stage import (
    DENIED,
    NOBODY_KNOWS,
    NOT_TOLD,
    SILENT,
    Scene,
    answered,
    believed_absent,
    executed,
    executed_unseen,
    judged,
    operate,
    rest,
)
from tradingsys.core.enums import TradingState
from tradingsys.core.ids import EXTERNAL, OrderKey, encode_client_order_id
from tradingsys.sim.faces.transport import Reply

__all__ = [
    "believed_closed",
    "crowd",
    "denied",
    "made_up",
    "not_told_when_subscribed",
    "others_order",
    "silent",
    "too_late",
    "unproven",
]

_HOLDINGS_UNTOLD = {"/positionRisk": Reply(503, b"{}")}
_ITEM = ("symbol", "side", "order_type", "quantity", "price", "time_in_force", "client_order_id")


@Scene
def crowd(rig: Rig) -> Iterator[str]:
    """Strategies ask so much that is not answered, and an execution is missed."""
    client = rig.client()
    rest(client)
    crowd = [rig.client(session) for session in (2, 3, 4)]
    rig.faults = Faults(lose_event=1.0)
    executed(rig)
    rig.faults = Faults(lose_event=1.0, lose_request=1.0, is_loss_silent=True)
    for each in crowd:
        _ask_much(each)
    rig.run(0.05)
    rig.faults = Faults(lose_event=1.0)
    rig.run(7)
    if rig.net(1) != 15:
        yield f"nobody looked for what was missed while strategies asked: {rig.net(1)}"


@Scene
def too_late(rig: Rig) -> Iterator[str]:
    """A strategy wants the leverage changed, and is told after a while that nobody knows; it goes on without."""
    slow, client = [rig.client(session) for session in (2, 3)], rig.client()
    rig.faults = Faults(lose_request=1.0, is_loss_silent=True)
    for each in slow:
        _ask_much(each)
    rig.run(0.1)
    client.send_raw(b'{"id": 99, "method": "set_leverage", "params": {"symbol": "dogeusdt", "leverage": 3}}')
    while not (told := [message for message in client.messages if message.get("id") == 99]):
        rig.run(0.5)
    before = _leverage(rig)
    rig.faults = Faults.none()
    rig.run(30)
    if "error" in told[0] and _leverage(rig) != before:
        yield f"told that there is no answer, and done later: {_leverage(rig)}, {told[0]['error']}"


@Scene
def denied(rig: Rig) -> Iterator[str]:
    """The exchange executes an order of which nothing else is known, and denies for 50 s that there is one."""
    client = rig.client()
    with answered(rig, DENIED):
        executed_unseen(client, rig)
        rig.run(50)
        if rig.net(1) or rig.net(EXTERNAL):
            yield f"somebody has what nobody can know the owner of: {rig.nets(1, EXTERNAL)}"
    rig.faults = Faults.none()
    rig.run(10)
    yield from judged(rig, 15)


@Scene
def made_up(rig: Rig) -> Iterator[str]:
    """A strategy asks for an order that it never sent, when the journal is complete."""
    client = rig.client()
    with answered(rig, NOBODY_KNOWS):
        told = _resolve(client, client.login_result["epoch"])
        if told.get("status") != "ABSENT" or rig.gateway.gateway.book.open_orders():
            yield f"an order that provably never left is in doubt: {told}"


@Scene
def not_told_when_subscribed(rig: Rig) -> Iterator[str]:
    """A strategy subscribes to a symbol of which the exchange does not tell for minutes; then it does."""
    client = WireClient(rig)
    client.login()
    with answered(rig, NOT_TOLD):
        client.send_raw(b'{"id": 99, "method": "subscribe", "params": ["dogeusdt@depth"]}')
        rig.run(90)
        if "error" not in client.ask("order", client.order_params()):
            yield "an order was taken on a symbol that is not accounted for"
    rig.run(150)
    reply = client.ask("order", client.order_params())
    if "error" in reply:
        yield f"the symbol cannot be traded though the exchange tells: {reply['error']}"


@Scene
def others_order(rig: Rig) -> Iterator[str]:
    """After a power cut a strategy asks for an order of another session that nobody remembers."""
    epoch = rig.client().login_result["epoch"]
    rig.gateway.kill("by the test", power_cut=True)
    rig.start(until_ready=False)
    rig.run(12)
    client = rig.client()
    with answered(rig, NOBODY_KNOWS):
        _resolve(client, epoch, 2)
    if orders := rig.gateway.gateway.book.open_orders():
        yield f"a session counts with an order that another one made up: {orders}"


@Scene
def believed_closed(rig: Rig) -> Iterator[str]:
    """An order was denied for so long that it is believed to be absent; then all are to be canceled."""
    client = rig.client()
    yield from believed_absent(client, rig)
    operate(rig, "op.halt", session_id=1)
    rig.run(1)
    if rig.simulator.exchange.open_orders(ACCOUNT):
        yield "halted, and an order is open that the exchange shows to whoever asks"


@Scene
def silent(rig: Rig) -> Iterator[str]:
    """The account's stream breaks while history finds no answer, and once more while nothing does."""
    rest(rig.client())
    recovery = rig.gateway.gateway.recovery
    with answered(rig, SILENT):
        _break_stream(rig)
        rig.run(100)
        if recovery.is_catching_up:
            yield "all waits for history that nobody tells, while everything else is answered"
    rig.run(70)
    with answered(rig, NOBODY_KNOWS):
        _break_stream(rig)
        rig.faults = Faults(lose_event=1.0)
        executed(rig)
        rig.run(100)
    rig.run(10)
    if rig.net(1) != 15:
        yield f"what nobody answered was not asked for as soon as anybody did: {rig.net(1)}"


@Scene
def unproven(rig: Rig) -> Iterator[str]:
    """For minutes the exchange does not tell what the account holds; then it does."""
    rig.client()
    halts = rig.gateway.gateway.book.halts
    with answered(rig, _HOLDINGS_UNTOLD):
        rig.run(200)
        if halts.state(1, "DOGEUSDT") is not TradingState.REDUCING:
            yield "for minutes nothing proves the books, and orders go on"
    rig.run(60)
    if halts.state(1, "DOGEUSDT") is not TradingState.ACTIVE:
        yield f"the books are proven again, and orders are not free: {list(halts)}"


def _break_stream(rig: Rig) -> None:
    rig.venue.deliver(rig.venue.troubles.end_streams())
    rig.run(1)


def _ask_much(client: WireClient) -> None:
    for number in range(8):
        request = f'{{"id": {number + 50}, "method": "get_settings", "params": {{"symbol": "dogeusdt"}}}}'
        assert client._link is not None
        client._link.send(request.encode())


def _leverage(rig: Rig) -> int:
    return int(rig.simulator.exchange.accounts[ACCOUNT].leverage("DOGEUSDT"))


def _resolve(client: WireClient, epoch: int, session: int = 1) -> Json:
    """What became of an order that nobody ever sent."""
    key = OrderKey(session, client.login_result["lineage"], epoch, 1, 777)
    params = client.order_params(client_order_id=encode_client_order_id(key))
    reply = client.ask("resolve", {"orders": [{name: params[name] for name in _ITEM}]})
    told: Json = reply.get("error") or reply["result"]["orders"][0]
    return told
