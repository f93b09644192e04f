"""Sessions and who owns them: login, leases, and each session's gap-free stream of events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from itertools import islice

from msgspec import Struct

from tradingsys.core.deadlines import earliest
from tradingsys.core.enums import OnDisconnect, TradingState
from tradingsys.core.errors import LocalProtocolError
from tradingsys.core.ids import MAX_SESSION
from tradingsys.core.instrument import plain
from tradingsys.core.position import SessionPosition
from tradingsys.gateway.clients.login_pace import LoginPace
from tradingsys.gateway.clients.tokens import Tokens
from tradingsys.gateway.clients.unsaved import Unsaved
from tradingsys.gateway.seams import Peer
from tradingsys.gateway.views.views import executed_view, money_view
from tradingsys.oms.pace import Rate, Window
from tradingsys.wire.codec import encode
from tradingsys.wire.messages import (
    PROTOCOL_VERSION,
    Cursor,
    DurablePush,
    ErrorCode,
    LoginParams,
    OrderPush,
    OrderView,
    PositionPush,
    SessionClosedPush,
    TradingPush,
)
from tradingsys.wire.operator import OperateParams

__all__ = ["Client", "Session", "SessionDesk"]

_NS_PER_S = 1_000_000_000
_PROBE_NS = 5 * _NS_PER_S
_MAX_REPLAY_BYTES = 3 * 512 * 1024
"""Well below what a connection may leave unread."""
_MESSAGES, _MESSAGES_PER_S = 400, 200
_MAX_IGNORED = 1_000
_IGNORED_WINDOW_S = 60
_MAX_LOGGED_IN = 64
_MAX_OPERATORS = 7
"""With all of both the port is not full: who comes can always show its token, and of operators the newest stays."""
_MAX_ONLOOKERS = 16
"""Of one session. Whoever trades is kept out by none of them: the oldest of the session with most makes room."""
_MAX_NAME = 100
_UNREAD_BYTES = 256 * 1024
"""Of who logs in once more: two snapshots are not on their way at once."""
_LONGEST_GRACE_MS = 86_400_000


class Client:
    """One connection of a strategy."""

    __slots__ = (
        "_rate",
        "heard_ns",
        "ignored",
        "instance",
        "is_evicted",
        "is_flooding",
        "is_operator",
        "is_reading",
        "login",
        "name",
        "peer",
        "questions",
        "seq",
        "session",
        "source",
        "watched",
    )

    def __init__(self, peer: Peer, now_ns: int, source: str = "") -> None:
        self.peer = peer
        self.source = source
        """The address of its machine; empty for this one."""
        self.heard_ns = now_ns
        self.session: Session | None = None
        """The session whose lease this connection holds."""
        self.watched: Session | None = None
        """The session it named when it logged in without trading: it is told everything and may do nothing."""
        self.name = ""
        self.instance = ""
        self.login = 0
        self.seq = 0
        """The highest order number of this login, refused ones included; never goes down."""
        self.is_evicted = False
        """It lost its session to another connection: whatever still arrives from it is refused."""
        self.is_operator = False
        """It showed the token and has no session."""
        self.questions = 0
        """How many of its questions to the exchange are under way."""
        self.is_reading = False
        """It has asked for executions that only pos.db can tell, and not been answered yet."""
        self.is_flooding = False
        """Whether it takes no heed of being told to slow down."""
        self.ignored = Window(_MAX_IGNORED + 1, _IGNORED_WINDOW_S)
        """Its messages that came faster than allowed: a burst now and then, for days, is no flood."""
        self._rate = Rate(_MESSAGES_PER_S, _MESSAGES)

    def may_speak(self, now_ns: int) -> bool:
        """Whether one more message is within the rate that a connection is allowed, and has not waited too long."""
        if self._rate.takes(now_ns) and not self.peer.is_late:
            return True
        self.is_flooding = self.ignored.note(now_ns)
        return False

    @property
    def is_logged_in(self) -> bool:
        """Whether market data may be subscribed."""
        return self.told is not None

    @property
    def is_stranger(self) -> bool:
        """Whether it has shown no token yet."""
        return not (self.is_logged_in or self.is_operator)

    @property
    def told(self) -> Session | None:
        """The session of whose events it is told, as owner or as onlooker."""
        return self.session or self.watched

    @property
    def session_id(self) -> int | None:
        """The session it named at login."""
        return None if self.told is None else self.told.id


class Session:
    """A strategy's account within the account; lives as long as the gateway, whoever is connected."""

    def __init__(self, session_id: int, epoch: int) -> None:
        self.id = session_id
        self.name = ""
        self.on_disconnect = OnDisconnect.LEAVE
        """What its owner asked for, should it be gone for longer than ``grace_ms``."""
        self.grace_ms = 0
        self.trading = TradingPush(TradingState.ACTIVE)
        """What it may send, as those who listen know it."""
        self.epoch = epoch
        self.n = 0
        self.owner: Client | None = None
        self.onlookers: dict[Client, None] = {}
        """Logged in to it without trading; in the order of their coming."""
        self.logins, self.onlookers_logins = LoginPace(session_id), LoginPace(session_id)
        """Each may cost a snapshot; who looks on keeps nobody from trading."""
        self.probe_deadline_ns: int | None = None
        self.durable_n = 0
        """Up to which of its events everything is in pos.db."""
        self.unsaved = Unsaved()
        self._events: deque[bytes] = deque()
        """The last ones up to ``n``, none left out, as far as a snapshot is not shorter."""
        self._events_bytes = 0

    def push_order(self, view: OrderView) -> None:
        """Tell all who listen, and keep it for those that come back."""
        self._push(lambda n: encode(OrderPush(self.epoch, n, view)))

    def push_position(self, symbol: str, position: SessionPosition) -> None:
        """Tell all who listen, and keep it for those that come back."""
        told = (symbol, plain(position.net), *money_view(position), executed_view(position))
        self._push(lambda n: encode(PositionPush(self.epoch, n, *told)))

    def may_send(self, push: TradingPush) -> None:
        """Tell all who listen, if that is news."""
        if push != self.trading:
            self.trading = push
            for client in self.listeners:
                client.peer.write(encode(push))

    def pass_over(self) -> None:
        """Something happened that a snapshot will tell, also to those that come back."""
        self.n += 1
        self._events.clear()
        self._events_bytes = 0

    def durable(self, n: int) -> None:
        """Everything up to event ``n`` is in pos.db: tell all who listen, if that is news."""
        if n > self.durable_n:
            self.durable_n = n
            self.unsaved.reached(n)
            data = self.durable_push()
            for client in self.listeners:
                client.peer.write(data)

    def durable_push(self) -> bytes:
        """What is in pos.db, as a frame."""
        return encode(DurablePush(self.epoch, self.durable_n))

    def missed_since(self, cursor: Cursor | None) -> list[bytes] | None:
        """The events after a cursor; None when they are not known here (any more), or more than a snapshot is."""
        if cursor is None or cursor[0] != self.epoch or cursor[1] > self.n:
            return None
        missed = self.n - cursor[1]
        if missed > len(self._events):
            return None
        return list(islice(self._events, len(self._events) - missed, None))

    def tell(self, push: Struct) -> None:
        """Tell the owner something that is no event of the session: who is away does not miss it."""
        if self.owner is not None:
            self.owner.peer.write(encode(push))

    @property
    def listeners(self) -> list[Client]:
        """All who are told of its events, the owner first."""
        return [*([self.owner] if self.owner is not None else []), *self.onlookers]

    def _push(self, encoded: Callable[[int], bytes]) -> None:
        self.n += 1
        data = encoded(self.n)
        self._events.append(data)
        self._events_bytes += len(data)
        while self._events_bytes > _MAX_REPLAY_BYTES:
            self._events_bytes -= len(self._events.popleft())
        for client in self.listeners:
            client.peer.write(data)


