"""The gateway as a program: what it says, in its log too, when it cannot run."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradingsys.core.errors import ConfigError
from tradingsys.gateway.main import run

CONFIG = {
    "apikey": "an-api-key-of-nobody",
    "secret": "a-secret-of-nobody",
    "local": "ws://localhost:18111",
    "environment": "sim",
    "urls": {"rest": "http://localhost:1", "ws_api": "ws://localhost:1", "streams": "ws://localhost:1"},
}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "usdt.json"
    path.write_text(json.dumps(CONFIG))
    levels = {name: logging.getLogger(name).level for name in ("tradingsys", "pyalgo")}
    yield path
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_a_log_that_cannot_be_written_is_told_before_anything_starts(config: Path, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file")
    with pytest.raises(ConfigError, match="log: cannot be written"):
        run(config, "info")
    assert not (tmp_path / "pos.db").exists()


def test_why_it_stopped_is_in_the_log(config: Path, tmp_path: Path) -> None:
    (tmp_path / "pos.db").write_text("no database")
    assert run(config, "info") == 2
    (log,) = (tmp_path / "log").iterdir()
    assert "no SQLite database" in log.read_text()


def test_without_a_log_the_command_line_says_it(config: Path, tmp_path: Path) -> None:
    (tmp_path / "pos.db").write_text("no database")
    with pytest.raises(ConfigError, match="no SQLite database"):
        run(config, "off")
