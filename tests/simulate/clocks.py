"""What goes wrong with the clocks of a gateway's machine while it runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.simulate.world import apart, ms, s

if TYPE_CHECKING:
    from tests.simulate.lifetime import Lifetime

__all__ = ["plan_times", "stop_clock"]

_TIMES_SET = 0.15
"""Of lives, in which the time of day is set while a gateway runs."""
_WITHIN_S = 12


def stop_clock(life: Lifetime) -> None:
    """It stands still for a while, as where a machine is suspended."""
    gateway, by_ms = life.gateway, life.world.rng.choice((100, 900, 1_500, 4_000, 30_000))
    if gateway is not None and gateway.alive:
        life.world.note(f"the gateway's clock stops for {by_ms} ms")
        life.counts["clocks stopped"] += 1
        gateway.clock.fall_behind(ms(by_ms))
        gateway.network.left_alone.clock_stops()
        gateway.call(lambda: None)


def plan_times(life: Lifetime) -> None:
    """In some lives somebody sets the time of day of the gateway's machine."""
    rng = apart(life.world.rng, "times of day")
    for _ in range(rng.choice((1, 2, 3)) if rng.random() < _TIMES_SET else 0):
        by_ns = s(rng.choice((-1, 1)) * rng.choice((rng.uniform(0.1, 30), 3_600)))
        life.world.after(s(rng.uniform(1, _WITHIN_S) * life.usual_pace), partial(_set_time, life, by_ns))


def _set_time(life: Lifetime, by_ns: int) -> None:
    if life.gateway is not None and life.gateway.alive and not life.is_quiet:
        life.world.note(f"the time of day is set by {by_ns / 1e9:.1f} s")
        life.counts["times of day set"] += 1
        life.gateway.clock.set_time(by_ns)
