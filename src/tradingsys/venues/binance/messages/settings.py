"""What an account has set, may do, paid and got."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from tradingsys.venues.binance.messages.base import Message, Number, OptionalBool, OptionalInt, OptionalText

__all__ = [
    "ApiRestrictions",
    "Bracket",
    "CountdownCancelAll",
    "Done",
    "FeeBurn",
    "IncomeRow",
    "LeverageBrackets",
    "PositionMarginAdjusted",
    "PositionMarginChange",
    "SymbolConfig",
]


class Done(Message, frozen=True, kw_only=True):
    """The answer of calls that have nothing to tell (`POST /marginType`, `DELETE /allOpenOrders`, …).

    ::

        {"code": 200, "msg": "success"}
    """

    code: int
    msg: str


class SymbolConfig(Message, frozen=True, kw_only=True, rename="camel"):
    """What the account has set for a symbol (`GET /fapi/v1/symbolConfig`).

    ::

        {
          "symbol": "ETHUSDT", "marginType": "CROSSED", "isAutoAddMargin": false, "leverage": 7,
          "maxNotionalValue": "5000000"
        }
    """

    symbol: str
    margin_type: str
    """CROSSED or ISOLATED."""
    is_auto_add_margin: bool | str | UnsetType = UNSET
    leverage: int
    max_notional_value: OptionalText = UNSET


class Bracket(Message, frozen=True, kw_only=True, rename="camel"):
    """One step of `LeverageBrackets`: notional from floor to cap allows this leverage."""

    bracket: int
    initial_leverage: int
    notional_cap: Number
    notional_floor: Number
    maint_margin_ratio: Number
    cum: Number


class LeverageBrackets(Message, frozen=True, kw_only=True, rename="camel"):
    """How much may be held at which leverage (`GET /fapi/v1/leverageBracket`); JSON numbers here, not text.

    ::

        {
          "symbol": "ETHUSDT", "notionalCoef": 1.5,
          "brackets": [
            {
              "bracket": 1, "initialLeverage": 75, "notionalCap": 10000, "notionalFloor": 0,
              "maintMarginRatio": 0.0065, "cum": 0
            }
          ]
        }
    """

    symbol: str
    notional_coef: int | float | UnsetType = UNSET
    """Only where the account's brackets differ from the usual ones."""
    brackets: list[Bracket]


class FeeBurn(Message, frozen=True, kw_only=True, rename="camel"):
    """Whether fees are paid in BNB (`GET /fapi/v1/feeBurn`).

    ::

        {"feeBurn": true}
    """

    fee_burn: bool


class CountdownCancelAll(Message, frozen=True, kw_only=True, rename="camel"):
    """The answer to arming the dead man's switch of a symbol (`POST /fapi/v1/countdownCancelAll`), 0 for disarming.

    ::

        {"symbol": "ETHUSDT", "countdownTime": "100000"}
    """

    symbol: str
    countdown_time: str | int


class IncomeRow(Message, frozen=True, kw_only=True, rename="camel"):
    """Money that moved (`GET /fapi/v1/income`); ``tranId`` is unique within its type.

    ::

        {
          "symbol": "ETHUSDT", "incomeType": "FUNDING_FEE", "income": "-0.09030420", "asset": "USDT",
          "info": "FUNDING_FEE", "time": 1790006400000, "tranId": 9700001, "tradeId": ""
        }
    """

    symbol: str | UnsetType | None = UNSET
    income_type: str
    income: str
    asset: str
    info: OptionalText = UNSET
    time: int
    tran_id: int | str
    trade_id: OptionalText = UNSET


class PositionMarginAdjusted(Message, frozen=True, kw_only=True):
    """The answer to changing the margin of an isolated position (`POST /fapi/v1/positionMargin`).

    ::

        {"amount": 100, "code": 200, "msg": "Successfully modify position margin.", "type": 1}
    """

    amount: Number
    code: int
    msg: str
    type: int
    """1 added, 2 taken away."""


class PositionMarginChange(Message, frozen=True, kw_only=True, rename="camel"):
    """One change of an isolated position's margin (`GET /fapi/v1/positionMargin/history`).

    ::

        {
          "symbol": "ETHUSDT", "type": 1, "deltaType": "USER_ADJUST", "amount": "23.36332311", "asset": "USDT",
          "time": 1790000003000, "positionSide": "BOTH"
        }
    """

    symbol: str
    type: int
    delta_type: OptionalText = UNSET
    amount: str
    asset: str
    time: int
    position_side: OptionalText = UNSET


class ApiRestrictions(Message, frozen=True, kw_only=True, rename="camel"):
    """What an API key may do (`GET /sapi/v1/account/apiRestrictions`, of the spot host: futures have no such call).

    From https://developers.binance.com/docs/wallet/account/api-key-permission.

    ::

        {
          "ipRestrict": true, "createTime": 1790000000000, "enableReading": true, "enableWithdrawals": false,
          "enableInternalTransfer": false, "enableMargin": false, "enableFutures": true,
          "permitsUniversalTransfer": false, "enableVanillaOptions": false, "enableFixApiTrade": false,
          "enableFixReadOnly": false, "enableSpotAndMarginTrading": false, "enablePortfolioMarginTrading": false
        }
    """

    ip_restrict: bool
    create_time: OptionalInt = UNSET
    enable_reading: OptionalBool = UNSET
    enable_withdrawals: bool
    enable_internal_transfer: OptionalBool = UNSET
    enable_margin: OptionalBool = UNSET
    enable_futures: OptionalBool = UNSET
    permits_universal_transfer: OptionalBool = UNSET
    enable_vanilla_options: OptionalBool = UNSET
    enable_fix_api_trade: OptionalBool = UNSET
    enable_fix_read_only: OptionalBool = UNSET
    enable_spot_and_margin_trading: OptionalBool = UNSET
    enable_portfolio_margin_trading: OptionalBool = UNSET
