"""Questions about one symbol find no answer for long, while others do: nothing else waits for them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene
from tests.unit.gateway.scripted_venue import SYMBOL, ScriptedVenue, instrument
from tests.unit.gateway.test_not_told import executes, restarts
from tests.unit.gateway.test_taken_off import GONE, loses_a_gap
from tradingsys.core.commands import OpenOrdersQuery, OrderQuery, TradesQuery
from tradingsys.core.enums import TradingState
from tradingsys.core.errors import TransportError, VenueError
from tradingsys.core.reports import OrderRequest, Outcome

TIMED_OUT = TransportError("no answer in time", sent=True)
BUSY = VenueError(-1007, "Timeout waiting for response from backend server.")
BUSY.in_doubt = True
SILENT_S = 120
ASKED_AGAIN_S = 90


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, structs.replace(SETTINGS, symbols=(SYMBOL, GONE), watch_ms=30_000)).ready()


def falls_silent(scene: Scene, error: Exception = TIMED_OUT, symbol: str = GONE) -> Any:
    """About executions of one symbol; returns what would be answered."""
    answered = scene.venue.answers[TradesQuery]
    scene.venue.answers[TradesQuery] = lambda query: error if query.symbol == symbol else answered(query)
    return answered


@pytest.mark.parametrize("error", [TIMED_OUT, BUSY])
def test_after_a_gap_others_are_read_and_traded_away(scene: Scene, error: Exception) -> None:
    scene.holder(1, "30")
    falls_silent(scene, error)
    loses_a_gap(scene)
    recovery = scene.gateway.recovery
    scene.run(40)
    was_waited_for = recovery.is_catching_up
    scene.run(SILENT_S)
    assert was_waited_for and not recovery.is_catching_up
    assert any("does not answer TradesQuery of" in line for line in scene.logged)
    scene.operator().result("op.flatten", {"session_id": 1, "reason": "test"})
    scene.run(2)
    assert scene.venue.placed()[-1].terms.symbol == SYMBOL and scene.venue.placed()[-1].terms.order_qty == Decimal(30)


def test_a_start_trades_what_is_known_and_reads_the_rest_when_it_is_answered(scene: Scene) -> None:
    executes(scene, GONE, "5555")
    answered = falls_silent(scene)
    restarts(scene)
    scene.run(SILENT_S)
    assert scene.gateway.is_ready
    halts = scene.gateway.book.halts
    assert halts.state(1, GONE) is TradingState.REDUCING, "the account has what nobody told of"
    assert halts.state(1, SYMBOL) is TradingState.ACTIVE
    scene.venue.answers[TradesQuery] = answered
    scene.run(ASKED_AGAIN_S)
    assert any(f"answers TradesQuery of {GONE} again" in line for line in scene.logged)
    scene.run(60)
    assert halts.state(1, GONE) is TradingState.ACTIVE


def test_as_long_as_nothing_is_answered_all_is_waited_for(scene: Scene) -> None:
    answered = falls_silent(scene)
    scene.venue.answers[TradesQuery] = scene.venue.answers[OpenOrdersQuery] = lambda _: TIMED_OUT
    loses_a_gap(scene)
    scene.run(900)
    was_waited_for = scene.gateway.recovery.is_catching_up
    assert not any("put aside" in line for line in scene.logged)
    scene.venue.answers[TradesQuery], scene.venue.answers[OpenOrdersQuery] = answered, lambda _: ()
    scene.run(20)
    assert was_waited_for and not scene.gateway.recovery.is_catching_up, "at once, as nothing was put aside"


@pytest.mark.parametrize("of_a_start", [False, True])
def test_however_many_symbols_are_silent_patience_is_had_once(tmp_path: Path, of_a_start: bool) -> None:
    venue = ScriptedVenue()
    venue.instruments += [instrument(f"S{number}USDT") for number in range(6)]
    symbols = tuple(each.symbol for each in venue.instruments)
    scene = Scene(tmp_path, structs.replace(SETTINGS, symbols=symbols, watch_ms=30_000), venue=venue).ready()
    venue.answers[TradesQuery] = lambda _: TIMED_OUT
    if of_a_start:
        restarts(scene)
    else:
        loses_a_gap(scene)
    scene.run(SILENT_S)
    assert scene.gateway.is_ready and not scene.gateway.recovery.is_catching_up


def test_however_many_questions_find_no_answer_it_is_seldom_asked_whether_the_exchange_is_down(scene: Scene) -> None:
    client = scene.client(1)
    scene.venue.answers[OrderQuery] = lambda _: TIMED_OUT
    for _ in range(30):
        scene.ends(client.order(), OrderRequest.PLACE, Outcome.IN_DOUBT, TIMED_OUT)
    scene.run(SILENT_S)
    before = scene.venue.asked.count(OpenOrdersQuery())
    scene.run(120)
    assert scene.venue.asked.count(OpenOrdersQuery()) - before <= 4 + 6, "of the watch, and of all these"
