"""One client's connection over a websocket: kept, with what the gateway needs to let it in."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from ssl import SSLContext
from urllib.parse import urlsplit

from pyalgo.client import Client
from pyalgo.loop_runner import LoopRunner
from tradingsys.core.errors import TransportError
from tradingsys.net.log import hide
from tradingsys.net.loopback import LOOPBACK
from tradingsys.net.token import read_token, token_path
from tradingsys.net.ws import Connection, connect

__all__ = ["Line"]

_log = logging.getLogger(__name__)

_BACK_OFF_S = 0.1
_MAX_BACK_OFF_S = 2.0
_CONNECT_S = 5.0
_TICK_S = 0.1
_GOODBYE_S = 1.0


class Line:
    """Keeps one client connected."""

    def __init__(
        self,
        client: Client,
        addr: str,
        token: str | None,
        ssl: SSLContext | None,
        runner: LoopRunner,
        guard: Callable[[Callable[[], None]], None],
    ) -> None:
        self.client, self._addr, self._token, self._ssl = client, addr, token, ssl
        self._runner = runner
        self._guard = guard
        self._gone = asyncio.Event()
        self._conn: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._unreachable = ""
        self._was_logged_in = False

    def trouble(self) -> str:
        """Why the client is not ready, for people."""
        if self.client.is_ready:
            return ""
        if self._unreachable:
            return self._unreachable
        return f"{self._addr}: {self.client.status or self.client.stage.value}"

    def start(self) -> None:
        """Begin connecting, unless that goes on already."""
        if self._task is None:
            self._gone = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._keep_connected())

    async def hang_up(self) -> None:
        """End the connection and make no new one."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])
        if self._conn is not None:
            self.client.leave()
            try:
                await asyncio.wait_for(self._gone.wait(), _GOODBYE_S)
            except TimeoutError:
                self._conn.abort()

    def tick(self) -> None:
        """Tell the client what time it is, if it is connected."""
        if self._conn is not None:
            self._was_logged_in = self._was_logged_in or self.client.is_logged_in
            self._guard(lambda: self.client.tick(_now_ms()))

    # What the connection calls --------------------------------------------------------------------------------------

    def opened(self, conn: Connection) -> None:
        """See `WsHandler`."""
        self._conn, self._unreachable = conn, ""
        token = self._find_token()
        self._guard(lambda: self.client.opened(_Wire(conn, self._runner), _now_ms(), token))
        self._tick()

    def frame(self, data: bytes, is_text: bool) -> None:
        """See `WsHandler`."""
        if is_text:
            self._guard(lambda: self.client.received(data, _now_ms()))

    def closed(self, reason: str) -> None:
        """See `WsHandler`."""
        self._conn = None
        if self._ticker is not None:
            self._ticker.cancel()
        self._guard(lambda: self.client.closed(reason, _now_ms()))
        self._gone.set()

    async def _keep_connected(self) -> None:
        pause_s = _BACK_OFF_S
        while True:
            self._gone.clear()
            try:
                await connect(self._addr, self, timeout_s=_CONNECT_S, ssl=self._ssl, on_error=_report)
            except TransportError as error:
                self._unreachable = f"no gateway at {self._addr}: is it running? ({error})"
            else:
                await self._gone.wait()
            if self._was_logged_in:
                pause_s, self._was_logged_in = _BACK_OFF_S, False
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _MAX_BACK_OFF_S)

    def _tick(self) -> None:
        self.tick()
        deadline_ms = self.client.next_deadline_ms
        pause_s = _TICK_S if deadline_ms is None else min(_TICK_S, max(0.0, (deadline_ms - _now_ms()) / 1000))
        self._ticker = asyncio.get_running_loop().call_later(pause_s, self._tick)

    def _find_token(self) -> str | None:
        token = self._token or os.environ.get("PYALGO_TOKEN")
        parts = urlsplit(self._addr)
        # The token of a gateway of this machine is nothing that another machine may be told.
        if token is None and parts.hostname in LOOPBACK:
            port = parts.port or 80
            try:
                token = read_token(port)
            except OSError as error:
                _log.warning("cannot read the gateway's token %s: %s", token_path(port), error)
        if token is not None:
            hide(token)
        return token


class _Wire:
    """A client's link over a websocket."""

    def __init__(self, conn: Connection, runner: LoopRunner) -> None:
        self._conn, self._runner = conn, runner
        self._thread = threading.get_ident()

    def send(self, data: bytes) -> None:
        """See `Link`."""
        if threading.get_ident() == self._thread:
            self._conn.send(data)
        else:
            self._runner.do(lambda: self._conn.send(data))

    def close(self) -> None:
        """See `Link`."""
        self._runner.call(self._conn.close)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _report(error: Exception) -> None:
    _log.error("the connection to the gateway failed", exc_info=error)
