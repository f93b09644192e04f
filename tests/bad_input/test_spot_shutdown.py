"""A server of the exchange that announces its end: no trade is missed, and none is told twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.bad_input.conftest import start_gateway
from tests.bad_input.exchange import Exchange, Loop
from tests.bad_input.launcher import Launcher
from tests.bad_input.line import Line
from tradingsys.core.enums import Side
from tradingsys.sim.simulator import Product

GOES_ON = "market data comes over a new connection"


def carrying(exchange: Exchange) -> set[int]:
    """The connections that streams of the market are on."""
    rows = exchange.admin("connections?product=spot")
    return {row["id"] for row in rows if row["route"] == "stream" and row["streams"]}


def test_no_trade_is_missed_when_a_server_stops(loop: Loop, launcher: Launcher, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    exchange = loop.exchange()
    config = exchange.config(folder, "spot", symbols=["dogeusdt"])
    gateway = start_gateway(launcher, folder, "spot")
    line = Line(loop, config).login(1)
    line.result("subscribe", ["dogeusdt@trade"])
    exchange.house(Side.SELL, 100_000, "0.6", Product.SPOT)

    def trades_until(what: str, look: Callable[[], bool]) -> None:
        def trade() -> bool:
            exchange.house(Side.BUY, 1, "0.6", Product.SPOT)
            time.sleep(0.01)
            return look()

        line.wait_for(what, trade)

    trades_until("a first trade", lambda: bool(line.pushes("trade")))
    assert exchange.admin("shutdown", {"product": "spot"})["told"] >= 2
    trades_until("a new connection", lambda: GOES_ON in gateway.err)
    line.wait_for("the end of the old one", lambda: len(carrying(exchange)) == 1)
    [current] = carrying(exchange)
    exchange.admin("shutdown", {"product": "spot"})
    line.wait_for("the next one", lambda: carrying(exchange) - {current})
    exchange.admin("drop", {"product": "spot", "id": current})  # the exchange does not wait
    trades_until("another one", lambda: gateway.err.count(GOES_ON) == 2)
    exchange.house(Side.BUY, 7, "0.6", Product.SPOT)
    line.wait_for("the last trade", lambda: any(push["qty"].startswith("7") for push in line.pushes("trade")))
    told = [push["trade_id"] for push in line.pushes("trade")]
    assert told == list(range(told[0], told[0] + len(told)))
    assert gateway.stop() == 0
    assert "disconnected" not in gateway.err
