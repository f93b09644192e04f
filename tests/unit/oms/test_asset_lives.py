"""Whatever happens to the account, in whatever order it is told, and however often the gateway dies: exact books."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.oms.asset_instruments import INSTRUMENTS
from tests.unit.oms.asset_world import STALENESS_MS, AssetWorld, thin
from tradingsys.core.enums import Side
from tradingsys.core.ids import decode_client_order_id
from tradingsys.core.order import Order
from tradingsys.core.position import Pair
from tradingsys.oms.asset_totals import add, movements
from tradingsys.store import read

D = Decimal
HOUR_MS = 3_600_000
Action = Callable[["Life"], None]


class Life:
    """One account's life, as hypothesis makes it up."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.world = AssetWorld(folder)
        self.rng = random.Random(seed)
        self.world.venue.lag_ms = lambda: self.rng.randrange(STALENESS_MS)
        self.untold: list[Order] = []
        for asset, amount in (("USDT", "5000"), ("BTC", "3"), ("BNB", "1")):
            self.world.venue.move(asset, amount)
        self.world.venue.now_ms += 60_000
        self.world.catch_up("BTCUSDT")

    def trade(self, session: int | None, symbol: str, side: Side, qty: str, fee: tuple[str, str], how: str) -> None:
        world = self.world
        is_known = symbol in world.book.symbols
        if not is_known and (session is not None or how != "whole"):
            if session is not None or not world.procedures.idle:
                return
            world.wait(2 * STALENESS_MS)
        listed = INSTRUMENTS[symbol]
        asset = {"base": listed.base_asset, "quote": listed.quote_asset}.get(fee[1], fee[1])
        told = world.trade(session, symbol, side, qty, "7.5", fee[0], asset)
        match how:
            case "whole":
                world.tell(told)
            case "thin":
                world.tell(thin(told))
            case "late":
                self.untold.append(told)
            case "lost":
                pass
        if not is_known and how != "whole":
            world.wait(2 * STALENESS_MS)

    def tell_late(self) -> None:
        self.rng.shuffle(self.untold)
        for told in self.untold:
            self.world.tell(told)
        self.untold.clear()

    def transfer(self, asset: str, amount: str, times: int) -> None:
        moved = self.world.venue.move(asset, amount)
        for _ in range(times):
            self.world.book.moved(moved)
        self.world.settle()

    def charge(self, asset: str) -> None:
        venue = self.world.venue
        venue.debts.add(asset)
        self.world.wait(HOUR_MS - venue.now_ms % HOUR_MS)
        venue.charge(asset, "0.012")

    def edit(self, session: int, symbol: str, net: str) -> None:
        if symbol in self.world.book.symbols:
            self.world.book.set_net(session, symbol, D(net), self.world.venue.now_ms, "set")
            self.world.settle()

    def restart(self, is_kept: bool) -> None:
        if is_kept:
            self.world.settle()
        self.world.kill()
        self.untold.clear()
        self.world.venue.now_ms += 1_000
        self.world.boot()

    def enter(self, symbol: str) -> None:
        self.world.procedures.start(self.world.recovery.enter_symbols([symbol]))
        self.world.settle()

    def judge(self) -> None:
        world = self.world
        world.wait(6 * STALENESS_MS)
        world.run(world.recovery.enter_symbols(INSTRUMENTS))
        world.catch_up()
        world.assert_exact()
        self._judge_sessions()
        held = {session: world.book.session_assets(session) for session in (-1, 1, 2)}
        world.kill()
        world.boot()
        world.assert_exact()
        assert held == {session: world.book.session_assets(session) for session in (-1, 1, 2)}
        self._judge_sessions()
        world.kill()

    def _judge_sessions(self) -> None:
        """What each session executed and paid on each symbol, whatever came by edits and interest."""
        world = self.world
        with read.reading(world.machine.path) as conn:
            adjustments = read.adjustments(conn)
        moved: dict[tuple[int, str], dict[str, Decimal]] = {}
        for fill in world.venue.fills:
            [name] = world.venue.orders[fill.venue_order_id].client_order_ids
            key = decode_client_order_id(name)
            if key is None:
                continue
            listed = INSTRUMENTS[fill.symbol]
            sums = moved.setdefault((key.session, fill.symbol), {})
            assert fill.fee_asset is not None and fill.fee is not None
            add(sums, "executed", fill.signed_qty)
            add(sums, fill.fee_asset, fill.fee)
            for asset, delta in movements(fill, Pair(listed.base_asset, listed.quote_asset)).items():
                add(sums, f"moved {asset}", delta)
        for (session, symbol), sums in moved.items():
            position = world.book.position(session, symbol)
            assert position.net_executed == sums.pop("executed")
            assert all(position.fees.get(a, D(0)) == paid for a, paid in sums.items() if not a.startswith("moved"))
            edits = sum((row.delta for row in adjustments if (row.session, row.symbol) == (session, symbol)), D(0))
            assert position.net == sums[f"moved {INSTRUMENTS[symbol].base_asset}"] + edits


symbols = st.sampled_from(sorted(INSTRUMENTS))
sides = st.sampled_from(Side)
amounts = st.sampled_from(["0.5", "1", "0.3333", "2"])
fees = st.tuples(
    st.sampled_from(["0", "0.00075", "0.001", "-0.0002"]), st.sampled_from(["base", "quote", "BNB", "BTC"])
)
trades = st.builds(
    lambda *args: lambda life: life.trade(*args),
    st.sampled_from([1, 2, 1, 2, None]),
    symbols,
    sides,
    amounts,
    fees,
    st.sampled_from(["whole", "whole", "thin", "late", "lost"]),
)
actions: st.SearchStrategy[Action] = st.one_of(
    trades,
    trades,
    trades,
    st.just(Life.tell_late),
    st.builds(
        lambda *args: lambda life: life.transfer(*args),
        st.sampled_from(["USDT", "BTC", "BNB", "SOL", "DUST"]),
        st.sampled_from(["10", "-0.25"]),
        st.integers(1, 2),
    ),
    st.builds(lambda asset: lambda life: life.charge(asset), st.sampled_from(["USDT", "BTC", "ETH"])),
    st.builds(
        lambda *args: lambda life: life.edit(*args), st.integers(1, 2), symbols, st.sampled_from(["0", "1.5", "-2"])
    ),
    st.builds(lambda is_kept: lambda life: life.restart(is_kept), st.booleans()),
    st.builds(lambda symbol: lambda life: life.enter(symbol), symbols),
    st.builds(lambda ms: lambda life: life.world.wait(ms), st.sampled_from([1, 300, 1_500, 5_000])),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(actions, min_size=3, max_size=14), st.integers(0, 1_000_000))
def test_the_books_are_exact_whatever_happens(course: list[Action], seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = Life(Path(folder), seed)
        for action in course:
            action(life)
        life.judge()
