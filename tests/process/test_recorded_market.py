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

from pyalgo import Order, OrderType, Side
from tests.process.strategist import Strategist
from tests.process.world import World, eventually
from tests.shared_data import SHARED, requires_shared
from tradingsys.core.ids import EXTERNAL

FOLDER = SHARED / "data" / "binance"
SYMBOL = "BTCUSDT"
LENGTH_NS = 4_000_000_000
LIMITS = dict.fromkeys(
    ("max_order_notional", "max_position_notional", "max_gross_notional", "max_unexecuted_notional"), 2_000_000
)


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


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Futures are what was recorded of futures; a recording of spot would play the spot market beside them."""
    excerpt(FOLDER / "usdm_recording" / "btcusdt_20240808.gz", tmp_path / "btc.gz")
    options = ["--replay=btc.gz", "--loop", "--deposit=10000000"]
    with World.running(tmp_path, sim_options=options, limits=LIMITS) as running:
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
        one.buy(20)  # more than any level of the excerpt holds
        taken = world.admin("ledger")
        assert sum(Decimal(row["qty"]) for row in taken) == 20 and not any(row["is_maker"] for row in taken)
        prices = [Decimal(row["px"]) for row in taken]
        assert prices == sorted(prices) and prices[0] < prices[-1], "the best level first"

        resting: list[Order] = []

        def somebody_took_one() -> bool:
            # The best may have moved on before an order arrives: one that would take is refused, and asked again.
            for side in Side.BUY, Side.SELL:
                if not any(each.is_active and each.side is side for each in resting):
                    px = one.sub.bid_prc(0) if side is Side.BUY else one.sub.ask_prc(0)
                    if (order := one.sub.add_order(px, 0.002, side, OrderType.LIMIT_MAKER)) is not None:
                        resting.append(order)
            return any(each.acc for each in resting)

        one.until("somebody of the recording to take one", somebody_took_one)
        priced = {each.client_order_id: Decimal(str(each.price)) for each in resting}
        made = world.admin("ledger")[len(taken) :]
        prints = public_trades(world)
        for row in made:
            is_purchase, px = row["side"] == "BUY", Decimal(row["px"])
            assert row["is_maker"] and px == priced[row["client_order_id"]]
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
