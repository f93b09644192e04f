"""Amends in the journal: kept as long as they may be under way."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from tests.unit.store.books import NOW_MS, TERMS, Machine, canceled, commit, intent, order
from tradingsys.core.enums import OrderStatus
from tradingsys.core.records import Intent, Replace


def amend(number: int, revision: int, qty: str = "2") -> Intent:
    asked = intent(number)
    terms = structs.replace(asked.terms, order_qty=Decimal(qty))
    return structs.replace(asked, terms=terms, stamp_ms=NOW_MS + revision, revision=revision)


def test_an_amend_that_may_be_under_way_survives_the_process(machine: Machine) -> None:
    store = machine.ready(1)
    store.append(intent(1))
    commit(store, order(1, accepted=True, status=OrderStatus.NEW))
    store.append(amend(1, 7))
    store.append(amend(1, 9, "3"))
    machine.kill()
    [known] = machine.open().saved.orders
    assert known.replace == Replace(Decimal(3), TERMS.price, 9, NOW_MS + 9, 5000)
    assert known.intent == intent(1) and known.accepted


def test_an_amend_that_the_venue_carried_out_is_over(machine: Machine) -> None:
    store = machine.ready(1)
    store.append(intent(1))
    store.append(amend(1, 7))
    amended = structs.replace(TERMS, order_qty=Decimal(2), version_ms=NOW_MS, revision=7)
    commit(store, order(1, accepted=True, status=OrderStatus.NEW, terms=amended, revision=7))
    store.append(intent(2))
    store.append(amend(2, 7))
    commit(store, structs.replace(canceled(2, NOW_MS), revision=7))
    machine.kill()
    assert [known.replace for known in machine.open().saved.orders] == [None, None]


def test_a_row_from_before_an_amend_does_not_let_its_record_go(machine: Machine) -> None:
    store = machine.ready(1, segment_bytes=1)
    store.append(intent(1))
    store.append(amend(1, 7))
    assert store._journal is not None and len(store._journal.full) == 2
    commit(store, order(1, accepted=True, status=OrderStatus.NEW))
    assert len(store._journal.full) == 1
    commit(store, order(1, accepted=True, status=OrderStatus.NEW, revision=7))
    assert not store._journal.full
