"""What the exchange alone knows, as JSON: orders, executions, money, positions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Protocol, TypeVar

from tradingsys.core.enums import Side
from tradingsys.matching.account import Account
from tradingsys.sim.admin_calls import Answer, Box, Handler, Row, filters, text
from tradingsys.sim.conditions import Condition
from tradingsys.sim.events import Amendment, Execution, OrderRecord
from tradingsys.sim.faces.transport import Request
from tradingsys.sim.money import CashRow

__all__ = ["READS", "asked", "best", "common_row", "execution_row", "order_row", "orders_of"]

_NS_PER_MS = 1_000_000


def _status(box: Box, _request: Request, now_ns: int) -> Answer:
    exchange = box.exchange
    symbols = {
        symbol: {
            "status": venue.instrument.status,
            "mark_px": text(venue.mark.px),
            "index_px": text(venue.index.px),
            "last_px": text(venue.last_px),
            "best_bid": best(venue.price_text, venue.book.best(Side.BUY)),
            "best_ask": best(venue.price_text, venue.book.best(Side.SELL)),
            "funding_rate": text(venue.funding_rate),
            "next_funding_ms": venue.next_funding_ms,
        }
        for symbol, venue in exchange.venues.items()
    }
    return Answer(
        {
            "time_ms": now_ns // _NS_PER_MS,
            "market": box.market_status(now_ns),
            "accounts": [account.name for account in _accounts(box, "")],
            "insurance": {asset: text(amount) for asset, amount in exchange.insurance().items()},
            "executions": len(exchange.ledger.executions),
            "connections": len(box.face.connections()),
            "symbols": symbols,
        }
    )


class _Owned(Protocol):
    @property
    def account(self) -> str: ...
    @property
    def symbol(self) -> str: ...


_Record = TypeVar("_Record", bound=_Owned)


def asked(request: Request, records: Iterable[_Record]) -> Iterator[_Record]:
    """Those of the account and the symbol that were asked for."""
    account, symbol = filters(request)
    return (each for each in records if account in ("", each.account) and symbol in ("", each.symbol))


def _ledger(box: Box, request: Request, _now_ns: int) -> Answer:
    return Answer([execution_row(row) for row in asked(request, box.exchange.ledger.executions)])


def _orders(box: Box, request: Request, _now_ns: int) -> Answer:
    return orders_of(box, request, order_row)


def orders_of(box: Box, request: Request, row: Callable[[OrderRecord], Row]) -> Answer:
    """Orders of everybody's but the house's."""
    account, symbol = filters(request)
    ledger = box.exchange.ledger
    return Answer(
        [
            row(record)
            for each in box.exchange.accounts.values()
            if not each.is_house and account in ("", each.name)
            for its_symbol in ledger.symbols(each.name)
            if symbol in ("", its_symbol)
            for record in ledger.orders(each.name, its_symbol)
        ]
    )


def _conditions(box: Box, request: Request, _now_ns: int) -> Answer:
    account, symbol = filters(request)
    return Answer(
        [
            _condition_row(row)
            for row in box.exchange.ledger.conditions.values()
            if account in ("", row.terms.account) and symbol in ("", row.terms.symbol)
        ]
    )


def _amendments(box: Box, request: Request, _now_ns: int) -> Answer:
    return Answer([_amendment_row(row) for row in asked(request, box.exchange.ledger.amendments)])


def _balances(box: Box, request: Request, _now_ns: int) -> Answer:
    account, _ = filters(request)
    marks = box.exchange.marks()
    return Answer(
        [
            {
                "account": each.name,
                "asset": asset,
                "wallet": text(wallet),
                "cross_wallet": text(each.cross_wallet(asset)),
                "available": text(each.available(asset, marks)),
                "fees_paid": text(each.fees_paid.get(asset, Decimal(0))),
            }
            for each in _accounts(box, account)
            for asset, wallet in each.wallet.items()
        ]
    )


def _positions(box: Box, request: Request, _now_ns: int) -> Answer:
    account, symbol = filters(request)
    return Answer(
        [
            {
                "account": each.name,
                "symbol": its_symbol,
                "net": text(held.net),
                "entry_px": text(held.entry_px),
                "realized_pnl": text(held.realized_pnl),
                "leverage": each.leverage(its_symbol),
                "isolated_wallet": text(each.isolated.get(its_symbol)),
            }
            for each in _accounts(box, account)
            for its_symbol, held in each.positions.items()
            if symbol in ("", its_symbol)
        ]
    )


def _income(box: Box, request: Request, _now_ns: int) -> Answer:
    account, symbol = filters(request)
    return Answer(
        [
            _cash_row(row)
            for each in _accounts(box, account)
            for row in box.exchange.ledger.money(each.name)
            if symbol in ("", row.symbol)
        ]
    )


def _funding(box: Box, request: Request, _now_ns: int) -> Answer:
    _, symbol = filters(request)
    return Answer(
        [
            {"symbol": row.symbol, "rate": text(row.rate), "mark_px": text(row.mark_px), "ts_ms": row.ts_ms}
            for row in box.exchange.ledger.funding
            if symbol in ("", row.symbol)
        ]
    )


def _connections(box: Box, _request: Request, _now_ns: int) -> Answer:
    return Answer(
        [
            {
                "id": conn.conn_id,
                "route": conn.route,
                "accounts": sorted(accounts),
                "streams": len(conn.streams),
                "opened_ms": conn.opened_ns // _NS_PER_MS,
            }
            for conn, accounts in box.face.connections()
        ]
    )


READS: dict[tuple[str, str], Handler] = {
    ("GET", "/admin/status"): _status,
    ("GET", "/admin/ledger"): _ledger,
    ("GET", "/admin/orders"): _orders,
    ("GET", "/admin/algos"): _conditions,
    ("GET", "/admin/amendments"): _amendments,
    ("GET", "/admin/balances"): _balances,
    ("GET", "/admin/positions"): _positions,
    ("GET", "/admin/income"): _income,
    ("GET", "/admin/funding"): _funding,
    ("GET", "/admin/connections"): _connections,
}
"""Calls that change nothing."""


def _accounts(box: Box, only: str) -> list[Account]:
    return [each for each in box.exchange.accounts.values() if not each.is_house and only in ("", each.name)]


def best(price_text: Callable[[int], str], ticks: int | None) -> str | None:
    """A price of the book, None where there is none."""
    return None if ticks is None else price_text(ticks)


def execution_row(row: Execution) -> Row:
    """One side of a trade."""
    return {
        "account": row.account,
        "symbol": row.symbol,
        "exec_id": row.exec_id,
        "order_id": row.order_id,
        "client_order_id": row.client_order_id,
        "side": row.side,
        "px": text(row.px),
        "qty": text(row.qty),
        "fee": text(row.fee),
        "fee_asset": row.fee_asset,
        "is_maker": row.is_maker,
        "realized_pnl": text(row.realized_pnl),
        "ts_ms": row.ts_ns // _NS_PER_MS,
    }


def order_row(record: OrderRecord) -> Row:
    """An order as it is now."""
    return common_row(record) | {"reduce_only": record.reduce_only, "algo_id": record.algo_id or None}


def common_row(record: OrderRecord) -> Row:
    """What orders on contracts and on assets have in common."""
    return {
        "account": record.account,
        "symbol": record.symbol,
        "order_id": record.order_id,
        "client_order_id": record.client_order_id,
        "side": record.side,
        "type": record.order_type,
        "time_in_force": record.time_in_force,
        "status": record.status,
        "qty": text(record.qty),
        "price": text(record.px),
        "cum_qty": text(record.cum_qty),
        "avg_px": text(record.avg_px),
        "post_only": record.post_only,
        "forced": record.forced or None,
        "expiry": record.expiry,
        "created_ms": record.created_ns // _NS_PER_MS,
        "updated_ms": record.updated_ns // _NS_PER_MS,
    }


def _condition_row(row: Condition) -> Row:
    terms = row.terms
    return {
        "account": terms.account,
        "symbol": terms.symbol,
        "algo_id": row.algo_id,
        "client_algo_id": row.client_algo_id,
        "side": terms.side,
        "type": terms.order_type,
        "status": row.status,
        "qty": text(terms.qty),
        "price": text(terms.px),
        "trigger_px": text(terms.trigger_px),
        "activation_px": text(terms.activation_px),
        "callback_rate": text(terms.callback_rate),
        "close_position": terms.close_position,
        "order_id": row.child_id,
        "cum_qty": text(row.child_qty),
        "avg_px": text(row.child_px),
        "reason": row.reason or None,
        "created_ms": row.created_ns // _NS_PER_MS,
        "updated_ms": row.updated_ns // _NS_PER_MS,
    }


def _amendment_row(row: Amendment) -> Row:
    return {
        "account": row.account,
        "symbol": row.symbol,
        "amendment_id": row.amendment_id,
        "order_id": row.order_id,
        "client_order_id": row.client_order_id,
        "price_before": text(row.px_before),
        "price": text(row.px),
        "qty_before": text(row.qty_before),
        "qty": text(row.qty),
        "ts_ms": row.ts_ns // _NS_PER_MS,
    }


def _cash_row(row: CashRow) -> Row:
    return {
        "account": row.account,
        "id": row.row_id,
        "kind": row.kind,
        "symbol": row.symbol,
        "asset": row.asset,
        "amount": text(row.amount),
        "exec_id": row.exec_id,
        "ts_ms": row.ts_ns // _NS_PER_MS,
    }
