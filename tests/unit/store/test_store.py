from __future__ import annotations

import stat
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import apsw
import pytest

from tests.unit.store.books import (
    DAY_MS,
    NOW_MS,
    TERMS,
    Machine,
    canceled,
    commit,
    fill,
    intent,
    known_ids,
    order,
)
from tradingsys.core.enums import OrderStatus
from tradingsys.core.errors import ConfigError, StoreError
from tradingsys.core.order import Closed
from tradingsys.core.records import (
    AccountRecord,
    AdjustmentRecord,
    LedgerMarkRecord,
    LedgerRecord,
    OrderRecord,
    PositionRecord,
    Record,
    SessionRecord,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.store import read
from tradingsys.store.sqlite import open_reader

T = TypeVar("T")


def test_a_new_book_has_a_lineage_and_is_private(machine: Machine) -> None:
    store = machine.open(random_lineage=1)
    assert store.saved.lineage == "00001"
    assert (store.saved.last_epoch, store.saved.created_ms, store.saved.journal_proven) == (0, NOW_MS, False)
    assert store.saved.is_new
    for name in ("", ".journal", ".lock"):
        assert stat.S_IMODE(Path(f"{machine.path}{name}").stat().st_mode) == 0o600
    store.close()
    again = machine.open(random_lineage=2).saved
    assert (again.lineage, again.is_new) == ("00001", False)


def test_the_account_is_what_the_venue_called_it_first(machine: Machine) -> None:
    store = machine.open()
    assert store.saved.account == ""
    for name in ("first", "second"):
        store.save_now([AccountRecord(name)])
    store.close()
    assert machine.open().saved.account == "first"


def test_every_record_comes_back_as_it_was(machine: Machine) -> None:
    store = machine.ready()
    full = OrderRecord(
        intent(2),
        "77",
        TERMS,
        True,
        Decimal("0.00050"),
        Closed(OrderStatus.EXPIRED, NOW_MS, -1, "why ✓"),
        False,
        OrderStatus.EXPIRED,
    )
    commit(
        store,
        order(1),
        full,
        order(3, absent=True, status=OrderStatus.ABSENT),
        SessionRecord(1, "grid"),
        SymbolRecord("BTCUSDT", 1000),
        WatermarkRecord("BTCUSDT", 1001),
        fill(1001, order_number=2, fee="0.00001"),
        PositionRecord(1, "BTCUSDT", Decimal("0.00100")),
        PositionRecord(-1, "BTCUSDT", Decimal("-1E-8")),
        AdjustmentRecord(-1, "BTCUSDT", Decimal("1E+3"), "baseline", NOW_MS),
        LedgerRecord(1, "USDT", Decimal("-0.5"), "FUNDING_FEE", "1", NOW_MS),
        LedgerRecord(1, "USDT", Decimal("-0.5"), "FUNDING_FEE", "1", NOW_MS),
    )
    machine.kill()
    saved = machine.open().saved
    assert saved.orders == (order(1), full, order(3, absent=True, status=OrderStatus.ABSENT))
    assert saved.fills == (fill(1001, order_number=2, fee="0.00001"),)
    assert saved.sessions == (SessionRecord(1, "grid"),)
    assert saved.symbols == (SymbolRecord("BTCUSDT", 1000),)
    assert saved.watermarks == (WatermarkRecord("BTCUSDT", 1001),)
    assert saved.positions == (
        PositionRecord(-1, "BTCUSDT", Decimal("-1E-8")),
        PositionRecord(1, "BTCUSDT", Decimal("0.001")),
    )
    assert saved.edits == ()
    assert (saved.last_epoch, saved.max_recv_window_ms, saved.journal_proven) == (1, 5000, True)
    with read.reading(machine.path) as conn:
        assert conn.execute("SELECT symbol, net FROM positions WHERE session_id = -1").fetchall() == [
            ("btcusdt", "-0.00000001")
        ]
        assert conn.execute("SELECT count(*) FROM ledger").fetchall() == [(1,)]
        assert read.adjustments(conn, -1)[0].delta == 1000


def test_what_is_known_of_an_order_changes_and_what_was_sent_does_not(machine: Machine) -> None:
    store = machine.ready()
    commit(store, order(1))
    changed = OrderRecord(intent(1), "9", venue_cum_qty=Decimal("0.001"), accepted=True, status=OrderStatus.FILLED)
    commit(store, changed)
    machine.kill()
    assert machine.open().saved.orders == (changed,)


def test_the_same_fill_twice_is_one_and_learns_its_fee(machine: Machine) -> None:
    store = machine.ready()
    commit(store, fill(5))
    commit(store, fill(5, order_number=1, fee="0.1"))
    commit(store, fill(5))
    machine.kill()
    assert machine.open().saved.fills == (fill(5, order_number=1, fee="0.1"),)


def test_symbols_keep_their_first_trade_and_watermarks_never_go_back(machine: Machine) -> None:
    store = machine.ready()
    commit(store, SymbolRecord("ETHUSDT", 10), WatermarkRecord("ETHUSDT", 20))
    commit(store, SymbolRecord("ETHUSDT", 15), WatermarkRecord("ETHUSDT", 19))
    machine.kill()
    saved = machine.open().saved
    assert saved.symbols == (SymbolRecord("ETHUSDT", 10),)
    assert saved.watermarks == (WatermarkRecord("ETHUSDT", 20),)


def test_only_recent_closed_orders_and_fills_that_still_matter_are_read_back(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradingsys.store.loading._KEEP_NEWEST", 2)
    store = machine.ready()
    old, older = canceled(1, NOW_MS - 8 * DAY_MS), canceled(2, NOW_MS - 9 * DAY_MS)
    recent = canceled(3, NOW_MS - 6 * DAY_MS)
    commit(store, old, older, recent, canceled(4, NOW_MS), order(5))
    commit(
        store,
        SymbolRecord("BTCUSDT", 1),
        WatermarkRecord("BTCUSDT", 900),
        LedgerMarkRecord("FUNDING_FEE", NOW_MS + 1),
        fill(90, order_number=1),
        fill(91, order_number=3),
        fill(899),
        fill(900),
        fill(1000),
    )
    machine.kill()
    store = machine.open()
    assert known_ids(store) == [intent(number).client_order_id for number in (3, 4, 5)]
    assert [record.fill.exec_id for record in store.saved.fills] == ["91", "900", "1000"]
    assert store.find_order(older.intent.client_order_id) == (older, [])
    assert store.find_order("unknown") is None


def test_only_one_gateway_has_the_book(machine: Machine) -> None:
    store = machine.open()
    with pytest.raises(ConfigError, match="in use by another gateway") as caught:
        machine.open()
    assert caught.value.key == "db"
    store.close()
    machine.open().close()


def test_a_book_belongs_to_one_account(machine: Machine) -> None:
    machine.open().close()
    with pytest.raises(ConfigError, match="account 'binance-1', not of 'other'"):
        machine.open(account="other")
    machine.open().close()


def test_epochs_only_grow_and_orders_wait_for_ready(machine: Machine) -> None:
    store = machine.open()
    with pytest.raises(StoreError, match="has not begun"):
        store.mark_ready(1)
    store.begin_epoch(5, 1000)
    with pytest.raises(StoreError, match="before READY"):
        store.append(intent(1))
    store.mark_ready(5)
    with pytest.raises(StoreError, match="READY already"):
        store.mark_ready(5)
    with pytest.raises(StoreError, match="longer recvWindow"):
        store.append(intent(1))
    store.close()
    store = machine.open()
    assert (store.saved.last_epoch, store.saved.first_epoch_after_cut) == (5, 5)
    with pytest.raises(StoreError):
        store.begin_epoch(5, 1000)


def test_files_that_are_no_book_are_refused(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.path.write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(ConfigError, match="no SQLite database"):
        machine.open()
    machine.path.unlink()
    conn = apsw.Connection(str(machine.path))
    conn.execute("CREATE TABLE orders (id)")
    with pytest.raises(ConfigError, match="another program's database"):
        machine.open()
    conn.execute("DROP TABLE orders; PRAGMA user_version = 99; PRAGMA application_id = 0x54535953").fetchall()
    conn.close()
    with pytest.raises(ConfigError, match="newer tradingsys"):
        machine.open()
    machine.path.unlink()
    machine.path.mkdir()
    with pytest.raises(ConfigError, match="is no file"):
        machine.open()


def test_a_damaged_book_is_a_store_error(machine: Machine) -> None:
    store = machine.ready()
    commit(store, *(order(number) for number in range(500)))
    store.close()
    content = bytearray(machine.path.read_bytes())
    content[8192:40960] = bytes(40960 - 8192)
    machine.path.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        machine.open()


def test_a_backup_is_a_whole_private_book(machine: Machine) -> None:
    store = machine.ready()
    commit(store, order(1))
    first, second = store.backup("hourly"), store.backup("hourly")
    assert [path.name for path in (first, second)] == ["pos.db.hourly-1.bak", "pos.db.hourly-2.bak"]
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    with read.reading(first) as conn:
        assert [record.intent for record in read.orders(conn, 1)] == [intent(1)]
    with pytest.raises(StoreError):
        store.backup("../x")
    assert not list(machine.path.parent.glob("*.tmp"))


def test_readers_choose_by_session_symbol_and_state(machine: Machine) -> None:
    store = machine.ready()
    commit(store, order(1), canceled(2, NOW_MS), SessionRecord(1, "grid"))
    commit(store, AdjustmentRecord(1, "BTCUSDT", Decimal(1), "a", NOW_MS))
    commit(store, AdjustmentRecord(-1, "ETHUSDT", Decimal(2), "b", NOW_MS))
    commit(store, fill(7, order_number=1), fill(8, symbol="ETHUSDT"))
    with read.reading(machine.path) as conn:
        assert [record.intent for record in read.orders(conn)] == [intent(2), intent(1)]
        assert [record.intent for record in read.orders(conn, open_only=True)] == [intent(1)]
        assert [record.intent for record in read.orders(conn, 1, "BTCUSDT", limit=1)] == [intent(2)]
        assert read.orders(conn, 2) == read.orders(conn, None, "ETHUSDT") == []
        assert [record.fill.exec_id for record in read.fills(conn)] == ["8", "7"]
        assert read.fills(conn, 1, "ETHUSDT") == [fill(8, symbol="ETHUSDT")]
        assert [row.why for row in read.adjustments(conn)] == ["b", "a"]
        assert [row.why for row in read.adjustments(conn, None, "BTCUSDT")] == ["a"]
        assert read.sessions(conn) == [SessionRecord(1, "grid")]


def test_readers_see_a_running_book_and_one_in_a_folder_they_cannot_write(machine: Machine) -> None:
    store = machine.ready()
    commit(store, order(1), fill(7, order_number=1), PositionRecord(1, "BTCUSDT", Decimal("0.5")))
    with read.reading(machine.path) as conn:
        assert read.positions(conn, 1) == [PositionRecord(1, "BTCUSDT", Decimal("0.5"))]
        assert read.positions(conn) == read.positions(conn, 1)
        assert read.fills(conn, 1) == [fill(7, order_number=1)]
        with pytest.raises(apsw.ReadOnlyError):
            conn.execute("DELETE FROM positions")
    store.close()
    machine.path.parent.chmod(0o500)
    try:
        with read.reading(machine.path) as conn:
            assert len(read.orders(conn, 1)) == 1
    finally:
        machine.path.parent.chmod(0o700)
    with pytest.raises(StoreError), read.reading(machine.path.with_name("none.db")):
        pass


def test_what_a_start_reads_does_not_grow_with_what_was_settled(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradingsys.store.loading._KEEP_NEWEST", 10)
    store = machine.ready()
    done: list[Record] = [
        order(number, venue_cum_qty=Decimal("0.001"), status=OrderStatus.FILLED) for number in range(500)
    ]
    fills: list[Record] = [fill(100 + number, order_number=number) for number in range(500)]
    marks: list[Record] = [
        SymbolRecord("BTCUSDT", 1),
        WatermarkRecord("BTCUSDT", 595),
        LedgerMarkRecord("FUNDING_FEE", NOW_MS + 1),
    ]
    commit(store, *marks, *done, *fills, order(1000))
    machine.kill()
    saved = machine.open().saved
    assert [record.intent.client_order_id for record in saved.orders] == [
        intent(number).client_order_id for number in (*range(490, 500), 1000)
    ]
    assert [record.fill.exec_id for record in saved.fills] == [str(number) for number in range(590, 600)]


@pytest.mark.parametrize(("content", "error"), [(b"\xa5" * 8192, ConfigError), (b"", StoreError)])
def test_what_cannot_be_read_is_closed_again(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    path = tmp_path / "pos.db"
    conn = apsw.Connection(str(path))
    conn.execute("CREATE TABLE a (b)")
    conn.close()
    path.write_bytes(content or path.read_bytes()[:100] + b"\xa5" * 8092)
    with pytest.raises(error) as raised:  # whose traceback keeps what is left open from being collected
        open_reader(path)
    assert not [conn for conn in apsw.connections() if conn.filename == str(path)], raised
