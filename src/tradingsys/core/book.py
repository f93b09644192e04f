"""A local order book: price levels of one symbol, fed with absolute quantities."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from decimal import Decimal

__all__ = ["Book"]

LevelText = tuple[str, str]


class Book:
    """Bids and asks by price. Quantities are absolute: a level replaces what was there, zero removes it."""

    __slots__ = ("_ask_prices", "_asks", "_bid_prices", "_bids")

    def __init__(self) -> None:
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
        self._bid_prices: list[Decimal] = []  # ascending: the best bid is last
        self._ask_prices: list[Decimal] = []  # ascending: the best ask is first

    def replace(self, bids: Iterable[LevelText], asks: Iterable[LevelText]) -> None:
        """Forget everything and start from a snapshot."""
        self._bids.clear()
        self._asks.clear()
        self._bid_prices.clear()
        self._ask_prices.clear()
        self.apply(bids, asks)

    def apply(self, bids: Iterable[LevelText], asks: Iterable[LevelText]) -> None:
        """Apply changed levels; removing an unknown level is normal."""
        _apply(self._bids, self._bid_prices, bids)
        _apply(self._asks, self._ask_prices, asks)

    @property
    def best_bid(self) -> tuple[Decimal, Decimal] | None:
        """(price, quantity) of the highest bid."""
        return (px := self._bid_prices[-1], self._bids[px]) if self._bid_prices else None

    @property
    def best_ask(self) -> tuple[Decimal, Decimal] | None:
        """(price, quantity) of the lowest ask."""
        return (px := self._ask_prices[0], self._asks[px]) if self._ask_prices else None

    def bids(self, depth: int) -> list[tuple[Decimal, Decimal]]:
        """Up to ``depth`` bids, best first."""
        return [(px, self._bids[px]) for px in reversed(self._bid_prices[-depth:])] if depth else []

    def asks(self, depth: int) -> list[tuple[Decimal, Decimal]]:
        """Up to ``depth`` asks, best first."""
        return [(px, self._asks[px]) for px in self._ask_prices[:depth]]


def _apply(levels: dict[Decimal, Decimal], prices: list[Decimal], changes: Iterable[LevelText]) -> None:
    for px_text, qty_text in changes:
        px, qty = Decimal(px_text), Decimal(qty_text)
        if qty:
            if px not in levels:
                insort(prices, px)
            levels[px] = qty
        elif levels.pop(px, None) is not None:
            del prices[bisect_left(prices, px)]
