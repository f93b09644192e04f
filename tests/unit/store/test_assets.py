"""What a book of assets keeps beside one of contracts, and what older files make of it."""

from __future__ import annotations

import struct
import zlib
from decimal import Decimal
from pathlib import Path

import apsw
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.unit.store.books import DAY_MS, NOW_MS, Machine, commit, intent, of_format_10, order
from tests.unit.store.version_1 import write_version_1
from tradingsys.core.enums import OrderType, Side
from tradingsys.core.errors import ConfigError, StoreError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Terms
from tradingsys.core.position import Pair
from tradingsys.core.records import (
    LedgerKind,
    LedgerMarkRecord,
    LedgerRecord,
    OrderRecord,
    PerformanceRecord,
    PositionRecord,
    SessionRecord,
    SymbolRecord,
)
from tradingsys.oms.session_book import SessionBook
from tradingsys.store import migrations

D = Decimal
EARNED = PerformanceRecord(1, "BTCUSDT", D("0.999"), D(100), D(0), {"BTC": D("0.001")}, {}, 0, D(1), D("-100.00000001"))


def legs(*numbers: int) -> list[str]:
    return [intent(number).client_order_id for number in numbers]


def test_assets_of_a_symbol_and_what_was_executed_come_back(machine: Machine) -> None:
    store = machine.ready()
    symbol = SymbolRecord("BTCUSDT", 5, "BTC", "USDT")
    commit(store, symbol, SymbolRecord("ETHUSDT", 7), EARNED)
    machine.kill()
    saved = machine.open().saved
    assert saved.symbols == (symbol, SymbolRecord("ETHUSDT", 7)) and saved.performance == (EARNED,)
    assert symbol.pair == Pair("BTC", "USDT") and saved.symbols[1].pair is None


def test_an_order_keeps_its_list_and_its_amount(machine: Machine) -> None:
    store = machine.ready()
    terms = Terms("BTCUSDT", Side.BUY, OrderType.MARKET, D(0), quote_order_qty=D(50), iceberg_qty=D(1))
    bought = structs.replace(intent(1), terms=terms, presumed_qty=D("0.51"), rival="r1")
    store.append(bought)
    commit(store, OrderRecord(bought), OrderRecord(intent(2), list_id="77"), OrderRecord(intent(3), list_id="77"))
    commit(store, OrderRecord(intent(3)))
    machine.kill()
    first, second, third = machine.open().saved.orders
    assert first == OrderRecord(bought) and second.list_id == "77"
    assert third.list_id == "77", "an order leaves no list"


def test_what_the_ledger_comes_to_is_exact_and_needs_no_old_rows(machine: Machine) -> None:
    store = machine.ready()
    amounts = ["0.1", "0.2", "-0.3", "0.00000001", "12345678901234567890.12345678"]
    rows = [
        LedgerRecord(1, "BTC", D(amount), LedgerKind.INTEREST, f"i{n}", NOW_MS + n) for n, amount in enumerate(amounts)
    ]
    kept = LedgerRecord(EXTERNAL, "BTC", D(2), LedgerKind.BASELINE, "b", 5)
    commit(store, *rows, rows[0], kept, LedgerMarkRecord(LedgerKind.INTEREST, NOW_MS + 4))
    machine.kill()
    saved = machine.open().saved
    assert saved.ledger_totals == {(1, "BTC"): D("12345678901234567890.12345679"), (EXTERNAL, "BTC"): D(2)}
    assert saved.ledger == (kept, rows[4]), "baselines tell what is accounted for; other rows from the mark on"


def test_transfers_are_read_as_long_as_the_stream_may_tell_them_again(machine: Machine) -> None:
    store = machine.ready()
    told = [
        LedgerRecord(EXTERNAL, "BTC", D(1), LedgerKind.TRANSFER, str(n), NOW_MS - days * DAY_MS)
        for n, days in enumerate((30, 1))
    ]
    commit(store, *told)
    machine.kill()
    saved = machine.open().saved
    assert saved.ledger == (told[1],) and saved.ledger_totals == {(EXTERNAL, "BTC"): D(2)}


def test_what_a_book_of_format_4_counted_an_order_as_is_kept(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    write_version_1(machine.path)
    conn = apsw.Connection(str(machine.path))
    for step in migrations._STEPS[1:4]:
        conn.execute(step).fetchall()
    conn.execute("UPDATE orders SET worst_qty = '0.51'")
    conn.execute("PRAGMA user_version = 4").fetchall()
    conn.close()
    orders = machine.open().saved.orders
    assert orders
    assert all((row.intent.presumed_qty, row.intent.rival) == (D("0.51"), "") for row in orders)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_book_has_no_assets_and_keeps_everything(tmp_path: Path, version: int) -> None:
    machine = Machine(tmp_path)
    write_version_1(machine.path)
    conn = apsw.Connection(str(machine.path))
    for step in migrations._STEPS[1:version]:
        conn.execute(step).fetchall()
    conn.execute(f"PRAGMA user_version = {version}").fetchall()
    if version > 1:
        conn.execute(
            "INSERT INTO performance VALUES (1, 'BTCUSDT', '0.002', '61500', '1', '{\"USDT\":\"0.0724\"}', '{}', 0)"
        )
    orders = conn.execute("SELECT client_order_id, status, terms FROM orders").fetchall()
    conn.close()
    store = machine.open()
    saved = store.saved
    assert saved.symbols == (SymbolRecord("BTCUSDT", 10),) and SessionBook(saved).pairs == {}
    assert [(row.executed, row.quote_flow) for row in saved.performance] == ([(D(0), D(0))] if version > 1 else [])
    assert all(row.list_id is None and not row.intent.presumed_qty for row in saved.orders)
    assert store._conn.execute("SELECT client_order_id, status, terms FROM orders").fetchall() == orders
    assert store._conn.execute("PRAGMA user_version").fetchall() == [(migrations.VERSION,)]
    assert saved.ledger_totals == {(1, "USDT"): D("-0.01")}
    loose = store._conn.execute(
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND NOT strict"
        " AND name NOT LIKE 'sqlite_%'"
    )
    assert loose.fetchall() == []


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("symbols", "base_asset = ''"),
        ("symbols", "base_asset = 'B T'"),
        ("symbols", "quote_asset = ''"),
        ("performance", "executed = 'x'"),
        ("performance", "quote_flow = '1e5'"),
        ("orders", "list_id = ''"),
        ("orders", "presumed_qty = ''"),
    ],
)
def test_a_value_that_nobody_wrote_is_named(machine: Machine, table: str, change: str) -> None:
    store = machine.ready()
    commit(store, SymbolRecord("BTCUSDT", 5, "BTC", "USDT"), EARNED, order(1))
    store._conn.execute(f"UPDATE {table} SET {change}").fetchall()
    machine.kill()
    with pytest.raises(ConfigError, match=f"{table}: .*{change.split()[0] if change[:5] != 'quote' else ''}"):
        machine.open()


