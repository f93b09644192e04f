"""Looking into the book while its gateway runs."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from tests.unit.store.books import Machine
from tradingsys.core.errors import StoreError
from tradingsys.core.records import SessionRecord
from tradingsys.store import read
from tradingsys.store.runner import ThreadRunner


def test_a_long_look_holds_up_no_write(machine: Machine) -> None:
    delivered: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    store = machine.ready(runner=ThreadRunner(delivered.put), reader=ThreadRunner(delivered.put, "looking"))
    is_looking, may_end = threading.Event(), threading.Event()
    found: list[object] = []

    def question(conn: object) -> str:
        is_looking.set()
        assert may_end.wait(20)
        return threading.current_thread().name

    store.look(question, found.append)
    assert is_looking.wait(20)
    store.save_now([SessionRecord(7, "written meanwhile")])
    may_end.set()
    delivered.get(timeout=20)()
    assert found == ["looking"]
    store.look(read.sessions, found.append)
    delivered.get(timeout=20)()
    assert found[1] == [SessionRecord(7, "written meanwhile")]
    store.close()


def test_a_look_that_fails_is_no_failure_of_the_book(machine: Machine) -> None:
    store = machine.ready()
    found: list[object] = []
    store.look(lambda conn: conn.execute("SELECT nonsense"), found.append)
    assert isinstance(found[0], StoreError) and "nonsense" in str(found[0])
    store.save_now([SessionRecord(7, "still written")])
    store.close()
