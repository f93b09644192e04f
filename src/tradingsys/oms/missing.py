"""What the books may lack of what was before, because it was lost and the venue has not told of it yet."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.core.missing import MissingRecord
from tradingsys.oms.effects import Effect, Save
from tradingsys.oms.order_index import OrderIndex

__all__ = ["Missing"]


class Missing:
    """Orders that the journal lost, and executions of symbols whose rows were lost: kept until the venue has told.

    Everybody asks here before believing that what the books hold of a symbol is all there is.
    """

    def __init__(self, saved: MissingRecord, index: OrderIndex, effects: list[Effect]) -> None:
        self._index, self._effects = index, effects
        self._kept = saved
        self._orders = set(saved.orders)
        self._anywhere: set[str] | None = None
        """On any symbol orders may be missing, but on these; None where all symbols of ours are known."""
        self.trades = set(saved.trades)
        """Symbols of ours that are not accounted for: everything since the book began is to be read."""
        self.until_ms = saved.until_ms
        """Venue time until which orders of ours may have executed that nobody here knew."""

    @property
    def has_all_orders(self) -> bool:
        """Whether no order of ours is missing on any symbol."""
        return self._anywhere is None and not self._orders

    @property
    def knows_symbols(self) -> bool:
        """Whether all symbols on which there are orders of ours are accounted for, or among those that were lost."""
        return self._anywhere is None

    def lacks_orders(self, symbol: str) -> bool:
        """Whether orders of ours may be missing because the journal lost them, and nobody has told of them yet."""
        return symbol in self._orders or (self._anywhere is not None and symbol not in self._anywhere)

    def to_search(self, known: Iterable[str]) -> set[str]:
        """The symbols, of those ``known`` and those that were lost, on which orders of ours may be missing."""
        return {symbol for symbol in {*known, *self.trades, *self._orders} if self.lacks_orders(symbol)}

    def lacks_trades(self, symbol: str) -> bool:
        """Whether sessions may have traded a symbol that is not accounted for."""
        return symbol in self.trades

    def journal_lost(self, until_ms: int) -> None:
        """It lost orders that may reach the venue until then (venue time), on whatever symbol."""
        self._anywhere, self.until_ms = set(), max(until_ms, self.until_ms)

    def orders_told(self, until_ms: int, told: Iterable[str], untold: Iterable[str]) -> None:
        """The venue told of all that were open then on these symbols, and not on those: what executes later is known as
        ours.

        Where nothing that was missing was told the instant stays: on symbols that are still missing everything may be
        ours, whenever it executes, and on all others everything open was known before.
        """
        told = set(told)
        if told or self._anywhere is not None:
            self.until_ms = max(until_ms, self.until_ms)
        self._orders = (self._orders - told) | set(untold)
        if self._anywhere is not None:
            self._anywhere |= told
        self._note()

    def symbols_known(self) -> None:
        """All symbols on which there are orders of ours are accounted for, or among those that were lost."""
        if self._anywhere is not None:
            self._anywhere = None
            self._note()

    def trades_lost(self, symbols: Iterable[str]) -> None:
        """These are ours, and what sessions executed there is not in the books; nor are, then, orders that waited."""
        new = set(symbols) - self.trades
        self.trades |= new
        self._orders |= new
        self._keep()

    def entered(self, symbol: str) -> None:
        """It is accounted for."""
        self.trades.discard(symbol)
        self._keep()

    def _note(self) -> None:
        self._keep()
        for order in [order for order in self._index.active.values() if order.is_unproven]:
            order.may_rest = self.lacks_orders(order.symbol)
            self._index.note_activity(order)

    def _keep(self) -> None:
        now = MissingRecord(tuple(sorted(self._orders)), tuple(sorted(self.trades)), self.until_ms)
        if now != self._kept:
            self._kept = now
            self._effects.append(Save(now))
