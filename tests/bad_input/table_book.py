"""Ports in use, and books that are locked, corrupt, somebody else's or wrongly edited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw

from tests.bad_input.case import Case
from tests.bad_input.start_place import StartPlace as Place
from tests.unit.store.books import Machine
from tradingsys.cli.exits import FAILURE, USAGE
from tradingsys.store.lock import Lock
from tradingsys.store.migrations import VERSION

__all__ = ["CASES", "UNCHECKED", "columns"]

# Columns that hold free text, or text that only the exchange can judge; a rival is empty where there is none, and a
# halt's symbol where all are meant.
UNCHECKED = {
    "adjustments.id",
    "adjustments.why",
    "fills.fee_asset",
    "halts.reason",
    "halts.symbol",
    "ledger.asset",
    "ledger.symbol",
    "meta.key",
    "meta.value",
    "orders.rival",
    "sessions.name",
    "symbols.base_asset",
    "symbols.quote_asset",
}
_ROW = "positions: session_id"
_UNDO = "go back to a copy"


def _lock_by_gateway(db: Path) -> Callable[[], object]:
    return Lock(db).release


def _lock_by_shell(db: Path) -> Callable[[], object]:
    conn = apsw.Connection(str(db))
    conn.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
    conn.execute("BEGIN EXCLUSIVE").fetchall()

    def release() -> None:
        conn.execute("ROLLBACK").fetchall()
        conn.close()

    return release


def _another_programs(db: Path) -> None:
    db.unlink()
    conn = apsw.Connection(str(db))
    conn.execute("CREATE TABLE orders (id INTEGER)").fetchall()
    conn.close()


def _another_accounts(db: Path) -> None:
    db.unlink()
    machine = Machine(db.parent)
    machine.open(account="binance-usdm-live")
    machine.kill()


def _folder(db: Path) -> None:
    db.unlink()
    db.mkdir()


def _truncated(db: Path) -> None:
    data = db.read_bytes()
    db.write_bytes(data[: len(data) // 2])


def _scribbled(db: Path) -> None:
    data = bytearray(db.read_bytes())
    for page in range(4096, len(data), 4096):
        data[page : page + 64] = b"\xa5" * 64
    db.write_bytes(data)


def _file(name: str, spoil: Callable[[Path], object], code: int, *says: str) -> Case[Place]:
    return Case(f"pos.db: {name}", lambda place: spoil(place.db), code, ("pos.db", *says))


def _edit(statement: str, *says: str) -> Case[Place]:
    return Case(f"pos.db: {statement}", lambda place: place.sql(statement), USAGE, ("pos.db", *says))


def _net(value: str, shown: str) -> Case[Place]:
    statement = f"UPDATE positions SET net = {value} WHERE session_id = 1"
    return _edit(statement, f"{_ROW} 1", "dogeusdt", shown, "no quantity", "the gateway last wrote 300")


def columns() -> tuple[tuple[str, str, bool], ...]:
    """(table, column, whether it holds numbers) of every column of a new book that SQL can change."""
    from tradingsys.store.migrations import migrate

    conn = apsw.Connection(":memory:")
    try:
        migrate(conn)
        names = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1").fetchall()
        return tuple(
            (str(table), str(row[1]), str(row[2]).startswith("INTEGER"))
            for (table,) in names
            for row in conn.execute(f"PRAGMA table_xinfo({table})").fetchall()
            if not row[6] and not (table == "positions" and row[1] == "net")
        )
    finally:
        conn.close()


def _columns() -> list[Case[Place]]:
    """A slip of the hand in each column."""
    cases = []
    for table, column, is_number in columns():
        if f"{table}.{column}" in UNCHECKED or table == "meta":  # its values have rows of their own
            continue
        value = "-7" if is_number else "'[]'" if column == "terms" else "''"
        named = "positions" if table in ("positions", "positions_basis") and column != "net" else table
        if (table, column) == ("positions_basis", "edited_from"):
            named = table
        statement = f"UPDATE OR REPLACE {table} SET {column} = {value}"
        cases.append(_edit(statement, named, column if column == "terms" else value))
    return cases


CASES: tuple[Case[Place], ...] = (
    Case(
        "port in use",
        lambda place: place.config(local=f"ws://localhost:{place.taken_port()}"),
        USAGE,
        ("local", "cannot be opened", "its own local and db"),
    ),
    Case(
        "pos.db: in use by another gateway",
        lambda place: place.hold_book(_lock_by_gateway),
        USAGE,
        ("pos.db", "in use by another gateway", "db and a local of its own"),
    ),
    Case(
        "pos.db: locked by an SQL shell",
        lambda place: place.hold_book(_lock_by_shell),
        FAILURE,
        ("pos.db", "locked", "SQL shell", "end that"),
    ),
    _file("a folder", _folder, USAGE, "no file", "such as"),
    _file("no database", lambda db: db.write_bytes(b"no database" * 1000), USAGE, "no SQLite database", "name another"),
    _file("cut off", _truncated, FAILURE, "docs/gateway.md"),
    _file("scribbled over", _scribbled, FAILURE, "docs/gateway.md"),
    _file("of another program", _another_programs, USAGE, "another program's", "table orders", "name another file"),
    _file("of another account", _another_accounts, USAGE, "binance-usdm-live", "a file of its own"),
    Case(
        "pos.db: of a newer program",
        lambda place: place.sql(f"PRAGMA user_version = {VERSION + 1}"),
        USAGE,
        ("pos.db", "newer tradingsys", "upgrade tradingsys"),
    ),
    Case(
        "pos.db: application id of another program",
        lambda place: place.sql("PRAGMA application_id = 7"),
        USAGE,
        ("pos.db", "another program's database", "name another file"),
    ),
    _edit("DROP TABLE fills", "no table fills", _UNDO),
    _edit("ALTER TABLE fills DROP COLUMN fee_asset", "fee_asset", _UNDO),
    _edit("DELETE FROM meta WHERE key = 'lineage'", "meta", "lineage", _UNDO),
    _edit("DELETE FROM meta WHERE key = 'account'", "meta", "account", _UNDO),
    _edit("UPDATE meta SET value = 'x' WHERE key = 'created_ms'", "meta", "created_ms", _UNDO),
    _edit("UPDATE meta SET value = '' WHERE key = 'lineage'", "meta", "lineage", _UNDO),
    _edit("INSERT INTO meta VALUES ('missing_until_ms', 'soon')", "meta", "missing_until_ms", _UNDO),
    _edit("INSERT INTO meta VALUES ('ban_wait_ms', 'long')", "meta", "ban_wait_ms", _UNDO),
    _edit("INSERT INTO meta VALUES ('missing_trades', 'dogeusdt')", "meta", "missing_trades", _UNDO),
    _edit("UPDATE orders SET terms = '{}'", "orders: client_order_id", "terms", _UNDO),
    _edit("UPDATE orders SET venue_terms = '5'", "orders: client_order_id", "venue_terms", _UNDO),
    _edit("UPDATE performance SET fees = '[]'", "performance: session_id", "fees", _UNDO),
    _edit("UPDATE fills SET qty = '1,5'", "fills: symbol 'DOGEUSDT', trade_id", "qty is '1,5'", _UNDO),
    _edit("UPDATE fills SET side = 'HOLD'", "fills: symbol", "side is 'HOLD'", _UNDO),
    _edit("UPDATE orders SET status = 'GONE'", "orders: client_order_id", "status is 'GONE'", _UNDO),
    _edit("UPDATE symbols SET base_asset = 'DOGE'", "symbols: symbol 'DOGEUSDT'", "base_asset is 'DOGE'", _UNDO),
    _edit("UPDATE symbols SET first_trade_id = 1 << 62", "symbols: symbol 'DOGEUSDT'", "first_trade_id", _UNDO),
    _net("'all of it'", "'all of it'"),
    _net("'NaN'", "'NaN'"),
    _net("'1,5'", "'1,5'"),
    _net("9e999", "'Inf'"),
    _net("1e300", "1.0e+300"),
    _net("''", "''"),
    _edit("INSERT INTO positions VALUES (65536, 'solusdt', 1)", f"{_ROW} 65536", "0 to 65535", "undo the edit"),
    _edit("INSERT INTO positions VALUES (-2, 'solusdt', 1)", f"{_ROW} -2", "0 to 65535", "undo the edit"),
    _edit("UPDATE positions SET net = 1 WHERE session_id = -1", f"{_ROW} -1", "0 to 65535", "undo the edit"),
    _edit("INSERT INTO positions VALUES (1, '', 1)", f"{_ROW} 1", "no symbol", "delete the row"),
    _edit("INSERT INTO positions VALUES (1, 'doge usdt', 1)", f"{_ROW} 1", "no symbol", "delete the row"),
    _edit("INSERT INTO positions VALUES (1, 'nosuchusdt', 5)", "session 1", "5 nosuchusdt", "delete the row"),
    *_columns(),
)
