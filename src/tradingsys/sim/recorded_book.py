"""A recorded book that our orders meet: they take from it and wait in it, and change nothing of what it shows.

It stands in for `OrderBook` in the exchange. The recording's side of every trade is one standing order of the house per
side, so that the exchange books both sides as ever.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

from tradingsys.core.enums import SelfTradePrevention, Side
from tradingsys.matching.order_book import BookOrder, Match, OrderBook, Prevented
from tradingsys.sim.recorded_queue import RecordedQueue

__all__ = ["RecordedBook"]

_DECREMENTING = frozenset({SelfTradePrevention.DECREMENT, SelfTradePrevention.TRANSFER})


class _Half:
    """One side: recorded levels, what our takers took of them, and our own resting orders."""

    __slots__ = ("lots", "own", "prices", "side", "taken", "touched")

    def __init__(self, side: Side) -> None:
        self.side = side
        self.lots: dict[int, int] = {}
        self.prices: list[int] = []  # ascending
        self.taken: dict[int, int] = {}
        self.own: dict[int, RecordedQueue] = {}
        self.touched: dict[int, None] = {}

    def best_first(self, prices: list[int]) -> Iterable[int]:
        return reversed(prices) if self.side is Side.BUY else prices

    def is_within(self, px: int, limit: int | None) -> bool:
        """Whether an opposite order limited at ``limit`` may trade at a price."""
        return limit is None or (px >= limit if self.side is Side.BUY else px <= limit)

    def is_better(self, px: int, other: int) -> bool:
        return px > other if self.side is Side.BUY else px < other

    def put(self, px: int, lots: int) -> None:
        if not lots:
            if self.lots.pop(px, None) is not None:
                del self.prices[bisect_left(self.prices, px)]
        else:
            if px not in self.lots:
                insort(self.prices, px)
            self.lots[px] = lots
        self.taken.pop(px, None)
        self.touched[px] = None
        queue = self.own.get(px)
        if queue is not None:
            queue.level_changed(lots)

    def free(self, px: int) -> int:
        """Recorded lots at a price that our takers have not taken."""
        return max(0, self.lots[px] - self.taken.get(px, 0))

    def best_free(self, limit: int | None) -> int | None:
        for px in self.best_first(self.prices):
            if not self.is_within(px, limit):
                return None
            if self.free(px):
                return px
        return None

    def best_own(self, limit: int | None) -> int | None:
        if not self.own:
            return None
        best = max(self.own) if self.side is Side.BUY else min(self.own)
        return best if self.is_within(best, limit) else None


class RecordedBook(OrderBook):
    """The book of one symbol; prices in ticks, quantities in lots."""

    __slots__ = ("_grants", "_house", "_last_change_ms", "_own", "_sides", "_standing")

    def __init__(self, house: str) -> None:
        """``house`` is the account that stands for the recording."""
        super().__init__()
        self._house = house
        self._sides = {Side.BUY: _Half(Side.BUY), Side.SELL: _Half(Side.SELL)}
        self._own: dict[int, BookOrder] = {}
        self._standing: dict[Side, BookOrder] = {}
        self._grants: list[tuple[BookOrder, int]] = []
        self._last_change_ms = 0

    # --- what the recording says

    def change(self, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]], ts_ms: int) -> None:
        """Levels with their quantity now; zero means gone. ``ts_ms`` is the venue's time."""
        for half, levels in ((self._sides[Side.BUY], bids), (self._sides[Side.SELL], asks)):
            for px, lots in levels:
                half.put(px, lots)
        self._last_change_ms = max(self._last_change_ms, ts_ms)

    @property
    def is_crossed(self) -> bool:
        """Whether a recorded bid is at or above a recorded ask, as no venue's book is."""
        bid, ask = self.best(Side.BUY), self.best(Side.SELL)
        return bid is not None and ask is not None and bid >= ask

    def replace(self, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]], ts_ms: int) -> None:
        """All levels there are."""
        for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
            half, new = self._sides[side], dict(levels)
            changes = [(px, lots) for px, lots in new.items() if half.lots.get(px) != lots]
            gone = [(px, 0) for px in half.prices if px not in new]
            for px, lots in (*gone, *changes):
                half.put(px, lots)
        self._last_change_ms = max(self._last_change_ms, ts_ms)

    def rewind(self) -> None:
        """The recording begins again: its times do too."""
        self._last_change_ms = 0

    def traded(self, px: int, lots: int, *, buyer_is_maker: bool, ts_ms: int) -> list[tuple[BookOrder, int]]:
        """A recorded trade: our orders that have their part in it, and how much.

        They trade when the house's order, which is to come next, is matched.
        """
        half = self._sides[Side.BUY if buyer_is_maker else Side.SELL]
        grants: list[tuple[BookOrder, int]] = []
        for own_px in half.best_first(sorted(half.own)):
            queue = half.own[own_px]
            if half.is_better(own_px, px):
                fills = queue.passed(lots)
            elif own_px == px:
                fills = queue.traded(lots, is_late=ts_ms <= self._last_change_ms)
            else:
                break
            grants += fills
            lots -= sum(fill for _, fill in fills)
        self._grants = grants
        return grants

    def ahead_of(self, order_id: int) -> int:
        """Recorded lots that trade before one of our resting orders."""
        order = self._own[order_id]
        return self._sides[order.side].own[order.px].ahead_of(order_id)

    # --- what the exchange asks

    def __contains__(self, order_id: int) -> bool:
        return order_id in self._own

    def best(self, side: Side) -> int | None:
        """See `OrderBook`."""
        return next(iter(self._sides[side].best_first(self._sides[side].prices)), None)

    def qty_at(self, side: Side, px: int) -> int:
        """See `OrderBook`."""
        return self._sides[side].lots.get(px, 0)

    def levels(self, side: Side, depth: int) -> list[tuple[int, int]]:
        """See `OrderBook`."""
        half = self._sides[side]
        prices = half.prices[: -depth - 1 : -1] if side is Side.BUY else half.prices[:depth]
        return [(px, half.lots[px]) for px in prices]

    def would_take(self, side: Side, px: int | None) -> bool:
        """See `OrderBook`."""
        half = self._sides[side.opposite]
        return half.best_free(px) is not None or half.best_own(px) is not None

    def available(self, side: Side, limit: int | None) -> int:
        """See `OrderBook`."""
        half = self._sides[side.opposite]
        recorded = sum(half.free(px) for px in half.prices if half.is_within(px, limit))
        own = (order.leaves for px, queue in half.own.items() if half.is_within(px, limit) for order in queue)
        return recorded + sum(own)

    def reach(self, side: Side, limit: int | None) -> Iterator[tuple[int, int, str]]:
        """See `OrderBook`; the recorded part of a price comes before ours."""
        half = self._sides[side.opposite]
        for px in half.best_first(sorted({*half.prices, *half.own})):
            if not half.is_within(px, limit):
                return
            if px in half.lots and half.free(px):
                yield px, half.free(px), self._house
            for order in half.own.get(px, ()):
                yield px, order.leaves, order.account

    def match(
        self, taker: BookOrder, limit: int | None, prevention: SelfTradePrevention
    ) -> Iterator[Match | Prevented]:
        """See `OrderBook`."""
        if taker.account == self._house:
            yield from self._give(taker)
            return
        half = self._sides[taker.side.opposite]
        while taker.leaves:
            free, own = half.best_free(limit), half.best_own(limit)
            if free is not None and (own is None or not half.is_better(own, free)):
                lots = min(taker.leaves, half.free(free))
                taker.leaves -= lots
                half.taken[free] = half.taken.get(free, 0) + lots
                yield Match(self._standing[half.side], free, lots)
            elif own is not None:
                step = self._meet(taker, next(iter(half.own[own])), own, prevention)
                yield step
                if isinstance(step, Prevented) and step.taker_expires:
                    return
            else:
                return

    def _meet(self, taker: BookOrder, maker: BookOrder, px: int, prevention: SelfTradePrevention) -> Match | Prevented:
        """Two orders of the box's accounts, without the recording."""
        if maker.account == taker.account and prevention in _DECREMENTING:
            lots = min(taker.leaves, maker.leaves)
            taker.leaves -= lots
            self._fill(maker, lots)
            return Prevented(maker, not maker.leaves, not taker.leaves, lots)
        if maker.account == taker.account and prevention is not SelfTradePrevention.NONE:
            maker_expires = prevention is not SelfTradePrevention.EXPIRE_TAKER
            if maker_expires:
                self.cancel(maker.order_id)
            return Prevented(maker, maker_expires, prevention is not SelfTradePrevention.EXPIRE_MAKER)
        lots = min(taker.leaves, maker.leaves)
        taker.leaves -= lots
        self._fill(maker, lots)
        return Match(maker, px, lots)

    def _give(self, taker: BookOrder) -> Iterator[Match]:
        """The recording's taker trades with those of us whose turn it is."""
        grants, self._grants = self._grants, []
        for maker, lots in grants:
            if maker.order_id not in self._own:
                continue  # ended meanwhile
            lots = min(lots, maker.leaves, taker.leaves)
            taker.leaves -= lots
            self._fill(maker, lots)
            yield Match(maker, maker.px, lots)

    def _fill(self, maker: BookOrder, lots: int) -> None:
        maker.leaves -= lots
        if not maker.leaves:
            self.cancel(maker.order_id)

    def rest(self, order: BookOrder) -> None:
        """See `OrderBook`."""
        if order.account == self._house:
            self._standing[order.side] = order
            return
        half = self._sides[order.side]
        self._own[order.order_id] = order
        half.own.setdefault(order.px, RecordedQueue()).join(order, half.lots.get(order.px, 0))

    def shrink(self, order_id: int, qty: int) -> None:
        """See `OrderBook`."""
        self._own[order_id].leaves -= qty

    def cancel(self, order_id: int) -> BookOrder | None:
        """See `OrderBook`."""
        order = self._own.pop(order_id, None)
        if order is not None:
            own = self._sides[order.side].own
            own[order.px].leave(order_id)
            if not own[order.px]:
                del own[order.px]
        return order

    def take_changes(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Recorded levels touched since the last call."""
        return self._touched(Side.BUY), self._touched(Side.SELL)

    @property
    def is_changed(self) -> bool:
        """See `OrderBook`."""
        return any(half.touched for half in self._sides.values())

    def _touched(self, side: Side) -> list[tuple[int, int]]:
        half = self._sides[side]
        changes = [(px, half.lots.get(px, 0)) for px in half.touched]
        half.touched.clear()
        return changes
