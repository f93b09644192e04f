"""A market's past: bars from before the box began, made up on demand and always the same for the same seed.

The past is drawn from the top down: days first, then the hours of a day, the quarters of an hour, the minutes of a
quarter, each only when somebody asks. A part is drawn inside its whole: the parts' highest high is the whole's high,
their volumes add up to its volume, their trade ids are its ids. So every interval tells the same story.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from random import Random

from msgspec import Struct

from tradingsys.core.bars import Bar, interval_end_ms, interval_start_ms
from tradingsys.sim.listed_market import ListedMarket

__all__ = ["HISTORY_DAYS", "REVERSION_S", "History"]

HISTORY_DAYS = 600
"""How far the past reaches back."""
REVERSION_S = 14_400.0
"""Prices forget their distance from where they started within hours, in the past as in the present."""

_DAY_MS = 24 * 3_600_000
_LEVELS = ("1d", "1h", "15m", "1m")
_LEVEL_OF = {
    "1m": 3, "3m": 3, "5m": 3, "15m": 2, "30m": 2, "1h": 1, "2h": 1, "4h": 1, "6h": 1, "8h": 1, "12h": 1,
}  # fmt: skip
_TRADES_PER_EVENT = 0.25
_SIZE_SCALE = 0.9
_KEPT_SPLITS = 4_000


class _Span(Struct, frozen=True):
    """A bar in ticks, lots, and ticks × lots. Bought and sold are what takers did."""

    start_ms: int
    end_ms: int
    open: int
    high: int
    low: int
    close: int
    bought: int
    sold: int
    bought_value: int
    sold_value: int
    trades: int
    first_trade_id: int


class History:
    """Bars of one symbol up to the moment the box began."""

    def __init__(self, market: ListedMarket, start_px: Decimal, seed: int, start_ms: int, first_trade_id: int) -> None:
        """The past ends with the whole minute before ``start_ms``, at ``start_px``; its last trade is the one before
        ``first_trade_id``."""
        self.end_ms = interval_start_ms("1m", start_ms)
        self._tick, self._lot = market.price.step, market.lot.step
        self._name = f"{seed}/{market.symbol}"
        self._sigma = float(market.flow.sigma_bp) / 1e4
        self._splits: OrderedDict[tuple[int, int], list[_Span]] = OrderedDict()
        self.start_ms = interval_start_ms("1d", self.end_ms - 1) - (HISTORY_DAYS - 1) * _DAY_MS
        """The first moment of the past."""
        self._market, self._last_px, self._next_id = market, int(start_px / market.price.step), first_trade_id

    @cached_property
    def _days(self) -> list[_Span]:
        """Nobody waits for them before somebody asks: most boxes end before."""
        return self._draw_days(self._market, self._last_px, self._next_id)

    def bars(self, interval: str, start_ms: int, end_ms: int | None = None) -> Iterator[Bar]:
        """Bars that compose this interval, those that begin within ``start_ms`` (inclusive) and ``end_ms`` (exclusive).

        They divide the interval, they need not be of its length: feed them to a `BarBuilder`.
        """
        end_ms = self.end_ms if end_ms is None else min(end_ms, self.end_ms)
        for span in self._spans(_LEVEL_OF.get(interval, 0), start_ms, end_ms):
            yield self._bar(span)

    # --- drawing

    def _draw_days(self, market: ListedMarket, last_px: int, next_id: int) -> list[_Span]:
        rng = Random(self._name)
        stationary = self._sigma * math.sqrt(REVERSION_S / 2)
        rate = market.flow.events_per_s * _TRADES_PER_EVENT
        lots_per_trade = float(market.flow.typical_value / market.start_price / market.lot.step) * _SIZE_SCALE
        end_ms, close, spans = self.end_ms, last_px, []
        for _ in range(HISTORY_DAYS):
            start_ms = interval_start_ms("1d", end_ms - 1)
            fraction = (end_ms - start_ms) / _DAY_MS
            open_px = max(1, round(last_px * math.exp(rng.gauss(0.0, stationary))))
            reach = stationary * math.sqrt(fraction)
            high = max(open_px, close, round(last_px * math.exp(reach * rng.uniform(1.2, 2.0))))
            low = max(1, min(open_px, close, round(last_px * math.exp(-reach * rng.uniform(1.2, 2.0)))))
            wanted = int(rate * 86_400 * fraction * rng.lognormvariate(0.0, 0.2))
            trades = max(0, min(wanted, (next_id - 1) // 2))
            bought, sold = (max(trades, int(trades * lots_per_trade * rng.uniform(0.4, 0.6))) for _ in range(2))
            typical = (2 * open_px + high + low + 2 * close) / 6
            next_id -= trades
            spans.append(
                _Span(
                    start_ms, end_ms, open_px, high, low, close, bought, sold, round(bought * typical),
                    round(sold * typical), trades, next_id,
                )
            )  # fmt: skip
            end_ms, close = start_ms, open_px
        return spans[::-1]

    def _spans(self, level: int, start_ms: int, end_ms: int) -> Iterator[_Span]:
        first = max(0, (start_ms - self.start_ms) // _DAY_MS)
        for day in self._days[first:]:
            if day.start_ms >= end_ms:
                return
            for span in self._parts(day, 0, level, start_ms, end_ms):
                if start_ms <= span.start_ms < end_ms:
                    yield span

    def _parts(self, span: _Span, at: int, level: int, start_ms: int, end_ms: int) -> Iterator[_Span]:
        if at == level:
            yield span
            return
        for part in self._split(span, at + 1):
            if part.end_ms > start_ms and part.start_ms < end_ms:
                yield from self._parts(part, at + 1, level, start_ms, end_ms)

    def _split(self, span: _Span, level: int) -> list[_Span]:
        key = (level, span.start_ms)
        known = self._splits.get(key)
        if known is None:
            rng = Random(f"{self._name}/{level}/{span.start_ms}")
            known = self._splits[key] = _split(span, _ends(span, _LEVELS[level]), self._sigma, rng)
            if len(self._splits) > _KEPT_SPLITS:
                self._splits.popitem(last=False)
        return known

    def _bar(self, span: _Span) -> Bar:
        tick, lot = self._tick, self._lot
        return Bar(
            span.start_ms,
            span.end_ms,
            span.open * tick,
            span.high * tick,
            span.low * tick,
            span.close * tick,
            (span.bought + span.sold) * lot,
            (span.bought_value + span.sold_value) * (tick * lot),
            span.bought * lot,
            span.bought_value * (tick * lot),
            span.trades,
            span.first_trade_id if span.trades else -1,
            span.first_trade_id + span.trades - 1 if span.trades else -1,
        )


def _ends(span: _Span, interval: str) -> list[int]:
    ends, at_ms = [], span.start_ms
    while at_ms < span.end_ms:
        at_ms = min(interval_end_ms(interval, at_ms), span.end_ms)
        ends.append(at_ms)
    return ends


def _split(span: _Span, ends: Sequence[int], sigma: float, rng: Random) -> list[_Span]:
    starts = [span.start_ms, *ends[:-1]]
    seconds = [(end - start) / 1000 for start, end in zip(starts, ends, strict=True)]
    trades = _share(span.trades, [length * rng.lognormvariate(0.0, 0.3) for length in seconds])
    bought = _share(span.bought, [count * rng.uniform(0.6, 1.5) for count in trades])
    sold = _share(span.sold, [count * rng.uniform(0.6, 1.5) for count in trades])
    lots = [buys + sells for buys, sells in zip(bought, sold, strict=True)]
    path = _lean(span, _path(span, seconds, sigma, rng), lots)
    widths = [span.open * sigma * math.sqrt(length) * 0.6 for length in seconds]
    highs = [min(span.high, max(path[n : n + 2]) + int(abs(rng.gauss(0.0, width)))) for n, width in enumerate(widths)]
    lows = [max(span.low, min(path[n : n + 2]) - int(abs(rng.gauss(0.0, width)))) for n, width in enumerate(widths)]
    highs[highs.index(max(highs))] = span.high
    lows[lows.index(min(lows))] = span.low
    averages = _averages(span, lots, [(a + b) / 2 for a, b in pairwise(path)], lows, highs)
    bought_values = _share(span.bought_value, [qty * px for qty, px in zip(bought, averages, strict=True)])
    sold_values = _share(span.sold_value, [qty * px for qty, px in zip(sold, averages, strict=True)])
    parts, next_id = [], span.first_trade_id
    for n, start_ms in enumerate(starts):
        parts.append(
            _Span(
                start_ms, ends[n], path[n], highs[n], lows[n], path[n + 1], bought[n], sold[n], bought_values[n],
                sold_values[n], trades[n], next_id,
            )
        )  # fmt: skip
        next_id += trades[n]
    return parts


def _path(span: _Span, seconds: Sequence[float], sigma: float, rng: Random) -> list[int]:
    """Prices between the parts: a bridge from the whole's open to its close, within its high and low."""
    walk, total = [0.0], sum(seconds)
    for length in seconds:
        walk.append(walk[-1] + rng.gauss(0.0, span.open * sigma * math.sqrt(length)))
    passed, prices = 0.0, [span.open]
    for length, step in zip(seconds[:-1], walk[1:-1], strict=True):
        passed += length
        share = passed / total
        prices.append(_within(span, span.open + (span.close - span.open) * share + step - walk[-1] * share))
    return [*prices, span.close]


