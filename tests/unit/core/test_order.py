"""Reports about one order converge, however they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tradingsys.core.enums import OrderStatus, OrderType, Side, TimeInForce
from tradingsys.core.errors import InvariantViolation
from tradingsys.core.order import Closed, Fill, Order, Terms
from tradingsys.core.position import FLAT

CLIENT_ORDER_ID = "Tq3Xz1-1-VKr5bLo-2-1f-x0"
VENUE_ORDER_ID = "8886774"
ENDS = (OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH)

lots = st.integers(1, 10_000).map(lambda n: Decimal(n).scaleb(-3))
prices = st.integers(1, 10**7).map(lambda n: Decimal(n).scaleb(-5))


@dataclass(frozen=True)
class Life:
    """What truly happened to one order."""

    terms: Terms
    fills: tuple[Fill, ...]
    closed: Closed | None

    @property
    def executed(self) -> Decimal:
        return sum((fill.last_qty for fill in self.fills), Decimal(0))

    def facts(self) -> Order:
        return Order(
            (CLIENT_ORDER_ID,),
            VENUE_ORDER_ID,
            structs.replace(self.terms, version_ms=1),
            accepted=True,
            venue_cum_qty=self.executed,
            closed=self.closed,
            fills={fill.exec_id: fill for fill in self.fills},
        )

    def reports(self) -> list[Order]:
        """Everything a venue says about this order, each fact several times and with more or less detail."""
        accepted = Order((CLIENT_ORDER_ID,), VENUE_ORDER_ID, structs.replace(self.terms, version_ms=1), accepted=True)
        told = [Order((CLIENT_ORDER_ID,), terms=self.terms), accepted]
        cum_qty = Decimal(0)
        for fill in self.fills:
            cum_qty += fill.last_qty
            told += [
                Order((CLIENT_ORDER_ID,), VENUE_ORDER_ID, fills={fill.exec_id: thin(fill)}),
                structs.replace(accepted, venue_cum_qty=cum_qty, fills={fill.exec_id: fill}),
                Order(venue_order_id=VENUE_ORDER_ID, fills={fill.exec_id: fill}),
                structs.replace(accepted, venue_cum_qty=cum_qty),
            ]
        if self.closed is not None:
            told.append(structs.replace(accepted, venue_cum_qty=cum_qty, closed=self.closed))
        return told


def thin(fill: Fill) -> Fill:
    """The same execution as the fastest report tells it: no fee, no profit."""
    return structs.replace(fill, fee=None, fee_asset=None, realized_pnl=None)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    side = draw(st.sampled_from(Side))
    parts = draw(st.lists(lots, max_size=5))
    unfilled = draw(st.just(Decimal(0)) | lots) if parts else draw(lots)
    qty = sum(parts, Decimal(0)) + unfilled
    terms = Terms("BTCUSDT", side, OrderType.LIMIT, qty, draw(prices), TimeInForce.GTC)
    fills = tuple(
        Fill(
            str(number),
            "BTCUSDT",
            VENUE_ORDER_ID,
            side,
            draw(prices),
            part,
            ts_event_ms=1_700_000_000_000 + number,
            is_maker=draw(st.booleans()),
            fee=draw(prices),
            fee_asset="USDT",
            realized_pnl=draw(prices),
        )
        for number, part in enumerate(parts)
    )
    closed = Closed(draw(st.sampled_from(ENDS)), 1_700_000_000_100) if unfilled and draw(st.booleans()) else None
    return Life(terms, fills, closed)


@st.composite
def tellings(draw: st.DrawFn) -> tuple[Life, list[Order]]:
    """A life, and its reports in any order, each at least once and some again."""
    life = draw(lives())
    reports = life.reports()
    again = draw(st.lists(st.sampled_from(reports), max_size=6))
    return life, draw(st.permutations(reports + again))


@given(st.permutations([(0, False), (5, False), (3, True), (0, True), (4, False)]))
def test_it_was_taken_when_that_was_told_first_and_has_stood_in_the_book_since_anybody_said_so(
    told: list[tuple[int, bool]],
) -> None:
    parts = [Order((CLIENT_ORDER_ID,), created_ms=created_ms, working=working) for created_ms, working in told]
    assert reduce(Order.merge, parts) == Order((CLIENT_ORDER_ID,), created_ms=3, working=True)


@given(tellings())
def test_reports_in_any_order_and_number_converge(telling: tuple[Life, list[Order]]) -> None:
    life, reports = telling
    assert reduce(Order.merge, reports) == life.facts()


@given(tellings())
def test_derived_figures_follow_from_the_facts(telling: tuple[Life, list[Order]]) -> None:
    life, reports = telling
    order = reduce(Order.merge, reports)
    assert order.cum_qty == order.booked_qty == life.executed
    assert order.missing_qty == 0
    assert order.leaves_qty == (0 if life.closed else life.terms.order_qty - life.executed)
    assert order.status.is_open == (life.closed is None and life.executed < life.terms.order_qty)
    if life.executed == life.terms.order_qty:
        assert order.status is OrderStatus.FILLED
    elif life.closed:
        assert order.status is life.closed.status
    else:
        assert order.status is (OrderStatus.PARTIALLY_FILLED if life.executed else OrderStatus.NEW)


@given(tellings())
def test_known_facts_never_get_lost_on_the_way(telling: tuple[Life, list[Order]]) -> None:
    order = Order()
    for report in telling[1]:
        merged = order.merge(report)
        assert merged.cum_qty >= order.cum_qty
        assert merged.fills.keys() >= order.fills.keys()
        assert merged.accepted >= order.accepted
        order = merged


@given(lives().flatmap(lambda life: st.tuples(*[st.sampled_from(life.reports())] * 3)))
def test_merge_is_commutative_associative_and_idempotent(reports: tuple[Order, Order, Order]) -> None:
    a, b, c = reports
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(a) == a
    assert a.merge(b).merge(b) == a.merge(b)
    assert Order().merge(a) == a


def closed_words() -> st.SearchStrategy[Closed]:
    ends = st.sampled_from([*ENDS, OrderStatus.REJECTED])
    return st.builds(Closed, ends, st.integers(0, 3), st.integers(-2, 0), st.sampled_from(["", "why"]))


def versions() -> st.SearchStrategy[Terms]:
    return st.builds(
        Terms,
        st.just("BTCUSDT"),
        st.sampled_from(Side),
        st.just(OrderType.LIMIT),
        lots,
        st.none() | prices,
        version_ms=st.integers(0, 2),
    )


@given(closed_words(), closed_words(), closed_words())
def test_contradicting_words_about_an_end_still_converge(a: Closed, b: Closed, c: Closed) -> None:
    assert a.join(b) == b.join(a)
    assert a.join(b).join(c) == a.join(b.join(c))
    assert a.join(a) == a


@given(versions(), versions(), versions())
def test_versions_of_terms_converge_to_the_latest(a: Terms, b: Terms, c: Terms) -> None:
    assert a.join(b) == b.join(a)
    assert a.join(b).join(c) == a.join(b.join(c))
    assert a.join(b).version_ms == max(a.version_ms, b.version_ms)


def test_a_word_about_an_accepted_order_outweighs_a_rejection() -> None:
    rejected, canceled = Closed(OrderStatus.REJECTED, 9), Closed(OrderStatus.CANCELED, 5)
    assert rejected.join(canceled) == canceled == canceled.join(rejected)


def test_a_rejection_is_no_end_of_an_order_that_was_accepted() -> None:
    terms = Terms("DOGEUSDT", Side.BUY, OrderType.LIMIT, Decimal(10), Decimal("0.6"), TimeInForce.GTC)
    rejected = Order(terms=terms, closed=Closed(OrderStatus.REJECTED))
    assert rejected.status is OrderStatus.REJECTED and rejected.leaves_qty == 0
    lives = rejected.merge(Order(accepted=True))
    assert lives.status is OrderStatus.NEW and lives.leaves_qty == 10
    canceled = lives.merge(Order(closed=Closed(OrderStatus.CANCELED)))
    assert canceled.status is OrderStatus.CANCELED and canceled.leaves_qty == 0


@given(tellings())
def test_fills_sum_to_the_position(telling: tuple[Life, list[Order]]) -> None:
    order = reduce(Order.merge, telling[1])
    position = FLAT
    for fill in order.fills.values():
        position = position.after(fill.side, fill.last_qty, fill.last_px)
    assert position.net == sum((fill.signed_qty for fill in order.fills.values()), Decimal(0))
    assert abs(position.net) == order.cum_qty


@given(*[st.sampled_from([None, False, True])] * 3)
def test_who_made_the_market_is_no_contradiction(a: bool | None, b: bool | None, c: bool | None) -> None:
    some = Fill("7", "DOGEUSDT", "1", Side.BUY, Decimal("0.6"), Decimal(5), 1)
    one, two, three = (structs.replace(some, is_maker=each) for each in (a, b, c))
    assert one.join(two).join(three) == three.join(two.join(one))
    assert one.join(two).is_maker is (None if a is b is None else True in (a, b))


def test_a_fee_of_nothing_has_no_asset_to_contradict() -> None:
    free = Fill("7", "DOGEUSDT", "1", Side.BUY, Decimal("0.6"), Decimal(5), 1, fee=Decimal(0), fee_asset="BNB")
    other = structs.replace(free, fee=Decimal("0.00000000"), fee_asset="DOGE")
    assert free.join(other) == other.join(free) and free.join(other).fee == 0
    with pytest.raises(InvariantViolation):
        structs.replace(free, fee=Decimal(1)).join(structs.replace(other, fee=Decimal(1)))


@given(lives().filter(lambda life: life.fills), st.sampled_from(["last_px", "last_qty"]), prices)
def test_one_execution_with_two_stories_is_a_violation(life: Life, what: str, more: Decimal) -> None:
    fill = life.fills[0]
    order = Order(fills={fill.exec_id: fill})
    other = structs.replace(fill, **{what: getattr(fill, what) + more})
    with pytest.raises(InvariantViolation):
        order.merge(Order(fills={fill.exec_id: other}))
    with pytest.raises(InvariantViolation):
        order.with_fill(other)


def test_reports_of_two_orders_are_a_violation() -> None:
    with pytest.raises(InvariantViolation):
        Order(venue_order_id="1").merge(Order(venue_order_id="2"))


def test_what_the_venue_counts_beyond_known_fills_is_missing() -> None:
    terms = Terms("BTCUSDT", Side.BUY, OrderType.LIMIT, Decimal(3), Decimal(100))
    order = Order(("a",), "1", terms, accepted=True, venue_cum_qty=Decimal(2))
    assert [order.cum_qty, order.missing_qty, order.leaves_qty] == [2, 2, 1]
    assert order.status is OrderStatus.PARTIALLY_FILLED
    assert order.avg_px is None
    order = order.with_fill(Fill("7", "BTCUSDT", "1", Side.BUY, Decimal(99), Decimal("1.5"), 0))
    assert order.missing_qty == Decimal("0.5")
    assert order.avg_px == 99


def test_executed_beyond_the_known_terms_is_not_filled_until_newer_terms_say_so() -> None:
    terms = Terms("BTCUSDT", Side.BUY, OrderType.LIMIT, Decimal(3), Decimal(100), version_ms=1)
    order = Order(("a",), "1", terms, accepted=True, venue_cum_qty=Decimal(4))
    assert (order.status, order.leaves_qty) == (OrderStatus.PARTIALLY_FILLED, Decimal(0))
    amended = Order(terms=structs.replace(terms, order_qty=Decimal(6), version_ms=2))
    assert (order.merge(amended).status, order.merge(amended).leaves_qty) == (OrderStatus.PARTIALLY_FILLED, Decimal(2))
    amended = Order(terms=structs.replace(terms, order_qty=Decimal(4), version_ms=2))
    assert order.merge(amended).status is OrderStatus.FILLED


def test_an_order_keeps_all_its_client_ids() -> None:
    assert Order(("b",)).merge(Order(("a",))).client_order_ids == ("a", "b")


def test_the_average_price_weighs_by_quantity() -> None:
    order = Order(venue_order_id="1")
    for exec_id, px, qty in (("1", 100, 1), ("2", 106, 2)):
        order = order.with_fill(Fill(exec_id, "BTCUSDT", "1", Side.SELL, Decimal(px), Decimal(qty), 0))
    assert order.avg_px == 104
