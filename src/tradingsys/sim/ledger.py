"""What the exchange never forgets: of every account that is not the house's, all orders, executions and money."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from tradingsys.sim.break_even import BreakEven
from tradingsys.sim.conditions import Condition
from tradingsys.sim.money import CashKind, CashRow, FundingRecord, InterestRecord, LoanRecord, MarginMove
from tradingsys.sim.order_lists import OrderListRecord
from tradingsys.sim.order_records import Amendment, Execution, OrderRecord, PreventedMatch

__all__ = ["ASSET_KINDS", "Ledger"]

_KINDS = 3
"""Ids are counted in steps of this: profit, fee and other money each have their own within a step."""
ASSET_KINDS = 4
"""The same of assets: what came, what went, the fee, other money."""


class Ledger:
    """Orders by (symbol, id) in the order of their ids, executions and money in the order they happened."""

    def __init__(self, first_id: int = 1, kinds: int = _KINDS) -> None:
        """``kinds``: of `CashRow` that one step of ids holds."""
        self.executions: list[Execution] = []
        self.conditions: dict[int, Condition] = {}
        """Conditional orders by their id, as they are now."""
        self.amendments: list[Amendment] = []
        self.funding: list[FundingRecord] = []
        """Of all symbols."""
        self.margin_moves: list[MarginMove] = []
        self.lists: dict[int, OrderListRecord] = {}
        """Order lists by their id, as they are now."""
        self.prevented: list[PreventedMatch] = []
        self.loans: list[LoanRecord] = []
        self.interest: list[InterestRecord] = []
        self._first_row = first_id
        self._kinds = kinds
        self._by_account: dict[tuple[str, str], list[Execution]] = {}
        self._break_even: dict[tuple[str, str], BreakEven] = {}
        self._orders: dict[tuple[str, int], OrderRecord] = {}
        self._order_ids: dict[tuple[str, str], list[int]] = {}
        self._latest: dict[tuple[str, str, str], int] = {}
        self._latest_condition: dict[tuple[str, str], int] = {}
        self._latest_list: dict[tuple[str, str], int] = {}
        self._moves: list[tuple[int, CashRow]] = []

    # --- orders

    def put_order(self, order: OrderRecord) -> None:
        """Remember an order as it is now."""
        key = (order.symbol, order.order_id)
        if key not in self._orders:
            self._order_ids.setdefault((order.account, order.symbol), []).append(order.order_id)
            self._latest[order.account, order.symbol, order.client_order_id] = order.order_id
        elif self._orders[key].client_order_id != order.client_order_id:
            self._latest[order.account, order.symbol, order.client_order_id] = order.order_id
        self._orders[key] = order

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

    def symbols(self, account: str) -> Iterable[str]:
        """Symbols on which an account ever had an order."""
        return sorted(symbol for name, symbol in self._order_ids if name == account)

    def put_amendment(self, amendment: Amendment) -> None:
        """Remember a change of an order."""
        self.amendments.append(amendment)

    def put_condition(self, condition: Condition) -> None:
        """Remember a conditional order as it is now."""
        self.conditions[condition.algo_id] = condition
        self._latest_condition[condition.terms.account, condition.client_algo_id] = condition.algo_id

    def condition(
        self, account: str, algo_id: int | None = None, client_algo_id: str | None = None
    ) -> Condition | None:
        """One conditional order by the exchange's id, else the newest one with this client id."""
        if algo_id is None:
            algo_id = self._latest_condition.get((account, client_algo_id or ""), 0)
        found = self.conditions.get(algo_id)
        return found if found is not None and found.terms.account == account else None

    def put_list(self, record: OrderListRecord) -> None:
        """Remember an order list as it is now."""
        self.lists[record.list_id] = record
        self._latest_list[record.account, record.client_list_id] = record.list_id

    def order_list(
        self, account: str, list_id: int | None = None, client_list_id: str | None = None
    ) -> OrderListRecord | None:
        """One order list by the exchange's id, else the newest one with this client id."""
        if list_id is None:
            list_id = self._latest_list.get((account, client_list_id or ""), 0)
        found = self.lists.get(list_id)
        return found if found is not None and found.account == account else None

    # --- executions and money

    def put_execution(self, execution: Execution) -> None:
        """Remember an execution."""
        self.executions.append(execution)
        key = (execution.account, execution.symbol)
        self._by_account.setdefault(key, []).append(execution)
        if not execution.base_asset:
            self._break_even.setdefault(key, BreakEven()).add(execution)

    def break_even_px(self, account: str, symbol: str) -> Decimal:
        """What an account's position must be closed at to have cost nothing; 0 without one."""
        found = self._break_even.get((account, symbol))
        return Decimal(0) if found is None else found.px

    def executions_of(self, account: str, symbol: str, from_id: int = 0) -> Sequence[Execution]:
        """Executions of an account on a symbol, from a trade id on, ascending."""
        rows = self._by_account.get((account, symbol), [])
        return rows[bisect_left(rows, from_id, key=lambda row: row.exec_id) :]

    def put_money(
        self, account: str, kind: CashKind, asset: str, amount: Decimal, now_ns: int, symbol: str = ""
    ) -> CashRow:
        """Remember a change of a balance that no execution made."""
        row_id = self._row_id(len(self._moves)) + self._kinds - 1
        row = CashRow(account, kind, symbol, asset, amount, now_ns, row_id)
        self._moves.append((len(self.executions), row))
        return row

    def money(self, account: str) -> Iterator[CashRow]:
        """Every change of an account's balances, in the order they happened; together they are its wallet."""
        moves = iter(self._moves)
        move = next(moves, None)
        for number, row in enumerate(self.executions):
            while move is not None and move[0] <= number:
                if move[1].account == account:
                    yield move[1]
                move = next(moves, None)
            if row.account == account:
                yield from self._execution_money(number, row)
        while move is not None:
            if move[1].account == account:
                yield move[1]
            move = next(moves, None)

    def _execution_money(self, number: int, row: Execution) -> Iterator[CashRow]:
        row_id = self._row_id(number)
        for offset, (kind, asset, amount) in enumerate(_parts(row)):
            if amount:
                yield CashRow(row.account, kind, row.symbol, asset, amount, row.ts_ns, row_id + offset, row.exec_id)

    def _row_id(self, number: int) -> int:
        return (self._first_row + number) * self._kinds


def _parts(row: Execution) -> tuple[tuple[CashKind, str, Decimal], ...]:
    fee = (CashKind.COMMISSION, row.fee_asset, -row.fee)
    if not row.base_asset:
        return (CashKind.REALIZED_PNL, row.fee_asset, row.realized_pnl), fee
    sign = row.side.sign
    return (
        (CashKind.TRADE, row.base_asset, sign * row.qty),
        (CashKind.TRADE, row.quote_asset, -sign * row.quote_qty),
        fee,
    )
