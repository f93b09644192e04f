"""The WS-API: orders and questions on a websocket, signed one by one or under a session."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import UNSET, Struct

from tradingsys.core.errors import VenueError
from tradingsys.sim.faces.binance_usdm import account_reads, algo_orders, market_reads, order_reads, orders, params
from tradingsys.sim.faces.binance_usdm.call import Call, State
from tradingsys.sim.faces.binance_usdm.connection import Connection
from tradingsys.sim.faces.binance_usdm.faults import Fault
from tradingsys.sim.faces.binance_usdm.params import ApiKey, Keyring, Params
from tradingsys.sim.faces.binance_usdm.render import ms
from tradingsys.sim.faces.binance_usdm.rest import depth_weight
from tradingsys.sim.faces.binance_usdm.troubles import Asked
from tradingsys.sim.faces.binance_usdm.user_streams import UserStreams
from tradingsys.venues.binance.encode import ws_api_error, ws_api_reply
from tradingsys.venues.binance.messages import RateLimitRule, RequestId, SessionState

__all__ = ["WsApi"]

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


class _Method(Struct, frozen=True):
    answer: Callable[[Call], object]
    weight: int = 1
    is_signed: bool = True
    is_order: bool = False


_METHODS: dict[str, _Method] = {
    "ping": _Method(market_reads.ping, is_signed=False),
    "time": _Method(market_reads.server_time, is_signed=False),
    "depth": _Method(market_reads.depth, is_signed=False),
    "ticker.price": _Method(market_reads.price_ticker, is_signed=False),
    "ticker.book": _Method(market_reads.book_ticker, 2, is_signed=False),
    "order.place": _Method(orders.place, 0, is_order=True),
    "order.modify": _Method(orders.modify, 0, is_order=True),
    "order.cancel": _Method(orders.cancel),
    "order.status": _Method(order_reads.query),
    "algoOrder.place": _Method(algo_orders.place, 0),
    "algoOrder.cancel": _Method(algo_orders.cancel),
    "account.position": _Method(account_reads.positions_v2, 5),
    "account.balance": _Method(account_reads.balances, 5),
    "account.status": _Method(account_reads.account_v1, 5),
    "v2/account.position": _Method(account_reads.positions, 5),
    "v2/account.balance": _Method(account_reads.balances, 5),
    "v2/account.status": _Method(account_reads.account_status, 5),
}
_ASKED = {
    "order.place": Asked.PLACE,
    "algoOrder.place": Asked.PLACE,
    "order.modify": Asked.MODIFY,
    "order.cancel": Asked.CANCEL,
    "algoOrder.cancel": Asked.CANCEL,
}
_SESSION_WEIGHT = 2


class WsApi:
    """Answers WS-API requests."""

    def __init__(self, state: State, keyring: Keyring, users: UserStreams) -> None:
        self._state = state
        self._keyring = keyring
        self._streams: dict[str, Callable[[Call], object]] = {
            "userDataStream.start": users.start,
            "userDataStream.ping": users.keep_alive,
            "userDataStream.stop": users.close,
        }
        self._session: dict[str, Callable[[Connection, Params, int], SessionState]] = {
            "session.logon": self._logon,
            "session.status": self._status,
            "session.logout": self._logout,
        }

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
        return ws_api_error(request_id, fault.status, fault.body(detailed=True), limits)

    def _perform(self, conn: Connection, method: str, given: Params, now_ns: int) -> object:
        limits, now_ms = self._state.limits, ms(now_ns)
        if method in self._session:
            limits.spend(_SESSION_WEIGHT, now_ms)
            return self._session[method](conn, given, now_ns)
        if method in self._streams:
            limits.spend(1, now_ms)
            owner = self._keyring.find(given.get("apiKey") or conn.session_key)
            return self._streams[method](Call(self._state, given, now_ns, owner.account, owner.key))
        known = _METHODS.get(method)
        if known is None:
            limits.spend(1, now_ms)
            raise _UNKNOWN_METHOD
        limits.spend(depth_weight(given) if method == "depth" else known.weight, now_ms)
        if not known.is_signed:
            return known.answer(Call(self._state, given, now_ns))
        owner = self._authorize(conn, given, now_ms)
        call = Call(self._state, given, now_ns, owner.account, owner.key)
        return self._state.troubles.answer(_ASKED.get(method), lambda: known.answer(call), reduces=call.reduces)

    def _authorize(self, conn: Connection, given: Params, now_ms: int) -> ApiKey:
        """Who asks: by the request's own key and signature, else by the session."""
        if given.get("apiKey") or not conn.session_key:
            owner = self._keyring.find(given.get("apiKey"))
            params.check_time(given, now_ms)
            params.check_ws_signature(owner, given)
            return owner
        params.check_time(given, now_ms)
        return self._keyring.find(conn.session_key)

    def _logon(self, conn: Connection, given: Params, now_ns: int) -> SessionState:
        owner = self._keyring.find(given.get("apiKey"))
        params.check_session_key(owner)
        params.check_time(given, ms(now_ns))
        params.check_ws_signature(owner, given)
        conn.session_key, conn.session_since_ms = owner.key, ms(now_ns)
        return self._status(conn, given, now_ns)

    def _status(self, conn: Connection, _given: Params, now_ns: int) -> SessionState:
        return SessionState(
            api_key=conn.session_key or None,
            authorized_since=conn.session_since_ms or None,
            connected_since=ms(conn.opened_ns),
            return_rate_limits=conn.returns_rate_limits,
            server_time=ms(now_ns),
        )

    def _logout(self, conn: Connection, given: Params, now_ns: int) -> SessionState:
        conn.session_key, conn.session_since_ms = "", 0
        return self._status(conn, given, now_ns)

    def _limits(
        self, conn: Connection, method: str, given: Params, now_ns: int
    ) -> list[RateLimitRule] | msgspec.UnsetType:
        wanted = given.get("returnRateLimits")
        if wanted == "false" or (not wanted and not conn.returns_rate_limits):
            return UNSET
        limits, now_ms = self._state.limits, ms(now_ns)
        known = _METHODS.get(method)
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
        elif value is not None:
            raise _INVALID_JSON
    return request.method.removeprefix(_VERSION), Params(given)
