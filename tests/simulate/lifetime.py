"""What all lives have in common: how time passes at the exchange, what happens at random, and how a gateway dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tests.simulate.faults import Faults
from tests.simulate.incarnation import Incarnation, Owner
from tests.simulate.strategy import Link
from tests.simulate.venue import Venue
from tests.simulate.world import World, ms, s

__all__ = ["Lifetime"]

_TICK_MS, _QUIET_TICK_MS = 20, 100
"""How often the exchange looks at its clock."""


class Lifetime:
    """One exchange, and one gateway after the other."""

    world: World
    venue: Venue
    faults: Faults
    counts: Counter[str]
    gateway: Incarnation | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing goes wrong any more."""
        return self.faults == Faults.none()

    def _every(self, per_s: float, action: Callable[[], object]) -> None:
        """So often, at random, until it is quiet."""
        if per_s <= 0:
            return

        def again() -> None:
            if not self.is_quiet:
                action()
                self._every(per_s, action)

        self.world.after(s(self.world.rng.expovariate(per_s)), again)

    def _tick_venue(self) -> None:
        self.venue.tick()
        self.world.after(ms(_QUIET_TICK_MS if self.is_quiet else _TICK_MS), self._tick_venue)

    def _kill_gateway(self) -> None:
        if self.gateway is not None:
            self.gateway.kill("at random")

    def _kill_booting_gateway(self) -> None:
        if self.gateway is not None and self.gateway.alive and not self.gateway.gateway.is_ready:
            self.counts["deaths during a boot"] += 1
            self.gateway.kill("while it started", power_cut=False)

    def _connect(self, strategy: Owner) -> Link | None:
        return self.gateway.connect(strategy) if self.gateway is not None else None
