"""History asked again, long after the event, beside what pos.db has of the same executions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import apsw

from tradingsys.core.commands import TradesQuery
from tradingsys.core.errors import StoreError, TradingError
from tradingsys.core.order import Fill
from tradingsys.gateway.host import Host, look_when_saved
from tradingsys.oms.procedure import until
from tradingsys.store.auditing import booked_between, first_to_audit

__all__ = ["Rereading"]

T = TypeVar("T")

_NS_PER_MS = 1_000_000
_PAGE = 1000
_JOIN_MS = 50
_OWNER_MS = 90_000
"""Where an execution's owner is sought for longer, the symbol is left to the next time."""


class Rereading:
    """Reads one page in a slot, in the share of all that the gateway reads; pos.db over the reader's connection."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway

    def surely_shown_ms(self) -> int:
        """What was executed up to then (venue time), history shows by now, and its events came."""
        return self._gateway.recovery.surely_ms() - self._gateway.settings.margins.staleness_ms

    async def read(self, symbol: str, since_ms: int, page: Callable[[list[Fill], list[Fill]], None]) -> int:
        """Have everything booked that history shows from the watermark on; then give to ``page`` what the exchange
        tells and what is booked, of the same trade ids, from before ``since_ms`` on; returns the first of these ids.

        Raises TradingError when that cannot be said now.
        """
        recovery = self._gateway.recovery
        await recovery.pull_trades(symbol)
        await self.wait_for_owners(symbol)
        from_id = first_id = await self.look(partial(first_to_audit, symbol=symbol, since_ms=since_ms))
        while True:
            await self.wait(self._gateway.settings.cadence.slot_ms)
            rows = await recovery.of_symbol(TradesQuery(symbol, from_id=from_id, limit=_PAGE))
            told = [fill for row in rows for fill in row.fills.values()]
            last = max((int(fill.exec_id) for fill in told), default=from_id)
            is_last = len(rows) < _PAGE or last == from_id
            # The last trade of a page comes again with the next one: its other half may be there.
            told = [fill for fill in told if is_last or int(fill.exec_id) < last]
            to_id = None if is_last else last - 1
            page(told, await self.look(partial(booked_between, symbol=symbol, from_id=from_id, to_id=to_id)))
            if is_last:
                return first_id
            from_id = last

    async def look(self, question: Callable[[apsw.Connection], T]) -> T:
        """What pos.db says once all that is known is written there. Raises StoreError."""
        gateway, answer = self._gateway, list[T | StoreError]()
        look_when_saved(gateway, question, answer.append)
        while not answer:
            await self.wait(_JOIN_MS)
        if isinstance(answer[0], StoreError):
            raise answer[0]
        return answer[0]

    async def wait(self, ms: int) -> None:
        """Let time pass."""
        await until(self._gateway.now_ns() + ms * _NS_PER_MS)

    async def wait_for_owners(self, symbol: str) -> None:
        """Until all that was read is booked; what is executed meanwhile is not compared. Raises TradingError when that
        takes too long.
        """
        read_ms, end_ns = self.surely_shown_ms(), self._gateway.now_ns() + _OWNER_MS * _NS_PER_MS
        while self._is_unowned(symbol, read_ms):
            if self._gateway.now_ns() >= end_ns:
                raise TradingError("whose its last executions are is being asked")
            await self.wait(_JOIN_MS)

    def _is_unowned(self, symbol: str, until_ms: int) -> bool:
        """Whether it is not known whose an execution up to then was."""
        unattributed = self._gateway.book.unattributed.items()
        found = (fill for (held, _), fills in unattributed if held == symbol for fill in fills.values())
        return any(fill.ts_event_ms <= until_ms for fill in found)
