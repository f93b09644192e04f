"""Clocks of processes that are not the machine's: set by somebody, or running faster."""

from __future__ import annotations

import logging
import mmap
import struct
import time
from pathlib import Path

from msgspec import Struct

from tradingsys.net.clock import SystemClock

__all__ = ["Haste", "follow_clock", "hurry", "move_clock", "set_clock"]

_OFFSET = struct.Struct("@q")


class Haste(Struct, frozen=True):
    """Time that runs ``speed`` times as fast, the same in every process that is told of it."""

    speed: float
    origin_ns: int
    """By the machine's monotonic clock, which counts on from there."""
    origin_wall_ns: int
    """What time of day it was then."""

    def monotonic_ns(self) -> int:
        """As far as this clock is."""
        return self.origin_ns + int((time.monotonic_ns() - self.origin_ns) * self.speed)

    def wall_ns(self) -> int:
        """The time of day there."""
        return self.origin_wall_ns + self.monotonic_ns() - self.origin_ns


def set_clock(path: Path, offset_ns: int) -> None:
    """The clock of all processes that look there is so much ahead of the machine's, from now on."""
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.write(_OFFSET.pack(offset_ns))


def follow_clock(path: Path) -> None:
    """This process looks there."""
    true_ns = SystemClock.wall_ns
    with path.open("rb") as file:
        offset = mmap.mmap(file.fileno(), _OFFSET.size, access=mmap.ACCESS_READ)

    def wall_ns(self: SystemClock) -> int:
        ahead_ns: int = _OFFSET.unpack_from(offset)[0]
        return true_ns(self) + ahead_ns

    SystemClock.wall_ns = wall_ns  # type: ignore[method-assign]


def move_clock(haste: Haste) -> None:
    """This process takes the time of day from there."""

    def wall_ns(self: SystemClock) -> int:
        del self
        return haste.wall_ns()

    SystemClock.wall_ns = wall_ns  # type: ignore[method-assign]


def hurry(haste: Haste) -> None:
    """All of this process's time runs so: timers, and the dates of its log."""
    seconds_until = SystemClock.seconds_until

    def monotonic_ns(self: SystemClock) -> int:
        del self
        return haste.monotonic_ns()

    def real_seconds_until(self: SystemClock, due_ns: int) -> float:
        return seconds_until(self, due_ns) / haste.speed

    move_clock(haste)
    SystemClock.monotonic_ns = monotonic_ns  # type: ignore[method-assign]
    SystemClock.seconds_until = real_seconds_until  # type: ignore[method-assign]

    def record(*facts: object, **more: object) -> logging.LogRecord:
        made = logging.LogRecord(*facts, **more)  # type: ignore[arg-type]
        made.created = haste.wall_ns() / 1e9
        return made

    logging.setLogRecordFactory(record)
