"""What stands until it changes, as rows of pos.db: sessions with their wishes and days, restrictions, prices, what is
missing.
"""

from __future__ import annotations

import apsw

from tradingsys.core.ban import BanRecord
from tradingsys.core.enums import OnDisconnect, TradingState
from tradingsys.core.missing import MissingRecord
from tradingsys.core.records import (
    DayRecord,
    HaltCause,
    HaltDuty,
    HaltRecord,
    PriceRecord,
    Scope,
    SessionRecord,
)
from tradingsys.store.columns import number
from tradingsys.store.edits import plain
from tradingsys.store.legacy import create_view
from tradingsys.store.meta import meta, set_meta
from tradingsys.store.soundness import ALL_SESSIONS
from tradingsys.store.sqlite import rows

__all__ = [
    "forgive_day",
    "read_ban",
    "read_days",
    "read_halts",
    "read_missing",
    "read_prices",
    "read_sessions",
    "write_ban",
    "write_day",
    "write_halt",
    "write_missing",
    "write_price",
    "write_session",
]

_BAN = ("ban_told_ms", "ban_wait_ms")
_MISSING = ("missing_orders", "missing_trades", "missing_until_ms")
"""Keys in ``meta``: symbols, with spaces between them."""


def write_session(record: SessionRecord, conn: apsw.Connection) -> None:
    """Keep a session's name, and what it asked for."""
    conn.execute(
        "INSERT INTO sessions VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name,"
        " on_disconnect = excluded.on_disconnect, grace_ms = excluded.grace_ms",
        (record.session, record.name, record.on_disconnect.value, record.grace_ms),
    )
    create_view(conn, record.session)


def read_sessions(conn: apsw.Connection) -> list[SessionRecord]:
    """Every session that traded, or asked to."""
    found = rows(conn, "SELECT session_id, name, on_disconnect, grace_ms FROM sessions ORDER BY session_id")
    return [
        SessionRecord(int(str(number)), str(name), OnDisconnect(str(wish)), int(str(grace_ms)))
        for number, name, wish, grace_ms in found
    ]


def write_halt(record: HaltRecord, conn: apsw.Connection) -> None:
    """Keep one of a scope and cause, as long as it stands."""
    scope, cause = record.scope, record.cause.value
    conn.execute(
        "DELETE FROM halts WHERE session_id IS ? AND symbol = ? AND cause = ?", (scope.session, scope.symbol, cause)
    )
    if record.stands:
        conn.execute(
            "INSERT INTO halts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                scope.session,
                scope.symbol,
                cause,
                record.state.value,
                record.duty.value,
                record.reason,
                record.ts_ms,
                record.until_ms,
            ),
        )


def read_halts(conn: apsw.Connection) -> list[HaltRecord]:
    """All restrictions that are in force, oldest first."""
    columns = "session_id, symbol, state, reason, ts_ms, cause, duty, until_ms"
    found = rows(conn, f"SELECT {columns} FROM halts ORDER BY ts_ms, rowid")
    return [
        HaltRecord(
            Scope(None if session is None else int(str(session)), str(symbol)),
            TradingState(str(state)),
            str(reason),
            int(str(ts_ms)),
            HaltCause(str(cause)),
            HaltDuty(str(duty)),
            None if until_ms is None else int(str(until_ms)),
        )
        for session, symbol, state, reason, ts_ms, cause, duty, until_ms in found
    ]


def write_day(record: DayRecord, conn: apsw.Connection) -> None:
    """Keep what a day began with, in the place of the day before."""
    session = ALL_SESSIONS if record.session is None else record.session
    conn.execute(
        "INSERT INTO days VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET day_ms = excluded.day_ms,"
        " began_with = excluded.began_with, best = excluded.best, cost = excluded.cost",
        (session, record.day_ms, plain(record.began_with), plain(record.best), plain(record.cost)),
    )


def forgive_day(session: int | None, conn: apsw.Connection) -> None:
    """A session's day, or that of all together (None), begins anew when it is looked at next.

    The row stays: what it ever paid in other assets is part of what all together earned on their day, which goes on.
    """
    conn.execute("UPDATE days SET day_ms = 0 WHERE session_id = ?", (ALL_SESSIONS if session is None else session,))


def read_days(conn: apsw.Connection) -> list[DayRecord]:
    """The last day of every session, and of all together."""
    found = rows(conn, "SELECT session_id, day_ms, began_with, best, cost FROM days ORDER BY session_id")
    return [
        DayRecord(
            None if session == ALL_SESSIONS else int(str(session)),
            int(str(day_ms)),
            number(began),
            number(best),
            number(cost),
        )
        for session, day_ms, began, best, cost in found
    ]


def write_price(record: PriceRecord, conn: apsw.Connection) -> None:
    """Keep a symbol's price, in the place of the one before."""
    conn.execute(
        "INSERT INTO prices VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET px = excluded.px, quote_asset = excluded.quote_asset",
        (record.symbol, plain(record.px), record.quote_asset),
    )


def read_prices(conn: apsw.Connection) -> list[PriceRecord]:
    """The last price of every symbol that was valued."""
    found = rows(conn, "SELECT symbol, px, quote_asset FROM prices ORDER BY symbol")
    return [PriceRecord(str(symbol), number(px), str(quote_asset)) for symbol, px, quote_asset in found]


def write_ban(record: BanRecord, conn: apsw.Connection) -> None:
    """Keep for how long the venue wants to be left alone, in the place of what it said before."""
    for key, value in zip(_BAN, (record.told_ms, record.wait_ms), strict=True):
        set_meta(conn, key, str(value))


def read_ban(conn: apsw.Connection) -> BanRecord | None:
    """What the venue said last, which may be long ago."""
    told_ms, wait_ms = (int(meta(conn, key) or 0) for key in _BAN)
    return BanRecord(told_ms, wait_ms) if wait_ms else None


def write_missing(record: MissingRecord, conn: apsw.Connection) -> None:
    """Keep what the book may lack, in the place of what was kept before."""
    values = (" ".join(record.orders), " ".join(record.trades), str(record.until_ms))
    for key, value in zip(_MISSING, values, strict=True):
        set_meta(conn, key, value)


def read_missing(conn: apsw.Connection) -> MissingRecord:
    """What the book may lack."""
    orders, trades, until_ms = (meta(conn, key) or "" for key in _MISSING)
    return MissingRecord(tuple(orders.split()), tuple(trades.split()), int(until_ms or 0))
