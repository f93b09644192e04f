"""Blocks that are data: configurations by the gateway's loader, messages by the wire's codec, both ways."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast, get_args

import msgspec
import pytest

from tests.documents.blocks import ROOT, Block, blocks, check_of
from tradingsys.gateway.configuration.config import load
from tradingsys.gateway.guarded_host import GuardedHost
from tradingsys.gateway.requests.requests import RequestHandler
from tradingsys.wire import codec, messages, operator

DOCS = ROOT / "docs"
_TYPE = re.compile(r"`([A-Z]\w+)`")


def of(check: str) -> list[Block]:
    return [block for block in blocks() if check_of(block) == check]


@pytest.mark.parametrize("block", of("configuration"), ids=lambda block: block.place)
def test_a_configuration_can_be_loaded(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "usdt.json"
    path.write_text(block.text)
    load(path)


def kind_of(block: Block) -> Any:
    """The message that the heading names."""
    named = _TYPE.search(block.section)
    assert named is not None, f"{block.place}: the heading {block.section!r} names no message"
    return getattr(messages, named[1], None) or getattr(operator, named[1])


@pytest.mark.parametrize("block", of("wire"), ids=lambda block: block.place)
def test_a_message_goes_through_the_codec_both_ways(block: Block) -> None:
    kind = kind_of(block)
    value = msgspec.json.decode(block.text, type=kind, strict=True)
    told = json.loads(block.text)
    if kind is messages.Request:
        request = codec.decode_request(block.text.encode())
        params = codec.decode_params(request, list[str])
        assert json.loads(codec.encode_request(request.id, request.method, params)) == told
    elif kind is messages.Reply or kind in get_args(messages.Push):
        assert json.loads(codec.encode(codec.decode_server_message(block.text.encode()))) == told
    elif kind.__name__.endswith("Params") or kind is operator.Selection:
        request = codec.decode_request(codec.encode_request(1, "x", value))
        assert codec.decode_params(request, kind) == value
        assert json.loads(bytes(request.params)) == told
    else:
        reply = codec.decode_server_message(codec.encode_reply(1, value))
        assert isinstance(reply, messages.Reply)
        assert codec.decode_result(reply, kind) == value
        assert json.loads(bytes(reply.result)) == told


def methods() -> set[str]:
    """All that a gateway answers to."""
    handler = RequestHandler(cast(GuardedHost, None))
    return {*handler._methods, *handler._operator.methods}


def test_every_method_of_the_gateway_has_a_heading() -> None:
    headings = [line for line in (DOCS / "protocol.md").read_text("utf-8").splitlines() if line.startswith("### ")]
    named = {name for line in headings for name in re.findall(r"`([a-z_.]+)`", line)}
    assert methods() <= named, methods() - named


def test_the_flow_of_a_connection_names_methods_and_pushes() -> None:
    (block,) = of("flow")
    tags = {kind.__struct_config__.tag for kind in get_args(messages.Push)}
    words = set(re.findall(r"[a-z_]+", block.text)) - {"connect"}
    assert words <= methods() | tags, words - methods() - tags
