"""Reading parameters, and checking who sent them: the same rules for HTTP and for the WS-API."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from urllib.parse import unquote_plus

from msgspec import Struct

from tradingsys.sim.faces.binance.faults import Fault, illegal, malformed, missing
from tradingsys.venues.auth import Verifier
from tradingsys.venues.binance.params import parse_exact_timing, parse_timing
from tradingsys.venues.binance.signing import parse_query, verify_query, verify_ws_params

__all__ = [
    "ApiKey",
    "Keyring",
    "Params",
    "check_exact_time",
    "check_http_signature",
    "check_time",
    "check_ws_signature",
]

_MAX_AHEAD_MS = 1_000
_US_PER_MS = 1_000
_LEAST_US = 10**14
"""As a time in ms it would be in the year 5138."""
_INTEGER = re.compile(r"[0-9]{1,19}")
_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")


class ApiKey(Struct, frozen=True):
    """A key the venue knows."""

    key: str
    account: str
    verifier: Verifier
    can_withdraw: bool = False
    can_transfer: bool = False
    is_ip_restricted: bool = False


class Params:
    """A request's parameters."""

    __slots__ = ("repeated", "values")

    def __init__(self, values: Mapping[str, str | int | bool], repeated: str = "") -> None:
        """``repeated`` is the name of one that is there twice, if any is."""
        self.values = values
        self.repeated = repeated

    @classmethod
    def from_http(cls, query: bytes, body: bytes) -> Params:
        """Query and form body; a parameter that is in both has the query's value."""
        texts = query.decode("latin-1"), body.decode("latin-1")
        return cls(parse_query(*texts), next(filter(None, map(_repeated, texts)), ""))

    def get(self, name: str, default: str = "") -> str:
        """Text, or the default when absent or empty."""
        value = self.values.get(name, "")
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) or default

    def text(self, name: str) -> str:
        """Text that must be there.

        Raises Fault (-1102).
        """
        value = self.get(name)
        if not value:
            raise missing(name)
        return value

    def integer(self, name: str) -> int:
        """A non-negative integer that must be there.

        Raises Fault (-1102).
        """
        value = self.text(name)
        if not _INTEGER.fullmatch(value):
            raise missing(name)
        return int(value)

    def optional_integer(self, name: str, default: int) -> int:
        """A non-negative integer, or the default when absent.

        Raises Fault (-1102).
        """
        return self.integer(name) if self.get(name) else default

    def maybe_integer(self, name: str) -> int | None:
        """A non-negative integer, or None when absent.

        Raises Fault (-1102).
        """
        return self.integer(name) if self.get(name) else None

    def maybe_time(self, name: str) -> int | None:
        """A time in ms, or None when absent; one in microseconds is told by its size.

        Raises Fault (-1102).
        """
        value = self.maybe_integer(name)
        return value // _US_PER_MS if value is not None and value >= _LEAST_US else value

    def maybe_decimal(self, name: str) -> Decimal | None:
        """A number, or None when absent.

        Raises Fault (-1100) for anything that is none.
        """
        value = self.get(name)
        if not value:
            return None
        if not _DECIMAL.fullmatch(value.removeprefix("-")):
            raise illegal(name, _DECIMAL.pattern)
        return Decimal(value)

    def decimal(self, name: str) -> Decimal:
        """A number that must be there.

        Raises Fault (-1102) when it is not, and (-1100) for anything that is none.
        """
        value = self.maybe_decimal(name)
        if value is None:
            raise missing(name)
        return value

    def flag(self, name: str) -> bool:
        """``true`` or ``false``; false when absent.

        Raises Fault (-1130).
        """
        value = self.get(name, "false").lower()
        if value not in ("true", "false"):
            raise malformed(name)
        return value == "true"


def _repeated(text: str) -> str:
    names = Counter(pair.partition("=")[0] for pair in text.split("&") if "=" in pair)
    return next((unquote_plus(name) for name, times in names.items() if times > 1), "")


class Keyring:
    """All keys by their public name."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._keys = {key.key: key for key in keys}

    def maybe(self, key: str) -> ApiKey | None:
        """Who owns a key, if anybody does."""
        return self._keys.get(key)

    def find(self, key: str | None) -> ApiKey:
        """Who owns a key.

        Raises Fault 401 for none (-2014) and for an unknown one (-2015).
        """
        if not key:
            raise Fault(401, -2014, "API-key format invalid.")
        found = self.maybe(key)
        if found is None:
            raise Fault(401, -2015, "Invalid API-key, IP, or permissions for action.")
        return found


def check_http_signature(owner: ApiKey, params: Params, query: bytes, body: bytes) -> None:
    """Check the signature over the bytes as they came.

    Raises Fault for a missing signature (-1102), for a wrong one, and for bytes that should have been percent-encoded
    before signing (-1022).
    """
    params.text("signature")
    if not (query.isascii() and body.isascii() and verify_query(owner.verifier, query.decode(), body.decode())):
        raise Fault(400, -1022, "Signature for this request is not valid.")


def check_ws_signature(owner: ApiKey, params: Params) -> None:
    """Check the signature of a WS-API request.

    Raises Fault for a missing signature (-1102) or a wrong one (-1022).
    """
    params.text("signature")
    if not verify_ws_params(owner.verifier, params.values):
        raise Fault(400, -1022, "Signature for this request is not valid.")


def check_time(params: Params, now_ms: int) -> None:
    """Raises Fault when the request's timestamp is too old or too far ahead (-1021); VenueError when it is absent."""
    _check_window(*parse_timing(params.values), now_ms)


def check_exact_time(params: Params, now_ms: int) -> None:
    """The same of spot, where there are parts of a ms. Raises VenueError also for a window that is too long (-1131)."""
    _check_window(*parse_exact_timing(params.values), now_ms)


def _check_window(timestamp_ms: Decimal | int, window_ms: Decimal | int, now_ms: int) -> None:
    if timestamp_ms >= now_ms + _MAX_AHEAD_MS:
        raise Fault(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - timestamp_ms > window_ms:
        raise Fault(400, -1021, "Timestamp for this request is outside of the recvWindow.")
