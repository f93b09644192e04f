"""Tells what it finds; flat, it buys 10 at the market and leaves a bid far below. Prints JSON.

``python -m tests.process.programs.holder ADDRESS SESSION``
"""

from __future__ import annotations

import json
import sys

from pyalgo import Depth, Engine, Order, OrderType, Side, Tif

if __name__ == "__main__":
    engine = Engine(0.001)
    session = engine.make_session(addr=sys.argv[1], session_id=int(sys.argv[2]), name="holder", trading=True)
    sub = session.subscribe("dogeusdt", "depth")

    def tell() -> None:
        resting = [[order.client_order_id, order.price, order.quantity] for order in sub.open_orders]
        print(json.dumps({"net": sub.net, "open": resting}), flush=True)

    def on_depth(depth: Depth) -> None:
        sub.on_data = None
        if sub.net == 0 and not sub.open_orders:
            sub.add_order(0, 10, Side.BUY, OrderType.MARKET)
            sub.add_order(sub.round_price(depth.bid_prc(0) * 0.97), 20, Side.BUY, OrderType.LIMIT, Tif.GTC)

    def on_order(_: Order) -> None:
        tell()

    sub.on_data, sub.on_order = on_depth, on_order
    tell()
    engine.run()
