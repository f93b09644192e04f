"""Procedures of recovery against a venue that answers when, and what, the test says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, facts, fill, intent
from tests.unit.oms.table import MS, Table
from tradingsys.core.commands import OpenOrdersQuery, OrderQuery, PositionsQuery, TimeQuery, TradesQuery
from tradingsys.core.enums import OrderStatus
from tradingsys.core.errors import Banned, TransportError, UnknownSymbol
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Closed, Order
from tradingsys.oms.recovery import Margins, Timing
from tradingsys.oms.tracked_order import TrackedOrder


def test_whoever_asks_for_history_gets_what_happened_before_the_question() -> None:
    table = Table()
    table.book.track(intent(1, 1))
    table.book.learn(facts(client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
    table.start("first", table.recovery.pull_trades(SYMBOL))
    table.start("second", table.recovery.pull_trades(SYMBOL))
    table.answer(())
    table.wait(1_000)
    assert table.ended == [], "the answer may be older than the second question"
    table.answer((facts(fill(100, "1", "4")),))
    table.wait(1_000)
    assert table.ended == ["first", "second"] and table.book.net(1, SYMBOL) == 4
    assert table.asked() == []


def test_history_is_read_again_until_every_order_in_it_can_be_kept() -> None:
    """Of one that only an execution told of, the next start knows by that execution alone."""
    table = Table()
    lost = client_id(1, 1, epoch=EPOCH - 5_000)
    table.book.learn(facts(fill(100, "1", "4"), client_order_id=lost), SYMBOL, EPOCH)
    history = (facts(fill(100, "1", "4")), facts(fill(101, "2", "3"), client_order_id="web_1", venue_order_id="2"))
    table.wait(10_000)
    for ended in (OrderStatus.PARTIALLY_FILLED, OrderStatus.EXPIRED):
        table.start(ended, table.recovery.pull_trades(SYMBOL))
        table.answer(history)
        mark = table.book.watermarks[SYMBOL]
        assert table.book.orders[lost].status is ended and mark == (100 if ended.is_open else 101)
        told = Order((lost,), "1", intent(1, 1).terms, True, closed=Closed(OrderStatus.EXPIRED, EPOCH))
        table.book.learn(told, SYMBOL, EPOCH)


def _adopted(table: Table, seen_ms: int) -> TrackedOrder:
    """An order of an earlier epoch, lost with the journal's tail, that the stream showed open."""
    terms = structs.replace(intent(1, 1).terms, version_ms=seen_ms)
    old = structs.replace(facts(client_order_id=client_id(1, 1, epoch=EPOCH - 5_000)), terms=terms)
    order = table.book.learn(old, SYMBOL, seen_ms)
    assert order is not None and order.stamp_ms == 0
    return order


@pytest.mark.parametrize(("age_ms", "status"), [(1_000, OrderStatus.NEW), (4 * 86_400_000, OrderStatus.EXPIRED)])
def test_an_open_order_that_an_old_answer_leaves_out_stays_open(age_ms: int, status: OrderStatus) -> None:
    table = Table()
    order = _adopted(table, EPOCH - age_ms)
    table.start("all", table.recovery.reconcile())
    for _ in range(20):
        if table.asked():
            table.answer({OrderQuery: None, PositionsQuery: {}}.get(type(table.asked()[0]), ()))
        table.wait(1_000)
    assert table.ended == ["all"] and order.status is status


@pytest.mark.parametrize(("executed", "status"), [("0", OrderStatus.EXPIRED), ("1", OrderStatus.PARTIALLY_FILLED)])
def test_an_order_that_rested_for_days_and_is_denied_has_ended_in_vain(executed: str, status: OrderStatus) -> None:
    """It was made so long ago that the venue forgot it when it ended, however lately it was seen."""
    table = Table()
    order = table.book.track(structs.replace(intent(1, 1), stamp_ms=EPOCH - 4 * 86_400_000))
    fills = [fill(100, "1", executed)] if Decimal(executed) else []
    terms = structs.replace(intent(1, 1).terms, version_ms=EPOCH - 1_000)
    table.book.learn(structs.replace(facts(*fills, client_order_id=client_id(1, 1)), terms=terms), SYMBOL, EPOCH)
    table.start("refresh", table.recovery._settling.refresh(order))
    for _ in range(20):
        if table.asked():
            table.answer(None)
        table.wait(1_000)
    assert table.ended == ["refresh"] and order.status is status


