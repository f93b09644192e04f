"""Quotes at the best bid, cancels when the market has moved away, and quotes again; sells what it has bought."""

from arguments import parse
from pyalgo import *

QUANTITY = 10


class QuoteAndKill:
    def __init__(self, sub: DepthSubscription) -> None:
        self.sub = sub
        self.order = SmartOrder(sub)
        sub.on_data = self.on_depth
        sub.on_order = self.on_order

    def on_depth(self, _: Depth) -> None:
        bid, ask = self.sub.bid_prc(0), self.sub.ask_prc(0)
        if not bid or not ask:
            return
        if self.order.is_active:
            best = bid if self.order.side == Side.BUY else ask
            if self.order.price != best:
                self.order.kill()
        elif self.sellable(ask) <= 0:
            self.order.send(bid, QUANTITY, Side.BUY, OrderType.LIMIT, Tif.GTC)
        else:
            self.order.send(ask, self.sellable(ask), Side.SELL, OrderType.LIMIT, Tif.GTC, reduce_only=True)

    def sellable(self, price: float) -> float:
        """On futures an order that only reduces may be as small as what is left; spot's least value binds all."""
        held = self.sub.floor_to_lot_size(max(0.0, self.sub.net))
        return 0.0 if self.sub.is_spot and held * price < self.sub.min_notional else held

    def on_order(self, order: Order) -> None:
        info(f"{order}, now holding {self.sub.net}")


if __name__ == "__main__":
    args = parse(session=6, symbol="dogeusdt")
    eng = Engine()
    session = eng.make_session(addr=args.addr, session_id=args.session, name="quote_and_kill", trading=True)
    sub = session.subscribe(args.symbol, "depth")
    # After a restart, orders of the previous run may still be open.
    for left in sub.open_orders:
        sub.cancel(left.id)
    strategy = QuoteAndKill(sub)
    eng.run(args.seconds)
