"""The kill switch: what restrictions want done is done, and confirmed, for as long as they stand; over restarts too."""

from __future__ import annotations

from tradingsys.core.enums import TradingState
from tradingsys.core.records import HaltCause, HaltDuty, HaltRecord, Scope
from tradingsys.gateway.host import Host
from tradingsys.gateway.stops.absences import Absences
from tradingsys.gateway.stops.canceling import Canceling
from tradingsys.gateway.stops.clearing import Clearing
from tradingsys.gateway.stops.confirming import Confirming
from tradingsys.gateway.stops.flattening import Flattening
from tradingsys.gateway.stops.outlived import OutlivedOrders
from tradingsys.oms.procedure import until

__all__ = ["Stopping"]

_LOOK_NS = 250_000_000
_KEPT = 32


class Stopping:
    """Looks four times a second at the kill file, at sessions that nobody owns, at what is to be cleared, and at orders
    that outlived what they were to reduce."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._absences, self._outlived = Absences(gateway), OutlivedOrders(gateway)
        self._canceling, self._flattening = Canceling(gateway), Flattening(gateway)
        self._standing: dict[tuple[Scope, HaltCause], Clearing] = {}
        self._begun: dict[int, Clearing] = {}
        """By number; of what was asked for again the one that has taken its place."""
        self._number = 0
        self._confirming = Confirming(gateway, self.work)

    async def watch(self) -> None:
        """For as long as the process lives."""
        while True:
            await until(self._gateway.now_ns() + _LOOK_NS)
            self.look()

    def look(self) -> None:
        """See what is to be done, and do what can be done now."""
        self.heed_kill_file()
        self._absences.look()
        self.work()
        self._outlived.look()

    def heed_kill_file(self) -> None:
        """Halt the account while somebody wants that who has no other way to say so."""
        reason = self._gateway.store.kill_file()
        if reason is not None:
            told = reason or f"{self._gateway.db}.kill is there"
            state, duty = TradingState.HALTED, HaltDuty.CANCEL
            self._gateway.halting.impose(Scope(), state, HaltCause.KILL_FILE, told, duty)

    def work(self) -> None:
        """Do what can be done now for everything that stands."""
        self._take_up()
        for clearing in list(self._standing.values()):
            clearing.work()
            if clearing.is_confirmed:
                self._finish(clearing, clearing.row)
        self._confirming.work(self._standing.values())
        if not self._standing:
            self._canceling.forget()

    def carry_out(self, scope: Scope, cause: HaltCause) -> Clearing | None:
        """Begin with what is wanted there, at once unless the gateway is still starting; None when nothing is."""
        self._take_up()
        clearing = self._standing.get((scope, cause))
        if self._gateway.is_ready:
            self.work()
        return clearing

    def numbered(self, number: int) -> Clearing | None:
        """One that was begun; None when its restriction was lifted, or it was long ago."""
        clearing = self._begun.get(number)
        is_over = clearing is not None and clearing.is_confirmed and clearing.row.cause is HaltCause.CANCEL
        return clearing if is_over or clearing in self._standing.values() else None

    def _take_up(self) -> None:
        rows = {(row.scope, row.cause): row for row in self._gateway.book.halts if row.duty is not HaltDuty.NOTHING}
        for place in self._standing.keys() - rows.keys():
            del self._standing[place]
        for place, row in rows.items():
            if place not in self._standing or self._standing[place].row != row:
                self._standing[place] = self._new(row)

    def _new(self, row: HaltRecord) -> Clearing:
        self._number += 1
        clearing = Clearing(self._gateway, self._canceling, self._flattening, self._number, row)
        replaced = self._standing.get((row.scope, row.cause))
        self._begun |= {number: clearing for number, known in self._begun.items() if known is replaced}
        self._begun[clearing.number] = clearing
        while len(self._begun) > _KEPT:
            del self._begun[next(iter(self._begun))]
        return clearing

    def _finish(self, clearing: Clearing, row: HaltRecord) -> None:
        halting = self._gateway.halting
        if row.cause in (HaltCause.ABSENCE, HaltCause.CANCEL):
            halting.lift(row.scope, row.cause)
        elif clearing.flattens:
            clearing.row = halting.flattened(row)
