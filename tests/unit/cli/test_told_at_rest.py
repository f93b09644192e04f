"""What a book at rest tells."""

from __future__ import annotations

import time
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from tests.unit.cli.at_rest import Captured, files, text, told
from tests.unit.store.books import NOW_MS, Machine, intent
from tradingsys.core.ban import BanRecord


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


def test_status_tells_what_a_gateway_that_is_started_now_has_to_wait_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    machine = Machine(tmp_path)
    store = machine.ready(NOW_MS)
    told_ms = time.time_ns() // 1_000_000 + 3_600_000
    store.save_now([BanRecord(told_ms - 3_600_000, 7_200_000)])
    machine.kill()
    until_ms = told(capsys, "status", "--db", "pos.db")["status"]["left_alone_until_ms"]
    assert until_ms == told_ms + 3_600_000
    conn = apsw.Connection(str(machine.path))
    conn.execute("UPDATE meta SET value = '1' WHERE key = 'ban_told_ms'")
    conn.close()
    assert told(capsys, "status", "--db", "pos.db")["status"]["left_alone_until_ms"] == 0, "long ago"


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
