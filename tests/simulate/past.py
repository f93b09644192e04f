"""What the exchange's readers see: an older state than the matching engine's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from msgspec import structs

from tradingsys.sim.conditions import Condition, ConditionStatus
from tradingsys.sim.events import Amendment, Execution, OrderRecord
from tradingsys.sim.money import CashRow
from tradingsys.sim.simulator import Simulator

__all__ = ["HIDES_FOR_S", "Past", "delay_ns", "is_hidden_by_age"]

HIDES_FOR_S = 20
"""Whoever hides orders hides each of them for so long at the most, unless told otherwise."""


class Past:
    """Remembers every version of every order, so that a question can be answered as of some instant before.

    Orders and positions appear as they were then. Executions become visible one by one, each after a delay of its own
    within the staleness, so that a row may appear after a younger one.
    """

    def __init__(self, simulator: Simulator, account: str) -> None:
        self.amended: Callable[[], None] = lambda: None
        """Told of every amend, as soon as the exchange carried it out."""
        self._exchange = simulator.exchange
        self._account = account
        self._versions: dict[tuple[str, int], list[OrderRecord]] = {}
        put_order = self._exchange.ledger.put_order

        def put(order: OrderRecord) -> None:
            put_order(order)
            self._versions.setdefault((order.symbol, order.order_id), []).append(order)

        self._exchange.ledger.put_order = put  # type: ignore[method-assign]
        self._conditions: dict[int, list[Condition]] = {}
        put_condition = self._exchange.ledger.put_condition

        def put_waiting(condition: Condition) -> None:
            put_condition(condition)
            self._conditions.setdefault(condition.algo_id, []).append(condition)

        put_amendment = self._exchange.ledger.put_amendment

        def put_amended(amendment: Amendment) -> None:
            put_amendment(amendment)
            self.amended()

        self._exchange.ledger.put_amendment = put_amended  # type: ignore[method-assign]
        self._exchange.ledger.put_condition = put_waiting  # type: ignore[method-assign]

    @contextmanager
    def cash(self, now_ns: int, late_ns: int) -> Iterator[None]:
        """Within this, rows of the cash history that are younger than ``late_ns`` are not there yet."""
        ledger = self._exchange.ledger
        money = ledger.money

        def past_money(name: str) -> Iterator[CashRow]:
            return (row for row in money(name) if row.ts_ns + late_ns <= now_ns)

        ledger.money = past_money  # type: ignore[assignment,method-assign]
        try:
            yield
        finally:
            _restore(ledger, "money")

    @contextmanager
    def shown(
        self, now_ns: int, age_ns: int, staleness_ns: int, hides: float = 0.0, hides_for_s: int = HIDES_FOR_S
    ) -> Iterator[None]:
        """Within this, the exchange answers as if it were ``age_ns`` ago, and ``hides`` so many of its young orders,
        for ``hides_for_s`` at the most. With a negative staleness history too is what it was then.
        """
        exchange, ledger = self._exchange, self._exchange.ledger
        account = exchange.accounts[self._account]
        then_ns = now_ns - age_ns
        order, executions_of, positions = ledger.order, ledger.executions_of, account.positions

        def past_order(*args: object, **kwargs: object) -> OrderRecord | None:
            found = order(*args, **kwargs)  # type: ignore[arg-type]
            return None if found is None or is_hidden(found) else self._as_of(found, then_ns)

        def is_hidden(record: OrderRecord) -> bool:
            return is_hidden_by_age(record.order_id, now_ns - record.created_ns, hides, hides_for_s)

        def past_open_orders(name: str, symbol: str | None = None) -> list[OrderRecord]:
            symbols = ledger.symbols(name) if symbol is None else [symbol]
            now = (record for each in symbols for record in ledger.orders(name, each) if not is_hidden(record))
            past = (self._as_of(record, then_ns) for record in now)
            return [record for record in past if record is not None and record.status.is_open]

        def past_executions(name: str, symbol: str, from_id: int = 0) -> Sequence[Execution]:
            rows = executions_of(name, symbol, from_id)
            if staleness_ns < 0:
                return [row for row in rows if row.ts_ns <= then_ns]
            return [row for row in rows if row.ts_ns + delay_ns(row, staleness_ns) <= now_ns]

        condition = ledger.condition

        def past_condition(*args: object) -> Condition | None:
            found = condition(*args)  # type: ignore[arg-type]
            return found and self._condition_as_of(found, then_ns)

        def past_open_conditions(name: str, symbol: str | None = None) -> list[Condition]:
            return [
                each
                for each in ledger.conditions.values()
                if each.status is ConditionStatus.NEW
                and each.terms.account == name
                and symbol in (None, each.terms.symbol)
            ]

        def since(symbol: str) -> Decimal:
            rows = (row for row in executions_of(self._account, symbol) if row.ts_ns > then_ns)
            return sum((row.qty * row.side.sign for row in rows), Decimal(0))

        ledger.order = past_order  # type: ignore[method-assign]
        ledger.executions_of = past_executions  # type: ignore[assignment,method-assign]
        exchange.open_orders = past_open_orders  # type: ignore[assignment,method-assign]
        conditions = ledger.conditions
        versions = ((algo_id, self._condition_as_of(each, then_ns)) for algo_id, each in conditions.items())
        ledger.conditions = {algo_id: each for algo_id, each in versions if each is not None}
        ledger.condition = past_condition  # type: ignore[assignment,method-assign]
        exchange.open_conditions = past_open_conditions  # type: ignore[assignment,method-assign]
        account.positions = {
            symbol: structs.replace(held, net=held.net - since(symbol)) for symbol, held in positions.items()
        }
        try:
            yield
        finally:
            account.positions, ledger.conditions = positions, conditions
            for name in ("order", "executions_of", "condition"):
                _restore(ledger, name)
            for name in ("open_orders", "open_conditions"):
                _restore(exchange, name)

    def _as_of(self, record: OrderRecord, then_ns: int) -> OrderRecord | None:
        for version in reversed(self._versions[record.symbol, record.order_id]):
            if version.updated_ns <= then_ns:
                return version
        return None

    def _condition_as_of(self, condition: Condition, then_ns: int) -> Condition | None:
        for version in reversed(self._conditions[condition.algo_id]):
            if version.updated_ns <= then_ns:
                return version
        return None


def _restore(patched: object, name: str) -> None:
    vars(patched).pop(name)


def is_hidden_by_age(order_id: int, age_ns: int, share: float, longest_s: int) -> bool:
    """Such orders are found after 3 s to so many."""
    return (order_id * 37) % 100 < share * 100 and age_ns < (3 + order_id * 11 % (longest_s - 2)) * 1_000_000_000


def delay_ns(row: Execution, staleness_ns: int) -> int:
    """After how long history shows a trade: not in the order in which they happened."""
    return staleness_ns * ((row.exec_id * 7 + row.order_id * 13) % 10) // 9
