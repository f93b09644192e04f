"""Conditional orders, and the orders that they become when they are triggered."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, empty_book, facts, fill, intent, kinds, saved
from tests.unit.oms.table import MS, Table
from tradingsys.core.commands import ConditionalOrdersQuery, OpenOrdersQuery, OrderQuery, PositionsQuery, TradesQuery
from tradingsys.core.enums import OrderStatus, OrderType, Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Closed, Order, Terms
from tradingsys.core.records import FillRecord, Intent, OrderRecord, SymbolRecord
from tradingsys.oms.effects import Alarm, Attribute, Halt, Save
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder

OURS = client_id(1, 1)
STOP = Terms(SYMBOL, Side.SELL, OrderType.STOP_MARKET, Decimal(10), stop_px=Decimal("0.5"), reduce_only=True)
CLOSE = structs.replace(STOP, order_qty=Decimal(0), close_position=True, reduce_only=False)


def stop(terms: Terms = STOP, seq: int = 1) -> Intent:
    return Intent(client_id(1, seq), 1, terms, EPOCH, 2_000)


def waiting(terms: Terms = STOP, seq: int = 1) -> Order:
    """What the venue tells while the order waits."""
    told = structs.replace(terms, version_ms=1)
    return Order((client_id(1, seq),), terms=told, accepted=True, algo_id=f"a{seq}")


def linked(seq: int = 1, terms: Terms = STOP) -> Order:
    """What the venue tells of it once it was triggered, before what became of it."""
    return structs.replace(waiting(terms, seq), venue_order_id="77")


def became(name: str = OURS, cum: str = "10", qty: str = "10") -> Order:
    """What the venue tells of the order that it became."""
    terms = Terms(SYMBOL, Side.SELL, OrderType.MARKET, Decimal(qty), version_ms=EPOCH + 150)
    return Order((name,), "77", terms, accepted=True, venue_cum_qty=Decimal(cum))


def traded(name: str | None = OURS, qty: str = "10", trade_id: int = 100) -> Order:
    return facts(fill(trade_id, "77", qty, Side.SELL, fee="0.1"), client_order_id=name, venue_order_id="77")


@pytest.fixture
def table() -> Table:
    return Table()


def placed(table: Table, terms: Terms = STOP, seq: int = 1) -> TrackedOrder:
    order = table.book.track(stop(terms, seq))
    table.book.learn(waiting(terms, seq), SYMBOL, EPOCH)
    table.book.take_effects()
    return order


@given(
    st.permutations([waiting(), linked(), became(cum="4"), became(), traded(qty="4"), traded(qty="6", trade_id=101)])
)
def test_under_one_id_both_are_one_order_in_any_order(reports: list[Order]) -> None:
    book = empty_book()
    order = book.track(stop())
    for report in reports:
        book.learn(report, SYMBOL, EPOCH)
    assert book.net(1, SYMBOL) == -10 and order.status is OrderStatus.FILLED
    assert order.known_terms is not None and not order.is_waiting
    assert (order.known_terms.order_type, order.known_terms.stop_px) == (OrderType.STOP_MARKET, STOP.stop_px)
    assert order.known_terms.reduce_only and order.facts.algo_id == "a1"
    assert book.learn(Order(algo_id="a1"), SYMBOL, EPOCH) is order, "found by any of its names"


@given(st.permutations([waiting(CLOSE), linked(terms=CLOSE), became(qty="7", cum="7"), traded(qty="7")]))
def test_what_closes_a_position_gets_its_size_when_it_is_triggered(reports: list[Order]) -> None:
    book = empty_book()
    order = book.track(stop(CLOSE))
    assert (order.closes_position, order.worst_leaves_qty) == (True, Decimal(0))
    for report in reports:
        book.learn(report, SYMBOL, EPOCH)
    assert (order.status, order.closes_position) == (OrderStatus.FILLED, False)
    assert order.known_terms is not None and order.known_terms.order_qty == 7


def test_it_waits_until_its_successor_is_known() -> None:
    book = empty_book()
    order = book.track(stop())
    assert book.kinship.waiting_orders(SYMBOL) == [order]
    book.learn(linked(), SYMBOL, EPOCH)
    assert not book.kinship.waiting_orders(SYMBOL) and order.is_conditional and order.is_open
    assert not book.track(intent(1, 2)).is_waiting


def test_a_restart_forgets_nothing_of_it() -> None:
    book = empty_book()
    book.track(stop())
    book.learn(linked(), SYMBOL, EPOCH)
    book.learn(became(cum="0"), SYMBOL, EPOCH)
    record = [effect.record for effect in kinds(book.take_effects(), Save) if isinstance(effect.record, OrderRecord)][
        -1
    ]
    again = SessionBook(saved(orders=(record,), symbols=(SymbolRecord(SYMBOL, 100),)))
    order = again.orders[OURS]
    assert (order.facts.algo_id, order.facts.venue_order_id) == ("a1", "77")
    assert order.known_terms is not None and order.known_terms.order_type is OrderType.STOP_MARKET
    again.learn(traded(None), SYMBOL, EPOCH)
    assert again.net(1, SYMBOL) == -10


@pytest.mark.parametrize("child_first", [False, True])
def test_an_adopted_one_stays_what_it_was(child_first: bool) -> None:
    book = SessionBook(saved(symbols=(SymbolRecord(SYMBOL, 100),)))
    reports = [linked(), became()]
    for report in reversed(reports) if child_first else reports:
        order = book.learn(report, SYMBOL, EPOCH)
    assert order is not None and order.known_terms is not None
    assert order.known_terms.order_type is OrderType.STOP_MARKET
    [record] = [effect.record for effect in kinds(book.take_effects(), Save) if isinstance(effect.record, OrderRecord)]
    assert record.intent.terms.order_type is OrderType.STOP_MARKET


# ---- a successor under a name that is not ours


def test_a_fill_under_a_foreign_name_waits_for_the_orders_that_wait(table: Table) -> None:
    placed(table)
    table.book.learn(became("web_1", cum="0"), SYMBOL, EPOCH)
    table.book.learn(traded("web_1"), SYMBOL, EPOCH)
    effects = table.book.take_effects()
    assert kinds(effects, Attribute) == [Attribute(SYMBOL, "77")]
    assert not [each for each in kinds(effects, Save) if isinstance(each.record, FillRecord)]
    assert table.book.name_of_stray(SYMBOL, "77") == "web_1"
    table.start("attribute", table.recovery.attribute(SYMBOL, "77"))
    assert table.answer(linked().merge(became("web_1"))) == OrderQuery(SYMBOL, OURS, is_conditional=True)
    assert table.ended == ["attribute"] and not table.book.unattributed
    assert table.book.net(1, SYMBOL) == -10 and table.book.net(EXTERNAL, SYMBOL) == 0
    table.book.learn(traded("web_1", "3", 101), SYMBOL, EPOCH)
    assert table.book.net(1, SYMBOL) == -13, "its name is known now"


def test_a_fill_without_a_name_is_asked_for_its_name_first(table: Table) -> None:
    placed(table)
    table.book.learn(traded(None), SYMBOL, EPOCH)
    table.start("attribute", table.recovery.attribute(SYMBOL, "77"))
    assert table.answer(became("web_1")) == OrderQuery(SYMBOL, venue_order_id="77")
    assert table.answer(linked().merge(became("web_1"))) == OrderQuery(SYMBOL, OURS, is_conditional=True)
    assert table.ended == ["attribute"] and table.book.net(1, SYMBOL) == -10


@pytest.mark.parametrize(("qty", "patience_ms"), [("12", 2_000), ("10", 60_000)])
def test_somebody_elses_fill_is_external_once_no_order_that_waits_can_be_it(
    table: Table, qty: str, patience_ms: int
) -> None:
    """One that is as large as such an order is looked at for longer: answers may be older than a venue is known for."""
    placed(table)
    placed(table, seq=2)
    table.book.learn(traded("web_1").merge(became("web_1", qty=qty)), SYMBOL, EPOCH)
    table.start("attribute", table.recovery.attribute(SYMBOL, "77"))
    for seq in (1, 2):
        assert table.answer(waiting(seq=seq)) == OrderQuery(SYMBOL, client_id(1, seq), is_conditional=True)
    assert table.book.unattributed, "these answers may be older than the fill"
    while table.now_ns < patience_ms * MS:
        assert table.book.unattributed
        table.wait(500)
        while table.asked():
            query = table.answer(waiting())
            assert isinstance(query, OrderQuery) and query.is_conditional
    table.wait(4_500)
    while table.asked():
        table.answer(waiting())
    assert table.ended == ["attribute"] and table.book.net(EXTERNAL, SYMBOL) == -10
    effects = table.book.take_effects()
    assert not kinds(effects, Alarm), "a manual trade is nothing to be alarmed about"
    [row] = [each.record for each in kinds(effects, Save) if isinstance(each.record, FillRecord)]
    assert row.client_order_id == "web_1"
    table.book.learn(traded("web_1", "1", 101), SYMBOL, EPOCH)
    assert table.book.net(EXTERNAL, SYMBOL) == -11, "and from now on at once"


def test_an_order_that_ends_while_it_is_asked_about_holds_up_nothing(table: Table) -> None:
    placed(table)
    table.book.learn(traded("web_1"), SYMBOL, EPOCH)
    table.start("attribute", table.recovery.attribute(SYMBOL, "77"))
    ended = structs.replace(waiting(), closed=Closed(OrderStatus.CANCELED, EPOCH))
    table.answer(ended)
    assert table.ended == ["attribute"] and table.book.net(EXTERNAL, SYMBOL) == -10


def test_without_orders_that_wait_a_foreign_name_is_external_at_once() -> None:
    book = empty_book()
    book.track(intent(1, 1))
    book.learn(traded("web_1"), SYMBOL, EPOCH)
    assert book.net(EXTERNAL, SYMBOL) == -10


def test_an_order_that_was_placed_after_a_fill_cannot_have_made_it(table: Table) -> None:
    placed(table)
    table.book.learn(traded("web_1"), SYMBOL, EPOCH)
    table.start("attribute", table.recovery.attribute(SYMBOL, "77"))
    table.book.track(structs.replace(stop(seq=2), stamp_ms=EPOCH + 60_000))
    table.answer(structs.replace(waiting(), closed=Closed(OrderStatus.CANCELED, EPOCH)))
    assert table.ended == ["attribute"], "the second one is not asked about"


# ---- recovery


def test_doubts_about_it_are_asked_where_it_is_kept(table: Table) -> None:
    order = table.book.track(stop())
    table.book.doubt(order)
    table.start("resolve", table.recovery.resolve(order))
    assert table.answer(waiting()) == OrderQuery(SYMBOL, OURS, is_conditional=True)
    assert table.ended == ["resolve"] and order.status is OrderStatus.NEW


def test_a_cancel_is_settled_where_it_is_now(table: Table) -> None:
    order = placed(table)
    table.start("first", table.recovery.settle_cancel(order))
    assert table.answer(waiting()) == OrderQuery(SYMBOL, OURS, is_conditional=True)
    table.book.learn(linked(), SYMBOL, EPOCH)
    table.start("second", table.recovery.settle_cancel(order))
    assert table.answer(became("web_1")) == OrderQuery(SYMBOL, venue_order_id="77"), "its name may not be ours"
    assert table.ended == ["first", "second"] and order.status is OrderStatus.FILLED


def test_reading_all_open_orders_asks_what_became_of_one_that_is_missing(table: Table) -> None:
    placed(table)
    shown = placed(table, seq=2)
    table.book.learn(structs.replace(linked(2), venue_order_id="78"), SYMBOL, EPOCH)
    table.start("all", table.recovery.reconcile())
    open_now = (structs.replace(became("web_2", cum="0"), venue_order_id="78"), became("web_3", cum="0"))
    assert table.answer(open_now) == OpenOrdersQuery()
    assert table.answer({}) == PositionsQuery()
    assert isinstance(table.answer(()), TradesQuery)
    assert table.answer(linked().merge(became())) == OrderQuery(SYMBOL, OURS, is_conditional=True)
    assert table.ended == ["all"] and shown.is_open
    assert table.book.orders[OURS].facts.venue_order_id == "77"


def test_a_client_id_of_the_venues_making_names_no_other_order() -> None:
    """The venue may give the same to an order on another symbol, or give it again."""
    book = empty_book()
    order = book.track(stop())
    for report in (waiting(), linked(), became("x77", cum="4")):
        book.learn(report, SYMBOL, EPOCH)
    other = Order(("x77",), "78", accepted=True, venue_cum_qty=Decimal(9))
    assert book.learn(other, SYMBOL, EPOCH) is None and book.learn(other, "OTHERUSDT", EPOCH) is None
    assert order.facts.venue_order_id == "77" and order.facts.venue_cum_qty == 4
    assert kinds(book.take_effects(), Halt) == []


def test_one_that_the_journal_lost_is_found_before_a_foreign_name_is_nobodys(table: Table) -> None:
    table.book.missing.journal_lost(EPOCH)
    table.book.learn(traded("x1", qty="4"), SYMBOL, EPOCH)
    assert [effect.venue_order_id for effect in kinds(table.book.take_effects(), Attribute)] == ["77"]
    table.start("attribute", table.recovery.attribute(SYMBOL, "77"))
    table.wait(5_000)
    assert table.asked() == [] and table.book.net(EXTERNAL, SYMBOL) == 0, "nobody's, as long as ours may be missing"
    table.start("find", table.recovery.find_lost_orders())
    assert isinstance(table.answer((linked(),)), ConditionalOrdersQuery)
    table.wait(5_000)
    assert table.ended == ["find", "attribute"]
    assert table.book.net(1, SYMBOL) == -4 and table.book.net(EXTERNAL, SYMBOL) == 0
    table.book.learn(traded("x2", trade_id=101), "OTHERUSDT", EPOCH)
    assert not table.book.unattributed


def test_one_answer_about_an_order_that_waits_is_enough_for_all_executions_before_it(table: Table) -> None:
    for seq in range(1, 6):
        placed(table, seq=seq)
    table.wait(2_000)
    for number in range(20):
        sold = structs.replace(fill(100 + number, f"9{number}", "10", Side.SELL), ts_event_ms=EPOCH + 100 * number)
        table.book.learn(facts(sold, client_order_id=f"web_{number}", venue_order_id=f"9{number}"), SYMBOL, EPOCH)
        table.start(f"attribute{number}", table.recovery.attribute(SYMBOL, f"9{number}"))
    asked = 0
    while table.book.unattributed and table.now_ns < 80_000 * MS:
        assert len(table.asked()) <= 5, "one question about each at a time"
        while table.asked():
            asked += 1
            query = table.answer(None)
            assert isinstance(query, OrderQuery) and query.is_conditional
        table.wait(500)
    assert table.book.net(EXTERNAL, SYMBOL) == -200 and 60_000 < table.now_ns // MS < 70_000
    assert asked <= 15, "20 executions and 5 orders: at once, and a minute after the first and the last of them"


def test_an_answer_that_is_too_old_for_an_execution_is_followed_by_one_that_is_not(table: Table) -> None:
    placed(table)
    for number, ms in (("8", 0), ("9", 5_000)):
        sold = structs.replace(fill(100 + ms, number, "4", Side.SELL), ts_event_ms=EPOCH + ms)
        table.wait(ms)
        table.book.learn(facts(sold, client_order_id=f"web_{number}", venue_order_id=number), SYMBOL, EPOCH)
        table.start(number, table.recovery.attribute(SYMBOL, number))
    assert len(table.asked()) == 1, "which was asked before the second of them"
    table.answer(waiting())
    table.wait(400)
    [_] = table.asked()
    table.answer(structs.replace(linked(), venue_order_id="9"))
    assert table.book.net(1, SYMBOL) == -4
    table.wait(4_000)
    assert table.book.net(EXTERNAL, SYMBOL) == -4 and not table.book.unattributed


def test_what_a_symbol_waits_for_is_looked_up_once_for_all_its_executions(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed(table)
    for number in range(20):
        sold = fill(100 + number, f"9{number}", "10", Side.SELL)
        table.book.learn(facts(sold, venue_order_id=f"9{number}"), SYMBOL, EPOCH)
    waits, looked = table.book.kinship.waiting_orders, list[str]()

    def waiting_orders(symbol: str) -> list[TrackedOrder]:
        looked.append(symbol)
        return waits(symbol)

    monkeypatch.setattr(table.book.kinship, "waiting_orders", waiting_orders)
    assert len(table.recovery.owners.to_come()) == 20 and looked == [SYMBOL]


def _believed_absent(table: Table, age_ms: int) -> TrackedOrder:
    """A stop that the venue denied so long before now."""
    order = table.book.track(stop())
    table.book.doubt(order)
    table.book.believe_absent(order)
    table.wait(age_ms)
    return order


def test_what_a_stop_became_that_was_denied_a_moment_ago_is_asked_for(table: Table) -> None:
    """What the venue told may have been a minute old: as long as that can be, it proves nothing."""
    order = _believed_absent(table, 20_000)
    sold = structs.replace(fill(100, "77", "10", Side.SELL), ts_event_ms=EPOCH + 20_000)
    table.book.learn(facts(sold, client_order_id="web_1", venue_order_id="77"), SYMBOL, EPOCH)
    table.start("attribute", table.recovery.attribute(SYMBOL, "77"))
    assert table.answer(None) == OrderQuery(SYMBOL, OURS, is_conditional=True)
    table.wait(65_000)
    table.answer(linked())
    assert table.book.net(1, SYMBOL) == -10 and order.has_evidence


def test_a_stop_that_was_denied_long_ago_keeps_nothing_from_external(table: Table) -> None:
    _believed_absent(table, 70_000)
    sold = structs.replace(fill(100, "77", "10", Side.SELL), ts_event_ms=EPOCH + 70_000)
    table.book.learn(facts(sold, client_order_id="web_1", venue_order_id="77"), SYMBOL, EPOCH)
    table.start("attribute", table.recovery.attribute(SYMBOL, "77"))
    assert not table.asked() and table.book.net(EXTERNAL, SYMBOL) == -10
