"""Follows the move of the last moments: long after a rise, short (on spot: without any) after a fall. Session 2."""

from __future__ import annotations

import sys
from collections import deque

from pyalgo import Depth, DepthSubscription, Engine, Order, OrderType, Side, SmartOrder, Tif

QUANTITY = 20
LOOK_BACK_MS = 1500
PAUSE_MS = 1000
"""Between two orders."""


class Momentum:
    """Takes what the book offers, immediately or not at all."""

    def __init__(self, sub: DepthSubscription) -> None:
        self.sub = sub
        self.order = SmartOrder(sub)
        self.mids: deque[tuple[int, float]] = deque()
        self.not_before = 0
        sub.on_data = self.on_depth
        sub.on_order = self.on_order

    def on_order(self, order: Order) -> None:
        print(order, flush=True)

    def on_depth(self, depth: Depth) -> None:
        move = self.move(depth.time, (depth.bid_prc(0) + depth.ask_prc(0)) / 2)
        if self.order.is_active or depth.time < self.not_before or move == 0:
            return
        after_a_fall = 0 if self.sub.is_spot else -QUANTITY
        target = QUANTITY if move > 0 else after_a_fall
        missing = target - self.sub.net
        if abs(missing) * depth.bid_prc(0) < self.sub.min_notional:
            return
        self.not_before = depth.time + PAUSE_MS
        if missing > 0:
            self.order.send(depth.ask_prc(0), missing, Side.BUY, OrderType.LIMIT, Tif.IOC)
        else:
            self.order.send(depth.bid_prc(0), -missing, Side.SELL, OrderType.LIMIT, Tif.IOC)

    def move(self, time: int, mid: float) -> float:
        """How far the middle of the book moved within the look-back."""
        self.mids.append((time, mid))
        while self.mids[0][0] < time - LOOK_BACK_MS:
            self.mids.popleft()
        return mid - self.mids[0][1]


if __name__ == "__main__":
    addr = sys.argv[1] if len(sys.argv) > 1 else "ws://localhost:8111"
    engine = Engine(0.001)
    session = engine.make_session(addr=addr, session_id=2, name="momentum", trading=True)
    Momentum(session.subscribe("dogeusdt", "depth"))
    engine.run()
