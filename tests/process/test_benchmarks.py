"""The benchmark measures both chains and prints them side by side."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from tests.process.world import ROOT


def test_a_short_run_prints_both_chains_and_their_ratio() -> None:
    command = [sys.executable, "-m", "benchmarks", "--rounds=1", "--ticks=40", "--warm-up=10"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "30 ticks" in ran.stdout
    rows = re.findall(r"(p50|p99)\W+(\d+)\W+(\d+)\W+(\d+\.\d+)", ran.stdout)
    assert [row[0] for row in rows] == ["p50", "p99"] * 2
    assert all(abs(int(gateway) / int(bare) - float(ratio)) < 0.1 for _, bare, gateway, ratio in rows)


def test_a_short_stretch_beside_a_bad_neighbour_is_measured() -> None:
    command = [sys.executable, "-m", "benchmarks.neighbours", "--rounds=1", "--ticks=10", "--only=garbles", "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    rows = json.loads(ran.stdout)
    assert [row["measure"] for row in rows] == ["tick → strategy", "order → answer"]
    assert all(row["answers"] == 10 and row["did"] > 0 and row["ratio"] > 0 for row in rows)
