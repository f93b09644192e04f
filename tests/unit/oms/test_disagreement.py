"""When a difference between books and account restricts orders."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from tests.unit.oms.books import empty_book, fill
from tradingsys.core.enums import TradingState
from tradingsys.oms.disagreement import CONFIRM_MS, Disagreement
from tradingsys.oms.session_book import SessionBook

DIFFERENT = {"BTCUSDT": Decimal(3)}


class Clock:
    now_ms = 1_000_000


def disagreement(book: SessionBook, clock: Clock, untold: frozenset[str] = frozenset()) -> Disagreement:
    return Disagreement(book, lambda: clock.now_ms, lambda name: {name}, untold.__contains__)


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


def test_where_the_exchange_refuses_to_tell_what_was_executed_no_reading_is_waited_for() -> None:
    book, clock = empty_book(), Clock()
    book.unattributed["BTCUSDT", "7"] = {}
    disagreement(book, clock, frozenset({"BTCUSDT"})).judge(DIFFERENT | {"DOGEUSDT": Decimal(1)})
    assert book.halts.state(1, "BTCUSDT") is TradingState.REDUCING
    assert book.halts.state(1, "DOGEUSDT") is TradingState.ACTIVE, "of that one all is told"


def test_what_waits_for_its_owner_paid_its_fee_in_an_asset_of_other_symbols() -> None:
    book, clock = empty_book(), Clock()
    disagreeing = Disagreement(book, lambda: clock.now_ms, lambda asset: {f"{asset}USDT"}, lambda symbol: False)
    waiting = replace(fill(1, "7", "39", fee="0.00003708"), fee_asset="BNB")
    book.unattributed[waiting.symbol, "7"] = {waiting.key: waiting}
    for _ in range(3):
        disagreeing.judge({"BNB": Decimal("0.00003708"), "ADA": Decimal(1)})
        clock.now_ms += CONFIRM_MS
    assert book.halts.state(1, "ADAUSDT") is TradingState.REDUCING, "nothing that waits explains this one"
    assert book.halts.state(1, "BNBUSDT") is TradingState.ACTIVE
    clock.now_ms += 60_000
    disagreeing.judge({"BNB": Decimal("0.00003708")})
    assert book.halts.state(1, "BNBUSDT") is TradingState.REDUCING


def test_once_all_executions_have_owners_a_difference_counts_from_when_it_was_found() -> None:
    book, clock = empty_book(), Clock()
    judge = disagreement(book, clock).judge
    book.unattributed["BTCUSDT", "7"] = {}
    judge(DIFFERENT)
    del book.unattributed["BTCUSDT", "7"]
    clock.now_ms += CONFIRM_MS
    judge(DIFFERENT)
    assert book.halts.state(1, "BTCUSDT") is TradingState.REDUCING
