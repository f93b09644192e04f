"""Whatever spot's bytes turn into on the way: reading them raises what is documented."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shared_data import requires_shared
from tests.unit.venues.binance.recorded import SPOT_PAYLOADS, spoiled
from tradingsys.venues.binance import decode_assets, decode_spot, encode, messages
from tradingsys.venues.binance.market import BinanceMarket, announces_shutdown
from tradingsys.venues.binance.messages import margin, spot
from tradingsys.venues.binance.products import PRODUCTS, endpoints

BRIEFLY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
SPOT = PRODUCTS["spot"]


def reading(kind: Any, *steps: Callable[[Any], Any]) -> Callable[[bytes], None]:
    """Read a message, or all of an array of them, and what it means."""

    def read(data: bytes) -> None:
        told = msgspec.json.decode(data, type=kind)
        for step in steps:
            for each in told if isinstance(told, list) else [told]:
                step(each)

    return read


EVENTS: dict[type, Callable[[Any], Any]] = {
    spot.ExecutionReport: decode_spot.execution_report,
    spot.OutboundAccountPosition: decode_assets.account_position,
    spot.BalanceUpdate: decode_assets.asset_moved,
    spot.ListStatus: decode_spot.list_status,
}


def event_of_the_account(data: bytes) -> None:
    event = msgspec.json.decode(data, type=spot.UserEventFrame).event
    mean = EVENTS.get(type(event))
    assert mean is None or mean(event) is not None


def a_wrapped_event_of_the_account(name: str) -> bytes:
    told = (SPOT_PAYLOADS / "user_data_json" / name).read_bytes()
    return told if name.endswith("_wrapped.json") else b'{"subscriptionId":0,"event":' + told + b"}"


ANSWERS: dict[str, Callable[[bytes], Any]] = {
    "http_json/account_response.json": reading(spot.Account, decode_assets.balances),
    "http_json/account_trades_response.json": reading(list[spot.UserTrade], decode_spot.user_trade),
    "http_json/all_orders_response.json": reading(list[spot.OrderReply], decode_spot.order_reply),
    "http_json/cancel_open_orders_response.json": decode_spot.orders_told,
    "http_json/cancel_order_response.json": decode_spot.orders_told,
    "http_json/new_order_full_response.json": reading(spot.OrderReply, decode_spot.order_reply_changed),
}


@requires_shared
@pytest.mark.parametrize(
    "name", sorted(path.name for path in SPOT_PAYLOADS.glob("user_data_json/*.json")), ids=lambda name: str(name)
)
@BRIEFLY
@given(st.data())
def test_a_spoiled_event_is_read_or_raises_what_is_documented(name: str, data: st.DataObject) -> None:
    whole = a_wrapped_event_of_the_account(name)
    event_of_the_account(whole)
    with contextlib.suppress(*messages.UNREADABLE):
        event_of_the_account(data.draw(spoiled(whole)))


@requires_shared
@pytest.mark.parametrize("name", ANSWERS)
@BRIEFLY
@given(st.data())
def test_a_spoiled_answer_is_read_or_raises_what_is_documented(name: str, data: st.DataObject) -> None:
    whole = (SPOT_PAYLOADS / name).read_bytes()
    ANSWERS[name](whole)
    with contextlib.suppress(*messages.UNREADABLE):
        ANSWERS[name](data.draw(spoiled(whole)))


WRITTEN: dict[str, tuple[messages.Message, Callable[[bytes], Any]]] = {
    "margin account": (
        margin.Account(
            margin_level="11.6", total_asset_of_btc="1", total_liability_of_btc="1", total_net_asset_of_btc="0",
            trade_enabled=True,
            user_assets=[margin.UserAsset(asset="A", borrowed="1", free="2", interest="3", locked="4", net_asset="2")],
        ),
        reading(margin.Account, decode_assets.margin_balances),
    ),
    "interest": (
        margin.InterestRows(
            rows=[
                margin.InterestRow(
                    tx_id=7, interest_accured_time=5, asset="A", principal="1", interest="2", interest_rate="3",
                    type="PERIODIC",
                )
            ],
            total=1,
        ),
        reading(margin.InterestRows, decode_assets.interest),
    ),
    "margin level": (
        margin.MarginLevelStatusChange(ts_sent_ms=1, level="1.2", status="MARGIN_LEVEL_2"),
        reading(margin.MarginLevelStatusChange, decode_assets.margin_level),
    ),
    "amend": (
        spot.AmendReply(
            transact_time=5, execution_id=6,
            amended_order=spot.AmendedOrder(
                symbol="A", order_id=1, order_list_id=-1, orig_client_order_id="a", client_order_id="b", price="1",
                qty="2", executed_qty="0", prevented_qty="0", cumulative_quote_qty="0", status="NEW",
                time_in_force="GTC", type="LIMIT", side="BUY", trailing_delta=10,
            ),
        ),
        reading(spot.AmendReply, decode_spot.amend_reply),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
@BRIEFLY
@given(st.data())
def test_spoiled_messages_of_which_no_payload_was_recorded(name: str, data: st.DataObject) -> None:
    message, read = WRITTEN[name]
    whole = encode.to_bytes(message)
    read(whole)
    with contextlib.suppress(*messages.UNREADABLE):
        read(data.draw(spoiled(whole)))


@pytest.mark.parametrize(
    ("stream", "payload"),
    [
        ("btcusdt@depth20@100ms", b'{"lastUpdateId":160,"bids":[["1","2"]],"asks":[["3","4"]]}'),
        ("btcusdt@bookTicker", b'{"u":1,"s":"BTCUSDT","b":"1","B":"2","a":"3","A":"4"}'),
        ("!serverShutdown", b'{"e":"serverShutdown","E":1790000000000}'),
    ],
)
@BRIEFLY
@given(st.data())
def test_a_spoiled_frame_of_the_market_is_no_event(stream: str, payload: bytes, data: st.DataObject) -> None:
    market = BinanceMarket(SPOT, endpoints(SPOT))
    frame = b'{"stream":"' + stream.encode() + b'","data":' + payload + b"}"
    noise = data.draw(spoiled(frame))
    market.decode(noise)
    announces_shutdown(noise)
    told = market.decode(frame)
    assert announces_shutdown(frame) if told is None else told[0].symbol == "BTCUSDT"
