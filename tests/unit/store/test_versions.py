"""A book of an earlier version opens and keeps everything."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest
from msgspec import structs

from tests.unit.store.books import NOW_MS, Machine, commit, fill, of_format_10, of_format_11
from tests.unit.store.version_1 import write_version_1
from tradingsys.core.ban import BanRecord
from tradingsys.core.enums import TradingState
from tradingsys.core.errors import ConfigError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.missing import MissingRecord
from tradingsys.core.position import SessionPosition
from tradingsys.core.records import (
    AdjustmentRecord,
    DayRecord,
    HaltCause,
    HaltDuty,
    HaltRecord,
    LedgerMarkRecord,
    LedgerRecord,
    PerformanceRecord,
    PositionRecord,
    PriceRecord,
    Scope,
    SessionRecord,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.oms.effects import Save
from tradingsys.oms.session_book import SessionBook
from tradingsys.store import Store, read
from tradingsys.store.migrations import VERSION

SYMBOL = "BTCUSDT"
HALT = HaltRecord(Scope(symbol=SYMBOL), TradingState.HALTED, "liquidated", NOW_MS, HaltCause.FORCED, HaltDuty.CANCEL)
HALTS = (
    HALT,
    structs.replace(HALT, scope=Scope(), cause=HaltCause.OPERATOR, ts_ms=NOW_MS + 2),
    structs.replace(HALT, scope=Scope(3, SYMBOL), state=TradingState.REDUCING, ts_ms=NOW_MS + 3, until_ms=NOW_MS + 9),
)
SESSION_1 = SessionPosition(Decimal("0.002"), Decimal(61500), Decimal(1), {"USDT": Decimal("0.0724")})


@pytest.fixture
def old(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    write_version_1(machine.path)
    return machine


def test_a_book_of_the_first_version_keeps_everything_and_learns_what_was_earned(old: Machine) -> None:
    store = old.open()
    saved = store.saved
    assert saved.lineage == "003D7" and saved.last_epoch == 1
    assert saved.sessions == (SessionRecord(1, "grid"), SessionRecord(2, "trend"))
    assert saved.symbols == (SymbolRecord(SYMBOL, 10),) and saved.watermarks == (WatermarkRecord(SYMBOL, 12),)
    assert [row.fill.exec_id for row in saved.fills] == ["10", "11", "12", "13"]
    assert [(row.session, row.delta) for row in saved.adjustments] == [
        (EXTERNAL, Decimal("1.5")),
        (2, Decimal("0.25")),
        (EXTERNAL, Decimal("-0.25")),
    ]
    [record] = saved.orders
    assert record.algo_id is None and record.intent.terms.order_qty == Decimal("0.003")
    assert not record.intent.terms.close_position, "what older terms do not say has its usual meaning"
    assert saved.ledger == (LedgerRecord(1, "USDT", Decimal("-0.01"), "FUNDING_FEE", "a", 1800000000015),)
    assert saved.edits == () and saved.halts == () and saved.ledger_marks == ()
    book = SessionBook(saved)
    assert book.position(1, SYMBOL) == SESSION_1
    assert book.position(2, SYMBOL) == SessionPosition(Decimal("0.25")), "set by an edit: nobody knows its cost"
    assert book.position(EXTERNAL, SYMBOL).net == Decimal("0.75") == book.net(EXTERNAL, SYMBOL)
    assert list(old.path.parent.glob("pos.db.before-migration-*.bak"))


def test_after_the_first_start_only_recent_fills_are_read(old: Machine) -> None:
    _start(old).close()
    saved = old.open().saved
    assert [row.fill.exec_id for row in saved.fills] == ["12", "13"], "an order's own, and those above the watermark"
    assert SessionBook(saved).position(1, SYMBOL) == SESSION_1


def _start(machine: Machine) -> Store:
    """Open a book and keep what follows from opening it."""
    store = machine.open()
    book = SessionBook(store.saved)
    book.mark_ledger("FUNDING_FEE", NOW_MS + 1_000)
    store.save_now([effect.record for effect in book.take_effects() if isinstance(effect, Save)])
    return store


def test_a_newer_version_is_left_alone(old: Machine) -> None:
    store = old.open()
    store._conn.execute(f"PRAGMA user_version = {VERSION + 1}").fetchall()
    old.kill()
    with pytest.raises(ConfigError, match="newer tradingsys"):
        old.open()


def test_a_new_cause_of_halts_is_a_new_format() -> None:
    """An older program could not read the row: it is to say that the file is a newer one's."""
    causes = "OPERATOR KILL_FILE FORCED DIFFERENCE UNPROVEN LIMIT PAUSE CONTRADICTION STORE COPIED_BOOK ABSENCE CANCEL"
    assert (VERSION, [*HaltCause]) == (12, [*causes.split(), "GAP", "AUDIT"])


