"""Buys at market, guards the position with a stop and a target, and cancels the one when the other has executed."""

from arguments import parse
from pyalgo import *

QUANTITY = 50


class Bracket:
    def __init__(self, sub: DepthSubscription) -> None:
        self.sub = sub
        self.entry, self.stop, self.target = SmartOrder(sub), SmartOrder(sub), SmartOrder(sub)
        sub.on_data = self.on_depth
        sub.on_fill = self.on_fill

    def on_depth(self, depth: Depth) -> None:
        if self.sub.floor_to_lot_size(self.sub.net) == 0 and not self.sub.open_orders and depth.ask_level:
            self.entry.send(0, QUANTITY, Side.BUY, OrderType.MARKET)

    def on_fill(self, order: Order, fill: Fill) -> None:
        info(f"{order.side} {fill.quantity} at {fill.price}, now holding {self.sub.net}")
        if order is self.entry.order and not order.is_active:
            self.guard(order.avg_price or fill.price, self.sub.floor_to_lot_size(self.sub.net))
        elif order in (self.stop.order, self.target.order) and self.sub.net <= 0:
            self.stop.kill()
            self.target.kill()

    def guard(self, price: float, held: float) -> None:
        """The exchange watches these prices even when this program is not there."""
        stop, target = self.sub.round_price(price * 0.995), self.sub.round_price(price * 1.005)
        if self.sub.is_spot:
            # Coins can be promised to one order only, or to the two of a list.
            first = Leg(target, held, Side.SELL, OrderType.LIMIT_MAKER)
            self.sub.add_oco(first, Leg(0, held, Side.SELL, OrderType.STOP_LOSS, stop_price=stop))
            return
        self.stop.send(0, held, Side.SELL, OrderType.STOP_MARKET, stop_price=stop, trigger_by="MARK", reduce_only=True)
        self.target.send(target, held, Side.SELL, OrderType.LIMIT, reduce_only=True)


def on_error(error: Exception) -> None:
    warn(f"refused: {error}")


if __name__ == "__main__":
    args = parse(session=7, symbol="adausdt")
    eng = Engine()
    session = eng.make_session(addr=args.addr, session_id=args.session, name="bracket", trading=True)
    session.on_error = on_error
    sub = session.subscribe(args.symbol, "depth")
    # Orders of an earlier run guard a position that this run knows nothing of.
    for left in sub.open_orders:
        sub.cancel(left.id)
    bracket = Bracket(sub)
    eng.run(args.seconds)
