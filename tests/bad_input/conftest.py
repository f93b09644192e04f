"""What the tests of bad input share: one event loop, one launcher, and a book that traded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.bad_input.exchange import Exchange, Loop, running_loop
from tests.bad_input.launcher import Launched, Launcher, running_launcher
from tests.bad_input.line import Line
from tradingsys.core.enums import Side

__all__ = ["start_gateway"]


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    with running_loop() as running:
        yield running


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    with running_launcher() as running:
        yield running


def start_gateway(launcher: Launcher, folder: Path, account: str = "usdt") -> Launched:
    """A gateway that takes orders, on the account's configuration in a folder."""
    gateway = launcher.start(folder, "usdt" if account == "usdt" else "spot", f"-c={account}.json", "-l=info")
    gateway.says(" ready")
    return gateway


@pytest.fixture(scope="session")
def traded(loop: Loop, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> tuple[Exchange, Path]:
    """An exchange, and the folder of a gateway that traded there: every table of its book has rows."""
    folder = tmp_path_factory.mktemp("traded") / "gateway"
    folder.mkdir()
    exchange = loop.exchange()
    config = exchange.config(folder, symbols=["dogeusdt"])
    gateway = start_gateway(launcher, folder)
    exchange.house(Side.SELL, 100_000, "0.07")
    exchange.house(Side.BUY, 100_000, "0.05")
    at_market = {"order_type": "MARKET", "price": None, "time_in_force": None}
    for session, quantity in ((1, "300"), (2, "200")):
        line = Line(loop, config).login(session)
        resting = line.order()
        line.order_that("rests", resting, lambda order: order["status"] == "NEW")
        waiting = line.order(**at_market | {"order_type": "STOP_MARKET", "side": "SELL", "stop_price": "0.04"})
        line.order_that("waits", waiting, lambda order: bool(order.get("is_waiting")))
        filled = line.order(**at_market, quantity=quantity)
        line.order_that("is filled", filled, lambda order: order["status"] == "FILLED")
        line.close()
    # Refused as long as executions are on their way into the book.
    while launcher.start(folder, "pos", "set", "2", "dogeusdt", "150").wait():
        time.sleep(0.1)
    assert gateway.stop() == 0
    # What takes the exchange days, and what only sessions with a limit to their losses write.
    conn = apsw.Connection(str(folder / "pos.db"))
    conn.execute(
        "INSERT INTO halts VALUES (NULL, 'BTCUSDT', 'FORCED', 'HALTED', 'NOTHING', 'liquidation', 1, NULL)"
    ).fetchall()
    conn.execute(
        "INSERT OR IGNORE INTO ledger VALUES ('FUNDING_FEE', '1', 1, 'USDT', '-0.5', 1, 'DOGEUSDT')"
    ).fetchall()
    conn.execute("INSERT OR IGNORE INTO ledger_marks VALUES ('FUNDING_FEE', 1)").fetchall()
    conn.execute("INSERT INTO days VALUES (1, 86400000, '0.5', '1.5', '0.1')").fetchall()
    conn.execute("INSERT OR IGNORE INTO prices VALUES ('DOGEUSDT', '0.06', 'USDT')").fetchall()
    conn.execute("INSERT OR IGNORE INTO watermarks VALUES ('DOGEUSDT', 1)").fetchall()
    conn.close()
    return exchange, folder
