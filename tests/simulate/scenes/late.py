"""History shows an execution long after younger ones, which are booked for good by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

import apsw

from tests.simulate.faults import Faults
from tests.simulate.life import ACCOUNT
from tests.simulate.rig import Rig, WireClient
from tests.simulate.scenes.books import lose
from tests.simulate.scenes.stage import Scene, operate, trade
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.records import HaltCause
from tradingsys.sim.events import Execution

__all__ = [
    "canceled_out",
    "edited_by_hand",
    "fee_shown_late",
    "hidden",
    "nobodys_canceled_out",
    "others_are_missing",
    "put_right_by_hand",
    "shown_late",
    "told_late",
    "two_were_late",
]

_BELIEVED_S, _FOUND_S = 20, 60
"""Until a difference is believed, and what is missing is found and booked."""
_AUDITED_S = 50
"""Here an audit comes every half minute."""
_GIVEN_UP_S = 90
"""Until a person need not wait any longer for what the exchange told of."""


@Scene
def shown_late(rig: Rig) -> Iterator[str]:
    """A session buys 10 and 30 and sells 20 and 15; nothing tells of the 30 until they are missed; the gateway dies."""
    client = rig.client()
    trade(client, rig, 10)
    with hidden(rig, 30):
        _bought_unseen(client, rig, 30)
        _sold(client, rig, 20)
        _sold(client, rig, 15)
        rig.run(_BELIEVED_S)
        if not _restricted(rig) or rig.nets(1, EXTERNAL) != [-25, 0]:
            yield f"the scene did not come about: {rig.nets(1, EXTERNAL)}"
    rig.run(_FOUND_S)
    for _ in range(2):
        held = rig.gateway.gateway.book.position(1, "DOGEUSDT")
        # What was settled is not told anew: as if it had sold 20, then bought 30 (10 of them back), and then sold 15.
        if (held.net, held.entry_px, held.realized_pnl) != (Decimal(5), Decimal("0.61"), Decimal("-0.25")):
            yield f"the session holds {held.net} at {held.entry_px} and made {held.realized_pnl}"
        if rig.net(EXTERNAL) or _restricted(rig):
            yield f"EXTERNAL has {rig.net(EXTERNAL)}; restricted: {_restricted(rig)}"
        rig.restart()
        rig.run(_BELIEVED_S)
    yield from rig.venue.sent.wrong()


@Scene
def two_were_late(rig: Rig) -> Iterator[str]:
    """A session's execution and one by hand come late; the gateway is restarted before they are shown."""
    client = rig.client()
    with hidden(rig, 30, 7):
        _bought_unseen(client, rig, 30)
        rig.house(Side.SELL, 7, "0.6")
        rig.by_hand(Side.BUY, 7)
        trade(client, rig, 10)
        rig.run(_BELIEVED_S)
        rig.restart()
        rig.faults = Faults.none()
        rig.run(_BELIEVED_S)
        if not _restricted(rig) or rig.nets(1, EXTERNAL) != [10, 0]:
            yield f"the scene did not come about: {rig.nets(1, EXTERNAL)}"
    rig.run(_FOUND_S)
    if rig.nets(1, EXTERNAL) != [40, 7] or _restricted(rig):
        yield f"the session has {rig.nets(1, EXTERNAL)}; restricted: {_restricted(rig)}"


@Scene
def canceled_out(rig: Rig) -> Iterator[str]:
    """A purchase and a sale of as much come late: orders and the audit lack them, and nothing differs."""
    client = rig.client()
    with hidden(rig, 30):
        _bought_unseen(client, rig, 30)
        _sold(client, rig, 30)
        trade(client, rig, 10)
        rig.run(_BELIEVED_S)
        if _restricted(rig) or rig.gateway.gateway.book.position(1, "DOGEUSDT").realized_pnl:
            yield "the scene did not come about"
    rig.run(_AUDITED_S)
    held = rig.gateway.gateway.book.position(1, "DOGEUSDT")
    if (held.net, held.realized_pnl) != (Decimal(10), Decimal("-0.3")) or [*rig.gateway.gateway.book.halts]:
        yield f"the session holds {held.net} and made {held.realized_pnl}; halted: {[*rig.gateway.gateway.book.halts]}"


