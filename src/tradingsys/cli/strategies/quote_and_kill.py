"""Quotes at the best price and kills the quote when somebody offers a better one.

Flat, it bids; holding something, it offers what it holds, so its position stays small. Session 1.
"""

from __future__ import annotations

import sys

from pyalgo import Depth, DepthSubscription, Engine, Order, OrderType, Side, SmartOrder, Tif

QUANTITY = 10
"""DOGE; about 6 USDT, above the exchange's least notional."""


class QuoteAndKill:
    """One quote at a time."""

    def __init__(self, sub: DepthSubscription) -> None:
        self.sub = sub
        self.quote = SmartOrder(sub)
        sub.on_data = self.on_depth
        sub.on_order = self.on_order

    def on_order(self, order: Order) -> None:
        print(order, flush=True)

    def on_depth(self, _: Depth) -> None:
        bid, ask = self.sub.bid_prc(0), self.sub.ask_prc(0)
        if not self.quote.is_active:
            if self.sub.net < QUANTITY:
                self.quote.send(bid, QUANTITY, Side.BUY, OrderType.LIMIT, Tif.GTC)
            else:
                self.quote.send(ask, self.sub.net, Side.SELL, OrderType.LIMIT, Tif.GTC)
        elif self.quote.price < bid if self.quote.side == Side.BUY else self.quote.price > ask:
            self.quote.kill()


if __name__ == "__main__":
    addr = sys.argv[1] if len(sys.argv) > 1 else "ws://localhost:8111"
    engine = Engine(0.001)
    session = engine.make_session(addr=addr, session_id=1, name="quote_and_kill", trading=True)
    QuoteAndKill(session.subscribe("dogeusdt", "depth"))
    engine.run()
