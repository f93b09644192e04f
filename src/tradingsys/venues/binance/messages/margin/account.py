"""The cross-margin account: what it owns and owes, loans, interest, and how its events are asked for."""

from __future__ import annotations

from msgspec import UNSET

from tradingsys.venues.binance.messages.base import Message, OptionalBool, OptionalText
from tradingsys.venues.binance.messages.user import ListenKeyExpired

__all__ = [
    "Account",
    "BorrowRepay",
    "BorrowRepayRow",
    "BorrowRepayRows",
    "Borrowable",
    "InterestRow",
    "InterestRows",
    "LiabilityChange",
    "ListenToken",
    "MarginLevelStatusChange",
    "RiskEvent",
    "TradeCoefficients",
    "Transferable",
    "UserAsset",
]


class UserAsset(Message, frozen=True, kw_only=True, rename="camel"):
    """One asset inside an `Account`; ``netAsset`` is free + locked - borrowed - interest."""

    asset: str
    borrowed: str
    free: str
    interest: str
    locked: str
    net_asset: str


class Account(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "borrow_enabled": "borrowEnabled",
        "margin_level": "marginLevel",
        "collateral_margin_level": "collateralMarginLevel",
        "total_asset_of_btc": "totalAssetOfBtc",
        "total_liability_of_btc": "totalLiabilityOfBtc",
        "total_net_asset_of_btc": "totalNetAssetOfBtc",
        "total_collateral_value_in_usdt": "TotalCollateralValueInUSDT",
        "total_open_order_loss_in_usdt": "totalOpenOrderLossInUSDT",
        "trade_enabled": "tradeEnabled",
        "transfer_in_enabled": "transferInEnabled",
        "transfer_out_enabled": "transferOutEnabled",
        "account_type": "accountType",
        "user_assets": "userAssets",
    },
):
    """The whole account (`GET /sapi/v1/margin/account`); one key of it begins with a capital.

    ::

        {
          "created": true, "borrowEnabled": true, "marginLevel": "11.64405625", "collateralMarginLevel": "3.2",
          "totalAssetOfBtc": "6.82728457", "totalLiabilityOfBtc": "0.58633215", "totalNetAssetOfBtc": "6.24095242",
          "TotalCollateralValueInUSDT": "5.82728457", "totalOpenOrderLossInUSDT": "582.728457",
          "tradeEnabled": true, "transferInEnabled": true, "transferOutEnabled": true, "accountType": "MARGIN_1",
          "userAssets": [
            {
              "asset": "ETH", "borrowed": "1.00000000", "free": "1.50000000", "interest": "0.00010000",
              "locked": "0.50000000", "netAsset": "0.99990000"
            }
          ]
        }
    """

    created: OptionalBool = UNSET
    borrow_enabled: OptionalBool = UNSET
    margin_level: str
    collateral_margin_level: OptionalText = UNSET
    total_asset_of_btc: str
    total_liability_of_btc: str
    total_net_asset_of_btc: str
    total_collateral_value_in_usdt: OptionalText = UNSET
    total_open_order_loss_in_usdt: OptionalText = UNSET
    trade_enabled: bool
    transfer_in_enabled: OptionalBool = UNSET
    transfer_out_enabled: OptionalBool = UNSET
    account_type: OptionalText = UNSET
    user_assets: list[UserAsset]


class TradeCoefficients(Message, frozen=True, kw_only=True, rename="camel"):
    """The margin levels that mean something (`GET /sapi/v1/margin/tradeCoeff`).

    ::

        {"normalBar": "1.5", "marginCallBar": "1.3", "forceLiquidationBar": "1.1"}
    """

    normal_bar: str
    margin_call_bar: str
    force_liquidation_bar: str


class BorrowRepay(Message, frozen=True, kw_only=True, rename="camel"):
    """The answer to borrowing and to paying back (`POST /sapi/v1/margin/borrow-repay`).

    ::

        {"tranId": 100000001}
    """

    tran_id: int


