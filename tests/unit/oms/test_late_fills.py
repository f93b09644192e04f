"""Executions that history shows after younger ones: which the books lack, and how they are booked all the same."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from msgspec import structs

from tests.unit.oms.books import EPOCH, LINEAGE, SYMBOL, client_id, empty_book, facts, fill, intent, kinds, saved
from tests.unit.oms.table import Table
from tradingsys.core.commands import TradesQuery
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Fill
from tradingsys.core.position import Pair
from tradingsys.core.records import FillRecord, PerformanceRecord
from tradingsys.oms.effects import Save
from tradingsys.oms.late_fills import explain, not_booked
from tradingsys.oms.session_book import Incarnation, SessionBook

LATE, SETTLED, YOUNG = fill(101, "1", "4", fee="0.1"), fill(105, "1", "2"), fill(110, "1", "3")
DOGE = Pair("DOGE", "USDT")


@pytest.fixture
def book() -> SessionBook:
    """105 is booked for good, 110 may be told again; 101 never was."""
    book = empty_book()
    book.track(intent(1, 1))
    for each in (SETTLED, YOUNG):
        book.learn(facts(each, client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
    book.advance(SYMBOL, 110)
    book.take_effects()
    return book


@pytest.mark.parametrize("told_before", [False, True])
def test_below_the_watermark_nothing_is_booked_unless_it_is_known_to_be_missing(
    book: SessionBook, told_before: bool
) -> None:
    if told_before:
        book.learn(facts(LATE), SYMBOL, EPOCH)
        assert book.net(1, SYMBOL) == 5 and book.is_booked(LATE)
    book.book_late(LATE)
    for _ in range(2):
        assert book.net(1, SYMBOL) == 9 and book.is_booked(LATE)
        book.learn(facts(LATE), SYMBOL, EPOCH)
        book.advance(SYMBOL, 111)


@pytest.mark.parametrize("is_kept", [False, True])
def test_what_an_event_tells_after_the_watermark_passed_it_is_booked_unless_the_file_has_it(is_kept: bool) -> None:
    asked: list[str] = []

    def look(fill: Fill) -> bool:
        asked.append(fill.exec_id)
        return is_kept

    book = SessionBook(saved(), is_kept=look)
    book.begin(Incarnation(LINEAGE, EPOCH, EPOCH, EPOCH + 10_000))
    book.enter_symbol(SYMBOL, 100, Decimal(0), EPOCH)
    book.track(intent(1, 1))
    book.learn(facts(SETTLED, client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
    book.advance(SYMBOL, 110)
    for each in (fill(99, "1", "1", fee="0.1"), fill(101, "1", "4"), LATE, LATE):
        book.learn(facts(each), SYMBOL, EPOCH)
    assert book.net(1, SYMBOL) == (2 if is_kept else 6) and asked == ["101"]


def test_one_without_a_name_that_an_event_tells_late_is_booked_when_its_owner_is_known() -> None:
    book = SessionBook(saved(), is_kept=lambda _: False)
    book.begin(Incarnation(LINEAGE, EPOCH, EPOCH, EPOCH + 10_000))
    book.enter_symbol(SYMBOL, 100, Decimal(0), EPOCH)
    for seq in (1, 2):
        book.track(intent(1, seq))
    book.learn(facts(SETTLED, client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
    book.advance(SYMBOL, 110)
    nameless = structs.replace(LATE, venue_order_id="7")
    book.learn(facts(nameless, venue_order_id="7"), SYMBOL, EPOCH)
    assert [*book.unattributed] == [(SYMBOL, "7")]
    book.learn(facts(None, client_order_id=client_id(1, 2), venue_order_id="7"), SYMBOL, EPOCH)
    assert book.net(1, SYMBOL) == 6 and not book.unattributed


def test_a_fee_of_nothing_is_known_whatever_asset_it_is_not_of() -> None:
    book = SessionBook(saved(), is_kept=lambda _: False)
    book.begin(Incarnation(LINEAGE, EPOCH, EPOCH, EPOCH + 10_000))
    book.enter_symbol(SYMBOL, 100, Decimal(0), EPOCH)
    book.track(intent(1, 1))
    book.learn(facts(SETTLED, client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
    book.advance(SYMBOL, 110)
    book.learn(facts(structs.replace(LATE, fee=Decimal(0), fee_asset=None)), SYMBOL, EPOCH)
    assert book.net(1, SYMBOL) == 6


def test_what_is_above_it_is_booked_once_whoever_calls_it_late(book: SessionBook) -> None:
    book.book_late(YOUNG)
    assert book.net(1, SYMBOL) == 5


def test_it_is_kept_with_what_the_next_start_reads_in_its_place(book: SessionBook) -> None:
    book.book_late(LATE)
    kept = [effect.record for effect in kinds(book.take_effects(), Save)]
    assert FillRecord(LATE, 1, client_id(1, 1)) in kept
    base = [record for record in kept if isinstance(record, PerformanceRecord)][-1]
    assert (base.net, dict(base.fees)) == (Decimal(6), {"USDT": Decimal("0.1")}), "110 comes on top of it"


def test_one_without_an_owner_waits_for_it_like_any_other(book: SessionBook) -> None:
    foreign = structs.replace(LATE, venue_order_id="2")
    book.book_late(foreign)
    assert [*book.unattributed] == [(SYMBOL, "2")] and not book.is_booked(foreign)
    book.give_up(SYMBOL, "2")
    assert book.net(EXTERNAL, SYMBOL) == 4 and book.is_booked(foreign)


def test_what_is_booked_or_read_again_or_older_than_the_book_is_not_missing() -> None:
    older = fill(99, "1", "1")
    told = [older, LATE, SETTLED, YOUNG]
    assert not_booked(told, [SETTLED], first_id=100, watermark=110) == [LATE]
    assert not_booked(told, [LATE, SETTLED], first_id=100, watermark=110) == []


@dataclass(frozen=True)
class Lacking:
    """What the books differ by, and what of it these executions are."""

    differences: dict[str, str]
    is_explained: bool
    pairs: bool = False
    began_ms: tuple[tuple[str, int], ...] = (("DOGE", 0), ("USDT", 0))


@pytest.mark.parametrize(
    "case",
    [
        Lacking({SYMBOL: "-2"}, True),
        Lacking({SYMBOL: "-2", "BTCUSDT": "7"}, True),
        Lacking({SYMBOL: "2"}, False),
        Lacking({SYMBOL: "-4"}, False),
        Lacking({}, False),
        Lacking({"DOGE": "-2", "USDT": "1.3"}, True, pairs=True),
        Lacking({"DOGE": "-2"}, False, pairs=True),
        Lacking({"DOGE": "-2", "USDT": "1.2"}, False, pairs=True),
        Lacking({"DOGE": "-2"}, True, pairs=True, began_ms=(("DOGE", 0), ("USDT", EPOCH + 1_000))),
        Lacking({"DOGE": "-2"}, True, pairs=True, began_ms=(("DOGE", 0),)),
    ],
    ids=str,
)
def test_they_are_booked_only_where_they_are_all_that_is_missing(case: Lacking) -> None:
    fills = [LATE, fill(102, "3", "2", Side.SELL)]
    differences = {name: Decimal(amount) for name, amount in case.differences.items()}
    pairs = {SYMBOL: DOGE} if case.pairs else {}
    assert explain(fills, differences, pairs, dict(case.began_ms)) is case.is_explained


def test_executions_that_cancel_out_are_all_that_is_missing_where_nothing_differs() -> None:
    fills = [LATE, structs.replace(LATE, exec_id="102", side=Side.SELL)]
    assert explain(fills, {}, {}, {}) and not explain(fills, {SYMBOL: Decimal(4)}, {}, {})


def test_whoever_saw_the_file_before_it_was_booked_does_not_book_it_again(book: SessionBook) -> None:
    for _ in range(2):
        book.book_late(LATE)
    assert book.net(1, SYMBOL) == 9 and book.booked_late == {LATE.key}


def test_the_watermark_waits_for_what_the_exchange_told_and_history_does_not_show() -> None:
    """For ten minutes: what is not shown by then, an audit names."""
    table = Table()
    table.book.track(intent(1, 1))
    for each in (fill(101, "1", "4"), fill(105, "1", "3")):
        table.book.learn(facts(each, client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
    first, last = facts(fill(100, "2", "1"), venue_order_id="2"), facts(fill(105, "1", "3"))
    table.book.learn(facts(fill(100, "2", "1"), client_order_id="web_1", venue_order_id="2"), SYMBOL, EPOCH)
    for wait_s, watermark in ((10, 100), (580, 100), (20, 105)):
        table.wait(wait_s * 1_000)
        table.start("pull", table.recovery.pull_trades(SYMBOL))
        table.answer((first, last))
        assert table.book.watermarks[SYMBOL] == watermark


def test_the_watermark_waits_for_what_has_no_owner_too() -> None:
    table = Table()
    table.book.track(intent(1, 1))
    table.book.learn(facts(fill(101, "9", "4"), venue_order_id="9"), SYMBOL, EPOCH)
    table.book.learn(facts(YOUNG, client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
    table.wait(10_000)
    table.start("pull", table.recovery.pull_trades(SYMBOL))
    while not isinstance(table.answer((facts(YOUNG),)), TradesQuery):
        pass
    assert table.book.watermarks[SYMBOL] == 100
    table.book.give_up(SYMBOL, "9")
    assert table.book.net(EXTERNAL, SYMBOL) == 4


def test_it_goes_on_when_history_shows_that() -> None:
    table = Table()
    table.book.track(intent(1, 1))
    shown = [fill(101, "1", "4"), fill(105, "1", "3")]
    for each in shown:
        table.book.learn(facts(each, client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
    table.wait(10_000)
    for count, watermark in ((1, 100), (2, 105)):
        table.start("pull", table.recovery.pull_trades(SYMBOL))
        table.answer(tuple(facts(each) for each in shown[-count:]))
        assert table.book.watermarks[SYMBOL] == watermark
