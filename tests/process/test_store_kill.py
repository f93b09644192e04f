"""A real process, killed with SIGKILL while it appends and commits as fast as it can."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.store.books import Machine
from tradingsys.core.ids import decode_client_order_id
from tradingsys.store import read

ROOT = Path(__file__).parents[2]
ROUNDS = 6

# Says "s <id>" once an order may be sent and "d <trade id>" once its fill is said to be durable.
PROGRAM = """
import asyncio, os, sys
from decimal import Decimal
from pathlib import Path
from tests.unit.store.books import TERMS, Machine, fill
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.core.records import Intent, OrderRecord, PositionRecord, WatermarkRecord
from tradingsys.store import ThreadRunner

def say(line):
    os.write(1, line.encode() + b"\\n")

async def main():
    loop = asyncio.get_running_loop()
    store = Machine(Path(sys.argv[1])).open(runner=ThreadRunner(loop.call_soon_threadsafe), segment_bytes=20_000)
    assert store.saved.journal_proven or store.saved.last_epoch == 0, "not proven"
    epoch = store.saved.last_epoch + 1
    store.begin_epoch(epoch, 5000)
    store.mark_ready(epoch)
    trade_id = max((record.trade_id for record in store.saved.watermarks), default=0)
    say("ready")
    seq = 0
    while True:
        seq += 1
        coid = encode_client_order_id(OrderKey(1, store.saved.lineage, epoch, 1, seq))
        intent = Intent(coid, 1, TERMS, 1, 5000)
        store.append(intent)
        say("s " + coid)
        trade_id += 1
        def done(error, trade_id=trade_id):
            assert error is None, error
            say(f"d {trade_id}")
        store.commit(
            [
                OrderRecord(intent),
                fill(trade_id),
                PositionRecord(1, "BTCUSDT", Decimal("0.001") * trade_id),
                WatermarkRecord("BTCUSDT", trade_id),
            ],
            done,
        )
        await asyncio.sleep(0.0003)

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_nothing_that_was_promised_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    chance = random.Random(7)
    sent: set[str] = set()
    durable = 0
    for round_number in range(ROUNDS):
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            try:
                first = process.stdout.readline()
                assert first == b"ready\n", process.stderr.read().decode()
                time.sleep(chance.uniform(0.02, 0.3))
            finally:
                os.kill(process.pid, signal.SIGKILL)
            said = process.stdout.read().decode()
        for line in said[: said.rfind("\n") + 1].splitlines():
            kind, what = line.split()
            if kind == "s":
                sent.add(what)
            else:
                durable = max(durable, int(what))
        store = machine.open()
        saved = store.saved
        assert saved.journal_proven
        assert saved.last_epoch == round_number + 1
        known = {record.intent.client_order_id for record in saved.orders}
        assert sent <= known
        # At most the one that was written but not yet said, of each round.
        assert len(known - sent) <= round_number + 1
        assert all(decode_client_order_id(name) is not None for name in known)
        (position,), (watermark,) = saved.positions, saved.watermarks
        assert watermark.trade_id >= durable
        assert position.net == Decimal("0.001") * watermark.trade_id
        store.close()
        with read.reading(machine.path) as conn:
            assert conn.execute("SELECT count(*), max(CAST(trade_id AS INTEGER)) FROM fills").fetchall() == [
                (watermark.trade_id, watermark.trade_id)
            ]
    assert len(sent) > 20 and durable > 20
