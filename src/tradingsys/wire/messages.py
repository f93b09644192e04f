"""Every message between a strategy and the gateway.

A request is ``{"id", "method", "params"}``; each gets exactly one reply, ``{"id", "result"}`` or
``{"id", "error": {"code", "msg"}}``. Everything else the gateway sends is a push with a ``type``. Prices and quantities
are decimal text as the venue printed it; symbols are lower case, as strategies write them.
"""

from __future__ import annotations

from enum import IntEnum

from msgspec import Raw, Struct

from tradingsys.core.enums import (
    MarginType,
    OrderStatus,
    OrderType,
    PriceMatch,
    Side,
    TimeInForce,
    TriggerPrice,
)

__all__ = [
    "PROTOCOL_VERSION",
    "AmendParams",
    "BalancePush",
    "BalanceView",
    "CancelParams",
    "Cursor",
    "DepthPush",
    "ErrorBody",
    "ErrorCode",
    "FillView",
    "KlinePush",
    "KlineView",
    "KlinesParams",
    "LeverageParams",
    "LoginParams",
    "LoginResult",
    "MarginTypeParams",
    "MarkPush",
    "OrderParams",
    "OrderPush",
    "OrderResult",
    "OrderView",
    "PositionPush",
    "PositionView",
    "ProductView",
    "Push",
    "Range",
    "Reply",
    "Request",
    "RequestFailedPush",
    "ResolveItem",
    "ResolveParams",
    "ResolveResult",
    "SessionClosedPush",
    "SettingsView",
    "Snapshot",
    "SnapshotPush",
    "StatusPush",
    "SymbolParams",
    "SymbolsParams",
    "TradePush",
]

PROTOCOL_VERSION = 1


class ErrorCode(IntEnum):
    """The codes of error replies; the first eight are the original's."""

    LOGIN_FIRST = -10001
    DUPLICATE_LOGIN = -10002
    INVALID_SYMBOL = -10003
    INVALID_STREAM = -10004
    NON_TRADING = -10005
    DISCONNECTED = -30002
    UNDEFINED = -30003
    INVALID_ORDER = -10006
    """Breaks the instrument's rules: nothing was sent."""
    DENIED = -10007
    """Over one of the gateway's own limits: nothing was sent."""
    NOT_READY = -10008
    """The gateway is still finding out what happened before it started."""
    BAD_REQUEST = -10009
    """Not JSON, an unknown method, or parameters of the wrong shape."""
    UNAUTHORIZED = -10010
    """The token is missing or wrong."""
    STALE_KEY = -10011
    """An order key of another epoch or login, or one already used: never sent, only resolved."""
    NO_SUCH_ORDER = -10012
    """The session has no such order."""
    HALTED = -10013
    """No new orders on the symbol until an operator resumes it."""


class Request(Struct, frozen=True):
    """Any request; ``params`` is decoded by the method's own type."""

    id: int
    method: str
    params: Raw = Raw(b"null")


class ErrorBody(Struct, frozen=True):
    """Why a request was refused."""

    code: int
    msg: str


class Reply(Struct, frozen=True, omit_defaults=True):
    """The answer to a request; ``error`` is set or ``result`` is what counts."""

    id: int | None
    result: Raw = Raw(b"null")
    error: ErrorBody | None = None


Cursor = tuple[int, int]
"""(epoch, n): how far a session's events were received; gap-free within an epoch."""


class LoginParams(Struct, frozen=True, omit_defaults=True):
    """``login``: take the session (``trading``) or only read market data through this connection."""

    session_id: int
    name: str = ""
    trading: bool = False
    protocol: int = PROTOCOL_VERSION
    instance: str = ""
    """Random per strategy process: a reconnect of the same instance takes its session over, another is refused."""
    token: str | None = None
    cursor: Cursor | None = None


class FillView(Struct, frozen=True, omit_defaults=True):
    """One execution."""

    exec_id: str
    px: str
    qty: str
    ts_ms: int
    making: bool | None = None
    fee: str | None = None
    fee_asset: str | None = None


