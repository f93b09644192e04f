"""The closed vocabularies of orders, in FIX words."""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "AccountKind",
    "Contingency",
    "ContractKind",
    "MarginType",
    "OnDisconnect",
    "OrderStatus",
    "OrderType",
    "PriceMatch",
    "SelfTradePrevention",
    "Side",
    "SideEffect",
    "TimeInForce",
    "TradingState",
    "TriggerPrice",
]


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

    @property
    def is_conditional(self) -> bool:
        """Whether it waits for a price before it becomes an order that can execute."""
        return self not in (OrderType.LIMIT, OrderType.MARKET)

    @property
    def has_price(self) -> bool:
        """Whether it executes at a price or better, not at market."""
        return self in (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_LIMIT)

    @property
    def stops_loss(self) -> bool:
        """Whether it waits for a price that is worse than the market's."""
        return self in (OrderType.STOP_LIMIT, OrderType.STOP_MARKET, OrderType.TRAILING_STOP_MARKET)

    @property
    def takes_profit(self) -> bool:
        """Whether it waits for a price that is better than the market's."""
        return self in (OrderType.TAKE_PROFIT_LIMIT, OrderType.TAKE_PROFIT_MARKET)


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
    DECREMENT = "DECREMENT"
    """Spot: both are reduced by what would have traded."""
    TRANSFER = "TRANSFER"
    """Spot: as DECREMENT, and between accounts of one group the quantity changes hands outside of the book."""


class TriggerPrice(StrEnum):
    """FIX 1107: the price whose movement triggers a conditional order."""

    LAST = "LAST"
    MARK = "MARK"


class PriceMatch(StrEnum):
    """A limit price taken from the book by the venue at the moment it accepts the order."""

    OPPONENT = "OPPONENT"
    OPPONENT_5 = "OPPONENT_5"
    OPPONENT_10 = "OPPONENT_10"
    OPPONENT_20 = "OPPONENT_20"
    QUEUE = "QUEUE"
    QUEUE_5 = "QUEUE_5"
    QUEUE_10 = "QUEUE_10"
    QUEUE_20 = "QUEUE_20"


class MarginType(StrEnum):
    """Whether a position shares the account's margin or has its own."""

    CROSSED = "CROSSED"
    ISOLATED = "ISOLATED"


class ContractKind(StrEnum):
    """How a position in an instrument is valued."""

    SPOT = "SPOT"
    LINEAR = "LINEAR"


class AccountKind(StrEnum):
    """What an account holds, and thereby what its books are proven with."""

    CONTRACTS = "CONTRACTS"
    """Positions in contracts: by symbol, Σ sessions + EXTERNAL = the account's position."""
    ASSETS = "ASSETS"
    """Assets: by asset, Σ sessions + EXTERNAL = the account's balance."""


class Contingency(StrEnum):
    """FIX 1385: how the orders of a list depend on each other."""

    OCO = "OCO"
    """One cancels the other."""
    OTO = "OTO"
    """One triggers the other: the second is placed when the first is filled completely."""
    OTOCO = "OTOCO"
    """One triggers a pair, of which one cancels the other."""

    @property
    def size(self) -> int:
        """How many orders such a list has."""
        return 3 if self is Contingency.OTOCO else 2

    @property
    def has_first(self) -> bool:
        """Whether only the first order works at once, and the others when it is filled."""
        return self is not Contingency.OCO


class SideEffect(StrEnum):
    """What else an order of a margin account does (Binance ``sideEffectType``)."""

    NO_SIDE_EFFECT = "NO_SIDE_EFFECT"
    MARGIN_BUY = "MARGIN_BUY"
    """Borrows what is lacking to place it."""
    AUTO_REPAY = "AUTO_REPAY"
    """Pays back debts with what it receives."""


class TradingState(StrEnum):
    """What of its orders an account, a session or a symbol may still send; each allows less than the one before."""

    ACTIVE = "ACTIVE"
    """Everything."""
    REDUCING = "REDUCING"
    """Cancels, smaller amends, and orders that reduce what the session itself holds."""
    HALTED = "HALTED"
    """Cancels."""

    @property
    def severity(self) -> int:
        """0, 1, 2: of several that hold at once the largest counts."""
        return tuple(TradingState).index(self)


class OnDisconnect(StrEnum):
    """What becomes of a session when its strategy is gone for longer than its grace period."""

    LEAVE = "leave"
    """Its orders stay."""
    CANCEL = "cancel"
    """Its orders are canceled."""
    FLATTEN = "flatten"
    """Its orders are canceled, and what it holds is traded away."""
