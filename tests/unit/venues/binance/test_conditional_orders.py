from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.unit.venues.binance.exchange_double import CHANGE, SERVER_MS, STOP, World, accepted, path_and_params
from tradingsys.core.commands import (
    CancelOrder,
    ConditionalOrdersQuery,
    OpenOrdersQuery,
    OrderQuery,
    PlaceOrder,
    ReplaceOrder,
)
from tradingsys.core.enums import OrderStatus, OrderType, PriceMatch
from tradingsys.core.errors import CancelRejected, OrderRejected, ReplaceRejected
from tradingsys.core.io import Frame
from tradingsys.core.order import Closed, Fill, Order
from tradingsys.core.reports import Oddity, OrderChanged, OrderRequest, Outcome, RequestDone
from tradingsys.venues.binance import encode, encode_algo

replace = msgspec.structs.replace

WAITING = Order(("c-stop",), None, replace(STOP.terms, version_ms=1), accepted=True, algo_id="71")
PLACED = replace(WAITING, created_ms=SERVER_MS)
BECAME = Order(
    ("c-stop",),
    "42",
    replace(STOP.terms, order_type=OrderType.MARKET, time_in_force=None, trigger_price=None, version_ms=SERVER_MS + 99),
    accepted=True,
    venue_cum_qty=Decimal("0.5"),
)


def told_by_the_stream(order: Order, status: str, **context: Any) -> Order:
    world = World().up()
    message = encode_algo.algo_update(order, status=status, ts_event_ms=SERVER_MS, **context)
    world.event(Frame("user", encode.to_bytes(message)))
    (report,) = world.reports
    assert (report.symbol, report.ts_event_ms) == ("ETHUSDT", SERVER_MS)
    told: Order = report.order
    return told


def test_conditional_orders_are_placed_at_their_own_service() -> None:
    world = World().up()
    world.command(STOP)
    (frame,) = world.frames
    assert frame.method == "algoOrder.place"
    assert frame.params == {
        "algoType": "CONDITIONAL", "symbol": "ETHUSDT", "side": "BUY", "type": "STOP_MARKET",
        "triggerPrice": "2950.10", "quantity": "0.5", "reduceOnly": "true", "workingType": "MARK_PRICE",
        "clientAlgoId": "c-stop", "selfTradePreventionMode": "EXPIRE_TAKER", "recvWindow": 1234,
        "timestamp": SERVER_MS + 77,
    }  # fmt: skip
    world.reply_ws(encode_algo.algo_order(WAITING, status="NEW", placed_ms=SERVER_MS, updated_ms=SERVER_MS))
    assert world.reports == [
        OrderChanged(PLACED, "ETHUSDT", SERVER_MS),
        RequestDone("c-stop", OrderRequest.PLACE, Outcome.ACCEPTED),
    ]


def test_without_a_connection_they_go_by_rest() -> None:
    world = World()
    world.tell_time()
    world.command(STOP)
    assert path_and_params(world.requests[0])[:2] == ("POST", "/fapi/v1/algoOrder")
    world.command(CancelOrder("c-stop", "ETHUSDT", None, True))
    method, path, params = path_and_params(world.requests[1])
    assert (method, path, params["clientAlgoId"]) == ("DELETE", "/fapi/v1/algoOrder", "c-stop")
    world.command(CHANGE)
    assert path_and_params(world.requests[2])[:2] == ("PUT", "/fapi/v1/order")


def test_one_that_waits_is_cancelled_there_and_one_that_was_triggered_as_any_order() -> None:
    world = World().up()
    world.command(CancelOrder("c-stop", "ETHUSDT", None, True))
    world.command(CancelOrder("c-stop", "ETHUSDT", "42"))
    waiting, triggered = world.frames
    assert (waiting.method, triggered.method) == ("algoOrder.cancel", "order.cancel")
    assert waiting.params == {"clientAlgoId": "c-stop", "recvWindow": 5000, "timestamp": SERVER_MS}
    world.reply_ws(encode_algo.algo_canceled(WAITING))
    (changed,) = world.told(OrderChanged)
    assert (changed.order.algo_id, changed.order.status) == ("71", OrderStatus.CANCELED)
    assert world.done() == RequestDone("c-stop", OrderRequest.CANCEL, Outcome.ACCEPTED)
    world.refuse_ws(-2011, "Unknown order sent.")
    assert isinstance(world.done().error, CancelRejected)


