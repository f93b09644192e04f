from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.store.books import Machine, commit, fill
from tradingsys.core.errors import ConfigError
from tradingsys.core.records import AdjustmentRecord, Edit, PositionRecord
from tradingsys.store import Store, read
from tradingsys.store.edits import RowEdit, parse_net, plain


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    store = machine.ready()
    commit(
        store,
        PositionRecord(1, "BTCUSDT", Decimal("0.500")),
        PositionRecord(1, "ETHUSDT", Decimal("-2")),
        PositionRecord(-1, "BTCUSDT", Decimal("0.1")),
    )
    store.close()
    return machine


def sql(machine: Machine, *statements: str) -> None:
    conn = apsw.Connection(str(machine.path))
    for statement in statements:
        conn.execute(statement)
    conn.close()


def edits_after(machine: Machine, *statements: str) -> list[tuple[int, str, Decimal, Decimal]]:
    sql(machine, *statements)
    store = machine.open()
    edits = [(edit.session, edit.symbol, edit.basis, edit.edited) for edit in store.saved.edits]
    assert not any(edit.conflict for edit in store.saved.edits)
    assert PositionRecord(1, "BTCUSDT", Decimal("0.500")) in store.saved.positions
    store.close()
    return edits


@pytest.mark.parametrize(
    ("value", "edited"),
    [
        ("0.75", "0.75"),
        ("'0.75'", "0.75"),
        ("1", "1"),
        ("-3", "-3"),
        ("0", "0"),
        ("0.00001", "0.00001"),
        ("1e-7", "1e-7"),
        ("'1.0e-05'", "0.00001"),
        ("'+2.'", "2"),
        ("'.5e1'", "5"),
        ("1e20", "1e20"),
        ("net + 0.25", "0.75"),
        ("'123456789.123456789'", "123456789.123456789"),
        ("'1e30'", "1e30"),
        ("'1e-30'", "1e-30"),
        ("'-0'", "0"),
        ("'007.50'", "7.5"),
        ("'-5.'", "-5"),
        ("'-.5'", "-0.5"),
        ("-net", "-0.5"),
    ],
)
def test_a_number_in_any_spelling_is_an_edit(machine: Machine, value: str, edited: str) -> None:
    found = edits_after(machine, f"UPDATE positions SET net = {value} WHERE session_id = 1 AND symbol = 'btcusdt'")
    assert found == [(1, "BTCUSDT", Decimal("0.5"), Decimal(edited))]


@pytest.mark.parametrize("value", ["0.5", "'0.50000'", "'5e-1'", "'+.5'"])
def test_the_same_number_spelled_otherwise_is_no_edit(machine: Machine, value: str) -> None:
    assert edits_after(machine, f"UPDATE positions SET net = {value} WHERE session_id = 1 AND symbol = 'btcusdt'") == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE positions SET net = 1 WHERE symbol = 'BTCUSDT' AND session_id = 1", (1, "BTCUSDT", "0.5", "1")),
        ("INSERT INTO positions VALUES (7, 'SolUsdt', 3)", (7, "SOLUSDT", "0", "3")),
        ("INSERT OR REPLACE INTO positions VALUES (1, 'BTCUSDT', 9)", (1, "BTCUSDT", "0.5", "9")),
        ("INSERT INTO positions VALUES (65535, 'solusdt', 3)", (65535, "SOLUSDT", "0", "3")),
        ("DELETE FROM positions WHERE symbol = 'ethusdt'", (1, "ETHUSDT", "-2", "0")),
        ("UPDATE \"1\" SET net = 0.25 WHERE symbol = 'ethusdt'", None),
    ],
)
def test_rows_may_come_go_and_be_named_in_either_case(
    machine: Machine, statement: str, expected: tuple[int, str, str, str] | None
) -> None:
    if expected is None:
        with pytest.raises(apsw.SQLError, match="no such table"):
            sql(machine, statement)
        return
    session, symbol, basis, edited = expected
    assert edits_after(machine, statement) == [(session, symbol, Decimal(basis), Decimal(edited))]


