"""Reading the parameters of a received request, with the exchange's own words for what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from tradingsys.core.errors import OrderRejected, VenueError
from tradingsys.venues.binance.signing import Params

__all__ = [
    "DEFAULT_RECV_WINDOW_MS",
    "SPOT_CLIENT_ID",
    "choice",
    "client_id",
    "flag",
    "is_venue_id",
    "mandatory",
    "number",
    "optional_int",
    "optional_number",
    "parse_exact_timing",
    "parse_timing",
]

DEFAULT_RECV_WINDOW_MS = 5000
_LONGEST_WINDOW_MS = 60_000
_MICROSECONDS_FROM = 10**14
"""Larger timestamps are microseconds: in milliseconds they would be of the year 5138."""

# As the exchange writes them in its errors.
_CLIENT_ID = re.compile(r"^[\.A-Z\:/a-z0-9_-]{1,36}$")
SPOT_CLIENT_ID = re.compile(r"^[a-zA-Z0-9-_]{1,36}$")
_DECIMAL = re.compile(r"^([0-9]{1,20})(\.[0-9]{1,20})?$")
_INTEGER = re.compile(r"[0-9]{1,18}")
_WINDOW = re.compile(r"[0-9]{1,8}(\.[0-9]{1,3})?")

T = TypeVar("T")


def mandatory(params: Params, name: str) -> str:
    """A parameter that must be there; raises OrderRejected (-1102)."""
    value = params.get(name)
    if value is None or value == "":
        raise OrderRejected(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return str(value)


def number(params: Params, name: str) -> Decimal:
    """A mandatory decimal, which may be negative; raises OrderRejected (-1100, -1102)."""
    text = mandatory(params, name)
    if not _DECIMAL.fullmatch(text.removeprefix("-")):
        raise _illegal(name, _DECIMAL)
    return Decimal(text)


def optional_number(params: Params, name: str) -> Decimal | None:
    """A decimal, None when it is absent or empty; raises OrderRejected (-1100)."""
    return None if params.get(name) in (None, "") else number(params, name)


def optional_int(params: Params, name: str) -> int | None:
    """A natural number, None when it is absent; raises VenueError (-1102)."""
    value = params.get(name)
    if value is None:
        return None
    if not _INTEGER.fullmatch(str(value)):
        raise VenueError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return int(value)


def flag(params: Params, name: str) -> bool:
    """A switch, off when absent; raises OrderRejected (-1130) for what is neither true nor false."""
    word = str(params.get(name) or "false").lower()
    if word not in ("true", "false"):
        raise OrderRejected(-1130, f"Data sent for parameter '{name}' is not valid.")
    return word == "true"


def choice(params: Params, name: str, known: Mapping[str, T], code: int, message: str) -> T | None:
    """One of the known words, None when absent; raises OrderRejected with ``code`` for any other."""
    word = params.get(name)
    if word is None:
        return None
    value = known.get(str(word))
    if value is None:
        raise OrderRejected(code, message)
    return value


def client_id(params: Params, name: str, legal: re.Pattern[str] = _CLIENT_ID) -> str:
    """A client's own id, empty when absent; raises OrderRejected (-1100, and of futures -4015)."""
    text = str(params.get(name, ""))
    if len(text) > 36 and legal is _CLIENT_ID:
        raise OrderRejected(-4015, "Client order id length should not be more than 36 chars")
    if text and not legal.fullmatch(text):
        raise _illegal(name, legal)
    return text


def _illegal(name: str, legal: re.Pattern[str]) -> OrderRejected:
    text = f"Illegal characters found in parameter '{name}'; legal range is '{legal.pattern}'."
    return OrderRejected(-1100, text)


def is_venue_id(text: str | None) -> bool:
    """Whether this can be an id that the exchange gave."""
    return text is not None and _INTEGER.fullmatch(text) is not None


def parse_timing(params: Params) -> tuple[int, int]:
    """(timestamp, recvWindow) in ms of any signed request.

    Raises VenueError (-1102) when the timestamp is missing or no number.
    """
    stamp_ms = optional_int(params, "timestamp")
    if stamp_ms is None:
        raise VenueError(-1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.")
    window_ms = optional_int(params, "recvWindow")
    return stamp_ms, DEFAULT_RECV_WINDOW_MS if window_ms is None else window_ms


def parse_exact_timing(params: Params) -> tuple[Decimal, Decimal]:
    """(timestamp, recvWindow) in ms of any signed request of spot or margin.

    There a timestamp may be in microseconds, and a window has up to three decimals. Raises VenueError for what is
    missing or no number (-1102), and for a window that is too long (-1131).
    """
    stamp_ms = Decimal(parse_timing({**params, "recvWindow": DEFAULT_RECV_WINDOW_MS})[0])
    window = str(params.get("recvWindow", "")) or str(DEFAULT_RECV_WINDOW_MS)
    if not _WINDOW.fullmatch(window):
        mandatory({}, "recvWindow")
    if Decimal(window) > _LONGEST_WINDOW_MS:
        raise VenueError(-1131, "recvWindow must be less than 60000.")
    return stamp_ms / 1000 if stamp_ms >= _MICROSECONDS_FROM else stamp_ms, Decimal(window)
