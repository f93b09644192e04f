"""Executions that are not booked yet as nobody knows whose they are: who waits for that, and what they moved."""

from __future__ import annotations

from collections.abc import Container
from decimal import Decimal

from tradingsys.core.order import Fill
from tradingsys.oms.attribution import Attribution
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.late_fills import moved

__all__ = ["Owners"]

_ZERO = Decimal(0)


class Owners:
    """Where others trade there is always one that nobody knows yet: whoever waits says for which."""

    def __init__(self, inquiry: Inquiry, attribution: Attribution) -> None:
        self._inquiry, self._attribution = inquiry, attribution
        self._book = inquiry.book

    def to_come(self) -> set[tuple[str, str]]:
        """Orders (symbol, venue order id) that executed, and of which the venue may yet tell whose they are."""
        return set(self._inquiry.owners_to_come())

    def awaits_any(self, owners: Container[tuple[str, str]]) -> bool:
        """Whether the venue may yet tell that of any of these."""
        return any(order in owners for order in self._inquiry.owners_to_come())

    def strays_of(self, session: int, symbol: str) -> list[str]:
        """Orders, by the venue's id, that executed and may be this session's."""
        may_be_of = self._attribution.may_be_of
        return [stray for held, stray in self._book.unattributed if held == symbol and may_be_of(session, held, stray)]

    def will_add(self, name: str, since_ms: int) -> Decimal | None:
        """What those executions that will be booked yet will add to what the books have of a symbol or an asset; None
        where that is not certain: an account that was read at ``since_ms`` may lack one, or a fee is not known.
        """
        book, fills = self._book, list[Fill]()
        for order in self._inquiry.owners_to_come():
            fills += book.unattributed[order].values()
        concerned = [fill for fill in fills if self._moves(fill, name)]
        if any(fill.ts_event_ms > since_ms for fill in concerned):
            return None
        if any(fill.symbol in book.pairs and fill.charge is None for fill in fills):
            return None
        return moved(concerned, book.pairs, book.assets).get(name, _ZERO)

    def _moves(self, fill: Fill, name: str) -> bool:
        return bool(moved([fill], self._book.pairs, self._book.assets).get(name))
