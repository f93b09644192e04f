"""Wires that can be cut, and wires on which bytes vanish: TCP relays in a thread of their own."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from typing import TypeVar, cast

__all__ = ["Line", "Wires"]

T = TypeVar("T")

_RESET_AT_CLOSE = struct.pack("ii", 1, 0)
_HIGH_WATER = 1 << 20


class Wires:
    """All lines of one world; closed at the end."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wires", daemon=True)
        self._thread.start()
        self._lines: list[Line] = []

    def to(self, port: int) -> Line:
        """A line to whoever listens at ``port`` of this machine, now or later."""
        line = self._do(lambda: Line(port))
        line.port = asyncio.run_coroutine_threadsafe(line.open(), self._loop).result()
        self._lines.append(line)
        return line

    def cut(self, line: Line) -> None:
        """Every connection ends with a reset, at both ends."""
        self._do(line.cut)

    def swallow(self, line: Line, *, to_server: bool, to_client: bool) -> None:
        """From now on what is said in these directions never arrives, and nobody is told."""
        self._do(lambda: line.swallow(to_server, to_client))

    def mend(self, line: Line) -> None:
        """Whatever lost bytes is reset; all else goes on."""
        self._do(line.mend)

    def close(self) -> None:
        """No line any more."""
        for line in self._lines:
            self._do(line.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, action: Callable[[], T]) -> T:
        async def act() -> T:
            return action()

        return asyncio.run_coroutine_threadsafe(act(), self._loop).result()


class Line:
    """One port that leads to another. Its methods belong to the thread of the wires."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.swallows = {True: False, False: False}
        """By direction: whether what goes to the server, or else to the client, vanishes."""
        self._target = target
        self._server: asyncio.Server | None = None
        self._calls: set[_Call] = set()

    async def open(self) -> int:
        self._server = await asyncio.get_running_loop().create_server(lambda: _End(self), "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def connect(self, client: _End) -> None:
        """Somebody came: call the other side."""
        call = _Call(self, client)
        self._calls.add(call)
        call.task = asyncio.get_running_loop().create_task(call.dial(self._target))

    def ended(self, call: _Call) -> None:
        self._calls.discard(call)

    def cut(self) -> None:
        for call in list(self._calls):
            call.reset()

    def swallow(self, to_server: bool, to_client: bool) -> None:
        self.swallows = {True: to_server, False: to_client}

    def mend(self) -> None:
        self.swallows = {True: False, False: False}
        for call in list(self._calls):
            if call.has_lost:
                call.reset()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()


class _Call:
    """One connection: its two ends."""

    def __init__(self, line: Line, client: _End) -> None:
        self.line, self.client = line, client
        self.server: _End | None = None
        self.has_lost = False
        self.task: asyncio.Task[None] | None = None
        self._early: list[bytes] = []
        client.call = self

    async def dial(self, port: int) -> None:
        try:
            _, end = await asyncio.get_running_loop().create_connection(
                lambda: _End(self.line, self), "127.0.0.1", port
            )
        except OSError:
            self.reset()
            return
        self.server = end
        for data in self._early:
            end.write(data)

    def said(self, end: _End, data: bytes) -> None:
        to_server = end is self.client
        if self.line.swallows[to_server] or self.has_lost:
            # A stream with a hole in it is none: whatever follows is lost too.
            self.has_lost = True
        elif not to_server:
            self.client.write(data)
        elif self.server is not None:
            self.server.write(data)
        else:
            self._early.append(data)

    def closed(self, end: _End) -> None:
        """One end is gone: the other hears of it, unless that vanishes too."""
        other = self.server if end is self.client else self.client
        if self.line.swallows[end is self.client]:
            self.has_lost = True
        elif other is not None:
            other.transport.close()
        if all(each is None or each.is_over for each in (self.client, self.server)):
            self.line.ended(self)

    def reset(self) -> None:
        for end in (self.client, self.server):
            if end is not None:
                end.reset()
        self.line.ended(self)


class _End(asyncio.Protocol):
    """One socket."""

    transport: asyncio.Transport

    def __init__(self, line: Line, call: _Call | None = None) -> None:
        self._line, self.call = line, call
        self.is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(_HIGH_WATER)
        if self.call is None:
            self._line.connect(self)

    def data_received(self, data: bytes) -> None:
        if self.call is not None:
            self.call.said(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_over = True
        if self.call is not None:
            self.call.closed(self)

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def reset(self) -> None:
        if not self.is_over:
            sock: socket.socket = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
            self.transport.abort()
