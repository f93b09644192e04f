"""Whatever happens in whatever order, a session never comes to hold more than it may.

Beside the book stands a venue that knows the truth: it takes orders whose answer is lost, executes and changes them,
and tells of it late, twice, in any order, or without the executions.
"""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, empty_book, fill, intent
from tradingsys.core.commands import ReplaceOrder
from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.order import Closed, Order, Terms
from tradingsys.oms.limit_checks import Asked, Proposed, Reference, check
from tradingsys.oms.limits import AccountLimits, Limits

MOST = Decimal(20)
ONE = Decimal(1)
LIMITS = Limits(
    max_order_notional=None,
    max_aggressive_pct=None,
    max_passive_pct=None,
    max_position_notional=MOST,
    max_gross_notional=None,
    max_unexecuted_notional=None,
)
ACCOUNT = AccountLimits(max_gross_notional=None)


class Resting:
    """One order as the venue has it."""

    def __init__(self, seq: int, side: Side, qty: Decimal) -> None:
        self.seq, self.side, self.qty = seq, side, qty
        self.cum = Decimal(0)
        self.revision = 0
        self.is_open = True

    @property
    def leaves(self) -> Decimal:
        return self.qty - self.cum if self.is_open else Decimal(0)


class World:
    """A session, its book, and the venue."""

    def __init__(self) -> None:
        self.book = empty_book()
        self.venue: dict[int, Resting] = {}
        self.untold: list[Order] = []
        self.executed = Decimal(0)
        self.trade_id = 100
        self.clock = 0

    def allows(self, terms: Terms, qty: Decimal, adds: Decimal, *, is_new: bool = True) -> bool:
        asked = Asked.of(1, SYMBOL, (Proposed(terms, qty, adds),), is_new=is_new)
        return check(LIMITS, ACCOUNT, asked, self.book.exposure, Reference(ONE, worth=ONE)) is None

    def order(self, side: Side, qty: int, fate: int) -> None:
        seq = len(self.book.orders) + 1
        wanted = intent(1, seq, side, str(qty))
        if not self.allows(wanted.terms, Decimal(qty), Decimal(qty)):
            return
        order = self.book.track(wanted)
        if fate == 0:
            self.book.refuse(order, Closed(OrderStatus.REJECTED, EPOCH, -1, "no"))
            return
        if fate == 1:
            self.book.doubt(order)
        if fate == 2:
            self.book.doubt(order)
            self.book.believe_absent(order)
            return
        self.venue[seq] = Resting(seq, side, Decimal(qty))
        self.say(seq)

    def amend(self, resting: Resting, qty: int, fate: int) -> None:
        order = self.book.orders[client_id(1, resting.seq)]
        terms = order.known_terms
        if terms is None or not order.has_evidence or not order.is_open or order.replace is not None:
            return
        if qty <= order.facts.cum_qty:
            return
        amended = structs.replace(terms, order_qty=Decimal(qty))
        leaves = Decimal(qty) - order.facts.cum_qty
        if not self.allows(amended, leaves, max(Decimal(0), leaves - order.worst_leaves_qty), is_new=False):
            return
        revision = order.revisions + 1
        command = ReplaceOrder(
            order.client_order_id, SYMBOL, resting.side, Decimal(qty), ONE, revision, EPOCH, 2_000, str(resting.seq)
        )
        self.book.replacing(order, command)
        if fate and resting.is_open and resting.cum < qty:
            resting.qty, resting.revision = Decimal(qty), revision
            self.say(resting.seq)
        else:
            self.book.replace_ended(order)

    def execute(self, resting: Resting, qty: int) -> None:
        last_qty = min(Decimal(qty), resting.leaves)
        if not last_qty:
            return
        resting.cum += last_qty
        resting.is_open = resting.cum < resting.qty
        self.executed += last_qty * resting.side.sign
        self.trade_id += 1
        traded = fill(self.trade_id, str(resting.seq), str(last_qty), resting.side)
        self.untold.append(Order(venue_order_id=str(resting.seq), fills={traded.exec_id: traded}))
        self.say(resting.seq)

    def end(self, resting: Resting) -> None:
        if resting.is_open:
            resting.is_open = False
            self.say(resting.seq, Closed(OrderStatus.CANCELED, EPOCH + self.clock))

    def say(self, seq: int, closed: Closed | None = None) -> None:
        """The venue's word on an order as it is now, without its executions; when it arrives is another matter."""
        resting = self.venue[seq]
        self.clock += 1
        terms = structs.replace(
            intent(1, seq, resting.side, str(resting.qty)).terms,
            version_ms=EPOCH + self.clock,
            revision=resting.revision,
        )
        name = client_id(1, seq)
        self.untold.append(Order((name,), str(seq), terms, True, resting.cum, closed))

    def hear(self, number: int, *, again: bool) -> None:
        if self.untold:
            at = number % len(self.untold)
            self.book.learn(self.untold[at] if again else self.untold.pop(at), SYMBOL, EPOCH)

    def worst(self, side: Side) -> Decimal:
        """What the session could really come to hold."""
        return self.executed * side.sign + sum(each.leaves for each in self.venue.values() if each.side is side)


STEPS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 30), st.integers(0, 5)), max_size=60)


@given(STEPS)
def test_what_a_session_could_really_come_to_hold_stays_within_its_limit(steps: list[tuple[int, int, int]]) -> None:
    world = World()
    for what, number, more in steps:
        chosen = world.venue.get(1 + number % max(1, len(world.book.orders)))
        match what:
            case 0 | 1:
                world.order(Side.BUY if what else Side.SELL, 1 + number, more)
            case 2 if chosen is not None:
                world.execute(chosen, 1 + more * 3)
            case 3 if chosen is not None:
                world.end(chosen)
            case 4 if chosen is not None:
                world.amend(chosen, 1 + number, more)
            case 5 | 6 | 7:
                world.hear(number, again=what == 7)
        for side in Side:
            counted = world.book.exposure.line(1, SYMBOL).worst_of(side)
            assert world.worst(side) <= counted <= MOST, side
