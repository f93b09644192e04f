"""Bars of prices that are not traded: mark, index, and the premium of one over the other."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal

from tradingsys.core.bars import Bar
from tradingsys.sim.bar_archive import BarArchive, Past
from tradingsys.sim.venue import Venue

__all__ = ["Gauge"]

_NS = 1_000_000_000
_NS_PER_MS = 1_000_000
_ZERO = Decimal(0)
_DIGITS = Decimal("0.00000001")


class _Readings:
    """The past of a price that was read once a second: the traded price then, or a constant."""

    def __init__(self, past: Past, constant: Decimal | None = None) -> None:
        self._past = past
        self._constant = constant

    @property
    def start_ms(self) -> int:
        return self._past.start_ms

    @property
    def end_ms(self) -> int:
        return self._past.end_ms

    def bars(self, interval: str, start_ms: int, end_ms: int | None = None) -> Iterator[Bar]:
        for bar in self._past.bars(interval, start_ms, end_ms):
            prices = (bar.open, bar.high, bar.low, bar.close) if self._constant is None else (self._constant,) * 4
            seconds = (bar.end_ms - bar.start_ms) // 1000
            yield Bar(bar.start_ms, bar.end_ms, *prices, trade_count=seconds)


class Gauge:
    """Reads one symbol's prices every second. A bar's ``trade_count`` is its number of readings."""

    def __init__(self, venue: Venue, now_ns: int, past: Past | None = None) -> None:
        self._venue = venue
        now_ms = now_ns // _NS_PER_MS
        traded = None if past is None else _Readings(past)
        self.mark = BarArchive(self._mark, now_ms, traded)
        self.index = BarArchive(self._index, now_ms, traded)
        self.premium = BarArchive(
            self._premium, now_ms, None if past is None else _Readings(past, _ZERO.quantize(_DIGITS))
        )
        self.next_ns = (now_ns // _NS + 1) * _NS

    def read(self, now_ns: int) -> None:
        """Take a reading when one is due."""
        if now_ns < self.next_ns:
            return
        self.next_ns = (now_ns // _NS + 1) * _NS
        now_ms = now_ns // _NS_PER_MS
        readings = ((self.mark, self._mark), (self.index, self._index), (self.premium, self._premium))
        for archive, px in readings:
            archive.add(Bar(now_ms, now_ms, px, px, px, px, trade_count=1))

    @property
    def _mark(self) -> Decimal:
        return self._venue.mark.px

    @property
    def _index(self) -> Decimal:
        return self._venue.index.px

    @property
    def _premium(self) -> Decimal:
        return ((self._mark - self._index) / self._index).quantize(_DIGITS, ROUND_HALF_EVEN)
