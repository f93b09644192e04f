"""What a session earned is a function of what happened, not of the order in which it is told."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL
from tradingsys.core.enums import Side
from tradingsys.core.order import Fill
from tradingsys.core.position import Position, SessionPosition
from tradingsys.core.records import BASELINE, AdjustmentRecord, FillRecord, PerformanceRecord
from tradingsys.oms.accounting import Accounting

D = Decimal
FIRST = 100


def trade(
    trade_id: int, side: Side, qty: str, px: str, *, fee: str | None = None, order: str = "1", at_ms: int | None = None
) -> Fill:
    ts_ms = EPOCH + trade_id if at_ms is None else at_ms
    asset = None if fee is None else "USDT"
    return Fill(
        str(trade_id), SYMBOL, order, side, D(px), D(qty), ts_ms, fee=None if fee is None else D(fee), fee_asset=asset
    )


def adjustment(delta: str, at: int, why: str = "set") -> AdjustmentRecord:
    """Right after the trade of this id."""
    return AdjustmentRecord(1, SYMBOL, D(delta), why, EPOCH + at)


def empty() -> Accounting:
    return Accounting((), (), (), {SYMBOL: FIRST})


def held(*events: Fill | AdjustmentRecord) -> SessionPosition:
    accounting = empty()
    for event in events:
        tell(accounting, event)
    return accounting.position(1, SYMBOL)


def told(*events: Fill | AdjustmentRecord) -> SessionPosition:
    """As strategies are told of it."""
    return structs.replace(held(*events), uncosted=D(0), unvalued=D(0))


def tell(accounting: Accounting, event: Fill | AdjustmentRecord) -> None:
    if isinstance(event, Fill):
        accounting.booked(1, event)
    else:
        accounting.adjusted(event)


qtys = st.integers(1, 9).map(str)
pxs = st.integers(90, 110).map(str)


@st.composite
def histories(draw: st.DrawFn) -> list[Fill | AdjustmentRecord]:
    """Trades in the order of their ids, self-trades and adjustments between them."""
    told: list[Fill | AdjustmentRecord] = []
    for trade_id in range(FIRST, FIRST + draw(st.integers(1, 14))):
        side = draw(st.sampled_from(Side))
        fill = trade(trade_id, side, draw(qtys), draw(pxs), fee=draw(st.sampled_from([None, "0.1", "-0.02"])))
        told.append(fill)
        if draw(st.integers(0, 5)) == 0:
            told.append(structs.replace(fill, venue_order_id="2", side=side.opposite))
        if draw(st.integers(0, 5)) == 0:
            told.append(adjustment(draw(st.sampled_from(["1", "-2", "7", "-9"])), trade_id))
    return told


@given(histories(), st.data())
def test_any_order_gives_the_same(history: list[Fill | AdjustmentRecord], data: st.DataObject) -> None:
    expected = held(*history)
    adjustments = [event for event in history if isinstance(event, AdjustmentRecord)]
    # Adjustments are ours: they come in the order in which they are made.
    shuffled = data.draw(st.permutations(history))
    assert held(*(event if isinstance(event, Fill) else adjustments.pop(0) for event in shuffled)) == expected


@given(histories(), st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), min_size=45, max_size=45))
def test_a_restart_anywhere_and_a_watermark_anywhere_change_nothing(
    history: list[Fill | AdjustmentRecord], course: list[tuple[int, bool, bool]]
) -> None:
    """``course``: how many events late each trade is told; whether the watermark follows, and a restart, then."""
    late = {
        n: n + delay * isinstance(event, Fill)
        for n, (event, (delay, _, _)) in enumerate(zip(history, course, strict=False))
    }
    todo = sorted(late, key=lambda n: (late[n], n))
    accounting, kept, watermark = empty(), _Rows(), FIRST
    for step, (_, advances, restarts) in zip(range(len(history)), course, strict=False):
        event = history[todo[step]]
        tell(accounting, event)
        kept.note(event)
        if isinstance(event, AdjustmentRecord):
            kept.performance = (accounting.base(1, SYMBOL),)
        if advances:
            missing = [fill for n in todo[step + 1 :] if isinstance(fill := history[n], Fill)]
            watermark = max(watermark, min((int(fill.exec_id) for fill in missing), default=FIRST + 20))
            for session in accounting.advance(SYMBOL, watermark):
                kept.performance = (accounting.base(session, SYMBOL),)
        if restarts:
            accounting = kept.opened(watermark)
    assert accounting.position(1, SYMBOL) == held(*history) == kept.opened(watermark).position(1, SYMBOL)


class _Rows:
    """pos.db, as far as accounting knows it."""

    def __init__(self) -> None:
        self.performance: tuple[PerformanceRecord, ...] = ()
        self.fills: list[FillRecord] = []
        self.adjustments: list[AdjustmentRecord] = []

    def note(self, event: Fill | AdjustmentRecord) -> None:
        if isinstance(event, Fill):
            self.fills.append(FillRecord(event, 1))
        else:
            self.adjustments.append(event)

    def opened(self, watermark: int) -> Accounting:
        return Accounting(self.performance, self.fills, self.adjustments, {SYMBOL: watermark})


@given(histories())
def test_trades_alone_are_average_cost(history: list[Fill | AdjustmentRecord]) -> None:
    fills = [event for event in history if isinstance(event, Fill)]
    position = Position()
    for fill in fills:
        position = position.after(fill.side, fill.last_qty, fill.last_px)
    told = held(*fills)
    assert (told.net, told.realized_pnl) == (position.net, position.realized_pnl)
    assert told.entry_px == (position.entry_px if position.net else None)


def test_a_late_fill_counts_where_it_belongs() -> None:
    first, second = trade(100, Side.BUY, "1", "100"), trade(101, Side.SELL, "1", "110")
    assert held(second, first) == held(first, second) == SessionPosition(realized_pnl=D(10))


def test_what_an_edit_takes_away_leaves_the_average() -> None:
    bought = trade(100, Side.BUY, "4", "100")
    assert told(bought, adjustment("-1", 100)) == SessionPosition(D(3), D(100))
    assert told(bought, adjustment("-4", 100)) == SessionPosition()
    sold = trade(101, Side.SELL, "3", "101")
    assert told(bought, adjustment("-1", 100), sold) == SessionPosition(realized_pnl=D(3))


def test_what_an_edit_adds_has_no_price_until_the_position_is_flat_or_turned() -> None:
    bought = trade(100, Side.BUY, "4", "100")
    added = (bought, adjustment("1", 100))
    assert told(*added) == SessionPosition(D(5), None)
    reduced = (*added, trade(101, Side.SELL, "2", "200"))
    assert told(*reduced) == SessionPosition(D(3), None), "what that earned cannot be told"
    flat = (*reduced, trade(102, Side.SELL, "3", "200"), trade(103, Side.BUY, "1", "90"))
    assert told(*flat) == SessionPosition(D(1), D(90))
    turned = (*reduced, trade(102, Side.SELL, "5", "200"), trade(103, Side.BUY, "1", "190"))
    assert told(*turned) == SessionPosition(D(-1), D(200), D(10))
    assert told(bought, adjustment("-6", 100)) == SessionPosition(D(-2), None), "turned by an edit"


@given(histories(), st.integers(80, 120), st.integers(80, 120))
def test_what_it_earns_is_known_but_for_what_edits_were_worth(
    history: list[Fill | AdjustmentRecord], edit_px: int, px: int
) -> None:
    """Cash that executions brought, and what is held, less what edits brought of that."""
    accounting, cash = empty(), D(0)
    for event in history:
        tell(accounting, event)
        if isinstance(event, AdjustmentRecord):
            assert accounting.valued(1, SYMBOL, D(edit_px)) and not accounting.valued(1, SYMBOL, D(edit_px))
            cash -= event.delta * edit_px
        else:
            cash -= event.signed_qty * event.last_px
    position = accounting.position(1, SYMBOL)
    earned = position.realized_pnl + position.uncosted + (px - (position.entry_px or 0)) * position.net
    assert abs(earned - (cash + position.net * px)) < D("1e-20")


def test_the_baseline_was_there_before_the_first_trade() -> None:
    accounting = empty()
    accounting.booked(1, trade(100, Side.BUY, "1", "100"))
    accounting.adjusted(adjustment("5", 200, BASELINE))
    assert accounting.position(1, SYMBOL) == SessionPosition(D(6), None, uncosted=D(-100), unvalued=D(5))


def test_a_fee_that_becomes_known_late_counts_once() -> None:
    accounting = empty()
    thin, whole = trade(100, Side.BUY, "1", "100"), trade(100, Side.BUY, "1", "100", fee="0.05")
    accounting.booked(1, thin)
    assert accounting.joined(1, thin, whole) is False
    assert accounting.position(1, SYMBOL).fees == {"USDT": D("0.05")}
    assert accounting.advance(SYMBOL, 101) == [1]
    assert accounting.base(1, SYMBOL).fees == {"USDT": D("0.05")}
    other = trade(101, Side.BUY, "1", "100")
    accounting.booked(1, other)
    accounting.advance(SYMBOL, 102)
    assert accounting.joined(1, other, trade(101, Side.BUY, "1", "100", fee="0.01")) is True, "the base changed"
    assert accounting.position(1, SYMBOL).fees == {"USDT": D("0.06")} == accounting.base(1, SYMBOL).fees


def test_a_net_that_rows_do_not_explain_has_no_price() -> None:
    accounting = empty()
    accounting.booked(1, trade(100, Side.BUY, "1", "100"))
    accounting.correct(1, SYMBOL, D(1))
    assert accounting.position(1, SYMBOL).entry_px == 100
    accounting.correct(1, SYMBOL, D(3))
    assert accounting.position(1, SYMBOL) == SessionPosition(D(3), None, uncosted=D(-100))
