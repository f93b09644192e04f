"""Death at a named point: right before or right after something had its effect."""

from __future__ import annotations

from random import Random

from tests.simulate.disk import Disk

__all__ = ["POINTS", "Ambush", "Killed"]

_EFFECTS = {
    "a journal write": 3,
    "a journal sync": 1,
    "a wal write": 20,
    "a wal sync": 8,
    "a database write": 12,
    "a database sync": 2,
    "a copy write": 20,
    "a copy sync": 1,
    "a folder sync": 2,
    "a renaming": 1,
    "a removal": 2,
    "a removal by SQLite": 1,
    "a ticket's issue": 1,
    "an epoch begins": 1,
    "READY is marked": 1,
    "a send": 4,
    "an answer is handled": 40,
    "a push": 30,
}
"""What has an effect, and how many of its kind a process may get through."""
POINTS = (
    *((f"{when} {what}", many) for what, many in _EFFECTS.items() for when in ("before", "after")),
    ("after a step of the boot", 8),
)


class Killed(BaseException):
    """The process died here: nothing after this line of it runs."""


class Ambush:
    """Waits at one point of one process; nobody waits at two."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._point = ""
        self._left = 0
        disk.passing = self.passing

    def lay(self, rng: Random) -> None:
        """Who passes a point for so many times dies."""
        point, many = rng.choice(POINTS)
        self.wait_at(point, rng.randrange(many))

    def wait_at(self, point: str, times: int = 0) -> None:
        """Who passes it once more than so often dies."""
        self._point, self._left = point, times

    def leave(self) -> None:
        """Nobody is killed any more."""
        self._point = ""

    def passing(self, point: str) -> None:
        """Raises Killed where somebody waits."""
        if point != self._point:
            return
        self._left -= 1
        if self._left < 0:
            self.leave()
            self._disk.is_frozen = True
            self._disk.counts[f"deaths {point}"] += 1
            raise Killed(point)
