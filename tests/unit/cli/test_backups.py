"""The commands that copy the book, go back to a copy, or make a copy a book of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.store.books import Machine
from tests.unit.store.test_backups import QTY, trade
from tradingsys.cli.app import NOTHING, OK, USAGE, execute
from tradingsys.store.backups import check_copy

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A book at rest, with one order of which an execution is known."""
    monkeypatch.chdir(tmp_path)
    machine = Machine(tmp_path)
    machine.ready().save_now(trade(7, QTY))
    machine.kill()
    return machine


def test_a_book_is_copied_and_put_back(machine: Machine, capsys: Captured) -> None:
    assert execute(["backup", "--db", "pos.db"]) == OK
    out = capsys.readouterr().out
    assert "pos.db.manual-1.bak: " in out and "1 orders, 1 executions" in out
    assert execute(["restore", "pos.db.manual-1.bak", "--db", "pos.db"]) == OK
    out = capsys.readouterr().out
    assert "kept as pos.db.replaced-1" in out and "takes it for a power cut" in out


def test_a_copy_becomes_a_book_of_its_own(machine: Machine, capsys: Captured) -> None:
    assert execute(["new-lineage", "--db", "pos.db"]) == OK
    out = capsys.readouterr().out
    now = check_copy(machine.path)
    assert now is not None and f"is now lineage {now.lineage}; pos.db.before-new-lineage-1.bak" in out
    assert "as far as this book knows: 1. Both" in out and "takes it for a power cut" in out
    assert execute(["new-lineage", "--db", "pos.db", "--json"]) == OK
    told = json.loads(capsys.readouterr().out)
    assert told["before"] == now.lineage != told["lineage"]
    assert told["backup"] == "pos.db.before-new-lineage-2.bak" and told["open_orders"] == 1
    machine.open()
    assert execute(["new-lineage", "--db", "pos.db"]) == USAGE
    assert "in use by another gateway" in capsys.readouterr().err
    assert execute(["new-lineage", "--db", "none.db"]) == NOTHING
