from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import apsw
import pytest

from tests.unit.store.books import Machine, commit
from tradingsys.core.errors import ConfigError
from tradingsys.core.records import Edit, PositionRecord, SessionRecord
from tradingsys.store import read


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    sql(
        machine,
        'CREATE TABLE "1" (symbol TEXT PRIMARY KEY NOT NULL, net REAL NOT NULL)',
        "INSERT INTO \"1\" VALUES ('btcusdt', 0.00001), ('ethusdt', -2.5), ('dogeusdt', 0)",
        'CREATE TABLE "20" (symbol TEXT PRIMARY KEY NOT NULL, net REAL NOT NULL)',
        "INSERT INTO \"20\" VALUES ('BTCUSDT', 0.1)",
        "CREATE TABLE notes (text)",
        'CREATE TABLE "70000" (symbol TEXT, net REAL)',
        'CREATE TABLE "3" (symbol TEXT, amount REAL)',
        "INSERT INTO notes VALUES ('mine')",
    )
    return machine


def sql(machine: Machine, *statements: str) -> list[tuple[object, ...]]:
    conn = apsw.Connection(str(machine.path))
    found: list[tuple[object, ...]] = []
    for statement in statements:
        found = conn.execute(statement).fetchall()
    conn.close()
    return found


EXPECTED = (
    Edit(1, "BTCUSDT", Decimal(0), Decimal("0.00001")),
    Edit(1, "ETHUSDT", Decimal(0), Decimal("-2.5")),
    Edit(20, "BTCUSDT", Decimal(0), Decimal("0.1")),
)


def test_tables_of_single_sessions_become_edits_after_a_backup(machine: Machine) -> None:
    store = machine.open()
    assert store.saved.edits == EXPECTED
    assert store.saved.sessions == (SessionRecord(1, ""), SessionRecord(20, ""))
    store.close()
    (backup,) = machine.path.parent.glob("*.bak")
    assert backup.name == "pos.db.before-import-1.bak"
    copy = apsw.Connection(str(backup), flags=apsw.SQLITE_OPEN_READONLY)
    assert copy.execute('SELECT count(*) FROM "1"').fetchall() == [(3,)]
    copy.close()
    assert sql(machine, "SELECT * FROM notes") == [("mine",)]
    assert sql(machine, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('3', '70000')") == [
        ("70000",),
        ("3",),
    ]
    again = machine.open()
    assert again.saved.edits == EXPECTED
    assert len(list(machine.path.parent.glob("*.bak"))) == 1


def test_users_sql_goes_on_working_on_the_view(machine: Machine) -> None:
    store = machine.open()
    commit(store, *(PositionRecord(edit.session, edit.symbol, edit.edited) for edit in store.saved.edits))
    store.close()
    assert sql(machine, 'SELECT symbol, net FROM "1" ORDER BY symbol') == [("btcusdt", 0.00001), ("ethusdt", -2.5)]
    sql(
        machine,
        "UPDATE \"1\" SET net = net + 1 WHERE symbol = 'ethusdt'",
        "INSERT INTO \"1\" VALUES ('solusdt', 7)",
        "INSERT OR REPLACE INTO \"20\" (symbol, net) VALUES ('btcusdt', 0.3)",
        "DELETE FROM \"1\" WHERE symbol = 'btcusdt'",
    )
    assert machine.open().saved.edits == (
        Edit(1, "BTCUSDT", Decimal("0.00001"), Decimal(0)),
        Edit(1, "ETHUSDT", Decimal("-2.5"), Decimal("-1.5")),
        Edit(1, "SOLUSDT", Decimal(0), Decimal(7)),
        Edit(20, "BTCUSDT", Decimal("0.1"), Decimal("0.3")),
    )


def test_renaming_a_symbol_through_the_view_keeps_every_digit(machine: Machine) -> None:
    store = machine.open()
    commit(store, PositionRecord(1, "BTCUSDT", Decimal("123456789.123456789123")))
    store.close()
    sql(machine, "UPDATE \"1\" SET symbol = 'BTCUSDC' WHERE symbol = 'btcusdt'")
    store = machine.open()
    assert Edit(1, "BTCUSDC", Decimal(0), Decimal("123456789.123456789123")) in store.saved.edits


def test_sessions_that_trade_get_their_view(machine: Machine) -> None:
    store = machine.ready()
    commit(store, SessionRecord(5, "new"), PositionRecord(5, "BTCUSDT", Decimal("0.5")), SessionRecord(-1, "external"))
    commit(store, SessionRecord(5, "renamed"), SessionRecord(3, "taken"))
    assert sql(machine, 'SELECT * FROM "5"') == [("btcusdt", 0.5)]
    assert sql(machine, "SELECT name FROM sqlite_schema WHERE name IN ('-1', '3') AND type = 'view'") == []


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("INSERT INTO \"1\" VALUES ('solusdt', 'much')", "solusdt"),
        ("INSERT INTO \"1\" VALUES ('solusdt', 9e999)", "solusdt"),
        ("INSERT INTO \"1\" VALUES ('solusdt', x'00')", "solusdt"),
        ("INSERT INTO \"1\" VALUES ('', 1)", "without symbol"),
        ("INSERT INTO \"1\" VALUES ('EthUsdt', 1)", "EthUsdt|ethusdt"),
    ],
)
def test_a_row_that_is_no_position_refuses_the_import_and_leaves_the_file(
    machine: Machine, statement: str, named: str
) -> None:
    sql(machine, statement)
    before = sql(machine, 'SELECT * FROM "1"')
    with pytest.raises(ConfigError, match=named) as caught:
        machine.open()
    assert 'table "1"' in caught.value.key
    assert sql(machine, 'SELECT * FROM "1"') == before
    sql(machine, 'DELETE FROM "1" WHERE rowid = (SELECT max(rowid) FROM "1")')
    assert machine.open().saved.edits == EXPECTED


def test_the_reader_refuses_a_file_that_was_not_imported(machine: Machine) -> None:
    with pytest.raises(ConfigError, match="no book"), read.reading(machine.path):
        pass
