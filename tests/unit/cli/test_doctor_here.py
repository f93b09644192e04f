"""doctor: what may be wrong on this machine: the port, the book, the disk."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.box import Box
from tests.unit.cli.doctored import Captured, doctor
from tests.unit.store.books import Machine
from tradingsys.cli.app import FAILURE
from tradingsys.cli.doctor import files
from tradingsys.core.ban import BanRecord
from tradingsys.core.records import AccountRecord
from tradingsys.store.lock import Lock


def test_a_port_that_another_program_has(box: Box, folder: Path, capsys: Captured) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        _, checks = doctor(box.config(folder, local=f"ws://localhost:{port}"), capsys)
    assert checks["local-port"]["verdict"] == "problem" and "no gateway" in checks["local-port"]["text"]


def _other_account(db: Path) -> None:
    machine = Machine(db.parent)
    machine.open(account="binance-usdm-live")
    machine.kill()


def _garbage(db: Path) -> None:
    db.write_bytes(b"no database" * 1000)


def _foreign(db: Path) -> None:
    db.write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_other_account, "holds the book of 'binance-usdm-live', not of 'binance-usdm-sim'"),
        (_garbage, "not a database"),
        (_foreign, "is no book of tradingsys"),
    ],
)
def test_a_book_that_cannot_be_used(
    box: Box, folder: Path, capsys: Captured, spoil: Callable[[Path], None], told: str
) -> None:
    spoil(folder / "pos.db")
    code, checks = doctor(box.config(folder), capsys)
    assert code == FAILURE and told in checks["book"]["text"]


def test_the_book_of_a_simulator_that_was_stopped(box: Box, folder: Path, capsys: Captured) -> None:
    machine = Machine(folder)
    store = machine.ready(account="binance-usdm-sim")
    store.save_now([AccountRecord("main-1")])
    machine.kill()
    code, checks = doctor(box.config(folder), capsys)
    assert code == FAILURE and checks["api-key"]["verdict"] == "ok"
    assert "holds the book of main-1, and the API key is of " in checks["book"]["text"]
    assert "a simulator forgets" in checks["book"]["text"] and "move the file away" in checks["book"]["fix"]


def test_an_exchange_that_wants_to_be_left_alone_is_asked_nothing(box: Box, folder: Path, capsys: Captured) -> None:
    machine = Machine(folder)
    store = machine.ready(account="binance-usdm-sim")
    store.save_now([BanRecord(time.time_ns() // 1_000_000, 600_000)])
    machine.kill()
    code, checks = doctor(box.config(folder), capsys)
    assert code == FAILURE and "api-key" not in checks
    assert "left alone, for another " in checks["rest"]["text"] and checks["rest"]["fix"].startswith("wait")


def test_a_damaged_book_names_the_newest_backup(box: Box, folder: Path, capsys: Captured) -> None:
    machine = Machine(folder)
    store = machine.ready(account="binance-usdm-sim")
    backup = store.backup("before-edit")
    store.close()
    content = bytearray(machine.path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    machine.path.write_bytes(content)
    _, checks = doctor(box.config(folder), capsys)
    assert checks["book"]["verdict"] == "problem" and backup.name in checks["book"]["fix"]


def test_a_book_that_another_gateway_holds(box: Box, folder: Path, capsys: Captured) -> None:
    machine = Machine(folder)
    machine.open(account="binance-usdm-sim")
    machine.kill()
    _, checks = doctor(box.config(folder), capsys)
    assert checks["book"]["verdict"] == checks["lock"]["verdict"] == "ok"
    lock = Lock(machine.path)
    _, checks = doctor(box.config(folder), capsys)
    lock.release()
    assert checks["lock"]["verdict"] == "problem" and "does not answer" in checks["lock"]["text"]


@pytest.mark.parametrize(("free", "verdict"), [(10**7, "problem"), (5 * 10**8, "warning"), (10**11, "ok")])
def test_a_disk_that_fills(
    box: Box, folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, free: int, verdict: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))
    _, checks = doctor(box.config(folder), capsys)
    assert checks["disk"]["verdict"] == verdict


@pytest.mark.parametrize(("kind", "verdict"), [("nfs4", "problem"), ("tmpfs", "warning"), ("ext4", "ok")])
def test_filesystems(
    box: Box, folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, kind: str, verdict: str
) -> None:
    mounts = folder / "mountinfo"
    mounts.write_text(
        f"22 1 8:1 / / rw - xfs /dev/sda1 rw\n36 22 0:3 / {folder.parent} rw,noatime master:1 - {kind} server:/x rw\n"
    )
    monkeypatch.setattr(files, "_MOUNTS", mounts)
    _, checks = doctor(box.config(folder), capsys)
    assert checks["filesystem"]["verdict"] == verdict and kind in checks["filesystem"]["text"]


def test_an_sqlite_that_corrupts(box: Box, folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "OLDEST_SAFE_SQLITE", 9_000_000)
    _, checks = doctor(box.config(folder), capsys)
    assert checks["sqlite"]["verdict"] == "problem" and "upgrade apsw" in checks["sqlite"]["fix"]