@Scene
def put_right_by_hand(rig: Rig) -> Iterator[str]:
    """A person takes note of the difference before history explains it, and later the account lacks something else."""
    client = rig.client()
    with hidden(rig, 30):
        _bought_unseen(client, rig, 30)
        trade(client, rig, 10)
        rig.run(_GIVEN_UP_S)
        operate(rig, "op.accept", 3, asset="dogeusdt")
        if rig.nets(1, EXTERNAL) != [10, 30]:
            yield f"the scene did not come about: {rig.nets(1, EXTERNAL)}"
    lose(rig, 7)
    rig.run(_BELIEVED_S + _FOUND_S)
    if rig.nets(1, EXTERNAL) != [10, 30] or not _restricted(rig):
        yield f"what a person put right is booked again: {rig.nets(1, EXTERNAL)}"


@Scene
def edited_by_hand(rig: Rig) -> Iterator[str]:
    """Executions of two sessions are hidden, and a person corrects both by SQL before history shows them: whether they
    cancel out, which the audit finds, or not.
    """
    clients = [rig.client(session) for session in (1, 2)]
    for client, qty in zip(clients, (10, 40), strict=True):
        trade(client, rig, qty)
    for sold, nets in ((30, (50, 20)), (20, (80, 10))):
        with hidden(rig, 30, sold):
            _bought_unseen(clients[0], rig, 30)
            _sold(clients[1], rig, sold)
            for client in clients:
                trade(client, rig, 10)
            rig.run(_GIVEN_UP_S)
            rig.gateway.kill("by the test", power_cut=False)
            rig.faults = Faults.none()
            _edit(rig, nets)
            rig.start(until_ready=False)
            rig.run(_BELIEVED_S)
            clients = [rig.client(session) for session in (1, 2)]
        rig.run(_FOUND_S)
        if rig.nets(1, 2) != [*nets]:
            yield f"a person made it {nets}, and now it is {rig.nets(1, 2)}"


@Scene
def nobodys_canceled_out(rig: Rig) -> Iterator[str]:
    """The account buys and sells by hand, unseen, while a stop waits that may have become any of that."""
    client = rig.client()
    trade(client, rig, 10)
    stop = {"order_type": "STOP_MARKET", "quantity": "50", "price": None, "time_in_force": None, "stop_price": "0.9"}
    client.ask("order", client.order_params(**stop))
    with hidden(rig, 7):
        for house, ours in ((Side.SELL, Side.BUY), (Side.BUY, Side.SELL)):
            rig.house(house, 7, "0.6")
            rig.by_hand(ours, 7)
        trade(client, rig, 10)
        rig.run(_BELIEVED_S)
    rig.run(_FOUND_S + _AUDITED_S)
    found = [line for line in rig.world.trace if "the audit found" in line]
    if found or rig.gateway.gateway.book.position(EXTERNAL, "DOGEUSDT").fees.get("USDT") is None:
        yield f"the audit found {found}; EXTERNAL: {rig.gateway.gateway.book.position(EXTERNAL, 'DOGEUSDT')}"


@Scene
def others_are_missing(rig: Rig) -> Iterator[str]:
    """The account lacks something that no execution explains, and an execution is missing as well."""
    client = rig.client()
    with hidden(rig, 30):
        _bought_unseen(client, rig, 30)
        trade(client, rig, 10)
        lose(rig, 7)
        rig.run(_BELIEVED_S)
    rig.run(_FOUND_S)
    if rig.nets(1, EXTERNAL) != [10, 0] or not _restricted(rig):
        yield f"something was booked: {rig.nets(1, EXTERNAL)}"


