"""Random orders of every type and tif, amends and cancels; no wish to earn anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

from pyalgo import (
    Context,
    DepthSubscription,
    Order,
    OrderType,
    PriceMatch,
    Side,
    Tif,
)

SYMBOLS = ("btcusdt", "ethusdt", "dogeusdt", "xrpusdt", "adausdt")
_GOOD_TILL_MS = 3_600_000
_MAX_OPEN = 12

MARKETS = [(OrderType.MARKET, Tif.GTC), (OrderType.MARKET, Tif.UNDEF)]
LIMITS = [
    *((OrderType.LIMIT, tif) for tif in (Tif.GTC, Tif.IOC, Tif.FOK, Tif.GTX, Tif.GTD, Tif.UNDEF)),
    (OrderType.LIMIT_MAKER, Tif.GTC),
    (OrderType.LIMIT_MAKER, Tif.UNDEF),
]
CONDITIONALS = [
    *((OrderType.STOP, tif) for tif in (Tif.GTC, Tif.IOC, Tif.FOK, Tif.GTX, Tif.GTD)),
    *((OrderType.TAKE_PROFIT, tif) for tif in (Tif.GTC, Tif.IOC, Tif.FOK, Tif.GTX, Tif.GTD)),
    *2 * [(OrderType.STOP_MARKET, Tif.UNDEF), (OrderType.STOP_MARKET, Tif.GTC)],
    *2 * [(OrderType.TAKE_PROFIT_MARKET, Tif.UNDEF), (OrderType.TAKE_PROFIT_MARKET, Tif.GTC)],
    *2 * [(OrderType.TRAILING_STOP_MARKET, Tif.UNDEF), (OrderType.TRAILING_STOP_MARKET, Tif.GTC)],
]


class Monkey:
    """One session on every symbol, or on those that are given."""

    symbols: tuple[str, ...] = SYMBOLS

    def __init__(self, session: Context, random: Random, symbols: Sequence[str] = ()) -> None:
        self.session, self._random = session, random
        self.books = [session.subscribe(symbol, "bbo") for symbol in symbols or self.symbols]
        self.ended: Counter[str] = Counter()
        self.refused: Counter[int] = Counter()
        for book in self.books:
            book.on_order = self._count
        session.on_error = lambda error: self.refused.update([error.code])

    def act(self) -> None:
        """One request, whatever comes to mind."""
        book = self._random.choice(self.books)
        if not (book.bid_prc(0) and book.ask_prc(0)):
            return
        open_orders = book.open_orders
        choice = self._random.random()
        if open_orders and (choice < 0.2 or len(open_orders) > _MAX_OPEN):
            book.cancel(self._random.choice(open_orders).id)
        elif open_orders and choice < 0.4:
            self._amend(book, self._random.choice(open_orders))
        elif choice < 0.7:
            self._limit(book)
        elif choice < 0.85:
            self._market(book)
        else:
            self._conditional(book)

    def clean_up(self) -> bool:
        """Cancel what is open; whether nothing is left."""
        left = [(book, order) for book in self.books for order in book.open_orders]
        for book, order in left:
            book.cancel(order.id)
        return not left

    def report(self) -> dict[str, object]:
        """What it believes."""
        return {
            "session": self.session.id,
            "net": {book.symbol: book.net for book in self.books},
            "ended": self.ended,
            "refused": self.refused,
        }

    def _quantity(self, book: DepthSubscription) -> float:
        """A little above what the exchange takes at least."""
        least = max(book.lot, 1.4 * book.min_notional / book.bid_prc(0))
        return book.floor_to_lot_size(least * self._random.uniform(1, 2) + book.lot)

    def _price(self, book: DepthSubscription, side: Side, ticks: int) -> float:
        """So many ticks better than the own side's best; negative is further away."""
        return book.tick_up(book.bid_prc(0), ticks) if side == Side.BUY else book.tick_dn(book.ask_prc(0), ticks)

    @staticmethod
    def _good_till(book: DepthSubscription, tif: Tif) -> int | None:
        return book.time + _GOOD_TILL_MS if tif is Tif.GTD else None

    def _limit(self, book: DepthSubscription) -> None:
        side = self._random.choice((Side.BUY, Side.SELL))
        order_type, tif = self._random.choice(LIMITS)
        price, quantity = self._price(book, side, self._random.randint(-20, 8)), self._quantity(book)
        good_till = self._good_till(book, tif)
        if tif is Tif.GTC and self._random.random() < 0.2:
            match = self._random.choice((PriceMatch.OPPONENT, PriceMatch.QUEUE, PriceMatch.QUEUE_5))
            book.add_order(0, quantity, side, order_type, tif, price_match=match)
        else:
            book.add_order(price, quantity, side, order_type, tif, good_till=good_till)

    def _market(self, book: DepthSubscription) -> None:
        if book.net and self._random.random() < 0.6:
            side = Side.SELL if book.net > 0 else Side.BUY
            book.add_order(0, abs(book.net), side, OrderType.MARKET, Tif.UNDEF, reduce_only=True)
        else:
            side = self._random.choice((Side.BUY, Side.SELL))
            book.add_order(0, self._quantity(book), side, OrderType.MARKET, Tif.GTC)

    def _conditional(self, book: DepthSubscription) -> None:
        order_type, tif = self._random.choice(CONDITIONALS)
        side = self._random.choice((Side.BUY, Side.SELL))
        quantity = self._quantity(book)
        if order_type is OrderType.TRAILING_STOP_MARKET:
            book.add_order(0, quantity, side, order_type, tif, callback_rate=0.1)
            return
        waits_above = (side == Side.BUY) == (order_type in (OrderType.STOP, OrderType.STOP_MARKET))
        ticks = self._random.randint(3, 60)
        stop = book.tick_up(book.ask_prc(0), ticks) if waits_above else book.tick_dn(book.bid_prc(0), ticks)
        book.add_order(stop, quantity, side, order_type, tif, stop_price=stop, good_till=self._good_till(book, tif))

    def _amend(self, book: DepthSubscription, order: Order) -> None:
        quantity = book.floor_to_lot_size(order.quantity * self._random.uniform(0.6, 1.6))
        price = self._price(book, order.side, self._random.randint(-20, 8))
        if order.order_type in (OrderType.LIMIT, OrderType.LIMIT_MAKER):
            book.amend(order.id, price, quantity)

    def _count(self, order: Order) -> None:
        if not order.is_active:
            self.ended[f"{order.order_type} {order.tif} {order.state}"] += 1
