"""Questions to the exchange: which procedure answers which, and running them to their end."""

from __future__ import annotations

from tradingsys.core.commands import (
    AccountModeQuery,
    Ask,
    BalancesQuery,
    ConditionalOrdersQuery,
    IncomeQuery,
    InstrumentsQuery,
    KlinesQuery,
    OpenOrdersQuery,
    OrderQuery,
    PermissionsQuery,
    PositionsQuery,
    Query,
    SetLeverage,
    SetMarginType,
    SymbolSettingsQuery,
    TimeQuery,
    TradesQuery,
)
from tradingsys.core.errors import TradingError, TransportError, VenueError
from tradingsys.core.reports import Answer, Oddity
from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.binance import account_queries, messages, order_queries, venue_queries
from tradingsys.venues.binance.errors import HttpError, request_error
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.rest import Rest, Result
from tradingsys.venues.binance.steps import Steps
from tradingsys.venues.protocol import Output

__all__ = ["Questions", "weight"]


class Questions:
    """Runs the procedures; every `Ask` ends in exactly one `Answer`."""

    def __init__(self, product: Product, rest: Rest, clock: VenueClock, sapi: str | None) -> None:
        self._product = product
        self._rest = rest
        self._clock = clock
        self._sapi = sapi
        self._oddities: list[Output] = []

    def start(self, ask: Ask, now_ns: int) -> list[Output]:
        """Ask."""
        steps = self._steps(ask.query, now_ns)
        if steps is None:
            return [Answer(ask.token, error=VenueError(0, f"{type(ask.query).__name__} cannot be asked here"))]
        return self._advance(ask, steps, None, now_ns)

    def _steps(self, query: Query[object], now_ns: int) -> Steps[object] | None:
        product, clock = self._product, self._clock
        match query:
            case TimeQuery():
                return venue_queries.time(product, clock)
            case InstrumentsQuery():
                return venue_queries.rules(product, self._odd)
            case KlinesQuery():
                return venue_queries.klines(product, clock, query, now_ns)
            case OrderQuery():
                return order_queries.order(product, query)
            case OpenOrdersQuery():
                return order_queries.open_orders(product, query)
            case ConditionalOrdersQuery(symbol):
                return order_queries.conditional_orders(product, symbol)
            case TradesQuery():
                return order_queries.trades(product, clock, query, now_ns)
        return self._account_steps(query)

    def _account_steps(self, query: Query[object]) -> Steps[object] | None:
        product = self._product
        match query:
            case PositionsQuery():
                return account_queries.positions(product)
            case AccountModeQuery():
                return account_queries.account_mode(product)
            case BalancesQuery():
                return account_queries.balances(product)
            case IncomeQuery():
                return account_queries.income(product, query)
            case SymbolSettingsQuery(symbol):
                return account_queries.symbol_settings(product, symbol)
            case SetLeverage():
                return account_queries.set_leverage(product, query)
            case SetMarginType():
                return account_queries.set_margin_type(product, query)
            case PermissionsQuery():
                return account_queries.permissions(product, self._sapi)
        return None

    def _advance(self, ask: Ask, steps: Steps[object], result: Result | None, now_ns: int) -> list[Output]:
        try:
            if isinstance(result, HttpError):
                call = steps.throw(request_error(self._product.errors, result, None)[1])
            elif isinstance(result, TransportError):
                call = steps.throw(result)
            else:
                call = next(steps) if result is None else steps.send(result)
        except StopIteration as finished:
            return [*self._take_oddities(), Answer(ask.token, finished.value)]
        except TradingError as error:
            return [*self._take_oddities(), Answer(ask.token, error=error)]
        except messages.UNREADABLE as error:
            return [Answer(ask.token, error=TransportError(f"unreadable answer: {error}", sent=True))]
        return self._rest.call(call, lambda answer, then_ns: self._advance(ask, steps, answer, then_ns), now_ns)

    def _take_oddities(self) -> list[Output]:
        oddities, self._oddities = self._oddities, []
        return oddities

    def _odd(self, text: str) -> None:
        self._oddities.append(Oddity(text))


def weight(product: Product, query: Query[object]) -> int:
    """What a question costs if it takes one answer of each kind that it needs."""
    weights = product.weights
    match query:
        case OpenOrdersQuery(symbol):
            # Ordinary and conditional orders are asked for apart.
            return 2 * (weights.open_orders_of_all if symbol is None else weights.open_orders)
        case OrderQuery(is_conditional=True):
            return 2 * weights.order
        case ConditionalOrdersQuery():
            return weights.all_algo_orders
        case TradesQuery():
            return weights.user_trades
        case KlinesQuery(limit=limit):
            return _klines_weight(product, limit)
        case PositionsQuery():
            return weights.positions
        case AccountModeQuery():
            return weights.account_mode
        case InstrumentsQuery():
            return weights.exchange_info
        case TimeQuery():
            return weights.time
    return _account_weight(product, query)


def _account_weight(product: Product, query: Query[object]) -> int:
    weights = product.weights
    match query:
        case BalancesQuery():
            return weights.balances
        case IncomeQuery():
            return weights.income
        case SymbolSettingsQuery():
            return weights.symbol_settings
        case SetLeverage() | SetMarginType():
            return weights.change_settings
        case PermissionsQuery():
            return weights.permissions
    return weights.order


def _klines_weight(product: Product, limit: int) -> int:
    answers, rest = divmod(limit, product.klines_at_once)
    full = product.weights.klines[-1][1]
    return answers * full + (next(cost for bars, cost in product.weights.klines if rest <= bars) if rest else 0)
