"""Starting a gateway with what cannot be used: cause, fix and exit code, never a traceback."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.box import Box, running_box
from tests.unit.cli.keys import write_key
from tests.unit.store.books import Machine
from tradingsys.cli.app import USAGE, execute
from tradingsys.store.lock import Lock

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    levels = {name: logging.getLogger(name).level for name in ("tradingsys", "pyalgo")}
    yield tmp_path
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box() as running:
        yield running


def refused(path: Path, capsys: Captured) -> str:
    """What is told on standard error, log included."""
    assert execute(["usdt", f"-c={path}", "-l=error"]) == USAGE
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err and captured.out == ""
    return captured.err


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"apikye": "k"}, "apikye: unknown key (did you mean apikey?)"),
        ({"urls": {"rset": "http://localhost:1"}}, "urls: rset: unknown key (did you mean rest?)"),
        ({"environment": "prod"}, "one of live, testnet, demo, sim"),
        ({"apikey": ""}, "apikey: is empty"),
        ({"pem": "private_key.pem"}, "exactly one of them is needed"),
        ({"secret": None, "pem": "none.pem"}, "pem: no such file: none.pem"),
        ({"local": "localhost:8111"}, "write it like ws://localhost:8111"),
        ({"local": "ws://0.0.0.0:8111"}, "can be reached from other machines"),
        ({"db": "nowhere/pos.db"}, "db: there is no directory nowhere"),
        ({"recv_window_ms": 0}, "must be 1 to 60000"),
        ({"symbols": "btcusdt"}, "symbols"),
        ({"durability": "maybe"}, "one of write, fsync"),
    ],
)
def test_a_configuration_that_cannot_be_used(
    box: Box, folder: Path, capsys: Captured, changes: dict[str, Any], told: str
) -> None:
    assert told in refused(box.config(folder, **changes), capsys)


@pytest.mark.parametrize("content", ["", "{", "[]", '"text"', "\x00\x01"])
def test_a_file_that_is_no_configuration(folder: Path, capsys: Captured, content: str) -> None:
    (folder / "usdt.json").write_text(content)
    assert "usdt.json: is no" in refused(folder / "usdt.json", capsys)


def test_a_configuration_that_is_not_there(folder: Path, capsys: Captured) -> None:
    assert "none.json: cannot be read: No such file or directory" in refused(folder / "none.json", capsys)
    assert "cannot be read: Is a directory" in refused(folder, capsys)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("ec", "cannot sign here (use Ed25519 or RSA)"),
        ("encrypted", "openssl pkey -in FILE -out NEWFILE"),
        ("public", "the private one is needed here"),
        ("empty", "expected an unencrypted PKCS#8 PEM"),
        ("garbage", "expected an unencrypted PKCS#8 PEM"),
    ],
)
def test_a_key_file_that_is_none(box: Box, folder: Path, capsys: Captured, kind: str, told: str) -> None:
    key = write_key(folder / "key.pem", kind)
    err = refused(box.config(folder, secret=None, pem="key.pem"), capsys)
    assert told in err and "pem" in err
    content = key.read_text("utf-8", "ignore").splitlines()
    assert not any(line in err for line in content[1:-1])  # no part of a key is ever shown


def _garbage(db: Path) -> None:
    db.write_bytes(b"no database" * 1000)


def _other(db: Path) -> None:
    machine = Machine(db.parent)
    machine.open(account="binance-usdm-live")
    machine.kill()


def _folder(db: Path) -> None:
    db.mkdir()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_garbage, "is no SQLite database"),
        (_other, "give every account a file of its own"),
        (_folder, "is no file"),
    ],
)
def test_a_book_that_cannot_be_used(
    box: Box, folder: Path, capsys: Captured, spoil: Callable[[Path], None], told: str
) -> None:
    spoil(folder / "pos.db")
    assert told in refused(box.config(folder), capsys)


def test_two_gateways_on_one_book(box: Box, folder: Path, capsys: Captured) -> None:
    lock = Lock(folder / "pos.db")
    try:
        err = refused(box.config(folder), capsys)
    finally:
        lock.release()
    assert "in use by another gateway" in err and "local" in err and "db" in err


def test_two_gateways_on_one_port(box: Box, folder: Path, capsys: Captured) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        err = refused(box.config(folder, local=f"ws://localhost:{port}"), capsys)
    assert f"ws://localhost:{port} cannot be opened" in err and "its own local and db" in err


def test_what_was_refused_leaves_no_half_of_a_configuration(folder: Path, capsys: Captured) -> None:
    (folder / "usdt.json").write_text(json.dumps({"apikey": "k"}))
    refused(folder / "usdt.json", capsys)
    assert [path.name for path in folder.iterdir()] == ["usdt.json"]
