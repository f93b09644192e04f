"""Strategies that have lost their mind, with the limits that are shipped, against the simulator's exchange."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from msgspec import structs

from tests.simulate.life import SETTINGS
from tests.simulate.rig import Rig, WireClient
from tests.unit.gateway.test_stopping import orders_there
from tradingsys.core.enums import Side
from tradingsys.gateway.configuration.session_config import LimitsConfig
from tradingsys.wire.messages import ErrorCode

Json = dict[str, Any]
AT_MARKET: Json = {"order_type": "MARKET", "price": None, "time_in_force": None}


def runs_away(rig: Rig, client: WireClient, seconds: int, order: Callable[[int], Json]) -> Counter[Any]:
    """Sends 100 orders a second whatever is answered; returns by which limit, or code, they were refused."""
    for number in range(100 * seconds):
        params = client.order_params(**order(number))
        assert client._link is not None
        client._link.send(json.dumps({"id": 10_000 + number, "method": "order", "params": params}).encode())
        if number % 10 == 9:
            rig.run(0.1)
    rig.run(1)
    errors = [message["error"] for message in client.messages if message.get("id", 0) >= 10_000 and "error" in message]
    return Counter(error.get("limit", error["code"]) for error in errors)


def let_loose(rig: Rig) -> WireClient:
    """A strategy on a deep market, and nothing but the defaults between them."""
    rig.settings = structs.replace(SETTINGS, limits=LimitsConfig())
    rig.restart()
    client = rig.client()
    rig.house(Side.SELL, 10_000_000, "0.6")
    rig.house(Side.BUY, 10_000_000, "0.599")
    return client


def test_one_that_buys_and_buys_at_market_is_stopped_at_a_position_and_then_altogether(rig: Rig) -> None:
    client = let_loose(rig)
    refused = runs_away(rig, client, 3, lambda number: AT_MARKET | {"quantity": str(150_000 - number)})
    assert refused["max_position_notional"] and refused[ErrorCode.HALTED] > 100
    assert 0 < rig.net(1) * Decimal("0.6") <= 500_000
    rig.run(30)
    assert client.error("order", client.order_params()) == ErrorCode.HALTED


def test_one_that_repeats_itself_is_stopped(rig: Rig) -> None:
    refused = runs_away(rig, let_loose(rig), 3, lambda _: {"quantity": "20", "price": "0.55"})
    assert set(refused) == {"max_same_orders", ErrorCode.HALTED}
    assert orders_there(rig) == 40


def test_one_that_leaves_orders_everywhere_is_stopped(rig: Rig) -> None:
    refused = runs_away(rig, let_loose(rig), 3, lambda number: {"quantity": str(20 + number), "price": "0.55"})
    assert refused["max_orders_per_s"] and refused[ErrorCode.HALTED] > 50
    assert orders_there(rig) <= 200


def test_one_that_is_wrong_about_its_prices_sends_nothing_at_all(rig: Rig) -> None:
    refused = runs_away(rig, let_loose(rig), 2, lambda number: {"quantity": str(20 + number), "price": "0.67"})
    assert refused["max_aggressive_pct"] and refused[ErrorCode.HALTED]
    assert rig.net(1) == 0 and not orders_there(rig)


def test_two_sessions_that_meet_do_not_trade_with_each_other(rig: Rig) -> None:
    one, two = rig.client(1, instance="i1"), rig.client(2, instance="i2")
    waiting = one.ask("order", one.order_params(side="SELL"))["result"]["client_order_id"]
    two.ask("order", two.order_params(side="BUY"))
    rig.run(1)
    order = two.last_order()
    assert order["status"] == "EXPIRED_IN_MATCH" and "cum_qty" not in order
    assert rig.nets(1, 2) == [0, 0]
    assert [each.client_order_id for each in rig.simulator.exchange.open_orders("account")] == [waiting]
