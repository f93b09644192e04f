"""``mypy --strict`` checks a user's program against the package's types: right passes, wrong is found."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

RIGHT = """
import datetime as dt
from typing import assert_type

from pyalgo import *


class Strategy:
    def __init__(self, sub: DepthSubscription, bars: BarSubscription) -> None:
        self.sub, self.bars = sub, bars
        self.order = SmartOrder(sub)
        sub.add_phase(9, 0, 0, Phase.OPEN)
        sub.on_data = self.on_depth
        sub.on_order = self.on_order
        sub.on_fill = self.on_fill
        sub.on_position = self.on_position
        bars.on_data = lambda bar: self.on_bar(bar)

    def on_depth(self, depth: Depth) -> None:
        assert_type(depth.bid_prc(0), float)
        assert_type(self.sub.data, Depth | None)
        if self.order.is_active and self.order.price < depth.bid_prc(0):
            self.order.kill()
        else:
            self.order.send(depth.bid_prc(0), 10, Side.BUY, OrderType.LIMIT, Tif.GTC)
            self.order.send(1, 10, Side.BUY, OrderType.STOP, stop_price=2.0, reduce_only=True, trigger_by="MARK")
            assert_type(self.order.amend(price=1.5), bool)

    def on_bar(self, bar: Kline) -> None:
        assert_type((bar.open, bar.is_closed, bar.start_datetime), tuple[float, bool, dt.datetime])

    def on_order(self, order: Order) -> None:
        assert_type((order.id, order.acc, order.state), tuple[int, float, State])
        assert_type(order.making, bool | None)

    def on_fill(self, order: Order, fill: Fill) -> None:
        assert_type((fill.price, fill.datetime), tuple[float, dt.datetime])

    def on_position(self, position: Position) -> None:
        assert_type(position.entry_price, float | None)
        assert_type(position.fees, dict[str, float])


def on_error(error: LocalProtocolError) -> None:
    warn(f"{error} {assert_type(error.code, int)}")


eng = Engine(0.001, "info", callback_budget_ms=10)
session = eng.make_session("ws://localhost:8111", 1, "typed", True)
assert_type(session, Context)
session.on_error = on_error
session.on_connected = lambda session: info(session.name)
session.on_disconnected = lambda session, reason: info(reason)
book = assert_type(session.subscribe("btcusdt", "depth:100ms"), DepthSubscription)
bars = assert_type(session.subscribe("btcusdt", "kline:1M"), BarSubscription)
trades = assert_type(session.subscribe("btcusdt", "trade", sample=1.0), TradeSubscription)
mark = assert_type(session.subscribe("btcusdt", "mark"), MarkSubscription)
trades.on_data = lambda trade: print(trade.side, trade.buyer_is_maker)
mark.on_data = lambda price: print(price.funding_rate)
assert_type(bars.history(10), list[Kline])
assert_type(book.add_order(1, 1, Side.BUY, OrderType.LIMIT), Order | None)
assert_type(book.unfilled.buy, float)
assert_type(book.open_orders, list[Order])
assert_type(session.balance["USDT"], Balance)
assert_type(session.process(), Event | None)
stop = Leg(0, 1, Side.SELL, OrderType.STOP_LOSS, stop_price=1.0)
assert_type(book.add_oco(Leg(2, 1, Side.SELL, OrderType.LIMIT_MAKER), stop), tuple[Order, Order] | None)
assert_type(book.add_otoco(Leg(1, 1, Side.BUY, OrderType.LIMIT), stop, stop), tuple[Order, Order, Order] | None)
book.add_order(0, 0, Side.BUY, OrderType.MARKET, quote_quantity=10, side_effect=SideEffect.AUTO_REPAY)
assert_type((session.borrow("BTC", 1), session.repay("BTC", 0.5)), tuple[str, str])
assert_type((session.margin().level, session.borrowable("BTC").amount), tuple[float, float])
assert_type(book.position.net_executed, float | None)
session.on_margin = lambda level: warn(f"{level.level} {level.status} {level.datetime}")
strategy = Strategy(book, bars)
timer = assert_type(eng.every(1.0, lambda: None), Timer)
session.wait_ready(timeout_s=5)
book.close()
bars.unsubscribe()
assert_type(Rest("https://fapi.binance.com").get_premium_index(), list[PremiumIndex])
eng.run()
"""

WRONG = """
from pyalgo import *

eng = Engine()
session = eng.make_session("ws://localhost:8111", 1, "typed", True)
book = session.subscribe("btcusdt", "depth")
order = SmartOrder(book)
Engine("fast")
eng.make_session(8111, 1, "a")
eng.make_session("ws://localhost:1", "1", "a")
eng.every("1", print)
book.add_order("1", 1, Side.BUY, OrderType.LIMIT)
book.add_order(1, 1, "buy", OrderType.LIMIT)
book.add_order(1, 1, OrderType.LIMIT, Side.BUY)
book.add_order(1, 1, Side.BUY)
book.add_order(1, 1, Side.BUY, OrderType.STOP, stopprice=2)
order.send(1, 1, Side.BUY, OrderType.STOP, stop_price="2")
order.send(1, 1, Side.BUY, OrderType.LIMIT, reduce_only="no")
book.on_data = lambda bar: bar.close
book.on_depth = print
book.on_order = 5
book.data.bid_prc(0)
order.order.acc
session.subscribe("btcusdt", "kline:1m").bid_prc(0)
SmartOrder(session)
book.cancel(order.order)
book.add_phase(9, 0, 0, "open")
session.on_fill = lambda order: None
session.on_margin = lambda session, level: None
session.borrow(1, "BTC")
session.margin.level
Leg(1, 1, Side.BUY)
Leg(1, 1, Side.BUY, OrderType.LIMIT, iceberg="1")
book.add_oco(order, order)
book.add_otoco(Leg(1, 1, Side.BUY, OrderType.LIMIT), Leg(1, 1, Side.BUY, OrderType.LIMIT))
"""


def check(directory: Path, program: str) -> subprocess.CompletedProcess[str]:
    (directory / "program.py").write_text(program)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir=cache", "program.py"]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("typed")


def test_a_program_that_is_right_passes(directory: Path) -> None:
    checked = check(directory, RIGHT)
    assert checked.returncode == 0, checked.stdout


def test_every_mistake_is_found(directory: Path) -> None:
    checked = check(directory, WRONG)
    found = {int(line) for line in re.findall(r"^program\.py:(\d+): error", checked.stdout, re.MULTILINE)}
    first = WRONG.splitlines().index('Engine("fast")') + 1
    missed = set(range(first, len(WRONG.splitlines()) + 1)) - found
    assert not missed, [WRONG.splitlines()[line - 1] for line in sorted(missed)]
    assert not {line for line in found if line < first}, checked.stdout
