"""Records as rows of pos.db, and back."""

from __future__ import annotations

from decimal import Decimal
from functools import singledispatch

import apsw
import msgspec

from tradingsys.core.records import (
    AccountRecord,
    AdjustmentRecord,
    LedgerMarkRecord,
    LedgerRecord,
    PerformanceRecord,
    Record,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.store.columns import from_json, number, optional_number, plain_or_null, to_json, whole
from tradingsys.store.edits import plain
from tradingsys.store.order_rows import write_fill, write_order
from tradingsys.store.sqlite import SqlValue, rows
from tradingsys.store.standing_rows import write_ban, write_day, write_halt, write_missing, write_price, write_session

__all__ = [
    "read_adjustments",
    "read_ledger",
    "read_ledger_marks",
    "read_performance",
    "read_symbols",
    "sum_ledger",
    "write",
]

_money = msgspec.json.Decoder(dict[str, Decimal]).decode


@singledispatch
def write(record: Record, conn: apsw.Connection) -> None:  # noqa: ARG001 - the records' own functions use it
    """Put one record into its table, inside the caller's transaction. Positions have rules of their own."""
    raise TypeError(f"{type(record).__name__} has no table")


@write.register
def _(record: SymbolRecord, conn: apsw.Connection) -> None:
    conn.execute(
        "INSERT OR IGNORE INTO symbols VALUES (?, ?, ?, ?)",
        (record.symbol, record.first_trade_id, record.base_asset, record.quote_asset),
    )


@write.register
def _(record: WatermarkRecord, conn: apsw.Connection) -> None:
    conn.execute(
        "INSERT INTO watermarks VALUES (?, ?) ON CONFLICT DO UPDATE SET trade_id = max(trade_id, excluded.trade_id)",
        (record.symbol, record.trade_id),
    )


write.register(write_order)
write.register(write_fill)
write.register(write_session)
write.register(write_halt)
write.register(write_day)
write.register(write_price)
write.register(write_missing)
write.register(write_ban)


@write.register
def _(record: AccountRecord, conn: apsw.Connection) -> None:
    conn.execute("INSERT INTO meta VALUES ('venue_account', ?) ON CONFLICT DO NOTHING", (record.name,))


@write.register
def _(record: AdjustmentRecord, conn: apsw.Connection) -> None:
    conn.execute(
        "INSERT INTO adjustments (session_id, symbol, delta, why, ts_ms) VALUES (?, ?, ?, ?, ?)",
        (record.session, record.symbol, plain(record.delta), record.why, record.ts_ms),
    )


@write.register
def _(record: LedgerRecord, conn: apsw.Connection) -> None:
    conn.execute(
        "INSERT OR IGNORE INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?)",
        (record.kind, record.ext_id, record.session, record.asset, plain(record.amount), record.ts_ms, record.symbol),
    )


@write.register
def _(record: LedgerMarkRecord, conn: apsw.Connection) -> None:
    conn.execute(
        "INSERT INTO ledger_marks VALUES (?, ?) ON CONFLICT DO UPDATE SET ts_ms = max(ts_ms, excluded.ts_ms)",
        (record.kind, record.ts_ms),
    )


@write.register
def _(record: PerformanceRecord, conn: apsw.Connection) -> None:
    conn.execute(
        "INSERT OR REPLACE INTO performance VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.session,
            record.symbol,
            plain(record.net),
            plain_or_null(record.entry_px),
            plain(record.realized_pnl),
            to_json(record.fees),
            to_json(record.funding),
            record.adjustments,
            plain(record.executed),
            plain(record.quote_flow),
            plain(record.uncosted),
            plain(record.unvalued),
        ),
    )


def read_adjustments(conn: apsw.Connection, where: str, bindings: tuple[SqlValue, ...] = ()) -> list[AdjustmentRecord]:
    """The adjustments for which ``where`` (any clauses after FROM) holds."""
    found = rows(conn, f"SELECT session_id, symbol, delta, why, ts_ms FROM adjustments {where}", bindings)
    return [
        AdjustmentRecord(whole(session), str(symbol), number(delta), str(why), whole(ts_ms))
        for session, symbol, delta, why, ts_ms in found
    ]


def read_ledger(conn: apsw.Connection, where: str, bindings: tuple[SqlValue, ...] = ()) -> list[LedgerRecord]:
    """The rows of the ledger for which ``where`` (any clauses after FROM) holds."""
    found = rows(conn, f"SELECT session_id, asset, amount, kind, ext_id, ts_ms, symbol FROM ledger {where}", bindings)
    return [
        LedgerRecord(whole(session), str(asset), number(amount), str(kind), str(ext_id), whole(ts_ms), str(symbol))
        for session, asset, amount, kind, ext_id, ts_ms, symbol in found
    ]


def read_symbols(conn: apsw.Connection) -> list[SymbolRecord]:
    """All symbols that are accounted for."""
    found = rows(conn, "SELECT symbol, first_trade_id, base_asset, quote_asset FROM symbols ORDER BY 1")
    return [
        SymbolRecord(str(symbol), whole(trade_id), str(base), str(quote)) for symbol, trade_id, base, quote in found
    ]


def sum_ledger(conn: apsw.Connection) -> dict[tuple[int, str], Decimal]:
    """What all rows of the ledger come to, by session and asset; SQLite itself would add them as floats."""
    sums: dict[tuple[int, str], Decimal] = {}
    for session, asset, amount in conn.execute("SELECT session_id, asset, amount FROM ledger"):
        key = (whole(session), str(asset))
        sums[key] = sums.get(key, Decimal(0)) + number(amount)
    return sums


def read_performance(conn: apsw.Connection) -> list[PerformanceRecord]:
    """All of ``performance``."""
    columns = "session_id, symbol, net, entry_px, realized_pnl, fees, funding, adjustments, executed, quote_flow"
    found = rows(conn, f"SELECT {columns}, uncosted, unvalued FROM performance")
    return [
        PerformanceRecord(
            whole(session),
            str(symbol),
            number(net),
            optional_number(entry_px),
            number(realized_pnl),
            from_json(_money, fees, "performance", f"session_id {session!r}, symbol {symbol!r}", "fees"),
            from_json(_money, funding, "performance", f"session_id {session!r}, symbol {symbol!r}", "funding"),
            whole(adjustments),
            *(number(each) for each in numbers),
        )
        for session, symbol, net, entry_px, realized_pnl, fees, funding, adjustments, *numbers in found
    ]


def read_ledger_marks(conn: apsw.Connection) -> list[LedgerMarkRecord]:
    """How far each kind of the ledger was read."""
    return [LedgerMarkRecord(str(kind), whole(ts_ms)) for kind, ts_ms in rows(conn, "SELECT * FROM ledger_marks")]
