"""What is asked about a cross-margin account: what it has and owes, and how far it is from liquidation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tradingsys.core.commands import (
    AccountMode,
    AccountModeQuery,
    Balance,
    BalancesQuery,
    Borrow,
    Borrowable,
    BorrowableQuery,
    Income,
    IncomeQuery,
    InstrumentsQuery,
    MarginState,
    MarginStateQuery,
    Permissions,
    PermissionsQuery,
    Query,
    RateLimit,
    Repay,
    SetCountdown,
    SetLeverage,
    SetMarginType,
    SymbolSettingsQuery,
    VenueRules,
)
from tradingsys.core.errors import VenueError
from tradingsys.core.records import LedgerKind
from tradingsys.venues.binance import decode_account, decode_assets, spot_queries, venue_queries
from tradingsys.venues.binance.account_queries import key_permissions
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.margin_requests import CROSS
from tradingsys.venues.binance.messages import margin, spot
from tradingsys.venues.binance.product import Asking, Question, Weights
from tradingsys.venues.binance.rest import Call
from tradingsys.venues.binance.steps import Steps, venue_ms

__all__ = ["INTEREST_KEPT_MS", "LACKS", "WEIGHT_LIMIT", "margin_questions"]

WEIGHT_LIMIT = RateLimit("weight", 60_000, 180_000)
"""In units of an account's weight, as all of `Weights` of margin."""

LACKS: Mapping[type[Query[Any]], str] = {
    kind: spot_queries.LACKS[kind] for kind in (SymbolSettingsQuery, SetCountdown, SetLeverage, SetMarginType)
}

_DAY_MS = 24 * 60 * 60 * 1000
# A question covers 30 days at most.
_INTEREST_WINDOW_MS = 30 * _DAY_MS
INTEREST_KEPT_MS = 6 * _INTEREST_WINDOW_MS
_INTEREST_AT_ONCE = 100

_read_account = msgspec.json.Decoder(margin.Account).decode
_read_owner = msgspec.json.Decoder(spot.Account).decode
_read_bars = msgspec.json.Decoder(margin.TradeCoefficients).decode
_read_loan = msgspec.json.Decoder(margin.BorrowRepay).decode
_read_borrowable = msgspec.json.Decoder(margin.Borrowable).decode
_read_interest = msgspec.json.Decoder(margin.InterestRows).decode


def margin_questions(weights: Weights) -> Mapping[type[Query[Any]], Question]:
    """By the kind of question."""
    return {
        **spot_queries.order_questions(spot_queries.SpotAsker(CROSS), weights),
        InstrumentsQuery: Question(_rules, lambda _: weights.exchange_info),
        AccountModeQuery: Question(_account_mode, lambda _: weights.account_mode),
        BalancesQuery: Question(_balances, lambda _: weights.balances),
        PermissionsQuery: Question(_permissions, lambda _: weights.permissions),
        IncomeQuery: Question(_interest, lambda _: weights.income),
        Borrow: Question(_borrow, lambda _: weights.loan),
        Repay: Question(_repay, lambda _: weights.loan),
        BorrowableQuery: Question(_borrowable, lambda _: weights.borrowable),
        MarginStateQuery: Question(_margin_state, lambda _: weights.margin_state),
    }


def _account(asking: Asking) -> Steps[margin.Account]:
    return _read_account((yield Call("GET", asking.product.paths.balance)).body)


def _rules(asking: Asking, query: InstrumentsQuery) -> Steps[VenueRules]:
    """Spot's instruments; its limit of weight is not margin's."""
    told = yield from venue_queries.rules(asking, query)
    others = tuple(limit for limit in told.rate_limits if limit.kind != WEIGHT_LIMIT.kind)
    return VenueRules(told.instruments, (WEIGHT_LIMIT, *others))


def _account_mode(asking: Asking, _query: AccountModeQuery) -> Steps[AccountMode]:
    """Whose it is, the spot account alone says."""
    account = yield from _account(asking)
    answer = yield Call("GET", asking.product.paths.owner, {"omitZeroBalances": "true"})
    uid = _read_owner(answer.body).uid or ""
    return AccountMode(hedge_mode=False, multi_asset=False, can_trade=account.trade_enabled, account=str(uid))


def _balances(asking: Asking, _query: BalancesQuery) -> Steps[tuple[Balance, ...]]:
    """All assets that the account has or owes any of: the exchange lists every one that it could."""
    told = decode_assets.margin_balances((yield from _account(asking)))
    return tuple(row for row in told if row.wallet or row.borrowed or row.interest)


def _permissions(asking: Asking, _query: PermissionsQuery) -> Steps[Permissions]:
    account = yield from _account(asking)
    return (yield from key_permissions(asking, account.trade_enabled, decode_account.margin_permissions))


def _interest(asking: Asking, query: IncomeQuery) -> Steps[tuple[Income, ...]]:
    """Interest that was charged, oldest first. Windows are read whole: within one, the exchange tells the newest first.

    All rows of the last window are told, even beyond the limit, so that who goes on from the last one's time gets on.
    """
    if query.kind != LedgerKind.INTEREST:
        raise VenueError(0, f"a margin account has no cash history of kind {query.kind}: ask for INTEREST")
    now_ms = venue_ms(asking.clock, asking.now_ns)
    start_ms = max(query.start_ms, now_ms - INTEREST_KEPT_MS)
    rows: list[margin.InterestRow] = []
    while start_ms <= now_ms and len(rows) < query.limit:
        end_ms = start_ms + _INTEREST_WINDOW_MS - 1
        rows += yield from _interest_between(asking, start_ms, min(end_ms, now_ms))
        start_ms = end_ms + 1
    return decode_assets.interest(margin.InterestRows(rows=rows, total=len(rows)))


def _interest_between(asking: Asking, start_ms: int, end_ms: int) -> Steps[list[margin.InterestRow]]:
    rows: list[margin.InterestRow] = []
    page = 1
    while True:
        params = {"startTime": start_ms, "endTime": end_ms, "current": page, "size": _INTEREST_AT_ONCE}
        told = _read_interest((yield Call("GET", asking.product.paths.income, params)).body)
        # Of the other kind of margin account, which has books of its own.
        rows += [row for row in told.rows if not row.isolated_symbol]
        if len(told.rows) < _INTEREST_AT_ONCE:
            return rows
        page += 1


def _borrow(asking: Asking, query: Borrow) -> Steps[str]:
    return _loan(asking, "BORROW", query)


def _repay(asking: Asking, query: Repay) -> Steps[str]:
    return _loan(asking, "REPAY", query)


def _loan(asking: Asking, kind: str, query: Borrow | Repay) -> Steps[str]:
    """Asked once, whatever comes of it."""
    params = {"asset": query.asset, **CROSS, "amount": decimal_text(query.amount), "type": kind}
    return str(_read_loan((yield Call("POST", asking.product.paths.loan, params)).body).tran_id)


def _borrowable(asking: Asking, query: BorrowableQuery) -> Steps[Borrowable]:
    answer = yield Call("GET", asking.product.paths.borrowable, {"asset": query.asset})
    return decode_assets.borrowable(_read_borrowable(answer.body))


def _margin_state(asking: Asking, _query: MarginStateQuery) -> Steps[MarginState]:
    account = yield from _account(asking)
    bars = _read_bars((yield Call("GET", asking.product.paths.risk_bars)).body)
    return decode_assets.margin_state(account, bars)