def test_a_row_of_zero_is_no_edit(machine: Machine) -> None:
    assert edits_after(machine, "INSERT INTO positions VALUES (7, 'solusdt', 0)") == []


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE positions SET net = 'NaN' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = 9e999 WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = 'all of it' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '1_000' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = ' 1' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '1,5' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '0x10' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = 1e300 WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '٣' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '1e31' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '1e-31' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '+' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '-' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '.' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = 'e5' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '1e' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '1e+' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '1e1000' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '--1' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '1 ' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '1\t' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = 'Infinity' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '-inf' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = 'nan' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '0b1' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '½' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '1e5.0' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '(1)' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("UPDATE positions SET net = '1;DROP TABLE fills' WHERE symbol = 'ethusdt'", "ethusdt"),
        ("INSERT INTO positions VALUES (65536, 'solusdt', 1)", "session_id 65536"),
        ("INSERT INTO positions VALUES (-2, 'solusdt', 1)", "session_id -2"),
        ("UPDATE positions SET net = 0 WHERE session_id = -1", "session_id -1"),
        ("DELETE FROM positions WHERE session_id = -1", "session_id -1"),
        ("INSERT INTO positions VALUES (1, '', 1)", "symbol ''"),
        ("INSERT INTO positions VALUES (1, 'btc usdt', 1)", "btc usdt"),
    ],
)
def test_an_edit_that_means_nothing_refuses_to_start_and_names_the_row(
    machine: Machine, statement: str, named: str
) -> None:
    sql(machine, statement)
    for _ in range(2):
        with pytest.raises(ConfigError, match=named) as caught:
            machine.open()
        assert caught.value.key.startswith("positions: session_id")
        assert str(machine.path) == caught.value.file


@pytest.mark.parametrize("value", ["NULL", "x'01'"])
def test_what_is_no_text_cannot_even_be_written(machine: Machine, value: str) -> None:
    with pytest.raises(apsw.ConstraintError):
        sql(machine, f"UPDATE positions SET net = {value}")


def apply(store: Store, edit: Edit) -> None:
    delta = edit.edited - edit.basis
    commit(
        store,
        AdjustmentRecord(edit.session, edit.symbol, delta, "sql-edit", 1),
        PositionRecord(edit.session, edit.symbol, edit.edited),
    )


def test_an_applied_edit_is_history(machine: Machine) -> None:
    sql(machine, "UPDATE positions SET net = 0.75 WHERE session_id = 1 AND symbol = 'btcusdt'")
    store = machine.open()
    apply(store, store.saved.edits[0])
    machine.kill()
    saved = machine.open().saved
    assert saved.edits == ()
    assert PositionRecord(1, "BTCUSDT", Decimal("0.75")) in saved.positions


def test_an_edit_waits_until_it_is_applied(machine: Machine) -> None:
    sql(machine, "UPDATE positions SET net = 0.75 WHERE session_id = 1 AND symbol = 'btcusdt'")
    store = machine.open()
    edits = store.saved.edits
    commit(store, fill(1), PositionRecord(1, "ETHUSDT", Decimal("-1")))
    machine.kill()
    assert machine.open().saved.edits == edits


def test_an_edit_of_a_row_that_traded_is_refused_on_record_and_can_be_repeated(machine: Machine) -> None:
    change = "UPDATE positions SET net = 0.75 WHERE session_id = 1 AND symbol = 'btcusdt'"
    sql(machine, change)
    store = machine.open()
    commit(store, PositionRecord(1, "BTCUSDT", Decimal("0.6")))
    machine.kill()
    store = machine.open()
    assert store.saved.edits == ()
    with read.reading(machine.path) as conn:
        (note,) = read.adjustments(conn, 1)
    assert note.delta == 0
    assert "0.75" in note.why and "0.6" in note.why
    store.close()
    sql(machine, change)
    assert machine.open().saved.edits == (Edit(1, "BTCUSDT", Decimal("0.6"), Decimal("0.75")),)


