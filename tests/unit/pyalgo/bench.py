"""A context and a scripted gateway with two queues of frames between them, moved by the test."""

from __future__ import annotations

from collections import deque

from pyalgo.context import Context
from pyalgo.order import Order
from pyalgo.tradable import DepthSubscription
from tests.unit.pyalgo.scripted_gateway import ScriptedGateway
from tradingsys.core.errors import LocalProtocolError


class QueueLink:
    def __init__(self) -> None:
        self.to_gateway: deque[bytes] = deque()
        self.to_client: deque[bytes] = deque()
        self.close_asked = False

    def send(self, data: bytes) -> None:
        assert not self.close_asked, "written after giving the connection up"
        self.to_gateway.append(data)

    def close(self) -> None:
        self.close_asked = True


class Bench:
    def __init__(self, trading: bool = True, kind: type[ScriptedGateway] = ScriptedGateway) -> None:
        self.now_ms = 1_700_000_000_000
        self.link: QueueLink | None = None
        self.gateway = kind(self._to_client)
        self.context = Context("ws://localhost:1", 1, "test", trading, instance="i1")
        self.client = self.context.client
        self.errors: list[LocalProtocolError] = []
        self.context.on_error = self.errors.append

    def _to_client(self, data: bytes) -> None:
        if self.link is not None:
            self.link.to_client.append(data)

    def connect(self) -> None:
        self.link = QueueLink()
        self.gateway.connected()
        self.client.opened(self.link, self.now_ms)

    def disconnect(self) -> None:
        self.link = None
        self.gateway.disconnected()
        self.client.closed("lost", self.now_ms)

    def step_to_gateway(self) -> bool:
        if self.link is None or not self.link.to_gateway:
            return False
        self.gateway.handle(self.link.to_gateway.popleft())
        return True

    def step_to_client(self) -> bool:
        if self.link is None or not self.link.to_client:
            return False
        link = self.link
        self.client.received(link.to_client.popleft(), self.now_ms)
        if link.close_asked:
            self.disconnect()
        return True

    def settle(self) -> None:
        """Move frames, reconnecting as a transport would, until nothing moves."""
        for _ in range(10_000):
            if self.link is None:
                self.connect()
            if not (self.step_to_gateway() or self.step_to_client()):
                return
        raise AssertionError("client and gateway never come to rest")

    def advance(self, milliseconds: int) -> None:
        self.now_ms += milliseconds
        self.client.tick(self.now_ms)
        if self.link is not None and self.link.close_asked:
            self.disconnect()


class Executions:
    """What on_order told of executions, by order; the scripted gateway gives each execution a time of its own."""

    def __init__(self) -> None:
        self.times: dict[str, list[int]] = {}

    def __call__(self, order: Order) -> None:
        times = self.times.setdefault(order.client_order_id, [])
        if order.trade_time and (not times or times[-1] != order.trade_time):
            times.append(order.trade_time)


def desk(kind: type[ScriptedGateway] = ScriptedGateway, symbol: str = "btcusdt") -> Bench:
    """Logged in, subscribed to a book, and delivering."""
    bench = Bench(kind=kind)
    bench.context.open_subscription(symbol, "depth")
    bench.settle()
    bench.client.start_delivery()
    return bench


def depth_of(bench: Bench, symbol: str = "btcusdt") -> DepthSubscription:
    subscription = bench.context.subscriptions[f"{symbol}@depth"]
    assert isinstance(subscription, DepthSubscription)
    return subscription
