"""A strategy as users write it, on pyalgo's own client, with a simulated connection for its driver."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from decimal import Decimal

from pyalgo.context import Context
from pyalgo.link import Stage
from pyalgo.options import OrderOptions
from pyalgo.order import Fill, Order
from pyalgo.words import OrderType, Side, Tif, fix_order_type
from tests.simulate.durable_marks import DurableMarks
from tests.simulate.heard import Happened, Heard
from tests.simulate.strategy import Link, wants
from tests.simulate.truth import Truth
from tests.simulate.wish import Wish, all_or_nothing, draw_amend, draw_wish
from tests.simulate.world import World, ms
from tradingsys.core import enums
from tradingsys.wire.messages import PositionView

__all__ = ["PyalgoStrategy"]

_WORDS = {
    is_spot: {fix_order_type(word, is_spot=is_spot): word for word in reversed(OrderType)} for is_spot in (False, True)
}


class PyalgoStrategy:
    """Trades at random through subscriptions; a kill forgets everything but the number of the session."""

    is_spot = False
    """In whose words it speaks."""

    def __init__(
        self, world: World, session: int, symbols: list[str], connect: Callable[[PyalgoStrategy], Link | None]
    ) -> None:
        self.world = world
        self.session = session
        self.symbols = symbols
        self.active = True
        self.when_gone = (enums.OnDisconnect.LEAVE, 10_000)
        """What it asks for, should it be gone for longer than so many ms."""
        self.amends = 0.4
        """How often it amends a resting order rather than send another."""
        self.repeats = 0.0
        """Users' client never sends an order twice."""
        self.pace = 1
        """So much less often it wants anything."""
        self.bursts = 0.0
        """How often it wants several things at the same instant."""
        self.wants_all = False
        """Orders that do not rest are to be executed whole, or not at all."""
        self.wrong: list[str] = []
        """What a strategy should never see."""
        self.lives: list[Heard] = []
        """What each of its processes was told."""
        self.durable = DurableMarks(session)
        self._connect = connect
        self._link: Link | None = None
        self._life = 0
        self._born()

    # ---- what the judge asks

    @property
    def net(self) -> dict[str, Decimal]:
        return {symbol: Decimal(net) for symbol, net in self._context.client.history.positions.items()}

    @property
    def holdings(self) -> dict[str, PositionView]:
        return self._context.client.history.holdings

    @property
    def asked(self) -> set[str]:
        return self._context.client.history.orders.unresolved

    @property
    def never_durable(self) -> list[tuple[str, str]]:
        """Executions, each with its order, that were told, and never that they are durable."""
        return list(self._context.client.history.durable._waiting)

    def misled(self, truth: Truth, untold: Container[str] = ()) -> Iterator[str]:
        """What it should never have seen, and what it now believes of its orders and is not so; ``untold``: those that
        nobody shows the executions of, with which all else of them is told.
        """
        yield from self.wrong
        orders = self._context.client.history.orders.known()
        believed = {
            order.client_order_id: (order.acc, order.quantity, order.price, order.in_doubt)
            for order in orders
            if order.is_active
        }
        own = (order for order in truth.orders if order.key.session == self.session and order.status.is_open)
        true = {
            order.client_order_id: (float(order.executed), float(order.qty), float(order.px or 0), False)
            for order in own
        }
        for name in [name for name in believed.keys() | true.keys() if name not in untold]:
            if believed.get(name) != true.get(name):
                yield f"session {self.session} believes {believed.get(name)} of {name}; it is {true.get(name)}"

    # ---- faults

    def kill(self) -> None:
        self.world.note(f"strategy {self.session} killed")
        self._life += 1
        link, self._link = self._link, None
        if link is not None:
            link.lose()
        self._born()

    def drop(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.lose()
            self._context.client.closed("dropped", self._now_ms)

    # ---- the transport's side

    def received(self, data: bytes) -> None:
        if self._link is not None:
            client = self._context.client
            client.received(data, self._now_ms)
            if client.history.is_known:
                self.lives[-1].begins(client.history.holdings.values(), self.world.now_ns)

    def closed(self) -> None:
        self._link = None
        self._context.client.closed("lost", self._now_ms)

    @property
    def _now_ms(self) -> int:
        return self.world.now_ns // 1_000_000

    # ---- a life

    def _born(self) -> None:
        self.lives.append(Heard())
        instance = f"{self.world.rng.getrandbits(64):x}"
        self._context = Context("ws://localhost:1", self.session, "sim", True, instance=instance)
        self._subscriptions = [self._context.open_subscription(symbol, "depth") for symbol in self.symbols]
        for subscription in self._subscriptions:
            subscription.on_order = self._on_order
            subscription.on_fill = self._on_fill
            subscription.on_fee = self._on_fee
        self._context.on_durable = self._on_durable
        self._context.client.start_delivery()
        self._think_soon()

    def _on_fill(self, order: Order, fill: Fill) -> None:
        side, qty, px = enums.Side(order.side.value), Decimal(repr(fill.quantity)), Decimal(repr(fill.price))
        self.lives[-1].tell((order.client_order_id, fill.id), Happened(order.symbol, side, qty, px))

    def _on_fee(self, order: Order, fill: Fill) -> None:
        self.lives[-1].fee((order.client_order_id, fill.id), Decimal(repr(fill.fee)), fill.fee_asset)

    def _on_order(self, order: Order) -> None:
        # Of an amount of the quote asset nobody knows how much it comes to.
        if order.acc > order.quantity and not order.is_active and not order.quote_quantity:
            self.wrong.append(f"session {self.session}: more executed than ordered: {order}")

    def _on_durable(self, order: Order, fill: Fill) -> None:
        self.durable.safe.add((order.symbol.upper(), fill.id))

    def _think_soon(self, wishes: int = 1) -> None:
        life = self._life
        longest_ms = 200 if self.active else 1_000  # whoever wants nothing any more only looks after his connection
        wait_ms = self.world.rng.uniform(20, longest_ms) * wishes
        self.world.after(ms(wait_ms), lambda: self._think() if life == self._life else None)

    def _think(self) -> None:
        wishes = 1
        if self.active and self.bursts and self.world.chance(self.bursts):
            wishes = self.world.rng.randint(2, 5)
        self._think_soon(wishes)
        client = self._context.client
        if self._link is None:
            self._link = self._connect(self)
            if self._link is not None:
                client._when_gone = self.when_gone
                client.opened(self._link, self._now_ms)
            return
        client.tick(self._now_ms)
        may_act = self.active and client.stage is Stage.READY and wants(self.world, self.pace)
        for _ in range(wishes if may_act else 0):
            self._act()

    def _act(self) -> None:
        rng = self.world.rng
        subscription = rng.choice(self._subscriptions)
        open_orders = [order for order in subscription.open_orders if not order.in_doubt]
        if open_orders and rng.random() < (1 - self.amends) * 2 / 3:
            subscription.cancel(rng.choice(open_orders).id)
            return
        working = [order for order in open_orders if not order.is_waiting]
        if working and rng.random() < self.amends:
            order = rng.choice(working)
            price, quantity = draw_amend(rng, subscription.symbol, Decimal(repr(order.quantity)))
            subscription.amend(order.id, _number(price), _number(quantity))
            return
        wish = draw_wish(rng, subscription.symbol, Decimal(repr(subscription.net)))
        self.want(all_or_nothing(wish) if self.wants_all else wish)

    def want(self, wish: Wish) -> None:
        """Order it now."""
        terms, options = self._arguments(wish)
        self._context.tradings[wish.symbol].add_order(*terms, **options)

    def _arguments(self, wish: Wish) -> tuple[tuple[float, float, Side, OrderType, Tif], OrderOptions]:
        """As pyalgo has it."""
        options: OrderOptions = {"reduce_only": wish.reduce_only, "post_only": wish.post_only}
        if wish.stop_price is not None:
            options["stop_price"] = float(wish.stop_price)
        if wish.callback_rate is not None:
            options["callback_rate"] = float(wish.callback_rate)
        if wish.quote_quantity is not None:
            options["quote_quantity"] = float(wish.quote_quantity)
        if wish.side_effect is not None:
            options["side_effect"] = wish.side_effect
        tif = Tif.GTC if wish.time_in_force is None else Tif(wish.time_in_force.value)
        side, order_type = Side(wish.side.value), _WORDS[self.is_spot][wish.order_type]
        return (_number(wish.price) or 0.0, float(wish.quantity), side, order_type, tif), options


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
