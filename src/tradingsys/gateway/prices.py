"""What symbols trade at, as far as somebody follows them: what orders are measured and positions valued with."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tradingsys.core.enums import Side
from tradingsys.core.market import BestBidOffer, Depth, Kline, MarkPrice, Trade
from tradingsys.venues.protocol import MarketEvent, Stream

__all__ = ["Prices"]

_Book = Depth | BestBidOffer
_NS_PER_S = 1_000_000_000
_FIRST_NS = 10 * _NS_PER_S
"""How long a first price may be on its way."""


class Prices:
    """The latest of each symbol, and when it came."""

    def __init__(self) -> None:
        self._books: dict[str, tuple[_Book, int]] = {}
        self._marks: dict[str, tuple[MarkPrice, int]] = {}
        self._trades: dict[str, tuple[Trade | Kline, int]] = {}
        self._begun: dict[str, int] = {}
        """When somebody last began to follow a symbol; gone with the first price that is forgotten again."""
        self._remembered: dict[str, Decimal] = {}
        """Of what nobody follows any more."""

    def begin(self, symbol: str, now_ns: int) -> None:
        """Somebody follows a symbol from now on: a first price is on its way."""
        self._begun[symbol] = now_ns

    def note(self, event: MarketEvent, now_ns: int) -> None:
        """Something came; the text is read when somebody asks."""
        if isinstance(event, Depth | BestBidOffer):
            self._books[event.symbol] = event, now_ns
        elif isinstance(event, MarkPrice):
            self._marks[event.symbol] = event, now_ns
        else:
            self._trades[event.symbol] = event, now_ns

    def forget(self, stream: Stream) -> None:
        """It is no longer followed, and measures nothing; what it told last still says what a position is worth."""
        px = self.worth(stream.symbol)
        if px is not None:
            self._remembered[stream.symbol] = px
            self._begun.pop(stream.symbol, None)
        if stream.kind == "mark":
            self._marks.pop(stream.symbol, None)
        elif stream.kind in ("depth", "bbo"):
            self._books.pop(stream.symbol, None)
        else:
            self._trades.pop(stream.symbol, None)

    def venue_reference(self, symbol: str) -> Decimal | None:
        """What the venue values an order at market with: the mark price if it is followed, else the book's middle."""
        if symbol in self._marks:
            return Decimal(self._marks[symbol][0].mark_px)
        best = self.best(symbol)
        return None if best is None else (best[0] + best[1]) / 2

    def best(self, symbol: str) -> tuple[Decimal, Decimal] | None:
        """Best bid and offer; None when no book is followed, or a side of it is empty."""
        if symbol not in self._books:
            return None
        book, _ = self._books[symbol]
        if isinstance(book, BestBidOffer):
            return Decimal(book.bid_px), Decimal(book.ask_px)
        return (Decimal(book.bids[0][0]), Decimal(book.asks[0][0])) if book.bids and book.asks else None

    def levels(self, symbol: str, side: Side) -> Sequence[tuple[Decimal, Decimal]]:
        """What an order of this side would trade with, best first: price and quantity, as far as it is followed."""
        if symbol not in self._books:
            return ()
        book, _ = self._books[symbol]
        if isinstance(book, Depth):
            return [(Decimal(px), Decimal(qty)) for px, qty in (book.asks if side is Side.BUY else book.bids)]
        px, qty = (book.ask_px, book.ask_qty) if side is Side.BUY else (book.bid_px, book.bid_qty)
        return ((Decimal(px), Decimal(qty)),)

    def measure(self, symbol: str, oldest_ns: int | None, now_ns: int) -> tuple[Decimal | None, str]:
        """What an order is measured with, or why there is nothing: the book's middle, else the mark price, else the
        last trade's.

        What came before ``oldest_ns`` is too old; with None nothing is. There need be nothing yet while the first price
        is on its way: who subscribes and trades at once need not wait.
        """
        best = self.best(symbol)
        if best is not None:
            if not 0 < best[0] < best[1]:
                return None, f"the book of {symbol.lower()} is crossed: {best[0]} is bid, {best[1]} asked"
            if oldest_ns is None or self._books[symbol][1] >= oldest_ns:
                return (best[0] + best[1]) / 2, ""
        name, newest_ns = symbol.lower(), -1
        for px, at_ns in self._known(symbol, best):
            if oldest_ns is None or at_ns >= oldest_ns:
                return px, ""
            newest_ns = max(newest_ns, at_ns)
        is_begun = now_ns - self._begun.get(symbol, -_FIRST_NS) < _FIRST_NS
        if newest_ns < 0 and is_begun:
            return None, ""
        if newest_ns < 0:
            return (
                None,
                f"no price of {name} is known yet: subscribe one of its streams and wait for the first message",
            )
        return None, f"the latest price of {name} is {(now_ns - newest_ns) // _NS_PER_S} s old"

    def worth(self, symbol: str) -> Decimal | None:
        """The best price known to value a position with, however old."""
        best = self.best(symbol)
        known = next((px for px, _ in self._known(symbol, best)), None)
        return known if known is not None else self._remembered.get(symbol)

    def _known(self, symbol: str, best: tuple[Decimal, Decimal] | None) -> list[tuple[Decimal, int]]:
        """Prices and when they came: what measures best first."""
        known: list[tuple[Decimal, int]] = []
        if best is not None:
            known.append(((best[0] + best[1]) / 2, self._books[symbol][1]))
        if symbol in self._marks:
            mark, at_ns = self._marks[symbol]
            known.append((Decimal(mark.mark_px), at_ns))
        if symbol in self._trades:
            last, at_ns = self._trades[symbol]
            known.append((Decimal(last.px if isinstance(last, Trade) else last.close), at_ns))
        return [(px, at_ns) for px, at_ns in known if px > 0]
