"""What happens in the exchange, in plain words; faces turn it into a venue's messages."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tradingsys.core.enums import (
    MarginType,
    OrderStatus,
    OrderType,
    PriceMatch,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from tradingsys.core.position import Position
from tradingsys.sim.conditions import Condition
from tradingsys.sim.money import FundingRecord

__all__ = [
    "Accepted",
    "AccountChanged",
    "Amended",
    "Amendment",
    "AssetModeChanged",
    "BookChanged",
    "CancelRefused",
    "Canceled",
    "ChangeRefused",
    "ConditionChanged",
    "ExchangeEvent",
    "Executed",
    "Execution",
    "Expired",
    "ExpiryReason",
    "FundingSettled",
    "LeverageChanged",
    "MarginCalled",
    "NewAmend",
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
    price_match: PriceMatch | None = None
    """Without ``px``, the exchange takes the price from the book."""
    algo_id: int = 0
    """The conditional order that became this one."""


class NewAmend(Struct, frozen=True):
    """A change of a resting limit order, named by either id; ``qty`` counts what was executed already."""

    account: str
    symbol: str
    side: Side
    qty: Decimal
    px: Decimal | None
    order_id: int | None = None
    client_order_id: str | None = None
    modify_id: int = 0
    price_match: PriceMatch | None = None


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
    MAX_POSITION = "larger than a position may be at this leverage"
    NO_DEPTH = "the book has no such price level"
    WRONG_SIDE = "the order is of the other side"
    NOT_LIMIT = "only limit orders can be changed"
    UNCHANGED = "nothing would change"
    TOO_MANY_AMENDS = "the order was changed too often"
    TOO_MANY_CONDITIONS = "too many open conditional orders"
    WOULD_TRIGGER = "the order would trigger immediately"
    NO_POSITION = "there is no position"
    INVALID_LEVERAGE = "no such leverage"
    LEVERAGE_NEEDS_MARGIN = "insufficient margin for so small a leverage"
    LEVERAGE_LOWERED = "the leverage of an isolated position cannot be reduced"
    OPEN_ORDERS = "there are open orders"
    OPEN_POSITION = "there is a position"
    NOT_ISOLATED = "the position has no margin of its own"
    CROSS_BALANCE = "the balance is insufficient"
    NOT_TRADING = "the symbol is not trading"
    CLOSED = "the symbol is closed"
    ISOLATED_BALANCE = "the position's own margin is insufficient"


class ExpiryReason(StrEnum):
    """Why an order ended without being filled or canceled."""

    SELF_TRADE = "self-trade prevention"
    SELF_TRADE_IMMEDIATE = "self-trade prevention of an immediate-or-cancel order"
    UNFILLED_IMMEDIATE = "the rest of an immediate-or-cancel order"
    UNFILLED_MARKET = "the rest of a market order"
    REDUCE_ONLY = "nothing left to reduce"
    GOOD_TILL = "its time is over"
    LIQUIDATION = "the account was liquidated"
    DELISTED = "the symbol is delisted"


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
    price_match: PriceMatch | None = None
    algo_id: int = 0
    modify_id: int = 0
    amends: int = 0
    forced: str = ""
    """``liquidation``, ``auto-deleveraging`` or ``settlement``: the exchange's own order."""

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


class Amendment(Struct, frozen=True):
    """One change of an order."""

    amendment_id: int
    order_id: int
    client_order_id: str
    account: str
    symbol: str
    px_before: Decimal
    px: Decimal
    qty_before: Decimal
    qty: Decimal
    count: int
    """How often the order was changed, with this time."""
    modify_id: int
    ts_ns: int


class Accepted(Struct, frozen=True):
    """The order is known from now on, and may trade."""

    order: OrderRecord


class Executed(Struct, frozen=True):
    """One side of a trade, and its order right after."""

    order: OrderRecord
    execution: Execution


class Amended(Struct, frozen=True):
    """Changed on request, and behind all others of its price now."""

    order: OrderRecord


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


class ChangeRefused(Struct, frozen=True):
    """Nothing was changed: an order, a conditional order, a setting."""

    account: str
    symbol: str
    refusal: Refusal


class AccountChanged(Struct, frozen=True):
    """A balance and a position after an execution, or after what ``reason`` says."""

    account: str
    asset: str
    wallet: Decimal
    symbol: str
    """Empty when no symbol has to do with it."""
    position: Position | None
    """None when only the balance changed."""
    ts_ns: int
    reason: str = "ORDER"
    cross_wallet: Decimal = Decimal(0)
    change: Decimal = Decimal(0)
    """Of the balance, without profit and fees."""
    isolated_wallet: Decimal | None = None
    """None for crossed positions."""
    break_even_px: Decimal = Decimal(0)


class ConditionChanged(Struct, frozen=True):
    """A conditional order is in a new state."""

    condition: Condition


class LeverageChanged(Struct, frozen=True):
    """An account trades a symbol with another leverage."""

    account: str
    symbol: str
    leverage: int
    ts_ns: int


class AssetModeChanged(Struct, frozen=True):
    """Whether all assets of an account are margin together."""

    account: str
    multi_assets: bool
    ts_ns: int


class MarginCalled(Struct, frozen=True):
    """Positions are close to liquidation."""

    account: str
    asset: str
    margin_type: MarginType
    symbols: tuple[str, ...]
    ts_ns: int


class FundingSettled(Struct, frozen=True):
    """A symbol's positions paid each other."""

    record: FundingRecord


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
    Accepted
    | Amended
    | Executed
    | Canceled
    | Expired
    | Rejected
    | CancelRefused
    | ChangeRefused
    | AccountChanged
    | ConditionChanged
    | LeverageChanged
    | AssetModeChanged
    | MarginCalled
    | FundingSettled
    | Traded
    | BookChanged
)