def test_an_order_is_absent_only_when_the_venues_clock_has_surely_passed_its_last_instant() -> None:
    table = Table(uncertainty_ms=400, timing=Timing(first_retry_ms=50, longest_retry_ms=50))
    order = table.book.track(intent(1, 1))
    table.book.doubt(order)
    table.start("resolve", table.recovery.resolve(order))
    margins = Margins()
    last_ms = 2_000 + margins.engine_ms + margins.staleness_ms
    while order.in_doubt:
        if table.asked():
            table.answer(None)
        if order.in_doubt:
            table.wait(50)
    assert order.absent and table.now_ns > last_ms * MS


@pytest.mark.parametrize("uncertainty_ms", [0, 400])
def test_absence_is_proven_soon_after_it_can_be(uncertainty_ms: int) -> None:
    """However long an order was in doubt: haste begins where answers begin to prove something."""
    table, timing, margins = Table(uncertainty_ms), Timing(), Margins()
    order = table.book.track(structs.replace(intent(1, 1), recv_window_ms=20_000))
    table.book.doubt(order)
    table.start("resolve", table.recovery.resolve(order))
    questions = 0
    while order.in_doubt:
        while table.asked():
            table.answer(None)
            questions += 1
        table.wait(10)
    expiry_ms = 20_000 + margins.engine_ms + margins.staleness_ms + uncertainty_ms
    assert order.absent and expiry_ms * MS < table.now_ns < (expiry_ms + 5 * timing.first_retry_ms) * MS
    assert questions < 20, "until then patience"


def test_a_venue_that_does_not_answer_is_asked_ever_more_patiently() -> None:
    table, timing = Table(), Timing()
    order = table.book.track(intent(1, 1))
    table.book.doubt(order)
    table.start("resolve", table.recovery.resolve(order))
    table.wait(60_000)
    for _ in range(10):
        table.answer(TransportError("no answer", sent=True))
        table.wait(timing.longest_retry_ms)
    table.answer(TransportError("no answer", sent=True))
    table.wait(timing.longest_retry_ms - 1)
    assert order.in_doubt and table.asked() == []


def test_a_slow_answer_about_the_time_is_enough_until_the_next_is_due() -> None:
    table = Table()
    table.start("watch", table.watch(1_000).procedures[0]())
    table.wait(1_000)
    assert table.asked() == [TimeQuery()]
    table.clock.set(EPOCH + 5_000, table.now_ns - 3_000 * MS, table.now_ns)  # an answer that took three seconds
    table.answer(EPOCH)
    assert table.asked() == []


def test_the_time_is_asked_for_as_soon_as_it_is_in_doubt() -> None:
    table = Table()
    table.start("time", table.watch(1_000).keep_time())
    table.wait(10_000)
    assert table.asked() == []
    table.clock.doubt()
    table.wait(1_000)
    assert table.asked() == [TimeQuery()]


def test_a_missing_execution_is_asked_for_when_the_stream_does_not_bring_it() -> None:
    table = Table()
    table.book.track(intent(1, 1))
    done = structs.replace(facts(client_order_id=client_id(1, 1)), venue_cum_qty=Decimal(10))
    table.book.learn(done, SYMBOL, EPOCH)
    table.start("fetch", table.recovery.fetch_missing(SYMBOL))
    assert table.asked() == [], "its event may be on its way"
    table.wait(1_000)
    table.answer(())
    table.wait(1_000)
    assert table.asked() == [], "an answer now may be as old as the last"
    table.wait(2_000)
    table.answer((facts(fill(100, "1", "10")),))
    table.wait(3_000)
    assert table.ended == ["fetch"] and table.book.net(1, SYMBOL) == 10 and table.asked() == []


