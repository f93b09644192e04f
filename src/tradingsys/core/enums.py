"""The closed vocabularies of orders, in FIX words."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ContractKind", "OrderStatus", "OrderType", "SelfTradePrevention", "Side", "TimeInForce"]


class Side(StrEnum):
    """FIX 54."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell: what a unit executed does to a position."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The side an order of this side trades against."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """FIX 40. Post-only is an instruction (FIX 18), not a type: see `Terms.post_only`."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP_LIMIT = "STOP_LIMIT"
    STOP_MARKET = "STOP_MARKET"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"


class TimeInForce(StrEnum):
    """FIX 59."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"


class OrderStatus(StrEnum):
    """FIX 39, as derived from an order's facts; UNKNOWN and ABSENT are our own judgement, never a venue's word."""

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"
    UNKNOWN = "UNKNOWN"
    """In doubt: the request may or may not have reached the venue; counts in full until the venue proves otherwise."""
    ABSENT = "ABSENT"
    """Believed never to have reached the venue; provisional, later evidence revives the order."""

    @property
    def is_open(self) -> bool:
        """Whether more fills must be expected: everything that is neither closed nor believed absent."""
        return self in _OPEN


_OPEN = frozenset({OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.UNKNOWN})


class SelfTradePrevention(StrEnum):
    """What a venue does when two orders of one account would trade with each other."""

    NONE = "NONE"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"


class ContractKind(StrEnum):
    """How a position in an instrument is valued."""

    SPOT = "SPOT"
    LINEAR = "LINEAR"
