"""Buys on spot for an amount of money, and guards what it got with a target and a stop: one cancels the other.

The exchange watches both prices, and locks the coins once for the two of them.
"""

from arguments import parse
from pyalgo import *


class Guarded:
    def __init__(self, sub: DepthSubscription, value: float) -> None:
        self.sub, self.value = sub, value
        self.entry = SmartOrder(sub)
        self.guards: tuple[Order, ...] = ()
        sub.on_data = self.on_depth
        sub.on_order = self.on_order

    def on_depth(self, depth: Depth) -> None:
        if self.entry.is_active or any(guard.is_active for guard in self.guards) or not depth.ask_level:
            return
        # Fees that were taken in the coin leave less to sell than was bought.
        held = self.sub.floor_to_lot_size(max(0.0, self.sub.net))
        if held * depth.bid_prc(0) * 0.99 < self.sub.min_notional:
            self.entry.send(0, 0, Side.BUY, OrderType.MARKET, quote_quantity=self.value)
            return
        target, stop = self.sub.round_price(depth.ask_prc(0) * 1.01), self.sub.round_price(depth.bid_prc(0) * 0.99)
        legs = (
            Leg(target, held, Side.SELL, OrderType.LIMIT_MAKER),
            Leg(0, held, Side.SELL, OrderType.STOP_LOSS, stop_price=stop),
        )
        self.guards = self.sub.add_oco(*legs) or ()

    def on_order(self, order: Order) -> None:
        info(f"{order}, now holding {self.sub.net}")


if __name__ == "__main__":
    args = parse(session=13, addr="ws://localhost:8112", symbol="dogeusdt", value=20.0)
    eng = Engine()
    session = eng.make_session(addr=args.addr, session_id=args.session, name="oco", trading=True)
    sub = session.subscribe(args.symbol, "depth")
    # Orders of an earlier run lock coins; with one of a list the whole list goes.
    for left in sub.open_orders:
        sub.cancel(left.id)
    guarded = Guarded(sub, args.value)
    eng.run(args.seconds)
