"""A pos.db as the first version wrote it: its tables, and rows in each of them."""

from __future__ import annotations

from pathlib import Path

import apsw

__all__ = ["write_version_1"]

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE epochs (
  epoch INTEGER PRIMARY KEY,
  ready INTEGER NOT NULL DEFAULT 0,
  journaled INTEGER NOT NULL DEFAULT 0
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
  stamp_ms INTEGER NOT NULL,
  recv_window_ms INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  absent INTEGER NOT NULL,
  done INTEGER NOT NULL,
  done_ms INTEGER NOT NULL,
  closed TEXT,
  terms TEXT NOT NULL,
  venue_terms TEXT
) STRICT;
CREATE INDEX orders_open ON orders (session_id) WHERE NOT done;
CREATE INDEX orders_by_end ON orders (done_ms) WHERE done;
CREATE TABLE fills (
  symbol TEXT NOT NULL,
  trade_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
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
CREATE TABLE positions (
  session_id INTEGER NOT NULL,
  symbol TEXT NOT NULL COLLATE NOCASE,
  net TEXT NOT NULL,
  PRIMARY KEY (session_id, symbol)
) STRICT, WITHOUT ROWID;
CREATE TABLE positions_basis (
  session_id INTEGER NOT NULL,
  symbol TEXT NOT NULL COLLATE NOCASE,
  net TEXT NOT NULL,
  edited_from TEXT,
  PRIMARY KEY (session_id, symbol)
) STRICT, WITHOUT ROWID;
"""

_ROWS = """
INSERT INTO meta VALUES ('lineage', '003D7'), ('created_ms', '1800000000000'), ('account', 'binance-1');
INSERT INTO epochs VALUES (1, 1, 1);
INSERT INTO sessions VALUES (1, 'grid'), (2, 'trend');
INSERT INTO symbols VALUES ('BTCUSDT', 10);
INSERT INTO watermarks VALUES ('BTCUSDT', 12);
INSERT INTO orders (client_order_id, session_id, status, venue_cum_qty, venue_order_id, stamp_ms, recv_window_ms,
  accepted, absent, done, done_ms, closed, terms, venue_terms) VALUES
  ('T003D7-1-1-1-1', 1, 'NEW', '0.001', '77', 1800000000001, 5000, 1, 0, 0, 0, NULL,
   '{"symbol":"BTCUSDT","side":"BUY","order_type":"LIMIT","order_qty":"0.003","price":"65000.10",
     "time_in_force":"GTC","post_only":false,"reduce_only":false,"stop_px":null,"self_trade_prevention":null,
     "version_ms":0}', NULL);
INSERT INTO fills VALUES
  ('BTCUSDT', '10', '70', 1, 'T003D7-1-1-1-0', 'BUY', '60000', '0.002', '0.048', 'USDT', 0, '0', 1800000000010),
  ('BTCUSDT', '11', '71', 1, 'T003D7-1-1-1-0', 'SELL', '61000', '0.001', '0.0244', 'USDT', 1, '1', 1800000000011),
  ('BTCUSDT', '12', '77', 1, 'T003D7-1-1-1-1', 'BUY', '63000', '0.001', NULL, NULL, 1, NULL, 1800000000012),
  ('BTCUSDT', '13', '78', -1, NULL, 'SELL', '63000', '0.5', '12.6', 'USDT', 0, '0', 1800000000013);
INSERT INTO adjustments (session_id, symbol, delta, why, ts_ms) VALUES
  (-1, 'BTCUSDT', '1.5', 'baseline', 1800000000000),
  (2, 'BTCUSDT', '0.25', 'sql-edit', 1800000000020), (-1, 'BTCUSDT', '-0.25', 'sql-edit', 1800000000020);
INSERT INTO ledger VALUES ('FUNDING_FEE', 'a', 1, 'USDT', '-0.01', 1800000000015);
INSERT INTO positions VALUES (1, 'btcusdt', '0.002'), (2, 'btcusdt', '0.25'), (-1, 'btcusdt', '0.75');
INSERT INTO positions_basis VALUES
  (1, 'btcusdt', '0.002', NULL), (2, 'btcusdt', '0.25', NULL), (-1, 'btcusdt', '0.75', NULL);
"""


def write_version_1(path: Path) -> None:
    """Write one."""
    conn = apsw.Connection(str(path))
    conn.execute("PRAGMA journal_mode = WAL").fetchall()
    conn.execute(_SCHEMA + _ROWS).fetchall()
    conn.execute(f"PRAGMA application_id = {0x54535953}").fetchall()
    conn.execute("PRAGMA user_version = 1").fetchall()
    conn.close()