@Scene
def fee_shown_late(rig: Rig) -> Iterator[str]:
    """Executions are told without their fees, and of one history shows that only after younger ones."""
    client = rig.client()
    frames = rig.venue.odd_frames
    told = frames.of
    frames.of = lambda data, faults: iter(()) if b"ORDER_TRADE_UPDATE" in data else told(data, faults)  # type: ignore[method-assign]
    with hidden(rig, 30):
        rig.faults = Faults.none()
        _bought_unseen(client, rig, 30)
        _sold(client, rig, 20)
        rig.run(_BELIEVED_S)
        if rig.nets(1, EXTERNAL) != [10, 0]:
            yield f"the scene did not come about: {rig.nets(1, EXTERNAL)}"
    rig.run(_BELIEVED_S)
    rows = rig.simulator.exchange.ledger.executions_of(ACCOUNT, "DOGEUSDT")
    fees = rig.gateway.gateway.book.position(1, "DOGEUSDT").fees
    if fees != {"USDT": sum(row.fee for row in rows)}:
        yield f"the session paid {fees}"


@Scene
def told_late(rig: Rig) -> Iterator[str]:
    """An event tells of an execution that history does not show yet, after younger ones; then the gateway dies."""
    client = rig.client()
    network = rig.gateway.network
    tell, late = network._event, list[bytes]()
    network._event = lambda conn_id, data, faults: late.append(data)  # type: ignore[method-assign]
    with hidden(rig, 30):
        rig.faults = Faults.none()
        _bought_unseen(client, rig, 30)
        network._event = lambda conn_id, data, faults: None  # type: ignore[method-assign]
        _sold(client, rig, 20)
        rig.run(5)
        network._event = tell  # type: ignore[method-assign]
        if rig.nets(1, EXTERNAL) != [-20, 0]:
            yield f"the scene did not come about: {rig.nets(1, EXTERNAL)}"
        stream = next(conn_id for channel, conn_id in network._conn_ids.items() if channel.startswith("user"))
        for data in late:
            tell(stream, data, rig.faults)
        rig.run(1)
        for _ in range(2):
            if rig.nets(1, EXTERNAL) != [10, 0] or _restricted(rig):
                yield f"the session has {rig.nets(1, EXTERNAL)}; restricted: {_restricted(rig)}"
            rig.restart()


@contextmanager
def hidden(rig: Rig, *quantities: int) -> Iterator[None]:
    """History does not show executions of these sizes, and no events tell of any."""
    ledger = rig.simulator.exchange.ledger
    all_of = ledger.executions_of

    def executions_of(name: str, symbol: str, from_id: int = 0) -> Sequence[Execution]:
        return [row for row in all_of(name, symbol, from_id) if row.qty not in quantities]

    ledger.executions_of = executions_of  # type: ignore[assignment,method-assign]
    rig.faults = Faults(lose_event=1.0)
    try:
        yield
    finally:
        rig.faults = Faults.none()
        ledger.executions_of = all_of  # type: ignore[method-assign]


def _bought_unseen(client: WireClient, rig: Rig, qty: int) -> None:
    rig.house(Side.SELL, qty, "0.61")
    client.ask("order", client.order_params(quantity=str(qty), price="0.61"))
    rig.run(0.5)


def _sold(client: WireClient, rig: Rig, qty: int) -> None:
    rig.house(Side.BUY, qty, "0.6")
    client.ask("order", client.order_params(side="SELL", quantity=str(qty), price="0.6"))
    rig.run(0.5)


def _edit(rig: Rig, nets: Sequence[int]) -> None:
    with rig.machine.disk.by_hand():
        conn = apsw.Connection(str(rig.folder / "pos.db"))
        for session, net in enumerate(nets, 1):
            conn.execute("UPDATE positions SET net = ? WHERE session_id = ?", (str(net), session))
        conn.close()


def _restricted(rig: Rig) -> bool:
    return any(row.cause is HaltCause.DIFFERENCE for row in rig.gateway.gateway.book.halts)
