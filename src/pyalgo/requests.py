"""Requests under way on one connection, each with a deadline, and what is to be done later."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tradingsys.wire.messages import Reply

__all__ = ["Request", "Requests"]


class Request(NamedTuple):
    """What to do with the answer of a request, and what to do without one."""

    on_reply: Callable[[Reply], None]
    on_silence: Callable[[], None]
    deadline_ms: int
    may_wait: bool = False
    """Whether the answer, like a push, waits until the strategy runs."""
    client_order_ids: tuple[str, ...] = ()
    """The new orders in it."""


class Requests:
    """Hands out request ids and watches the deadlines."""

    def __init__(self) -> None:
        self._by_id: dict[int, Request] = {}
        self._next_id = 0
        self._later: list[tuple[int, Callable[[], None]]] = []

    def add(self, request: Request) -> int:
        """The id for a new request."""
        request_id, self._next_id = self._next_id, self._next_id + 1
        self._by_id[request_id] = request
        return request_id

    def answered(self, request_id: int | None) -> Request | None:
        """The request that a reply answers; None when its answer is too late or was never asked for."""
        return None if request_id is None else self._by_id.pop(request_id, None)

    def later(self, when_ms: int, action: Callable[[], None]) -> None:
        """Do something when `expire` is called at or after this time."""
        self._later.append((when_ms, action))

    def expire(self, now_ms: int) -> None:
        """Give up what is past its deadline and do what is due."""
        for request_id, request in list(self._by_id.items()):
            if request.deadline_ms <= now_ms and self._by_id.pop(request_id, None) is not None:
                request.on_silence()
        due = [action for when_ms, action in self._later if when_ms <= now_ms]
        self._later = [later for later in self._later if later[0] > now_ms]
        for action in due:
            action()

    @property
    def next_deadline_ms(self) -> int | None:
        """When `expire` has something to do, if ever."""
        deadlines = [request.deadline_ms for request in self._by_id.values()]
        return min(deadlines + [when_ms for when_ms, _ in self._later], default=None)

    def clear(self) -> list[Request]:
        """Forget everything; returns the requests that will get no answer any more."""
        unanswered = list(self._by_id.values())
        self._by_id.clear()
        self._later.clear()
        return unanswered
