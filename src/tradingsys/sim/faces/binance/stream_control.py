"""Requests on stream connections: SUBSCRIBE and its relatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

import msgspec
from msgspec import Struct

from tradingsys.sim.faces.binance.call import S
from tradingsys.sim.faces.binance.connection import Connection
from tradingsys.sim.faces.binance.market_streams import MarketStreams
from tradingsys.venues.binance.encode import to_bytes
from tradingsys.venues.binance.messages import ControlReply, ErrorBody, RequestId

__all__ = ["StreamControl"]

_UNKNOWN_PROPERTY = 0
_BAD_VALUE = 1
_INVALID_REQUEST = 2
_INVALID_JSON = 3
_MAX_STREAMS = 1024
_NO_ID = False

_decode_any = msgspec.json.Decoder().decode
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


class _Asked(Struct, frozen=True):
    method: str
    params: list[object]


class _Mistake(Exception):
    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class StreamControl(Generic[S]):
    """Answers control requests and keeps each connection's list of streams."""

    def __init__(self, markets: MarketStreams[S]) -> None:
        self._markets = markets

    def handle(self, conn: Connection, data: bytes, now_ns: int) -> bytes:
        """The answer to one frame."""
        request_id: RequestId = None
        try:
            raw = _object(data)
            candidate = raw.get("id")
            request_id = candidate if isinstance(candidate, int | str) else None
            asked = _request(raw, data)
            if not self._takes_id(raw.get("id", _NO_ID)):
                raise _invalid("request ID must be an unsigned integer")
            reply = ControlReply(result=self._perform(conn, asked, now_ns), id=request_id)
        except _Mistake as mistake:
            reply = ControlReply(error=ErrorBody(code=mistake.code, msg=mistake.message), id=request_id)
        return to_bytes(reply)

    def _takes_id(self, request_id: object) -> bool:
        """Documented for futures are unsigned integers alone; the venue's own SDK sends text."""
        if isinstance(request_id, int) and not isinstance(request_id, bool):
            return request_id >= 0
        return request_id is None or isinstance(request_id, str)

    def _perform(self, conn: Connection, request: _Asked, now_ns: int) -> list[str] | bool | None:
        params = request.params
        match request.method:
            case "SUBSCRIBE":
                names = _names(params)
                if len(conn.streams.keys() | set(names)) > _MAX_STREAMS:
                    raise _invalid(f"more than {_MAX_STREAMS} streams")
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
            case _:
                _check_property(params, 1)
                return conn.is_combined

    def _set_property(self, conn: Connection, params: Sequence[object]) -> None:
        _check_property(params, 2)
        value = params[1] if len(params) > 1 else None
        if not isinstance(value, bool):
            raise _Mistake(_BAD_VALUE, "Invalid value type: expected Boolean")
        conn.is_combined = value

    def subscribe(self, conn: Connection, name: str, now_ns: int) -> None:
        """Listen to a stream."""
        if name not in conn.streams:
            conn.streams[name] = None
            self._listen(conn, name, now_ns)

    def unsubscribe(self, conn: Connection, name: str) -> None:
        """Stop listening to a stream."""
        conn.streams.pop(name, None)
        self._unlisten(conn, name)

    def _listen(self, conn: Connection, name: str, now_ns: int) -> None:
        self._markets.subscribe(conn, name, now_ns)

    def _unlisten(self, conn: Connection, name: str) -> None:
        self._markets.unsubscribe(conn, name)

    def forget(self, conn: Connection) -> None:
        """The connection is gone."""
        for name in list(conn.streams):
            self.unsubscribe(conn, name)


def _object(data: bytes) -> dict[str, object]:
    """A frame's JSON object, with the venue's words for one that is none."""
    try:
        raw = _decode_any(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _Mistake(_INVALID_JSON, "Invalid JSON: expected value at line 1 column 1") from None
    if not isinstance(raw, dict):
        raise _invalid(f"invalid type, expected a request at line 1 column {len(data)}")
    return raw


def _request(raw: dict[str, object], data: bytes) -> _Asked:
    method, params = raw.get("method"), raw.get("params", [])
    if method is None:
        raise _invalid(f"missing field `method` at line 1 column {len(data)}")
    if method not in _METHODS:
        # Where the name ends, which is where the venue's parser stops.
        column = max(0, data.find(str(method).encode())) + len(str(method)) + 1
        known = ", ".join(f"`{name}`" for name in _METHODS)
        raise _invalid(f"unknown variant `{method}`, expected one of {known} at line 1 column {column}")
    if not isinstance(params, list):
        raise _invalid(f"invalid type, expected a sequence at line 1 column {len(data)}")
    return _Asked(str(method), params)


def _check_property(params: Sequence[object], most: int) -> None:
    """Raises for anything but the one property that there is."""
    if len(params) > most:
        raise _invalid("too many parameters")
    if not params or not isinstance(params[0], str):
        raise _invalid("property name must be a string")
    if params[0] != "combined":
        raise _Mistake(_UNKNOWN_PROPERTY, "Unknown property")


def _names(params: Sequence[object]) -> list[str]:
    names = [name for name in params if isinstance(name, str)]
    if not names or len(names) != len(params):
        raise _invalid("a list of stream names expected")
    return names


def _invalid(what: str) -> _Mistake:
    return _Mistake(_INVALID_REQUEST, f"Invalid request: {what}")
