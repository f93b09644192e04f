"""The gateway as a program: what it says, in its log too, when it cannot run."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.store.books import Machine
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


@pytest.mark.parametrize(
    ("command", "changes", "name", "title"),
    [
        ("usdt", {}, "usdt", "sim: Binance USDⓈ-M futures"),
        ("spot", {}, "spot", "sim: Binance spot"),
        ("spot", {"margin": True}, "margin", "sim: Binance cross margin"),
    ],
)
def test_log_and_first_line_say_what_is_traded(
    config: Path, tmp_path: Path, command: str, changes: dict[str, object], name: str, title: str
) -> None:
    config.write_text(json.dumps(CONFIG | changes))
    (tmp_path / "pos.db").write_text("no database")
    assert run(config, "info", command=command) == 2
    (log,) = (tmp_path / "log").iterdir()
    assert log.name.startswith(f"{name}_") and f"{title}, account of API key …body" in log.read_text()


def test_the_key_that_every_simulator_knows_is_no_secret(config: Path, tmp_path: Path) -> None:
    config.write_text(json.dumps(CONFIG | {"apikey": "sim", "secret": "sim"}))
    (tmp_path / "pos.db").write_text("no database")
    assert run(config, "info") == 2
    (log,) = (tmp_path / "log").iterdir()
    assert "sim: Binance USDⓈ-M futures, account of API key …sim" in log.read_text()


def test_the_book_of_another_product_is_refused(config: Path, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.ready(1, account="binance-usdm-sim")
    machine.kill()
    assert run(config, "info", command="spot") == 2
    (log,) = (tmp_path / "log").iterdir()
    told = log.read_text()
    assert "holds the book of account 'binance-usdm-sim', not of 'binance-spot-sim'" in told and "db" in told


def test_margin_is_not_for_futures(config: Path, tmp_path: Path) -> None:
    config.write_text(json.dumps(CONFIG | {"margin": True}))
    with pytest.raises(ConfigError, match="futures have no margin account"):
        run(config, "info")
    assert not (tmp_path / "log").exists()


def test_without_a_log_the_command_line_says_it(config: Path, tmp_path: Path) -> None:
    (tmp_path / "pos.db").write_text("no database")
    with pytest.raises(ConfigError, match="no SQLite database"):
        run(config, "off")