def test_a_missing_execution_may_be_found_as_long_as_answers_may_be_old() -> None:
    table = Table(margins=Margins(staleness_ms=60_000))
    table.book.track(intent(1, 1))
    done = structs.replace(facts(client_order_id=client_id(1, 1)), venue_cum_qty=Decimal(10))
    table.book.learn(done, SYMBOL, EPOCH)
    table.start("fetch", table.recovery.fetch_missing(SYMBOL))
    table.wait(1_000)
    table.answer(())
    table.wait(60_000)
    assert isinstance(table.asked()[0], TradesQuery), "now no answer can be older than the execution"
    assert table.recovery.may_explain(SYMBOL)
    table.wait(60_000)
    assert not table.recovery.may_explain(SYMBOL), "a difference shall not wait for ever"


def test_an_execution_that_the_stream_brings_costs_no_question() -> None:
    table = Table()
    table.book.track(intent(1, 1))
    done = structs.replace(facts(client_order_id=client_id(1, 1)), venue_cum_qty=Decimal(10))
    table.book.learn(done, SYMBOL, EPOCH)
    table.start("fetch", table.recovery.fetch_missing(SYMBOL))
    table.book.learn(facts(fill(100, "1", "10")), SYMBOL, EPOCH)
    table.wait(5_000)
    assert table.ended == ["fetch"] and table.asked() == []


def test_who_is_shut_out_asks_nothing_until_it_is_let_in_again() -> None:
    table = Table()
    table.start("watch", table.watch(0).procedures[0]())
    table.wait(0)
    assert table.asked() == [TimeQuery()]
    table.answer(Banned(-1003, "Way too many requests", retry_after_ms=120_000))
    table.wait(119_000)
    assert table.asked() == []
    table.wait(1_000)
    assert table.asked() == [TimeQuery()]


def test_what_the_stream_tells_before_a_lost_symbol_is_back_is_booked() -> None:
    table = Table()
    told = fill(200, "7", "4", fee="0.001")
    told = structs.replace(told, symbol="ADAUSDT")
    order = structs.replace(facts(told, client_order_id=client_id(1, 1, epoch=EPOCH - 5_000), venue_order_id="7"))
    table.book.learn(order, "ADAUSDT", EPOCH)
    table.start("lost", table.recovery.enter_lost_symbol("ADAUSDT"))
    history = (facts(told, venue_order_id="7"),)
    table.answer(history)
    table.wait(5_000)
    table.answer({"ADAUSDT": Decimal(10)})
    table.wait(5_000)
    table.answer(history)
    table.answer(history)
    assert table.ended == ["lost"] and table.book.net(1, "ADAUSDT") == 4
    assert table.book.net(EXTERNAL, "ADAUSDT") == 6, "what it held when the book began"


def test_an_order_that_the_list_shows_is_not_over_although_its_symbol_is_gone() -> None:
    table = Table()
    order = table.book.track(intent(1, 1))
    assert order.terms is not None
    shown = Order((order.client_order_id,), "1", order.terms, accepted=True)
    table.book.learn(shown, SYMBOL, EPOCH)
    table.book.learn(facts(fill(100, "1", "4")), SYMBOL, EPOCH)
    refusals = table.recovery._inquiry.refusals
    refusals.read_rules(())
    refusals.failed(TradesQuery(SYMBOL), UnknownSymbol(-1121, "Invalid symbol."))
    table.wait(61_000)
    refusals.read_rules(())
    assert table.recovery.is_gone(SYMBOL) and order.is_untold
    table.start("reconcile", table.recovery.reconcile())
    assert isinstance(table.answer((shown,)), OpenOrdersQuery)
    table.answer({})
    assert table.ended == ["reconcile"] and order.is_open
    table.start("reconcile", table.recovery.reconcile())
    table.answer(())
    table.answer({})
    assert not order.is_open
