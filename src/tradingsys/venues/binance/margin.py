"""What is particular to cross margin: spot's markets and words, an account that can borrow, and no WS-API for orders.

The exchange has no margin testnet. Every path of margin has limits of its own: some by address (12,000 a minute), some
by account (180,000 a minute). All are counted here as one, in the units of the account's: a weight by address as 15
times as much, one of spot's own paths (6,000 a minute) as 30 times.
"""

from __future__ import annotations

from msgspec import structs

from tradingsys.core.enums import AccountKind
from tradingsys.core.reports import RiskStreamState
from tradingsys.venues.binance.feed import Feed, FeedParts
from tradingsys.venues.binance.instruments import margin_instrument
from tradingsys.venues.binance.keyed_stream import KeyedStream, StreamKind
from tradingsys.venues.binance.margin_errors import ERRORS
from tradingsys.venues.binance.margin_events import RISK_EVENTS
from tradingsys.venues.binance.margin_orders import margin_orders
from tradingsys.venues.binance.margin_queries import INTEREST_KEPT_MS, LACKS, WEIGHT_LIMIT, margin_questions
from tradingsys.venues.binance.product import Endpoints, Paths, Product, Weights
from tradingsys.venues.binance.spot import SPOT
from tradingsys.venues.binance.spot_events import EVENTS
from tradingsys.venues.binance.subscribed_stream import SubscribedStream
from tradingsys.venues.binance.subscriptions import by_token

__all__ = ["ERRORS", "MARGIN", "WEIGHT_LIMIT"]

_BY_ADDRESS, _BY_SPOT = 15, 30

_LIVE = structs.replace(SPOT.endpoints["live"], risk_streams="wss://margin-stream.binance.com")

_PATHS = Paths(
    time=SPOT.paths.time,
    exchange_info=SPOT.paths.exchange_info,
    order="/sapi/v1/margin/order",
    open_orders="/sapi/v1/margin/openOrders",
    user_trades="/sapi/v1/margin/myTrades",
    balance="/sapi/v1/margin/account",
    owner=SPOT.paths.balance,
    klines=SPOT.paths.klines,
    price=SPOT.paths.price,
    api_restrictions=SPOT.paths.api_restrictions,
    income="/sapi/v1/margin/interestHistory",
    listen_key="/sapi/v1/margin/listen-key",
    order_lists="/sapi/v1/margin/order",
    listen_token="/sapi/v1/userListenToken",
    loan="/sapi/v1/margin/borrow-repay",
    borrowable="/sapi/v1/margin/maxBorrowable",
    risk_bars="/sapi/v1/margin/tradeCoeff",
)

_WEIGHTS = Weights(
    time=1 * _BY_SPOT,
    exchange_info=20 * _BY_SPOT,
    place=6,
    place_borrowing=1500,
    cancel=10 * _BY_ADDRESS,
    order=10 * _BY_ADDRESS,
    open_orders=10 * _BY_ADDRESS,
    open_orders_of_all=10 * _BY_ADDRESS,
    user_trades=10 * _BY_ADDRESS,
    account_mode=10 * _BY_ADDRESS + SPOT.weights.account_mode * _BY_SPOT,
    balances=10 * _BY_ADDRESS,
    permissions=(10 + 1) * _BY_ADDRESS,
    klines=((1000, 2 * _BY_SPOT),),
    price=2 * _BY_SPOT,
    income=1 * _BY_ADDRESS,
    loan=1500,
    # Two pages of the exchange disagree, 50 by address or 750 by account: they come to the same here.
    borrowable=50 * _BY_ADDRESS,
    margin_state=(10 + 10) * _BY_ADDRESS,
)


def _feeds(endpoints: Endpoints, parts: FeedParts) -> tuple[Feed, ...]:
    risk = StreamKind(
        "risk",
        "the stream of the margin account's risk",
        _PATHS.listen_key,
        lambda key: f"{endpoints.risk_streams}/ws/{key}",
        RISK_EVENTS,
        keep_alive=lambda key: {"listenKey": key},
        state=RiskStreamState,
    )
    orders = SubscribedStream(endpoints.ws_api, by_token(_PATHS.listen_token), EVENTS, parts)
    return (orders, KeyedStream(risk, parts.rest))


MARGIN = Product(
    name="margin",
    account_kind=AccountKind.ASSETS,
    endpoints={"live": _LIVE},
    paths=_PATHS,
    weights=_WEIGHTS,
    filters=SPOT.filters,
    errors=ERRORS,
    orders=margin_orders(_PATHS, _WEIGHTS),
    questions=margin_questions(_WEIGHTS),
    lacks=LACKS,
    feeds=_feeds,
    rules_params=SPOT.rules_params,
    instrument=margin_instrument,
    has_mark_price=SPOT.has_mark_price,
    route_of=SPOT.route_of,
    stream_path=SPOT.stream_path,
    kline_intervals=SPOT.kline_intervals,
    klines_at_once=SPOT.klines_at_once,
    depth_speeds=SPOT.depth_speeds,
    trades_window_ms=SPOT.trades_window_ms,
    trades_kept_ms=SPOT.trades_kept_ms,
    cash_kept_ms=INTEREST_KEPT_MS,
)
