"""Reading the account's cash history into the ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

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
_JOINED_MS = 15_000
"""A question that was lost is given up sooner."""
_OWNERS_MS = 5_000
"""Whose an execution is, is mostly told within some hundred ms."""
_LATE_MS = {FUNDING: 60_000, LedgerKind.INTEREST: 7_200_000}
"""Rows may appear later than trades do; reading a minute again, or some hours, costs no more than reading a second."""
_COMPARED_MS = 60_000
"""Where there is nothing to read: so long ago may be what the account is compared with."""
_CLOCK_STEP_MS = 1_000
_FAILURES_BEFORE_ALARM = 3
_ATTEMPTS_WHEN_EXPECTED = 4
_NS_PER_MS = 1_000_000
_GIVEN_UP_AFTER_NS = 3_600 * 1_000_000_000
"""So long without a break nobody could be asked: whoever was away for a month asks first."""
_GIVEN_UP_AGE_MS = 30 * 86_400_000
"""A third of what the venue's cash history goes back: rows that it tells no more could never be shared, and a mark so
old would look as if nobody had read it.
"""
_NAMES = {FUNDING: "funding", LedgerKind.INTEREST: "interest"}


class CashHistory:
    """Procedures that book what the account paid or received without a trade.

    A row is shared once it is known who held what at its instant. Until then it stays open, and the mark before it;
    nobody waits for that, and all other rows are booked. What depends on a symbol that the venue refuses to tell of is
    not waited for for ever: it is shared by what the books have, an hour later where the rules name the symbol no more,
    else when it is a month old.
    """

    def __init__(self, inquiry: Inquiry, account: AccountBooks, pull_trades: Callable[[str], Awaitable[None]]) -> None:
        self._inquiry = inquiry
        self._book = inquiry.book
        self._account = account
        self._pull_trades = pull_trades
        self._is_pulling = False
        self._wanted = 0
        """So many more attempts of whoever came while a reading was under way."""
        self._failures = 0
        self._open_ns: dict[str, int] = {}
        """By symbol: since when, without a break, rows stay open for its sake."""

    async def pull_funding(self, *, expected: bool = False) -> None:
        """Book every row of the account's kind since the last mark: funding, or interest, to those who bear it.

        With ``expected`` the venue has announced one, so that it is asked for again when it is not there yet. Whoever
        calls while another reading is under way leaves it to that one.
        """
        attempts, wait_ms = _ATTEMPTS_WHEN_EXPECTED if expected else 1, self._inquiry.timing.settle_ms
        if self._is_pulling:
            self._wanted = max(self._wanted, attempts)
            return
        self._is_pulling = True
        try:
            while attempts:
                attempts -= 1
                self._wanted = 0
                is_found = await self._pull()
                if self._wanted:
                    attempts, wait_ms = max(attempts, self._wanted), self._inquiry.timing.settle_ms
                elif is_found:
                    break
                elif attempts:
                    await self._inquiry.wait(wait_ms)
                    wait_ms *= 2
        finally:
            self._is_pulling = False

    async def catch_up(self) -> None:
        """Book all that is told now; where another reading is under way, wait for it, and for what it reads again."""
        await self.pull_funding()
        end_ns = self._inquiry.now_ns() + _JOINED_MS * _NS_PER_MS
        while self._is_pulling and self._inquiry.now_ns() < end_ns:
            await self._inquiry.wait(_JOIN_MS)

    async def _pull(self) -> bool:
        """Whether anything was booked. What cannot be read, or shared, now is read next time."""
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
        unshared = await self._not_to_be_shared(rows)
        for row in rows:
            if row not in unshared:
                book.pay(row)
        book.cash.leave_open(unshared)
        book.mark_ledger(kind, min([read_to_ms, *(row.ts_ms for row in unshared)]))
        return len(rows) > len(unshared)

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

    async def _not_to_be_shared(self, rows: list[Income]) -> list[Income]:
        """Have every trade in the books that decides who bears these; returns those of which that cannot be had now."""
        symbols = [self._account.symbols_of(row) for row in rows]
        latest_ms: dict[str, int] = {}
        for row, concerned in zip(rows, symbols, strict=True):
            latest_ms |= {symbol: max(row.ts_ms, latest_ms.get(symbol, 0)) for symbol in concerned}
        open_ms = await self._book_trades(latest_ms)
        now_ns = self._inquiry.now_ns()
        self._open_ns = {symbol: self._open_ns.get(symbol, now_ns) for symbol in open_ms}
        unshared, given_up = list[Income](), dict[str, list[Income]]()
        for row, concerned in zip(rows, symbols, strict=True):
            waits = {symbol for symbol in concerned if symbol in open_ms and row.ts_ms >= open_ms[symbol]}
            if any(not self._is_given_up(symbol, row) for symbol in waits):
                unshared.append(row)
                continue
            for symbol in waits:
                given_up.setdefault(symbol, []).append(row)
        self._tell_given_up(given_up)
        return unshared

    def _is_given_up(self, symbol: str, row: Income) -> bool:
        """Whether who held what then is not waited for any more."""
        if self._inquiry.now_ns() - self._open_ns[symbol] < _GIVEN_UP_AFTER_NS:
            return False
        is_old = self._inquiry.surely_ms() - row.ts_ms > _GIVEN_UP_AGE_MS
        return is_old or not self._inquiry.refusals.is_named(symbol)

    def _tell_given_up(self, given_up: Mapping[str, list[Income]]) -> None:
        for symbol, rows in sorted(given_up.items()):
            name = _NAMES.get(rows[0].kind, rows[0].kind)
            days = [datetime.fromtimestamp(row.ts_ms // 1000, UTC).strftime("%Y-%m-%d") for row in (rows[0], rows[-1])]
            self._book.alarm(
                f"{name} of {' to '.join(dict.fromkeys(days))} is shared by what the books have of {symbol}, as the "
                f"exchange does not tell what was executed there: {len(rows)} payments"
            )

    async def _book_trades(self, latest_ms: Mapping[str, int]) -> dict[str, int]:
        """Read every trade up to an instant; returns since when, by symbol, there may be some that are not booked."""
        inquiry, open_ms = self._inquiry, dict[str, int]()
        for symbol, ts_ms in sorted(latest_ms.items()):
            if inquiry.lacks_trades(symbol):
                open_ms[symbol] = 0
                continue
            while (left_ms := ts_ms + inquiry.margins.staleness_ms - inquiry.surely_ms()) >= 0:
                await inquiry.wait(min(left_ms, _CLOCK_STEP_MS) + 1)  # the clock may be set meanwhile
            await self._pull_trades(symbol)
            if inquiry.is_history_untold(symbol):
                open_ms[symbol] = 0
        end_ns = inquiry.now_ns() + _OWNERS_MS * _NS_PER_MS
        while (unowned_ms := self._unowned_since(latest_ms)) and inquiry.now_ns() < end_ns:
            if not any(symbol in unowned_ms for symbol, _ in inquiry.owners_to_come()):
                break
            await inquiry.wait(_JOIN_MS)
        return unowned_ms | open_ms

    def _unowned_since(self, latest_ms: Mapping[str, int]) -> dict[str, int]:
        since_ms: dict[str, int] = {}
        for (symbol, _), fills in self._book.unattributed.items():
            for fill in fills.values():
                if fill.ts_event_ms <= latest_ms.get(symbol, -1):
                    since_ms[symbol] = min(fill.ts_event_ms, since_ms.get(symbol, fill.ts_event_ms))
        return since_ms
