"""A copied book becomes one of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from tests.unit.store.books import Machine, intent
from tests.unit.store.test_backups import QTY, trade
from tradingsys.core.errors import ConfigError
from tradingsys.core.ids import lineage_from_random
from tradingsys.store.backups import check_copy
from tradingsys.store.lineage import Begun, begin_lineage
from tradingsys.store.migrations import VERSION


def test_a_copy_has_another_lineage_and_keeps_what_it_knows(machine: Machine) -> None:
    store = machine.ready()
    before = store.saved.lineage
    store.save_now(trade(7, QTY))
    store.append(intent(8))
    machine.kill()
    done = begin_lineage(machine.path, 777)
    assert done == Begun(before, lineage_from_random(777), Path(f"{machine.path}.before-new-lineage-1.bak"), 2)
    kept = check_copy(done.backup)
    assert kept is not None and (kept.lineage, kept.orders) == (before, 2), "with what the journal had"
    saved = machine.open().saved
    assert saved.lineage == done.lineage and not saved.is_new
    assert not saved.journal_proven, "orders may be on their way"
    assert {record.intent for record in saved.orders} == {intent(7), intent(8)}
    machine.kill()
    machine.ready()
    machine.kill()
    assert machine.open().saved.journal_proven


def test_never_the_same_lineage_again(machine: Machine) -> None:
    machine.ready(random_lineage=5)
    machine.kill()
    assert begin_lineage(machine.path, 5).lineage == lineage_from_random(6)


def test_what_is_refused_changes_nothing(machine: Machine, tmp_path: Path) -> None:
    store = machine.ready()
    store.save_now(trade(7, QTY))
    with pytest.raises(ConfigError, match="in use"):
        begin_lineage(machine.path, 777)
    machine.kill()
    old = tmp_path / "old.db"
    shutil.copyfile(machine.path, old)
    conn = apsw.Connection(str(old))
    conn.execute(f"PRAGMA user_version = {VERSION - 1}").fetchall()
    conn.close()
    with pytest.raises(ConfigError, match="older format"):
        begin_lineage(old, 777)
    conn = apsw.Connection(str(old))
    conn.execute(f"PRAGMA user_version = {VERSION}; INSERT INTO watermarks VALUES ('DOGEUSDT', -99)").fetchall()
    conn.close()
    with pytest.raises(ConfigError, match="trade_id is -99"):
        begin_lineage(old, 777)
    (tmp_path / "text.db").write_text("no book")
    with pytest.raises(ConfigError):
        begin_lineage(tmp_path / "text.db", 777)
    assert machine.open().saved.lineage == store.saved.lineage
    assert not list(tmp_path.glob("**/*.bak"))
