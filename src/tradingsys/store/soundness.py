"""Whether pos.db holds what the gateway wrote there: a value that cannot be one is named before anything is done.

Only ``positions`` is the user's to edit, and has rules of its own (`edits`). A hand that slipped elsewhere must stop
the start with the row and the column, not surface later as a number that nobody wrote.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import apsw

from tradingsys.core.enums import OnDisconnect, OrderStatus, Side, TradingState
from tradingsys.core.errors import ConfigError
from tradingsys.core.ids import MAX_SESSION
from tradingsys.core.records import HaltCause, HaltDuty
from tradingsys.store.sqlite import rows

__all__ = ["ALL_SESSIONS", "HINT", "check_values", "misplaced"]

HINT = "only net in positions is yours to edit: undo the change, or go back to a copy of the file from before it"

ALL_SESSIONS = -2
"""In the place of a session's number: the row is about all of them together, as in the index of ``halts``."""

_YEAR_3000_MS = 32_503_680_000_000
_MAX_ID = 10**17

# Predicates of SQLite, where {} is the column: they run over whole tables at every start.
_SESSION = f"{{}} BETWEEN -1 AND {MAX_SESSION}"
_DAYS_OF = f"{{}} BETWEEN {ALL_SESSIONS} AND {MAX_SESSION}"
_TIME = f"{{}} BETWEEN 0 AND {_YEAR_3000_MS}"
_EPOCH = f"{{}} BETWEEN 1 AND {_YEAR_3000_MS}"
_YES_OR_NO = "{} IN (0, 1)"
_COUNT = f"{{}} BETWEEN 0 AND {_MAX_ID}"
_TRADE_ID = f"{{}} BETWEEN -1 AND {_MAX_ID}"
_NUMBER = "({} GLOB '*[0-9]*' AND {} NOT GLOB '*[^0-9.-]*' AND substr({}, 2) NOT GLOB '*-*' AND {} NOT GLOB '*.*.*')"
_WHOLE_TEXT = "CAST(CAST({} AS INTEGER) AS TEXT) = {}"
_SYMBOL = "({} <> '' AND {} = upper({}) AND instr({}, ' ') = 0)"
_ASSET = "instr({}, ' ') = 0"
_ID = "length({}) BETWEEN 1 AND 36"
_JSON = "json_valid({})"
_SOMETHING = "{} <> ''"


def _quoted(words: type[StrEnum]) -> str:
    return ", ".join(f"'{word}'" for word in words)


