"""Per asset, Σ sessions + EXTERNAL is what the account has of its own, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.oms.asset_world import AssetWorld, thin, worlds
from tradingsys.core.commands import IncomeQuery
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL, OrderKey, encode_client_order_id
from tradingsys.core.records import Edit, LedgerKind, Scope
from tradingsys.core.reports import TOLD_AGAIN_MS
from tradingsys.oms.recovery import Difference
from tradingsys.oms.session_book import Incarnation
from tradingsys.store import read

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def world(tmp_path: Path) -> Iterator[AssetWorld]:
    yield from worlds(tmp_path)


@pytest.fixture
def funded(world: AssetWorld) -> AssetWorld:
    world.venue.move("USDT", "1000")
    world.venue.move("BTC", "2")
    world.venue.now_ms += 10_000
    world.catch_up("BTCUSDT")
    return world


def test_what_the_account_held_is_external(funded: AssetWorld) -> None:
    assert funded.book.session_assets(EXTERNAL) == {"BTC": D(2), "USDT": D(1000)}
    assert funded.book.net(EXTERNAL, "BTCUSDT") == 0, "a symbol begins flat"
    assert funded.book.symbols.keys() == {"BTCUSDT"} and funded.book.pairs["BTCUSDT"].quote == "USDT"
    funded.assert_exact()


def test_what_sessions_traded_of_a_lost_pair_is_theirs_though_its_assets_are_accounted_for_only_now(
    world: AssetWorld,
) -> None:
    """As where an older pos.db was restored, from before anything was traded."""
    world.book.begin(Incarnation(world.book.lineage, world.epoch, world.epoch, world.venue.now_ms))
    name = encode_client_order_id(OrderKey(1, world.book.lineage, world.epoch - 1, 1, 1))
    world.venue.trade("XRPADA", BUY, "5", "2", client_order_id=name)
    world.venue.now_ms += 60_000
    world.run(world.recovery.enter_lost_symbol("XRPADA"))
    world.wait(5_000)
    assert world.book.net(1, "XRPADA") == 5
    world.check()
    world.assert_exact()


def test_every_pair_of_two_held_assets_is_accounted_for(world: AssetWorld) -> None:
    for asset in ("USDT", "ETH", "SOL"):
        world.venue.move(asset, "3")
    world.venue.now_ms += 10_000
    world.catch_up("BTCUSDT")
    assert world.book.symbols.keys() == {"BTCUSDT", "ETHUSDT"}
    world.catch_up()
    assert world.book.symbols.keys() == {"BTCUSDT", "ETHUSDT", "ETHBTC", "SOLBTC"}, "BTC is accounted for by now"
    world.assert_exact()


@pytest.mark.parametrize(
    ("side", "asset", "net", "held"),
    [
        (BUY, "BTC", "0.99", {"BTC": D("0.99"), "USDT": D(-100)}),
        (BUY, "USDT", "1", {"BTC": D(1), "USDT": D("-100.01")}),
        (BUY, "BNB", "1", {"BTC": D(1), "USDT": D(-100), "BNB": D("-0.01")}),
        (SELL, "USDT", "-1", {"BTC": D(-1), "USDT": D("99.99")}),
        (SELL, "BTC", "-1.01", {"BTC": D("-1.01"), "USDT": D(100)}),
    ],
)
@pytest.mark.parametrize("late", [(), ("fee", "fee_asset"), ("fee_asset",)])
def test_fees_of_any_asset(
    funded: AssetWorld, side: Side, asset: str, net: str, held: dict[str, Decimal], late: tuple[str, ...]
) -> None:
    told = funded.trade(1, "BTCUSDT", side, "1", "100", "0.01", asset)
    if late:
        funded.tell(thin(told, *late))
        assert funded.book.net(1, "BTCUSDT") == side.sign and funded.book.position(1, "BTCUSDT").fees == {}
        assert funded.book.session_assets(1) == {"BTC": side.sign, "USDT": -100 * side.sign}
    funded.tell(told)
    position = funded.book.position(1, "BTCUSDT")
    assert position.net == funded.book.net(1, "BTCUSDT") == D(net)
    assert position.net_executed == side.sign and position.fees == {asset: D("0.01")}
    assert funded.book.session_assets(1) == held
    funded.check()
    funded.assert_exact()
    assert asset in funded.book.assets
    funded.kill()
    funded.boot()
    assert funded.book.position(1, "BTCUSDT") == position and funded.book.session_assets(1) == held
    funded.assert_exact()


def test_bnb_that_was_never_in_the_set_enters_when_it_is_first_paid(funded: AssetWorld) -> None:
    funded.venue.move("BNB", "5")
    funded.tell(funded.trade(1, "BTCUSDT", BUY, "1", "100", "0.5", "BNB"))
    assert "BNB" not in funded.book.assets
    funded.check()
    assert funded.book.session_assets(EXTERNAL)["BNB"] == 5 and funded.book.asset_totals()["BNB"] == D("4.5")
    funded.assert_exact()


def test_a_transfer_is_external_and_told_twice_counts_once(funded: AssetWorld) -> None:
    moved = funded.venue.move("USDT", "-40")
    funded.book.moved(moved)
    funded.book.moved(moved)
    funded.settle()
    funded.kill()
    funded.boot()
    funded.book.moved(moved)
    funded.check()
    assert funded.book.session_assets(EXTERNAL)["USDT"] == 960
    funded.assert_exact()


def test_a_movement_is_known_for_as_long_as_somebody_may_tell_it_again(funded: AssetWorld) -> None:
    moved = funded.venue.move("USDT", "-40")
    funded.book.moved(moved)
    funded.wait(3_000_000)
    funded.check()
    funded.book.moved(moved)
    funded.check()
    funded.assert_exact()
    known = funded.book.cash._known
    assert [kind for kind, _ in known] == [LedgerKind.TRANSFER], "baselines are nobody else's to tell"
    funded.wait(TOLD_AGAIN_MS + 8_000_000)
    funded.check()
    assert not known.keys() & funded.book.cash._known.keys(), "what nobody tells any more needs no memory"


def test_a_transfer_that_the_baseline_has_already_changes_nothing(world: AssetWorld) -> None:
    moved = world.venue.move("USDT", "40")
    world.venue.now_ms += 5_000
    world.catch_up("BTCUSDT")
    world.book.moved(moved)
    world.check()
    world.assert_exact()


def test_a_difference_stays_until_a_person_accepts_it(funded: AssetWorld) -> None:
    funded.venue.move("USDT", "40.00000000")
    funded.check()
    assert funded.book.differences == {"USDT": D(-40)} == funded.recovery.differences
    assert any(text.endswith(": USDT -40") for text in funded.alarms)
    assert funded.measure("USDT") == Difference(D(-40), is_steady=True)
    funded.book.accept_difference("USDT", D(-40), funded.venue.now_ms)
    assert funded.book.differences == {} and not funded.measure("USDT").amount
    funded.check()
    funded.assert_exact()
    with read.reading(funded.machine.path) as conn:
        [row] = [row for row in read.ledger(conn) if row.kind == LedgerKind.ACCEPTED]
    assert (row.session, row.asset, row.amount) == (EXTERNAL, "USDT", D(40))


def test_news_of_a_transfer_takes_its_difference_back(funded: AssetWorld) -> None:
    moved = funded.venue.move("USDT", "40")
    funded.check()
    funded.book.moved(moved)
    assert funded.book.differences == {} and not funded.measure("USDT").amount, "it would count twice"
    funded.check()
    funded.assert_exact()


def test_an_execution_on_a_symbol_outside_the_set_enters_it(funded: AssetWorld) -> None:
    funded.tell(funded.trade(None, "ETHUSDT", BUY, "3", "10", "0.1", "ETH"))
    assert funded.book.outside == {"ETHUSDT"}
    funded.check()
    assert "ETHUSDT" in funded.book.symbols and not funded.book.outside
    assert funded.book.session_assets(EXTERNAL) == {"BTC": D(2), "ETH": D("2.9"), "USDT": D(970)}
    funded.assert_exact()


def test_what_was_traded_on_it_since_its_assets_baseline_is_read(funded: AssetWorld) -> None:
    funded.trade(None, "ETHUSDT", BUY, "3", "10", "0.1", "ETH")  # nobody hears of it
    funded.trade(None, "ETHBTC", SELL, "1", "0.1", "0.001", "BTC")
    funded.wait(60_000)
    funded.run(funded.recovery.enter_symbols(["ETHUSDT"]))
    assert funded.book.session_assets(EXTERNAL)["USDT"] == 970
    funded.trade(None, "ETHBTC", SELL, "1", "0.1", "0.001", "BTC")
    funded.run(funded.recovery.enter_symbols(["ETHBTC"]))
    funded.check()
    assert funded.book.session_assets(EXTERNAL) == {"BTC": D("2.198"), "ETH": D("0.9"), "USDT": D(970)}
    funded.assert_exact()


def test_a_machine_that_was_suspended_counts_no_trade_twice(world: AssetWorld) -> None:
    """Its clock stood still for twelve seconds, in which somebody traded, and nothing told it so yet."""
    world.venue.move("USDT", "1000")
    world.wait(10_000)
    world.trade(None, "BTCUSDT", BUY, "1", "100", "0.1", "USDT")
    world.venue.now_ms += 8_000
    world.clock.set(world.venue.now_ms - 12_000, world.now_ns, world.now_ns)
    world.told_time = lambda: world.clock.set(world.venue.now_ms, world.now_ns, world.now_ns)
    world.run(world.recovery.enter_assets(["USDT"]))
    world.run(world.recovery.enter_symbols(["BTCUSDT"]))
    assert world.book.session_assets(EXTERNAL)["USDT"] == D("899.9")


def test_what_a_fee_took_before_the_symbols_own_assets_were_accounted_for_is_read(funded: AssetWorld) -> None:
    funded.venue.move("BNB", "5")
    funded.run(funded.recovery.enter_assets(["BNB"]))
    funded.trade(None, "XRPADA", BUY, "3", "10", "0.1", "BNB")  # nobody hears of it
    funded.wait(60_000)
    funded.run(funded.recovery.enter_symbols(["XRPADA"]))
    assert funded.book.session_assets(EXTERNAL)["BNB"] == D("4.9")
    funded.assert_exact()


def test_a_gateway_that_was_off_finds_foreign_trades_on_pairs_of_what_is_held(funded: AssetWorld) -> None:
    funded.kill()

    funded.venue.trade("ETHUSDT", BUY, "3", "10", fee="0.1", fee_asset="ETH")
    funded.venue.now_ms += 60_000
    funded.boot()
    assert "ETHUSDT" in funded.book.symbols
    funded.assert_exact()


def test_a_session_that_trades_after_foreign_trades_nobody_heard_of(funded: AssetWorld) -> None:
    funded.trade(None, "BTCUSDT", SELL, "1", "100", "0.1", "USDT")
    funded.tell(funded.trade(1, "BTCUSDT", BUY, "0.5", "100", "0.0005", "BTC"))
    funded.check()
    assert funded.book.session_assets(1) == {"BTC": D("0.4995"), "USDT": D(-50)}
    assert funded.book.session_assets(EXTERNAL) == {"BTC": D(1), "USDT": D("1099.9")}
    funded.assert_exact()


def test_nothing_is_certain_while_the_account_trades(world: AssetWorld) -> None:
    world.venue.move("USDT", "1000")
    world.venue.now_ms += 5_000
    asked = 0

    def busy() -> None:
        nonlocal asked
        asked += 1
        if asked < 20:
            world.tell(world.venue.trade("BTCUSDT", BUY, "1", "10", fee="0.01", fee_asset="BTC"))

    world.meanwhile = busy
    world.catch_up("BTCUSDT")
    world.assert_exact()


def test_interest_is_borne_by_whoever_is_short(funded: AssetWorld) -> None:
    for session, qty in ((1, "3"), (2, "1")):
        funded.tell(funded.trade(session, "BTCUSDT", SELL, qty, "100"))
    funded.tell(funded.trade(3, "BTCUSDT", BUY, "2", "100"))
    funded.venue.now_ms += 1_000
    funded.venue.charge("BTC", "0.4")
    funded.venue.now_ms += 1_000
    funded.tell(funded.trade(2, "BTCUSDT", BUY, "9", "100"))
    funded.venue.debts.add("BTC")
    funded.check()
    assert [funded.book.session_assets(each)["BTC"] for each in (1, 2, 3)] == [D("-3.3"), D("7.9"), D(2)]
    funded.venue.charge("BTC", "0.1")
    funded.venue.charge("USDT", "0.5")
    funded.check()
    funded.assert_exact()
    assert funded.book.session_assets(1)["BTC"] == D("-3.4"), "the only one that is short now"
    assert funded.book.session_assets(3)["USDT"] == D("-200.1"), "a fifth of it: session 2 owes 800"
    before = funded.book.session_assets(1), funded.book.session_assets(3)
    funded.kill()
    funded.boot()
    assert before == (funded.book.session_assets(1), funded.book.session_assets(3))
    funded.assert_exact()


def test_interest_that_is_not_read_yet_is_no_difference(funded: AssetWorld) -> None:
    funded.venue.charge("USDT", "0.5")
    funded.run(funded.recovery.check_account())
    funded.assert_exact()
    assert funded.alarms == []


def test_interest_is_no_difference_while_the_reading_that_would_have_told_of_it_is_lost(funded: AssetWorld) -> None:
    lost = [True]
    funded.is_lost = lambda query: isinstance(query, IncomeQuery) and lost.pop() if lost else False
    funded.procedures.start(funded.recovery.pull_funding())
    funded.settle()
    funded.venue.charge("USDT", "0.5")
    funded.run(funded.recovery.check_account())
    funded.assert_exact()
    assert funded.alarms == [] and not lost


def test_a_check_of_the_account_ends_though_interest_cannot_be_read(funded: AssetWorld) -> None:
    funded.is_lost = lambda query: isinstance(query, IncomeQuery)
    funded.procedures.start(funded.recovery.pull_funding(expected=True))
    funded.settle()
    funded.venue.charge("USDT", "0.5")
    funded.run(funded.recovery.check_account(), limit_ms=90_000)
    assert funded.book.differences == {"USDT": D("0.5")}


def test_interest_that_nobody_is_short_for_is_external(funded: AssetWorld) -> None:
    funded.venue.charge("USDT", "0.5")
    funded.check()
    assert funded.book.session_assets(EXTERNAL)["USDT"] == D("999.5")
    funded.assert_exact()


def test_an_edit_changes_what_is_sold_and_external_has_the_other_side(funded: AssetWorld) -> None:
    funded.tell(funded.trade(1, "BTCUSDT", BUY, "1", "100", "0.001", "BTC"))
    funded.settle()
    funded.kill()
    conn = funded.machine.open()._conn
    conn.execute("UPDATE positions SET net = '0.5' WHERE session_id = 1 AND symbol = 'btcusdt'")
    funded.kill()
    funded.open()
    [edit] = funded.store.saved.edits
    assert edit == Edit(1, "BTCUSDT", D("0.999"), D("0.5"))
    funded.catch_up()
    assert (1, "BTCUSDT") not in funded.book.touched
    funded.book.transfer(edit, funded.venue.now_ms, "sql-edit")
    funded.check()
    assert funded.book.session_assets(1) == {"BTC": D("0.5"), "USDT": D(-100)}
    position = funded.book.position(1, "BTCUSDT")
    assert (position.net, position.net_executed, position.entry_px) == (D("0.5"), D(1), D(100))
    funded.assert_exact()


def test_a_late_base_fee_is_a_change_that_an_edit_must_not_hide(funded: AssetWorld) -> None:
    told = funded.trade(1, "BTCUSDT", BUY, "1", "100", "0.001", "BTC")
    funded.tell(thin(told))
    funded.settle()
    funded.kill()
    funded.boot()
    assert (1, "BTCUSDT") in funded.book.touched and funded.book.net(1, "BTCUSDT") == D("0.999")


def test_an_older_book_finds_what_its_sessions_traded_since(funded: AssetWorld, tmp_path: Path) -> None:
    funded.settle()
    copy = funded.store.backup("before-more")
    assert isinstance(copy, Path)
    funded.tell(funded.trade(1, "BTCUSDT", BUY, "1", "100", "0.001", "BTC"))
    funded.run(funded.recovery.enter_symbols(["ETHBTC", "ETHUSDT"]))
    funded.tell(funded.trade(1, "ETHBTC", BUY, "2", "0.1", "0.002", "ETH"))
    funded.tell(funded.trade(None, "ETHUSDT", BUY, "1", "10", "0.1", "USDT"))
    funded.check()
    funded.assert_exact()
    held = funded.book.session_assets(1), funded.book.session_assets(EXTERNAL)
    funded.kill()
    for old in funded.machine.path.parent.glob("pos.db*"):
        if old != copy:
            old.unlink()
    copy.rename(funded.machine.path)
    funded.boot()
    assert (funded.book.session_assets(1), funded.book.session_assets(EXTERNAL)) == held
    funded.assert_exact()


def test_a_forced_trade_outside_of_everything_is_read_from_the_stream_alone(funded: AssetWorld) -> None:
    told = structs.replace(funded.trade(None, "SOLBTC", BUY, "1", "0.5"), forced="liquidation")
    funded.tell(told)
    funded.check()
    assert funded.book.net(EXTERNAL, "SOLBTC") == 1 and funded.book.halts.of(Scope(symbol="SOLBTC"))
    funded.assert_exact()
