"""What a session earned where assets are traded: fees in the base asset are a cost, and no sale."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.unit.oms.books import EPOCH
from tradingsys.core.contract import quote_amount
from tradingsys.core.enums import Side
from tradingsys.core.order import Fill
from tradingsys.core.position import Pair, SessionPosition
from tradingsys.core.records import AdjustmentRecord, FillRecord, PerformanceRecord
from tradingsys.oms.accounting import Accounting
from tradingsys.oms.asset_totals import Flow, asset_totals, movements

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
SYMBOL, PAIR = "BNBUSDT", Pair("BNB", "USDT")
FIRST = 100


def trade(trade_id: int, side: Side, qty: str, px: str, fee: str | None = None, asset: str = "BNB") -> Fill:
    fill = Fill(str(trade_id), SYMBOL, "1", side, D(px), D(qty), EPOCH + trade_id)
    return fill if fee is None else structs.replace(fill, fee=D(fee), fee_asset=asset)


def adjustment(delta: str, at: int) -> AdjustmentRecord:
    return AdjustmentRecord(1, SYMBOL, D(delta), "set", EPOCH + at)


def opened(
    performance: tuple[PerformanceRecord, ...] = (),
    fills: tuple[FillRecord, ...] = (),
    adjustments: tuple[AdjustmentRecord, ...] = (),
    watermark: int = FIRST,
) -> Accounting:
    return Accounting(performance, fills, adjustments, {SYMBOL: watermark}, {SYMBOL: PAIR})


def held(*events: Fill | AdjustmentRecord) -> SessionPosition:
    accounting = opened()
    for event in events:
        if isinstance(event, Fill):
            accounting.booked(1, event)
        else:
            accounting.adjusted(event)
    return accounting.position(1, SYMBOL)


def test_a_round_trip_of_what_can_be_sold_is_flat() -> None:
    bought = trade(100, BUY, "1", "100", "0.001")
    assert held(bought) == SessionPosition(D("0.999"), D(100), D(0), {"BNB": D("0.001")}, {}, D(1))
    sold = trade(101, SELL, "0.999", "110", "0.11", "USDT")
    fees = {"BNB": D("0.001"), "USDT": D("0.11")}
    assert held(bought, sold) == SessionPosition(D(0), None, D("9.990"), fees, {}, D("0.001"))


def test_what_a_fee_takes_of_nothing_is_short_at_its_executions_price() -> None:
    sold = trade(100, SELL, "1", "100", "0.5")
    assert held(sold) == SessionPosition(D("-1.5"), D(100), D(0), {"BNB": D("0.5")}, {}, D(-1))
    dearer = trade(101, SELL, "1", "200", "0.5")
    assert held(sold, dearer).entry_px == D(150)
    back = trade(101, BUY, "1.5", "90", "0.1")
    assert held(sold, back) == SessionPosition(D("-0.1"), D(90), D(15), {"BNB": D("0.6")}, {}, D("0.5"))


def test_a_rebate_is_bought_at_its_executions_price() -> None:
    assert held(trade(100, BUY, "1", "100", "-0.5")) == SessionPosition(
        D("1.5"), D(100), D(0), {"BNB": D("-0.5")}, {}, D(1)
    )
    assert held(trade(100, SELL, "1", "100", "-0.5")).net == D("-0.5")


def test_a_fee_does_not_price_what_an_edit_set() -> None:
    unpriced = (adjustment("5", 99), trade(100, BUY, "1", "100", "0.5"))
    assert held(*unpriced) == SessionPosition(D("5.5"), None, D(0), {"BNB": D("0.5")}, {}, D(1), D(-50), D(5))
    turned = (adjustment("0.2", 99), trade(100, SELL, "0.1", "100", "0.5"))
    assert held(*turned) == SessionPosition(D("-0.4"), D(100), D(0), {"BNB": D("0.5")}, {}, D("-0.1"), D(20), D("0.2"))


def test_a_fee_that_becomes_known_late_is_taken_once() -> None:
    accounting = opened()
    thin, whole = trade(100, BUY, "1", "100"), trade(100, BUY, "1", "100", "0.05")
    accounting.booked(1, thin)
    accounting.booked(1, trade(101, SELL, "1", "110"))
    assert accounting.joined(1, thin, whole) is False
    assert accounting.position(1, SYMBOL) == held(whole, trade(101, SELL, "1", "110"))
    assert accounting.advance(SYMBOL, 102) == [1]
    base = accounting.base(1, SYMBOL)
    assert (base.net, base.executed, base.quote_flow, base.fees) == (D("-0.05"), D(0), D(10), {"BNB": D("0.05")})
    other = trade(102, BUY, "1", "100")
    accounting.booked(1, other)
    accounting.advance(SYMBOL, 103)
    assert accounting.joined(1, other, trade(102, BUY, "1", "100", "0.01")) is True, "the base changed"
    assert accounting.position(1, SYMBOL).net == accounting.base(1, SYMBOL).net == D("0.94")


def test_amounts_of_the_quote_asset_have_eight_decimals() -> None:
    assert quote_amount(D("0.0356"), D("0.033799")) == D("0.00120324")
    assert str(quote_amount(D("1"), D("2"))) == "2"
    fill = trade(100, SELL, "0.0356", "0.033799", "0.1", "USDT")
    assert movements(fill, PAIR) == {"BNB": D("-0.0356"), "USDT": D("-0.09879676")}


def test_fees_in_all_assets_and_rows_of_the_ledger_come_together() -> None:
    flows = [
        Flow(1, PAIR, D("0.9"), D(-10), {"BNB": D("0.1"), "USDT": D("0.2"), "BTC": D("0.3")}),
        Flow(1, Pair("BTC", "BNB"), D(1), D(-4), {"BTC": D("0.01")}),
        Flow(-1, PAIR, D(0), D(0), {}),
    ]
    assert asset_totals(flows, {(1, "BTC"): D("-0.05"), (-1, "USDT"): D(7)}) == {
        1: {"BNB": D("-3.1"), "USDT": D("-10.2"), "BTC": D("0.65")},
        -1: {"BNB": D(0), "USDT": D(7)},
    }


@st.composite
def histories(draw: st.DrawFn) -> list[Fill | AdjustmentRecord]:
    told: list[Fill | AdjustmentRecord] = []
    for trade_id in range(FIRST, FIRST + draw(st.integers(1, 12))):
        side, qty, px = draw(st.sampled_from(Side)), draw(st.integers(1, 9)), draw(st.integers(90, 110))
        fee = draw(st.sampled_from(["0.1", "-0.02", "0", "2"]))
        told.append(trade(trade_id, side, str(qty), str(px), fee, draw(st.sampled_from(["BNB", "USDT", "BTC"]))))
        if draw(st.integers(0, 5)) == 0:
            told.append(adjustment(draw(st.sampled_from(["1", "-2", "7"])), trade_id))
    return told


@given(histories(), st.data())
def test_any_order_and_fees_at_any_time_give_the_same(
    history: list[Fill | AdjustmentRecord], data: st.DataObject
) -> None:
    expected = held(*history)
    adjustments = [event for event in history if isinstance(event, AdjustmentRecord)]
    accounting, lacking = opened(), list[tuple[Fill, Fill]]()
    for event in data.draw(st.permutations(history)):
        if isinstance(event, AdjustmentRecord):
            accounting.adjusted(adjustments.pop(0))
        elif data.draw(st.booleans()):
            accounting.booked(1, event)
        else:
            lacking.append((structs.replace(event, fee=None, fee_asset=None), event))
            accounting.booked(1, lacking[-1][0])
        is_told = data.draw(st.booleans())
        if lacking and is_told:
            accounting.joined(1, *lacking.pop())
    for before, after in lacking:
        accounting.joined(1, before, after)
    assert accounting.position(1, SYMBOL) == expected
    fills = [event for event in history if isinstance(event, Fill)]
    edits = sum((event.delta for event in history if isinstance(event, AdjustmentRecord)), D(0))
    [flow] = accounting.flows() or [Flow(1, PAIR, D(0), D(0), {})]
    totals = asset_totals([flow], {})[1]
    for asset in ("BNB", "USDT", "BTC"):
        moved = sum((movements(fill, PAIR).get(asset, D(0)) for fill in fills), D(0))
        assert totals.get(asset, D(0)) == moved + (edits if asset == "BNB" else 0)


@given(histories(), st.lists(st.tuples(st.booleans(), st.booleans()), min_size=30, max_size=30))
def test_a_restart_anywhere_and_a_watermark_anywhere_change_nothing(
    history: list[Fill | AdjustmentRecord], course: list[tuple[bool, bool]]
) -> None:
    accounting, watermark = opened(), FIRST
    performance: tuple[PerformanceRecord, ...] = ()
    for step, (event, (advances, restarts)) in enumerate(zip(history, course, strict=False), 1):
        if isinstance(event, Fill):
            accounting.booked(1, event)
        else:
            accounting.adjusted(event)
            performance = (accounting.base(1, SYMBOL),)
        if advances:
            watermark = FIRST + sum(isinstance(each, Fill) for each in history[:step])
            for session in accounting.advance(SYMBOL, watermark):
                performance = (accounting.base(session, SYMBOL),)
        if restarts:
            fills = tuple(FillRecord(each, 1) for each in history[:step] if isinstance(each, Fill))
            edits = tuple(each for each in history[:step] if isinstance(each, AdjustmentRecord))
            accounting = opened(performance, fills, edits, watermark)
    assert accounting.position(1, SYMBOL) == held(*history)
    [flow] = accounting.flows()
    assert flow.quote_flow == sum(
        (movements(each, Pair("X", "Y"))["Y"] for each in history if isinstance(each, Fill)), D(0)
    )
