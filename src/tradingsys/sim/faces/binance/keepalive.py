"""Asking clients whether they are still there."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["KeepAlive"]


class _Watch(Struct):
    next_ping_ns: int
    asked_ns: int | None = None
    """When the first ping was sent that no pong followed yet."""

    def due_ns(self, patience_ns: int) -> int:
        lost_ns = self.next_ping_ns if self.asked_ns is None else self.asked_ns + patience_ns
        return min(self.next_ping_ns, lost_ns)


class KeepAlive:
    """Every websocket's pings and pongs."""

    def __init__(self, ping_ns: int, patience_ns: int) -> None:
        """``ping_ns`` between two pings; ``patience_ns`` from the first one that no pong follows."""
        self._ping_ns, self._patience_ns = ping_ns, patience_ns
        self._watches: dict[int, _Watch] = {}

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do."""
        return min((watch.due_ns(self._patience_ns) for watch in self._watches.values()), default=None)

    def opened(self, conn_id: int, now_ns: int) -> None:
        """Begin to ask."""
        self._watches[conn_id] = _Watch(now_ns + self._ping_ns)

    def closed(self, conn_id: int) -> None:
        """Stop asking."""
        self._watches.pop(conn_id, None)

    def pong(self, conn_id: int) -> None:
        """A pong came, whether it was asked for or not."""
        watch = self._watches.get(conn_id)
        if watch is not None:
            watch.asked_ns = None

    def forgive(self, now_ns: int) -> None:
        """The clock has jumped: nobody could have answered meanwhile."""
        for watch in self._watches.values():
            if watch.asked_ns is not None:
                watch.asked_ns = now_ns

    def tick(self, now_ns: int) -> tuple[list[int], list[int]]:
        """Connections to ping, and connections that are lost."""
        to_ping, lost = [], []
        for conn_id, watch in self._watches.items():
            if watch.asked_ns is not None and now_ns >= watch.asked_ns + self._patience_ns:
                lost.append(conn_id)
            elif now_ns >= watch.next_ping_ns:
                to_ping.append(conn_id)
                watch.next_ping_ns = now_ns + self._ping_ns
                watch.asked_ns = now_ns if watch.asked_ns is None else watch.asked_ns
        return to_ping, lost
