"""What users' own client believes of orders of which the gateway knows less than it did."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tests.simulate.faults import Faults
from tests.simulate.heard import untrue
from tests.simulate.life import ACCOUNT
from tests.simulate.pyalgo_strategy import PyalgoStrategy
from tests.simulate.rig import Rig
from tests.simulate.scenes.stage import SLOW_DISK, Scene, answered, cut_power, executed
from tests.simulate.truth import Truth
from tests.simulate.wish import Wish
from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.sim.events import NewAmend
from tradingsys.sim.faces.transport import Reply

__all__ = ["amended_elsewhere", "told_by_an_execution"]

_NONE_OPEN = {"/openOrders": Reply(200, b"[]")}
_WISH = Wish("dogeusdt", Side.BUY, OrderType.LIMIT, 15, Decimal("0.598"), TimeInForce.GTC)


@Scene
def told_by_an_execution(rig: Rig) -> Iterator[str]:
    """A power cut takes an order, the exchange does not show it to the next gateway, and then executes it; its strategy
    began anew meanwhile.
    """
    strategy = _wanting(rig)
    rig.faults = Faults(disk=SLOW_DISK)
    strategy.want(_WISH)
    rig.run(0.1)
    cut_power(rig)
    strategy.kill()
    with answered(rig, _NONE_OPEN):
        rig.start(until_ready=False)
        rig.run(12)
        executed(rig, 5)
        rig.run(3)
    yield from _believed(rig, strategy)


@Scene
def amended_elsewhere(rig: Rig) -> Iterator[str]:
    """Somebody makes an order larger, of which the event is lost, and it is executed as far as it went before."""
    strategy = _wanting(rig)
    strategy.want(_WISH)
    rig.run(0.3)
    exchange = rig.simulator.exchange
    (order,) = exchange.open_orders(ACCOUNT)
    larger = NewAmend(ACCOUNT, order.symbol, order.side, order.qty * 2, order.px, order_id=order.order_id)
    rig.simulator.absorb(exchange.amend(larger, rig.world.now_ns), rig.world.now_ns)
    executed(rig, 15)
    rig.run(3)
    yield from _believed(rig, strategy)


def _wanting(rig: Rig) -> PyalgoStrategy:
    strategy = PyalgoStrategy(rig.world, 1, ["dogeusdt"], lambda owner: rig.gateway.connect(owner))
    strategy.active = False
    rig.run(2)
    return strategy


def _believed(rig: Rig, strategy: PyalgoStrategy) -> Iterator[str]:
    truth = Truth(rig.simulator.exchange, ACCOUNT, rig.gateway.gateway.book.lineage, rig.venue.symbols)
    yield from untrue(strategy.session, strategy.lives, truth.executed(strategy.session))
    yield from strategy.misled(truth)
