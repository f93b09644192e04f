"""Background traders: makers who quote around a fundamental value, and takers who cross the spread.

Everything random comes from the generator passed in, so a seed and the same requests give the same market. Where the
same coin trades elsewhere in the box, its value follows what it is worth there, with a small distance that comes and
goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from heapq import heapify, heapreplace
from random import Random
from typing import Any

from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.sim.cross_rates import ValueElsewhere, cross_rates
from tradingsys.sim.events import Accepted, ExchangeEvent, NewOrder
from tradingsys.sim.listed_market import ListedMarket
from tradingsys.sim.segment import Segment
from tradingsys.sim.venue import Venue

__all__ = ["MAKERS", "TAKERS", "Flow", "pace_at"]

MAKERS = "house-makers"
TAKERS = "house-takers"

_NS = 1_000_000_000
_REVERSION_S = 14_400.0
"""The fundamental value forgets its distance from the starting price within hours."""
_MAX_LAG_NS = 5 * _NS
"""After a longer sleep the market goes on from now instead of living through what was missed."""
_TAKER_SHARE = 0.2
_BURST_CHANCE = 0.002
_BURST_RATE = 4.0
_BURST_SIGMA = 3.0
_TIGHT_TICKS = 2
_FULL_SPEED = 5.0
"""So many times faster than ours the market is as lively as ever; beyond that it does as much in our time."""

_BASIS_SIGMA = 0.00002
"""Of the distance to the value elsewhere, per square root of a second; it comes and goes within minutes."""
_BASIS_REVERSION_S = 120.0


class _Quote:
    """A maker's order: wanted ``offset`` ticks from the fundamental value."""

    __slots__ = ("offset", "order_id", "px", "side")

    def __init__(self, side: Side, offset: float) -> None:
        self.side = side
        self.offset = offset
        self.order_id: int | None = None
        self.px = 0


