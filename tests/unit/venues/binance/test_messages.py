import inspect
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tradingsys.venues.binance import messages

# Appear only inside other messages, whose examples show them.
NESTED = {
    "AccountAsset",
    "AccountBalance",
    "AccountPosition",
    "AlgoOrderUpdate",
    "AmendedList",
    "AmendedOrder",
    "AmendedValue",
    "Amendment",
    "Asset",
    "AssetBalance",
    "AssetFilter",
    "AssetGroup",
    "AssetModeChange",
    "AssetRate",
    "BalanceChange",
    "BorrowRepayRow",
    "Bracket",
    "CancelReplaceOutcome",
    "CollateralStep",
    "Commission",
    "CompositeIndexPart",
    "ContractBracket",
    "DebtSaleRow",
    "Discount",
    "ErrorDetail",
    "ExecutionRule",
    "ForcedOrder",
    "ForcedRow",
    "IndexComponent",
    "IndexSource",
    "InsuranceAsset",
    "InterestRow",
    "IsolatedAsset",
    "IsolatedPair",
    "KlineBar",
    "LeverageChange",
    "ListedOrder",
    "MarginCallPosition",
    "MarketSchedule",
    "OrderFill",
    "OrderOfList",
    "OrderUpdate",
    "PositionChange",
    "Routing",
    "RulesOfSymbol",
    "ScheduledSession",
    "ShownPreventedMatch",
    "SideCommission",
    "TradingIndicator",
    "TransferRow",
    "UpdateOfAccount",
    "UserAsset",
}


def message_classes() -> dict[str, type[messages.Message]]:
    """By name, those of a product alone with its name before it."""
    return {
        f"{product}{name}": member
        for product, namespace in (("", messages), ("spot.", messages.spot), ("margin.", messages.margin))
        for name in namespace.__all__
        if inspect.isclass(member := getattr(namespace, name)) and issubclass(member, messages.Message)
    }


def shown_alone() -> list[str]:
    return sorted(name for name in message_classes() if name.rpartition(".")[2] not in NESTED | {"Message"})


def examples(message: type) -> Iterator[Any]:
    _, marker, text = inspect.cleandoc(message.__doc__ or "").partition("::\n")
    text = text.strip()
    while marker and text:
        example, end = json.JSONDecoder().raw_decode(text)
        yield example
        text = text[end:].lstrip()


@pytest.mark.parametrize("name", shown_alone())
def test_the_payload_in_the_docstring_survives_decoding_and_encoding(name: str) -> None:
    message = message_classes()[name]
    shown = list(examples(message))
    assert shown, f"{name} shows no payload"
    for example in shown:
        decoded = msgspec.json.decode(json.dumps(example), type=message)
        assert json.loads(msgspec.json.encode(decoded)) == example


@pytest.mark.parametrize("name", shown_alone())
def test_unknown_fields_are_tolerated(name: str) -> None:
    message = message_classes()[name]
    for example in examples(message):
        grown = {**example, "aFieldOfNextYear": [1, {"x": None}]}
        assert json.loads(msgspec.json.encode(msgspec.json.decode(json.dumps(grown), type=message))) == example