class BorrowRepayRow(Message, frozen=True, kw_only=True, rename="camel"):
    """One loan or repayment inside `BorrowRepayRows`; interest and principal of repayments only."""

    type: str
    """AUTO or MANUAL."""
    isolated_symbol: OptionalText = UNSET
    amount: str
    asset: str
    interest: OptionalText = UNSET
    principal: str
    status: str
    """PENDING, CONFIRMED, FAILED."""
    timestamp: int
    tx_id: int


class BorrowRepayRows(Message, frozen=True, kw_only=True):
    """Loans and repayments (`GET /sapi/v1/margin/borrow-repay`).

    ::

        {
          "rows": [
            {
              "type": "MANUAL", "amount": "1.00020000", "asset": "ETH", "interest": "0.00020000",
              "principal": "1.00000000", "status": "CONFIRMED", "timestamp": 1790000002001, "txId": 2970933056
            }
          ],
          "total": 1
        }
    """

    rows: list[BorrowRepayRow]
    total: int


class InterestRow(Message, frozen=True, kw_only=True, rename="camel"):
    """One charge of interest inside `InterestRows`; paid in ``asset``, owed for ``rawAsset``."""

    tx_id: int
    interest_accured_time: int
    """The exchange's own spelling."""
    asset: str
    raw_asset: OptionalText = UNSET
    principal: str
    interest: str
    interest_rate: str
    type: str
    """ON_BORROW, PERIODIC, and both with _CONVERTED when paid in BNB; PORTFOLIO of another kind of account."""
    isolated_symbol: OptionalText = UNSET


class InterestRows(Message, frozen=True, kw_only=True):
    """Interest that was charged (`GET /sapi/v1/margin/interestHistory`).

    ::

        {
          "rows": [
            {
              "txId": 1352286576452864727, "interestAccuredTime": 1790000000000, "asset": "USDT",
              "rawAsset": "USDT", "principal": "45.3313", "interest": "0.00024995", "interestRate": "0.00013233",
              "type": "ON_BORROW"
            }
          ],
          "total": 1
        }
    """

    rows: list[InterestRow]
    total: int


class Borrowable(Message, frozen=True, kw_only=True, rename="camel"):
    """How much more can be borrowed, and how much at all (`GET /sapi/v1/margin/maxBorrowable`).

    ::

        {"amount": "1.69248805", "borrowLimit": "60"}
    """

    amount: str
    borrow_limit: str


class Transferable(Message, frozen=True, kw_only=True):
    """How much can be taken out of the account (`GET /sapi/v1/margin/maxTransferable`).

    ::

        {"amount": "3.59498107"}
    """

    amount: str


class ListenToken(Message, frozen=True, kw_only=True, rename="camel"):
    """What the account's events are subscribed with, and until when (`POST /sapi/v1/userListenToken`).

    From https://developers.binance.com/docs/margin_trading/trade-data-stream/Listen-Token-Websocket-API.

    ::

        {"token": "not-a-real-token", "expirationTime": 1790086400000}
    """

    token: str
    expiration_time: int


class MarginLevelStatusChange(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="MARGIN_LEVEL_STATUS_CHANGE",
    rename={"ts_sent_ms": "E", "level": "l", "status": "s"},
):
    """The account's level means something else now (risk stream).

    ::

        {"e": "MARGIN_LEVEL_STATUS_CHANGE", "E": 1790000002001, "l": "1.29", "s": "MARGIN_LEVEL_2"}
    """

    ts_sent_ms: int
    level: str
    status: str


class LiabilityChange(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="USER_LIABILITY_CHANGE",
    rename={"ts_sent_ms": "E", "asset": "a", "kind": "t", "principal": "p", "interest": "i"},
):
    """Something was borrowed, paid back, or charged as interest (risk stream).

    ::

        {
          "e": "USER_LIABILITY_CHANGE", "E": 1790000002001, "a": "ETH", "t": "BORROW", "p": "1.00000000", "i": "0"
        }
    """

    ts_sent_ms: int
    asset: str
    kind: str
    principal: OptionalText = UNSET
    interest: OptionalText = UNSET


RiskEvent = MarginLevelStatusChange | LiabilityChange | ListenKeyExpired
