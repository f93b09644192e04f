"""Everything else around margin that is neither spoken by the gateway nor by the simulator."""

from __future__ import annotations

from msgspec import UNSET

from tradingsys.venues.binance.messages.base import Message, Number, OptionalBool, OptionalText

__all__ = [
    "BnbBurn",
    "CapitalFlow",
    "Changed",
    "DebtSale",
    "DebtSaleRow",
    "DebtSaleRows",
    "ForcedRow",
    "ForcedRows",
    "IsolatedAccount",
    "IsolatedAsset",
    "IsolatedLimit",
    "IsolatedPair",
    "LiquidationLoan",
    "LoanRepaid",
    "LoanRepayments",
    "SpecialKey",
    "SpecialKeyCreated",
    "TransferRow",
    "TransferRows",
]


class Changed(Message, frozen=True, kw_only=True):
    """Whether a setting was changed (`POST /sapi/v1/margin/max-leverage`, isolated accounts).

    ::

        {"success": true}
        {"success": true, "symbol": "ETHUSDT"}
    """

    success: bool
    symbol: OptionalText = UNSET


class BnbBurn(
    Message,
    frozen=True,
    kw_only=True,
    rename={"spot_bnb_burn": "spotBNBBurn", "interest_bnb_burn": "interestBNBBurn"},
):
    """Whether fees and interest are paid in BNB (`GET /sapi/v1/bnbBurn`).

    ::

        {"spotBNBBurn": true, "interestBNBBurn": false}
    """

    spot_bnb_burn: bool
    interest_bnb_burn: bool


class CapitalFlow(Message, frozen=True, kw_only=True, rename="camel"):
    """One movement of an asset (`GET /sapi/v1/margin/capital-flow`).

    ::

        {
          "id": 123456, "tranId": 123123, "timestamp": 1790000002001, "asset": "USDT", "symbol": "ETHUSDT",
          "type": "BORROW", "amount": "101"
        }
    """

    id: int
    tran_id: int
    timestamp: int
    asset: str
    symbol: OptionalText = UNSET
    type: str
    amount: str
    note: OptionalText = UNSET


class TransferRow(Message, frozen=True, kw_only=True, rename="camel"):
    """One transfer inside `TransferRows`."""

    amount: str
    asset: str
    status: str
    timestamp: int
    tx_id: int
    type: str
    trans_from: OptionalText = UNSET
    trans_to: OptionalText = UNSET
    from_symbol: OptionalText = UNSET
    to_symbol: OptionalText = UNSET


class TransferRows(Message, frozen=True, kw_only=True):
    """Transfers to and from the account (`GET /sapi/v1/margin/transfer`).

    ::

        {
          "rows": [
            {
              "amount": "0.10000000", "asset": "ETH", "status": "CONFIRMED", "timestamp": 1790000002,
              "txId": 5240372201, "type": "ROLL_IN"
            }
          ],
          "total": 1
        }
    """

    rows: list[TransferRow]
    total: int


class IsolatedAsset(Message, frozen=True, kw_only=True, rename="camel"):
    """One asset inside an `IsolatedPair`."""

    asset: str
    borrow_enabled: bool
    borrowed: str
    free: str
    interest: str
    locked: str
    net_asset: str
    net_asset_of_btc: str
    repay_enabled: bool
    total_asset: str


class IsolatedPair(Message, frozen=True, kw_only=True, rename="camel"):
    """One pair inside an `IsolatedAccount`."""

    base_asset: IsolatedAsset
    quote_asset: IsolatedAsset
    symbol: str
    isolated_created: bool
    enabled: bool
    margin_level: str
    margin_level_status: str
    margin_ratio: str
    index_price: str
    liquidate_price: str
    liquidate_rate: str
    trade_enabled: bool


class IsolatedAccount(Message, frozen=True, kw_only=True, rename="camel"):
    """Isolated margin by pair (`GET /sapi/v1/margin/isolated/account`).

    ::

        {"assets": [], "totalAssetOfBtc": "0.0", "totalLiabilityOfBtc": "0.0", "totalNetAssetOfBtc": "0.0"}
    """

    assets: list[IsolatedPair]
    total_asset_of_btc: OptionalText = UNSET
    total_liability_of_btc: OptionalText = UNSET
    total_net_asset_of_btc: OptionalText = UNSET


class IsolatedLimit(Message, frozen=True, kw_only=True, rename="camel"):
    """How many isolated pairs there are and may be (`GET /sapi/v1/margin/isolated/accountLimit`).

    ::

        {"enabledAccount": 5, "maxAccount": 20}
    """

    enabled_account: int
    max_account: int


