"""What is asked about a spot account and its orders; what is the same of a margin account, is shared with it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tradingsys.core.commands import (
    AccountMode,
    AccountModeQuery,
    AmendmentsQuery,
    Balance,
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
    Permissions,
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
from tradingsys.core.enums import OrderStatus
from tradingsys.core.errors import VenueError
from tradingsys.core.order import Closed, Order
from tradingsys.venues.binance import decode_account, decode_assets, decode_spot, venue_queries
from tradingsys.venues.binance.account_queries import key_permissions
from tradingsys.venues.binance.messages import spot
from tradingsys.venues.binance.product import Asking, Question, Weights
from tradingsys.venues.binance.rest import Call
from tradingsys.venues.binance.steps import NO_SUCH_ORDER, Steps
from tradingsys.venues.binance.trade_queries import TradeHistory

__all__ = ["LACKS", "SpotAsker", "order_questions", "spot_questions"]

_ARCHIVED = -2026
_NO_SETTINGS = "assets have no leverage and no margin type: these are settings of futures"
_NO_LOANS = "a spot account borrows nothing: trade a margin account"

LACKS: Mapping[type[Query[Any]], str] = {
    SymbolSettingsQuery: _NO_SETTINGS,
    SetCountdown: "only futures can cancel by themselves when nobody is heard of",
    SetLeverage: _NO_SETTINGS,
    SetMarginType: _NO_SETTINGS,
    IncomeQuery: "a spot account has no cash history: what comes and leaves is told by its stream",
    Borrow: _NO_LOANS,
    Repay: _NO_LOANS,
    BorrowableQuery: _NO_LOANS,
    MarginStateQuery: "a spot account has no margin level: it owes nothing",
}

_read_order = msgspec.json.Decoder(spot.OrderReply).decode
_read_orders = msgspec.json.Decoder(list[spot.OrderReply]).decode
_read_trades = msgspec.json.Decoder(list[spot.UserTrade]).decode
_read_amendments = msgspec.json.Decoder(list[spot.AmendmentRow]).decode
_read_account = msgspec.json.Decoder(spot.Account).decode


class SpotAsker:
    """Questions about orders that spot and margin ask in the same words, but for what margin says beside."""

    def __init__(self, beside: Mapping[str, str | int | bool]) -> None:
        self._beside = beside
        self.trades = TradeHistory(_read_trades, decode_spot.user_trade, beside)

    def order(self, asking: Asking, query: OrderQuery) -> Steps[Order | None]:
        """One order, waiting for a price or not.

        Orders that ended long ago without an execution are archived: that is all that is told of one then.
        """
        params: dict[str, str | int | bool] = {"symbol": query.symbol, **self._beside}
        if query.venue_order_id is not None:
            params["orderId"] = query.venue_order_id
        elif query.client_order_id is not None:
            params["origClientOrderId"] = query.client_order_id
        try:
            answer = yield Call("GET", asking.product.paths.order, params)
        except VenueError as error:
            if error.code == NO_SUCH_ORDER:
                return None
            if error.code == _ARCHIVED:
                return _archived(query, error)
            raise
        return decode_spot.order_reply(_read_order(answer.body))

    def open_orders(self, asking: Asking, query: OpenOrdersQuery) -> Steps[tuple[Order, ...]]:
        """All open orders, those that wait for a price among them."""
        params = {**({} if query.symbol is None else {"symbol": query.symbol}), **self._beside}
        answer = yield Call("GET", asking.product.paths.open_orders, params)
        return tuple(decode_spot.order_reply(row) for row in _read_orders(answer.body))


def order_questions(asker: SpotAsker, weights: Weights) -> Mapping[type[Query[Any]], Question]:
    """What spot and margin are asked in the same way."""
    return {
        TimeQuery: Question(venue_queries.time, lambda _: weights.time),
        KlinesQuery: Question(venue_queries.klines, lambda query: weights.of_klines(query.limit)),
        PriceQuery: Question(venue_queries.book_price, lambda _: weights.price),
        OrderQuery: Question(asker.order, lambda _: weights.order),
        OpenOrdersQuery: Question(asker.open_orders, lambda query: weights.of_open_orders(query.symbol)),
        ConditionalOrdersQuery: Question(_no_orders_apart, lambda _: 0),
        AmendmentsQuery: Question(_never_amended, lambda _: 0),
        TradesQuery: Question(asker.trades.steps, lambda _: weights.user_trades),
        PositionsQuery: Question(_no_positions, lambda _: 0),
    }


def spot_questions(weights: Weights) -> Mapping[type[Query[Any]], Question]:
    """By the kind of question."""
    return {
        **order_questions(SpotAsker({}), weights),
        InstrumentsQuery: Question(venue_queries.rules, lambda _: weights.exchange_info),
        AccountModeQuery: Question(_account_mode, lambda _: weights.account_mode),
        BalancesQuery: Question(_balances, lambda _: weights.balances),
        PermissionsQuery: Question(_permissions, lambda _: weights.permissions),
        AmendmentsQuery: Question(_amendments, lambda _: weights.amendments),
    }


def _archived(query: OrderQuery, error: VenueError) -> Order:
    ids = () if query.client_order_id is None else (query.client_order_id,)
    closed = Closed(OrderStatus.CANCELED, code=error.code, reason="it ended without an execution and was archived")
    return Order(ids, query.venue_order_id, accepted=True, closed=closed)


def _account(asking: Asking) -> Steps[spot.Account]:
    return _read_account((yield Call("GET", asking.product.paths.balance, {"omitZeroBalances": "true"})).body)


def _account_mode(asking: Asking, _query: AccountModeQuery) -> Steps[AccountMode]:
    """Assets have neither sides nor a common margin: only whether the account may trade can be in the way."""
    account = yield from _account(asking)
    return AccountMode(hedge_mode=False, multi_asset=False, can_trade=account.can_trade, account=str(account.uid or ""))


def _balances(asking: Asking, _query: BalancesQuery) -> Steps[tuple[Balance, ...]]:
    """All assets that the account has any of."""
    return decode_assets.balances((yield from _account(asking)))


def _permissions(asking: Asking, _query: PermissionsQuery) -> Steps[Permissions]:
    account = yield from _account(asking)
    return (yield from key_permissions(asking, account.can_trade, decode_account.spot_permissions))


def _no_orders_apart(_asking: Asking, _query: ConditionalOrdersQuery) -> Steps[tuple[Order, ...]]:
    """Conditional orders are ordinary ones, and keep their ids: there is nothing to ask for apart."""
    yield from ()
    return ()


def _never_amended(_asking: Asking, _query: AmendmentsQuery) -> Steps[tuple[str, ...]]:
    """Orders of a margin account keep their client order ids: nobody can amend them."""
    yield from ()
    return ()


def _amendments(asking: Asking, query: AmendmentsQuery) -> Steps[tuple[str, ...]]:
    """An order is amended ten times at most, by the exchange's own limit: one answer has all of it."""
    params = {"symbol": query.symbol, "orderId": query.venue_order_id}
    try:
        answer = yield Call("GET", asking.product.paths.amendments, params)
    except VenueError as error:
        if error.code == NO_SUCH_ORDER:
            return ()
        raise
    rows = _read_amendments(answer.body)
    return tuple(dict.fromkeys(name for row in rows for name in (row.orig_client_order_id, row.new_client_order_id)))


def _no_positions(_asking: Asking, _query: PositionsQuery) -> Steps[dict[str, Decimal]]:
    """Assets are no positions: balances tell them."""
    yield from ()
    return {}
