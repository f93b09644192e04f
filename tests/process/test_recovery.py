"""Processes die; positions, orders and books do not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Set
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from tests.process.world import SYMBOL, World, eventually
from tradingsys.core.ids import EXTERNAL, OrderKey, decode_client_order_id


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.running(tmp_path) as running:
        yield running


def keys(world: World) -> list[OrderKey]:
    """Of the ledger's executions, oldest first, those that strategies ordered."""
    found = (decode_client_order_id(execution.client_order_id) for execution in world.ledger())
    return [key for key in found if key is not None]


def both_trade(world: World, known_epochs: Set[int]) -> bool:
    return {key.session for key in keys(world) if key.epoch not in known_epochs} >= {1, 2}


def test_a_killed_strategy_finds_its_position_and_its_open_orders(world: World) -> None:
    world.wait_until_ready(world.start_gateway())
    first = world.start_program("holder", "7")
    eventually(
        "position and resting order",
        lambda: [told for told in first.json_lines() if told["net"] == 10 and len(told["open"]) == 1],
    )
    left = first.json_lines()[-1]
    first.kill()
    second = world.start_program("holder", "7")
    found = eventually("the second life's first words", second.json_lines)[0]
    assert found == left
    assert [row["status"] for row in world.orders() if row["client_order_id"] == found["open"][0][0]] == ["NEW"]
    time.sleep(0.5)
    assert len(world.orders()) == 2  # finding everything in place, it ordered nothing
    world.assert_records_agree(7)


def test_live_strategies_resume_when_a_killed_gateway_is_back(world: World) -> None:
    gateway = world.start_gateway()
    strategies = [world.start_program("churn", str(session)) for session in (1, 2)]
    epochs: set[int] = set()
    for _life in range(3):
        world.wait_until_ready(gateway)
        eventually("both sessions to trade in a new epoch", partial(both_trade, world, frozenset(epochs)))
        time.sleep(0.7)
        gateway.kill()
        epochs = {key.epoch for key in keys(world)}
        gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    assert len(epochs) == 3
    assert all(strategy.is_running for strategy in strategies)
    for strategy in strategies:
        assert strategy.stop() == 0
        assert "Traceback" not in strategy.err
    reckoning = world.assert_records_agree(1, 2)
    assert reckoning.fills > 10
    assert [line.net_booked for line in reckoning.lines if line.session == EXTERNAL] == [0]


def test_a_trade_by_hand_is_external_exactly(world: World) -> None:
    world.wait_until_ready(world.start_gateway())
    churn = world.start_program("churn", "1")
    eventually("a trade of the strategy", lambda: keys(world))
    world.admin("trade", {"symbol": SYMBOL, "side": "SELL", "qty": "123"})
    eventually("the trade in the books", lambda: world.books(1).nets.get((EXTERNAL, SYMBOL)))
    churn.stop()
    world.assert_records_agree(1)
    assert world.books(1).nets[EXTERNAL, SYMBOL] == Decimal(-123)


def test_a_gateway_started_over_what_an_account_holds_takes_it_as_external(world: World) -> None:
    world.admin("trade", {"symbol": SYMBOL, "side": "BUY", "qty": "50"})
    world.wait_until_ready(world.start_gateway())
    churn = world.start_program("churn", "1")
    eventually("a trade of the strategy", lambda: keys(world))
    churn.stop()
    eventually("the strategy's trades in the books", lambda: world.books(1).fills.get((1, SYMBOL)))
    assert world.books(1).nets[EXTERNAL, SYMBOL] == Decimal(50)


def test_sigterm_stops_the_gateway_within_two_seconds_naming_what_it_leaves(world: World) -> None:
    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    holder = world.start_program("holder", "7")
    eventually("a resting order", lambda: [told for told in holder.json_lines() if told["net"] == 10 and told["open"]])
    began = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - began < 4  # two seconds, on a machine that does other things too
    assert holder.json_lines()[-1]["open"][0][0] in gateway.err
    assert [row["status"] for row in world.orders() if row["cum_qty"] == "0"] == ["NEW"]
    assert holder.is_running
