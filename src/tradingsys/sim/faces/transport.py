"""Requests, replies and frames as values: what a socket shell, or a simulated network, passes to and from a face."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

__all__ = ["CUT", "NO_ANSWER", "Reply", "Request", "WsClose", "WsOutput", "WsPing", "WsRefuse", "WsSend"]


NO_ANSWER = 0
CUT = 1006
"""Closes a websocket without a word: the code that RFC 6455 keeps for that, and which is never sent."""


class Request(Struct, frozen=True):
    """One HTTP request as it arrived: path and query undecoded, header names in lower case."""

    method: str
    path: str
    query: bytes = b""
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Reply(Struct, frozen=True):
    """The answer to a request; with the status `NO_ANSWER` the connection is closed instead."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}
    late_ns: int = 0
    """How long it is on its way."""


class WsSend(Struct, frozen=True):
    """Send one text frame."""

    conn_id: int
    data: bytes


class WsClose(Struct, frozen=True):
    """Close a websocket; `Simulator.ws_closed` is still to be called when it is gone."""

    conn_id: int
    code: int
    reason: str = ""


class WsPing(Struct, frozen=True):
    """Send a ping frame; `Simulator.ws_pong` is to be called for every pong."""

    conn_id: int
    payload: bytes


WsOutput = WsSend | WsClose | WsPing


class WsRefuse(Struct, frozen=True):
    """Refuse a websocket with an HTTP status."""

    status: int
    text: str
