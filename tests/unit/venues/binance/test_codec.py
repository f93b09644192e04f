from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import SHARED, requires_shared
from tests.unit.venues.binance import strategies as some
from tradingsys.core.commands import Income
from tradingsys.core.enums import OrderStatus, OrderType, Side, TimeInForce
from tradingsys.core.market import BestBidOffer, Depth, Kline, Trade
from tradingsys.core.order import Fill, Order, Terms
from tradingsys.core.position import Position
from tradingsys.core.reports import AccountChanged, OrderChanged
from tradingsys.venues.binance import decode, decode_account, decode_algo, encode, encode_algo, encode_market, messages

M = TypeVar("M", bound=messages.Message)


def over_the_wire(message: M) -> M:
    data = encode.to_bytes(message)
    assert b"E+" not in data and b"E-" not in data
    return msgspec.json.decode(data, type=type(message))


@given(some.order_reports())
def test_order_trade_update_tells_the_whole_report(report: OrderChanged) -> None:
    assert decode.order_trade_update(over_the_wire(encode.order_trade_update(report))) == report


@given(some.order_reports(with_fill=True))
def test_trade_lite_tells_the_execution_without_its_fee(report: OrderChanged) -> None:
    told = decode.trade_lite(
        over_the_wire(encode.trade_lite(report, order_qty=Decimal(1), price=None, sent_ms=report.ts_event_ms + 2))
    )
    (fill,) = report.order.fills.values()
    (thin,) = told.order.fills.values()
    assert thin == Fill(
        fill.exec_id, fill.symbol, fill.venue_order_id, fill.side, fill.last_px, fill.last_qty, fill.ts_event_ms,
        is_maker=fill.is_maker is True,
    )  # fmt: skip
    assert (told.symbol, told.ts_event_ms) == (report.symbol, report.ts_event_ms)
    assert told.order.forced == report.order.forced
    assert told.order.terms is None and told.order.accepted
    assert told.order.client_order_ids == report.order.client_order_ids


@given(some.order_reports(with_fill=True), st.data())
def test_the_three_tellings_of_one_execution_are_one_fill(report: OrderChanged, data: st.DataObject) -> None:
    (fill,) = report.order.fills.values()
    fill = msgspec.structs.replace(
        fill, is_maker=fill.is_maker is True, fee=fill.fee or Decimal(0), fee_asset=fill.fee_asset or "USDT"
    )
    full = msgspec.structs.replace(report, order=msgspec.structs.replace(report.order, fills={fill.exec_id: fill}))
    tellings = data.draw(
        st.permutations(
            [
                decode.order_trade_update(over_the_wire(encode.order_trade_update(full))).order,
                decode.trade_lite(over_the_wire(encode.trade_lite(full, order_qty=Decimal(1), price=None))).order,
                decode.user_trade(over_the_wire(encode.user_trade(fill))),
            ]
        )
    )
    merged = tellings[0].merge(tellings[1]).merge(tellings[2]).merge(tellings[0])
    assert merged == full.order


@given(some.order_reports(with_fill=False))
def test_replies_and_queries_tell_everything_but_single_executions(report: OrderChanged) -> None:
    closed = report.order.closed
    told = msgspec.structs.replace(report.order, closed=msgspec.structs.replace(closed, reason="") if closed else None)
    reply, query = encode.order_reply(report.order), encode.order_query(report.order, placed_ms=1)
    assert decode.order_reply(over_the_wire(reply)) == told
    assert decode.order_reply(over_the_wire(query)) == msgspec.structs.replace(told, created_ms=1)
    assert decode.order_reply_changed(reply).order.forced == report.order.forced
    assert b"avgPrice" not in encode.to_bytes(reply)
    assert b"cumQuote" not in encode.to_bytes(reply)
    assert b"avgPrice" in encode.to_bytes(query)


