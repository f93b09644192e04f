"""A recording of the real exchange as the market of a gateway and a strategy, again and again."""

from __future__ import annotations

import gzip
import json
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pyalgo import OrderType, Side
from tests.process.strategist import Strategist
from tests.process.world import World, eventually
from tests.shared_data import SHARED, requires_shared
from tradingsys.core.ids import EXTERNAL

FOLDER = SHARED / "data" / "binance"
SYMBOL = "BTCUSDT"
LENGTH_NS = 4_000_000_000


def excerpt(path: Path, into: Path) -> None:
    """The recording's first seconds, from its snapshot of the book on."""
    with gzip.open(path) as lines, gzip.open(into, "wb") as cut:
        kept = []
        for line in lines:
            kept.append(line)
            if b"lastUpdateId" in line:
                break
        end_ns = int(kept[-1].split(b" ", 1)[0]) + LENGTH_NS
        for line in lines:
            if int(line.split(b" ", 1)[0]) > end_ns:
                break
            kept.append(line)
        cut.writelines(kept)


@pytest.fixture(params=["usdm_recording", "spot_recording"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    excerpt(FOLDER / request.param / "btcusdt_20240808.gz", tmp_path / "btc.gz")
    with World.running(tmp_path, sim_options=["--replay=btc.gz", "--loop", "--deposit=10000000"]) as running:
        yield running


def public_trades(world: World) -> list[Any]:
    rest = json.loads((world.directory / "usdt.json").read_text())["urls"]["rest"]
    with urllib.request.urlopen(f"{rest}/fapi/v1/trades?symbol={SYMBOL}&limit=1000") as reply:
        return json.loads(reply.read())  # type: ignore[no-any-return]


@requires_shared
def test_orders_trade_with_the_recording(world: World) -> None:
    world.wait_until_ready(world.start_gateway())
    with Strategist(world, 1, symbol="btcusdt") as one:
        assert one.sub.bid_prc(0) < one.sub.ask_prc(0)
        one.buy(5)
        taken = world.admin("ledger")
        assert sum(Decimal(row["qty"]) for row in taken) == 5 and not any(row["is_maker"] for row in taken)
        prices = [Decimal(row["px"]) for row in taken]
        assert prices == sorted(prices) and prices[0] < prices[-1], "the best level first, which is too small"

        bid, ask = one.sub.bid_prc(0), one.sub.ask_prc(0)
        asked = [(bid, Side.BUY), (ask, Side.SELL)]
        placed = [one.sub.add_order(px, 0.002, side, OrderType.LIMIT) for px, side in asked]
        resting = [order for order in placed if order is not None]
        one.until("somebody of the recording to take one", lambda: [each for each in resting if not each.is_active])
        made = world.admin("ledger")[len(taken) :]
        prints = public_trades(world)
        for row in made:
            is_purchase, px = row["side"] == "BUY", Decimal(row["px"])
            assert row["is_maker"] and px == Decimal(str(bid if is_purchase else ask))
            others = [
                Decimal(each["price"])
                for each in prints
                if (each["time"], each["isBuyerMaker"]) == (row["ts_ms"], is_purchase)
            ]
            assert min(others) <= px if is_purchase else max(others) >= px, "a trade at its price, or through it"
        for each in resting:
            one.sub.cancel(each.id)
        one.until("no order left", lambda: not any(each.is_active for each in resting))
        one.sub.add_order(0, one.net, Side.SELL, OrderType.MARKET)
        one.until("nothing left", lambda: one.net == 0)
        eventually("the recording's next round", lambda: world.admin("status")["market"]["rounds"] > 1)
    reckoning = world.assert_records_agree(1)
    assert [line.net_booked for line in reckoning.lines if line.session == EXTERNAL] == [0]
