"""Websocket servers, peers that write down what they heard, and clients that write raw bytes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from tradingsys.net import ws
from tradingsys.net.loop import run


class Recorder:
    def __init__(self, on_frame: Callable[[Recorder, bytes], None] | None = None) -> None:
        self.conn: ws.Connection | None = None
        self.frames: list[tuple[bytes, bool]] = []
        self.reasons: list[str] = []
        self.events: asyncio.Queue[str] = asyncio.Queue()
        self._on_frame = on_frame

    def opened(self, conn: ws.Connection) -> None:
        self.conn = conn
        self.events.put_nowait("opened")

    def frame(self, data: bytes, is_text: bool) -> None:
        self.frames.append((data, is_text))
        self.events.put_nowait("frame")
        if self._on_frame is not None:
            self._on_frame(self, data)

    def closed(self, reason: str) -> None:
        self.reasons.append(reason)
        self.events.put_nowait("closed")

    async def until(self, event: str) -> None:
        async with asyncio.timeout(5):
            while await self.events.get() != event:
                pass


def echo(recorder: Recorder, data: bytes) -> None:
    assert recorder.conn is not None
    recorder.conn.send(data)


class Peers:
    """Hands every accepted connection its own recorder."""

    def __init__(self, on_frame: Callable[[Recorder, bytes], None] | None = None) -> None:
        self.recorders: list[Recorder] = []
        self.requests: list[ws.UpgradeRequest] = []
        self._on_frame = on_frame

    def __call__(self, request: ws.UpgradeRequest) -> Recorder:
        self.requests.append(request)
        self.recorders.append(Recorder(self._on_frame))
        return self.recorders[-1]


@contextlib.asynccontextmanager
async def serving(accept: ws.Acceptor, **options: Any) -> AsyncIterator[ws.Server]:
    server = await ws.serve("localhost", 0, accept, **options)
    try:
        yield server
    finally:
        await server.close()


@contextlib.asynccontextmanager
async def raw_client(
    port: int, path: str = "/raw", host: str = "x"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    assert b"101" in await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def masked(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    assert len(payload) < 65536
    head = bytes([(0x80 if fin else 0) | opcode])
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
    return head + size + b"\0\0\0\0" + payload


def url(server: ws.Server, path: str = "/") -> str:
    return f"ws://127.0.0.1:{server.port}{path}"


Scenario = Callable[[], Coroutine[Any, Any, None]]


def scenario(test: Scenario) -> Callable[[], None]:
    def on_a_loop() -> None:
        run(test())

    on_a_loop.__name__ = test.__name__
    return on_a_loop
