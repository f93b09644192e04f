"""Executions that wait for their owner."""

from __future__ import annotations

import pytest
from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, empty_book, facts, fill, intent, kinds
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.records import FillRecord
from tradingsys.oms.effects import Save


@pytest.mark.parametrize("is_ours", [True, False])
def test_what_was_known_of_an_execution_that_waits_stays_known(is_ours: bool) -> None:
    book = empty_book()
    whole = fill(100, "7", "4", fee="0.001")
    for told in (whole, structs.replace(whole, fee=None, fee_asset=None)):
        book.learn(facts(told, venue_order_id="7"), SYMBOL, EPOCH)
    book.take_effects()
    if is_ours:
        book.track(intent(1, 1))
        book.learn(facts(client_order_id=client_id(1, 1), venue_order_id="7"), SYMBOL, EPOCH)
    else:
        book.give_up(SYMBOL, "7")
    (row,) = [each.record for each in kinds(book.take_effects(), Save) if isinstance(each.record, FillRecord)]
    assert row.fill == whole and row.session == (1 if is_ours else EXTERNAL)
