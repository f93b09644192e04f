"""Events of a spot or margin account, and how they come: by subscriptions on the WS-API."""

from __future__ import annotations

from msgspec import UNSET, Raw, UnsetType

from tradingsys.venues.binance.messages.base import Message, OptionalBool, OptionalInt, OptionalText
from tradingsys.venues.binance.messages.control import ErrorBody, RequestId
from tradingsys.venues.binance.messages.exchange import RateLimitRule

__all__ = [
    "AssetBalance",
    "BalanceUpdate",
    "EventStreamTerminated",
    "ExecutionReport",
    "ExternalLockUpdate",
    "ListStatus",
    "OrderOfList",
    "OutboundAccountPosition",
    "ServerShutdown",
    "SocketFrame",
    "Subscription",
    "UserEvent",
    "UserEventFrame",
]


class ExecutionReport(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="executionReport",
    rename={
        "ts_sent_ms": "E",
        "symbol": "s",
        "client_order_id": "c",
        "side": "S",
        "order_type": "o",
        "time_in_force": "f",
        "order_qty": "q",
        "price": "p",
        "stop_px": "P",
        "trailing_delta": "d",
        "trailing_ms": "D",
        "iceberg_qty": "F",
        "order_list_id": "g",
        "original_client_order_id": "C",
        "execution_type": "x",
        "order_status": "X",
        "reject_reason": "r",
        "order_id": "i",
        "last_qty": "l",
        "cum_qty": "z",
        "last_px": "L",
        "fee": "n",
        "fee_asset": "N",
        "ts_event_ms": "T",
        "trade_id": "t",
        "prevented_match_id": "v",
        "execution_id": "I",
        "is_working": "w",
        "is_maker": "m",
        "ignored": "M",
        "created_ms": "O",
        "cum_quote_qty": "Z",
        "last_quote_qty": "Y",
        "quote_order_qty": "Q",
        "working_ms": "W",
        "self_trade_prevention": "V",
        "strategy_id": "j",
        "strategy_type": "J",
        "prevented_qty": "A",
        "last_prevented_qty": "B",
        "trade_group_id": "u",
        "counter_order_id": "U",
        "counter_symbol": "Cs",
        "prevented_execution_qty": "pl",
        "prevented_execution_px": "pL",
        "prevented_execution_quote_qty": "pY",
        "match_type": "b",
        "allocation_id": "a",
        "working_floor": "k",
        "used_sor": "uS",
        "peg_price_type": "gP",
        "peg_offset_type": "gOT",
        "peg_offset_value": "gOV",
        "pegged_px": "gp",
        "expiry_reason": "eR",
    },
):
    """An order was accepted, changed, executed or closed.

    When an order is cancelled, ``c`` is the cancellation's own id and ``C`` the order's; ``C`` is empty otherwise,
    except after an amend, where it is the id that the order had before.

    ::

        {
          "e": "executionReport", "E": 1790000002004, "s": "ETHUSDT", "c": "my-7", "S": "BUY", "o": "LIMIT", "f": "GTC",
          "q": "0.50000000", "p": "3011.00000000", "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "",
          "x": "TRADE", "X": "PARTIALLY_FILLED", "r": "NONE", "i": 28, "l": "0.20000000", "z": "0.30000000",
          "L": "3011.00000000", "n": "0.00020000", "N": "ETH", "T": 1790000002001, "t": 90210, "I": 8641984, "w": true,
          "m": true, "M": true, "O": 1790000001990, "Z": "903.30000000", "Y": "602.20000000", "Q": "0.00000000",
          "W": 1790000001990, "V": "EXPIRE_TAKER"
        }
        {
          "e": "executionReport", "E": 1790000002104, "s": "ETHUSDT", "c": "the-cancels-own", "S": "BUY", "o": "LIMIT",
          "f": "GTC", "q": "0.50000000", "p": "3011.00000000", "P": "0.00000000", "F": "0.00000000", "g": -1,
          "C": "my-7", "x": "CANCELED", "X": "CANCELED", "r": "NONE", "i": 28, "l": "0.00000000", "z": "0.30000000",
          "L": "0.00000000", "n": "0", "N": null, "T": 1790000002101, "t": -1, "I": 8641990, "w": false, "m": false,
          "M": false, "O": 1790000001990, "Z": "903.30000000", "Y": "0.00000000", "Q": "0.00000000",
          "V": "EXPIRE_TAKER"
        }
    """

    ts_sent_ms: int
    symbol: str
    client_order_id: str
    side: str
    order_type: str
    time_in_force: OptionalText = UNSET
    order_qty: str
    price: str
    stop_px: OptionalText = UNSET
    trailing_delta: OptionalInt = UNSET
    """Basis points."""
    trailing_ms: OptionalInt = UNSET
    """Since when it trails; -1 while it does not."""
    iceberg_qty: OptionalText = UNSET
    order_list_id: OptionalInt = UNSET
    """-1 outside of lists."""
    original_client_order_id: OptionalText = UNSET
    execution_type: str
    """NEW, CANCELED, REPLACED, REJECTED, TRADE, EXPIRED, TRADE_PREVENTION."""
    order_status: str
    """NEW, PENDING_NEW, PARTIALLY_FILLED, FILLED, CANCELED, REJECTED, EXPIRED, EXPIRED_IN_MATCH."""
    reject_reason: OptionalText = UNSET
    """NONE, or why it was rejected."""
    order_id: int
    last_qty: str
    cum_qty: str
    last_px: str
    fee: OptionalText = UNSET
    fee_asset: str | UnsetType | None = UNSET
    ts_event_ms: int
    trade_id: int
    """-1 when this is no trade, or one by smart order routing (``allocation_id``)."""
    prevented_match_id: OptionalInt = UNSET
    execution_id: OptionalInt = UNSET
    is_working: OptionalBool = UNSET
    is_maker: OptionalBool = UNSET
    ignored: OptionalBool = UNSET
    created_ms: OptionalInt = UNSET
    cum_quote_qty: OptionalText = UNSET
    last_quote_qty: OptionalText = UNSET
    quote_order_qty: OptionalText = UNSET
    working_ms: OptionalInt = UNSET
    self_trade_prevention: OptionalText = UNSET
    strategy_id: OptionalInt = UNSET
    strategy_type: OptionalInt = UNSET
    prevented_qty: OptionalText = UNSET
    last_prevented_qty: OptionalText = UNSET
    trade_group_id: OptionalInt = UNSET
    counter_order_id: OptionalInt = UNSET
    counter_symbol: OptionalText = UNSET
    prevented_execution_qty: OptionalText = UNSET
    prevented_execution_px: OptionalText = UNSET
    prevented_execution_quote_qty: OptionalText = UNSET
    match_type: OptionalText = UNSET
    allocation_id: OptionalInt = UNSET
    working_floor: OptionalText = UNSET
    used_sor: OptionalBool = UNSET
    peg_price_type: OptionalText = UNSET
    peg_offset_type: OptionalText = UNSET
    peg_offset_value: OptionalInt = UNSET
    pegged_px: OptionalText = UNSET
    expiry_reason: OptionalText = UNSET


