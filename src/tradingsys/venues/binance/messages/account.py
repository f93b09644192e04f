"""The account by REST: positions, balances and settings."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from tradingsys.venues.binance.messages.base import Message, OptionalBool, OptionalInt, OptionalText

__all__ = [
    "AccountAsset",
    "AccountConfig",
    "AccountInformation",
    "AccountPosition",
    "AdlQuantile",
    "Balance",
    "CommissionRate",
    "Leverage",
    "MultiAssetsMode",
    "PositionMode",
    "PositionRisk",
]


class PositionRisk(Message, frozen=True, kw_only=True, rename="camel"):
    """One position (`GET /fapi/v3/positionRisk`; the older version 2 has other fields around the same ones).

    ::

        {
          "symbol": "ETHUSDT", "positionSide": "BOTH", "positionAmt": "-0.300", "entryPrice": "3011.00",
          "breakEvenPrice": "3010.4", "markPrice": "3010.14000000", "unRealizedProfit": "0.25800000",
          "liquidationPrice": "0", "isolatedMargin": "0", "notional": "-903.04200000", "marginAsset": "USDT",
          "isolatedWallet": "0", "initialMargin": "45.15210000", "maintMargin": "4.51521000",
          "positionInitialMargin": "45.15210000", "openOrderInitialMargin": "0", "adl": 1, "bidNotional": "0",
          "askNotional": "602.2", "updateTime": 1790000002001
        }
    """

    symbol: str
    position_side: OptionalText = UNSET
    position_amt: str
    entry_price: OptionalText = UNSET
    break_even_price: OptionalText = UNSET
    mark_price: OptionalText = UNSET
    un_realized_profit: OptionalText = UNSET
    liquidation_price: OptionalText = UNSET
    leverage: OptionalText = UNSET
    max_notional_value: OptionalText = UNSET
    margin_type: OptionalText = UNSET
    isolated_margin: OptionalText = UNSET
    is_auto_add_margin: OptionalText = UNSET
    notional: OptionalText = UNSET
    margin_asset: OptionalText = UNSET
    isolated_wallet: OptionalText = UNSET
    initial_margin: OptionalText = UNSET
    maint_margin: OptionalText = UNSET
    position_initial_margin: OptionalText = UNSET
    open_order_initial_margin: OptionalText = UNSET
    adl: OptionalInt = UNSET
    bid_notional: OptionalText = UNSET
    ask_notional: OptionalText = UNSET
    update_time: OptionalInt = UNSET


class Balance(Message, frozen=True, kw_only=True, rename="camel"):
    """One asset of the wallet (`GET /fapi/v3/balance`).

    ::

        {
          "accountAlias": "uT", "asset": "USDT", "balance": "9998.75000000", "crossWalletBalance": "9998.75000000",
          "crossUnPnl": "0.25800000", "availableBalance": "9953.59790000", "maxWithdrawAmount": "9953.59790000",
          "marginAvailable": true, "updateTime": 1790000002001
        }
    """

    account_alias: OptionalText = UNSET
    asset: str
    balance: str
    cross_wallet_balance: OptionalText = UNSET
    cross_un_pnl: OptionalText = UNSET
    available_balance: OptionalText = UNSET
    max_withdraw_amount: OptionalText = UNSET
    margin_available: OptionalBool = UNSET
    update_time: OptionalInt = UNSET


class AccountConfig(Message, frozen=True, kw_only=True, rename="camel"):
    """Settings of the account (`GET /fapi/v1/accountConfig`).

    ::

        {
          "feeTier": 0, "canTrade": true, "canDeposit": true, "canWithdraw": false, "dualSidePosition": false,
          "updateTime": 0, "multiAssetsMargin": false, "tradeGroupId": -1
        }
    """

    fee_tier: OptionalInt = UNSET
    can_trade: bool
    can_deposit: OptionalBool = UNSET
    can_withdraw: OptionalBool = UNSET
    dual_side_position: OptionalBool = UNSET
    update_time: OptionalInt = UNSET
    multi_assets_margin: OptionalBool = UNSET
    trade_group_id: OptionalInt = UNSET


class PositionMode(Message, frozen=True, kw_only=True, rename="camel"):
    """Hedge mode or one-way (`GET /fapi/v1/positionSide/dual`).

    ::

        {"dualSidePosition": false}
    """

    dual_side_position: bool


class MultiAssetsMode(Message, frozen=True, kw_only=True, rename="camel"):
    """Whether all assets serve as margin (`GET /fapi/v1/multiAssetsMargin`).

    ::

        {"multiAssetsMargin": false}
    """

    multi_assets_margin: bool


class CommissionRate(Message, frozen=True, kw_only=True, rename="camel"):
    """Fee rates of a symbol (`GET /fapi/v1/commissionRate`).

    ::

        {
          "symbol": "ETHUSDT", "makerCommissionRate": "0.000180", "takerCommissionRate": "0.000450",
          "rpiCommissionRate": "0.00005"
        }
    """

    symbol: str
    maker_commission_rate: str
    taker_commission_rate: str
    rpi_commission_rate: OptionalText = UNSET


class Leverage(Message, frozen=True, kw_only=True, rename="camel"):
    """The answer to a change of leverage (`POST /fapi/v1/leverage`).

    ::

        {"leverage": 7, "maxNotionalValue": "5000000", "symbol": "ETHUSDT"}
    """

    leverage: int
    max_notional_value: OptionalText = UNSET
    symbol: str


class AdlQuantile(Message, frozen=True, kw_only=True, rename="camel"):
    """How soon positions would be auto-deleveraged, 0 to 4 by side (`GET /fapi/v1/adlQuantile`).

    ::

        {"symbol": "ETHUSDT", "adlQuantile": {"LONG": 1, "SHORT": 2, "BOTH": 0}}
    """

    symbol: str
    adl_quantile: Mapping[str, int]


class AccountAsset(Message, frozen=True, kw_only=True, rename="camel"):
    """One asset inside an `AccountInformation`."""

    asset: str
    wallet_balance: str
    unrealized_profit: OptionalText = UNSET
    margin_balance: OptionalText = UNSET
    maint_margin: OptionalText = UNSET
    initial_margin: OptionalText = UNSET
    position_initial_margin: OptionalText = UNSET
    open_order_initial_margin: OptionalText = UNSET
    cross_wallet_balance: OptionalText = UNSET
    cross_un_pnl: OptionalText = UNSET
    available_balance: OptionalText = UNSET
    max_withdraw_amount: OptionalText = UNSET
    margin_available: OptionalBool = UNSET
    update_time: OptionalInt = UNSET


class AccountPosition(Message, frozen=True, kw_only=True, rename="camel"):
    """One position inside an `AccountInformation`: version 2 has leverage and entry price, version 3 the wallets."""

    symbol: str
    initial_margin: OptionalText = UNSET
    maint_margin: OptionalText = UNSET
    unrealized_profit: OptionalText = UNSET
    position_initial_margin: OptionalText = UNSET
    open_order_initial_margin: OptionalText = UNSET
    leverage: OptionalText = UNSET
    isolated: OptionalBool = UNSET
    entry_price: OptionalText = UNSET
    break_even_price: OptionalText = UNSET
    max_notional: OptionalText = UNSET
    bid_notional: OptionalText = UNSET
    ask_notional: OptionalText = UNSET
    position_side: OptionalText = UNSET
    position_amt: str
    isolated_margin: OptionalText = UNSET
    notional: OptionalText = UNSET
    isolated_wallet: OptionalText = UNSET
    update_time: OptionalInt = UNSET


class AccountInformation(Message, frozen=True, kw_only=True, rename="camel"):
    """The whole account (`GET /fapi/v3/account`, `v2/account.status`; version 2 has the settings too).

    ::

        {
          "totalInitialMargin": "45.15210000", "totalMaintMargin": "4.51521000", "totalWalletBalance": "9998.75000000",
          "totalUnrealizedProfit": "0.25800000", "totalMarginBalance": "9999.00800000",
          "totalPositionInitialMargin": "45.15210000", "totalOpenOrderInitialMargin": "0.00000000",
          "totalCrossWalletBalance": "9998.75000000", "totalCrossUnPnl": "0.25800000",
          "availableBalance": "9953.59790000", "maxWithdrawAmount": "9953.59790000",
          "assets": [
            {
              "asset": "USDT", "walletBalance": "9998.75000000", "unrealizedProfit": "0.25800000",
              "marginBalance": "9999.00800000", "maintMargin": "4.51521000", "initialMargin": "45.15210000",
              "positionInitialMargin": "45.15210000", "openOrderInitialMargin": "0.00000000",
              "crossWalletBalance": "9998.75000000", "crossUnPnl": "0.25800000", "availableBalance": "9953.59790000",
              "maxWithdrawAmount": "9953.59790000", "updateTime": 1790000002001
            }
          ],
          "positions": [
            {
              "symbol": "ETHUSDT", "initialMargin": "45.15210000", "maintMargin": "4.51521000",
              "unrealizedProfit": "0.25800000", "positionSide": "BOTH", "positionAmt": "-0.300",
              "isolatedMargin": "0.00000000", "notional": "-903.04200000", "isolatedWallet": "0",
              "updateTime": 1790000002001
            }
          ]
        }
    """

    fee_tier: OptionalInt = UNSET
    fee_burn: OptionalBool = UNSET
    can_trade: OptionalBool = UNSET
    can_deposit: OptionalBool = UNSET
    can_withdraw: OptionalBool = UNSET
    update_time: OptionalInt = UNSET
    multi_assets_margin: OptionalBool = UNSET
    trade_group_id: OptionalInt = UNSET
    total_initial_margin: OptionalText = UNSET
    total_maint_margin: OptionalText = UNSET
    total_wallet_balance: OptionalText = UNSET
    total_unrealized_profit: OptionalText = UNSET
    total_margin_balance: OptionalText = UNSET
    total_position_initial_margin: OptionalText = UNSET
    total_open_order_initial_margin: OptionalText = UNSET
    total_cross_wallet_balance: OptionalText = UNSET
    total_cross_un_pnl: OptionalText = UNSET
    available_balance: OptionalText = UNSET
    max_withdraw_amount: OptionalText = UNSET
    assets: list[AccountAsset]
    positions: list[AccountPosition]
