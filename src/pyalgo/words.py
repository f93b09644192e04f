"""The original's words, and what they are on the wire."""

from __future__ import annotations

from enum import StrEnum

from tradingsys.core import enums as fix
from tradingsys.core.enums import MarginType, PriceMatch, TriggerPrice
from tradingsys.wire.messages import OrderView

__all__ = [
    "FIX_ORDER_TYPES",
    "EventType",
    "MarginType",
    "OrderType",
    "Phase",
    "PriceMatch",
    "Side",
    "State",
    "Tif",
    "TriggerPrice",
    "from_wire",
    "state_of",
]


class Phase(StrEnum):
    """The parts of a trading day that a strategy defines for itself."""

    AUCTION = "AUCTION"
    PRE_OPEN = "PRE_OPEN"
    OPEN = "OPEN"
    PRE_CLOSE = "PRE_CLOSE"
    CLOSE = "CLOSE"
    UNDEF = "UNDEF"


class Side(StrEnum):
    """FIX side (54)."""

    BUY = "BUY"
    SELL = "SELL"


class State(StrEnum):
    """FIX order_status (39)."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"

    @property
    def is_active(self) -> bool:
        """Whether more executions must be expected."""
        return self in (State.NEW, State.PARTIALLY_FILLED)


class OrderType(StrEnum):
    """FIX order_type (40), in the original's words.

    Futures: STOP and TAKE_PROFIT become limit orders when triggered, STOP_MARKET, TAKE_PROFIT_MARKET and
    TRAILING_STOP_MARKET market orders. STOP_LOSS, STOP_LOSS_LIMIT and TAKE_PROFIT_LIMIT are the spot market's words.
    LIMIT_MAKER is FIX exec_inst POST_ONLY (18).
    """

    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"
    MARKET = "MARKET"
    STOP = "STOP"
    STOP_MARKET = "STOP_MARKET"
    STOP_LOSS = "STOP_LOSS"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"


class Tif(StrEnum):
    """FIX time_in_force (59); GTX is FIX exec_inst POST_ONLY (18), UNDEF leaves it to the order type."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"
    GTD = "GTD"
    UNDEF = "UNDEF"


class EventType(StrEnum):
    """What `Context.on_event` hears of."""

    Login = "Login"
    Depth = "Depth"
    Kline = "Kline"
    Order = "Order"
    Position = "Position"
    Trade = "Trade"
    Mark = "Mark"


FIX_ORDER_TYPES = {
    OrderType.LIMIT: fix.OrderType.LIMIT,
    OrderType.MARKET: fix.OrderType.MARKET,
    OrderType.STOP: fix.OrderType.STOP_LIMIT,
    OrderType.STOP_MARKET: fix.OrderType.STOP_MARKET,
    OrderType.TAKE_PROFIT: fix.OrderType.TAKE_PROFIT_LIMIT,
    OrderType.TAKE_PROFIT_MARKET: fix.OrderType.TAKE_PROFIT_MARKET,
    OrderType.TRAILING_STOP_MARKET: fix.OrderType.TRAILING_STOP_MARKET,
}
"""What a futures exchange knows; LIMIT_MAKER is a LIMIT order with an instruction."""

_TYPES = {word: order_type for order_type, word in FIX_ORDER_TYPES.items()}

_STATES = {
    fix.OrderStatus.PENDING_NEW: State.NEW,
    fix.OrderStatus.NEW: State.NEW,
    fix.OrderStatus.PARTIALLY_FILLED: State.PARTIALLY_FILLED,
    fix.OrderStatus.FILLED: State.FILLED,
    fix.OrderStatus.CANCELED: State.CANCELED,
    fix.OrderStatus.REJECTED: State.REJECTED,
    fix.OrderStatus.EXPIRED: State.EXPIRED,
    fix.OrderStatus.EXPIRED_IN_MATCH: State.EXPIRED_IN_MATCH,
    fix.OrderStatus.UNKNOWN: State.NEW,
    fix.OrderStatus.ABSENT: State.REJECTED,
}


def from_wire(view: OrderView) -> tuple[OrderType, Tif]:
    """The type and tif of an order that another program sent."""
    if view.post_only:
        return OrderType.LIMIT, Tif.GTX
    tif = Tif.UNDEF if view.time_in_force is None else Tif(view.time_in_force.value)
    return _TYPES[view.order_type], tif


def state_of(status: fix.OrderStatus) -> State:
    """The original's state: doubt is NEW, and an order that never arrived is REJECTED."""
    return _STATES[status]
