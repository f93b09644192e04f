"""Write strategies in plain Python: ``from pyalgo import *``."""

from pyalgo.context import Context, Event
from pyalgo.engine import Engine
from pyalgo.log import debug, error, info, init_logger, log_debug, log_error, log_info, log_warn, warn
from pyalgo.market import Depth, Kline
from pyalgo.order import Order
from pyalgo.phase import TradingPhase
from pyalgo.smart_order import SmartOrder
from pyalgo.subscription import BarSubscription, DepthSubscription
from pyalgo.words import EventType, OrderType, Phase, Side, State, Tif

__all__ = [
    "BarSubscription",
    "Context",
    "Depth",
    "DepthSubscription",
    "Engine",
    "Event",
    "EventType",
    "Kline",
    "Order",
    "OrderType",
    "Phase",
    "Side",
    "SmartOrder",
    "State",
    "Tif",
    "TradingPhase",
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
