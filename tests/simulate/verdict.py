"""What came of one life."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b

from msgspec import Struct

from tests.simulate.world import START_NS, World

__all__ = ["Verdict"]


class Verdict(Struct):
    """Judged, and small enough to be handed from process to process without its trace."""

    seed: int
    violations: list[str]
    counts: Counter[str]
    trace: list[str]
    steps: int = 0
    virtual_s: float = 0.0
    digest: str = ""
    """The same for the same life, wherever it is lived, and another for nearly every other."""

    @classmethod
    def of(cls, seed: int, world: World, violations: list[str], counts: Counter[str]) -> Verdict:
        """Of a world whose time is over."""
        if world.home:
            violations = [violation.replace(world.home, "") for violation in violations]
        lived = "\n".join([*world.trace, *map(repr, sorted(counts.items())), *violations])
        lived += f"\n{world.steps} {world.now_ns} {world.rng.getrandbits(64)}"
        digest = blake2b(lived.encode(), digest_size=8).hexdigest()
        virtual_s = (world.now_ns - START_NS) / 1e9
        return cls(seed, violations, counts, world.trace, world.steps, virtual_s, digest)
