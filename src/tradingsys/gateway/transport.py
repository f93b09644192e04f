"""The real network behind the venue's protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tradingsys.core.errors import TransportError
from tradingsys.core.io import (
    Closed,
    CloseWs,
    Frame,
    HttpFailed,
    HttpReply,
    HttpRequest,
    Input,
    Opened,
    OpenWs,
    Transmission,
    WsFrame,
)
from tradingsys.net.http import HttpClient
from tradingsys.net.ws import Connection, connect

__all__ = ["NetTransport"]


class NetTransport:
    """Performs transmissions; reports what happens to ``happened``, always from the event loop."""

    def __init__(self, happened: Callable[[Input], None]) -> None:
        self._happened = happened
        self._http = HttpClient()
        self._connections: dict[str, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def perform(self, transmission: Transmission) -> None:
        """Start this; never blocks."""
        match transmission:
            case WsFrame(channel, data):
                conn = self._connections.get(channel)
                if conn is not None:
                    conn.send(data)
            case HttpRequest():
                self._spawn(self._request(transmission))
            case OpenWs(channel, url):
                self._spawn(self._open(channel, url))
            case CloseWs(channel):
                conn = self._connections.get(channel)
                if conn is not None:
                    conn.close()

    async def close(self) -> None:
        """Let go of everything; nothing is reported any more."""
        self._happened = _nobody
        for task in self._tasks:
            task.cancel()
        for conn in list(self._connections.values()):
            conn.abort()
        await self._http.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _request(self, request: HttpRequest) -> None:
        reply: HttpReply | HttpFailed = await self._http.send(request)
        self._happened(reply)

    async def _open(self, channel: str, url: str) -> None:
        try:
            await connect(url, _ChannelHandler(self, channel))
        except TransportError as error:
            self._happened(Closed(channel, str(error)))

    def opened(self, channel: str, conn: Connection) -> None:
        """A channel is connected."""
        self._connections[channel] = conn
        self._happened(Opened(channel))

    def arrived(self, channel: str, data: bytes) -> None:
        """A channel said something."""
        self._happened(Frame(channel, data))

    def gone(self, channel: str, reason: str) -> None:
        """A channel is no more."""
        self._connections.pop(channel, None)
        self._happened(Closed(channel, reason))


class _ChannelHandler:
    def __init__(self, transport: NetTransport, channel: str) -> None:
        self._transport = transport
        self._channel = channel

    def opened(self, conn: Connection) -> None:
        self._transport.opened(self._channel, conn)

    def frame(self, data: bytes, is_text: bool) -> None:  # noqa: ARG002 - venues here speak text only
        self._transport.arrived(self._channel, data)

    def closed(self, reason: str) -> None:
        self._transport.gone(self._channel, reason)


def _nobody(event: Input) -> None:
    del event
