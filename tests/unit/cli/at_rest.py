"""A book at rest with orders of every kind, and what commands say of it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.store.books import NOW_MS, Machine, canceled, commit, fill, intent, order
from tradingsys.cli.app import OK, execute
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

__all__ = ["Captured", "files", "make_book", "text", "told"]

Captured = pytest.CaptureFixture[str]


def told(capsys: Captured, *words: str) -> Any:
    """The JSON answer of a command."""
    assert execute([*words, "--json"]) == OK
    out = capsys.readouterr().out
    answer = json.loads(out)
    assert answer["source"] == {"kind": "book", "name": "pos.db", "note": ""}
    return answer


def text(capsys: Captured, *words: str) -> str:
    """The answer for people."""
    assert execute(words) == OK
    return capsys.readouterr().out


def files(folder: Path) -> dict[str, bytes]:
    """What is in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


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
