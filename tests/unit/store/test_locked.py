"""Somebody's SQL shell holds pos.db: a write waits as long as SQLite may, whichever way it was asked for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import apsw
import pytest

from tests.unit.store.books import Machine, intent, order
from tradingsys.core.errors import StoreError
from tradingsys.core.records import SymbolRecord
from tradingsys.store.runner import ThreadRunner
from tradingsys.store.store import Store

Delivered = queue.SimpleQueue[Callable[[], None]]


def opened(machine: Machine, patience_ms: int) -> tuple[Store, Delivered]:
    delivered: Delivered = queue.SimpleQueue()
    store = machine.ready(runner=ThreadRunner(delivered.put))
    assert store._conn.pragma("busy_timeout") == 5_000
    store._runner.run(lambda: store._conn.set_busy_timeout(patience_ms))
    return store, delivered


def locked(machine: Machine) -> apsw.Connection:
    shell = apsw.Connection(str(machine.path))
    shell.execute("BEGIN IMMEDIATE")
    return shell


def test_a_lock_that_is_let_go_in_time_costs_only_the_wait(machine: Machine) -> None:
    store, delivered = opened(machine, 30_000)
    shell = locked(machine)
    ended: list[StoreError | None] = []
    store.append(intent(1))
    store.commit([order(1)], ended.append)
    letting_go = threading.Timer(0.1, lambda: shell.execute("COMMIT"))
    letting_go.start()
    store.save_now([SymbolRecord("BTCUSDT", 1)])
    letting_go.join()
    delivered.get(timeout=20)()
    assert ended == [None]
    store.close()
    shell.close()
    saved = machine.open().saved
    assert [each.symbol for each in saved.symbols] == ["BTCUSDT"] and len(saved.orders) == 1


@pytest.mark.parametrize("at_once", [True, False])
def test_a_lock_that_stays_ends_the_book_and_does_not_hang(machine: Machine, at_once: bool) -> None:
    store, delivered = opened(machine, 100)
    shell = locked(machine)
    ended: list[StoreError | None] = []
    if at_once:
        with pytest.raises(StoreError, match="another program keeps it locked"):
            store.save_now([SymbolRecord("BTCUSDT", 1)])
    else:
        store.commit([SymbolRecord("BTCUSDT", 1)], ended.append)
        delivered.get(timeout=20)()
        assert "another program keeps it locked" in str(ended.pop())
    # What comes after it is not written behind it, either way, once the lock is gone.
    shell.execute("ROLLBACK")
    with pytest.raises(StoreError):
        store.save_now([SymbolRecord("ETHUSDT", 1)])
    store.commit([SymbolRecord("ETHUSDT", 1)], ended.append)
    assert ended and ended[0] is not None
    with pytest.raises(StoreError):
        store.append(intent(1))
    store.close()
    shell.close()
    assert machine.open().saved.symbols == ()
