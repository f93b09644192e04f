"""Orders and their executions: the rows of ``orders`` and ``fills``, and the intents of the journal."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import OrderStatus
from tradingsys.core.order import Closed, Fill, Terms

__all__ = ["FillRecord", "Intent", "OrderRecord", "Replace"]


class Intent(Struct, frozen=True):
    """One order, or one amend of an order, about to be sent, as the journal keeps it."""

    client_order_id: str
    session: int
    terms: Terms
    stamp_ms: int
    """The request's own timestamp, venue time."""
    recv_window_ms: int
    revision: int = 0
    """The number of the amend that shall make these terms; 0 is the order itself."""
    presumed_qty: Decimal = Decimal(0)
    """Of an order for an amount of the quote asset: what it may come to, by the best price, but not less than all that
    its session held to reduce.

    Counted until the venue says what it did come to.
    """
    rival: str = ""
    """The other order of its pair, of which the venue cancels one as soon as the other executes."""


class Replace(Struct, frozen=True):
    """An amend that is under way, or whose outcome is in doubt."""

    order_qty: Decimal
    price: Decimal | None
    revision: int
    stamp_ms: int
    recv_window_ms: int


class OrderRecord(Struct, frozen=True):
    """An order as last known; its fills are rows of their own."""

    intent: Intent
    venue_order_id: str | None = None
    terms: Terms | None = None
    """The venue's version of the terms, once known."""
    accepted: bool = False
    venue_cum_qty: Decimal = Decimal(0)
    closed: Closed | None = None
    absent: bool = False
    """Believed never to have reached the venue."""
    status: OrderStatus = OrderStatus.UNKNOWN
    """For readers of the file; never read back."""
    algo_id: str | None = None
    replace: Replace | None = None
    revision: int = 0
    """The number of the last amend that was asked for; not kept, it tells which of them this row knows of."""
    list_id: str | None = None


class FillRecord(Struct, frozen=True):
    """One booked execution. Inserting one that is already there joins the two (a fee may have become known)."""

    fill: Fill
    session: int
    client_order_id: str | None = None
    """None for EXTERNAL fills of orders without an id."""
    epoch: int = 0
    """Which run of the gateway booked it; 0 where that is not known, or nobody's."""
    n: int = 0
    """By which event of that run its session was told, or would have been. Both stay what they were at first."""
