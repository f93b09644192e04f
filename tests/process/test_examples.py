"""Every example runs against the simulator, all at once, each in its own session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.process.world import PATIENCE_S, ROOT, World, eventually

EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py") if "__main__" in path.read_text("utf-8"))
SECONDS = 5


@pytest.mark.parametrize("names", [EXAMPLES], ids=",".join)
def test_examples_run_and_end_in_order(names: list[str], tmp_path: Path) -> None:
    assert names
    with World.running(tmp_path) as world:
        world.wait_until_ready(world.start_gateway())
        address = f"--addr=ws://localhost:{world.port}"
        running = {
            name: world.start(name, str(ROOT / "examples" / f"{name}.py"), address, f"--seconds={SECONDS}")
            for name in names
        }
        eventually("an order of an example", world.orders)
        for name, process in running.items():
            assert process.popen.wait(PATIENCE_S) == 0, (name, process.err)
            assert "Traceback" not in process.err, (name, process.err)
            assert "ERROR" not in process.err, (name, process.err)
            assert process.out or process.err, f"{name} shows nothing"
        world.assert_records_agree(*range(16))
