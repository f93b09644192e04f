"""Which book or gateway a command finds, and what it says of commands that cannot be done."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.at_rest import Captured, text
from tradingsys.cli.app import FAILURE, NOTHING, OK, UNREAD, USAGE, execute
from tradingsys.store.lock import Lock


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["pos", "set", "2", "btcusdt", "1x"], USAGE, "1x is no quantity such as"),
        (["pos", "set", "2", "btcusdt", "NaN"], USAGE, "NaN is no quantity"),
        (["pos", "set", "2", "btcusdt", "1e99"], USAGE, "1e99 is no quantity"),
        (["pos", "set", "65536", "btcusdt", "1"], USAGE, "65536 is not a session: 0 to 65535"),
        (["pos", "set", "-1", "btcusdt", "1"], USAGE, "EXTERNAL takes the difference"),
        (["pos", "set", "x", "btcusdt", "1"], USAGE, "x is not a session"),
        (["pos", "set", "2", "b!", "1"], USAGE, "'b!' is no symbol such as"),
        (["pos", "set", "2", "ethusdt", "1"], FAILURE, "pos.db knows no symbol ethusdt; it knows btcusdt"),
        (["pos", "set", "2"], USAGE, "SYMBOL"),
        (["explain", "ethusdt"], FAILURE, "it knows btcusdt"),
        (["explain"], USAGE, "SYMBOL"),
        (["orders", "--session=70000"], USAGE, "70000 is not a session"),
        (["orders", "--limit=0"], USAGE, "0 is not a number of rows: 1 to 1000"),
        (["orders", "--limit=-5"], USAGE, "-5 is not a number of rows"),
        (["orders", "--limit=many"], USAGE, "many is not a number of rows"),
        (["fills", "--symbol=a b"], USAGE, "'a b' is no symbol"),
        (["resume"], USAGE, "name a symbol, a --session, both, or the whole --account"),
        (["resume", "btcusdt", "--account"], USAGE, "name a symbol, a --session, both, or the whole --account"),
        (["resume", "btcusdt", "--symbol=btcusdt"], USAGE, "name the symbol once"),
        (["resume", "ethusdt"], FAILURE, "ethusdt is not halted"),
        (["cancel"], FAILURE, "the gateway is not running; start it, or cancel at the exchange itself"),
        (["flatten", "--session=1"], FAILURE, "flatten session 1: the gateway is not running; start it"),
        (["halt", "--session=EXTERNAL"], USAGE, "it sends no orders"),
        (["halt", "--symbol=ethusdt"], FAILURE, "knows no symbol ethusdt"),
        (["halt", "--wait=x"], USAGE, "not a number of seconds"),
        (["status", "-c=usdt.json", "--db=pos.db"], USAGE, "leave one out"),
        (["status", "-c=usdt.json"], USAGE, "usdt.json: cannot be read: No such file"),
        (["status", "--addr=localhost:1"], USAGE, "write it like ws://localhost:8111"),
        (["status", "--addr=ws://localhost"], USAGE, "is no address with a port"),
        (["status", "--addr=ws://192.0.2.2:8111"], USAGE, "192.0.2.2 is another machine, which must not be told"),
        (["status", "--addr=ws://localhost:1"], NOTHING, "no gateway answers at ws://localhost:1"),
        (["status", "--db=other.db"], NOTHING, "there is no other.db: start the gateway"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_cause(
    db: Path, capsys: Captured, words: list[str], code: int, reason: str
) -> None:
    assert execute(words) == code
    captured = capsys.readouterr()
    assert reason in captured.err and captured.err.startswith("tradingsys: ")
    assert captured.out == ""


def test_a_book_that_a_gateway_holds_is_read_and_not_written(db: Path, capsys: Captured) -> None:
    lock = Lock(db)
    try:
        assert execute(["pos", "set", "2", "btcusdt", "1"]) == FAILURE
        assert "held by a gateway that does not answer here: name its address with --addr" in capsys.readouterr().err
        assert "but one holds this file" in text(capsys, "pos", "show")
        assert execute(["resume", "btcusdt"]) == execute(["halt"]) == FAILURE
        assert capsys.readouterr().err.count("held by a gateway that does not answer here") == 2
        assert execute(["flatten"]) == FAILURE
        assert "a gateway holds the file, but does not answer" in capsys.readouterr().err
    finally:
        lock.release()
    assert "-0.004" in text(capsys, "pos", "show")


def test_without_configuration_the_book_of_the_working_directory_is_meant(db: Path, capsys: Captured) -> None:
    db.rename("moved.db")
    assert execute(["status"]) == NOTHING
    assert "there is no pos.db" in capsys.readouterr().err
    assert execute(["status", "--db=moved.db"]) == OK


def test_a_gateway_that_hangs_is_not_said_to_have_stopped(db: Path, capsys: Captured) -> None:
    lock = Lock(db)
    try:
        shown = text(capsys, "status")
    finally:
        lock.release()
    assert "a gateway holds the file, but does not answer" in shown and "not running" not in shown
    assert "the gateway is not running" in text(capsys, "status")


@pytest.mark.parametrize("words", [["status"], ["fills", "--json"], ["pos", "show"], ["--help"]], ids=" ".join)
def test_a_reader_that_left_is_no_failure(db: Path, words: list[str]) -> None:
    command = [sys.executable, "-m", "tradingsys", *words]
    with subprocess.Popen(command, cwd=db.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.wait(60) == UNREAD
        assert process.stderr.read() == b""


def test_a_configuration_names_the_book_beside_it(db: Path, tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    db.rename(folder / "pos.db")
    for beside in ("-wal", "-shm", ".journal", ".lock"):
        if Path(f"{db}{beside}").exists():
            Path(f"{db}{beside}").rename(folder / f"pos.db{beside}")
    config = folder / "usdt.json"
    config.write_text(json.dumps({"apikey": "k", "secret": "s", "local": "ws://localhost:1"}))
    assert execute(["status", f"-c={config}", "--json"]) == OK
    source = json.loads(capsys.readouterr().out)["source"]
    assert source == {
        "kind": "book",
        "name": str(folder / "pos.db"),
        "note": "no gateway answers at ws://localhost:1",
    }
