"""Runs a command of the product, unchanged, in a world that is not: ``python -m tests.chaos.product SETTING COMMAND…``.

SETTING is a `Setting` as JSON: an instant at which the process dies, a clock that somebody sets or that runs faster, a
mistake, a gauge.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.chaos.arrivals import keep_arrivals
from tests.chaos.clocks import Haste, follow_clock, hurry, move_clock
from tests.chaos.crash_points import Crash, set_trap
from tests.chaos.gauge import install_gauge
from tests.chaos.mistakes import MISTAKES
from tradingsys.cli.app import main
from tradingsys.sim.faces.binance_spot import limits as spot_limits
from tradingsys.sim.faces.binance_usdm import limits as usdm_limits
from tradingsys.store.store import Store

__all__ = ["Setting"]

_SMALL_SEGMENT = 20_000
_GENEROUS = 10_000_000


class Setting(Struct, frozen=True, omit_defaults=True):
    """What is different for one process."""

    crash: Crash | None = None
    clock: str | None = None
    """A file with what the machine's clock is ahead, in ns: see `clocks.set_clock`."""
    haste: Haste | None = None
    """Time runs faster, for timers too."""
    began: Haste | None = None
    """As above, for a process that hurries by itself: it only begins where this one is."""
    gauge: str | None = None
    """A file for counts of what only the process itself can count."""
    arrivals: str | None = None
    """A file for every request about an order that reaches the exchange."""
    mistakes: tuple[str, ...] = ()
    small_segments: bool = False
    """A journal's segment is full after some hundred orders, so that in minutes many are rotated and removed."""
    generous: bool = False
    """The exchange lets an address ask as often as it likes: who starts twenty times a minute would wait otherwise."""


def _apply(setting: Setting) -> None:
    if setting.haste is not None:
        hurry(setting.haste)
    if setting.began is not None:
        move_clock(setting.began)
    if setting.clock is not None:
        follow_clock(Path(setting.clock))
    if setting.gauge is not None:
        install_gauge(Path(setting.gauge))
    if setting.arrivals is not None:
        keep_arrivals(Path(setting.arrivals))
    if setting.small_segments:
        Store.open = partial(Store.open, segment_bytes=_SMALL_SEGMENT)  # type: ignore[method-assign]
    if setting.generous:
        spot_limits._MAX_WEIGHT = usdm_limits._MAX_WEIGHT = _GENEROUS
        spot_limits._MAX_RAW = spot_limits._MAX_CONNECTIONS = spot_limits._MAX_SAPI_OF_ADDRESS = _GENEROUS
    for mistake in setting.mistakes:
        MISTAKES[mistake]()
    if setting.crash is not None:
        set_trap(setting.crash)


if __name__ == "__main__":
    _apply(msgspec.json.decode(sys.argv[1], type=Setting))
    sys.argv[1:] = sys.argv[2:]
    main()
