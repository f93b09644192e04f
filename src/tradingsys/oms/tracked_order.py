"""One order of ours: the venue's facts, and beside them our own judgement."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, structs

from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.order import Order, Terms
from tradingsys.core.records import Intent, OrderRecord

__all__ = ["TrackedOrder"]


class TrackedOrder(Struct, eq=False):
    """Facts never mix with judgement: ``facts`` is only what the venue said, the rest is what we think of it."""

    client_order_id: str
    session: int
    facts: Order
    terms: Terms | None
    """Our own request's terms, until the venue's are known."""
    stamp_ms: int = 0
    """Timestamp of the request, venue time; 0 when it is not known to us."""
    recv_window_ms: int = 0
    in_doubt: bool = False
    """The request may or may not have reached the venue."""
    absent: bool = False
    """Believed never to have reached the venue. Provisional: evidence removes it."""
    cancel_pending: bool = False
    """A cancel is under way, or its outcome is in doubt."""
    symbol: str = ""
    is_saved: bool = False

    @classmethod
    def of_intent(cls, intent: Intent) -> TrackedOrder:
        """An order about to be sent."""
        return cls(
            intent.client_order_id,
            intent.session,
            Order(client_order_ids=(intent.client_order_id,)),
            intent.terms,
            intent.stamp_ms,
            intent.recv_window_ms,
            symbol=intent.terms.symbol,
        )

    @classmethod
    def of_record(cls, record: OrderRecord) -> TrackedOrder:
        """An order as the book remembers it; without any word of the venue it is in doubt."""
        order = cls.of_intent(record.intent)
        order.facts = Order(
            order.facts.client_order_ids,
            record.venue_order_id,
            record.terms,
            record.accepted,
            record.venue_cum_qty,
            record.closed,
        )
        order.absent = record.absent
        order.in_doubt = not order.has_evidence and not record.absent
        order.is_saved = True
        return order

    @property
    def has_evidence(self) -> bool:
        """Whether the venue ever said anything that proves it received the order, or refused it."""
        facts = self.facts
        return facts.accepted or facts.closed is not None or bool(facts.fills) or facts.venue_cum_qty > 0

    @property
    def last_seen_ms(self) -> int:
        """Venue time of the latest we know of it; 0 when nobody told."""
        told = self.facts.terms.version_ms if self.facts.terms else 0
        return max(self.stamp_ms, told, *(fill.ts_event_ms for fill in self.facts.fills.values()), 0)

    @property
    def known_terms(self) -> Terms | None:
        """The venue's terms, else those we asked for."""
        return self.facts.terms or self.terms

    @property
    def complete(self) -> Order:
        """The facts, with our own terms where the venue has not told its own."""
        return self.facts if self.facts.terms else structs.replace(self.facts, terms=self.terms)

    @property
    def status(self) -> OrderStatus:
        """The venue's facts where there are any, else our judgement."""
        if not self.has_evidence:
            if self.absent:
                return OrderStatus.ABSENT
            if self.in_doubt:
                return OrderStatus.UNKNOWN
        return self.complete.status

    @property
    def is_open(self) -> bool:
        """Whether it may still execute, as far as we know."""
        return self.status.is_open

    @property
    def unbooked(self) -> tuple[Side, Decimal] | None:
        """Side and quantity the venue executed beyond the executions we booked."""
        terms, missing = self.known_terms, self.facts.missing_qty
        return (terms.side, missing) if terms and missing else None

    def record(self) -> OrderRecord | None:
        """The row to keep; None as long as nobody has told the terms."""
        terms = self.terms or self.facts.terms
        if terms is None:
            return None
        return OrderRecord(
            Intent(self.client_order_id, self.session, terms, self.stamp_ms, self.recv_window_ms),
            self.facts.venue_order_id,
            self.facts.terms,
            self.facts.accepted,
            self.facts.venue_cum_qty,
            self.facts.closed,
            self.absent and not self.has_evidence,
            self.status,
        )
