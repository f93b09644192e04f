"""The account's stream of events: its key, its connection, and what it says."""

from __future__ import annotations

from collections.abc import Container, Iterable
from enum import Enum, auto

import msgspec

from tradingsys.core.io import CloseWs, OpenWs
from tradingsys.core.reports import EventMissed, Oddity, UserStreamState
from tradingsys.venues.binance import decode, decode_account, decode_algo, messages, words
from tradingsys.venues.binance.backoff import Backoff
from tradingsys.venues.binance.errors import HttpError
from tradingsys.venues.binance.rest import Arrived, Call, Rest, Result, Security
from tradingsys.venues.protocol import Output

__all__ = ["CHANNEL", "UserStream"]

CHANNEL = "user"

_SECOND_NS = 1_000_000_000
# The key lives for an hour after each keep-alive.
_KEEP_ALIVE_NS = 30 * 60 * _SECOND_NS
_KEEP_ALIVE_RETRY_NS = 60 * _SECOND_NS
_LIFETIME_NS = 23 * 3600 * _SECOND_NS + 30 * 60 * _SECOND_NS
_NO_SUCH_KEY = -1125
_MOST_TOLD = 100
_LONGEST_REASON = 200

_read_key = msgspec.json.Decoder(messages.ListenKey).decode
_read_event = msgspec.json.Decoder(messages.UserEvent).decode
_read_type = msgspec.json.Decoder(dict[str, object]).decode

_UNUSED = frozenset({"STRATEGY_UPDATE", "GRID_UPDATE", "CONDITIONAL_ORDER_TRIGGER_REJECT"})
"""Events of services that are not used here."""


class _State(Enum):
    IDLE = auto()
    ASKING_KEY = auto()
    CONNECTING = auto()
    UP = auto()
    CLOSING = auto()


