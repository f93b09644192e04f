"""REST calls as values: signed, counted, and answered to whoever made them."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from msgspec import Struct, structs

from tradingsys.core.ban import Ban
from tradingsys.core.errors import TransportError
from tradingsys.core.io import HttpFailed, HttpReply, HttpRequest
from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.auth import Signer
from tradingsys.venues.binance.errors import WRONG_TIME, HttpError, parse_error
from tradingsys.venues.binance.limits import limits_of_headers, wait_ms
from tradingsys.venues.binance.params import DEFAULT_RECV_WINDOW_MS
from tradingsys.venues.binance.signing import Params, query_text, sign_query
from tradingsys.venues.protocol import Output

__all__ = ["Arrived", "Call", "OnResult", "Rest", "Result", "Security", "describe"]


_TOO_MANY = -1003


class Security(Enum):
    """What a call must carry."""

    NONE = auto()
    KEY = auto()
    """The API key."""
    SIGNED = auto()
    """The API key, a timestamp and a signature."""


class Call(Struct, frozen=True):
    """One REST call. A signed one without a ``timestamp`` of its own gets one, and the default recvWindow."""

    method: str
    path: str
    params: Params = {}
    security: Security = Security.SIGNED
    base_url: str | None = None
    """Another host than the usual one."""


class Arrived(Struct, frozen=True):
    """A successful answer, and when the question left and the answer came (monotonic)."""

    body: bytes
    sent_ns: int
    received_ns: int


Result = Arrived | HttpError | TransportError
OnResult = Callable[[Result, int], list[Output]]


def describe(failure: HttpError | TransportError) -> str:
    """Why there was no successful answer, for people."""
    return f"{failure.code or failure.status} {failure.message}" if isinstance(failure, HttpError) else str(failure)


class Rest:
    """Makes HTTP requests and hands each one's result to its caller."""

    def __init__(self, base_url: str, api_key: str, signer: Signer, clock: VenueClock) -> None:
        self._base_url = base_url
        self._headers = _HiddenHeaders({"X-MBX-APIKEY": api_key})
        self._signer = signer
        self._clock = clock
        self.ban = Ban()
        """Of everything that goes to the exchange from here."""
        self._next_token = 1
        self._waiting: dict[int, tuple[OnResult, int, bool]] = {}
        """By token: when it was sent, and whether to another of the exchange's hosts."""

    def call(self, call: Call, on_result: OnResult, now_ns: int) -> list[Output]:
        """The request; ``on_result`` is called once.

        A signed call while the venue's time is unknown fails at once, provably unsent; so does the second part of a
        question while the exchange wants to be left alone, which it said to the first, or meanwhile.
        """
        left_ms = self.ban.left_ms(now_ns)
        if left_ms and call.method == "GET":
            return on_result(HttpError(429, _TOO_MANY, "not asked: too much was, a moment ago", left_ms), now_ns)
        params = call.params
        if call.security is Security.SIGNED and "timestamp" not in params:
            if not self._clock.is_set:
                return on_result(TransportError("the venue's time is not known yet", sent=False), now_ns)
            params = {**params, "recvWindow": DEFAULT_RECV_WINDOW_MS, "timestamp": self._clock.now_ms(now_ns)}
        query = sign_query(self._signer, params) if call.security is Security.SIGNED else query_text(params)
        token, self._next_token = self._next_token, self._next_token + 1
        self._waiting[token] = (on_result, now_ns, call.base_url not in (None, self._base_url))
        url = f"{call.base_url or self._base_url}{call.path}{'?' if query else ''}{query}"
        return [HttpRequest(token, call.method, url, {} if call.security is Security.NONE else self._headers)]

    def done(self, event: HttpReply | HttpFailed, now_ns: int) -> list[Output]:
        """Take an answer; one that nobody waits for (any more) is ignored.

        Another host has limits, bans and a clock of its own, which say nothing of ours: trading must not stop for them.
        """
        on_result, sent_ns, is_elsewhere = self._waiting.pop(event.token, (None, 0, False))
        if on_result is None:
            return []
        if isinstance(event, HttpFailed):
            return on_result(TransportError(event.reason, sent=event.sent), now_ns)
        result: Result = Arrived(event.body, sent_ns, now_ns)
        error = None
        if not 200 <= event.status < 300:
            error = parse_error(event.status, event.body)
            if error.code == WRONG_TIME and not is_elsewhere:
                self._clock.doubt()
            now_ms = self._clock.now_ms(now_ns) if self._clock.is_set else None
            error = structs.replace(error, retry_after_ms=wait_ms(error, event.headers, now_ms))
            result = error
            if not is_elsewhere:
                self.ban.hold(error.ban_ms, now_ns)
        seen = None if is_elsewhere else limits_of_headers(event.headers, error)
        return [*([seen] if seen else []), *on_result(result, now_ns)]


class _HiddenHeaders(dict[str, str]):
    """Headers that may be printed without telling the key."""

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"