def test_an_answer_to_a_cancel_that_is_neither_success_nor_error_leaves_it_in_doubt() -> None:
    world = World().up()
    world.command(CancelOrder("c-stop", "ETHUSDT", None, True))
    world.reply_ws({"algoId": 71, "clientAlgoId": "c-stop", "code": "300", "msg": "maybe"})
    assert world.done().outcome is Outcome.IN_DOUBT
    assert not world.told(OrderChanged)


def test_a_refused_conditional_order_was_never_there() -> None:
    world = World().up()
    world.command(STOP)
    world.refuse_ws(-2021, "Order would immediately trigger.")
    done = world.done()
    assert done.outcome is Outcome.REFUSED
    assert isinstance(done.error, OrderRejected)


@pytest.mark.parametrize(
    ("change", "price"),
    [
        (CHANGE, {"price": "2999.9"}),
        (replace(CHANGE, price=None, price_match=PriceMatch.QUEUE_5), {"priceMatch": "QUEUE_5"}),
    ],
)
def test_a_change_says_everything_and_its_number_comes_back(change: ReplaceOrder, price: dict[str, str]) -> None:
    world = World().up()
    world.command(change)
    (frame,) = world.frames
    assert frame.method == "order.modify"
    assert frame.params == {
        "symbol": "ETHUSDT", "orderId": 42, "side": "BUY", "quantity": "0.4", **price, "modifyId": 2,
        "recvWindow": 1234, "timestamp": SERVER_MS + 78,
    }  # fmt: skip
    changed = accepted(PlaceOrder("c-1", replace(STOP.terms, order_type=OrderType.LIMIT, revision=2), 0, 0))
    world.reply_ws(encode.order_reply(changed))
    told, done = world.reports
    assert told.order.terms.revision == 2
    assert done == RequestDone("c-1", OrderRequest.REPLACE, Outcome.ACCEPTED, revision=2)


@pytest.mark.parametrize("code", [-5024, -5025, -5026, -5027, -5029, -5043, -2013, -4164])
def test_a_refused_change_leaves_the_order_as_it_was(code: int) -> None:
    world = World().up()
    world.command(CHANGE)
    world.refuse_ws(code)
    done = world.done()
    assert (done.request, done.outcome) == (OrderRequest.REPLACE, Outcome.REFUSED)
    assert isinstance(done.error, ReplaceRejected)
    assert not world.told(OrderChanged)


def test_a_change_without_an_answer_is_in_doubt_and_one_that_cannot_be_said_is_not_sent() -> None:
    world = World().up()
    world.command(CHANGE)
    world.close("trade")
    assert world.done().outcome is Outcome.IN_DOUBT
    world.command(replace(CHANGE, price=None))
    assert world.done().outcome is Outcome.NOT_SENT
    assert not world.requests


def test_the_stream_tells_how_a_conditional_order_waits_is_triggered_and_ends() -> None:
    assert told_by_the_stream(WAITING, "NEW") == PLACED
    triggered = replace(WAITING, venue_order_id="42")
    for status in ("TRIGGERING", "TRIGGERED", "FINISHED"):
        assert told_by_the_stream(triggered, status) == triggered
    canceled = replace(WAITING, closed=Closed(OrderStatus.CANCELED, SERVER_MS, reason="by the user"))
    assert told_by_the_stream(canceled, "CANCELED") == canceled
    expired = replace(WAITING, closed=Closed(OrderStatus.EXPIRED, SERVER_MS, reason="no position"))
    assert told_by_the_stream(expired, "EXPIRED") == expired


def test_one_that_is_rejected_when_triggered_ends_although_it_was_accepted() -> None:
    rejected = replace(WAITING, closed=Closed(OrderStatus.REJECTED, SERVER_MS, reason="Margin is insufficient."))
    told = WAITING.merge(told_by_the_stream(rejected, "REJECTED"))
    assert told.status is OrderStatus.EXPIRED
    assert told.closed is not None
    assert told.closed.reason == "rejected when triggered: Margin is insufficient."


def test_what_it_becomes_joins_it_in_any_order() -> None:
    update = told_by_the_stream(replace(WAITING, venue_order_id="42"), "FINISHED", triggered_ms=SERVER_MS)
    fill = Fill("9", "ETHUSDT", "42", STOP.terms.side, Decimal(2949), Decimal("0.5"), SERVER_MS + 99)
    child = BECAME.with_fill(fill)
    own = Order(("c-stop",), None, STOP.terms)
    for first, second, third in [(own, update, child), (child, own, update), (update, child, own)]:
        joined = first.merge(second).merge(third)
        assert (joined.algo_id, joined.venue_order_id, joined.status) == ("71", "42", OrderStatus.FILLED)
        assert joined.terms == child.terms


