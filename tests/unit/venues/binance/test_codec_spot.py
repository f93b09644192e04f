from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.shared_data import SHARED, requires_shared
from tests.unit.venues.binance import spot_strategies as some
from tests.unit.venues.binance.spot_codec import ORDER, TERMS, D, over_the_wire, report
from tests.unit.venues.binance.strategies import client_ids, quantities
from tradingsys.core.enums import OrderStatus, OrderType, Side
from tradingsys.core.order import Closed, Fill, Order, Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.venues.binance import decode_spot, encode_spot, words
from tradingsys.venues.binance.encode_spot import Progress
from tradingsys.venues.binance.messages import spot


def beside(order: Order, progress: Progress, *, created: bool = True, working: bool = True) -> Order:
    """With what the exchange shows beside the order's facts."""
    is_working = working and progress.working_ms is not None and progress.working_ms > 0
    return replace(order, working=is_working, created_ms=progress.created_ms if created else 0)


def learned(order: Order) -> Order:
    """What the order looks like to whoever is told of it: how much an amount of quote comes to is known at its end."""
    terms = order.terms
    assert terms is not None
    if terms.quote_order_qty is None or order.status is OrderStatus.FILLED:
        return order
    return replace(order, terms=replace(terms, version_ms=-1))


@given(some.order_reports(), some.progresses)
def test_an_execution_report_tells_the_whole_report(told: OrderChanged, progress: Progress) -> None:
    expected = replace(told, order=beside(learned(told.order), progress))
    assert decode_spot.execution_report(over_the_wire(encode_spot.execution_report(told, progress))) == expected


@given(some.order_reports(has_fill=False), some.progresses)
def test_replies_and_queries_tell_everything_but_single_executions(told: OrderChanged, progress: Progress) -> None:
    reply, query = encode_spot.order_reply(told.order, progress), encode_spot.order_query(told.order, progress)
    expected = learned(told.order)
    assert decode_spot.order_reply(over_the_wire(reply)) == beside(expected, progress, created=False)
    assert decode_spot.order_reply(over_the_wire(query)) == beside(expected, progress)
    assert decode_spot.order_reply_changed(query) == replace(told, order=beside(expected, progress))


@given(some.order_reports(has_fill=True), some.progresses)
def test_a_full_reply_tells_its_executions_with_their_fees(told: OrderChanged, progress: Progress) -> None:
    """They took: what rests executes after the answer."""
    (fill,) = told.order.fills.values()
    fill = replace(fill, is_maker=False, fee=fill.fee or D(0), fee_asset=fill.fee_asset or "USDT")
    order = replace(told.order, fills={fill.exec_id: fill})
    reply = encode_spot.full(encode_spot.order_reply(order, progress), [fill])
    assert decode_spot.order_reply(over_the_wire(reply)) == beside(learned(order), progress, created=False)


@given(some.order_reports(has_fill=True), st.booleans(), st.data())
def test_the_three_tellings_of_one_execution_are_one_fill(
    told: OrderChanged, is_margin: bool, data: st.DataObject
) -> None:
    (fill,) = told.order.fills.values()
    fill = replace(fill, is_maker=fill.is_maker is True, fee=fill.fee or D(0), fee_asset=fill.fee_asset or "USDT")
    order = replace(told.order, fills={fill.exec_id: fill})
    reply = encode_spot.full(encode_spot.order_reply(order), [fill])
    trade = encode_spot.user_trade(fill, list_id=int(order.list_id or -1), is_margin=is_margin)
    tellings = data.draw(
        st.permutations(
            [
                decode_spot.execution_report(over_the_wire(encode_spot.execution_report(replace(told, order=order)))),
                decode_spot.order_reply_changed(over_the_wire(reply)),
                replace(told, order=decode_spot.user_trade(over_the_wire(trade))),
            ]
        )
    )
    merged = tellings[0].order.merge(tellings[1].order).merge(tellings[2].order).merge(tellings[0].order)
    assert merged == learned(order)


