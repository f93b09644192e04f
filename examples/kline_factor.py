"""A factor from closed bars: how price and volume move together, as a z-score of its fast over its slow average.

Starts with the exchange's history, goes on with live bars, writes ``log/indicators/<symbol>.csv``. It does not trade.
"""

from collections import deque
from pathlib import Path
from statistics import StatisticsError, correlation, fmean, pstdev

from arguments import parse
from pyalgo import *

KEEP, WINDOW, GROUP = 1300, 240, 5  # minutes
FAST, SLOW = 2 / 13, 2 / 49


class Factor:
    def __init__(self, sub: BarSubscription, path: Path) -> None:
        self.bars: deque[Kline] = deque(maxlen=KEEP)
        self.differences: deque[float] = deque(maxlen=WINDOW)
        self.fast = self.slow = 0.0
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("w", encoding="utf-8", buffering=1)
        self.file.write("time,close,correlation,z\n")
        for bar in sub.history(KEEP):
            self.on_bar(bar)
        sub.on_data = self.on_bar

    def on_bar(self, bar: Kline) -> None:
        # Every change of a bar is told; history has the bars that were closed before.
        if not bar.is_closed or (self.bars and bar.time <= self.bars[-1].time):
            return
        self.bars.append(bar)
        if (bar.time + 1) // 60_000 % GROUP == 0:
            last = list(self.bars)[-WINDOW:]
            try:
                value = correlation([each.close for each in last], [each.volume for each in last])
            except StatisticsError:  # too few bars, or a price that never moved
                return
            self.fast += FAST * (value - self.fast)
            self.slow += SLOW * (value - self.slow)
            self.differences.append(self.fast - self.slow)
            spread = pstdev(self.differences)
            z = (self.differences[-1] - fmean(self.differences)) / spread if spread else 0.0
            self.file.write(f"{bar.datetime:%Y-%m-%d %H:%M:%S},{bar.close},{value:.6f},{z:.4f}\n")
            info(f"{bar.symbol} {bar.datetime:%H:%M:%S} correlation {value:+.3f} z {z:+.2f}")


if __name__ == "__main__":
    args = parse(session=9)
    eng = Engine(callback_budget_ms=100)
    session = eng.make_session(addr=args.addr, session_id=args.session, name="kline_factor")
    factor = Factor(session.subscribe("dogeusdt", "kline:1m"), Path("log/indicators/dogeusdt.csv"))
    print(f"{len(factor.bars)} closed bars so far")
    eng.run(args.seconds)
