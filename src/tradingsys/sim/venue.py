"""One symbol of the exchange: its rules, book, counters and prices."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import PriceMatch, Side, TriggerPrice
from tradingsys.core.instrument import Instrument
from tradingsys.matching.order_book import OrderBook
from tradingsys.matching.tiers import Tiers
from tradingsys.sim.average_price import AveragePrice
from tradingsys.sim.events import OrderRecord
from tradingsys.sim.mark import INDEX_SMOOTHING_NS, MarkPrice
from tradingsys.sim.tiers import tiers_of
from tradingsys.sim.triggers import Triggers

__all__ = ["Listing", "Venue"]

_MATCH_LEVELS = {
    PriceMatch.OPPONENT: 1,
    PriceMatch.OPPONENT_5: 5,
    PriceMatch.OPPONENT_10: 10,
    PriceMatch.OPPONENT_20: 20,
    PriceMatch.QUEUE: 1,
    PriceMatch.QUEUE_5: 5,
    PriceMatch.QUEUE_10: 10,
    PriceMatch.QUEUE_20: 20,
}


class Listing(Struct, frozen=True):
    """A symbol as it comes to the exchange."""

    instrument: Instrument
    reference_px: Decimal
    """The first mark price."""
    market_bound: Decimal
    """How far from mark a market order may trade, as a fraction."""
    trigger_protect: Decimal = Decimal("0.05")
    """How far last and mark price may be apart for a protected trigger, as a fraction."""
    liquidation_fee: Decimal = Decimal("0.0125")
    """Of the value of what is liquidated."""


class Venue:
    """One symbol: its rules, book, counters and prices."""

    def __init__(self, listing: Listing, first_id: int) -> None:
        self.instrument: Instrument = listing.instrument
        self.market_bound = listing.market_bound
        self.trigger_protect = listing.trigger_protect
        self.liquidation_fee = listing.liquidation_fee
        self.tiers: Tiers = tiers_of(listing.instrument.base_asset)
        self.book = OrderBook()
        self.mark = MarkPrice(listing.reference_px)
        self.index = MarkPrice(listing.reference_px, INDEX_SMOOTHING_NS)
        self._seen_mark = self.mark.px
        self.last_px = listing.reference_px
        self.average = AveragePrice()
        self.update_id = 0
        self.open: dict[int, OrderRecord] = {}
        self.open_ids: dict[str, dict[int, None]] = {}
        """Ids of open orders by account, oldest first; the house's are not told apart."""
        self.client_ids: dict[tuple[str, str], int] = {}
        """Open orders by account and client id."""
        self.reducing: dict[str, list[int]] = {}
        """Open reduce-only orders by account."""
        self.triggers = {TriggerPrice.LAST: Triggers(), TriggerPrice.MARK: Triggers()}
        self.funding_rate = Decimal("0.00000000")
        """What the next settlement would be as things are."""
        self.next_funding_ms = 0
        self._next_order_id = self._next_trade_id = first_id
        self._best: tuple[int | None, int | None] = None, None
        """What the middle was reckoned from."""
        self._mid: Decimal | None = None

    def printed(self, px: Decimal, qty: Decimal, now_ns: int) -> None:
        """A trade."""
        self.last_px = px
        self.average.add(px, qty, now_ns)

    def move_prices(self, now_ns: int) -> bool:
        """Let mark and index price follow the book; whether the mark price changed since the last time, by whatever."""
        mid = self.mid
        self.mark.update(mid, now_ns)
        self.index.update(mid, now_ns)
        before, self._seen_mark = self._seen_mark, self.mark.px
        return self.mark.px != before

    @property
    def is_settling(self) -> bool:
        """Whether the mark price goes on moving if the book stays as it is."""
        mid = self.mid
        return mid is not None and not self.mark.is_near(mid)

    def matched_ticks(self, side: Side, match: PriceMatch) -> int | None:
        """The price of a level of the book, for an order of this side; None when the book is not that deep."""
        taken_from = side.opposite if match.value.startswith("OPPONENT") else side
        depth = _MATCH_LEVELS[match]
        levels = self.book.levels(taken_from, depth)
        return levels[-1][0] if len(levels) == depth else None

    def order_id(self) -> int:
        """The next order id."""
        self._next_order_id += 1
        return self._next_order_id - 1

    def trade_id(self) -> int:
        """The next trade id."""
        self._next_trade_id += 1
        return self._next_trade_id - 1

    def price(self, ticks: int) -> Decimal:
        """Ticks as a price."""
        return ticks * self.instrument.tick_size

    def qty(self, lots: int) -> Decimal:
        """Lots as a quantity."""
        return lots * self.instrument.lot_size

    def price_text(self, ticks: int) -> str:
        """Ticks as the text of a price."""
        return format(ticks * self.instrument.tick_size, "f")

    def qty_text(self, lots: int) -> str:
        """Lots as the text of a quantity."""
        return format(lots * self.instrument.lot_size, "f")

    def ticks(self, px: Decimal) -> int | None:
        """A price as ticks; None when it is off the grid."""
        ticks, rest = divmod(px, self.instrument.tick_size)
        return None if rest or ticks <= 0 else int(ticks)

    def lots(self, qty: Decimal) -> int | None:
        """A quantity as lots; None when it is off the grid."""
        lots, rest = divmod(qty, self.instrument.lot_size)
        return None if rest or lots <= 0 else int(lots)

    @property
    def mid(self) -> Decimal | None:
        """Between best bid and best ask."""
        best = bid, ask = self.book.best(Side.BUY), self.book.best(Side.SELL)
        if best != self._best:
            self._best = best
            self._mid = None if bid is None or ask is None else (self.price(bid) + self.price(ask)) / 2
        return self._mid
