"""One order of ours: the venue's facts, and beside them our own judgement."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct, structs

from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.order import Order, Terms
from tradingsys.core.records import FillRecord, Intent, OrderRecord, Replace

__all__ = ["TrackedOrder"]

_ZERO = Decimal(0)


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
    replace: Replace | None = None
    """The one replace that may be under way."""
    revisions: int = 0
    """The number of the last replace that was asked for; the next one is one more."""
    presumed_qty: Decimal = _ZERO
    """Of an order for an amount of the quote asset: what it can come to at most, see `Intent.presumed_qty`."""
    rival: str = ""
    """The other order of its pair, see `Intent.rival`."""
    may_rest: bool = False
    """Only its strategy tells of it, and the venue did not tell of all orders on its symbol since: see `Missing`."""

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
            presumed_qty=intent.presumed_qty,
            rival=intent.rival,
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
            algo_id=record.algo_id,
            list_id=record.list_id,
        )
        order.replace = record.replace
        order.revisions = max(order.revisions_seen, record.replace.revision if record.replace else 0)
        order.absent = record.absent
        order.in_doubt = not order.has_evidence and not record.absent
        return order

    @classmethod
    def of_rows(
        cls, client_order_id: str, session: int, record: OrderRecord | None, fills: Sequence[FillRecord]
    ) -> TrackedOrder:
        """The same with its executions; without a record only these told of it, and there is one at least."""
        if record is not None:
            order = cls.of_record(record)
        else:
            first = fills[0].fill
            facts = Order((client_order_id,), first.venue_order_id)
            order = cls(client_order_id, session, facts, None, symbol=first.symbol)
        order.facts = order.facts.with_fills(row.fill for row in fills)
        return order

    @property
    def has_evidence(self) -> bool:
        """Whether the venue ever said anything that proves it received the order, or refused it.

        One that waits for another of its list has an id of the venue before it is accepted.
        """
        facts = self.facts
        is_told = facts.accepted or facts.closed is not None or facts.venue_order_id is not None
        return is_told or bool(facts.fills) or facts.venue_cum_qty > 0

    @property
    def is_unproven(self) -> bool:
        """Only its strategy tells of it, and the venue nothing so far."""
        return self.in_doubt and not self.stamp_ms

    @property
    def is_past(self) -> bool:
        """Unproven, and over whatever it was: only how it ended is being asked.

        It is from before the fence of a start, after which the venue told of all that was open there.
        """
        return self.is_unproven and not self.may_rest

    @property
    def only_reduces(self) -> bool:
        """Whether it was asked to do no more than reduce or close a position, whoever sees to that."""
        own, known = self.terms, self.known_terms
        is_told = known is not None and (known.reduce_only or known.close_position)
        return is_told or (own is not None and own.reduce_only)

    @property
    def is_untold(self) -> bool:
        """Over by our own arithmetic alone: the venue's trades are known, its word about the order is older.

        An amend that nobody remembers may have changed it in between.
        """
        return bool(self.facts.fills) and self.facts.venue_cum_qty < self.facts.booked_qty

    @property
    def is_without_row(self) -> bool:
        """Only executions told of it so far: nothing else can be kept of it, and a start knows it by these alone."""
        return self.known_terms is None and self.is_open

    @property
    def last_seen_ms(self) -> int:
        """Venue time of the latest we know of it, its end left out; 0 when nobody told."""
        facts = self.facts
        told = facts.terms.version_ms if facts.terms else 0
        return max(self.stamp_ms, told, facts.created_ms, *(fill.ts_event_ms for fill in facts.fills.values()), 0)

    @property
    def placed_ms(self) -> int:
        """When it was sent, or else, of one that somebody else's memory had, when the venue took it; 0: not known."""
        return self.stamp_ms or self.facts.created_ms

    @property
    def revisions_seen(self) -> int:
        """The latest of our replaces that the venue is known to have carried out."""
        return self.facts.terms.revision if self.facts.terms else 0

    @property
    def known_terms(self) -> Terms | None:
        """The venue's terms, else those we asked for.

        A conditional order stays what it was: of the order that it becomes when triggered, or that the venue's words
        make of it, only quantity and price count. Terms that lack a part of what was asked for are marked as older than
        the request.
        """
        told, own = self.facts.terms, self.terms
        if told is None or own is None:
            return told or own
        if told.version_ms < own.version_ms:
            return own
        if not own.order_type.is_conditional or told.order_type is own.order_type:
            return told
        return structs.replace(
            own, order_qty=told.order_qty, price=told.price, version_ms=told.version_ms, revision=told.revision
        )

    @property
    def complete(self) -> Order:
        """The facts, with the terms as `known_terms` has them."""
        terms = self.known_terms
        return self.facts if self.facts.terms is terms else structs.replace(self.facts, terms=terms)

    @property
    def is_conditional(self) -> bool:
        """Whether it waits, or waited, for a price."""
        terms = self.known_terms
        return terms is not None and terms.order_type.is_conditional

    @property
    def is_waiting(self) -> bool:
        """Open, conditional, and not known to have become an order of the venue's book, which has an id of its own."""
        return self.facts.venue_order_id is None and self.is_conditional and self.is_open

    @property
    def is_untriggered(self) -> bool:
        """Open, conditional, and not known to have been triggered, also where it keeps its one id then."""
        if not (self.is_conditional and self.is_open):
            return False
        facts = self.facts
        is_another = facts.terms is not None and not facts.terms.order_type.is_conditional
        is_triggered = facts.algo_id is not None or is_another or facts.working or facts.cum_qty > 0
        return facts.venue_order_id is None or not is_triggered

    @property
    def worst_leaves_qty(self) -> Decimal:
        """What may still execute at most: the larger of the known and the requested size, less what was executed.

        0 for an order that closes whatever the position is when triggered: see `closes_position`. Orders that depend
        on each other count in full, each of them, although one may cancel the other: until the venue says that it
        did, both may execute. An order for an amount of the quote asset counts what its sender expected at most,
        until the venue says what it came to.
        """
        terms = self.known_terms
        if terms is None or not (self.is_open or self.may_be_enlarged):
            return _ZERO
        largest = max(terms.order_qty, self.replace.order_qty) if self.replace else terms.order_qty
        if terms.quote_order_qty is not None and not terms.order_qty:
            largest = self.presumed_qty
        return max(_ZERO, largest - self.facts.cum_qty)

    @property
    def closes_position(self) -> bool:
        """Open, and of a size that only the venue will know: the account's position when it is triggered."""
        terms = self.known_terms
        return terms is not None and terms.close_position and not terms.order_qty and self.is_open

    @property
    def status(self) -> OrderStatus:
        """The venue's facts where there are any, else our judgement.

        Trades alone do not tell that an order is filled while a replace is under way that may have made it larger.
        """
        if not self.has_evidence:
            if self.absent:
                return OrderStatus.ABSENT
            if self.in_doubt:
                return OrderStatus.UNKNOWN
        told = self.facts.status_of(self.known_terms)
        is_premature = told is OrderStatus.FILLED and self.replace is not None and self.is_untold
        return OrderStatus.PARTIALLY_FILLED if is_premature else told

    @property
    def visible(self) -> tuple[object, ...]:
        """What a strategy sees: news only when this changes, not when a second report adds a fee."""
        facts, terms = self.facts, self.known_terms
        asked = (terms.order_qty, terms.price) if terms else None
        return (self.status, facts.cum_qty, facts.venue_order_id, facts.closed, asked, self.is_untriggered)

    @property
    def is_open(self) -> bool:
        """Whether it may still execute, as far as we know."""
        return self.status.is_open

    @property
    def may_be_enlarged(self) -> bool:
        """A replace is under way that the order may have lived to see: trades alone do not tell that it ended."""
        return self.replace is not None and (self.is_open or self.is_untold)

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
            Intent(
                self.client_order_id,
                self.session,
                terms,
                self.stamp_ms,
                self.recv_window_ms,
                presumed_qty=self.presumed_qty,
                rival=self.rival,
            ),
            self.facts.venue_order_id,
            self.facts.terms,
            self.facts.accepted,
            self.facts.venue_cum_qty,
            self.facts.closed,
            self.absent and not self.has_evidence,
            self.status,
            self.facts.algo_id,
            self.replace,
            self.revisions,
            self.facts.list_id,
        )
