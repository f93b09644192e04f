"""Books that were spoiled, as commands say it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.unit.cli.at_rest import Captured
from tradingsys.cli.app import FAILURE, OK, USAGE, execute
from tradingsys.store.migrations import VERSION


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
