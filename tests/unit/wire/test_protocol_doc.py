"""docs/protocol.md is true: every message is there, and every example is one."""

from __future__ import annotations

import json
from enum import EnumType
from typing import Any

import msgspec
import pytest

from tests.unit.wire.examples_in_doc import DOC, Example, read_examples
from tradingsys.wire import messages, operator

_EXAMPLES = read_examples()
_NOT_MESSAGES = {"PROTOCOL_VERSION", "Cursor", "Push"}


def _types() -> dict[str, Any]:
    named = {name: getattr(module, name) for module in (messages, operator) for name in module.__all__}
    return {name: kind for name, kind in named.items() if name not in _NOT_MESSAGES and not isinstance(kind, EnumType)}


@pytest.mark.parametrize("example", _EXAMPLES, ids=lambda example: example.type_name)
def test_an_example_is_what_its_heading_says(example: Example) -> None:
    kind = _types()[example.type_name]
    decoded = msgspec.json.decode(example.text, type=kind, strict=True)
    written = json.loads(msgspec.json.encode(decoded))
    assert _shape(written) == _shape(json.loads(example.text))
    assert written == json.loads(example.text)


def test_every_message_has_an_example() -> None:
    assert {example.type_name for example in _EXAMPLES} == _types().keys()


def test_every_error_code_is_explained() -> None:
    text = DOC.read_text("utf-8")
    for code in messages.ErrorCode:
        assert f"| {code.value} | {code.name} |" in text


def test_the_version_is_the_documented_one() -> None:
    text = DOC.read_text("utf-8")
    assert f"protocol version **{messages.PROTOCOL_VERSION}**" in text


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(inner) for key, inner in value.items()}
    return [_shape(inner) for inner in value] if isinstance(value, list) else None
