"""Bars by REST and WS-API."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from tradingsys.core.bars import Bar, interval_end_ms, interval_start_ms
from tradingsys.sim.bar_archive import BarArchive
from tradingsys.sim.faces.binance.call import Call, S
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import KlineRow

__all__ = ["as_rows", "chosen_bars", "kline_rows"]

_LONGEST_MONTH_MS = 31 * 24 * 3_600_000


def kline_rows(call: Call[S], archive: BarArchive, intervals: Collection[str], highest: int) -> list[KlineRow]:
    """`chosen_bars` as arrays."""
    return as_rows(chosen_bars(call, archive, intervals, highest))


def as_rows(bars: Iterable[Bar]) -> list[KlineRow]:
    """Bars as arrays."""
    return [
        KlineRow(
            open_ms=bar.start_ms,
            open_px=decimal_text(bar.open),
            high_px=decimal_text(bar.high),
            low_px=decimal_text(bar.low),
            close_px=decimal_text(bar.close),
            volume=decimal_text(bar.volume),
            close_ms=bar.end_ms - 1,
            quote_volume=decimal_text(bar.quote_volume),
            trade_count=bar.trade_count,
            buy_volume=decimal_text(bar.buy_volume),
            buy_quote_volume=decimal_text(bar.buy_quote_volume),
        )
        for bar in bars
    ]


class Bars(Protocol):
    """What an archive of bars can be asked, whatever time its days begin at."""

    @property
    def start_ms(self) -> int:
        """Where bars begin."""

    def advance(self, now_ms: int) -> None:
        """Let time pass."""

    def bars(self, interval: str, start_ms: int, end_ms: int) -> list[Bar]:
        """Bars of an interval, oldest first, those that begin from ``start_ms`` on and before ``end_ms``."""


def chosen_bars(call: Call[S], archive: Bars, intervals: Collection[str], highest: int) -> list[Bar]:
    """Bars of an archive: from a time on, else the newest, at most ``highest``; the last one may be unfinished.

    Raises Fault for an unknown interval (-1120) and for times in the wrong order (-1023).
    """
    archive.advance(call.now_ms)
    params = call.params
    interval = params.text("interval")
    if interval not in intervals:
        raise Fault(400, -1120, "Invalid interval.")
    limit = call.limit(500, highest)
    start_ms, end_ms = params.maybe_time("startTime"), params.maybe_time("endTime")
    end_ms = call.now_ms if end_ms is None else end_ms
    last_ms = min(end_ms, call.now_ms)
    if start_ms is None:
        first_ms = max(0, interval_start_ms(interval, last_ms) - limit * _longest_ms(interval))
        return archive.bars(interval, first_ms, last_ms + 1)[-limit:]
    if start_ms > end_ms:
        raise Fault(400, -1023, "Start time is greater than end time.")
    earliest_ms = max(start_ms, archive.start_ms)
    reach_ms = interval_start_ms(interval, earliest_ms) + (limit + 1) * _longest_ms(interval)
    return archive.bars(interval, start_ms, min(last_ms + 1, reach_ms))[:limit]


def _longest_ms(interval: str) -> int:
    return _LONGEST_MONTH_MS if interval == "1M" else interval_end_ms(interval, 0) - interval_start_ms(interval, 0)
