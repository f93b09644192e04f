"""What the exchange of assets alone knows, as JSON: wallets, debts, order lists."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tradingsys.core.enums import Side
from tradingsys.matching.cross_margin import CrossMarginWallet
from tradingsys.matching.wallet import SpotWallet
from tradingsys.sim.admin_calls import Answer, Box, Handler, Problem, Row, decode, filters, known_account, number, text
from tradingsys.sim.admin_reads import asked, best, common_row, orders_of
from tradingsys.sim.faces.transport import Request
from tradingsys.sim.order_lists import OrderListRecord
from tradingsys.sim.order_records import OrderRecord
from tradingsys.sim.price_range import PriceRange

__all__ = ["SPOT_READS"]

_NS_PER_MS = 1_000_000


def _wallets(box: Box, only: str) -> Iterator[SpotWallet]:
    return (each for each in box.exchange.accounts.values() if not each.is_house and only in ("", each.name))


def _status(box: Box, _request: Request, now_ns: int) -> Answer:
    exchange = box.exchange
    symbols = {
        symbol: {
            "status": venue.instrument.status,
            "last_px": text(venue.last_px),
            "average_px": text(exchange.average_px(symbol, now_ns)),
            "best_bid": best(venue.price_text, venue.book.best(Side.BUY)),
            "best_ask": best(venue.price_text, venue.book.best(Side.SELL)),
        }
        for symbol, venue in exchange.venues.items()
    }
    return Answer(
        {
            "time_ms": now_ns // _NS_PER_MS,
            "market": box.market_status(now_ns),
            "accounts": [wallet.name for wallet in _wallets(box, "")],
            "executions": len(exchange.ledger.executions),
            "connections": len(box.face.connections()),
            "symbols": symbols,
        }
    )


def _balances(box: Box, request: Request, _now_ns: int) -> Answer:
    account, _ = filters(request)
    return Answer([_balance(wallet, asset) for wallet in _wallets(box, account) for asset in wallet.assets])


def _balance(wallet: SpotWallet, asset: str) -> Row:
    row: Row = {
        "account": wallet.name,
        "asset": asset,
        "free": text(wallet.free_of(asset)),
        "locked": text(wallet.locked_of(asset)),
        "total": text(wallet.total(asset)),
    }
    if isinstance(wallet, CrossMarginWallet):
        row |= {
            "borrowed": text(wallet.borrowed_of(asset)),
            "interest": text(wallet.interest_of(asset)),
            "net": text(wallet.net(asset)),
        }
    return row


def _margin(box: Box, request: Request, _now_ns: int) -> Answer:
    account, _ = filters(request)
    return Answer(
        [
            {"account": wallet.name, "level": text(box.exchange.margin_level(wallet.name))}
            for wallet in _wallets(box, account)
            if isinstance(wallet, CrossMarginWallet)
        ]
    )


def _orders(box: Box, request: Request, _now_ns: int) -> Answer:
    return orders_of(box, request, _order)


def _order(record: OrderRecord) -> Row:
    return common_row(record) | {
        "quote_qty": text(record.quote_qty),
        "trigger_px": text(record.trigger_px),
        "trailing_bps": record.trailing_bps,
        "iceberg_qty": text(record.iceberg_qty),
        "is_working": record.is_working,
        "cum_quote": text(record.cum_quote),
        "list_id": record.list_id if record.list_id >= 0 else None,
        "side_effect": record.side_effect,
        "borrowed": text(record.borrowed),
    }


def _lists(box: Box, request: Request, _now_ns: int) -> Answer:
    return Answer([_list(record) for record in asked(request, box.exchange.ledger.lists.values())])


def _list(record: OrderListRecord) -> Row:
    return {
        "account": record.account,
        "symbol": record.symbol,
        "list_id": record.list_id,
        "client_list_id": record.client_list_id,
        "contingency": record.contingency,
        "status": record.status,
        "step": record.step,
        "order_ids": [leg.order_id for leg in record.legs],
        "client_order_ids": [leg.client_order_id for leg in record.legs],
        "created_ms": record.created_ns // _NS_PER_MS,
        "updated_ms": record.updated_ns // _NS_PER_MS,
    }


def _loans(box: Box, request: Request, _now_ns: int) -> Answer:
    account, _ = filters(request)
    return Answer(
        [
            {
                "account": row.account,
                "id": row.loan_id,
                "kind": row.kind,
                "asset": row.asset,
                "principal": text(row.principal),
                "interest": text(row.interest),
                "order_id": row.order_id or None,
                "ts_ms": row.ts_ns // _NS_PER_MS,
            }
            for row in box.exchange.ledger.loans
            if account in ("", row.account)
        ]
    )


def _interest(box: Box, request: Request, _now_ns: int) -> Answer:
    account, _ = filters(request)
    return Answer(
        [
            {
                "account": row.account,
                "id": row.interest_id,
                "asset": row.asset,
                "principal": text(row.principal),
                "interest": text(row.interest),
                "ts_ms": row.ts_ns // _NS_PER_MS,
            }
            for row in box.exchange.ledger.interest
            if account in ("", row.account)
        ]
    )


class _Range(Struct, frozen=True, forbid_unknown_fields=True):
    """Without a price there is none, and the multipliers do not bind."""

    symbol: str
    price: str | None = None
    bid_up: str | None = None
    bid_down: str | None = None
    ask_up: str | None = None
    ask_down: str | None = None
    off: bool = False
    """As if there never had been any."""


def _range(box: Box, request: Request, _now_ns: int) -> Answer:
    body = decode(request.body, _Range)
    symbol = body.symbol.upper()
    if symbol not in box.exchange.venues:
        raise Problem(400, f"no symbol {body.symbol!r}; there are {', '.join(box.exchange.venues)}")
    values = (body.price, body.bid_up, body.bid_down, body.ask_up, body.ask_down)
    given = [None if each is None else number(each) for each in values]
    if any(each is not None and each <= 0 for each in given):
        raise Problem(400, "price and multipliers must be above 0")
    box.exchange.set_range(symbol, None if body.off else PriceRange(*given))
    return Answer({"symbol": symbol, "price": None if body.off else body.price})


class _AssetLimit(Struct, frozen=True, forbid_unknown_fields=True):
    asset: str
    limit: str | None = None
    """None: as much as there is."""
    account: str = ""


def _asset_limit(box: Box, request: Request, _now_ns: int) -> Answer:
    body = decode(request.body, _AssetLimit)
    account, asset = known_account(box, body.account), body.asset.upper()
    most = None if body.limit is None else number(body.limit)
    if most is not None and most <= 0:
        raise Problem(400, "limit must be above 0; without one there is none")
    box.exchange.asset_limits.pop((account, asset), None)
    if most is not None:
        box.exchange.asset_limits[account, asset] = most
    return Answer({"account": account, "asset": asset, "limit": text(most)})


def _of_contracts(_box: Box, request: Request, _now_ns: int) -> Answer:
    raise Problem(409, f"{request.path} is of futures: assets have no such thing")


SPOT_READS: dict[tuple[str, str], Handler] = {
    ("GET", "/admin/status"): _status,
    ("GET", "/admin/balances"): _balances,
    ("GET", "/admin/orders"): _orders,
    ("GET", "/admin/lists"): _lists,
    ("GET", "/admin/margin"): _margin,
    ("GET", "/admin/loans"): _loans,
    ("GET", "/admin/interest"): _interest,
    ("POST", "/admin/reference"): _range,
    ("POST", "/admin/limit"): _asset_limit,
    ("GET", "/admin/positions"): _of_contracts,
    ("GET", "/admin/funding"): _of_contracts,
    ("GET", "/admin/algos"): _of_contracts,
    ("POST", "/admin/deleverage"): _of_contracts,
}
"""Calls that are answered otherwise, or that only this exchange has."""
