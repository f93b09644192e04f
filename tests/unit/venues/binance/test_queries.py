import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.shared_data import SHARED, requires_shared
from tests.unit.venues.binance.exchange_double import (
    SECOND_NS,
    SERVER_MS,
    World,
    accepted,
    limit_order,
    path_and_params,
)
from tradingsys.core.commands import (
    AccountMode,
    AccountModeQuery,
    InstrumentsQuery,
    OpenOrdersQuery,
    OrderQuery,
    PositionsQuery,
    Query,
    RateLimit,
    TimeQuery,
    TradesQuery,
    VenueRules,
)
from tradingsys.core.enums import Side
from tradingsys.core.errors import Banned, TransportError, VenueError
from tradingsys.core.order import Fill, Order
from tradingsys.core.position import Position
from tradingsys.core.reports import Answer, LimitsSeen, Oddity
from tradingsys.venues.binance import encode, messages

DAY_MS = 86_400_000


def world_with_time() -> World:
    world = World()
    world.tell_time()
    world.reports.clear()
    return world


def fill(trade_id: int, order_id: int = 1) -> Fill:
    return Fill(
        str(trade_id), "ETHUSDT", str(order_id), Side.SELL, Decimal(3000), Decimal("0.1"), SERVER_MS, True,
        Decimal("0.01"), "USDT", Decimal(0),
    )  # fmt: skip


def told(trade_id: int, order_id: int = 1) -> Order:
    its = fill(trade_id, order_id)
    return Order((), its.venue_order_id, accepted=True, fills={its.exec_id: its})


def rows(*trade_ids: int) -> list[messages.UserTrade]:
    return [encode.user_trade(fill(trade_id)) for trade_id in trade_ids]


def test_the_time_sets_the_clock_to_the_middle_of_the_round_trip() -> None:
    world = World()
    world.ask(TimeQuery())
    assert not world.protocol.clock.is_set
    assert world.requests[0].url == "http://x/fapi/v1/time"
    assert not world.requests[0].headers
    world.now_ns += 2 * SECOND_NS
    world.reply_http(messages.ServerTime(server_time=SERVER_MS))
    assert world.answer() == Answer(1, SERVER_MS)
    assert world.protocol.clock.now_ms(world.now_ns) == SERVER_MS + 1000


@pytest.mark.parametrize(
    "query", [OrderQuery("ETHUSDT", "c"), TradesQuery("ETHUSDT", start_ms=1), PositionsQuery(), AccountModeQuery()]
)
def test_what_needs_a_stamp_is_answered_with_an_error_before_the_time_is_known(query: Query[Any]) -> None:
    world = World()
    world.ask(query)
    error = world.answer().error
    assert isinstance(error, TransportError)
    assert not error.in_doubt


def test_one_order_by_either_id() -> None:
    world = world_with_time()
    world.ask(OrderQuery("ETHUSDT", client_order_id="c-1"))
    timing = {"recvWindow": "5000", "timestamp": str(SERVER_MS)}
    assert path_and_params(world.requests[0]) == (
        "GET", "/fapi/v1/order", {"symbol": "ETHUSDT", "origClientOrderId": "c-1", **timing}
    )  # fmt: skip
    order = accepted(limit_order())
    world.reply_http(encode.order_query(order, placed_ms=1))
    told_order = world.answer().value
    assert isinstance(told_order, Order)
    assert told_order.venue_order_id == "42"
    world.ask(OrderQuery("ETHUSDT", client_order_id="c-1", venue_order_id="42"))
    assert path_and_params(world.requests[0])[2] == {"symbol": "ETHUSDT", "orderId": "42", **timing}


def test_an_order_that_the_exchange_does_not_know_is_none_and_no_error() -> None:
    world = world_with_time()
    world.ask(OrderQuery("ETHUSDT", client_order_id="c-1"))
    world.reply_http(messages.ErrorBody(code=-2013, msg="Order does not exist."), 400)
    assert world.answer() == Answer(1, None)


@pytest.mark.parametrize("status", [500, 429, 418, 400])
def test_other_errors_are_no_answers(status: int) -> None:
    world = world_with_time()
    world.ask(OrderQuery("ETHUSDT", client_order_id="c-1"))
    world.reply_http(messages.ErrorBody(code=-1003, msg=f"banned until {SERVER_MS + 5000}"), status)
    answer = world.answer()
    assert isinstance(answer.error, VenueError)
    if status == 418:
        assert isinstance(answer.error, Banned)
        assert answer.error.retry_after_ms == 5000
        assert world.told(LimitsSeen) == [LimitsSeen({}, 5000)]


def test_failed_transport_and_unreadable_answers_are_errors() -> None:
    world = world_with_time()
    for query in (OpenOrdersQuery(), PositionsQuery()):
        world.ask(query)
        world.fail_http(sent=True)
        assert isinstance(world.answer().error, TransportError)
        world.ask(query)
        world.reply_http(b'[{"symbol":"ETHUSDT","positionAmt":"many"}]')
        assert isinstance(world.answer().error, TransportError)


