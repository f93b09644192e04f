"""A limit order book with price-time priority, in whole ticks and lots."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator

from msgspec import Struct

from tradingsys.core.enums import SelfTradePrevention, Side

__all__ = ["BookOrder", "Match", "OrderBook", "Prevented"]

_DECREMENTING = frozenset({SelfTradePrevention.DECREMENT, SelfTradePrevention.TRANSFER})


class BookOrder(Struct, eq=False):
    """An order inside the matching engine. ``px`` in ticks, the rest in lots; all change only in `OrderBook`."""

    order_id: int
    account: str
    side: Side
    px: int
    leaves: int
    """What may trade; of an iceberg that rests, what is seen of it."""
    peak: int = 0
    """As much as is seen at a time; 0 for all."""
    hidden: int = 0
    """What comes when ``leaves`` is used up, behind all others of its price."""


class Match(Struct, frozen=True):
    """``qty`` lots traded at the maker's price; both orders' ``leaves`` are already smaller."""

    maker: BookOrder
    px: int
    qty: int


class Prevented(Struct, frozen=True):
    """Two orders of one account met and did not trade. An expired maker has already left the book."""

    maker: BookOrder
    maker_expires: bool
    taker_expires: bool
    qty: int = 0
    """Lots by which both became smaller, where that is what prevents the trade."""


class _Level:
    """The queue at one price; a dict keeps arrival order and finds an order in one step."""

    __slots__ = ("hidden", "orders", "total")

    def __init__(self) -> None:
        self.orders: dict[int, BookOrder] = {}
        self.total = 0
        self.hidden = 0


class _Half:
    """One side of the book."""

    __slots__ = ("at_best", "levels", "prices", "side", "touched")

    def __init__(self, side: Side) -> None:
        self.side = side
        self.at_best = -1 if side is Side.BUY else 0
        self.levels: dict[int, _Level] = {}
        self.prices: list[int] = []  # ascending
        self.touched: dict[int, None] = {}

    def add(self, order: BookOrder) -> None:
        level = self.levels.get(order.px)
        if level is None:
            level = self.levels[order.px] = _Level()
            insort(self.prices, order.px)
        level.orders[order.order_id] = order
        level.total += order.leaves
        level.hidden += order.hidden
        self.touched[order.px] = None

    def reduce(self, order: BookOrder, qty: int) -> None:
        """Take ``qty`` lots of what is seen from an order that rests here; with nothing left it leaves the queue."""
        level = self.levels[order.px]
        order.leaves -= qty
        level.total -= qty
        self.touched[order.px] = None
        if order.leaves:
            return
        if order.hidden:
            self._refill(order, level)
        else:
            self._drop(order, level)

    def _refill(self, order: BookOrder, level: _Level) -> None:
        """What is hidden comes to light at the end of the queue."""
        order.leaves = min(order.peak, order.hidden)
        order.hidden -= order.leaves
        level.hidden -= order.leaves
        level.total += order.leaves
        del level.orders[order.order_id]
        level.orders[order.order_id] = order

    def shrink(self, order: BookOrder, qty: int) -> None:
        """Take ``qty`` lots, fewer than there are, from an order that keeps its place: what is hidden first."""
        level = self.levels[order.px]
        hidden = min(qty, order.hidden)
        order.hidden -= hidden
        level.hidden -= hidden
        order.leaves -= qty - hidden
        level.total -= qty - hidden
        self.touched[order.px] = None

    def remove(self, order: BookOrder) -> None:
        level = self.levels[order.px]
        level.total -= order.leaves
        level.hidden -= order.hidden
        self.touched[order.px] = None
        self._drop(order, level)

    def _drop(self, order: BookOrder, level: _Level) -> None:
        del level.orders[order.order_id]
        if not level.orders:
            del self.levels[order.px]
            del self.prices[bisect_left(self.prices, order.px)]

    def within(self, limit: int | None) -> Iterator[int]:
        """Prices that an opposite order limited at ``limit`` may take, best first."""
        for px in reversed(self.prices) if self.side is Side.BUY else self.prices:
            if limit is not None and (px < limit if self.side is Side.BUY else px > limit):
                return
            yield px


class OrderBook:
    """Bids and asks of one symbol. At the same price, who came first trades first."""

    __slots__ = ("_halves", "_orders", "part")

    def __init__(self) -> None:
        self.part: Callable[[BookOrder, BookOrder, int], int] | None = None
        """How many of the lots that taker and maker could trade go into the next match: 1 to all."""
        self._halves = {Side.BUY: _Half(Side.BUY), Side.SELL: _Half(Side.SELL)}
        self._orders: dict[int, BookOrder] = {}

    def __contains__(self, order_id: int) -> bool:
        return order_id in self._orders

    def best(self, side: Side) -> int | None:
        """The best price of a side, in ticks."""
        half = self._halves[side]
        return half.prices[half.at_best] if half.prices else None

    def qty_at(self, side: Side, px: int) -> int:
        """Lots resting at a price."""
        level = self._halves[side].levels.get(px)
        return level.total if level is not None else 0

    def levels(self, side: Side, depth: int) -> list[tuple[int, int]]:
        """Up to ``depth`` (price in ticks, quantity in lots), best first."""
        half = self._halves[side]
        prices = half.prices[: -depth - 1 : -1] if side is Side.BUY else half.prices[:depth]
        return [(px, half.levels[px].total) for px in prices]

    def would_take(self, side: Side, px: int | None) -> bool:
        """Whether an order at this price, or at any (None), would trade at once."""
        return next(self._halves[side.opposite].within(px), None) is not None

    def available(self, side: Side, limit: int | None) -> int:
        """Lots that an order of this side could take at once."""
        half = self._halves[side.opposite]
        return sum(half.levels[px].total + half.levels[px].hidden for px in half.within(limit))

    def reach(self, side: Side, limit: int | None) -> Iterator[tuple[int, int, str]]:
        """What an order of this side could take, in turn: price, lots with what is hidden, and whose they are."""
        half = self._halves[side.opposite]
        for px in half.within(limit):
            for order in half.levels[px].orders.values():
                yield px, order.leaves + order.hidden, order.account

    def match(
        self, taker: BookOrder, limit: int | None, prevention: SelfTradePrevention
    ) -> Iterator[Match | Prevented]:
        """Trade an incoming order, one step at a time, until it is done or meets nobody within ``limit``.

        The book is consistent at every step, and the caller may cancel other orders between two steps. What is left
        in ``taker.leaves`` afterwards is the caller's to rest (`rest`) or to expire. The taker's prevention decides.
        """
        half = self._halves[taker.side.opposite]
        while taker.leaves:
            px = next(half.within(limit), None)
            if px is None:
                return
            maker = next(iter(half.levels[px].orders.values()))
            if maker.account == taker.account and prevention in _DECREMENTING:
                step = self._decrement(taker, maker, half)
                yield step
                if step.taker_expires:
                    return
                continue
            if maker.account == taker.account and prevention is not SelfTradePrevention.NONE:
                maker_expires = prevention is not SelfTradePrevention.EXPIRE_TAKER
                taker_expires = prevention is not SelfTradePrevention.EXPIRE_MAKER
                if maker_expires:
                    self.cancel(maker.order_id)
                yield Prevented(maker, maker_expires, taker_expires)
                if taker_expires:
                    return
                continue
            qty = min(taker.leaves, maker.leaves)
            if self.part is not None:
                qty = self.part(taker, maker, qty)
            taker.leaves -= qty
            half.reduce(maker, qty)
            if not maker.leaves:
                del self._orders[maker.order_id]
            yield Match(maker, px, qty)

    def _decrement(self, taker: BookOrder, maker: BookOrder, half: _Half) -> Prevented:
        qty = min(taker.leaves, maker.leaves)
        taker.leaves -= qty
        half.reduce(maker, qty)
        if not maker.leaves:
            del self._orders[maker.order_id]
        return Prevented(maker, not maker.leaves, not taker.leaves, qty)

    def rest(self, order: BookOrder) -> None:
        """Queue an order behind all others of its price. It must not cross: match it first."""
        if order.peak and order.leaves > order.peak:
            order.hidden = order.leaves - order.peak
            order.leaves = order.peak
        self._orders[order.order_id] = order
        self._halves[order.side].add(order)

    def cancel(self, order_id: int) -> BookOrder | None:
        """Take an order out; None when it is not in the book."""
        order = self._orders.pop(order_id, None)
        if order is not None:
            self._halves[order.side].remove(order)
        return order

    def shrink(self, order_id: int, qty: int) -> None:
        """Make a resting order smaller by ``qty`` lots, fewer than it has; it keeps its place."""
        order = self._orders[order_id]
        self._halves[order.side].shrink(order, qty)

    def take_changes(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Bid and ask levels touched since the last call, as (price, quantity now); zero means the level is gone."""
        return self._changed(Side.BUY), self._changed(Side.SELL)

    @property
    def is_changed(self) -> bool:
        """Whether any level was touched since `take_changes`."""
        return bool(self._halves[Side.BUY].touched or self._halves[Side.SELL].touched)

    def _changed(self, side: Side) -> list[tuple[int, int]]:
        half = self._halves[side]
        changes = [(px, self.qty_at(side, px)) for px in half.touched]
        half.touched.clear()
        return changes
