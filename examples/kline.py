"""Prints finished one-minute bars and the books of two symbols. It does not trade."""

from arguments import parse, stop_after
from pyalgo import *


def on_bar(bar: Kline) -> None:
    # A bar is delivered at every change; only the last of them has is_closed.
    if bar.is_closed:
        print(bar)
    else:
        debug(bar)


if __name__ == "__main__":
    args = parse(session=4)
    eng = Engine()
    session = eng.make_session(addr=args.addr, session_id=args.session, name="kline", trading=False)
    for symbol in ("btcusdt", "dogeusdt"):
        session.subscribe(symbol, "kline:1m").on_data = on_bar
        session.subscribe(symbol, "depth").on_data = print
    stop_after(eng, args.seconds)
    eng.run()
