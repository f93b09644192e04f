"""Executions that wait for their owner."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, empty_book, facts, fill, intent, kinds
from tests.unit.oms.table import MS, Table
from tradingsys.core.commands import OrderQuery
from tradingsys.core.enums import OrderType, Side
from tradingsys.core.errors import TransportError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.records import FillRecord
from tradingsys.oms.effects import Alarm, Save
from tradingsys.oms.tracked_order import TrackedOrder


@pytest.mark.parametrize("is_ours", [True, False])
def test_what_was_known_of_an_execution_that_waits_stays_known(is_ours: bool) -> None:
    book = empty_book()
    whole = fill(100, "7", "4", fee="0.001")
    for told in (whole, structs.replace(whole, fee=None, fee_asset=None)):
        book.learn(facts(told, venue_order_id="7"), SYMBOL, EPOCH)
    book.take_effects()
    if is_ours:
        book.track(intent(1, 1))
        book.learn(facts(client_order_id=client_id(1, 1), venue_order_id="7"), SYMBOL, EPOCH)
    else:
        book.give_up(SYMBOL, "7")
    (row,) = [each.record for each in kinds(book.take_effects(), Save) if isinstance(each.record, FillRecord)]
    assert row.fill == whole and row.session == (1 if is_ours else EXTERNAL)


def _in_doubt_beside_an_execution(table: Table, side: Side = Side.BUY, qty: str = "10") -> TrackedOrder:
    """An order of ours, and a purchase of 4 by some order "7": the venue is asked about both."""
    ours = table.book.track(intent(1, 1, side, qty))
    table.book.doubt(ours)
    table.book.learn(facts(fill(100, "7", "4"), venue_order_id="7"), SYMBOL, EPOCH)
    table.start("attribute", table.recovery.attribute(SYMBOL, "7"))
    table.start("resolve", table.recovery.resolve(ours))
    return ours


def _denied_until(table: Table, until_ms: int) -> None:
    """The venue denies every order that it is asked about."""
    while table.now_ns < until_ms * MS:
        while table.asked():
            assert isinstance(table.answer(None), OrderQuery)
        table.wait(1_000)


def test_executions_of_an_order_that_the_venue_denies_wait_as_long_as_they_may_be_ours() -> None:
    """It has an order that it denies: so what it says of orders is not true now, also where it denies ours."""
    table = Table()
    ours = _in_doubt_beside_an_execution(table)
    _denied_until(table, 55_000)
    assert table.book.unattributed and not table.ended
    assert not kinds(table.book.take_effects(), Alarm)
    while not table.asked():
        table.wait(1_000)
    while table.asked():
        table.answer(facts(client_order_id=client_id(1, 1), venue_order_id="7"))
    table.wait(10_000)
    assert table.book.net(1, SYMBOL) == 4 and not ours.in_doubt and set(table.ended) == {"attribute", "resolve"}


def test_what_was_denied_meanwhile_is_asked_for_anew_when_the_execution_is_somebody_elses() -> None:
    table = Table()
    ours = _in_doubt_beside_an_execution(table)
    _denied_until(table, 40_000)
    table.book.learn(facts(client_order_id="web_1", venue_order_id="7"), SYMBOL, EPOCH)
    resting = facts(client_order_id=client_id(1, 1), venue_order_id="8")
    for _ in range(20):
        assert not ours.absent
        table.wait(500)
        while table.asked():
            table.answer(resting if table.asked()[0] == OrderQuery(SYMBOL, client_id(1, 1)) else None)
    assert table.book.net(EXTERNAL, SYMBOL) == 4 and ours.facts.venue_order_id == "8" and not ours.in_doubt


@pytest.mark.parametrize(
    ("side", "qty", "until_s"), [(Side.SELL, "10", 60), (Side.BUY, "3", 60), (Side.BUY, "10", 100)]
)
def test_what_cannot_be_ours_or_is_denied_for_longer_is_external(side: Side, qty: str, until_s: int) -> None:
    table = Table()
    ours = _in_doubt_beside_an_execution(table, side, qty)
    _denied_until(table, until_s * 1_000)
    assert set(table.ended) == {"attribute", "resolve"} and ours.absent
    assert table.book.net(EXTERNAL, SYMBOL) == 4
    (alarm,) = kinds(table.book.take_effects(), Alarm)
    assert "has no owner: its fills are booked to EXTERNAL" in alarm.text


def test_after_the_minute_a_question_without_an_answer_denies_nothing() -> None:
    table = Table()
    _in_doubt_beside_an_execution(table)
    _denied_until(table, 58_000)
    while table.now_ns < 120_000 * MS:
        while table.asked():
            table.answer(TransportError("timed out", sent=True))
        table.wait(1_000)
    assert table.book.unattributed, "nothing that is younger than a minute denied it"
    while table.book.unattributed:
        while table.asked():
            ours = facts(client_order_id=client_id(1, 1), venue_order_id="7")
            table.answer(ours if table.asked()[0] == OrderQuery(SYMBOL, venue_order_id="7") else None)
        table.wait(1_000)
    assert table.book.net(1, SYMBOL) == 4 and table.book.net(EXTERNAL, SYMBOL) == 0


@pytest.mark.parametrize(("executed_ms", "until_s"), [(10_000, 59), (10_001, 40)])
def test_what_executed_while_the_journal_may_have_lost_its_order_waits_for_a_minute(
    executed_ms: int, until_s: int
) -> None:
    """Nobody here knows the order, so nothing that is known contradicts the denial."""
    table = Table()
    missing = table.book.missing
    missing.journal_lost(EPOCH + 10_000)
    missing.orders_told(EPOCH + 10_000, [SYMBOL], [])
    missing.symbols_known()
    executed = structs.replace(fill(100, "7", "4"), ts_event_ms=EPOCH + executed_ms)
    table.wait(executed_ms)
    table.book.learn(facts(executed, venue_order_id="7"), SYMBOL, EPOCH)
    table.start("attribute", table.recovery.attribute(SYMBOL, "7"))
    _denied_until(table, executed_ms + until_s * 1_000)
    if executed_ms > 10_000:
        assert table.book.net(EXTERNAL, SYMBOL) == 4
        return
    assert table.book.unattributed
    table.book.learn(facts(client_order_id=client_id(1, 1, EPOCH - 1_000), venue_order_id="7"), SYMBOL, EPOCH)
    assert table.book.net(1, SYMBOL) == 4 and not table.book.unattributed


def test_a_doubt_ends_however_often_somebody_else_executes_beside_it() -> None:
    """A minute after the last instant at which it could be accepted, no answer is too old to show it."""
    table = Table()
    ours = table.book.track(intent(1, 1))
    table.book.doubt(ours)
    table.start("resolve", table.recovery.resolve(ours))
    while ours.in_doubt and table.now_ns < 300_000 * MS:
        now_ms = table.now_ns // MS
        name = str(now_ms)
        if now_ms % 20_000 == 0:
            executed = structs.replace(fill(100 + now_ms, name, "1"), ts_event_ms=EPOCH + now_ms)
            table.book.learn(facts(executed, venue_order_id=name), SYMBOL, EPOCH)
        while table.asked():
            table.answer(None)
        table.wait(1_000)
    assert ours.absent and 69_000 < table.now_ns // MS < 85_000


def test_a_doubt_about_what_the_journal_lost_ends_a_minute_after_that() -> None:
    table = Table()
    table.book.missing.journal_lost(EPOCH + 10_000)
    ours = table.book.track(structs.replace(intent(1, 1), stamp_ms=0, recv_window_ms=0))
    table.book.doubt(ours)
    for ms in (0, 50_000, 100_000):
        executed = structs.replace(fill(100 + ms, str(ms), "1"), ts_event_ms=EPOCH + ms)
        table.book.learn(facts(executed, venue_order_id=str(ms)), SYMBOL, EPOCH)
    table.start("resolve", table.recovery.resolve(ours))
    _denied_until(table, 70_000)
    assert ours.in_doubt
    _denied_until(table, 90_000)
    assert ours.absent


def test_an_order_that_was_never_there_makes_no_later_denial_doubtful() -> None:
    """What it could have executed would be shown by now: only what a stop became may be younger."""
    for is_stop, until_s in ((False, 40), (True, 59)):
        table = Table()
        asked = intent(1, 1)
        if is_stop:
            terms = structs.replace(asked.terms, order_type=OrderType.STOP_LIMIT, stop_px=Decimal("0.6"))
            asked = structs.replace(asked, terms=terms)
        absent = table.book.track(asked)
        table.book.doubt(absent)
        table.book.believe_absent(absent)
        table.wait(100_000)
        executed = structs.replace(fill(100, "7", "4"), ts_event_ms=EPOCH + 100_000)
        table.book.learn(facts(executed, venue_order_id="7"), SYMBOL, EPOCH)
        table.start("attribute", table.recovery.attribute(SYMBOL, "7"))
        _denied_until(table, 100_000 + until_s * 1_000)
        assert bool(table.book.unattributed) is is_stop


def test_an_order_whose_denial_proves_nothing_is_asked_for_without_haste() -> None:
    table, asked = Table(), 0
    _in_doubt_beside_an_execution(table)
    while table.now_ns < 50_000 * MS:
        while table.asked():
            asked += table.answer(None) == OrderQuery(SYMBOL, client_id(1, 1))
        table.wait(100)
    assert table.book.unattributed and asked < 40
