"""The account's stream of events as a subscription on a WS-API connection of its own."""

from __future__ import annotations

from enum import Enum, auto
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from tradingsys.core.deadlines import earliest
from tradingsys.core.io import CloseWs, OpenWs, WsFrame
from tradingsys.core.reports import Oddity, UserStreamState
from tradingsys.venues.binance import decode_assets, messages
from tradingsys.venues.binance.backoff import Backoff
from tradingsys.venues.binance.errors import WRONG_TIME, HttpError
from tradingsys.venues.binance.events import EventDialect, EventReader
from tradingsys.venues.binance.feed import FeedParts
from tradingsys.venues.binance.limits import error_of_reply, limits_of_reply
from tradingsys.venues.binance.messages import spot
from tradingsys.venues.binance.repeats import Repeats
from tradingsys.venues.binance.rest import Arrived, Call, Result, describe
from tradingsys.venues.binance.subscriptions import Subscribe, Subscribing, WsCall
from tradingsys.venues.protocol import Output

__all__ = ["CHANNELS", "SubscribedStream"]

CHANNELS = ("user", "user-2")
"""A connection that is about to end stays until the other one has taken over."""

_SECOND_NS = 1_000_000_000
_MS_NS = 1_000_000
_ANSWER_NS = 10 * _SECOND_NS
# The exchange closes connections after 24 h, at a moment of its own choosing.
_LIFETIME_NS = 23 * 3600 * _SECOND_NS + 30 * 60 * _SECOND_NS
_EARLIER_NS = 3600 * _SECOND_NS
"""So long before a subscription ends, it is renewed."""
_SOONEST_NS = 60 * _SECOND_NS
_HARDLY_NS = 30 * _SECOND_NS
_ALREADY_SUBSCRIBED = -2035

_read_frame = msgspec.json.Decoder(spot.SocketFrame).decode
_read_subscription = msgspec.json.Decoder(spot.Subscription).decode
_write = msgspec.json.Encoder().encode


class _State(Enum):
    CONNECTING = auto()
    WAITING = auto()
    """Connected: waits for the venue's time."""
    SUBSCRIBING = auto()
    UP = auto()
    CLOSING = auto()


class _Link(Struct, eq=False):
    """One connection."""

    channel: str
    state: _State = _State.CONNECTING
    steps: Subscribing | None = None
    request_id: int | None = None
    """Of the request that is waited for on the connection."""
    deadline_ns: int | None = None
    opened_ns: int = 0
    renew_ns: int | None = None
    subscribe_ns: int | None = None
    """When to subscribe again on the same connection."""
    ends_ns: int | None = None
    """When the subscription ends, whether the exchange says so then or not."""
    subscription: int | None = None
    is_leaving: bool = False
    """About to end: it is used as long as it lasts, but another must come."""
    told: Repeats = msgspec.field(default_factory=Repeats)


