"""Where books and account differ: executions that history showed only after younger ones of their symbol were booked.

Reading goes on from the watermark, and nothing below it is read again. So when a difference restricts a symbol, history
since the last time that all was equal is read once more beside pos.db; and where what is missing there is exactly what
the books differ by, it is booked. Executions that cancel out make no difference: their orders lack them, or the day's
audit finds them. What a person has corrected since is left to a person.
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
from tradingsys.store.auditing import executed_ms, is_corrected_since

__all__ = ["LateExecutions"]

_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 5_000, 600_000
_DAY_MS = 86_400_000
_LATER_MS = 600_000
"""So much later than an execution the account itself may show it."""
_LACKING_NS = 60_000_000_000
_AT_ONCE = 5
"""So many are booked before others have a turn: what was executed since is counted anew for each."""


class LateExecutions:
    """Looks again ever more rarely, as long as the differences are the same."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._history = Rereading(gateway)
        self._lacking_ns: dict[str, int] = {}
        """Since when the exchange says that it executed more on a symbol than it tells."""

    async def watch(self) -> None:
        """For as long as the process lives."""
        seen: tuple[dict[str, Decimal], list[str]] = {}, []
        pause_ms = waited_ms = 0
        while True:
            await self._history.wait(_FIRST_PAUSE_MS)
            waited_ms += _FIRST_PAUSE_MS
            symbols, differences = self._concerned(), self._gateway.book.differences
            if (differences, symbols) != seen:
                seen, pause_ms = (dict(differences), symbols), 0
            if symbols and waited_ms >= pause_ms:
                await self._look_for_them(symbols)
                waited_ms, pause_ms = 0, min(max(2 * pause_ms, _FIRST_PAUSE_MS), _LONGEST_PAUSE_MS)

    async def book(self, fills: Sequence[Fill]) -> None:
        """Book these, which history tells and pos.db has not, if they are exactly what the books lack, and nobody has
        corrected that. Ends when it is known whose they are. Raises TradingError.
        """
        gateway, book = self._gateway, self._gateway.book
        if not fills:
            return
        await gateway.recovery.check_account()  # by what they differ now
        corrected = {fill.symbol for fill in fills if await self._is_corrected(fill)}
        fills = [fill for fill in fills if fill.key not in book.booked_late]
        shown = ", ".join(f"trade {fill.exec_id} of order {fill.venue_order_id} on {fill.symbol}" for fill in fills)
        if corrected or not explain(fills, book.differences, book.pairs, book.assets):
            why = "a person has corrected the books since" if corrected else "the books differ by something else, too"
            if fills:
                gateway.log.warning(f"executions that history shows are not booked: {why}", missing=shown)
            return
        for number, fill in enumerate(fills):
            if number % _AT_ONCE == _AT_ONCE - 1:
                await self._history.wait(1)
            book.book_late(fill)
        for symbol in sorted({fill.symbol for fill in fills}):
            await self._history.wait_for_owners(symbol)
        gateway.log.warning("booked: executions that history showed only after younger ones", booked=shown)
        await gateway.recovery.check_account()  # which frees what is equal again

    # ---- inside

    def _concerned(self) -> list[str]:
        """Symbols of which the books are believed to differ from the account, or to lack executions that cancel out."""
        gateway, now_ns = self._gateway, self._gateway.now_ns()
        lacking = {order.symbol for order in gateway.book.open_orders() if order.facts.missing_qty}
        self._lacking_ns = {symbol: self._lacking_ns.get(symbol, now_ns) for symbol in lacking}
        found = {row.scope.symbol for row in gateway.book.halts if row.cause is HaltCause.DIFFERENCE}
        found |= {symbol for symbol, since_ns in self._lacking_ns.items() if now_ns - since_ns >= _LACKING_NS}
        return sorted(symbol for symbol in found & gateway.book.symbols.keys() if not gateway.recovery.is_gone(symbol))

    async def _is_corrected(self, fill: Fill) -> bool:
        """Whether the books were put right by hand after an execution."""
        pair = self._gateway.book.pairs.get(fill.symbol)
        assets = () if pair is None else (pair.base, pair.quote)
        question = partial(is_corrected_since, symbol=fill.symbol, assets=assets, since_ms=fill.ts_event_ms)
        return await self._history.look(question)

    async def _look_for_them(self, symbols: list[str]) -> None:
        missing: dict[str, list[Fill]] = {}
        for symbol in symbols:
            try:
                missing[symbol] = await self._missing(symbol)
            except TradingError as error:
                why = "history was not read for what the books may lack; it will be"
                self._gateway.log.warning(why, symbol=symbol, error=error)
        together = [[fill for fills in missing.values() for fill in fills]]  # one asset is moved by those of several
        for fills in missing.values() if self._gateway.book.kind is AccountKind.CONTRACTS else together:
            try:
                await self.book(fills)
            except TradingError as error:
                self._gateway.log.warning("executions that history showed late are not booked yet", error=error)

    async def _missing(self, symbol: str) -> list[Fill]:
        """What history tells and pos.db has not, of what nobody reads any more. Raises TradingError."""
        book, since_ms = self._gateway.book, self._gateway.recovery.agreed_ms(symbol)
        first_id, watermark, found = book.symbols[symbol], book.watermarks[symbol], list[Fill]()
        last_ms = await self._history.look(partial(executed_ms, symbol=symbol, until_id=watermark))
        # Without one: what is missing, an earlier run passed over, soon before the last that it booked.
        since_ms = last_ms - _DAY_MS if since_ms is None else max(since_ms, last_ms - _DAY_MS)

        def page(told: list[Fill], booked: list[Fill]) -> None:
            found.extend(not_booked(told, booked, first_id, watermark))

        await self._history.read(symbol, since_ms - _LATER_MS, page)
        return found
