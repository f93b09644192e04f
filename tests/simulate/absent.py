"""A strategy that takes its time to come back."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.simulate.strategy import Link
from tests.simulate.world import World, s

__all__ = ["Absent"]

_LONGEST_S = 4


class Absent:
    """Connects some seconds after it is first asked to, each time."""

    def __init__(self, world: World, rng: Random, connect: Callable[[Any], Link | None]) -> None:
        self._world, self._rng, self._connect = world, rng, connect
        self._until_ns: int | None = None

    def connect(self, owner: Any) -> Link | None:
        """None until it is back."""
        if self._until_ns is None:
            self._until_ns = self._world.now_ns + s(self._rng.uniform(0, _LONGEST_S))
        link = self._connect(owner) if self._world.now_ns >= self._until_ns else None
        if link is not None:
            self._until_ns = None
        return link