class OrderView(Struct, frozen=True, omit_defaults=True):
    """An order as it stands. In pushes ``fills`` holds what is new, in snapshots and answers all there are."""

    client_order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    quantity: str
    status: OrderStatus
    ts_ms: int
    price: str | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    reduce_only: bool = False
    in_doubt: bool = False
    """Whether a request about this order is unresolved: count its whole remaining quantity."""
    cum_qty: str = "0"
    avg_px: str | None = None
    venue_order_id: str | None = None
    fills: list[FillView] = []
    code: int = 0
    reason: str = ""
    """Why it was rejected or expired, in the venue's words."""
    stop_price: str | None = None
    callback_rate: str | None = None
    """In percent."""
    activation_price: str | None = None
    close_position: bool = False
    """Close whatever the position is when triggered; ``quantity`` is then ``"0"``."""
    good_till_ms: int | None = None
    price_match: PriceMatch | None = None
    trigger_price: TriggerPrice | None = None
    price_protect: bool = False
    is_waiting: bool = False
    """A conditional order that was not triggered yet."""


class PositionView(Struct, frozen=True, omit_defaults=True):
    """What a session holds of a symbol."""

    symbol: str
    net: str
    unbooked_buy: str = "0"
    """Bought according to the venue, the execution's details still on their way."""
    unbooked_sell: str = "0"
    entry_px: str | None = None
    """Average cost; none when flat, or when part of it was set by an edit."""
    realized_pnl: str = "0"
    """Before fees and funding, in the settlement asset."""
    fees: dict[str, str] = {}
    """Paid, by asset."""
    funding: dict[str, str] = {}
    """Received, by asset."""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was ever traded, or all that was left no trace."""
        return self == PositionView(self.symbol, "0")


class Snapshot(Struct, frozen=True):
    """All a strategy that remembers nothing needs: positions, and orders that are open or in doubt."""

    epoch: int
    n: int
    """The cursor to count on from."""
    positions: list[PositionView]
    orders: list[OrderView]


class LoginResult(Struct, frozen=True, omit_defaults=True):
    """``login`` succeeded. Without ``snapshot`` and not ``resumed``, a `SnapshotPush` follows when known."""

    session_id: int
    name: str
    trading: bool
    lineage: str
    epoch: int
    login: int
    """Belongs into every order key of this connection."""
    resumed: bool = False
    """The cursor was known: what was missed follows as pushes, there is no snapshot."""
    snapshot: Snapshot | None = None


class SymbolsParams(Struct, frozen=True):
    """``get_products`` and ``get_positions``: no symbols means all."""

    symbols: list[str] = []


class Range(Struct, frozen=True):
    """A filter: step size and bounds."""

    size: str
    min: str
    max: str


class ProductView(Struct, frozen=True):
    """The rules of one symbol."""

    symbol: str
    status: str
    price_filter: Range
    lot_size: Range
    min_notional: str
    order: list[OrderType]
    tif: list[TimeInForce]
    post_only: bool
    onboard: int | None
    delivery: int | None


class OrderParams(Struct, frozen=True, omit_defaults=True):
    """``order``: send one new order under the key (session, lineage, epoch, login, seq)."""

    lineage: str
    epoch: int
    login: int
    seq: int
    symbol: str
    side: Side
    order_type: OrderType
    quantity: str
    price: str | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    reduce_only: bool = False
    stop_price: str | None = None
    callback_rate: str | None = None
    """In percent."""
    activation_price: str | None = None
    close_position: bool = False
    """Close whatever the position is when triggered; ``quantity`` is then ``"0"``."""
    good_till_ms: int | None = None
    price_match: PriceMatch | None = None
    trigger_price: TriggerPrice | None = None
    price_protect: bool = False


class OrderResult(Struct, frozen=True):
    """``order`` was written to the venue's connection; what becomes of it follows as `OrderPush`."""

    client_order_id: str


class CancelParams(Struct, frozen=True):
    """``cancel``: ask the venue to cancel one order of this session, of any epoch."""

    client_order_id: str


class AmendParams(Struct, frozen=True, omit_defaults=True):
    """``amend``: change price and quantity of a resting limit order; what is left out stays as it is."""

    client_order_id: str
    price: str | None = None
    quantity: str | None = None
    """The whole order's new quantity, what was executed already included."""
    price_match: PriceMatch | None = None


class ResolveItem(Struct, frozen=True, omit_defaults=True):
    """An order whose request got no answer, with the terms it had."""

    client_order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    quantity: str
    price: str | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    reduce_only: bool = False
    stop_price: str | None = None
    callback_rate: str | None = None
    """In percent."""
    activation_price: str | None = None
    close_position: bool = False
    """Close whatever the position is when triggered; ``quantity`` is then ``"0"``."""
    good_till_ms: int | None = None
    price_match: PriceMatch | None = None
    trigger_price: TriggerPrice | None = None
    price_protect: bool = False


class ResolveParams(Struct, frozen=True):
    """``resolve``: what became of these orders? Never sends any of them."""

    orders: list[ResolveItem]


