"""Virtual time and a seeded scheduler: everything in a simulation happens here, one thing after another."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from random import Random

__all__ = ["World", "apart", "ms", "s"]

START_NS = 1_780_000_000_000_000_000


def ms(value: float) -> int:
    return int(value * 1_000_000)


def s(value: float) -> int:
    return int(value * 1_000_000_000)


def apart(rng: Random, what: str) -> Random:
    """Chance for something that not every life has: ``rng``, and with it all other lives, stay as they are."""
    copy = Random()
    copy.setstate(rng.getstate())
    return Random(f"{what} {copy.getrandbits(64)}")


class World:
    """A heap of things to do; two at one instant run in the order they were asked for."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.now_ns = START_NS
        self.steps = 0
        self.trace: list[str] = []
        self.home = ""
        """Of this life's files, which is another one the next time: nobody is told."""
        self._order = count()
        self._heap: list[tuple[int, int, Callable[[], None]]] = []

    def after(self, delay_ns: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (self.now_ns + max(0, delay_ns), next(self._order), action))

    def run_for(self, duration_ns: int) -> None:
        end_ns = self.now_ns + duration_ns
        while self._heap and self._heap[0][0] <= end_ns:
            self.now_ns, _, action = heapq.heappop(self._heap)
            self.steps += 1
            action()
        self.now_ns = end_ns

    def stand_still(self, duration_ns: int) -> None:
        """Time passes, and nobody does anything meanwhile: what was due is done afterwards, in its order."""
        self.now_ns += duration_ns
        self._heap = [
            (max(at_ns, self.now_ns), next(self._order), action) for at_ns, _, action in sorted(self._heap, key=_due)
        ]

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def note(self, what: str) -> None:
        told = what.replace(self.home, "") if self.home else what
        self.trace.append(f"{self.at(self.now_ns):10.4f} {told}")

    def at(self, now_ns: int) -> float:
        """An instant in seconds of this life."""
        return (now_ns - START_NS) / 1e9


def _due(entry: tuple[int, int, Callable[[], None]]) -> tuple[int, int]:
    return entry[:2]


class Clock:
    """A machine's clocks in the world: neither runs as the exchange's does, and monotonic time begins anywhere."""

    def __init__(self, world: World, origin_ns: int, drift_ppm: float = 0.0, wall_off_s: float = 0.0) -> None:
        self._world = world
        self._origin_ns = origin_ns
        self._drift_ppm = int(drift_ppm)
        self._wall_off_ns = s(wall_off_s)
        self._stands_at_ns = origin_ns

    def monotonic_ns(self) -> int:
        running_ns, stands_at_ns = self._running_ns(), self._stands_at_ns
        return running_ns if running_ns > stands_at_ns else stands_at_ns

    def _running_ns(self) -> int:
        passed_ns = self._world.now_ns - START_NS
        return self._origin_ns + passed_ns + passed_ns * self._drift_ppm // 1_000_000

    def until_ns(self, due_ns: int) -> int:
        """How long the world takes to get there, by this clock."""
        left_ns = due_ns - self._running_ns()
        return left_ns - left_ns * self._drift_ppm // (1_000_000 + self._drift_ppm) + 2

    def wall_ns(self) -> int:
        return self._world.now_ns + self._wall_off_ns

    def set_time(self, by_ns: int) -> None:
        """Somebody sets the time of day, ahead or back; monotonic time does not care."""
        self._wall_off_ns += by_ns

    def fall_behind(self, by_ns: int) -> None:
        """Monotonic time stands still for a while, as where a machine is suspended; the time of day is set back."""
        self._stands_at_ns = self.monotonic_ns()
        self._origin_ns -= by_ns
        self._wall_off_ns -= by_ns
