"""Spot and futures side by side: real gateways in one directory, a strategy on spot, a kill, and the books after it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.process.desk import Desk
from tests.process.world import PATIENCE_S, Process, World, eventually, free_port

STRATEGY = """
import sys

from pyalgo import *

eng = Engine(0.01)
session = eng.make_session(addr=sys.argv[1], session_id=1, name="spot", trading=True)
session.on_error = lambda error: print("refused", error, flush=True)
sub = session.subscribe("btcusdt", "depth:100ms")
done = []


def on_fill(order, fill):
    print("fill", fill.quantity, flush=True)


def on_depth(depth):
    best = depth.bid_prc(0)
    done.append(best)
    if len(done) == 1:
        sub.add_order(0, 0.01, Side.BUY, OrderType.MARKET)
        sub.add_order(0, 0, Side.BUY, OrderType.MARKET, quote_quantity=50)
    elif len(done) == 5:
        target, stop = sub.round_price(best * 1.05), sub.round_price(best * 0.95)
        sub.add_oco(
            Leg(target, 0.005, Side.SELL, OrderType.LIMIT_MAKER),
            Leg(0, 0.005, Side.SELL, OrderType.STOP_LOSS, stop_price=stop),
        )
        sub.add_order(sub.round_price(best * 0.97), 0.004, Side.BUY, OrderType.LIMIT, Tif.GTC, iceberg=0.001)
    elif len(done) == 10:
        (rests,) = (order for order in sub.open_orders if order.side == Side.BUY)
        if sys.argv[2] == "spot":
            sub.amend(rests.id, quantity=0.002)
    elif len(done) == 15:
        print("done", flush=True)
        eng.stop()


sub.on_data, sub.on_fill = on_depth, on_fill
eng.run()
"""


class SpotWorld:
    """A box with the gateway of its spot, or margin, account beside that of futures."""

    def __init__(self, world: World, name: str = "spot") -> None:
        self.world, self.port, self.name = world, free_port(), name
        path = world.directory / f"{name}.json"
        config = json.loads(path.read_text())
        assert config["db"] != "pos.db"
        path.write_text(json.dumps(config | {"local": f"ws://localhost:{self.port}"}))

    def start_gateway(self) -> Process:
        gateway = self.world.start(self.name, "-m", "tradingsys", "spot", f"-c={self.name}.json")
        World.wait_until_ready(gateway)
        return gateway

    def trade(self) -> str:
        path = self.world.directory / "strategy.py"
        path.write_text(STRATEGY)
        strategy = self.world.start("strategy", path.name, f"ws://localhost:{self.port}", self.name)
        eventually("it to be done", lambda: "done" in strategy.out or not strategy.is_running)
        strategy.popen.wait(20)
        assert "Traceback" not in strategy.err and "refused" not in strategy.out, (strategy.out, strategy.err)
        return strategy.out

    def ask(self, *words: str) -> Any:
        return Desk(self.world).ask(*words, f"-c={self.name}.json")


@pytest.fixture
def spot(tmp_path: Path) -> Iterator[SpotWorld]:
    with World.running(tmp_path) as world:
        yield SpotWorld(world)


def test_a_spot_account_is_traded_killed_and_found_again(spot: SpotWorld) -> None:
    futures = spot.world.start_gateway()
    gateway = spot.start_gateway()
    spot.world.wait_until_ready(futures)
    assert spot.trade().count("fill") >= 2
    gateway.kill()
    spot.start_gateway()

    (row,) = (row["position"] for row in spot.ask("pos", "show")["positions"] if row["session_id"] == 1)
    executed, net = Decimal(row["net_executed"]), Decimal(row["net"])
    assert executed - net == Decimal(row["fees"]["BTC"]) == executed * Decimal("0.001")
    rows = {row["asset"]: row for row in spot.ask("assets")["assets"]}
    assert {asset: row["difference"] for asset, row in rows.items()} == {"BTC": "0", "USDT": "0"}
    assert Decimal(rows["BTC"]["account"]) == net
    orders = [row["order"] for row in spot.ask("orders")["orders"]]
    assert sorted(order["order_type"] for order in orders) == ["LIMIT", "LIMIT", "STOP_MARKET"]
    assert len({order["list_id"] for order in orders if "list_id" in order}) == 1
    (rests,) = (order for order in orders if order["side"] == "BUY")
    assert (rests["quantity"], rests["iceberg_quantity"]) == ("0.002", "0.001")
    assert spot.ask("status")["status"]["product"] == "spot"
    assert not any(check["verdict"] == "problem" for check in spot.ask("doctor")["checks"])
    # The futures account has nothing to do with it.
    assert not spot.world.ledger() and futures.is_running


def test_the_book_of_futures_is_none_for_spot(spot: SpotWorld) -> None:
    futures = spot.world.start_gateway()
    spot.world.wait_until_ready(futures)
    path = spot.world.directory / "spot.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"db": "pos.db"}))
    arguments = ("-m", "tradingsys", "spot", "-c=spot.json")
    beside = spot.world.start("beside", *arguments)
    assert beside.popen.wait(30) == 2
    assert "in use by another gateway" in beside.err and "a db and a local of its own" in beside.err
    futures.stop()
    alone = spot.world.start("alone", *arguments)
    assert alone.popen.wait(30) == 2
    assert "binance-usdm-sim" in alone.err and "binance-spot-sim" in alone.err and "db" in alone.err


def test_a_margin_account_borrows_trades_and_pays_back(tmp_path: Path) -> None:
    with World.running(tmp_path) as world:
        margin = SpotWorld(world, "margin")
        path = tmp_path / "margin.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"symbols": ["btcusdt"]}))
        gateway = margin.start_gateway()
        assert "Binance cross margin" in gateway.err
        loan = margin.ask("borrow", "BTC", "0.5")["loan"]
        assert (loan["borrowed"], loan["asset"]) == ("0.5", "BTC")
        owing = Decimal(margin.ask("margin")["margin"]["margin"]["level"])
        assert 1 < owing < 999
        assert margin.trade().count("fill") >= 2
        loan = margin.ask("repay", "BTC", "0.5")["loan"]
        assert Decimal(loan["borrowed"]) < Decimal("0.001")
        assert Decimal(margin.ask("margin", "USDT")["margin"]["margin"]["level"]) > owing

        def agree() -> bool:
            rows = {row["asset"]: row["difference"] for row in margin.ask("assets")["assets"]}
            return rows == {"BTC": "0", "USDT": "0"}

        eventually("interest to be booked", agree)
        assert not any(check["verdict"] == "problem" for check in margin.ask("doctor")["checks"])
        (row,) = (row["position"] for row in margin.ask("pos", "show")["positions"] if row["session_id"] == 1)
        assert Decimal(row["net_executed"]) > Decimal(row["net"]) > 0
        assert "warnings of the account's margin level arrive" in gateway.err
        assert "odd message" not in gateway.err
    with World.running(tmp_path) as another_box:
        gateway = another_box.start("gateway", "-m", "tradingsys", "spot", "-c=margin.json")
        assert gateway.popen.wait(PATIENCE_S) == 2
        assert "the book in it is of the account that the exchange calls" in gateway.err
