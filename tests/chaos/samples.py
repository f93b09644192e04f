"""What a process uses, seen from outside every few seconds, and whether it becomes more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from msgspec import Struct

from tests.chaos.gauge import Gauge, read_gauge

__all__ = ["Sample", "Slope", "slope", "take"]

_MIB = 1 << 20
_STUDENT = 2.05
"""Of two sides of 95 %, for some thirty degrees of freedom and more."""


class Sample(Struct, frozen=True):
    """One instant. Sizes are MiB."""

    at_s: float
    rss: float
    own: float
    """Memory that this process has written to. Clean pages are a program's, and whose they are changes with who else on
    the machine runs it.
    """
    descriptors: int
    threads: int
    gauge: Gauge
    wal: float
    journal: float
    """All segments."""
    book: float
    executions: int = 0


def take(pid: int, at_s: float, book: Path, gauge: Path, executions: int) -> Sample:
    """Of a process (Linux), its files and its own counts."""
    memory = _numbers(Path(f"/proc/{pid}/smaps_rollup"))
    return Sample(
        at_s,
        memory["Rss"] / 1024,
        memory["Private_Dirty"] / 1024,
        sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
        _numbers(Path(f"/proc/{pid}/status"))["Threads"],
        read_gauge(gauge),
        _size(book, "-wal"),
        _size(book, ".journal*"),
        _size(book, ""),
        executions,
    )


def _numbers(path: Path) -> dict[str, int]:
    """Lines such as ``Rss:  1234 kB``."""
    lines = (line.split() for line in path.read_text().splitlines())
    return {words[0][:-1]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}


def _size(book: Path, suffix: str) -> float:
    """MiB; a segment may be gone before it is looked at."""
    total = 0
    for path in book.parent.glob(book.name + suffix):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total / _MIB


class Slope(Struct, frozen=True):
    """By least squares, with how much it may be off (95 %), in one hour."""

    per_hour: float
    off: float

    def __str__(self) -> str:
        return f"{self.per_hour:+.2f} ± {self.off:.2f}"


def slope(at_s: Sequence[float], values: Sequence[float]) -> Slope:
    """Of minutes, each with the mean of its samples: what is next to each other in time is too much alike."""
    minutes: dict[int, list[tuple[float, float]]] = {}
    for each_s, value in zip(at_s, values, strict=True):
        minutes.setdefault(int(each_s // 60), []).append((each_s / 3_600, value))
    points = [(fmean(x for x, _ in each), fmean(y for _, y in each)) for each in minutes.values()]
    if len(points) < 3:
        return Slope(0.0, math.inf)
    mean_x, mean_y = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    per_hour = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    rest = sum((y - mean_y - per_hour * (x - mean_x)) ** 2 for x, y in points)
    return Slope(per_hour, _STUDENT * math.sqrt(rest / (len(points) - 2) / spread))
