"""JSON that means one thing: what decoders quietly accept, and a hostile or broken program sends, is refused.

A key that is there twice means to one reader the first, to another the last. Nesting without end costs stack, integers
without end cost time.
"""

from __future__ import annotations

import json
import re

import msgspec

__all__ = ["MAX_DEPTH", "check_strict"]

MAX_DEPTH = 8
_LONG_NUMBER = re.compile(rb"[0-9]{19}").search
_INTEGERS = range(-(2**63), 2**63)


def check_strict(data: bytes) -> None:
    """Raises ValueError for a repeated key, deep nesting and an integer beyond 64 bits, in what is JSON otherwise."""
    value = msgspec.json.decode(data)
    keys = _count_keys(value, 1)
    if _LONG_NUMBER(data):
        _check_integers(value)
    # Every key has a colon: as many colons as keys that are left after decoding, and none was there twice.
    if keys != data.count(b":"):
        json.loads(data, object_pairs_hook=_object)


def _count_keys(value: object, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        keys, members = len(value), value.values()
    elif isinstance(value, list):
        keys, members = 0, value  # type: ignore[assignment]
    else:
        return 0
    for member in members:
        if type(member) is dict or type(member) is list:
            keys += _count_keys(member, depth + 1)
    return keys


def _check_integers(value: object) -> None:
    if isinstance(value, int) and value not in _INTEGERS:
        raise ValueError("an integer beyond 64 bits")
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_integers(member)


def _object(pairs: list[tuple[str, object]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!r} is there twice")
