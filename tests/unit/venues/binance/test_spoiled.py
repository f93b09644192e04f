"""Whatever the exchange's bytes turn into on the way: reading them raises what is documented, and nothing stops."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shared_data import requires_shared
from tests.unit.venues.binance.exchange_double import World, limit_order
from tests.unit.venues.binance.recorded import PAYLOADS, payload, spoiled
from tradingsys.core.commands import (
    BalancesQuery,
    InstrumentsQuery,
    KlinesQuery,
    OpenOrdersQuery,
    OrderQuery,
    PositionsQuery,
    PriceQuery,
    Query,
    SymbolSettingsQuery,
    TimeQuery,
    TradesQuery,
)
from tradingsys.core.io import Frame, HttpReply
from tradingsys.core.reports import RequestDone
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.binance.usdm import USDM, endpoints

BRIEFLY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
USER = sorted(path.relative_to(PAYLOADS).as_posix() for path in PAYLOADS.glob("user_data_json/*.json"))
MARKET = {
    "btcusdt@aggTrade": "market_data_json/agg_trade_stream.json",
    "btcusdt@bookTicker": "market_data_json/book_ticker_stream.json",
    "btcusdt@depth20@100ms": "market_data_json/depth_update_stream.json",
    "btcusdt@kline_1m": "market_data_json/kline_stream_open.json",
    "btcusdt@markPrice@1s": "market_data_json/mark_price_stream.json",
}
ANSWERS: list[tuple[Query[Any], str]] = [
    (BalancesQuery(), "http_json/balance.json"),
    (PositionsQuery(), "http_json/position_risk.json"),
    (OpenOrdersQuery(), "http_json/open_algo_orders.json"),
    (OrderQuery("BTCUSDT", "c"), "http_json/order_response.json"),
]
NOT_OURS: list[Query[Any]] = [
    TimeQuery(),
    InstrumentsQuery(),
    KlinesQuery("BTCUSDT", "1m", 2),
    PriceQuery("BTCUSDT"),
    SymbolSettingsQuery("BTCUSDT"),
    TradesQuery("BTCUSDT", from_id=5),
]


@requires_shared
@pytest.mark.parametrize("name", USER)
@BRIEFLY
@given(st.data())
def test_a_spoiled_event_of_the_account_stops_nothing(name: str, data: st.DataObject) -> None:
    world = World().up()
    world.event(Frame("user", data.draw(spoiled(payload(name)))))
    world.reports.clear()
    world.event(Frame("user", payload(name)))
    assert world.reports


@requires_shared
@pytest.mark.parametrize(("stream", "name"), MARKET.items())
@BRIEFLY
@given(st.data())
def test_a_spoiled_frame_of_the_market_is_no_event(stream: str, name: str, data: st.DataObject) -> None:
    market = BinanceMarket(USDM, endpoints("sim", rest="http://x", ws_api="ws://x", streams="ws://x"))
    frame = b'{"stream":"' + stream.encode() + b'","data":' + payload(name) + b"}"
    market.decode(data.draw(spoiled(frame)))
    told = market.decode(frame)
    assert told is not None and told[0].symbol == "BTCUSDT"


@requires_shared
@BRIEFLY
@given(st.data())
def test_a_spoiled_answer_to_an_order_leaves_it_in_doubt_or_answered(data: st.DataObject) -> None:
    world = World().up()
    world.command(limit_order())
    order = b'{"id":%a,"status":200,"result":%s}' % (world.frames[0].id, payload("http_json/order_response.json"))
    world.event(Frame("trade", data.draw(spoiled(order))))
    world.wait(60)
    assert len(world.told(RequestDone)) == 1


@requires_shared
@pytest.mark.parametrize(("query", "name"), ANSWERS, ids=[type(query).__name__ for query, _ in ANSWERS])
@BRIEFLY
@given(st.data())
def test_a_spoiled_answer_is_an_answer_or_an_error(query: Query[Any], name: str, data: st.DataObject) -> None:
    answered(query, data.draw(spoiled(payload(name))))


@pytest.mark.parametrize("query", NOT_OURS, ids=[type(query).__name__ for query in NOT_OURS])
@pytest.mark.parametrize("body", [b"", b'{"a":"\xff"}', b"[" * 5000, b'[{"a":' * 3000, b"[[1]]", b'{"symbols":[1]}'])
def test_rubbish_is_an_error(query: Query[Any], body: bytes) -> None:
    answered(query, body)


def answered(query: Query[Any], body: bytes) -> None:
    world = World().up()
    world.ask(query)
    while world.requests:
        request = world.requests.pop(0)
        world.event(HttpReply(request.token, 200, {}, body))
    world.answer()
