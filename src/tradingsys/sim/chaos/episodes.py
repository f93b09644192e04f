"""When something happens, or lasts: a schedule that the seed alone decides, in the exchange's seconds."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from tradingsys.sim.chaos.dice import Dice, Throw
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.profiles import EPISODES, Episode, Span

__all__ = ["Episodes", "Turn"]

_NS = 1_000_000_000


class Turn(Struct, frozen=True):
    """An episode begins, or ends."""

    fault: Fault
    begins: bool
    throw: Throw
    ends_ns: int
    """The beginning itself for what only happens."""


class _Course(Struct):
    episode: Episode
    throw: Throw
    begins_ns: int
    ends_ns: int | None = None
    """While it lasts."""
    is_extra: bool = False
    """Ordered by hand, and of a kind that the profile does not have."""


class Episodes:
    """All kinds of episodes of a profile, each on a schedule of its own."""

    def __init__(self, kinds: Iterable[Episode], dice: Dice, now_ns: int) -> None:
        self._dice = dice
        self._courses: dict[Fault, _Course] = {}
        for episode in kinds:
            self._courses[episode.fault] = self._next(episode, now_ns)

    @property
    def next_deadline_ns(self) -> int | None:
        """When `turns` has something."""
        return min((_due_ns(course) for course in self._courses.values()), default=None)

    @property
    def lasting(self) -> dict[Fault, int]:
        """What lasts now, and until when."""
        return {fault: each.ends_ns for fault, each in self._courses.items() if each.ends_ns is not None}

    def begin(self, fault: Fault, now_ns: int) -> None:
        """Let one begin now, whether the profile has this kind or not; one that lasts is left alone."""
        course = self._courses.get(fault)
        if course is None:
            course = self._courses[fault] = self._next(EPISODES[fault], now_ns)
            course.is_extra = True
        if course.ends_ns is None:
            course.begins_ns = now_ns

    def turns(self, now_ns: int) -> list[Turn]:
        """What begins and ends by now."""
        found: list[Turn] = []
        for fault, course in list(self._courses.items()):
            if course.ends_ns is None and course.begins_ns <= now_ns:
                course.ends_ns = course.begins_ns + _within(course.episode.lasts_s, course.throw.size)
                found.append(Turn(fault, True, course.throw, course.ends_ns))
            if course.ends_ns is not None and course.ends_ns <= now_ns:
                found.append(Turn(fault, False, course.throw, course.ends_ns))
                del self._courses[fault]
                if not course.is_extra:
                    self._courses[fault] = self._next(course.episode, course.ends_ns)
        return found

    def _next(self, episode: Episode, after_ns: int) -> _Course:
        throw = self._dice.throw(episode.fault)
        return _Course(episode, throw, after_ns + _within(episode.every_s, throw.gap))


def _due_ns(course: _Course) -> int:
    return course.begins_ns if course.ends_ns is None else course.ends_ns


def _within(span_s: Span, share: float) -> int:
    least, most = span_s
    return int((least + (most - least) * share) * _NS)