@given(some.order_reports(has_fill=False), client_ids)
def test_a_cancellations_own_id_is_no_id_of_the_order(told: OrderChanged, cancel_id: str) -> None:
    event = encode_spot.execution_report(told, execution_type="CANCELED", cancel_id=cancel_id)
    reply = encode_spot.cancel_reply(told.order, cancel_id=cancel_id)
    assert (event.client_order_id, event.original_client_order_id) == (cancel_id, told.order.client_order_ids[0])
    expected = learned(told.order)
    assert decode_spot.execution_report(over_the_wire(event)) == replace(told, order=expected)
    assert decode_spot.order_reply(over_the_wire(reply)) == expected


@given(some.order_reports(has_fill=False), client_ids)
def test_after_an_amend_the_order_is_known_by_both_ids(told: OrderChanged, former_id: str) -> None:
    event = encode_spot.execution_report(told, execution_type="REPLACED", former_id=former_id)
    order = replace(told.order, client_order_ids=tuple(sorted({former_id, *told.order.client_order_ids})))
    assert decode_spot.execution_report(over_the_wire(event)).order == learned(order)


def test_an_amends_answer_tells_the_smaller_order_and_the_number_of_its_request() -> None:
    smaller = replace(ORDER, terms=replace(TERMS, order_qty=D("0.3")))
    reply = encode_spot.amend_reply(smaller, Progress(working_ms=1990), execution_id=60, former_id="my-7")
    told = decode_spot.amend_reply(over_the_wire(reply), revision=2)
    assert smaller.terms is not None
    assert told == report(replace(smaller, terms=replace(smaller.terms, revision=2), working=True))
    renamed = encode_spot.amend_reply(smaller, execution_id=60, former_id="before")
    assert decode_spot.amend_reply(renamed).order.client_order_ids == ("before", "my-7")


def test_an_ack_tells_ids_and_that_the_order_was_taken() -> None:
    told = decode_spot.order_reply_changed(over_the_wire(encode_spot.ack(ORDER, transact_ms=2001)))
    assert told == report(Order(("my-7",), "28", accepted=True))


@pytest.mark.parametrize(
    ("told", "is_working"),
    [
        ({"is_working": True, "working_time": 1990}, True),
        ({"is_working": True, "working_time": -1}, False),
        ({"is_working": False, "working_time": -1}, False),
        ({"is_working": True}, True),
        ({"is_working": False}, False),
        ({}, False),
    ],
)
def test_what_stands_in_the_book_says_so_by_its_time_or_where_there_is_none_by_a_word(
    told: dict[str, int], is_working: bool
) -> None:
    stop = replace(TERMS, order_type=OrderType.STOP_LIMIT, stop_px=D(2900))
    reply = replace(encode_spot.order_reply(replace(ORDER, terms=stop)), working_time=msgspec.UNSET)
    assert decode_spot.order_reply(over_the_wire(replace(reply, **told))).working is is_working


def test_an_order_that_waits_for_another_is_accepted_and_open() -> None:
    order = replace(ORDER, list_id="4")
    event = encode_spot.execution_report(report(order), Progress(status="PENDING_NEW"))
    told = decode_spot.execution_report(over_the_wire(event)).order
    assert (event.order_status, event.execution_type, event.is_working) == ("PENDING_NEW", "NEW", False)
    assert told == order
    assert told.status is OrderStatus.NEW


def test_a_rejection_says_why() -> None:
    why = words.SPOT_REASONS["INSUFFICIENT_BALANCES"]
    order = replace(ORDER, accepted=False, closed=Closed(OrderStatus.REJECTED, 2001, reason=why))
    event = over_the_wire(encode_spot.execution_report(report(order)))
    assert (event.execution_type, event.reject_reason) == ("REJECTED", "INSUFFICIENT_BALANCES")
    assert decode_spot.execution_report(event).order == order
    unknown = decode_spot.execution_report(replace(event, reject_reason="A_REASON_OF_NEXT_YEAR")).order
    assert unknown.closed is not None
    assert unknown.closed.reason == "A_REASON_OF_NEXT_YEAR"


