"""Market data of spot that other products do not have, or have otherwise."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from tradingsys.venues.binance.messages.base import Message, OptionalInt, OptionalText

__all__ = [
    "AveragePrice",
    "AveragePriceUpdate",
    "BlockTrade",
    "BlockTradeRow",
    "BookTicker",
    "ExecutionRule",
    "ExecutionRules",
    "ReferencePrice",
    "ReferencePriceCalculation",
    "ReferencePriceUpdate",
    "RollingTicker",
    "RulesOfSymbol",
    "WindowTicker",
]


class BookTicker(
    Message,
    frozen=True,
    kw_only=True,
    rename={"update_id": "u", "symbol": "s", "bid_px": "b", "bid_qty": "B", "ask_px": "a", "ask_qty": "A"},
):
    """Best bid and offer (`@bookTicker`): no name of the event, and no time.

    ::

        {"u": 7009, "s": "ETHUSDT", "b": "3010.10", "B": "4.500", "a": "3010.20", "A": "1.250"}
    """

    update_id: int
    symbol: str
    bid_px: str
    bid_qty: str
    ask_px: str
    ask_qty: str


class BlockTrade(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="blockTrade",
    rename={
        "ts_sent_ms": "E",
        "symbol": "s",
        "trade_id": "t",
        "px": "p",
        "qty": "q",
        "ts_event_ms": "T",
        "buyer_is_maker": "m",
    },
):
    """A large trade that was agreed upon outside of the book (`@blockTrade`).

    ::

        {
          "e": "blockTrade", "E": 1790000000125, "s": "ETHUSDT", "t": 582, "p": "3010.20", "q": "5838",
          "T": 1790000000122, "m": true
        }
    """

    ts_sent_ms: int
    symbol: str
    trade_id: int
    px: str
    qty: str
    ts_event_ms: int
    buyer_is_maker: bool


class BlockTradeRow(
    Message, frozen=True, kw_only=True, rename={"quote_qty": "quoteQty", "is_buyer_maker": "isBuyerMaker"}
):
    """A large trade of the past (`GET /api/v3/historicalBlockTrades`).

    ::

        {
          "id": 582, "price": "3010.20", "qty": "5838", "quoteQty": "17573547.6", "time": 1790000000122,
          "isBuyerMaker": true
        }
    """

    id: int
    price: str
    qty: str
    quote_qty: str
    time: int
    is_buyer_maker: bool


class WindowTicker(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "event": "e",
        "ts_sent_ms": "E",
        "symbol": "s",
        "px_change": "p",
        "px_change_percent": "P",
        "open_px": "o",
        "high_px": "h",
        "low_px": "l",
        "last_px": "c",
        "avg_px": "w",
        "volume": "v",
        "quote_volume": "q",
        "open_ms": "O",
        "close_ms": "C",
        "first_trade_id": "F",
        "last_trade_id": "L",
        "trade_count": "n",
    },
):
    """What happened in a window of time (`@ticker_1h`, `!ticker_4h@arr`): the event is called after the window.

    ::

        {
          "e": "1hTicker", "E": 1790000001000, "s": "ETHUSDT", "p": "-12.50", "P": "-0.413", "o": "3022.70",
          "h": "3050.00", "l": "2990.10", "c": "3010.20", "w": "3015.03", "v": "81234.500", "q": "244924454.53",
          "O": 1789996400000, "C": 1790000000122, "F": 1, "L": 1503, "n": 1503
        }
    """

    event: str
    ts_sent_ms: int
    symbol: str
    px_change: str
    px_change_percent: str
    open_px: str
    high_px: str
    low_px: str
    last_px: str
    avg_px: str
    volume: str
    quote_volume: str
    open_ms: int
    close_ms: int
    first_trade_id: int
    last_trade_id: int
    trade_count: int


class RollingTicker(Message, frozen=True, kw_only=True, rename="camel"):
    """What happened in a window or since midnight (`GET /api/v3/ticker`, `GET /api/v3/ticker/tradingDay`).

    The short form (``type=MINI``) leaves out changes and average.

    ::

        {
          "symbol": "ETHUSDT", "priceChange": "-12.50", "priceChangePercent": "-0.413",
          "weightedAvgPrice": "3015.03", "openPrice": "3022.70", "highPrice": "3050.00", "lowPrice": "2990.10",
          "lastPrice": "3010.20", "volume": "81234.500", "quoteVolume": "244924454.53", "openTime": 1789996400000,
          "closeTime": 1790000000122, "firstId": 1, "lastId": 1503, "count": 1503
        }
    """

    symbol: str
    price_change: OptionalText = UNSET
    price_change_percent: OptionalText = UNSET
    weighted_avg_price: OptionalText = UNSET
    open_price: str
    high_price: str
    low_price: str
    last_price: str
    volume: str
    quote_volume: str
    open_time: int
    close_time: int
    first_id: int
    last_id: int
    count: int


class AveragePrice(Message, frozen=True, kw_only=True, rename="camel"):
    """The average price of some minutes (`GET /api/v3/avgPrice`).

    ::

        {"mins": 5, "price": "3010.20000000", "closeTime": 1790000000122}
    """

    mins: int
    price: str
    close_time: int


class AveragePriceUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="avgPrice",
    rename={"ts_sent_ms": "E", "symbol": "s", "interval": "i", "price": "w", "last_trade_ms": "T"},
):
    """The average price of some minutes (`@avgPrice`).

    ::

        {
          "e": "avgPrice", "E": 1790000001000, "s": "ETHUSDT", "i": "5m", "w": "3010.20000000", "T": 1790000000122
        }
    """

    ts_sent_ms: int
    symbol: str
    interval: str
    price: str
    last_trade_ms: int


class ReferencePrice(Message, frozen=True, kw_only=True, rename="camel"):
    """What the price rules of a symbol are measured with, when it has that (`GET /api/v3/referencePrice`).

    ::

        {"symbol": "ETHUSDT", "referencePrice": "3010.20", "timestamp": 1790000001000}
    """

    symbol: str
    reference_price: str | None
    timestamp: int


class ReferencePriceCalculation(Message, frozen=True, kw_only=True, rename="camel"):
    """How a reference price comes about (`GET /api/v3/referencePrice/calculation`).

    ::

        {"symbol": "ETHUSDT", "calculationType": "ARITHMETIC_MEAN", "bucketCount": 10, "bucketWidthMs": 1000}
        {"symbol": "ETHUSDT", "calculationType": "EXTERNAL", "externalCalculationId": 42}
    """

    symbol: str
    calculation_type: str
    bucket_count: OptionalInt = UNSET
    bucket_width_ms: OptionalInt = UNSET
    external_calculation_id: OptionalInt = UNSET


class ReferencePriceUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="referencePrice",
    rename={"symbol": "s", "price": "r", "ts_event_ms": "t"},
):
    """A new reference price, or none any more (`@referencePrice`).

    ::

        {"e": "referencePrice", "s": "ETHUSDT", "r": "3010.20", "t": 1790000001000}
        {"e": "referencePrice", "s": "ETHUSDT", "r": null, "t": 1790000002000}
    """

    symbol: str
    price: str | None
    ts_event_ms: int


class ExecutionRule(Message, frozen=True, kw_only=True, rename="camel"):
    """How far from the reference price an order may execute, inside `ExecutionRules`."""

    rule_type: str
    bid_limit_mult_up: OptionalText = UNSET
    bid_limit_mult_down: OptionalText = UNSET
    ask_limit_mult_up: OptionalText = UNSET
    ask_limit_mult_down: OptionalText = UNSET


class RulesOfSymbol(Message, frozen=True, kw_only=True):
    """The rules of one symbol inside `ExecutionRules`."""

    symbol: str
    rules: list[ExecutionRule] | UnsetType = UNSET


class ExecutionRules(Message, frozen=True, kw_only=True, rename="camel"):
    """Rules that end an order while it executes (`GET /api/v3/executionRules`).

    ::

        {
          "symbolRules": [
            {
              "symbol": "ETHUSDT",
              "rules": [
                {
                  "ruleType": "PRICE_RANGE", "bidLimitMultUp": "1.05", "bidLimitMultDown": "0.95",
                  "askLimitMultUp": "1.05", "askLimitMultDown": "0.95"
                }
              ]
            }
          ]
        }
    """

    symbol_rules: list[RulesOfSymbol]
