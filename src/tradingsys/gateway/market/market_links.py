"""Connections of market data that follow each other: before one ends, the next has begun to listen.

A channel is what subscribers' streams are on; a connection speaks for it until another takes over.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, structs

from tradingsys.core.deadlines import earliest
from tradingsys.core.io import Closed, CloseWs, Frame, Input, Opened, OpenWs, Transmission, WsFrame
from tradingsys.core.market import Kline, Trade
from tradingsys.gateway.seams import Transport
from tradingsys.venues.protocol import MarketEvent

__all__ = ["MarketLinks", "is_newer"]

_OVERLAP_NS = 2_000_000_000
"""Both connections listen for so long: what one tells a little later than the other is not lost."""
_RETRY_NS = 1_000_000_000


class _Successor(Struct):
    """A connection that will speak for a channel."""

    name: str
    url: str
    subscription: Callable[[], bytes]
    is_open: bool = False
    due_ns: int | None = None
    """When it takes over, or is tried again; None as long as it connects."""
    held: list[bytes] = []


def is_newer(event: MarketEvent, last: MarketEvent) -> bool:
    """Whether one event of a stream tells what another one of the same stream does not."""
    return _place(event) > _place(last)


def _place(event: MarketEvent) -> tuple[int, ...]:
    if isinstance(event, Trade):
        return (event.trade_id,)
    if isinstance(event, Kline):
        return event.open_ms, event.is_closed, event.ts_event_ms
    return getattr(event, "update_id", 0), event.ts_event_ms


class MarketLinks:
    """Stands between channels and transport."""

    def __init__(
        self, transport: Transport, now_ns: Callable[[], int], took_over: Callable[[str, list[bytes]], None]
    ) -> None:
        """``took_over`` is told of a channel with another connection, and what that one heard until then."""
        self._transport = transport
        self._now_ns = now_ns
        self._took_over = took_over
        self._names: dict[str, str] = {}
        """The connection that speaks for a channel, where it is not the first."""
        self._successors: dict[str, _Successor] = {}
        self._opened = 0
        self.is_changing = False
        """Whether any channel has a successor."""

    def perform(self, transmission: OpenWs | WsFrame | CloseWs) -> None:
        """Do this with the connection that speaks for the channel."""
        channel = transmission.channel
        self._perform(structs.replace(transmission, channel=self._names.get(channel, channel)))
        successor = self._successors.get(channel)
        if isinstance(transmission, WsFrame) and successor is not None and successor.is_open:
            self._perform(WsFrame(successor.name, transmission.data))

    def succeed(self, channel: str, url: str, subscription: Callable[[], bytes]) -> None:
        """The channel's connection will end soon: another one shall listen before, and then take over."""
        if channel not in self._successors:
            self._opened += 1
            successor = _Successor(f"{channel}#{self._opened}", url, subscription)
            self._successors[channel], self.is_changing = successor, True
            self._perform(OpenWs(successor.name, url))

    def heard(self, event: Opened | Frame | Closed) -> Input | None:
        """What an event of a connection means for its channel; None when that is nothing."""
        name = event.channel
        channel = name.partition("#")[0]
        if name == self._names.get(channel, channel):
            successor = self._successors.get(channel)
            if successor is not None and isinstance(event, Closed):
                if successor.is_open:
                    self._take_over(channel)
                    return None
                self._forget(channel)
            return event if name == channel else structs.replace(event, channel=channel)
        successor = self._successors.get(channel)
        if successor is not None and name == successor.name:
            self._of_successor(successor, event)
        elif isinstance(event, Opened):
            self._perform(CloseWs(name))
        return None

    def tick(self) -> None:
        """Hand over, or try again."""
        for channel, successor in list(self._successors.items()):
            if successor.due_ns is None or self._now_ns() < successor.due_ns:
                continue
            if successor.is_open:
                ended = self._names.get(channel, channel)
                self._take_over(channel)
                self._perform(CloseWs(ended))
            else:
                successor.due_ns = None
                self._perform(OpenWs(successor.name, successor.url))

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do."""
        return earliest(successor.due_ns for successor in self._successors.values()) if self._successors else None

    def _of_successor(self, successor: _Successor, event: Opened | Frame | Closed) -> None:
        match event:
            case Opened(name):
                successor.is_open, successor.due_ns = True, self._now_ns() + _OVERLAP_NS
                self._perform(WsFrame(name, successor.subscription()))
            case Frame(_, data):
                successor.held.append(data)
            case Closed():
                successor.is_open, successor.due_ns = False, self._now_ns() + _RETRY_NS
                successor.held.clear()

    def _take_over(self, channel: str) -> None:
        successor = self._successors[channel]
        self._names[channel] = successor.name
        self._forget(channel)
        self._took_over(channel, successor.held)

    def _forget(self, channel: str) -> None:
        del self._successors[channel]
        self.is_changing = bool(self._successors)

    def _perform(self, transmission: Transmission) -> None:
        self._transport.perform(transmission)
