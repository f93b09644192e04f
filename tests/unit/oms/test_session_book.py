from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, empty_book, facts, fill, intent, kinds, saved
from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Closed, Fill, Order
from tradingsys.core.records import (
    AdjustmentRecord,
    Edit,
    FillRecord,
    OrderRecord,
    PositionRecord,
    Scope,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.oms.effects import Alarm, Attribute, Effect, Halt, OrderNews, PositionNews, PullTrades, Save
from tradingsys.oms.session_book import Incarnation, SessionBook


@st.composite
def three_ways(draw: st.DrawFn) -> list[Order]:
    """Four executions of one order, each told thin, whole and by history, any number of times, in any order."""
    whole = [fill(100 + n, "1", str(n + 1), fee="0.001") for n in range(4)]
    told: list[Order] = []
    for each in whole:
        thin = structs.replace(each, fee=None, fee_asset=None)
        told += [
            facts(thin, client_order_id=client_id(1, 1)),
            facts(each, client_order_id=client_id(1, 1)),
            facts(each),
        ]
    told.append(structs.replace(facts(client_order_id=client_id(1, 1)), venue_cum_qty=Decimal(10)))
    repeated = draw(st.lists(st.sampled_from(told), max_size=12))
    return draw(st.permutations(told + repeated))


@given(three_ways())
def test_a_fill_is_booked_once_however_often_and_in_whatever_order_it_is_told(reports: list[Order]) -> None:
    book = empty_book()
    order = book.track(intent(1, 1))
    effects = list[Effect]()
    for report in reports:
        book.learn(report, SYMBOL, EPOCH)
        effects += book.take_effects()
    assert book.net(1, SYMBOL) == 10 == order.facts.booked_qty
    assert order.status is OrderStatus.FILLED
    assert {each.fee for each in order.facts.fills.values()} == {Decimal("0.001")}
    assert book.total(SYMBOL) == 10 and book.net(EXTERNAL, SYMBOL) == 0
    news = [effect.position for effect in effects if isinstance(effect, PositionNews)]
    assert len({position.net for position in news}) == 4 and news[-1] == book.position(1, SYMBOL)
    assert news[-1].net == 10 and news[-1].fees == {"USDT": Decimal("0.004")}, "fees that come later count too"
    told = [new.exec_id for effect in effects if isinstance(effect, OrderNews) for new in effect.new_fills]
    assert sorted(told) == ["100", "101", "102", "103"]
    assert not book.unattributed


@given(three_ways(), st.integers(0, 20))
def test_a_restart_between_any_two_reports_changes_nothing(reports: list[Order], at: int) -> None:
    book = empty_book()
    book.track(intent(1, 1))
    rows = _Rows()
    for report in reports[:at]:
        book.learn(report, SYMBOL, EPOCH)
    rows.keep(book)
    book = rows.reopened()
    for report in reports[at:]:
        book.learn(report, SYMBOL, EPOCH)
    rows.keep(book)
    # Reports before the crash told everything after it at most once more: what is missing is only what nobody told.
    told = {exec_id for report in reports for exec_id in report.fills}
    assert set(rows.fills) == told
    assert book.net(1, SYMBOL) == sum(row.fill.last_qty for row in rows.fills.values())


class _Rows:
    """pos.db as a dict: keeps what the book wants kept and gives it back."""

    def __init__(self) -> None:
        self.fills: dict[str, FillRecord] = {}
        self.orders: dict[str, OrderRecord] = {}
        self.positions: dict[tuple[int, str], PositionRecord] = {}
        self.symbols = (SymbolRecord(SYMBOL, 100),)
        self.watermarks: dict[str, WatermarkRecord] = {}

    def keep(self, book: SessionBook) -> None:
        for effect in book.take_effects():
            if not isinstance(effect, Save):
                continue
            match effect.record:
                case FillRecord() as row:
                    self.fills[row.fill.exec_id] = row
                case OrderRecord() as row:
                    self.orders[row.intent.client_order_id] = row
                case PositionRecord() as row:
                    self.positions[row.session, row.symbol] = row
                case WatermarkRecord() as row:
                    self.watermarks[row.symbol] = row

    def reopened(self) -> SessionBook:
        book = SessionBook(
            saved(
                orders=tuple(self.orders.values()),
                fills=tuple(self.fills.values()),
                positions=tuple(self.positions.values()),
                symbols=self.symbols,
                watermarks=tuple(self.watermarks.values()),
            )
        )
        book.begin(Incarnation(book.lineage, EPOCH + 1, EPOCH, EPOCH + 10_000))
        return book


def test_fills_of_orders_that_are_not_ours_are_external() -> None:
    book = empty_book()
    book.learn(facts(fill(100, "7", "3", Side.SELL), client_order_id="web_123", venue_order_id="7"), SYMBOL, EPOCH)
    foreign = client_id(1, 1, lineage="zzzzz")
    book.learn(facts(fill(101, "8", "1"), client_order_id=foreign, venue_order_id="8"), SYMBOL, EPOCH)
    assert book.net(EXTERNAL, SYMBOL) == -2 == book.total(SYMBOL)
    assert not kinds(book.take_effects(), PositionNews)


def test_a_history_row_waits_for_its_owner() -> None:
    book = empty_book()
    order = book.track(intent(2, 1))
    book.learn(facts(fill(100, "9", "4"), venue_order_id="9"), SYMBOL, EPOCH)
    assert kinds(book.take_effects(), Attribute) == [Attribute(SYMBOL, "9")]
    assert book.total(SYMBOL) == 0, "nobody's fill is booked to nobody"
    book.learn(facts(client_order_id=order.client_order_id, venue_order_id="9"), SYMBOL, EPOCH)
    assert book.net(2, SYMBOL) == 4
    assert not book.unattributed


def test_an_order_without_owner_becomes_external_after_giving_up() -> None:
    book = empty_book()
    book.learn(facts(fill(100, "9", "4"), venue_order_id="9"), SYMBOL, EPOCH)
    book.give_up(SYMBOL, "9")
    assert book.net(EXTERNAL, SYMBOL) == 4
    assert kinds(book.take_effects(), Alarm)


def test_what_was_traded_before_the_baseline_is_not_booked_again() -> None:
    book = SessionBook(saved())
    book.enter_symbol(SYMBOL, 100, Decimal("12.5"), EPOCH)
    book.learn(facts(fill(99, "1", "3"), client_order_id="web_1"), SYMBOL, EPOCH)
    assert book.net(EXTERNAL, SYMBOL) == Decimal("12.5") == book.total(SYMBOL)
    effects = book.take_effects()
    assert Save(AdjustmentRecord(EXTERNAL, SYMBOL, Decimal("12.5"), "baseline", EPOCH)) in effects


def test_a_symbol_nobody_accounts_for_is_left_alone() -> None:
    book = SessionBook(saved())
    book.learn(facts(fill(99, "1", "3"), client_order_id="web_1"), SYMBOL, EPOCH)
    book.learn(facts(fill(99, "1", "3")), SYMBOL, EPOCH)
    assert book.take_effects() == []


def test_an_execution_below_the_watermark_is_known_to_be_booked() -> None:
    book = empty_book()
    book.advance(SYMBOL, 150)
    order = book.track(intent(1, 1))
    book.learn(facts(fill(149, "1", "4"), client_order_id=order.client_order_id), SYMBOL, EPOCH)
    assert book.net(1, SYMBOL) == 0
    book.learn(facts(fill(150, "1", "4"), client_order_id=order.client_order_id), SYMBOL, EPOCH)
    assert book.net(1, SYMBOL) == 4, "inclusive: the watermark's own id may have a second row"


def test_the_watermark_never_goes_back() -> None:
    book = empty_book()
    book.advance(SYMBOL, 150)
    book.take_effects()
    book.advance(SYMBOL, 120)
    assert book.watermarks[SYMBOL] == 150 and not book.take_effects()


def test_a_self_trade_books_both_sides() -> None:
    book = empty_book()
    buy, sell = book.track(intent(1, 1)), book.track(intent(2, 1, Side.SELL))
    book.learn(facts(fill(100, "1", "4"), client_order_id=buy.client_order_id), SYMBOL, EPOCH)
    book.learn(
        facts(fill(100, "2", "4", Side.SELL), client_order_id=sell.client_order_id, venue_order_id="2"), SYMBOL, EPOCH
    )
    assert book.net(1, SYMBOL) == 4 == -book.net(2, SYMBOL)
    assert book.total(SYMBOL) == 0


def test_contradicting_executions_halt_and_change_nothing() -> None:
    book = empty_book()
    order = book.track(intent(1, 1))
    book.learn(facts(fill(100, "1", "4"), client_order_id=order.client_order_id), SYMBOL, EPOCH)
    book.take_effects()
    book.learn(facts(fill(100, "1", "5"), client_order_id=order.client_order_id), SYMBOL, EPOCH)
    assert book.net(1, SYMBOL) == 4
    [halt] = kinds(book.take_effects(), Halt)
    assert "contradicts" in halt.record.reason and halt.record.scope == Scope()


def test_more_executed_than_we_know_asks_history() -> None:
    book = empty_book()
    order = book.track(intent(1, 1))
    book.take_effects()
    more = structs.replace(facts(client_order_id=order.client_order_id), venue_cum_qty=Decimal(3))
    book.learn(more, SYMBOL, EPOCH)
    assert kinds(book.take_effects(), PullTrades) == [PullTrades(SYMBOL)]
    assert order.unbooked == (Side.BUY, Decimal(3))


def test_doubt_absence_and_revival() -> None:
    book = empty_book()
    order = book.track(intent(1, 1))
    book.doubt(order)
    assert (order.status, order.is_open) == (OrderStatus.UNKNOWN, True)
    book.believe_absent(order)
    assert (order.status, order.is_open) == (OrderStatus.ABSENT, False)
    book.take_effects()
    book.learn(facts(fill(100, "1", "10"), client_order_id=order.client_order_id), SYMBOL, EPOCH)
    assert (order.status, order.is_open) == (OrderStatus.FILLED, False)
    assert book.net(1, SYMBOL) == 10
    assert kinds(book.take_effects(), Alarm), "an order that was believed absent and lives is worth an alarm"


def test_evidence_cannot_be_doubted_away() -> None:
    book = empty_book()
    order = book.track(intent(1, 1))
    book.learn(facts(client_order_id=order.client_order_id), SYMBOL, EPOCH)
    book.doubt(order)
    book.believe_absent(order)
    assert order.status is OrderStatus.NEW


def test_a_refused_order_is_rejected_with_its_reason() -> None:
    book = empty_book()
    order = book.track(intent(1, 1))
    book.refuse(order, Closed(OrderStatus.REJECTED, EPOCH, -2019, "Margin is insufficient."))
    assert order.status is OrderStatus.REJECTED and order.facts.closed is not None
    assert order.facts.closed.code == -2019


def test_a_transfer_moves_between_session_and_external() -> None:
    book = empty_book()
    book.transfer(Edit(3, SYMBOL, Decimal(0), Decimal("2.5")), EPOCH, "sql-edit")
    assert book.net(3, SYMBOL) == Decimal("2.5") and book.net(EXTERNAL, SYMBOL) == Decimal("-2.5")
    assert book.total(SYMBOL) == 0
    adjustments = [
        effect.record
        for effect in book.take_effects()
        if isinstance(effect, Save) and isinstance(effect.record, AdjustmentRecord)
    ]
    assert sum(row.delta for row in adjustments) == 0 and len(adjustments) == 2


@pytest.mark.parametrize(
    ("epoch", "ts_ms", "lacks_orders", "halts"),
    [
        (EPOCH, EPOCH, False, True),  # our epoch, a key never minted here
        (EPOCH, EPOCH, True, True),
        (EPOCH - 10, EPOCH, False, True),  # its epoch's journal is complete and does not hold it
        (EPOCH - 200, EPOCH, False, False),  # lost with the journal's tail at the power cut: adopted
        (EPOCH - 200, EPOCH + 10_001, False, True),  # nothing sent before this start can be accepted so late
        (EPOCH - 200, EPOCH + 10_001, True, False),  # but a lost order's leg can, before open orders are read
    ],
)
def test_an_unknown_order_of_this_book_is_adopted_or_means_two_gateways(
    epoch: int, ts_ms: int, lacks_orders: bool, halts: bool
) -> None:
    book = SessionBook(saved())
    if lacks_orders:
        book.missing.journal_lost(ts_ms)
    book.begin(Incarnation(book.lineage, EPOCH, EPOCH - 100, EPOCH + 10_000))
    book.enter_symbol(SYMBOL, 100, Decimal(0), EPOCH)
    book.take_effects()
    order = book.learn(facts(client_order_id=client_id(4, 9, epoch)), SYMBOL, ts_ms)
    assert order is not None and order.session == 4
    assert bool(kinds(book.take_effects(), Halt)) is halts
    book.learn(facts(fill(100, "1", "2"), client_order_id=client_id(4, 9, epoch)), SYMBOL, ts_ms)
    assert book.net(4, SYMBOL) == 2, "whatever it means, its fills are the session's"


def test_who_amends_a_lost_order_now_is_no_other_gateway() -> None:
    """A person may move an order while a start has not read of it yet: it was accepted when it was created."""
    book = SessionBook(saved())
    book.begin(Incarnation(book.lineage, EPOCH, EPOCH, EPOCH + 10_000))
    told = structs.replace(facts(client_order_id=client_id(4, 9, EPOCH - 100)), created_ms=EPOCH + 9_999)
    book.learn(told, SYMBOL, EPOCH + 10_001)
    assert not kinds(book.take_effects(), Halt)


def test_what_is_told_of_a_list_is_no_sign_of_another_gateway() -> None:
    """It names the orders of the list, one that was lost and executed long ago too, and says of none when it began."""
    book = SessionBook(saved())
    book.begin(Incarnation(book.lineage, EPOCH, EPOCH, EPOCH + 10_000))
    told = Order((client_id(4, 9, EPOCH - 100),), "77", accepted=True, list_id="5")
    book.learn(told, SYMBOL, EPOCH + 10_001)
    assert not kinds(book.take_effects(), Halt)


def test_every_order_is_kept_with_its_outcome() -> None:
    book = empty_book()
    order = book.track(intent(1, 1))
    first = [effect.record for effect in kinds(book.take_effects(), Save)]
    assert isinstance(first[0], OrderRecord) and not first[0].accepted
    book.learn(facts(client_order_id=order.client_order_id), SYMBOL, EPOCH)
    second = [effect.record for effect in kinds(book.take_effects(), Save)]
    assert isinstance(second[-1], OrderRecord)
    assert second[-1].accepted and second[-1].venue_order_id == "1" and second[-1].status is OrderStatus.NEW


def test_an_end_is_told_together_with_its_executions() -> None:
    book = empty_book()
    order = book.track(intent(1, 1))
    reply = structs.replace(facts(client_order_id=order.client_order_id), venue_cum_qty=Decimal(10))
    book.learn(reply, SYMBOL, EPOCH)
    assert not kinds(book.take_effects(), OrderNews), "filled, it says, but by what?"
    book.learn(facts(fill(100, "1", "10"), client_order_id=order.client_order_id), SYMBOL, EPOCH)
    [news] = kinds(book.take_effects(), OrderNews)
    assert news.order.status is OrderStatus.FILLED and [each.exec_id for each in news.new_fills] == ["100"]


def test_an_order_recalled_from_the_files_comes_with_its_executions() -> None:
    old = intent(1, 1)
    record = OrderRecord(old, "1", old.terms, True, Decimal(10), status=OrderStatus.FILLED)
    rows = [FillRecord(fill(100, "1", "10"), 1, old.client_order_id)]
    asked: list[str] = []

    def recall(client_order_id: str) -> tuple[OrderRecord, list[FillRecord]] | None:
        asked.append(client_order_id)
        return (record, rows) if client_order_id == old.client_order_id else None

    book = SessionBook(saved(symbols=(SymbolRecord(SYMBOL, 100),)), recall)
    book.begin(Incarnation(book.lineage, EPOCH + 1, EPOCH, EPOCH + 10_000))
    order = book.order(old.client_order_id)
    assert order is not None and order.status is OrderStatus.FILLED
    assert not book.open_orders(), "nothing of it is missing"
    book.learn(facts(fill(100, "1", "10"), client_order_id=old.client_order_id), SYMBOL, EPOCH)
    assert book.net(1, SYMBOL) == 0, "booked long ago"
    assert book.order("web_1") is None and asked == [old.client_order_id], "only ids of our own are looked up"


def test_an_order_of_which_only_executions_were_kept_has_them_when_it_is_told_of_again() -> None:
    name = client_id(1, 1)
    kept = [FillRecord(fill(100, "1", "4"), 1, name)]
    positions = (PositionRecord(1, SYMBOL, Decimal(4)),)
    read = saved(symbols=(SymbolRecord(SYMBOL, 100),), watermarks=(WatermarkRecord(SYMBOL, 101),), positions=positions)
    book = SessionBook(read, lambda asked: (None, kept) if asked == name else None)
    terms = intent(1, 1).terms
    order = book.learn(Order((name,), "1", terms, accepted=True), SYMBOL, EPOCH)
    assert order is not None and order.facts.booked_qty == 4, "its history is not read again: it is below the watermark"
    assert order.status is OrderStatus.PARTIALLY_FILLED and book.net(1, SYMBOL) == 4


@pytest.mark.parametrize(("watermark", "is_open"), [(100, True), (101, False)])
def test_a_start_knows_an_order_again_of_which_only_an_execution_was_kept(watermark: int, is_open: bool) -> None:
    """The journal that had it was lost, and the process died before anything but the execution was told."""
    kept = [FillRecord(fill(100, "1", "4"), 1, client_id(1, 1))]
    marks = (WatermarkRecord(SYMBOL, watermark),)
    read = saved(symbols=(SymbolRecord(SYMBOL, 100),), watermarks=marks, fills=tuple(kept))
    book = SessionBook(read, lambda asked: (None, kept) if asked == client_id(1, 1) else None)
    order = book.orders.get(client_id(1, 1))
    assert book.open_orders() == ([order] if is_open else []), "below the watermark nothing is still to be asked"
    told = book.learn(facts(fill(100, "1", "4")), SYMBOL, EPOCH)
    assert told is order, "history, which knows no client order ids, tells of it too"


def test_what_becomes_known_of_an_execution_later_is_told_once_and_apart_from_new_ones() -> None:
    book = empty_book()
    book.track(intent(1, 1))
    whole = structs.replace(fill(100, "1", "4", fee="0.001"), is_maker=True)
    thin = structs.replace(whole, fee=None, fee_asset=None, is_maker=None)
    told: list[tuple[tuple[Fill, ...], tuple[Fill, ...]]] = []
    for each in (thin, structs.replace(thin, is_maker=True), whole, thin, whole):
        book.learn(facts(each, client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
        told += [(news.new_fills, news.completed_fills) for news in kinds(book.take_effects(), OrderNews)]
    assert told == [((thin,), ()), ((), (structs.replace(thin, is_maker=True),)), ((), (whole,))]


def test_what_completes_an_execution_while_others_are_missing_is_told_with_those() -> None:
    book = empty_book()
    name = book.track(intent(1, 1)).client_order_id
    whole = fill(100, "1", "4", fee="0.001")
    rest = fill(101, "1", "6", fee="0.002")
    told: list[tuple[tuple[Fill, ...], tuple[Fill, ...]]] = []
    for each in (
        facts(structs.replace(whole, fee=None, fee_asset=None), client_order_id=name),
        structs.replace(facts(client_order_id=name), venue_cum_qty=Decimal(10)),
        facts(whole, client_order_id=name),
        facts(rest, client_order_id=name),
    ):
        book.learn(each, SYMBOL, EPOCH)
        told += [(news.new_fills, news.completed_fills) for news in kinds(book.take_effects(), OrderNews)]
    assert told[1:] == [((rest,), (whole,))], "filled, it says, but by what?"
