"""Requests on stream connections: SUBSCRIBE and its relatives."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from tradingsys.sim.faces.binance_usdm.connection import Connection, Route
from tradingsys.sim.faces.binance_usdm.market_streams import MarketStreams
from tradingsys.sim.faces.binance_usdm.user_streams import Subscription, UserStreams
from tradingsys.venues.binance.encode import to_bytes
from tradingsys.venues.binance.messages import ControlReply, ControlRequest, ErrorBody, RequestId

__all__ = ["StreamControl"]

_UNKNOWN_PROPERTY = 0
_BAD_VALUE = 1
_INVALID_REQUEST = 2
_INVALID_JSON = 3
_MAX_STREAMS = 1024

_decode_any = msgspec.json.Decoder().decode
_decode = msgspec.json.Decoder(ControlRequest).decode


class _Mistake(Exception):
    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class StreamControl:
    """Answers control requests and keeps each connection's list of streams."""

    def __init__(self, markets: MarketStreams, users: UserStreams) -> None:
        self._markets = markets
        self._users = users

    def handle(self, conn: Connection, data: bytes, now_ns: int) -> bytes:
        """The answer to one frame."""
        request_id: RequestId = None
        try:
            try:
                raw = _decode_any(data)
            except msgspec.DecodeError:
                raise _Mistake(_INVALID_JSON, "Invalid JSON") from None
            candidate = raw.get("id") if isinstance(raw, dict) else None
            request_id = candidate if isinstance(candidate, int | str) else None
            try:
                request = _decode(data)
            except msgspec.ValidationError as error:
                raise _Mistake(_INVALID_REQUEST, f"Invalid request: {error}") from None
            reply = ControlReply(result=self._perform(conn, request, now_ns), id=request_id)
        except _Mistake as mistake:
            reply = ControlReply(error=ErrorBody(code=mistake.code, msg=mistake.message), id=request_id)
        return to_bytes(reply)

    def _perform(self, conn: Connection, request: ControlRequest, now_ns: int) -> list[str] | bool | None:
        params = [] if request.params is UNSET else list(request.params)
        match request.method:
            case "SUBSCRIBE":
                names = _names(params)
                if len(conn.streams.keys() | set(names)) > _MAX_STREAMS:
                    raise _Mistake(_INVALID_REQUEST, f"Invalid request: more than {_MAX_STREAMS} streams")
                for name in names:
                    self.subscribe(conn, name, now_ns)
                return None
            case "UNSUBSCRIBE":
                for name in _names(params):
                    self.unsubscribe(conn, name)
                return None
            case "LIST_SUBSCRIPTIONS":
                return list(conn.streams)
            case "SET_PROPERTY":
                self._set_property(conn, params)
                return None
            case "GET_PROPERTY":
                if params != ["combined"]:
                    raise _Mistake(_UNKNOWN_PROPERTY, "Unknown property")
                return conn.is_combined
        raise _Mistake(_INVALID_REQUEST, f"Invalid request: unknown method {request.method}")

    def _set_property(self, conn: Connection, params: list[str | bool]) -> None:
        if len(params) != 2:
            raise _Mistake(_INVALID_REQUEST, "Invalid request: a property and its value expected")
        name, value = params
        if name != "combined":
            raise _Mistake(_UNKNOWN_PROPERTY, "Unknown property")
        if not isinstance(value, bool):
            raise _Mistake(_BAD_VALUE, "Invalid value type: expected Boolean")
        conn.is_combined = value

    def subscribe(self, conn: Connection, name: str, now_ns: int) -> None:
        """Listen to a stream; on the private route its name is a listen key."""
        if name in conn.streams:
            return
        conn.streams[name] = None
        if conn.route is Route.PRIVATE:
            self._users.subscribe(Subscription(conn, name, None))
        else:
            self._markets.subscribe(conn, name, now_ns)

    def unsubscribe(self, conn: Connection, name: str) -> None:
        """Stop listening to a stream."""
        conn.streams.pop(name, None)
        if conn.route is Route.PRIVATE:
            self._users.unsubscribe(conn, name)
        else:
            self._markets.unsubscribe(conn, name)

    def forget(self, conn: Connection) -> None:
        """The connection is gone."""
        for name in list(conn.streams):
            self.unsubscribe(conn, name)
        self._users.unsubscribe(conn)


def _names(params: list[str | bool]) -> list[str]:
    names = [name for name in params if isinstance(name, str)]
    if not names or len(names) != len(params):
        raise _Mistake(_INVALID_REQUEST, "Invalid request: a list of stream names expected")
    return names
