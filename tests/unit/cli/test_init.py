"""init: the file it writes, what it asks, and what it refuses."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import selectors
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tests.unit.cli.keys import write_key
from tradingsys.cli.app import FAILURE, OK, USAGE, execute
from tradingsys.gateway.configuration.config import Environment, load, local_address

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_a_simulators_configuration_needs_no_answer(folder: Path, capsys: Captured) -> None:
    assert execute(["init", "--environment", "sim", "--yes"]) == OK
    path = folder / "usdt.json"
    config = load(path)
    assert config.environment is Environment.SIM and (config.apikey, config.secret) == ("sim", "sim")
    assert config.urls is not None and config.urls.rest == "http://localhost:8100"
    assert local_address(config, path) == ("localhost", 8111)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    err = capsys.readouterr().err
    assert "tradingsys sim" in err and "tradingsys doctor -c usdt.json" in err and "tradingsys usdt -c=usdt.json" in err


@pytest.mark.parametrize(("product", "wrong"), [("usdt", "spot"), ("spot", "usdt"), ("margin", "usdt")])
def test_what_it_writes_no_other_command_runs(folder: Path, capsys: Captured, product: str, wrong: str) -> None:
    key = ("--apikey=k", f"--secret-file={folder / 'secret'}")
    (folder / "secret").write_text("s")
    assert execute(["init", "--product", product, "--environment", "live", "--yes", *key]) == OK
    capsys.readouterr()
    right = "spot" if product == "margin" else product
    assert execute([wrong, f"-c={product}.json"]) == USAGE
    assert f"run it with tradingsys {right} -c={product}.json" in capsys.readouterr().err
    assert not list(folder.glob("*.db"))


def test_every_answer_is_checked_at_once_and_asked_again(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_key(folder / "right.pem", "ed25519")
    write_key(folder / "public.pem", "public")
    answer(
        monkeypatch,
        *(
            "shares",
            "usdt",
            "moon",
            "testnet",
            "nowhere.pem",
            "public.pem",
            "right.pem",
            "",
            "my key",
            "right.pem",
            "the-api-key",
        ),
        *("0", "http", "9111", "b!d", "BTCUSDT, ethusdt btcusdt"),
    )
    assert execute(["init"]) == OK
    assert json.loads((folder / "usdt.json").read_text()) == {
        "apikey": "the-api-key",
        "pem": "right.pem",
        "local": "ws://localhost:9111",
        "product": "usdt",
        "environment": "testnet",
        "symbols": ["btcusdt", "ethusdt"],
    }
    err = capsys.readouterr().err
    for told in (
        "'shares' is none of usdt, spot, margin",
        "'moon' is none of live, testnet, demo, sim",
        "there is no file nowhere.pem",
        "this is the public key",
        "apikey: is empty",
        "has characters that no API key has",
        "that is a private key or its file",
        "'0' is no port between 1 and 65535",
        "'b!d' is no symbol",
    ):
        assert told in err


def test_products_side_by_side_have_ports_and_books_of_their_own(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    for product, *environment in (("usdt", "sim"), ("spot", "sim"), ("margin", "testnet", "sim")):
        answer(monkeypatch, product, *environment, "", "")
        assert execute(["init"]) == OK
        assert (
            f"Then: tradingsys {'usdt' if product == 'usdt' else 'spot'} -c={product}.json" in capsys.readouterr().err
        )
    usdt, spot, margin = (load(folder / f"{name}.json") for name in ("usdt", "spot", "margin"))
    assert len({config.local for config in (usdt, spot, margin)}) == len({usdt.db, spot.db, margin.db}) == 3
    assert (usdt.margin, spot.margin, margin.margin) == (False, False, True)
    assert spot.urls is not None and (spot.urls.ws_api or "").endswith("/ws-api/v3")


def test_answers_that_end_leave_nothing_behind(folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "testnet")
    assert execute(["init"]) == USAGE
    assert "no answer came (answer all questions, or use options and --yes)" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_new_key_is_private_and_its_public_half_is_shown(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "", "live", "given-by-the-exchange", "", "")
    assert execute(["init", "live.json", "--new-key"]) == OK
    pem = folder / "private_key.pem"
    assert stat.S_IMODE(pem.stat().st_mode) == 0o600
    shown: Any = load_pem_public_key(capsys.readouterr().out.encode())
    kept: Any = load_pem_private_key(pem.read_bytes(), None)
    assert shown.public_bytes_raw() == kept.public_key().public_bytes_raw()
    assert load(folder / "live.json").environment is Environment.LIVE
    # A key is never overwritten, whatever is forced.
    before = pem.read_bytes()
    assert execute(["init", "live.json", "--environment=live", "--new-key", "--force", "--yes", "--apikey=k"]) == USAGE
    assert "a key is never overwritten" in capsys.readouterr().err and pem.read_bytes() == before


def test_a_key_made_before_the_exchange_gave_its_name(folder: Path, capsys: Captured) -> None:
    assert execute(["init", "--environment=testnet", "--new-key", "--yes"]) == USAGE
    err = capsys.readouterr().err
    assert "then: tradingsys init usdt.json --pem=private_key.pem --apikey=" in err
    assert not (folder / "usdt.json").exists()
    words = ["init", "usdt.json", "--environment=testnet", "--pem=private_key.pem", "--apikey=abc", "--yes"]
    assert execute(words) == OK
    assert load(folder / "usdt.json").pem == "private_key.pem"


def test_an_existing_file_is_kept_unless_forced(folder: Path, capsys: Captured) -> None:
    (folder / "usdt.json").write_text("mine")
    assert execute(["init", "--environment=sim", "-y"]) == USAGE
    assert "usdt.json: exists (name another file, or replace it with --force)" in capsys.readouterr().err
    assert (folder / "usdt.json").read_text() == "mine"
    assert execute(["init", "--environment=sim", "-y", "--force", "--port=9000", "--symbols=dogeusdt"]) == OK
    config = load(folder / "usdt.json")
    assert config.local.endswith(":9000") and config.symbols == ("dogeusdt",)
    assert [path.name for path in folder.iterdir()] == ["usdt.json"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--environment=prod"], "'prod' is none of live"),
        (["--environment=live"], "private_key.pem: pem: cannot be read"),
        (["--environment=live", "--pem=ec.pem", "--apikey=k"], "cannot sign here"),
        (["--environment=live", "--pem=empty.pem", "--apikey=k"], "no private key that can be read"),
        (["--environment=live", "--pem=encrypted.pem", "--apikey=k"], "openssl pkey"),
        (["--environment=live", "--pem=right.pem"], "API key: missing (give it as an option"),
        (["--environment=live", "--secret-file=none", "--apikey=k"], "none: --secret-file: cannot be read"),
        (["--environment=live", "--secret-file=empty.pem", "--apikey=k"], "is empty"),
        (["--environment=live", "--secret-file=right.pem", "--pem=right.pem"], "give one of them"),
        (["--environment=sim", "--port=70000"], "'70000' is no port"),
        (["--environment=sim", "--port=abc"], "--port"),
        (["--environment=sim", "--symbols=b!"], "'b!' is no symbol"),
        (["--environment=sim", "--db=nowhere/pos.db"], "there is no directory nowhere"),
        (["nowhere/usdt.json", "--environment=sim"], "there is no directory"),
    ],
)
def test_options_that_cannot_be_used(folder: Path, capsys: Captured, words: list[str], told: str) -> None:
    for kind in ("ec", "empty", "encrypted"):
        write_key(folder / f"{kind}.pem", kind)
    write_key(folder / "right.pem", "ed25519")
    assert execute(["init", *words, "--yes"]) == USAGE
    captured = capsys.readouterr()
    assert told in captured.err and captured.out == ""
    assert not list(folder.glob("**/*.json*"))


def test_a_secret_comes_from_a_file(folder: Path) -> None:
    (folder / "secret").write_text("s3cret\n")
    assert execute(["init", "--environment=testnet", "--secret-file=secret", "--apikey=k", "-y"]) == OK
    assert load(folder / "usdt.json").secret == "s3cret"


def test_a_folder_that_cannot_be_written_is_no_traceback(folder: Path, capsys: Captured) -> None:
    (folder / "usdt.json").mkdir()
    assert execute(["init", "--environment=sim", "-y", "--force"]) == FAILURE
    assert capsys.readouterr().err.startswith("tradingsys: ")


def test_it_works_in_a_terminal(folder: Path) -> None:
    write_key(folder / "private_key.pem", "ed25519")
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "tradingsys", "init"]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, close_fds=True)
    os.close(slave)
    shown = ""
    try:
        for question, typed in (
            ("Product", ""),
            ("Environment", "demo"),
            ("private key (PEM) [private_key.pem]", ""),
            ("API key:", "abc"),
            ("port", ""),
            ("Symbols", "btcusdt"),
        ):
            shown += _read_until(master, question)
            os.write(master, f"{typed}\n".encode())
        shown += _read_until(master, "Then: tradingsys usdt")
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert load(folder / "usdt.json").symbols == ("btcusdt",)
    assert "[8111]" in shown


def _read_until(fd: int, text: str) -> str:
    shown = ""
    deadline = time.monotonic() + 30
    with selectors.DefaultSelector() as terminal:
        terminal.register(fd, selectors.EVENT_READ)
        while text not in shown:
            assert time.monotonic() < deadline, f"waited for {text!r}, saw {shown!r}"
            if terminal.select(0.2):
                with contextlib.suppress(OSError):
                    shown += os.read(fd, 4096).decode()
    return shown
