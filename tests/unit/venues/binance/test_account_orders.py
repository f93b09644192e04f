from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.unit.venues.binance.exchange_double import (
    API_KEY,
    CHANGE,
    SECRET,
    SERVER_MS,
    STOP,
    World,
    accepted,
    ed25519,
    hmac,
    limit_order,
    path_and_params,
)
from tradingsys.core.commands import (
    Ask,
    BalancesQuery,
    CancelOrder,
    Command,
    IncomeQuery,
    KlinesQuery,
    OpenOrdersQuery,
    OrderQuery,
    PermissionsQuery,
    PriceQuery,
    SetLeverage,
    SymbolSettingsQuery,
)
from tradingsys.core.enums import OrderStatus, OrderType, PriceMatch, SelfTradePrevention, TimeInForce
from tradingsys.core.errors import AuthError, CancelRejected, InvalidOrder, OrderRejected, RateLimited, TransportError
from tradingsys.core.io import Closed, Frame, HttpReply
from tradingsys.core.order import Closed as OrderClosed
from tradingsys.core.reports import (
    EventMissed,
    LimitsSeen,
    Oddity,
    OrderChanged,
    OrderRequest,
    Outcome,
    RequestDone,
    TradingState,
)
from tradingsys.venues.binance import encode, messages
from tradingsys.venues.protocol import Cost


def test_orders_go_by_the_logged_on_connection_with_exactly_their_own_stamp() -> None:
    world = World().up()
    world.command(limit_order())
    (request,) = world.frames
    assert request.method == "order.place"
    assert request.params == {
        "symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "3000.10",
        "quantity": "0.5", "newClientOrderId": "c-1", "newOrderRespType": "RESULT",
        "selfTradePreventionMode": "EXPIRE_TAKER", "recvWindow": 1234, "timestamp": SERVER_MS + 77,
    }  # fmt: skip
    assert not world.requests


def test_the_facts_in_a_reply_come_before_the_end_of_the_request() -> None:
    world = World().up()
    place = limit_order()
    world.command(place)
    world.reply_ws(encode.order_reply(accepted(place)))
    assert world.reports == [
        OrderChanged(
            msgspec.structs.replace(
                accepted(place), terms=msgspec.structs.replace(place.terms, version_ms=SERVER_MS + 99)
            ),
            "ETHUSDT",
            SERVER_MS + 99,
        ),
        RequestDone("c-1", OrderRequest.PLACE, Outcome.ACCEPTED),
    ]


def test_post_only_reduce_only_and_the_order_s_own_prevention_are_sent() -> None:
    world = World().up()
    world.command(limit_order(post_only=True, reduce_only=True, self_trade_prevention=SelfTradePrevention.EXPIRE_BOTH))
    params: Any = world.frames[0].params
    assert (params["timeInForce"], params["reduceOnly"]) == ("GTX", "true")
    assert params["selfTradePreventionMode"] == "EXPIRE_BOTH"


def test_market_orders_have_neither_price_nor_time_in_force_and_small_numbers_no_exponent() -> None:
    world = World().up()
    world.command(limit_order(order_type=OrderType.MARKET, price=None, time_in_force=None, order_qty=Decimal("1E-8")))
    params: Any = world.frames[0].params
    assert "price" not in params
    assert "timeInForce" not in params
    assert params["quantity"] == "0.00000001"


@pytest.mark.parametrize(
    "changes",
    [
        {"order_type": OrderType.STOP_MARKET},
        {"order_type": OrderType.TRAILING_STOP_MARKET, "stop_px": Decimal(1)},
        {"order_type": OrderType.MARKET, "price_match": PriceMatch.QUEUE},
        {"price_match": PriceMatch.QUEUE},
        {"time_in_force": TimeInForce.GTD, "good_till_ms": SERVER_MS + 77 + 600_000},
        {"price": None},
        {"post_only": True, "time_in_force": TimeInForce.IOC},
        {"time_in_force": TimeInForce.GTD},
    ],
)
def test_what_cannot_be_said_to_the_exchange_is_not_sent(changes: dict[str, Any]) -> None:
    world = World().up()
    world.command(limit_order(**changes))
    done = world.done()
    assert done.outcome is Outcome.NOT_SENT
    assert isinstance(done.error, InvalidOrder)
    assert not world.frames
    assert not world.requests


