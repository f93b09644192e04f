"""Indices: what assets are worth as margin, and what composite indices are made of."""

from __future__ import annotations

from tradingsys.venues.binance.messages.base import Message

__all__ = [
    "AssetIndex",
    "AssetIndexUpdate",
    "CompositeIndex",
    "CompositeIndexInfo",
    "CompositeIndexPart",
    "IndexComponent",
]


class CompositeIndexPart(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "base_asset": "b",
        "quote_asset": "q",
        "weight_in_quantity": "w",
        "weight_in_percentage": "W",
        "index_px": "i",
    },
):
    """One part of a `CompositeIndex`."""

    base_asset: str
    quote_asset: str
    weight_in_quantity: str
    weight_in_percentage: str
    index_px: str


class CompositeIndex(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="compositeIndex",
    rename={"ts_sent_ms": "E", "symbol": "s", "px": "p", "component": "C", "parts": "c"},
):
    """A composite index and its parts (`@compositeIndex`).

    ::

        {
          "e": "compositeIndex", "E": 1790000001000, "s": "DEFIUSDT", "p": "554.41604065", "C": "baseAsset",
          "c": [{"b": "BAL", "q": "USDT", "w": "1.04884844", "W": "0.01457800", "i": "24.33521021"}]
        }
    """

    ts_sent_ms: int
    symbol: str
    px: str
    component: str
    parts: list[CompositeIndexPart]


class AssetIndexUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="assetIndexUpdate",
    rename={
        "ts_sent_ms": "E",
        "symbol": "s",
        "index": "i",
        "bid_buffer": "b",
        "ask_buffer": "a",
        "bid_rate": "B",
        "ask_rate": "A",
        "auto_exchange_bid_buffer": "q",
        "auto_exchange_ask_buffer": "g",
        "auto_exchange_bid_rate": "Q",
        "auto_exchange_ask_rate": "G",
    },
):
    """What an asset is worth as margin (`!assetIndex@arr`, `@assetIndex`).

    ::

        {
          "e": "assetIndexUpdate", "E": 1790000001000, "s": "ADAUSD", "i": "0.27462452", "b": "0.10000000",
          "a": "0.10000000", "B": "0.24716207", "A": "0.30208698", "q": "0.05000000", "g": "0.05000000",
          "Q": "0.26089330", "G": "0.28835575"
        }
    """

    ts_sent_ms: int
    symbol: str
    index: str
    bid_buffer: str
    ask_buffer: str
    bid_rate: str
    ask_rate: str
    auto_exchange_bid_buffer: str
    auto_exchange_ask_buffer: str
    auto_exchange_bid_rate: str
    auto_exchange_ask_rate: str


class AssetIndex(Message, frozen=True, kw_only=True, rename="camel"):
    """What an asset is worth as margin in multi-assets mode (`GET /fapi/v1/assetIndex`).

    ::

        {
          "symbol": "ADAUSD", "time": 1790000001000, "index": "0.27462452", "bidBuffer": "0.10000000",
          "askBuffer": "0.10000000", "bidRate": "0.24716207", "askRate": "0.30208698",
          "autoExchangeBidBuffer": "0.05000000", "autoExchangeAskBuffer": "0.05000000",
          "autoExchangeBidRate": "0.26089330", "autoExchangeAskRate": "0.28835575"
        }
    """

    symbol: str
    time: int
    index: str
    bid_buffer: str
    ask_buffer: str
    bid_rate: str
    ask_rate: str
    auto_exchange_bid_buffer: str
    auto_exchange_ask_buffer: str
    auto_exchange_bid_rate: str
    auto_exchange_ask_rate: str


class IndexComponent(Message, frozen=True, kw_only=True, rename="camel"):
    """One part of a `CompositeIndexInfo`."""

    base_asset: str
    quote_asset: str
    weight_in_quantity: str
    weight_in_percentage: str


class CompositeIndexInfo(Message, frozen=True, kw_only=True, rename="camel"):
    """What a composite index is made of (`GET /fapi/v1/indexInfo`).

    ::

        {
          "symbol": "DEFIUSDT", "time": 1790000001000, "component": "baseAsset",
          "baseAssetList": [
            {
              "baseAsset": "BAL", "quoteAsset": "USDT", "weightInQuantity": "1.04406228",
              "weightInPercentage": "0.02783900"
            }
          ]
        }
    """

    symbol: str
    time: int
    component: str
    base_asset_list: list[IndexComponent]
