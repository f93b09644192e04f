"""A book is not what the exchange's history can still mend: too old, copied, or a person takes note of a difference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

from msgspec import structs

from tests.simulate.ambush import Killed
from tests.simulate.faults import Faults
from tests.simulate.life import ACCOUNT, SETTINGS
from tests.simulate.rig import Rig, WireClient
from tests.simulate.scenes.stage import SLOW_DISK, Scene, executed_after_a_start, operate, rest, trade
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.records import HaltCause
from tradingsys.store.lineage import begin_lineage

__all__ = ["accepted", "away_too_long", "lose", "own_lineage"]

_HISTORY_S = 100


@Scene
def away_too_long(rig: Rig) -> Iterator[str]:
    """A gateway runs for longer than the exchange remembers, is restarted, and comes back late a second time."""
    rig.settings = structs.replace(SETTINGS, history_ms=_HISTORY_S * 1_000)
    rig.restart()
    trade(rig.client(), rig, 10)
    rig.run(_HISTORY_S)
    for away_s, is_too_long in ((1, False), (_HISTORY_S * 0.9, True)):
        rig.gateway.kill("by the test", power_cut=False)
        rig.run(away_s)
        rig.start()
        is_halted = any(row.cause is HaltCause.GAP for row in rig.gateway.gateway.book.halts)
        if is_halted != is_too_long:
            yield f"away for {away_s} s, history of {_HISTORY_S} s: {'' if is_halted else 'not '}halted"
        if is_halted:
            operate(rig, "op.resume")


@Scene
def own_lineage(rig: Rig) -> Iterator[str]:
    """The gateway dies before it wrote an order to pos.db, and the book becomes one of its own."""
    client = rig.client()
    rig.faults = Faults(disk=SLOW_DISK)
    rest(client, 0.02)
    rig.gateway.kill("by the test", power_cut=False)
    rig.faults = Faults.none()
    begin_lineage(rig.folder / "pos.db", 4711)
    yield from executed_after_a_start(rig)


@Scene
def accepted(rig: Rig) -> Iterator[str]:
    """The account has less than the books and then still less; power is cut when a person is told what was accepted."""
    trade(rig.client(), rig, 30)
    lose(rig, 7)
    rig.run(15)
    lose(rig, 5)
    booked: list[str] = []

    def hear(_: int, data: bytes) -> None:
        if b'"booked"' in data:
            booked.append(json.loads(data)["result"]["booked"])
            raise Killed

    rig.gateway.overheard = hear
    rig.faults = Faults(power_cut=1.0, disk=SLOW_DISK)
    desk = WireClient(rig)
    desk.ask("operate", {})
    desk.send_raw(b'{"id": 2, "method": "op.accept", "params": {"asset": "dogeusdt"}}')
    rig.run(6)
    rig.faults = Faults.none()
    rig.start(until_ready=False)
    rig.run(15)
    gateway = rig.gateway.gateway
    if [*booked, *rig.nets(1, EXTERNAL)] != ["-12", 30, -12] or gateway.book.differences:
        yield f"12 are gone, {booked} booked; the sessions have {rig.nets(1, EXTERNAL)}: {gateway.book.differences}"


def lose(rig: Rig, qty: int) -> None:
    """Nothing that the exchange tells of explains it."""
    account = rig.simulator.exchange.accounts[ACCOUNT]
    held = account.positions["DOGEUSDT"]
    account.positions["DOGEUSDT"] = structs.replace(held, net=held.net - Decimal(qty))
