"""Books of positions in contracts: by symbol, Σ sessions + EXTERNAL is the account's position."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from tradingsys.core.commands import Income, PositionsQuery
from tradingsys.oms.account_books import Comparison
from tradingsys.oms.cash_history import CREATION_DOUBT_MS
from tradingsys.oms.entering import Entering, Wish
from tradingsys.oms.funding import FUNDING
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.refusals import NotTold
from tradingsys.oms.trade_history import TradeHistory

__all__ = ["ContractAccount"]

_ZERO = Decimal(0)


class ContractAccount:
    """An account that holds contracts."""

    def __init__(self, inquiry: Inquiry, history: TradeHistory) -> None:
        self._inquiry = inquiry
        self._history = history
        self._book = inquiry.book
        self._staleness_ms = inquiry.margins.staleness_ms
        self._entering = Entering(inquiry, self._enter, self._is_done, self._tell_busy)
        self.cash_kind: str | None = FUNDING

    async def symbols_held(self) -> set[str]:
        """Symbols with a position."""
        held = await self._inquiry.patiently(PositionsQuery())
        return {symbol for symbol, net in held.items() if net}

    async def enter_symbols(self, symbols: Iterable[str], tries: int | None = None) -> None:
        """Start accounting for symbols."""
        await self._entering.enter((Wish(symbol=each) for each in symbols), tries)

    async def enter_assets(self, assets: Iterable[str], tries: int | None = None) -> None:
        """There are none to account for."""

    def total(self, name: str) -> Decimal:
        """Of a symbol."""
        return self._book.total(name)

    async def compare(self) -> Comparison:
        """Positions."""
        held = await self._inquiry.patiently(PositionsQuery())
        return {symbol: (self._book.total(symbol), held.get(symbol, _ZERO)) for symbol in self._book.symbols}

    def symbols_behind(self, names: Iterable[str]) -> set[str]:
        """A symbol's own executions."""
        return set(names)

    def symbols_trading(self, name: str) -> set[str]:
        """The symbol itself."""
        return {name}

    def symbols_in_use(self) -> set[str]:
        """All that are accounted for."""
        return set(self._book.symbols)

    def symbols_of(self, income: Income) -> set[str]:
        """The symbol whose holders bear it."""
        is_ours = income.symbol in self._book.symbols or self._inquiry.lacks_trades(income.symbol)
        return {income.symbol} if is_ours else set()

    # ---- inside

    def _is_done(self, wish: Wish) -> bool:
        """Whether it is accounted for, or cannot be now."""
        return wish.symbol in self._book.symbols or self._inquiry.is_history_put_off(wish.symbol)

    async def _enter(self, wishes: Collection[Wish]) -> None:
        """Read trade id, position, trade id: what did not trade in between can be entered.

        Each reading is taken when the one before can no longer be the younger one, however stale their answers are.
        Where trades were lost, the account held when the book began what it holds now less what it traded since.
        """
        book, history = self._book, self._history
        before = await history.last_ids(sorted({wish.symbol for wish in wishes}))
        await self._inquiry.wait(self._staleness_ms)
        held = await self._inquiry.patiently(PositionsQuery())
        await self._inquiry.wait(self._staleness_ms)
        for symbol, last in before.items():
            # An order there may be told of before anybody has noticed that the symbol was lost.
            is_lost = book.missing.lacks_trades(symbol) or any(each.symbol == symbol for each in book.orders.values())
            try:
                fills = await history.since(symbol, book.created_ms - CREATION_DOUBT_MS) if is_lost else []
                if await history.last_id(symbol) != last or symbol in book.symbols:
                    continue
            except NotTold:
                continue
            first = min((int(fill.exec_id) for fill in fills), default=last + 1)
            traded = sum((fill.signed_qty for fill in fills), _ZERO)
            book.enter_symbol(symbol, first, held.get(symbol, _ZERO) - traded, self._inquiry.venue_ms())
            if not is_lost:
                await history.pull(symbol)

    def _tell_busy(self, wishes: Collection[Wish]) -> None:
        self._book.alarm(
            f"waiting for {2 * self._staleness_ms / 1000:g} s in which this account does not trade "
            f"{', '.join(sorted({wish.symbol for wish in wishes}))}: only then the position to begin with is certain"
        )
