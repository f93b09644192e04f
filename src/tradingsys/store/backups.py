"""Copies of pos.db that can be trusted: whole, durable, and books that add up."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

from tradingsys.core.errors import StoreError
from tradingsys.store.columns import number, whole
from tradingsys.store.files import create_private, fsync_directory, fsync_file
from tradingsys.store.meta import meta
from tradingsys.store.migrations import APPLICATION_ID, VERSION
from tradingsys.store.sqlite import open_reader, rows

__all__ = ["Contents", "back_up", "check_copy", "check_sums", "copy_to", "prune"]

_SUFFIX = ".bak"
_ZERO = Decimal(0)
# Executions bring their quantity, less a fee in what the symbol trades; whatever else moved a net is an adjustment.
_FROM_THE_BEGINNING = """
SELECT session_id, symbol, exact_sum(delta) FROM (
  SELECT session_id, symbol, iif(side = 'BUY', qty, '-' || qty) AS delta FROM fills
  UNION ALL
  SELECT f.session_id, f.symbol, iif(f.fee LIKE '-%', substr(f.fee, 2), '-' || f.fee)
    FROM fills f JOIN symbols s ON s.symbol = f.symbol AND s.base_asset <> '' AND s.base_asset = f.fee_asset
    WHERE f.fee IS NOT NULL
  UNION ALL
  SELECT session_id, symbol, delta FROM adjustments
) GROUP BY session_id, symbol
"""


class Contents(Struct, frozen=True):
    """What a copy holds."""

    lineage: str
    account: str
    created_ms: int
    orders: int
    fills: int
    newest_ms: int
    """Venue time of the latest execution in it; 0 when there is none."""
    symbols: tuple[str, ...]


def back_up(conn: apsw.Connection, path: Path, why: str, directory: Path | None = None) -> Path:
    """A verified, durable copy of the book at ``path`` as ``<path>.<why>-<n>.bak``, beside it or in a ``directory``.

    Raises StoreError when it cannot be made, or when it is no sound book.
    """
    place = directory or path.parent
    stem = f"{path.name}.{why}-"
    number = max((_number(known, stem) for known in place.glob(f"{path.name}.{why}-*{_SUFFIX}")), default=0) + 1
    return copy_to(conn, place / f"{stem}{number}{_SUFFIX}")


def copy_to(conn: apsw.Connection, target: Path) -> Path:
    """A verified, durable copy under this name. Raises StoreError, and leaves nothing behind then."""
    draft = Path(f"{target}.tmp")
    try:
        draft.unlink(missing_ok=True)
        create_private(draft)
        conn.execute("VACUUM INTO ?", (str(draft),))
        check_copy(draft)
        fsync_file(draft)
        draft.rename(target)
        fsync_directory(target.parent)
    except (OSError, apsw.Error, StoreError) as error:
        draft.unlink(missing_ok=True)
        raise StoreError(f"backup {target}: {error}") from error
    return target


def check_copy(copy: Path) -> Contents | None:
    """What a copy holds, once it is proven to be whole and that its positions follow from its executions.

    None when it is of an older format, of which only the first can be told. Raises StoreError and ConfigError.
    """
    conn = open_reader(copy)
    try:
        verdict = rows(conn, "PRAGMA integrity_check")
        if verdict != [("ok",)]:
            raise StoreError(f"the copy is damaged: {verdict[0][0]!r}")
        if rows(conn, "PRAGMA application_id") != [(APPLICATION_ID,)] or rows(conn, "PRAGMA user_version") != [
            (VERSION,)
        ]:
            return None
        check_sums(conn)
        return _contents(conn)
    except apsw.Error as error:
        raise StoreError(f"{copy}: {error}") from error
    finally:
        conn.close()


def prune(path: Path, why: str, keep: int, directory: Path | None = None) -> None:
    """Remove all but the newest copies that were made for this reason. Raises StoreError."""
    place, stem = directory or path.parent, f"{path.name}.{why}-"
    copies = sorted(place.glob(f"{path.name}.{why}-*{_SUFFIX}"), key=lambda copy: _number(copy, stem))
    try:
        for copy in copies[:-keep]:
            copy.unlink()
    except OSError as error:
        raise StoreError(f"old backups cannot be removed: {error}") from error


def _number(copy: Path, stem: str) -> int:
    found = re.fullmatch(rf"{re.escape(stem)}(\d+){re.escape(_SUFFIX)}", copy.name)
    return int(found[1]) if found else 0


def check_sums(conn: apsw.Connection) -> None:
    """Raises StoreError naming the first position that is not what happened from the book's beginning on."""
    conn.create_aggregate_function("exact_sum", lambda: ([_ZERO], _add, _total))
    summed = _nets(conn, _FROM_THE_BEGINNING)
    kept = _nets(conn, "SELECT session_id, upper(symbol), net FROM positions_basis")
    for place in sorted(summed.keys() | kept.keys()):
        net, happened = kept.get(place, _ZERO), summed.get(place, _ZERO)
        if net != happened:
            session, symbol = place
            raise StoreError(
                f"session {session} holds {net} {symbol} by positions_basis, but {happened} by its executions and "
                "adjustments: the books in the file do not add up"
            )


def _nets(conn: apsw.Connection, query: str) -> dict[tuple[int, str], Decimal]:
    return {(whole(session), str(symbol)): number(net) for session, symbol, net in rows(conn, query)}


def _add(total: list[Decimal], *deltas: Any) -> None:
    for delta in deltas:
        total[0] += Decimal(delta)


def _total(total: list[Decimal]) -> str:
    return str(total[0])


def _contents(conn: apsw.Connection) -> Contents:
    ((orders, fills, newest_ms),) = rows(
        conn,
        "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM fills),"
        " (SELECT coalesce(max(ts_event_ms), 0) FROM fills)",
    )
    symbols = tuple(str(symbol) for (symbol,) in rows(conn, "SELECT symbol FROM symbols ORDER BY 1"))
    return Contents(
        meta(conn, "lineage") or "",
        meta(conn, "account") or "",
        int(meta(conn, "created_ms") or 0),
        whole(orders),
        whole(fills),
        whole(newest_ms),
        symbols,
    )
