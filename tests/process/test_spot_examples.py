"""Every example on spot, against the simulator and its gateways, as processes of their own."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from pyalgo import Rest
from tests.process.desk import Desk
from tests.process.ports import gateway_port
from tests.process.test_examples import FOLDER, NORMAL, ORIGINALS, OURS, SIGNS
from tests.process.test_readme_programs import ORIGINAL, programs
from tests.process.world import PATIENCE_S, Process, World, eventually, free_port
from tests.shared_data import requires_shared

EXECUTIONS = 200
BUY_BNB = """
from pyalgo import *

eng = Engine()
session = eng.make_session("{addr}", 20, "bnb", trading=True)
sub = session.subscribe("bnbusdt", "bbo")
sub.add_order(0, 0, Side.BUY, OrderType.MARKET, quote_quantity=200)
sub.on_fill = lambda order, fill: eng.stop()
eng.run()
"""
GATEWAYS = {"usdt": "usdt", "spot": "spot", "margin": "spot"}
"""Which command runs which configuration."""


class Markets:
    """Gateways of a simulator, each with its own port and book."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ports: dict[str, int] = {}

    def start(self, name: str, port: int | None = None) -> str:
        """The gateway of ``usdt.json``, ``spot.json`` or ``margin.json``, ready; returns its address."""
        if name in self._ports:
            return f"ws://localhost:{self._ports[name]}"
        path = self.world.directory / f"{name}.json"
        port = self._ports[name] = port or free_port()
        local = {"local": f"ws://localhost:{port}", "db": f"{name}.db"}
        path.write_text(json.dumps(json.loads(path.read_text()) | local))
        gateway = self.world.start(name, "-m", "tradingsys", GATEWAYS[name], f"-c={name}.json", "-l=info")
        self.world.wait_until_ready(gateway)
        return f"ws://localhost:{port}"

    def run(self, name: str, *arguments: str) -> Process:
        """An example."""
        return self.world.start(name, str(FOLDER / f"{name}.py"), *arguments)

    def copy(self, name: str, program: str) -> Process:
        """A program from a page."""
        (self.world.directory / f"{name}.py").write_text(program)
        return self.world.start(name, f"{name}.py")

    def ask(self, name: str, *question: str) -> Any:
        """What a command prints about a gateway."""
        return Desk(self.world).ask(*question, f"-c={name}.json")

    def orders(self, name: str) -> list[dict[str, Any]]:
        """All orders of a gateway's sessions."""
        return [row["order"] for row in self.ask(name, "orders", "--all")["orders"]]

    def rest(self, name: str) -> Rest:
        """The exchange itself, with the gateway's key."""
        config = json.loads((self.world.directory / f"{name}.json").read_text())
        return Rest(config["urls"]["rest"], config["apikey"], str(self.world.directory / config["pem"]))

    def assert_books_agree(self) -> None:
        """Nothing is missing between any book and its account."""
        for name in self._ports:
            eventually(f"the books of {name} to agree", partial(self._agree, name))

    def _agree(self, name: str) -> bool:
        return not self.ask(name, "status")["status"]["differences"]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Markets]:
    """With a spot gateway at the port that the original's programs name."""
    with gateway_port() as port, World.running(tmp_path_factory.mktemp("originals")) as world:
        markets = Markets(world)
        markets.start("spot", port)
        yield markets


@pytest.fixture(scope="module")
def markets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Markets]:
    with World.running(tmp_path_factory.mktemp("markets")) as world:
        yield Markets(world)


def assert_ends_in_order(name: str, process: Process) -> None:
    assert process.is_running, (name, process.err)
    assert process.stop(signal.SIGINT) == 0, (name, process.err)
    assert_nothing_went_wrong(name, process)


def assert_nothing_went_wrong(name: str, process: Process) -> None:
    assert "Traceback" not in process.err, (name, process.err)
    wrong = [line for line in process.err.splitlines() if " ERROR " in line and not NORMAL.search(line)]
    assert not wrong, (name, wrong)


