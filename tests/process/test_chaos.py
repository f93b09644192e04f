"""A gateway and a strategy under each of several profiles of chaos: when it is over, the books are the exchange's."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from tests.process.desk import Desk
from tests.process.world import Process, World, eventually, free_port
from tradingsys.cli.demo.reckoning import Execution
from tradingsys.core.ids import EXTERNAL
from tradingsys.sim.chaos.dice import Dice, pick
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.profiles import PROFILES
from tradingsys.store import read

SESSION = 1
_SHORT_MS = 1_000
"""After so long no order can arrive any more: what became of one that did not is known soon."""


class Market(NamedTuple):
    """One product at one simulator: its gateway is ready, and has traded what the exchange says it has."""

    world: World
    config: str
    program: str
    product: str
    account: str = "main"

    def start_program(self) -> Process:
        local = json.loads((self.world.directory / self.config).read_text())["local"]
        return self.world.start(self.program, "-m", f"tests.process.programs.{self.program}", local, str(SESSION))

    def ledger(self) -> list[Execution]:
        return msgspec.convert(
            self.world.admin(f"ledger?product={self.product}&account={self.account}"), list[Execution]
        )

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = Desk(self.world).ask("status", f"-c={self.config}")["status"]
        return found


@pytest.fixture(scope="module")
def markets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Market]]:
    with World.running(tmp_path_factory.mktemp("chaos"), sim_options=("--seed=4", "--chaos=lossy")) as world:
        told = world.admin("chaos")
        assert (told["profile"], told["seed"], told["on"]) == ("lossy", 4, True)
        gateways = []
        for command, config in (("usdt", "usdt.json"), ("spot", "spot.json"), ("spot", "margin.json")):
            path = world.directory / config
            port = free_port() if command == "spot" else world.port
            wanted = {"recv_window_ms": _SHORT_MS, "local": f"ws://localhost:{port}"}
            path.write_text(json.dumps(json.loads(path.read_text()) | wanted))
            gateways.append(world.start(command, "-m", "tradingsys", command, f"-c={config}", "-l=info"))
        for gateway in gateways:
            world.wait_until_ready(gateway)
        yield {
            "futures": Market(world, "usdt.json", "churn", "futures"),
            "spot": Market(world, "spot.json", "spot_churn", "spot"),
            "margin": Market(world, "margin.json", "spot_churn", "spot", "main/margin"),
        }


def fates(profile: str, seed: int, orders: int) -> Counter[str]:
    """What so many orders must have met, whatever the machine did meanwhile."""
    dice = Dice(seed)
    drawn = (pick(PROFILES[profile].orders, dice.throw("place")) for _ in range(orders))
    return Counter(str(fault) for fault in drawn if fault is not None)


# The seeds soon have all that is wanted, and not what takes ten seconds to be proven not to have happened.
@pytest.mark.parametrize(
    ("product", "profile", "seed", "happens", "wanted"),
    [
        ("futures", "lossy", 1, None, {Fault.EVENT_LOST, Fault.EVENT_TWICE, Fault.EVENT_SWAPPED, Fault.EVENT_LATE}),
        ("futures", "slow", 891, None, {Fault.ANSWER_LATE, Fault.ANSWER_MISSING, Fault.ANSWER_TIMEOUT}),
        ("futures", "flaky", 1503, None, {Fault.ANSWER_UNKNOWN, Fault.ANSWER_DROPPED, Fault.UNAVAILABLE}),
        ("futures", "partial", 1, None, {Fault.FILL_SPLIT}),
        ("futures", "storm", 6081, "stream_end", {Fault.ANSWER_UNKNOWN, Fault.FILL_SPLIT, Fault.STREAM_END}),
        ("spot", "stale", 103, "restart", {Fault.ANSWER_UNKNOWN, Fault.ANSWER_TIMEOUT, Fault.RESTART}),
        ("margin", "storm", 6081, "stream_end", {Fault.ANSWER_UNKNOWN, Fault.FILL_SPLIT, Fault.STREAM_END}),
    ],
)
def test_the_books_are_right_when_it_is_over(
    markets: dict[str, Market], product: str, profile: str, seed: int, happens: str | None, wanted: set[Fault]
) -> None:
    market = markets[product]
    world = market.world
    world.admin("chaos", {"profile": profile, "seed": seed, "now": happens})
    before = len(market.ledger())
    churn = market.start_program()
    eventually("all that can go wrong", lambda: wanted <= world.admin("chaos")["counts"].keys())
    eventually("some trades", lambda: len(market.ledger()) > before + 2)
    told = world.admin("chaos", {"on": False})
    asked = {fault: count for fault, count in told["counts"].items() if fault in PROFILES[profile].orders}
    assert asked == fates(profile, seed, told["events"]["place"])
    met = len(market.ledger())
    eventually("trades after all that", lambda: len(market.ledger()) > met + 2)
    assert churn.stop() == 0
    assert "Traceback" not in churn.err
    eventually("nothing to be in doubt", lambda: market.status()["in_doubt"] == 0)
    if product == "futures":
        reckoning = world.assert_records_agree(SESSION)
        assert [line.net_booked for line in reckoning.lines if line.session == EXTERNAL] == [0]
        assert world.books(SESSION).open_orders == {SESSION: 0, EXTERNAL: 0}
    else:
        assert_coins_agree(market)


def assert_coins_agree(market: Market) -> None:
    """Executions one by one, what is held of every asset, and nothing left open or over."""
    path = market.world.directory / json.loads((market.world.directory / market.config).read_text())["db"]
    with contextlib.suppress(AssertionError):
        eventually("the records to agree", lambda: booked(path) == executed(market))
    assert booked(path) == executed(market)
    status = market.status()
    assert (status["differences"], status["open_orders"], status["halts"]) == ({}, 0, [])


def booked(path: Path) -> Counter[tuple[str, Decimal]]:
    """The book's executions, whoever's: how often which quantity on which side."""
    with read.reading(path) as conn:
        rows = [row for session in (SESSION, EXTERNAL) for row in read.fills(conn, session, limit=1_000_000)]
    return Counter((row.fill.side.value, row.fill.last_qty) for row in rows)


def executed(market: Market) -> Counter[tuple[str, Decimal]]:
    """The same by the exchange's ledger."""
    return Counter((execution.side.value, execution.qty) for execution in market.ledger())


def test_the_simulator_says_what_went_wrong(markets: dict[str, Market]) -> None:
    world = markets["futures"].world
    world.admin("chaos", {"profile": "clock", "seed": 5, "now": Fault.CLOCK_STEP})
    eventually("a step", lambda: world.admin("chaos")["counts"])
    sim = world._processes[0]
    assert sim.stop() == 0
    assert sim.err.startswith("tradingsys: chaos clock, seed 5: ")
    assert sim.err.endswith(" clock_step\n")
