"""The operator's window into the box: its ledger and accounts as JSON, and trades by hand.

It belongs to the box, not to any venue: it bypasses the venue's filters, limits and keys. It answers this machine only,
and no browser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.sim.events import (
    Accepted,
    Canceled,
    CancelRefused,
    ExchangeEvent,
    Executed,
    Execution,
    NewOrder,
    OrderRecord,
    Rejected,
)
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.faces.transport import Reply, Request

__all__ = ["Admin"]

Row = dict[str, object]

_JSON = {"Content-Type": "application/json"}
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", ""})
_NS_PER_MS = 1_000_000


class _Trade(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /admin/trade`. Without a price it is a market order."""

    symbol: str
    side: Side
    qty: str
    price: str | None = None
    type: OrderType | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    account: str = ""
    client_order_id: str = ""


class _Cancel(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /admin/cancel`: one id of either kind."""

    symbol: str
    account: str = ""
    order_id: int | None = None
    client_order_id: str | None = None


class _Problem(Exception):
    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(text)


class Admin:
    """Answers requests under ``/admin/``."""

    def __init__(self, exchange: Exchange, default_account: str) -> None:
        self._exchange = exchange
        self._default_account = default_account
        self._manual_orders = 0
        self._routes: dict[tuple[str, str], Callable[[Request, int], tuple[object, list[ExchangeEvent]]]] = {
            ("GET", "/admin/status"): self._status,
            ("GET", "/admin/ledger"): self._ledger,
            ("GET", "/admin/orders"): self._orders,
            ("GET", "/admin/balances"): self._balances,
            ("GET", "/admin/positions"): self._positions,
            ("POST", "/admin/trade"): self._trade,
            ("POST", "/admin/cancel"): self._cancel,
        }

    def answer(self, request: Request, now_ns: int) -> tuple[Reply, list[ExchangeEvent]]:
        """The reply, and what it caused in the exchange."""
        try:
            if "origin" in request.headers:
                raise _Problem(403, "not from a browser")
            host, _, _ = request.headers.get("host", "").rpartition(":")
            if (host or request.headers.get("host", "")) not in _LOCAL_HOSTS:
                raise _Problem(403, "from this machine only: use localhost")
            route = self._routes.get((request.method, request.path))
            if route is None:
                known = ", ".join(f"{method} {path}" for method, path in self._routes)
                raise _Problem(404, f"no such call; there are {known}")
            result, events = route(request, now_ns)
        except _Problem as problem:
            return Reply(problem.status, msgspec.json.encode({"error": problem.text}), _JSON), []
        return Reply(200, msgspec.json.encode(result), _JSON), events

    def _status(self, _request: Request, now_ns: int) -> tuple[object, list[ExchangeEvent]]:
        exchange = self._exchange
        symbols = {
            symbol: {
                "mark_px": _text(venue.mark.px),
                "last_px": _text(venue.last_px),
                "best_bid": _best(venue.price_text, venue.book.best(Side.BUY)),
                "best_ask": _best(venue.price_text, venue.book.best(Side.SELL)),
            }
            for symbol, venue in exchange.venues.items()
        }
        return {
            "time_ms": now_ns // _NS_PER_MS,
            "accounts": [account.name for account in exchange.accounts.values() if not account.is_house],
            "executions": len(exchange.ledger.executions),
            "symbols": symbols,
        }, []

    def _ledger(self, request: Request, _now_ns: int) -> tuple[object, list[ExchangeEvent]]:
        account, symbol = self._filters(request)
        return [
            _execution_row(row)
            for row in self._exchange.ledger.executions
            if account in ("", row.account) and symbol in ("", row.symbol)
        ], []

    def _orders(self, request: Request, _now_ns: int) -> tuple[object, list[ExchangeEvent]]:
        account, symbol = self._filters(request)
        ledger = self._exchange.ledger
        return [
            _order_row(record)
            for name in self._accounts(account)
            for each in ledger.symbols(name)
            if symbol in ("", each)
            for record in ledger.orders(name, each)
        ], []

    def _balances(self, request: Request, _now_ns: int) -> tuple[object, list[ExchangeEvent]]:
        account, _ = self._filters(request)
        exchange, marks = self._exchange, self._exchange.marks()
        return [
            {
                "account": name,
                "asset": asset,
                "wallet": _text(wallet),
                "available": _text(exchange.accounts[name].available(asset, marks)),
                "fees_paid": _text(exchange.accounts[name].fees_paid.get(asset, Decimal(0))),
            }
            for name in self._accounts(account)
            for asset, wallet in exchange.accounts[name].wallet.items()
        ], []

    def _positions(self, request: Request, _now_ns: int) -> tuple[object, list[ExchangeEvent]]:
        account, symbol = self._filters(request)
        return [
            {
                "account": name,
                "symbol": each,
                "net": _text(held.net),
                "entry_px": _text(held.entry_px),
                "realized_pnl": _text(held.realized_pnl),
            }
            for name in self._accounts(account)
            for each, held in self._exchange.accounts[name].positions.items()
            if symbol in ("", each)
        ], []

    def _trade(self, request: Request, now_ns: int) -> tuple[object, list[ExchangeEvent]]:
        body = _decode(request.body, _Trade)
        self._manual_orders += 1
        order = NewOrder(
            account=self._known_account(body.account),
            symbol=body.symbol,
            side=body.side,
            order_type=body.type or (OrderType.MARKET if body.price is None else OrderType.LIMIT),
            qty=_number(body.qty),
            px=None if body.price is None else _number(body.price),
            time_in_force=body.time_in_force,
            reduce_only=body.reduce_only,
            client_order_id=body.client_order_id or f"web_{now_ns // _NS_PER_MS}_{self._manual_orders}",
        )
        events = self._exchange.place(order, now_ns)
        first = events[0]
        if isinstance(first, Rejected):
            raise _Problem(400, first.refusal.value)
        assert isinstance(first, Accepted)
        record = self._exchange.ledger.order(order.account, order.symbol, first.order.order_id)
        mine = [event.execution for event in events if isinstance(event, Executed)]
        return {
            "order": _order_row(record or first.order),
            "executions": [_execution_row(row) for row in mine if row.order_id == first.order.order_id],
        }, events

    def _cancel(self, request: Request, now_ns: int) -> tuple[object, list[ExchangeEvent]]:
        body = _decode(request.body, _Cancel)
        events = self._exchange.cancel(
            self._known_account(body.account),
            body.symbol,
            now_ns,
            order_id=body.order_id,
            client_order_id=body.client_order_id,
        )
        first = events[0]
        if isinstance(first, CancelRefused):
            raise _Problem(400, first.refusal.value)
        assert isinstance(first, Canceled)
        return _order_row(first.order), events

    def _filters(self, request: Request) -> tuple[str, str]:
        given = dict(parse_qsl(request.query.decode("latin-1")))
        unknown = given.keys() - {"account", "symbol"}
        if unknown:
            raise _Problem(400, f"unknown filter {min(unknown)!r}; there are account and symbol")
        return given.get("account", ""), given.get("symbol", "").upper()

    def _accounts(self, only: str) -> Iterable[str]:
        return [
            account.name
            for account in self._exchange.accounts.values()
            if not account.is_house and only in ("", account.name)
        ]

    def _known_account(self, name: str) -> str:
        name = name or self._default_account
        account = self._exchange.accounts.get(name)
        if account is None or account.is_house:
            raise _Problem(400, f"no account {name!r}")
        return name


def _best(text: Callable[[int], str], ticks: int | None) -> str | None:
    return None if ticks is None else text(ticks)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise _Problem(400, f"not a number: {text!r}") from None
    if not value.is_finite():
        raise _Problem(400, f"not a number: {text!r}")
    return value


_Body = TypeVar("_Body", _Trade, _Cancel)


def _decode(data: bytes, kind: type[_Body]) -> _Body:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise _Problem(400, str(error)) from None


def _execution_row(row: Execution) -> Row:
    return {
        "account": row.account,
        "symbol": row.symbol,
        "exec_id": row.exec_id,
        "order_id": row.order_id,
        "client_order_id": row.client_order_id,
        "side": row.side,
        "px": _text(row.px),
        "qty": _text(row.qty),
        "fee": _text(row.fee),
        "fee_asset": row.fee_asset,
        "is_maker": row.is_maker,
        "realized_pnl": _text(row.realized_pnl),
        "ts_ms": row.ts_ns // _NS_PER_MS,
    }


def _order_row(record: OrderRecord) -> Row:
    return {
        "account": record.account,
        "symbol": record.symbol,
        "order_id": record.order_id,
        "client_order_id": record.client_order_id,
        "side": record.side,
        "type": record.order_type,
        "status": record.status,
        "qty": _text(record.qty),
        "price": _text(record.px),
        "cum_qty": _text(record.cum_qty),
        "created_ms": record.created_ns // _NS_PER_MS,
        "updated_ms": record.updated_ns // _NS_PER_MS,
    }
