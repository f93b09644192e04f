"""Reading the account's cash history into the ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tradingsys.core.commands import Income, IncomeQuery
from tradingsys.core.errors import TradingError
from tradingsys.core.records import LedgerKind
from tradingsys.oms.account_books import AccountBooks
from tradingsys.oms.funding import FUNDING
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.procedure import ask

__all__ = ["CREATION_DOUBT_MS", "CashHistory"]

CREATION_DOUBT_MS = 3_600_000
"""How far the clock of the machine that made the book may have been ahead; reading too much does no harm."""

_PAGE = 1000
_JOIN_MS = 50
_LATE_MS = {FUNDING: 60_000, LedgerKind.INTEREST: 7_200_000}
"""Rows may appear later than trades do; reading a minute again, or some hours, costs no more than reading a second."""
_COMPARED_MS = 60_000
"""Where there is nothing to read: so long ago may be what the account is compared with."""
_CLOCK_STEP_MS = 1_000
_FAILURES_BEFORE_ALARM = 3
_ATTEMPTS_WHEN_EXPECTED = 4
_NAMES = {FUNDING: "funding", LedgerKind.INTEREST: "interest"}


class CashHistory:
    """Procedures that book what the account paid or received without a trade."""

    def __init__(self, inquiry: Inquiry, account: AccountBooks, pull_trades: Callable[[str], Awaitable[None]]) -> None:
        self._inquiry = inquiry
        self._book = inquiry.book
        self._account = account
        self._pull_trades = pull_trades
        self._is_pulling = False
        self._again = False
        self._failures = 0

    async def pull_funding(self, *, expected: bool = False) -> None:
        """Book every row of the account's kind since the last mark: funding, or interest, to those who bear it.

        With ``expected`` the venue has announced one, so that it is asked for again when it is not there yet. Whoever
        calls while another reading is under way leaves it to that one.
        """
        if self._is_pulling:
            self._again = True
            return
        self._is_pulling = True
        try:
            attempts, wait_ms = _ATTEMPTS_WHEN_EXPECTED if expected else 1, self._inquiry.timing.settle_ms
            while attempts:
                attempts -= 1
                self._again = False
                is_found = await self._pull()
                if self._again:
                    attempts = max(attempts, 1)
                elif is_found:
                    break
                elif attempts:
                    await self._inquiry.wait(wait_ms)
                    wait_ms *= 2
        finally:
            self._is_pulling = False

    async def _pull(self) -> bool:
        """Whether anything was booked. What cannot be read now is read next time."""
        book, inquiry, kind = self._book, self._inquiry, self._account.cash_kind
        asked_ms = inquiry.surely_ms()
        read_to_ms = asked_ms - max(_LATE_MS.get(kind or "", _COMPARED_MS), inquiry.margins.staleness_ms)
        if kind is None:  # none can come: the next start need not know who held what until now
            book.mark_ledger(LedgerKind.INTEREST, read_to_ms)
            return True
        try:
            rows = await self._new_rows(kind, book.ledger_marks.get(kind, book.created_ms - CREATION_DOUBT_MS))
        except TradingError as error:
            self._failures += 1
            if self._failures == _FAILURES_BEFORE_ALARM:
                name = _NAMES.get(kind, kind)
                book.alarm(f"the account's {name} cannot be read: {error}; it stays out of the books until it can")
            return False
        self._failures = 0
        latest_ms: dict[str, int] = {}
        for row in rows:
            for symbol in self._account.symbols_of(row):
                latest_ms[symbol] = max(row.ts_ms, latest_ms.get(symbol, 0))
        for symbol in sorted(latest_ms):
            await self._book_trades(symbol, latest_ms[symbol])
        for row in rows:
            book.pay(row)
        book.mark_ledger(kind, read_to_ms)
        return bool(rows)

    async def _new_rows(self, kind: str, start_ms: int) -> list[Income]:
        """Raises TradingError."""
        found: dict[str, Income] = {}
        while True:
            page = await ask(IncomeQuery(kind, start_ms, _PAGE))
            known = len(found)
            found |= {row.ext_id: row for row in page}
            if len(page) < _PAGE:
                break
            # Inclusive: rows of one instant may fall on two pages.
            start_ms = page[-1].ts_ms + (len(found) == known)
        rows = [row for row in found.values() if not self._book.cash.is_known(row)]
        return sorted(rows, key=lambda row: (row.ts_ms, row.symbol, row.ext_id))

    async def _book_trades(self, symbol: str, ts_ms: int) -> None:
        """Every trade up to an instant is in the books when this ends."""
        inquiry = self._inquiry
        while (left_ms := ts_ms + inquiry.margins.staleness_ms - inquiry.surely_ms()) >= 0:
            await inquiry.wait(min(left_ms, _CLOCK_STEP_MS) + 1)  # the clock may be set meanwhile
        await self._pull_trades(symbol)
        while any(
            held == symbol and any(fill.ts_event_ms <= ts_ms for fill in fills.values())
            for (held, _), fills in self._book.unattributed.items()
        ):
            await inquiry.wait(_JOIN_MS)
