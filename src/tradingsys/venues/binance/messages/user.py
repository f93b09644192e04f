"""Events of the account (user stream)."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from tradingsys.venues.binance.messages.algo import AlgoUpdate
from tradingsys.venues.binance.messages.base import Message, OptionalBool, OptionalInt, OptionalText

__all__ = [
    "AccountConfigUpdate",
    "AccountUpdate",
    "AssetModeChange",
    "BalanceChange",
    "LeverageChange",
    "ListenKeyExpired",
    "MarginCall",
    "MarginCallPosition",
    "OrderTradeUpdate",
    "OrderUpdate",
    "PositionChange",
    "TradeLite",
    "UpdateOfAccount",
    "UserEvent",
]


class OrderUpdate(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "symbol": "s",
        "client_order_id": "c",
        "side": "S",
        "order_type": "o",
        "time_in_force": "f",
        "order_qty": "q",
        "price": "p",
        "avg_px": "ap",
        "stop_px": "sp",
        "execution_type": "x",
        "order_status": "X",
        "order_id": "i",
        "modify_id": "M",
        "last_qty": "l",
        "cum_qty": "z",
        "last_px": "L",
        "fee_asset": "N",
        "fee": "n",
        "ts_event_ms": "T",
        "trade_id": "t",
        "bids_notional": "b",
        "asks_notional": "a",
        "is_maker": "m",
        "reduce_only": "R",
        "working_type": "wt",
        "original_type": "ot",
        "position_side": "ps",
        "close_position": "cp",
        "activation_px": "AP",
        "callback_rate": "cr",
        "price_protect": "pP",
        "ignored_si": "si",
        "ignored_ss": "ss",
        "realized_pnl": "rp",
        "self_trade_prevention": "V",
        "price_match": "pm",
        "good_till_ms": "gtd",
        "expiry_reason": "er",
    },
):
    """The order inside an `OrderTradeUpdate`."""

    symbol: str
    client_order_id: str
    side: str
    order_type: str
    time_in_force: OptionalText = UNSET
    order_qty: str
    price: str
    avg_px: OptionalText = UNSET
    stop_px: OptionalText = UNSET
    execution_type: str
    """NEW, CANCELED, CALCULATED (liquidation), EXPIRED, TRADE, AMENDMENT."""
    order_status: str
    """NEW, PARTIALLY_FILLED, FILLED, CANCELED, EXPIRED, EXPIRED_IN_MATCH."""
    order_id: int
    modify_id: int | str | UnsetType = UNSET
    """Of AMENDMENT alone, when the request had one; text by Binance's SDK, where replies have a number."""
    last_qty: str
    cum_qty: str
    last_px: str
    fee_asset: str | UnsetType | None = UNSET
    fee: OptionalText = UNSET
    ts_event_ms: int
    trade_id: int
    """0 when this is no trade."""
    bids_notional: OptionalText = UNSET
    asks_notional: OptionalText = UNSET
    is_maker: OptionalBool = UNSET
    reduce_only: OptionalBool = UNSET
    working_type: OptionalText = UNSET
    original_type: OptionalText = UNSET
    position_side: OptionalText = UNSET
    close_position: OptionalBool = UNSET
    activation_px: OptionalText = UNSET
    callback_rate: OptionalText = UNSET
    price_protect: OptionalBool = UNSET
    ignored_si: OptionalInt = UNSET
    ignored_ss: OptionalInt = UNSET
    realized_pnl: OptionalText = UNSET
    self_trade_prevention: OptionalText = UNSET
    price_match: OptionalText = UNSET
    good_till_ms: OptionalInt = UNSET
    expiry_reason: OptionalText = UNSET


class OrderTradeUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="ORDER_TRADE_UPDATE",
    rename={"ts_sent_ms": "E", "ts_event_ms": "T", "order": "o"},
):
    """An order was accepted, changed, executed or closed.

    ::

        {
          "e": "ORDER_TRADE_UPDATE", "E": 1790000002004, "T": 1790000002001,
          "o": {
            "s": "ETHUSDT", "c": "my-7", "S": "SELL", "o": "LIMIT", "f": "GTC", "q": "0.500", "p": "3011.00",
            "ap": "3011.00", "sp": "0", "x": "TRADE", "X": "PARTIALLY_FILLED", "i": 4400017, "l": "0.200",
            "z": "0.300", "L": "3011.00", "N": "USDT", "n": "0.12044000", "T": 1790000002001, "t": 90210, "b": "0",
            "a": "602.2", "m": true, "R": false, "wt": "CONTRACT_PRICE", "ot": "LIMIT", "ps": "BOTH", "cp": false,
            "pP": false, "si": 0, "ss": 0, "rp": "1.25000000", "V": "EXPIRE_TAKER", "pm": "NONE", "gtd": 0, "er": "0"
          }
        }
    """

    ts_sent_ms: int
    ts_event_ms: int
    order: OrderUpdate


class TradeLite(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="TRADE_LITE",
    rename={
        "ts_sent_ms": "E",
        "ts_event_ms": "T",
        "symbol": "s",
        "order_qty": "q",
        "price": "p",
        "is_maker": "m",
        "client_order_id": "c",
        "side": "S",
        "last_px": "L",
        "last_qty": "l",
        "trade_id": "t",
        "order_id": "i",
    },
):
    """The earlier and thinner copy of an execution: no fee, no status.

    ::

        {
          "e": "TRADE_LITE", "E": 1790000002003, "T": 1790000002001, "s": "ETHUSDT", "q": "0.500", "p": "3011.00",
          "m": true, "c": "my-7", "S": "SELL", "L": "3011.00", "l": "0.200", "t": 90210, "i": 4400017
        }
    """

    ts_sent_ms: int
    ts_event_ms: int
    symbol: str
    order_qty: str
    price: str
    is_maker: bool
    client_order_id: str
    side: str
    last_px: str
    last_qty: str
    trade_id: int
    order_id: int


class BalanceChange(
    Message,
    frozen=True,
    kw_only=True,
    rename={"asset": "a", "wallet_balance": "wb", "cross_wallet": "cw", "change": "bc"},
):
    """One balance inside an `AccountUpdate`; ``change`` leaves out profit and fees."""

    asset: str
    wallet_balance: str
    cross_wallet: OptionalText = UNSET
    change: OptionalText = UNSET


class PositionChange(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "symbol": "s",
        "qty": "pa",
        "entry_px": "ep",
        "break_even_px": "bep",
        "accumulated_realized": "cr",
        "unrealized_pnl": "up",
        "margin_type": "mt",
        "isolated_wallet": "iw",
        "position_side": "ps",
    },
):
    """One position inside an `AccountUpdate`; ``qty`` is signed."""

    symbol: str
    qty: str
    entry_px: OptionalText = UNSET
    break_even_px: OptionalText = UNSET
    accumulated_realized: OptionalText = UNSET
    unrealized_pnl: OptionalText = UNSET
    margin_type: OptionalText = UNSET
    isolated_wallet: OptionalText = UNSET
    position_side: OptionalText = UNSET


class UpdateOfAccount(
    Message,
    frozen=True,
    kw_only=True,
    rename={"reason": "m", "balances": "B", "positions": "P", "symbol": "S"},
):
    """What changed, inside an `AccountUpdate`; ``symbol`` only for FUNDING_FEE."""

    reason: str
    balances: list[BalanceChange] | UnsetType = UNSET
    positions: list[PositionChange] | UnsetType = UNSET
    symbol: OptionalText = UNSET


class AccountUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="ACCOUNT_UPDATE",
    rename={"ts_sent_ms": "E", "ts_event_ms": "T", "update": "a"},
):
    """Balances and positions that changed, absolute.

    ::

        {
          "e": "ACCOUNT_UPDATE", "E": 1790000002005, "T": 1790000002001,
          "a": {
            "m": "ORDER",
            "B": [{"a": "USDT", "wb": "9998.75000000", "cw": "9998.75000000", "bc": "0"}],
            "P": [
              {
                "s": "ETHUSDT", "pa": "-0.300", "ep": "3011.00", "bep": "3010.40", "cr": "1.25", "up": "0.12",
                "mt": "cross", "iw": "0", "ps": "BOTH"
              }
            ]
          }
        }
    """

    ts_sent_ms: int
    ts_event_ms: int
    update: UpdateOfAccount


class ListenKeyExpired(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="listenKeyExpired",
    rename={"ts_sent_ms": "E", "listen_key": "listenKey"},
):
    """No more events will come until a new key is used; the socket stays open.

    ::

        {"e": "listenKeyExpired", "E": 1790003600000, "listenKey": "not-a-real-key"}
    """

    ts_sent_ms: int | str | UnsetType = UNSET
    """Digits in a string, where the exchange's own models are right."""
    listen_key: OptionalText = UNSET


class LeverageChange(Message, frozen=True, kw_only=True, rename={"symbol": "s", "leverage": "l"}):
    """A symbol's new leverage, inside an `AccountConfigUpdate`."""

    symbol: str
    leverage: int


class AssetModeChange(Message, frozen=True, kw_only=True, rename={"multi_assets": "j"}):
    """The new multi-assets mode, inside an `AccountConfigUpdate`."""

    multi_assets: bool


class AccountConfigUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="ACCOUNT_CONFIG_UPDATE",
    rename={"ts_sent_ms": "E", "ts_event_ms": "T", "leverage": "ac", "asset_mode": "ai"},
):
    """Leverage of a symbol, or the asset mode, was changed.

    ::

        {"e": "ACCOUNT_CONFIG_UPDATE", "E": 1790000003001, "T": 1790000003000, "ac": {"s": "ETHUSDT", "l": 7}}
        {"e": "ACCOUNT_CONFIG_UPDATE", "E": 1790000003002, "T": 1790000003001, "ai": {"j": true}}
    """

    ts_sent_ms: int
    ts_event_ms: int
    leverage: LeverageChange | UnsetType = UNSET
    asset_mode: AssetModeChange | UnsetType = UNSET


class MarginCallPosition(
    Message,
    frozen=True,
    kw_only=True,
    rename={
        "symbol": "s",
        "position_side": "ps",
        "qty": "pa",
        "margin_type": "mt",
        "isolated_wallet": "iw",
        "mark_px": "mp",
        "unrealized_pnl": "up",
        "maintenance_margin": "mm",
    },
):
    """One position inside a `MarginCall`."""

    symbol: str
    position_side: OptionalText = UNSET
    qty: str
    margin_type: OptionalText = UNSET
    isolated_wallet: OptionalText = UNSET
    mark_px: OptionalText = UNSET
    unrealized_pnl: OptionalText = UNSET
    maintenance_margin: OptionalText = UNSET


class MarginCall(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="MARGIN_CALL",
    rename={"ts_sent_ms": "E", "cross_wallet": "cw", "positions": "p"},
):
    """Positions close to liquidation.

    ::

        {
          "e": "MARGIN_CALL", "E": 1790000004000, "cw": "120.50000000",
          "p": [
            {
              "s": "ETHUSDT", "ps": "BOTH", "pa": "-0.300", "mt": "CROSSED", "iw": "0", "mp": "3300.10", "up": "-86.7",
              "mm": "4.95"
            }
          ]
        }
    """

    ts_sent_ms: int
    cross_wallet: OptionalText = UNSET
    positions: list[MarginCallPosition]


UserEvent = (
    OrderTradeUpdate | TradeLite | AlgoUpdate | AccountUpdate | ListenKeyExpired | AccountConfigUpdate | MarginCall
)
