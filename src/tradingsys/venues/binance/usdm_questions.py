"""What a USDⓈ-M account can be asked, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tradingsys.core.commands import (
    AccountModeQuery,
    AmendmentsQuery,
    BalancesQuery,
    Borrow,
    BorrowableQuery,
    ConditionalOrdersQuery,
    IncomeQuery,
    InstrumentsQuery,
    KlinesQuery,
    MarginStateQuery,
    OpenOrdersQuery,
    OrderQuery,
    PermissionsQuery,
    PositionsQuery,
    PriceQuery,
    Query,
    Repay,
    SetCountdown,
    SetLeverage,
    SetMarginType,
    SymbolSettingsQuery,
    TimeQuery,
    TradesQuery,
)
from tradingsys.venues.binance import account_queries, order_queries, venue_queries
from tradingsys.venues.binance.product import Question, Weights

__all__ = ["LACKS", "usdm_questions"]

_NO_LOANS = "futures borrow nothing: the leverage is in the position"

LACKS: Mapping[type[Query[Any]], str] = {
    Borrow: _NO_LOANS,
    Repay: _NO_LOANS,
    AmendmentsQuery: "futures orders keep their client order ids, whoever amends them",
    BorrowableQuery: _NO_LOANS,
    MarginStateQuery: "futures have no margin level: see the positions' liquidation prices",
}


def usdm_questions(weights: Weights) -> Mapping[type[Query[Any]], Question]:
    """By the kind of question."""
    return {
        TimeQuery: Question(venue_queries.time, lambda _: weights.time),
        InstrumentsQuery: Question(venue_queries.rules, lambda _: weights.exchange_info),
        KlinesQuery: Question(venue_queries.klines, lambda query: weights.of_klines(query.limit)),
        PriceQuery: Question(venue_queries.mark_price, lambda _: weights.price),
        OrderQuery: Question(order_queries.order, lambda query: weights.order * (2 if query.is_conditional else 1)),
        # Ordinary and conditional orders are asked for apart.
        OpenOrdersQuery: Question(order_queries.open_orders, lambda query: 2 * weights.of_open_orders(query.symbol)),
        ConditionalOrdersQuery: Question(order_queries.conditional_orders, lambda _: weights.all_algo_orders),
        TradesQuery: Question(order_queries.TRADES.steps, lambda _: weights.user_trades),
        PositionsQuery: Question(account_queries.positions, lambda _: weights.positions),
        AccountModeQuery: Question(account_queries.account_mode, lambda _: weights.account_mode),
        BalancesQuery: Question(account_queries.balances, lambda _: weights.balances),
        IncomeQuery: Question(account_queries.income, lambda _: weights.income),
        SymbolSettingsQuery: Question(account_queries.symbol_settings, lambda _: weights.symbol_settings),
        SetCountdown: Question(account_queries.set_countdown, lambda _: weights.countdown),
        SetLeverage: Question(account_queries.set_leverage, lambda _: weights.change_settings),
        SetMarginType: Question(account_queries.set_margin_type, lambda _: weights.change_settings),
        PermissionsQuery: Question(account_queries.permissions, lambda _: weights.permissions),
    }
