"""What follows when the venue does not tell what the account holds."""

from __future__ import annotations

from decimal import Decimal

from tests.unit.oms.books import EPOCH, SYMBOL, saved
from tests.unit.oms.table import Table
from tradingsys.core.commands import OpenOrdersQuery, PositionsQuery, Query, TimeQuery
from tradingsys.core.enums import TradingState
from tradingsys.core.errors import VenueError
from tradingsys.core.records import HaltCause, HaltRecord, Scope
from tradingsys.oms.cadence import Cadence
from tradingsys.oms.effects import Alarm
from tradingsys.oms.inquiry import Margins
from tradingsys.oms.session_book import SessionBook

WATCH_MS = 30_000
LONGEST_MS = 6 * WATCH_MS


def watched(margins: Margins | None = None) -> Table:
    table = Table(margins=margins)
    recovery = table.recovery
    table.start("boot", recovery.check_account())
    table.answer({})
    assert table.ended == ["boot"]
    for begin in table.watch(WATCH_MS, Cadence(slot_ms=10**9)).procedures:
        table.start("watch", begin())
    return table


def live(table: Table, ms: int, *, told: bool, net: int = 0, rests: bool = True) -> list[type[Query[object]]]:
    """Returns what was asked for meanwhile; the account's positions are told or refused, everything else is told.

    Where the account never ``rests`` each reading of it tells of another position.
    """
    asked = []
    for _ in range(ms // 1_000):
        table.wait(1_000)
        while questions := table.asked():
            asked.append(type(questions[0]))
            if isinstance(questions[0], PositionsQuery):
                net += not rests
                table.answer({SYMBOL: Decimal(net)} if told else VenueError(-1000, "unknown"))
            else:
                table.answer(table.now_ns if isinstance(questions[0], TimeQuery) else ())
    return asked


def state(table: Table) -> TradingState:
    return table.book.halts.state(1, SYMBOL)


def test_orders_only_reduce_while_nothing_proves_the_books() -> None:
    table = watched()
    live(table, 2 * LONGEST_MS, told=True)
    assert len(table.book.halts) == 0
    live(table, LONGEST_MS - 2 * WATCH_MS, told=False)
    assert state(table) is TradingState.ACTIVE, "it may tell yet"
    live(table, 3 * WATCH_MS, told=False)
    assert state(table) is TradingState.REDUCING
    assert "for 180 s the books could not be compared" in table.book.halts.why(1, SYMBOL)
    assert len(table.book.halts) == 1


def test_a_check_that_takes_long_as_answers_may_be_old_is_no_silence_of_the_venue() -> None:
    table = watched(Margins(staleness_ms=60_000))
    live(table, 2 * LONGEST_MS, told=True, net=7, rests=False)
    assert HaltCause.UNPROVEN not in [row.cause for row in table.book.halts], "three readings, each a minute's wait"
    live(table, 3 * LONGEST_MS, told=False)
    assert "for 420 s the books could not be compared" in table.book.halts.why(1, SYMBOL)


def test_orders_are_free_again_once_the_account_is_told() -> None:
    table = watched()
    live(table, LONGEST_MS + WATCH_MS, told=False)
    table.book.take_effects()
    live(table, WATCH_MS, told=True)
    assert state(table) is TradingState.ACTIVE
    (alarm,) = [effect.text for effect in table.book.take_effects() if isinstance(effect, Alarm)]
    assert "tells again what the account holds" in alarm


def test_a_comparison_that_finds_a_difference_frees_nobody_until_that_restricts() -> None:
    table = watched()
    live(table, LONGEST_MS + WATCH_MS, told=False)
    for _ in range(WATCH_MS // 1_000):
        live(table, 1_000, told=True, net=7)
        assert state(table) is TradingState.REDUCING
    assert [row.cause for row in table.book.halts] == [HaltCause.DIFFERENCE]


def test_a_person_who_lifts_it_has_as_long_again() -> None:
    table = watched()
    live(table, LONGEST_MS + WATCH_MS, told=False)
    table.book.halts.lift(Scope(), EPOCH)
    live(table, LONGEST_MS - 2_000, told=False)
    assert state(table) is TradingState.ACTIVE
    live(table, 4_000, told=False)
    assert state(table) is TradingState.REDUCING


def test_what_an_earlier_run_restricted_is_free_once_the_account_is_told() -> None:
    row = HaltRecord(Scope(), TradingState.REDUCING, "not told", EPOCH, HaltCause.UNPROVEN)
    table = Table(book=SessionBook(saved(halts=(row,))))
    table.start("check", table.recovery.check_account())
    assert state(table) is TradingState.REDUCING
    table.answer({})
    assert state(table) is TradingState.ACTIVE


def test_one_question_that_is_not_answered_keeps_no_other_from_being_asked() -> None:
    table = watched()
    asked = live(table, 10 * WATCH_MS, told=False)
    assert asked.count(OpenOrdersQuery) == asked.count(TimeQuery) == 10