def test_a_sessions_own_view_is_of_what_it_can_sell(machine: Machine) -> None:
    store = machine.ready()
    commit(store, SessionRecord(1, "grid"), SymbolRecord("BTCUSDT", 5, "BTC", "USDT"), EARNED)
    commit(store, PositionRecord(1, "BTCUSDT", D("0.999")))
    assert store._conn.execute('SELECT symbol, net FROM "1"').fetchall() == [("btcusdt", 0.999)]
    machine.kill()
    conn = apsw.Connection(str(machine.path))
    conn.execute("""UPDATE "1" SET net = 0.5 WHERE symbol = 'btcusdt'""").fetchall()
    conn.close()
    [edit] = machine.open().saved.edits
    assert (edit.basis, edit.edited) == (D("0.999"), D("0.5"))


# ---- orders that are sent together


def test_orders_that_are_sent_together_survive_together(machine: Machine) -> None:
    store = machine.ready()
    store.append(intent(1), intent(2), intent(3))
    store.append(intent(4))
    machine.kill()
    saved = machine.open().saved
    assert [row.intent for row in saved.orders] == [intent(1), intent(2), intent(3), intent(4)]
    assert saved.journal_proven, "a record counts once, whatever it holds"


@given(st.data())
def test_a_torn_tail_takes_all_of_a_request_or_none(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    machine = Machine(tmp_path_factory.mktemp("torn"))
    store = machine.ready()
    requests = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    numbers, ends, sent = iter(range(1, 20)), [machine.journal.stat().st_size], list[list[int]]()
    for count in requests:
        sent.append([next(numbers) for _ in range(count)])
        store.append(*(intent(number) for number in sent[-1]))
        ends.append(machine.journal.stat().st_size)
    machine.kill()
    cut = data.draw(st.integers(ends[0], ends[-1]))
    machine.journal.write_bytes(machine.journal.read_bytes()[:cut])
    whole = sum(end <= cut for end in ends[1:])
    known = [row.intent.client_order_id for row in machine.open().saved.orders]
    assert known == legs(*(number for request in sent[:whole] for number in request))
    machine.kill()


def test_a_segment_waits_for_all_orders_of_a_request(machine: Machine) -> None:
    store = machine.ready(segment_bytes=1)
    store.append(intent(1), intent(2))
    assert store._journal is not None
    commit(store, order(1, accepted=True))
    assert len(store._journal.full) == 1
    commit(store, order(2, accepted=True))
    assert not store._journal.full


def test_a_window_that_is_too_long_refuses_the_whole_request(machine: Machine) -> None:
    store = machine.ready()
    with pytest.raises(StoreError, match="recvWindow"):
        store.append(intent(1), structs.replace(intent(2), recv_window_ms=5_001))
    machine.kill()
    assert machine.open().saved.orders == ()


def test_a_record_of_an_older_gateway_holds_one_order(machine: Machine) -> None:
    store = machine.ready()
    machine.kill()
    payload = msgspec.msgpack.encode((store.saved.last_epoch + 1, 1, intent(1)))
    with machine.journal.open("ab") as journal:
        journal.write(struct.pack("<II", len(payload), zlib.crc32(payload)) + payload)
    assert [row.intent for row in machine.open().saved.orders] == [intent(1)]


def test_a_days_loss_of_format_6_ends_with_the_day_and_what_was_earned_begins_anew(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.ready().close()
    conn = apsw.Connection(str(machine.path))
    of_format_10(conn)
    for column, table in (("until_ms", "halts"), ("cost", "days")):
        conn.execute(f"ALTER TABLE {table} DROP COLUMN {column}").fetchall()
    conn.execute("DROP TABLE prices; PRAGMA user_version = 6").fetchall()
    for cause, state in (("LIMIT", "REDUCING"), ("FORCED", "HALTED")):
        conn.execute("INSERT INTO halts VALUES (1, '', ?, ?, 'NOTHING', '', 172800001)", (cause, state)).fetchall()
    conn.execute("INSERT INTO days VALUES (1, 172800000, '5', '5')").fetchall()
    conn.close()
    saved = machine.open().saved
    assert [(row.cause, row.until_ms) for row in saved.halts] == [("LIMIT", 259_200_000), ("FORCED", None)]
    assert saved.days == ()
