"""What grows is seen, and what only goes up and down is not."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import msgspec
import pytest

from tests.chaos.gauge import Gauge
from tests.chaos.samples import slope, take

_AT_S = [10.0 * number for number in range(180)]


@pytest.mark.parametrize("per_hour", [0.0, 5.0])
def test_growth_is_found_beneath_noise(per_hour: float) -> None:
    random = Random(1)
    found = slope(_AT_S, [100 + per_hour * at_s / 3_600 + random.gauss(0, 0.3) for at_s in _AT_S])
    assert abs(found.per_hour - per_hour) < found.off < 1


def test_a_few_minutes_prove_nothing() -> None:
    assert slope([0.0, 10.0, 70.0], [1.0, 1.0, 1.0]).off == float("inf")


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
def test_a_process_is_seen_from_outside(tmp_path: Path) -> None:
    gauge, book = Gauge(1, 2, 3, 4, 5.0, 6.0), tmp_path / "pos.db"
    (tmp_path / "gauge").write_bytes(msgspec.json.encode(gauge))
    for suffix in ("", ".journal", ".journal.1"):
        Path(f"{book}{suffix}").write_bytes(bytes(1 << 20))
    sample = take(os.getpid(), 1.0, book, tmp_path / "gauge", 7)
    assert sample.rss >= sample.own > 5 and sample.descriptors > 2 and sample.threads >= 1
    assert (sample.gauge, sample.wal, sample.journal, sample.book, sample.executions) == (gauge, 0, 2, 1, 7)
