"""What happens in the exchange, in plain words; faces turn it into a venue's messages."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tradingsys.core.enums import OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from tradingsys.core.position import Position

__all__ = [
    "Accepted",
    "AccountChanged",
    "BookChanged",
    "CancelRefused",
    "Canceled",
    "ExchangeEvent",
    "Executed",
    "Execution",
    "Expired",
    "ExpiryReason",
    "NewOrder",
    "OrderRecord",
    "Refusal",
    "Rejected",
    "Traded",
]


class NewOrder(Struct, frozen=True):
    """An order as an account sends it. ``px`` is None for MARKET orders."""

    account: str
    symbol: str
    side: Side
    order_type: OrderType
    qty: Decimal
    px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    client_order_id: str = ""
    """Empty: the exchange makes one."""
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.NONE
    good_till_ms: int = 0


class Refusal(StrEnum):
    """Why the exchange refuses a request."""

    UNKNOWN_SYMBOL = "unknown symbol"
    OFF_GRID = "price or quantity is off its grid"
    DUPLICATE_CLIENT_ORDER_ID = "an open order has this client order id"
    INSUFFICIENT_MARGIN = "insufficient margin"
    WOULD_TAKE = "a post-only order would trade at once"
    NOT_FILLABLE = "a fill-or-kill order cannot be filled at once"
    REDUCE_ONLY = "a reduce-only order would not reduce the position"
    REDUCE_ONLY_EXCEEDS = "open reduce-only orders would exceed the position"
    TOO_MANY_ORDERS = "too many open orders"
    UNKNOWN_ORDER = "no such open order"


class ExpiryReason(StrEnum):
    """Why an order ended without being filled or canceled."""

    SELF_TRADE = "self-trade prevention"
    UNFILLED_IMMEDIATE = "the rest of an immediate-or-cancel order"
    UNFILLED_MARKET = "the rest of a market order"
    REDUCE_ONLY = "nothing left to reduce"
    GOOD_TILL = "its time is over"


class OrderRecord(Struct, frozen=True):
    """An order as the exchange knows it at one moment."""

    account: str
    symbol: str
    order_id: int
    client_order_id: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    qty: Decimal
    px: Decimal | None
    self_trade_prevention: SelfTradePrevention
    good_till_ms: int
    created_ns: int
    updated_ns: int
    status: OrderStatus = OrderStatus.NEW
    cum_qty: Decimal = Decimal(0)
    cum_quote: Decimal = Decimal(0)
    expiry: ExpiryReason | None = None

    @property
    def leaves(self) -> Decimal:
        """What may still trade."""
        return self.qty - self.cum_qty if self.status.is_open else Decimal(0)

    @property
    def avg_px(self) -> Decimal:
        """The average price of its executions; 0 without any."""
        return self.cum_quote / self.cum_qty if self.cum_qty else Decimal(0)


class Execution(Struct, frozen=True):
    """One row of the ledger: one side of one trade."""

    account: str
    symbol: str
    exec_id: int
    order_id: int
    client_order_id: str
    side: Side
    px: Decimal
    qty: Decimal
    fee: Decimal
    fee_asset: str
    is_maker: bool
    realized_pnl: Decimal
    ts_ns: int


class Accepted(Struct, frozen=True):
    """The order is known from now on, and may trade."""

    order: OrderRecord


class Executed(Struct, frozen=True):
    """One side of a trade, and its order right after."""

    order: OrderRecord
    execution: Execution


class Canceled(Struct, frozen=True):
    """Ended on request."""

    order: OrderRecord


class Expired(Struct, frozen=True):
    """Ended by the exchange, see ``order.expiry``."""

    order: OrderRecord


class Rejected(Struct, frozen=True):
    """Refused: no order came to be."""

    request: NewOrder
    refusal: Refusal


class CancelRefused(Struct, frozen=True):
    """There was nothing to cancel."""

    account: str
    symbol: str
    refusal: Refusal = Refusal.UNKNOWN_ORDER


class AccountChanged(Struct, frozen=True):
    """A balance and a position after an execution."""

    account: str
    asset: str
    wallet: Decimal
    symbol: str
    position: Position
    ts_ns: int


class Traded(Struct, frozen=True):
    """The public print of a trade; ``ticks`` and ``lots`` are the same price and quantity as integers."""

    symbol: str
    trade_id: int
    px: Decimal
    qty: Decimal
    ticks: int
    lots: int
    buyer_is_maker: bool
    ts_ns: int


class BookChanged(Struct, frozen=True):
    """Price levels and their quantity now, in ticks and lots; zero means gone. Ids only grow, with gaps."""

    symbol: str
    update_id: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    best_bid: tuple[int, int] | None
    best_ask: tuple[int, int] | None
    ts_ns: int


ExchangeEvent = (
    Accepted | Executed | Canceled | Expired | Rejected | CancelRefused | AccountChanged | Traded | BookChanged
)
