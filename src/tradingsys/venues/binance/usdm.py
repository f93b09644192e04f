"""What is particular to USDⓈ-M futures."""

from __future__ import annotations

from functools import partial

from tradingsys.core.enums import AccountKind
from tradingsys.venues.binance import product, words
from tradingsys.venues.binance.feed import FeedParts
from tradingsys.venues.binance.filters import FilterDialect, Rule, offset_remainder
from tradingsys.venues.binance.instruments import instrument
from tradingsys.venues.binance.keyed_stream import KeyedStream, StreamKind
from tradingsys.venues.binance.product import Endpoints, Paths, Product, Weights
from tradingsys.venues.binance.usdm_errors import ERRORS
from tradingsys.venues.binance.usdm_events import EVENTS
from tradingsys.venues.binance.usdm_filters import CHECKS
from tradingsys.venues.binance.usdm_orders import usdm_orders
from tradingsys.venues.binance.usdm_questions import LACKS, usdm_questions

__all__ = ["ERRORS", "FILTERS", "USDM", "endpoints", "route_of"]

_DAY_MS = 24 * 60 * 60 * 1000

FILTERS = FilterDialect(
    remainder=offset_remainder,
    checks=CHECKS,
    answers={
        Rule.PRECISION: (-1111, "Precision is over the maximum defined for this asset."),
        Rule.SYMBOL_STATUS: (-4140, "Invalid symbol status for opening position."),
        Rule.ORDER_TYPE: (-1116, "Invalid orderType."),
        Rule.PRICE_MISSING: (-1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed."),
        Rule.PRICE_NOT_POSITIVE: (-4001, "Price less than 0."),
        Rule.PRICE_TOO_LOW: (-4013, "Price less than min price."),
        Rule.PRICE_TOO_HIGH: (-4002, "Price greater than max price."),
        Rule.PRICE_OFF_TICK: (-4014, "Price not increased by tick size."),
        Rule.QTY_NOT_POSITIVE: (-4003, "Quantity less than or equal to zero."),
        Rule.QTY_TOO_LOW: (-4004, "Quantity less than min quantity."),
        Rule.QTY_TOO_HIGH: (-4005, "Quantity greater than max quantity."),
        Rule.QTY_OFF_STEP: (-4023, "Quantity not increased by step size."),
        Rule.PRICE_ABOVE_BAND: (-4016, "Limit price can't be higher than {}."),
        Rule.PRICE_BELOW_BAND: (-4024, "Limit price can't be lower than {}."),
        Rule.MARKET_OUT_OF_BAND: (
            -4131,
            "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
        ),
        Rule.NOTIONAL_TOO_LOW: (-4164, "Order's notional must be no smaller than {} (unless you choose reduce only)."),
        Rule.TOO_MANY_OPEN_ORDERS: (-2025, "Reached max open order limit."),
        # Both are documented as refused; with which code a price beside a match is, is not.
        Rule.PRICE_MATCH_WITH_PRICE: (-1106, "Parameter 'price' sent when not required."),
        Rule.PRICE_MATCH_TYPE: (-5038, "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT"),
        Rule.GOOD_TILL_MISSING: (
            -1102,
            "Mandatory parameter 'goodTillDate' was not sent, was empty/null, or malformed.",
        ),
        Rule.TRIGGER_MISSING: (-1102, "Mandatory parameter 'triggerPrice' was not sent, was empty/null, or malformed."),
        Rule.TRIGGER_NOT_POSITIVE: (-4006, "Stop price less than zero."),
        Rule.TRIGGER_TOO_HIGH: (-4007, "Stop price greater than max price."),
        Rule.PRICE_ABOVE_TRIGGER_BAND: (-4183, "Limit price can't be higher than {}."),
        Rule.PRICE_BELOW_TRIGGER_BAND: (-4184, "Limit price can't be lower than {}."),
        Rule.CALLBACK_MISSING: (
            -1102,
            "Mandatory parameter 'callbackRate' was not sent, was empty/null, or malformed.",
        ),
        # The documents name the bounds but no code of their own.
        Rule.CALLBACK_OUT_OF_RANGE: (-1130, "Data sent for parameter 'callbackRate' is not valid: {} percent."),
        Rule.ACTIVATION_PRICE: (-4135, "Invalid activation price"),
        Rule.CLOSE_POSITION_TYPE: (-4020, "Target strategy invalid for orderType '{}',closePosition 'true'."),
        Rule.CLOSE_POSITION_QTY: (-4137, "Quantity must be zero with closePosition equals true"),
    },
    statuses={
        "PENDING_TRADING": "it is announced, but trading has not begun: wait for its start",
        "PRE_DELIVERING": "it is about to be delivered, no position can be opened any more: trade the next contract",
        "DELIVERING": "it is being delivered, the exchange closes its positions: trade the next contract",
        "DELIVERED": "it was delivered: trade the next contract",
        "PRE_SETTLE": "it is about to be settled, no position can be opened any more: close what is open",
        "SETTLING": "it is being settled: the exchange closes its positions at the settlement price",
        "CLOSE": "it is closed and will not trade again",
    },
)

_ROUTES = {
    **dict.fromkeys(("bookTicker", "depth", "rpiDepth"), "public"),
    **dict.fromkeys(
        (
            "aggTrade",
            "assetIndex",
            "compositeIndex",
            "continuousKline",
            "contractInfo",
            "forceOrder",
            "kline",
            "markPrice",
            "miniTicker",
            "ticker",
            "tradingSession",
        ),
        "market",
    ),
}


def route_of(name: str) -> str | None:
    """The route that carries a stream, by the exchange's name of it: ``public`` or ``market``.

    On the wrong route the exchange acknowledges a subscription and stays silent. None for names of no known stream.
    """
    return _ROUTES.get(words.stream_kind(name))


_LIVE = Endpoints(
    "https://fapi.binance.com",
    "wss://ws-fapi.binance.com/ws-fapi/v1",
    "wss://fstream.binance.com",
    sapi="https://api.binance.com",
)
_TESTNET = Endpoints(
    "https://demo-fapi.binance.com", "wss://testnet.binancefuture.com/ws-fapi/v1", "wss://fstream.binancefuture.com"
)
_DEMO = Endpoints(
    "https://demo-fapi.binance.com", "wss://testnet.binancefuture.com/ws-fapi/v1", "wss://demo-fstream.binance.com"
)

_PATHS = Paths(
    time="/fapi/v1/time",
    exchange_info="/fapi/v1/exchangeInfo",
    order="/fapi/v1/order",
    open_orders="/fapi/v1/openOrders",
    user_trades="/fapi/v1/userTrades",
    positions="/fapi/v3/positionRisk",
    balance="/fapi/v3/balance",
    position_mode="/fapi/v1/positionSide/dual",
    multi_assets_mode="/fapi/v1/multiAssetsMargin",
    account_config="/fapi/v1/accountConfig",
    listen_key="/fapi/v1/listenKey",
    algo_order="/fapi/v1/algoOrder",
    open_algo_orders="/fapi/v1/openAlgoOrders",
    all_algo_orders="/fapi/v1/allAlgoOrders",
    klines="/fapi/v1/klines",
    price="/fapi/v1/premiumIndex",
    income="/fapi/v1/income",
    symbol_config="/fapi/v1/symbolConfig",
    countdown="/fapi/v1/countdownCancelAll",
    leverage="/fapi/v1/leverage",
    margin_type="/fapi/v1/marginType",
    api_restrictions="/sapi/v1/account/apiRestrictions",
)

_WEIGHTS = Weights(
    time=1,
    exchange_info=1,
    place=0,
    replace=0,
    cancel=1,
    order=1,
    all_algo_orders=5,
    open_orders=1,
    open_orders_of_all=40,
    user_trades=5,
    positions=5,
    account_mode=30 + 30 + 5 + 5,
    balances=5,
    income=30,
    symbol_settings=5,
    change_settings=1 + 5,
    countdown=10,
    permissions=5,
    klines=((99, 1), (499, 2), (1000, 5), (1500, 10)),
    price=1,
)


def _feeds(endpoints: Endpoints, parts: FeedParts) -> tuple[KeyedStream, ...]:
    kind = StreamKind(
        "user",
        "the account's stream",
        _PATHS.listen_key,
        lambda key: f"{endpoints.streams}/private/ws/{key}",
        EVENTS,
    )
    return (KeyedStream(kind, parts.rest),)


USDM = Product(
    name="usdm",
    account_kind=AccountKind.CONTRACTS,
    endpoints={"live": _LIVE, "testnet": _TESTNET, "demo": _DEMO},
    paths=_PATHS,
    weights=_WEIGHTS,
    filters=FILTERS,
    errors=ERRORS,
    orders=usdm_orders(_PATHS, _WEIGHTS),
    questions=usdm_questions(_WEIGHTS),
    lacks=LACKS,
    feeds=_feeds,
    rules_params={},
    instrument=instrument,
    has_mark_price=True,
    route_of=route_of,
    stream_path=lambda route: f"/{route}/stream",
    kline_intervals=words.KLINE_INTERVALS,
    klines_at_once=1500,
    depth_speeds=frozenset({"", "100ms", "500ms"}),
    trades_window_ms=7 * _DAY_MS,
    trades_kept_ms=90 * _DAY_MS,
    cash_kept_ms=90 * _DAY_MS,
)

endpoints = partial(product.endpoints, USDM)
"""`product.endpoints` of USDⓈ-M."""
