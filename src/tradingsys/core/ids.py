"""Client order ids: a pure function of who sent an order, and back.

The layout is ``T<lineage>-<session>-<epoch>-<login>-<seq>-<check>`` with base-62 numbers, for example
``Tq3Xz1-1-VKr5bLo-2-1f-x0``: at most 36 characters of ``[A-Za-z0-9_-]``, which every supported venue accepts. The two
check characters keep ids of other tools from being taken for ours.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import NewType

from msgspec import Struct

__all__ = [
    "EXTERNAL",
    "LINEAGE_LENGTH",
    "MAX_SESSION",
    "ClientOrderId",
    "OrderKey",
    "decode_client_order_id",
    "encode_client_order_id",
    "lineage_from_random",
]

ClientOrderId = NewType("ClientOrderId", str)

EXTERNAL = -1
"""The session of everything that no strategy sent: manual trades, liquidations, transfers, baseline."""

MAX_SESSION = 65535
LINEAGE_LENGTH = 5

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_BASE = len(_DIGITS)


class OrderKey(Struct, frozen=True, order=True):
    """Names one order request for ever.

    ``lineage`` is the book's, minted when pos.db is created; ``epoch`` the gateway incarnation's, in venue
    milliseconds; ``login`` is handed out at each login within the epoch; ``seq`` is counted by the strategy within its
    login.
    """

    session: int
    lineage: str
    epoch: int
    login: int
    seq: int


def lineage_from_random(value: int) -> str:
    """The lineage for a random non-negative integer (30 bits are enough)."""
    return _to_base62(value % _BASE**LINEAGE_LENGTH).rjust(LINEAGE_LENGTH, _DIGITS[0])


def encode_client_order_id(key: OrderKey) -> ClientOrderId:
    """The id under which the venue knows the order of this key."""
    body = _login_text(key.lineage, key.session, key.epoch, key.login) + _to_base62(key.seq)
    return ClientOrderId(f"{body}-{_check(body)}")


@lru_cache(maxsize=1024)
def decode_client_order_id(text: str) -> OrderKey | None:
    """The key inside an id, or None when the id was not made by `encode_client_order_id`."""
    body, dash, check = text.rpartition("-")
    if not dash or not body.startswith("T") or check != _check(body):
        return None
    parts = body.split("-")
    if len(parts) != 5 or len(parts[0]) != LINEAGE_LENGTH + 1:
        return None
    numbers = [_from_base62(part) for part in parts[1:]]
    if any(number is None for number in numbers):
        return None
    session, epoch, login, seq = (number or 0 for number in numbers)
    key = OrderKey(session, parts[0][1:], epoch, login, seq)
    # Only the canonical spelling is ours: a leading zero with a lucky check is somebody else's id.
    return key if session <= MAX_SESSION and encode_client_order_id(key) == text else None


@lru_cache(maxsize=1024)
def _login_text(lineage: str, session: int, epoch: int, login: int) -> str:
    """What the ids of one login have in common."""
    return f"T{lineage}-{_to_base62(session)}-{_to_base62(epoch)}-{_to_base62(login)}-"


def _check(body: str) -> str:
    return _to_base62(zlib.crc32(body.encode()) % _BASE**2).rjust(2, _DIGITS[0])


def _to_base62(number: int) -> str:
    digits = ""
    while True:
        number, remainder = divmod(number, _BASE)
        digits = _DIGITS[remainder] + digits
        if not number:
            return digits


def _from_base62(text: str) -> int | None:
    number = 0
    for digit in text:
        value = _VALUES.get(digit)
        if value is None:
            return None
        number = number * _BASE + value
    return number if text else None
