"""Where books and account differ: executions that history showed only after younger ones of their symbol were booked.

Reading goes on from the watermark, and nothing below it is read again. So when a difference restricts a symbol, history
since the last time that all was equal is read once more beside pos.db; and where what is missing there is exactly what
the books differ by, it is booked. Executions that cancel out make no difference: the day's audit finds them. Anything
else a person has to look at: it may have been put right by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import TradingError
from tradingsys.core.order import Fill
from tradingsys.core.records import HaltCause
from tradingsys.gateway.host import Host
from tradingsys.gateway.rereading import Rereading
from tradingsys.oms.late_fills import explain, not_booked
from tradingsys.store.auditing import executed_ms

__all__ = ["LateExecutions"]

_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 5_000, 600_000
_DAY_MS = 86_400_000
_LATER_MS = 600_000
"""So much later than an execution the account itself may show it."""


class LateExecutions:
    """Looks again ever more rarely, as long as the differences are the same."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._history = Rereading(gateway)

    async def watch(self) -> None:
        """For as long as the process lives."""
        seen: dict[str, Decimal] = {}
        pause_ms = waited_ms = 0
        while True:
            await self._history.wait(_FIRST_PAUSE_MS)
            waited_ms += _FIRST_PAUSE_MS
            differences = self._gateway.book.differences
            if differences != seen:
                seen, pause_ms = dict(differences), 0
            symbols = self._restricted() if differences else []
            if symbols and waited_ms >= pause_ms:
                await self._look_for_them(symbols)
                waited_ms, pause_ms = 0, min(max(2 * pause_ms, _FIRST_PAUSE_MS), _LONGEST_PAUSE_MS)

    async def book(self, fills: Sequence[Fill]) -> None:
        """Book these, which history tells and pos.db has not, if they are exactly what the books lack."""
        gateway, book = self._gateway, self._gateway.book
        if not fills:
            return
        await gateway.recovery.check_account()  # by what they differ now
        fills = [fill for fill in fills if fill.key not in book.booked_late]
        shown = ", ".join(f"trade {fill.exec_id} of order {fill.venue_order_id} on {fill.symbol}" for fill in fills)
        if not explain(fills, book.differences, book.pairs, book.assets):
            gateway.log.warning(
                "history has executions that are not booked, and they are not what the books lack", missing=shown
            )
            return
        gateway.log.warning("booked: executions that history showed only after younger ones", booked=shown)
        for fill in fills:
            book.book_late(fill)
        await gateway.recovery.check_account()  # which frees what is equal again

    # ---- inside

    def _restricted(self) -> list[str]:
        """Symbols of which the books are believed to differ from the account."""
        gateway = self._gateway
        found = {row.scope.symbol for row in gateway.book.halts if row.cause is HaltCause.DIFFERENCE}
        return sorted(found & gateway.book.symbols.keys())

    async def _look_for_them(self, symbols: list[str]) -> None:
        missing: dict[str, list[Fill]] = {}
        for symbol in symbols:
            try:
                missing[symbol] = await self._missing(symbol)
            except TradingError as error:
                why = "history was not read for what the books may lack; it will be"
                self._gateway.log.warning(why, symbol=symbol, error=error)
        if self._gateway.book.kind is AccountKind.CONTRACTS:
            for fills in missing.values():
                await self.book(fills)
        else:  # one asset is moved by executions of several symbols
            await self.book([fill for fills in missing.values() for fill in fills])

    async def _missing(self, symbol: str) -> list[Fill]:
        """What history tells and pos.db has not, of what nobody reads any more. Raises TradingError."""
        book, since_ms = self._gateway.book, self._gateway.recovery.agreed_ms
        first_id, watermark, found = book.symbols[symbol], book.watermarks[symbol], list[Fill]()
        if since_ms is None:  # what is missing, an earlier run passed over, soon before the last that it booked
            since_ms = await self._history.look(partial(executed_ms, symbol=symbol, until_id=watermark)) - _DAY_MS

        def page(told: list[Fill], booked: list[Fill]) -> None:
            found.extend(not_booked(told, booked, first_id, watermark))

        await self._history.read(symbol, since_ms - _LATER_MS, page)
        return found