class UserStream:
    """Gets a key, connects, keeps the key alive, and begins again whenever one of them is lost.

    Silence proves nothing, as an account may be quiet: dead sockets are found by the transport's pings.
    """

    def __init__(self, streams_url: str, listen_key_path: str, rest: Rest) -> None:
        self._streams_url, self._path, self._rest = streams_url, listen_key_path, rest
        self._backoff = Backoff()
        self._state = _State.IDLE
        self._key: str | None = None
        self._retry_ns: int | None = None
        self._keep_alive_ns: int | None = None
        self._renew_ns: int | None = None
        self._retry_at_once = False
        self._reported: UserStreamState | None = None
        self._told: set[str] = set()
        """Oddities that were told already."""

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` must be called at the latest."""
        deadlines = (self._retry_ns, self._keep_alive_ns, self._renew_ns)
        return min((at_ns for at_ns in deadlines if at_ns is not None), default=None)

    def connect(self, now_ns: int) -> list[Output]:
        """Get a key and open the stream, unless that is under way."""
        if self._state is not _State.IDLE:
            return []
        self._state, self._retry_ns = _State.ASKING_KEY, None
        return self._rest.call(Call("POST", self._path, security=Security.KEY), self._key_told, now_ns)

    def opened(self, now_ns: int) -> list[Output]:
        """The stream is there."""
        self._state = _State.UP
        self._backoff.up(now_ns)
        self._keep_alive_ns, self._renew_ns = now_ns + _KEEP_ALIVE_NS, now_ns + _LIFETIME_NS
        return self._report(True, "")

    def closed(self, reason: str, now_ns: int) -> list[Output]:
        """The stream is gone."""
        return self._failed(reason or "connection closed", now_ns)

    def tick(self, now_ns: int) -> list[Output]:
        """Let time pass."""
        outputs: list[Output] = []
        if self._retry_ns is not None and now_ns >= self._retry_ns:
            outputs += self.connect(now_ns)
        if self._renew_ns is not None and now_ns >= self._renew_ns:
            outputs += self._close("renewed before the exchange ends it")
        if self._keep_alive_ns is not None and now_ns >= self._keep_alive_ns:
            self._keep_alive_ns = now_ns + _KEEP_ALIVE_NS
            outputs += self._rest.call(Call("PUT", self._path, security=Security.KEY), self._kept_alive, now_ns)
        return outputs

    def frame(self, data: bytes) -> list[Output]:
        """Take an event."""
        try:
            event: messages.UserEvent = _read_event(data)
            match event:
                case messages.OrderTradeUpdate():
                    return [decode.order_trade_update(event), *self._strange(_order_words(event.order))]
                case messages.TradeLite():
                    return [decode.trade_lite(event)]
                case messages.AlgoUpdate():
                    return [decode_algo.algo_update(event), *self._strange(_algo_words(event.order))]
                case messages.AccountUpdate():
                    return [decode.account_update(event)]
                case messages.ListenKeyExpired():
                    return self._expired(event)
                case messages.MarginCall():
                    return [decode_account.margin_call(event)]
                case messages.AccountConfigUpdate():
                    return _settings(event)
        except messages.UNREADABLE as error:
            return self._unreadable(data, error)

    def _strange(self, words_said: Iterable[tuple[str, str, Container[str]]]) -> list[Output]:
        """Words that are not known, each told once."""
        return [
            oddity
            for what, word, known in words_said
            if word not in known
            for oddity in self._once(f"{what} {word!r}", "is not known to this program: it is read by its other fields")
        ]

    def _unreadable(self, data: bytes, error: Exception) -> list[Output]:
        """Events of services that are not used here pass silently; an unknown or broken one is worth a line."""
        try:
            name = str(_read_type(data).get("e"))[:50]
        except messages.UNREADABLE:
            name = "without a name"
        if name in _UNUSED:
            return []
        return [*self._once(f"event {name!r}", f"cannot be read: {str(error)[:_LONGEST_REASON]}"), EventMissed()]

    def _once(self, what: str, trouble: str) -> list[Output]:
        text = f"{what} {trouble}"
        if text in self._told or len(self._told) >= _MOST_TOLD:
            return []
        self._told.add(text)
        return [Oddity(f"the account's stream: {what} {trouble} (told once)")]

    def _key_told(self, result: Result, now_ns: int) -> list[Output]:
        if isinstance(result, Arrived):
            try:
                self._key = _read_key(result.body).listen_key
            except messages.UNREADABLE:
                return self._failed("unreadable answer instead of a listen key", now_ns)
            self._state = _State.CONNECTING
            return [OpenWs(CHANNEL, f"{self._streams_url}/private/ws/{self._key}")]
        return self._failed(f"no listen key: {_describe(result)}", now_ns)

    def _kept_alive(self, result: Result, now_ns: int) -> list[Output]:
        if isinstance(result, Arrived) or self._state is not _State.UP:
            return []
        if isinstance(result, HttpError) and result.code == _NO_SUCH_KEY:
            return self._close("the listen key is gone")
        self._keep_alive_ns = now_ns + _KEEP_ALIVE_RETRY_NS
        return [Oddity(f"the listen key could not be kept alive: {_describe(result)}")]

    def _expired(self, event: messages.ListenKeyExpired) -> list[Output]:
        # An older connection's key may expire after we have a new one.
        if isinstance(event.listen_key, str) and event.listen_key != self._key:
            return []
        return self._close("the listen key expired")

    def _close(self, reason: str) -> list[Output]:
        """Close the stream, to begin again at once with a key that is asked for."""
        if self._state is not _State.UP:
            return []
        self._state, self._retry_at_once = _State.CLOSING, True
        self._keep_alive_ns = self._renew_ns = None
        return [*self._report(False, reason), CloseWs(CHANNEL)]

    def _failed(self, reason: str, now_ns: int) -> list[Output]:
        retry_ns = self._backoff.down(now_ns)
        self._retry_ns, self._retry_at_once = now_ns if self._retry_at_once else retry_ns, False
        self._state, self._key = _State.IDLE, None
        self._keep_alive_ns = self._renew_ns = None
        return self._report(False, reason)

    def _report(self, is_up: bool, reason: str) -> list[Output]:
        """A state is worth telling when it is new, and a failure to come up at least once."""
        if self._reported is not None and self._reported.is_up == is_up:
            return []
        self._reported = UserStreamState(is_up, reason)
        return [self._reported]


def _describe(result: Result) -> str:
    return f"{result.code or result.status} {result.message}" if isinstance(result, HttpError) else str(result)


def _settings(event: messages.AccountConfigUpdate) -> list[Output]:
    if event.leverage:
        return [decode_account.settings_changed(event.leverage)]
    if event.asset_mode:
        mode = "on" if event.asset_mode.multi_assets else "off"
        return [Oddity(f"the account's settings were changed: multi-assets mode is {mode}")]
    return []


def _order_words(update: messages.OrderUpdate) -> Iterable[tuple[str, str, Container[str]]]:
    return (
        ("execution type", update.execution_type, words.EXECUTION_TYPES),
        ("order status", update.order_status, words.STREAM_STATUSES),
        ("order type", update.order_type, words.STREAM_ORDER_TYPES),
    )


def _algo_words(update: messages.AlgoOrderUpdate) -> Iterable[tuple[str, str, Container[str]]]:
    return (
        ("status of a conditional order", update.algo_status, words.ALGO_STATUSES),
        ("type of a conditional order", update.order_type, words.ORDER_TYPES),
    )
