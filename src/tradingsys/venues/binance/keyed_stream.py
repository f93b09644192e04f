"""A stream of the account's events that is named by a key: the key, the connection, and keeping both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any

import msgspec
from msgspec import Struct

from tradingsys.core.deadlines import earliest
from tradingsys.core.io import CloseWs, OpenWs
from tradingsys.core.reports import Oddity, RiskStreamState, UserStreamState
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.backoff import Backoff
from tradingsys.venues.binance.errors import HttpError
from tradingsys.venues.binance.events import EventDialect, EventReader
from tradingsys.venues.binance.rest import Arrived, Call, Rest, Result, Security, describe
from tradingsys.venues.protocol import Output

__all__ = ["KeyedStream", "StreamKind"]

_SECOND_NS = 1_000_000_000
# The key lives for an hour after each keep-alive.
_KEEP_ALIVE_NS = 30 * 60 * _SECOND_NS
_KEEP_ALIVE_RETRY_NS = 60 * _SECOND_NS
_LIFETIME_NS = 23 * 3600 * _SECOND_NS + 30 * 60 * _SECOND_NS
_NO_SUCH_KEY = frozenset({-1125, -3038})

_read_key = msgspec.json.Decoder(messages.ListenKey).decode


class StreamKind(Struct, frozen=True):
    """What such a stream is for, and where its key comes from."""

    channel: str
    name: str
    """For people."""
    path: str
    """Where the key is asked for (POST) and kept alive (PUT)."""
    url_of: Callable[[str], str]
    """The address of the stream with a key."""
    events: EventDialect
    keep_alive: Callable[[str], Mapping[str, str]] = lambda _key: {}
    """What a keep-alive must say beside, of the key."""
    state: type[UserStreamState] | type[RiskStreamState] = UserStreamState
    """What says whether it is up."""


class _State(Enum):
    IDLE = auto()
    ASKING_KEY = auto()
    CONNECTING = auto()
    UP = auto()
    CLOSING = auto()


class KeyedStream:
    """Gets a key, connects, keeps the key alive, and begins again whenever one of them is lost.

    Silence proves nothing, as an account may be quiet: dead sockets are found by the transport's pings.
    """

    def __init__(self, kind: StreamKind, rest: Rest) -> None:
        self._kind, self._rest = kind, rest
        self._reader = EventReader(kind.name, kind.events)
        self._ban, self._backoff = rest.ban, Backoff(rest.ban)
        self._state = _State.IDLE
        self._key: str | None = None
        self._retry_ns: int | None = None
        self._keep_alive_ns: int | None = None
        self._renew_ns: int | None = None
        self._retry_at_once = False
        self._reported: UserStreamState | RiskStreamState | None = None

    @property
    def channels(self) -> frozenset[str]:
        """The name of its websocket."""
        return frozenset({self._kind.channel})

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` must be called at the latest."""
        return earliest((self._retry_ns, self._keep_alive_ns, self._renew_ns))

    def connect(self, now_ns: int) -> list[Output]:
        """Get a key and open the stream, unless that is under way."""
        if self._state is not _State.IDLE:
            return []
        due_ns = self._ban.soonest(now_ns)
        if due_ns > now_ns:
            self._retry_ns = due_ns
            return []
        self._state, self._retry_ns = _State.ASKING_KEY, None
        return self._rest.call(Call("POST", self._kind.path, security=Security.KEY), self._key_told, now_ns)

    def opened(self, _channel: str, now_ns: int) -> list[Output]:
        """The stream is there."""
        self._state = _State.UP
        self._backoff.up(now_ns)
        self._keep_alive_ns, self._renew_ns = now_ns + _KEEP_ALIVE_NS, now_ns + _LIFETIME_NS
        return self._report(True, "")

    def closed(self, _channel: str, reason: str, now_ns: int) -> list[Output]:
        """The stream is gone."""
        return self._failed(reason or "connection closed", now_ns)

    def clock_may_be_set(self, _now_ns: int) -> list[Output]:
        """Keys need no time."""
        return []

    def tick(self, now_ns: int) -> list[Output]:
        """Let time pass."""
        outputs: list[Output] = []
        if self._retry_ns is not None and now_ns >= self._retry_ns:
            outputs += self.connect(now_ns)
        if self._renew_ns is not None and now_ns >= self._renew_ns:
            outputs += self._close("renewed before the exchange ends it")
        if self._keep_alive_ns is not None and now_ns >= self._keep_alive_ns:
            outputs += self._keep_alive(now_ns)
        return outputs

    def _keep_alive(self, now_ns: int) -> list[Output]:
        self._keep_alive_ns = self._ban.soonest(now_ns)
        if self._keep_alive_ns > now_ns:
            return []
        self._keep_alive_ns = now_ns + _KEEP_ALIVE_NS
        call = Call("PUT", self._kind.path, self._kind.keep_alive(self._key or ""), Security.KEY)
        return self._rest.call(call, self._kept_alive, now_ns)

    def restart(self, reason: str) -> list[Output]:
        """It brings nothing although it is connected: begin again."""
        return self._close(reason) if self._kind.state is UserStreamState else []

    def frame(self, _channel: str, data: bytes, _now_ns: int) -> list[Output]:
        """Take an event."""
        return self._reader.take(data, self._control)

    def _control(self, event: Any) -> list[Output] | None:
        if not isinstance(event, messages.ListenKeyExpired):
            return None
        # An older connection's key may expire after we have a new one.
        if isinstance(event.listen_key, str) and event.listen_key != self._key:
            return []
        return self._close("the listen key expired")

    def _key_told(self, result: Result, now_ns: int) -> list[Output]:
        if isinstance(result, Arrived):
            try:
                self._key = _read_key(result.body).listen_key
            except messages.UNREADABLE:
                return self._failed("unreadable answer instead of a listen key", now_ns)
            self._state = _State.CONNECTING
            return [OpenWs(self._kind.channel, self._kind.url_of(self._key))]
        return self._failed(f"no listen key: {describe(result)}", now_ns)

    def _kept_alive(self, result: Result, now_ns: int) -> list[Output]:
        if isinstance(result, Arrived) or self._state is not _State.UP:
            return []
        if isinstance(result, HttpError) and result.code in _NO_SUCH_KEY:
            return self._close("the listen key is gone")
        self._keep_alive_ns = self._ban.soonest(now_ns + _KEEP_ALIVE_RETRY_NS)
        return [Oddity(f"the listen key could not be kept alive: {describe(result)}")]

    def _close(self, reason: str) -> list[Output]:
        """Close the stream, to begin again at once with a key that is asked for."""
        if self._state is not _State.UP:
            return []
        self._state, self._retry_at_once = _State.CLOSING, True
        self._keep_alive_ns = self._renew_ns = None
        return [*self._report(False, reason), CloseWs(self._kind.channel)]

    def _failed(self, reason: str, now_ns: int) -> list[Output]:
        retry_ns = self._backoff.down(now_ns)
        self._retry_ns = self._ban.soonest(now_ns) if self._retry_at_once else retry_ns
        self._retry_at_once = False
        self._state, self._key = _State.IDLE, None
        self._keep_alive_ns = self._renew_ns = None
        return self._report(False, reason)

    def _report(self, is_up: bool, reason: str) -> list[Output]:
        """A state is worth telling when it is new, and a failure to come up at least once."""
        if self._reported is not None and self._reported.is_up == is_up:
            return []
        self._reported = self._kind.state(is_up, reason)
        return [self._reported]
