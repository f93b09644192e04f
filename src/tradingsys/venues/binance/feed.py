"""What a connection that brings an account's events looks like to the protocol, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.auth import Signer
from tradingsys.venues.binance.rest import Rest
from tradingsys.venues.protocol import Output

__all__ = ["Feed", "FeedParts"]


class FeedParts(Struct, frozen=True):
    """What feeds are made of."""

    rest: Rest
    clock: VenueClock
    api_key: str
    signer: Signer
    next_id: Callable[[], int]
    """Ids of requests on the WS-API."""


class Feed(Protocol):
    """Brings events of the account, by one websocket or several; kept open from `connect` on."""

    @property
    def channels(self) -> frozenset[str]:
        """The names of its websockets."""

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` must be called at the latest."""

    def connect(self, now_ns: int) -> list[Output]:
        """Come up, unless that is done or under way."""

    def opened(self, channel: str, now_ns: int, /) -> list[Output]:
        """A websocket is there."""

    def frame(self, channel: str, data: bytes, now_ns: int, /) -> list[Output]:
        """Take what arrived."""

    def closed(self, channel: str, reason: str, now_ns: int, /) -> list[Output]:
        """A websocket is gone."""

    def clock_may_be_set(self, now_ns: int, /) -> list[Output]:
        """Go on where only the venue's time was missing."""

    def tick(self, now_ns: int) -> list[Output]:
        """Let time pass."""

    def restart(self, reason: str) -> list[Output]:
        """What is connected brings nothing: begin again, where this is a stream of orders."""
