"""Watching and correcting a book at rest: what is told, what is written, what is refused."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest
from msgspec import structs

from tests.unit.cli.at_rest import make_book
from tests.unit.store.books import NOW_MS, Machine, intent
from tradingsys.cli.app import FAILURE, NOTHING, OK, UNREAD, USAGE, execute
from tradingsys.core.errors import ConfigError
from tradingsys.store.lock import Lock
from tradingsys.store.migrations import VERSION

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return make_book(tmp_path)


def told(capsys: Captured, *words: str) -> Any:
    """The JSON answer of a command."""
    assert execute([*words, "--json"]) == OK
    out = capsys.readouterr().out
    answer = json.loads(out)
    assert answer["source"] == {"kind": "book", "name": "pos.db", "note": ""}
    return answer


def text(capsys: Captured, *words: str) -> str:
    assert execute(words) == OK
    return capsys.readouterr().out


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_status_tells_halts_and_orders_that_only_the_journal_knows(db: Path, capsys: Captured) -> None:
    status = told(capsys, "status")["status"]
    assert (status["ready"], status["open_orders"], status["in_doubt"]) == (False, 2, 1)
    assert [(halt["symbol"], halt["reason"]) for halt in status["halts"]] == [("btcusdt", "liquidation")]
    shown = text(capsys, "status")
    assert "the gateway is not running" in shown and "tradingsys resume btcusdt" in shown
    assert "from pos.db at rest" in shown
    shown = text(capsys, "status", "--db", str(db))
    assert f"tradingsys resume btcusdt --db {db}" in " ".join(shown.split()), "what is advised can be copied"


def test_every_order_of_a_list_that_only_the_journal_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    machine = Machine(tmp_path)
    store = machine.ready(NOW_MS, account="binance-spot-sim")
    amended = structs.replace(intent(2, epoch=NOW_MS), revision=7)
    store.append(*(intent(number, epoch=NOW_MS) for number in (1, 2, 3)))
    store.append(amended)
    machine.kill()
    assert told(capsys, "status", "--db", "pos.db")["status"]["open_orders"] == 3
    orders = told(capsys, "orders", "--db", "pos.db")["orders"]
    assert len({row["order"]["client_order_id"] for row in orders}) == 3


def test_sessions(db: Path, capsys: Captured) -> None:
    rows = told(capsys, "sessions")["sessions"]
    assert [(row["session_id"], row["name"], row["open_orders"], row["positions"]) for row in rows] == [
        (1, "momentum", 2, 1),
        (2, "reversion", 0, 1),
        (-1, "EXTERNAL", 0, 1),
    ]
    assert "EXTERNAL" in text(capsys, "sessions")


def test_orders_that_are_open_or_all_newest_first(db: Path, capsys: Captured) -> None:
    still = told(capsys, "orders")["orders"]
    assert [(row["order"]["status"], row["order"].get("in_doubt", False)) for row in still] == [
        ("UNKNOWN", True),
        ("NEW", False),
    ]
    every = told(capsys, "orders", "--all")["orders"]
    assert [row["order"]["status"] for row in every] == ["CANCELED", "NEW", "FILLED"]
    assert every[-1]["order"]["fills"][0]["exec_id"] == "101"
    assert told(capsys, "orders", "--all", "--limit=1")["orders"] == every[:1]
    assert told(capsys, "orders", "--session=2")["orders"] == []
    assert told(capsys, "orders", "--symbol=ETHUSDT")["orders"] == []
    assert "no orders" in text(capsys, "orders", "--session=2")


def test_fills(db: Path, capsys: Captured) -> None:
    (row,) = told(capsys, "fills", "--session", "1", "--symbol", "btcusdt")["fills"]
    assert row["symbol"] == "btcusdt" and row["fill"]["px"] == "65000.1" and row["fill"]["fee"] == "0.00001"
    assert told(capsys, "fills", "--session", "-1")["fills"] == []
    assert "65000.1" in text(capsys, "fills")


def test_positions_of_sessions_and_of_none(db: Path, capsys: Captured) -> None:
    rows = told(capsys, "pos", "show")["positions"]
    assert [(row["session_id"], row["position"]["net"]) for row in rows] == [(1, "0.001"), (2, "-0.004"), (-1, "0.5")]
    (external,) = told(capsys, "pos", "show", "--session", "EXTERNAL")["positions"]
    assert external["position"]["net"] == "0.5"


@pytest.mark.parametrize("width", [60, 200])
def test_tables_fit_the_terminal(db: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for words in (["orders", "--all"], ["fills"], ["pos", "show"], ["status"], ["explain", "btcusdt"]):
        assert all(len(line) <= width for line in text(capsys, *words).splitlines())
    assert ("T003D7-1-1-1-1" in text(capsys, "fills")) is (width == 200)


def test_explain_adds_up_in_words(db: Path, capsys: Captured) -> None:
    explanation = told(capsys, "explain", "BTCUSDT")["explanation"]
    assert (explanation["total"], explanation["account"], explanation["halt"]) == ("0.497", None, "liquidation")
    shown = " ".join(text(capsys, "explain", "btcusdt").split())
    for sentence in (
        "btcusdt: 2 sessions together hold -0.003, and EXTERNAL 0.5: 0.497 in all.",
        "The exchange was not asked",
        "from number 100 on is accounted for",
        "1 order is in doubt",
        "up to 0.001 may be bought and 0 sold",
        "an operator's [correction]",
        "HALTED, no new orders: liquidation.",
        "tradingsys pos set SESSION btcusdt NET",
    ):
        assert sentence in shown


def test_reading_changes_nothing(db: Path, tmp_path: Path, capsys: Captured) -> None:
    before = files(tmp_path)
    for words in (["status"], ["sessions"], ["orders"], ["fills"], ["pos", "show"], ["explain", "btcusdt"]):
        text(capsys, *words)
    after = files(tmp_path)
    assert {name: after[name] for name in before if not name.endswith("-shm")} == {
        name: content for name, content in before.items() if not name.endswith("-shm")
    }


def test_a_corrected_position_is_booked_by_the_next_start(db: Path, tmp_path: Path, capsys: Captured) -> None:
    done = told(capsys, "pos", "set", "2", "BTCUSDT", "-0.01")["set"]
    assert (done["before"], done["after"], done["external"]) == ("-0.004", "-0.01", "0.506")
    assert "it was -0.004" in text(capsys, "explain", "btcusdt")
    (row,) = told(capsys, "pos", "show", "--session=2")["positions"]
    assert row["position"]["net"] == "-0.01"
    store = Machine(tmp_path).open(account="binance-usdm-sim")
    assert [(edit.session, edit.symbol, str(edit.edited)) for edit in store.saved.edits] == [(2, "BTCUSDT", "-0.01")]
    store.close()


def test_a_session_that_never_traded_may_be_given_a_position(db: Path, capsys: Captured) -> None:
    assert told(capsys, "pos", "set", "7", "btcusdt", "1e-3")["set"]["after"] == "0.001"
    assert "booked at the gateway's next start" in text(capsys, "pos", "set", "7", "btcusdt", "0")


@pytest.mark.parametrize("form", [["-1.5"], ["--", "-1.5"]])
def test_a_short_position_may_be_written_as_it_is(db: Path, capsys: Captured, form: list[str]) -> None:
    assert execute(["pos", "set", "2", "btcusdt", *form]) == OK
    assert "→ -1.5" in capsys.readouterr().out


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


def _garbage(db: Path) -> None:
    db.write_bytes(b"not a database at all" * 100)


def _empty(db: Path) -> None:
    db.write_bytes(b"")


def _foreign(db: Path) -> None:
    db.unlink()
    with sqlite3.connect(db) as conn:
        conn.execute("CREATE TABLE addresses (name TEXT)")
    conn.close()


def _newer(db: Path) -> None:
    _pragma(db, 99)


def _older(db: Path) -> None:
    _pragma(db, VERSION - 1)


def _pragma(db: Path, version: int) -> None:
    conn = apsw.Connection(str(db))
    conn.execute(f"PRAGMA user_version = {version}").fetchall()
    conn.close()


def _damaged(db: Path) -> None:
    conn = apsw.Connection(str(db))
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    conn.close()
    content = bytearray(db.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    db.write_bytes(content)


def _folder(db: Path) -> None:
    db.unlink()
    db.mkdir()


def _wrong_row(db: Path) -> None:
    conn = apsw.Connection(str(db))
    conn.execute("UPDATE positions SET net = 'lots' WHERE session_id = 2")
    conn.close()


@pytest.mark.parametrize(
    ("spoil", "code", "reason"),
    [
        (_garbage, USAGE, "not a database"),
        (_empty, USAGE, "is no book of tradingsys"),
        (_foreign, USAGE, "is no book of tradingsys"),
        (_newer, USAGE, "was written by a newer tradingsys"),
        (_older, USAGE, "start the gateway once: it converts the file"),
        (_damaged, FAILURE, "pos.db"),
        (_folder, USAGE, "is no file"),
        (_wrong_row, USAGE, "net is 'lots', which is no quantity"),
    ],
)
@pytest.mark.parametrize("words", [["status"], ["pos", "show"], ["pos", "set", "2", "btcusdt", "0"]], ids=" ".join)
def test_a_spoiled_book_is_told_without_a_traceback(
    db: Path, capsys: Captured, spoil: Any, code: int, reason: str, words: list[str]
) -> None:
    for beside in (Path(f"{db}-wal"), Path(f"{db}-shm")):
        conn = apsw.Connection(str(db))
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        conn.close()
        beside.unlink(missing_ok=True)
    spoil(db)
    assert execute(words) == code
    captured = capsys.readouterr()
    assert reason in captured.err and captured.err.startswith("tradingsys: ") and "Traceback" not in captured.err


@pytest.mark.parametrize(
    ("row", "named", "is_readable"),
    [
        ("watermarks VALUES ('XRPUSDT', -99)", "watermarks: symbol 'XRPUSDT'", True),
        ("days VALUES (1, -5, '1', '1', '0')", "days: session_id 1", True),
        ("days VALUES (1, 5, 'x', '1', '0')", "days: session_id 1", False),
        ("prices VALUES ('BTCUSDT', 'zz', 'USDT')", "prices: symbol 'BTCUSDT'", False),
        ("prices VALUES ('BTCUSDT', '1', '')", "prices: symbol 'BTCUSDT'", True),
        ("halts VALUES (1, '', 'NONSENSE', 'HALTED', 'NOTHING', 'x', 1, NULL)", "'NONSENSE'", False),
    ],
)
def test_a_value_that_no_gateway_wrote_is_named_and_nothing_is_written_beside_it(
    db: Path, capsys: Captured, row: str, named: str, is_readable: bool
) -> None:
    conn = apsw.Connection(str(db))
    conn.execute(f"INSERT INTO {row}").fetchall()
    conn.close()
    assert execute(["status"]) == (OK if is_readable else USAGE)
    assert is_readable or named in capsys.readouterr().err
    for words in (["pos", "set", "2", "btcusdt", "0"], ["halt", "--session", "2"], ["resume", "btcusdt"]):
        assert execute(words) == USAGE
        assert named in capsys.readouterr().err
    conn = apsw.Connection(str(db))
    assert conn.execute("SELECT count(*) FROM halts WHERE session_id = 2").fetchall() == [(0,)]
    assert conn.execute("SELECT net FROM positions WHERE session_id = 2").fetchall() == [("-0.004",)]
    conn.close()


def test_edits_at_rest_are_told_as_the_next_start_will_book_them(db: Path, capsys: Captured) -> None:
    """However often: EXTERNAL, whose row takes nothing before that, is what leaves the sum as it was."""
    for session, net in ((1, "0.1"), (1, "0.2"), (9, "-0.05")):
        done = told(capsys, "pos", "set", str(session), "btcusdt", net)["set"]
        shown = told(capsys, "pos", "show", "--symbol=btcusdt")["positions"]
        nets = {row["session_id"]: Decimal(row["position"]["net"]) for row in shown}
        assert nets[session] == Decimal(net) and nets[-1] == Decimal(done["external"])
        assert sum(nets.values()) == Decimal("0.497")
    explanation = text(capsys, "explain", "btcusdt")
    assert "3 sessions together hold 0.146, and EXTERNAL 0.351: 0.497 in all" in explanation


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


def test_an_unreadable_lock_is_no_traceback(db: Path, capsys: Captured) -> None:
    lock = Path(f"{db}.lock")
    lock.unlink()
    lock.mkdir()
    assert execute(["pos", "set", "2", "btcusdt", "0"]) == FAILURE
    assert "pos.db.lock: Is a directory" in capsys.readouterr().err


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


def test_the_lock_is_let_go(db: Path, capsys: Captured) -> None:
    for _ in range(2):
        text(capsys, "pos", "set", "2", "btcusdt", "0")
    try:
        Lock(db).release()
    except ConfigError:
        pytest.fail("pos set left the book locked")