class SessionDesk:
    """Hands out sessions: one trading owner each."""

    def __init__(self, epoch: int, token: str | None, admitted: Collection[int] | None = None) -> None:
        """``admitted`` are the sessions that may be logged in to; None is any."""
        self._admitted = admitted
        self.sessions: dict[int, Session] = {}
        self._epoch = epoch
        self._operators: set[Client] = set()
        self._tokens = Tokens(token)
        self._logins = 0

    def session(self, session_id: int) -> Session:
        """The session of this number, made on first use."""
        found = self.sessions.get(session_id)
        if found is None:
            found = self.sessions[session_id] = Session(session_id, self._epoch)
        return found

    def login(self, client: Client, params: LoginParams, now_ns: int) -> None:
        """Give the connection what it asks for.

        Raises LocalProtocolError: wrong token or protocol, number out of range, no room, or the session has a living
        owner.
        """
        self._check(client, params)
        client.name, client.instance = params.name, params.instance
        session = self.session(params.session_id)
        if not params.trading:
            if len(session.onlookers) >= _MAX_ONLOOKERS and client.told is not session:
                raise _too_many(_MAX_ONLOOKERS, "connections of this session without trading")
            if self._is_full_for(client):
                raise _too_many(_MAX_LOGGED_IN, "connections of strategies")
            session.onlookers_logins.check(now_ns)
            self.release(client)
            session.onlookers[client] = None
            client.watched = session
            return
        owner = session.owner
        if owner is not None and owner is not client:
            self._contest(session, owner, client, now_ns)
        else:
            session.logins.check(now_ns)
        if self._is_full_for(client):
            self._make_room()
        session.owner, session.probe_deadline_ns = client, None
        session.name = params.name or session.name
        session.on_disconnect, session.grace_ms = params.on_disconnect, params.grace_ms
        session.onlookers.pop(client, None)
        client.session, client.watched = session, None
        self._logins += 1
        client.login, client.seq = self._logins, 0

    def operate(self, client: Client, params: OperateParams) -> None:
        """Let the connection look after all sessions; of too many the one that has been silent longest makes room.

        Raises LocalProtocolError as `admit`, and where it has a session.
        """
        self.admit(client, params.token, params.protocol)
        if client.session_id is not None:
            raise LocalProtocolError(
                f"this connection is session {client.session_id} already: open another one", code=ErrorCode.BAD_REQUEST
            )
        if len(self._operators) >= _MAX_OPERATORS and not client.is_operator:
            self._evict(min(self._operators, key=lambda each: each.heard_ns), "another operator needs the place")
        self._operators.add(client)
        client.is_operator = True

    def own_login(self) -> int:
        """A login's number for orders that the gateway itself sends."""
        self._logins += 1
        return self._logins

    def release(self, client: Client) -> None:
        """The connection is gone; its session waits for the next owner."""
        self._operators.discard(client)
        client.is_operator = False
        session, client.session = client.session, None
        watched, client.watched = client.watched, None
        if watched is not None:
            watched.onlookers.pop(client, None)
        if session is not None and session.owner is client:
            session.owner, session.probe_deadline_ns = None, None

    def tick(self, now_ns: int) -> None:
        """Free sessions whose owner gave no sign of life after being asked."""
        for session in self.sessions.values():
            if session.probe_deadline_ns is None or session.owner is None:
                continue
            if session.owner.heard_ns > session.probe_deadline_ns - _PROBE_NS:
                session.probe_deadline_ns = None
            elif now_ns >= session.probe_deadline_ns:
                self._evict(session.owner, "no sign of life while another connection asked for the session")

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do."""
        return earliest([session.probe_deadline_ns for session in self.sessions.values()])

    def admit(self, client: Client, token: str | None, protocol: int, session: int | None = None) -> None:
        """To a session, or without one to be an operator.

        Raises LocalProtocolError: -10010 without a token that opens it, -10009 for another protocol.
        """
        self._tokens.admit(token, client.source, client.heard_ns, session)
        if protocol != PROTOCOL_VERSION:
            raise LocalProtocolError(
                f"this gateway speaks protocol {PROTOCOL_VERSION}, not {protocol}: use the same version on both sides",
                code=ErrorCode.BAD_REQUEST,
            )

    def _check(self, client: Client, params: LoginParams) -> None:
        self.admit(client, params.token, params.protocol, params.session_id)
        if not 0 <= params.session_id <= MAX_SESSION:
            raise LocalProtocolError(f"session_id must be 0 to {MAX_SESSION}", code=ErrorCode.BAD_REQUEST)
        if self._admitted is not None and params.session_id not in self._admitted:
            raise LocalProtocolError(
                f"session {params.session_id} is not admitted: this gateway lets in configured sessions only. Log in "
                f'to one of those, or add "{params.session_id}": {{}} to sessions in its configuration (key admit), '
                "and restart it",
                code=ErrorCode.DENIED,
            )
        for what, text in (("name", params.name), ("instance", params.instance)):
            if len(text) > _MAX_NAME or not text.isprintable():
                raise LocalProtocolError(
                    f"{what} must be at most {_MAX_NAME} printable characters", code=ErrorCode.BAD_REQUEST
                )
        if not 0 <= params.grace_ms <= _LONGEST_GRACE_MS:
            raise LocalProtocolError(f"grace_ms must be 0 to {_LONGEST_GRACE_MS}", code=ErrorCode.BAD_REQUEST)
        held = client.session_id
        if held is not None and held != params.session_id:
            raise LocalProtocolError(
                f"this connection is session {held} already: open another one", code=ErrorCode.BAD_REQUEST
            )
        if held is not None and client.peer.pending_bytes > _UNREAD_BYTES:
            raise LocalProtocolError("read what the last login told before the next one", code=ErrorCode.DENIED)

    def _is_full_for(self, client: Client) -> bool:
        logged_in = sum(len(session.listeners) for session in self.sessions.values())
        return not client.is_logged_in and logged_in >= _MAX_LOGGED_IN

    def _make_room(self) -> None:
        """One that may do nothing leaves. Raises LocalProtocolError when there is none."""
        most_watched = max(self.sessions.values(), key=lambda session: len(session.onlookers))
        if not most_watched.onlookers:
            raise _too_many(_MAX_LOGGED_IN, "connections of strategies")
        self._evict(next(iter(most_watched.onlookers)), "a strategy that trades needs the place")

    def _contest(self, session: Session, owner: Client, client: Client, now_ns: int) -> None:
        if client.instance and owner.instance == client.instance:
            session.logins.check(now_ns)
            self._evict(owner, "the same strategy connected anew")
            return
        if session.probe_deadline_ns is None:
            session.probe_deadline_ns = now_ns + _PROBE_NS
            owner.peer.ping()
        raise LocalProtocolError(
            f"duplicate login: session {session.id} is used by {owner.name or 'another strategy'}; "
            "if that one is dead, try again in 5 s",
            code=ErrorCode.DUPLICATE_LOGIN,
        )

    def _evict(self, client: Client, reason: str) -> None:
        client.is_evicted = True
        if client.is_logged_in:
            client.peer.write(encode(SessionClosedPush(reason)))
        self.release(client)
        client.peer.close(reason)


def _too_many(most: int, what: str) -> LocalProtocolError:
    return LocalProtocolError(f"there are {most} {what} already: close one that is not needed", code=ErrorCode.DENIED)
