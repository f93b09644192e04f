"""Write strategies in plain Python: ``from pyalgo import *``."""

from pyalgo.context import Context
from pyalgo.engine import Engine
from pyalgo.log import Handle, debug, error, info, init_logger, log_debug, log_error, log_info, log_warn, warn
from pyalgo.market import Depth, Kline, MarkPrice, Trade
from pyalgo.money import Balance, Borrowable, MarginLevel, MarginState
from pyalgo.order import Fill, Order
from pyalgo.phase import TradingPhase
from pyalgo.position import Position, Unfilled
from pyalgo.rest import PremiumIndex, Rest
from pyalgo.session import Event, Session
from pyalgo.smart_order import SmartOrder
from pyalgo.subscription import Subscription
from pyalgo.terms import Leg
from pyalgo.timers import Timer
from pyalgo.tradable import BarSubscription, DepthSubscription, MarkSubscription, Tradable, TradeSubscription
from pyalgo.words import (
    EventType,
    MarginType,
    OnDisconnect,
    OrderType,
    Phase,
    PriceMatch,
    Side,
    SideEffect,
    State,
    Tif,
    TradingState,
    TriggerPrice,
)
from tradingsys.core.errors import LocalProtocolError

__all__ = [
    "Balance",
    "BarSubscription",
    "Borrowable",
    "Context",
    "Depth",
    "DepthSubscription",
    "Engine",
    "Event",
    "EventType",
    "Fill",
    "Handle",
    "Kline",
    "Leg",
    "LocalProtocolError",
    "MarginLevel",
    "MarginState",
    "MarginType",
    "MarkPrice",
    "MarkSubscription",
    "OnDisconnect",
    "Order",
    "OrderType",
    "Phase",
    "Position",
    "PremiumIndex",
    "PriceMatch",
    "Rest",
    "Session",
    "Side",
    "SideEffect",
    "SmartOrder",
    "State",
    "Subscription",
    "Tif",
    "Timer",
    "Tradable",
    "Trade",
    "TradeSubscription",
    "TradingPhase",
    "TradingState",
    "TriggerPrice",
    "Unfilled",
    "debug",
    "error",
    "info",
    "init_logger",
    "log_debug",
    "log_error",
    "log_info",
    "log_warn",
    "warn",
]
