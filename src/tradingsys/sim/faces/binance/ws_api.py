"""The WS-API: orders and questions on a websocket, signed one by one or under a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeAlias

import msgspec
from msgspec import UNSET, Struct

from tradingsys.core.errors import VenueError
from tradingsys.sim.faces.binance import params
from tradingsys.sim.faces.binance.call import Call, S
from tradingsys.sim.faces.binance.connection import Connection
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.params import ApiKey, Keyring, Params
from tradingsys.sim.faces.binance.routes import Route, Security
from tradingsys.sim.faces.binance.troubles import Asked
from tradingsys.venues.auth import KeyKind
from tradingsys.venues.binance.encode import to_bytes, ws_api_error, ws_api_reply
from tradingsys.venues.binance.messages import ErrorBody, RateLimitRule, RequestId, SessionState

__all__ = ["ConnectionMethod", "WsApi", "WsManners"]

_INVALID_JSON = Fault(400, -1135, "Invalid JSON Request")
_UNKNOWN_METHOD = Fault(400, -1020, "This operation is not supported.")

_decode_any = msgspec.json.Decoder().decode


class _Asked(Struct, frozen=True):
    """A request: what `WsApiRequest` is, before anything is known of its parameters."""

    method: str
    params: dict[str, object] | None = None


# The venue wants decimals as text, and its own example of `order.place` has numbers, as clients have: they are taken
# as they are written, because that is what was signed.
_decode = msgspec.json.Decoder(_Asked, float_hook=str).decode
_VERSION = "v1/"
"""May stand before the name of a method."""
_SESSION_WEIGHT = 2

ConnectionMethod: TypeAlias = Callable[[Connection, Params, int], object]
"""Answers what is about the connection itself, by its parameters and the time."""


class WsManners(Struct, frozen=True):
    """How a product answers by WS-API."""

    check_time: Callable[[Params, int], None]
    """Raises Fault for a timestamp that is too old, or too far ahead, of a time in ms."""
    asked: Mapping[str, Asked]
    """What methods want with an order."""
    wrong_key: Fault
    """For a key that cannot log a session on: only Ed25519 can."""


class WsApi(Generic[S]):
    """Answers WS-API requests."""

    def __init__(self, state: S, keyring: Keyring, methods: Mapping[str, Route[S]], manners: WsManners) -> None:
        self._state = state
        self._keyring = keyring
        self._methods = methods
        self._manners = manners
        self.of_connection: dict[str, ConnectionMethod] = {
            "session.logon": self._logon,
            "session.status": self.status,
            "session.logout": self._logout,
        }
        """Methods about the connection itself."""

    def handle(self, conn: Connection, data: bytes, now_ns: int) -> bytes:
        """The answer to one frame; its effects wait in ``state.happened``.

        Raises Lost when there shall be none.
        """
        request_id: RequestId = None
        method, given = "", Params({})
        try:
            request_id = _identify(data)
            method, given = _parse(data)
            result = self._perform(conn, method, given, now_ns)
            return ws_api_reply(request_id, result, self._limits(conn, method, given, now_ns))
        except Fault as error:
            fault = error
        except VenueError as refused:
            fault = Fault(400, refused.code, refused.message)
        limits = self._limits(conn, method, given, now_ns)
        body = fault.body(detailed=True)
        if isinstance(body, ErrorBody):
            return ws_api_error(request_id, fault.status, body, limits)
        counts = {} if limits is UNSET else {"rateLimits": limits}
        return to_bytes({"id": request_id, "status": fault.status, "error": body, **counts})

    def _perform(self, conn: Connection, method: str, given: Params, now_ns: int) -> object:
        limits, now_ms = self._state.limits, ms(now_ns)
        limits.spend_request(now_ms)
        about_connection = self.of_connection.get(method)
        if about_connection is not None:
            limits.spend(_SESSION_WEIGHT, now_ms)
            return about_connection(conn, given, now_ns)
        known = self._methods.get(method)
        if known is None:
            limits.spend(1, now_ms)
            raise _UNKNOWN_METHOD
        if not known.is_free_when_done:
            limits.spend(known.weight(given), now_ms)
            return self._answer(conn, method, known, given, now_ns)
        limits.check(now_ms)
        try:
            return self._answer(conn, method, known, given, now_ns)
        except (Fault, VenueError):
            limits.spend(known.weight(given), now_ms)
            raise

    def _answer(self, conn: Connection, method: str, known: Route[S], given: Params, now_ns: int) -> object:
        if known.security is Security.NONE:
            return known.answer(Call(self._state, given, now_ns))
        if known.security is Security.KEY:
            owner = self._keyring.find(given.get("apiKey") or conn.session_key)
        else:
            owner = self.authorize(conn, given, ms(now_ns))
        call = Call(self._state, given, now_ns, owner.account, owner.key)
        asked = self._manners.asked.get(method)
        return self._state.troubles.answer(asked, lambda: known.answer(call), reduces=call.reduces)

    def authorize(self, conn: Connection, given: Params, now_ms: int) -> ApiKey:
        """Who asks: by the request's own key and signature, else by the session.

        Raises Fault.
        """
        if given.get("apiKey") or not conn.session_key:
            return self.signed_by(given, now_ms)
        self._manners.check_time(given, now_ms)
        return self._keyring.find(conn.session_key)

    def signed_by(self, given: Params, now_ms: int) -> ApiKey:
        """Who signed a request.

        Raises Fault.
        """
        owner = self._keyring.find(given.get("apiKey"))
        self._manners.check_time(given, now_ms)
        params.check_ws_signature(owner, given)
        return owner

    def _logon(self, conn: Connection, given: Params, now_ns: int) -> SessionState:
        owner = self._keyring.find(given.get("apiKey"))
        if owner.verifier.kind is not KeyKind.ED25519:
            raise self._manners.wrong_key
        self.signed_by(given, ms(now_ns))
        conn.session_key, conn.session_since_ms = owner.key, ms(now_ns)
        return self.status(conn, given, now_ns)

    def status(self, conn: Connection, _given: Params, now_ns: int) -> SessionState:
        """`session.status`."""
        return SessionState(
            api_key=conn.session_key or None,
            authorized_since=conn.session_since_ms or None,
            connected_since=ms(conn.opened_ns),
            return_rate_limits=conn.returns_rate_limits,
            server_time=ms(now_ns),
        )

    def _logout(self, conn: Connection, given: Params, now_ns: int) -> SessionState:
        conn.session_key, conn.session_since_ms = "", 0
        return self.status(conn, given, now_ns)

    def _limits(
        self, conn: Connection, method: str, given: Params, now_ns: int
    ) -> list[RateLimitRule] | msgspec.UnsetType:
        wanted = given.get("returnRateLimits")
        if wanted == "false" or (not wanted and not conn.returns_rate_limits):
            return UNSET
        limits, now_ms = self._state.limits, ms(now_ns)
        known = self._methods.get(method)
        counts: list[RateLimitRule] = []
        if known is not None and known.is_order:
            owner = self._keyring.maybe(given.get("apiKey") or conn.session_key)
            counts = [] if owner is None else limits.order_rules(owner.account, now_ms)
        return [*counts, limits.weight_rule(now_ms)]


def _identify(data: bytes) -> RequestId:
    """The id of a request, as far as it can be read: errors carry it too."""
    try:
        raw = _decode_any(data)
    except msgspec.DecodeError:
        raise _INVALID_JSON from None
    candidate = raw.get("id") if isinstance(raw, dict) else None
    return candidate if isinstance(candidate, int | str) else None


def _parse(data: bytes) -> tuple[str, Params]:
    try:
        request = _decode(data)
    except msgspec.ValidationError:
        raise _INVALID_JSON from None
    given: dict[str, str | int | bool] = {}
    for name, value in (request.params or {}).items():
        if isinstance(value, str | int | bool):
            given[name] = value
        elif isinstance(value, list):
            given[name] = msgspec.json.encode(value).decode()
        elif value is not None:
            raise _INVALID_JSON
    return request.method.removeprefix(_VERSION), Params(given)
