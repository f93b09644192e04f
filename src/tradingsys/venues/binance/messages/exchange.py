"""What the exchange says of itself: time, instruments, limits."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from tradingsys.core.secrecy import shown
from tradingsys.venues.binance.messages.base import Message, OptionalBool, OptionalInt, OptionalText

__all__ = ["Asset", "ExchangeInfo", "Filter", "ListenKey", "RateLimitRule", "Routing", "ServerTime", "Symbol"]


class ServerTime(Message, frozen=True, kw_only=True, rename="camel"):
    """The exchange's clock (`GET /time`).

    ::

        {"serverTime": 1790000000001}
    """

    server_time: int


class ListenKey(Message, frozen=True, kw_only=True, rename="camel"):
    """The name of the account's stream (`POST /fapi/v1/listenKey`).

    ::

        {"listenKey": "not-a-real-key"}
    """

    listen_key: str

    def __repr__(self) -> str:
        return shown(self, "listen_key")


class RateLimitRule(Message, frozen=True, kw_only=True, rename="camel"):
    """One limit; with ``count`` in WS-API replies.

    ::

        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300}
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400, "count": 17}
    """

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int
    count: OptionalInt = UNSET


class Filter(Message, frozen=True, kw_only=True, rename="camel"):
    """One rule of a symbol: the union of all filters' fields, told apart by ``filterType``.

    ::

        {"filterType": "PRICE_FILTER", "minPrice": "0.50", "maxPrice": "90000", "tickSize": "0.05"}
        {"filterType": "LOT_SIZE", "minQty": "0.01", "maxQty": "8000", "stepSize": "0.01"}
        {"filterType": "MAX_NUM_ORDERS", "limit": 200}
        {"filterType": "MIN_NOTIONAL", "notional": "20"}
        {
          "filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500",
          "multiplierDecimal": "4"
        }
        {
          "filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "5", "bidMultiplierDown": "0.2",
          "askMultiplierUp": "5", "askMultiplierDown": "0.2", "avgPriceMins": 5
        }
        {
          "filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": true,
          "maxNotional": "9000000.00000000", "applyMaxToMarket": false, "avgPriceMins": 5
        }
        {"filterType": "MIN_NOTIONAL", "minNotional": "0.00010000", "applyToMarket": true, "avgPriceMins": 5}
        {
          "filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000,
          "minTrailingBelowDelta": 10, "maxTrailingBelowDelta": 2000
        }
        {"filterType": "ICEBERG_PARTS", "limit": 100}
    """

    filter_type: str
    min_price: OptionalText = UNSET
    max_price: OptionalText = UNSET
    tick_size: OptionalText = UNSET
    min_qty: OptionalText = UNSET
    max_qty: OptionalText = UNSET
    step_size: OptionalText = UNSET
    limit: OptionalInt = UNSET
    notional: OptionalText = UNSET
    multiplier_up: OptionalText = UNSET
    multiplier_down: OptionalText = UNSET
    multiplier_decimal: OptionalText = UNSET
    position_control_side: OptionalText = UNSET
    max_num_orders: OptionalInt = UNSET
    min_notional: OptionalText = UNSET
    max_notional: OptionalText = UNSET
    apply_min_to_market: OptionalBool = UNSET
    apply_max_to_market: OptionalBool = UNSET
    avg_price_mins: OptionalInt = UNSET
    bid_multiplier_up: OptionalText = UNSET
    bid_multiplier_down: OptionalText = UNSET
    ask_multiplier_up: OptionalText = UNSET
    ask_multiplier_down: OptionalText = UNSET
    apply_to_market: OptionalBool = UNSET
    max_num_algo_orders: OptionalInt = UNSET
    max_num_iceberg_orders: OptionalInt = UNSET
    max_num_order_amends: OptionalInt = UNSET
    max_num_order_lists: OptionalInt = UNSET
    max_position: OptionalText = UNSET
    min_trailing_above_delta: OptionalInt = UNSET
    max_trailing_above_delta: OptionalInt = UNSET
    min_trailing_below_delta: OptionalInt = UNSET
    max_trailing_below_delta: OptionalInt = UNSET
    price_exponent: OptionalInt = UNSET
    """In the exchange's own examples only."""


