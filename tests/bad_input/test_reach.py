"""Gateways that start while their exchange refuses, lies, or is not there.

What a person must mend ends them, with the reason; what may pass is waited for, told, and gone on from.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from tests.bad_input.case import Case
from tests.bad_input.conftest import start_gateway
from tests.bad_input.exchange import Exchange, Loop
from tests.bad_input.launcher import Launched, Launcher
from tests.bad_input.line import Line
from tests.bad_input.table_reach import CASES, ReachPlace, trades


class Started(Struct):
    place: ReachPlace
    process: Launched


@pytest.fixture(scope="module")
def started(
    loop: Loop, launcher: Launcher, traded: tuple[Exchange, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Started]]:
    """All of them at once: they wait most of the time."""
    found = {}
    for case in CASES:
        folder = tmp_path_factory.mktemp("reach") / "here"
        folder.mkdir()
        place = ReachPlace(folder, loop.exchange(), traded[1])
        case.provoke(place)
        found[case.name] = Started(place, launcher.start(folder, *place.arguments))
    for case in CASES:
        each = found[case.name]
        if not case.code:  # all first, so that all recover at the same time
            each.process.until_said(*case.says)
        if each.place.heal is not None:
            each.place.exchange.do(each.place.healed)
    yield found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_exchange_that_cannot_be_used(case: Case[ReachPlace], started: dict[str, Started], loop: Loop) -> None:
    place, process = started[case.name].place, started[case.name].process
    if case.code:
        assert process.wait() == case.code, process.err
    assert [word for word in case.says if word not in process.err] == [], process.err
    if not case.code:
        if place.heal is not None:
            process.says(" ready")
            trades(Line(loop, place.config_path).login(1))
        assert process.stop() == 0
    assert [word for word in (*case.never, "Traceback") if word in process.err] == [], process.err


@pytest.mark.parametrize("off_s", [-300.0, 300.0])
def test_a_clock_that_is_minutes_off(loop: Loop, launcher: Launcher, tmp_path: Path, off_s: float) -> None:
    """The exchange's clock is, as it comes to the same: orders carry the exchange's time."""
    folder = tmp_path / "here"
    folder.mkdir()
    exchange = loop.exchange(ahead_s=off_s)
    config = exchange.config(folder, symbols=["dogeusdt"])
    gateway = start_gateway(launcher, folder)
    side = "behind" if off_s > 0 else "ahead of"
    gateway.says(f"this machine's clock is 300.0 s {side} the exchange's", "set the clock, for example by NTP")
    trades(Line(loop, config).login(1))
    assert gateway.stop() == 0


def test_without_the_order_connection_orders_go_by_rest(loop: Loop, launcher: Launcher, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    exchange = loop.exchange()
    config = exchange.config(folder, symbols=["dogeusdt"], urls={"ws_api": "ws://localhost:9"})
    gateway = start_gateway(launcher, folder)
    gateway.says("via=rest", "Connect call failed")
    trades(Line(loop, config).login(1))
    assert gateway.stop() == 0
