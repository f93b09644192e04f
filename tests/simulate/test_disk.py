"""The simulated disk keeps what was synced, loses the rest in many ways, and the store lives with all of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import apsw
import pytest

from tests.simulate.ambush import Ambush, Killed
from tests.simulate.disk import Disk
from tests.simulate.disk_os import mount, unmount
from tests.unit.store.books import intent
from tradingsys.core.errors import StoreError
from tradingsys.core.records import WatermarkRecord
from tradingsys.store import InlineRunner
from tradingsys.store.files import fsync_directory, fsync_file
from tradingsys.store.store import Store

CUTS = 60


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path, Random(1))
    mount(disk)
    yield disk
    unmount(disk)


def test_what_is_synced_stays_and_the_rest_is_lost_in_every_way(disk: Disk) -> None:
    path = disk.folder / "pos.db.journal"
    left = Counter[bytes]()
    for _ in range(CUTS):
        disk.remove(path)
        disk.replace(path, b"kept ")
        _append(path, b"one ")
        _append(path, b"two ")
        disk.cut_power()
        left[path.read_bytes()] += 1
    assert all(b"kept one two ".startswith(content) and content.startswith(b"kept ") for content in left)
    assert left.keys() > {b"kept ", b"kept one ", b"kept one two "}
    assert any(content not in (b"kept ", b"kept one ", b"kept one two ") for content in left), "no torn write"


def test_a_name_is_durable_when_its_folder_was_synced(disk: Disk) -> None:
    survived = Counter[bool]()
    for number in range(CUTS):
        synced, unsynced = disk.folder / f"a{number}", disk.folder / f"b{number}"
        _append(synced, b"x")
        fsync_file(synced)
        fsync_directory(disk.folder)
        _append(unsynced, b"x")
        fsync_file(unsynced)
        disk.cut_power()
        assert synced.read_bytes() == b"x"
        survived[unsynced.exists()] += 1
    assert survived.keys() == {True, False}


@pytest.mark.parametrize("synchronous", ["FULL", "OFF"])
def test_sqlite_keeps_what_it_committed_if_it_may_sync(disk: Disk, synchronous: str) -> None:
    lost = 0
    for number in range(20):
        path = disk.folder / f"{number}.db"
        conn = _open(path, synchronous)
        conn.execute("CREATE TABLE t (a)")
        for _ in range(5):
            conn.execute("INSERT INTO t VALUES (randomblob(3000))")
        _die(disk, conn)
        disk.cut_power()
        try:
            lost += _open(path, synchronous).execute("SELECT count(*) FROM t").fetchall() != [(5,)]
        except apsw.Error:
            lost += 1
    assert lost == 0 if synchronous == "FULL" else lost > 0


def test_a_process_dies_where_somebody_waits_for_it(disk: Disk) -> None:
    ambush = Ambush(disk)
    conn = _open(disk.folder / "1.db", "FULL")
    conn.execute("CREATE TABLE t (a)")
    for point, rows in (("before a wal write", 0), ("after a wal sync", 1)):
        ambush.wait_at(point)
        with pytest.raises(Killed, match=point):
            conn.execute("INSERT INTO t VALUES (1)")
        _die(disk, conn)
        conn = _open(disk.folder / "1.db", "FULL")
        assert conn.execute("SELECT count(*) FROM t").fetchall() == [(rows,)]


def test_what_is_committed_after_an_fsync_failed_and_a_restart_survives_a_power_cut(disk: Disk) -> None:
    for number in range(10):
        book = disk.folder / f"{number}.db"
        store = _book(book)
        store.save_now([WatermarkRecord("A", 1)])
        disk.failing_syncs = 1
        with pytest.raises(StoreError, match="disk I/O error"):
            store.save_now([WatermarkRecord("A", 2)])
        _kill(disk, store)
        store = _book(book)
        store.save_now([WatermarkRecord("B", 3)])
        _kill(disk, store)
        disk.cut_power()
        store = _book(book)
        kept = {row.symbol: row.trade_id for row in store.saved.watermarks}
        assert kept["A"] in (1, 2) and kept["B"] == 3
        _kill(disk, store)


def test_an_intent_whose_journal_was_synced_survives_a_power_cut_even_if_it_filled_a_segment(disk: Disk) -> None:
    for number in range(20):
        book = disk.folder / f"{number}.db"
        store = _book(book, segment_bytes=300)
        store.begin_epoch(1, 5_000)
        store.mark_ready(1)
        for each in range(1, 9):
            store.append(intent(each))
        store.sync_journal()
        _kill(disk, store)
        disk.cut_power()
        store = _book(book)
        assert len(store.saved.orders) == 8
        _kill(disk, store)


def _append(path: Path, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(fd, content)
    os.close(fd)


def _open(path: Path, synchronous: str) -> apsw.Connection:
    conn = apsw.Connection(str(path))
    conn.execute(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}").fetchall()
    return conn


def _die(disk: Disk, conn: apsw.Connection) -> None:
    disk.is_frozen = True
    conn.close()
    disk.is_frozen = False


def _book(path: Path, segment_bytes: int = 10**6) -> Store:
    return Store.open(
        path,
        account="a",
        random_lineage=1,
        wall_ms=1,
        ticket_dir=None,
        runner=InlineRunner(),
        segment_bytes=segment_bytes,
    )


def _kill(disk: Disk, store: Store) -> None:
    _die(disk, store._conn)
    if store._journal is not None:
        store._journal.close()
    store._lock.release()
    disk.process_died()
