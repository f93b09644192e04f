"""The demonstration, as a newcomer runs it: from a checkout, and from a wheel in an empty directory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.process.world import ROOT, eventually

PATIENCE_S = 180


def assert_proves_its_point(report: Any) -> None:
    assert report["agrees"]
    assert report["fills"] > 0
    assert {line["session"] for line in report["lines"]} >= {1, 2, 3, -1}
    assert all(line["difference"] == "0" for line in report["lines"])
    assert set(report["account_differences"].values()) == {"0"}
    assert [line["net_booked"] for line in report["lines"] if line["session"] == -1] == ["0"]


def children_of(pid: int) -> list[str]:
    listed = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True, check=False)
    return listed.stdout.split()


def test_a_wheel_in_an_empty_environment_runs_the_demonstration(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("tradingsys-*.whl")
    environment, empty = tmp_path / "environment", tmp_path / "empty"
    # The environment needs no pip of its own: making one takes longer than all the rest.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-compile", str(wheel)], check=True)
    empty.mkdir()
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    with subprocess.Popen(
        [str(environment / "bin" / "tradingsys"), "demo", "--seconds", "15", "--json"],
        cwd=empty,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        try:
            out, err = demo.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            demo.send_signal(signal.SIGINT)  # it ends its processes too, which would go on for ever
            raise
    assert demo.returncode == 0, err
    assert_proves_its_point(json.loads(out))
    assert not list(empty.iterdir())


def test_interrupting_the_demonstration_ends_all_of_it(tmp_path: Path) -> None:
    environ = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "tradingsys", "demo", "--seconds", "60"]
    shown = tmp_path / "shown"
    with shown.open("wb") as out:
        demo = subprocess.Popen(command, env=environ, stdout=out, stderr=subprocess.STDOUT)
    try:
        eventually("the strategies to trade", lambda: "\ntrading\n" in shown.read_text())
        children = children_of(demo.pid)
        assert len(children) == 5
        demo.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert demo.wait(PATIENCE_S) == 130
        assert time.monotonic() - began < 10
    finally:
        demo.kill()
        demo.wait()
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert [path.name for path in tmp_path.iterdir()] == ["shown"]
