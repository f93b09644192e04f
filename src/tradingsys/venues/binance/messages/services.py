"""Services around an account: what it broke and is barred from, files of its history, exchanging assets."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from tradingsys.venues.binance.messages.base import Message, Number, OptionalInt, OptionalText

__all__ = [
    "ConvertAccepted",
    "ConvertPair",
    "ConvertQuote",
    "ConvertStatus",
    "Download",
    "DownloadRequested",
    "PortfolioMarginAccount",
    "TradingIndicator",
    "TradingStatus",
]


class TradingIndicator(Message, frozen=True, kw_only=True, rename="camel"):
    """One rule about behaviour inside a `TradingStatus`; rates are JSON numbers."""

    is_locked: bool
    planned_recover_time: int
    indicator: str
    """UFR unfilled, IFER expired at once, GCR cancelled, DR dusty, TMV too many violations."""
    value: Number
    trigger_value: Number


class TradingStatus(Message, frozen=True, kw_only=True, rename="camel"):
    """Rules about behaviour that the account came near or broke, by symbol (`GET /fapi/v1/apiTradingStatus`).

    ::

        {
          "indicators": {
            "ETHUSDT": [
              {
                "isLocked": true, "plannedRecoverTime": 1790000601000, "indicator": "UFR", "value": 0.05,
                "triggerValue": 0.995
              }
            ]
          },
          "updateTime": 1790000001000
        }
    """

    indicators: Mapping[str, list[TradingIndicator]]
    update_time: int


class DownloadRequested(
    Message,
    frozen=True,
    kw_only=True,
    rename={"average_ms_of_last_30d": "avgCostTimestampOfLast30d", "download_id": "downloadId"},
):
    """A file of history is being prepared (`GET /fapi/v1/income/asyn`, `order/asyn`, `trade/asyn`).

    ::

        {"avgCostTimestampOfLast30d": 7241837, "downloadId": "546975389218332672"}
    """

    average_ms_of_last_30d: int
    download_id: str


class Download(Message, frozen=True, kw_only=True, rename="camel"):
    """How far a file of history is, and where it lies (`GET /fapi/v1/income/asyn/id`, and so on).

    ::

        {
          "downloadId": "546975389218332672", "status": "completed", "url": "www.example.com/file", "notified": true,
          "expirationTimestamp": 1790086400000, "isExpired": null
        }
    """

    download_id: str
    status: str
    url: str
    notified: bool
    expiration_timestamp: int
    is_expired: str | bool | None


class PortfolioMarginAccount(
    Message,
    frozen=True,
    kw_only=True,
    rename={"max_withdraw_amount_usd": "maxWithdrawAmountUSD", "max_withdraw_amount": "maxWithdrawAmount"},
):
    """What may leave an account of portfolio margin (`GET /fapi/v1/pmAccountInfo`).

    ::

        {"maxWithdrawAmountUSD": "9953.59790000", "asset": "USDT", "maxWithdrawAmount": "9953.59790000"}
    """

    max_withdraw_amount_usd: str
    asset: str
    max_withdraw_amount: str


class ConvertPair(Message, frozen=True, kw_only=True, rename="camel"):
    """Assets that can be exchanged, and how much at once (`GET /fapi/v1/convert/exchangeInfo`).

    ::

        {
          "fromAsset": "ETH", "toAsset": "USDT", "fromAssetMinAmount": "0.004", "fromAssetMaxAmount": "500",
          "toAssetMinAmount": "20", "toAssetMaxAmount": "2500000"
        }
    """

    from_asset: str
    to_asset: str
    from_asset_min_amount: str
    from_asset_max_amount: str
    to_asset_min_amount: str
    to_asset_max_amount: str


class ConvertQuote(Message, frozen=True, kw_only=True, rename="camel"):
    """A price for exchanging assets (`POST /fapi/v1/convert/getQuote`); no id without enough money.

    ::

        {
          "quoteId": "12415572564", "ratio": "3010.2", "inverseRatio": "0.0003322", "validTimestamp": 1790000011000,
          "toAmount": "301.02", "fromAmount": "0.1"
        }
    """

    quote_id: OptionalText = UNSET
    ratio: str
    inverse_ratio: str
    valid_timestamp: int
    to_amount: str
    from_amount: str


class ConvertAccepted(Message, frozen=True, kw_only=True, rename="camel"):
    """The answer to taking a `ConvertQuote` (`POST /fapi/v1/convert/acceptQuote`).

    ::

        {"orderId": "933256278426274426", "createTime": 1790000002000, "orderStatus": "PROCESS"}
    """

    order_id: str
    create_time: int
    order_status: str


class ConvertStatus(Message, frozen=True, kw_only=True, rename="camel"):
    """How an exchange of assets ended (`GET /fapi/v1/convert/orderStatus`); the id is a number here.

    ::

        {
          "orderId": 933256278426274426, "orderStatus": "SUCCESS", "fromAsset": "ETH", "fromAmount": "0.1",
          "toAsset": "USDT", "toAmount": "301.02", "ratio": "3010.2", "inverseRatio": "0.0003322",
          "createTime": 1790000002000
        }
    """

    order_id: int | str
    order_status: str
    from_asset: str
    from_amount: str
    to_asset: str
    to_amount: str
    ratio: str
    inverse_ratio: str
    create_time: OptionalInt = UNSET
