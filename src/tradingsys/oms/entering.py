"""Bringing symbols and assets into the books: one reading at a time, for everybody who waits for it.

A reading takes seconds, and succeeds only where the account rests meanwhile. What did not is read again after a pause
that grows, so that an account which never rests costs little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable

from msgspec import Struct

from tradingsys.oms.inquiry import Inquiry

__all__ = ["Entering", "Wish"]

_JOIN_MS, _JOINS = 50, 40
"""Whoever waits for a reading of somebody else's looks after so long, or so often while answers are old."""
_PATIENCE, _LONGEST_PAUSE = 4, 8
"""Times the staleness of answers, two of which a reading takes at the least."""
_FAILURES_BEFORE_ALARM = 3
_NS_PER_MS = 1_000_000


class Wish(Struct, frozen=True):
    """A symbol or an asset that shall be accounted for."""

    symbol: str = ""
    asset: str = ""


class Entering:
    """What is not accounted for yet, and who reads it."""

    def __init__(
        self,
        inquiry: Inquiry,
        read: Callable[[Collection[Wish]], Awaitable[None]],
        is_done: Callable[[Wish], bool],
        tell_busy: Callable[[Collection[Wish]], None],
    ) -> None:
        """``read`` enters what it can, until that ``is_done``; ``tell_busy`` is told what could not be entered for some
        time, once.
        """
        self._inquiry = inquiry
        self._read = read
        self._is_done = is_done
        self._tell_busy = tell_busy
        self._wanted: Counter[Wish] = Counter()
        self._failures: Counter[Wish] = Counter()
        self._due_ns: dict[Wish, int] = {}
        self._reads_until_ns = 0
        """Until then whoever reads is waited for: a question of its may have been lost."""

    async def enter(self, wishes: Iterable[Wish], tries: int | None = None) -> None:
        """Ends when all are entered; with ``tries`` after so many readings, or as soon as there is nothing to read now.

        Whoever finds nobody reading reads what everybody wants.
        """
        mine, rounds = set(wishes), 0
        join_ms = max(_JOIN_MS, self._inquiry.margins.staleness_ms // _JOINS)
        self._wanted.update(mine)
        try:
            while missing := [wish for wish in mine if not self._is_done(wish)]:
                pause_ns = min(self._due_ns.get(wish, 0) for wish in missing) - self._inquiry.now_ns()
                if self._inquiry.now_ns() < self._reads_until_ns:
                    await self._inquiry.wait(join_ms)
                elif tries is not None and (rounds == tries or pause_ns > 0):
                    return
                elif pause_ns > 0:
                    await self._inquiry.wait(-(-pause_ns // _NS_PER_MS))
                else:
                    await self._read_what_is_due()
                    rounds += 1
        finally:
            self._wanted.subtract(mine)
            self._wanted = +self._wanted

    async def _read_what_is_due(self) -> None:
        now_ns = self._inquiry.now_ns()
        due = {wish for wish in self._wanted if not self._is_done(wish) and self._due_ns.get(wish, 0) <= now_ns}
        staleness_ms = self._inquiry.margins.staleness_ms
        reads_until_ns = self._reads_until_ns = now_ns + _PATIENCE * staleness_ms * _NS_PER_MS
        try:
            await self._read(due)
        finally:
            if self._reads_until_ns == reads_until_ns:  # else whoever lost patience reads now
                self._reads_until_ns = 0
        busy: list[Wish] = []
        for wish in due:
            if self._is_done(wish):
                self._failures.pop(wish, None)
                self._due_ns.pop(wish, None)
                continue
            pause_ms = self._inquiry.timing.first_retry_ms << min(self._failures[wish], 10)
            pause_ms = min(pause_ms, _LONGEST_PAUSE * staleness_ms)
            self._due_ns[wish] = self._inquiry.now_ns() + pause_ms * _NS_PER_MS
            self._failures[wish] += 1
            if self._failures[wish] == _FAILURES_BEFORE_ALARM:
                busy.append(wish)
        if busy:
            self._tell_busy(busy)
