"""Buys on spot and sells the perpetual of the same name while that is dearer; gives both back when it no longer is.

Two gateways, two sessions, one engine: ``--addr`` is the futures gateway, ``--spot`` the other.
"""

from arguments import parse
from pyalgo import *


class Basis:
    def __init__(self, spot: DepthSubscription, perpetual: DepthSubscription) -> None:
        self.spot, self.perpetual = spot, perpetual
        self.trade, self.hedge = SmartOrder(spot), SmartOrder(perpetual)
        self.not_before = 0.0
        for sub in (spot, perpetual):
            sub.on_data = self.on_depth
            sub.on_fill = self.on_fill

    def on_depth(self, depth: Depth) -> None:
        spot, perpetual = self.spot, self.perpetual
        if self.trade.is_active or self.hedge.is_active or not (spot.ask_level and perpetual.ask_level):
            return
        bid, ask = spot.bid_prc(0), spot.ask_prc(0)
        # What can be sold: less than what was bought, where the fee was taken in the coin itself.
        held = spot.floor_to_lot_size(max(0.0, spot.net))
        held = held if held * bid >= spot.min_notional else 0.0
        uncovered = held + perpetual.net
        side = Side.SELL if uncovered > 0 else Side.BUY
        quantity = perpetual.floor_to_lot_size(abs(uncovered))
        if quantity and (side is Side.BUY or quantity * perpetual.bid_prc(0) >= perpetual.min_notional):
            self.hedge.send(0, quantity, side, OrderType.MARKET, reduce_only=side is Side.BUY)
        elif depth.time < self.not_before:
            return
        elif not held and perpetual.bid_prc(0) >= ask * (1 + args.enter / 100):
            self.trade.send(ask, args.value / ask, Side.BUY, OrderType.LIMIT, Tif.IOC)
        elif held and perpetual.ask_prc(0) <= bid * (1 + args.leave / 100):
            self.trade.send(bid, held, Side.SELL, OrderType.LIMIT, Tif.IOC)

    def on_fill(self, order: Order, fill: Fill) -> None:
        self.not_before = fill.time + args.pause * 1000
        where = "spot" if order is self.trade.order else "perpetual"
        fee = f"fee {fill.fee} {fill.fee_asset}"
        info(f"{where} {order.side} {fill.quantity} at {fill.price}, {fee}: {self.spot.net} / {self.perpetual.net}")


if __name__ == "__main__":
    args = parse(
        session=15, spot="ws://localhost:8112", symbol="dogeusdt", value=20.0, enter=0.05, leave=0.0, pause=1.0
    )
    eng = Engine()
    futures = eng.make_session(addr=args.addr, session_id=args.session, name="basis", trading=True)
    # Another number, so that the log tells the two apart.
    spot = eng.make_session(addr=args.spot, session_id=args.session + 1, name="basis", trading=True)
    basis = Basis(spot.subscribe(args.symbol, "bbo"), futures.subscribe(args.symbol, "bbo"))
    eng.run(args.seconds)
