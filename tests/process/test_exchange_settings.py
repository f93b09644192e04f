"""What an exchange decides by its own clock and settings, and who is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyalgo import MarginType, Order, OrderType, Side, State, Tif
from tests.process.strategist import Strategist
from tests.process.world import SYMBOL, World

LOWER = SYMBOL.lower()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.running(Path(tmp_path_factory.mktemp("kinds"))) as running:
        running.wait_until_ready(running.start_gateway())
        yield running


def at_exchange(world: World, order: Order) -> dict[str, Any]:
    (row,) = [row for row in world.orders() if row["client_order_id"] == order.client_order_id]
    return row


def test_good_till_date_ends_by_the_exchanges_clock(world: World) -> None:
    with Strategist(world, 1) as one:
        now_ms = world.admin("status")["time_ms"]
        order, resting = one.rest(20, Tif.GTD, good_till=now_ms + 700_000), one.rest(20)
        world.admin("advance", {"seconds": 690})
        one.turn()
        assert order.is_active
        world.admin("advance", {"seconds": 20})
        one.until("its end", lambda: order.state is State.EXPIRED)
        assert at_exchange(world, order)["status"] == "EXPIRED" and resting.is_active
        one.cancel(resting)


def test_leverage_and_margin_type_are_set_at_the_exchange(world: World) -> None:
    with Strategist(world, 1) as one:
        assert one.context.set_leverage(LOWER, 7) == one.context.leverage(LOWER) == 7
        assert one.context.set_margin_type(LOWER, "ISOLATED") is one.context.margin_type(LOWER) is MarginType.ISOLATED
        with pytest.raises(ValueError, match="denied by account: max_leverage: 21, allowed 20"):
            one.context.set_leverage(LOWER, 21)
        one.buy(20)
        with pytest.raises(ValueError, match="-4048"):
            one.context.set_margin_type(LOWER, "CROSSED")


def test_an_onlooker_in_another_program_sees_it_all(world: World) -> None:
    with Strategist(world, 4) as owner, Strategist(world, 4, trading=False) as onlooker:
        owner.buy(40)
        onlooker.until("the position", lambda: onlooker.net == 40)
        order = owner.rest(20)
        (seen,) = onlooker.until("the order", lambda: onlooker.sub.open_orders)
        assert seen.client_order_id == order.client_order_id
        owner.cancel(order)
        onlooker.until("the cancel", lambda: seen.state is State.CANCELED)
        assert onlooker.sub.add_order(order.price, 20, Side.BUY, OrderType.LIMIT, Tif.GTC) is None


def test_a_symbol_that_stops_trading_refuses_with_the_reason(world: World) -> None:
    with Strategist(world, 5) as one:
        world.admin("symbol", {"symbol": SYMBOL, "status": "PENDING_TRADING"})
        assert "symbol takes no new positions" in str(one.refused()), "the first one hears it from the exchange"
        one.until("the status to name it", lambda: LOWER in one.context.client.status)
        before = len(world.orders())
        error = one.refused()
        assert f"{LOWER} does not trade now: its status is PENDING_TRADING" in str(error)
        assert len(world.orders()) == before
        world.admin("symbol", {"symbol": SYMBOL, "status": "TRADING"})
