"""A book at rest: two sessions and EXTERNAL, orders of every kind, an adjustment, a halt."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.unit.store.books import NOW_MS, Machine, canceled, commit, fill, intent, order
from tradingsys.core.enums import OrderStatus, TradingState
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.records import (
    AdjustmentRecord,
    HaltCause,
    HaltRecord,
    PositionRecord,
    Scope,
    SessionRecord,
    SymbolRecord,
    WatermarkRecord,
)

__all__ = ["make_book"]


def make_book(folder: Path) -> Path:
    """A gateway ran and was killed while one order was known to the journal alone."""
    machine = Machine(folder)
    store = machine.ready(NOW_MS, account="binance-usdm-sim")
    commit(
        store,
        SessionRecord(1, "momentum"),
        SessionRecord(2, "reversion"),
        SymbolRecord("BTCUSDT", 100),
        WatermarkRecord("BTCUSDT", 110),
        order(1, venue_order_id="77", accepted=True, venue_cum_qty=Decimal("0.001"), status=OrderStatus.FILLED),
        fill(101, order_number=1, fee="0.00001"),
        order(2, venue_order_id="78", accepted=True, status=OrderStatus.NEW),
        canceled(3, NOW_MS + 9),
        PositionRecord(1, "BTCUSDT", Decimal("0.001")),
        PositionRecord(2, "BTCUSDT", Decimal("-0.004")),
        PositionRecord(EXTERNAL, "BTCUSDT", Decimal("0.5")),
        AdjustmentRecord(EXTERNAL, "BTCUSDT", Decimal("0.5"), "baseline", NOW_MS),
        AdjustmentRecord(2, "BTCUSDT", Decimal("-0.004"), "an operator's [correction]", NOW_MS),
        HaltRecord(Scope(symbol="BTCUSDT"), TradingState.HALTED, "liquidation", NOW_MS, HaltCause.FORCED),
    )
    store.append(intent(4, epoch=NOW_MS))
    machine.kill()
    return machine.path
