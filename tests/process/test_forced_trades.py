"""The exchange trades on an account by itself: liquidation and settlement, through processes that die."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pyalgo import MarginType
from tests.process.desk import Desk
from tests.process.strategist import Strategist
from tests.process.world import SYMBOL, World, eventually
from tradingsys.core.ids import EXTERNAL
from tradingsys.wire.messages import ErrorCode

LOWER = SYMBOL.lower()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.running(tmp_path, sim_options=["--seed=1", "--deposit=500"]) as running:
        yield running


def test_a_liquidation_halts_its_symbol_until_a_person_resumes_it(world: World) -> None:
    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    desk = Desk(world)
    with Strategist(world, 1) as one, Strategist(world, 2) as two:
        assert one.context.set_leverage(LOWER, 20) == 20
        assert one.context.set_margin_type(LOWER, MarginType.ISOLATED) is MarginType.ISOLATED
        one.buy(5000)
        px = one.sub.bid_prc(0)
        world.admin("price", {"symbol": SYMBOL, "price": f"{px * 0.85:.5f}"})
        eventually("the liquidation", lambda: not Decimal(world.admin("positions?account=main")[0]["net"]))
        forced = [row for row in world.orders() if row["client_order_id"].startswith("autoclose-")]
        assert sum(Decimal(row["cum_qty"]) for row in forced) == 5000

        halted = eventually("the halt", lambda: desk.ask("status")["status"]["halts"])
        assert [(halt["symbol"], "liquidation" in halt["reason"]) for halt in halted] == [(LOWER, True)]
        for each in (one, two):
            error = each.refused()
            assert error.code == ErrorCode.HALTED and "liquidation" in str(error) and LOWER in str(error)
        assert one.net == 5000, "the books do not invent a trade of the session"
        check_books(world, one=5000, external=-5000)

        gateway.kill()
        gateway = world.start_gateway()
        world.wait_until_ready(gateway)
        assert desk.ask("status")["status"]["halts"] == halted
        one.until("the session back", lambda: one.context.is_ready)
        assert one.refused().code == ErrorCode.HALTED
        assert f"tradingsys resume {LOWER}" in desk.run("status")
        assert "liquidation" in desk.run("explain", LOWER)

        assert "5000 → 0, EXTERNAL is 0" in desk.run("pos", "set", "1", LOWER, "0")
        assert "orders are allowed again" in desk.run("resume", LOWER)
        assert not desk.ask("status")["status"]["halts"]
        one.until("the correction", lambda: one.net == 0)
        assert one.context.set_leverage(LOWER, 5) == 5
        one.buy(50)
        assert "not halted" in desk.run("resume", LOWER, code=1)
        assert gateway.stop() == 0, gateway.err
        check_books(world, one=50, external=0)
    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    assert not desk.ask("status")["status"]["halts"], "what was resumed stays resumed"


LEVERS = {"settlement": ("symbol", {"status": "SETTLING"}), "auto-deleveraging": ("deleverage", {})}


@pytest.mark.parametrize("reason", LEVERS)
def test_whatever_the_exchange_does_while_nobody_listens_halts_the_symbol(world: World, reason: str) -> None:
    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    desk = Desk(world)
    with Strategist(world, 1) as one:
        one.buy(100)
        gateway.kill()
        what, more = LEVERS[reason]
        world.admin(what, {"symbol": SYMBOL, **more})
        eventually(reason, lambda: not Decimal(world.admin("positions?account=main")[0]["net"]))
        world.admin("symbol", {"symbol": SYMBOL, "status": "TRADING"})
        gateway = world.start_gateway()
        world.wait_until_ready(gateway)
        (halt,) = eventually("the halt", lambda: desk.ask("status")["status"]["halts"])
        assert halt["symbol"] == LOWER and reason in halt["reason"]
        one.until("the session back", lambda: one.context.is_ready)
        assert one.refused().code == ErrorCode.HALTED
    assert gateway.stop() == 0, gateway.err
    check_books(world, one=100, external=-100)
    at_rest = desk.ask("status")
    assert at_rest["source"]["kind"] == "book" and at_rest["status"]["halts"] == [halt]
    assert desk.ask("explain", LOWER)["explanation"]["halt"] == halt["reason"]


def check_books(world: World, *, one: int, external: int) -> None:
    def look() -> bool:
        nets = world.books(1).nets
        return (nets.get((1, SYMBOL), 0), nets.get((EXTERNAL, SYMBOL), 0)) == (one, external)

    eventually(f"session 1 at {one} and EXTERNAL at {external}", look)
