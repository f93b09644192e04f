"""Batches of the store: whole or nothing, in order, elsewhere than on the loop, and nothing behind one that failed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import apsw
import pytest

from tests.unit.store.books import (
    Machine,
    commit,
    intent,
    known_ids,
    order,
    outcomes,
)
from tradingsys.core.errors import StoreError
from tradingsys.core.records import (
    Record,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.store import InlineRunner, ThreadRunner
from tradingsys.store.book import Book
from tradingsys.store.edits import RowEdit

T = TypeVar("T")


def test_batches_are_whole_or_nothing_and_a_failure_is_final(machine: Machine) -> None:
    store = machine.ready()
    commit(store, order(1))
    other = apsw.Connection(str(machine.path))
    other.execute("CREATE TRIGGER no BEFORE INSERT ON watermarks BEGIN SELECT raise(ABORT, 'disk on fire'); END")
    other.close()
    heard, done = outcomes()
    store.commit([order(2), WatermarkRecord("BTCUSDT", 1)], done)
    store.commit([order(3)], done)
    assert [type(error) for error in heard] == [StoreError, StoreError]
    assert "disk on fire" in str(heard[0])
    acts: list[Callable[[], object]] = [
        lambda: store.append(intent(9)),
        store.sync_journal,
        lambda: store.save_now([order(4)]),
        lambda: store.begin_epoch(9, 1),
    ]
    for act in acts:
        with pytest.raises(StoreError, match="disk on fire"):
            act()
    store.close()
    again = machine.open()
    assert known_ids(again) == [intent(1).client_order_id]
    assert not again.saved.journal_proven


class Held(InlineRunner):
    """Keeps submitted jobs until told."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], T], done: Callable[[T | BaseException], None]) -> None:
        self.jobs.append(partial(InlineRunner.submit, self, job, done))

    def run(self, job: Callable[[], T]) -> T:
        while self.jobs:
            self.jobs.pop(0)()
        return job()


def test_waiting_batches_share_a_transaction_and_end_in_order(machine: Machine) -> None:
    runner = Held()
    store = machine.ready(runner=runner)
    ended: list[int] = []
    for number in range(1, 6):
        store.commit([order(number)], lambda error, number=number: ended.append(number if error is None else -number))  # type: ignore[misc]
    assert len(runner.jobs) == 1
    runner.jobs.pop(0)()
    assert ended == [1]
    assert len(runner.jobs) == 1
    runner.jobs.pop(0)()
    assert ended == [1, 2, 3, 4, 5]
    store.commit([WatermarkRecord("A", 1)], lambda error: ended.append(6))
    store.commit([WatermarkRecord("A", 2)], lambda error: ended.append(7))
    store.save_now([WatermarkRecord("A", 3)])
    assert ended == [1, 2, 3, 4, 5, 6, 7]


def test_what_waits_for_a_batch_that_fails_is_not_written_behind_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Held()
    store = machine.ready(runner=runner)
    write = Book.write

    def fails_once(self: Book, records: Sequence[Record]) -> list[RowEdit]:
        monkeypatch.setattr(Book, "write", write)
        raise StoreError("disk on fire")

    monkeypatch.setattr(Book, "write", fails_once)
    heard, done = outcomes()
    store.commit([WatermarkRecord("A", 1)], done)
    with pytest.raises(StoreError, match="disk on fire"):
        store.save_now([WatermarkRecord("A", 2)])
    assert [str(error) for error in heard] == ["disk on fire"]
    machine.kill()
    assert machine.open().saved.watermarks == ()


def test_the_thread_runner_writes_elsewhere_and_answers_on_the_loop(machine: Machine) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        store = machine.ready(runner=ThreadRunner(loop.call_soon_threadsafe))
        ended: list[tuple[int, int]] = []
        finished = asyncio.Event()

        def done(number: int) -> Callable[[StoreError | None], None]:
            def ended_(error: StoreError | None) -> None:
                assert error is None
                ended.append((number, threading.get_ident()))
                if number == 19:
                    finished.set()

            return ended_

        for number in range(20):
            store.append(intent(number))
            store.commit([order(number)], done(number))
        store.save_now([SymbolRecord("BTCUSDT", 1)])
        async with asyncio.timeout(10):
            await finished.wait()
        assert ended == [(number, threading.get_ident()) for number in range(20)]
        store.commit([order(20)], lambda error: None)
        store.close()
        store.close()
        assert not any(thread.name == "store" for thread in threading.enumerate())

    asyncio.run(main())
    assert len(machine.open().saved.orders) == 21


def test_a_batch_committed_while_another_is_reported_ends_after_it(machine: Machine) -> None:
    store = machine.ready()
    ended: list[str] = []

    def first(error: StoreError | None) -> None:
        store.commit([order(3)], lambda error: ended.append("third"))
        ended.append("first")

    store.commit([order(1)], first)
    assert ended == ["first", "third"]
