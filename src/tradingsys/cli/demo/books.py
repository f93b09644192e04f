"""What pos.db says, read while its gateway runs and after."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tradingsys.cli.demo.reckoning import Books
from tradingsys.core.errors import StoreError
from tradingsys.core.ids import EXTERNAL
from tradingsys.store import read
from tradingsys.store.meta import meta

__all__ = ["read_books"]

_ALL = 1_000_000


def read_books(path: Path, sessions: Iterable[int]) -> Books:
    """The books of these sessions and EXTERNAL; empty while there is no file yet."""
    if not path.exists():
        return Books("", {}, {}, {})
    with read.reading(path) as conn:
        lineage = meta(conn, "lineage")
        nets = {(row.session, row.symbol): row.net for row in read.positions(conn)}
        fills: dict[tuple[int, str], int] = {}
        open_orders: dict[int, int] = {}
        for session in (*sessions, EXTERNAL):
            for row in read.fills(conn, session, limit=_ALL):
                owner = (session, row.fill.symbol)
                fills[owner] = fills.get(owner, 0) + 1
            open_orders[session] = sum(order.status.is_open for order in read.orders(conn, session, limit=_ALL))
    if not lineage:
        raise StoreError(f"{path} has no lineage")
    return Books(lineage, nets, fills, open_orders)
