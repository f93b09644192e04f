"""Streams of the book: best levels, changes, best bid and offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tradingsys.core.enums import Side
from tradingsys.core.market import BestBidOffer, Depth
from tradingsys.sim.events import BookChanged
from tradingsys.sim.faces.binance.feed import Feed, Payload, next_beat
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.venue import Venue
from tradingsys.venues.binance.messages import Message

__all__ = ["BookTickerFeed", "DepthWriter", "DiffFeed", "TopFeed", "top"]

DepthWriter = Callable[[Depth, int, int], Message]
"""Makes a message of levels, their first id, and the last id of the message before."""


def top(symbol: str, venue: Venue, levels: int, ts_ms: int) -> Depth:
    """The best levels as they are now."""
    bids = [(venue.price_text(px), venue.qty_text(qty)) for px, qty in venue.book.levels(Side.BUY, levels)]
    asks = [(venue.price_text(px), venue.qty_text(qty)) for px, qty in venue.book.levels(Side.SELL, levels)]
    return Depth(symbol, ts_ms, bids, asks, venue.update_id)


class TopFeed(Feed):
    """The best levels, whenever they changed since the last beat."""

    def __init__(self, symbol: str, venue: Venue, levels: int, period_ns: int, now_ns: int, write: DepthWriter) -> None:
        self.symbol = symbol
        self._venue, self._levels, self._period_ns, self._write = venue, levels, period_ns, write
        self._sent_id = venue.update_id
        self.next_ns = next_beat(period_ns, now_ns)

    def on_book(self, event: BookChanged) -> Iterable[Payload]:
        """See `Feed`."""
        if self.next_ns is None:
            self.next_ns = next_beat(self._period_ns, event.ts_ns)
        return ()

    def due(self, now_ns: int) -> Iterable[Payload]:
        """See `Feed`."""
        self.next_ns = None
        previous, self._sent_id = self._sent_id, self._venue.update_id
        first = min(previous + 1, self._sent_id)
        depth = top(self.symbol, self._venue, self._levels, ms(now_ns))
        return (self._write(depth, first, previous),)


class DiffFeed(Feed):
    """Changed levels since the last beat, or without a period at once."""

    def __init__(self, symbol: str, venue: Venue, period_ns: int, now_ns: int, write: DepthWriter) -> None:
        self.symbol = symbol
        self._venue, self._period_ns, self._write = venue, period_ns, write
        self._sent_id = venue.update_id
        self._first_id: int | None = None
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self.loses_next = False
        """Whether the next event is kept back, so that the one after it does not follow the one before."""
        self.next_ns = next_beat(period_ns, now_ns) if period_ns else None

    def on_book(self, event: BookChanged) -> Iterable[Payload]:
        """See `Feed`."""
        if self._first_id is None:
            self._first_id = event.update_id
        self._bids.update(event.bids)
        self._asks.update(event.asks)
        if not self._period_ns:
            return self._update(event.update_id, event.ts_ns)
        if self.next_ns is None:
            self.next_ns = next_beat(self._period_ns, event.ts_ns)
        return ()

    def due(self, now_ns: int) -> Iterable[Payload]:
        """See `Feed`."""
        self.next_ns = None
        return () if self._first_id is None else self._update(self._venue.update_id, now_ns)

    def _update(self, final_id: int, now_ns: int) -> tuple[Message, ...]:
        venue, first_id = self._venue, self._first_id
        assert first_id is not None
        bids = [(venue.price_text(px), venue.qty_text(self._bids[px])) for px in sorted(self._bids)]
        asks = [(venue.price_text(px), venue.qty_text(self._asks[px])) for px in sorted(self._asks)]
        depth = Depth(self.symbol, ms(now_ns), bids, asks, final_id)
        update = self._write(depth, first_id, self._sent_id)
        self._sent_id, self._first_id = final_id, None
        self._bids.clear()
        self._asks.clear()
        is_lost, self.loses_next = self.loses_next, False
        return () if is_lost else (update,)


class BookTickerFeed(Feed):
    """Best bid and offer, at once when either changes."""

    def __init__(self, symbol: str, venue: Venue, write: Callable[[BestBidOffer], Message]) -> None:
        self.symbol = symbol
        self._venue, self._write = venue, write
        self._sent: tuple[object, object] | None = None

    def on_book(self, event: BookChanged) -> Iterable[Payload]:
        """See `Feed`."""
        best = (event.best_bid, event.best_ask)
        if best == self._sent or event.best_bid is None or event.best_ask is None:
            return ()
        self._sent = best
        venue = self._venue
        bbo = BestBidOffer(
            self.symbol,
            ms(event.ts_ns),
            venue.price_text(event.best_bid[0]),
            venue.qty_text(event.best_bid[1]),
            venue.price_text(event.best_ask[0]),
            venue.qty_text(event.best_ask[1]),
            event.update_id,
        )
        return (self._write(bbo),)
