"""The scripted gateway behind a real websocket, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from tests.unit.pyalgo.scripted_gateway import ScriptedGateway
from tradingsys.net import ws
from tradingsys.wire.messages import LoginParams


class _Peer:
    def __init__(self, owner: WsGateway) -> None:
        self._owner = owner
        self._conn: ws.Connection | None = None

    def opened(self, conn: ws.Connection) -> None:
        self._conn = self._owner.conn = conn
        self._owner.gateway.connected()

    def frame(self, data: bytes, is_text: bool) -> None:
        assert is_text
        self._owner.gateway.handle(data)
        self._owner.on_request(self._owner.gateway)

    def closed(self, reason: str) -> None:
        if self._owner.conn is self._conn:
            self._owner.conn = None
            self._owner.gateway.disconnected()
        self._owner.goodbyes.append(reason)


class WsGateway:
    """Use as a context manager. ``on_request`` is called after each request, in the gateway's thread."""

    def __init__(
        self,
        port: int = 0,
        on_request: Callable[[ScriptedGateway], None] = lambda _: None,
        kind: type[ScriptedGateway] = ScriptedGateway,
    ) -> None:
        self.port = port
        self.on_request = on_request
        self.conn: ws.Connection | None = None
        self.goodbyes: list[str] = []
        self.gateway = kind(self._send)
        self._loop = asyncio.new_event_loop()
        self._server: ws.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever)

    @property
    def addr(self) -> str:
        return f"ws://localhost:{self.port}"

    @property
    def logins(self) -> list[LoginParams]:
        return self.gateway.logins

    def call(self, action: Callable[[], object]) -> None:
        """Do something in the gateway's thread."""

        async def do() -> None:
            action()

        asyncio.run_coroutine_threadsafe(do(), self._loop).result(10)

    def wait_for_goodbye(self) -> str:
        deadline = time.monotonic() + 5
        while not self.goodbyes and time.monotonic() < deadline:
            time.sleep(0.005)
        return self.goodbyes[0]

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        self._loop.call_later(seconds, action)

    def drop_connection(self) -> None:
        assert self.conn is not None
        self.conn.abort()

    def __enter__(self) -> WsGateway:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            ws.serve("localhost", self.port, lambda _: _Peer(self)), self._loop
        ).result(10)
        self.port = self._server.port
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _send(self, data: bytes) -> None:
        if self.conn is not None:
            self.conn.send(data)
