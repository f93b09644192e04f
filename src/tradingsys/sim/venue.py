"""One symbol of the exchange: its rules, book, counters and prices."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import Side
from tradingsys.core.instrument import Instrument
from tradingsys.matching.order_book import OrderBook
from tradingsys.sim.events import OrderRecord
from tradingsys.sim.mark import MarkPrice

__all__ = ["Venue"]


class Venue:
    """One symbol: its rules, book, counters and prices."""

    def __init__(self, instrument: Instrument, reference_px: Decimal, market_bound: Decimal, first_id: int) -> None:
        self.instrument = instrument
        self.market_bound = market_bound
        self.book = OrderBook()
        self.mark = MarkPrice(reference_px)
        self.last_px = reference_px
        self.update_id = 0
        self.open: dict[int, OrderRecord] = {}
        self.reducing: dict[str, list[int]] = {}
        """Open reduce-only orders by account."""
        self.timed: dict[int, int] = {}
        """Order id → when it expires, in ms."""
        self._next_order_id = self._next_trade_id = first_id

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
        bid, ask = self.book.best(Side.BUY), self.book.best(Side.SELL)
        return None if bid is None or ask is None else (self.price(bid) + self.price(ask)) / 2
