"""One number decides everything about a life: what is traded, by which way, what goes wrong, and when."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from tests.simulate.faults import Profile
from tests.simulate.life import Life
from tests.simulate.spot_life import SpotLife
from tests.simulate.verdict import Verdict

__all__ = ["Kind", "live"]


class Kind(StrEnum):
    """What is traded, and how the exchange is spoken to."""

    FUTURES = "futures"
    WIRE = "wire"
    """Spot, over the exchange's own wire."""
    PLAIN = "plain"
    """Spot, with Python objects in the place of a wire."""
    MARGIN = "margin"
    """Spot on borrowed money, with Python objects."""

    @classmethod
    def of(cls, seed: int) -> Kind:
        """Seven of eleven lives are on futures. No divisor of the number of profiles, so that each kind meets each."""
        return _BY_SEED[seed % len(_BY_SEED)]


_BY_SEED = (
    Kind.FUTURES,
    Kind.WIRE,
    Kind.FUTURES,
    Kind.PLAIN,
    Kind.FUTURES,
    Kind.FUTURES,
    Kind.WIRE,
    Kind.FUTURES,
    Kind.MARGIN,
    Kind.FUTURES,
    Kind.FUTURES,
)


def live(seed: int, folder: Path, kind: Kind | None = None, profile: Profile | None = None) -> Verdict:
    """Live this life, of the kind and the profile that the seed has unless told otherwise."""
    kind = kind or Kind.of(seed)
    if kind is Kind.FUTURES:
        return Life(seed, folder, profile).live()
    return SpotLife(seed, folder, profile, wire=kind is Kind.WIRE, margin=kind is Kind.MARGIN).live()
