"""doctor, while a gateway waits because the exchange wants to be left alone: nobody is told to stop it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.unit.store.books import Machine
from tradingsys.cli.doctor.files import book_checks
from tradingsys.cli.doctor.findings import Finding, Verdict
from tradingsys.cli.operate.tables import time_text
from tradingsys.core.ban import BanRecord
from tradingsys.store.lock import Lock

ACCOUNT = "binance-usdm-sim"
MINUTE_MS = 60_000


def held(folder: Path, ban: BanRecord | None) -> Finding:
    """What is said of the lock of a book that a gateway has, which does not answer."""
    machine = Machine(folder)
    store = machine.ready(account=ACCOUNT)
    if ban is not None:
        store.save_now([ban])
    machine.kill()
    lock = Lock(machine.path)
    try:
        found = {finding.check: finding for finding in book_checks(machine.path, ACCOUNT, is_ours_running=False)}
    finally:
        lock.release()
    assert found["book"].verdict is Verdict.OK
    return found["lock"]


def test_a_gateway_that_waits_out_a_ban_is_to_be_let_alone(tmp_path: Path) -> None:
    now_ms = time.time_ns() // 1_000_000
    lock = held(tmp_path, BanRecord(now_ms, 10 * MINUTE_MS))
    assert lock.verdict is Verdict.WARNING
    assert lock.text.endswith(
        "is in use by a gateway that does not answer: it probably waits until "
        f"{time_text(now_ms + 10 * MINUTE_MS)}, as the exchange wants to be left alone until then"
    )
    assert lock.fix.startswith("nothing: it goes on by itself") and "another db" not in lock.fix


@pytest.mark.parametrize("told_ago_ms", [None, 11 * MINUTE_MS])
def test_one_that_waits_for_nothing_stands_in_the_way(tmp_path: Path, told_ago_ms: int | None) -> None:
    now_ms = time.time_ns() // 1_000_000
    lock = held(tmp_path, None if told_ago_ms is None else BanRecord(now_ms - told_ago_ms, 10 * MINUTE_MS))
    assert lock.verdict is Verdict.PROBLEM and "another db" in lock.fix
