"""What arrived before the strategy runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tradingsys.wire.messages import DepthPush, KlinePush, Push, Reply

__all__ = ["Backlog", "Held"]


class Held(NamedTuple):
    """A reply that waits, with what it answers."""

    message: Reply | Push
    on_reply: Callable[[Reply], None] | None = None
    client_order_id: str | None = None


class Backlog:
    """Keeps every session event and every finished bar; of depth and unfinished bars only the latest."""

    def __init__(self) -> None:
        self._events: list[Held] = []
        self._market: dict[tuple[str, int], Held] = {}

    def hold(self, message: Held | Push) -> None:
        """Keep a message for later."""
        held = message if isinstance(message, Held) else Held(message)
        match held.message:
            case DepthPush(stream=stream):
                self._market[stream, 0] = held
            case KlinePush(stream=stream, start_ms=start_ms):
                self._market[stream, start_ms] = held
            case _:
                self._events.append(held)

    def clear(self) -> list[Held]:
        """All that waited, session events first, and forget it."""
        waiting = [*self._events, *self._market.values()]
        self._events.clear()
        self._market.clear()
        return waiting
