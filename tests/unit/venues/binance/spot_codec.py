"""Orders of spot and margin as they are told over the wire, and back."""

from decimal import Decimal
from typing import TypeVar

import msgspec

from tradingsys.core.enums import OrderType, SelfTradePrevention, Side, TimeInForce
from tradingsys.core.order import Order, Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.venues.binance import encode
from tradingsys.venues.binance.messages import Message

M = TypeVar("M", bound=Message)
D = Decimal
TERMS = Terms(
    "ETHUSDT", Side.SELL, OrderType.LIMIT, D("0.5"), D(3011), TimeInForce.GTC,
    self_trade_prevention=SelfTradePrevention.EXPIRE_TAKER, version_ms=2001,
)  # fmt: skip
ORDER = Order(("my-7",), "28", TERMS, accepted=True)


def over_the_wire(message: M) -> M:
    data = encode.to_bytes(message)
    assert b"E+" not in data and b"E-" not in data
    return msgspec.json.decode(data, type=type(message))


def report(order: Order = ORDER) -> OrderChanged:
    return OrderChanged(order, "ETHUSDT", 2001)
