"""The examples in the venue's own documents, as shapes to compare with."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.shared_data import SHARED

__all__ = ["first", "official_examples", "shape"]


def official_examples() -> dict[str, dict[str, Any]]:
    path = SHARED / "data/binance/docs_examples/derivatives_trading_usds_futures.rest_api.jsonl"
    examples = (msgspec.json.decode(line) for line in path.read_bytes().splitlines())
    return {example["test"].removeprefix("test_"): example for example in examples}


def shape(value: Any) -> Any:
    """Keys and JSON types, all the way down; of a list its first element."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value)


def first(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value