def test_without_a_connection_orders_go_by_rest_signed_over_the_bytes_sent() -> None:
    world = World()
    world.tell_time()
    place = limit_order()
    world.command(place)
    method, path, params = path_and_params(world.requests[0])
    assert (method, path) == ("POST", "/fapi/v1/order")
    assert (params["timestamp"], params["recvWindow"]) == (str(SERVER_MS + 77), "1234")
    assert world.requests[0].url.rpartition("&")[2].startswith("signature=")
    world.reply_http(encode.order_reply(accepted(place)))
    assert [type(report) for report in world.reports[1:]] == [OrderChanged, RequestDone]
    assert world.done().outcome is Outcome.ACCEPTED


def test_rest_is_chosen_only_before_sending() -> None:
    world = World().up()
    world.command(limit_order())
    world.close("trade")
    assert not world.requests
    done = world.done()
    assert done.outcome is Outcome.IN_DOUBT
    assert isinstance(done.error, TransportError)
    assert done.error.in_doubt
    assert world.told(TradingState) == [TradingState(True, "rest", "gone")]
    world.command(limit_order("c-2"))
    assert len(world.requests) == 1


@pytest.mark.parametrize(("sent", "outcome"), [(True, Outcome.IN_DOUBT), (False, Outcome.NOT_SENT)])
def test_a_failed_http_request_is_in_doubt_only_if_a_byte_may_have_left(sent: bool, outcome: Outcome) -> None:
    world = World()
    world.tell_time()
    world.command(limit_order())
    world.fail_http(sent=sent)
    assert world.done().outcome is outcome
    assert not world.requests


def test_a_cancel_goes_by_the_venue_s_id_when_known_and_closes_the_order() -> None:
    world = World().up()
    place = limit_order()
    world.command(CancelOrder("c-1", "ETHUSDT"))
    world.command(CancelOrder("c-1", "ETHUSDT", "42"))
    by_client_id, by_venue_id = world.frames
    assert by_client_id.method == "order.cancel"
    timing = {"recvWindow": 5000, "timestamp": SERVER_MS}
    assert by_client_id.params == {"symbol": "ETHUSDT", "origClientOrderId": "c-1", **timing}
    assert by_venue_id.params == {"symbol": "ETHUSDT", "orderId": 42, **timing}
    closed = msgspec.structs.replace(accepted(place), closed=OrderClosed(OrderStatus.CANCELED, SERVER_MS + 200))
    world.reply_ws(encode.order_reply(closed))
    (changed,) = world.told(OrderChanged)
    assert changed.order.status is OrderStatus.CANCELED
    assert world.done() == RequestDone("c-1", OrderRequest.CANCEL, Outcome.ACCEPTED)
    world.refuse_ws(-2011, "Unknown order sent.")
    done = world.done()
    assert done.outcome is Outcome.REFUSED
    assert isinstance(done.error, CancelRejected)


def test_a_cancel_without_the_venue_s_time_is_not_sent() -> None:
    world = World()
    world.command(CancelOrder("c-1", "ETHUSDT"))
    assert world.done().outcome is Outcome.NOT_SENT


