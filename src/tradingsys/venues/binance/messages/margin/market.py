"""What can be traded and borrowed on margin, at which price: none of it is asked for by the gateway."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from tradingsys.venues.binance.messages.base import Message, Number, OptionalInt, OptionalText

__all__ = [
    "Asset",
    "AssetGroup",
    "AssetRate",
    "AvailableInventory",
    "CollateralRatio",
    "CollateralStep",
    "CrossFee",
    "DailyRate",
    "Delisting",
    "HourlyRate",
    "IsolatedFee",
    "IsolatedTier",
    "LeverageBracket",
    "LiquidationRatio",
    "Listing",
    "Pair",
    "PriceIndex",
    "PricedPairs",
    "RestrictedAssets",
]


class Asset(Message, frozen=True, kw_only=True, rename="camel"):
    """An asset that can be borrowed or serve as collateral (`GET /sapi/v1/margin/allAssets`).

    ::

        {
          "assetFullName": "Ether", "assetName": "ETH", "isBorrowable": true, "isMortgageable": true,
          "userMinBorrow": "0.00000000", "userMinRepay": "0.00000000"
        }
    """

    asset_full_name: str
    asset_name: str
    is_borrowable: bool
    is_mortgageable: bool
    user_min_borrow: str
    user_min_repay: str
    delist_time: OptionalInt = UNSET


class Pair(Message, frozen=True, kw_only=True, rename="camel"):
    """A pair (`GET /sapi/v1/margin/allPairs`; without ``id`` also `GET /sapi/v1/margin/isolated/allPairs`).

    ::

        {
          "id": 351637150141315861, "symbol": "ETHBTC", "base": "ETH", "quote": "BTC", "isMarginTrade": true,
          "isBuyAllowed": true, "isSellAllowed": true
        }
    """

    id: OptionalInt = UNSET
    symbol: str
    base: str
    quote: str
    is_margin_trade: bool
    is_buy_allowed: bool
    is_sell_allowed: bool
    delist_time: OptionalInt = UNSET


class PricedPairs(Message, frozen=True, kw_only=True, rename="camel"):
    """Pairs whose orders must be priced near the index (`GET /sapi/v1/margin/limit-price-pairs`).

    ::

        {"crossMarginSymbols": ["ETHUSDC"]}
    """

    cross_margin_symbols: list[str]


class PriceIndex(Message, frozen=True, kw_only=True, rename="camel"):
    """What margin is computed with (`GET /sapi/v1/margin/priceIndex`).

    ::

        {"calcTime": 1790000001000, "price": "0.00333930", "symbol": "ETHBTC"}
    """

    calc_time: int
    price: str
    symbol: str


class Delisting(Message, frozen=True, kw_only=True, rename="camel"):
    """What will leave margin, and when (`GET /sapi/v1/margin/delist-schedule`).

    ::

        {"delistTime": 1790000001000, "crossMarginAssets": ["ETH"], "isolatedMarginSymbols": ["ETHUSDT"]}
    """

    delist_time: int
    cross_margin_assets: list[str]
    isolated_margin_symbols: list[str]


class Listing(Message, frozen=True, kw_only=True, rename="camel"):
    """What will come to margin, and when (`GET /sapi/v1/margin/list-schedule`).

    ::

        {"listTime": 1790000001000, "crossMarginAssets": ["ETH"], "isolatedMarginSymbols": ["ETHUSDT"]}
    """

    list_time: int
    cross_margin_assets: list[str]
    isolated_margin_symbols: list[str]


class RestrictedAssets(Message, frozen=True, kw_only=True, rename="camel"):
    """Assets that cannot be bought on credit, or count no further (`GET /sapi/v1/margin/restricted-asset`).

    ::

        {"openLongRestrictedAsset": ["ETH"], "maxCollateralExceededAsset": ["BNB"]}
    """

    open_long_restricted_asset: list[str]
    max_collateral_exceeded_asset: list[str]


class CollateralStep(Message, frozen=True, kw_only=True, rename="camel"):
    """How much of a value counts, inside `CollateralRatio`."""

    min_usd_value: str
    max_usd_value: OptionalText = UNSET
    discount_rate: str


class CollateralRatio(Message, frozen=True, kw_only=True, rename="camel"):
    """How much of an asset's value counts as collateral (`GET /sapi/v1/margin/crossMarginCollateralRatio`).

    ::

        {
          "collaterals": [{"minUsdValue": "0", "maxUsdValue": "13000000", "discountRate": "1"}],
          "assetNames": ["ETH"]
        }
    """

    collaterals: list[CollateralStep]
    asset_names: list[str]


class LiquidationRatio(Message, frozen=True, kw_only=True, rename="camel"):
    """An asset's ratio in a liquidation by risk (`GET /sapi/v1/margin/risk-based-liquidation-ratio`).

    ::

        {"asset": "USDC", "riskBasedLiquidationRatio": "0.01"}
    """

    asset: str
    risk_based_liquidation_ratio: str


class AssetGroup(Message, frozen=True, kw_only=True, rename="camel"):
    """One step of debt inside a `LeverageBracket`; JSON numbers."""

    leverage: int
    max_debt: Number
    maintenance_margin_rate: Number
    initial_margin_rate: Number
    fast_num: Number


class LeverageBracket(Message, frozen=True, kw_only=True, rename="camel"):
    """How much can be borrowed at which leverage in the Pro mode (`GET /sapi/v1/margin/leverageBracket`).

    ::

        {
          "assetNames": ["ETH"], "rank": 1,
          "brackets": [
            {
              "leverage": 10, "maxDebt": 1000000, "maintenanceMarginRate": 0.02, "initialMarginRate": 0.1112,
              "fastNum": 60000
            }
          ]
        }
    """

    asset_names: list[str]
    rank: int
    brackets: list[AssetGroup]


class IsolatedTier(Message, frozen=True, kw_only=True, rename="camel"):
    """How much can be borrowed on an isolated pair (`GET /sapi/v1/margin/isolatedMarginTier`).

    ::

        {
          "symbol": "ETHUSDT", "tier": 1, "effectiveMultiple": "10", "initialRiskRatio": "1.111",
          "liquidationRiskRatio": "1.05", "baseAssetMaxBorrowable": "9", "quoteAssetMaxBorrowable": "70000"
        }
    """

    symbol: str
    tier: int
    effective_multiple: str
    initial_risk_ratio: str
    liquidation_risk_ratio: str
    base_asset_max_borrowable: str
    quote_asset_max_borrowable: str


class AvailableInventory(Message, frozen=True, kw_only=True, rename="camel"):
    """How much the exchange has to lend, by asset (`GET /sapi/v1/margin/available-inventory`).

    ::

        {"assets": {"ETH": "200", "BNB": "30000"}, "updateTime": 1790000000}
    """

    assets: Mapping[str, str]
    update_time: int


class CrossFee(Message, frozen=True, kw_only=True, rename="camel"):
    """Interest and limits of an asset by VIP level (`GET /sapi/v1/margin/crossMarginData`).

    ::

        {
          "vipLevel": 0, "coin": "ETH", "transferIn": true, "borrowable": true, "dailyInterest": "0.00026125",
          "yearlyInterest": "0.0953", "borrowLimit": "180", "marginablePairs": ["ETHBTC"]
        }
    """

    vip_level: int
    coin: str
    transfer_in: bool
    borrowable: bool
    daily_interest: str
    yearly_interest: str
    borrow_limit: str
    marginable_pairs: list[str]


class AssetRate(Message, frozen=True, kw_only=True, rename="camel"):
    """Interest and limit of one asset inside an `IsolatedFee`."""

    coin: str
    daily_interest: str
    borrow_limit: str


class IsolatedFee(Message, frozen=True, kw_only=True, rename="camel"):
    """Interest and limits of an isolated pair by VIP level (`GET /sapi/v1/margin/isolatedMarginData`).

    ::

        {
          "vipLevel": 0, "symbol": "ETHUSDT", "leverage": "10",
          "data": [{"coin": "ETH", "dailyInterest": "0.00026125", "borrowLimit": "270"}]
        }
    """

    vip_level: int
    symbol: str
    leverage: str
    data: list[AssetRate]


class HourlyRate(Message, frozen=True, kw_only=True, rename="camel"):
    """What an hour's loan will cost next (`GET /sapi/v1/margin/next-hourly-interest-rate`).

    ::

        {"asset": "ETH", "nextHourlyInterestRate": "0.00000571"}
    """

    asset: str
    next_hourly_interest_rate: str


class DailyRate(Message, frozen=True, kw_only=True, rename="camel"):
    """What a day's loan cost from then on (`GET /sapi/v1/margin/interestRateHistory`).

    ::

        {"asset": "ETH", "dailyInterestRate": "0.00025000", "timestamp": 1790000001000, "vipLevel": 1}
    """

    asset: str
    daily_interest_rate: str
    timestamp: int
    vip_level: int
