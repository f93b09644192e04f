"""Questions to the venue that wait for their turn: what stops trading, and what must be known, before all else.

A question that is stamped and then waits for a connection is too old when it arrives at a slow venue, is refused, and
asked again: the more are in doubt, the less is answered. So only a few are under way at a time, and strategies, of
whom there may be many, never have all places, nor have prices, of which there may be hundreds.
"""

from __future__ import annotations

from collections import Counter, deque

from tradingsys.core.commands import Ask, Query, Reading
from tradingsys.core.deadlines import earliest
from tradingsys.oms.procedure import Turn
from tradingsys.oms.throttle import Share

__all__ = ["SHARES", "Turns"]

SHARES = {
    Turn.TIME: Share.ORDERS,
    Turn.STOPPING: Share.ORDERS,
    Turn.READING: Share.OWN_QUESTIONS,
    Turn.PRICES: Share.PRICES,
    Turn.STRATEGIES: Share.STRATEGIES_QUESTIONS,
}
"""How full each may make the venue's rate limits."""
_MOST_UNDER_WAY = {Turn.STOPPING: 15, Turn.READING: 12, Turn.PRICES: 12, Turn.STRATEGIES: 12}
"""Of all together, when one more of this turn is asked; the time never waits for an answer to anything else."""
_MOST_OF = {Turn.PRICES: 4, Turn.STRATEGIES: 4}
_NS_PER_S = 1_000_000_000
_STALE_NS = 14 * _NS_PER_S
"""Whoever asked is told after 15 s that there was no answer: what is asked or done later surprises."""
_LOST_NS = 600 * _NS_PER_S
"""Long after every way to the venue has given up; a history of many pages takes minutes."""


class Turns:
    """Who is next, and how many are under way."""

    def __init__(self) -> None:
        self._waiting: dict[Turn, deque[Ask]] = {turn: deque() for turn in Turn}
        self._perishable: dict[int, tuple[deque[Ask], Ask, int]] = {}
        """What is not to be asked late and waits, by token and oldest first: where, and since when."""
        self._asked: dict[int, tuple[Turn, int]] = {}
        """What has no answer yet, by token: oldest first."""
        self._under_way: Counter[Turn] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def add(self, token: int, query: Query[object], turn: Turn, now_ns: int) -> None:
        """It is to be asked."""
        waiting, ask = self._waiting[turn], Ask(token, query)
        waiting.append(ask)
        if turn is Turn.STRATEGIES or not isinstance(query, Reading):
            self._perishable[token] = waiting, ask, now_ns

    def first(self, before: Turn | None = None) -> tuple[Turn, Ask] | None:
        """What is to be asked now, if anything; only of what goes ``before`` a turn that waits for room."""
        for turn, waiting in self._waiting.items():
            if before is not None and turn >= before:
                return None
            if waiting and self._has_place(turn):
                return turn, waiting[0]
        return None

    def sent(self, turn: Turn, now_ns: int) -> None:
        """The first of this turn is on its way."""
        ask = self._waiting[turn].popleft()
        self._perishable.pop(ask.token, None)
        self._asked[ask.token] = turn, now_ns
        self._under_way[turn] += 1

    def answered(self, token: int) -> None:
        """Its place is free."""
        known = self._asked.pop(token, None)
        if known is not None:
            self._under_way[known[0]] -= 1

    def take_stale(self, now_ns: int) -> list[int]:
        """Tokens of what waited for so long that nobody wants it asked any more: questions of strategies, and whatever
        would change something.
        """
        stale: list[int] = []
        for token, (waiting, ask, since_ns) in self._perishable.items():
            if now_ns < since_ns + _STALE_NS:
                break
            waiting.remove(ask)
            stale.append(token)
        for token in stale:
            del self._perishable[token]
        return stale

    def take_lost(self, now_ns: int) -> list[int]:
        """Tokens of questions that nothing will answer any more: they keep no place."""
        lost: list[int] = []
        while self._asked and now_ns >= self._oldest_ns() + _LOST_NS:
            lost.append(next(iter(self._asked)))
            self.answered(lost[-1])
        return lost

    @property
    def next_deadline_ns(self) -> int | None:
        """When there may be something stale, or lost."""
        stale_ns = next(iter(self._perishable.values()))[2] + _STALE_NS if self._perishable else None
        return earliest((stale_ns, self._oldest_ns() + _LOST_NS if self._asked else None))

    def _oldest_ns(self) -> int:
        return next(iter(self._asked.values()))[1]

    def _has_place(self, turn: Turn) -> bool:
        if turn in _MOST_OF and self._under_way[turn] >= _MOST_OF[turn]:
            return False
        return turn is Turn.TIME or len(self._asked) < _MOST_UNDER_WAY[turn]