@given(some.algo_orders(1_790_000_000_000), st.booleans())
def test_a_conditional_order_is_told_whole_by_answers_and_by_the_stream(order: Order, is_activated: bool) -> None:
    ts_ms, status = 1_790_000_000_000, order.closed.status if order.closed else "NEW"
    reply = encode_algo.algo_order(order, status=status, placed_ms=1, updated_ms=ts_ms)
    query = encode_algo.algo_query(order, status=status, placed_ms=1, updated_ms=ts_ms)
    update = encode_algo.algo_update(order, status=status, ts_event_ms=ts_ms, is_activated=is_activated)
    replace = msgspec.structs.replace
    closed = replace(order.closed, reason="") if order.closed else None
    told = decode_algo.algo_update(over_the_wire(update))
    placed = replace(order, closed=closed, created_ms=1)
    assert decode_algo.algo_order(over_the_wire(query)) == placed
    assert decode_algo.algo_order(over_the_wire(reply)) == replace(placed, venue_order_id=None)
    assert (told.symbol, told.ts_event_ms) == (update.order.symbol, ts_ms)
    assert order.terms is not None and told.order.terms is not None
    if order.terms.order_type is OrderType.TRAILING_STOP_MARKET:
        # The stream does not tell the rate, so the request's own terms stay the better ones.
        assert told.order.terms.join(replace(order.terms, version_ms=0)) == replace(order.terms, version_ms=0)
    else:
        assert told.order == replace(order, created_ms=ts_ms if status == "NEW" else 0)


@given(some.account_reports)
def test_account_updates_round_trip(report: AccountChanged) -> None:
    assert decode.account_update(over_the_wire(encode.account_update(report))) == report


@given(some.depths)
def test_depth_round_trips(depth: Depth) -> None:
    assert decode.depth_update(over_the_wire(encode_market.depth_update(depth, first_id=1, previous_id=0))) == depth
    assert decode.depth(over_the_wire(encode_market.depth_snapshot(depth)), depth.symbol) == depth


@given(some.best_bid_offers)
def test_best_bid_offer_round_trips(bbo: BestBidOffer) -> None:
    assert decode.book_ticker(over_the_wire(encode_market.book_ticker(bbo))) == bbo


@given(some.trades)
def test_trades_round_trip(trade: Trade) -> None:
    assert decode.agg_trade(over_the_wire(encode_market.agg_trade(trade))) == trade


@given(some.klines)
def test_klines_round_trip(bar: Kline) -> None:
    assert decode.kline(over_the_wire(encode_market.kline(bar))) == bar


@given(some.klines)
def test_bars_of_the_past_tell_all_but_the_ids_of_their_trades(bar: Kline) -> None:
    now_ms = max(bar.close_ms, bar.ts_event_ms) + 1
    data = encode.to_bytes([encode_market.kline_row(bar)])
    (row,) = msgspec.json.decode(data, type=list[messages.KlineRow])
    told = decode.past_kline(row, bar.symbol, bar.interval, now_ms)
    assert told == msgspec.structs.replace(
        bar, ts_event_ms=bar.close_ms, first_trade_id=-1, last_trade_id=-1, is_closed=True
    )
    assert not decode.past_kline(row, bar.symbol, bar.interval, bar.close_ms).is_closed


@given(st.lists(some.incomes, max_size=5))
def test_cash_history_is_told_oldest_first_and_each_row_once(rows: list[Income]) -> None:
    told = decode_account.income(
        over_the_wire(
            messages.IncomeRow(
                symbol=row.symbol, income_type=row.kind, income=encode.decimal_text(row.amount), asset=row.asset,
                info="", time=row.ts_ms, tran_id=int(row.ext_id), trade_id="",
            )
        )
        for row in [*rows, *rows]
    )  # fmt: skip
    assert set(told) == {row for row in told if row in rows}
    assert {(row.kind, row.ext_id) for row in told} == {(row.kind, row.ext_id) for row in rows}
    assert [row.ts_ms for row in told] == sorted(row.ts_ms for row in told)


@pytest.mark.parametrize(
    ("client_order_id", "execution_type", "forced"),
    [
        ("autoclose-7", "CALCULATED", "liquidation"),
        ("my-7", "CALCULATED", "liquidation"),
        ("adl_autoclose", "CALCULATED", "auto-deleveraging"),
        ("settlement_autoclose-7", "TRADE", "settlement"),
        ("delivery_autoclose-7", "TRADE", "settlement"),
        ("my-7", "TRADE", ""),
    ],
)
def test_why_the_exchange_traded_for_the_account(client_order_id: str, execution_type: str, forced: str) -> None:
    reply = messages.OrderReply(
        order_id=1, symbol="AUSDT", status="NEW", client_order_id=client_order_id, price="2", orig_qty="1",
        executed_qty="0", time_in_force="GTC", type="LIMIT", side="BUY", update_time=5,
    )  # fmt: skip
    report = decode.order_reply_changed(reply)
    update = decode.order_trade_update(encode.order_trade_update(report, execution_type=execution_type))
    assert update.order.forced == forced
    assert report.order.forced == ("" if client_order_id == "my-7" else forced)


