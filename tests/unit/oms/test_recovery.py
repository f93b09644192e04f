"""Procedures of recovery against a venue that answers when, and what, the test says."""

from __future__ import annotations

from typing import TypeVar

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, empty_book, facts, fill, intent
from tradingsys.core.commands import Query
from tradingsys.core.errors import TransportError
from tradingsys.core.venue_clock import VenueClock
from tradingsys.oms.procedure import Procedure, Procedures
from tradingsys.oms.recovery import Margins, Recovery, Timing

Q = TypeVar("Q", bound=Query[object])
_MS = 1_000_000


class Table:
    """A recovery, its book, and the questions it asks."""

    def __init__(self, uncertainty_ms: int = 0) -> None:
        self.now_ns = 0
        self.book = empty_book()
        self.clock = VenueClock()
        self.clock.set(EPOCH, -2 * uncertainty_ms * _MS, 0)
        self.now_ns = 0
        self.recovery = Recovery(self.book, Margins(), Timing(), lambda: self.now_ns, self.clock)
        self.procedures = Procedures()
        self.ended: list[str] = []
        self._asked: list[tuple[int, Query[object]]] = []

    def start(self, name: str, procedure: Procedure) -> None:
        async def run() -> None:
            await procedure
            self.ended.append(name)

        self.procedures.start(run())

    def asked(self) -> list[Query[object]]:
        self._asked += self.procedures.take_queries()
        return [query for _, query in self._asked]

    def answer(self, value: object) -> Query[object]:
        """Answer the oldest question."""
        self.asked()
        token, query = self._asked.pop(0)
        error = value if isinstance(value, TransportError) else None
        self.procedures.answer(token, None if error else value, error)
        return query

    def wait(self, ms: int) -> None:
        end_ns = self.now_ns + ms * _MS
        while (due_ns := self.procedures.next_deadline_ns) is not None and due_ns <= end_ns:
            self.now_ns = due_ns
            self.procedures.tick(self.now_ns)
        self.now_ns = end_ns


def test_whoever_asks_for_history_gets_what_happened_before_the_question() -> None:
    table = Table()
    table.book.track(intent(1, 1))
    table.book.learn(facts(client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
    table.start("first", table.recovery.pull_trades(SYMBOL))
    table.start("second", table.recovery.pull_trades(SYMBOL))
    table.answer(())
    table.wait(1_000)
    assert table.ended == [], "the answer may be older than the second question"
    table.answer((facts(fill(100, "1", "4")),))
    table.wait(1_000)
    assert table.ended == ["first", "second"] and table.book.net(1, SYMBOL) == 4
    assert table.asked() == []
