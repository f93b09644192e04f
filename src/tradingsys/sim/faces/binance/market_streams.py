"""Who listens to which market stream, and delivering to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeAlias

from tradingsys.sim.events import BookChanged, ExchangeEvent, Executed, Expired, OrderRecord, Traded
from tradingsys.sim.faces.binance.book_feeds import DiffFeed
from tradingsys.sim.faces.binance.call import S
from tradingsys.sim.faces.binance.connection import Connection, Route
from tradingsys.sim.faces.binance.feed import Feed, Payload
from tradingsys.sim.faces.transport import WsOutput, WsSend
from tradingsys.sim.recorded_trade import RecordedTrade
from tradingsys.sim.tape import Aggregate
from tradingsys.venues.binance.encode import to_bytes

__all__ = ["MakeFeed", "MarketStreams"]

MakeFeed: TypeAlias = Callable[[S, Route, str, int], Feed | None]

_LIQUIDATION = "liquidation"


class _Channel:
    """One stream of one route, its feed and its listeners."""

    __slots__ = ("feed", "listeners", "name")

    def __init__(self, name: str, feed: Feed) -> None:
        self.name = name
        self.feed = feed
        self.listeners: dict[int, Connection] = {}

    def send(self, payloads: Iterable[Payload], outputs: list[WsOutput]) -> None:
        for payload in payloads:
            raw = to_bytes(payload)
            wrapped = b'{"stream":"' + self.name.encode() + b'","data":' + raw + b"}"
            for conn_id, conn in self.listeners.items():
                outputs.append(WsSend(conn_id, wrapped if conn.is_combined else raw))


class MarketStreams(Generic[S]):
    """All streams that somebody listens to; the others cost nothing."""

    def __init__(self, state: S, make_feed: MakeFeed[S]) -> None:
        """``make_feed`` gives the feed behind a stream name on a route; None for what does not exist there."""
        self._state = state
        self._make_feed = make_feed
        self._channels: dict[tuple[Route, str], _Channel] = {}
        self._by_symbol: dict[str, list[_Channel]] = {}

    def subscribe(self, conn: Connection, name: str, now_ns: int) -> None:
        """Listen; to a stream that this route does not have, in vain and without a word."""
        key = (conn.route, name)
        channel = self._channels.get(key)
        if channel is None:
            feed = self._make_feed(self._state, conn.route, name, now_ns)
            if feed is None:
                return
            channel = self._channels[key] = _Channel(name, feed)
            self._by_symbol.setdefault(feed.symbol, []).append(channel)
        channel.listeners[conn.conn_id] = conn

    def unsubscribe(self, conn: Connection, name: str) -> None:
        """Stop listening."""
        channel = self._channels.get((conn.route, name))
        if channel is None:
            return
        channel.listeners.pop(conn.conn_id, None)
        if not channel.listeners:
            del self._channels[conn.route, name]
            self._by_symbol[channel.feed.symbol].remove(channel)

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to send."""
        deadlines = [channel.feed.next_ns for channel in self._channels.values() if channel.feed.next_ns is not None]
        for symbol, tape in self._state.tapes.items():
            if tape.pending_until_ns is not None and self._by_symbol.get(symbol):
                deadlines.append(tape.pending_until_ns)
        return min(deadlines, default=None)

    def publish(self, events: Iterable[ExchangeEvent], now_ns: int) -> list[WsOutput]:
        """What listeners hear at once of these events. The tapes learn of every trade here."""
        outputs: list[WsOutput] = []
        for event in events:
            match event:
                case BookChanged():
                    for channel in self._by_symbol.get(event.symbol, ()):
                        channel.send(channel.feed.on_book(event), outputs)
                case Traded():
                    if self._is_public(event):
                        aggregates = self._state.tapes[event.symbol].add(event)
                        self._send_aggregates(event.symbol, aggregates, now_ns, outputs)
                        for channel in self._hearing(event.symbol):
                            channel.send(channel.feed.on_trade(event), outputs)
                case Executed(order) | Expired(order) if order.forced == _LIQUIDATION:
                    self._send_forced(order, outputs)
                case _:
                    pass
        return outputs

    def announce(self, symbol: str, now_ns: int) -> list[WsOutput]:
        """A symbol has a new status."""
        outputs: list[WsOutput] = []
        for channel in self._hearing(symbol):
            channel.send(channel.feed.on_contract(symbol, now_ns), outputs)
        return outputs

    def lose_change(self, symbol: str) -> int:
        """Keep the next change of a book back in every stream of changes; returns in how many."""
        feeds = [channel.feed for channel in self._by_symbol.get(symbol, ()) if isinstance(channel.feed, DiffFeed)]
        for feed in feeds:
            feed.loses_next = True
        return len(feeds)

    def tick(self, now_ns: int) -> list[WsOutput]:
        """What is due by the clock."""
        outputs: list[WsOutput] = []
        for symbol, tape in self._state.tapes.items():
            if done := tape.advance(now_ns):
                self._send_aggregates(symbol, done, now_ns, outputs)
        self._state.read(now_ns)
        for channel in list(self._channels.values()):
            next_ns = channel.feed.next_ns
            if next_ns is not None and next_ns <= now_ns:
                channel.send(channel.feed.due(now_ns), outputs)
        return outputs

    def _hearing(self, symbol: str) -> Iterable[_Channel]:
        """Channels of a symbol, and those of all symbols."""
        return (*self._by_symbol.get(symbol, ()), *self._by_symbol.get("", ()))

    def _is_public(self, trade: Traded) -> bool:
        """Of a recorded market only what was recorded."""
        return trade.symbol not in self._state.recorded or isinstance(trade, RecordedTrade)

    def _send_forced(self, order: OrderRecord, outputs: list[WsOutput]) -> None:
        for channel in self._hearing(order.symbol):
            channel.send(channel.feed.on_forced(order), outputs)

    def _send_aggregates(
        self, symbol: str, aggregates: Iterable[Aggregate], now_ns: int, outputs: list[WsOutput]
    ) -> None:
        for aggregate in aggregates:
            for channel in self._by_symbol.get(symbol, ()):
                channel.send(channel.feed.on_aggregate(aggregate, now_ns), outputs)