def test_open_orders_of_the_account_or_a_symbol() -> None:
    world = world_with_time()
    world.ask(OpenOrdersQuery())
    for request in world.requests:
        assert "symbol" not in path_and_params(request)[2]
    world.reply_http([])
    assert "symbol" not in path_and_params(world.requests[0])[2]
    world.reply_http(
        [encode.order_query(accepted(limit_order(name), str(n)), placed_ms=1) for n, name in [(1, "a"), (2, "b")]]
    )
    orders: Any = world.answer().value
    assert [order.client_order_ids for order in orders] == [("a",), ("b",)]
    world.ask(OpenOrdersQuery("ETHUSDT"))
    assert path_and_params(world.requests[0])[2]["symbol"] == "ETHUSDT"


def test_positions_by_symbol() -> None:
    world = world_with_time()
    world.ask(PositionsQuery())
    row = encode.position_risk(
        "ETHUSDT", Position(Decimal("-0.3")), mark_px=Decimal(1), margin_asset="USDT", updated_ms=1
    )
    world.reply_http([row])
    assert world.answer() == Answer(1, {"ETHUSDT": Decimal("-0.3")})


def test_the_account_s_mode_takes_several_calls_and_one_answer() -> None:
    world = world_with_time()
    world.ask(AccountModeQuery())
    for path, reply in [
        ("/fapi/v1/positionSide/dual", messages.PositionMode(dual_side_position=True)),
        ("/fapi/v1/multiAssetsMargin", messages.MultiAssetsMode(multi_assets_margin=False)),
        ("/fapi/v1/accountConfig", messages.AccountConfig(can_trade=True)),
        ("/fapi/v3/balance", [messages.Balance(account_alias="uT", asset="USDT", balance="1")]),
    ]:
        assert not world.told(Answer)
        assert path_and_params(world.requests[0])[1] == path
        world.reply_http(reply)
    assert world.answer() == Answer(1, AccountMode(True, False, True, "uT"))


def test_trades_from_an_id_on_oldest_first_and_each_once() -> None:
    world = world_with_time()
    world.ask(TradesQuery("ETHUSDT", from_id=5, limit=10))
    params = path_and_params(world.requests[0])[2]
    assert (params["fromId"], params["limit"]) == ("5", "10")
    assert "startTime" not in params
    self_trade = encode.user_trade(fill(7, order_id=2))
    world.reply_http([*rows(7, 5, 7), self_trade])
    assert world.answer() == Answer(1, (told(5), told(7), told(7, 2)))


def test_trades_since_a_time_walk_week_by_week_and_then_follow_the_ids() -> None:
    world = world_with_time()
    start_ms = SERVER_MS - 20 * DAY_MS
    world.ask(TradesQuery("ETHUSDT", start_ms=start_ms, limit=4))
    first = path_and_params(world.requests[0])[2]
    assert (first["startTime"], first["endTime"]) == (str(start_ms), str(start_ms + 7 * DAY_MS - 1))
    world.reply_http([])
    second = path_and_params(world.requests[0])[2]
    assert second["startTime"] == str(start_ms + 7 * DAY_MS)
    world.reply_http(rows(3, 4))
    third = path_and_params(world.requests[0])[2]
    assert third["fromId"] == "4"
    world.reply_http(rows(4, 8, 9, 10))
    assert world.answer() == Answer(1, (told(3), told(4), told(8), told(9)))


def test_the_last_week_is_open_ended_and_older_trades_than_kept_are_not_asked_for() -> None:
    world = world_with_time()
    world.ask(TradesQuery("ETHUSDT", start_ms=1))
    asked = []
    while world.requests:
        asked.append(path_and_params(world.requests[0])[2])
        world.reply_http([])
    assert asked[0]["startTime"] == str(SERVER_MS - 90 * DAY_MS)
    assert "endTime" not in asked[-1]
    assert len(asked) == 13
    assert world.answer() == Answer(1, ())


@requires_shared
def test_recorded_instruments_and_limits() -> None:
    world = World()
    recorded = json.loads(Path(SHARED, "data", "binance", "exchange_info_2026.json").read_bytes())["usdm"]
    broken = {**recorded[0], "symbol": "BROKEN", "filters": []}
    limits = [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
        {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 1},
    ]
    world.ask(InstrumentsQuery())
    world.reply_http({"rateLimits": limits, "symbols": [*recorded, broken]})
    rules = world.answer().value
    assert isinstance(rules, VenueRules)
    assert rules.rate_limits == (RateLimit("weight", 60_000, 2400), RateLimit("orders", 10_000, 300))
    assert [instrument.symbol for instrument in rules.instruments] == [symbol["symbol"] for symbol in recorded]
    assert "BROKEN" in world.told(Oddity)[0].text
    doge = {instrument.symbol: instrument for instrument in rules.instruments}["DOGEUSDT"]
    assert (doge.tick_size, doge.lot_size, doge.min_notional) == (Decimal("0.00001"), Decimal(1), Decimal(5))
    assert (doge.max_open_orders, doge.post_only, doge.is_trading) == (200, True, True)
    assert (doge.price_band_up, doge.market_max_qty) == (Decimal("1.1"), Decimal(30_000_000))


def test_a_question_that_is_none_of_ours_is_answered() -> None:
    class Riddle(Query[int], frozen=True):
        pass

    world = World()
    world.ask(Riddle())
    assert isinstance(world.answer().error, VenueError)
