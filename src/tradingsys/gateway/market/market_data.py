"""Market data, shared: each stream is taken from the venue once, decoded once, encoded once, written to everybody.

No awaits, no back-pressure: a subscriber that cannot keep up gets the latest of each stream when it can. Only trades
and closed bars are never replaced by later ones: they wait for it, up to a bound.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.bars import INTERVALS
from tradingsys.core.deadlines import earliest
from tradingsys.core.errors import LocalProtocolError
from tradingsys.core.io import Closed, CloseWs, Frame, Input, Opened, OpenWs, WsFrame
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.market.market_channel import FIRST_RETRY_NS, MarketChannel
from tradingsys.gateway.market.market_links import MarketLinks, is_newer
from tradingsys.gateway.market.market_pushes import encode_event
from tradingsys.gateway.market.prices import Prices
from tradingsys.gateway.market.stream_names import stream_text
from tradingsys.gateway.seams import Log, Transport
from tradingsys.net.clock import Clock
from tradingsys.venues.protocol import MarketEvent, MarketProtocol, Stream
from tradingsys.wire.messages import ErrorCode

__all__ = ["MarketData"]

_NS_PER_MS = 1_000_000
_SLOW_BYTES = 256 * 1024
_FLUSH_NS = 20 * _NS_PER_MS
_CONTROL_NS = 300 * _NS_PER_MS
"""Between two control frames of a channel: venues drop connections that send too many, pings included (spot: 5/s)."""
_LONGEST_RETRY_NS = 10_000 * _NS_PER_MS

_MAX_STREAMS_OF_CLIENT = 256
_MAX_STREAMS_OF_CHANNEL = 1_000
"""Binance takes 1024 on a connection since 2025-07-02 (change log of USDⓈ-M futures)."""
_MAX_HELD_BYTES = 2 * 1024 * 1024
_OVERHEAD_BYTES = 64
"""Of a message in memory, beside itself."""

_KINDS = ("depth", "bbo", "trade", "mark", "kline")
_STATES = frozenset({"depth", "bbo", "mark"})
"""What one event of these tells stays true until the next one, and a venue may have none for a long time."""
_PREFIX = "market."


class _Held(Struct):
    """What waits for a slow subscriber."""

    streams: dict[Stream, deque[bytes]]
    kept_bytes: int = 0
    """What no later event replaces: trades and closed bars."""
    is_lost: bool = False
    """Too much waited: the connection is being closed."""


class MarketData:
    """Routes streams between venue channels and subscribers."""

    def __init__(
        self,
        protocol: MarketProtocol,
        transport: Transport,
        clock: Clock,
        log: Log,
        venue_ms: Callable[[], int | None] = lambda: None,
    ) -> None:
        """``venue_ms`` is the venue's time, for events that carry none; None where it is not known."""
        self._protocol = protocol
        self._venue_ms = venue_ms
        self._links = MarketLinks(transport, clock.monotonic_ns, self._took_over)
        self._clock = clock
        self._log = log
        self._channels: dict[str, MarketChannel] = {}
        self._subscribers: dict[Stream, dict[Client, None]] = {}
        self._texts: dict[Stream, tuple[str, str]] = {}
        self.prices = Prices()
        self._held: dict[Client, _Held] = {}
        self._states: dict[Stream, bytes] = {}
        """As they were told last, of subscriptions that the venue has not been asked to end: it tells changes only."""
        self._last: dict[Stream, MarketEvent] = {}
        """While a connection is about to follow another: what the latter told last."""
        self._flush_ns: int | None = None
        self._requests = 0

    # ---- subscribers

    def check(self, stream: Stream) -> None:
        """Raises LocalProtocolError (-10004) for a stream the venue does not have."""
        if stream.kind not in _KINDS:
            raise LocalProtocolError(
                f"invalid stream {stream_text(stream)[:80]}: there are depth, depth:100ms, bbo, trade, mark and "
                "kline:<interval>",
                code=ErrorCode.INVALID_STREAM,
            )
        if stream.kind == "kline" and stream.arg not in INTERVALS:
            raise LocalProtocolError(
                f"invalid interval {stream.arg[:20]!r}: one of {', '.join(INTERVALS)}", code=ErrorCode.INVALID_STREAM
            )
        try:
            self._protocol.channel_of(stream)
        except LocalProtocolError as error:
            if stream.kind != "mark" or stream.arg:
                raise
            raise LocalProtocolError(
                f"{error}: only futures have a mark price; bbo and trade tell what spot trades at",
                code=ErrorCode.INVALID_STREAM,
            ) from None

    def check_room(self, client: Client, streams: Iterable[Stream]) -> None:
        """Raises LocalProtocolError (-10007) when these are more than a client, or all together, may have."""
        wanted = set(streams)
        have = {stream for stream, subscribers in self._subscribers.items() if client in subscribers}
        count = len(wanted | have)
        if count > _MAX_STREAMS_OF_CLIENT:
            raise LocalProtocolError(
                f"a connection may have {_MAX_STREAMS_OF_CLIENT} streams, and this one would have {count}: "
                "unsubscribe what is not needed, or open another connection",
                code=ErrorCode.DENIED,
            )
        new: dict[str, int] = {}
        for stream in wanted - self._subscribers.keys():
            name = _PREFIX + self._protocol.channel_of(stream)
            new[name] = new.get(name, 0) + 1
        for name, count in new.items():
            channel = self._channels.get(name)
            if count + (len(channel.wanted) if channel else 0) > _MAX_STREAMS_OF_CHANNEL:
                raise LocalProtocolError(
                    f"all strategies together may have {_MAX_STREAMS_OF_CHANNEL} streams of this kind: unsubscribe "
                    "what is not needed",
                    code=ErrorCode.DENIED,
                )

    def subscribe(self, client: Client, stream: Stream) -> None:
        """Deliver a stream to a client from now on; of one that the venue tells already, first what it told last."""
        subscribers = self._subscribers.setdefault(stream, {})
        is_new = client not in subscribers
        subscribers[client] = None
        if is_new and stream in self._states:
            self._deliver(client, stream, self._states[stream])
        if len(subscribers) > 1:
            return
        name = _PREFIX + self._protocol.channel_of(stream)
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = MarketChannel(self._protocol.url_of(name.removeprefix(_PREFIX)))
        self._texts[stream] = (stream.symbol.lower(), stream_text(stream))
        was_quiet, patience_ns = not channel.wanted, channel.silence_ns
        channel.carry(stream, True)
        if was_quiet or channel.silence_ns < patience_ns:
            # That nothing came until now proves nothing.
            channel.heard_ns = self._clock.monotonic_ns()
        if channel.is_idle:
            channel.is_idle = False
            self._links.perform(OpenWs(name, channel.url))
        self._soon(channel)

    def unsubscribe(self, client: Client, stream: Stream) -> None:
        """Stop delivering; the venue is asked to stop when nobody is left."""
        subscribers = self._subscribers.get(stream)
        if subscribers is None or subscribers.pop(client, ...) is ... or subscribers:
            return
        del self._subscribers[stream]
        channel = self._channels[_PREFIX + self._protocol.channel_of(stream)]
        if stream not in channel.asked:
            self._forget(stream)
        channel.carry(stream, False)
        self._soon(channel)

    def drop(self, client: Client) -> None:
        """The client is gone."""
        self._held.pop(client, None)
        for stream in [stream for stream, subscribers in self._subscribers.items() if client in subscribers]:
            self.unsubscribe(client, stream)

    def reference_px(self, symbol: str) -> Decimal | None:
        """What the venue values an order at market with: the mark price if it is subscribed, else the book's middle."""
        return self.prices.venue_reference(symbol)

    @property
    def is_up(self) -> bool:
        """Whether every channel somebody listens to is open; so it is when nobody listens."""
        return all(channel.is_open for channel in self._channels.values() if channel.wanted)

    @property
    def followed(self) -> int:
        """How many streams somebody listens to."""
        return len(self._subscribers)

    @property
    def symbols(self) -> set[str]:
        """Those of which somebody listens to anything."""
        return {stream.symbol for stream in self._subscribers}

    @property
    def is_behind(self) -> bool:
        """Whether something waits for a slow subscriber."""
        return self._flush_ns is not None

    # ---- the venue

    def owns(self, channel: str) -> bool:
        """Whether an event of this channel is for us."""
        return channel.startswith(_PREFIX)

    def handle(self, event: Input) -> None:
        """Take what the transport reports about a connection of a market channel."""
        match self._links.heard(event) if isinstance(event, Opened | Frame | Closed) else None:
            case Frame(name, data):
                self._frame(name, data)
            case Opened(name):
                channel = self._channels[name]
                channel.is_open, channel.retry_ns = True, FIRST_RETRY_NS
                channel.heard_ns = self._clock.monotonic_ns()
                channel.asked.clear()
                channel.deadline_ns = None
                self._converge(channel, name)
            case Closed(name, reason):
                self._lost(name, reason)

    def tick(self) -> None:
        """Connect again, send what is due, flush slow subscribers."""
        now_ns = self._clock.monotonic_ns()
        self._links.tick()
        if self._flush_ns is not None and now_ns >= self._flush_ns:
            self._flush(now_ns)
        for name, channel in self._channels.items():
            if channel.is_open and channel.wanted and now_ns - channel.heard_ns >= channel.silence_ns:
                channel.heard_ns = now_ns
                self._links.perform(CloseWs(name))
            elif channel.deadline_ns is not None and now_ns >= channel.deadline_ns:
                channel.deadline_ns = None
                if channel.is_open:
                    self._converge(channel, name)
                elif channel.wanted:
                    self._links.perform(OpenWs(name, channel.url))
                else:
                    channel.is_idle = True

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do."""
        dues = [self._flush_ns, self._links.next_deadline_ns]
        for channel in self._channels.values():
            dues.append(channel.deadline_ns)
            if channel.is_open and channel.wanted:
                dues.append(channel.heard_ns + channel.silence_ns)
        return earliest(dues)

    # ---- inside

    def _frame(self, name: str, data: bytes, *, is_held: bool = False) -> None:
        in_ns = self._clock.wall_ns()
        channel = self._channels[name]
        channel.heard_ns = self._clock.monotonic_ns()
        decoded = self._protocol.decode(data)
        if decoded is None:
            if self._protocol.announces_shutdown(data):
                self._succeed(name)
            return
        stream, event = decoded
        if is_held and stream in self._last and not is_newer(event, self._last[stream]):
            return
        if is_held or self._links.is_changing:
            self._last[stream] = event
        subscribers = self._subscribers.get(stream)
        is_asked = stream in channel.asked
        if subscribers is None and not is_asked:
            return
        self.prices.note(event, channel.heard_ns)
        ts_ms = event.ts_event_ms or self._venue_ms() or in_ns // _NS_PER_MS
        out = encode_event(*self._texts[stream], event, ts_ms, in_ns, self._clock.wall_ns)
        if is_asked and stream.kind in _STATES:  # else it comes from a subscription that has ended, and may be old
            self._states[stream] = out
        for client in subscribers or ():
            self._deliver(client, stream, out)

    def _deliver(self, client: Client, stream: Stream, out: bytes) -> None:
        if client.peer.pending_bytes > _SLOW_BYTES or client in self._held:
            self._hold(client, stream, out)
        else:
            client.peer.write(out)

    def _forget(self, stream: Stream) -> None:
        self.prices.forget(stream)
        self._states.pop(stream, None)

    def _succeed(self, name: str) -> None:
        """The venue will close this connection: another one shall listen before it does."""
        channel = self._channels[name]
        if channel.asked:
            self._links.succeed(name, channel.url, lambda: self._subscription(list(channel.asked)))

    def _took_over(self, name: str, frames: list[bytes]) -> None:
        """Another connection speaks for a channel, and had heard this."""
        self._log.info("market data comes over a new connection, as the exchange closes the old one", channel=name)
        for data in frames:
            self._frame(name, data, is_held=True)
        if not self._links.is_changing:
            self._last.clear()

    def _subscription(self, streams: list[Stream]) -> bytes:
        self._requests += 1
        return self._protocol.subscribe(streams, self._requests)

    def _hold(self, client: Client, stream: Stream, out: bytes) -> None:
        all_held = self._held.setdefault(client, _Held({}))
        if all_held.is_lost:
            return
        held = all_held.streams.setdefault(stream, deque())
        if held and not _is_kept(stream, held[-1]):
            held.pop()
        held.append(out)
        if _is_kept(stream, out):
            all_held.kept_bytes += len(out) + _OVERHEAD_BYTES
        if all_held.kept_bytes > _MAX_HELD_BYTES:
            all_held.is_lost = True
            all_held.streams.clear()
            client.peer.close(f"too slow: {all_held.kept_bytes} bytes of trades and bars waited; reconnect and resume")
        if self._flush_ns is None:
            self._flush_ns = self._clock.monotonic_ns() + _FLUSH_NS

    def _flush(self, now_ns: int) -> None:
        for client, waiting in list(self._held.items()):
            if not waiting.is_lost and client.peer.pending_bytes <= _SLOW_BYTES // 2:
                self._catch_up(client, waiting)
        self._flush_ns = now_ns + _FLUSH_NS if self._held else None

    def _catch_up(self, client: Client, waiting: _Held) -> None:
        while waiting.streams and client.peer.pending_bytes <= _SLOW_BYTES:
            stream, held = next(iter(waiting.streams.items()))
            out = held.popleft()
            if _is_kept(stream, out):
                waiting.kept_bytes -= len(out) + _OVERHEAD_BYTES
            if not held:
                del waiting.streams[stream]
            client.peer.write(out)
        if not waiting.streams:
            del self._held[client]

    def _lost(self, name: str, reason: str) -> None:
        channel = self._channels[name]
        if channel.is_open:
            self._log.warning("market data disconnected", channel=name, reason=reason)
        channel.is_open = False
        for stream in channel.wanted | channel.asked:
            self._forget(stream)
        channel.asked.clear()
        channel.deadline_ns = self._clock.monotonic_ns() + channel.retry_ns
        channel.retry_ns = min(2 * channel.retry_ns, _LONGEST_RETRY_NS)

    def _soon(self, channel: MarketChannel) -> None:
        if channel.is_open and channel.deadline_ns is None:
            channel.deadline_ns = self._clock.monotonic_ns()

    def _converge(self, channel: MarketChannel, name: str) -> None:
        """Ask for what is wanted and not asked for, then the reverse: one control frame at a time."""
        new = [stream for stream in channel.wanted if stream not in channel.asked]
        old = [stream for stream in channel.asked if stream not in channel.wanted]
        if not new and not old:
            return
        if new:
            channel.asked |= dict.fromkeys(new)
            frame = self._subscription(new)
        else:
            for stream in old:
                del channel.asked[stream]
                self._forget(stream)
            self._requests += 1
            frame = self._protocol.unsubscribe(old, self._requests)
        self._links.perform(WsFrame(name, frame))
        channel.deadline_ns = self._clock.monotonic_ns() + _CONTROL_NS


def _is_kept(stream: Stream, out: bytes) -> bool:
    """Trades and closed bars are history, not state: they are never replaced by what comes later."""
    return stream.kind == "trade" or (stream.kind == "kline" and b'"is_closed":true' in out)
