from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.store.books import Machine, fill
from tradingsys.core.records import PositionRecord
from tradingsys.gateway.saving import Saving
from tradingsys.store.book import Book


def test_of_many_moves_of_a_position_the_last_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    write = Book.write

    def noted(self: Book, records: object) -> object:
        written.extend(records)  # type: ignore[arg-type]
        return write(self, records)  # type: ignore[arg-type]

    monkeypatch.setattr(Book, "write", noted)
    store = Machine(tmp_path).ready()
    rows = [PositionRecord(session, "BTCUSDT", Decimal(net)) for net in (1, 2, 3) for session in (1, 2)]
    Saving(store, lambda error: None).save([rows[0], fill(1), *rows[1:], fill(2)])
    assert written == [fill(1), rows[4], rows[5], fill(2)]
    store.close()
