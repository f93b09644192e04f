"""All bars of one price: the past, and what is added minute by minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Protocol

from tradingsys.core.bars import Bar, BarBuilder, interval_end_ms, interval_start_ms

__all__ = ["BarArchive", "Past"]

_MINUTE_MS = 60_000
_DAY_MINUTES = 24 * 60
_KEPT_MINUTES = 7 * _DAY_MINUTES
_BY_MINUTES = frozenset({"1m", "3m", "5m", "15m", "30m"})


class Past(Protocol):
    """Bars from before the box began."""

    @property
    def start_ms(self) -> int:
        """The first moment of the past."""

    @property
    def end_ms(self) -> int:
        """Where the past ends, a whole minute."""

    def bars(self, interval: str, start_ms: int, end_ms: int | None = None) -> Iterator[Bar]:
        """Bars that compose this interval, beginning from ``start_ms`` on and before ``end_ms``."""


class BarArchive:
    """Bars of every interval. Minutes of the present are kept for a week, hours for ever."""

    def __init__(self, px: Decimal, now_ms: int, past: Past | None = None) -> None:
        self._past = past
        self._minutes: deque[Bar] = deque(maxlen=_KEPT_MINUTES)
        self._hours: list[Bar] = []
        self._minute_builder = BarBuilder("1m")
        self._hour_builder = BarBuilder("1h")
        # Bars begin with the market, not with its first trade, so that a silent market has them too.
        empty = Bar(now_ms, now_ms, px, px, px, px)
        self._minute_builder.add_bar(empty)
        self._hour_builder.add_bar(empty)
        self._first_ms = interval_start_ms("1m", now_ms)
        self._whole_minutes: tuple[int, Bar] | None = None

    @property
    def start_ms(self) -> int:
        """Where bars begin."""
        if self._past is not None:
            return self._past.start_ms
        return self._first_ms

    @property
    def past_end_ms(self) -> int | None:
        """Where the past ends; None without one."""
        return None if self._past is None else self._past.end_ms

    @property
    def minute(self) -> Bar:
        """The minute under construction."""
        current = self._minute_builder.current
        assert current is not None
        return current

    def add(self, bar: Bar) -> None:
        """Take something shorter than a minute, such as a trade."""
        self.advance(bar.start_ms)
        self._minute_builder.add_bar(bar)

    def advance(self, now_ms: int) -> None:
        """Let time pass."""
        current = self._minute_builder.current
        if current is None or now_ms < current.end_ms:
            return
        kept_from_ms = interval_start_ms("1m", now_ms) - _KEPT_MINUTES * _MINUTE_MS
        if current.end_ms < kept_from_ms:
            self._pass_over_silence(kept_from_ms)
        self._close_minutes(now_ms)

    def _pass_over_silence(self, kept_from_ms: int) -> None:
        """After a silence of months most minutes would only be made to be thrown away; hours follow those that stay."""
        self._close_minutes(self.minute.end_ms)
        px = self.minute.close
        self._minute_builder.current = Bar(kept_from_ms, kept_from_ms + _MINUTE_MS, px, px, px, px)

    def _close_minutes(self, now_ms: int) -> None:
        hour = self._hour_builder
        for minute in self._minute_builder.advance(now_ms):
            self._minutes.append(minute)
            assert hour.current is not None
            # One without a trade says nothing to an hour that is not over.
            if minute.trade_count or minute.start_ms >= hour.current.end_ms:
                self._hours += hour.add_bar(minute)

    def builder(self, interval: str) -> BarBuilder:
        """A builder that stands where this interval's bar stands now; feed it what follows.

        Raises ValueError for an unknown interval.
        """
        builder = BarBuilder(interval)
        for bar in self._parts(interval, interval_start_ms(interval, self.minute.start_ms), None):
            builder.add_bar(bar)
        return builder

    def bars(self, interval: str, start_ms: int = 0, end_ms: int | None = None) -> list[Bar]:
        """Bars of an interval, oldest first, those that begin from ``start_ms`` on and before ``end_ms``.

        The last one may be under construction. Raises ValueError for an unknown interval.
        """
        builder = BarBuilder(interval)
        upto_ms = None if end_ms is None else interval_end_ms(interval, end_ms - 1)
        bars: list[Bar] = []
        for part in self._parts(interval, interval_start_ms(interval, start_ms), upto_ms):
            bars += builder.add_bar(part)
        if builder.current is not None:
            bars.append(builder.current)
        return [bar for bar in bars if bar.start_ms >= start_ms]

    def day(self) -> Bar:
        """The last 24 hours: whole minutes, and what there is of the current one."""
        minute, known = self.minute, self._whole_minutes
        if known is None or known[0] != minute.start_ms:
            parts = self._parts("1m", minute.start_ms - (_DAY_MINUTES - 1) * _MINUTE_MS, minute.start_ms)
            whole = next(parts, Bar(minute.start_ms, minute.end_ms, minute.open, minute.open, minute.open, minute.open))
            for part in parts:
                whole = whole.join(part)
            known = self._whole_minutes = (minute.start_ms, whole)
        return known[1].join(minute)

    def _parts(self, interval: str, start_ms: int, end_ms: int | None) -> Iterator[Bar]:
        """Shorter bars that compose an interval's bars, past and present."""
        if self._past is not None and start_ms < self._past.end_ms:
            yield from self._past.bars(interval, start_ms, end_ms)
        for bar in self._present(interval, start_ms):
            if end_ms is not None and bar.start_ms >= end_ms:
                return
            yield bar

    def _present(self, interval: str, start_ms: int) -> Iterator[Bar]:
        if interval not in _BY_MINUTES and self._hours:
            yield from (hour for hour in self._hours if hour.start_ms >= start_ms)
            start_ms = max(start_ms, self._hours[-1].end_ms)
        if self._minutes:
            skipped = max(0, (start_ms - self._minutes[0].start_ms) // _MINUTE_MS)
            yield from (bar for bar in islice(self._minutes, skipped, None) if bar.start_ms >= start_ms)
        if self.minute.start_ms >= start_ms:
            yield self.minute
