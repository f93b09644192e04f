"""What the exchange's readers see: an older state than the matching engine's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from msgspec import structs

from tradingsys.sim.events import Execution, OrderRecord
from tradingsys.sim.simulator import Simulator

__all__ = ["Past"]


class Past:
    """Remembers every version of every order, so that a question can be answered as of some instant before.

    Orders and positions appear as they were then. Executions become visible one by one, each after a delay of its own
    within the staleness, so that a row may appear after a younger one.
    """

    def __init__(self, simulator: Simulator, account: str) -> None:
        self._exchange = simulator.exchange
        self._account = account
        self._versions: dict[tuple[str, int], list[OrderRecord]] = {}
        put_order = self._exchange.ledger.put_order

        def put(order: OrderRecord) -> None:
            put_order(order)
            self._versions.setdefault((order.symbol, order.order_id), []).append(order)

        self._exchange.ledger.put_order = put  # type: ignore[method-assign]

    @contextmanager
    def shown(self, now_ns: int, age_ns: int, staleness_ns: int) -> Iterator[None]:
        """Within this, the exchange answers as if it were ``age_ns`` ago."""
        exchange, ledger = self._exchange, self._exchange.ledger
        account = exchange.accounts[self._account]
        then_ns = now_ns - age_ns
        order, executions_of, positions = ledger.order, ledger.executions_of, account.positions

        def past_order(*args: object, **kwargs: object) -> OrderRecord | None:
            found = order(*args, **kwargs)  # type: ignore[arg-type]
            return found and self._as_of(found, then_ns)

        def past_open_orders(name: str, symbol: str | None = None) -> list[OrderRecord]:
            symbols = ledger.symbols(name) if symbol is None else [symbol]
            now = (record for each in symbols for record in ledger.orders(name, each))
            past = (self._as_of(record, then_ns) for record in now)
            return [record for record in past if record is not None and record.status.is_open]

        def past_executions(name: str, symbol: str, from_id: int = 0) -> Sequence[Execution]:
            rows = executions_of(name, symbol, from_id)
            return [row for row in rows if row.ts_ns + _delay_ns(row, staleness_ns) <= now_ns]

        def since(symbol: str) -> Decimal:
            rows = (row for row in executions_of(self._account, symbol) if row.ts_ns > then_ns)
            return sum((row.qty * row.side.sign for row in rows), Decimal(0))

        ledger.order = past_order  # type: ignore[method-assign]
        ledger.executions_of = past_executions  # type: ignore[assignment,method-assign]
        exchange.open_orders = past_open_orders  # type: ignore[assignment,method-assign]
        account.positions = {
            symbol: structs.replace(held, net=held.net - since(symbol)) for symbol, held in positions.items()
        }
        try:
            yield
        finally:
            account.positions = positions
            for patched, name in ((ledger, "order"), (ledger, "executions_of"), (exchange, "open_orders")):
                _restore(patched, name)

    def _as_of(self, record: OrderRecord, then_ns: int) -> OrderRecord | None:
        for version in reversed(self._versions[record.symbol, record.order_id]):
            if version.updated_ns <= then_ns:
                return version
        return None


def _restore(patched: object, name: str) -> None:
    vars(patched).pop(name)


def _delay_ns(row: Execution, staleness_ns: int) -> int:
    return staleness_ns * ((row.exec_id * 7 + row.order_id * 13) % 10) // 9