def _within(span: _Span, px: float) -> int:
    return min(span.high, max(span.low, round(px)))


def _lean(span: _Span, path: list[int], lots: Sequence[int]) -> list[int]:
    """Bend a path until its average price is nearly the whole's."""
    traded = sum(lots)
    if not traded or len(lots) == 1:
        return path
    average = (span.bought_value + span.sold_value) / traded
    for _ in range(3):
        missing = average - sum(qty * (a + b) / 2 for qty, (a, b) in zip(lots, pairwise(path), strict=True)) / traded
        path = [path[0], *(_within(span, px + missing * 1.1) for px in path[1:-1]), path[-1]]
    return path


def _averages(
    span: _Span, lots: Sequence[int], middles: Sequence[float], lows: Sequence[int], highs: Sequence[int]
) -> list[float]:
    """Average prices of the parts, each between its low and high, that together are the whole's if that is possible."""
    value = span.bought_value + span.sold_value
    low, high = float(span.low - span.high), float(span.high - span.low)
    for _ in range(24):
        shift = (low + high) / 2
        averages = [min(top, max(bottom, px + shift)) for px, bottom, top in zip(middles, lows, highs, strict=True)]
        if sum(qty * px for qty, px in zip(lots, averages, strict=True)) < value:
            low = shift
        else:
            high = shift
    return averages


def _share(total: int, weights: Sequence[float]) -> list[int]:
    """Split a whole number by weights, exactly."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    shares, seen, given = [], 0.0, 0
    for number, weight in enumerate(weights, 1):
        seen += weight
        upto = total if number == len(weights) else int(total * (seen / whole))
        shares.append(upto - given)
        given = upto
    return shares
