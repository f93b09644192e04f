"""SQLite forgets what stands behind a damaged frame of its log; the store says so instead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.store.books import Machine
from tradingsys.cli.operate.edit import alone_with
from tradingsys.core.errors import StoreError
from tradingsys.core.records import WatermarkRecord
from tradingsys.store.lineage import begin_lineage
from tradingsys.store.writer import open_writer

_HEADER_BYTES, _FRAME_BYTES = 32, 24 + 4096


def _log(machine: Machine, transactions: int) -> bytearray:
    """What is in the log after so many, as a death of the process leaves it."""
    store = machine.open()
    store._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    for number in range(transactions):
        store.save_now([WatermarkRecord("A", number + 1)])
    content = bytearray(Path(f"{machine.path}-wal").read_bytes())
    machine.kill()
    return content


def _watermark(machine: Machine, book: bytes, log: bytes | bytearray) -> int:
    machine.path.write_bytes(book)
    Path(f"{machine.path}-wal").write_bytes(log)
    try:
        return machine.open().saved.watermarks[0].trade_id
    finally:
        if machine._open is not None:
            machine.kill()


def test_a_damaged_log_is_told_from_one_that_a_power_cut_tore(machine: Machine) -> None:
    store = machine.open()
    store.save_now([WatermarkRecord("A", 0)])
    store.close()
    book = machine.path.read_bytes()
    log = _log(machine, 4)
    assert _watermark(machine, book, log) == 4
    for at in (10, _HEADER_BYTES + 8, _HEADER_BYTES + 100, _HEADER_BYTES + _FRAME_BYTES + 30):
        damaged = bytearray(log)
        damaged[at] ^= 4
        with pytest.raises(StoreError, match="put a copy of the file from before that in its place"):
            _watermark(machine, book, damaged)


def test_of_a_torn_log_what_was_committed_is_read(machine: Machine) -> None:
    store = machine.open()
    store.save_now([WatermarkRecord("A", 0)])
    store.close()
    book = machine.path.read_bytes()
    log = _log(machine, 4)
    torn = bytearray(log)
    torn[-2000:] = bytes(2000)
    assert _watermark(machine, book, torn) == 3
    assert _watermark(machine, book, log[: len(log) // 2]) in (1, 2)
    assert _watermark(machine, book, bytes(_HEADER_BYTES)) == 0
    assert _watermark(machine, book, b"") == 0


def test_a_damaged_log_stays_so_whoever_opens_the_book(machine: Machine) -> None:
    store = machine.open()
    store.save_now([WatermarkRecord("A", 0)])
    store.close()
    log = _log(machine, 4)
    log[_HEADER_BYTES + 100] ^= 4
    Path(f"{machine.path}-wal").write_bytes(log)
    for _ in range(2):
        with pytest.raises(StoreError, match="-wal, what was last written to"):
            machine.open()
        with pytest.raises(StoreError, match="-wal, what was last written to"):
            begin_lineage(machine.path, 777)
        with pytest.raises(StoreError, match="-wal, what was last written to"), alone_with(machine.path):
            pass
    assert Path(f"{machine.path}-wal").read_bytes() == log


def test_what_the_log_has_is_on_the_disk_before_anything_stands_behind_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an fsync that failed the kernel may show what the disk never got: only what is written again gets there."""
    machine.open().close()
    book, path = machine.path.read_bytes(), Path(f"{machine.path}-wal")
    log = _log(machine, 4)
    machine.path.write_bytes(book)
    path.write_bytes(log)
    os.utime(path, ns=(0, 0))
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.fstat(fd).st_ino))
    conn = open_writer(machine.path)
    assert path.stat().st_mtime_ns > 0 and path.stat().st_ino in synced
    assert path.read_bytes() == log, "and nothing else"
    conn.close()
