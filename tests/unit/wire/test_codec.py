"""What is written is read back the same; what is not ours is refused, never anything else."""

from __future__ import annotations

from enum import Enum
from typing import Any, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire import messages, operator
from tradingsys.wire.codec import (
    decode_params,
    decode_request,
    decode_result,
    decode_server_message,
    encode,
    encode_error,
    encode_reply,
    encode_request,
)
from tradingsys.wire.messages import CancelParams, ErrorCode, OrderResult, Push, Reply

_NAMED: dict[str, Any] = {name: getattr(module, name) for module in (messages, operator) for name in module.__all__}
_STRUCTS = [kind for kind in _NAMED.values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
_PUSHES = get_args(Push)
_PARAMS = [kind for kind in _STRUCTS if kind.__name__.endswith("Params")]
_RESULTS = [
    kind for kind in _STRUCTS if kind not in _PUSHES and kind.__name__.endswith(("Result", "View", "Explanation"))
]

_IDS = st.integers(-(2**63), 2**63 - 1)
# Lone surrogates are no text that any encoding could carry.
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_SCALARS: dict[object, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: _IDS,
    bool: st.booleans(),
    type(None): st.none(),
}


def _values(kind: Any) -> st.SearchStrategy[Any]:
    if kind in _SCALARS:
        return _SCALARS[kind]
    parts = get_args(kind)
    if get_origin(kind) is list:
        return st.lists(_values(parts[0]), max_size=3)
    if get_origin(kind) is dict:
        return st.dictionaries(_values(parts[0]), _values(parts[1]), max_size=3)
    if get_origin(kind) is tuple:
        return st.tuples(*map(_values, parts))
    if parts:
        return st.one_of(*map(_values, parts))
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    return st.builds(kind, **{field.name: _values(field.type) for field in msgspec.structs.fields(kind)})


def any_of(*kinds: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    return st.one_of(*map(_values, kinds))


@given(any_of(*_PUSHES))
def test_pushes(push: msgspec.Struct) -> None:
    assert decode_server_message(encode(push)) == push
    # Whoever writes the tag last is understood too.
    fields = msgspec.to_builtins(push)
    assert decode_server_message(msgspec.json.encode({**fields, "type": fields.pop("type")})) == push


@given(_IDS, _TEXT, any_of(*_PARAMS))
def test_requests(request_id: int, method: str, params: msgspec.Struct) -> None:
    request = decode_request(encode_request(request_id, method, params))
    assert (request.id, request.method) == (request_id, method)
    assert decode_params(request, type(params)) == params


@given(_IDS, any_of(*_RESULTS))
def test_replies(request_id: int, result: msgspec.Struct) -> None:
    reply = decode_server_message(encode_reply(request_id, result))
    assert isinstance(reply, Reply)
    assert reply.id == request_id
    assert decode_result(reply, type(result)) == result


@given(st.none() | _IDS, _IDS, _TEXT)
def test_errors(request_id: int | None, code: int, message: str) -> None:
    reply = decode_server_message(encode_error(request_id, code, message))
    assert isinstance(reply, Reply)
    assert reply.id == request_id
    with pytest.raises(LocalProtocolError) as refused:
        decode_result(reply, OrderResult)
    assert (refused.value.code, str(refused.value)) == (code, message)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_what_is_not_ours_is_refused(data: bytes) -> None:
    for decode in (decode_request, decode_server_message):
        try:
            decode(data)
        except LocalProtocolError as error:
            assert error.code == ErrorCode.BAD_REQUEST


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"id":1}', b'{"id":"1","method":"login"}', b'{"id":1e99,"method":"x"}'],
)
def test_hostile_requests(data: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        decode_request(data)


@pytest.mark.parametrize("result", [b'"\xff"', b"[" * 100_000, b'[{"a":' * 50_000, b"7", b"{"])
def test_hostile_results(result: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        decode_result(Reply(1, msgspec.Raw(result)), list[str])


def test_wrong_parameters_are_named() -> None:
    request = decode_request(b'{"id":1,"method":"cancel","params":{"client_order_id":7}}')
    with pytest.raises(LocalProtocolError, match=r"cancel: .*client_order_id"):
        decode_params(request, CancelParams)


def test_all_pushes_are_public_and_named_by_one_word() -> None:
    assert {kind.__name__ for kind in _PUSHES} <= set(messages.__all__)
    tags = [kind.__struct_config__.tag for kind in _PUSHES]
    assert len(set(tags)) == len(tags) == len([kind for kind in _STRUCTS if kind.__name__.endswith("Push")])
