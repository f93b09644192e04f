"""What may still be sent: states of the account, of sessions and of symbols, and faults of our own."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from msgspec import Struct

from tradingsys.core.enums import TradingState
from tradingsys.core.errors import StoreError
from tradingsys.core.records import HaltCause, HaltDuty, HaltRecord, Scope
from tradingsys.gateway.seams import Log
from tradingsys.net.clock import Clock
from tradingsys.oms.session_book import SessionBook

__all__ = ["Halting"]

_SHOWN = 5


class _Words(Struct, frozen=True):
    """What stands after so many changes."""

    changes: int
    account: str
    """Why nobody may send orders."""
    all: str


class Halting:
    """Imposes and lifts; what stands outlives the process, but for faults of our own, which a restart mends."""

    def __init__(
        self,
        book: SessionBook,
        log: Log,
        clock: Clock,
        venue_ms: Callable[[], int],
        perform: Callable[[], None],
        fail: Callable[[StoreError], None],
    ) -> None:
        """``perform`` does at once what the books want done: what is imposed is durable when it returns. ``fail`` ends
        the process.
        """
        self.fault = ""
        """Why nothing but cancels is sent before a restart; empty as long as all is well."""
        self.since_ms = 0
        """Unix ms; of the fault."""
        self.is_final = False
        """Whether the process is about to end."""
        self._words = _Words(-1, "", "")
        self._book, self._log = book, log
        self._clock, self._venue_ms, self._perform, self._fail = clock, venue_ms, perform, fail

    def impose(
        self,
        scope: Scope,
        state: TradingState,
        cause: HaltCause,
        reason: str,
        duty: HaltDuty = HaltDuty.NOTHING,
        until_ms: int | None = None,
    ) -> bool:
        """Allow no more than ``state`` in the scope, durably; False when that stands for this cause already."""
        ts_ms = self._venue_ms()
        if state is TradingState.ACTIVE:  # what is canceled is what was sent until then, also by a clock that was ahead
            orders = self._book.open_orders(scope.session)
            placed = (order.placed_ms for order in orders if scope.covers(order.session, order.symbol))
            ts_ms = max([ts_ms, *placed])
        is_news = self._book.halts.impose(scope, state, cause, reason, ts_ms, duty, until_ms)
        self._perform()
        return is_news

    def lift(self, scope: Scope, cause: HaltCause | None = None, *, reason: str = "") -> bool:
        """Lift what was imposed on exactly this scope, durably, for all causes or one; False when nothing was."""
        was_restricted = self._book.halts.lift(scope, self._venue_ms(), cause)
        if scope == Scope() and cause is None and self.fault and not self.is_final:
            self.fault, was_restricted = "", True
        self._perform()
        if was_restricted and not self.is_final:
            self._log.warning("orders are allowed again", scope=str(scope), cause=cause or "all", reason=reason)
        return was_restricted

    def flattened(self, row: HaltRecord) -> HaltRecord:
        """What was held in its scope is traded away, durably; returns the restriction as it stands now."""
        self._log.warning("flat, and nothing is open", scope=str(row.scope))
        now = self._book.halts.flattened(row)
        self._perform()
        return now

    def noted(self, record: HaltRecord) -> None:
        """Something was imposed, and is in pos.db: what could not be written ends the process, and is told so."""
        if self.is_final:
            return
        scope, cause = str(record.scope), record.cause.value
        if record.state is TradingState.ACTIVE:
            self._log.warning("orders are canceled by an operator", scope=scope, reason=record.reason)
            return
        halted = record.state is TradingState.HALTED
        told = "HALTED: no new orders" if halted else "REDUCING: no orders that add to a position"
        self._log.error(told, scope=scope, cause=cause, reason=record.reason)

    def broken(self, what: str, error: Exception, goes_on: bool) -> None:
        """A fault of our own: what was begun anew may go on, what was not leaves something undone for ever.

        But a book that cannot be read, or written, is no fault of the program, and no reason to go on with it.
        """
        if isinstance(error, StoreError):
            self._fail(error)
            return
        told = "".join(traceback.format_exception(error))
        self._log.error("a fault in tradingsys: please report it", what=what, goes_on=goes_on, traceback=told)
        if goes_on:
            return
        reason = f"{what} failed ({error!r}), which is a fault in tradingsys: restart, and report it"
        self.since_ms = self.since_ms if self.fault else self._clock.wall_ns() // 1_000_000
        self.fault = self.fault or reason
        self._log.error("HALTED: no new orders", scope="the account", reason=reason)

    def halt_for_good(self, reason: str) -> None:
        """The process is about to end."""
        self.is_final = True
        self.fault = self.fault or reason

    @property
    def reason(self) -> str:
        """Why nobody may send orders; empty as long as anybody may."""
        return self.fault or self._in_words().account

    @property
    def text(self) -> str:
        """What every strategy should know: how the account and symbols are restricted."""
        return self._in_words().all

    def _in_words(self) -> _Words:
        """What stands: every event of the venue asks for it, and it changes once a day."""
        halts = self._book.halts
        if self._words.changes != halts.changes:
            halted = next((row for row in halts.of(Scope()) if row.state is TradingState.HALTED), None)
            restricted = (row for row in halts if row.state is not TradingState.ACTIVE)
            rows = [row for row in restricted if row.scope.session is None]
            told = [halts.told(row) for row in rows[:_SHOWN]]
            more = [f"and {len(rows) - _SHOWN} more"] if len(rows) > _SHOWN else []
            self._words = _Words(halts.changes, halts.told(halted) if halted else "", "; ".join([*told, *more]))
        return self._words
