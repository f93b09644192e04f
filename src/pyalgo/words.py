"""The original's words, and what they are on the wire."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from tradingsys.core import enums as fix
from tradingsys.core.errors import InvalidOrder
from tradingsys.wire.messages import ErrorCode, OrderView

__all__ = ["EventType", "OrderType", "Phase", "Side", "State", "Tif", "WireTerms", "from_wire", "state_of", "to_wire"]


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
    """FIX order_type (40); LIMIT_MAKER is FIX exec_inst POST_ONLY (18)."""

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
    """FIX time_in_force (59); GTX is FIX exec_inst POST_ONLY (18), UNDEF leaves it out."""

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


class WireTerms(NamedTuple):
    """What an order type and a tif are on the wire."""

    order_type: fix.OrderType
    time_in_force: fix.TimeInForce | None
    post_only: bool


_TIMES = {
    Tif.GTC: fix.TimeInForce.GTC,
    Tif.IOC: fix.TimeInForce.IOC,
    Tif.FOK: fix.TimeInForce.FOK,
    Tif.UNDEF: fix.TimeInForce.GTC,
}

_TYPES = {
    fix.OrderType.LIMIT: OrderType.LIMIT,
    fix.OrderType.MARKET: OrderType.MARKET,
    fix.OrderType.STOP_LIMIT: OrderType.STOP,
    fix.OrderType.STOP_MARKET: OrderType.STOP_MARKET,
    fix.OrderType.TAKE_PROFIT_LIMIT: OrderType.TAKE_PROFIT_LIMIT,
    fix.OrderType.TAKE_PROFIT_MARKET: OrderType.TAKE_PROFIT_MARKET,
    fix.OrderType.TRAILING_STOP_MARKET: OrderType.TRAILING_STOP_MARKET,
}

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


def to_wire(order_type: OrderType, tif: Tif) -> WireTerms:
    """What to send for an order type and a tif; a tif that makes no sense for the type is left out.

    Raises InvalidOrder for what cannot be sent.
    """
    match order_type:
        case OrderType.MARKET:
            return WireTerms(fix.OrderType.MARKET, None, False)
        case OrderType.LIMIT_MAKER:
            return WireTerms(fix.OrderType.LIMIT, fix.TimeInForce.GTC, True)
        case OrderType.LIMIT if tif == Tif.GTX:
            return WireTerms(fix.OrderType.LIMIT, fix.TimeInForce.GTC, True)
        case OrderType.LIMIT if tif in _TIMES:
            return WireTerms(fix.OrderType.LIMIT, _TIMES[tif], False)
        case OrderType.LIMIT:
            raise _unsupported(f"Tif.{tif} needs an expiry time, which no order can carry: use Tif.GTC and cancel it")
        case _:
            raise _unsupported(f"OrderType.{order_type} is not supported: use LIMIT, LIMIT_MAKER or MARKET")


def from_wire(view: OrderView) -> tuple[OrderType, Tif]:
    """The type and tif of an order that another program sent."""
    if view.post_only:
        return OrderType.LIMIT, Tif.GTX
    tif = Tif.UNDEF if view.time_in_force is None else Tif(view.time_in_force.value)
    return _TYPES[view.order_type], tif


def state_of(status: fix.OrderStatus) -> State:
    """The original's state: doubt is NEW, and an order that never arrived is REJECTED."""
    return _STATES[status]


def _unsupported(message: str) -> InvalidOrder:
    return InvalidOrder(message, code=ErrorCode.INVALID_ORDER)