class SpecialKeyCreated(Message, frozen=True, kw_only=True, rename="camel"):
    """A key that trades on margin only, and its secret (`POST /sapi/v1/margin/apiKey`).

    ::

        {"apiKey": "not-a-real-key", "secretKey": "not-a-real-secret", "type": "HMAC_SHA256"}
    """

    api_key: str
    secret_key: str | None = None
    type: str


class SpecialKey(Message, frozen=True, kw_only=True, rename="camel"):
    """A key that trades on margin only (`GET /sapi/v1/margin/apiKey`, `GET /sapi/v1/margin/api-key-list`).

    ::

        {"apiName": "mine", "apiKey": "not-a-real-key", "ip": "192.0.2.1", "type": "RSA", "permissionMode": "TRADE"}
    """

    api_name: str
    api_key: str
    ip: str
    type: str
    permission_mode: str


class ForcedRow(Message, frozen=True, kw_only=True, rename="camel"):
    """One order inside `ForcedRows`."""

    avg_price: str
    executed_qty: str
    order_id: int
    price: str
    qty: str
    side: str
    symbol: str
    time_in_force: str
    is_isolated: OptionalBool = UNSET
    updated_time: int


class ForcedRows(Message, frozen=True, kw_only=True):
    """Orders by which the exchange liquidated the account (`GET /sapi/v1/margin/forceLiquidationRec`).

    ::

        {
          "rows": [
            {
              "avgPrice": "0.00388359", "executedQty": "31.39000000", "orderId": 180015097, "price": "0.00388110",
              "qty": "31.39000000", "side": "SELL", "symbol": "ETHBTC", "timeInForce": "GTC", "isIsolated": true,
              "updatedTime": 1790000002001
            }
          ],
          "total": 1
        }
    """

    rows: list[ForcedRow]
    total: int


class DebtSale(Message, frozen=True, kw_only=True, rename="camel"):
    """A debt that is, or can be, paid by selling (`GET …/exchange-small-liability`, `POST …/manual-liquidation`).

    ::

        {
          "asset": "ETH", "interest": "0.00083334", "principal": "0.001", "liabilityAsset": "USDT",
          "liabilityQty": 0.3552
        }
    """

    asset: str
    interest: str
    principal: str
    liability_asset: str
    liability_qty: Number


class DebtSaleRow(Message, frozen=True, kw_only=True, rename="camel"):
    """One small debt inside `DebtSaleRows`."""

    asset: str
    amount: str
    target_asset: str
    target_amount: str
    biz_type: str
    timestamp: int


class DebtSaleRows(Message, frozen=True, kw_only=True):
    """Small debts that were paid by selling (`GET /sapi/v1/margin/exchange-small-liability-history`).

    ::

        {
          "total": 1,
          "rows": [
            {
              "asset": "ETH", "amount": "0.00083434", "targetAsset": "USDT", "targetAmount": "1.37576819",
              "bizType": "EXCHANGE_SMALL_LIABILITY", "timestamp": 1790000002001
            }
          ]
        }
    """

    total: int
    rows: list[DebtSaleRow]


class LiquidationLoan(Message, frozen=True, kw_only=True, rename="camel"):
    """What a liquidation left owing (`GET /sapi/v1/margin/liquidation-loan`).

    ::

        {"asset": "USDC", "amount": "1000.00", "repaidAmount": "300.00", "remainingAmount": "700.00"}
    """

    asset: str
    amount: str
    repaid_amount: str
    remaining_amount: str


class LoanRepaid(Message, frozen=True, kw_only=True, rename="camel"):
    """A repayment of that (`POST /sapi/v1/margin/liquidation-loan/repay`).

    ::

        {
          "repayId": 12345678, "asset": "USDC", "amount": "300.00", "status": "SUCCESS",
          "createTime": 1790000002001
        }
    """

    repay_id: int
    asset: str
    amount: str
    status: str
    create_time: int


class LoanRepayments(Message, frozen=True, kw_only=True):
    """All repayments of that (`GET /sapi/v1/margin/liquidation-loan/repay-history`).

    ::

        {
          "total": 1,
          "rows": [
            {
              "repayId": 12345678, "asset": "USDC", "amount": "300.00", "status": "SUCCESS",
              "createTime": 1790000002001
            }
          ]
        }
    """

    total: int
    rows: list[LoanRepaid]