class ResolveResult(Struct, frozen=True):
    """One view per item: the order as found, ABSENT (never sent), or UNKNOWN (a push follows with the verdict)."""

    orders: list[OrderView]


class BalanceView(Struct, frozen=True, omit_defaults=True):
    """One asset of the whole account."""

    asset: str
    wallet: str
    available: str | None = None
    """For new positions; none where the venue did not tell."""


class KlinesParams(Struct, frozen=True, omit_defaults=True):
    """``get_klines``: the newest bars, oldest first."""

    symbol: str
    interval: str
    limit: int
    end_ms: int | None = None
    """Only bars that began before."""


class KlineView(Struct, frozen=True):
    """One bar. Times are Unix ms, ``close_ms`` the last one that belongs to it."""

    start_ms: int
    close_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    amount: str
    buy_volume: str
    buy_amount: str
    trade_count: int
    first_trade_id: int
    last_trade_id: int
    is_closed: bool


class SymbolParams(Struct, frozen=True):
    """``get_settings``: of one symbol."""

    symbol: str


class LeverageParams(Struct, frozen=True):
    """``set_leverage``: of the whole account on a symbol."""

    symbol: str
    leverage: int


class MarginTypeParams(Struct, frozen=True):
    """``set_margin_type``: of the whole account on a symbol."""

    symbol: str
    margin_type: MarginType


class SettingsView(Struct, frozen=True):
    """What the account has set for a symbol."""

    symbol: str
    leverage: int
    margin_type: MarginType


class Stamped(Struct, frozen=True, kw_only=True):
    """Market data with a time per stage: the venue's, entering and leaving the gateway (Unix ns)."""

    symbol: str
    stream: str
    """As subscribed, such as ``btcusdt@depth``."""
    ts_venue_ms: int
    ts_gateway_in_ns: int
    ts_gateway_out_ns: int


class DepthPush(Stamped, frozen=True, tag_field="type", tag="depth"):
    """Book levels, best first; ``bbo`` streams carry one level a side."""

    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class KlinePush(Stamped, frozen=True, tag_field="type", tag="kline"):
    """A bar, at every change and once more with ``is_closed``."""

    interval: str
    start_ms: int
    close_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    amount: str
    buy_volume: str
    buy_amount: str
    trade_count: int
    first_trade_id: int
    last_trade_id: int
    is_closed: bool


class TradePush(Stamped, frozen=True, tag_field="type", tag="trade"):
    """A public trade."""

    trade_id: int
    px: str
    qty: str
    buyer_is_maker: bool


class MarkPush(Stamped, frozen=True, tag_field="type", tag="mark"):
    """Mark price and funding."""

    mark_px: str
    index_px: str
    settle_px: str
    funding_rate: str
    next_funding_ms: int


class BalancePush(Struct, frozen=True, tag_field="type", tag="balance"):
    """Assets of the account whose balance changed."""

    balances: list[BalanceView]


class RequestFailedPush(Struct, frozen=True, tag_field="type", tag="request_failed"):
    """The venue refused a cancel or an amend that the gateway had taken: the order is as it was."""

    client_order_id: str
    method: str
    """``cancel`` or ``amend``."""
    code: int
    reason: str


class OrderPush(Struct, frozen=True, tag_field="type", tag="order"):
    """Something changed about an order of the session."""

    epoch: int
    n: int
    order: OrderView


class PositionPush(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="position"):
    """The session's position after a fill (sent before the fill's `OrderPush`), a late fee or funding."""

    epoch: int
    n: int
    symbol: str
    net: str
    entry_px: str | None = None
    realized_pnl: str = "0"
    fees: dict[str, str] = {}
    funding: dict[str, str] = {}


class SnapshotPush(Struct, frozen=True, tag_field="type", tag="snapshot"):
    """The gateway became ready: from here on orders are taken."""

    snapshot: Snapshot


class StatusPush(Struct, frozen=True, tag_field="type", tag="status"):
    """The state of the gateway: sent after login and whenever it changes."""

    ready: bool
    trading: bool
    """Whether the venue can be reached for orders."""
    market: bool
    text: str = ""


class SessionClosedPush(Struct, frozen=True, tag_field="type", tag="session_closed"):
    """This connection lost its session, for example to a newer connection of the same instance."""

    reason: str


Push = (
    DepthPush
    | KlinePush
    | TradePush
    | MarkPush
    | OrderPush
    | PositionPush
    | BalancePush
    | RequestFailedPush
    | SnapshotPush
    | StatusPush
    | SessionClosedPush
)
