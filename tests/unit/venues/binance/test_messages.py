import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.shared_data import SHARED, requires_shared
from tradingsys.venues.binance import messages

# Appear only inside other messages, whose examples show them.
NESTED = {
    "AccountAsset",
    "AccountPosition",
    "AlgoOrderUpdate",
    "AmendedValue",
    "Amendment",
    "Asset",
    "AssetModeChange",
    "BalanceChange",
    "Bracket",
    "CompositeIndexPart",
    "ContractBracket",
    "ErrorDetail",
    "ForcedOrder",
    "IndexComponent",
    "KlineBar",
    "LeverageChange",
    "MarginCallPosition",
    "OrderUpdate",
    "PositionChange",
    "UpdateOfAccount",
}


def message_classes() -> dict[str, type[messages.Message]]:
    return {
        name: member
        for name in messages.__all__
        if inspect.isclass(member := getattr(messages, name)) and issubclass(member, messages.Message)
    }


def examples(message: type) -> Iterator[Any]:
    _, marker, text = inspect.cleandoc(message.__doc__ or "").partition("::\n")
    text = text.strip()
    while marker and text:
        example, end = json.JSONDecoder().raw_decode(text)
        yield example
        text = text[end:].lstrip()


@pytest.mark.parametrize("name", sorted(set(message_classes()) - NESTED - {"Message"}))
def test_the_payload_in_the_docstring_survives_decoding_and_encoding(name: str) -> None:
    message = message_classes()[name]
    shown = list(examples(message))
    assert shown, f"{name} shows no payload"
    for example in shown:
        decoded = msgspec.json.decode(json.dumps(example), type=message)
        assert json.loads(msgspec.json.encode(decoded)) == example


@pytest.mark.parametrize("name", sorted(set(message_classes()) - NESTED - {"Message"}))
def test_unknown_fields_are_tolerated(name: str) -> None:
    message = message_classes()[name]
    for example in examples(message):
        grown = {**example, "aFieldOfNextYear": [1, {"x": None}]}
        assert json.loads(msgspec.json.encode(msgspec.json.decode(json.dumps(grown), type=message))) == example


PAYLOADS = SHARED / "data" / "binance" / "payloads" / "futures"
HANDLED: dict[str, Any] = {
    "http_json/balance.json": list[messages.Balance],
    "http_json/order_response.json": messages.OrderReply,
    "http_json/position_risk.json": list[messages.PositionRisk],
    "market_data_json/agg_trade_stream.json": messages.AggTrade,
    "market_data_json/book_ticker_stream.json": messages.BookTicker,
    "market_data_json/depth_update_stream.json": messages.DepthUpdate,
    "market_data_json/kline_stream_closed.json": messages.KlineUpdate,
    "market_data_json/kline_stream_open.json": messages.KlineUpdate,
    "market_data_json/mark_price_stream.json": messages.MarkPriceUpdate,
    **{
        f"user_data_json/{name}.json": messages.UserEvent
        for name in (
            "account_update",
            "account_update_bnfcr",
            "order_update_adl",
            "order_update_calculated",
            "order_update_calculated_pending",
            "order_update_delivery",
            "order_update_insurance",
            "order_update_new",
            "order_update_settlement",
            "order_update_trade",
            "order_update_trade_partial",
            "trade_lite",
        )
    },
}
NOT_HANDLED = {
    "http_json/account_info_v2.json": "positions and balances are read from their own version 3 endpoints",
    "http_json/open_algo_orders.json": "conditional orders are not sent yet",
    "market_data_json/liquidation_stream.json": "no stream for strategies yet",
    "market_data_json/ticker_stream.json": "no stream for strategies yet",
    "market_data_json/trade_stream.json": "undocumented on futures; aggTrade is used",
    "user_data_json/algo_update_canceled.json": "conditional orders are not sent yet",
    "user_data_json/algo_update_new.json": "conditional orders are not sent yet",
}


def keys(value: Any) -> Any:
    """The key sets of a JSON value, however deep; a list of objects keeps each one's."""
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items()}
    return [keys(item) for item in value] if isinstance(value, list) else None


@requires_shared
def test_every_recorded_payload_is_either_handled_or_explained() -> None:
    recorded = {path.relative_to(PAYLOADS).as_posix() for path in PAYLOADS.rglob("*.json")}
    assert recorded == HANDLED.keys() | NOT_HANDLED.keys()


@requires_shared
@pytest.mark.parametrize("path", sorted(HANDLED))
def test_recorded_payloads_keep_their_keys_and_values(path: str) -> None:
    text = Path(PAYLOADS, path).read_bytes()
    recoded = json.loads(msgspec.json.encode(msgspec.json.decode(text, type=HANDLED[path])))
    assert keys(recoded) == keys(json.loads(text))
    assert recoded == json.loads(text)
