"""Once a day: what the exchange tells of the last day, beside what is booked of it; and whether pos.db is sound.

Whatever the events brought, whatever was read when: history, asked again long afterwards, has the last word. What it
showed too late is booked; anything else cannot be wrong unless something is broken: a person looks.
"""

from __future__ import annotations

from functools import partial

from tradingsys.core.enums import TradingState
from tradingsys.core.errors import TradingError
from tradingsys.core.order import Fill, FillKey
from tradingsys.core.records import HaltCause, Scope
from tradingsys.gateway.host import Host
from tradingsys.gateway.late_executions import LateExecutions
from tradingsys.gateway.rereading import Rereading
from tradingsys.oms.auditing import compare
from tradingsys.oms.late_fills import not_booked
from tradingsys.store.auditing import faults_of_file, not_the_orders_own

__all__ = ["Audit"]

_SHOWN = 3
_FOUND, _TO_DO = "the day's audit found: ", ". Compare with the exchange"


class Audit:
    """Compares, and restricts where something is wrong."""

    def __init__(self, gateway: Host, late: LateExecutions) -> None:
        """``late`` books what history showed only after younger ones were booked for good."""
        self._gateway, self._late = gateway, late
        self._history = Rereading(gateway)
        self._cadence = gateway.settings.cadence
        self._told: set[str] = set()
        """What was found before: a person who resumed knows of it."""
        self._open: dict[Scope, list[str]] = {}
        """What was found since nothing of that scope stood."""
        self._audited_ms: dict[str, int] = {}
        """Up to when the executions of each symbol were audited."""

    async def watch(self) -> None:
        """For as long as the process lives."""
        wait_ms = self._cadence.first_audit_ms
        while True:
            await self._history.wait(wait_ms)
            wait_ms = self._cadence.audit_ms
            await self.run()

    async def run(self) -> None:
        """Audit everything once."""
        gateway, skipped = self._gateway, list[str]()
        symbols = sorted(symbol for symbol in gateway.book.symbols if not gateway.recovery.is_gone(symbol))
        for symbol in ("", *symbols):
            try:
                wrong = await (self._audit(symbol) if symbol else self._history.look(faults_of_file))
            except TradingError as error:
                skipped.append(symbol or "pos.db")
                gateway.log.warning("not audited now, but with the next audit", what=skipped[-1], error=error)
            else:
                self._found(Scope(symbol=symbol), wrong)
        done = len(symbols) - len(set(skipped) - {"pos.db"})
        gateway.log.info("audited: pos.db, and the executions of the last day", symbols=done, skipped=skipped)

    async def _audit(self, symbol: str) -> list[str]:
        """What is wrong. Raises TradingError when that cannot be said now."""
        until_ms = self._history.surely_shown_ms()
        since_ms = until_ms - self._cadence.audit_ms - self._cadence.first_audit_ms
        since_ms = min(since_ms, self._audited_ms.get(symbol, since_ms))
        book, wrong, missing = self._gateway.book, dict[FillKey, str](), list[Fill]()
        began_id, watermark = book.symbols[symbol], book.watermarks[symbol]

        def page(told: list[Fill], booked: list[Fill]) -> None:
            wrong.update(compare(told, booked, since_ms, until_ms))
            missing.extend(not_booked(told, booked, began_id, watermark))

        first_id = await self._history.read(symbol, since_ms, page)
        await self._late.book(missing)
        for fill in missing:
            if fill.key in book.booked_late:
                wrong.pop(fill.key, None)
        owners = await self._history.look(partial(not_the_orders_own, symbol=symbol, from_id=first_id))
        self._audited_ms[symbol] = until_ms
        return [*wrong.values(), *owners]

    def _found(self, scope: Scope, wrong: list[str]) -> None:
        gateway = self._gateway
        stands = next((row.reason for row in gateway.book.halts.of(scope) if row.cause is HaltCause.AUDIT), "")
        news = [what for what in wrong if what not in self._told and what not in stands]
        self._told |= set(wrong)
        if not news:
            return
        for what in news:
            gateway.log.error("the audit found", scope=str(scope), what=what)
        # What stands from before a restart is known by its words alone.
        before = self._open.get(scope) or [stands.removeprefix(_FOUND).partition(_TO_DO)[0]]
        all_open = self._open[scope] = [*news, *(before if stands else ())]
        more = f"; and {len(all_open) - _SHOWN} more, which the log names" if len(all_open) > _SHOWN else ""
        reason = (
            f"{_FOUND}{'; '.join(all_open[:_SHOWN])}{more}{_TO_DO}, put the books right, then "
            f"`{gateway.book.commands.line(f'resume {scope.words}')}`"
        )
        gateway.halting.impose(scope, TradingState.REDUCING, HaltCause.AUDIT, reason)
