"""Keeps one bid at the best price by amending it, looks once a second, and says every two seconds how it stands."""

from arguments import parse
from pyalgo import *

QUANTITY = 40


class Follow:
    def __init__(self, sub: DepthSubscription) -> None:
        self.sub = sub
        self.bid = SmartOrder(sub)
        sub.on_data = self.on_depth

    def on_depth(self, depth: Depth) -> None:
        if not self.bid.is_active and self.sub.net == 0:
            self.bid.send(depth.bid_prc(0), QUANTITY, Side.BUY, OrderType.LIMIT, post_only=True)
        elif self.bid.is_active and self.bid.price != depth.bid_prc(0):
            if self.sub.is_spot:
                # There an order keeps its price: the next look sends a new one.
                self.bid.kill()
            else:
                # One request instead of a cancel and a new order; nothing is sent while one is under way.
                self.bid.amend(price=depth.bid_prc(0))

    def report(self) -> None:
        position, unfilled = self.sub.position, self.sub.unfilled
        profit = position.realized_pnl + (position.unrealized_pnl or 0.0)
        print(f"holding {position.net}, still bidding for {unfilled.buy}, made {profit:.4f}, paid {position.fees}")


if __name__ == "__main__":
    args = parse(session=8, symbol="dogeusdt")
    eng = Engine()
    session = eng.make_session(addr=args.addr, session_id=args.session, name="follow", trading=True)
    session.on_connected = lambda session: info(f"{session.name} may trade")
    session.on_disconnected = lambda session, reason: warn(f"{session.name} waits: {reason}")
    sub = session.subscribe(args.symbol, "depth", sample=1.0)
    for left in sub.open_orders:
        sub.cancel(left.id)
    follow = Follow(sub)
    eng.every(2.0, follow.report)
    eng.run(args.seconds)
