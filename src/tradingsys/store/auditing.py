"""What an audit asks of pos.db."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from tradingsys.core.errors import StoreError
from tradingsys.core.order import Fill
from tradingsys.core.records import BASELINE, LedgerKind
from tradingsys.store.backups import check_sums
from tradingsys.store.columns import whole
from tradingsys.store.order_rows import read_fills
from tradingsys.store.sqlite import rows

__all__ = [
    "booked_between",
    "executed_ms",
    "faults_of_file",
    "first_to_audit",
    "is_corrected_since",
    "not_the_orders_own",
]


def faults_of_file(conn: apsw.Connection) -> list[str]:
    """Pages that are damaged, or a position that is not what its executions and adjustments come to."""
    try:
        verdict = rows(conn, "PRAGMA quick_check")
        if verdict != [("ok",)]:
            return [f"the file is damaged: {verdict[0][0]!r}"]
        check_sums(conn)
    except (apsw.CorruptError, StoreError) as error:
        return [str(error)]
    return []


def first_to_audit(conn: apsw.Connection, symbol: str, since_ms: int) -> int:
    """The trade id to begin with: of the last execution before that time, so that none after it is passed over."""
    found = rows(
        conn,
        "SELECT max(0, first_trade_id, coalesce((SELECT CAST(trade_id AS INTEGER) FROM fills WHERE symbol = ?1"
        " AND ts_event_ms < ?2 ORDER BY CAST(trade_id AS INTEGER) DESC LIMIT 1), 0)) FROM symbols WHERE symbol = ?1",
        (symbol, since_ms),
    )
    return whole(found[0][0]) if found else 0


def executed_ms(conn: apsw.Connection, symbol: str, until_id: int) -> int:
    """When the newest execution that is booked, up to this trade id, happened; 0 when there is none."""
    found = rows(
        conn,
        "SELECT ts_event_ms FROM fills WHERE symbol = ? AND CAST(trade_id AS INTEGER) <= ?"
        " ORDER BY CAST(trade_id AS INTEGER) DESC LIMIT 1",
        (symbol, until_id),
    )
    return whole(found[0][0]) if found else 0


def is_corrected_since(conn: apsw.Connection, symbol: str, assets: Sequence[str], since_ms: int) -> bool:
    """Whether a person has changed what somebody holds of a symbol, or taken note of a difference, since then."""
    edits = "SELECT 1 FROM adjustments WHERE symbol = ? AND why <> ? AND ts_ms >= ? AND CAST(delta AS REAL) <> 0"
    accepted = "SELECT 1 FROM ledger WHERE kind = ? AND asset = ? AND ts_ms >= ?"
    return bool(rows(conn, edits, (symbol, BASELINE, since_ms))) or any(
        rows(conn, accepted, (LedgerKind.ACCEPTED.value, asset, since_ms)) for asset in assets
    )


def booked_between(conn: apsw.Connection, symbol: str, from_id: int, to_id: int | None) -> list[Fill]:
    """Executions of these trade ids, both included; without ``to_id`` all later ones."""
    where = "WHERE symbol = ?1 AND CAST(trade_id AS INTEGER) BETWEEN ?2 AND coalesce(?3, 9223372036854775807)"
    return [row.fill for row in read_fills(conn, where, (symbol, from_id, to_id))]


def not_the_orders_own(conn: apsw.Connection, symbol: str, from_id: int) -> list[str]:
    """Executions that are booked to another session than the one that sent their order, in words."""
    found = rows(
        conn,
        "SELECT f.trade_id, f.session_id, f.client_order_id, o.session_id FROM fills f JOIN orders o"
        " ON o.client_order_id = f.client_order_id WHERE f.symbol = ? AND CAST(f.trade_id AS INTEGER) >= ?"
        " AND f.session_id <> o.session_id",
        (symbol, from_id),
    )
    return [
        f"trade {trade!s} is booked to session {booked!s}, and its order {order!s} is session {owner!s}'s"
        for trade, booked, order, owner in found
    ]
