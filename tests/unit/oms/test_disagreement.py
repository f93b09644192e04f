"""When a difference between books and account restricts orders."""

from __future__ import annotations

from decimal import Decimal

from tests.unit.oms.books import empty_book
from tradingsys.core.enums import TradingState
from tradingsys.oms.disagreement import CONFIRM_MS, Disagreement
from tradingsys.oms.session_book import SessionBook

DIFFERENT = {"BTCUSDT": Decimal(3)}


class Clock:
    now_ms = 1_000_000


def disagreement(book: SessionBook, clock: Clock) -> Disagreement:
    return Disagreement(book, lambda: clock.now_ms, lambda name: {name})


def test_the_owner_of_an_execution_is_sought_for_a_minute_before_its_symbol_is_restricted() -> None:
    book, clock = empty_book(), Clock()
    judge = disagreement(book, clock).judge
    book.unattributed["BTCUSDT", "7"] = {}
    for _ in range(3):
        judge(DIFFERENT)
        clock.now_ms += CONFIRM_MS
    assert book.halts.state(1, "BTCUSDT") is TradingState.ACTIVE, "the account has it, and somebody's books will"
    clock.now_ms += 60_000
    judge(DIFFERENT)
    assert book.halts.state(1, "BTCUSDT") is TradingState.REDUCING


def test_once_all_executions_have_owners_a_difference_counts_from_when_it_was_found() -> None:
    book, clock = empty_book(), Clock()
    judge = disagreement(book, clock).judge
    book.unattributed["BTCUSDT", "7"] = {}
    judge(DIFFERENT)
    del book.unattributed["BTCUSDT", "7"]
    clock.now_ms += CONFIRM_MS
    judge(DIFFERENT)
    assert book.halts.state(1, "BTCUSDT") is TradingState.REDUCING
