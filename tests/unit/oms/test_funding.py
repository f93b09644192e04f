"""Funding: shared exactly, among those who held the symbol then, once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, facts, fill, intent, kinds, saved
from tests.unit.oms.table import Table
from tradingsys.core.commands import Income, IncomeQuery, OrderQuery, TradesQuery
from tradingsys.core.enums import Side
from tradingsys.core.errors import TransportError, UnknownSymbol
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Order
from tradingsys.core.records import (
    AdjustmentRecord,
    FillRecord,
    LedgerMarkRecord,
    LedgerRecord,
    PerformanceRecord,
    PositionRecord,
    Record,
    Saved,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.oms.effects import Alarm, PositionNews, Save
from tradingsys.oms.funding import FUNDING, Movements, shares
from tradingsys.oms.session_book import Incarnation, SessionBook

D = Decimal
amounts = st.decimals(-1000, 1000, places=8)
nets = st.dictionaries(st.integers(-1, 9), st.decimals(-50, 50, places=3), max_size=6)


@given(amounts, nets)
def test_shares_sum_to_the_amount_exactly(amount: Decimal, held: dict[int, Decimal]) -> None:
    parts = shares(amount, held)
    assert sum(parts.values()) == amount
    total = sum(held.values(), D(0))
    if not total:
        assert parts == {EXTERNAL: amount}
        return
    assert parts.keys() <= {session for session, net in held.items() if net}
    largest = max(abs(net) for net in held.values())
    for session, part in parts.items():
        exact = amount * held[session] / total
        slack = D("1e-8") * (len(held) if abs(held[session]) == largest else 1)
        assert abs(part - exact) <= slack
        assert part == part.quantize(D("1e-8"))


@given(amounts, nets)
def test_shares_are_the_same_whoever_is_named_first(amount: Decimal, held: dict[int, Decimal]) -> None:
    assert shares(amount, held) == shares(amount, dict(reversed(held.items())))


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 3), st.integers(-5, 5).map(Decimal)), max_size=20))
def test_what_was_held_is_what_is_held_less_what_came_after(moves: list[tuple[int, int, Decimal]]) -> None:
    movements = Movements()
    for ts_ms, session, delta in moves:
        movements.add(SYMBOL, ts_ms, session, delta)
    now = {each: sum((delta for _, session, delta in moves if session == each), D(0)) for each in (1, 2, 3)}
    movements.forget_until(4)
    for at_ms in range(4, 22):
        then = movements.nets_at(SYMBOL, at_ms, now)
        assert then == {
            each: sum((delta for ts_ms, session, delta in moves if session == each and ts_ms <= at_ms), D(0))
            for each in (1, 2, 3)
        }


def income(number: int, amount: str, at_ms: int, symbol: str = SYMBOL) -> Income:
    return Income(FUNDING, symbol, "USDT", D(amount), f"t{number}", EPOCH + at_ms)


class World:
    """Tables over one pos.db: `restart` opens the book anew from what was kept."""

    def __init__(self) -> None:
        self.rows: list[Record] = []
        self.table = self._opened(saved())
        self.table.book.enter_symbol(SYMBOL, 100, D(0), EPOCH)
        self.keep()

    def keep(self) -> None:
        self.rows += [effect.record for effect in kinds(self.table.book.take_effects(), Save)]

    def restart(self) -> None:
        """The process dies: what was not kept is lost."""
        now_ns = self.table.now_ns
        self.table = self._opened(self._saved())
        self.table.now_ns = now_ns

    def ledger(self) -> dict[str, dict[int, Decimal]]:
        found: dict[str, dict[int, Decimal]] = {}
        for row in self.rows:
            if isinstance(row, LedgerRecord):
                assert row.session not in found.setdefault(row.ext_id, {}), "booked twice"
                found[row.ext_id][row.session] = row.amount
        return found

    def trade(self, session: int, trade_id: int, qty: str, side: Side = Side.BUY) -> None:
        """Executed at EPOCH + trade_id."""
        seq, order_id = trade_id, str(trade_id)
        self.table.book.track(intent(session, seq, side, qty))
        told = facts(
            fill(trade_id, order_id, qty, side), client_order_id=client_id(session, seq), venue_order_id=order_id
        )
        self.table.book.learn(told, SYMBOL, EPOCH)
        self.keep()

    def _opened(self, remembered: Saved) -> Table:
        book = SessionBook(remembered)
        book.begin(Incarnation(book.lineage, EPOCH, EPOCH, EPOCH + 10_000))
        return Table(book=book)

    def _saved(self) -> Saved:
        marks = {row.kind: row for row in self.rows if isinstance(row, LedgerMarkRecord)}
        mark_ms = marks[FUNDING].ts_ms if marks else 0
        watermarks = {row.symbol: row for row in self.rows if isinstance(row, WatermarkRecord)}
        watermark = watermarks[SYMBOL].trade_id if watermarks else 0
        fills = {row.fill.key: row for row in self.rows if isinstance(row, FillRecord)}
        performance = {(row.session, row.symbol): row for row in self.rows if isinstance(row, PerformanceRecord)}
        positions = {(row.session, row.symbol): row for row in self.rows if isinstance(row, PositionRecord)}
        return saved(
            symbols=tuple(row for row in self.rows if isinstance(row, SymbolRecord)),
            watermarks=tuple(watermarks.values()),
            fills=tuple(
                row for row in fills.values() if row.fill.ts_event_ms >= mark_ms or int(row.fill.exec_id) >= watermark
            ),
            positions=tuple(positions.values()),
            performance=tuple(performance.values()),
            adjustments=tuple(row for row in self.rows if isinstance(row, AdjustmentRecord)),
            ledger=tuple(row for row in self.rows if isinstance(row, LedgerRecord) and row.ts_ms >= mark_ms),
            ledger_marks=tuple(marks.values()),
        )


@pytest.fixture
def world() -> World:
    return World()


def pull(world: World, rows: tuple[Income, ...], history: tuple[Order, ...] = ()) -> None:
    """One reading from start to end."""
    table = world.table
    table.start("pull", table.recovery.pull_funding())
    query = table.answer(rows)
    assert isinstance(query, IncomeQuery) and query.kind == FUNDING
    while "pull" not in table.ended:
        if table.asked():
            assert isinstance(table.answer(history), TradesQuery)
        table.wait(500)
    table.ended.clear()
    world.keep()


def test_everybody_bears_what_it_held_at_that_instant(world: World) -> None:
    world.trade(1, 100, "3")
    world.trade(2, 150, "1")
    world.trade(1, 300, "5", Side.SELL)
    world.table.wait(10_000)
    pull(world, (income(1, "-0.8", 200), income(2, "0.1", 310)))
    assert world.ledger() == {"t1": {1: D("-0.6"), 2: D("-0.2")}, "t2": {1: D("0.2"), 2: D("-0.1")}}
    assert world.table.book.position(1, SYMBOL).funding == {"USDT": D("-0.4")}
    assert world.table.book.position(2, SYMBOL).funding == {"USDT": D("-0.3")}


def test_trades_of_that_time_are_read_before(world: World) -> None:
    world.trade(1, 100, "3")
    world.table.book.track(intent(2, 7))
    table = world.table
    table.start("pull", table.recovery.pull_funding())
    table.answer((income(1, "-0.4", 200),))
    assert table.asked() == [], "history may not show yet what was traded before"
    table.wait(3_000)
    late = facts(fill(150, "9", "1"), client_order_id=None, venue_order_id="9")
    assert isinstance(table.answer((late,)), TradesQuery)
    table.start("whose", table.recovery.attribute(SYMBOL, "9"))
    table.wait(1_000)
    assert "pull" not in table.ended, "nobody knows yet who bore it"
    assert isinstance(table.answer(facts(client_order_id=client_id(2, 7), venue_order_id="9")), OrderQuery)
    table.wait(1_000)
    world.keep()
    assert world.ledger() == {"t1": {1: D("-0.3"), 2: D("-0.1")}}


def test_rows_that_are_read_again_are_not_booked_again(world: World) -> None:
    world.trade(1, 100, "3")
    world.table.wait(10_000)
    rows = (income(1, "-0.8", 200),)
    pull(world, rows)
    pull(world, rows)
    world.restart()
    pull(world, rows)
    assert world.ledger() == {"t1": {1: D("-0.8")}}
    assert world.table.book.position(1, SYMBOL).funding == {"USDT": D("-0.8")}


def test_the_mark_follows_at_a_distance_and_reading_starts_there(world: World) -> None:
    world.trade(1, 100, "3")
    world.table.wait(200_000)
    pull(world, (income(1, "-0.8", 200),))
    mark_ms = world.table.book.ledger_marks[FUNDING]
    assert EPOCH < mark_ms < EPOCH + 198_000
    world.restart()
    world.table.start("pull", world.table.recovery.pull_funding())
    assert world.table.asked() == [IncomeQuery(FUNDING, mark_ms)]
    assert world.table.book.position(1, SYMBOL).funding == {"USDT": D("-0.8")}


@pytest.mark.parametrize(("paid_ms", "mark_ms"), [(50_000, 50_000), (199_000, 140_000)])
def test_the_mark_stays_before_what_cannot_be_shared_yet(world: World, paid_ms: int, mark_ms: int) -> None:
    table = world.table
    refusals = table.recovery._inquiry.refusals
    refusals.read_rules(())
    refusals.failed(TradesQuery(SYMBOL), UnknownSymbol(-1121, "Invalid symbol."))
    world.trade(1, 100, "3")
    table.wait(200_000)
    refusals.failed(TradesQuery(SYMBOL), UnknownSymbol(-1121, "Invalid symbol."))
    pull(world, (income(1, "-0.8", paid_ms), income(2, "-0.1", 199_500, "ADAUSDT")))
    assert world.ledger() == {"t2": {EXTERNAL: D("-0.1")}}
    assert mark_ms - 100 < table.book.ledger_marks[FUNDING] - EPOCH <= mark_ms, "but for the doubt about the clock"


def test_the_first_reading_starts_where_the_book_does(world: World) -> None:
    world.table.start("pull", world.table.recovery.pull_funding())
    [query] = world.table.asked()
    assert isinstance(query, IncomeQuery) and query.start_ms <= world.table.book.created_ms


def test_what_nobody_held_and_what_nobody_accounts_for_is_external(world: World) -> None:
    world.trade(1, 300, "3")
    world.table.wait(10_000)
    pull(world, (income(1, "-0.8", 200), income(2, "0.1", 310, "ADAUSDT"), income(3, "2", 320, "")))
    assert world.ledger() == {"t1": {EXTERNAL: D("-0.8")}, "t2": {EXTERNAL: D("0.1")}, "t3": {EXTERNAL: D(2)}}


def test_what_was_there_before_the_first_trade_was_held_all_the_time(world: World) -> None:
    world.table.book.enter_symbol("ADAUSDT", 1, D(6), EPOCH + 500)
    world.keep()
    world.table.book.set_net(1, "ADAUSDT", D(2), EPOCH + 600, "set")
    world.keep()
    for _ in range(2):
        world.table.book.pay(income(1, "-0.6", 200, "ADAUSDT"))
        world.table.book.pay(income(2, "-0.6", 700, "ADAUSDT"))
        world.keep()
        world.restart()
    assert world.ledger() == {"t1": {EXTERNAL: D("-0.6")}, "t2": {1: D("-0.2"), EXTERNAL: D("-0.4")}}


def test_sessions_hear_of_it(world: World) -> None:
    world.trade(1, 100, "3")
    world.table.book.pay(income(1, "-0.8", 200))
    [news] = kinds(world.table.book.take_effects(), PositionNews)
    assert news.position.funding == {"USDT": D("-0.8")} and news.position.net == 3


def test_many_rows_come_by_pages_whose_ends_overlap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradingsys.oms.cash_history._PAGE", 2)
    world.trade(1, 100, "3")
    table = world.table
    table.wait(10_000)
    rows = [income(n, "-0.1", at_ms) for n, at_ms in enumerate((200, 210, 210, 210, 220))]
    starts: list[int] = []
    table.start("pull", table.recovery.pull_funding())
    while isinstance(query := table.asked()[0], IncomeQuery):
        starts.append(query.start_ms - EPOCH)
        table.answer(tuple(row for row in rows if row.ts_ms >= query.start_ms)[:2])
    table.answer(())
    world.keep()
    assert starts[1:] == [210, 210, 211], (
        "more of one instant than fit on a page cannot be had, and nobody asks for ever"
    )
    assert world.ledger().keys() == {"t0", "t1", "t2", "t4"}


def test_a_failure_to_read_is_told_and_tried_again_later(world: World) -> None:
    table = world.table
    for _ in range(4):
        table.start("pull", table.recovery.pull_funding())
        table.answer(TransportError("gone", sent=True))
    assert table.ended == ["pull"] * 4
    [alarm] = kinds(table.book.take_effects(), Alarm)
    assert "funding cannot be read" in alarm.text


def test_one_that_was_announced_is_asked_for_until_it_is_there(world: World) -> None:
    world.trade(1, 100, "3")
    table = world.table
    table.wait(10_000)
    table.start("pull", table.recovery.pull_funding(expected=True))
    table.answer(())
    table.start("other", table.recovery.pull_funding())
    assert table.ended == ["other"], "the one under way reads for both"
    table.wait(600)
    table.answer(())
    table.wait(3_000)
    table.answer((income(1, "-0.8", 200),))
    table.answer(())
    assert table.ended == ["other", "pull"] and table.book.position(1, SYMBOL).funding


def test_one_that_is_announced_while_another_reading_is_under_way_is_asked_for_as_often(world: World) -> None:
    world.trade(1, 100, "3")
    table = world.table
    table.wait(10_000)
    table.start("watch", table.recovery.pull_funding())
    table.start("announced", table.recovery.pull_funding(expected=True))
    table.answer(())
    table.answer(())
    table.wait(600)
    table.answer(())
    table.wait(1_100)
    table.answer((income(1, "-0.8", 200),))
    table.answer(())
    assert table.ended == ["announced", "watch"] and table.book.position(1, SYMBOL).funding


cuts = st.lists(st.booleans(), min_size=8, max_size=8)


@given(cuts, cuts)
def test_whatever_is_lost_when_the_process_dies_every_row_is_booked_once(dies: list[bool], kept: list[bool]) -> None:
    world = World()
    world.trade(1, 100, "3")
    world.trade(2, 101, "2", Side.SELL)
    told: list[Income] = []
    for n, (dies_now, is_kept) in enumerate(zip(dies, kept, strict=True)):
        told.append(income(n, f"-0.{n}7", 200 + 40_000 * n))
        world.trade(1 + n % 2, 102 + n, "1")
        world.table.wait(40_000)
        table = world.table
        mark_ms = table.book.ledger_marks.get(FUNDING, 0)
        table.start("pull", table.recovery.pull_funding())
        table.answer(tuple(row for row in told if row.ts_ms >= mark_ms))
        while table.asked():
            table.answer(())
            table.wait(500)
        if is_kept or not dies_now:
            world.keep()
        if dies_now:
            world.restart()
    world.restart()
    pull(world, tuple(row for row in told if row.ts_ms >= world.table.book.ledger_marks.get(FUNDING, 0)))
    ledger = world.ledger()
    assert {row.ext_id: sum(ledger[row.ext_id].values()) for row in told} == {row.ext_id: row.amount for row in told}
    for session in (1, 2, EXTERNAL):
        told_sum = sum((parts.get(session, D(0)) for parts in ledger.values()), D(0))
        assert world.table.book.position(session, SYMBOL).funding.get("USDT", D(0)) == told_sum
