"""What the exchange must do at a time: one entry by key, found without asking all."""

from __future__ import annotations

from heapq import heappop, heappush

__all__ = ["Due", "Schedule"]

Due = tuple[str, str, int | str]
"""What is due: its kind, the symbol, and an id or an account."""


class Schedule:
    """Entries by time, and at the same time in the order they were made."""

    __slots__ = ("_at", "_heap", "_made")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Due]] = []
        self._at: dict[Due, tuple[int, int]] = {}
        self._made = 0

    def __contains__(self, key: Due) -> bool:
        return key in self._at

    def put(self, key: Due, at_ns: int) -> None:
        """Do this then, and not when it was to be done before."""
        self._made += 1
        self._at[key] = (at_ns, self._made)
        heappush(self._heap, (at_ns, self._made, key))

    def drop(self, key: Due) -> None:
        """Do not do it; nothing happens when it was not to be done."""
        self._at.pop(key, None)

    @property
    def next_ns(self) -> int | None:
        """When the next entry is due."""
        while self._heap:
            at_ns, made, key = self._heap[0]
            if self._at.get(key) == (at_ns, made):
                return at_ns
            heappop(self._heap)
        return None

    def pop(self, now_ns: int) -> Due | None:
        """The next entry that is due, taken out."""
        at_ns = self.next_ns
        if at_ns is None or at_ns > now_ns:
            return None
        _, _, key = heappop(self._heap)
        del self._at[key]
        return key
