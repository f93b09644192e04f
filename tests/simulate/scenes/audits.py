"""pos.db is asked, long after the event, whether it has what the exchange tells."""

from __future__ import annotations

from collections.abc import Iterator

import apsw
import pytest

from tests.simulate.faults import Faults
from tests.simulate.rig import Rig
from tests.simulate.scenes.stage import SLOW_DISK, Scene, answered, operate, rest, trade
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.records import HaltCause
from tradingsys.gateway import rereading
from tradingsys.gateway.auditing import Audit
from tradingsys.gateway.late_executions import LateExecutions
from tradingsys.sim.faces.transport import Reply

__all__ = ["half_a_page", "meanwhile_traded", "not_yet_booked", "resumed", "tampered"]

_AUDITED_S = 8
"""So long an audit takes here at the most."""
_FIRST = "trade_id = (SELECT min(trade_id) FROM fills)"
_TAMPERING = (
    f"UPDATE fills SET px = '0.61' WHERE {_FIRST}",
    "UPDATE fills SET fee = '0' WHERE qty = '20'",
    "DELETE FROM fills WHERE qty = '30'",
    "UPDATE fills SET trade_id = '999999' WHERE qty = '40'",
    "UPDATE fills SET session_id = 2 WHERE qty = '50'",
)
_SUMS = (
    "INSERT INTO adjustments (id, session_id, symbol, delta, why, ts_ms) VALUES (901, 1, 'DOGEUSDT', '30', 'test', 0),"
    " (902, 1, 'DOGEUSDT', '50', 'test', 0), (903, 2, 'DOGEUSDT', '-50', 'test', 0)"
)
"""What sums of executions lack then: the file itself is sound."""


@Scene
def tampered(rig: Rig) -> Iterator[str]:
    """Executions in pos.db become something else, each in another way, so that every position is as it was."""
    client = rig.client()
    for qty in (10, 20, 30, 40, 50):
        trade(client, rig, qty)
    rig.run(2)
    _execute(rig, *_TAMPERING, _SUMS)
    _audit(rig)
    found = _found(rig)
    for words, what in (
        ("(buy 10 at 0.61", "another price"),
        ("fee 0 USDT", "another fee"),
        ("(buy 30 at 0.6", "an execution that is gone"),
        ("trade 999999", "one that never was"),
        ("is booked to session 2", "another owner"),
    ):
        if sum(words in each for each in found) != 1:
            yield f"{what} was not found once: {found}"
    if [row.scope.symbol for row in rig.gateway.gateway.book.halts if row.cause is HaltCause.AUDIT] != ["DOGEUSDT"]:
        yield f"the audit restricts {[str(row) for row in rig.gateway.gateway.book.halts]}"


@Scene
def resumed(rig: Rig) -> Iterator[str]:
    """A person has seen what an audit found, and lets the symbol go on; the next audit finds it once more."""
    trade(rig.client(), rig, 10)
    rig.run(2)
    _execute(rig, _TAMPERING[0])
    audit = _auditor(rig)
    _audit(rig, audit)
    operate(rig, "op.resume", symbol="dogeusdt")
    _audit(rig, audit)
    if any(row.cause is HaltCause.AUDIT for row in rig.gateway.gateway.book.halts):
        yield "what a person resumed is restricted again for the same reason"


@Scene
def half_a_page(rig: Rig) -> Iterator[str]:
    """The account trades with itself, and a page of history ends between the two halves."""
    client = rig.client()
    for qty in (10, 20):
        trade(client, rig, qty)
    rest(client)
    rig.by_hand(Side.SELL, 15)
    trade(client, rig, 30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rereading, "_PAGE", 3)
        _audit(rig)
    yield from _nothing_found(rig)


@Scene
def not_yet_booked(rig: Rig) -> Iterator[str]:
    """No event told of trades, the exchange does not say whose one is, and the disk is slow, when audits come."""
    trade(rig.client(), rig, 10)
    rig.house(Side.SELL, 20, "0.6")
    rig.run(6)
    rig.faults = Faults(lose_event=1.0)
    rig.by_hand(Side.BUY, 5)
    rig.run(0.4)
    _audit(rig)
    rig.faults = Faults(lose_event=1.0, disk=SLOW_DISK)
    with answered(rig, {"/order": Reply(503, b"{}")}):
        rig.by_hand(Side.BUY, 15)
        rig.run(0.5)
        _audit(rig, for_s=3)
    rig.run(_AUDITED_S)
    if rig.nets(1, EXTERNAL) != [10, 20]:
        yield f"the scene did not come about: {rig.nets(1, EXTERNAL)}"
    yield from _nothing_found(rig)


@Scene
def meanwhile_traded(rig: Rig) -> Iterator[str]:
    """The account trades amid an audit, and no event tells of it."""
    rig.house(Side.SELL, 20, "0.6")
    rig.client()
    rig.faults = Faults(lose_event=1.0)
    _audit(rig, for_s=0.3)
    rig.by_hand(Side.BUY, 5)
    rig.run(_AUDITED_S)
    if rig.net(EXTERNAL) != 5:
        yield f"the scene did not come about: {rig.net(EXTERNAL)}"
    yield from _nothing_found(rig)


def _audit(rig: Rig, audit: Audit | None = None, for_s: float = _AUDITED_S) -> None:
    gateway = rig.gateway.gateway
    rig.gateway.call(lambda: gateway.run((audit or _auditor(rig)).run()))
    rig.run(for_s)


def _auditor(rig: Rig) -> Audit:
    return Audit(rig.gateway.gateway, LateExecutions(rig.gateway.gateway))


def _nothing_found(rig: Rig) -> Iterator[str]:
    if found := _found(rig):
        yield f"the audit found what is not wrong: {found}"


def _found(rig: Rig) -> list[str]:
    return [line for line in rig.world.trace if "the audit found" in line]


def _execute(rig: Rig, *statements: str) -> None:
    with rig.machine.disk.by_hand():
        conn = apsw.Connection(str(rig.folder / "pos.db"))
        with conn:
            for statement in statements:
                conn.execute(statement)
        conn.close()
