"""Executions that a session was told of and that are not known to be in pos.db: another gateway may book them again."""

from __future__ import annotations

from collections import deque

from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Unsaved"]


class Unsaved:
    """Of one session, by the events that told of them."""

    def __init__(self) -> None:
        self._told: deque[tuple[int, TrackedOrder]] = deque()

    def note(self, n: int, order: TrackedOrder) -> None:
        """Event ``n`` tells of an execution of this order."""
        self._told.append((n, order))

    def reached(self, n: int) -> None:
        """Everything up to event ``n`` is in pos.db."""
        while self._told and self._told[0][0] <= n:
            self._told.popleft()

    @property
    def orders(self) -> list[TrackedOrder]:
        """Each once."""
        return list(dict.fromkeys(order for _, order in self._told))