class Symbol(Message, frozen=True, kw_only=True, rename="camel"):
    """One instrument of the exchange, spot or futures; precision is not the tick.

    ::

        {
          "symbol": "ETHUSDT", "pair": "ETHUSDT", "contractType": "PERPETUAL", "deliveryDate": 4133404800000,
          "onboardDate": 1600000000000, "status": "TRADING", "maintMarginPercent": "2.5000",
          "requiredMarginPercent": "5.0000", "baseAsset": "ETH", "quoteAsset": "USDT", "marginAsset": "USDT",
          "pricePrecision": 2, "quantityPrecision": 3, "baseAssetPrecision": 8, "quotePrecision": 8,
          "underlyingType": "COIN", "underlyingSubType": ["Layer-1"], "triggerProtect": "0.0500",
          "liquidationFee": "0.012500", "marketTakeBound": "0.05", "maxMoveOrderLimit": 10000,
          "filters": [{"filterType": "MIN_NOTIONAL", "notional": "20"}],
          "orderTypes": ["LIMIT", "MARKET", "STOP"], "timeInForce": ["GTC", "IOC", "FOK", "GTX"]
        }
        {
          "symbol": "ETHBTC", "status": "TRADING", "baseAsset": "ETH", "baseAssetPrecision": 8, "quoteAsset": "BTC",
          "quotePrecision": 8, "quoteAssetPrecision": 8, "baseCommissionPrecision": 8, "quoteCommissionPrecision": 8,
          "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT"], "icebergAllowed": true,
          "ocoAllowed": true, "otoAllowed": true, "opoAllowed": true, "quoteOrderQtyMarketAllowed": true,
          "allowTrailingStop": true, "cancelReplaceAllowed": true, "amendAllowed": true,
          "pegInstructionsAllowed": true, "isSpotTradingAllowed": true, "isMarginTradingAllowed": true,
          "filters": [], "permissions": [], "permissionSets": [["SPOT", "MARGIN"]],
          "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
          "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"]
        }
    """

    symbol: str
    pair: OptionalText = UNSET
    contract_type: OptionalText = UNSET
    delivery_date: OptionalInt = UNSET
    onboard_date: OptionalInt = UNSET
    status: str
    maint_margin_percent: OptionalText = UNSET
    required_margin_percent: OptionalText = UNSET
    base_asset: str
    quote_asset: str
    margin_asset: OptionalText = UNSET
    price_precision: OptionalInt = UNSET
    quantity_precision: OptionalInt = UNSET
    base_asset_precision: OptionalInt = UNSET
    quote_precision: OptionalInt = UNSET
    quote_asset_precision: OptionalInt = UNSET
    underlying_type: OptionalText = UNSET
    underlying_sub_type: list[str] | UnsetType = UNSET
    settle_plan: OptionalInt = UNSET
    trigger_protect: OptionalText = UNSET
    liquidation_fee: OptionalText = UNSET
    market_take_bound: OptionalText = UNSET
    max_move_order_limit: OptionalInt = UNSET
    filters: list[Filter]
    order_types: list[str] | UnsetType = UNSET
    time_in_force: list[str] | UnsetType = UNSET
    permission_sets: list[str | list[str]] | UnsetType = UNSET
    """Groups of words on spot, words on futures."""
    base_commission_precision: OptionalInt = UNSET
    quote_commission_precision: OptionalInt = UNSET
    iceberg_allowed: OptionalBool = UNSET
    oco_allowed: OptionalBool = UNSET
    oto_allowed: OptionalBool = UNSET
    opo_allowed: OptionalBool = UNSET
    quote_order_qty_market_allowed: OptionalBool = UNSET
    allow_trailing_stop: OptionalBool = UNSET
    cancel_replace_allowed: OptionalBool = UNSET
    amend_allowed: OptionalBool = UNSET
    peg_instructions_allowed: OptionalBool = UNSET
    is_spot_trading_allowed: OptionalBool = UNSET
    is_margin_trading_allowed: OptionalBool = UNSET
    permissions: list[str] | UnsetType = UNSET
    default_self_trade_prevention_mode: OptionalText = UNSET
    allowed_self_trade_prevention_modes: list[str] | UnsetType = UNSET


class Asset(Message, frozen=True, kw_only=True, rename="camel"):
    """One margin asset of `ExchangeInfo`."""

    asset: str
    margin_available: OptionalBool = UNSET
    auto_asset_exchange: str | UnsetType | None = UNSET


class Routing(Message, frozen=True, kw_only=True, rename="camel"):
    """Symbols that share their liquidity, inside `ExchangeInfo` of spot."""

    base_asset: str
    symbols: list[str]


class ExchangeInfo(Message, frozen=True, kw_only=True, rename="camel"):
    """Instruments and limits (`GET /exchangeInfo`, spot and futures).

    ::

        {
          "timezone": "UTC", "serverTime": 1790000000001, "futuresType": "U_MARGINED",
          "rateLimits": [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400}],
          "exchangeFilters": [], "assets": [{"asset": "USDT", "marginAvailable": true, "autoAssetExchange": "-10000"}],
          "symbols": []
        }
        {
          "timezone": "UTC", "serverTime": 1790000000001,
          "rateLimits": [{"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300000}],
          "exchangeFilters": [{"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 1000}], "symbols": [],
          "sors": [{"baseAsset": "BTC", "symbols": ["BTCUSDT", "BTCUSDC"]}]
        }
    """

    timezone: OptionalText = UNSET
    server_time: OptionalInt = UNSET
    futures_type: OptionalText = UNSET
    rate_limits: list[RateLimitRule]
    exchange_filters: list[Filter | str] | UnsetType = UNSET
    """Spot's count orders of the whole account; futures know none, their example shows an empty text."""
    assets: list[Asset] | UnsetType = UNSET
    symbols: list[Symbol]
    sors: list[Routing] | UnsetType = UNSET