def test_closing_a_position_of_unknown_size_ends_filled() -> None:
    assert WAITING.terms is not None
    closing = replace(WAITING.terms, close_position=True, order_qty=Decimal(0), reduce_only=False)
    waiting = told_by_the_stream(replace(WAITING, terms=closing, venue_order_id="42"), "FINISHED")
    assert waiting.merge(BECAME).status is OrderStatus.FILLED


def test_asking_for_a_conditional_order_tells_what_it_became() -> None:
    world = World()
    world.tell_time()
    world.reports.clear()
    world.ask(OrderQuery("ETHUSDT", "c-stop", is_conditional=True))
    method, path, params = path_and_params(world.requests[0])
    assert (method, path, params["clientAlgoId"]) == ("GET", "/fapi/v1/algoOrder", "c-stop")
    triggered = replace(WAITING, venue_order_id="42")
    world.reply_http(encode_algo.algo_query(triggered, status="FINISHED", placed_ms=SERVER_MS, updated_ms=SERVER_MS))
    method, path, params = path_and_params(world.requests[0])
    assert (method, path, params["orderId"]) == ("GET", "/fapi/v1/order", "42")
    world.reply_http(encode.order_query(BECAME, placed_ms=SERVER_MS))
    answer = world.answer().value
    assert answer == PLACED.merge(triggered).merge(BECAME)
    assert isinstance(answer, Order)
    assert (answer.algo_id, answer.venue_order_id, answer.status) == ("71", "42", OrderStatus.FILLED)


def test_one_that_waits_or_is_unknown_needs_one_question() -> None:
    world = World()
    world.tell_time()
    world.reports.clear()
    world.ask(OrderQuery("ETHUSDT", "c-stop", is_conditional=True))
    world.reply_http(encode_algo.algo_query(WAITING, status="NEW", placed_ms=SERVER_MS, updated_ms=SERVER_MS))
    assert world.answer().value == PLACED
    world.ask(OrderQuery("ETHUSDT", "c-stop", is_conditional=True))
    world.reply_http(encode.error(OrderRejected(-2013, "Order does not exist.")), 400)
    answer = world.answer()
    assert (answer.value, answer.error) == (None, None)


def test_all_of_a_symbol_are_told_with_what_they_became() -> None:
    world = World()
    world.tell_time()
    world.reports.clear()
    world.ask(ConditionalOrdersQuery("ETHUSDT"))
    triggered = replace(WAITING, venue_order_id="42")
    world.reply_http(
        [
            encode_algo.algo_query(WAITING, status="CANCELED", placed_ms=1, updated_ms=SERVER_MS),
            encode_algo.algo_query(triggered, status="FINISHED", placed_ms=1, updated_ms=SERVER_MS),
        ]
    )
    answer = world.answer().value
    assert isinstance(answer, tuple)
    canceled, became = answer
    assert canceled.status is OrderStatus.CANCELED
    assert became == replace(triggered, created_ms=1)


def test_open_orders_are_those_that_wait_and_then_those_that_work() -> None:
    world = World()
    world.tell_time()
    world.reports.clear()
    world.ask(OpenOrdersQuery("ETHUSDT"))
    assert path_and_params(world.requests[0])[1] == "/fapi/v1/openAlgoOrders"
    world.reply_http([encode_algo.algo_query(WAITING, status="NEW", placed_ms=SERVER_MS, updated_ms=SERVER_MS)])
    assert path_and_params(world.requests[0])[1] == "/fapi/v1/openOrders"
    world.reply_http([encode.order_query(BECAME, placed_ms=SERVER_MS)])
    assert world.answer().value == (PLACED, replace(BECAME, created_ms=SERVER_MS))


def test_words_of_tomorrow_are_told_once_each_and_the_facts_always() -> None:
    world = World().up()
    message = encode_algo.algo_update(WAITING, status="DREAMING", ts_event_ms=SERVER_MS)
    for _ in range(3):
        world.event(Frame("user", encode.to_bytes(message)))
    assert len(world.told(OrderChanged)) == 3
    (oddity,) = world.told(Oddity)
    assert "DREAMING" in oddity.text
