"""Buys coins and sells what it can of them in turns, as fast as the book changes, and never stops by itself.

``python -m tests.process.programs.spot_churn ADDRESS SESSION``
"""

from __future__ import annotations

import sys
from math import floor

from pyalgo import Depth, Engine, OrderType, Side, SmartOrder, Tif

_ENOUGH = 50
"""Less than that may be worth less than the exchange takes."""

if __name__ == "__main__":
    engine = Engine(0.001)
    session = engine.make_session(addr=sys.argv[1], session_id=int(sys.argv[2]), name="spot churn", trading=True)
    sub = session.subscribe("dogeusdt", "depth:100ms")
    order = SmartOrder(sub)

    def on_depth(depth: Depth) -> None:
        if sub.net < _ENOUGH:
            order.send(depth.ask_prc(0), 100, Side.BUY, OrderType.LIMIT, Tif.IOC)
        else:
            order.send(depth.bid_prc(0), floor(sub.net), Side.SELL, OrderType.LIMIT, Tif.IOC)

    sub.on_data = on_depth
    engine.run()
