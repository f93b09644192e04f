"""Orders that only a market of assets has: lists of them, and those for an amount of the quote asset."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.oms.asset_world import AssetWorld, worlds
from tests.unit.oms.books import EPOCH, SYMBOL, client_id, empty_book, facts, fill, intent
from tradingsys.core.commands import ReplaceOrder
from tradingsys.core.enums import OrderStatus, OrderType, Side
from tradingsys.core.order import Closed, Order, Terms
from tradingsys.core.records import Intent
from tradingsys.oms.tracked_order import TrackedOrder

D = Decimal


@pytest.fixture
def world(tmp_path: Path) -> Iterator[AssetWorld]:
    for made in worlds(tmp_path):
        made.venue.move("USDT", "1000")
        made.venue.now_ms += 10_000
        made.catch_up("BTCUSDT")
        yield made


def stands(order: TrackedOrder) -> tuple[OrderStatus, bool, Decimal]:
    return order.status, order.is_open, order.worst_leaves_qty


def again(order: TrackedOrder) -> TrackedOrder:
    record = order.record()
    assert record is not None
    return TrackedOrder.of_record(record)


def test_orders_of_a_list_are_orders_like_any() -> None:
    book = empty_book()
    first, second = (book.track(intent(1, 1)), book.track(intent(1, 2, Side.SELL)))
    assert book.open_orders(1) == [first, second] and book.order(client_id(1, 2)) is second
    book.untrack(first)
    assert book.open_orders() == [second]


def test_one_that_waits_for_another_is_open_and_known_to_the_venue() -> None:
    book = empty_book()
    working, pending = (book.track(intent(1, 1)), book.track(intent(1, 2, Side.SELL)))
    book.learn(structs.replace(facts(client_order_id=client_id(1, 1)), list_id="9"), SYMBOL, EPOCH)
    waits = Order((client_id(1, 2),), "2", pending.terms, list_id="9")
    book.learn(waits, SYMBOL, EPOCH)
    assert stands(pending) == (OrderStatus.PENDING_NEW, True, D(10))
    book.doubt(pending)
    assert not pending.in_doubt, "the venue has it"
    assert not again(pending).in_doubt and again(pending).facts.list_id == "9" == again(working).facts.list_id
    book.learn(structs.replace(waits, accepted=True), SYMBOL, EPOCH)
    assert stands(pending) == (OrderStatus.NEW, True, D(10))


def test_both_orders_of_an_oco_count_in_full_until_the_venue_ends_one() -> None:
    book = empty_book()
    pair = [book.track(intent(1, seq, Side.SELL)) for seq in (1, 2)]
    for order in pair:
        book.doubt(order)
    assert [order.worst_leaves_qty for order in pair] == [10, 10]
    expired = Order((client_id(1, 2),), "2", closed=Closed(OrderStatus.EXPIRED, EPOCH))
    book.learn(expired, SYMBOL, EPOCH)
    assert [order.worst_leaves_qty for order in pair] == [10, 0] and book.open_orders() == [pair[0]]


def amount(world: AssetWorld, worst: str) -> TrackedOrder:
    name = world.order(1, "BTCUSDT", Side.BUY, "1")
    old = world.book.orders[name]
    world.book.untrack(old)
    terms = Terms("BTCUSDT", Side.BUY, OrderType.MARKET, D(0), quote_order_qty=D(100))
    return world.book.track(Intent(name, 1, terms, world.venue.now_ms, 2_000, presumed_qty=D(worst)))


def test_an_order_for_an_amount_is_open_until_the_venue_ends_it(world: AssetWorld) -> None:
    order = amount(world, "1.1")
    world.book.doubt(order)
    assert stands(order) == (OrderStatus.UNKNOWN, True, D("1.1"))
    assert again(order).worst_leaves_qty == D("1.1") and again(order).in_doubt
    assert order.terms is not None
    told = world.venue.trade("BTCUSDT", Side.BUY, "0.4", "100", client_order_id=order.client_order_id)
    asked = structs.replace(order.terms, version_ms=0)  # it has no quantity yet, so that any other is later
    world.tell(structs.replace(told, terms=asked))
    assert stands(order) == (OrderStatus.PARTIALLY_FILLED, True, D("0.7")) and not order.facts.leaves_qty
    done = structs.replace(asked, order_qty=D("0.4"), version_ms=world.venue.now_ms)
    world.tell(structs.replace(told, terms=done))
    assert stands(order) == (OrderStatus.FILLED, False, D(0))


def test_an_amount_that_found_no_sellers_is_over(world: AssetWorld) -> None:
    order = amount(world, "0")
    ended = Order((order.client_order_id,), "77", order.terms, True, closed=Closed(OrderStatus.EXPIRED, EPOCH))
    world.tell(ended)
    assert order.status is OrderStatus.EXPIRED and not order.is_open


def test_an_amend_to_a_smaller_quantity_counts_the_larger_until_it_is_done() -> None:
    book = empty_book()
    order = book.track(intent(1, 1))
    book.learn(facts(client_order_id=client_id(1, 1)), SYMBOL, EPOCH)
    book.replacing(order, ReplaceOrder(client_id(1, 1), SYMBOL, Side.BUY, D(6), D("0.6"), EPOCH, EPOCH, 2_000, "1"))
    assert order.worst_leaves_qty == 10
    assert order.terms is not None
    terms = structs.replace(order.terms, order_qty=D(6), version_ms=EPOCH + 5, revision=EPOCH)
    book.learn(structs.replace(facts(client_order_id=client_id(1, 1)), terms=terms), SYMBOL, EPOCH + 5)
    assert order.replace is None and order.worst_leaves_qty == 6
    book.learn(facts(fill(100, "1", "6"), client_order_id=client_id(1, 1)), SYMBOL, EPOCH + 9)
    assert order.status is OrderStatus.FILLED


@pytest.mark.parametrize("order_type", [OrderType.STOP_MARKET, OrderType.TRAILING_STOP_MARKET])
def test_an_answer_without_the_trigger_leaves_the_order_what_was_asked_for(order_type: OrderType) -> None:
    is_trailing = order_type is OrderType.TRAILING_STOP_MARKET
    stop_px, rate = (None, D("1.5")) if is_trailing else (D("0.5"), None)
    asked = Terms(SYMBOL, Side.SELL, order_type, D(10), stop_px=stop_px, callback_rate=rate)
    book = empty_book()
    order = book.track(Intent(client_id(1, 1), 1, asked, EPOCH, 2_000))
    # As margin answers a new order: the type in its own word, and what triggers it nowhere.
    thin = Terms(SYMBOL, Side.SELL, OrderType.STOP_MARKET, D(10), version_ms=-1)
    book.learn(Order((client_id(1, 1),), "77", thin, True), SYMBOL, EPOCH)
    assert order.known_terms == asked and stands(order) == (OrderStatus.NEW, True, D(10))
    assert again(order).known_terms == asked
    told = structs.replace(asked, version_ms=EPOCH + 5)
    book.learn(Order((client_id(1, 1),), "77", told, True), SYMBOL, EPOCH)
    assert order.known_terms == told


def test_what_became_of_a_list_while_nobody_listened_is_asked_order_by_order(world: AssetWorld) -> None:
    names = [world.order(1, "BTCUSDT", Side.BUY, "1") for _ in range(2)]
    for number, name in enumerate(names):
        known = Order((name,), f"l{number}", world.book.orders[name].terms, True, list_id="5")
        world.venue.orders[f"l{number}"] = known
        world.tell(known)
    assert len(world.book.open_orders(1)) == 2
    # One trades, which ends the other; the stream tells neither.
    world.venue.now_ms += 1
    told = world.venue.trade("BTCUSDT", Side.BUY, "1", "100", fee="0.001", fee_asset="BTC", client_order_id=names[0])
    [traded] = told.fills.values()
    world.venue.fills[-1] = structs.replace(traded, venue_order_id="l0")
    world.venue.orders["l0"] = structs.replace(world.venue.orders["l0"], venue_cum_qty=D(1))
    del world.venue.orders[traded.venue_order_id]
    ended = Closed(OrderStatus.EXPIRED, world.venue.now_ms)
    world.venue.orders["l1"] = structs.replace(world.venue.orders["l1"], closed=ended)
    world.wait(5_000)
    world.run(world.recovery.reconcile_after_gap())
    assert [world.book.orders[name].status for name in names] == [OrderStatus.FILLED, OrderStatus.EXPIRED]
    assert world.book.open_orders(1) == [] and world.book.net(1, "BTCUSDT") == D("0.999")
    world.check()
    world.assert_exact()


def test_an_order_that_somebody_else_amended_is_asked_for_by_the_venues_id(world: AssetWorld) -> None:
    name = world.order(1, "BTCUSDT", Side.BUY, "10")
    order = world.book.orders[name]
    told = Order((name,), "l7", order.terms, True)
    world.tell(told)
    # Made smaller by hand, which gave it another client order id; then canceled, and the stream told neither.
    ended = Closed(OrderStatus.CANCELED, world.venue.now_ms)
    world.venue.orders["l7"] = structs.replace(told, client_order_ids=("web_1",), closed=ended)
    world.wait(5_000)
    world.run(world.recovery.reconcile_after_gap())
    assert stands(order) == (OrderStatus.CANCELED, False, D(0))
