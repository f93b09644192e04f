"""Prints finished one-minute bars and the books of two symbols. It does not trade."""

from pyalgo import *


def on_bar(bar: Kline) -> None:
    # A bar is delivered at every change; only the last of them has is_closed.
    if bar.is_closed:
        print(bar)
    else:
        debug(bar)


def on_depth(depth: Depth) -> None:
    print(depth)


if __name__ == "__main__":
    eng = Engine(0.001)
    session = eng.make_session(addr="ws://localhost:8111", session_id=4, name="kline", trading=False)
    for symbol in ("btcusdt", "dogeusdt"):
        session.subscribe(symbol, "kline:1m").on_data = on_bar
        session.subscribe(symbol, "depth").on_data = on_depth
    eng.run()
