"""The port strategies connect to: an order-entry port, so browsers and strangers are kept out.

It is open to programs of this machine; to other machines only by TLS, on one address that was named.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext
from ssl import SSLContext
from typing import Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from tradingsys.net.doorway import Callers
from tradingsys.net.loopback import LOOPBACK
from tradingsys.net.tls import is_made_out_to
from tradingsys.net.ws import Connection, Refuse, Server, UpgradeRequest, WsHandler, serve

__all__ = ["MAX_MESSAGE_BYTES", "LocalPort", "PeerEvents", "RemoteDoor", "WsPeer", "open_local_port"]

MAX_MESSAGE_BYTES = 64 * 1024
_MAX_CONNECTIONS = 72
"""Some more than may be logged in to sessions: operators have room, and who is about to log in."""
_MAX_PENDING_BYTES = 2 * 1024 * 1024
"""What is written and not read, beside what the kernel holds; the rest of 8 MiB is for market data that waits."""
_KERNEL_BYTES = 1024 * 1024
_UNREAD_BYTES = 32 * 1024
"""What the kernel takes of a peer that is not read, as it sends too much. All of it is read in one piece, for which all
others wait; a message of a mebibyte still takes no more than 10 ms."""
_MAX_CALLERS = 192
"""Connections of a door that have not shaken hands; of more than one accepts at a time the first had their chance."""
_HANDSHAKE_S = 5.0
_LOGIN_S = 30.0
"""Until then who came in must have shown a token."""
_PING_S = 20.0
_PROBE_S = 5.0
_TOO_SLOW = 4008
_VERSION = "13"


class RemoteDoor(Struct, frozen=True):
    """Where other machines come in."""

    host: str
    context: SSLContext
    names: frozenset[str]
    """By which this machine may be called, in lower case."""


class PeerEvents(Protocol):
    """What the port tells the gateway."""

    def peer_opened(self, peer: WsPeer) -> None:
        """A strategy connected."""

    def peer_frame(self, peer: WsPeer, data: bytes) -> None:
        """A strategy sent a message."""

    def peer_heard(self, peer: WsPeer) -> None:
        """A strategy gave another sign of life."""

    def peer_closed(self, peer: WsPeer) -> None:
        """A strategy is gone."""

    def is_stranger(self, peer: WsPeer) -> bool:
        """Whether it has shown no token yet."""


class WsPeer:
    """One strategy's websocket, as the gateway sees it: write bytes, close."""

    def __init__(self, events: PeerEvents, guests: dict[WsPeer, None]) -> None:
        self._events = events
        self._guests = guests
        self._conn: Connection | None = None
        self._probe: asyncio.Task[None] | None = None
        self._turning_out: asyncio.TimerHandle | None = None
        self._snapshot_bytes = 0
        """What was left of one when it was written, and may still be on its way."""

    @property
    def source(self) -> str:
        """The address of its machine."""
        return self._conn.peer if self._conn is not None else ""

    @property
    def pending_bytes(self) -> int:
        """What was written and has not left yet."""
        return self._conn.pending_bytes if self._conn is not None else 0

    @property
    def is_late(self) -> bool:
        """Whether what it says now was said seconds ago, as what it said before took so much time."""
        return self._conn is not None and self._conn.is_late

    def forgive(self) -> None:
        """What it says now costs it nothing of its share of the processor's time."""
        if self._conn is not None:
            self._conn.forgive()

    def charged(self) -> AbstractContextManager[None]:
        """What is done within costs it of its share of the processor's time, as what it says does."""
        return self._conn.charged() if self._conn is not None else nullcontext()

    def write(self, data: bytes) -> None:
        """Send; a peer that leaves megabytes unread is closed: its events wait for it under its cursor."""
        conn = self._conn
        if conn is None or not conn.is_open:
            return
        pending = conn.pending_bytes
        if pending > _MAX_PENDING_BYTES + self._snapshot_bytes:
            conn.close(_TOO_SLOW, "too slow: reconnect and resume")
            return
        conn.send(data)
        if pending <= _MAX_PENDING_BYTES:
            # Only a snapshot is as large as that, and who logs in must be able to read it.
            self._snapshot_bytes = conn.pending_bytes if len(data) > _MAX_PENDING_BYTES else 0

    def ping(self) -> None:
        """Ask for a sign of life."""
        if self._conn is not None and (self._probe is None or self._probe.done()):
            self._probe = asyncio.get_running_loop().create_task(self._ask(self._conn))

    def close(self, reason: str, after_s: float = 0.0) -> None:
        """Say goodbye; ``after_s``, hearing nothing of it until then."""
        conn = self._conn
        if conn is None:
            return
        if after_s:
            conn.mute()
            asyncio.get_running_loop().call_later(after_s, conn.close, 1000, reason)
        else:
            conn.close(1000, reason)

    def abort(self) -> None:
        """Make room at once."""
        self._guests.pop(self, None)
        if self._conn is not None:
            self._conn.abort()

    async def _ask(self, conn: Connection) -> None:
        if await conn.is_alive(_PROBE_S):
            self._events.peer_heard(self)

    def opened(self, conn: Connection) -> None:
        """The handshake is done."""
        self._conn = conn
        self._guests[self] = None
        self._turning_out = asyncio.get_running_loop().call_later(_LOGIN_S, self._turn_out)
        self._events.peer_opened(self)

    def frame(self, data: bytes, is_text: bool) -> None:
        """A message arrived; a binary one is answered as any other that is no request."""
        self._events.peer_frame(self, data if is_text else b"")

    def closed(self, reason: str) -> None:  # noqa: ARG002 - the seam's signature
        """The connection is gone."""
        self._conn = None
        self._guests.pop(self, None)
        if self._turning_out is not None:
            self._turning_out.cancel()
        self._events.peer_closed(self)

    def _turn_out(self) -> None:
        if self._events.is_stranger(self):
            self.close(f"no login within {_LOGIN_S:g} s")


