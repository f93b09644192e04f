"""The engine: makes sessions and runs them."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable
from math import inf
from pathlib import Path

from pyalgo import log
from pyalgo.arguments import NoCallbacks, callbacks_of, number
from pyalgo.calling import Caller
from pyalgo.context import Context
from pyalgo.driver import Driver, LoopDriver
from pyalgo.timers import Timer
from pyalgo.tradable import Tradable
from tradingsys.core.enums import OnDisconnect
from tradingsys.net.log import LEVELS

__all__ = ["Engine"]

_log = logging.getLogger(__name__)

_INSTANCE_BYTES = 8


class Engine(NoCallbacks):
    """Runs any number of sessions, at one gateway or several, in one process.

    ``interval`` (s): data is handled the moment it arrives whatever its value; 0 keeps a processor busy to save the
    few microseconds that waking up takes. ``level`` is the log's. ``callback_budget_ms``: a callback that takes longer
    is named in the log. ``driver`` replaces sockets and clock in tests.

    Raises ValueError for an unknown level, a negative interval, and a budget that is not above 0.
    """

    def __init__(
        self,
        interval: float = 0.001,
        level: str = "info",
        *,
        callback_budget_ms: float = 50.0,
        driver: Driver | None = None,
    ) -> None:
        interval = number("interval", interval, lambda s: 0 <= s < inf, "it is in seconds and cannot be negative")
        number("callback_budget_ms", callback_budget_ms, lambda ms: ms > 0, "it must be above 0")
        if level.lower() not in LEVELS:
            raise ValueError(f"level is {level!r}: use one of {', '.join(LEVELS)}")
        self.APPNAME = Path(sys.argv[0]).stem or "pyalgo"
        """The script's name, without ending."""
        self.interval = interval
        self.contexts: dict[tuple[str, int], Context] = {}
        """By (addr, session_id)."""
        self.active = False
        """Whether `run` is running."""
        self._driver: Driver = LoopDriver(interval) if driver is None else driver
        self._caller = Caller(callback_budget_ms)
        self._instance = secrets.token_hex(_INSTANCE_BYTES)
        if not log.is_initialized():
            log.init_logger(level, Path("log") / self.APPNAME)

    @staticmethod
    def _callbacks() -> tuple[set[str], str]:
        return {*callbacks_of(Context), *callbacks_of(Tradable)}, "what make_session() or subscribe() returns"

    def make_session(
        self,
        addr: str,
        session_id: int,
        name: str,
        trading: bool = False,
        *,
        token: str | None = None,
        ca: str | Path | None = None,
        certificate: str | Path | None = None,
        key: str | Path | None = None,
        on_disconnect: OnDisconnect | str = OnDisconnect.LEAVE,
        grace_s: float = 10,
    ) -> Context:
        """Log in and wait until the session's position and open orders are known; asked twice, the same is returned.

        ``token`` is needed only when the gateway runs on another machine or as another user. For ``wss://`` addresses
        ``ca`` is a file with the authority that signed the gateway's certificate, or with that certificate itself;
        ``certificate`` and ``key`` are what this strategy shows, where the gateway wants one. When nobody owns the
        session for ``grace_s``, the gateway leaves its orders (``"leave"``), cancels them (``"cancel"``), or trades
        what it holds away, too (``"flatten"``), as ``on_disconnect`` says. Raises RuntimeError when called from a
        callback, and ValueError for files that cannot be used.
        """
        known = self.contexts.get((addr, session_id))
        if known is not None:
            if (known.name, known.trading) != (name, trading):
                _log.warning(
                    "session %d at %s is there already, as %r with trading=%s, and stays so: "
                    "choose another session_id, or ask for what is meant the first time",
                    session_id,
                    addr,
                    known.name,
                    known.trading,
                )
            return known
        context = Context(
            addr,
            session_id,
            name,
            trading,
            token=token,
            ca=ca,
            certificate=certificate,
            key=key,
            on_disconnect=on_disconnect,
            grace_s=grace_s,
            instance=self._instance,
            driver=self._driver,
            caller=self._caller,
        )
        # Inside a callback this raises, before there is anything to undo.
        self._driver.wait(lambda: True, lambda: "")
        self.contexts[addr, session_id] = context
        context.connect()
        return context

    def every(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Call ``action()`` every so many seconds while `run` runs, until the returned timer's ``cancel()``.

        The first call comes after the first interval. Intervals do not drift; one that was missed is skipped. May be
        called at any time, from callbacks too. Raises ValueError when ``seconds`` is not above 0.
        """
        seconds = number("seconds", seconds, lambda s: 0 < s < inf, "it must be above 0")
        if not callable(action):
            raise TypeError(f"action is {action!r}: give a function, without calling it")
        timer = Timer(seconds, lambda: self._caller.call(f"every {seconds:g} s", action))
        self._driver.every(timer)
        return timer

    def run(self, seconds: float | None = None) -> None:
        """Call the callbacks as data arrives, until `stop`, SIGINT or SIGTERM; then say goodbye to the gateways.

        With ``seconds`` for so long at most, and stay connected after that, to go on later.
        """
        if seconds is not None:
            seconds = number("seconds", seconds, lambda s: 0 <= s < inf, "it cannot be negative; None runs until stop")
        self.active = True
        try:
            self._driver.run(seconds)
        finally:
            self.active = False

    start = run

    def stop(self, *_: object) -> None:
        """End `run`; may be called from a callback, as a signal handler, or from another thread."""
        self._driver.stop()

    def close(self) -> None:
        """Say goodbye to the gateways."""
        self._driver.close()
