"""Orders that wait for a price, as the exchange knows them."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tradingsys.core.enums import OrderType, PriceMatch, SelfTradePrevention, Side, TimeInForce, TriggerPrice

__all__ = ["Condition", "ConditionStatus", "NewCondition", "fires_above"]

_RISING = frozenset(
    {
        (OrderType.STOP_LIMIT, Side.BUY),
        (OrderType.STOP_MARKET, Side.BUY),
        (OrderType.TAKE_PROFIT_LIMIT, Side.SELL),
        (OrderType.TAKE_PROFIT_MARKET, Side.SELL),
    }
)


def fires_above(order_type: OrderType, side: Side) -> bool:
    """Whether such an order waits for a price to rise."""
    return (order_type, side) in _RISING


class NewCondition(Struct, frozen=True):
    """A conditional order as an account sends it."""

    account: str
    symbol: str
    side: Side
    order_type: OrderType
    qty: Decimal
    """0 with ``close_position``."""
    px: Decimal | None = None
    trigger_px: Decimal | None = None
    """None for trailing stops."""
    trigger_price: TriggerPrice = TriggerPrice.LAST
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    close_position: bool = False
    price_protect: bool = False
    needs_position: bool = False
    """It expires when the account has no position on the symbol any more."""
    activation_px: Decimal | None = None
    callback_rate: Decimal | None = None
    """In percent."""
    client_algo_id: str = ""
    """Empty: the exchange makes one."""
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.NONE
    good_till_ms: int = 0
    price_match: PriceMatch | None = None

    @property
    def is_trailing(self) -> bool:
        """Whether its trigger follows the price."""
        return self.order_type is OrderType.TRAILING_STOP_MARKET

    @property
    def fires_above(self) -> bool:
        """Whether it waits for a price to rise; for a trailing stop, to be activated."""
        if self.is_trailing:
            return self.side is Side.SELL
        return fires_above(self.order_type, self.side)


class ConditionStatus(StrEnum):
    """Where a conditional order is in its life."""

    NEW = "NEW"
    TRIGGERING = "TRIGGERING"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class Condition(Struct, frozen=True):
    """A conditional order at one moment."""

    algo_id: int
    client_algo_id: str
    terms: NewCondition
    created_ns: int
    updated_ns: int
    status: ConditionStatus = ConditionStatus.NEW
    is_activated: bool = False
    """A trailing stop that follows the price."""
    triggered_ns: int = 0
    child_id: int | None = None
    """The order it became."""
    child_type: OrderType | None = None
    child_qty: Decimal = Decimal(0)
    child_px: Decimal = Decimal(0)
    """Executed quantity of the child and its average price."""
    reason: str = ""
    """Why it was rejected."""
