"""Orders and their executions as rows of pos.db, and back."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

import apsw
import msgspec

from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.order import Closed, Fill, FillKey, Terms
from tradingsys.core.records import FillRecord, Intent, OrderRecord, Replace
from tradingsys.store.columns import (
    from_json,
    number,
    optional_number,
    optional_text,
    plain_or_null,
    to_json,
    whole,
)
from tradingsys.store.edits import plain
from tradingsys.store.sqlite import SqlValue

__all__ = ["find_order", "has_fill", "insert_intent", "read_fills", "read_orders", "write_fill", "write_order"]


class _OrderRow(NamedTuple):
    """What is read of ``orders``, by the names of its columns."""

    client_order_id: SqlValue
    session_id: SqlValue
    status: SqlValue
    venue_cum_qty: SqlValue
    venue_order_id: SqlValue
    stamp_ms: SqlValue
    recv_window_ms: SqlValue
    accepted: SqlValue
    absent: SqlValue
    closed: SqlValue
    terms: SqlValue
    venue_terms: SqlValue
    algo_id: SqlValue
    replace: SqlValue
    list_id: SqlValue
    presumed_qty: SqlValue
    rival: SqlValue


class _FillRow(NamedTuple):
    """The columns of ``fills``; the first three are its `FillKey`."""

    symbol: SqlValue
    trade_id: SqlValue
    order_id: SqlValue
    session_id: SqlValue
    client_order_id: SqlValue
    side: SqlValue
    px: SqlValue
    qty: SqlValue
    fee: SqlValue
    fee_asset: SqlValue
    is_maker: SqlValue
    realized_pnl: SqlValue
    ts_event_ms: SqlValue
    epoch: SqlValue
    n: SqlValue


_ORDER_COLUMNS, _FILL_COLUMNS = ", ".join(_OrderRow._fields), ", ".join(_FillRow._fields)
_INSERT_ORDER = (
    f"INSERT INTO orders ({_ORDER_COLUMNS}, done, done_ms) VALUES ({', '.join('?' * (len(_OrderRow._fields) + 2))})"
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
_INSERT_FILL = (
    f"INSERT INTO fills ({_FILL_COLUMNS}) VALUES ({', '.join('?' * len(_FillRow._fields))})"
    " ON CONFLICT DO UPDATE SET client_order_id = coalesce(client_order_id, excluded.client_order_id),"
    " fee = coalesce(fee, excluded.fee), fee_asset = coalesce(fee_asset, excluded.fee_asset),"
    " is_maker = coalesce(is_maker, excluded.is_maker), realized_pnl = coalesce(realized_pnl, excluded.realized_pnl),"
    " ts_event_ms = min(ts_event_ms, excluded.ts_event_ms)"
)

_SIDES = {side.value: side for side in Side}
_STATUSES = {status.value: status for status in OrderStatus}

_terms = msgspec.json.Decoder(Terms).decode
_closed = msgspec.json.Decoder(Closed).decode
_replace = msgspec.json.Decoder(Replace).decode


def write_order(record: OrderRecord, conn: apsw.Connection) -> None:
    """Keep what is known of an order, in the place of what was."""
    conn.execute(_INSERT_ORDER + _UPDATE_ORDER, _order_values(record))


def write_fill(record: FillRecord, conn: apsw.Connection) -> None:
    """Keep an execution; of one that is kept already, what was not known of it."""
    fill = record.fill
    row = _FillRow(
        symbol=fill.symbol,
        trade_id=fill.exec_id,
        order_id=fill.venue_order_id,
        session_id=record.session,
        client_order_id=record.client_order_id,
        side=fill.side.value,
        px=plain(fill.last_px),
        qty=plain(fill.last_qty),
        fee=plain_or_null(fill.fee),
        fee_asset=fill.fee_asset,
        is_maker=fill.is_maker,
        realized_pnl=plain_or_null(fill.realized_pnl),
        ts_event_ms=fill.ts_event_ms,
        epoch=record.epoch,
        n=record.n,
    )
    conn.execute(_INSERT_FILL, row)


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
        (to_json(replace), intent.client_order_id, intent.revision, intent.revision),
    )


def read_orders(conn: apsw.Connection, where: str, bindings: tuple[SqlValue, ...] = ()) -> list[OrderRecord]:
    """The orders for which ``where`` (any clauses after FROM) holds."""
    found = conn.execute(f"SELECT {_ORDER_COLUMNS} FROM orders {where}", bindings)
    return [_to_order(_OrderRow(*row)) for row in found]


def read_fills(
    conn: apsw.Connection, where: str, bindings: tuple[SqlValue, ...] = (), known: Container[FillKey] = ()
) -> list[FillRecord]:
    """The fills for which ``where`` (any clauses after FROM) holds, without those that are ``known``."""
    found = conn.execute(f"SELECT {_FILL_COLUMNS} FROM fills {where}", bindings)
    return [_to_fill(_FillRow(*row)) for row in found if row[:3] not in known]


def find_order(conn: apsw.Connection, client_order_id: str) -> tuple[OrderRecord | None, list[FillRecord]] | None:
    """An order and its executions, which may be all that there is of it; None when there is nothing."""
    where, bindings = "WHERE client_order_id = ?", (client_order_id,)
    found, fills = read_orders(conn, where, bindings), read_fills(conn, where, bindings)
    return (found[0] if found else None, fills) if found or fills else None


def has_fill(conn: apsw.Connection, fill: Fill) -> bool:
    """Whether an execution is booked, to whomever."""
    key = (fill.symbol, fill.exec_id, fill.venue_order_id)
    return bool(read_fills(conn, "WHERE symbol = ? AND trade_id = ? AND order_id = ?", key))


def _order_values(record: OrderRecord) -> tuple[SqlValue, ...]:
    intent, closed = record.intent, record.closed
    row = _OrderRow(
        client_order_id=intent.client_order_id,
        session_id=intent.session,
        status=record.status.value,
        venue_cum_qty=plain(record.venue_cum_qty),
        venue_order_id=record.venue_order_id,
        stamp_ms=intent.stamp_ms,
        recv_window_ms=intent.recv_window_ms,
        accepted=record.accepted,
        absent=record.absent,
        closed=to_json(closed),
        terms=to_json(intent.terms),
        venue_terms=to_json(record.terms),
        algo_id=record.algo_id,
        replace=to_json(record.replace),
        list_id=record.list_id,
        presumed_qty=plain(intent.presumed_qty),
        rival=intent.rival,
    )
    ordered = (record.terms or intent.terms).order_qty
    is_filled = record.venue_cum_qty >= ordered > 0
    done = closed is not None or record.absent or is_filled or not record.status.is_open
    return (*row, done, (closed.ts_event_ms if closed is not None else 0) or intent.stamp_ms)


def _to_order(row: _OrderRow) -> OrderRecord:
    where = f"client_order_id {row.client_order_id!r}"
    intent = Intent(
        str(row.client_order_id),
        whole(row.session_id),
        from_json(_terms, row.terms, "orders", where, "terms"),
        whole(row.stamp_ms),
        whole(row.recv_window_ms),
        presumed_qty=number(row.presumed_qty),
        rival=str(row.rival),
    )
    return OrderRecord(
        intent,
        optional_text(row.venue_order_id),
        None if row.venue_terms is None else from_json(_terms, row.venue_terms, "orders", where, "venue_terms"),
        bool(row.accepted),
        number(row.venue_cum_qty),
        None if row.closed is None else from_json(_closed, row.closed, "orders", where, "closed"),
        bool(row.absent),
        _STATUSES[str(row.status)],
        optional_text(row.algo_id),
        None if row.replace is None else from_json(_replace, row.replace, "orders", where, "replace"),
        list_id=optional_text(row.list_id),
    )


def _to_fill(row: _FillRow) -> FillRecord:
    fill = Fill(
        str(row.trade_id),
        str(row.symbol),
        str(row.order_id),
        _SIDES[str(row.side)],
        number(row.px),
        number(row.qty),
        whole(row.ts_event_ms),
        None if row.is_maker is None else bool(row.is_maker),
        optional_number(row.fee),
        optional_text(row.fee_asset),
        optional_number(row.realized_pnl),
    )
    return FillRecord(fill, whole(row.session_id), optional_text(row.client_order_id), whole(row.epoch), whole(row.n))
