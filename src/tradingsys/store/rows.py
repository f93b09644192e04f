"""Records as rows of pos.db, and back."""

from __future__ import annotations

from collections.abc import Callable, Container
from decimal import Decimal
from functools import singledispatch
from typing import TypeVar

import apsw
import msgspec

from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.order import Closed, Fill, FillKey, Terms
from tradingsys.core.records import (
    AccountRecord,
    AdjustmentRecord,
    FillRecord,
    Intent,
    LedgerMarkRecord,
    LedgerRecord,
    OrderRecord,
    PerformanceRecord,
    Record,
    Replace,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.store.edits import plain
from tradingsys.store.soundness import misplaced
from tradingsys.store.sqlite import Row, SqlValue, rows
from tradingsys.store.standing_rows import write_ban, write_day, write_halt, write_missing, write_price, write_session

__all__ = [
    "insert_intent",
    "read_adjustments",
    "read_fills",
    "read_ledger",
    "read_ledger_marks",
    "read_orders",
    "read_performance",
    "read_symbols",
    "sum_ledger",
    "whole",
    "write",
]

T = TypeVar("T")

_ORDER_COLUMNS = (
    "client_order_id, session_id, status, venue_cum_qty, venue_order_id, stamp_ms, recv_window_ms, accepted, absent,"
    " closed, terms, venue_terms, algo_id, replace, list_id, presumed_qty, rival"
)
_INSERT_ORDER = (
    f"INSERT INTO orders ({_ORDER_COLUMNS}, done, done_ms) VALUES ({', '.join('?' * 19)})"
    " ON CONFLICT (client_order_id) DO "
)
# What we sent never changes; what is known about it does.
_UPDATE_ORDER = (
    "UPDATE SET status = excluded.status, venue_cum_qty = excluded.venue_cum_qty,"
    " venue_order_id = excluded.venue_order_id, accepted = excluded.accepted, absent = excluded.absent,"
    " closed = excluded.closed, venue_terms = excluded.venue_terms, algo_id = excluded.algo_id,"
    " replace = excluded.replace, list_id = coalesce(excluded.list_id, list_id), done = excluded.done,"
    " done_ms = excluded.done_ms"
)
_FILL_COLUMNS = (
    "symbol, trade_id, order_id, session_id, client_order_id, side, px, qty, fee, fee_asset, is_maker, realized_pnl,"
    " ts_event_ms, epoch, n"
)
_INSERT_FILL = (
    f"INSERT INTO fills ({_FILL_COLUMNS}) VALUES ({', '.join('?' * 15)})"
    " ON CONFLICT DO UPDATE SET client_order_id = coalesce(client_order_id, excluded.client_order_id),"
    " fee = coalesce(fee, excluded.fee), fee_asset = coalesce(fee_asset, excluded.fee_asset),"
    " is_maker = coalesce(is_maker, excluded.is_maker), realized_pnl = coalesce(realized_pnl, excluded.realized_pnl),"
    " ts_event_ms = min(ts_event_ms, excluded.ts_event_ms)"
)

_SIDES = {side.value: side for side in Side}
_STATUSES = {status.value: status for status in OrderStatus}

_to_json = msgspec.json.Encoder().encode
_terms = msgspec.json.Decoder(Terms).decode
_closed = msgspec.json.Decoder(Closed).decode
_replace = msgspec.json.Decoder(Replace).decode
_money = msgspec.json.Decoder(dict[str, Decimal]).decode


@singledispatch
def write(record: Record, conn: apsw.Connection) -> None:  # noqa: ARG001 - the records' own functions use it
    """Put one record into its table, inside the caller's transaction. Positions have rules of their own."""
    raise TypeError(f"{type(record).__name__} has no table")


@write.register
def _(record: OrderRecord, conn: apsw.Connection) -> None:
    conn.execute(_INSERT_ORDER + _UPDATE_ORDER, _order_values(record))


@write.register
def _(record: FillRecord, conn: apsw.Connection) -> None:
    fill = record.fill
    conn.execute(
        _INSERT_FILL,
        (
            fill.symbol,
            fill.exec_id,
            fill.venue_order_id,
            record.session,
            record.client_order_id,
            fill.side.value,
            plain(fill.last_px),
            plain(fill.last_qty),
            _optional(fill.fee),
            fill.fee_asset,
            fill.is_maker,
            _optional(fill.realized_pnl),
            fill.ts_event_ms,
            record.epoch,
            record.n,
        ),
    )


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
            _optional(record.entry_px),
            plain(record.realized_pnl),
            _to_json(record.fees).decode(),
            _to_json(record.funding).decode(),
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
        AdjustmentRecord(whole(session), str(symbol), Decimal(str(delta)), str(why), whole(ts_ms))
        for session, symbol, delta, why, ts_ms in found
    ]


