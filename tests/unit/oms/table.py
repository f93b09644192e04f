"""A recovery, its book, and a venue that answers when, and what, the test says."""

from __future__ import annotations

from tests.unit.oms.books import EPOCH, empty_book
from tradingsys.core.commands import Query
from tradingsys.core.errors import TradingError
from tradingsys.core.venue_clock import VenueClock
from tradingsys.oms.cadence import Cadence
from tradingsys.oms.procedure import Procedure, Procedures
from tradingsys.oms.recovery import Margins, Recovery, Timing
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.watch import Watch

MS = 1_000_000


class Table:
    """A recovery, its book, and the questions it asks."""

    def __init__(
        self,
        uncertainty_ms: int = 0,
        timing: Timing | None = None,
        book: SessionBook | None = None,
        margins: Margins | None = None,
    ) -> None:
        self.book = book or empty_book()
        self.clock = VenueClock()
        self.clock.set(EPOCH, -2 * uncertainty_ms * MS, 0)
        self.now_ns = 0
        own = margins or Margins()
        self.recovery = Recovery(self.book, own, timing or Timing(), lambda: self.now_ns, self.clock)
        self.procedures = Procedures()
        self.ended: list[str] = []
        self._asked: list[tuple[int, Query[object]]] = []

    def watch(self, every_ms: int, cadence: Cadence | None = None) -> Watch:
        return Watch(self.recovery, lambda: self.now_ns, every_ms, cadence or Cadence())

    def start(self, name: str, procedure: Procedure) -> None:
        async def run() -> None:
            await procedure
            self.ended.append(name)

        self.procedures.start(run())

    def asked(self) -> list[Query[object]]:
        self._asked += [(token, query) for token, query, _ in self.procedures.take_queries()]
        return [query for _, query in self._asked]

    def answer(self, value: object) -> Query[object]:
        """Answer the oldest question."""
        self.asked()
        token, query = self._asked.pop(0)
        error = value if isinstance(value, TradingError) else None
        self.procedures.answer(token, None if error else value, error)
        return query

    def wait(self, ms: int) -> None:
        end_ns = self.now_ns + ms * MS
        while (due_ns := self.procedures.next_deadline_ns) is not None and due_ns <= end_ns:
            self.now_ns = due_ns
            self.procedures.tick(self.now_ns)
        self.now_ns = end_ns
