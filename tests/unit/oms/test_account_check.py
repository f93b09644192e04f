"""Comparing the books with the account while it moves, and what the balance decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.oms.asset_world import AssetWorld, worlds
from tradingsys.core.enums import Side, TradingState
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.records import HaltCause
from tradingsys.core.reports import AssetMoved
from tradingsys.oms.account_check import NO_DIFFERENCE, Difference
from tradingsys.oms.funding import Movements

D = Decimal
CHECKS_UNTIL_TOLD = 6


@pytest.fixture
def world(tmp_path: Path) -> Iterator[AssetWorld]:
    for made in worlds(tmp_path):
        made.venue.move("USDT", "1000")
        made.venue.move("BTC", "2")
        made.venue.now_ms += 10_000
        made.catch_up("BTCUSDT")
        yield made


def never_resting(world: AssetWorld, every: Callable[[], None]) -> None:
    """Something happens whenever the venue is asked, and while nothing is."""
    is_busy = False

    def happens() -> None:
        nonlocal is_busy
        if not is_busy:
            is_busy = True
            every()
            is_busy = False

    world.meanwhile = happens


def trades(world: AssetWorld) -> None:
    qty = f"0.{len(world.venue.fills) % 97 + 1:03}"
    world.tell(world.trade(1, "BTCUSDT", Side.BUY, qty, "100", "0.0001", "USDT"))


def checks(world: AssetWorld, count: int = 1) -> None:
    for _ in range(count):
        world.run(world.recovery.check_account())


@pytest.mark.parametrize("lag_ms", [0, 700, 1_900])
def test_an_account_that_trades_all_the_time_is_proven(world: AssetWorld, lag_ms: int) -> None:
    world.venue.lag_ms = lambda: lag_ms
    never_resting(world, lambda: trades(world))
    checks(world, CHECKS_UNTIL_TOLD + 1)
    assert world.book.differences == {} and not world.alarms


@pytest.mark.parametrize("lag_ms", [0, 700, 1_900])
def test_what_is_missing_is_found_while_the_account_trades_all_the_time(world: AssetWorld, lag_ms: int) -> None:
    world.venue.move("USDT", "40")
    world.wait(2_000)
    world.venue.lag_ms = lambda: lag_ms
    never_resting(world, lambda: trades(world))
    checks(world)
    assert world.book.differences == {"USDT": D(-40)}
    assert [text[-8:] for text in world.alarms] == ["USDT -40"]
    checks(world, 3)
    assert world.book.differences == {"USDT": D(-40)} and len(world.alarms) == 1, "told once"


def test_where_more_than_one_amount_fits_none_is_told_at_once(world: AssetWorld) -> None:
    world.venue.move("USDT", "40")
    world.wait(2_000)
    world.venue.lag_ms = lambda: 700
    never_resting(world, lambda: world.tell(world.trade(1, "BTCUSDT", Side.BUY, "0.001", "100", "0.0001", "USDT")))
    checks(world)
    found = world.measure("USDT")
    assert world.book.differences == {} and not found.is_steady
    checks(world, CHECKS_UNTIL_TOLD)
    assert -41 < world.book.differences["USDT"] < -39 and len(world.alarms) == 1


def test_what_moves_unknown_all_the_time_is_told_after_some_looks(world: AssetWorld) -> None:
    amounts = iter(range(1, 10_000))
    never_resting(world, lambda: (world.venue.move("USDT", str(next(amounts))), None)[1])
    checks(world, CHECKS_UNTIL_TOLD - 1)
    assert world.book.differences == {} and not world.alarms
    found = world.measure("USDT")
    assert not found.is_steady
    checks(world)
    [text] = world.alarms
    assert "while it moves all the time, or changes" in text and world.book.differences.keys() == {"USDT"}
    checks(world, 2)
    assert len(world.alarms) == 1, "told once"
    world.meanwhile = lambda: None
    world.check()
    assert len(world.alarms) == 2 and world.alarms[-1].endswith(f"USDT {world.book.differences['USDT']}")


def again(report: AssetMoved, repeat: int = 1) -> AssetMoved:
    return structs.replace(report, ext_id=f"{report.ext_id}:{repeat + 1}", repeat=repeat)


def test_two_equal_deposits_of_one_moment_are_two(world: AssetWorld) -> None:
    first = world.venue.move("USDT", "40")
    world.venue.move("USDT", "40")
    for report in (first, again(first), first, again(first)):  # by an old and by a new subscription
        world.book.moved(report)
    world.check()
    assert world.book.session_assets(EXTERNAL)["USDT"] == 1080
    world.assert_exact()
    assert not world.alarms
    world.kill()
    world.boot()
    world.book.moved(first)
    world.book.moved(again(first))
    world.check()
    world.assert_exact()


def test_one_deposit_told_twice_is_one(world: AssetWorld) -> None:
    first = world.venue.move("USDT", "40")
    world.book.moved(first)
    world.book.moved(again(first))
    world.check()
    assert world.book.session_assets(EXTERNAL)["USDT"] == 1040
    world.assert_exact()
    # That is decided: what is missing later is something else.
    world.venue.move("USDT", "40")
    world.check()
    assert world.book.differences == {"USDT": D(-40)}


def test_three_equal_deposits_one_of_them_told_twice(world: AssetWorld) -> None:
    first = world.venue.move("USDT", "-40")
    for repeat in (1, 2):
        world.venue.move("USDT", "-40")
        world.book.moved(again(first, repeat))
    world.book.moved(first)
    world.book.moved(again(first, 3))
    world.check()
    world.assert_exact()


def test_of_different_movements_told_twice_those_count_that_are_missing(world: AssetWorld) -> None:
    """A later one alone, or the first and the last of three."""
    for counted in ((1,), (0, 2)):
        told = [world.venue.move("USDT", amount) for amount in ("-40", "-7", "-300")]
        for number, report in enumerate(told):
            world.book.moved(report)
            world.book.moved(again(report))
            if number in counted:
                world.venue.move("USDT", str(report.delta))
        world.check()
        world.assert_exact()


def test_a_difference_is_measured_anew_for_whoever_accepts_it(world: AssetWorld) -> None:
    world.venue.move("USDT", "40")
    world.check()
    assert world.book.differences == {"USDT": D(-40)}
    world.venue.move("USDT", "2")
    world.venue.move("BTC", "1")
    world.wait(5_000)
    assert world.measure("USDT") == Difference(D(-42), is_steady=True)
    assert world.measure("BTC") == Difference(D(-1), is_steady=True)
    assert world.measure("BNB") == NO_DIFFERENCE


def test_what_was_held_at_each_moment_of_a_span() -> None:
    moved = Movements()
    for ts_ms, delta in ((30, 3), (10, 1), (20, 2), (40, 4)):
        moved.add("USDT", ts_ms, 1, D(delta))
    assert moved.sums_between("USDT", 10, 30, D(10)) == [1, 3, 6]
    assert moved.sums_between("USDT", 0, 99, D(10)) == [0, 1, 3, 6, 10]
    assert moved.sums_between("USDT", 31, 39, D(10)) == [6]
    assert moved.sums_between("BTC", 0, 99, D(7)) == [7]


def restricted(world: AssetWorld) -> dict[str, TradingState]:
    return {row.scope.symbol: row.state for row in world.book.halts if row.cause is HaltCause.DIFFERENCE}


def test_a_difference_in_an_asset_restricts_all_that_trade_it(world: AssetWorld) -> None:
    world.run(world.recovery.enter_symbols(["ETHUSDT", "ETHBTC"]))
    world.venue.move("USDT", "40")
    world.check()
    assert world.book.differences.keys() == {"USDT"} and restricted(world) == {}
    world.check()
    both = {"BTCUSDT": TradingState.REDUCING, "ETHUSDT": TradingState.REDUCING}
    assert restricted(world) == both, "and not ETHBTC"
    world.venue.move("BTC", "1")
    world.check()
    world.check()
    assert restricted(world) == {**both, "ETHBTC": TradingState.REDUCING}
    world.venue.move("USDT", "-40")
    world.check()
    assert restricted(world).keys() == {"BTCUSDT", "ETHBTC"}, "one of its assets differs still"
    world.kill()
    world.boot()
    assert restricted(world).keys() == {"BTCUSDT", "ETHBTC"}
    world.wait(60_000)
    world.check()
    assert set(restricted(world).values()) == {TradingState.HALTED}
    world.book.accept_difference("BTC", D(-1), world.venue.now_ms)
    world.check()
    assert restricted(world) == {}
