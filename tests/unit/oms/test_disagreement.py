"""When a difference between books and account restricts orders."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.unit.oms.books import empty_book, fill
from tradingsys.core.commands import OrderQuery, TradesQuery
from tradingsys.core.enums import Side, TradingState
from tradingsys.core.errors import UnknownSymbol, VenueError
from tradingsys.core.venue_clock import VenueClock
from tradingsys.oms.disagreement import CONFIRM_MS, Disagreement
from tradingsys.oms.inquiry import Inquiry, Margins, Timing
from tradingsys.oms.refusals import OfSymbol
from tradingsys.oms.session_book import SessionBook

DIFFERENT = {"BTCUSDT": Decimal(3)}


class Clock:
    now_ms = 1_000_000


def disagreement(
    book: SessionBook, clock: Clock, symbols_trading: Callable[[str], set[str]] = lambda name: {name}
) -> Disagreement:
    return Disagreement(inquiry_of(book, clock), symbols_trading)


def inquiry_of(book: SessionBook, clock: Clock) -> Inquiry:
    venue = VenueClock()
    venue.set(0, 0, 0)
    return Inquiry(book, Margins(), Timing(), lambda: clock.now_ms * 1_000_000, venue)


def refuse(inquiry: Inquiry, clock: Clock, query: OfSymbol) -> None:
    """For so long that it is put aside."""
    for _ in range(20):
        inquiry.refusals.failed(query, VenueError(-4108, "no"))
        clock.now_ms += 4_000
    inquiry.refusals.failed(query, VenueError(-4108, "no"))


def test_the_owner_of_an_execution_is_sought_for_some_time_before_its_symbol_is_restricted() -> None:
    book, clock = empty_book(), Clock()
    judge = disagreement(book, clock).judge
    book.unattributed["BTCUSDT", "7"] = {}
    for _ in range(3):
        judge(DIFFERENT)
        clock.now_ms += CONFIRM_MS
    assert book.halts.state(1, "BTCUSDT") is TradingState.ACTIVE, "the account has it, and somebody's books will"
    clock.now_ms += 90_000
    judge(DIFFERENT)
    assert book.halts.state(1, "BTCUSDT") is TradingState.REDUCING


@pytest.mark.parametrize(
    "refused", [TradesQuery("BTCUSDT"), OrderQuery("BTCUSDT", venue_order_id="7")], ids=["history", "whose it is"]
)
def test_what_the_exchange_refuses_to_tell_is_not_waited_for(refused: OfSymbol) -> None:
    book, clock = empty_book(), Clock()
    book.unattributed["BTCUSDT", "7"] = {}
    inquiry = inquiry_of(book, clock)
    refuse(inquiry, clock, refused)
    Disagreement(inquiry, lambda name: {name}).judge(DIFFERENT | {"DOGEUSDT": Decimal(1)})
    assert book.halts.state(1, "BTCUSDT") is TradingState.REDUCING
    assert book.halts.state(1, "DOGEUSDT") is TradingState.ACTIVE, "of that one all is told"


def test_a_symbol_that_was_taken_off_lacks_nothing_that_others_need() -> None:
    book, clock = empty_book(), Clock()
    inquiry = inquiry_of(book, clock)
    inquiry.refusals.read_rules(())
    inquiry.refusals.failed(TradesQuery("OLDUSDT"), UnknownSymbol(-1121, "Invalid symbol."))
    clock.now_ms += 70_000
    inquiry.refusals.read_rules(())
    assert inquiry.refusals.is_gone("OLDUSDT")
    Disagreement(inquiry, lambda asset: {"OLDUSDT", "BTCUSDT"}).judge({"USDT": Decimal(1)})
    assert book.halts.state(1, "BTCUSDT") is TradingState.ACTIVE, "the execution may be on its way"


def test_what_waits_for_its_owner_paid_its_fee_in_an_asset_of_other_symbols() -> None:
    book, clock = empty_book(), Clock()
    disagreeing = disagreement(book, clock, lambda asset: {f"{asset}USDT"})
    waiting = replace(fill(1, "7", "39", fee="0.00003708"), fee_asset="BNB")
    book.unattributed[waiting.symbol, "7"] = {waiting.key: waiting}
    for _ in range(3):
        disagreeing.judge({"BNB": Decimal("0.00003708"), "ADA": Decimal(1)})
        clock.now_ms += CONFIRM_MS
    assert book.halts.state(1, "ADAUSDT") is TradingState.REDUCING, "nothing that waits explains this one"
    assert book.halts.state(1, "BNBUSDT") is TradingState.ACTIVE
    clock.now_ms += 90_000
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


def _sold_by_hand(book: SessionBook, clock: Clock, number: int, *, old_ms: int = 0) -> None:
    sold = replace(fill(number, str(number), "1", Side.SELL), symbol="BTCUSDT", ts_event_ms=clock.now_ms - old_ms)
    book.unattributed["BTCUSDT", str(number)] = {sold.key: sold}


@pytest.mark.parametrize(("lost", "state"), [("0", TradingState.ACTIVE), ("5", TradingState.REDUCING)])
def test_executions_that_wait_one_after_another_are_no_difference_that_lasts(lost: str, state: TradingState) -> None:
    """Each is booked after a minute; what else the books lack lasts all the while."""
    book, clock = empty_book(), Clock()
    judge = disagreement(book, clock).judge
    for second in range(0, 120, 5):
        for order, fills in list(book.unattributed.items()):
            if all(clock.now_ms - each.ts_event_ms > 60_000 for each in fills.values()):
                del book.unattributed[order]
        if second % 25 == 0:
            _sold_by_hand(book, clock, 1_000 + second)
        judge({"BTCUSDT": Decimal(len(book.unattributed)) + Decimal(lost)})
        clock.now_ms += 5_000
    assert book.halts.state(1, "BTCUSDT") is state


def test_an_execution_whose_owner_is_never_told_restricts_its_symbol() -> None:
    book, clock = empty_book(), Clock()
    judge = disagreement(book, clock).judge
    _sold_by_hand(book, clock, 7, old_ms=60_000)
    judge({"BTCUSDT": Decimal(1)})
    clock.now_ms += 85_000
    judge({"BTCUSDT": Decimal(1)})
    assert book.halts.state(1, "BTCUSDT") is TradingState.ACTIVE
    clock.now_ms += CONFIRM_MS
    judge({"BTCUSDT": Decimal(1)})
    assert book.halts.state(1, "BTCUSDT") is TradingState.REDUCING
