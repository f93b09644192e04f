"""What a witness calls a lie of orders that somebody gave another name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.simulate.spot_box import markets
from tests.simulate.truth import Truth
from tests.simulate.witness import Witness
from tests.simulate.world import World
from tradingsys.core.enums import OrderStatus, OrderType, Side, TimeInForce
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.sim.events import NewAmend, NewOrder
from tradingsys.sim.spot_exchange import SpotExchange
from tradingsys.wire.codec import encode
from tradingsys.wire.messages import OrderPush, OrderView

_NAME = encode_client_order_id(OrderKey(1, "abcde", 1, 1, 1))


@pytest.mark.parametrize(
    ("renames", "cancels", "lies"), [(True, True, 0), (True, False, 1), (False, True, 1), (False, False, 1)]
)
def test_an_order_without_a_trace_may_be_believed_absent(renames: bool, cancels: bool, lies: int) -> None:
    world, exchange = World(1), SpotExchange((market.listing for market in markets()), first_id=1)
    exchange.open_account("account", {"USDT": Decimal(1_000)})
    terms = ("account", "DOGEUSDT", Side.BUY, OrderType.LIMIT, Decimal(20), Decimal("0.5"), TimeInForce.GTC)
    exchange.place(NewOrder(*terms, client_order_id=_NAME), world.now_ns)
    (order,) = exchange.open_orders("account")
    if renames:
        wish = NewAmend("account", "DOGEUSDT", Side.BUY, Decimal(19), order.px, order_id=order.order_id)
        exchange.amend(wish, world.now_ns)
    if cancels:
        exchange.cancel("account", "DOGEUSDT", world.now_ns, order_id=order.order_id)
    witness = Witness(world)
    view = OrderView(_NAME, "dogeusdt", Side.BUY, OrderType.LIMIT, "20", OrderStatus.ABSENT, 0)
    witness.hear(1, encode(OrderPush(1, 1, view)))
    assert len(list(witness.verdicts(Truth(exchange, "account", "abcde", ["DOGEUSDT"])))) == lies
