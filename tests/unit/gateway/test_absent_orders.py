"""An order that is probably absent, from the exchange to the strategy: marked, and told again when it lives."""

from __future__ import annotations

from pyalgo.context import Context
from pyalgo.order import Order
from pyalgo.words import OrderType, State
from pyalgo.words import Side as Word
from tests.simulate.faults import Faults
from tests.simulate.rig import Rig
from tests.simulate.world import ms
from tradingsys.core.enums import Side
from tradingsys.sim.faces.transport import Reply, Request, WsOutput

DENIALS = {"/order": Reply(400, b'{"code":-2013,"msg":"Order does not exist."}'), "/openOrders": Reply(200, b"[]")}


class Strategy:
    """Written with pyalgo, connected to the rig's gateway."""

    session = 1

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.told: list[tuple[State, bool, bool, float]] = []
        self._context = Context("ws://localhost:1", 1, "sim", True, instance="me")
        self.subscription = self._context.open_subscription("dogeusdt", "depth")
        self.subscription.on_order = self._note
        self._context.client.start_delivery()
        self._link = rig.gateway.connect(self)
        assert self._link is not None
        self._context.client.opened(self._link, self._now_ms)
        self._tick()

    def received(self, data: bytes) -> None:
        self._context.client.received(data, self._now_ms)

    def closed(self) -> None:
        raise AssertionError("nothing closes it")

    @property
    def _now_ms(self) -> int:
        return self._rig.world.now_ns // 1_000_000

    def _tick(self) -> None:
        self._context.client.tick(self._now_ms)
        self._rig.world.after(ms(50), self._tick)

    def _note(self, order: Order) -> None:
        news = (order.state, order.in_doubt, order.is_provisional, order.acc)
        if not self.told or self.told[-1] != news:
            self.told.append(news)


def test_the_verdict_is_marked_and_taken_back(rig: Rig) -> None:
    strategy = Strategy(rig)
    rig.run(3)
    answer = rig.simulator.http

    def hides(request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        for path, reply in DENIALS.items():
            if request.path.endswith(path) and request.method == "GET":
                return reply, []
        return answer(request, now_ns)

    rig.simulator.http = hides  # type: ignore[method-assign]
    rig.faults = Faults(lose_event=1.0, lose_reply=1.0)
    order = strategy.subscription.add_order(0.598, 15, Word.BUY, OrderType.LIMIT)
    assert order is not None
    rig.run(0.2)
    rig.faults = Faults(lose_event=1.0)
    rig.run(25)
    doubt_and_verdict = [(State.NEW, True, False, 0.0), (State.REJECTED, False, True, 0.0)]
    assert strategy.told[-2:] == doubt_and_verdict, "probably it never arrived"
    assert order.reason == "never reached the exchange" and not order.is_active
    rig.faults = Faults.none()
    rig.simulator.http = answer  # type: ignore[method-assign]
    rig.house(Side.SELL, 15, "0.598")
    rig.run(10)
    assert strategy.told[-1:] == [(State.FILLED, False, False, 15.0)], "it lives, and the strategy knows"
    assert order.reason == "" and strategy.subscription.net == 15
