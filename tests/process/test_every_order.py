"""Every order type with every tif, and with what it needs, as the exchange has it: over real processes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from pyalgo import Order, OrderType, PriceMatch, Side, SmartOrder, State, Tif, TriggerPrice
from pyalgo.options import OrderOptions
from pyalgo.words import fix_order_type
from tests.process.seat import Seat, at_seat

UNTIL = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(hours=1)
GOOD_TILL: OrderOptions = {"good_till": UNTIL}
UNTIL_MS = int(UNTIL.timestamp()) * 1000

FAR, THROUGH = 0.97, 1.02
"""Of the best bid: a buy there rests, or takes."""


@pytest.fixture(scope="module")
def seat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    with at_seat(tmp_path_factory.mktemp("seat")) as seat:
        yield seat


@pytest.fixture(autouse=True)
def nothing_is_left(seat: Seat) -> Iterator[None]:
    seat.errors.clear()
    yield
    seat.sweep()


def hold(seat: Seat, quantity: float) -> None:
    """At least so much."""
    if seat.book.net < quantity:
        seat.book.add_order(0, quantity - seat.book.net, Side.BUY, OrderType.MARKET)
        seat.until("something to sell", lambda: seat.book.net >= quantity)


Row = dict[str, Any]

LIMITS: list[tuple[OrderType, Tif, float, OrderOptions, State, Row]] = [
    (OrderType.LIMIT, Tif.GTC, FAR, {}, State.NEW, {"time_in_force": "GTC", "post_only": False}),
    (OrderType.LIMIT, Tif.UNDEF, FAR, {}, State.NEW, {"time_in_force": "GTC", "post_only": False}),
    (OrderType.LIMIT, Tif.IOC, FAR, {}, State.EXPIRED, {"time_in_force": "IOC", "cum_qty": "0"}),
    (OrderType.LIMIT, Tif.IOC, THROUGH, {}, State.FILLED, {"time_in_force": "IOC", "cum_qty": "20"}),
    (OrderType.LIMIT, Tif.FOK, THROUGH, {}, State.FILLED, {"time_in_force": "FOK", "cum_qty": "20"}),
    (OrderType.LIMIT, Tif.GTX, FAR, {}, State.NEW, {"post_only": True}),
    (OrderType.LIMIT, Tif.GTD, FAR, GOOD_TILL, State.NEW, {"time_in_force": "GTD"}),
    (OrderType.LIMIT, Tif.GTD, FAR, {"good_till": UNTIL_MS}, State.NEW, {"time_in_force": "GTD"}),
    (OrderType.LIMIT, Tif.GTC, FAR, {"post_only": True}, State.NEW, {"post_only": True}),
    (OrderType.LIMIT, Tif.GTC, FAR, {"reduce_only": True}, State.REJECTED, {}),
    *((OrderType.LIMIT_MAKER, tif, FAR, OrderOptions(), State.NEW, {"post_only": True}) for tif in Tif if tif != "GTD"),
]


@pytest.mark.parametrize(("order_type", "tif", "at", "options", "state", "expected"), LIMITS)
def test_a_limit_order(
    seat: Seat, order_type: OrderType, tif: Tif, at: float, options: OrderOptions, state: State, expected: Row
) -> None:
    order = seat.book.add_order(seat.bid(at), 20, Side.BUY, order_type, tif, **options)
    assert order is not None, seat.errors
    seat.until("the exchange's word", lambda: order in seat.told and order.state is state)
    row = seat.row(order)
    if not expected:
        assert row is None and order.reason and seat.errors[0].code
        return
    assert row is not None
    assert {name: row[name] for name in expected} == expected
    assert (row["type"], row["side"], float(row["price"]), row["qty"]) == ("LIMIT", "BUY", order.price, "20")
    assert order.good_till == (UNTIL_MS if tif is Tif.GTD else 0)


@pytest.mark.parametrize(
    ("tif", "at", "code"), [(Tif.FOK, FAR, -5021), (Tif.GTX, THROUGH, -5022), (Tif.GTC, THROUGH, -5022)]
)
def test_what_the_exchange_cannot_do_is_rejected_in_its_words(seat: Seat, tif: Tif, at: float, code: int) -> None:
    order_type = OrderType.LIMIT_MAKER if tif is Tif.GTC else OrderType.LIMIT
    order = seat.book.add_order(seat.bid(at), 20, Side.BUY, order_type, tif)
    assert order is not None
    seat.until("the rejection", lambda: seat.errors)
    assert (order.state, order.code, order.is_active) == (State.REJECTED, code, False)
    assert [error.code for error in seat.errors] == [code]
    assert order.reason in str(seat.errors[0])


@pytest.mark.parametrize("tif", Tif)
@pytest.mark.parametrize("side", Side)
def test_a_market_order_with_any_tif(seat: Seat, tif: Tif, side: Side) -> None:
    before = seat.book.net
    order = seat.book.add_order(0, 20, side, OrderType.MARKET, tif)
    assert order is not None
    seat.until("it to fill", lambda: order.state is State.FILLED)
    row = seat.row(order)
    assert row is not None and (row["type"], row["cum_qty"]) == ("MARKET", "20")
    assert seat.book.net - before == (20 if side is Side.BUY else -20)


@pytest.mark.parametrize("match", [PriceMatch.QUEUE, PriceMatch.QUEUE_5, PriceMatch.OPPONENT, "OPPONENT_5"])
def test_a_price_that_the_exchange_takes_from_its_book(seat: Seat, match: PriceMatch | str) -> None:
    order = seat.book.add_order(0, 20, Side.BUY, OrderType.LIMIT, price_match=match)
    assert order is not None
    seat.until("the exchange's word", lambda: order.price > 0)
    row = seat.row(order)
    assert row is not None and float(row["price"]) == order.price


CONDITIONAL: list[tuple[OrderType, Tif, float, OrderOptions, Row]] = [
    *((OrderType.STOP, tif, 0.96, OrderOptions(), {}) for tif in (Tif.GTC, Tif.IOC, Tif.FOK, Tif.UNDEF)),
    (OrderType.STOP, Tif.GTD, 0.96, GOOD_TILL, {}),
    (OrderType.TAKE_PROFIT, Tif.GTC, 1.04, {}, {}),
    *((OrderType.STOP_MARKET, tif, 0, OrderOptions(), {}) for tif in Tif),
    (OrderType.STOP_MARKET, Tif.GTC, 0, {"close_position": True}, {"close_position": True}),
    (OrderType.TAKE_PROFIT_MARKET, Tif.GTC, 0, {"trigger_by": "MARK", "price_protect": True}, {}),
    (OrderType.TAKE_PROFIT_MARKET, Tif.UNDEF, 0, {"trigger_by": TriggerPrice.LAST, "reduce_only": True}, {}),
    (OrderType.TRAILING_STOP_MARKET, Tif.GTC, 0, {"callback_rate": 1.5}, {"callback_rate": "1.5"}),
]


@pytest.mark.parametrize(("order_type", "tif", "at", "options", "expected"), CONDITIONAL)
def test_a_conditional_order_waits_at_the_exchange(
    seat: Seat, order_type: OrderType, tif: Tif, at: float, options: OrderOptions, expected: Row
) -> None:
    hold(seat, 100)
    trigger = seat.bid(1.05 if order_type.startswith("TAKE") else 0.95)
    if order_type is not OrderType.TRAILING_STOP_MARKET:
        options = {**options, "stop_price": trigger}
    order = seat.book.add_order(seat.bid(at) if at else 0, 20, Side.SELL, order_type, tif, **options)
    assert order is not None, seat.errors
    seat.until("it to wait", lambda: order.is_waiting)
    row = seat.condition(order)
    assert (row["type"], row["side"], row["status"]) == (fix_order_type(order_type, is_spot=False), "SELL", "NEW")
    assert {name: row[name] for name in expected} == expected
    if order_type is not OrderType.TRAILING_STOP_MARKET:
        assert float(row["trigger_px"]) == order.stop_price == trigger
    assert seat.book.unfilled.sell == (0 if order.close_position else 20)
    seat.book.cancel(order.id)
    seat.until("it to end", lambda: not order.is_active)
    assert (order.state, seat.condition(order)["status"]) == (State.CANCELED, "CANCELED")


def test_close_position_sells_whatever_is_held(seat: Seat) -> None:
    hold(seat, 100)
    held = seat.book.net

    orders: list[Order] = []

    def attempt(order_type: OrderType, ticks: int) -> bool:
        """As near to the market as it gets: the market may be there first, or between two looks at the order."""
        seat.errors.clear()
        trigger = seat.book.tick_up(seat.bid(), ticks)
        order = seat.book.add_order(0, 0, Side.SELL, order_type, stop_price=trigger, close_position=True)
        assert order is not None, seat.errors
        seat.until("its fate", lambda: order in seat.told and (order.is_waiting or order.acc or not order.is_active))
        if order.state is not State.REJECTED:
            orders.append(order)
        return order.state is not State.REJECTED

    # The market goes one way or the other.
    for asked in ((OrderType.STOP_MARKET, -3), (OrderType.TAKE_PROFIT_MARKET, 4)):
        assert any(not seat.book.net or attempt(*asked) for _ in range(100))
    seat.until("all to be sold", lambda: seat.book.net == 0 and any(not order.is_active for order in orders))
    (done,) = [order for order in orders if order.acc]
    assert (done.state, done.acc) == (State.FILLED, held)


def test_reduce_only_never_goes_beyond_what_is_held(seat: Seat) -> None:
    hold(seat, 50)
    held = seat.book.net
    too_much = seat.book.add_order(0, held + 1000, Side.SELL, OrderType.MARKET, reduce_only=True)
    assert too_much is not None
    seat.until("it to end", lambda: not too_much.is_active)
    assert 0 <= seat.book.net <= held
    if seat.book.net:
        seat.book.add_order(0, seat.book.net, Side.SELL, OrderType.MARKET, reduce_only=True)
        seat.until("flat", lambda: seat.book.net == 0)


def test_an_amend_changes_the_order_at_the_exchange(seat: Seat) -> None:
    smart = SmartOrder(seat.book)
    smart.send(seat.bid(FAR), 20, Side.BUY, OrderType.LIMIT)
    assert smart.order is not None
    seat.until("it to rest", lambda: seat.row(smart.order) is not None and smart.order in seat.told)  # type: ignore[arg-type]
    assert smart.amend(price=seat.bid(0.96), quantity=30)
    assert not smart.amend(price=seat.bid(0.95)), "one at a time"
    seat.until("the new terms", lambda: smart.quantity == 30)
    row = seat.row(smart.order)
    assert row is not None and (row["qty"], float(row["price"]), row["status"]) == ("30", smart.price, "NEW")
    smart.kill()
    assert not smart.amend(quantity=40), "it is being cancelled"
    smart.kill()
    seat.until("its end", lambda: not smart.is_active)
    assert not seat.errors


def test_conditional_orders_execute_as_the_orders_they_were(seat: Seat) -> None:
    """Falling to 0.97 of the bid the market sets all of them off; a stranger buys at 0.965."""
    hold(seat, 500)
    trigger, down, limit = seat.bid(0.98), seat.bid(0.97), seat.bid(0.965)
    seat.lay("BUY", limit, 5000)
    sell: list[tuple[OrderType, Tif, float, OrderOptions]] = [
        (OrderType.STOP, Tif.GTC, limit, {"stop_price": trigger}),
        (OrderType.STOP_MARKET, Tif.GTC, 0, {"stop_price": trigger, "reduce_only": True}),
        (OrderType.STOP_MARKET, Tif.UNDEF, trigger, {}),  # the original's way to say it
        (OrderType.TRAILING_STOP_MARKET, Tif.GTC, 0, {"callback_rate": 1.0}),
        (OrderType.STOP_MARKET, Tif.GTC, 0, {"stop_price": trigger, "trigger_by": "MARK"}),
    ]
    orders = [SmartOrder(seat.book) for _ in sell]
    for order, (order_type, tif, price, options) in zip(orders, sell, strict=True):
        order.send(price, 20, Side.SELL, order_type, tif, **options)
    buying = SmartOrder(seat.book)
    buying.send(trigger, 20, Side.BUY, OrderType.TAKE_PROFIT, Tif.GTC, stop_price=trigger)
    everything = [*orders, buying]
    seat.until("all to wait", lambda: all(order.order and order.order.is_waiting for order in everything))
    before, told = seat.book.net, len(seat.fills)
    seat.move_to(down)
    seat.until("all to execute", lambda: all(order.state is State.FILLED for order in everything))
    assert seat.book.net == before - 5 * 20 + 20
    for order in everything:
        found = order.order
        assert found is not None
        of_it = [fill for each, fill in seat.fills[told:] if each is found]
        assert sum(fill.quantity for fill in of_it) == 20 == found.acc and found.fills == of_it
        assert not found.is_waiting and found.order_type in {order_type for order_type, *_ in sell} | {"TAKE_PROFIT"}
    assert not seat.errors


def test_the_books_agree(seat: Seat) -> None:
    seat.sweep()
    seat.world.assert_records_agree(1)
