"""What symbols trade at, as far as that was told or asked: what orders are measured and positions valued with.

Books are told thousands of times a second and asked for a few times: what is told is put down as it came, and becomes
numbers when somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import Side
from tradingsys.core.instrument import plain
from tradingsys.core.market import BestBidOffer, Depth, Kline, MarkPrice, Trade
from tradingsys.venues.protocol import MarketEvent, Stream

__all__ = ["FRESH_S", "Measured", "Prices"]

FRESH_S = 30
"""How old a price may be that tells what something is worth now, where no limit says it otherwise."""
_Book = Depth | BestBidOffer
_Best = tuple[Decimal, Decimal]
"""Best bid and offer."""
_BOOK_TYPES = (Depth, BestBidOffer)
_MOST_UNREAD = 16
"""So many of a book wait beside the latest until somebody asks: one of them may be the last with a middle."""
_NS_PER_S = 1_000_000_000
_HALF = Decimal("0.5")
_ZERO = Decimal(0)


class Measured(Struct, frozen=True):
    """What an order is measured with, or why there is nothing."""

    px: Decimal | None
    problem: str = ""
    known: str = ""
    """What is known instead."""


class _Followed:
    """The book of a symbol."""

    __slots__ = ("_best", "_is_read", "_middle", "told")

    def __init__(self) -> None:
        self.told: list[tuple[_Book, int]] = []
        """What came and when, since somebody asked; the latest last."""
        self._is_read = False
        self._best: _Best | None = None
        self._middle: Decimal | None = None

    def note(self, book: _Book, now_ns: int) -> None:
        """It is this now. The caller settles it when much was told."""
        self.told.append((book, now_ns))
        self._is_read = False

    @property
    def at_ns(self) -> int:
        """When the latest came."""
        return self.told[-1][1]

    def read(self) -> tuple[_Best | None, Decimal | None]:
        """Best bid and offer of the latest, and the middle between them."""
        if not self._is_read:
            self._best = _best(self.told[-1][0])
            self._middle, self._is_read = _middle(self._best), True
        return self._best, self._middle

    def settle(self) -> tuple[Decimal, int] | None:
        """Only the latest stays. What the middle was before and when, if the latest has none."""
        before, self.told = self.told[:-1], self.told[-1:]
        if self.read()[1] is None:
            for book, at_ns in reversed(before):
                middle = _middle(_best(book))
                if middle is not None:
                    return middle, at_ns
        return None


class Prices:
    """The latest of each symbol, and when it came."""

    def __init__(self) -> None:
        self._books: dict[str, _Followed] = {}
        self._marks: dict[str, tuple[MarkPrice, int]] = {}
        self._trades: dict[str, tuple[Trade | Kline, int]] = {}
        self._kept: dict[str, tuple[Decimal, int]] = {}
        """What was asked for, or told by a stream that nobody follows any more."""

    def note(self, event: MarketEvent, now_ns: int) -> None:
        """Something came."""
        if isinstance(event, _BOOK_TYPES):
            followed = self._books.get(event.symbol)
            if followed is None:
                followed = self._books[event.symbol] = _Followed()
            followed.note(event, now_ns)
            if len(followed.told) > _MOST_UNREAD:
                self._settle(event.symbol, followed)
        elif isinstance(event, MarkPrice):
            self._marks[event.symbol] = event, now_ns
        else:
            self._trades[event.symbol] = event, now_ns

    def _settle(self, symbol: str, followed: _Followed) -> None:
        """A side of its book is gone, or it is crossed: what the middle was grows old, and is known all the same."""
        was = followed.settle()
        if was is not None:
            self.read(symbol, *was)

    def read(self, symbol: str, px: Decimal, at_ns: int) -> None:
        """The exchange was asked, and this is what it traded at then."""
        if px > 0 and at_ns >= self._kept.get(symbol, (px, at_ns))[1]:
            self._kept[symbol] = px, at_ns

    def forget(self, stream: Stream) -> None:
        """It is no longer followed: its last price grows old, and is no book any more."""
        known = self._known(stream.symbol)
        if known:
            self._kept[stream.symbol] = max(known, key=_when)
        if stream.kind == "mark":
            self._marks.pop(stream.symbol, None)
        elif stream.kind in ("depth", "bbo"):
            self._books.pop(stream.symbol, None)
        else:
            self._trades.pop(stream.symbol, None)

    def venue_reference(self, symbol: str) -> Decimal | None:
        """What the venue values an order at market with: the mark price if it is followed, else the book's middle."""
        if symbol in self._marks:
            return _number(self._marks[symbol][0].mark_px) or None
        best = self.best(symbol)
        return None if best is None else (best[0] + best[1]) / 2

    def best(self, symbol: str) -> _Best | None:
        """Best bid and offer; None when no book is followed, or a side of it is empty or cannot be read."""
        followed = self._books.get(symbol)
        return None if followed is None else followed.read()[0]

    def levels(self, symbol: str, side: Side) -> Sequence[tuple[Decimal, Decimal]]:
        """What an order of this side would trade with, best first: price and quantity, as far as it is followed."""
        if symbol not in self._books:
            return ()
        book, _ = self._books[symbol].told[-1]
        if isinstance(book, Depth):
            return [(_number(px), _number(qty)) for px, qty in (book.asks if side is Side.BUY else book.bids)]
        px, qty = (book.ask_px, book.ask_qty) if side is Side.BUY else (book.bid_px, book.bid_qty)
        return ((_number(px), _number(qty)),)

    def measure(self, symbol: str, oldest_ns: int | None, now_ns: int) -> Measured:
        """What an order is measured with: the book's middle, else the mark price, else the last trade's.

        What came before ``oldest_ns`` is too old; with None nothing is.
        """
        followed = self._books.get(symbol)
        best, middle = (None, None) if followed is None else followed.read()
        is_late = oldest_ns is not None and followed is not None and followed.at_ns < oldest_ns
        if best is not None and middle is None and not is_late:
            told = f"{best[0]} is bid, {best[1]} asked"
            return Measured(None, f"the book of {symbol.lower()} is crossed: {told}", told)
        known = self._known(symbol)
        for px, at_ns in known:
            if oldest_ns is None or at_ns >= oldest_ns:
                return Measured(px)
        if not known:
            return Measured(None, f"no price of {symbol.lower()} is known yet: it is being asked for", "no price")
        px, at_ns = max(known, key=_when)
        told = f"{plain(px)}, {(now_ns - at_ns) // _NS_PER_S} s old"
        return Measured(None, f"the latest price of {symbol.lower()} is {told}: a newer one is being asked for", told)

    def newest_ns(self, symbol: str) -> int | None:
        """When its latest price came; None without one."""
        return max((at_ns for _, at_ns in self._known(symbol)), default=None)

    def worth(self, symbol: str, now_ns: int) -> Decimal | None:
        """What to value a position with: what it trades at now, or else the newest that is known, however old."""
        px = self.worth_now(symbol, now_ns)
        known = self._known(symbol) if px is None else []
        return max(known, key=_when)[0] if known else px

    def worth_now(self, symbol: str, now_ns: int) -> Decimal | None:
        """The same, where that was told within `FRESH_S`: a stream that is silent for longer is worth less than what
        the exchange was asked since.
        """
        oldest_ns = now_ns - FRESH_S * _NS_PER_S
        return next((px for px, at_ns in self._known(symbol) if at_ns >= oldest_ns), None)

    def _known(self, symbol: str) -> list[tuple[Decimal, int]]:
        """Prices and when they came: what measures best first."""
        known: list[tuple[Decimal, int]] = []
        followed = self._books.get(symbol)
        if followed is not None:
            if len(followed.told) > 1:
                self._settle(symbol, followed)
            middle = followed.read()[1]
            if middle is not None:
                known.append((middle, followed.at_ns))
        if symbol in self._marks:
            mark, at_ns = self._marks[symbol]
            known.append((_number(mark.mark_px), at_ns))
        if symbol in self._trades:
            last, at_ns = self._trades[symbol]
            known.append((_number(last.px if isinstance(last, Trade) else last.close), at_ns))
        if symbol in self._kept:
            known.append(self._kept[symbol])
        return [(px, at_ns) for px, at_ns in known if px > 0]


def _best(book: _Book) -> _Best | None:
    if isinstance(book, BestBidOffer):
        bid, ask = _number(book.bid_px), _number(book.ask_px)
    elif book.bids and book.asks:
        bid, ask = _number(book.bids[0][0]), _number(book.asks[0][0])
    else:
        return None
    return (bid, ask) if bid > 0 and ask > 0 else None


def _middle(best: _Best | None) -> Decimal | None:
    """Of a book with both sides that is not crossed."""
    return (best[0] + best[1]) * _HALF if best is not None and best[0] < best[1] else None


def _number(text: str) -> Decimal:
    """A price or a quantity as the exchange told it; 0, as if nothing was told, for what is none."""
    try:
        told = Decimal(text)
    except ArithmeticError:
        return _ZERO
    return told if told.is_finite() else _ZERO


def _when(known: tuple[Decimal, int]) -> int:
    return known[1]
