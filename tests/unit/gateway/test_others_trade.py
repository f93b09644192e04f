"""Somebody else trades, beside a stop of a session's that may be what executed: each time for a minute nobody knows."""

from __future__ import annotations

import pytest

from tests.simulate.rig import Rig, WireClient
from tests.unit.gateway.test_stopping import confirmed, holder, operator
from tradingsys.core.enums import Side
from tradingsys.core.errors import TradingError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Fill
from tradingsys.gateway.rereading import Rereading
from tradingsys.wire.messages import ErrorCode

STOP = {"order_type": "STOP_MARKET", "side": "SELL", "quantity": "30", "price": None, "time_in_force": None}
EVERY_S = 40


@pytest.fixture
def owner(rig: Rig) -> WireClient:
    """Session 1 has a stop of 30, and whoever sells finds a buyer."""
    rig.house(Side.BUY, 1_000, "0.59")
    rig.house(Side.SELL, 1_000, "0.61")
    client = rig.client(1, instance="i1")
    assert "error" not in client.ask("order", client.order_params(**STOP, stop_price="0.5"))
    rig.run(3)
    return client


def sold_by_hand(rig: Rig) -> None:
    rig.by_hand(Side.SELL, 30)
    rig.run(1)
    assert rig.gateway.gateway.book.unattributed


@pytest.mark.usefixtures("owner")
def test_a_start_waits_for_what_was_executed_before_it_alone(rig: Rig) -> None:
    rig.gateway.kill("at random")
    rig.by_hand(Side.SELL, 30)
    book = rig.start(until_ready=False).gateway.book
    is_ready = list[bool]()
    for wait_s in (EVERY_S, EVERY_S - 5):
        rig.run(wait_s)
        is_ready.append(rig.gateway.gateway.is_ready)
        sold_by_hand(rig)
    assert is_ready == [False, True] and book.net(EXTERNAL, "DOGEUSDT") == -30


@pytest.mark.usefixtures("owner")
def test_a_session_is_flattened_while_executions_wait_that_cannot_be_its_own(rig: Rig) -> None:
    holder(rig, 2, 30)
    desk = operator(rig)
    sold_by_hand(rig)
    view = confirmed(desk, desk.ask("op.flatten", {"session_id": 2, "reason": "enough"})["result"], tries=20)
    assert not view.get("held") and rig.net(2) == 0 and rig.gateway.gateway.book.unattributed


def test_a_position_is_set_that_no_execution_which_waits_can_move(rig: Rig, owner: WireClient) -> None:
    desk = operator(rig)
    sold_by_hand(rig)
    asked = {"symbol": "dogeusdt", "net": "7"}
    assert "error" not in desk.ask("op.set_position", asked | {"session_id": 2})
    assert desk.error("op.set_position", asked | {"session_id": 1}) == ErrorCode.NOT_READY
    rig.run(70)
    sold_by_hand(rig)
    told = desk.ask("op.set_position", asked | {"session_id": 1})["error"]["msg"]
    assert "up to a minute for what a stop of its own may be" in told
    owner.ask("cancel", {"client_order_id": owner.last_order()["client_order_id"]})
    rig.run(5)
    assert "error" not in desk.ask("op.set_position", asked | {"session_id": 1})


@pytest.mark.usefixtures("owner")
def test_history_is_read_again_as_soon_as_it_is_known_whose_all_was_that_was_there(rig: Rig) -> None:
    gateway, pages, failed = rig.gateway.gateway, list[list[Fill]](), list[TradingError]()

    async def read() -> None:
        try:
            await Rereading(gateway).read("DOGEUSDT", 0, lambda told, booked: pages.append([*told, *booked]))
        except TradingError as error:
            failed.append(error)

    sold_by_hand(rig)
    rig.run(3)
    gateway.run(read())
    for _ in range(3):
        assert not pages
        rig.run(EVERY_S / 2)
        sold_by_hand(rig)
    rig.run(5)
    assert pages and not failed and gateway.book.unattributed
