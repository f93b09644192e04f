"""Replaces: what they may still do counts until it is certain that they cannot."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, fill, intent, kinds, saved
from tests.unit.oms.table import Table
from tradingsys.core.commands import OrderQuery, ReplaceOrder
from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.errors import TransportError
from tradingsys.core.order import Closed, Order
from tradingsys.core.records import OrderRecord
from tradingsys.oms.effects import OrderNews, Save
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder

OURS = client_id(1, 1)


def told(qty: str = "10", price: str = "0.6", at_ms: int = 1, revision: int = 0, cum: str = "0") -> Order:
    terms = structs.replace(
        intent(1, 1).terms, order_qty=Decimal(qty), price=Decimal(price), version_ms=EPOCH + at_ms, revision=revision
    )
    return Order((OURS,), "7", terms, accepted=True, venue_cum_qty=Decimal(cum))


def replace(qty: str, revision: int = 1) -> ReplaceOrder:
    return ReplaceOrder(OURS, SYMBOL, Side.BUY, Decimal(qty), Decimal("0.5"), revision, EPOCH, 2_000, "7")


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def order(table: Table) -> TrackedOrder:
    order = table.book.track(intent(1, 1))
    table.book.learn(told(cum="4"), SYMBOL, EPOCH)
    return order


@pytest.mark.parametrize(("qty", "worst"), [("20", 16), ("5", 6), ("3", 6)])
def test_the_larger_of_both_sizes_counts(table: Table, order: TrackedOrder, qty: str, worst: int) -> None:
    assert order.worst_leaves_qty == 6
    table.book.replacing(order, replace(qty))
    assert order.worst_leaves_qty == worst and order.revisions == 1
    table.book.replace_ended(order)
    assert order.worst_leaves_qty == 6 and order.revisions == 1


def test_the_terms_it_made_end_it(table: Table, order: TrackedOrder) -> None:
    table.book.replacing(order, replace("20"))
    table.book.learn(told(at_ms=5, cum="5"), SYMBOL, EPOCH)
    assert order.worst_leaves_qty == 15, "older terms, told late"
    table.book.learn(told("20", "0.5", at_ms=6, revision=1, cum="5"), SYMBOL, EPOCH)
    assert order.replace is None and order.worst_leaves_qty == 15
    assert order.known_terms is not None and order.known_terms.price == Decimal("0.5")


def test_an_end_ends_it(table: Table, order: TrackedOrder) -> None:
    table.book.replacing(order, replace("3"))
    ended = structs.replace(told("3", "0.5", at_ms=6, cum="4"), closed=Closed(OrderStatus.CANCELED, EPOCH + 6))
    table.book.learn(ended, SYMBOL, EPOCH)
    assert order.replace is None and not order.is_open and order.worst_leaves_qty == 0


def test_one_in_doubt_counts_until_it_can_no_longer_act(table: Table, order: TrackedOrder) -> None:
    table.book.replacing(order, replace("20"))
    table.start("settle", table.recovery.settle_replace(order))
    asked_at_ms = 0
    while order.replace is not None:
        if table.asked():
            assert table.answer(told(cum="4")) == OrderQuery(SYMBOL, OURS)
            asked_at_ms = table.now_ns // 1_000_000
        if order.replace is not None:
            assert order.worst_leaves_qty == 16
            table.wait(100)
    assert asked_at_ms > 2_000 + 5_000 + 2_000, "recvWindow, engine, staleness"
    assert table.ended == ["settle"] and order.worst_leaves_qty == 6


def test_one_in_doubt_ends_as_soon_as_its_terms_are_seen(table: Table, order: TrackedOrder) -> None:
    table.book.replacing(order, replace("20"))
    table.start("settle", table.recovery.settle_replace(order))
    table.answer(TransportError("no answer", sent=True))
    table.wait(300)
    table.answer(told("20", "0.5", at_ms=6, revision=1, cum="4"))
    table.wait(10_000)
    assert table.ended == ["settle"] and order.worst_leaves_qty == 16 and not table.asked()


def test_of_a_refused_one_the_first_answer_is_enough(table: Table, order: TrackedOrder) -> None:
    table.book.replacing(order, replace("20"))
    table.start("settle", table.recovery.settle_replace(order, refused=True))
    table.answer(told(cum="4"))
    assert table.ended == ["settle"] and order.replace is None


def test_numbers_go_on_after_a_restart(table: Table, order: TrackedOrder) -> None:
    table.book.learn(told("20", at_ms=6, revision=3), SYMBOL, EPOCH)
    table.book.learn(Order((OURS,), fills={"100": fill(100, "7", "1")}), SYMBOL, EPOCH)
    record = [each.record for each in kinds(table.book.take_effects(), Save) if isinstance(each.record, OrderRecord)][
        -1
    ]
    again = SessionBook(saved(orders=(record,))).orders[OURS]
    assert again.revisions == 3 == order.revisions


def test_trades_alone_do_not_tell_that_it_ended_before_the_replace(table: Table, order: TrackedOrder) -> None:
    table.book.replacing(order, replace("20"))
    table.book.learn(Order(venue_order_id="7", fills={"100": fill(100, "7", "10")}), SYMBOL, EPOCH)
    assert order.facts.booked_qty == 10 and order.worst_leaves_qty == 10, "it may be one of 20 by now"
    table.book.learn(told(cum="10", at_ms=5), SYMBOL, EPOCH)
    assert order.status is OrderStatus.FILLED and order.replace is None and not order.worst_leaves_qty


def test_an_order_that_only_trades_filled_is_asked_for(table: Table, order: TrackedOrder) -> None:
    """Somebody who is dead now may have amended it."""
    table.start("all", table.recovery.reconcile())
    traded = Order(venue_order_id="7", fills={"100": fill(100, "7", "10")})
    answers: list[object] = [(), {}, (traded,)]
    for answer in answers:
        table.answer(answer)
    was_over = not order.is_open
    assert was_over
    assert isinstance(table.answer(told("15", "0.5", at_ms=9, revision=7, cum="10")), OrderQuery)
    assert order.is_open and order.worst_leaves_qty == 5
    assert table.ended == ["all"] and not table.book.untold_orders()


def test_a_strategy_is_not_told_that_it_ended_while_a_replace_may_have_enlarged_it(
    table: Table, order: TrackedOrder
) -> None:
    table.book.replacing(order, replace("20"))
    table.book.learn(Order(venue_order_id="7", fills={"100": fill(100, "7", "10")}), SYMBOL, EPOCH)
    told = [order.status]
    table.book.take_effects()
    table.book.replace_ended(order)  # it was not sent, or refused
    assert [*told, order.status] == [OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED]
    assert kinds(table.book.take_effects(), OrderNews)
