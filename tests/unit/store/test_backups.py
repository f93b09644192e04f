"""Copies of the books: what they prove, which stay, and what putting one back does."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from tests.unit.store.books import Machine, commit, fill, intent, order
from tradingsys.core.errors import ConfigError, StoreError
from tradingsys.core.records import AdjustmentRecord, PositionRecord, Record, SymbolRecord
from tradingsys.store import Store
from tradingsys.store.backups import check_copy, prune
from tradingsys.store.restoring import Restored, restore

QTY = fill(7).fill.signed_qty


def trade(number: int, net: Decimal) -> tuple[Record, ...]:
    return order(number), fill(number, order_number=number), PositionRecord(1, "BTCUSDT", net)


def traded(machine: Machine, *numbers: int) -> Store:
    store = machine.ready()
    for count, number in enumerate(numbers, 1):
        commit(store, *trade(number, QTY * count))
    return store


def test_a_copy_tells_what_it_holds(machine: Machine) -> None:
    store = traded(machine, 7, 8)
    commit(store, SymbolRecord("BTCUSDT", 1))
    half = Decimal("-0.5")
    commit(store, AdjustmentRecord(2, "ETHUSDT", half, "a", 1), PositionRecord(2, "ETHUSDT", half))
    contents = check_copy(store.backup("x"))
    assert contents is not None
    assert (contents.orders, contents.fills, contents.symbols) == (2, 2, ("BTCUSDT",))
    assert contents.lineage == store.saved.lineage and contents.newest_ms == fill(8).fill.ts_event_ms


def test_a_fee_in_what_is_traded_counts(machine: Machine) -> None:
    store = machine.ready()
    commit(store, SymbolRecord("BTCUSDT", 1, "BTC", "USDT"), order(7))
    paid = fill(7, order_number=7)
    for number, fee in enumerate(("0.0001", "-0.00002"), 7):
        charged = structs.replace(paid.fill, exec_id=str(number), fee=Decimal(fee), fee_asset="BTC")
        commit(store, structs.replace(paid, fill=charged))
    commit(store, PositionRecord(1, "BTCUSDT", 2 * QTY - Decimal("0.00008")))
    assert check_copy(store.backup("x")) is not None


@pytest.mark.parametrize("net", [Decimal(0), QTY * 3])
def test_books_that_do_not_add_up_make_no_backup(machine: Machine, net: Decimal) -> None:
    store = traded(machine, 7, 8)
    commit(store, PositionRecord(1, "BTCUSDT", net))
    with pytest.raises(StoreError, match=r"session 1 holds .* do not add up"):
        store.backup("x")
    assert not list(machine.path.parent.glob("*.tmp")) and not list(machine.path.parent.glob("*.bak"))
    commit(store, PositionRecord(1, "BTCUSDT", QTY * 2))
    store.backup("x")


def test_a_later_backup_waits_for_what_was_written_before(machine: Machine, tmp_path: Path) -> None:
    store, made = traded(machine, 7), list[Path | StoreError]()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for _ in range(4):
        store.back_up_later("periodic", made.append, elsewhere, keep=2)
    changes = [store.has_changed]
    assert sorted(path.name for path in elsewhere.iterdir()) == ["pos.db.periodic-3.bak", "pos.db.periodic-4.bak"]
    newest = made[-1]
    assert isinstance(newest, Path) and check_copy(newest) is not None
    commit(store, *trade(8, 2 * QTY))
    assert [*changes, store.has_changed] == [False, True]
    store.back_up_later("periodic", made.append, tmp_path / "nowhere")
    assert isinstance(made[-1], StoreError)
    commit(store, *trade(9, 3 * QTY))


def test_only_the_newest_of_a_kind_stay(machine: Machine) -> None:
    store = traded(machine, 7)
    for _ in range(11):
        store.backup("periodic")
    store.backup("before-edit")
    prune(machine.path, "periodic", 2)
    left = sorted(path.name for path in machine.path.parent.glob("*.bak"))
    assert left == ["pos.db.before-edit-1.bak", "pos.db.periodic-10.bak", "pos.db.periodic-11.bak"]
    assert store.backup("periodic").name == "pos.db.periodic-12.bak", "no number comes again"


def test_a_restored_book_counts_as_cut_until_it_was_ready(machine: Machine) -> None:
    """Even where the ticket and the journal would prove it complete."""
    store = traded(machine, 7)
    copy = store.backup("x")
    store.append(intent(8))
    machine.kill()
    done = restore(copy, machine.path)
    assert done == Restored(check_copy(copy), Path(f"{machine.path}.replaced-1"), ())
    again = machine.open()
    assert not again.saved.journal_proven
    assert {record.intent for record in again.saved.orders} == {intent(7), intent(8)}, "the journal counts"
    machine.kill()
    machine.ready()
    machine.kill()
    assert machine.open().saved.journal_proven, "it was READY since"


def test_the_present_file_is_kept_whole(machine: Machine) -> None:
    store = traded(machine, 7)
    copy = store.backup("x")
    commit(store, *trade(8, 2 * QTY), SymbolRecord("DOGEUSDT", 1))
    machine.kill()
    done = restore(copy, machine.path)
    assert done.unknown_symbols == ("DOGEUSDT",)
    assert done.kept is not None
    kept = check_copy(done.kept)
    assert kept is not None and kept.fills == 2
    assert [record.fill.exec_id for record in machine.open().saved.fills] == ["7"]


def test_a_damaged_or_missing_book_is_replaced(machine: Machine) -> None:
    store = traded(machine, 7)
    copy = store.backup("x")
    machine.kill()
    machine.path.write_bytes(b"no database at all, but longer than a header would be" * 100)
    assert restore(copy, machine.path).kept is not None
    assert machine.open().saved.fills
    machine.kill()
    machine.path.unlink()
    assert restore(copy, machine.path).kept is None
    assert machine.open().saved.fills


def test_what_cannot_be_restored_changes_nothing(machine: Machine, tmp_path: Path) -> None:
    store = traded(machine, 7)
    copy = store.backup("x")
    with pytest.raises(ConfigError, match="in use"):
        restore(copy, machine.path)
    machine.kill()
    (tmp_path / "other").mkdir()
    other = Machine(tmp_path / "other")
    foreign = other.ready(random_lineage=99).backup("x")
    other.kill()
    damaged = tmp_path / "damaged.bak"
    content = bytearray(copy.read_bytes())
    content[8192:12288] = bytes(4096)
    damaged.write_bytes(content)
    wrong = tmp_path / "wrong.bak"
    wrong.write_bytes(copy.read_bytes())
    conn = apsw.Connection(str(wrong))
    conn.execute("UPDATE fills SET qty = '5'").fetchall()
    conn.close()
    text = tmp_path / "text.bak"
    text.write_text("no book")
    before = machine.path.read_bytes()
    for bad in (foreign, damaged, wrong, text, tmp_path / "missing.bak", machine.path):
        with pytest.raises((ConfigError, StoreError)):
            restore(bad, machine.path)
    assert machine.path.read_bytes() == before
    assert not list(machine.path.parent.glob("*.replaced-*")) and not list(machine.path.parent.glob("*.restoring"))


def test_what_an_older_format_holds_is_not_told(machine: Machine) -> None:
    copy = traded(machine, 7).backup("x")
    conn = apsw.Connection(str(copy))
    conn.execute("PRAGMA user_version = 1").fetchall()
    conn.close()
    assert check_copy(copy) is None
