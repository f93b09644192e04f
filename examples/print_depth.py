"""Prints a book as it changes. It does not trade."""

from arguments import parse
from pyalgo import *

if __name__ == "__main__":
    args = parse(session=1, symbol="dogeusdt")
    eng = Engine()
    session = eng.make_session(addr=args.addr, session_id=args.session, name="print_depth", trading=False)
    sub = session.subscribe(args.symbol, "depth")
    sub.on_data = lambda depth: print(depth)
    eng.run(args.seconds)
