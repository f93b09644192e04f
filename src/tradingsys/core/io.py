"""Sockets, HTTP and time as values: what goes into a pure protocol and what comes out of it.

A *channel* is a name the protocol gives to one websocket connection; a *token* names one HTTP request. The shell that
owns the real (or simulated) transport performs outputs in order and reports what happened as inputs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from tradingsys.core.secrecy import shown

__all__ = [
    "CloseWs",
    "Closed",
    "Frame",
    "HttpFailed",
    "HttpReply",
    "HttpRequest",
    "Input",
    "OpenWs",
    "Opened",
    "Tick",
    "Transmission",
    "WsFrame",
]

_TELLS_A_KEY = re.compile(rb"listen(Key|Token)").search


class OpenWs(Struct, frozen=True):
    """Connect a websocket; answered by `Opened`, or by `Closed` when it cannot be."""

    channel: str
    url: str
    """May hold a key: the name of a private stream."""

    def __repr__(self) -> str:
        return shown(self, "url")


class WsFrame(Struct, frozen=True):
    """Send one text frame on an open channel."""

    channel: str
    data: bytes
    """May be signed, and name the key."""

    def __repr__(self) -> str:
        return shown(self, "data")


class CloseWs(Struct, frozen=True):
    """Close a channel; `Closed` follows."""

    channel: str


class HttpRequest(Struct, frozen=True):
    """Send one HTTP request exactly once: whoever performs this never retries and follows no redirect."""

    token: int
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    timeout_ns: int = 10_000_000_000

    def __repr__(self) -> str:
        return shown(self, "url", "headers", "body")


Transmission = OpenWs | WsFrame | CloseWs | HttpRequest


class Opened(Struct, frozen=True):
    """A channel is connected."""

    channel: str


class Frame(Struct, frozen=True):
    """One text frame arrived."""

    channel: str
    data: bytes


class Closed(Struct, frozen=True):
    """A channel is gone, or never came to be; everything sent on it and not answered is in doubt."""

    channel: str
    reason: str = ""


class HttpReply(Struct, frozen=True):
    """An HTTP answer of any status. Header names are lower case."""

    token: int
    status: int
    headers: Mapping[str, str]
    body: bytes
    """May tell the key of a private stream."""

    def __repr__(self) -> str:
        return shown(self, *(("body",) if _TELLS_A_KEY(self.body) else ()))


class HttpFailed(Struct, frozen=True):
    """No HTTP answer. ``sent`` is False only when provably no byte of the request left this machine."""

    token: int
    sent: bool
    reason: str


class Tick(Struct, frozen=True):
    """Time passed: the protocol's ``next_deadline_ns`` is due."""


Input = Opened | Frame | Closed | HttpReply | HttpFailed | Tick
