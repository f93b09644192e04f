"""Market streams and their REST snapshots."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import UNSET, UnsetType

from tradingsys.venues.binance.messages.base import Level, Message, OptionalBool, OptionalInt, OptionalText

__all__ = [
    "AggTrade",
    "BookTicker",
    "Combined",
    "DepthSnapshot",
    "DepthUpdate",
    "KlineBar",
    "KlineUpdate",
    "MarkPriceUpdate",
]

T = TypeVar("T")


class Combined(Message, Generic[T], frozen=True, kw_only=True):
    """The wrapper of every event of a combined connection.

    ::

        {"stream": "ethusdt@kline_1m", "data": {"e": "anything"}}
    """

    stream: str
    data: T


class DepthUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="depthUpdate",
    rename={
        "ts_sent_ms": "E",
        "ts_event_ms": "T",
        "symbol": "s",
        "first_id": "U",
        "final_id": "u",
        "previous_id": "pu",
        "bids": "b",
        "asks": "a",
        "pair": "ps",
        "symbol_type": "st",
    },
):
    """Changed levels (`@depth`), or on USDⓈ-M also the best levels (`@depth20`), which there look the same.

    Spot has neither `T`, `pu`, `ps` nor `st`; `st` is 1 for USDⓈ-M and 2 for COIN-M.

    ::

        {
          "e": "depthUpdate", "E": 1790000000123, "T": 1790000000120, "s": "ETHUSDT", "U": 7001, "u": 7009, "pu": 6998,
          "b": [["3010.10", "4.500"], ["3010.00", "0.000"]], "a": [["3010.20", "1.250"]], "ps": "ETHUSDT", "st": 1
        }
    """

    ts_sent_ms: int
    ts_event_ms: OptionalInt = UNSET
    symbol: str
    first_id: int
    final_id: int
    previous_id: OptionalInt = UNSET
    bids: list[Level]
    asks: list[Level]
    pair: OptionalText = UNSET
    symbol_type: OptionalInt = UNSET


class BookTicker(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="bookTicker",
    rename={
        "update_id": "u",
        "ts_sent_ms": "E",
        "ts_event_ms": "T",
        "symbol": "s",
        "pair": "ps",
        "bid_px": "b",
        "bid_qty": "B",
        "ask_px": "a",
        "ask_qty": "A",
        "symbol_type": "st",
    },
):
    """Best bid and offer (`@bookTicker`).

    ::

        {
          "e": "bookTicker", "u": 7009, "E": 1790000000124, "T": 1790000000121, "s": "ETHUSDT", "ps": "ETHUSDT",
          "b": "3010.10", "B": "4.500", "a": "3010.20", "A": "1.250", "st": 1
        }
    """

    update_id: int
    ts_sent_ms: OptionalInt = UNSET
    ts_event_ms: OptionalInt = UNSET
    symbol: str
    pair: OptionalText = UNSET
    bid_px: str
    bid_qty: str
    ask_px: str
    ask_qty: str
    symbol_type: OptionalInt = UNSET


class AggTrade(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="aggTrade",
    rename={
        "ts_sent_ms": "E",
        "symbol": "s",
        "trade_id": "a",
        "px": "p",
        "qty": "q",
        "normal_qty": "nq",
        "first_trade_id": "f",
        "last_trade_id": "l",
        "ts_event_ms": "T",
        "buyer_is_maker": "m",
        "symbol_type": "st",
        "ignored": "M",
    },
):
    """Trades of one taker at one price within 100 ms (`@aggTrade`); `nq` leaves out retail price improvement orders.

    Spot has neither `nq` nor `st`, and each aggregate as it happens.

    ::

        {
          "e": "aggTrade", "E": 1790000000125, "s": "ETHUSDT", "a": 881, "p": "3010.20", "q": "0.750", "nq": "0.750",
          "f": 1501, "l": 1503, "T": 1790000000122, "m": false, "st": 1
        }
        {
          "e": "aggTrade", "E": 1790000000125, "s": "ETHUSDT", "a": 881, "p": "3010.20", "q": "0.750", "f": 1501,
          "l": 1503, "T": 1790000000122, "m": false, "M": true
        }
    """

    ts_sent_ms: int
    symbol: str
    trade_id: int
    px: str
    qty: str
    normal_qty: OptionalText = UNSET
    first_trade_id: int
    last_trade_id: int
    ts_event_ms: int
    buyer_is_maker: bool
    symbol_type: OptionalInt = UNSET
    ignored: OptionalBool = UNSET
    """Spot."""


class KlineBar(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "open_ms": "t",
        "close_ms": "T",
        "symbol": "s",
        "interval": "i",
        "first_trade_id": "f",
        "last_trade_id": "L",
        "open_px": "o",
        "close_px": "c",
        "high_px": "h",
        "low_px": "l",
        "volume": "v",
        "trade_count": "n",
        "is_closed": "x",
        "quote_volume": "q",
        "buy_volume": "V",
        "buy_quote_volume": "Q",
        "ignored": "B",
    },
):
    """The candlestick inside a `KlineUpdate`; trade ids are -1 while there was no trade."""

    open_ms: int
    close_ms: int
    symbol: OptionalText = UNSET
    """Missing in a `ContinuousKline`."""
    interval: str
    first_trade_id: int
    last_trade_id: int
    open_px: str
    close_px: str
    high_px: str
    low_px: str
    volume: str
    trade_count: int
    is_closed: bool
    quote_volume: str
    buy_volume: str
    buy_quote_volume: str
    ignored: OptionalText = UNSET


class KlineUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="kline",
    rename={"ts_sent_ms": "E", "symbol": "s", "bar": "k"},
):
    """A candlestick as it grows (`@kline_1m`); the interval `1m` is a minute, `1M` a month.

    ::

        {
          "e": "kline", "E": 1790000000126, "s": "ETHUSDT",
          "k": {
            "t": 1789999980000, "T": 1790000039999, "s": "ETHUSDT", "i": "1m", "f": 1490, "L": 1503,
            "o": "3009.80", "c": "3010.20", "h": "3010.50", "l": "3009.50", "v": "18.250", "n": 14, "x": false,
            "q": "54933.4150", "V": "10.125", "Q": "30476.9000", "B": "0"
          }
        }
    """

    ts_sent_ms: int
    symbol: str
    bar: KlineBar


class MarkPriceUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="markPriceUpdate",
    rename={
        "ts_sent_ms": "E",
        "symbol": "s",
        "mark_px": "p",
        "moving_average_px": "ap",
        "index_px": "i",
        "settle_px": "P",
        "funding_rate": "r",
        "next_funding_ms": "T",
        "symbol_type": "st",
    },
):
    """Mark price and funding (`@markPrice`, `@markPrice@1s`).

    ::

        {
          "e": "markPriceUpdate", "E": 1790000001000, "s": "ETHUSDT", "p": "3010.14000000", "ap": "3010.02000000",
          "i": "3009.98000000", "P": "3011.00000000", "r": "0.00010000", "T": 1790006400000, "st": 1
        }
    """

    ts_sent_ms: int
    symbol: str
    mark_px: str
    moving_average_px: OptionalText = UNSET
    index_px: OptionalText = UNSET
    settle_px: OptionalText = UNSET
    funding_rate: OptionalText = UNSET
    next_funding_ms: OptionalInt = UNSET
    symbol_type: OptionalInt = UNSET


class DepthSnapshot(
    Message,
    frozen=True,
    kw_only=True,
    rename={"last_update_id": "lastUpdateId", "ts_sent_ms": "E", "ts_event_ms": "T"},
):
    """The book by REST (`GET /depth`); on spot without `E` and `T`, there also the payload of `@depth20`.

    ::

        {
          "lastUpdateId": 7005, "E": 1790000000130, "T": 1790000000119,
          "bids": [["3010.10", "4.000"]], "asks": [["3010.20", "2.000"], ["3010.30", "0.500"]]
        }
    """

    last_update_id: int
    ts_sent_ms: int | UnsetType = UNSET
    ts_event_ms: int | UnsetType = UNSET
    bids: list[Level]
    asks: list[Level]
