"""What is particular to cross margin: spot's markets and words, an account that can borrow, and no WS-API for orders.

The exchange has no margin testnet. Every path of margin has limits of its own: some by address (12,000 a minute), some
by account (180,000 a minute). All are counted here as one, in the units of the account's: a weight by address as 15
times as much, one of spot's own paths (6,000 a minute) as 30 times.
"""

from __future__ import annotations

from tradingsys.core.commands import RateLimit
from tradingsys.core.enums import AccountKind
from tradingsys.venues.binance.filters import instrument
from tradingsys.venues.binance.margin_errors import ERRORS
from tradingsys.venues.binance.product import Endpoints, Paths, Product, Weights
from tradingsys.venues.binance.spot import FILTERS, KLINE_INTERVALS, SPOT, route_of
from tradingsys.venues.binance.usdm import USDM
from tradingsys.venues.binance.usdm_orders import usdm_orders

__all__ = ["ERRORS", "MARGIN", "WEIGHT_LIMIT"]

_DAY_MS = 24 * 60 * 60 * 1000
_BY_ADDRESS, _BY_SPOT = 15, 30

WEIGHT_LIMIT = RateLimit("weight", 60_000, 180_000)

_LIVE = Endpoints(
    "https://api.binance.com",
    "wss://ws-api.binance.com:443/ws-api/v3",
    "wss://stream.binance.com:9443",
    sapi="https://api.binance.com",
    risk_streams="wss://margin-stream.binance.com",
)

MARGIN = Product(
    name="margin",
    account_kind=AccountKind.ASSETS,
    endpoints={"live": _LIVE},
    paths=Paths(
        time=SPOT.paths.time,
        exchange_info=SPOT.paths.exchange_info,
        order="/sapi/v1/margin/order",
        open_orders="/sapi/v1/margin/openOrders",
        user_trades="/sapi/v1/margin/myTrades",
        balance="/sapi/v1/margin/account",
        klines=SPOT.paths.klines,
        api_restrictions=SPOT.paths.api_restrictions,
        income="/sapi/v1/margin/interestHistory",
        listen_key="/sapi/v1/margin/listen-key",
        order_lists="/sapi/v1/margin/order",
        listen_token="/sapi/v1/userListenToken",
        loan="/sapi/v1/margin/borrow-repay",
        borrowable="/sapi/v1/margin/maxBorrowable",
        risk_bars="/sapi/v1/margin/tradeCoeff",
    ),
    weights=Weights(
        time=1 * _BY_SPOT,
        exchange_info=20 * _BY_SPOT,
        place=6,
        place_borrowing=1500,
        cancel=10 * _BY_ADDRESS,
        order=10 * _BY_ADDRESS,
        open_orders=10 * _BY_ADDRESS,
        open_orders_of_all=10 * _BY_ADDRESS,
        user_trades=10 * _BY_ADDRESS,
        account_mode=10 * _BY_ADDRESS,
        balances=10 * _BY_ADDRESS,
        permissions=(10 + 1) * _BY_ADDRESS,
        klines=((1000, 2 * _BY_SPOT),),
        income=1 * _BY_ADDRESS,
        loan=1500,
        # Two pages of the exchange disagree, 50 by address or 750 by account: they come to the same here.
        borrowable=50 * _BY_ADDRESS,
        margin_state=(10 + 10) * _BY_ADDRESS,
    ),
    filters=FILTERS,
    errors=ERRORS,
    orders=usdm_orders(USDM.paths, USDM.weights),
    questions={},
    lacks={},
    feeds=lambda _endpoints, _parts: (),
    instrument=instrument,
    route_of=route_of,
    stream_path=SPOT.stream_path,
    kline_intervals=KLINE_INTERVALS,
    klines_at_once=SPOT.klines_at_once,
    depth_speeds=SPOT.depth_speeds,
    trades_window_ms=_DAY_MS,
    trades_kept_ms=SPOT.trades_kept_ms,
)
