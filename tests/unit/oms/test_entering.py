"""Who reads what is not accounted for yet, and who waits for whom."""

from __future__ import annotations

from collections.abc import Collection

from tests.unit.oms.table import Table
from tradingsys.oms.entering import Entering, Wish
from tradingsys.oms.recovery import Margins

STALENESS_MS = Margins().staleness_ms


def test_a_reader_that_took_too_long_takes_nobodys_turn() -> None:
    """Its answers come when another reads already: whoever comes next waits for that one."""
    table, readings = Table(), list[int]()

    async def read(_wishes: Collection[Wish]) -> None:
        readings.append(len(readings))
        await table.recovery._inquiry.wait((5, 100, 100)[readings[-1]] * STALENESS_MS)

    entering = Entering(table.recovery._inquiry, read, lambda _: False, lambda _: None)
    table.start("slow", entering.enter([Wish("A")]))
    table.wait(4 * STALENESS_MS)
    table.start("second", entering.enter([Wish("B")]))
    assert len(readings) == 2, "nobody waits for a reader for ever"
    table.wait(STALENESS_MS + 1)
    table.start("third", entering.enter([Wish("C")]))
    assert len(readings) == 2, "the first ended; the second reads still"


def test_waiting_for_a_reading_costs_no_more_where_it_takes_longer() -> None:
    def looks(staleness_ms: int) -> int:
        table, looked = Table(margins=Margins(staleness_ms=staleness_ms)), list[Wish]()

        async def read(_wishes: Collection[Wish]) -> None:
            await table.recovery._inquiry.wait(2 * staleness_ms)

        def is_done(wish: Wish) -> bool:
            looked.append(wish)
            return False

        entering = Entering(table.recovery._inquiry, read, is_done, lambda _: None)
        for name in ("reads", "waits"):
            table.start(name, entering.enter([Wish(name)]))
        table.wait(2 * staleness_ms - 1)
        return len(looked)

    assert looks(30 * STALENESS_MS) <= looks(STALENESS_MS) < 100
