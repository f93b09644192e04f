"""Whatever connections, gateways and frames do: executions are told once, orders sent once, positions right."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from pyalgo import Leg
from pyalgo.link import Stage
from pyalgo.order import Fill, Order
from pyalgo.words import OrderType, Side, State, Tif
from tests.unit.pyalgo.bench import Bench, Executions
from tests.unit.pyalgo.scripted_gateway import ScriptedGateway
from tests.unit.pyalgo.spot_gateway import SpotGateway
from tradingsys.core import enums
from tradingsys.core.enums import OrderStatus
from tradingsys.wire.messages import ErrorCode

_STATES = {
    OrderStatus.NEW: State.NEW,
    OrderStatus.PARTIALLY_FILLED: State.PARTIALLY_FILLED,
    OrderStatus.FILLED: State.FILLED,
    OrderStatus.CANCELED: State.CANCELED,
    OrderStatus.ABSENT: State.REJECTED,
}

# How often each thing happens, among the others.
_WEIGHTS = {
    "place": 6,
    "place_list": 2,
    "cancel": 1,
    "amend": 2,
    "refuse_changes": 1,
    "fill": 8,
    "execute_elsewhere": 3,
    "verdict": 2,
    "revive": 1,
    "doubtful_orders": 1,
    "clear_orders": 1,
    "refuse_orders": 1,
    "lose_event": 1,
    "repeat_event": 1,
    "to_gateway": 4,
    "to_client": 4,
    "settle": 4,
    "lose_connection": 2,
    "connect": 3,
    "restart_gateway": 1,
    "boot_gateway": 1,
    "kill_gateway": 2,
    "write_down": 2,
    "find_lost": 1,
    "become_ready": 2,
    "forget_events": 1,
    "most_fills": 1,
    "pass_time": 2,
    "run": 2,
    "do_not_run": 1,
}
_HAPPENINGS = st.lists(
    st.tuples(st.sampled_from([name for name, weight in _WEIGHTS.items() for _ in range(weight)]), st.integers(0, 99)),
    min_size=40,
    max_size=120,
)


class World:
    def __init__(self, is_spot: bool) -> None:
        self.is_spot = is_spot
        self.bench = Bench(kind=SpotGateway if is_spot else ScriptedGateway)
        self.gateway = self.bench.gateway
        self.told = Executions()
        self.placed: list[str] = []
        self.subscription = self.bench.context.open_subscription("dogeusdt", "depth")
        self.subscription.on_order = self.told
        self.fills: list[tuple[str, str]] = []
        self.durable: list[tuple[str, str]] = []
        self.bench.context.on_fill = lambda order, fill: self.fills.append((order.client_order_id, fill.id))
        self.bench.context.on_durable = self.note_durable
        self.bench.client.start_delivery()
        self.bench.settle()

    def place(self, number: int) -> None:
        is_ready = self.bench.client.stage is Stage.READY
        order = self.subscription.add_order(0.6, 10 + number % 5, Side.BUY, OrderType.LIMIT, Tif.GTC)
        assert (order is not None) == is_ready
        if order is not None:
            self.placed.append(order.client_order_id)

    def place_list(self, number: int) -> None:
        is_ready = self.bench.client.stage is Stage.READY
        entry = Leg(0.6, 10 + number % 5, Side.BUY, OrderType.LIMIT)
        orders = self.subscription.add_oto(entry, Leg(0.5, 10 + number % 5, Side.BUY, OrderType.LIMIT))
        assert (orders is not None) == (is_ready and self.is_spot)
        self.placed += [order.client_order_id for order in orders or ()]

    def cancel(self, number: int) -> None:
        if orders := self.subscription.open_orders:
            self.subscription.cancel(orders[number % len(orders)].id)

    def amend(self, number: int) -> None:
        if orders := self.subscription.open_orders:
            order = orders[number % len(orders)]
            price = None if self.is_spot else 0.6 + (number % 3) / 100
            self.subscription.amend(order.id, price, float(order.acc) + 1 + number % 7)

    def refuse_changes(self, number: int) -> None:
        self.gateway.refuse_changes = (None, (-5027, "No need to modify the order."), (0, ""))[number % 3]

    def fill(self, number: int) -> None:
        live = [o for o in self.gateway.orders.values() if o.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)]
        if live:
            order = live[number % len(live)]
            leaves = int(order.quantity) - int(order.cum_qty)
            self.gateway.fill(order.client_order_id, str(min(leaves, 1 + number % 12)))

    def execute_elsewhere(self, number: int) -> None:
        """Of an order that this process never heard of."""
        self.gateway.execute_elsewhere(str(1 + number % 5), [*enums.Side][number % 2])

    def _pick(self, status: OrderStatus, number: int) -> str | None:
        found = [o.client_order_id for o in self.gateway.orders.values() if o.status is status]
        return found[number % len(found)] if found else None

    def verdict(self, number: int) -> None:
        if doubtful := self._pick(OrderStatus.UNKNOWN, number):
            self.gateway.set_status(doubtful, OrderStatus.ABSENT if number % 2 else OrderStatus.NEW)

    def revive(self, number: int) -> None:
        if absent := self._pick(OrderStatus.ABSENT, number):
            self.gateway.set_status(absent, OrderStatus.NEW)

    def doubtful_orders(self, _: int) -> None:
        self.gateway.new_order_status = OrderStatus.UNKNOWN

    def clear_orders(self, _: int) -> None:
        self.gateway.new_order_status = OrderStatus.NEW
        self.gateway.answer_orders_with = None

    def refuse_orders(self, number: int) -> None:
        code = (ErrorCode.DENIED, ErrorCode.UNDEFINED, ErrorCode.STALE_KEY)[number % 3]
        self.gateway.answer_orders_with = (code, "no")

    def _events(self) -> list[bytes]:
        frames = self.bench.link.to_client if self.bench.link else ()
        return [frame for frame in frames if frame.startswith((b'{"type":"order"', b'{"type":"position"'))]

    def lose_event(self, number: int) -> None:
        if (events := self._events()) and self.bench.link:
            self.bench.link.to_client.remove(events[number % len(events)])

    def repeat_event(self, number: int) -> None:
        if (events := self._events()) and self.bench.link:
            self.bench.link.to_client.append(events[number % len(events)])

    def to_gateway(self, number: int) -> None:
        for _ in range(1 + number % 4):
            self.bench.step_to_gateway()

    def to_client(self, number: int) -> None:
        for _ in range(1 + number % 4):
            self.bench.step_to_client()

    def settle(self, _: int) -> None:
        if self.bench.link is not None:
            self.bench.settle()

    def lose_connection(self, _: int) -> None:
        if self.bench.link is not None:
            self.bench.disconnect()

    def connect(self, _: int) -> None:
        if self.bench.link is None:
            self.bench.connect()

    def restart_gateway(self, _: int) -> None:
        self.lose_connection(0)
        self.gateway.restart(ready=True)

    def boot_gateway(self, _: int) -> None:
        self.lose_connection(0)
        self.gateway.restart(ready=False)

    def kill_gateway(self, _: int) -> None:
        self.lose_connection(0)
        self.gateway.die()

    def write_down(self, _: int) -> None:
        self.gateway.write_down()

    def find_lost(self, _: int) -> None:
        self.gateway.find_lost()

    def note_durable(self, order: Order, fill: Fill) -> None:
        """An execution is called durable when it is written, and not before."""
        assert fill.id in self.gateway.durable_fills
        assert (order.client_order_id, fill.id) in self.fills
        self.durable.append((order.client_order_id, fill.id))

    def become_ready(self, _: int) -> None:
        if not self.gateway.ready:
            self.gateway.become_ready()

    def most_fills(self, number: int) -> None:
        self.gateway.most_fills = 1 + number % 3

    def forget_events(self, _: int) -> None:
        self.gateway.forget_events()

    def pass_time(self, number: int) -> None:
        self.bench.advance((100, 1_500, 6_000)[number % 3])

    def run(self, _: int) -> None:
        self.bench.client.start_delivery()

    def do_not_run(self, _: int) -> None:
        self.bench.client.stop_delivery()

    def come_to_rest(self) -> None:
        self.become_ready(0)
        self.gateway.find_lost()
        self.gateway.write_down()
        # An event lost with nothing after it shows only when the connection is made anew.
        self.lose_connection(0)
        for _ in range(3):
            self.bench.settle()
            self.bench.client.start_delivery()
            self.bench.settle()
            self.bench.advance(6_000)
        self.bench.settle()

    def check_never_twice(self) -> None:
        assert len(set(self.gateway.sent_to_venue)) == len(self.gateway.sent_to_venue)
        assert len(set(self.placed)) == len(self.placed)
        for times in self.told.times.values():
            assert len(set(times)) == len(times)
        assert len(set(self.fills)) == len(self.fills)
        assert len(set(self.durable)) == len(self.durable)

    def check_agreement(self) -> None:
        open_orders = [order for order in self.gateway.orders.values() if order.status.is_open]
        leaves = sum((Decimal(order.quantity) - Decimal(order.cum_qty) for order in open_orders), Decimal(0))
        assert self.subscription.unfilled == (float(leaves), 0.0)
        assert self.bench.client.is_ready
        assert set(self.durable) == set(self.fills)
        executed = [(order.client_order_id, each) for order in self.gateway.orders.values() for each in order.fills]
        assert sorted(self.fills) == sorted((name, each.exec_id) for name, each in executed)
        assert self.subscription.net == float(self.gateway.positions.get("dogeusdt", Decimal(0)))
        orders = {order.client_order_id: order for order in self.bench.client.history.orders.known()}
        for client_order_id in self.placed:
            mine, venue = orders[client_order_id], self.gateway.orders.get(client_order_id)
            if venue is None:
                assert mine.state is State.REJECTED
                assert not self.told.times.get(client_order_id)
            elif venue.status is OrderStatus.UNKNOWN:
                assert mine.is_active
                assert mine.in_doubt
            else:
                assert mine.state is _STATES[venue.status]
                assert not mine.in_doubt
                assert mine.acc == float(venue.cum_qty)
                assert (mine.price, mine.quantity) == (float(venue.price or 0), float(venue.quantity))
                assert sorted(self.told.times.get(client_order_id, [])) == sorted(fill.ts_ms for fill in venue.fills)


@settings(max_examples=300, deadline=None)
@given(st.booleans(), _HAPPENINGS)
def test_every_execution_is_told_once_and_every_order_sent_once(
    is_spot: bool, happenings: list[tuple[str, int]]
) -> None:
    world = World(is_spot)
    for name, number in happenings:
        getattr(world, name)(number)
        world.check_never_twice()
    world.come_to_rest()
    world.check_never_twice()
    world.check_agreement()