def test_money_halts_and_marks_come_back_as_they_were(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    store = machine.ready()
    earned = PerformanceRecord(
        1,
        SYMBOL,
        Decimal("-0.3"),
        Decimal("65000.1000000000000000000001"),
        Decimal("-12.5"),
        {"BNB": Decimal("0.00000001"), "USDT": Decimal("-1")},
        {"USDT": Decimal("3.25")},
        2,
        uncosted=Decimal("-7.25"),
        unvalued=Decimal(3),
    )
    early = LedgerRecord(1, "USDT", Decimal("-0.5"), "FUNDING_FEE", "1", NOW_MS - 1, SYMBOL)
    late = LedgerRecord(-1, "USDT", Decimal("-0.25"), "FUNDING_FEE", "2", NOW_MS, SYMBOL)
    commit(
        store,
        earned,
        PerformanceRecord(2, SYMBOL, Decimal(0), None, Decimal(0), {}, {}, 0),
        early,
        late,
        LedgerMarkRecord("FUNDING_FEE", NOW_MS),
        LedgerMarkRecord("FUNDING_FEE", NOW_MS - 5),
        HALT,
        structs.replace(HALT, scope=Scope(symbol="ETHUSDT")),
        HaltRecord(Scope(symbol="ETHUSDT"), TradingState.ACTIVE, "", NOW_MS + 1, HALT.cause),
        structs.replace(HALT, reason="was first"),
        *HALTS[1:],
        HALT,
        DayRecord(1, NOW_MS - 86_400_000, Decimal("1E-8"), Decimal(5)),
        DayRecord(1, NOW_MS, Decimal("-0.00000001"), Decimal("1.50"), Decimal("0.25")),
        DayRecord(None, NOW_MS, Decimal(7), Decimal(8)),
        PriceRecord(SYMBOL, Decimal("0.6"), "USDT"),
        PriceRecord(SYMBOL, Decimal("1E-7"), "BTC"),
        MissingRecord((SYMBOL,), ("ETHUSDT",), NOW_MS),
        MissingRecord((), ("BTCUSDT_260327", "ETHUSDT"), NOW_MS + 1),
        BanRecord(NOW_MS - 5, 86_400_000),
        BanRecord(NOW_MS, 120_000),
        PositionRecord(1, SYMBOL, Decimal("-0.3")),
    )
    with read.reading(machine.path) as conn:
        assert read.ledger(conn) == [late, early]
        assert read.ledger(conn, 1) == read.ledger(conn, 1, SYMBOL) == [early]
        assert read.ledger(conn, 1, "ETHUSDT") == [] and read.ledger(conn, limit=1) == [late]
        assert read.halts(conn) == [*HALTS]
    machine.kill()
    saved = machine.open().saved
    assert saved.performance == (earned, PerformanceRecord(2, SYMBOL, Decimal(0), None, Decimal(0), {}, {}, 0))
    assert saved.ledger == (late,), "older rows are never read again"
    assert saved.ledger_marks == (LedgerMarkRecord("FUNDING_FEE", NOW_MS),), "a mark never goes back"
    assert saved.halts == HALTS
    assert saved.days == (
        DayRecord(None, NOW_MS, Decimal(7), Decimal(8)),
        DayRecord(1, NOW_MS, Decimal("-0.00000001"), Decimal("1.50"), Decimal("0.25")),
    )
    assert saved.prices == (PriceRecord(SYMBOL, Decimal("0.0000001"), "BTC"),)
    assert saved.missing == MissingRecord((), ("BTCUSDT_260327", "ETHUSDT"), NOW_MS + 1)
    assert saved.ban == BanRecord(NOW_MS, 120_000)


def test_prices_of_format_8_are_in_what_their_symbol_is_paid_with(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.ready().close()
    conn = apsw.Connection(str(machine.path))
    of_format_10(conn)
    conn.execute("ALTER TABLE prices DROP COLUMN quote_asset; PRAGMA user_version = 8").fetchall()
    for row in (("DOGEBTC", "DOGE", "BTC"), ("DOGEUSDT", "", "")):
        conn.execute("INSERT INTO symbols VALUES (?, 1, ?, ?)", row).fetchall()
        conn.execute("INSERT INTO prices VALUES (?, '0.6')", row[:1]).fetchall()
    conn.close()
    assert {row.symbol: row.quote_asset for row in machine.open().saved.prices} == {
        "DOGEBTC": "BTC",
        "DOGEUSDT": "USDT",
    }


def test_days_of_format_10_begin_anew_for_sessions_whose_books_were_edited(tmp_path: Path) -> None:
    """Nobody valued the edits: what they brought would be a gain, or a loss, of today."""
    machine = Machine(tmp_path)
    store = machine.ready()
    commit(
        store,
        *(DayRecord(session, NOW_MS, Decimal(1), Decimal(2)) for session in (1, 2)),
        AdjustmentRecord(2, SYMBOL, Decimal(1), "set", NOW_MS),
        PerformanceRecord(2, SYMBOL, Decimal(1), None, Decimal(0), {}, {}, 1),
    )
    machine.kill()
    conn = apsw.Connection(str(machine.path))
    of_format_10(conn)
    conn.close()
    saved = machine.open().saved
    assert [row.session for row in saved.days] == [1]
    assert [(row.uncosted, row.unvalued) for row in saved.performance] == [(Decimal(0), Decimal(0))]


def test_what_was_booked_before_format_12_was_told_before_any_event(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    store = machine.ready()
    commit(store, fill(7))
    store.close()
    conn = apsw.Connection(str(machine.path))
    of_format_11(conn)
    conn.close()
    store = machine.open()
    new = structs.replace(fill(8), epoch=5, n=3)
    commit(store, fill(7), new, structs.replace(new, epoch=6))
    with read.reading(machine.path) as conn:
        assert read.fills_after(conn, 1, 0, 0, limit=9) == [new], "a fee that comes later changes nothing of that"


def test_executions_are_found_by_what_told_of_them(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    store = machine.ready()
    at = ((5, 1), (5, 2), (5, 2), (5, 7), (6, 0), (6, 1))
    # Not in the order of the exchange's own numbers: one may be booked long after it happened.
    rows = [structs.replace(fill(20 - 2 * number), epoch=epoch, n=n) for number, (epoch, n) in enumerate(at)]
    commit(store, *rows, structs.replace(rows[0], fill=structs.replace(rows[0].fill, exec_id="99"), session=2))
    with read.reading(machine.path) as conn:
        first = read.fills_after(conn, 1, 5, 0, limit=2)
        assert [row.n for row in first] == [1, 2, 2], "what one event told is not torn apart"
        assert read.fills_after(conn, 1, 5, 2, limit=2) == rows[3:5]
        assert read.fills_after(conn, 1, 5, 7, limit=9) == rows[4:]
        assert read.fills_after(conn, 1, 6, 1, limit=9) == []
        asked: list[tuple[str, Any]] = []

        def trace(_: apsw.Cursor, sql: str, bindings: Any) -> bool:
            asked.append((sql, bindings))
            return True

        conn.exec_trace = trace
        read.fills_after(conn, 1, 5, 0, limit=2)
        conn.exec_trace = None
        plans = [str(conn.execute(f"EXPLAIN QUERY PLAN {sql}", bindings).fetchall()) for sql, bindings in asked]
        assert len(plans) == 2 and "COVERING INDEX" in plans[0]
        assert all("fills_by_event (session_id=? AND (epoch,n)>(?,?)" in plan for plan in plans), plans


def test_a_table_of_somebody_else_that_has_our_name_by_now_is_named(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.ready().close()
    conn = apsw.Connection(str(machine.path))
    of_format_10(conn)
    conn.execute("DROP TABLE prices; CREATE TABLE prices (mine); PRAGMA user_version = 7").fetchall()
    with pytest.raises(ConfigError, match="a table prices that is not ours"):
        machine.open()
    conn.execute("ALTER TABLE prices RENAME TO my_prices").fetchall()
    conn.close()
    assert machine.open().saved.prices == ()
