"""Questions to the exchange, each as a procedure: it yields calls, is given their answers, and returns the value.

An error answer is thrown into it, so that a procedure handles those that mean something to it and leaves the rest.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TypeVar

import msgspec

from tradingsys.core.commands import (
    AccountMode,
    AccountModeQuery,
    Ask,
    InstrumentsQuery,
    OpenOrdersQuery,
    OrderQuery,
    PositionsQuery,
    Query,
    TimeQuery,
    TradesQuery,
    VenueRules,
)
from tradingsys.core.errors import TradingError, TransportError, VenueError
from tradingsys.core.instrument import Instrument
from tradingsys.core.reports import Answer, Oddity
from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.binance import decode, messages
from tradingsys.venues.binance.errors import HttpError, request_error
from tradingsys.venues.binance.filters import instrument
from tradingsys.venues.binance.limits import rate_limits
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.rest import Arrived, Call, Rest, Result, Security
from tradingsys.venues.protocol import Output

__all__ = ["Questions"]

_NO_SUCH_ORDER = -2013

T = TypeVar("T")
Steps = Generator[Call, Arrived, T]

_read_time = msgspec.json.Decoder(messages.ServerTime).decode
# Recordings of this answer write some numbers as text, and the exchange has done so itself.
_read_exchange = msgspec.json.Decoder(messages.ExchangeInfo, strict=False).decode
_read_order = msgspec.json.Decoder(messages.OrderReply).decode
_read_orders = msgspec.json.Decoder(list[messages.OrderReply]).decode
_read_trades = msgspec.json.Decoder(list[messages.UserTrade]).decode
_read_positions = msgspec.json.Decoder(list[messages.PositionRisk]).decode
_read_balances = msgspec.json.Decoder(list[messages.Balance]).decode
_read_position_mode = msgspec.json.Decoder(messages.PositionMode).decode
_read_asset_mode = msgspec.json.Decoder(messages.MultiAssetsMode).decode
_read_config = msgspec.json.Decoder(messages.AccountConfig).decode


class Questions:
    """Runs the procedures; every `Ask` ends in exactly one `Answer`."""

    def __init__(self, product: Product, rest: Rest, clock: VenueClock) -> None:
        self._product = product
        self._rest = rest
        self._clock = clock
        self._oddities: list[Output] = []

    def start(self, ask: Ask, now_ns: int) -> list[Output]:
        """Ask."""
        steps = self._steps(ask.query, now_ns)
        if steps is None:
            return [Answer(ask.token, error=VenueError(0, f"{type(ask.query).__name__} cannot be asked here"))]
        return self._advance(ask, steps, None, now_ns)

    def _steps(self, query: Query[object], now_ns: int) -> Steps[object] | None:
        match query:
            case TimeQuery():
                return self._time()
            case InstrumentsQuery():
                return self._rules()
            case OrderQuery():
                return self._order(query)
            case OpenOrdersQuery():
                return self._open_orders(query)
            case TradesQuery():
                return self._trades(query, now_ns)
            case PositionsQuery():
                return self._positions()
            case AccountModeQuery():
                return self._account_mode()
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
        except msgspec.DecodeError as error:
            return [Answer(ask.token, error=TransportError(f"unreadable answer: {error}", sent=True))]
        return self._rest.call(call, lambda answer, then_ns: self._advance(ask, steps, answer, then_ns), now_ns)

    def _take_oddities(self) -> list[Output]:
        oddities, self._oddities = self._oddities, []
        return oddities

    def _time(self) -> Steps[int]:
        answer = yield Call("GET", self._product.paths.time, security=Security.NONE)
        server_ms = _read_time(answer.body).server_time
        self._clock.set(server_ms, answer.sent_ns, answer.received_ns)
        return server_ms

    def _rules(self) -> Steps[VenueRules]:
        answer = yield Call("GET", self._product.paths.exchange_info, security=Security.NONE)
        exchange = _read_exchange(answer.body)
        instruments: list[Instrument] = []
        for symbol in exchange.symbols:
            try:
                instruments.append(instrument(symbol))
            except msgspec.ValidationError as error:
                self._oddities.append(Oddity(f"left out an instrument: {error}"))
        return VenueRules(tuple(instruments), rate_limits(exchange.rate_limits))

    def _order(self, query: OrderQuery) -> Steps[object]:
        params: dict[str, str | int | bool] = {"symbol": query.symbol}
        if query.venue_order_id is not None:
            params["orderId"] = query.venue_order_id
        elif query.client_order_id is not None:
            params["origClientOrderId"] = query.client_order_id
        try:
            answer = yield Call("GET", self._product.paths.order, params)
        except VenueError as error:
            if error.code == _NO_SUCH_ORDER:
                return None
            raise
        return decode.order_reply(_read_order(answer.body))

    def _open_orders(self, query: OpenOrdersQuery) -> Steps[object]:
        params = {} if query.symbol is None else {"symbol": query.symbol}
        answer = yield Call("GET", self._product.paths.open_orders, params)
        return tuple(decode.order_reply(row) for row in _read_orders(answer.body))

    def _trades(self, query: TradesQuery, now_ns: int) -> Steps[object]:
        if query.start_ms is None or query.from_id is not None:
            rows = yield from self._trades_from(query, query.from_id)
        else:
            rows = yield from self._trades_since(query, query.start_ms, now_ns)
        return tuple(decode.user_trade(row) for row in _oldest_first(rows))

    def _trades_from(self, query: TradesQuery, from_id: int | None) -> Steps[list[messages.UserTrade]]:
        start = {} if from_id is None else {"fromId": from_id}
        answer = yield Call(
            "GET", self._product.paths.user_trades, {"symbol": query.symbol, **start, "limit": query.limit}
        )
        return _read_trades(answer.body)

    def _trades_since(self, query: TradesQuery, start_ms: int, now_ns: int) -> Steps[list[messages.UserTrade]]:
        """One answer covers a week at most: walk on until there are trades, then follow them by id to the limit."""
        if not self._clock.is_set:
            raise TransportError("the venue's time is not known yet", sent=False)
        now_ms = self._clock.now_ms(now_ns)
        start_ms = max(start_ms, now_ms - self._product.trades_kept_ms)
        while True:
            end_ms = start_ms + self._product.trades_window_ms - 1
            is_last = end_ms >= now_ms
            window: dict[str, str | int | bool] = (
                {"startTime": start_ms}
                if is_last
                else {
                    "startTime": start_ms,
                    "endTime": end_ms,
                }
            )
            answer = yield Call(
                "GET", self._product.paths.user_trades, {"symbol": query.symbol, **window, "limit": query.limit}
            )
            rows = _read_trades(answer.body)
            if rows and not is_last and len(rows) < query.limit:
                rows += yield from self._trades_from(query, max(row.id for row in rows))
            if rows or is_last:
                return _oldest_first(rows)[: query.limit]
            start_ms = end_ms + 1

    def _positions(self) -> Steps[object]:
        answer = yield Call("GET", self._product.paths.positions)
        return decode.positions(_read_positions(answer.body))

    def _account_mode(self) -> Steps[AccountMode]:
        paths = self._product.paths
        position_mode = _read_position_mode((yield Call("GET", paths.position_mode)).body)
        asset_mode = _read_asset_mode((yield Call("GET", paths.multi_assets_mode)).body)
        config = _read_config((yield Call("GET", paths.account_config)).body)
        wallet = _read_balances((yield Call("GET", paths.balance)).body)
        aliases = (row.account_alias for row in wallet)
        return AccountMode(
            position_mode.dual_side_position,
            asset_mode.multi_assets_margin,
            config.can_trade,
            next((alias for alias in aliases if isinstance(alias, str)), ""),
        )


def _oldest_first(rows: Iterable[messages.UserTrade]) -> list[messages.UserTrade]:
    """Each execution once: a trade between two own orders is two rows with one id."""
    unique = {(row.id, row.order_id): row for row in rows}
    return [unique[key] for key in sorted(unique)]
