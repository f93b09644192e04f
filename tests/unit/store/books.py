"""Books to test with: how to open one, what to put in, and how a process or a machine dies."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw

from tradingsys.core.enums import OrderStatus, OrderType, Side, TimeInForce
from tradingsys.core.errors import StoreError
from tradingsys.core.order import Closed, Fill, Terms
from tradingsys.core.records import FillRecord, Intent, OrderRecord, Record
from tradingsys.store import InlineRunner, Store

DAY_MS = 24 * 3600 * 1000
NOW_MS = 1_800_000_000_000
TERMS = Terms("BTCUSDT", Side.BUY, OrderType.LIMIT, Decimal("0.001"), Decimal("65000.10"), TimeInForce.GTC)


class Machine:
    """A disk and a tmpfs. `kill` is the death of the process, `cut_power` empties the tmpfs."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "pos.db"
        self.tmpfs = folder / "tmpfs"
        self.tmpfs.mkdir(exist_ok=True)
        self._open: Store | None = None

    def open(self, **options: Any) -> Store:
        settings: dict[str, Any] = {
            "account": "binance-1",
            "random_lineage": 12345,
            "wall_ms": NOW_MS,
            "ticket_dir": self.tmpfs,
            "runner": InlineRunner(),
        } | options
        self._open = Store.open(self.path, **settings)
        return self._open

    def ready(self, epoch: int = 0, **options: Any) -> Store:
        """Opened and READY in an epoch, by default the next."""
        store = self.open(**options)
        epoch = epoch or store.saved.last_epoch + 1
        store.begin_epoch(epoch, 5000)
        store.mark_ready(epoch)
        return store

    def kill(self) -> None:
        """The kernel closes what the process had open; nothing is flushed, said or tidied."""
        store, self._open = self._open, None
        assert store is not None
        store._conn.close()
        if store._journal is not None:
            store._journal.close()
        store._ticket.close()
        store._lock.release()

    def cut_power(self) -> None:
        self.kill()
        for ticket in self.tmpfs.iterdir():
            ticket.unlink()

    @property
    def journal(self) -> Path:
        return Path(f"{self.path}.journal")


def of_format_11(conn: apsw.Connection) -> None:
    """Take away what later formats brought."""
    conn.execute("DROP INDEX fills_by_event; PRAGMA user_version = 11").fetchall()
    for column in ("n", "epoch"):
        conn.execute(f"ALTER TABLE fills DROP COLUMN {column}").fetchall()


def of_format_10(conn: apsw.Connection) -> None:
    """The same of format 11."""
    of_format_11(conn)
    for column in ("uncosted", "unvalued"):
        conn.execute(f"ALTER TABLE performance DROP COLUMN {column}; PRAGMA user_version = 10").fetchall()


def intent(number: int, *, epoch: int = 1, session: int = 1) -> Intent:
    return Intent(f"T003D7-{session}-{epoch}-1-{number}", session, TERMS, NOW_MS + number, 5000)


def order(number: int, **facts: Any) -> OrderRecord:
    return OrderRecord(intent(number), **facts)


def canceled(number: int, ts_ms: int) -> OrderRecord:
    return order(number, closed=Closed(OrderStatus.CANCELED, ts_ms), status=OrderStatus.CANCELED)


def fill(
    trade_id: int, *, symbol: str = "BTCUSDT", order_number: int | None = None, fee: str | None = None
) -> FillRecord:
    made = Fill(
        str(trade_id),
        symbol,
        "77",
        Side.BUY,
        Decimal("65000.10"),
        Decimal("0.001"),
        NOW_MS,
        fee=None if fee is None else Decimal(fee),
        fee_asset=None if fee is None else "BNB",
    )
    return FillRecord(made, 1, None if order_number is None else intent(order_number).client_order_id)


def outcomes() -> tuple[list[StoreError | None], Callable[[StoreError | None], None]]:
    """A list, and a ``done`` that fills it."""
    heard: list[StoreError | None] = []
    return heard, heard.append


def commit(store: Store, *records: Record) -> None:
    """Commit one batch, which must succeed at once."""
    heard, done = outcomes()
    store.commit(records, done)
    assert heard == [None]


def known_ids(store: Store) -> list[str]:
    return [record.intent.client_order_id for record in store.saved.orders]
