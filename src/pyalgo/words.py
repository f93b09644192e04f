"""The original's words, and what they are on the wire."""

from __future__ import annotations

from enum import StrEnum

from tradingsys.core import enums as fix
from tradingsys.core.enums import MarginType, OnDisconnect, PriceMatch, SideEffect, TradingState, TriggerPrice
from tradingsys.wire.messages.orders import OrderTerms

__all__ = [
    "FUTURES_WORDS",
    "EventType",
    "MarginType",
    "OnDisconnect",
    "OrderType",
    "Phase",
    "PriceMatch",
    "Side",
    "SideEffect",
    "State",
    "Tif",
    "TradingState",
    "TriggerPrice",
    "fix_order_type",
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

    LIMIT, LIMIT_MAKER (FIX exec_inst POST_ONLY, 18) and MARKET are the same everywhere. Of those that wait for a price

    ==================  =====================  ========================================
    becomes             on futures             on spot
    ==================  =====================  ========================================
    a market order      STOP_MARKET            STOP_LOSS
    a limit order       STOP                   STOP_LOSS_LIMIT
    a market order      TAKE_PROFIT_MARKET     TAKE_PROFIT
    a limit order       TAKE_PROFIT            TAKE_PROFIT_LIMIT
    a market order      TRAILING_STOP_MARKET   STOP_LOSS with ``callback_rate``
    ==================  =====================  ========================================

    On spot the futures' words do as well, but TAKE_PROFIT, which is a market order there.
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
    Margin = "Margin"


_EVERYWHERE = {OrderType.LIMIT: fix.OrderType.LIMIT, OrderType.MARKET: fix.OrderType.MARKET}
"""LIMIT_MAKER is a LIMIT order with an instruction."""
_STOPS = {
    OrderType.STOP: fix.OrderType.STOP_LIMIT,
    OrderType.STOP_MARKET: fix.OrderType.STOP_MARKET,
    OrderType.TAKE_PROFIT_MARKET: fix.OrderType.TAKE_PROFIT_MARKET,
    OrderType.TRAILING_STOP_MARKET: fix.OrderType.TRAILING_STOP_MARKET,
}
_FUTURES = {**_EVERYWHERE, **_STOPS, OrderType.TAKE_PROFIT: fix.OrderType.TAKE_PROFIT_LIMIT}
# The spot market's own words come last: they name what another program sent.
_SPOT = {
    **_EVERYWHERE,
    **_STOPS,
    OrderType.STOP_LOSS: fix.OrderType.STOP_MARKET,
    OrderType.STOP_LOSS_LIMIT: fix.OrderType.STOP_LIMIT,
    OrderType.TAKE_PROFIT: fix.OrderType.TAKE_PROFIT_MARKET,
    OrderType.TAKE_PROFIT_LIMIT: fix.OrderType.TAKE_PROFIT_LIMIT,
}

FUTURES_WORDS = {
    OrderType.STOP_LOSS: OrderType.STOP_MARKET,
    OrderType.STOP_LOSS_LIMIT: OrderType.STOP,
    OrderType.TAKE_PROFIT_LIMIT: OrderType.TAKE_PROFIT,
}
"""What a word that only the spot market has is on futures."""

_TYPES = {
    is_spot: {word: order_type for order_type, word in words.items()}
    for is_spot, words in ((False, _FUTURES), (True, _SPOT))
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


def fix_order_type(order_type: OrderType, *, is_spot: bool) -> fix.OrderType | None:
    """What a word means on a market; None for a word that the market does not have."""
    if order_type is OrderType.LIMIT_MAKER:
        return fix.OrderType.LIMIT
    return (_SPOT if is_spot else _FUTURES).get(order_type)


def from_wire(terms: OrderTerms, *, is_spot: bool) -> tuple[OrderType, Tif]:
    """Type and tif of an order that another program sent, in the market's own words."""
    if terms.post_only and is_spot:
        return OrderType.LIMIT_MAKER, Tif.GTC
    order_type = _TYPES[is_spot][terms.order_type]
    if terms.post_only:
        return order_type, Tif.GTX
    return order_type, Tif.UNDEF if terms.time_in_force is None else Tif(terms.time_in_force.value)


def state_of(status: fix.OrderStatus) -> State:
    """The original's state: doubt is NEW, and an order that never arrived is REJECTED."""
    return _STATES[status]
