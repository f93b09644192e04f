"""Trades against the distance from a slow average: short above it (on spot: without any), long below. Session 3."""

from __future__ import annotations

import sys

from pyalgo import Depth, DepthSubscription, Engine, Order, OrderType, Side, SmartOrder

QUANTITY = 30
WEIGHT = 0.1
"""Of the newest price in the average."""
PAUSE_MS = 1000
"""Between two orders."""


class MeanReversion:
    """Buys and sells at the market."""

    def __init__(self, sub: DepthSubscription) -> None:
        self.sub = sub
        self.order = SmartOrder(sub)
        self.average = 0.0
        self.not_before = 0
        sub.on_data = self.on_depth
        sub.on_order = self.on_order

    def on_order(self, order: Order) -> None:
        print(order, flush=True)

    def on_depth(self, depth: Depth) -> None:
        mid = (depth.bid_prc(0) + depth.ask_prc(0)) / 2
        self.average = self.average + WEIGHT * (mid - self.average) if self.average else mid
        if self.order.is_active or depth.time < self.not_before:
            return
        side = Side.SELL if mid > self.average else Side.BUY
        short = 0 if self.sub.is_spot else QUANTITY
        quantity = short + self.sub.net if side == Side.SELL else QUANTITY - self.sub.net
        if mid != self.average and quantity * mid >= self.sub.min_notional:
            self.not_before = depth.time + PAUSE_MS
            self.order.send(0, quantity, side, OrderType.MARKET)


if __name__ == "__main__":
    addr = sys.argv[1] if len(sys.argv) > 1 else "ws://localhost:8111"
    engine = Engine(0.001)
    session = engine.make_session(addr=addr, session_id=3, name="mean_reversion", trading=True)
    MeanReversion(session.subscribe("dogeusdt", "depth"))
    engine.run()
