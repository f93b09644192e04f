"""The command that cancels an order."""

from __future__ import annotations

from tradingsys.core.commands import CancelOrder
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["cancel_of"]


def cancel_of(order: TrackedOrder) -> CancelOrder | None:
    """None when there is nothing left to cancel, or a cancel is under way."""
    if not order.is_open or order.cancel_pending:
        return None
    return CancelOrder(order.client_order_id, order.symbol, order.facts.venue_order_id, is_waiting=order.is_waiting)