def test_what_was_prevented_can_execute_no_more() -> None:
    progress = Progress(prevented_qty=D("0.2"), prevented_match_id=7)
    event = encode_spot.execution_report(
        report(replace(ORDER, venue_cum_qty=D("0.1"))), progress, execution_type="TRADE_PREVENTION"
    )
    told = decode_spot.execution_report(over_the_wire(event)).order
    assert (told.leaves_qty, told.status) == (D("0.2"), OrderStatus.PARTIALLY_FILLED)
    assert decode_spot.order_reply(encode_spot.order_query(ORDER, progress)).leaves_qty == D("0.3")
    closed = Closed(OrderStatus.EXPIRED_IN_MATCH, 2001)
    ended = replace(ORDER, venue_cum_qty=D("0.3"), closed=closed)
    event = over_the_wire(encode_spot.execution_report(report(ended), progress))
    assert event.execution_type == "TRADE_PREVENTION"
    assert decode_spot.execution_report(event).order == ended


def test_what_is_filled_was_as_large_as_what_was_executed() -> None:
    """What was prevented is not told with every report, nor need a quantity that was only estimated be true."""
    fill = Fill("5", "ETHUSDT", "28", Side.SELL, D(3011), D("0.3"), 2002)
    waits = decode_spot.execution_report(encode_spot.execution_report(report(), Progress(prevented_qty=D("0.2")))).order
    done = report(replace(ORDER, venue_cum_qty=D("0.3"), fills={"5": fill}))
    told = decode_spot.execution_report(encode_spot.execution_report(done, Progress(status="FILLED"))).order
    for order in (told, waits.merge(told), told.merge(waits)):
        assert (order.status, order.leaves_qty) == (OrderStatus.FILLED, D(0))


@pytest.mark.parametrize("terms", [TERMS, replace(TERMS, order_type=OrderType.STOP_LIMIT, stop_px=D(2900))])
def test_what_is_rejected_in_its_turn_had_been_accepted_and_is_over(terms: Terms) -> None:
    waits = replace(ORDER, terms=terms, list_id=None if terms.order_type.is_conditional else "4")
    rejected = replace(waits, accepted=False, closed=Closed(OrderStatus.REJECTED, 2005))
    event = replace(encode_spot.execution_report(report(rejected)), reject_reason="INSUFFICIENT_BALANCES")
    for told in (
        decode_spot.execution_report(event).order,
        decode_spot.order_reply(encode_spot.order_query(rejected)),
    ):
        for order in (waits.merge(told), told.merge(waits)):
            assert order.status is OrderStatus.EXPIRED and not order.leaves_qty
            assert order.closed is not None and order.closed.reason.startswith("rejected in its turn")


def test_an_execution_by_smart_order_routing_has_no_trade_id_and_is_no_fill() -> None:
    fill = Fill("5", "ETHUSDT", "28", Side.SELL, D(3011), D("0.2"), 2001)
    order = replace(ORDER, venue_cum_qty=D("0.2"), fills={"5": fill})
    event = replace(encode_spot.execution_report(report(order)), trade_id=-1, allocation_id=3, match_type="SOR")
    told = decode_spot.execution_report(over_the_wire(event)).order
    assert (told.fills, told.missing_qty) == ({}, D("0.2"))
    row = spot.OrderFill(price="1", qty="1", commission="0", commission_asset="ETH", trade_id=-1, alloc_id=3)
    assert not decode_spot.order_reply(replace(encode_spot.order_reply(ORDER), fills=[row])).fills


