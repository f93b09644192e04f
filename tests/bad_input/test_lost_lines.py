"""A strategy whose connection breaks again and again, at a gateway that is killed: each execution is told once."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from random import Random

import apsw

from pyalgo import Side
from pyalgo.context import Context
from pyalgo.driver import LoopDriver
from pyalgo.order import Fill, Order
from pyalgo.words import OrderType, State, Tif
from tests.bad_input.conftest import start_gateway
from tests.bad_input.exchange import Loop
from tests.bad_input.launcher import Launcher
from tests.bad_input.line import Line
from tradingsys.core.enums import Side as Way

ORDERS = 25


class Strategy:
    """Buys at market, and writes down what it is told."""

    def __init__(self, url: str, token: str) -> None:
        self.driver = LoopDriver(0.001)
        self.session = Context(url, 7, "lost", True, token=token, driver=self.driver)
        self.filled: list[str] = []
        self.durable: list[str] = []
        self.session.on_fill = self._on_fill
        self.session.on_durable = lambda order, fill: self.durable.append(fill.id)
        self.last: Fill | None = None
        self.session.connect()
        self.doge = self.session.subscribe("dogeusdt", "depth")

    def _on_fill(self, order: Order, fill: Fill) -> None:
        self.filled.append(fill.id)
        self.last = fill

    def run_until(self, what: str, done: object) -> None:
        for _ in range(600):
            self.driver.run(0.05)
            if done():  # type: ignore[operator]
                return
        raise AssertionError(f"waited 30 s for {what}: {len(self.filled)} told, {len(self.durable)} durable")

    def buy(self) -> Order:
        self.run_until("a gateway that is ready", lambda: self.session.is_ready and self.doge.ask_prc(0))
        order = self.doge.add_order(0, 100, Side.BUY, OrderType.MARKET, Tif.GTC)
        assert order is not None
        return order

    def cut(self) -> None:
        """As a cable does."""
        for line in self.driver._lines:
            if line._conn is not None:
                line._conn.abort()


def test_each_execution_is_told_once_and_known_to_be_safe(loop: Loop, launcher: Launcher, tmp_path: Path) -> None:
    folder, random = tmp_path / "gateway", Random(5)
    folder.mkdir()
    exchange = loop.exchange()
    config = exchange.config(folder, symbols=["dogeusdt"], limits={"max_same_orders": None, "max_orders_per_s": None})
    for number in range(20):
        exchange.house(Way.SELL, 70, f"0.06{number:02}")
    exchange.house(Way.SELL, 100_000, "0.062")
    exchange.house(Way.BUY, 100_000, "0.0598")
    gateway = start_gateway(launcher, folder)
    known = Line(loop, config).login(9)
    # Somebody else follows the book: the limits need a price as soon as the strategy is back.
    known.result("subscribe", ["dogeusdt@depth"])
    strategy = Strategy(known.url, known.token)
    orders = []
    for _ in range(ORDERS):
        orders.append(strategy.buy())
        if random.random() < 0.5:
            strategy.cut()
        strategy.driver.run(random.random() / 50)
    strategy.run_until("all to be filled", lambda: not any(order.is_active for order in orders))

    # Nothing can be written while somebody else holds the book: what is told now is in memory only.
    holder = apsw.Connection(str(folder / "pos.db"))
    holder.set_busy_timeout(20_000)  # What it is writing right now comes first.
    holder.execute("BEGIN IMMEDIATE").fetchall()
    orders.append(strategy.buy())
    strategy.run_until("an execution that is not written", lambda: not orders[-1].is_active)
    assert strategy.last is not None and not strategy.last.is_durable
    os.kill(gateway.pid, signal.SIGKILL)
    gateway.wait()
    holder.close()
    gateway = start_gateway(launcher, folder)
    assert not strategy.last.is_durable
    strategy.run_until("all to be durable", lambda: len(strategy.durable) == len(strategy.filled))

    assert len(set(strategy.filled)) == len(strategy.filled) > ORDERS / 2
    assert sorted(strategy.durable) == sorted(strategy.filled)
    # What was still on its way when the line was cut never arrived, and its order says so.
    lost = [order for order in orders if not order.acc]
    assert all(order.state is State.REJECTED and "never" in order.reason for order in lost)
    assert len(lost) < ORDERS / 2
    assert sum(order.acc for order in orders) == strategy.doge.net == 100 * (len(orders) - len(lost))
    strategy.session.close()
    known.close()
    assert gateway.stop() == 0
    book = apsw.Connection(str(folder / "pos.db"))
    written = [str(row[0]) for row in book.execute("SELECT trade_id FROM fills WHERE session_id = 7")]
    book.close()
    assert sorted(written) == sorted(strategy.filled)
