"""What surrounds the client: the way to the gateway on one side, who listens on the other."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from pyalgo.money import MarginLevel
from pyalgo.order import Fill, Order
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.messages import DepthPush, KlinePush, MarkPush, TradePush

__all__ = ["Link", "Listener", "MarketPush", "Stage"]


class Link(Protocol):
    """The way to the gateway, open until `Client.closed`. It must not call the client back from inside `send`."""

    def send(self, data: bytes) -> None:
        """Write one text frame."""

    def close(self) -> None:
        """Give the connection up; `Client.closed` follows, then a new connection."""


MarketPush = DepthPush | KlinePush | TradePush | MarkPush


class Listener(Protocol):
    """Who hears what the gateway said, in the order it was said."""

    def logged_in(self) -> bool:
        """The session is taken. Told once per login: again when it returns that nobody heard."""

    def connected(self) -> bool:
        """Positions and orders are known: orders can be sent. Told as `logged_in`."""

    def disconnected(self, reason: str) -> None:
        """The connection is gone, after it was logged in."""

    def market(self, push: MarketPush) -> None:
        """Market data."""

    def order(self, order: Order, fill: Fill | None) -> None:
        """An order changed; exactly once per execution."""

    def fee_known(self, order: Order, fill: Fill) -> None:
        """The fee of an execution is known; exactly once per execution, right after it was told or later."""

    def durable(self, order: Order, fill: Fill) -> None:
        """An execution that was told is on the gateway's disk; exactly once per execution."""

    def position_changed(self, symbol: str) -> None:
        """A position changed."""

    def margin_changed(self, level: MarginLevel) -> None:
        """A margin account comes close to a margin call, or is well again."""

    def error(self, error: LocalProtocolError) -> None:
        """Something was refused."""


class Stage(Enum):
    """How far a connection has come."""

    OFFLINE = "there is no connection to the gateway"
    LOGGING_IN = "logging in to the gateway"
    LOGGED_IN = "the gateway is not ready yet"
    READY = "ready"