@requires_shared
def test_the_originals_programs_run_on_spot_as_they_stand(originals: Markets) -> None:
    first, second = programs(ORIGINAL)
    printing = originals.copy("printing", first)
    eventually("depth to be printed", lambda: printing.out.count("Depth(") >= 5)
    assert_ends_in_order("printing", printing)
    trading = originals.copy("trading", second)
    (order,) = eventually("its one order to end", lambda: [o for o in originals.orders("spot") if o["status"] != "NEW"])
    assert (order["side"], order["quantity"], order["order_type"]) == ("BUY", "10", "LIMIT")
    assert_ends_in_order("trading", trading)
    originals.assert_books_agree()


def test_the_originals_four_run_on_spot_as_they_stand(originals: Markets) -> None:
    running = {name: originals.run(name) for name in ORIGINALS}
    eventually("demo's order to be killed", lambda: "CANCELED" in running["demo"].err)
    for name, sign in (("pair", "btcusdt - ethusdt: "), ("safe_demo", " ticks wide"), ("kline", "Depth(")):
        eventually(f"{name} to print", lambda name=name, sign=sign: sign in running[name].out)  # type: ignore[misc]
    for name, process in running.items():
        assert_ends_in_order(name, process)
    originals.assert_books_agree()


def test_ours_run_on_spot_and_end_in_order(markets: Markets) -> None:
    address = f"--addr={markets.start('spot')}"
    # The box has other coins on spot than among its contracts.
    elsewhere = {"bracket": ["--symbol=dogeusdt"]}
    running = {name: markets.run(name, address, *elsewhere.get(name, [])) for name in OURS}
    for name, process in running.items():
        eventually(f"{name} to do what it is for", lambda p=process, n=name: SIGNS[n] in p.out + p.err)  # type: ignore[misc]
    for name, process in running.items():
        assert_ends_in_order(name, process)
    markets.assert_books_agree()


def test_a_list_guards_what_was_bought(markets: Markets) -> None:
    process = markets.run("oco", f"--addr={markets.start('spot')}")
    eventually(
        "both guards to stand", lambda: "STOP_LOSS GTC: NEW" in process.err and "LIMIT_MAKER GTC: NEW" in process.err
    )
    assert_ends_in_order("oco", process)
    markets.assert_books_agree()


def test_spot_against_the_perpetual(markets: Markets) -> None:
    """With fees in the coin, in the money and in BNB; to the last digit they are judged in `test_pair_books`."""
    addresses = (f"--addr={markets.start('usdt')}", f"--spot={markets.start('spot')}")
    bnb = markets.copy("bnb", BUY_BNB.format(addr=addresses[1].removeprefix("--spot=")))
    assert bnb.popen.wait(PATIENCE_S) == 0, bnb.err
    process = markets.run("basis", *addresses, "--enter=-10", "--leave=10", "--pause=0.1")
    for bound in (EXECUTIONS // 4, EXECUTIONS // 2):
        eventually(f"{bound} executions", lambda bound=bound: executions(process) >= bound)  # type: ignore[misc]
    assert " DOGE: " in process.err and " USDT: " in process.err and " BNB: " not in process.err
    markets.rest("spot").post("/sapi/v1/bnbBurn", {"spotBNBBurn": "true"}, True)
    for bound in (EXECUTIONS * 3 // 4, EXECUTIONS):
        eventually(f"{bound} executions", lambda bound=bound: executions(process) >= bound)  # type: ignore[misc]
    assert " BNB: " in process.err
    assert_ends_in_order("basis", process)
    markets.assert_books_agree()


def executions(process: Process) -> int:
    """What the basis example tells of."""
    return process.err.count(", fee ")


def test_a_short_with_borrowed_coins(markets: Markets) -> None:
    process = markets.run("margin_short", f"--addr={markets.start('margin')}", "--hold=2")
    assert process.popen.wait(PATIENCE_S) == 0, process.err
    assert_nothing_went_wrong("margin_short", process)
    first, before, short, after = process.out.splitlines()
    assert "DOGE may be borrowed" in first
    assert "holding 0.0" in before and "holding -" in short and "holding -" not in after, process.out
    markets.assert_books_agree()
