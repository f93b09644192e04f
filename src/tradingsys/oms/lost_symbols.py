"""Saying what is not in the books of symbols that were lost with an older pos.db, for as long as it is not."""

from __future__ import annotations

from tradingsys.core.enums import AccountKind
from tradingsys.oms.refusals import Refusals
from tradingsys.oms.session_book import SessionBook

__all__ = ["LostSymbols"]


class LostSymbols:
    """Tells people once in each run, and again when it became hopeless; and whoever asks."""

    def __init__(self, book: SessionBook, refusals: Refusals) -> None:
        self._book, self._refusals = book, refusals
        self._told: set[str] = set()

    def after(self, text: str) -> str:
        """A text, and what people should know of what is missing."""
        missing = self._book.missing.trades
        return "; ".join(filter(None, (text, *map(self._reason, sorted(missing))))) if missing else text

    def tell(self) -> None:
        """Warn of what could not be accounted for now."""
        for symbol in sorted(self._book.missing.trades):
            told = self._warning(symbol)
            if told not in self._told:
                self._told.add(told)
                self._book.alarm(told)

    def _reason(self, symbol: str) -> str:
        what = f"what sessions traded of {symbol.lower()} is not in the books"
        if self._refusals.is_named(symbol):
            return f"{what} yet: it is read as soon as the exchange tells it"
        return f"{what}: the exchange does not list it any more"

    def _warning(self, symbol: str) -> str:
        what = f"what sessions traded of {symbol} is not in the books: "
        if self._refusals.is_named(symbol):
            return f"{what}it will be as soon as the exchange tells it, and no start need be told of it again"
        line = self._book.commands.line
        is_assets = self._book.kind is AccountKind.ASSETS
        compare = f"compare the balances (`{line('assets')}`) and book what differs (`{line('pos accept ASSET')}`)"
        return (
            f"{what}the exchange does not list it any more. Everything else goes on, interest and funding are shared "
            f"without it. {compare if is_assets else 'No position is open there any more'}; should it be listed again, "
            "it is read then"
        )
