"""The WS-API connection that carries orders."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

import msgspec
from msgspec import UNSET, Struct

from tradingsys.core.ban import Ban
from tradingsys.core.deadlines import earliest
from tradingsys.core.errors import TransportError
from tradingsys.core.io import CloseWs, OpenWs, WsFrame
from tradingsys.core.reports import Oddity, TradingState
from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.auth import KeyKind, Signer
from tradingsys.venues.binance import messages, order_results
from tradingsys.venues.binance.backoff import Backoff
from tradingsys.venues.binance.errors import WRONG_TIME, ErrorClass, ErrorTable, HttpError, classify
from tradingsys.venues.binance.limits import error_of_reply, limits_of_reply
from tradingsys.venues.binance.order_dialect import OrderCommand, OrderDialect
from tradingsys.venues.binance.signing import Params, sign_ws_params
from tradingsys.venues.protocol import Output

__all__ = ["CHANNEL", "TradeChannel"]

CHANNEL = "trade"

_SECOND_NS = 1_000_000_000
_ANSWER_NS = 10 * _SECOND_NS
_REMEMBERED_NS = 120 * _SECOND_NS
"""How long a request stays known after it timed out: its answer may still come."""
_SUSPECT_NS = 30 * _SECOND_NS
"""How long a connection that owes an answer may stay silent."""
# The exchange closes connections after 24 h, at a moment of its own choosing.
_LIFETIME_NS = 23 * 3600 * _SECOND_NS

_read_reply = msgspec.json.Decoder(messages.WsApiReply).decode
_read_event = msgspec.json.Decoder(messages.spot.UserEventFrame).decode
_read_session = msgspec.json.Decoder(messages.SessionState).decode
_write = msgspec.json.Encoder().encode


class _State(Enum):
    IDLE = auto()
    CONNECTING = auto()
    OPEN = auto()
    """Connected, not logged on: waits for the venue's time."""
    LOGGING_ON = auto()
    UP = auto()
    CLOSING = auto()


class _Sent(Struct):
    command: OrderCommand
    deadline_ns: int
    is_late: bool = False
    """Reported as in doubt already; an answer now brings facts only."""


