"""What a gateway cannot know as it was refused, and what its life then met."""

from __future__ import annotations

from collections import Counter

from tests.simulate.overseer import Overseer
from tests.simulate.unanswered import BOOKING, Question, Refusing, Topic, Unanswered
from tests.simulate.world import World, s
from tradingsys.core.records import HaltCause, Scope

__all__ = ["PUT_ASIDE_S", "Untold"]

PUT_ASIDE_S = 310
"""Within so long a gateway asks again for what it put aside."""
_ASKED_S = 30
"""Within so long all that proves the books is asked for again."""
_WAITED_S = 10
"""Whoever was refused what it needs for so long has done more than ask twice."""


class Untold:
    """Of one life."""

    def __init__(self, world: World, unanswered: Unanswered, overseer: Overseer, counts: Counter[str]) -> None:
        self._world, self._unanswered, self._overseer, self._counts = world, unanswered, overseer, counts

    def explains(self, scope: Scope, cause: HaltCause) -> bool:
        """Whether the books lack something that moved this symbol or its assets, and was refused; or
        nothing could prove them, as something still is.
        """
        if cause is HaltCause.UNPROVEN:
            return self._unanswered.has_refused(s(_ASKED_S))
        return cause is HaltCause.DIFFERENCE and any(
            self._overseer.lacks(symbol, self._world.now_ns)
            and any(self._unanswered.was_refused(Question(topic, symbol), s(PUT_ASIDE_S)) for topic in BOOKING)
            for symbol in self._near(scope.symbol)
        )

    def note(self, refusing: Refusing, question: Question) -> None:
        """A question was refused."""
        overseer, before_ns = self._overseer, self._world.now_ns - s(_WAITED_S)
        if overseer.is_ready and not refusing.has_met_start:
            refusing.has_met_start = refusing.first_ns < overseer.began_ns
            self._counts["starts that were READY while questions were refused"] += refusing.has_met_start
        is_long = refusing.first_ns < before_ns and question.topic is Topic.EXECUTIONS
        if is_long and not refusing.has_hidden and overseer.lacks(question.symbol, before_ns):
            refusing.has_hidden = True
            self._counts["executions that waited for a refused question"] += 1

    def _near(self, symbol: str) -> set[str]:
        """Where assets are held, any execution may have moved those of this symbol: fees are paid in others."""
        return {symbol, *self._overseer.book.pairs}
