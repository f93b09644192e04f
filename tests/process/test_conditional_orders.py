"""Orders that wait for a price, at an exchange and a gateway that are processes, one of which dies."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pyalgo import Order, OrderType, Side, State
from tests.process.strategist import Strategist
from tests.process.world import SYMBOL, World, eventually


@pytest.fixture(params=["own child ids", "foreign child ids"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    options = ["--seed=1", *(["--foreign-child-ids"] if request.param.startswith("foreign") else [])]
    with World.running(tmp_path, sim_options=options) as running:
        yield running


def test_executions_of_triggered_orders_are_their_sessions_whatever_dies_when(world: World) -> None:
    """One is triggered and rests when the gateway is killed, two are triggered and filled while it is dead."""
    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    with Strategist(world, 1) as one, Strategist(world, 2) as two:
        sub, px = one.sub, one.sub.bid_prc(0)
        one.buy(100)
        two.buy(30)

        def send(order_type: OrderType, stop: float, price: float = 0) -> Order:
            prices = {"price": sub.round_price(price), "stop_price": sub.round_price(stop)}
            order = sub.add_order(
                prices["price"], 20, Side.SELL, order_type, stop_price=prices["stop_price"], reduce_only=True
            )
            assert order is not None, one.errors
            return order

        rests = send(OrderType.STOP, px * 0.98, px * 1.02)
        stops = send(OrderType.STOP_MARKET, px * 0.95)
        takes = send(OrderType.TAKE_PROFIT_MARKET, px * 1.05)
        orders = (rests, stops, takes)
        eventually("three waiting orders", lambda: len(world.admin("algos")) == 3)
        move(world, px * 0.975)
        eventually("the first one to be triggered", lambda: [row for row in world.orders() if row["type"] == "LIMIT"])
        gateway.kill()
        move(world, px * 0.94)
        move(world, px * 1.07)
        eventually("all to be done", lambda: {row["status"] for row in world.admin("algos")} == {"FINISHED"})
        assert not [order for order in orders if order.acc]

        gateway = world.start_gateway()
        world.wait_until_ready(gateway)
        one.until("the executions", lambda: all(order.state is State.FILLED for order in orders))
        assert one.net == 40
        one.buy(20)
        two.turn()
        assert [two.net, len(two.sub.open_orders), len(one.sub.open_orders)] == [30, 0, 0]
        assert not one.errors and not two.errors
    assert gateway.stop() == 0, gateway.err
    nets = world.books(1, 2).nets
    assert {owner: int(net) for (owner, _), net in nets.items() if net} == {1: 60, 2: 30}
    (account,) = world.admin("positions?account=main")
    assert Decimal(account["net"]) == 90


def move(world: World, px: float) -> None:
    world.admin("price", {"symbol": SYMBOL, "price": f"{px:.5f}"})
