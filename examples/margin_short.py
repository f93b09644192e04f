"""Sells what it does not have: borrows in a margin account, stays short for a while, buys back and repays."""

from arguments import parse
from pyalgo import *


def report(when: str) -> None:
    state, balance = session.margin(), session.balance.get(sub.base_asset)
    owed = 0.0 if balance is None else balance.borrowed + balance.interest
    print(f"{when}: holding {sub.net}, {owed} {sub.base_asset} owed, level {state.level:.4g}", flush=True)


def trade(quantity: float, side: Side, side_effect: SideEffect) -> None:
    order = SmartOrder(sub)
    order.send(0, quantity, side, OrderType.MARKET, side_effect=side_effect)
    # The callbacks are called while this runs; the money is asked for anew before it is reported.
    eng.run(args.hold / 2)
    session.refresh_balance()
    eng.run(args.hold / 2)
    info(order.order)


if __name__ == "__main__":
    args = parse(session=14, addr="ws://localhost:8113", symbol="dogeusdt", value=20.0, hold=5.0)
    eng = Engine()
    session = eng.make_session(addr=args.addr, session_id=args.session, name="margin_short", trading=True)
    session.on_margin = lambda level: warn(f"the margin level is {level.level}: {level.status}")
    session.on_error = lambda error: warn(f"refused: {error}")
    sub = session.subscribe(args.symbol, "depth")
    while not sub.bid_level:
        eng.run(0.1)
    base = sub.base_asset
    print(
        f"{session.borrowable(base).amount} {base} may be borrowed, liquidation at {session.margin().liquidation_bar}"
    )
    report("before")
    # The order borrows what it lacks.
    trade(args.value / sub.bid_prc(0), Side.SELL, SideEffect.MARGIN_BUY)
    report("short")
    # A little more than was sold: interest, and a fee in the coin itself, are owed too.
    trade(max(0.0, -sub.net) * 1.002 + sub.lot, Side.BUY, SideEffect.AUTO_REPAY)
    report("after")
