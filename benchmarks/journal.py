"""``python -m benchmarks.journal``: what the journal costs an order, on the path from the strategy to the exchange.

Measured as the gateway does it: an intent is encoded, written with one ``write`` to a file beside pos.db and counted on
the ticket; nothing is synced. Between two orders lies half a millisecond, which is not counted, and in which the
processor forgets; without it everything is in its caches.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from benchmarks.measure import latency
from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.core.order import Terms
from tradingsys.core.records import Intent
from tradingsys.store import InlineRunner, Store

_WARM_UP = 500
_PAUSE_S = 0.0005
_WINDOW_MS = 5_000


def measure(directory: Path, orders: int, pause_s: float, *, sync_each: bool) -> list[int]:
    """Nanoseconds of each, after the first ones."""
    store = Store.open(
        directory / "pos.db",
        account="benchmark",
        random_lineage=1,
        wall_ms=time.time_ns() // 1_000_000,
        ticket_dir=directory,
        runner=InlineRunner(),
    )
    epoch = store.saved.last_epoch + 1
    store.begin_epoch(epoch, _WINDOW_MS)
    store.mark_ready(epoch)
    took_ns: list[int] = []
    for number in range(1, _WARM_UP + orders + 1):
        intent = _intent(store.saved.lineage, epoch, number)
        began_ns = time.perf_counter_ns()
        store.append(intent)
        if sync_each:
            store.sync_journal()
        took_ns.append(time.perf_counter_ns() - began_ns)
        if pause_s:
            time.sleep(pause_s)
    store.close()
    return took_ns[_WARM_UP:]


def _intent(lineage: str, epoch: int, number: int) -> Intent:
    price = Decimal("65000.10") + number
    terms = Terms("BTCUSDT", Side.BUY, OrderType.LIMIT, Decimal("0.001"), price, TimeInForce.GTC)
    name = encode_client_order_id(OrderKey(1, lineage, epoch, 1, number))
    return Intent(name, 1, terms, time.time_ns() // 1_000_000, _WINDOW_MS)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journal", description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--directory", type=Path, help="on the disk that is meant; by default one for temporary files")
    options = parser.parse_args()
    for what, count, pause_s, sync_each in (
        ("write, 0.5 ms apart", options.orders, _PAUSE_S, False),
        ("write, without pause", options.orders, 0.0, False),
        ("write and fsync", options.orders // 10, _PAUSE_S, True),
    ):
        with tempfile.TemporaryDirectory(dir=options.directory) as name:
            found = latency(measure(Path(name), count, pause_s, sync_each=sync_each))
        print(f"{what:22} p50 {found.p50_us:7.1f} µs   p99 {found.p99_us:7.1f} µs   {count} orders")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
