"""Whether an order that the venue tells of under an id that is not ours may be one of ours all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from tradingsys.core.enums import AccountKind
from tradingsys.core.order import Fill, Order, Terms
from tradingsys.oms.missing import Missing
from tradingsys.oms.order_index import OrderIndex
from tradingsys.oms.strays import Strays
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Kinship"]


_RECENT_MS = 600_000
"""So long at most an order may have been under way, and answers about it old."""


class Kinship:
    """What conditional orders become has ids of the venue's; what people amend, on spot, has theirs."""

    def __init__(self, kind: AccountKind, index: OrderIndex, strays: Strays, missing: Missing) -> None:
        self._kind, self._index, self._strays, self._missing = kind, index, strays, missing

    def waiting_orders(self, symbol: str) -> list[TrackedOrder]:
        """Conditional orders that are open, or may be, and not known to have been triggered."""
        return [order for order in self._index.active.values() if order.symbol == symbol and order.is_waiting]

    def absent_stops(self, symbol: str, before_ms: int) -> list[TrackedOrder]:
        """Conditional orders of the last minutes before then that are believed never to have reached the venue."""
        since_ms = before_ms - _RECENT_MS
        return [
            order
            for order in self._index.all_unseen()
            if order.absent and order.stamp_ms > since_ms and order.symbol == symbol and order.is_conditional
        ]

    def may_be_ours(self, facts: Order, symbol: str) -> bool:
        """Whether it may be what one of our conditional orders became, or one of ours that somebody else amended."""
        if facts.venue_order_id is None or facts.algo_id is not None:
            return False
        if self._strays.is_foreign(symbol, facts.venue_order_id):
            return False
        if self._missing.lacks_orders(symbol) or self.waiting_orders(symbol):
            return True
        held = self._strays.unattributed.get((symbol, facts.venue_order_id), {})
        fills = (*held.values(), *facts.fills.values())
        if fills and self.absent_stops(symbol, min(fill.ts_event_ms for fill in fills)):
            return True
        return self._may_be_renamed(facts.terms, symbol, fills)

    def stray_may_be_renamed(self, symbol: str, venue_order_id: str) -> bool:
        """Whether an order whose executions are unattributed may be one of ours that somebody else amended."""
        fills = self._strays.unattributed.get((symbol, venue_order_id), {}).values()
        return self._may_be_renamed(self._strays.told(symbol, venue_order_id).terms, symbol, fills)

    def fits(self, order: TrackedOrder, symbol: str, venue_order_id: str) -> bool:
        """Whether unattributed executions can be this order's, as far as is told of both."""
        told = self._strays.told(symbol, venue_order_id).terms
        fills = self._strays.unattributed.get((symbol, venue_order_id), {}).values()
        return _may_have(order.terms, fills, None if told is None else told.order_qty)

    def may_be_denied(self, order: TrackedOrder, symbol: str, venue_order_id: str) -> bool:
        """Whether an order of ours, of which the venue showed nothing, may have these unattributed executions: under
        its own name as long as the venue tells none, under another one only if it waited for a price.
        """
        if order.has_evidence or order.symbol != symbol or not self.fits(order, symbol, venue_order_id):
            return False
        return order.is_conditional or self._strays.name(symbol, venue_order_id) is None

    def _may_be_renamed(self, terms: Terms | None, symbol: str, fills: Iterable[Fill]) -> bool:
        if self._kind is not AccountKind.ASSETS:
            return False
        is_old = any(fill.ts_event_ms <= self._missing.until_ms for fill in fills)
        return is_old or bool(self._index.unseen(terms, symbol))


def _may_have(terms: Terms | None, fills: Collection[Fill], told_qty: Decimal | None) -> bool:
    """Whether an order can have these executions and be told to be so large. Some name no quantity, or no price; and of
    one that only reduces the venue may take less than was asked for.
    """
    if terms is None:
        return True
    for fill in fills:
        is_worse = terms.price is not None and terms.side.sign * (fill.last_px - terms.price) > 0
        if fill.side is not terms.side or is_worse:
            return False
    executed = sum((fill.last_qty for fill in fills), Decimal(0))
    least, most = executed if terms.reduce_only else terms.order_qty, terms.order_qty
    return not most or (executed <= most and (told_qty is None or least <= told_qty <= most))