def read_ledger(conn: apsw.Connection, where: str, bindings: tuple[SqlValue, ...] = ()) -> list[LedgerRecord]:
    """The rows of the ledger for which ``where`` (any clauses after FROM) holds."""
    found = rows(conn, f"SELECT session_id, asset, amount, kind, ext_id, ts_ms, symbol FROM ledger {where}", bindings)
    return [
        LedgerRecord(
            whole(session), str(asset), Decimal(str(amount)), str(kind), str(ext_id), whole(ts_ms), str(symbol)
        )
        for session, asset, amount, kind, ext_id, ts_ms, symbol in found
    ]


def read_symbols(conn: apsw.Connection) -> list[SymbolRecord]:
    """All symbols that are accounted for."""
    found = rows(conn, "SELECT symbol, first_trade_id, base_asset, quote_asset FROM symbols ORDER BY 1")
    return [SymbolRecord(str(symbol), whole(number), str(base), str(quote)) for symbol, number, base, quote in found]


def sum_ledger(conn: apsw.Connection) -> dict[tuple[int, str], Decimal]:
    """What all rows of the ledger come to, by session and asset; SQLite itself would add them as floats."""
    sums: dict[tuple[int, str], Decimal] = {}
    for session, asset, amount in conn.execute("SELECT session_id, asset, amount FROM ledger"):
        key = (whole(session), str(asset))
        sums[key] = sums.get(key, Decimal(0)) + Decimal(str(amount))
    return sums


def read_performance(conn: apsw.Connection) -> list[PerformanceRecord]:
    """All of ``performance``."""
    columns = "session_id, symbol, net, entry_px, realized_pnl, fees, funding, adjustments, executed, quote_flow"
    found = rows(conn, f"SELECT {columns}, uncosted, unvalued FROM performance")
    return [
        PerformanceRecord(
            whole(session),
            str(symbol),
            Decimal(str(net)),
            None if entry_px is None else Decimal(str(entry_px)),
            Decimal(str(realized_pnl)),
            _from_json(_money, fees, "performance", f"session_id {session!r}, symbol {symbol!r}", "fees"),
            _from_json(_money, funding, "performance", f"session_id {session!r}, symbol {symbol!r}", "funding"),
            whole(adjustments),
            *(Decimal(str(number)) for number in numbers),
        )
        for session, symbol, net, entry_px, realized_pnl, fees, funding, adjustments, *numbers in found
    ]


def read_ledger_marks(conn: apsw.Connection) -> list[LedgerMarkRecord]:
    """How far each kind of the ledger was read."""
    return [LedgerMarkRecord(str(kind), whole(ts_ms)) for kind, ts_ms in rows(conn, "SELECT * FROM ledger_marks")]


def insert_intent(conn: apsw.Connection, intent: Intent) -> None:
    """An order of which nothing is known but that it may have been sent; no change when it is known already.

    Of an amend, that it may be under way, unless a later one is.
    """
    if not intent.revision:
        conn.execute(_INSERT_ORDER + "NOTHING", _order_values(OrderRecord(intent)))
        return
    terms = intent.terms
    replace = Replace(terms.order_qty, terms.price, intent.revision, intent.stamp_ms, intent.recv_window_ms)
    conn.execute(
        "UPDATE orders SET replace = ? WHERE client_order_id = ? AND NOT done"
        " AND coalesce(json_extract(venue_terms, '$.revision'), 0) < ?"
        " AND coalesce(json_extract(replace, '$.revision'), 0) < ?",
        (_to_json(replace).decode(), intent.client_order_id, intent.revision, intent.revision),
    )