class TestWhileRunning:
    def test_an_edit_is_reported_once_and_never_overwritten(self, machine: Machine) -> None:
        reported: list[RowEdit] = []

        def hear(rows: Sequence[RowEdit]) -> None:
            reported.extend(rows)

        store = machine.ready(on_edit=hear)
        sql(machine, "UPDATE positions SET net = 0.75 WHERE session_id = 1 AND symbol = 'btcusdt'")
        commit(store, PositionRecord(1, "ETHUSDT", Decimal("-1")))
        assert [(row.session, row.symbol, row.basis, row.edited) for row in reported] == [
            (1, "BTCUSDT", "0.500", "0.75")
        ]
        assert str(reported[0]) == "session_id 1, symbol btcusdt: 0.500 to 0.75"
        commit(store, PositionRecord(1, "ETHUSDT", Decimal("-1.5")))
        assert len(reported) == 1
        store.close()
        saved = machine.open().saved
        assert saved.edits == (Edit(1, "BTCUSDT", Decimal("0.5"), Decimal("0.75")),)
        assert PositionRecord(1, "ETHUSDT", Decimal("-1.5")) in saved.positions

    def test_an_edit_in_the_very_batch_that_moves_its_row_is_a_conflict(self, machine: Machine) -> None:
        reported: list[RowEdit] = []
        store = machine.ready(on_edit=reported.extend)
        change = "UPDATE positions SET net = 0.75 WHERE session_id = 1 AND symbol = 'btcusdt'"
        sql(machine, change)
        commit(store, PositionRecord(1, "BTCUSDT", Decimal("0.6")))
        commit(store, PositionRecord(1, "BTCUSDT", Decimal("0.7")))
        assert len(reported) == 1
        with read.reading(machine.path) as conn:
            assert PositionRecord(1, "BTCUSDT", Decimal("0.75")) in read.positions(conn)
        machine.kill()
        store = machine.open()
        assert store.saved.edits == (Edit(1, "BTCUSDT", Decimal("0.7"), Decimal("0.75"), Decimal("0.5")),)
        assert PositionRecord(1, "BTCUSDT", Decimal("0.7")) in store.saved.positions
        # The row has the book's value again and the refusal is on record: repeating the edit now works.
        store.close()
        with read.reading(machine.path) as conn:
            assert PositionRecord(1, "BTCUSDT", Decimal("0.7")) in read.positions(conn)
            assert "0.75" in read.adjustments(conn, 1)[0].why
        sql(machine, change)
        assert machine.open().saved.edits == (Edit(1, "BTCUSDT", Decimal("0.7"), Decimal("0.75")),)

    def test_new_and_deleted_rows_and_nonsense_are_reported_too(self, machine: Machine) -> None:
        reported: list[RowEdit] = []
        store = machine.ready(on_edit=reported.extend)
        sql(
            machine,
            "INSERT INTO positions VALUES (3, 'solusdt', 'much')",
            "DELETE FROM positions WHERE symbol = 'ethusdt'",
        )
        commit(store, fill(1))
        assert [(row.symbol, row.basis, row.edited) for row in reported] == [
            ("ETHUSDT", "-2", None),
            ("SOLUSDT", None, "much"),
        ]
        commit(store, PositionRecord(1, "ETHUSDT", Decimal("-3")))
        store.close()
        with pytest.raises(ConfigError, match="solusdt"):
            machine.open()
        sql(machine, "DELETE FROM positions WHERE symbol = 'solusdt'")
        assert machine.open().saved.edits == (Edit(1, "ETHUSDT", Decimal(-3), Decimal(0), Decimal(-2)),)

    def test_an_edit_taken_back_is_none(self, machine: Machine) -> None:
        reported: list[RowEdit] = []
        store = machine.ready(on_edit=reported.extend)
        sql(machine, "UPDATE positions SET net = 0.75 WHERE session_id = 1 AND symbol = 'btcusdt'")
        commit(store, fill(1))
        sql(machine, "UPDATE positions SET net = 0.5 WHERE session_id = 1 AND symbol = 'btcusdt'")
        commit(store, PositionRecord(1, "BTCUSDT", Decimal("0.6")))
        assert len(reported) == 1
        store.close()
        saved = machine.open().saved
        assert saved.edits == ()
        assert PositionRecord(1, "BTCUSDT", Decimal("0.6")) in saved.positions

    def test_other_tables_may_be_written_by_others(self, machine: Machine) -> None:
        reported: list[RowEdit] = []
        store = machine.ready(on_edit=reported.extend)
        sql(machine, "CREATE TABLE my_notes (text)", "INSERT INTO my_notes VALUES ('hello')")
        commit(store, PositionRecord(1, "BTCUSDT", Decimal("0.6")))
        assert reported == []
        store.close()
        assert machine.open().saved.edits == ()

    def test_an_edit_during_the_boot_of_a_row_edited_before_is_kept(self, machine: Machine) -> None:
        reported: list[RowEdit] = []
        sql(machine, "UPDATE positions SET net = 0.75 WHERE session_id = 1 AND symbol = 'btcusdt'")
        store = machine.open(on_edit=reported.extend)
        sql(machine, "UPDATE positions SET net = 0.8 WHERE session_id = 1 AND symbol = 'btcusdt'")
        apply(store, store.saved.edits[0])
        assert [row.edited for row in reported] == ["0.8"]
        store.close()
        edits = machine.open().saved.edits
        assert edits == (Edit(1, "BTCUSDT", Decimal("0.75"), Decimal("0.8"), Decimal("0.5")),)

    def test_one_that_a_start_leaves_to_the_next_one_is_not_reported_as_made_meanwhile(self, machine: Machine) -> None:
        reported: list[RowEdit] = []
        sql(machine, "UPDATE positions SET net = 0.75 WHERE session_id = 1 AND symbol = 'btcusdt'")
        store = machine.open(on_edit=reported.extend)
        sql(machine, "UPDATE positions SET net = 7 WHERE session_id = 1 AND symbol = 'ethusdt'")
        store.postpone(store.saved.edits)
        assert [(row.symbol, row.edited) for row in reported] == [("ETHUSDT", "7")]
        store.close()
        assert {(edit.symbol, edit.edited) for edit in machine.open().saved.edits} == {
            ("BTCUSDT", Decimal("0.75")),
            ("ETHUSDT", Decimal(7)),
        }


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=10))
def test_what_we_write_is_what_we_read(net: Decimal) -> None:
    assert parse_net(plain(net)) == net


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_every_sane_float_is_read_exactly(net: float) -> None:
    parsed = parse_net(repr(net))
    assert parsed == Decimal(repr(net)) or abs(net) < 1e-30
