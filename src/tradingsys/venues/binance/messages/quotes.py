"""Market data by REST: prices, trades, bars, funding."""

from __future__ import annotations

from msgspec import UNSET, Struct

from tradingsys.venues.binance.messages.base import Message, OptionalBool, OptionalInt, OptionalText

__all__ = [
    "AggTradeRow",
    "BookTickerRow",
    "FundingInfo",
    "FundingRate",
    "KlineRow",
    "OpenInterest",
    "PremiumIndex",
    "PriceTicker",
    "PublicTrade",
    "Ticker24h",
]


class KlineRow(Struct, frozen=True, array_like=True):
    """One candlestick of `GET /klines`: an array.

    ::

        [
          1789999980000, "3009.80", "3010.50", "3009.50", "3010.20", "18.250", 1790000039999, "54933.4150", 14,
          "10.125", "30476.9000", "0"
        ]
    """

    open_ms: int
    open_px: str
    high_px: str
    low_px: str
    close_px: str
    volume: str
    close_ms: int
    quote_volume: str
    trade_count: int
    buy_volume: str
    buy_quote_volume: str
    ignored: str = "0"


class AggTradeRow(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "trade_id": "a",
        "px": "p",
        "qty": "q",
        "normal_qty": "nq",
        "first_trade_id": "f",
        "last_trade_id": "l",
        "ts_event_ms": "T",
        "buyer_is_maker": "m",
        "is_best_match": "M",
    },
):
    """Trades of one taker at one price (`GET /aggTrades`); `nq` on futures, `M` on spot.

    ::

        {
          "a": 881, "p": "3010.20", "q": "0.750", "nq": "0.750", "f": 1501, "l": 1503, "T": 1790000000122, "m": false
        }
        {
          "a": 881, "p": "3010.20", "q": "0.750", "f": 1501, "l": 1503, "T": 1790000000122, "m": false, "M": true
        }
    """

    trade_id: int
    px: str
    qty: str
    normal_qty: OptionalText = UNSET
    first_trade_id: int
    last_trade_id: int
    ts_event_ms: int
    buyer_is_maker: bool
    is_best_match: OptionalBool = UNSET


class PublicTrade(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "quote_qty": "quoteQty",
        "is_buyer_maker": "isBuyerMaker",
        "is_rpi_trade": "isRPITrade",
        "is_best_match": "isBestMatch",
    },
):
    """One trade (`GET /trades`, `GET /historicalTrades`).

    ::

        {
          "id": 1501, "price": "3010.20", "qty": "0.250", "quoteQty": "752.55", "time": 1790000000122,
          "isBuyerMaker": false, "isRPITrade": false
        }
        {
          "id": 1501, "price": "3010.20", "qty": "0.250", "quoteQty": "752.55", "time": 1790000000122,
          "isBuyerMaker": false, "isBestMatch": true
        }
    """

    id: int
    price: str
    qty: str
    quote_qty: OptionalText = UNSET
    time: int
    is_buyer_maker: bool
    is_rpi_trade: OptionalBool = UNSET
    is_best_match: OptionalBool = UNSET


class BookTickerRow(Message, frozen=True, kw_only=True, rename="camel"):
    """Best bid and offer (`GET /ticker/bookTicker`, `ticker.book`).

    ::

        {
          "lastUpdateId": 7009, "symbol": "ETHUSDT", "bidPrice": "3010.10", "bidQty": "4.500", "askPrice": "3010.20",
          "askQty": "1.250", "time": 1790000000121
        }
    """

    last_update_id: OptionalInt = UNSET
    symbol: str
    pair: OptionalText = UNSET
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str
    time: OptionalInt = UNSET


class PriceTicker(Message, frozen=True, kw_only=True):
    """The last price (`GET /ticker/price`, `ticker.price`).

    ::

        {"symbol": "ETHUSDT", "price": "3010.20", "time": 1790000000122}
    """

    symbol: str
    price: str
    time: OptionalInt = UNSET


class Ticker24h(Message, frozen=True, kw_only=True, rename="camel"):
    """What happened in 24 hours (`GET /ticker/24hr`); best prices on spot only.

    ::

        {
          "symbol": "ETHUSDT", "priceChange": "-12.50", "priceChangePercent": "-0.413", "weightedAvgPrice": "3015.03",
          "lastPrice": "3010.20", "lastQty": "0.250", "openPrice": "3022.70", "highPrice": "3050.00",
          "lowPrice": "2990.10", "volume": "81234.500", "quoteVolume": "244924454.53", "openTime": 1789913600000,
          "closeTime": 1790000000122, "firstId": 1, "lastId": 1503, "count": 1503
        }
    """

    symbol: str
    pair: OptionalText = UNSET
    price_change: str
    price_change_percent: str
    weighted_avg_price: str
    prev_close_price: OptionalText = UNSET
    last_price: str
    last_qty: str
    bid_price: OptionalText = UNSET
    bid_qty: OptionalText = UNSET
    ask_price: OptionalText = UNSET
    ask_qty: OptionalText = UNSET
    open_price: str
    high_price: str
    low_price: str
    volume: str
    quote_volume: OptionalText = UNSET
    open_time: int
    close_time: int
    first_id: int
    last_id: int
    count: int


class PremiumIndex(Message, frozen=True, kw_only=True, rename="camel"):
    """Mark price and funding (`GET /fapi/v1/premiumIndex`).

    ::

        {
          "symbol": "ETHUSDT", "markPrice": "3010.14000000", "indexPrice": "3009.98000000",
          "estimatedSettlePrice": "3011.00000000", "lastFundingRate": "0.00010000", "interestRate": "0.00010000",
          "nextFundingTime": 1790006400000, "time": 1790000001000
        }
    """

    symbol: str
    mark_price: str
    index_price: OptionalText = UNSET
    estimated_settle_price: OptionalText = UNSET
    last_funding_rate: OptionalText = UNSET
    interest_rate: OptionalText = UNSET
    next_funding_time: OptionalInt = UNSET
    time: int


class FundingRate(Message, frozen=True, kw_only=True, rename="camel"):
    """What was paid at one funding (`GET /fapi/v1/fundingRate`).

    ::

        {
          "symbol": "ETHUSDT", "fundingRate": "0.00010000", "fundingTime": 1790006400000,
          "markPrice": "3010.14000000", "rateType": "Regular"
        }
    """

    symbol: str
    funding_rate: str
    funding_time: int
    mark_price: OptionalText = UNSET
    rate_type: OptionalText = UNSET


class FundingInfo(Message, frozen=True, kw_only=True, rename="camel"):
    """Bounds and frequency of funding, of symbols where they differ from the usual (`GET /fapi/v1/fundingInfo`).

    ::

        {
          "symbol": "ETHUSDT", "adjustedFundingRateCap": "0.02500000", "adjustedFundingRateFloor": "-0.02500000",
          "fundingIntervalHours": 8, "disclaimer": false
        }
    """

    symbol: str
    adjusted_funding_rate_cap: OptionalText = UNSET
    adjusted_funding_rate_floor: OptionalText = UNSET
    funding_interval_hours: int
    disclaimer: OptionalBool = UNSET


class OpenInterest(Message, frozen=True, kw_only=True, rename="camel"):
    """How much is held by all accounts together (`GET /fapi/v1/openInterest`).

    ::

        {"openInterest": "10659.509", "symbol": "ETHUSDT", "time": 1790000001000}
    """

    open_interest: str
    symbol: str
    time: int
