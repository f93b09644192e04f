"""Runs a command of the product, unchanged, in a world that is not: ``python -m tests.chaos.product SETTING COMMAND…``.

SETTING is a `Setting` as JSON: an instant at which the process dies, a clock that somebody sets, a mistake.
"""

from __future__ import annotations

import mmap
import struct
import sys
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.chaos.crash_points import Crash, set_trap
from tests.chaos.mistakes import MISTAKES
from tradingsys.cli.app import main
from tradingsys.net.clock import SystemClock
from tradingsys.sim.faces.binance_spot import limits as spot_limits
from tradingsys.sim.faces.binance_usdm import limits as usdm_limits
from tradingsys.store.store import Store

__all__ = ["Setting", "set_clock"]

_OFFSET = struct.Struct("@q")
_SMALL_SEGMENT = 20_000
_GENEROUS = 10_000_000


class Setting(Struct, frozen=True, omit_defaults=True):
    """What is different for one process."""

    crash: Crash | None = None
    clock: str | None = None
    """A file with what the machine's clock is ahead, in ns: see `set_clock`."""
    mistake: str = ""
    small_segments: bool = False
    """A journal's segment is full after some hundred orders, so that in minutes many are rotated and removed."""
    generous: bool = False
    """The exchange lets an address ask as often as it likes: who starts twenty times a minute would wait otherwise."""


def set_clock(path: Path, offset_ns: int) -> None:
    """The clock of all processes that look there is so much ahead of the machine's, from now on."""
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.write(_OFFSET.pack(offset_ns))


def _follow_clock(path: Path) -> None:
    true_ns = SystemClock.wall_ns
    with path.open("rb") as file:
        offset = mmap.mmap(file.fileno(), _OFFSET.size, access=mmap.ACCESS_READ)

    def wall_ns(self: SystemClock) -> int:
        ahead_ns: int = _OFFSET.unpack_from(offset)[0]
        return true_ns(self) + ahead_ns

    SystemClock.wall_ns = wall_ns  # type: ignore[method-assign]


def _apply(setting: Setting) -> None:
    if setting.clock is not None:
        _follow_clock(Path(setting.clock))
    if setting.small_segments:
        Store.open = partial(Store.open, segment_bytes=_SMALL_SEGMENT)  # type: ignore[method-assign]
    if setting.generous:
        spot_limits._MAX_WEIGHT = usdm_limits._MAX_WEIGHT = _GENEROUS
        spot_limits._MAX_RAW = spot_limits._MAX_CONNECTIONS = spot_limits._MAX_SAPI_OF_ADDRESS = _GENEROUS
    if setting.mistake:
        MISTAKES[setting.mistake]()
    if setting.crash is not None:
        set_trap(setting.crash)


if __name__ == "__main__":
    _apply(msgspec.json.decode(sys.argv[1], type=Setting))
    sys.argv[1:] = sys.argv[2:]
    main()
