from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyalgo import log
from tests.unit.pyalgo.bench import Bench, desk


@pytest.fixture
def bench() -> Bench:
    """Logged in, subscribed to a book, and delivering."""
    return desk(symbol="dogeusdt")


@pytest.fixture
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logs and tokens of one test are its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    yield
    log.close()
