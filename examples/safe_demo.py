"""Prints the spread at every tenth change of a book, in a session that cannot trade."""

from pyalgo import *


class SafeDemo:
    def __init__(self, sub: DepthSubscription) -> None:
        self.sub = sub
        self.ticks = 0
        sub.on_data = self.on_depth

    def on_depth(self, depth: Depth) -> None:
        self.ticks += 1
        if self.ticks % 10 == 0 and depth.bid_level and depth.ask_level:
            spread = depth.ask_prc(0) - depth.bid_prc(0)
            print(f"{depth.datetime:%H:%M:%S} {self.sub.symbol} {spread / self.sub.tick_size:.0f} ticks wide")


if __name__ == "__main__":
    eng = Engine(0.001)
    session = eng.make_session(addr="ws://localhost:8111", session_id=5, name="safe_demo", trading=False)
    demo = SafeDemo(session.subscribe("dogeusdt", "depth"))
    eng.run()
