"""What the exchange's ledger says of every order of ours: a conditional order and what it became are one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.ids import OrderKey, decode_client_order_id
from tradingsys.sim.conditions import Condition, ConditionStatus
from tradingsys.sim.events import Execution, OrderRecord
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.spot_exchange import SpotExchange

__all__ = ["FORGOTTEN", "Owned", "Truth"]

_ENDS = {
    ConditionStatus.NEW: OrderStatus.NEW,
    ConditionStatus.CANCELED: OrderStatus.CANCELED,
    ConditionStatus.EXPIRED: OrderStatus.EXPIRED,
    ConditionStatus.REJECTED: OrderStatus.EXPIRED,  # when it was triggered: it had been accepted, and waited
}


_FORGOTTEN_AFTER_NS = 3 * 86_400 * 1_000_000_000
"""On futures."""


FORGOTTEN = (OrderStatus.EXPIRED, OrderStatus.ABSENT)
"""What can be concluded of such orders: that they ended in vain, or never were."""


class Owned(Struct):
    """An order of ours."""

    client_order_id: str
    key: OrderKey
    symbol: str
    side: Side
    status: OrderStatus
    qty: Decimal
    px: Decimal | None
    created_ns: int
    updated_ns: int
    rows: list[Execution]
    is_conditional: bool = False
    was_triggered: bool = False
    has_foreign_child: bool = False
    was_renamed: bool = False
    """Somebody gave it another name."""

    def left_no_trace(self, at_ns: int) -> bool:
        """Whether nobody who knows no more than its first name could find it then: nothing tells former names of what
        is over, and was never executed.
        """
        return self.was_renamed and not self.rows and not self.status.is_open and self.updated_ns <= at_ns

    def is_forgotten(self, now_ns: int) -> bool:
        """Whether the exchange, where it forgets, tells nothing of it any more: it ended in vain, and is old."""
        return not (self.rows or self.status.is_open) and now_ns - self.created_ns > _FORGOTTEN_AFTER_NS

    @property
    def executed(self) -> Decimal:
        return sum((row.qty for row in self.rows), Decimal(0))


class Truth:
    """Orders of one lineage, and the executions of everybody, of one account."""

    def __init__(self, exchange: Exchange | SpotExchange, account: str, lineage: str, symbols: list[str]) -> None:
        ledger = exchange.ledger
        self.rows = [row for row in ledger.executions if row.account == account]
        self.forced: set[str] = set()
        """Symbols on which the exchange traded by itself."""
        self.orders: list[Owned] = []
        self._by_venue_id: dict[tuple[str, int], Owned] = {}
        by_order: dict[tuple[str, int], list[Execution]] = {}
        for row in self.rows:
            by_order.setdefault((row.symbol, row.order_id), []).append(row)
        first_names: dict[tuple[str, int], str] = {}
        for change in ledger.amendments:
            first_names.setdefault((change.symbol, change.order_id), change.client_order_id)
        records = [record for symbol in symbols for record in ledger.orders(account, symbol)]
        for record in records:
            name = first_names.get((record.symbol, record.order_id), record.client_order_id)
            key = decode_client_order_id(name)
            if key is not None and key.lineage == lineage and not record.algo_id:
                self._add(_plain(record, name, key, by_order.get((record.symbol, record.order_id), [])), record)
            if record.forced:
                self.forced.add(record.symbol)
        for condition in ledger.conditions.values():
            key = decode_client_order_id(condition.client_algo_id)
            if key is not None and key.lineage == lineage and condition.terms.account == account:
                child = (
                    None
                    if condition.child_id is None
                    else ledger.order(account, condition.terms.symbol, condition.child_id)
                )
                rows = [] if child is None else by_order.get((child.symbol, child.order_id), [])
                self._add(_conditional(condition, child, key, rows), child)

    def _add(self, order: Owned, record: OrderRecord | None) -> None:
        order.was_renamed = (
            record is not None and not record.algo_id and record.client_order_id != order.client_order_id
        )
        self.orders.append(order)
        if record is not None:
            self._by_venue_id[record.symbol, record.order_id] = order

    def owner(self, row: Execution) -> Owned | None:
        """Whose an execution is; None for nobody's of ours."""
        return self._by_venue_id.get((row.symbol, row.order_id))

    def executed(self, session: int) -> dict[tuple[str, str], Execution]:
        """What a session's orders executed, by order and execution."""
        own = (order for order in self.orders if order.key.session == session)
        return {(order.client_order_id, str(row.exec_id)): row for order in own for row in order.rows}

    def triggered(self) -> Iterator[Owned]:
        """Conditional orders that became another."""
        return (order for order in self.orders if order.was_triggered)


def _plain(record: OrderRecord, name: str, key: OrderKey, rows: list[Execution]) -> Owned:
    return Owned(
        name,
        key,
        record.symbol,
        record.side,
        record.status,
        record.qty,
        record.px,
        record.created_ns,
        record.updated_ns,
        rows,
    )


def _conditional(condition: Condition, child: OrderRecord | None, key: OrderKey, rows: list[Execution]) -> Owned:
    terms = condition.terms
    order = Owned(
        condition.client_algo_id,
        key,
        terms.symbol,
        terms.side,
        _ENDS[condition.status] if child is None else child.status,
        terms.qty,
        terms.px,
        condition.created_ns,
        condition.updated_ns,
        rows,
        is_conditional=True,
    )
    if child is not None:
        order.was_triggered, order.qty, order.updated_ns = True, child.qty, child.updated_ns
        order.px = child.px
        order.has_foreign_child = child.client_order_id != condition.client_algo_id
    return order
