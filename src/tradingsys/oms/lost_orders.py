"""Looking for orders of ours that the journal lost, and that nobody but the venue knows any more."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.core.commands import ConditionalOrdersQuery, OpenOrdersQuery
from tradingsys.core.enums import AccountKind
from tradingsys.core.order import Order
from tradingsys.oms.attribution import Attribution
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.refusals import NotTold

__all__ = ["LostOrders"]


class LostOrders:
    """A procedure that asks for them where they may be missing.

    What the venue refuses to tell of a symbol stays open: until it does, executions there that may be theirs are
    nobody's.
    """

    def __init__(self, inquiry: Inquiry, attribution: Attribution) -> None:
        self._inquiry = inquiry
        self._attribution = attribution
        self._book = inquiry.book

    async def find(self) -> None:
        """Know every order of ours again, on symbols known by now, of which nothing else would tell whose its
        executions are.
        """
        missing, is_gone = self._book.missing, self._inquiry.refusals.is_gone
        symbols = missing.to_search(self._book.symbols)
        untold = await self._find_renamed() | await self._find_conditional(symbols)
        untold = {symbol for symbol in untold if not is_gone(symbol)}
        until_ms = self._inquiry.venue_ms() + self._inquiry.uncertainty_ms()
        missing.orders_told(until_ms, symbols - untold, untold)

    async def _find_renamed(self) -> set[str]:
        """Open orders that somebody else amended, and so renamed; returns the symbols of those that are not told."""
        untold: set[str] = set()
        if self._book.kind is AccountKind.ASSETS:
            for facts in await self._inquiry.patiently(OpenOrdersQuery()):
                if facts.terms is not None and self._book.missing.lacks_orders(facts.terms.symbol):
                    untold |= await self._recognise(facts, facts.terms.symbol)
        return untold

    async def _recognise(self, facts: Order, symbol: str) -> set[str]:
        try:
            await self._attribution.recognise(facts, symbol, patiently=True)
        except NotTold:
            return {symbol}
        return set()

    async def _find_conditional(self, symbols: Iterable[str]) -> set[str]:
        """Conditional orders; returns the symbols of which they are not told.

        One that was triggered meanwhile is open no longer, and what it became may have a client id of the venue's
        making.
        """
        untold: set[str] = set()
        for symbol in sorted(symbols):
            try:
                for facts in await self._inquiry.of_symbol(ConditionalOrdersQuery(symbol)):
                    self._inquiry.learn(facts, symbol)
            except NotTold:
                untold.add(symbol)
        return untold
