"""Every example runs against the simulator and a gateway, as a process of its own."""

from __future__ import annotations

import ast
import json
import re
import signal
from collections.abc import Iterator

import pytest

from tests.process.ports import gateway_port
from tests.process.world import PATIENCE_S, ROOT, Process, World, eventually
from tradingsys.core.ids import EXTERNAL

FOLDER = ROOT / "examples"
ORIGINALS = ("demo", "kline", "pair", "safe_demo")
"""Written from the descriptions of the original's examples, with nothing but its API."""
SPOT = ("basis", "margin_short", "oco")
"""Those that need a spot or a margin gateway."""
OURS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in (*ORIGINALS, *SPOT, "arguments"))
MAX_LINES = 60
SIGNS = {
    "bracket": "now holding",
    "follow": "still bidding for",
    "kline_factor": "closed bars so far",
    "print_depth": "Depth(",
    "quote_and_kill": ", now holding",
}
"""What each shows once it does what it is for."""
NORMAL = re.compile(r"\((-5022|-2021|-2011|-5027)\)|would immediately match and take\b.*\(-2010\)")
"""The market moves while a request is on its way: what was to rest would take, what was to change has gone."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Each program has sessions of its own in it."""
    with gateway_port() as port, World.running(tmp_path_factory.mktemp("examples"), port) as running:
        running.wait_until_ready(running.start_gateway())
        yield running


def assert_nothing_went_wrong(name: str, process: Process) -> None:
    assert "Traceback" not in process.err, (name, process.err)
    wrong = [line for line in process.err.splitlines() if " ERROR " in line and not NORMAL.search(line)]
    assert not wrong, (name, wrong)
    assert process.out or process.err, f"{name} shows nothing"


def test_ours_run_and_end_in_order(world: World) -> None:
    assert set(SIGNS) == set(OURS)
    address = f"--addr=ws://localhost:{world.port}"
    running = {name: world.start(name, str(FOLDER / f"{name}.py"), address) for name in OURS}
    for name, process in running.items():
        eventually(f"{name} to do what it is for", lambda p=process, n=name: SIGNS[n] in p.out + p.err)  # type: ignore[misc]
    eventually("a bracket around a position", lambda: len(world.admin("algos")) > 0)
    for name, process in running.items():
        assert process.stop(signal.SIGINT) == 0, (name, process.err)
        assert_nothing_went_wrong(name, process)
    reckoning = world.assert_records_agree(*range(16))
    assert all(line.net_booked == 0 for line in reckoning.lines if line.session == EXTERNAL)


def test_one_may_be_given_an_end_and_another_session(world: World) -> None:
    arguments = [f"--addr=ws://localhost:{world.port}", "--session=1234", "--seconds=0.5"]
    process = world.start("short", str(FOLDER / "print_depth.py"), *arguments)
    assert process.popen.wait(PATIENCE_S) == 0, process.err
    assert_nothing_went_wrong("print_depth", process)
    assert "session 1234 (print_depth) logged in" in process.err


def test_the_notebook_executes_in_a_real_kernel(world: World) -> None:
    notebook = world.start("notebook", "-m", "tests.process.programs.run_notebook", str(FOLDER / "first_steps.ipynb"))
    assert notebook.popen.wait(PATIENCE_S * 2) == 0, notebook.err
    shown = ["".join(outputs) for outputs in notebook.json_lines()]
    assert "WARN" not in "".join(shown), shown
    assert "notebook is ready: True" in shown[0]
    assert shown[1].count(" @ ") == 10
    assert "books\n" in shown[2] and "▁" in shown[2]
    assert "dogeusdt BUY 50.0 at market MARKET GTC: FILLED, filled 50.0" in shown[3]
    assert "Position(symbol='dogeusdt', net=50.0, entry_price=0." in shown[3]
    assert "holding 0.0 made " in shown[4] and "USDT" in shown[4]
    assert shown[5] == ""
    world.assert_records_agree(*range(16))


@pytest.mark.parametrize("name", [*ORIGINALS, *OURS, *SPOT])
def test_an_example_is_short_and_begins_with_what_it_does(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text("utf-8")
    assert len(text.splitlines()) < MAX_LINES
    assert ast.get_docstring(ast.parse(text))


def test_the_notebook_is_kept_without_output() -> None:
    notebook = json.loads((FOLDER / "first_steps.ipynb").read_text("utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)


def test_an_interrupt_ends_a_cell_that_runs_and_the_next_cell_goes_on(world: World) -> None:
    kernel = world.start_program("interrupted_kernel")
    assert kernel.popen.wait(PATIENCE_S * 2) == 0, kernel.err
    before, running, after = kernel.json_lines()
    assert before == []
    # A kernel may tell a line in pieces.
    said, lines = "".join(running), "".join(after).splitlines()
    assert said.startswith("running") and said.endswith(("KeyboardInterrupt", "came back\n"))
    assert [line for line in lines if line and "running" not in line] == ["FILLED True 20.0"]
    world.assert_records_agree(*range(16))


def test_the_originals_four_run_as_they_stand_until_interrupted(world: World) -> None:
    """The last, for the exchange's clock jumps."""
    running = {name: world.start(name, str(FOLDER / f"{name}.py")) for name in ORIGINALS}
    # On a busy machine the market may reach the order before the next change of the book does.
    eventually("demo's order to end", lambda: re.search("CANCELED|FILLED", running["demo"].err))
    for name, sign in (("pair", "btcusdt - ethusdt: "), ("safe_demo", " ticks wide"), ("kline", "Depth(")):
        eventually(f"{name} to print", lambda name=name, sign=sign: sign in running[name].out)  # type: ignore[misc]
    bars = running.pop("kline")
    for name, process in running.items():
        assert process.stop(signal.SIGINT) == 0, (name, process.err)
        assert_nothing_went_wrong(name, process)
    world.admin("advance", {"seconds": 60})
    eventually(
        "a closed bar of both symbols", lambda: all(f"{s}@kline:1m o " in bars.out for s in ("btcusdt", "dogeusdt"))
    )
    assert bars.stop(signal.SIGINT) == 0, bars.err
    assert_nothing_went_wrong("kline", bars)
    assert "unfinished" not in bars.out
    world.assert_records_agree(*range(16))
