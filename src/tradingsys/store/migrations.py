"""The tables of pos.db, and how older files become newer ones."""

from __future__ import annotations

from pathlib import Path

import apsw

from tradingsys.core.errors import ConfigError
from tradingsys.store.sqlite import rows

__all__ = ["APPLICATION_ID", "VERSION", "migrate", "needs_migration", "tables"]

APPLICATION_ID = 0x54535953
"""``TSYS`` in the file's header."""

# Decimals are TEXT, exactly as the venue printed them. Symbols are upper case as the venue's, but lower case in
# `positions`, the one table that is the user's to edit.
_SCHEMA_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE epochs (
  epoch INTEGER PRIMARY KEY,              -- venue time in ms at the gateway's start
  ready INTEGER NOT NULL DEFAULT 0,       -- 1: it got as far as accepting orders
  journaled INTEGER NOT NULL DEFAULT 0    -- so many of its intents have left the journal for the table orders
) STRICT;
CREATE TABLE sessions (session_id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE symbols (symbol TEXT PRIMARY KEY, first_trade_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE watermarks (symbol TEXT PRIMARY KEY, trade_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE orders (
  client_order_id TEXT PRIMARY KEY,
  session_id INTEGER NOT NULL,
  status TEXT NOT NULL,
  symbol TEXT AS (terms ->> '$.symbol'),
  side TEXT AS (terms ->> '$.side'),
  order_type TEXT AS (terms ->> '$.order_type'),
  order_qty TEXT AS (terms ->> '$.order_qty'),
  price TEXT AS (terms ->> '$.price'),
  venue_cum_qty TEXT NOT NULL,
  venue_order_id TEXT,
  stamp_ms INTEGER NOT NULL,              -- the request's timestamp, venue time
  recv_window_ms INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  absent INTEGER NOT NULL,
  done INTEGER NOT NULL,
  done_ms INTEGER NOT NULL,
  closed TEXT,
  terms TEXT NOT NULL,                    -- as we sent them
  venue_terms TEXT                        -- as the venue has them
) STRICT;
CREATE INDEX orders_open ON orders (session_id) WHERE NOT done;
CREATE INDEX orders_by_end ON orders (done_ms) WHERE done;
CREATE TABLE fills (
  symbol TEXT NOT NULL,
  trade_id TEXT NOT NULL,
  order_id TEXT NOT NULL,                 -- a trade of the account with itself has one id and two orders
  session_id INTEGER NOT NULL,
  client_order_id TEXT,
  side TEXT NOT NULL,
  px TEXT NOT NULL,
  qty TEXT NOT NULL,
  fee TEXT,
  fee_asset TEXT,
  is_maker INTEGER,
  realized_pnl TEXT,
  ts_event_ms INTEGER NOT NULL,
  PRIMARY KEY (symbol, trade_id, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX fills_by_order ON fills (client_order_id);
CREATE INDEX fills_by_number ON fills (symbol, CAST(trade_id AS INTEGER));
CREATE TABLE ledger (
  kind TEXT NOT NULL,
  ext_id TEXT NOT NULL,
  session_id INTEGER NOT NULL,
  asset TEXT NOT NULL,
  amount TEXT NOT NULL,
  ts_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, ext_id, session_id, asset)
) STRICT, WITHOUT ROWID;
CREATE TABLE adjustments (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  delta TEXT NOT NULL,
  why TEXT NOT NULL,
  ts_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE positions (                  -- yours: stop the gateway, change net, start it again
  session_id INTEGER NOT NULL,
  symbol TEXT NOT NULL COLLATE NOCASE,
  net TEXT NOT NULL,
  PRIMARY KEY (session_id, symbol)
) STRICT, WITHOUT ROWID;
CREATE TABLE positions_basis (            -- what the gateway last wrote to positions
  session_id INTEGER NOT NULL,
  symbol TEXT NOT NULL COLLATE NOCASE,
  net TEXT NOT NULL,
  edited_from TEXT,                       -- net when somebody changed positions while the gateway ran
  PRIMARY KEY (session_id, symbol)
) STRICT, WITHOUT ROWID;
"""

_SCHEMA_2 = """
ALTER TABLE orders ADD COLUMN algo_id TEXT;
ALTER TABLE ledger ADD COLUMN symbol TEXT NOT NULL DEFAULT '';
CREATE TABLE ledger_marks (               -- every row of this kind that is older is in the ledger
  kind TEXT PRIMARY KEY,
  ts_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE halts (symbol TEXT PRIMARY KEY, reason TEXT NOT NULL, ts_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE performance (                -- what fills below the watermark came to; later ones come on top of it
  session_id INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  net TEXT NOT NULL,
  entry_px TEXT,                          -- NULL: flat, or part of net was set by an adjustment
  realized_pnl TEXT NOT NULL,
  fees TEXT NOT NULL,                     -- JSON, by asset
  funding TEXT NOT NULL,                  -- JSON, by asset; all of it, whatever the watermark
  adjustments INTEGER NOT NULL,           -- so many of its adjustments are counted in
  PRIMARY KEY (session_id, symbol)
) STRICT, WITHOUT ROWID;
CREATE INDEX fills_by_time ON fills (ts_event_ms);
CREATE INDEX ledger_by_time ON ledger (kind, ts_ms);
CREATE INDEX adjustments_by_session ON adjustments (session_id, symbol);
"""

_SCHEMA_3 = """
ALTER TABLE orders ADD COLUMN replace TEXT;  -- the amend that may be under way
"""

_SCHEMA_4 = """
ALTER TABLE symbols ADD COLUMN base_asset TEXT NOT NULL DEFAULT '';    -- '': contracts are traded, no assets
ALTER TABLE symbols ADD COLUMN quote_asset TEXT NOT NULL DEFAULT '';
ALTER TABLE performance ADD COLUMN executed TEXT NOT NULL DEFAULT '0';    -- bought less sold
ALTER TABLE performance ADD COLUMN quote_flow TEXT NOT NULL DEFAULT '0';  -- received of the quote asset less paid
ALTER TABLE orders ADD COLUMN list_id TEXT;                            -- the venue's id of its order list
ALTER TABLE orders ADD COLUMN worst_qty TEXT NOT NULL DEFAULT '0';     -- what an amount of the quote asset may buy
"""

_SCHEMA_5 = """
ALTER TABLE orders RENAME COLUMN worst_qty TO presumed_qty;  -- what an amount of quote is counted as
ALTER TABLE orders ADD COLUMN rival TEXT NOT NULL DEFAULT '';  -- of the two, the venue cancels one
"""

_SCHEMA_6 = """
ALTER TABLE halts RENAME TO halts_5;
CREATE TABLE halts (                      -- restrictions of orders that are in force
  session_id INTEGER,                     -- NULL: of every session
  symbol TEXT NOT NULL,                   -- '': on every symbol
  cause TEXT NOT NULL,
  state TEXT NOT NULL,
  duty TEXT NOT NULL,                     -- what the gateway does meanwhile: nothing, cancel, flatten
  reason TEXT NOT NULL,
  ts_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX halts_by_scope ON halts (coalesce(session_id, -2), symbol, cause);
INSERT INTO halts SELECT NULL, symbol, 'FORCED', 'HALTED', 'NOTHING', reason, ts_ms FROM halts_5;
DROP TABLE halts_5;
ALTER TABLE sessions ADD COLUMN on_disconnect TEXT NOT NULL DEFAULT 'leave';  -- or cancel, or flatten
ALTER TABLE sessions ADD COLUMN grace_ms INTEGER NOT NULL DEFAULT 10000;      -- so long after it went
CREATE TABLE days (                       -- of each session the last one, UTC; -2: of all sessions together
  session_id INTEGER PRIMARY KEY,
  day_ms INTEGER NOT NULL,                -- when it began
  began_with TEXT NOT NULL,               -- what the session had earned by then
  best TEXT NOT NULL                      -- the most it had since
) STRICT;
"""

_SCHEMA_7 = """
ALTER TABLE halts ADD COLUMN until_ms INTEGER;  -- NULL: it is not lifted because of the time
UPDATE halts SET until_ms = (ts_ms / 86400000 + 1) * 86400000 WHERE cause = 'LIMIT' AND state = 'REDUCING';
ALTER TABLE days ADD COLUMN cost TEXT NOT NULL DEFAULT '0';  -- paid in other assets, taken off what was earned
DELETE FROM days;                         -- what was taken off there is not known any more
"""

# Older programs do not know the cause PAUSE, which halts may have from here on.
_SCHEMA_8 = """
CREATE TABLE prices (                     -- what symbols traded at last, to within a percent
  symbol TEXT PRIMARY KEY,
  px TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

# Of symbols that are still listed the gateway writes what it is as soon as it knows their price.
_SCHEMA_9 = """
ALTER TABLE prices ADD COLUMN quote_asset TEXT NOT NULL DEFAULT 'USDT';  -- in which px is
UPDATE prices SET quote_asset = symbols.quote_asset FROM symbols
  WHERE symbols.symbol = prices.symbol AND symbols.quote_asset <> '';
"""

_SCHEMA_10 = "-- older programs do not know the cause UNPROVEN, which halts may have from here on"

# Of days of sessions whose books were edited nobody knows any more what the edit was worth.
_SCHEMA_11 = """
ALTER TABLE performance ADD COLUMN uncosted TEXT NOT NULL DEFAULT '0';  -- earned with what had no known cost
ALTER TABLE performance ADD COLUMN unvalued TEXT NOT NULL DEFAULT '0';  -- set by edits that nobody valued yet
DELETE FROM days WHERE session_id IN (SELECT session_id FROM adjustments);
"""

# What was booked before has 0: it was told before any event that somebody may come back with.
_SCHEMA_12 = """
ALTER TABLE fills ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;  -- which run of the gateway booked it
ALTER TABLE fills ADD COLUMN n INTEGER NOT NULL DEFAULT 0;      -- by which event of that run its session was told
CREATE INDEX fills_by_event ON fills (session_id, epoch, n) WHERE epoch > 0;
"""

_STEPS = (
    _SCHEMA_1,
    _SCHEMA_2,
    _SCHEMA_3,
    _SCHEMA_4,
    _SCHEMA_5,
    _SCHEMA_6,
    _SCHEMA_7,
    _SCHEMA_8,
    _SCHEMA_9,
    _SCHEMA_10,
    _SCHEMA_11,
    _SCHEMA_12,
)
VERSION = len(_STEPS)


def needs_migration(conn: apsw.Connection, path: Path) -> bool:
    """Whether `migrate` has anything to do.

    Raises ConfigError when the file is a newer program's, or when it has tables of others with names that are ours.
    """
    version = _format(conn)
    if version == VERSION:
        return False
    if version > VERSION:
        raise ConfigError(
            f"was written by a newer tradingsys (format {version}, this one knows {VERSION})",
            file=str(path),
            key="db",
            hint="upgrade tradingsys",
        )
    taken = tables(conn) & (_names(VERSION) - _names(version))
    if taken:
        what = "has a table {} that is not ours" if version else "is another program's database: it has a table {}"
        hint = "rename that table" if version else "name another file"
        raise ConfigError(what.format(min(taken)), file=str(path), key="db", hint=hint)
    return True


def migrate(conn: apsw.Connection) -> None:
    """Bring the tables up to date, inside the caller's transaction."""
    for step in _STEPS[_format(conn) :]:
        conn.execute(step).fetchall()
    conn.execute(f"PRAGMA application_id = {APPLICATION_ID}").fetchall()
    conn.execute(f"PRAGMA user_version = {VERSION}").fetchall()


def tables(conn: apsw.Connection) -> set[str]:
    """The names of all tables and views."""
    found = rows(conn, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'")
    return {str(name) for (name,) in found}


def _format(conn: apsw.Connection) -> int:
    """0 of a file that is not ours, or new."""
    is_ours = _number(conn, "PRAGMA application_id") == APPLICATION_ID
    return _number(conn, "PRAGMA user_version") if is_ours else 0


def _names(version: int) -> set[str]:
    """Of the tables of a format."""
    scratch = apsw.Connection(":memory:")
    try:
        for step in _STEPS[:version]:
            scratch.execute(step).fetchall()
        return tables(scratch)
    finally:
        scratch.close()


def _number(conn: apsw.Connection, pragma: str) -> int:
    (value,) = rows(conn, pragma)[0]
    assert isinstance(value, int)
    return value
