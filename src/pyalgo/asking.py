"""What a session waits with: for its gateway, and for answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from pyalgo.client import Client
from pyalgo.driver import Driver
from pyalgo.requests import Request
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.codec import decode_result
from tradingsys.wire.messages import Reply

__all__ = ["Asking"]

_log = logging.getLogger(__name__)

_ANSWER_MS = 30_000

T = TypeVar("T")


class Asking:
    """A session's client and what drives it."""

    id: int
    client: Client
    """The connection's state machine, driven by `Engine` or by a simulation."""
    _driver: Driver | None
    _is_attached: bool

    @property
    def is_login(self) -> bool:
        """Whether the gateway has accepted the session, through the connection there is now."""
        return self.client.is_logged_in

    @property
    def is_ready(self) -> bool:
        """Whether position and open orders are known, so that orders can be sent; without trading, `is_login`."""
        return self.client.is_ready

    def refuse(self, error: LocalProtocolError) -> None:
        """Log an error and tell whoever listens."""
        _log.error("session %d: %s", self.id, error)
        self.error(error)

    def error(self, error: LocalProtocolError) -> None:
        """See `Listener`."""

    def _ask(self, method: str, params: Struct, kind: type[T], doing: str) -> T:
        """Ask the gateway and wait for the answer. Raises ValueError when it is refused or does not come."""
        self._wait(lambda: self.is_login, lambda: doing, None)
        self._up_to_date()
        answers: list[Reply | None] = []
        deadline_ms = self.client.now_ms + _ANSWER_MS
        self.client.request(method, params, Request(answers.append, lambda: answers.append(None), deadline_ms))
        self._wait(lambda: bool(answers) or not self.is_login, lambda: doing, None)
        if not answers or answers[0] is None:
            raise ValueError(f"{doing}: the gateway gave no answer")
        try:
            return decode_result(answers[0], kind)
        except LocalProtocolError as error:
            raise ValueError(f"{doing}: {error} ({error.code})") from None

    def _wait(self, done: Callable[[], bool], doing: Callable[[], str], timeout_s: float | None = None) -> None:
        self._reachable().wait(done, doing, timeout_s)

    def _up_to_date(self) -> None:
        """Between two waits nothing moves: before something is sent, hear what happened meanwhile."""
        if self._driver is not None and self._is_attached:
            self._driver.sync()

    def _reachable(self) -> Driver:
        if self._driver is None or not self._is_attached:
            raise RuntimeError("nobody here can wait for the gateway: call connect() first, or use open_subscription()")
        return self._driver
