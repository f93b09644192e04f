"""Keeping a local book in step with a stream of changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum, auto

from msgspec import Struct

from tradingsys.core.book import Book
from tradingsys.core.market import Level

__all__ = ["DepthChange", "DepthSequencer", "DepthState", "SequenceRule"]

_MAX_WAITING = 10_000


class SequenceRule(Enum):
    """How a product numbers its changes."""

    SPOT = auto()
    """Ids are dense: an event continues the book when it starts at the next id or before."""
    FUTURES = auto()
    """Ids jump: an event continues the book when its ``previous_id`` is the last one's ``final_id``."""


class DepthState(Enum):
    """Where a book stands."""

    WAITING = auto()
    """Changes are kept until a snapshot arrives: fetch one."""
    IN_STEP = auto()
    """The book equals the exchange's as of `DepthSequencer.update_id`."""


class DepthChange(Struct, frozen=True):
    """Levels that changed between two update ids; ``previous_id`` on futures only."""

    first_id: int
    final_id: int
    bids: Sequence[Level]
    asks: Sequence[Level]
    previous_id: int | None = None


class DepthSequencer:
    """One symbol's book, fed with changes and, whenever it is WAITING, with a snapshot.

    A gap in the changes throws the book away and makes it wait for a new snapshot; the change that revealed the gap is
    kept. At most 10,000 changes wait; older ones are dropped, and a later snapshot fits the newer ones.
    """

    __slots__ = ("_is_joined", "_rule", "_waiting", "book", "state", "update_id")

    def __init__(self, rule: SequenceRule) -> None:
        self.book = Book()
        self.state = DepthState.WAITING
        self.update_id = 0
        """The last change in the book."""
        self._rule = rule
        self._is_joined = False
        """Whether a change has continued the snapshot yet: the first one is judged more leniently."""
        self._waiting: deque[DepthChange] = deque(maxlen=_MAX_WAITING)

    def change(self, event: DepthChange) -> DepthState:
        """Take one change; the state afterwards says whether a snapshot is needed."""
        if self.state is DepthState.WAITING:
            self._waiting.append(event)
        elif not self._take(event):
            self._forget(event)
        return self.state

    def snapshot(self, last_update_id: int, bids: Sequence[Level], asks: Sequence[Level]) -> DepthState:
        """Take a snapshot; still WAITING when it is older than the changes that wait, then fetch another."""
        if self.state is DepthState.IN_STEP:
            return self.state
        waiting, self._waiting = self._waiting, deque(maxlen=_MAX_WAITING)
        self.book.replace(bids, asks)
        self.update_id, self._is_joined, self.state = last_update_id, False, DepthState.IN_STEP
        while waiting:
            event = waiting.popleft()
            if not self._take(event):
                self._forget(event)
                self._waiting.extend(waiting)
                break
        return self.state

    def _take(self, event: DepthChange) -> bool:
        """Apply or skip an event; False when it reveals a gap."""
        if self._is_old(event):
            return True
        if not self._continues(event):
            return False
        self.book.apply(event.bids, event.asks)
        self.update_id, self._is_joined = event.final_id, True
        return True

    def _is_old(self, event: DepthChange) -> bool:
        if self._rule is SequenceRule.SPOT:
            return event.final_id <= self.update_id
        # Futures repeat the snapshot's own last event; a joined book never skips.
        return not self._is_joined and event.final_id < self.update_id

    def _continues(self, event: DepthChange) -> bool:
        if self._rule is SequenceRule.SPOT:
            return event.first_id <= self.update_id + 1
        if self._is_joined or event.previous_id is None:
            return event.previous_id == self.update_id
        # Nothing changed between previous_id and first_id, so a snapshot taken there is continued too.
        return event.previous_id <= self.update_id

    def _forget(self, event: DepthChange) -> None:
        self.state, self.update_id, self._is_joined = DepthState.WAITING, 0, False
        self.book.replace((), ())
        self._waiting.clear()
        self._waiting.append(event)