class LocalPort:
    """The open port, with all its doors."""

    def __init__(self, servers: list[Server]) -> None:
        self._servers = servers
        self.port = servers[0].port
        """On this machine; the same on the other door's address."""

    async def close(self) -> None:
        """Let nobody in any more, and close every connection."""
        await asyncio.gather(*(server.close() for server in self._servers))


async def open_local_port(host: str, port: int, events: PeerEvents, remote: RemoteDoor | None = None) -> LocalPort:
    """Listen for strategies on ``host``, which is loopback, and to those of other machines at the ``remote`` door.

    Raises OSError when the port is taken.
    """
    guests: dict[WsPeer, None] = {}

    def accept(request: UpgradeRequest, names: frozenset[str]) -> WsHandler | Refuse:
        refusal = _refusal(request, names)
        if refusal is not None:
            return refusal
        if len(guests) >= _MAX_CONNECTIONS:
            # Whoever has no token must not be able to keep strategies out: the one that came first leaves.
            stranger = next((peer for peer in guests if events.is_stranger(peer)), None)
            if stranger is None:
                return Refuse(503, f"{_MAX_CONNECTIONS} connections are open already: close one that is not needed")
            stranger.abort()
        return WsPeer(events, guests)

    async def door(host: str, port: int, names: frozenset[str], ssl: SSLContext | None = None) -> Server:
        return await serve(
            host,
            port,
            lambda request: accept(request, names),
            max_message_bytes=MAX_MESSAGE_BYTES,
            send_buffer_bytes=_KERNEL_BYTES,
            receive_buffer_bytes=_UNREAD_BYTES,
            callers=Callers(_MAX_CALLERS),
            is_fair=True,
            handshake_timeout_s=_HANDSHAKE_S,
            ssl=ssl,
            # A machine that lost its power says nothing; a process of this one that ends is seen at once.
            ping_interval_s=None if ssl is None else _PING_S,
        )

    servers = [await door(host, port, frozenset(LOOPBACK))]
    if remote is not None:
        try:
            servers.append(await door(remote.host, servers[0].port, remote.names, remote.context))
        except OSError:
            await servers[0].close()
            raise
    return LocalPort(servers)


def _refusal(request: UpgradeRequest, names: frozenset[str]) -> Refuse | None:
    if "origin" in request.headers:
        return Refuse(
            403, "a request with an Origin comes from a web page, and none may trade here: connect by program"
        )
    if not is_made_out_to(names, _host_name(request.headers.get("host", ""))):
        return Refuse(403, "the Host is not this machine: connect to ws://localhost and the port of the configuration")
    if request.path != "/":
        return Refuse(404, "connect to the address itself, without a path")
    if request.headers.get("sec-websocket-version") != _VERSION:
        return Refuse(426, f"there is only version {_VERSION} of the websocket protocol here")
    return None


def _host_name(host: str) -> str:
    """The name in a Host header, in lower case; empty when there is anything but a name and a port."""
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    written = f"[{name}]" if ":" in name else name
    return name if host.lower() in (written, f"{written}:{port}") else ""
