"""The real driver: connects clients to gateways over websockets, on an event loop of its own.

The loop turns only while somebody waits (`wait`) or runs (`run`), so a strategy's callbacks never surprise it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol
from urllib.parse import urlsplit

from pyalgo.client import Client
from pyalgo.loop_runner import LoopRunner
from tradingsys.core.errors import TransportError
from tradingsys.net.log import hide
from tradingsys.net.token import read_token, token_path
from tradingsys.net.ws import Connection, connect

__all__ = ["Driver", "LoopDriver"]

_log = logging.getLogger(__name__)

_BACK_OFF_S = 0.1
_MAX_BACK_OFF_S = 2.0
_CONNECT_S = 5.0
_TICK_S = 0.1
_WAIT_POLL_S = 0.005
_FIRST_PROGRESS_S = 1.0
_PROGRESS_S = 5.0
_GOODBYE_S = 1.0


class Driver(Protocol):
    """Moves bytes and time between clients and gateways."""

    def attach(self, client: Client, addr: str, token: str | None) -> None:
        """From now on, whenever there is time, keep this client connected."""

    def wait(self, done: Callable[[], bool], doing: Callable[[], str]) -> None:
        """Block until ``done``; ``doing`` tells what is being waited for."""

    def run(self) -> None:
        """Deliver to all clients until `stop`."""

    def stop(self) -> None:
        """End `run`; may be called from a callback, a signal handler or another thread."""

    def close(self) -> None:
        """Say goodbye to all gateways."""


class LoopDriver:
    """Runs clients on an event loop; works inside a running one (Jupyter) too, by using a thread."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._runner = LoopRunner()
        self._lines: list[_Line] = []
        self._stopped: asyncio.Event | None = None

    def attach(self, client: Client, addr: str, token: str | None) -> None:
        """From now on, whenever the loop turns, keep this client connected."""
        self._lines.append(_Line(client, addr, token, self._runner, self._abandon))

    def wait(self, done: Callable[[], bool], doing: Callable[[], str]) -> None:
        """Block until ``done``, logging after a second and then every five what is being waited for.

        Raises RuntimeError inside a callback, where waiting would stop everything else.
        """
        try:
            self._runner.run(self._wait(done, doing))
        except (KeyboardInterrupt, SystemExit):
            self.close()
            raise

    def run(self) -> None:
        """Deliver to all clients until `stop`, SIGINT or SIGTERM; then say goodbye to the gateways."""
        try:
            self._runner.run(self._run())
        finally:
            self.close()

    def stop(self) -> None:
        """End `run`; may be called from a callback, a signal handler or another thread."""
        stopped = self._stopped
        if stopped is not None:
            self._runner.call(stopped.set)

    def close(self) -> None:
        """Close all connections and the loop."""
        if self._runner.is_open:
            self._runner.run(self._hang_up())
            self._runner.close()

    async def _wait(self, done: Callable[[], bool], doing: Callable[[], str]) -> None:
        self._keep_connected()
        started = time.monotonic()
        report_at = started + _FIRST_PROGRESS_S
        while not done():
            await asyncio.sleep(_WAIT_POLL_S)
            if time.monotonic() >= report_at:
                report_at += _PROGRESS_S
                troubles = [trouble for line in self._lines if (trouble := line.trouble())]
                why = "; ".join(troubles) or "no answer yet"
                _log.info("%s, %.0f s so far: %s", doing(), time.monotonic() - started, why)

    async def _run(self) -> None:
        self._stopped = stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._keep_connected()
        restore = _stop_on_signals(loop, self.stop)
        if self._interval == 0:
            _spin(loop, stopped)
        try:
            for line in self._lines:
                line.guard(line.client.start_delivery)
            await stopped.wait()
        finally:
            for line in self._lines:
                line.client.stop_delivery()
            restore()
            self._stopped = None
        self._raise_what_a_callback_raised()

    async def _hang_up(self) -> None:
        await asyncio.gather(*(line.hang_up() for line in self._lines))

    def _keep_connected(self) -> None:
        for line in self._lines:
            line.start()

    def _abandon(self) -> None:
        """A callback raised SystemExit or KeyboardInterrupt."""
        if self._stopped is not None:
            self._stopped.set()

    def _raise_what_a_callback_raised(self) -> None:
        for line in self._lines:
            raised, line.raised = line.raised, None
            if raised is not None:
                raise raised


class _Line:
    """Keeps one client connected."""

    def __init__(
        self, client: Client, addr: str, token: str | None, runner: LoopRunner, on_raised: Callable[[], None]
    ) -> None:
        self.client, self._addr, self._token = client, addr, token
        self._runner, self._on_raised = runner, on_raised
        self.raised: BaseException | None = None
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

    def guard(self, action: Callable[[], None]) -> None:
        """Do something that calls the strategy; its wish to exit ends the run instead of the connection."""
        try:
            action()
        except (SystemExit, KeyboardInterrupt) as error:
            self.raised = error
            self._on_raised()

    # What the connection calls --------------------------------------------------------------------------------------

    def opened(self, conn: Connection) -> None:
        """See `WsHandler`."""
        self._conn, self._unreachable = conn, ""
        token = self._find_token()
        self.guard(lambda: self.client.opened(_Wire(conn, self._runner), _now_ms(), token))
        self._tick()

    def frame(self, data: bytes, is_text: bool) -> None:
        """See `WsHandler`."""
        if is_text:
            self.guard(lambda: self.client.received(data, _now_ms()))

    def closed(self, reason: str) -> None:
        """See `WsHandler`."""
        self._conn = None
        if self._ticker is not None:
            self._ticker.cancel()
        self.guard(lambda: self.client.closed(reason, _now_ms()))
        self._gone.set()

    async def _keep_connected(self) -> None:
        pause_s = _BACK_OFF_S
        while True:
            self._gone.clear()
            try:
                await connect(self._addr, self, timeout_s=_CONNECT_S, on_error=_report)
            except TransportError as error:
                self._unreachable = f"no gateway at {self._addr}: is it running? ({error})"
            else:
                await self._gone.wait()
            if self._was_logged_in:
                pause_s, self._was_logged_in = _BACK_OFF_S, False
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _MAX_BACK_OFF_S)

    def _tick(self) -> None:
        self._was_logged_in = self._was_logged_in or self.client.is_logged_in
        self.guard(lambda: self.client.tick(_now_ms()))
        self._ticker = asyncio.get_running_loop().call_later(_TICK_S, self._tick)

    def _find_token(self) -> str | None:
        token = self._token or os.environ.get("PYALGO_TOKEN")
        if token is None:
            port = urlsplit(self._addr).port or 80
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
            self._runner.call(lambda: self._conn.send(data))

    def close(self) -> None:
        """See `Link`."""
        self._runner.call(self._conn.close)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _report(error: Exception) -> None:
    _log.error("the connection to the gateway failed", exc_info=error)


def _spin(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    """Keep the loop from ever sleeping in the kernel: a message is seen without a wake-up."""
    if not stopped.is_set():
        loop.call_soon(_spin, loop, stopped)


def _stop_on_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> Callable[[], None]:
    """Let SIGINT and SIGTERM stop the run; returns how to give them back. Only the main thread may ask for signals."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: stop())

    def restore() -> None:
        for number, handler in before.items():
            with suppress(NotImplementedError):  # Windows
                loop.remove_signal_handler(number)
            signal.signal(number, handler)

    return restore
