"""Market streams beside book, trades and bars: prices of a day, liquidations, contracts."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from tradingsys.venues.binance.messages.base import Message, Number, OptionalBool, OptionalInt, OptionalText
from tradingsys.venues.binance.messages.market import KlineBar

__all__ = [
    "ContinuousKline",
    "ContractBracket",
    "ContractInfo",
    "ForceOrder",
    "ForcedOrder",
    "MiniTicker",
    "Ticker",
    "TradeTick",
    "TradingSession",
]


class Ticker(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="24hrTicker",
    rename={
        "ts_sent_ms": "E",
        "symbol": "s",
        "px_change": "p",
        "px_change_percent": "P",
        "avg_px": "w",
        "last_px": "c",
        "last_qty": "Q",
        "open_px": "o",
        "high_px": "h",
        "low_px": "l",
        "volume": "v",
        "quote_volume": "q",
        "open_ms": "O",
        "close_ms": "C",
        "first_trade_id": "F",
        "last_trade_id": "L",
        "trade_count": "n",
        "pair": "ps",
        "symbol_type": "st",
        "previous_close_px": "x",
        "bid_px": "b",
        "bid_qty": "B",
        "ask_px": "a",
        "ask_qty": "A",
    },
):
    """What happened in 24 hours (`@ticker`, `!ticker@arr`); best prices on spot only.

    ::

        {
          "e": "24hrTicker", "E": 1790000001000, "s": "ETHUSDT", "p": "-12.50", "P": "-0.413", "w": "3015.03",
          "c": "3010.20", "Q": "0.250", "o": "3022.70", "h": "3050.00", "l": "2990.10", "v": "81234.500",
          "q": "244924454.53", "O": 1789913600000, "C": 1790000000122, "F": 1, "L": 1503, "n": 1503, "ps": "ETHUSDT",
          "st": 1
        }
        {
          "e": "24hrTicker", "E": 1790000001000, "s": "ETHUSDT", "p": "-12.50", "P": "-0.413", "w": "3015.03",
          "x": "3022.60", "c": "3010.20", "Q": "0.250", "b": "3010.10", "B": "4.500", "a": "3010.20", "A": "1.250",
          "o": "3022.70", "h": "3050.00", "l": "2990.10", "v": "81234.500", "q": "244924454.53",
          "O": 1789913600000, "C": 1790000000122, "F": 1, "L": 1503, "n": 1503
        }
    """

    ts_sent_ms: int
    symbol: str
    px_change: str
    px_change_percent: str
    avg_px: str
    last_px: str
    last_qty: str
    open_px: str
    high_px: str
    low_px: str
    volume: str
    quote_volume: str
    open_ms: int
    close_ms: int
    first_trade_id: int
    last_trade_id: int
    trade_count: int
    pair: OptionalText = UNSET
    symbol_type: OptionalInt = UNSET
    previous_close_px: OptionalText = UNSET
    bid_px: OptionalText = UNSET
    bid_qty: OptionalText = UNSET
    ask_px: OptionalText = UNSET
    ask_qty: OptionalText = UNSET


class MiniTicker(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="24hrMiniTicker",
    rename={
        "ts_sent_ms": "E",
        "symbol": "s",
        "last_px": "c",
        "open_px": "o",
        "high_px": "h",
        "low_px": "l",
        "volume": "v",
        "quote_volume": "q",
        "pair": "ps",
        "symbol_type": "st",
    },
):
    """The shorter `Ticker` (`@miniTicker`, `!miniTicker@arr`).

    ::

        {
          "e": "24hrMiniTicker", "E": 1790000001000, "s": "ETHUSDT", "c": "3010.20", "o": "3022.70", "h": "3050.00",
          "l": "2990.10", "v": "81234.500", "q": "244924454.53", "ps": "ETHUSDT", "st": 1
        }
    """

    ts_sent_ms: int
    symbol: str
    last_px: str
    open_px: str
    high_px: str
    low_px: str
    volume: str
    quote_volume: str
    pair: OptionalText = UNSET
    symbol_type: OptionalInt = UNSET


class TradeTick(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="trade",
    rename={
        "ts_sent_ms": "E",
        "symbol": "s",
        "trade_id": "t",
        "px": "p",
        "qty": "q",
        "ts_event_ms": "T",
        "buyer_is_maker": "m",
        "trade_kind": "X",
        "symbol_type": "st",
        "ignored": "M",
    },
):
    """One public trade (`@trade`): undocumented on futures, where `@aggTrade` is the stream to use.

    ::

        {
          "e": "trade", "E": 1790000000125, "T": 1790000000122, "s": "ETHUSDT", "t": 1501, "p": "3010.20",
          "q": "0.250", "X": "MARKET", "m": false
        }
        {
          "e": "trade", "E": 1790000000125, "s": "ETHUSDT", "t": 1501, "p": "3010.20", "q": "0.250",
          "T": 1790000000122, "m": false, "M": true
        }
    """

    ts_sent_ms: int
    ts_event_ms: int
    symbol: str
    trade_id: int
    px: str
    qty: str
    trade_kind: OptionalText = UNSET
    """MARKET, or trades of the exchange itself such as INSURANCE_FUND and ADL."""
    buyer_is_maker: bool
    symbol_type: OptionalInt = UNSET
    ignored: OptionalBool = UNSET
    """Spot."""


class ForcedOrder(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "symbol": "s",
        "side": "S",
        "order_type": "o",
        "time_in_force": "f",
        "order_qty": "q",
        "price": "p",
        "avg_px": "ap",
        "order_status": "X",
        "last_qty": "l",
        "cum_qty": "z",
        "ts_event_ms": "T",
    },
):
    """The liquidation inside a `ForceOrder`."""

    symbol: str
    side: str
    order_type: str
    time_in_force: str
    order_qty: str
    price: str
    avg_px: str
    order_status: str
    last_qty: str
    cum_qty: str
    ts_event_ms: int


class ForceOrder(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="forceOrder",
    rename={"ts_sent_ms": "E", "order": "o", "pair": "ps", "symbol_type": "st"},
):
    """Somebody was liquidated: the largest of a second (`@forceOrder`, `!forceOrder@arr`).

    ::

        {
          "e": "forceOrder", "E": 1790000001000,
          "o": {
            "s": "ETHUSDT", "S": "SELL", "o": "LIMIT", "f": "IOC", "q": "0.014", "p": "2910.10", "ap": "2912.20",
            "X": "FILLED", "l": "0.014", "z": "0.014", "T": 1790000000990
          },
          "ps": "ETHUSDT", "st": 1
        }
    """

    ts_sent_ms: int
    order: ForcedOrder
    pair: OptionalText = UNSET
    symbol_type: OptionalInt = UNSET


class ContractBracket(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "bracket": "bs",
        "notional_floor": "bnf",
        "notional_cap": "bnc",
        "maint_margin_ratio": "mmr",
        "cum": "cf",
        "min_leverage": "mi",
        "max_leverage": "ma",
    },
):
    """One leverage bracket of a `ContractInfo`; JSON numbers."""

    bracket: int
    notional_floor: Number
    notional_cap: Number
    maint_margin_ratio: Number
    cum: Number
    min_leverage: int
    max_leverage: int


class ContractInfo(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="contractInfo",
    rename={
        "ts_sent_ms": "E",
        "symbol": "s",
        "contract_type": "ct",
        "delivery_ms": "dt",
        "onboard_ms": "ot",
        "status": "cs",
        "brackets": "bks",
        "symbol_type": "st",
    },
):
    """A contract is listed, settled or changes its brackets (`!contractInfo`).

    ::

        {
          "e": "contractInfo", "E": 1790000001000, "s": "ETHUSDT", "ct": "PERPETUAL", "dt": 4133404800000,
          "ot": 1569398400000, "cs": "TRADING",
          "bks": [{"bs": 1, "bnf": 0, "bnc": 5000, "mmr": 0.01, "cf": 0, "mi": 21, "ma": 50}], "st": 1
        }
    """

    ts_sent_ms: int
    symbol: str
    contract_type: str
    delivery_ms: int
    onboard_ms: int
    status: str
    brackets: list[ContractBracket] | UnsetType = UNSET
    symbol_type: OptionalInt = UNSET


class ContinuousKline(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="continuous_kline",
    rename={"ts_sent_ms": "E", "pair": "ps", "contract_type": "ct", "bar": "k"},
):
    """A candlestick of whatever contract is the current one of its kind (`@continuousKline_1m`).

    ::

        {
          "e": "continuous_kline", "E": 1790000000126, "ps": "ETHUSDT", "ct": "PERPETUAL",
          "k": {
            "t": 1789999980000, "T": 1790000039999, "i": "1m", "f": 1490, "L": 1503, "o": "3009.80", "c": "3010.20",
            "h": "3010.50", "l": "3009.50", "v": "18.250", "n": 14, "x": false, "q": "54933.4150", "V": "10.125",
            "Q": "30476.9000", "B": "0"
          }
        }
    """

    ts_sent_ms: int
    pair: str
    contract_type: str
    bar: KlineBar


class TradingSession(
    Message,
    frozen=True,
    kw_only=True,
    rename={"event": "e", "ts_sent_ms": "E", "start_ms": "t", "end_ms": "T", "session": "S"},
):
    """Hours of the market behind contracts on stocks and goods (`tradingSession`).

    ::

        {"e": "EquityUpdate", "E": 1790000001000, "t": 1789990000000, "T": 1790018800000, "S": "OVERNIGHT"}
    """

    event: str
    """EquityUpdate, CommodityUpdate, KR_EquityUpdate, …"""
    ts_sent_ms: int
    start_ms: int
    end_ms: int
    session: str