class TradeChannel:
    """Connects, logs on when the key can, and carries order requests while it is up.

    ``in_use`` says whether an order should be sent here now. A connection that owes an answer too long, or is about to
    reach its age, is not used, but what was sent on it is still waited for.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        signer: Signer,
        clock: VenueClock,
        errors: ErrorTable,
        dialect: OrderDialect,
        next_id: Callable[[], int],
        ban: Ban,
    ) -> None:
        self._url, self._api_key, self._signer, self._clock = url, api_key, signer, clock
        self._errors, self._dialect, self._next_id = errors, dialect, next_id
        self._ban, self._backoff = ban, Backoff(ban)
        self._state = _State.IDLE
        self._sent: dict[int, _Sent] = {}
        self._logon_id: int | None = None
        self._retry_ns: int | None = None
        self._logon_deadline_ns: int | None = None
        self._renew_ns: int | None = None
        self._suspect_ns: int | None = None
        self._reason = ""
        self._is_retiring = self._retry_at_once = False
        self._was_tried = self._is_shut_out = False

    @property
    def in_use(self) -> bool:
        """Whether an order should be sent here now."""
        return self._state is _State.UP and self._suspect_ns is None and not self._is_retiring

    @property
    def state(self) -> TradingState | None:
        """By which way orders go; None until the first attempt has shown it."""
        if self.in_use:
            return TradingState(True, "ws-api")
        if not self._was_tried:
            return None
        return TradingState(False, "", self._reason) if self._is_shut_out else TradingState(True, "rest", self._reason)

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` must be called at the latest."""
        sent = [each.deadline_ns for each in self._sent.values()]
        return earliest((self._retry_ns, self._logon_deadline_ns, self._renew_ns, self._suspect_ns, *sent))

    def connect(self, now_ns: int) -> list[Output]:
        """Open the connection unless it is open or on its way, or orders go by REST alone."""
        self._was_tried |= not self._dialect.by_ws
        if self._state is not _State.IDLE or not self._dialect.by_ws:
            return []
        due_ns = self._ban.soonest(now_ns)
        if due_ns > now_ns:
            self._retry_ns = due_ns
            return []
        self._state, self._retry_ns = _State.CONNECTING, None
        return [OpenWs(CHANNEL, self._url)]

    def opened(self, now_ns: int) -> list[Output]:
        """The connection is there."""
        self._renew_ns = now_ns + _LIFETIME_NS
        if self._signer.kind is not KeyKind.ED25519:
            self._go_up(now_ns)
            return []
        self._state = _State.OPEN
        return self.clock_may_be_set(now_ns)

    def clock_may_be_set(self, now_ns: int) -> list[Output]:
        """Log on when only the venue's time was missing, or that it wanted to be left alone."""
        if self._state is not _State.OPEN or not self._clock.is_set:
            return []
        due_ns = self._ban.soonest(now_ns)
        if due_ns > now_ns:
            self._retry_ns = due_ns
            return []
        self._state, self._logon_id = _State.LOGGING_ON, self._next_id()
        self._logon_deadline_ns = now_ns + _ANSWER_NS
        params = sign_ws_params(self._signer, {"apiKey": self._api_key, "timestamp": self._clock.now_ms(now_ns)})
        return [self._frame(self._logon_id, "session.logon", params)]

    def send(self, command: OrderCommand, method: str, params: Params, now_ns: int) -> list[Output]:
        """Send an order request; only while ``in_use``."""
        request_id = self._next_id()
        self._sent[request_id] = _Sent(command, now_ns + _ANSWER_NS)
        if self._signer.kind is not KeyKind.ED25519:
            params = sign_ws_params(self._signer, {**params, "apiKey": self._api_key})
        return [self._frame(request_id, method, params)]

    def frame(self, data: bytes, now_ns: int) -> list[Output]:
        """Take a reply."""
        self._suspect_ns = None
        try:
            reply = _read_reply(data)
        except messages.UNREADABLE as failure:
            if _is_shutdown(data):
                return self._renew(now_ns)
            return [Oddity(f"unreadable frame on the order channel: {failure}")]
        outputs: list[Output] = []
        error = self._error_of(reply, now_ns)
        seen = limits_of_reply(reply.rate_limits or (), error)
        if seen:
            outputs.append(seen)
        if reply.id is not None and reply.id == self._logon_id:
            return outputs + self._logged_on(reply, error, now_ns)
        sent = self._sent.pop(reply.id, None) if isinstance(reply.id, int) else None
        if sent is None:
            return outputs + self._unasked(reply, error)
        if error is not None:
            if sent.is_late:
                name = order_results.name_of(sent.command)
                return [*outputs, Oddity(f"late refusal of {name}: {error.code} {error.message}")]
            return outputs + order_results.refused(self._errors, sent.command, error)
        body = bytes(reply.result) if reply.result is not UNSET else b""
        if sent.is_late:
            return outputs + order_results.facts(self._dialect, sent.command, body)
        return outputs + order_results.answered(self._dialect, sent.command, body)

    def closed(self, reason: str, now_ns: int) -> list[Output]:
        """The connection is gone: what was sent and not answered is in doubt."""
        self._go_down(reason or "connection closed")
        self._state = _State.IDLE
        retry_ns = self._backoff.down(now_ns)
        self._retry_ns = self._ban.soonest(now_ns) if self._retry_at_once else retry_ns
        self._retry_at_once = False
        lost = [sent.command for sent in self._sent.values() if not sent.is_late]
        self._sent.clear()
        failure = TransportError(f"the order channel closed before an answer: {reason or 'no reason given'}", sent=True)
        return [output for command in lost for output in order_results.unanswered(command, failure)]

    def tick(self, now_ns: int) -> list[Output]:
        """Let time pass."""
        outputs = self._time_out(now_ns)
        if self._retry_ns is not None and now_ns >= self._retry_ns:
            self._retry_ns = None
            outputs += self.connect(now_ns) or self.clock_may_be_set(now_ns)
        if self._logon_deadline_ns is not None and now_ns >= self._logon_deadline_ns:
            outputs += self._close("no answer to the logon")
        if self._suspect_ns is not None and now_ns >= self._suspect_ns:
            outputs += self._close("silent while an answer was due")
        if self._renew_ns is not None and now_ns >= self._renew_ns:
            outputs += self._renew(now_ns)
        return outputs

    def _renew(self, now_ns: int) -> list[Output]:
        """Stop using the connection first; what was sent on it gets its answer or its time-out before it is closed."""
        if any(not sent.is_late for sent in self._sent.values()):
            self._is_retiring, self._renew_ns, self._reason = True, now_ns + _SECOND_NS, "the order channel is renewed"
            return []
        self._retry_at_once = True
        return self._close("the order channel is renewed before the exchange ends it")

    def _time_out(self, now_ns: int) -> list[Output]:
        outputs: list[Output] = []
        for request_id, sent in list(self._sent.items()):
            if now_ns < sent.deadline_ns:
                continue
            if sent.is_late:
                del self._sent[request_id]
                continue
            sent.is_late, sent.deadline_ns = True, now_ns + _REMEMBERED_NS
            self._suspect_ns = self._suspect_ns or now_ns + _SUSPECT_NS
            self._reason = "no answer on the order channel"
            outputs += order_results.unanswered(sent.command, TransportError("no answer in time", sent=True))
        return outputs

    def _logged_on(self, reply: messages.WsApiReply, error: HttpError | None, now_ns: int) -> list[Output]:
        self._logon_id = self._logon_deadline_ns = None
        if error is None and reply.result is not UNSET:
            try:
                session = _read_session(reply.result)
            except messages.UNREADABLE:
                return self._close("unreadable answer to the logon")
            if session.authorized_since not in (None, UNSET):
                self._go_up(now_ns)
                return []
        self._is_shut_out = error is not None and classify(self._errors, error) is ErrorClass.AUTH
        return self._close(f"logon refused: {error.code} {error.message}" if error else "logon without effect")

    def _unasked(self, reply: messages.WsApiReply, error: HttpError | None) -> list[Output]:
        text = f"{error.code} {error.message}" if error else f"a reply with id {reply.id}"
        oddity = Oddity(f"nobody asked for this on the order channel: {text}")
        if error is not None and classify(self._errors, error) is ErrorClass.AUTH:
            return [oddity, *self._close("the session ended")]
        return [oddity]

    def _error_of(self, reply: messages.WsApiReply, now_ns: int) -> HttpError | None:
        if 200 <= reply.status < 300 and reply.error is UNSET:
            return None
        now_ms = self._clock.now_ms(now_ns) if self._clock.is_set else None
        body = reply.error or messages.ErrorBody(code=0, msg="no explanation")
        if body.code == WRONG_TIME:
            self._clock.doubt()
        error = error_of_reply(reply.status, body, now_ms)
        self._ban.hold(error.ban_ms, now_ns)
        return error

    def _go_up(self, now_ns: int) -> None:
        self._state, self._reason, self._is_shut_out, self._was_tried = _State.UP, "", False, True
        self._backoff.up(now_ns)

    def _go_down(self, reason: str) -> None:
        self._was_tried = True
        self._reason = self._reason if self._state is _State.CLOSING else reason
        self._logon_id = self._logon_deadline_ns = self._renew_ns = self._suspect_ns = None
        self._is_retiring = False

    def _close(self, reason: str) -> list[Output]:
        if self._state in (_State.IDLE, _State.CLOSING):
            return []
        self._go_down(reason)
        self._state = _State.CLOSING
        return [CloseWs(CHANNEL)]

    def _frame(self, request_id: int, method: str, params: Params) -> WsFrame:
        return WsFrame(CHANNEL, _write(messages.WsApiRequest(id=request_id, method=method, params=params)))


def _is_shutdown(data: bytes) -> bool:
    """Whether the exchange says that this connection will end soon."""
    try:
        return isinstance(_read_event(data).event, messages.spot.ServerShutdown)
    except messages.UNREADABLE:
        return False
