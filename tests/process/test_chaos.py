"""A gateway and a strategy under each of several profiles of chaos: when it is over, the books are the exchange's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.desk import Desk
from tests.process.world import World, eventually
from tradingsys.core.ids import EXTERNAL
from tradingsys.sim.chaos.dice import Dice, pick
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.profiles import PROFILES

SESSION = 1
_SHORT_MS = 1_000
"""After so long no order can arrive any more: what became of one that did not is known soon."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.running(tmp_path_factory.mktemp("chaos")) as running:
        path = running.directory / "usdt.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"recv_window_ms": _SHORT_MS}))
        running.wait_until_ready(running.start_gateway())
        yield running


def fates(profile: str, seed: int, orders: int) -> Counter[str]:
    """What so many orders must have met, whatever the machine did meanwhile."""
    dice = Dice(seed)
    drawn = (pick(PROFILES[profile].orders, dice.throw("place")) for _ in range(orders))
    return Counter(str(fault) for fault in drawn if fault is not None)


# The seeds soon have all that is wanted, and not what takes ten seconds to be proven not to have happened.
@pytest.mark.parametrize(
    ("profile", "seed", "happens", "wanted"),
    [
        ("lossy", 1, None, {Fault.EVENT_LOST, Fault.EVENT_TWICE, Fault.EVENT_SWAPPED, Fault.EVENT_LATE}),
        ("slow", 891, None, {Fault.ANSWER_LATE, Fault.ANSWER_MISSING, Fault.ANSWER_TIMEOUT, Fault.EVENT_LATE}),
        (
            "flaky",
            1503,
            None,
            {Fault.ANSWER_UNKNOWN, Fault.ANSWER_DROPPED, Fault.UNAVAILABLE, Fault.OVERLOADED},
        ),
        ("stale", 103, None, {Fault.ANSWER_UNKNOWN, Fault.ANSWER_TIMEOUT, Fault.EVENT_LATE}),
        ("partial", 1, "restart", {Fault.FILL_SPLIT, Fault.RESTART}),
        ("storm", 6081, "stream_end", {Fault.ANSWER_UNKNOWN, Fault.EVENT_LATE, Fault.FILL_SPLIT, Fault.STREAM_END}),
    ],
)
def test_the_books_are_right_when_it_is_over(
    world: World, profile: str, seed: int, happens: str | None, wanted: set[Fault]
) -> None:
    world.admin("chaos", {"profile": profile, "seed": seed, "now": happens})
    before = len(world.ledger())
    churn = world.start_program("churn", str(SESSION))
    eventually("all that can go wrong", lambda: wanted <= world.admin("chaos")["counts"].keys())
    eventually("some trades", lambda: len(world.ledger()) > before + 2)
    told = world.admin("chaos", {"on": False})
    asked = {fault: count for fault, count in told["counts"].items() if fault in PROFILES[profile].orders}
    assert asked == fates(profile, seed, told["events"]["place"])
    met = len(world.ledger())
    eventually("trades after all that", lambda: len(world.ledger()) > met + 2)
    assert churn.stop() == 0
    assert "Traceback" not in churn.err
    eventually("nothing to be in doubt", lambda: status(world)["in_doubt"] == 0)
    reckoning = world.assert_records_agree(SESSION)
    assert [line.net_booked for line in reckoning.lines if line.session == EXTERNAL] == [0]
    assert world.books(SESSION).open_orders == {SESSION: 0, EXTERNAL: 0}


def status(world: World) -> dict[str, Any]:
    found: dict[str, Any] = Desk(world).ask("status")["status"]
    return found


def test_the_simulator_says_what_went_wrong(tmp_path: Path) -> None:
    with World.running(tmp_path, sim_options=("--seed=5", "--chaos=clock")) as world:
        told = world.admin("chaos")
        assert (told["profile"], told["seed"], told["on"], told["counts"]) == ("clock", 5, True, {})
        world.admin("chaos", {"now": Fault.CLOCK_STEP})
        eventually("a step", lambda: world.admin("chaos")["counts"])
        sim = world._processes[0]
        assert sim.stop() == 0
        assert sim.err.startswith("tradingsys: chaos clock, seed 5: ")
        assert sim.err.endswith(" clock_step\n")