# (table, how a row is named, what each column must be); columns that may hold anything are left out.
_RULES: tuple[tuple[str, tuple[str, ...], dict[str, str]], ...] = (
    ("epochs", ("epoch",), {"epoch": _EPOCH, "ready": _YES_OR_NO, "journaled": _COUNT}),
    (
        "sessions",
        ("session_id",),
        {"session_id": _SESSION, "on_disconnect": f"{{}} IN ({_quoted(OnDisconnect)})", "grace_ms": _TIME},
    ),
    (
        "symbols",
        ("symbol",),
        {
            "symbol": _SYMBOL,
            "first_trade_id": _TRADE_ID,
            "base_asset": f"{_ASSET} AND ({{}} = '') = (quote_asset = '')",
            "quote_asset": _ASSET,
        },
    ),
    ("watermarks", ("symbol",), {"symbol": _SYMBOL, "trade_id": _TRADE_ID}),
    (
        "orders",
        ("client_order_id",),
        {
            "client_order_id": _ID,
            "session_id": _SESSION,
            "status": f"{{}} IN ({_quoted(OrderStatus)})",
            "venue_cum_qty": _NUMBER,
            "venue_order_id": _SOMETHING,
            "stamp_ms": _TIME,
            "recv_window_ms": _TIME,
            "accepted": _YES_OR_NO,
            "absent": _YES_OR_NO,
            "closed": _JSON,
            "terms": _JSON,
            "venue_terms": _JSON,
            "replace": _JSON,
            "done": _YES_OR_NO,
            "done_ms": _TIME,
            "algo_id": _SOMETHING,
            "list_id": _SOMETHING,
            "presumed_qty": _NUMBER,
        },
    ),
    (
        "fills",
        ("symbol", "trade_id"),
        {
            "symbol": _SYMBOL,
            "trade_id": _WHOLE_TEXT,
            "order_id": _SOMETHING,
            "session_id": _SESSION,
            "client_order_id": _SOMETHING,
            "side": f"{{}} IN ({_quoted(Side)})",
            "px": _NUMBER,
            "qty": _NUMBER,
            "fee": _NUMBER,
            "is_maker": _YES_OR_NO,
            "realized_pnl": _NUMBER,
            "ts_event_ms": _TIME,
            "epoch": _TIME,
            "n": _COUNT,
        },
    ),
    (
        "ledger",
        ("kind", "ext_id"),
        {"kind": _SOMETHING, "ext_id": _SOMETHING, "session_id": _SESSION, "amount": _NUMBER, "ts_ms": _TIME},
    ),
    ("ledger_marks", ("kind",), {"kind": _SOMETHING, "ts_ms": _TIME}),
    (
        "halts",
        ("session_id", "symbol", "cause"),
        {
            "session_id": _SESSION,
            "symbol": f"({{}} = '' OR {_SYMBOL})",
            "cause": f"{{}} IN ({_quoted(HaltCause)})",
            "state": f"{{}} IN ({_quoted(TradingState)})",
            "duty": f"{{}} IN ({_quoted(HaltDuty)})",
            "ts_ms": _TIME,
            "until_ms": _TIME,
        },
    ),
    (
        "days",
        ("session_id",),
        {"session_id": _DAYS_OF, "day_ms": _TIME, "began_with": _NUMBER, "best": _NUMBER, "cost": _NUMBER},
    ),
    ("prices", ("symbol",), {"symbol": _SYMBOL, "px": _NUMBER, "quote_asset": f"{_ASSET} AND {_SOMETHING}"}),
    ("adjustments", ("id",), {"session_id": _SESSION, "symbol": _SYMBOL, "delta": _NUMBER, "ts_ms": _TIME}),
    ("positions_basis", ("session_id", "symbol"), {"net": _NUMBER, "edited_from": _NUMBER}),
    (
        "performance",
        ("session_id", "symbol"),
        {
            "session_id": _SESSION,
            "symbol": _SYMBOL,
            "net": _NUMBER,
            "entry_px": _NUMBER,
            "realized_pnl": _NUMBER,
            "fees": _JSON,
            "funding": _JSON,
            "adjustments": _COUNT,
            "executed": _NUMBER,
            "quote_flow": _NUMBER,
            "uncosted": _NUMBER,
            "unvalued": _NUMBER,
        },
    ),
)
# What a book cannot be without, and what else `meta` may hold.
_META = {
    "lineage": "({} GLOB '[0-9A-Za-z]*' AND length({}) = 5)",
    "created_ms": _WHOLE_TEXT,
    "account": _SOMETHING,
}
_META_MAY_LACK = {
    "max_recv_window_ms": _WHOLE_TEXT,
    "first_epoch_after_cut": _WHOLE_TEXT,
    "venue_account": _SOMETHING,
    "missing_orders": "{} = upper({})",
    "missing_trades": "{} = upper({})",
    "missing_until_ms": _WHOLE_TEXT,
    "ban_told_ms": _WHOLE_TEXT,
    "ban_wait_ms": _WHOLE_TEXT,
}


def misplaced(path: Path | None, table: str, row: str, what: str) -> ConfigError:
    """A value that the gateway never wrote: where it is, and how to mend it."""
    return ConfigError(what, file=str(path or "pos.db"), key=f"{table}: {row}", hint=HINT)


def check_values(conn: apsw.Connection, path: Path) -> None:
    """Raises ConfigError naming table, row and column of the first value that cannot be one."""
    known = {str(name) for (name,) in rows(conn, "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    for table in ("meta", "positions", *(table for table, _, _ in _RULES)):
        if table not in known:
            raise ConfigError(f"has no table {table}", file=str(path), key="db", hint=HINT)
    for key, rule in {**_META, **_META_MAY_LACK}.items():
        _check_meta(conn, path, key, rule)
    for table, names, columns in _RULES:
        _check_table(conn, path, table, names, columns)


def _check_meta(conn: apsw.Connection, path: Path, key: str, rule: str) -> None:
    found = rows(conn, f"SELECT value, {_filled(rule, 'value')} FROM meta WHERE key = ?", (key,))
    if not found and key in _META:
        raise misplaced(path, "meta", f"key {key!r}", "there is no such row")
    if found and not found[0][1]:
        raise misplaced(path, "meta", f"key {key!r}", f"value is {found[0][0]!r}, which the gateway never wrote")


def _check_table(
    conn: apsw.Connection, path: Path, table: str, names: tuple[str, ...], columns: dict[str, str]
) -> None:
    wrong = " OR ".join(f"NOT {_filled(rule, column)}" for column, rule in columns.items())
    if not rows(conn, f"SELECT 1 FROM {table} WHERE {wrong} LIMIT 1"):  # one pass; a second only to name the culprit
        return
    for column, rule in columns.items():
        query = f"SELECT {', '.join(names)}, {column} FROM {table} WHERE NOT {_filled(rule, column)} LIMIT 1"
        for *row, value in rows(conn, query):
            named = ", ".join(f"{name} {value!r}" for name, value in zip(names, row, strict=True))
            raise misplaced(path, table, named, f"{column} is {value!r}, which the gateway never wrote")


def _filled(rule: str, column: str) -> str:
    """A rule with its column; what is NULL is let pass, as the schema says where nothing may be."""
    return f"({column} IS NULL OR {rule.replace('{}', column)})"