class _Crowd:
    """Everybody who trades one symbol."""

    def __init__(
        self,
        exchange: Segment[Any],
        market: ListedMarket,
        rng: Random,
        now_ns: int,
        pace: float,
        elsewhere: ValueElsewhere,
    ) -> None:
        self._exchange = exchange
        self._elsewhere = elsewhere
        self._basis = 0.0
        """Logarithm of our value over the one elsewhere."""
        self._market = market
        self._rng = rng
        self._pace = pace
        self._venue: Venue = exchange.venues[market.symbol]
        self._anchor = float(market.start_price / market.price.step)
        self._sigma = float(market.flow.sigma_bp) / 1e4
        self._tick = float(market.price.step)
        self._typical_lots = float(market.flow.typical_value / market.start_price / market.lot.step)
        self.fair = self._anchor
        """Fundamental value in ticks."""
        leader = elsewhere(market.symbol)
        if leader is not None:
            self.fair = self._anchor = leader / self._tick
        self._last_ns = now_ns
        self._burst_until_ns = 0
        gap = market.flow.gap_ticks
        self._quotes = [
            _Quote(side, 0.5 + gap * level * rng.uniform(0.8, 1.2))
            for side in Side
            for level in range(market.flow.levels)
        ]

    @property
    def symbol(self) -> str:
        """What they trade."""
        return self._market.symbol

    @property
    def value(self) -> float:
        """What it is worth, in the quote asset."""
        return self.fair * self._tick

    def open(self, now_ns: int) -> list[ExchangeEvent]:
        """Quote everything for the first time."""
        events: list[ExchangeEvent] = []
        for quote in self._quotes:
            self._requote(quote, self._wanted(quote), now_ns, events)
        return events

    def wait_ns(self, now_ns: int) -> int:
        """How long until the next event."""
        rate = self._pace * self._market.flow.events_per_s * (_BURST_RATE if now_ns < self._burst_until_ns else 1.0)
        return int(self._rng.expovariate(rate) * _NS) + 1

    def jump(self, ticks: int, now_ns: int) -> list[ExchangeEvent]:
        """The value is another one from now on: everybody in the way trades, and the makers quote around it."""
        events: list[ExchangeEvent] = []
        for quote in self._quotes:
            if quote.order_id is not None and quote.order_id in self._venue.open:
                events += self._exchange.cancel(MAKERS, self._market.symbol, now_ns, order_id=quote.order_id)
            quote.order_id = None
        self.fair = self._anchor = float(ticks)
        leader = self._elsewhere(self.symbol)
        if leader is not None:
            self._basis = math.log(ticks * self._tick / leader)
        self._last_ns = now_ns
        takers = [side for side in Side if self._venue.book.available(side, ticks)]
        # Whoever is in the way may trade back at once, so there is somebody on the other side before.
        early = [quote for quote in self._quotes if quote.side.opposite in takers]
        for quote in early:
            self._requote(quote, self._wanted(quote), now_ns, events)
        for side in takers:
            lots = self._venue.book.available(side, ticks)
            if lots:
                events += self._order(side, lots, ticks, now_ns)
        for quote in self._quotes:
            self._requote(quote, self._wanted(quote), now_ns, events)
        ask = self._venue.book.best(Side.SELL)
        if ask is not None:
            self._take(Side.BUY, ask, now_ns, events)
        return events

    def act(self, now_ns: int) -> list[ExchangeEvent]:
        """One event: the value moved, somebody reacts."""
        if not self._venue.instrument.is_trading:
            return []
        self._move(now_ns)
        events: list[ExchangeEvent] = []
        book = self._venue.book
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        edge = 2.0 * self._market.flow.gap_ticks
        if ask is not None and ask < self.fair - edge:
            self._take(Side.BUY, math.floor(self.fair), now_ns, events)
        elif bid is not None and bid > self.fair + edge:
            self._take(Side.SELL, math.ceil(self.fair), now_ns, events)
        elif self._rng.random() < _TAKER_SHARE and bid is not None and ask is not None:
            pull = (self.fair - (bid + ask) / 2) / edge
            side = Side.BUY if self._rng.random() < min(0.9, max(0.1, 0.5 + 0.4 * pull)) else Side.SELL
            reach = self._market.flow.gap_ticks
            self._take(side, ask + reach if side is Side.BUY else bid - reach, now_ns, events)
        quote = self._most_misplaced()
        self._requote(quote, self._wanted(quote), now_ns, events)
        self._tighten(now_ns, events)
        return events

    def _move(self, now_ns: int) -> None:
        passed_s = max(0, now_ns - self._last_ns) / _NS
        self._last_ns = now_ns
        rng = self._rng
        if rng.random() < _BURST_CHANCE:
            self._burst_until_ns = now_ns + int(rng.uniform(0.5, 2.5) * _NS)
        leader = self._elsewhere(self.symbol)
        if leader is not None:
            self._basis *= math.exp(-passed_s / _BASIS_REVERSION_S)
            self._basis += _BASIS_SIGMA * math.sqrt(passed_s) * rng.gauss(0.0, 1.0)
            self.fair = leader / self._tick * math.exp(self._basis)
            return
        sigma = self._sigma * (_BURST_SIGMA if now_ns < self._burst_until_ns else 1.0)
        distance = math.log(self._anchor / self.fair)
        drift = distance * min(1.0, passed_s / _REVERSION_S)
        self.fair *= math.exp(drift + sigma * math.sqrt(passed_s) * rng.gauss(0.0, 1.0))

    def _wanted(self, quote: _Quote) -> int:
        if quote.side is Side.BUY:
            return max(1, math.floor(self.fair - quote.offset))
        return math.ceil(self.fair + quote.offset)

    def _most_misplaced(self) -> _Quote:
        candidates = [self._rng.choice(self._quotes) for _ in range(5)]
        return max(candidates, key=self._misplacement)

    def _misplacement(self, quote: _Quote) -> float:
        if quote.order_id not in self._venue.open:
            return math.inf
        return abs(quote.px - self._wanted(quote)) / (1.0 + quote.offset)

    def _lots(self, scale: float) -> int:
        return max(1, int(self._typical_lots * scale * self._rng.lognormvariate(-0.3, 0.8)))

    def _requote(self, quote: _Quote, px: int, now_ns: int, events: list[ExchangeEvent]) -> None:
        if quote.order_id is not None and quote.order_id in self._venue.open:
            if quote.px == px:
                return
            events += self._exchange.cancel(MAKERS, self._market.symbol, now_ns, order_id=quote.order_id)
        opposite = self._venue.book.best(quote.side.opposite)
        if opposite is not None and (px >= opposite if quote.side is Side.BUY else px <= opposite):
            px = max(1, opposite - quote.side.sign)
        request = NewOrder(
            MAKERS,
            self._market.symbol,
            quote.side,
            OrderType.LIMIT,
            self._venue.qty(self._lots(1.0 + quote.offset / self._quotes[-1].offset)),
            self._venue.price(px),
            post_only=True,
        )
        placed = self._exchange.place(request, now_ns)
        accepted = placed[0]
        quote.order_id = accepted.order.order_id if isinstance(accepted, Accepted) else None
        quote.px = px
        events += placed

    def _tighten(self, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Somebody betters the best price while the spread is wide."""
        book = self._venue.book
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        if bid is None or ask is None or ask - bid <= _TIGHT_TICKS:
            return
        side = Side.BUY if self.fair > (bid + ask) / 2 else Side.SELL
        step = self._rng.randint(1, ask - bid - 1)
        inner = [quote for quote in self._quotes if quote.side is side][:3]
        self._requote(self._rng.choice(inner), bid + step if side is Side.BUY else ask - step, now_ns, events)

    def _take(self, side: Side, limit: int, now_ns: int, events: list[ExchangeEvent]) -> None:
        events += self._order(side, self._lots(0.8), limit, now_ns)

    def _order(self, side: Side, lots: int, limit: int, now_ns: int) -> list[ExchangeEvent]:
        request = NewOrder(
            TAKERS,
            self._market.symbol,
            side,
            OrderType.LIMIT,
            self._venue.qty(lots),
            self._venue.price(max(1, limit)),
            TimeInForce.IOC,
        )
        return self._exchange.place(request, now_ns)


def pace_at(speed: float) -> float:
    """Of a box whose time runs so many times faster than ours: above some figure fewer traders act, to keep up."""
    return min(1.0, _FULL_SPEED / speed)


class Flow:
    """All background traders of an exchange."""

    def __init__(
        self,
        exchange: Segment[Any],
        markets: Iterable[ListedMarket],
        rng: Random,
        now_ns: int,
        pace: float = 1.0,
        elsewhere: ValueElsewhere = lambda _symbol: None,
    ) -> None:
        """``pace``: how often somebody acts, as a multiple of what is usual.

        Symbols that have a value ``elsewhere``, by themselves or by their two assets, follow it.
        """
        markets = tuple(markets)
        elsewhere = cross_rates(elsewhere, {market.symbol: (market.base, market.quote) for market in markets})
        for name in (MAKERS, TAKERS):
            exchange.open_account(name, {}, is_house=True)
        self._crowds = [_Crowd(exchange, market, rng, now_ns, pace, elsewhere) for market in markets]
        self._by_symbol = {crowd.symbol: crowd for crowd in self._crowds}
        self._due = [(now_ns, index) for index in range(len(self._crowds))]
        heapify(self._due)
        self._started = False

    @property
    def next_deadline_ns(self) -> int | None:
        """When somebody acts next."""
        return self._due[0][0] if self._due else None

    def advance(self, now_ns: int) -> list[ExchangeEvent]:
        """Everything that background traders do until ``now_ns``, each at its own time."""
        events: list[ExchangeEvent] = []
        if not self._started:
            self._started = True
            for crowd in self._crowds:
                events += crowd.open(now_ns)
        while self._due and self._due[0][0] <= now_ns:
            due_ns, index = self._due[0]
            due_ns = max(due_ns, now_ns - _MAX_LAG_NS)
            crowd = self._crowds[index]
            events += crowd.act(due_ns)
            heapreplace(self._due, (due_ns + crowd.wait_ns(due_ns), index))
        return events

    def value(self, symbol: str) -> float | None:
        """What traders think a symbol is worth, in its quote asset; None for a symbol that nobody trades."""
        crowd = self._by_symbol.get(symbol)
        return None if crowd is None else crowd.value

    def move(self, symbol: str, ticks: int, now_ns: int) -> list[ExchangeEvent]:
        """Everybody believes in another price from now on."""
        return self._by_symbol[symbol].jump(ticks, now_ns)
