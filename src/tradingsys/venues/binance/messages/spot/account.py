"""The spot account by REST and WS-API: balances, fees, rules that are its own."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from tradingsys.venues.binance.messages.base import Message, OptionalBool, OptionalInt, OptionalText
from tradingsys.venues.binance.messages.exchange import Filter, RateLimitRule

__all__ = [
    "Account",
    "AccountBalance",
    "AccountCommission",
    "AccountFilters",
    "AssetFilter",
    "Commission",
    "Discount",
    "OrderTest",
    "SideCommission",
    "Transfer",
]


class AccountBalance(Message, frozen=True, kw_only=True):
    """One asset inside an `Account`."""

    asset: str
    free: str
    locked: str


class Commission(Message, frozen=True, kw_only=True):
    """Rates inside an `Account` and an `AccountCommission`: maker or taker plus buyer or seller."""

    maker: str
    taker: str
    buyer: str
    seller: str


class Account(Message, frozen=True, kw_only=True, rename="camel"):
    """The whole account (`GET /api/v3/account`, `account.status`).

    ::

        {
          "makerCommission": 10, "takerCommission": 10, "buyerCommission": 0, "sellerCommission": 0,
          "commissionRates": {"maker": "0.00100000", "taker": "0.00100000", "buyer": "0", "seller": "0"},
          "canTrade": true, "canWithdraw": true, "canDeposit": true, "brokered": false,
          "requireSelfTradePrevention": false, "preventSor": false, "updateTime": 1790000002001,
          "accountType": "SPOT",
          "balances": [{"asset": "ETH", "free": "0.49950000", "locked": "0.00000000"}],
          "permissions": ["SPOT"], "uid": 354937868
        }
    """

    maker_commission: OptionalInt = UNSET
    taker_commission: OptionalInt = UNSET
    buyer_commission: OptionalInt = UNSET
    seller_commission: OptionalInt = UNSET
    commission_rates: Commission | UnsetType = UNSET
    can_trade: bool
    can_withdraw: OptionalBool = UNSET
    can_deposit: OptionalBool = UNSET
    brokered: OptionalBool = UNSET
    require_self_trade_prevention: OptionalBool = UNSET
    prevent_sor: OptionalBool = UNSET
    update_time: OptionalInt = UNSET
    account_type: OptionalText = UNSET
    balances: list[AccountBalance]
    permissions: list[str] | UnsetType = UNSET
    uid: OptionalInt = UNSET


class Discount(Message, frozen=True, kw_only=True, rename="camel"):
    """What is multiplied with the standard rates when fees are paid in another asset, inside the fees of an account."""

    enabled_for_account: bool
    enabled_for_symbol: bool
    discount_asset: str | None
    discount: str


class AccountCommission(Message, frozen=True, kw_only=True, rename="camel"):
    """The account's fees on a symbol (`GET /api/v3/account/commission`).

    ::

        {
          "symbol": "ETHUSDT",
          "standardCommission": {"maker": "0.00100000", "taker": "0.00100000", "buyer": "0", "seller": "0"},
          "specialCommission": {"maker": "0", "taker": "0", "buyer": "0", "seller": "0"},
          "taxCommission": {"maker": "0", "taker": "0", "buyer": "0", "seller": "0"},
          "discount": {
            "enabledForAccount": true, "enabledForSymbol": true, "discountAsset": "BNB", "discount": "0.75000000"
          }
        }
    """

    symbol: str
    standard_commission: Commission
    special_commission: Commission | UnsetType = UNSET
    tax_commission: Commission | UnsetType = UNSET
    discount: Discount


class SideCommission(Message, frozen=True, kw_only=True):
    """Rates inside an `OrderTest`."""

    maker: str
    taker: str


class OrderTest(Message, frozen=True, kw_only=True, rename="camel"):
    """The answer to a test order; empty unless fees were asked for (`POST /api/v3/order/test`).

    ::

        {}
        {
          "standardCommissionForOrder": {"maker": "0.00100000", "taker": "0.00100000"},
          "specialCommissionForOrder": {"maker": "0", "taker": "0"},
          "taxCommissionForOrder": {"maker": "0", "taker": "0"},
          "discount": {
            "enabledForAccount": true, "enabledForSymbol": true, "discountAsset": "BNB", "discount": "0.75000000"
          }
        }
    """

    standard_commission_for_order: SideCommission | UnsetType = UNSET
    special_commission_for_order: SideCommission | UnsetType = UNSET
    tax_commission_for_order: SideCommission | UnsetType = UNSET
    discount: Discount | UnsetType = UNSET


class AssetFilter(Message, frozen=True, kw_only=True, rename="camel"):
    """The most of an asset that one order may be about, inside `AccountFilters`."""

    filter_type: str
    qty_exponent: OptionalInt = UNSET
    limit: str
    asset: str


class AccountFilters(Message, frozen=True, kw_only=True, rename="camel"):
    """The rules that apply to this account on a symbol (`GET /api/v3/myFilters`).

    ::

        {
          "exchangeFilters": [{"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 1000}],
          "symbolFilters": [{"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20}],
          "assetFilters": [{"filterType": "MAX_ASSET", "asset": "JPY", "limit": "1000000.00000000"}]
        }
    """

    exchange_filters: list[Filter]
    symbol_filters: list[Filter]
    asset_filters: list[AssetFilter]
    rate_limits: list[RateLimitRule] | UnsetType = UNSET
    """In the exchange's examples only."""


class Transfer(Message, frozen=True, kw_only=True, rename="camel"):
    """The answer to moving an asset between wallets (`POST /sapi/v1/asset/transfer`).

    From https://developers.binance.com/docs/wallet/asset/user-universal-transfer.

    ::

        {"tranId": 13526853623}
    """

    tran_id: int