@pytest.mark.parametrize(("sent", "revision"), [(3, 3), ("3", 3), (msgspec.UNSET, 0), ("somebody else's", 0)])
def test_the_number_of_a_change_is_read_as_text_and_as_number(
    sent: int | str | msgspec.UnsetType, revision: int
) -> None:
    terms = Terms("AUSDT", Side.BUY, OrderType.LIMIT, Decimal(1), Decimal(2), TimeInForce.GTC)
    event = encode.order_trade_update(OrderChanged(Order(("a",), "1", terms, accepted=True), "AUSDT", 5))
    event = msgspec.structs.replace(event, order=msgspec.structs.replace(event.order, modify_id=sent))
    told = decode.order_trade_update(over_the_wire(event)).order.terms
    assert told is not None
    assert told.revision == revision


def test_positions_of_both_sides_add_up_and_flat_ones_are_left_out() -> None:
    rows = [
        encode.position_risk(symbol, Position(Decimal(net)), mark_px=Decimal(2), margin_asset="USDT", updated_ms=1)
        for symbol, net in [("AUSDT", "3"), ("AUSDT", "-1.5"), ("BUSDT", "0.000")]
    ]
    assert decode.positions(rows) == {"AUSDT": Decimal("1.5")}


def test_words_of_next_year_carry_less_meaning_but_break_nothing() -> None:
    reply = over_the_wire(
        messages.OrderReply(
            order_id=1, symbol="AUSDT", status="PENDING_MOON", client_order_id="x", price="2", orig_qty="1",
            executed_qty="0", time_in_force="GTZ", type="ICEBERG", side="BUY", self_trade_prevention_mode="EXPIRE_MOON",
            update_time=5,
        )
    )  # fmt: skip
    order = decode.order_reply(reply)
    assert order.status is OrderStatus.NEW
    assert order.terms is not None
    assert order.terms.order_type is OrderType.LIMIT
    assert order.terms.time_in_force is None
    assert order.terms.self_trade_prevention is None


def test_an_order_for_one_side_or_the_other_or_none() -> None:
    reply = messages.OrderReply(
        order_id=1, symbol="AUSDT", status="NEW", client_order_id="x", price="2", orig_qty="1", executed_qty="0",
        time_in_force="GTX", type="LIMIT", side="BUY", update_time=5,
    )  # fmt: skip
    terms = decode.order_reply(reply).terms
    assert terms is not None
    assert (terms.time_in_force, terms.post_only) == (TimeInForce.GTC, True)
    for broken in (
        {"side": "HOLD"},
        {"orig_qty": "many"},
        {"price": "NaN"},
        {"price": "1E+999999"},
        {"executed_qty": "Infinity"},
        {"executed_qty": "1E-999999"},
    ):
        with pytest.raises(msgspec.ValidationError):
            decode.order_reply(msgspec.structs.replace(reply, **broken))


USER = SHARED / "data" / "binance" / "payloads" / "futures" / "user_data_json"


def recorded(name: str) -> OrderChanged:
    return decode.order_trade_update(msgspec.json.decode(Path(USER, name).read_bytes(), type=messages.OrderTradeUpdate))


@requires_shared
def test_recorded_order_updates_mean_what_they_say() -> None:
    new = recorded("order_update_new.json")
    assert new.order.status is OrderStatus.NEW
    assert not new.order.fills
    assert isinstance(new.order.terms, Terms)
    assert (new.order.terms.price, new.order.terms.stop_px) == (None, Decimal("7103.04"))
    partial = recorded("order_update_trade_partial.json").order
    assert partial.status is OrderStatus.PARTIALLY_FILLED
    assert partial.fills["12345678"].fee == Decimal("0.01")
    assert partial.missing_qty == 0


@requires_shared
@pytest.mark.parametrize("name", ["adl", "calculated", "calculated_pending", "delivery", "insurance", "settlement"])
def test_recorded_trades_of_the_exchange_for_the_account_are_forced(name: str) -> None:
    report = recorded(f"order_update_{name}.json")
    assert report.order.forced
    assert len(report.order.fills) == (name != "calculated_pending")


def test_an_order_that_the_exchange_cannot_know_cannot_be_shown() -> None:
    with pytest.raises(ValueError, match="terms"):
        encode.order_reply(Order(("x",), "1"))