class SubscribedStream:
    """Connects, subscribes, and begins again whenever either is lost.

    A connection of which the end is announced, or is near, is replaced while it still brings events: those that both
    bring are the same facts twice. Silence proves nothing, as an account may be quiet: dead sockets are found by the
    transport's pings.
    """

    channels = frozenset(CHANNELS)

    def __init__(self, url: str, subscribe: Subscribe, events: EventDialect, parts: FeedParts) -> None:
        self._url, self._subscribe, self._parts = url, subscribe, parts
        self._reader = EventReader("the account's stream", events)
        self._ban, self._backoff = parts.rest.ban, Backoff(parts.rest.ban)
        self._links: dict[str, _Link] = {}
        self._is_wanted = False
        self._retry_ns: int | None = None
        self._reported: UserStreamState | None = None

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` must be called at the latest."""
        deadlines = [self._retry_ns]
        for link in self._links.values():
            deadlines += [link.deadline_ns, link.renew_ns, link.subscribe_ns, link.ends_ns]
        return earliest(deadlines)

    def connect(self, now_ns: int) -> list[Output]:
        """Open a connection, unless one is there or on its way."""
        self._is_wanted = True
        return self._ensure(now_ns)

    def opened(self, channel: str, now_ns: int) -> list[Output]:
        """A connection is there."""
        link = self._links.get(channel)
        if link is None or link.state is not _State.CONNECTING:
            return [CloseWs(channel)]
        link.state, link.opened_ns, link.renew_ns = _State.WAITING, now_ns, now_ns + _LIFETIME_NS
        return self.clock_may_be_set(now_ns)

    def clock_may_be_set(self, now_ns: int) -> list[Output]:
        """Subscribe where only the venue's time was missing."""
        if not self._parts.clock.is_set:
            return []
        waiting = [link for link in self._links.values() if link.state is _State.WAITING]
        outputs: list[Output] = []
        for link in waiting:
            link.state = _State.SUBSCRIBING
            outputs += self._begin(link, now_ns)
        return outputs

    def frame(self, channel: str, data: bytes, now_ns: int) -> list[Output]:
        """Take an event or a reply."""
        link = self._links.get(channel)
        if link is None:
            return []
        try:
            frame = _read_frame(data)
        except messages.UNREADABLE as failure:
            return [Oddity(f"unreadable frame on the account's stream: {failure}")]
        if frame.event is not UNSET:
            # Events of a connection that is being closed are facts all the same.
            return self._reader.take(bytes(frame.event), partial(self._control, link, frame.subscription_id, now_ns))
        error = self._error_of(frame, now_ns)
        seen = limits_of_reply(frame.rate_limits or (), error)
        outputs: list[Output] = [seen] if seen else []
        if frame.id is not UNSET and frame.id == link.request_id and link.request_id is not None:
            return outputs + self._replied(link, frame, error, now_ns)
        text = describe(error) if error else f"a reply with id {frame.id}"
        return [*outputs, Oddity(f"nobody asked for this on the account's stream: {text}")]

    def closed(self, channel: str, reason: str, now_ns: int) -> list[Output]:
        """A connection is gone."""
        link = self._links.pop(channel, None)
        if link is None:
            return []
        if not any(not other.is_leaving and other.state is not _State.CLOSING for other in self._links.values()):
            self._retry_ns = self._backoff.down(now_ns)
        return [*self._report_loss(reason or "connection closed"), *self._ensure(now_ns)]

    def tick(self, now_ns: int) -> list[Output]:
        """Let time pass."""
        outputs: list[Output] = []
        for link in list(self._links.values()):
            if link.deadline_ns is not None and now_ns >= link.deadline_ns:
                outputs += self._failed(link, "no answer to the subscription", now_ns)
            if link.ends_ns is not None and now_ns >= link.ends_ns:
                outputs += self._ended(link, "the subscription ended before it could be renewed", now_ns)
            if link.subscribe_ns is not None and now_ns >= link.subscribe_ns:
                link.subscribe_ns = None
                outputs += self._begin(link, now_ns)
            if link.renew_ns is not None and now_ns >= link.renew_ns:
                outputs += self._leave(link, now_ns)
        return outputs + self._ensure(now_ns)

    def restart(self, reason: str) -> list[Output]:
        """It brings nothing although it is connected: begin again."""
        closing = [output for link in self._links.values() if link.state is _State.UP for output in self._close(link)]
        return [*self._report_loss(reason), *closing] if closing else []

    def _ensure(self, now_ns: int) -> list[Output]:
        """There shall be one connection that is not about to end."""
        staying = [link for link in self._links.values() if not link.is_leaving and link.state is not _State.CLOSING]
        if not self._is_wanted or staying:
            return []
        due_ns = max(self._retry_ns or 0, self._ban.soonest(now_ns))
        if due_ns > now_ns:
            self._retry_ns = due_ns
            return []
        self._retry_ns = None
        free = [channel for channel in CHANNELS if channel not in self._links]
        if not free:
            # The one that is being closed comes back here.
            return []
        self._links[free[0]] = _Link(free[0])
        return [OpenWs(free[0], self._url)]

    def _leave(self, link: _Link, now_ns: int) -> list[Output]:
        """Have another connection take over from this one, at once unless this one had hardly begun."""
        link.is_leaving, link.renew_ns = True, None
        self._retry_ns = self._backoff.down(now_ns) if now_ns - link.opened_ns < _HARDLY_NS else None
        return self._ensure(now_ns)

    def _begin(self, link: _Link, now_ns: int) -> list[Output]:
        due_ns = self._ban.soonest(now_ns)
        if due_ns > now_ns:
            link.subscribe_ns = due_ns
            return []
        link.steps = self._subscribe(now_ns)
        return self._advance(link, None, now_ns)

    def _advance(self, link: _Link, answer: bytes | None, now_ns: int) -> list[Output]:
        if link.steps is None:
            return []
        try:
            call = next(link.steps) if answer is None else link.steps.send(answer)
        except StopIteration:
            return self._subscribed(link, answer, now_ns)
        except messages.UNREADABLE as error:
            return self._failed(link, f"unreadable answer: {error}", now_ns)
        link.deadline_ns = now_ns + _ANSWER_NS
        if isinstance(call, WsCall):
            link.request_id = self._parts.next_id()
            request = messages.WsApiRequest(id=link.request_id, method=call.method, params=call.params)
            return [WsFrame(link.channel, _write(request))]
        return self._ask(link, link.steps, call, now_ns)

    def _ask(self, link: _Link, steps: Subscribing, call: Call, now_ns: int) -> list[Output]:
        def answered(result: Result, then_ns: int) -> list[Output]:
            if link.steps is not steps:
                return []
            if isinstance(result, Arrived):
                return self._advance(link, result.body, then_ns)
            return self._failed(link, describe(result), then_ns)

        return self._parts.rest.call(call, answered, now_ns)

    def _error_of(self, frame: spot.SocketFrame, now_ns: int) -> HttpError | None:
        if not frame.error:
            return None
        clock, status = self._parts.clock, frame.status if isinstance(frame.status, int) else 0
        if frame.error.code == WRONG_TIME:
            clock.doubt()
        error = error_of_reply(status, frame.error, clock.now_ms(now_ns) if clock.is_set else None)
        self._ban.hold(error.ban_ms, now_ns)
        return error

    def _replied(self, link: _Link, frame: spot.SocketFrame, error: HttpError | None, now_ns: int) -> list[Output]:
        link.request_id = None
        if error and error.code != _ALREADY_SUBSCRIBED:
            return self._failed(link, describe(error), now_ns)
        return self._advance(link, bytes(frame.result) if frame.result is not UNSET else b"{}", now_ns)

    def _subscribed(self, link: _Link, answer: bytes | None, now_ns: int) -> list[Output]:
        """Events come from now on; a connection that was to be replaced, is."""
        link.steps = link.deadline_ns = None
        if link.state is _State.SUBSCRIBING:
            link.state = _State.UP
            self._backoff.up(now_ns)
        try:
            told = _read_subscription(answer or b"{}")
            link.subscription = told.subscription_id
            ends_ms = told.expiration_time
        except messages.UNREADABLE:
            # It was subscribed already: by which number, and until when, nobody told.
            link.subscription, ends_ms = None, UNSET
        if isinstance(ends_ms, int):
            lasts_ns = (ends_ms - self._parts.clock.now_ms(now_ns)) * _MS_NS
            link.ends_ns = now_ns + max(lasts_ns, _SOONEST_NS)
            link.subscribe_ns = now_ns + max(_SOONEST_NS, lasts_ns - _EARLIER_NS, lasts_ns * 9 // 10)
        return [*self._report(True, ""), *self._close_others(link)]

    def _close_others(self, link: _Link) -> list[Output]:
        if link.is_leaving:
            return []
        outputs: list[Output] = []
        for other in self._links.values():
            if other is not link and other.state is not _State.CLOSING:
                outputs += self._close(other)
        return outputs

    def _failed(self, link: _Link, reason: str, now_ns: int) -> list[Output]:
        """A subscription that could not be had: anew on another connection, unless an older one still holds here."""
        link.steps = link.request_id = link.deadline_ns = None
        if link.state is _State.UP:
            link.subscribe_ns = self._ban.soonest(now_ns + _SOONEST_NS)
            return [Oddity(f"the subscription to the account's events could not be renewed: {reason}")]
        closing = self._close(link)
        return [*self._report_loss(f"no subscription: {reason}"), *closing]

    def _close(self, link: _Link) -> list[Output]:
        if link.state is _State.CLOSING:
            return []
        link.state, link.steps = _State.CLOSING, None
        link.request_id = link.deadline_ns = link.renew_ns = link.subscribe_ns = link.ends_ns = None
        return [CloseWs(link.channel)]

    def _control(self, link: _Link, subscription: Any, now_ns: int, event: Any) -> list[Output] | None:
        match event:
            case spot.BalanceUpdate():
                return [decode_assets.asset_moved(event, link.told.before(subscription, event))]
            case spot.ServerShutdown():
                return [] if link.is_leaving or link.state is _State.CLOSING else self._leave(link, now_ns)
            case spot.EventStreamTerminated():
                return self._terminated(link, subscription, now_ns)
        return None

    def _terminated(self, link: _Link, subscription: Any, now_ns: int) -> list[Output]:
        """Subscribe again on the same connection; the end of an older subscription is none of ours."""
        is_older = isinstance(subscription, int) and link.subscription not in (None, subscription)
        return [] if is_older else self._ended(link, "the subscription ended", now_ns)

    def _ended(self, link: _Link, reason: str, now_ns: int) -> list[Output]:
        link.ends_ns = None
        if link.state is not _State.UP:
            return []
        link.state, link.subscribe_ns, link.subscription = _State.SUBSCRIBING, None, None
        return [*self._report_loss(reason), *self._begin(link, now_ns)]

    def _report_loss(self, reason: str) -> list[Output]:
        """Down, unless a connection still brings the events."""
        if any(link.state is _State.UP for link in self._links.values()):
            return []
        return self._report(False, reason)

    def _report(self, is_up: bool, reason: str) -> list[Output]:
        """A state is worth telling when it is new, and a failure to come up at least once."""
        if self._reported is not None and self._reported.is_up == is_up:
            return []
        self._reported = UserStreamState(is_up, reason)
        return [self._reported]
