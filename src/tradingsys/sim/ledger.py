"""What the exchange never forgets: every order and every execution of every account that is not the house's."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from tradingsys.sim.events import Execution, OrderRecord

__all__ = ["Ledger"]


class Ledger:
    """Orders by (symbol, id) in the order of their ids, executions in the order they happened."""

    def __init__(self) -> None:
        self.executions: list[Execution] = []
        self._by_account: dict[tuple[str, str], list[Execution]] = {}
        self._orders: dict[tuple[str, int], OrderRecord] = {}
        self._order_ids: dict[tuple[str, str], list[int]] = {}
        self._latest: dict[tuple[str, str, str], int] = {}

    def put_order(self, order: OrderRecord) -> None:
        """Remember an order as it is now."""
        key = (order.symbol, order.order_id)
        if key not in self._orders:
            self._order_ids.setdefault((order.account, order.symbol), []).append(order.order_id)
            self._latest[order.account, order.symbol, order.client_order_id] = order.order_id
        self._orders[key] = order

    def put_execution(self, execution: Execution) -> None:
        """Remember an execution."""
        self.executions.append(execution)
        self._by_account.setdefault((execution.account, execution.symbol), []).append(execution)

    def order(
        self, account: str, symbol: str, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderRecord | None:
        """One order by the exchange's id, else the newest one with this client id."""
        if order_id is None:
            order_id = self._latest.get((account, symbol, client_order_id or ""))
            if order_id is None:
                return None
        found = self._orders.get((symbol, order_id))
        return found if found is not None and found.account == account else None

    def orders(self, account: str, symbol: str, from_id: int = 0) -> Iterator[OrderRecord]:
        """Orders of an account on a symbol, from an order id on, ascending."""
        ids = self._order_ids.get((account, symbol), [])
        for order_id in ids[bisect_left(ids, from_id) :]:
            yield self._orders[symbol, order_id]

    def executions_of(self, account: str, symbol: str, from_id: int = 0) -> Sequence[Execution]:
        """Executions of an account on a symbol, from a trade id on, ascending."""
        rows = self._by_account.get((account, symbol), [])
        return rows[bisect_left(rows, from_id, key=lambda row: row.exec_id) :]

    def symbols(self, account: str) -> Iterable[str]:
        """Symbols on which an account ever had an order."""
        return sorted(symbol for name, symbol in self._order_ids if name == account)
