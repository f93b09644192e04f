"""What is asked when nothing is known to have gone wrong: how late each may be, and how much it costs at the most."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, facts, intent
from tests.unit.oms.table import Table
from tradingsys.core.commands import OpenOrdersQuery, OrderQuery, TradesQuery
from tradingsys.oms.cadence import Cadence, whose_turn
from tradingsys.oms.tracked_order import TrackedOrder

MS = 1_000_000
CADENCE = Cadence()


def live(busy: list[str], idle: list[str], minutes: int = 10) -> tuple[Counter[str], dict[str, float]]:
    """How often each symbol was read, and its longest wait in seconds."""
    read_ns: dict[str, int] = {}
    counts, waits = Counter[str](), dict[str, float]()
    for now_ms in range(0, minutes * 60_000, CADENCE.slot_ms):
        symbol = whose_turn(CADENCE, busy, idle, read_ns, now_ms * MS)
        if symbol is not None:
            if symbol in read_ns and now_ms > 60_000:  # at first nobody was read
                waits[symbol] = max(waits.get(symbol, 0), now_ms / 1_000 - read_ns[symbol] / MS / 1_000)
            read_ns[symbol] = now_ms * MS
            counts[symbol] += 1
    return counts, waits


def test_busy_symbols_are_read_within_ten_seconds_and_idle_ones_within_a_minute() -> None:
    busy, idle = [f"B{number}" for number in range(5)], [f"I{number}" for number in range(10)]
    counts, waits = live(busy, idle)
    assert max(waits[symbol] for symbol in busy) <= 10
    assert max(waits[symbol] for symbol in idle) <= 60
    assert min(counts[symbol] for symbol in idle) >= 10


@pytest.mark.parametrize(("busy", "idle"), [(0, 300), (100, 0), (60, 300)])
def test_however_many_there_are_each_has_its_turn_and_a_minute_has_sixty(busy: int, idle: int) -> None:
    busy_ones, idle_ones = [f"B{number}" for number in range(busy)], [f"I{number}" for number in range(idle)]
    counts, _ = live(busy_ones, idle_ones, minutes=30)
    assert counts.keys() == {*busy_ones, *idle_ones}
    assert counts.total() <= 30 * 60


def test_what_is_missed_is_read_though_nobody_says_so() -> None:
    table = Table()
    table.book.track(intent(1, 1))
    table.book.learn(facts(client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
    table.start("watch", table.watch(1_000, CADENCE).read_executions())
    asked = 0
    for _ in range(60):
        table.wait(1_000)
        while table.asked():
            query = table.answer(())
            asked += isinstance(query, TradesQuery) and query.symbol == SYMBOL
    assert 6 <= asked <= 9


def test_in_a_storm_of_doubts_the_open_orders_are_asked_for_once() -> None:
    """Fifty answers are lost: forty of the orders rest, which one question tells; only the others are asked about."""
    table = Table()
    orders = [table.book.track(structs.replace(intent(1, number), recv_window_ms=60_000)) for number in range(1, 51)]
    resting = tuple(
        structs.replace(facts(client_order_id=order.client_order_id), venue_order_id=f"v{number}")
        for number, order in enumerate(orders[:40])
    )
    for order in orders:
        table.book.doubt(order)
        table.start(order.client_order_id, table.recovery.resolve(order))
    questions = Counter[type]()
    for _ in range(200):
        while table.asked():
            is_sweep = isinstance(table.asked()[0], OpenOrdersQuery)
            questions[type(table.answer(resting if is_sweep else None))] += 1
        table.wait(5)
    assert [order.in_doubt for order in orders] == [False] * 40 + [True] * 10
    assert questions[OpenOrdersQuery] == 1
    assert questions[OrderQuery] <= 10 * 3 + 3, "the first three were asked about before it was a storm"


def in_doubt(count: int) -> tuple[Table, list[TrackedOrder]]:
    """So many orders, each being asked about."""
    table = Table()
    orders = [table.book.track(structs.replace(intent(1, each), recv_window_ms=60_000)) for each in range(1, count + 1)]
    for order in orders:
        table.book.doubt(order)
        table.start(order.client_order_id, table.recovery.resolve(order))
    return table, orders


def test_who_waits_for_the_answer_about_all_open_orders_is_woken_by_it() -> None:
    table, _ = in_doubt(50)
    while not isinstance(table.asked()[0], OpenOrdersQuery):
        table.answer(None)
    due_ns = table.procedures.next_deadline_ns
    assert due_ns is None or due_ns >= 200_000_000, "nobody looks again and again whether it is there"
    asked = len(table.asked())
    table.answer(())
    assert len(table.asked()) > asked + 40, "each is asked about at once"


def test_a_slow_answer_about_all_open_orders_holds_nobody_up_for_ever() -> None:
    """Fifty answers are lost, and what rests is told only after two seconds, each time."""
    table, orders = in_doubt(50)
    asked = Counter[str | None]()
    for _ in range(12):
        for _ in range(len(table.asked())):
            query = table.asked()[0]
            if isinstance(query, OrderQuery):
                asked[query.client_order_id] += 1
            table.answer(() if isinstance(query, OpenOrdersQuery) else None)
        table.wait(2_000)
    assert min(asked[order.client_order_id] for order in orders) >= 3


def test_a_fault_while_open_orders_are_read_leaves_nobody_waiting() -> None:
    table, _ = in_doubt(10)
    while not isinstance(table.asked()[0], OpenOrdersQuery):
        table.answer(None)
    with pytest.raises(AttributeError):
        table.answer(("no order",))
    assert len(table.asked()) == 6, "each of those that waited is asked about"