def read_orders(conn: apsw.Connection, where: str, bindings: tuple[SqlValue, ...] = ()) -> list[OrderRecord]:
    """The orders for which ``where`` (any clauses after FROM) holds."""
    return [_to_order(row) for row in conn.execute(f"SELECT {_ORDER_COLUMNS} FROM orders {where}", bindings)]


def read_fills(
    conn: apsw.Connection, where: str, bindings: tuple[SqlValue, ...] = (), known: Container[FillKey] = ()
) -> list[FillRecord]:
    """The fills for which ``where`` (any clauses after FROM) holds, without those that are ``known``."""
    found = conn.execute(f"SELECT {_FILL_COLUMNS} FROM fills {where}", bindings)
    return [_to_fill(row) for row in found if row[:3] not in known]


def _order_values(record: OrderRecord) -> Row:
    intent, closed = record.intent, record.closed
    ordered = (record.terms or intent.terms).order_qty
    is_filled = record.venue_cum_qty >= ordered > 0
    done = closed is not None or record.absent or is_filled or not record.status.is_open
    return (
        intent.client_order_id,
        intent.session,
        record.status.value,
        plain(record.venue_cum_qty),
        record.venue_order_id,
        intent.stamp_ms,
        intent.recv_window_ms,
        record.accepted,
        record.absent,
        None if closed is None else _to_json(closed).decode(),
        _to_json(intent.terms).decode(),
        None if record.terms is None else _to_json(record.terms).decode(),
        record.algo_id,
        None if record.replace is None else _to_json(record.replace).decode(),
        record.list_id,
        plain(intent.presumed_qty),
        intent.rival,
        done,
        (closed.ts_event_ms if closed is not None else 0) or intent.stamp_ms,
    )


def _to_order(row: Row) -> OrderRecord:
    coid, session, status, cum, venue_order_id, stamp_ms, window_ms, accepted, absent = row[:9]
    closed, terms, venue_terms, algo_id, replace, list_id, presumed_qty, rival = row[9:]
    where = f"client_order_id {coid!r}"
    sent = _from_json(_terms, terms, "orders", where, "terms")
    presumed = Decimal(str(presumed_qty))
    intent = Intent(
        str(coid), whole(session), sent, whole(stamp_ms), whole(window_ms), presumed_qty=presumed, rival=str(rival)
    )
    return OrderRecord(
        intent,
        _text(venue_order_id),
        None if venue_terms is None else _from_json(_terms, venue_terms, "orders", where, "venue_terms"),
        bool(accepted),
        Decimal(str(cum)),
        None if closed is None else _from_json(_closed, closed, "orders", where, "closed"),
        bool(absent),
        _STATUSES[str(status)],
        _text(algo_id),
        None if replace is None else _from_json(_replace, replace, "orders", where, "replace"),
        list_id=_text(list_id),
    )


def _to_fill(row: Row) -> FillRecord:
    (symbol, trade_id, order_id, session, coid, side, px, qty, fee, fee_asset, is_maker, pnl, ts_event_ms) = row[:13]
    fill = Fill(
        str(trade_id),
        str(symbol),
        str(order_id),
        _SIDES[str(side)],
        Decimal(str(px)),
        Decimal(str(qty)),
        whole(ts_event_ms),
        None if is_maker is None else bool(is_maker),
        None if fee is None else Decimal(str(fee)),
        _text(fee_asset),
        None if pnl is None else Decimal(str(pnl)),
    )
    return FillRecord(fill, whole(session), _text(coid), whole(row[13]), whole(row[14]))


def _from_json(decode: Callable[[str], T], text: SqlValue, table: str, row: str, column: str) -> T:
    """Raises ConfigError for what we never wrote."""
    try:
        return decode(str(text))
    except msgspec.DecodeError as error:
        raise misplaced(None, table, row, f"{column} cannot be read: {error}") from None


def _optional(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _text(value: SqlValue) -> str | None:
    return None if value is None else str(value)


def whole(value: SqlValue) -> int:
    """A column that holds whole numbers."""
    assert isinstance(value, int)
    return value
