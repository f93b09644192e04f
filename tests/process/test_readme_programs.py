"""Programs that people copy from a page run as they stand, against a gateway at the address they name."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.ports import gateway_port
from tests.process.world import ROOT, Process, World, eventually
from tests.shared_data import SHARED, requires_shared
from tradingsys.core.ids import decode_client_order_id

ORIGINAL = SHARED / "seeds" / "tradingsys-readme.md"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with gateway_port() as port, World.running(tmp_path, port) as running:
        running.wait_until_ready(running.start_gateway())
        yield running


def programs(page: Path) -> list[str]:
    """The whole programs of a page; snippets are left out."""
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [block for block in blocks if "__main__" in block]


def run(world: World, name: str, program: str) -> Process:
    (world.directory / f"{name}.py").write_text(program)
    return world.start(name, f"{name}.py")


def orders_of(world: World, session: int) -> list[dict[str, Any]]:
    keys = ((decode_client_order_id(row["client_order_id"]), row) for row in world.orders())
    return [row for key, row in keys if key is not None and key.session == session]


def assert_ends_in_order(program: Process) -> None:
    assert program.is_running, program.err
    assert program.stop(signal.SIGINT) == 0
    assert "Traceback" not in program.err


@requires_shared
def test_the_originals_programs_run_as_they_stand(world: World) -> None:
    printing, trading = programs(ORIGINAL)
    first = run(world, "printing", printing)
    eventually("depth to be printed", lambda: first.out.count("Depth(") >= 5)
    assert_ends_in_order(first)
    assert not world.orders()
    second = run(world, "trading", trading)
    order = eventually("its one order to end", lambda: [o for o in orders_of(world, 1) if o["status"] != "NEW"])[0]
    assert (order["side"], order["qty"], order["type"]) == ("BUY", "10", "LIMIT")
    assert order["status"] in ("CANCELED", "FILLED", "PARTIALLY_FILLED")
    assert_ends_in_order(second)
    assert len(orders_of(world, 1)) == 1
    world.assert_records_agree(1)


def test_the_readmes_own_program_trades(world: World) -> None:
    (program,) = programs(ROOT / "README.md")
    running = run(world, "first", program)
    eventually("it to buy", lambda: "position now 20.0" in running.out)
    eventually("it to sell", lambda: "position now 0.0" in running.out.partition("position now 20.0")[2])
    assert_ends_in_order(running)
    assert {row["side"] for row in orders_of(world, 1)} == {"BUY", "SELL"}
    world.assert_records_agree(1)
