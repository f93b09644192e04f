"""The real driver: connects clients to gateways over websockets, on an event loop of its own.

The loop turns only while somebody waits (`wait`), asks (`turn`, `sync`) or runs (`run`), so a strategy's callbacks
never surprise it.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from ssl import SSLContext
from typing import Protocol

from pyalgo.client import Client
from pyalgo.line import Line
from pyalgo.loop_runner import LoopRunner
from pyalgo.timers import Timer, Timers

__all__ = ["Driver", "LoopDriver"]

_log = logging.getLogger(__name__)

_WAIT_POLL_S = 0.005
_FIRST_PROGRESS_S = 1.0
_PROGRESS_S = 5.0


class Driver(Protocol):
    """Moves bytes and time between clients and gateways."""

    def attach(self, client: Client, addr: str, token: str | None, ssl: SSLContext | None) -> None:
        """From now on, whenever there is time, keep this client connected."""

    def wait(self, done: Callable[[], bool], doing: Callable[[], str], timeout_s: float | None = ...) -> None:
        """Block until ``done``; ``doing`` tells what is being waited for. Raises TimeoutError."""

    def turn(self) -> None:
        """Let what is there arrive, without waiting and without calling the strategy."""

    def sync(self) -> None:
        """The same, unless everything is moving already."""

    def every(self, timer: Timer) -> None:
        """From now on call this timer while running."""

    def run(self, seconds: float | None = ...) -> None:
        """Deliver to all clients until `stop`, then say goodbye; or for so long, and stay connected."""

    def stop(self) -> None:
        """End `run`; may be called from a callback, a signal handler or another thread."""

    def close(self) -> None:
        """Say goodbye to all gateways."""


class LoopDriver:
    """Runs clients on an event loop; works inside a running one (Jupyter) too, by using a thread."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._runner = LoopRunner()
        self._lines: list[Line] = []
        self._timers = Timers()
        self._timer_added: asyncio.Event | None = None
        self._stopped: asyncio.Event | None = None
        self._raised: BaseException | None = None

    def attach(self, client: Client, addr: str, token: str | None, ssl: SSLContext | None) -> None:
        """From now on, whenever the loop turns, keep this client connected."""
        self._lines.append(Line(client, addr, token, ssl, self._runner, self._guard))
        if not self._runner.has_worker:
            # A program may end without saying goodbye. (A notebook's thread is gone by then.)
            atexit.unregister(self.close)
            atexit.register(self.close)

    def wait(self, done: Callable[[], bool], doing: Callable[[], str], timeout_s: float | None = None) -> None:
        """Block until ``done``, logging after a second and then every five what is being waited for.

        Raises RuntimeError inside a callback, where waiting would stop everything else, and TimeoutError.
        """
        try:
            self._runner.run(self._wait(done, doing, timeout_s))
        except KeyboardInterrupt:
            self.close()
            # What the loop was doing tells a user nothing; what was waited for does.
            raise KeyboardInterrupt(doing()) from None
        except SystemExit:
            self.close()
            raise

    def turn(self) -> None:
        """Let what is there arrive, call timers that are due, and come back at once.

        Raises RuntimeError inside a callback.
        """
        self._runner.run(self._turn(with_timers=True))
        self._raise_what_a_callback_raised()

    def sync(self) -> None:
        """Let what is there arrive, unless the loop turns anyway."""
        if not self._runner.is_turning:
            self._runner.run(self._turn(with_timers=False))

    def every(self, timer: Timer) -> None:
        """From now on call this timer while running; may be called from a callback."""
        self._timers.add(timer)
        added = self._timer_added
        if added is not None:
            self._runner.call(added.set)

    def run(self, seconds: float | None = None) -> None:
        """Deliver to all clients until `stop`, SIGINT or SIGTERM, then say goodbye; or for ``seconds``."""
        is_over = True
        try:
            is_over = self._runner.run(self._run(seconds))
        except KeyboardInterrupt:
            # A notebook goes on with its next cell.
            is_over = not self._runner.has_worker
            raise
        finally:
            if is_over:
                self.close()

    def stop(self) -> None:
        """End `run`; may be called from a callback, a signal handler or another thread."""
        stopped = self._stopped
        if stopped is not None:
            self._runner.call(stopped.set)

    def close(self) -> None:
        """Close all connections and the loop."""
        atexit.unregister(self.close)
        if self._runner.is_open:
            self._runner.run(self._hang_up())
            self._runner.close()

    async def _wait(self, done: Callable[[], bool], doing: Callable[[], str], timeout_s: float | None) -> None:
        self._keep_connected()
        started = time.monotonic()
        report_at = started + _FIRST_PROGRESS_S
        while not done():
            await asyncio.sleep(_WAIT_POLL_S)
            now = time.monotonic()
            if timeout_s is not None and now - started >= timeout_s and not done():
                raise TimeoutError(f"{doing()}: gave up after {timeout_s:g} s: {self._troubles()}")
            if now >= report_at:
                report_at += _PROGRESS_S
                _log.info("%s, %.0f s so far: %s", doing(), now - started, self._troubles())

    async def _turn(self, *, with_timers: bool) -> None:
        self._keep_connected()
        # The first lets the loop look at its sockets, the second lets what it found arrive.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for line in self._lines:
            line.tick()
        if with_timers:
            self._guard(partial(self._timers.run_due, time.monotonic()))

    async def _run(self, seconds: float | None) -> bool:
        """Returns whether it was stopped, and did not just come to the end of its time."""
        self._stopped = stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._keep_connected()
        restore = _stop_on_signals(loop, self.stop)
        if self._interval == 0:
            _spin(loop, stopped)
        keeping_time = loop.create_task(self._keep_time())
        try:
            for line in self._lines:
                self._guard(line.client.start_delivery)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), seconds)
        finally:
            for line in self._lines:
                line.client.stop_delivery()
            keeping_time.cancel()
            restore()
            self._stopped = None
        self._raise_what_a_callback_raised()
        return stopped.is_set()

    async def _keep_time(self) -> None:
        self._timers.pause()
        self._timer_added = added = asyncio.Event()
        while True:
            added.clear()
            now_s = time.monotonic()
            self._guard(partial(self._timers.run_due, now_s))
            next_s = self._timers.next_s(now_s)
            pause_s = None if next_s is None else max(0.0, next_s - time.monotonic())
            with suppress(TimeoutError):
                await asyncio.wait_for(added.wait(), pause_s)

    async def _hang_up(self) -> None:
        await asyncio.gather(*(line.hang_up() for line in self._lines))

    def _keep_connected(self) -> None:
        for line in self._lines:
            line.start()

    def _troubles(self) -> str:
        return "; ".join(trouble for line in self._lines if (trouble := line.trouble())) or "no answer yet"

    def _guard(self, action: Callable[[], None]) -> None:
        """Do something that calls the strategy; its wish to exit ends the run instead of the connection."""
        try:
            action()
        except (SystemExit, KeyboardInterrupt) as error:
            self._raised = error
            if self._stopped is not None:
                self._stopped.set()

    def _raise_what_a_callback_raised(self) -> None:
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised


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
