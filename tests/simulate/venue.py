"""The simulator's exchange, and people who trade there by hand."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tests.simulate.odd_frames import OddFrames
from tests.simulate.past import Past
from tests.simulate.sent import SentRequests
from tests.simulate.troubles import Troubles
from tests.simulate.unanswered import Question, Unanswered, topic_of
from tests.simulate.world import World
from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.sim.conditions import Condition
from tradingsys.sim.events import ExchangeEvent, NewAmend, NewOrder
from tradingsys.sim.faces.transport import Reply, Request, WsClose, WsOutput
from tradingsys.sim.simulator import Product, Simulator

if TYPE_CHECKING:
    from tests.simulate.network import Network

__all__ = ["Venue"]

_READS = ("/order", "/algoOrder", "/openOrders", "/openAlgoOrders", "/allAlgoOrders", "/userTrades", "/positionRisk")


class Venue:
    """The exchange, its face, and people who trade there by hand."""

    reads: tuple[str, ...] = _READS
    """Paths of questions that may be answered from an older state."""
    tells_date = False
    """Whether answers say when they were given, as those of HTTP servers do: short bans are told without."""

    def __init__(
        self,
        world: World,
        simulator: Simulator,
        symbols: list[str],
        account: str,
        counts: Counter[str] | None = None,
    ) -> None:
        counts = self.counts = Counter() if counts is None else counts
        simulator.parts.pop(Product.SPOT)  # nobody is there: its time need not pass
        self.troubles = Troubles(world, simulator.face, counts)
        self.unanswered = Unanswered(world, counts)
        self.odd_frames = OddFrames(world.rng, counts)
        self._down_until_ns = 0
        self._account = account
        self.past = Past(simulator, account)
        self.sent = SentRequests()
        self.world = world
        self.simulator = simulator
        self.symbols = symbols
        self.networks: dict[int, Network] = {}
        self._ids = 0

    @property
    def is_down(self) -> bool:
        """Whether it takes no connections and answers nothing."""
        return self.world.now_ns < self._down_until_ns

    def instead(self, request: Request) -> Reply | None:
        """What is answered in the place of the truth; None where it is told."""
        return self.unanswered.instead(self.asked(request)) if request.method == "GET" else None

    def asked(self, request: Request) -> Question:
        """What a question is about."""
        symbol = parse_qs(request.query.decode()).get("symbol", [""])[0]
        return Question(topic_of(request.path), symbol)

    def restart(self, down_ns: int) -> None:
        """All connections end, and for a while there are none."""
        self.deliver(self.troubles.announce_end())
        self._down_until_ns = self.world.now_ns + down_ns
        for conn_id, network in list(self.networks.items()):
            network.from_venue(WsClose(conn_id, 1001))

    def next_id(self) -> int:
        self._ids += 1
        return self._ids

    def deliver(self, outputs: list[WsOutput]) -> None:
        for output in outputs:
            network = self.networks.get(output.conn_id)
            if network is not None:
                network.from_venue(output)

    def tick(self) -> None:
        self.deliver(self.simulator.tick(self.world.now_ns))

    def order(self, account: str, symbol: str, side: Side, qty: int, px: Decimal | None, client_order_id: str) -> None:
        request = NewOrder(
            account,
            symbol,
            side,
            OrderType.MARKET if px is None else OrderType.LIMIT,
            Decimal(qty),
            px,
            TimeInForce.GTC,
            client_order_id=client_order_id,
        )
        self.deliver(self.simulator.place(request, self.world.now_ns)[1])

    def cancel_by_hand(self) -> bool:
        """Somebody cancels one of the account's orders on the exchange's own pages, if there is one."""
        exchange, now_ns, rng = self.simulator.exchange, self.world.now_ns, self.world.rng
        orders, waiting = exchange.open_orders(self._account), self._waiting()
        if waiting and (not orders or rng.random() < 0.4):
            events = exchange.cancel_condition(self._account, now_ns, algo_id=rng.choice(waiting).algo_id)
        elif orders:
            record = rng.choice(orders)
            events = exchange.cancel(self._account, record.symbol, now_ns, order_id=record.order_id)
        else:
            return False
        self.deliver(self.simulator.absorb(events, now_ns))
        return True

    def _waiting(self) -> list[Condition]:
        """Orders that wait for a price at a service of their own."""
        return self.simulator.exchange.open_conditions(self._account)

    def amend_by_hand(self) -> bool:
        """Somebody moves one of the account's orders, if there is one, to another price."""
        exchange, now_ns = self.simulator.exchange, self.world.now_ns
        orders = [record for record in exchange.open_orders(self._account) if record.px is not None]
        if not orders:
            return False
        record = self.world.rng.choice(orders)
        assert record.px is not None
        px = record.px + Decimal(self.world.rng.randint(-4, 4)) / 1000
        wish = NewAmend(self._account, record.symbol, record.side, record.qty, px, order_id=record.order_id)
        self.deliver(self.simulator.absorb(exchange.amend(wish, now_ns), now_ns))
        return True

    def deleverage(self, symbol: str) -> bool:
        """The exchange takes a part of the account's position for somebody who went bankrupt, if there is one."""
        exchange, now_ns = self.simulator.exchange, self.world.now_ns
        net = exchange.position(self._account, symbol).net
        if abs(net) < 1:
            return False
        qty = Decimal(self.world.rng.randint(1, int(abs(net))))
        self.deliver(self.simulator.absorb(exchange.deleverage(self._account, symbol, qty, now_ns), now_ns))
        return True

    def settle(self, symbol: str) -> bool:
        """A symbol is delisted: all orders end, and the account's position is closed, if there is one."""
        exchange, now_ns = self.simulator.exchange, self.world.now_ns
        is_held = bool(exchange.position(self._account, symbol).net)
        self.deliver(self.simulator.absorb(exchange.set_status(symbol, "SETTLING", now_ns), now_ns))
        return is_held

    def transfer(self, asset: str, amount: Decimal) -> None:
        """Money comes to the account, or leaves it."""
        events = self.simulator.exchange.transfer(self._account, asset, amount, self.world.now_ns)
        self.deliver(self.simulator.absorb(events, self.world.now_ns))

    def pay_funding(self) -> None:
        """Funding is due in a moment: at the end of a millisecond, so that it is told from no trade of the same one."""
        due_ns = self.world.now_ns // 1_000_000 * 1_000_000 + 1_999_999
        self.simulator.exchange._state.schedule.put(("funding", "", ""), due_ns)

    def liquidate(self, symbol: str) -> bool:
        """The exchange closes the account's position, if there is one."""
        exchange, now_ns = self.simulator.exchange, self.world.now_ns
        venue, account = exchange.venues[symbol], exchange.accounts[self._account]
        net = account.position(symbol).net
        if not net:
            return False
        events: list[ExchangeEvent] = []
        exchange._liquidation._liquidate(account, [venue], abs(net) * venue.mark.px / 20, now_ns, events)
        exchange._follow(now_ns, events)
        self.deliver(self.simulator.absorb(events, now_ns))
        return True
