"""An exchange that fails in all the ways it can, and takes what it wants: the books stay right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.world import SYMBOL, World, eventually
from tradingsys.core.ids import EXTERNAL


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.running(tmp_path) as running:
        yield running


def test_books_stay_right_while_the_exchange_fails(world: World) -> None:
    world.wait_until_ready(world.start_gateway())
    churn = world.start_program("churn", "1")
    eventually("a trade of the strategy", world.ledger)
    for answer in ("timeout", "unknown", "drop", "unavailable", "overloaded"):
        world.admin("faults", {"answer": answer})
    world.admin("faults", {"queries_late_ms": 300, "events_late_ms": 150, "events_twice": 20, "lose_change": SYMBOL})
    eventually("orders that met all of it", lambda: not world.admin("faults")["answers"]["place"])
    trades = len(world.ledger())
    eventually("trades after all that", lambda: len(world.ledger()) > trades + 2)
    assert churn.stop() == 0
    assert "Traceback" not in churn.err
    world.admin("faults", {"queries_late_ms": 0, "events_late_ms": 0})
    reckoning = world.assert_records_agree(1)
    assert [line.net_booked for line in reckoning.lines if line.session == EXTERNAL] == [0]


def test_what_is_deleveraged_while_nobody_looks_is_external(world: World) -> None:
    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    holder = world.start_program("holder", "7")
    eventually("a position", lambda: [told for told in holder.json_lines() if told["net"] == 10])
    gateway.kill()
    world.admin("deleverage", {"symbol": SYMBOL, "qty": "4"})
    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    eventually("the loss in the books", lambda: world.books(7).nets.get((EXTERNAL, SYMBOL)) == -4)
    eventually("the gateway's word", lambda: "auto-deleveraging" in gateway.err)
    world.assert_records_agree(7)
