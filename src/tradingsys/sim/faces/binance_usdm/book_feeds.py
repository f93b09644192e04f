"""Streams of the book: how futures write them, and the one of all symbols."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.core.market import BestBidOffer, Depth
from tradingsys.sim.faces.binance.book_feeds import top
from tradingsys.sim.faces.binance.feed import MS, Feed, Payload, next_beat
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance_usdm.call import State
from tradingsys.venues.binance import encode_market
from tradingsys.venues.binance.messages import DepthUpdate

__all__ = ["AllBookTickersFeed", "depth_update"]

_ALL_TICKERS_NS = 5_000 * MS


def depth_update(depth: Depth, first_id: int, previous_id: int) -> DepthUpdate:
    """Ids jump, but each event names the one before.

    The depth with retail price improvement orders is the same: nobody here places such orders.
    """
    return encode_market.depth_update(depth, first_id=first_id, previous_id=previous_id)


class AllBookTickersFeed(Feed):
    """Every five seconds the best bid and offer of every symbol where either changed, one message each."""

    def __init__(self, state: State, now_ns: int) -> None:
        self._state = state
        self._sent: dict[str, tuple[object, object]] = {}
        self.next_ns = next_beat(_ALL_TICKERS_NS, now_ns)

    def due(self, now_ns: int) -> Iterable[Payload]:
        """See `Feed`."""
        self.next_ns = next_beat(_ALL_TICKERS_NS, now_ns)
        for symbol, venue in self._state.exchange.venues.items():
            best = top(symbol, venue, 1, ms(now_ns))
            if not best.bids or not best.asks or self._sent.get(symbol) == (best.bids[0], best.asks[0]):
                continue
            self._sent[symbol] = (best.bids[0], best.asks[0])
            bbo = BestBidOffer(symbol, best.ts_event_ms, *best.bids[0], *best.asks[0], venue.update_id)
            yield encode_market.book_ticker(bbo)
