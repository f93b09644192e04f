"""Recorded payloads, and the same spoiled: as bytes that broke on the way, and as JSON that says something odd."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.shared_data import SHARED

__all__ = ["PAYLOADS", "SPOT_PAYLOADS", "payload", "spoiled"]

PAYLOADS = SHARED / "data" / "binance" / "payloads" / "futures"
SPOT_PAYLOADS = SHARED / "data" / "binance" / "payloads" / "spot"

# `bytes` stand for what no JSON writer would write.
_ODD: list[Any] = [
    None, True, -1, 0, 2**63, 2**70, 0.1, 1e300, "", " ", "NaN", "-Infinity", "1E+999999", "1e-999999", "1_0", "0x1",
    "9" * 400, "\ud800", "\x00", [], {}, [[]], [{"a": 1}], b"\xff", b'"\xff"', b"[" * 5000, b"1e999",
]  # fmt: skip
_HOLE = "a place that no payload has"


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


@st.composite
def spoiled(draw: st.DrawFn, data: bytes) -> bytes:
    """One payload with one to three mistakes."""
    for _ in range(draw(st.integers(1, 3))):
        data = draw(_broken(data) | _odd(data))
    return data


@st.composite
def _broken(draw: st.DrawFn, data: bytes) -> bytes:
    at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 4))
    return data[:at] + draw(st.binary(max_size=4)) + data[at + length :]


@st.composite
def _odd(draw: st.DrawFn, data: bytes) -> bytes:
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        return data
    places = list(_places(whole))
    if not places:
        return data
    parent, key = draw(st.sampled_from(places))
    odd = draw(st.sampled_from(_ODD) | st.text(max_size=5) | st.integers())
    if draw(st.booleans()) and isinstance(parent, dict):
        del parent[key]
        return json.dumps(whole).encode()
    parent[key] = _HOLE if isinstance(odd, bytes) else odd
    text = json.dumps(whole).encode()
    return text.replace(json.dumps(_HOLE).encode(), odd) if isinstance(odd, bytes) else text


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in list(items):
        yield value, key
        yield from _places(each)
