"""pyalgo before the gateway itself: both sides of the wire in one process, with venues that say what the test says."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyalgo import Leg, Order, OrderType, Side, SideEffect, State, Unfilled, order_list
from pyalgo.context import Context
from pyalgo.product import Product
from pyalgo.terms import order_params
from pyalgo.tradable import Tradable
from tests.unit.gateway.peers import RecordedPeer
from tests.unit.gateway.scene import Scene
from tests.unit.gateway.spot_venue import SpotVenue, spot_instrument, spot_scene
from tradingsys.core.commands import PlaceOrder, PlaceOrderList
from tradingsys.core.enums import Contingency
from tradingsys.core.errors import InvalidOrder, LocalProtocolError
from tradingsys.core.reports import MarginLevel, OrderRequest, Outcome
from tradingsys.gateway.ordering import order_lists
from tradingsys.gateway.views.views import product_view, terms_of
from tradingsys.wire.messages import LoginResult

LOGIN = LoginResult(1, "test", True, "abcde", 1, 1)
STOPS = (
    OrderType.STOP,
    OrderType.STOP_MARKET,
    OrderType.STOP_LOSS,
    OrderType.STOP_LOSS_LIMIT,
    OrderType.TAKE_PROFIT,
    OrderType.TAKE_PROFIT_LIMIT,
    OrderType.TAKE_PROFIT_MARKET,
)


class Seat:
    """A session of one strategy at one gateway. Nothing moves but by `settle`."""

    def __init__(self, scene: Scene, session: int = 1) -> None:
        self.scene = scene
        self.context = Context("ws://localhost:8111", session, "test", trading=True, instance=f"i{session}")
        self.errors: list[LocalProtocolError] = []
        self.context.on_error = self.errors.append
        self._to_gateway: list[bytes] = []
        self.connect()
        self.sub: Tradable = self.context.open_subscription("dogeusdt", "depth")  # type: ignore[type-arg]
        self.settle()
        self.context.client.start_delivery()
        self.settle()

    def connect(self) -> None:
        self._peer = RecordedPeer()
        self.scene.gateway.peer_opened(self._peer)
        self.context.client.opened(self, self.scene.now_ms(), token="s3cret")

    def disconnect(self) -> None:
        self.scene.gateway.peer_closed(self._peer)
        self._to_gateway.clear()
        self.context.client.closed("lost", self.scene.now_ms())

    def send(self, data: bytes) -> None:
        self._to_gateway.append(data)

    def close(self) -> None:
        raise AssertionError("the connection is given up")

    def settle(self) -> None:
        while self._to_gateway or self._peer.sent:
            while self._to_gateway:
                self.scene.gateway.peer_frame(self._peer, self._to_gateway.pop(0))
            while self._peer.sent:
                self.context.client.received(self._peer.sent.pop(0), self.scene.now_ms())

    def accept(self, *orders: Order) -> None:
        self.settle()
        for order in orders:
            self.scene.accepts(order.client_order_id)
        self.settle()

    def fill(self, order: Order, qty: str, fee: str = "0", fee_asset: str = "USDT") -> None:
        self.scene.fills_order(order.client_order_id, qty, fee=fee, fee_asset=fee_asset)
        self.settle()

    def sent(self) -> Sequence[PlaceOrder | PlaceOrderList]:
        self.settle()
        return [each for each in self.scene.venue.commands if isinstance(each, PlaceOrder | PlaceOrderList)]


def must(order: Order | None, seat: Seat) -> Order:
    assert order is not None, seat.errors
    return order


@pytest.fixture
def seat(tmp_path: Path) -> Seat:
    return Seat(spot_scene(tmp_path)[0])


@pytest.fixture
def margin(tmp_path: Path) -> tuple[Seat, SpotVenue]:
    scene, venue = spot_scene(tmp_path, is_margin=True)
    return Seat(scene), venue


def test_every_word_of_spot_is_taken_by_the_gateway(seat: Seat) -> None:
    assert [each for each in OrderType if seat.sub.order_support(each)] == list(OrderType)
    asked = [
        seat.sub.add_order(0.6, 30, Side.BUY, OrderType.LIMIT_MAKER),
        seat.sub.add_order(0, 0, Side.BUY, OrderType.MARKET, quote_quantity=25),
        seat.sub.add_order(0.6, 60, Side.BUY, OrderType.LIMIT, iceberg=20),
        seat.sub.add_order(0, 30, Side.BUY, OrderType.STOP_LOSS, stop_price=0.7),
        seat.sub.add_order(0, 30, Side.BUY, OrderType.STOP_LOSS, callback_rate=1.25, stop_price=0.5),
        seat.sub.add_order(0.7, 30, Side.BUY, OrderType.STOP_LOSS_LIMIT, stop_price=0.7),
        seat.sub.add_order(0.5, 30, Side.BUY, OrderType.TAKE_PROFIT_LIMIT, stop_price=0.5, callback_rate=0.5),
        seat.sub.add_order(0, 30, Side.BUY, OrderType.TAKE_PROFIT, stop_price=0.5),
        seat.sub.add_order(0, 30, Side.BUY, OrderType.TRAILING_STOP_MARKET, callback_rate=2),
    ]
    orders = [must(order, seat) for order in asked]
    seat.settle()
    assert not seat.errors and [order.state for order in orders] == [State.NEW] * len(orders)
    terms = [command.terms for command in seat.sent() if isinstance(command, PlaceOrder)]
    assert [each.callback_rate for each in terms if each.callback_rate] == [Decimal(t) for t in ("1.25", "0.5", "2")]
    assert (terms[1].quote_order_qty, terms[2].iceberg_qty, terms[4].activation_px) == (
        Decimal(25),
        Decimal(20),
        Decimal("0.5"),
    )
    seat.accept(*orders)
    assert seat.sub.open_orders == orders and not any(order.in_doubt for order in orders)


def test_a_position_has_what_can_be_sold(seat: Seat) -> None:
    order = must(seat.sub.add_order(0.6, 30, Side.BUY, OrderType.LIMIT), seat)
    seat.accept(order)
    seat.fill(order, "20", fee="0.02", fee_asset="DOGE")
    seat.fill(order, "10", fee="0.0001", fee_asset="BNB")
    assert (seat.sub.net, seat.sub.position.net_executed) == (29.98, 30.0)
    assert seat.sub.position.fees == {"DOGE": 0.02, "BNB": 0.0001}
    later = Seat(seat.scene, session=1)
    assert (later.sub.net, later.sub.position.net_executed) == (29.98, 30.0)


def test_a_list_is_sent_once_and_each_of_its_orders_told(seat: Seat) -> None:
    entry = must(seat.sub.add_order(0.6, 40, Side.BUY, OrderType.LIMIT), seat)
    seat.accept(entry)
    seat.fill(entry, "40")
    pair = seat.sub.add_oco(
        Leg(0.7, 40, Side.SELL, OrderType.LIMIT_MAKER),
        Leg(0, 40, Side.SELL, OrderType.STOP_LOSS, stop_price=0.5),
    )
    assert pair is not None, seat.errors
    seat.accept(*pair)
    (command,) = [each for each in seat.sent() if isinstance(each, PlaceOrderList)]
    assert [each.client_order_id for each in command.orders] == [order.client_order_id for order in pair]
    assert seat.sub.open_orders == list(pair) and not seat.errors
    seat.fill(pair[0], "40")
    assert (pair[0].state, seat.sub.net) == (State.FILLED, 0.0)


def test_a_list_that_got_no_answer_is_asked_about_and_found(seat: Seat) -> None:
    two = seat.sub.add_oto(
        Leg(0.6, 40, Side.BUY, OrderType.LIMIT), Leg(0, 30, Side.SELL, OrderType.STOP_LOSS, stop_price=0.5)
    )
    assert two is not None
    never = seat.sub.add_oto(Leg(0.6, 40, Side.BUY, OrderType.LIMIT), Leg(0.7, 30, Side.SELL, OrderType.LIMIT))
    assert never is not None
    seat.scene.gateway.peer_frame(seat._peer, seat._to_gateway.pop(0))
    seat.disconnect()
    assert all(order.in_doubt for order in (*two, *never))
    seat.connect()
    seat.settle()
    seat.accept(*two)
    assert [order.state for order in (*two, *never)] == [State.NEW] * 2 + [State.REJECTED] * 2
    assert not any(order.in_doubt for order in two)
    assert len([each for each in seat.sent() if isinstance(each, PlaceOrderList)]) == 1


def test_a_refused_list_is_refused_whole(seat: Seat) -> None:
    seat.scene.venue.why_not = "-1013: Filter failure: NOTIONAL"
    two = seat.sub.add_oto(Leg(0.6, 40, Side.BUY, OrderType.LIMIT), Leg(0.7, 30, Side.SELL, OrderType.LIMIT))
    assert two is not None
    seat.settle()
    assert [order.state for order in two] == [State.REJECTED] * 2
    assert "Filter failure: NOTIONAL" in two[1].reason and seat.sub.unfilled == Unfilled(0.0, 0.0)


def test_an_order_is_made_smaller(seat: Seat) -> None:
    order = must(seat.sub.add_order(0.6, 60, Side.BUY, OrderType.LIMIT), seat)
    seat.accept(order)
    assert seat.sub.amend(order.id, quantity=40)
    seat.settle()
    seat.scene.amends(order.client_order_id)
    seat.settle()
    assert (order.quantity, order.price, order.state) == (40.0, 0.6, State.NEW)


def test_a_margin_account_borrows_with_its_orders_and_warns(margin: tuple[Seat, SpotVenue]) -> None:
    seat, venue = margin
    levels: list[float] = []
    seat.context.on_margin = lambda level: levels.append(level.level)
    order = must(seat.sub.add_order(0.6, 60, Side.SELL, OrderType.LIMIT, side_effect=SideEffect.MARGIN_BUY), seat)
    seat.accept(order)
    venue.borrowed["DOGE"] = Decimal(60)
    seat.fill(order, "60")
    assert seat.sub.net == -60.0
    assert not seat.sub.amend(order.id, quantity=10)
    seat.scene.says(MarginLevel(Decimal("1.25"), "MARGIN_LEVEL_2", seat.scene.now_ms()))
    seat.settle()
    assert levels == [1.25]


def test_the_books_of_two_markets_are_each_their_own(tmp_path: Path) -> None:
    """A pair of spot and perpetual, 200 executions with fees in base, quote and BNB."""
    (tmp_path / "spot").mkdir()
    (tmp_path / "futures").mkdir()
    spot = Seat(spot_scene(tmp_path / "spot")[0])
    perpetual = Seat(Scene(tmp_path / "futures").ready())
    assert (spot.sub.is_spot, perpetual.sub.is_spot) == (True, False)
    paid = {"DOGE": Decimal(0), "USDT": Decimal(0), "BNB": Decimal(0)}
    for number in range(100):
        asset = tuple(paid)[number % 3]
        side = Side.BUY if number % 10 < 6 else Side.SELL
        order = must(spot.sub.add_order(0.6, 10, side, OrderType.LIMIT), spot)
        cover = must(
            perpetual.sub.add_order(0.6, 10, Side.SELL if side is Side.BUY else Side.BUY, OrderType.LIMIT), perpetual
        )
        spot.accept(order)
        perpetual.accept(cover)
        spot.fill(order, "10", fee="0.001", fee_asset=asset)
        perpetual.fill(cover, "10", fee="0.0003")
        paid[asset] += Decimal("0.001")
        if number % 25 == 24:
            spot.disconnect()
            spot.connect()
            spot.settle()
    assert spot.sub.position.net_executed == 200.0 and perpetual.sub.net == -200.0
    assert spot.sub.net == float(200 - paid["DOGE"])
    assert spot.sub.position.fees == {asset: float(amount) for asset, amount in paid.items()}
    assert perpetual.sub.position.fees == {"USDT": 0.03} and perpetual.sub.position.net_executed is None
    assert not spot.errors and not perpetual.errors
    for each in (spot, perpetual):
        each.scene.run(60)
        assert not each.scene.gateway.book.differences
        assert not [line for line in each.scene.logged if line.startswith("error")]


WORDS = [each for each in OrderType if each is not OrderType.TRAILING_STOP_MARKET]
LEGS = st.builds(
    lambda price, quantity, side, word, stop, rate: Leg(
        price, quantity, side, word, **({"stop_price": stop, "callback_rate": rate} if word in STOPS else {})
    ),
    st.sampled_from([0.0, 0.5, 0.6, 0.7]),
    st.sampled_from([30.0, 40.0]),
    st.sampled_from(Side),
    st.sampled_from(WORDS),
    st.sampled_from([0.5, 0.6, 0.7]),
    st.sampled_from([None, None, 1.0]),
)
ENTRY = Leg(0.6, 40.0, Side.BUY, OrderType.LIMIT)


def pair(side: Side, target: OrderType, stop: OrderType, prices: tuple[float, float], rate: float | None) -> list[Leg]:
    """Nearly an OCO, and mostly one."""
    at = {} if target is OrderType.LIMIT_MAKER else {"stop_price": prices[0]}
    return [
        Leg(prices[0] if "LIMIT" in target else 0, 40.0, side, target, **at),  # type: ignore[arg-type]
        Leg(prices[1] if "LIMIT" in stop else 0, 40.0, side, stop, stop_price=prices[1], callback_rate=rate),
    ]


PAIRS = st.builds(
    pair,
    st.sampled_from(Side),
    st.sampled_from([OrderType.LIMIT_MAKER, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT]),
    st.sampled_from([OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT]),
    st.sampled_from([(0.5, 0.7), (0.7, 0.5)]),
    st.sampled_from([None, 1.0]),
)
LISTS = st.one_of(
    st.tuples(st.sampled_from([Contingency.OCO, Contingency.OTO]), st.lists(LEGS, min_size=2, max_size=2)),
    st.tuples(st.just(Contingency.OTO), LEGS.map(lambda leg: [ENTRY, leg])),
    st.tuples(st.just(Contingency.OCO), PAIRS),
    st.tuples(st.just(Contingency.OTOCO), PAIRS.map(lambda legs: [ENTRY, *legs])),
)


@settings(max_examples=400, deadline=None)
@given(LISTS)
def test_what_pyalgo_takes_for_a_list_the_gateway_does_too(drawn: tuple[Contingency, list[Leg]]) -> None:
    contingency, legs = drawn
    instrument = spot_instrument("DOGEUSDT", is_margin=False)
    try:
        orders = [order_params(LOGIN, seq, Product(product_view(instrument)), leg) for seq, leg in enumerate(legs, 1)]
        order_list.check_list(contingency, orders)
    except InvalidOrder:
        return
    terms = [terms_of(order) for order in orders]
    assert order_lists.list_terms(contingency, terms) == terms
    order_lists.check_list(contingency, terms, instrument)


def test_what_the_venue_refuses_of_a_list_is_told_of_each(seat: Seat) -> None:
    two = seat.sub.add_oto(Leg(0.6, 40, Side.BUY, OrderType.LIMIT), Leg(0.7, 30, Side.SELL, OrderType.LIMIT))
    assert two is not None
    seat.settle()
    for order in two:
        seat.scene.ends(order.client_order_id, OrderRequest.PLACE, Outcome.IN_DOUBT)
    seat.settle()
    assert all(order.in_doubt and order.is_active for order in two)
