"""Funding is paid to the account and booked to whoever held, to the last digit; also when nobody was there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.process.desk import Desk
from tests.process.strategist import Strategist
from tests.process.world import SYMBOL, World, eventually
from tradingsys.core.ids import EXTERNAL
from tradingsys.store import read

EIGHT_HOURS_S = 8 * 3600


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.running(tmp_path) as running:
        yield running


def test_what_was_paid_is_shared_exactly(world: World) -> None:
    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    with Strategist(world, 1) as one, Strategist(world, 2) as two:
        one.buy(107)
        two.buy(33)
        world.admin("trade", {"symbol": SYMBOL, "side": "BUY", "qty": "11"})
        eventually("the trade by hand in the books", lambda: world.books(1, 2).nets.get((EXTERNAL, SYMBOL)))

        world.admin("advance", {"seconds": EIGHT_HOURS_S})
        assert_shared(world, payments=1)
        one.until("funding in the position", lambda: one.sub.position.funding)
        one.until("the connection to the exchange", lambda: one.context.is_ready)
        two.buy(20)  # a clock that jumped eight hours keeps nobody from trading

        gateway.kill()
        world.admin("advance", {"seconds": 2 * EIGHT_HOURS_S})
        gateway = world.start_gateway()
        world.wait_until_ready(gateway)
        paid = assert_shared(world, payments=3)
        one.until("funding of the dead hours", lambda: one.sub.position.funding == {"USDT": float(paid[1])})
        assert len(set(paid.values())) == 3 and all(paid.values())

    shown = Desk(world).ask("pos", "show", f"--symbol={SYMBOL.lower()}")["positions"]
    assert {row["session_id"]: Decimal(row["position"]["funding"]["USDT"]) for row in shown} == paid
    assert gateway.stop() == 0, gateway.err
    gateway = world.start_gateway()
    world.wait_until_ready(gateway)
    assert assert_shared(world, payments=3) == paid


def assert_shared(world: World, payments: int) -> dict[int, Decimal]:
    """Each payment to the account is in the ledger, in parts that sum to it; returns the sums by session."""
    received = {
        str(row["id"]): Decimal(row["amount"])
        for row in world.admin(f"income?account=main&symbol={SYMBOL}")
        if row["kind"] == "FUNDING_FEE"
    }
    assert len(received) == payments

    def in_the_books() -> list[Any]:
        with read.reading(world.db) as conn:
            rows = [row for row in read.ledger(conn) if row.symbol == SYMBOL]
        return rows if len({row.ext_id for row in rows}) == payments else []

    rows = eventually(f"{payments} payments in the ledger", in_the_books)
    booked: dict[str, Decimal] = defaultdict(Decimal)
    paid: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        booked[row.ext_id] += row.amount
        paid[row.session] += row.amount
    assert dict(booked) == received
    return dict(paid)
