"""The engine: makes sessions and runs them."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from pyalgo import log
from pyalgo.context import Context
from pyalgo.driver import Driver, LoopDriver

__all__ = ["Engine"]

_INSTANCE_BYTES = 8


class Engine:
    """Runs any number of sessions, at one gateway or several, in one process.

    ``interval`` (s): data is handled the moment it arrives whatever its value; 0 keeps a processor busy to save the
    few microseconds that waking up takes. ``level`` is the log's. ``driver`` replaces sockets and clock in tests.

    Raises ValueError for an unknown level or a negative interval.
    """

    def __init__(self, interval: float = 0.001, level: str = "info", *, driver: Driver | None = None) -> None:
        if interval < 0:
            raise ValueError(f"interval is {interval}: it cannot be negative")
        self.APPNAME = Path(sys.argv[0]).stem or "pyalgo"
        """The script's name, without ending."""
        self.interval = interval
        self.contexts: dict[tuple[str, int], Context] = {}
        """By (addr, session_id)."""
        self.active = False
        """Whether `run` is running."""
        self._driver: Driver = LoopDriver(interval) if driver is None else driver
        self._instance = secrets.token_hex(_INSTANCE_BYTES)
        if not log.is_initialized():
            log.init_logger(level, Path("log") / self.APPNAME)

    def make_session(
        self, addr: str, session_id: int, name: str, trading: bool = False, *, token: str | None = None
    ) -> Context:
        """Log in and wait until the session's position and open orders are known; asked twice, the same is returned.

        ``token`` is needed only when the gateway runs on another machine or as another user. Raises RuntimeError when
        called from a callback.
        """
        known = self.contexts.get((addr, session_id))
        if known is not None:
            return known
        # Inside a callback this raises, before there is anything to undo.
        self._driver.wait(lambda: True, lambda: "")
        context = Context(addr, session_id, name, trading, instance=self._instance, wait=self._driver.wait)
        self.contexts[addr, session_id] = context
        self._driver.attach(context.client, addr, token)
        self._driver.wait(lambda: context.client.is_ready, lambda: f"session {session_id} ({name}) logs in")
        return context

    def run(self) -> None:
        """Call the callbacks as data arrives, until `stop`, SIGINT or SIGTERM."""
        self.active = True
        try:
            self._driver.run()
        finally:
            self.active = False

    start = run

    def stop(self, *_: object) -> None:
        """End `run`; may be called from a callback, as a signal handler, or from another thread."""
        self._driver.stop()

    def close(self) -> None:
        """Say goodbye to the gateways. `run` does this at its end."""
        self._driver.close()