@pytest.mark.parametrize("by", ["ws-api", "rest"])
def test_a_timestamp_that_the_exchange_finds_wrong_puts_the_clock_in_doubt(by: str) -> None:
    world = World().up()
    assert world.protocol.clock.uncertainty_ms(world.now_ns) < 1_000
    if by == "ws-api":
        world.command(limit_order())
        world.refuse_ws(-1021, "Timestamp for this request is outside of the recvWindow.", 400)
    else:
        world.ask(OpenOrdersQuery())
        world.reply_http({"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}, 400)
    assert world.protocol.clock.uncertainty_ms(world.now_ns) > 3_600_000


@pytest.mark.parametrize(
    ("status", "code", "outcome", "error"),
    [
        (400, -2019, Outcome.REFUSED, OrderRejected),
        (400, -1021, Outcome.REFUSED, OrderRejected),
        (400, -5022, Outcome.REFUSED, OrderRejected),
        (401, -2015, Outcome.REFUSED, AuthError),
        (429, -1015, Outcome.REFUSED, RateLimited),
        (503, -1008, Outcome.REFUSED, RateLimited),
        (400, -4116, Outcome.IN_DOUBT, None),
        (400, -1007, Outcome.IN_DOUBT, None),
        (408, -1234, Outcome.IN_DOUBT, None),
        (500, -9999, Outcome.IN_DOUBT, None),
    ],
)
def test_an_error_reply_refuses_only_what_it_proves(
    status: int, code: int, outcome: Outcome, error: type[Exception] | None
) -> None:
    world = World().up()
    world.command(limit_order())
    world.refuse_ws(code, "because", status)
    done = world.done()
    assert done.outcome is outcome
    assert done.error is not None
    assert str(done.error).startswith(f"{code}: because")
    assert error is None or isinstance(done.error, error)
    assert done.error.in_doubt is (outcome is Outcome.IN_DOUBT)


def test_after_ten_seconds_an_order_is_in_doubt_and_a_late_reply_tells_facts_only() -> None:
    world = World().up()
    place = limit_order()
    world.command(place)
    world.wait(9.9)
    assert not world.told(RequestDone)
    world.wait(0.2)
    assert world.done().outcome is Outcome.IN_DOUBT
    assert world.told(TradingState) == [TradingState(True, "rest", "no answer on the order channel")]
    world.command(limit_order("c-2"))
    assert len(world.requests) == 1, "a connection that owes an answer is not used"
    world.wait(5)
    world.reports.clear()
    world.reply_ws(encode.order_reply(accepted(place)))
    assert [type(report) for report in world.reports] == [OrderChanged, TradingState]
    assert world.reports[1] == TradingState(True, "ws-api")


def test_a_late_refusal_ends_nothing_twice() -> None:
    world = World().up()
    world.command(limit_order())
    world.wait(11)
    world.done()
    world.refuse_ws(-2019)
    assert not world.told(RequestDone)
    assert "c-1" in world.told(Oddity)[0].text


def test_counts_of_limits_are_told_before_the_end_of_the_request() -> None:
    world = World().up()
    world.command(limit_order())
    rules = [
        messages.RateLimitRule(rate_limit_type="ORDERS", interval="SECOND", interval_num=10, limit=300, count=7),
        messages.RateLimitRule(
            rate_limit_type="REQUEST_WEIGHT", interval="MINUTE", interval_num=1, limit=2400, count=3
        ),
        messages.RateLimitRule(rate_limit_type="NEW_KIND", interval="MINUTE", interval_num=1, limit=1, count=1),
    ]
    world.reply_ws(encode.order_reply(accepted(limit_order())), rules)
    assert world.reports[0] == LimitsSeen({("orders", 10_000): 7, ("weight", 60_000): 3})


def test_headers_tell_counts_and_a_429_how_long_to_wait() -> None:
    world = World()
    world.tell_time()
    world.command(limit_order())
    headers = {"x-mbx-used-weight-1m": "2401", "x-mbx-order-count-10s": "9", "retry-after": "7", "x-mbx-odd": "x"}
    world.reply_http(messages.ErrorBody(code=-1003, msg="Too many requests."), 429, headers)
    assert LimitsSeen({("weight", 60_000): 2401, ("orders", 10_000): 9}, 7_000) in world.reports
    error = world.done().error
    assert isinstance(error, RateLimited)
    assert error.retry_after_ms == 7_000


def test_nothing_unreadable_raises_or_ends_a_request() -> None:
    world = World().up()
    world.command(limit_order())
    for channel in ("trade", "user", "strange"):
        for data in (b"", b"{", b"\xff", b"[]", b'{"id":77,"status":200,"result":{}}', b'{"e":"NEW_THING","E":1}'):
            world.event(Frame(channel, data))
    assert {type(report) for report in world.reports} == {Oddity, EventMissed}
    world.event(HttpReply(12345, 200, {}, b""))
    world.event(Frame("trade", encode.ws_api_reply(world.frames[0].id, {"orderId": "?"})))
    assert world.done().outcome is Outcome.IN_DOUBT


@pytest.mark.parametrize(
    ("command", "by_ws", "by_rest"),
    [
        (limit_order(), Cost(0, 1), Cost(0, 1)),
        (STOP, Cost(0, 0), Cost(0, 1)),
        (CHANGE, Cost(0, 1), Cost(0, 1)),
        (CancelOrder("c", "ETHUSDT"), Cost(1, 0), Cost(1, 0)),
        (CancelOrder("c", "ETHUSDT", None, True), Cost(1, 0), Cost(1, 0)),
        (Ask(1, OpenOrdersQuery()), Cost(80, 0), Cost(80, 0)),
        (Ask(1, OpenOrdersQuery("ETHUSDT")), Cost(2, 0), Cost(2, 0)),
        (Ask(1, OrderQuery("ETHUSDT", "c")), Cost(1, 0), Cost(1, 0)),
        (Ask(1, OrderQuery("ETHUSDT", "c", None, True)), Cost(2, 0), Cost(2, 0)),
        (Ask(1, IncomeQuery("FUNDING_FEE", 0)), Cost(30, 0), Cost(30, 0)),
        (Ask(1, PriceQuery("ETHUSDT")), Cost(1, 0), Cost(1, 0)),
        (Ask(1, KlinesQuery("ETHUSDT", "1m", 99)), Cost(1, 0), Cost(1, 0)),
        (Ask(1, KlinesQuery("ETHUSDT", "1m", 100)), Cost(2, 0), Cost(2, 0)),
        (Ask(1, KlinesQuery("ETHUSDT", "1m", 1000)), Cost(5, 0), Cost(5, 0)),
        (Ask(1, KlinesQuery("ETHUSDT", "1m", 1001)), Cost(10, 0), Cost(10, 0)),
        (Ask(1, KlinesQuery("ETHUSDT", "1m", 3001)), Cost(21, 0), Cost(21, 0)),
        (Ask(1, BalancesQuery()), Cost(5, 0), Cost(5, 0)),
        (Ask(1, SymbolSettingsQuery("ETHUSDT")), Cost(5, 0), Cost(5, 0)),
        (Ask(1, SetLeverage("ETHUSDT", 3)), Cost(6, 0), Cost(6, 0)),
        (Ask(1, PermissionsQuery()), Cost(5, 0), Cost(5, 0)),
    ],
)
def test_costs_follow_the_exchange_s_weights(command: Command, by_ws: Cost, by_rest: Cost) -> None:
    assert World().up().protocol.cost(command) == by_ws
    assert World().protocol.cost(command) == by_rest


def test_no_secret_shows_in_what_may_be_printed() -> None:
    for signer in (hmac(), ed25519()):
        world = World(signer)
        world.tell_time()
        world.take(world.protocol.connect(world.now_ns))
        world.command(limit_order())
        assert API_KEY not in repr(world.requests)
        assert SECRET not in repr((world.protocol, world.signer, world.requests, world.reports))
        world.event(Closed("trade", "x"))
        world.fail_http(sent=True)
        assert API_KEY not in repr(world.reports)
