"""Prints the spread between the best bids of two symbols, whenever either book changes. It does not trade."""

from pyalgo import *


class Pair:
    def __init__(self, first: DepthSubscription, second: DepthSubscription) -> None:
        self.first, self.second = first, second
        first.on_data = self.on_depth
        second.on_data = self.on_depth

    def on_depth(self, _: Depth) -> None:
        if self.first.bid_level and self.second.bid_level:
            spread = self.first.bid_prc(0) - self.second.bid_prc(0)
            print(f"{self.first.symbol} - {self.second.symbol}: {spread:.8g}")


if __name__ == "__main__":
    eng = Engine(0.001)
    session = eng.make_session(addr="ws://localhost:8111", session_id=3, name="pair", trading=False)
    pair = Pair(session.subscribe("btcusdt", "depth"), session.subscribe("ethusdt", "depth"))
    eng.run()
