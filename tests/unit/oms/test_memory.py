"""What is over does not stay in memory for ever, and is as if it did."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from tests.unit.oms.books import EPOCH, LINEAGE, SYMBOL, client_id, facts, fill, intent, kinds, saved
from tradingsys.core.enums import OrderStatus
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Closed, Order
from tradingsys.core.records import FillRecord, OrderRecord, SymbolRecord
from tradingsys.oms.effects import Alarm, Attribute, OrderNews, Save
from tradingsys.oms.session_book import Incarnation, SessionBook
from tradingsys.oms.tracked_order import TrackedOrder

KEPT = 3


class Kept:
    """A book, and what is kept of it elsewhere."""

    def __init__(self) -> None:
        self.orders: dict[str, OrderRecord] = {}
        self.fills: dict[tuple[str, str, str], FillRecord] = {}
        self.recalled: list[str] = []
        self.book = SessionBook(saved(symbols=(SymbolRecord(SYMBOL, 100),)), self.recall)
        self.book.begin(Incarnation(LINEAGE, EPOCH, EPOCH, EPOCH + 10_000))

    def recall(self, client_order_id: str) -> tuple[OrderRecord, Sequence[FillRecord]] | None:
        self.recalled.append(client_order_id)
        record = self.orders.get(client_order_id)
        mine = [row for row in self.fills.values() if row.client_order_id == client_order_id]
        return None if record is None else (record, mine)

    def settle(self) -> list[object]:
        effects = self.book.take_effects()
        for save in kinds(effects, Save):
            if isinstance(save.record, OrderRecord):
                self.orders[save.record.intent.client_order_id] = save.record
            elif isinstance(save.record, FillRecord):
                self.fills[save.record.fill.key] = save.record
        return list(effects)

    def trade(self, number: int) -> TrackedOrder:
        """An order of session 1 is filled."""
        order = self.book.track(intent(1, number))
        told = facts(fill(100 + number, f"v{number}", "10"), client_order_id=client_id(1, number))
        self.book.learn(told_by(told, number), SYMBOL, EPOCH)
        self.settle()
        return order


def told_by(told: Order, number: int) -> Order:
    return Order(told.client_order_ids, f"v{number}", None, True, Decimal(10), None, told.fills)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    monkeypatch.setattr("tradingsys.oms.order_index.ENDED_KEPT", KEPT)
    return Kept()


def test_only_so_many_that_are_over_stay_in_memory(kept: Kept) -> None:
    waiting = kept.book.track(intent(1, 99))
    for number in range(20):
        kept.trade(number)
    assert list(kept.book.orders) == [client_id(1, 99), *(client_id(1, number) for number in range(17, 20))]
    assert kept.book.open_orders() == [waiting] and kept.book.net(1, SYMBOL) == 200
    assert not kept.recalled


def test_what_was_dropped_is_recalled_in_the_same_epoch(kept: Kept) -> None:
    orders = [kept.trade(number) for number in range(20)]
    found = kept.book.order(client_id(1, 0))
    assert found is not None and found is not orders[0] and found.facts == orders[0].facts
    assert found.status is OrderStatus.FILLED and kept.recalled == [client_id(1, 0)]
    assert kept.book.order(client_id(1, 0)) is found and len(kept.recalled) == 1
    assert kept.book.order(client_id(1, 500)) is None, "never sent"
    assert kept.book.order(client_id(1, 0, lineage="other")) is None and len(kept.recalled) == 2
    kept.trade(20)
    assert len(kept.book.orders) == KEPT


def test_before_anything_was_dropped_nobody_is_asked(kept: Kept) -> None:
    kept.trade(1)
    assert kept.book.order(client_id(1, 500)) is None and not kept.recalled


def test_what_is_told_again_of_it_changes_nothing(kept: Kept) -> None:
    for number in range(20):
        kept.trade(number)
    told = told_by(facts(fill(100, "v0", "10"), client_order_id=client_id(1, 0)), 0)
    kept.book.learn(told, SYMBOL, EPOCH)  # by the stream
    kept.book.learn(Order((), "v1", accepted=True, fills={"101": fill(101, "v1", "10")}), SYMBOL, EPOCH)  # by history
    effects = kept.settle()
    assert not [each for each in effects if isinstance(each, Alarm | Attribute | OrderNews)]
    assert kept.book.net(1, SYMBOL) == 200 and kept.book.net(EXTERNAL, SYMBOL) == 0
    late = Order((client_id(1, 2),), "v2", fills={"100": fill(102, "v2", "10", fee="0.1")})
    kept.book.learn(late, SYMBOL, EPOCH)
    kept.settle()
    assert kept.fills[SYMBOL, "102", "v2"].fill.fee == Decimal("0.1"), "a late fee finds it"
    kept.book.learn(Order((client_id(1, 3),), "v3", closed=Closed(OrderStatus.CANCELED, EPOCH)), SYMBOL, EPOCH)
    assert kept.book.orders[client_id(1, 3)].status is OrderStatus.FILLED


def test_an_order_that_somebody_waits_for_is_not_dropped(kept: Kept) -> None:
    asked = kept.book.track(intent(1, 50))
    kept.book.learn(facts(client_order_id=client_id(1, 50), venue_order_id="v50"), SYMBOL, EPOCH)
    kept.book.cancel_pending(asked, True)
    ended = Order((client_id(1, 50),), "v50", closed=Closed(OrderStatus.CANCELED, EPOCH))
    asked.facts = asked.facts.merge(ended)
    kept.book.learn(Order((client_id(1, 50),), "v50", list_id="7"), SYMBOL, EPOCH)
    assert not asked.is_open
    asked.cancel_pending = True
    for number in range(20):
        kept.trade(number)
    assert kept.book.orders[client_id(1, 50)] is asked
    kept.book.cancel_pending(asked, False)
    for number in range(20, 30):
        kept.trade(number)
    assert client_id(1, 50) not in kept.book.orders


def test_executions_below_the_watermark_are_remembered_by_it_alone(kept: Kept) -> None:
    for number in range(20):
        kept.trade(number)
    kept.book.advance(SYMBOL, 115)
    assert sorted(key[1] for key in kept.book._fills._booked[SYMBOL]) == ["115", "116", "117", "118", "119"]
    for number in (3, 17):
        again = fill(100 + number, f"v{number}", "10", fee="0.1")
        assert kept.book.is_booked(again)
        kept.book.learn(Order((), f"v{number}", accepted=True, fills={again.exec_id: again}), SYMBOL, EPOCH)
    assert kept.book.net(1, SYMBOL) == 200
    assert not [each for each in kept.settle() if isinstance(each, Attribute)]
