"""Positions that a person corrects while no gateway runs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.cli.at_rest import Captured, text, told
from tests.unit.store.books import Machine
from tradingsys.cli.app import FAILURE, OK, execute
from tradingsys.core.errors import ConfigError
from tradingsys.store.lock import Lock


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


def test_an_unreadable_lock_is_no_traceback(db: Path, capsys: Captured) -> None:
    lock = Path(f"{db}.lock")
    lock.unlink()
    lock.mkdir()
    assert execute(["pos", "set", "2", "btcusdt", "0"]) == FAILURE
    assert "pos.db.lock: Is a directory" in capsys.readouterr().err


def test_the_lock_is_let_go(db: Path, capsys: Captured) -> None:
    for _ in range(2):
        text(capsys, "pos", "set", "2", "btcusdt", "0")
    try:
        Lock(db).release()
    except ConfigError:
        pytest.fail("pos set left the book locked")
