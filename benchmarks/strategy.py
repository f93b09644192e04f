"""The strategy that is measured: notes when it saw a tick, and sends an order at its best bid.

``python -m benchmarks.strategy ADDRESS TICKS`` prints when it saw what. With ``answers`` in place of the number it goes
on until it is ended, and prints when it saw, when it sent, and when it was first told of each tick's order.
"""

from __future__ import annotations

import json
import sys
import time

from benchmarks.exchange import SYMBOL, tick_of
from pyalgo import Depth, Engine, Order, OrderType, Side, Tif

if __name__ == "__main__":
    address, ticks = sys.argv[1], sys.argv[2]
    engine = Engine(0.001, level="warn")
    session = engine.make_session(addr=address, session_id=1, name="benchmark", trading=True)
    sub = session.subscribe(SYMBOL.lower(), "depth")
    seen_ns: dict[int, int] = {}
    sent_ns: dict[int, int] = {}
    answered_ns: dict[int, int] = {}

    def on_depth(depth: Depth) -> None:
        now_ns = time.monotonic_ns()
        best = depth.bid_prc(0)
        sub.add_order(best, 0.001, Side.BUY, OrderType.LIMIT, Tif.IOC)
        tick = tick_of(str(best))
        seen_ns[tick] = now_ns
        sent_ns[tick] = time.monotonic_ns()
        if str(len(seen_ns)) == ticks:
            engine.stop()

    def on_order(order: Order) -> None:
        answered_ns.setdefault(tick_of(str(order.price)), time.monotonic_ns())

    sub.on_data = on_depth
    if ticks == "answers":
        sub.on_order = on_order
    print("ready", flush=True)
    engine.run()
    print(json.dumps([seen_ns, sent_ns, answered_ns] if ticks == "answers" else seen_ns), flush=True)
