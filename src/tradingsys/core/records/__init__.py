"""What must outlive the process: the rows of pos.db and the intents of the journal, as values."""

from __future__ import annotations

from tradingsys.core.records.halts import HaltCause, HaltDuty, HaltRecord, Scope
from tradingsys.core.records.ledger import LedgerKind, LedgerMarkRecord, LedgerRecord
from tradingsys.core.records.orders import FillRecord, Intent, OrderRecord, Replace
from tradingsys.core.records.positions import (
    BASELINE,
    AdjustmentRecord,
    Edit,
    PerformanceRecord,
    PositionRecord,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.core.records.saved import Record, Saved
from tradingsys.core.records.standing import AccountRecord, DayRecord, PriceRecord, SessionRecord

__all__ = [
    "BASELINE",
    "AccountRecord",
    "AdjustmentRecord",
    "DayRecord",
    "Edit",
    "FillRecord",
    "HaltCause",
    "HaltDuty",
    "HaltRecord",
    "Intent",
    "LedgerKind",
    "LedgerMarkRecord",
    "LedgerRecord",
    "OrderRecord",
    "PerformanceRecord",
    "PositionRecord",
    "PriceRecord",
    "Record",
    "Replace",
    "Saved",
    "Scope",
    "SessionRecord",
    "SymbolRecord",
    "WatermarkRecord",
]
