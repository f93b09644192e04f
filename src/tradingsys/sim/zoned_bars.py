"""Bars whose days begin at midnight somewhere else than in UTC."""

from __future__ import annotations

from msgspec import structs

from tradingsys.core.bars import Bar, BarBuilder, interval_end_ms, interval_start_ms
from tradingsys.sim.bar_archive import BarArchive

__all__ = ["ZonedBars", "ZonedBuilder", "zoned_start_ms"]

_MINUTE_MS = 60_000
_PARTS = (("1h", 60 * _MINUTE_MS), ("15m", 15 * _MINUTE_MS), ("1m", _MINUTE_MS))


def zoned_start_ms(interval: str, ts_ms: int, offset_ms: int) -> int:
    """The start of the interval that contains a moment, where clocks are ahead of UTC by so much."""
    return interval_start_ms(interval, ts_ms + offset_ms) - offset_ms


class ZonedBuilder:
    """See `BarBuilder`; what goes in and what comes out has times in UTC."""

    def __init__(self, builder: BarBuilder, offset_ms: int) -> None:
        """``builder`` counts time where clocks are ahead of UTC by so much."""
        self._builder = builder
        self._offset_ms = offset_ms

    @property
    def current(self) -> Bar | None:
        """The bar under construction."""
        current = self._builder.current
        return None if current is None else _moved(current, -self._offset_ms)

    def add_bar(self, bar: Bar) -> list[Bar]:
        """Take one shorter bar; returns those that it completed."""
        return self._back(self._builder.add_bar(_moved(bar, self._offset_ms)))

    def advance(self, now_ms: int) -> list[Bar]:
        """Let time pass; returns bars whose interval is over."""
        return self._back(self._builder.advance(now_ms + self._offset_ms))

    def _back(self, bars: list[Bar]) -> list[Bar]:
        return [_moved(bar, -self._offset_ms) for bar in bars]


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

    def builder(self, interval: str) -> ZonedBuilder:
        """A builder that stands where this interval's bar stands now; feed it what follows."""
        builder = BarBuilder(interval)
        now_ms = self._archive.minute.start_ms
        start_ms = zoned_start_ms(interval, now_ms, self._offset_ms)
        for part in self._archive.bars(self._part(interval), start_ms):
            builder.add_bar(_moved(part, self._offset_ms))
        return ZonedBuilder(builder, self._offset_ms)

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
