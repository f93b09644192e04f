"""Chance that can be repeated: the n-th throw of a kind depends on the seed, the kind and n alone."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple, TypeVar

__all__ = ["Dice", "Throw", "pick"]

T = TypeVar("T")

_FOUR = struct.Struct("<4Q")
_ALL = 2.0**64


class Throw(NamedTuple):
    """Numbers from 0 to 1, for whatever is to be decided about one event."""

    which: float
    size: float
    place: float
    gap: float


class Dice:
    """Throws for any number of kinds, which do not know of each other."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.thrown: Counter[str] = Counter()
        """How often, by kind."""

    def throw(self, kind: str) -> Throw:
        """The next one of this kind."""
        self.thrown[kind] += 1
        text = f"{self._seed}/{kind}/{self.thrown[kind]}"
        words = _FOUR.unpack(blake2b(text.encode(), digest_size=_FOUR.size).digest())
        return Throw(*(word / _ALL for word in words))


def pick(rates: Mapping[T, float], throw: Throw) -> T | None:
    """One of those that share the whole with nothing at all, each by its rate."""
    left = throw.which
    for each, rate in rates.items():
        if left < rate:
            return each
        left -= rate
    return None
