"""Random orders of every kind that spot and margin have: amounts, icebergs, trailing stops, lists, side effects."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from pyalgo import Context, DepthSubscription, Leg, Order, OrderType, Side, SideEffect, Tif
from tests.campaign.strategy import Monkey

__all__ = ["CONDITIONALS", "LIMITS", "LISTS", "SYMBOLS", "AssetMonkey", "MarginMonkey"]

SYMBOLS = ("btcusdt", "ethusdt", "dogeusdt", "bnbusdt", "ethbtc")
_MAX_OPEN = 3
"""Of all symbols an account has room for few orders that wait."""

LIMITS = [
    *((OrderType.LIMIT, tif) for tif in (Tif.GTC, Tif.IOC, Tif.FOK, Tif.GTX, Tif.UNDEF)),
    (OrderType.LIMIT_MAKER, Tif.GTC),
    (OrderType.LIMIT_MAKER, Tif.UNDEF),
]
_STOPS = (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.STOP, OrderType.STOP_MARKET)
_WITH_PRICE = (OrderType.STOP_LOSS_LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT_LIMIT)
CONDITIONALS = [
    *((order_type, tif) for order_type in _WITH_PRICE for tif in (Tif.GTC, Tif.IOC, Tif.FOK)),
    (OrderType.STOP_LOSS, Tif.UNDEF),
    (OrderType.STOP_MARKET, Tif.GTC),
    (OrderType.TAKE_PROFIT, Tif.UNDEF),
    (OrderType.TAKE_PROFIT_MARKET, Tif.GTC),
    (OrderType.TRAILING_STOP_MARKET, Tif.UNDEF),
    (OrderType.STOP_LOSS, Tif.GTC),
]
LISTS = ("oco", "oto", "otoco")


class AssetMonkey(Monkey):
    """One session on every symbol of a spot account."""

    symbols: tuple[str, ...] = SYMBOLS
    can_amend = True

    def __init__(self, session: Context, random: Random, symbols: Sequence[str] = ()) -> None:
        super().__init__(session, random, symbols)
        self.lists = dict.fromkeys(LISTS, 0)

    def act(self) -> None:
        """One request, whatever comes to mind."""
        random, book = self._random, self._random.choice(self.books)
        if not (book.bid_prc(0) and book.ask_prc(0)):
            return
        open_orders, choice = book.open_orders, random.random()
        if open_orders and (choice < 0.3 or len(open_orders) > _MAX_OPEN):
            book.cancel(random.choice(open_orders).id)
        elif open_orders and choice < 0.4 and self.can_amend:
            self._amend(book, random.choice(open_orders))
        elif choice < 0.65:
            self._limit(book)
        elif choice < 0.82:
            self._market(book)
        elif choice < 0.92:
            self._conditional(book)
        else:
            self._list(book)

    def report(self) -> dict[str, object]:
        """What it believes, and how many lists it sent."""
        return {**super().report(), "lists": self.lists}

    def _options(self) -> dict[str, Any]:
        """What every order of the account may carry."""
        return {}

    def _limit(self, book: DepthSubscription) -> None:
        side = self._random.choice((Side.BUY, Side.SELL))
        order_type, tif = self._random.choice(LIMITS)
        price, quantity = self._price(book, side, self._random.randint(-20, 8)), self._quantity(book)
        options = self._options()
        if order_type is OrderType.LIMIT and tif is Tif.GTC and self._random.random() < 0.3:
            options["iceberg"] = max(book.lot, book.floor_to_lot_size(quantity / 3))
        book.add_order(price, quantity, side, order_type, tif, **options)

    def _market(self, book: DepthSubscription) -> None:
        side, tif = self._random.choice((Side.BUY, Side.SELL)), self._random.choice((Tif.GTC, Tif.UNDEF))
        choice, options = self._random.random(), self._options()
        if choice < 0.4:
            amount = round(book.min_notional * self._random.uniform(1.5, 3), 2 if book.quote_asset == "USDT" else 6)
            book.add_order(0, 0, side, OrderType.MARKET, tif, quote_quantity=amount, **options)
        elif choice < 0.6 and book.net > 0:
            # All that can be sold: what fees left of it.
            book.add_order(0, book.floor_to_lot_size(book.net), Side.SELL, OrderType.MARKET, tif, **options)
        else:
            book.add_order(0, self._quantity(book), side, OrderType.MARKET, tif, **options)

    def _conditional(self, book: DepthSubscription) -> None:
        order_type, tif = self._random.choice(CONDITIONALS)
        side = self._random.choice((Side.BUY, Side.SELL))
        options = self._options()
        trails = order_type is OrderType.TRAILING_STOP_MARKET or (order_type, tif) == (OrderType.STOP_LOSS, Tif.GTC)
        if trails:
            book.add_order(0, self._quantity(book), side, order_type, tif, callback_rate=0.1, **options)
            return
        stop = self._stop(book, side, stops=order_type in _STOPS)
        price = stop if order_type in _WITH_PRICE else 0
        book.add_order(price, self._quantity(book), side, order_type, tif, stop_price=stop, **options)

    def _stop(self, book: DepthSubscription, side: Side, *, stops: bool) -> float:
        """A price to wait for, near the market."""
        ticks = self._random.randint(2, 30)
        is_above = (side == Side.BUY) == stops
        return book.tick_up(book.ask_prc(0), ticks) if is_above else book.tick_dn(book.bid_prc(0), ticks)

    def _list(self, book: DepthSubscription) -> None:
        kind, side = self._random.choice(LISTS), self._random.choice((Side.BUY, Side.SELL))
        quantity, options = self._quantity(book), self._options()
        working = Leg(self._price(book, side, self._random.randint(-5, 4)), quantity, side, OrderType.LIMIT, **options)
        other = Side.SELL if side == Side.BUY else Side.BUY
        # A pending sale leaves room for a fee in the coin.
        less = book.floor_to_lot_size(quantity * 0.95)
        placed: tuple[Order, ...] | None
        if kind == "oco":
            placed = book.add_oco(*self._pair(book, side, quantity, options))
        elif kind == "oto":
            limit = self._price(book, other, -10)
            placed = book.add_oto(working, Leg(limit, less, other, OrderType.LIMIT, **options))
        else:
            one, two = self._pair(book, other, less, options)
            placed = book.add_otoco(working, one, two)
        self.lists[kind] += placed is not None

    def _pair(self, book: DepthSubscription, side: Side, quantity: float, options: dict[str, Any]) -> tuple[Leg, Leg]:
        """A target and a stop."""
        target, stop = self._stop(book, side, stops=False), self._stop(book, side, stops=True)
        if self._random.random() < 0.5:
            guard = Leg(0, quantity, side, OrderType.STOP_LOSS, stop_price=stop, **options)
        else:
            guard = Leg(stop, quantity, side, OrderType.STOP_LOSS_LIMIT, Tif.GTC, stop_price=stop, **options)
        return Leg(target, quantity, side, OrderType.LIMIT_MAKER, **options), guard

    def _amend(self, book: DepthSubscription, order: Order) -> None:
        quantity = book.floor_to_lot_size(order.quantity * self._random.uniform(0.4, 0.95))
        if quantity:
            book.amend(order.id, quantity=quantity)


class MarginMonkey(AssetMonkey):
    """One session of a margin account: its orders borrow and pay back."""

    can_amend = False

    def _options(self) -> dict[str, Any]:
        choice = self._random.random()
        if choice < 0.05:
            return {"side_effect": SideEffect.MARGIN_BUY}
        return {"side_effect": SideEffect.AUTO_REPAY} if choice < 0.1 else {}
