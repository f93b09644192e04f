"""In the phase OPEN, while holding nothing: one buy deep in the book, cancelled at the next change of the book."""

from pyalgo import *


class Demo:
    def __init__(self, sub: DepthSubscription) -> None:
        self.sub = sub
        self.smtord = SmartOrder(sub)
        # From midnight (UTC+8) on the market is open, from 23:59:50 on it is closed.
        sub.add_phase(0, 0, 0, Phase.OPEN)
        sub.add_phase(23, 59, 50, Phase.CLOSE)
        sub.on_data = self.on_depth
        sub.on_order = self.on_order

    def on_depth(self, _: Depth) -> None:
        if self.smtord.is_active:
            self.smtord.kill()
        elif self.sub.phase == Phase.OPEN and self.sub.net == 0 and self.sub.bid_level > 5:
            self.smtord.send(self.sub.bid_prc(5), 30, Side.BUY, OrderType.LIMIT, Tif.GTC)

    def on_order(self, order: Order) -> None:
        info(order)


if __name__ == "__main__":
    eng = Engine(0.001)
    session = eng.make_session(addr="ws://localhost:8111", session_id=2, name="demo", trading=True)
    demo = Demo(session.subscribe("dogeusdt", "depth"))
    eng.run()
