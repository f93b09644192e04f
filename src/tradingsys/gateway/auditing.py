"""Once a day: what the exchange tells of the last day, beside what is booked of it; and whether pos.db is sound.

Whatever the events brought, whatever was read when: history, asked again long afterwards, has the last word. Nothing is
mended here, as nothing can be wrong unless something is broken: a person looks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import apsw

from tradingsys.core.commands import TradesQuery
from tradingsys.core.enums import TradingState
from tradingsys.core.errors import StoreError, TradingError
from tradingsys.core.order import FillKey
from tradingsys.core.records import HaltCause, Scope
from tradingsys.gateway.host import Host, look_when_saved
from tradingsys.oms.auditing import compare
from tradingsys.oms.procedure import until
from tradingsys.store.auditing import booked_between, faults_of_file, first_to_audit, not_the_orders_own

__all__ = ["Audit"]

T = TypeVar("T")

_NS_PER_MS = 1_000_000
_PAGE = 1000
_JOIN_MS = 50
_OWNER_MS = 90_000
"""Where an execution's owner is sought for longer, the symbol is left to the next audit."""
_SHOWN = 3
_FOUND, _TO_DO = "the day's audit found: ", ". Compare with the exchange"


class Audit:
    """Reads one page in a slot, in the share of all that the gateway reads; pos.db over the reader's connection."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
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
            await self._wait(wait_ms)
            wait_ms = self._cadence.audit_ms
            await self.run()

    async def run(self) -> None:
        """Audit everything once."""
        gateway, skipped = self._gateway, list[str]()
        symbols = sorted(symbol for symbol in gateway.book.symbols if not gateway.recovery.is_gone(symbol))
        for symbol in ("", *symbols):
            try:
                wrong = await (self._audit(symbol) if symbol else self._look(faults_of_file))
            except TradingError as error:
                skipped.append(symbol or "pos.db")
                gateway.log.warning("not audited now, but with the next audit", what=skipped[-1], error=error)
            else:
                self._found(Scope(symbol=symbol), wrong)
        done = len(symbols) - len(set(skipped) - {"pos.db"})
        gateway.log.info("audited: pos.db, and the executions of the last day", symbols=done, skipped=skipped)

    async def _audit(self, symbol: str) -> list[str]:
        """What is wrong. Raises TradingError when that cannot be said now."""
        gateway, recovery = self._gateway, self._gateway.recovery
        until_ms = recovery.surely_ms() - gateway.settings.margins.staleness_ms
        since_ms = until_ms - self._cadence.audit_ms - self._cadence.first_audit_ms
        since_ms = min(since_ms, self._audited_ms.get(symbol, since_ms))
        await recovery.pull_trades(symbol)
        await self._wait_for_owners(symbol)
        from_id = first_id = await self._look(partial(first_to_audit, symbol=symbol, since_ms=since_ms))
        wrong: dict[FillKey, str] = {}
        while True:
            await self._wait(self._cadence.slot_ms)
            rows = await recovery.of_symbol(TradesQuery(symbol, from_id=from_id, limit=_PAGE))
            told = [fill for row in rows for fill in row.fills.values()]
            last = max((int(fill.exec_id) for fill in told), default=from_id)
            is_last = len(rows) < _PAGE or last == from_id
            # The last trade of a page comes again with the next one: its other half may be there.
            told = [fill for fill in told if is_last or int(fill.exec_id) < last]
            to_id = None if is_last else last - 1
            booked = await self._look(partial(booked_between, symbol=symbol, from_id=from_id, to_id=to_id))
            wrong |= compare(told, booked, since_ms, until_ms)
            if is_last:
                break
            from_id = last
        owners = await self._look(partial(not_the_orders_own, symbol=symbol, from_id=first_id))
        self._audited_ms[symbol] = until_ms
        return [*wrong.values(), *owners]

    async def _wait_for_owners(self, symbol: str) -> None:
        """Until all that was read is booked. Raises TradingError when that takes too long."""
        end_ns = self._gateway.now_ns() + _OWNER_MS * _NS_PER_MS
        while any(held == symbol for held, _ in self._gateway.book.unattributed):
            if self._gateway.now_ns() >= end_ns:
                raise TradingError("whose its last executions are is being asked")
            await self._wait(_JOIN_MS)

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

    async def _look(self, question: Callable[[apsw.Connection], T]) -> T:
        """What pos.db says once all that is known is written there. Raises StoreError."""
        gateway, answer = self._gateway, list[T | StoreError]()
        look_when_saved(gateway, question, answer.append)
        while not answer:
            await self._wait(_JOIN_MS)
        if isinstance(answer[0], StoreError):
            raise answer[0]
        return answer[0]

    async def _wait(self, ms: int) -> None:
        await until(self._gateway.now_ns() + ms * _NS_PER_MS)
