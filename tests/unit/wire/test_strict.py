"""JSON that could mean two things, or costs more than it says, is no request."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.codec import check_request, decode_request, encode_reply
from tradingsys.wire.strict import MAX_DEPTH, check_strict

_TEXT = st.text(st.sampled_from('ab:"\\{}[] é'), max_size=5)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _TEXT
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=12
)


def depth(value: object) -> int:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if members is None else 1 + max((depth(each) for each in members), default=0)


@given(_VALUES, st.booleans())
def test_what_means_one_thing_is_taken(value: object, is_ascii: bool) -> None:
    data = json.dumps(value, ensure_ascii=is_ascii).encode()
    if depth(value) <= MAX_DEPTH:
        check_strict(data)


@given(st.dictionaries(_TEXT, _SCALARS, min_size=1, max_size=4), _SCALARS, st.integers(0, 5))
def test_a_key_that_is_there_twice_is_found_wherever_it_is(value: dict[str, object], other: object, deep: int) -> None:
    name = next(iter(value))
    escaped = '"' + "".join(f"\\u{ord(letter):04x}" for letter in name) + '"'
    for again in (json.dumps(name), escaped):
        data = json.dumps(value)[:-1] + f", {again} : {json.dumps(other)}}}"
        with pytest.raises(ValueError, match="there twice"):
            check_strict(("[" * deep + data + "]" * deep).encode())


def take(data: bytes) -> None:
    decode_request(data)
    check_request(data)


def request(params: str) -> bytes:
    return b'{"id":1,"method":"x","params":' + params.encode() + b"}"


def test_each_bound_at_its_edge() -> None:
    take(request("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)))
    take(request(str(2**63 - 1)))
    take(request(str(-(2**63))))
    take(request('[{"a":1},{"a":1}]'))
    for params, says in (
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH, "deep"),
        ("[" * 20_000 + "]" * 20_000, "not a request"),
        (str(2**63), "64 bits"),
        (str(-(2**63) - 1), "64 bits"),
        (f'{{"a":[{2**70}]}}', "64 bits"),
        ('{"a":1,"a":1}', "'a' is there twice"),
        ('1,"params":1', "'params' is there twice"),
        ("NaN", "malformed"),
        ("-Infinity", "malformed"),
    ):
        with pytest.raises(LocalProtocolError, match=says):
            take(request(params))


def test_an_answer_that_is_too_long_says_what_to_do() -> None:
    assert len(encode_reply(1, "x" * (2**21 - 2))) > 2**21
    with pytest.raises(LocalProtocolError, match="ask for less at a time"):
        encode_reply(1, "x" * (2**21 - 1))
    assert encode_reply(1, "x" * 2**22, is_bounded=False)
