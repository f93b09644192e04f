"""Every example runs against the simulator and a gateway, as a process of its own."""

from __future__ import annotations

import ast
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.ports import gateway_port
from tests.process.world import PATIENCE_S, ROOT, Process, World, eventually
from tradingsys.core.ids import EXTERNAL

FOLDER = ROOT / "examples"
ORIGINALS = ("demo", "kline", "pair", "safe_demo")
"""Written from the descriptions of the original's examples, with nothing but its API."""
OURS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in (*ORIGINALS, "arguments"))
SECONDS = 6
MAX_LINES = 60

NOT_THE_ORIGINALS = {"every", "on_fill", "on_position", "position", "amend", "unfilled", "history", "on_error"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.running(tmp_path, gateway_port()) as running:
        running.wait_until_ready(running.start_gateway())
        yield running


def assert_nothing_went_wrong(name: str, process: Process) -> None:
    assert "Traceback" not in process.err, (name, process.err)
    assert "ERROR" not in process.err, (name, process.err)
    assert process.out or process.err, f"{name} shows nothing"


def test_the_originals_four_run_as_they_stand_until_interrupted(world: World) -> None:
    running = {name: world.start(name, str(FOLDER / f"{name}.py")) for name in ORIGINALS}
    eventually("demo's order to be killed", lambda: "CANCELED" in running["demo"].err)
    for name, sign in (("pair", "btcusdt - ethusdt: "), ("safe_demo", " ticks wide"), ("kline", "Depth(")):
        eventually(f"{name} to print", lambda name=name, sign=sign: sign in running[name].out)  # type: ignore[misc]
    for name, process in running.items():
        assert process.stop(signal.SIGINT) == 0, (name, process.err)
        assert_nothing_went_wrong(name, process)
    world.assert_records_agree(*range(16))


def test_ours_run_and_end_in_order(world: World) -> None:
    address = f"--addr=ws://localhost:{world.port}"
    running = {name: world.start(name, str(FOLDER / f"{name}.py"), address, f"--seconds={SECONDS}") for name in OURS}
    eventually("orders of the examples", lambda: len(world.orders()) >= 3)
    for name, process in running.items():
        assert process.popen.wait(PATIENCE_S) == 0, (name, process.err)
        assert_nothing_went_wrong(name, process)
    assert "still bidding for" in running["follow"].out
    assert "now holding" in running["bracket"].err
    reckoning = world.assert_records_agree(*range(16))
    assert all(line.net_booked == 0 for line in reckoning.lines if line.session == EXTERNAL)


def test_the_notebook_executes_in_a_real_kernel(world: World) -> None:
    notebook = world.start("notebook", "-m", "tests.process.programs.run_notebook", str(FOLDER / "first_steps.ipynb"))
    assert notebook.popen.wait(PATIENCE_S * 2) == 0, notebook.err
    shown = ["".join(outputs) for outputs in notebook.json_lines()]
    assert "notebook is ready: True" in shown[0]
    assert shown[1].count(" @ ") == 10
    assert "books\n" in shown[2] and "▁" in shown[2]
    assert "dogeusdt BUY 50.0 at market MARKET GTC: FILLED, filled 50.0" in shown[3]
    assert "Position(symbol='dogeusdt', net=50.0, entry_price=0." in shown[3]
    assert "holding 0.0 made " in shown[4] and "USDT" in shown[4]
    assert shown[5] == ""
    world.assert_records_agree(10)


@pytest.mark.parametrize("name", [*ORIGINALS, *OURS])
def test_an_example_is_short_and_begins_with_what_it_does(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text("utf-8")
    assert len(text.splitlines()) < MAX_LINES
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("name", ORIGINALS)
def test_the_originals_four_use_nothing_that_it_did_not_have(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))
    imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert imported == ["pyalgo"]
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & NOT_THE_ORIGINALS


def test_the_notebook_is_kept_without_output() -> None:
    notebook = json.loads((FOLDER / "first_steps.ipynb").read_text("utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
