"""What is asked about orders and executions of futures."""

from __future__ import annotations

import msgspec

from tradingsys.core.commands import ConditionalOrdersQuery, OpenOrdersQuery, OrderQuery
from tradingsys.core.errors import VenueError
from tradingsys.core.order import Order
from tradingsys.venues.binance import decode, decode_algo, messages
from tradingsys.venues.binance.product import Asking, Product
from tradingsys.venues.binance.rest import Call
from tradingsys.venues.binance.signing import Params
from tradingsys.venues.binance.steps import NO_SUCH_ORDER, Steps
from tradingsys.venues.binance.trade_queries import TradeHistory

__all__ = ["TRADES", "conditional_orders", "open_orders", "order"]

_MOST_CONDITIONAL_ORDERS = 1000

_read_order = msgspec.json.Decoder(messages.OrderReply).decode
_read_orders = msgspec.json.Decoder(list[messages.OrderReply]).decode
_read_algo_order = msgspec.json.Decoder(messages.AlgoOrder).decode
_read_algo_orders = msgspec.json.Decoder(list[messages.AlgoOrder]).decode

TRADES = TradeHistory(msgspec.json.Decoder(list[messages.UserTrade]).decode, decode.user_trade)


def order(asking: Asking, query: OrderQuery) -> Steps[Order | None]:
    """One order, where orders of its kind are kept."""
    product = asking.product
    if query.is_conditional and query.client_order_id is not None:
        return (yield from _conditional_order(product, query.symbol, query.client_order_id))
    params: dict[str, str | int | bool] = {"symbol": query.symbol}
    if query.venue_order_id is not None:
        params["orderId"] = query.venue_order_id
    elif query.client_order_id is not None:
        params["origClientOrderId"] = query.client_order_id
    return (yield from _ordinary_order(product, params))


def open_orders(asking: Asking, query: OpenOrdersQuery) -> Steps[tuple[Order, ...]]:
    """All open orders. Those that wait come first: one that is triggered meanwhile is told twice rather than never."""
    product = asking.product
    params = {} if query.symbol is None else {"symbol": query.symbol}
    waiting = _read_algo_orders((yield Call("GET", product.paths.open_algo_orders, params)).body)
    working = _read_orders((yield Call("GET", product.paths.open_orders, params)).body)
    return (
        *(decode_algo.algo_order(row) for row in waiting),
        *(decode.order_reply(row) for row in working),
    )


def conditional_orders(asking: Asking, query: ConditionalOrdersQuery) -> Steps[tuple[Order, ...]]:
    """The newest thousand conditional orders of the last days."""
    params: Params = {"symbol": query.symbol, "limit": _MOST_CONDITIONAL_ORDERS}
    answer = yield Call("GET", asking.product.paths.all_algo_orders, params)
    return tuple(decode_algo.algo_order(row) for row in _read_algo_orders(answer.body))


def _ordinary_order(product: Product, params: Params) -> Steps[Order | None]:
    try:
        answer = yield Call("GET", product.paths.order, params)
    except VenueError as error:
        if error.code == NO_SUCH_ORDER:
            return None
        raise
    return decode.order_reply(_read_order(answer.body))


def _conditional_order(product: Product, symbol: str, client_order_id: str) -> Steps[Order | None]:
    """A conditional order, and the one that it became when triggered, as one."""
    try:
        answer = yield Call("GET", product.paths.algo_order, {"clientAlgoId": client_order_id})
    except VenueError as error:
        if error.code == NO_SUCH_ORDER:
            return None
        raise
    waiting = decode_algo.algo_order(_read_algo_order(answer.body))
    if waiting.venue_order_id is None:
        return waiting
    became = yield from _ordinary_order(product, {"symbol": symbol, "orderId": waiting.venue_order_id})
    return waiting if became is None else waiting.merge(became)
