"""``python -m tests.chaos.ready``: how long a gateway takes to be ready after ``kill -9``, and after a power cut.

Its book has 100,000 settled executions, one of each second of the last 28 hours, and 200 orders are open at the
exchange (a simulator on the same machine). A power cut is the same death without the ticket that proves the journal
complete: the gateway waits until no order of before can still arrive.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
import urllib.request
from decimal import Decimal
from pathlib import Path

import msgspec

import pyalgo
from tests.chaos.product import Setting
from tests.chaos.sums import percentile
from tests.process.strategist import Strategist
from tests.process.world import Process, World, eventually
from tradingsys.core.enums import OrderStatus, OrderType, Side, TimeInForce
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.core.order import Closed, Fill, Terms
from tradingsys.core.records import (
    FillRecord,
    Intent,
    OrderRecord,
    PerformanceRecord,
    PositionRecord,
    Record,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.gateway.configuration.products import ProductName, book_name
from tradingsys.oms.inquiry import Margins
from tradingsys.store import InlineRunner, Store

_SYMBOL = "BTCUSDT"
_RESTING = ("dogeusdt", "xrpusdt", "adausdt", "ethusdt")
_QTY, _PX, _FEE = Decimal("0.001"), Decimal("60000.10"), Decimal("0.024")
_APART_MS = 1_000
_BATCH = 2_000
_LOOK_S = 0.002
_FENCE_MS = Margins(engine_ms=250, staleness_ms=250).fence_ms(2_000)
"""With a simulator's margins and the recvWindow that gateways have unless told otherwise."""


def measure(directory: Path, executions: int, open_orders: int, starts: int) -> tuple[list[int], list[int]]:
    """ms of each start, after a kill and after a power cut."""
    program = ("-m", "tests.chaos.product", msgspec.json.encode(Setting(generous=True)).decode())
    options = ("--seed=1", "--orders-per-minute=10000000")
    with World.running(directory, sim_options=options, sim_program=program) as world:
        _write_book(world, executions)
        gateway = world.start_gateway()
        world.wait_until_ready(gateway)
        _rest(world, open_orders)
        gateway.kill()
        after_kill = [_start(world) for _ in range(starts)]
        after_cut = [_start(world, cut=True) for _ in range(max(1, starts // 3))]
        return after_kill, after_cut


def _start(world: World, *, cut: bool = False) -> int:
    """One start and its death; ms to ready."""
    if cut:
        for ticket in world.directory.glob("*.ticket"):
            ticket.unlink()
    began = time.monotonic()
    gateway = world.start_gateway()
    while not _is_ready(gateway):
        assert gateway.is_running, gateway.err
        time.sleep(_LOOK_S)
    took_ms = round(1_000 * (time.monotonic() - began))
    time.sleep(0.5)
    gateway.kill()
    return took_ms


def _is_ready(gateway: Process) -> bool:
    return " ready " in gateway.err


def _rest(world: World, orders: int) -> None:
    each = orders // len(_RESTING)
    for session, symbol in enumerate(_RESTING, 1):
        with Strategist(world, session, symbol=symbol) as seat:
            for number in range(each):
                price = seat.sub.tick_dn(seat.sub.round_price(seat.sub.bid_prc(0) * 0.9), number)
                quantity = seat.sub.floor_to_lot_size(seat.sub.min_notional * 1.5 / price) + seat.sub.lot
                seat.sub.add_order(price, quantity, pyalgo.Side.BUY, pyalgo.OrderType.LIMIT, pyalgo.Tif.GTC)
                time.sleep(0.06)
            seat.until("orders to rest", lambda: len(seat.sub.open_orders) >= each)
    eventually("all at the exchange", lambda: sum(row["status"] == "NEW" for row in world.orders()) >= orders)


def _write_book(world: World, executions: int) -> None:
    """Buys and sells in turns before anything of now, so that nothing is held."""
    newest = _newest_trade(world)
    store = Store.open(
        world.db,
        account=book_name(ProductName.USDM, "sim"),
        random_lineage=7,
        wall_ms=time.time_ns() // 1_000_000,
        ticket_dir=world.directory,
        runner=InlineRunner(),
    )
    first = newest - executions
    settled = PerformanceRecord(1, _SYMBOL, Decimal(0), None, Decimal(0), {"USDT": executions * _FEE}, {}, 0)
    store.save_now([SymbolRecord(_SYMBOL, first), PositionRecord(1, _SYMBOL, Decimal(0)), settled])
    now_ms = time.time_ns() // 1_000_000
    records: list[Record] = []
    for number in range(executions):
        records += _past(store.saved.lineage, number, first + number, now_ms - (executions - number) * _APART_MS)
        if len(records) >= _BATCH or number == executions - 1:
            store.save_now(records)
            records = []
    store.save_now([WatermarkRecord(_SYMBOL, newest)])
    store.close()


def _past(lineage: str, number: int, trade_id: int, ts_ms: int) -> list[Record]:
    """One execution; the order, which ended, with every other one."""
    side = Side.BUY if number % 2 else Side.SELL
    name = encode_client_order_id(OrderKey(1, lineage, 1, 1, number + 1))
    terms = Terms(_SYMBOL, side, OrderType.LIMIT, _QTY, _PX, TimeInForce.GTC)
    order = OrderRecord(
        Intent(name, 1, terms, ts_ms, 5_000),
        venue_order_id=str(trade_id),
        accepted=True,
        venue_cum_qty=_QTY,
        closed=Closed(OrderStatus.FILLED, ts_ms),
        status=OrderStatus.FILLED,
    )
    fill = Fill(str(trade_id), _SYMBOL, str(trade_id), side, _PX, _QTY, ts_ms, fee=_FEE, fee_asset="USDT")
    return [order, FillRecord(fill, 1, name)]


def _newest_trade(world: World) -> int:
    rest = world.admin_address.removesuffix("/admin")
    newest: list[int] = []

    def is_told() -> bool:
        with urllib.request.urlopen(f"{rest}/fapi/v1/trades?symbol={_SYMBOL}&limit=1") as reply:
            newest.extend(trade["id"] for trade in json.loads(reply.read()))
        return bool(newest)

    eventually("a first trade", is_told)
    return newest[-1]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.ready", description=__doc__)
    parser.add_argument("--executions", type=int, default=100_000)
    parser.add_argument("--open-orders", type=int, default=200)
    parser.add_argument("--starts", type=int, default=40, help="after a kill; a third of them after a power cut")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which ends the processes too
    with tempfile.TemporaryDirectory() as name:
        kills, cuts = measure(Path(name), options.executions, options.open_orders, options.starts)
    for what, took in (("kill -9", kills), (f"a power cut, {_FENCE_MS} ms of it waiting", cuts)):
        print(f"ready after {what}: p50 {percentile(took, 50)} ms, p99 {percentile(took, 99)} ms of {len(took)} starts")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