class AssetBalance(Message, frozen=True, kw_only=True, rename={"asset": "a", "free": "f", "locked": "l"}):
    """One asset inside an `OutboundAccountPosition`."""

    asset: str
    free: str
    locked: str


class OutboundAccountPosition(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="outboundAccountPosition",
    rename={"ts_sent_ms": "E", "updated_ms": "u", "balances": "B"},
):
    """Balances that may have changed, absolute.

    ::

        {
          "e": "outboundAccountPosition", "E": 1790000002005, "u": 1790000002001,
          "B": [{"a": "ETH", "f": "0.49950000", "l": "0.00000000"}, {"a": "USDT", "f": "8494.50000000", "l": "10.5"}]
        }
    """

    ts_sent_ms: int
    updated_ms: int
    balances: list[AssetBalance]


class BalanceUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="balanceUpdate",
    rename={"ts_sent_ms": "E", "asset": "a", "delta": "d", "cleared_ms": "T"},
):
    """An asset came or left without a trade: a deposit, a withdrawal, a transfer between accounts.

    ::

        {"e": "balanceUpdate", "E": 1790000003005, "a": "USDT", "d": "-100.00000000", "T": 1790000003000}
    """

    ts_sent_ms: int
    asset: str
    delta: str
    cleared_ms: int


class ExternalLockUpdate(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="externalLockUpdate",
    rename={"ts_sent_ms": "E", "asset": "a", "delta": "d", "ts_event_ms": "T"},
):
    """An asset was locked (or unlocked, negative) as somebody's collateral outside of trading; it stays the account's.

    ::

        {"e": "externalLockUpdate", "E": 1790000003105, "a": "ETH", "d": "0.10000000", "T": 1790000003100}
    """

    ts_sent_ms: int
    asset: str
    delta: str
    ts_event_ms: int


