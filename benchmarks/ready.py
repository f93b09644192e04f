"""How soon is a gateway ready again after kill -9, with a long past and many open orders in its book?

``python -m benchmarks.ready``: a real gateway and ``tradingsys sim``. Sessions leave 200 orders resting, 100,000
settled executions are put into pos.db, then the gateway is killed and started again and again.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import apsw
from tests.process.seat import SYMBOL, in_directory
from tests.process.world import Process, World

from pyalgo import Engine, OrderType, Side

_SESSIONS, _ORDERS_EACH = 20, 10
# Below the first trade id that is accounted for, and for nobody: the books stay as they are.
_PAST = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO fills (symbol, trade_id, order_id, session_id, side, px, qty, fee, fee_asset, is_maker, ts_event_ms)
SELECT ?2, CAST(-i AS TEXT), CAST(i AS TEXT), 1, iif(i % 2, 'BUY', 'SELL'), '0.1', '10', '0.001', 'USDT', 1, ?3 + i
  FROM n
"""


def leave_orders(world: World) -> None:
    """Resting orders of many sessions."""
    engine = Engine(level="warn")
    try:
        for number in range(1, _SESSIONS + 1):
            session = engine.make_session(f"ws://localhost:{world.port}", number, "past", trading=True)
            book = session.subscribe(SYMBOL, "depth:100ms")
            while not book.bid_level:
                engine.run(seconds=0.05)
            for step in range(_ORDERS_EACH):
                px = book.round_price(book.bid_prc(0) * (0.99 - step / 1000))
                book.add_order(px, 80, Side.BUY, OrderType.LIMIT)
            engine.run(seconds=0.3)
    finally:
        engine.close()


def ready_s(world: World) -> tuple[float, Process]:
    """Start the gateway; seconds until it takes orders."""
    began = time.perf_counter()
    gateway = world.start_gateway()
    while " ready" not in gateway.err:
        if not gateway.is_running or time.perf_counter() - began > 60:
            raise SystemExit(gateway.err)
        time.sleep(0.002)
    return time.perf_counter() - began, gateway


def processor_s(gateway: Process) -> float:
    """What its process took of a processor so far (Linux)."""
    fields = Path(f"/proc/{gateway.popen.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ready", description=__doc__)
    parser.add_argument("--fills", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, in_directory(Path(folder)), World.running(Path(folder)) as world:
        _, gateway = ready_s(world)
        leave_orders(world)
        gateway.kill()
        conn = apsw.Connection(str(Path(folder) / "pos.db"))
        conn.execute(_PAST, (options.fills, SYMBOL.upper(), 1_700_000_000_000)).fetchall()
        conn.close()
        seconds, processor = list[float](), list[float]()
        for _ in range(options.kills):
            taken, gateway = ready_s(world)
            processor.append(processor_s(gateway))
            gateway.kill()
            seconds.append(taken)
        opened = re.findall(r"open_orders=(\d+)", gateway.err)
    seconds.sort()
    sys.stdout.write(
        f"{options.fills:,} executions, {opened[-1] if opened else '?'} open orders, {len(seconds)} kills: ready after "
        f"p50 {statistics.median(seconds):.2f} s, longest {seconds[-1]:.2f} s, the start of the process included; "
        f"{statistics.median(processor):.2f} s of processor time\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
