"""Bars whose days begin at midnight somewhere else than in UTC."""

from __future__ import annotations

from msgspec import structs

from tradingsys.core.bars import Bar, BarBuilder, interval_end_ms, interval_start_ms
from tradingsys.sim.bar_archive import BarArchive

__all__ = ["ZonedBars", "zoned_start_ms"]

_MINUTE_MS = 60_000
_PARTS = (("1h", 60 * _MINUTE_MS), ("15m", 15 * _MINUTE_MS), ("1m", _MINUTE_MS))


def zoned_start_ms(interval: str, ts_ms: int, offset_ms: int) -> int:
    """The start of the interval that contains a moment, where clocks are ahead of UTC by so much."""
    return interval_start_ms(interval, ts_ms + offset_ms) - offset_ms


class ZonedBars:
    """An archive's bars, where clocks are ahead of UTC (negative: behind) by whole minutes; times are UTC still."""

    def __init__(self, archive: BarArchive, offset_ms: int) -> None:
        self._archive = archive
        self._offset_ms = offset_ms

    @property
    def start_ms(self) -> int:
        """See `BarArchive`."""
        return self._archive.start_ms

    def advance(self, now_ms: int) -> None:
        """See `BarArchive`."""
        self._archive.advance(now_ms)

    def bars(self, interval: str, start_ms: int, end_ms: int) -> list[Bar]:
        """Bars of an interval, those that begin from ``start_ms`` on and before ``end_ms``, as in `BarArchive`."""
        first_ms = zoned_start_ms(interval, start_ms, self._offset_ms)
        upto_ms = interval_end_ms(interval, end_ms - 1 + self._offset_ms) - self._offset_ms
        builder, bars = BarBuilder(interval), list[Bar]()
        for part in self._archive.bars(self._part(interval), first_ms, upto_ms):
            bars += builder.add_bar(_moved(part, self._offset_ms))
        if builder.current is not None:
            bars.append(builder.current)
        return [bar for bar in (_moved(bar, -self._offset_ms) for bar in bars) if bar.start_ms >= start_ms]

    def _part(self, interval: str) -> str:
        """The longest bars that lie within one bar of the interval, here as in UTC."""
        length_ms = interval_end_ms(interval, 0) - interval_start_ms(interval, 0)
        return next(
            part
            for part, part_ms in _PARTS
            if self._offset_ms % part_ms == 0 and length_ms % part_ms == 0 and length_ms >= part_ms
        )


def _moved(bar: Bar, by_ms: int) -> Bar:
    return structs.replace(bar, start_ms=bar.start_ms + by_ms, end_ms=bar.end_ms + by_ms)