class OrderOfList(Message, frozen=True, kw_only=True, rename={"symbol": "s", "order_id": "i", "client_order_id": "c"}):
    """The ids of one order inside a `ListStatus`."""

    symbol: str
    order_id: int
    client_order_id: str


class ListStatus(
    Message,
    frozen=True,
    kw_only=True,
    tag_field="e",
    tag="listStatus",
    rename={
        "ts_sent_ms": "E",
        "symbol": "s",
        "order_list_id": "g",
        "contingency_type": "c",
        "list_status_type": "l",
        "list_order_status": "L",
        "reject_reason": "r",
        "list_client_order_id": "C",
        "ts_event_ms": "T",
        "orders": "O",
    },
):
    """A list of orders was accepted, changed or ended; how its orders fare is told by their own reports.

    ::

        {
          "e": "listStatus", "E": 1790000001995, "s": "ETHUSDT", "g": 4, "c": "OCO", "l": "EXEC_STARTED",
          "L": "EXECUTING", "r": "NONE", "C": "my-list", "T": 1790000001990,
          "O": [{"s": "ETHUSDT", "i": 29, "c": "my-8"}, {"s": "ETHUSDT", "i": 30, "c": "my-9"}]
        }
    """

    ts_sent_ms: int
    symbol: str
    order_list_id: int
    contingency_type: str
    list_status_type: str
    list_order_status: str
    reject_reason: str
    list_client_order_id: str
    ts_event_ms: int
    orders: list[OrderOfList]


class EventStreamTerminated(
    Message, frozen=True, kw_only=True, tag_field="e", tag="eventStreamTerminated", rename={"ts_sent_ms": "E"}
):
    """A subscription ended: its token expired, its session was logged out, or it was unsubscribed.

    ::

        {"e": "eventStreamTerminated", "E": 1790000004000}
    """

    ts_sent_ms: int


class ServerShutdown(
    Message, frozen=True, kw_only=True, tag_field="e", tag="serverShutdown", rename={"ts_sent_ms": "E"}
):
    """The server behind this connection will stop soon: connect anew. It belongs to no subscription.

    Market streams tell it too, on a combined connection as the stream ``!serverShutdown``.

    ::

        {"e": "serverShutdown", "E": 1790000004000}
    """

    ts_sent_ms: int


UserEvent = (
    ExecutionReport
    | OutboundAccountPosition
    | BalanceUpdate
    | ExternalLockUpdate
    | ListStatus
    | EventStreamTerminated
    | ServerShutdown
)


class UserEventFrame(Message, frozen=True, kw_only=True, rename={"subscription_id": "subscriptionId"}):
    """An event as it comes on the WS-API.

    ::

        {
          "subscriptionId": 0,
          "event": {"e": "balanceUpdate", "E": 1790000003005, "a": "USDT", "d": "1.5", "T": 1790000003000}
        }
        {"event": {"e": "serverShutdown", "E": 1790000004000}}
    """

    subscription_id: OptionalInt = UNSET
    event: UserEvent


class SocketFrame(
    Message, frozen=True, kw_only=True, rename={"rate_limits": "rateLimits", "subscription_id": "subscriptionId"}
):
    """Whatever arrives on a connection with subscriptions: a reply (``status``) or an event (``event``), undecoded.

    ::

        {"id": 3, "status": 200, "result": {"subscriptionId": 0}}
        {"subscriptionId": 0, "event": {"e": "anything"}}
    """

    id: RequestId | UnsetType = UNSET
    status: OptionalInt = UNSET
    result: Raw | UnsetType = UNSET
    error: ErrorBody | UnsetType = UNSET
    rate_limits: list[RateLimitRule] | UnsetType = UNSET
    subscription_id: OptionalInt = UNSET
    event: Raw | UnsetType = UNSET


class Subscription(
    Message,
    frozen=True,
    kw_only=True,
    rename={"subscription_id": "subscriptionId", "expiration_time": "expirationTime"},
):
    """The result of `userDataStream.subscribe` and its sisters; the end is told of subscriptions by token only.

    ::

        {"subscriptionId": 0}
        {"subscriptionId": 1, "expirationTime": 1790086400000}
    """

    subscription_id: int
    expiration_time: OptionalInt = UNSET
