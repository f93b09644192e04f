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
from tradingsys.core.errors import StoreError
from tradingsys.core.order import FillKey
from tradingsys.core.records import HaltCause, Scope
from tradingsys.gateway.host import Host
from tradingsys.oms.auditing import compare
from tradingsys.oms.procedure import until
from tradingsys.store.auditing import booked_between, check_file, first_to_audit, not_the_orders_own

__all__ = ["Audit"]

T = TypeVar("T")

_NS_PER_MS = 1_000_000
_PAGE = 1000
_JOIN_MS = 50
_OWNER_MS = 60_000
"""Where an execution's owner is sought for longer, the symbol is left to the next audit."""
_SHOWN = 3


class Audit:
    """Reads one page in a slot, in the share of all that the gateway reads; pos.db over the reader's connection."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._cadence = gateway.settings.cadence
        self._told: set[str] = set()
        """What was found before: a person who resumed knows of it."""

    async def watch(self) -> None:
        """For as long as the process lives."""
        wait_ms = self._cadence.first_audit_ms
        while True:
            await self._wait(wait_ms)
            wait_ms = self._cadence.audit_ms
            await self.run()

    async def run(self) -> None:
        """Audit everything once."""
        gateway = self._gateway
        unsound = await self._look(check_file)
        if isinstance(unsound, StoreError):
            self._found("", [str(unsound)])
        listed, symbols = gateway.recovery.listed, sorted(gateway.book.symbols)
        for symbol in symbols:
            if listed is None or symbol in listed:
                self._found(symbol, await self._audit(symbol))
        gateway.log.info("audited: pos.db, and the executions of the last day", symbols=len(symbols))

    async def _audit(self, symbol: str) -> list[str]:
        gateway, recovery = self._gateway, self._gateway.recovery
        until_ms = gateway.venue.venue_ms() - gateway.settings.margins.staleness_ms
        since_ms = until_ms - self._cadence.audit_ms - self._cadence.first_audit_ms
        await recovery.pull_trades(symbol)
        if not await self._is_attributed(symbol):
            return []
        from_id = first_id = await self._look(partial(first_to_audit, symbol=symbol, since_ms=since_ms))
        wrong: dict[FillKey, str] = {}
        while not isinstance(from_id, StoreError):
            await self._wait(self._cadence.slot_ms)
            rows = await recovery.patiently(TradesQuery(symbol, from_id=from_id, limit=_PAGE))
            told = [fill for row in rows for fill in row.fills.values()]
            last = max((int(fill.exec_id) for fill in told), default=from_id)
            is_last = len(rows) < _PAGE or last == from_id
            # The last trade of a page comes again with the next one: its other half may be there.
            told = [fill for fill in told if is_last or int(fill.exec_id) < last]
            to_id = None if is_last else last - 1
            booked = await self._look(partial(booked_between, symbol=symbol, from_id=from_id, to_id=to_id))
            if isinstance(booked, StoreError):
                break
            wrong |= compare(told, booked, since_ms, until_ms)
            if is_last:
                break
            from_id = last
        if isinstance(first_id, StoreError):
            return []
        owners = await self._look(partial(not_the_orders_own, symbol=symbol, from_id=first_id))
        return [*wrong.values(), *([] if isinstance(owners, StoreError) else owners)]

    async def _is_attributed(self, symbol: str) -> bool:
        """Whether all that was read is booked, or becomes so soon."""
        end_ns = self._gateway.now_ns() + _OWNER_MS * _NS_PER_MS
        while any(held == symbol for held, _ in self._gateway.book.unattributed):
            if self._gateway.now_ns() >= end_ns:
                return False
            await self._wait(_JOIN_MS)
        return True

    def _found(self, symbol: str, wrong: list[str]) -> None:
        news = [what for what in wrong if what not in self._told]
        if not news:
            return
        self._told |= set(news)
        gateway, scope = self._gateway, Scope(symbol=symbol)
        for what in news:
            gateway.log.error("the audit found", scope=str(scope), what=what)
        more = f"; and {len(news) - _SHOWN} more, which the log names" if len(news) > _SHOWN else ""
        reason = (
            f"the day's audit found: {'; '.join(news[:_SHOWN])}{more}. Compare with the exchange, put the books right, "
            f"then `{gateway.book.commands.line(f'resume {scope.words}')}`"
        )
        gateway.halting.impose(scope, TradingState.REDUCING, HaltCause.AUDIT, reason)

    async def _look(self, question: Callable[[apsw.Connection], T]) -> T | StoreError:
        """What pos.db says once all that is known is written there."""
        gateway, answer = self._gateway, list[T | StoreError]()

        def written(error: StoreError | None) -> None:
            if error is None:
                gateway.store.look(question, answer.append)
            else:
                answer.append(error)

        gateway.when_saved(written)
        while not answer:
            await self._wait(_JOIN_MS)
        return answer[0]

    async def _wait(self, ms: int) -> None:
        await until(self._gateway.now_ns() + ms * _NS_PER_MS)
