"""The strategy that is measured: notes when it saw a tick, and sends an order at its best bid.

``python -m benchmarks.strategy ADDRESS TICKS`` prints when it saw what.
"""

from __future__ import annotations

import json
import sys
import time

from benchmarks.exchange import SYMBOL, tick_of
from pyalgo import Depth, Engine, OrderType, Side, Tif

if __name__ == "__main__":
    address, ticks = sys.argv[1], int(sys.argv[2])
    engine = Engine(0.001, level="warn")
    session = engine.make_session(addr=address, session_id=1, name="benchmark", trading=True)
    sub = session.subscribe(SYMBOL.lower(), "depth")
    seen_ns: dict[int, int] = {}

    def on_depth(depth: Depth) -> None:
        now_ns = time.monotonic_ns()
        best = depth.bid_prc(0)
        sub.add_order(best, 0.001, Side.BUY, OrderType.LIMIT, Tif.IOC)
        seen_ns[tick_of(str(best))] = now_ns
        if len(seen_ns) == ticks:
            engine.stop()

    sub.on_data = on_depth
    print("ready", flush=True)
    engine.run()
    print(json.dumps(seen_ns), flush=True)