@given(quantities, st.permutations([0, 1, 2]))
def test_a_market_order_for_an_amount_of_quote_is_as_large_as_what_it_bought(
    cum_qty: Decimal, order_of_arrival: list[int]
) -> None:
    """However its reports of one millisecond arrive, and although they do not say how much was ordered."""
    terms = replace(TERMS, order_type=OrderType.MARKET, price=None, order_qty=D(0), quote_order_qty=D(100))
    asked = replace(ORDER, terms=replace(terms, time_in_force=None, version_ms=0))
    fill = Fill("5", "ETHUSDT", "28", Side.SELL, D(3011), cum_qty, 2001)
    done = replace(asked, venue_cum_qty=cum_qty, fills={"5": fill})
    events = [
        encode_spot.execution_report(report(asked)),
        encode_spot.execution_report(report(done)),
        encode_spot.execution_report(report(done), Progress(status="FILLED")),
    ]
    told = asked
    for number in order_of_arrival:
        message = replace(events[number], order_qty="0.00000000", quote_order_qty="100.00000000")
        told = told.merge(decode_spot.execution_report(over_the_wire(message)).order)
    assert told.status is OrderStatus.FILLED
    assert (
        decode_spot.order_reply(encode_spot.order_reply(done, Progress(status="FILLED"))).status is OrderStatus.FILLED
    )


@given(st.permutations([0, 1, 2]), st.sampled_from(["0.5", "0.51", "0.52"]))
def test_an_estimate_of_what_an_amount_of_quote_comes_to_is_no_quantity(
    order_of_arrival: list[int], estimate: str
) -> None:
    terms = replace(TERMS, order_type=OrderType.MARKET, price=None, time_in_force=None, quote_order_qty=D(30_000))
    fill = Fill("5", "ETHUSDT", "28", Side.SELL, D(3011), D("0.51"), 2001)
    done = replace(ORDER, terms=terms, venue_cum_qty=D("0.51"), fills={"5": fill})
    events = [
        encode_spot.execution_report(report(replace(ORDER, terms=terms)), Progress(status="NEW")),
        encode_spot.execution_report(report(done), Progress(status="PARTIALLY_FILLED")),
        encode_spot.execution_report(report(done), Progress(status="FILLED")),
    ]
    told = replace(ORDER, terms=replace(terms, order_qty=D(0), version_ms=0))
    for number in order_of_arrival:
        message = replace(events[number], order_qty=estimate)
        told = told.merge(decode_spot.execution_report(over_the_wire(message)).order)
    assert (told.status, told.cum_qty, told.leaves_qty) == (OrderStatus.FILLED, D("0.51"), D(0))


@given(st.booleans())
def test_of_two_tellings_of_one_millisecond_the_smaller_order_is_the_later_one(is_swapped: bool) -> None:
    progress = Progress(prevented_qty=D("0.2"))
    whole = decode_spot.execution_report(encode_spot.execution_report(report())).order
    less = decode_spot.execution_report(encode_spot.execution_report(report(), progress)).order
    merged = less.merge(whole) if is_swapped else whole.merge(less)
    assert merged.leaves_qty == D("0.3")


def test_a_rejected_order_without_an_id_has_none() -> None:
    order = replace(ORDER, accepted=False, closed=Closed(OrderStatus.REJECTED, 2001))
    event = replace(encode_spot.execution_report(report(order)), order_id=-1)
    assert decode_spot.execution_report(event).order == replace(order, venue_order_id=None)


def test_orders_that_the_exchange_makes_for_an_account_are_forced() -> None:
    order = replace(ORDER, client_order_ids=("autoclose-7",), forced="liquidation")
    assert decode_spot.execution_report(encode_spot.execution_report(report(order))).order == order
    assert decode_spot.order_reply(encode_spot.order_query(order)) == order


def test_a_conditional_order_told_without_its_trigger_knows_less_than_its_request() -> None:
    terms = replace(TERMS, order_type=OrderType.STOP_LIMIT, stop_px=D(2900), version_ms=0)
    reply = replace(encode_spot.order_reply(replace(ORDER, terms=terms), transact_ms=2001), stop_price=msgspec.UNSET)
    told = decode_spot.order_reply(reply).terms
    assert told is not None
    assert terms.join(told) == terms


