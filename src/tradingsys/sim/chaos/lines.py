"""Frames on their way to one client: each line keeps its order, unless two frames are swapped on purpose."""

from __future__ import annotations

from collections import deque

from tradingsys.sim.faces.transport import WsOutput

__all__ = ["Line"]

_SWAP_NS = 250_000_000
"""A frame that waits for the next one, to come after it, waits no longer than that."""


class Line:
    """The way out to one websocket."""

    __slots__ = ("_held", "_swapped", "_swapped_until_ns")

    def __init__(self) -> None:
        self._held: deque[tuple[int, WsOutput]] = deque()
        self._swapped: WsOutput | None = None
        self._swapped_until_ns = 0

    @property
    def next_deadline_ns(self) -> int | None:
        """When `ready` has something."""
        waiting = [] if self._swapped is None else [self._swapped_until_ns]
        return min([*waiting, *(due_ns for due_ns, _ in list(self._held)[:1])], default=None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on its way."""
        return not self._held and self._swapped is None

    def put(self, output: WsOutput, due_ns: int) -> None:
        """Send it then, or as soon after that as everything before it has been sent."""
        self._append(output, due_ns)
        if self._swapped is not None:
            overtaken, self._swapped = self._swapped, None
            self._append(overtaken, due_ns)

    def swap(self, output: WsOutput, now_ns: int) -> None:
        """Send it after the next one."""
        if self._swapped is not None:
            self.put(output, now_ns)
        else:
            self._swapped, self._swapped_until_ns = output, now_ns + _SWAP_NS

    def ready(self, now_ns: int) -> list[WsOutput]:
        """What is to be sent by now."""
        if self._swapped is not None and self._swapped_until_ns <= now_ns:
            waited, self._swapped = self._swapped, None
            self._append(waited, now_ns)
        sent: list[WsOutput] = []
        while self._held and self._held[0][0] <= now_ns:
            sent.append(self._held.popleft()[1])
        return sent

    def all(self) -> list[WsOutput]:
        """Everything, at once."""
        sent = [output for _, output in self._held]
        sent += [] if self._swapped is None else [self._swapped]
        self._held.clear()
        self._swapped = None
        return sent

    def _append(self, output: WsOutput, due_ns: int) -> None:
        self._held.append((max(due_ns, self._held[-1][0]) if self._held else due_ns, output))
