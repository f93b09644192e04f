"""All records together: each of them, and everything that is read at a start."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.ban import BanRecord
from tradingsys.core.missing import MissingRecord
from tradingsys.core.records.halts import HaltRecord
from tradingsys.core.records.ledger import LedgerMarkRecord, LedgerRecord
from tradingsys.core.records.orders import FillRecord, OrderRecord
from tradingsys.core.records.positions import (
    AdjustmentRecord,
    Edit,
    PerformanceRecord,
    PositionRecord,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.core.records.standing import AccountRecord, DayRecord, PriceRecord, SessionRecord

__all__ = ["Record", "Saved"]

Record = (
    OrderRecord
    | FillRecord
    | PositionRecord
    | PerformanceRecord
    | SymbolRecord
    | WatermarkRecord
    | SessionRecord
    | AccountRecord
    | AdjustmentRecord
    | LedgerRecord
    | LedgerMarkRecord
    | HaltRecord
    | DayRecord
    | PriceRecord
    | MissingRecord
    | BanRecord
)


class Saved(Struct, frozen=True):
    """Everything the book remembers, read once at boot after the journal was replayed into it."""

    lineage: str
    created_ms: int
    last_epoch: int
    """0 for a new book."""
    first_epoch_after_cut: int
    """Only of keys of this and later epochs does "not in the journal" prove "never sent"."""
    journal_proven: bool
    """Whether the journal is provably complete: the last death was of the process, not of the machine."""
    max_recv_window_ms: int
    """The largest recvWindow this book ever sent with."""
    orders: tuple[OrderRecord, ...]
    fills: tuple[FillRecord, ...]
    positions: tuple[PositionRecord, ...]
    symbols: tuple[SymbolRecord, ...]
    watermarks: tuple[WatermarkRecord, ...]
    sessions: tuple[SessionRecord, ...]
    edits: tuple[Edit, ...] = ()
    account: str = ""
    """As in `AccountRecord`; empty before the venue told it."""
    performance: tuple[PerformanceRecord, ...] = ()
    adjustments: tuple[AdjustmentRecord, ...] = ()
    """In the order in which they were made: those not counted in ``performance``, and those after the ledger mark."""
    ledger: tuple[LedgerRecord, ...] = ()
    """From the mark of its kind on: rows that will be read again."""
    ledger_marks: tuple[LedgerMarkRecord, ...] = ()
    halts: tuple[HaltRecord, ...] = ()
    ledger_totals: Mapping[tuple[int, str], Decimal] = {}
    """Of all rows, those before the marks too, by session and asset."""
    is_new: bool = False
    """The lineage was drawn when the book was opened: no order anywhere carries it."""
    days: tuple[DayRecord, ...] = ()
    """Of each session the last one."""
    first_epoch: int = 0
    """The oldest; 0 where none has begun."""
    prices: tuple[PriceRecord, ...] = ()
    missing: MissingRecord = MissingRecord()
    ban: BanRecord | None = None
    """For how long the venue wanted to be left alone when it said so last."""