def test_a_stop_loss_that_trails_is_a_trailing_stop() -> None:
    terms = replace(
        TERMS, order_type=OrderType.TRAILING_STOP_MARKET, price=None, callback_rate=D("1.25"), activation_px=D(3100)
    )
    event = encode_spot.execution_report(report(replace(ORDER, terms=terms)))
    assert (event.order_type, event.trailing_delta, event.stop_px, event.trailing_ms) == ("STOP_LOSS", 125, "3100", -1)
    limit = replace(TERMS, order_type=OrderType.STOP_LIMIT, callback_rate=D("0.5"), stop_px=D(2900))
    reply = encode_spot.order_reply(replace(ORDER, terms=limit))
    assert (reply.type, reply.trailing_delta, reply.stop_price) == ("STOP_LOSS_LIMIT", 50, "2900")


def test_the_words_of_spot_mean_other_things_than_those_of_futures() -> None:
    assert words.SPOT_ORDER_TYPES["TAKE_PROFIT"] is OrderType.TAKE_PROFIT_MARKET
    assert words.ORDER_TYPES["TAKE_PROFIT"] is OrderType.TAKE_PROFIT_LIMIT
    for order_type in OrderType:
        word = words.spot_order_type_word(order_type, post_only=False)
        expected = OrderType.STOP_MARKET if order_type is OrderType.TRAILING_STOP_MARKET else order_type
        assert words.SPOT_ORDER_TYPES[word] is expected
    assert words.spot_order_type_word(OrderType.LIMIT, post_only=True) == "LIMIT_MAKER"


def test_margin_answers_the_same_with_less() -> None:
    placed = encode_spot.in_margin(encode_spot.order_reply(ORDER), borrowed_qty=D(5), borrowed_asset="ETH")
    assert (placed.is_isolated, placed.margin_buy_borrow_amount, placed.order_list_id) == (False, "5", msgspec.UNSET)
    assert decode_spot.order_reply(over_the_wire(placed)) == ORDER
    canceled = encode_spot.in_margin(encode_spot.cancel_reply(ORDER, cancel_id="c"))
    assert canceled.order_id == "28"
    told = decode_spot.order_reply(over_the_wire(canceled))
    assert told == replace(ORDER, terms=replace(TERMS, version_ms=0))


def test_an_order_for_one_side_or_the_other_or_none() -> None:
    reply = encode_spot.order_reply(ORDER)
    for broken in ({"side": "HOLD"}, {"orig_qty": "many"}, {"price": "NaN"}, {"executed_qty": "1E+999999"}):
        with pytest.raises(msgspec.ValidationError):
            decode_spot.order_reply(replace(reply, **broken))


def recorded(name: str) -> Order:
    path = SHARED / "data" / "binance" / "payloads" / "spot" / "user_data_json" / f"execution_report_{name}.json"
    return decode_spot.execution_report(msgspec.json.decode(path.read_bytes(), type=spot.ExecutionReport)).order


@requires_shared
def test_recorded_reports_mean_what_they_say() -> None:
    assert recorded("new").status is OrderStatus.NEW
    assert recorded("canceled").status is OrderStatus.CANCELED
    expired = recorded("expired")
    assert expired.closed is not None
    assert (expired.status, expired.closed.reason) == (
        OrderStatus.EXPIRED,
        words.SPOT_REASONS["INSUFFICIENT_LIQUIDITY"],
    )
    traded = recorded("trade")
    assert (traded.status, traded.missing_qty) == (OrderStatus.FILLED, D(0))
    assert (traded.fills["98765432"].fee, traded.fills["98765432"].fee_asset) == (D("0.001"), "ETH")
    stop = recorded("stop_loss").terms
    assert stop is not None
    assert (stop.order_type, stop.stop_px, stop.price) == (OrderType.STOP_LIMIT, D(2450), D(2400))
