"""One session at one gateway, as a state machine without socket or clock.

A transport tells it `opened`, `received`, `closed` and `tick`, each with the time; it answers through the `Link` it was
given and through its `Listener`. The rules it keeps:

* Requests are written once. An order that got no answer is in doubt; after the next login the gateway is asked what
  became of it, it is never sent a second time.
* Orders are refused, not queued, while there is no connection or no snapshot to decide from.
* A push that is not yet delivered counts as never received: after a reconnect the gateway sends it again.

::

    OFFLINE ──opened──► LOGGING_IN ──reply──► LOGGED_IN ──snapshot or resumed──► READY
       ▲                                                                           │
       └──────────────────────────────── closed ──────────────────────────────────┘
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from pyalgo.advice import advice
from pyalgo.balances import Balances
from pyalgo.delivery import Delivery
from pyalgo.history import Gap, History
from pyalgo.link import Link, Listener, Stage
from pyalgo.missed import Missed
from pyalgo.money import MarginLevel
from pyalgo.order_entry import OrderEntry
from pyalgo.product import Product
from pyalgo.requests import Request, Requests
from pyalgo.resolver import Resolver
from pyalgo.restriction import Restriction
from pyalgo.sampling import Sampler
from pyalgo.streams import Stream, Streams
from tradingsys.core.enums import OnDisconnect
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.codec import decode_result, decode_server_message, encode_request
from tradingsys.wire.messages import (
    BalancePush,
    DepthPush,
    DurablePush,
    ErrorCode,
    KlinePush,
    LoginParams,
    LoginResult,
    MarginPush,
    MarkPush,
    OrderPush,
    PositionPush,
    Push,
    Reply,
    RequestFailedPush,
    SessionClosedPush,
    SnapshotPush,
    StatusPush,
    TradePush,
    TradingPush,
)

__all__ = ["Client"]

_log = logging.getLogger(__name__)

WhenGone = tuple[OnDisconnect, int]
_LEAVE: WhenGone = (OnDisconnect.LEAVE, 10_000)

_LOGIN_MS = 10_000
_QUERY_MS = 30_000
_RETRY_MS = 1_000
_NO_TRADING = "this session does not trade: pass trading=True to make_session"
_MEANWHILE = "it is tried again by itself, and on_connected tells when; order anew then"


class Client:
    """One session. ``instance`` is random per process: it lets a reconnect take the session over at once."""

    def __init__(
        self,
        session_id: int,
        name: str,
        trading: bool,
        instance: str,
        listener: Listener,
        when_gone: WhenGone = _LEAVE,
    ) -> None:
        """``when_gone`` is what becomes of the session when nobody owns it, and after how many ms."""
        self._when_gone = when_gone
        self.session_id, self.name, self.trading = session_id, name, trading
        self._instance, self._listener = instance, listener
        self.stage = Stage.OFFLINE
        self.status = ""
        """What the gateway last said of its own state, or why it refused the login."""
        self.now_ms = 0
        """The time of the latest thing that happened."""
        self.history = History(listener)
        self.streams = Streams(self)
        self.orders = OrderEntry(self, session_id, self.history, listener)
        self.sampler = Sampler()
        self.balances = Balances(self)
        self.restriction = Restriction()
        self._resolver = Resolver(self, self.history)
        self._missed = Missed(self, self.history, self.resolve)
        self._link: Link | None = None
        self._requests = Requests()
        self._login: LoginResult | None = None
        self._was_logged_in = False
        self._is_login_told = self._is_connection_told = False
        self.delivery = Delivery(listener.market, self._tell_where_we_are)

    # The transport's side ------------------------------------------------------------------------------------------

    def opened(self, link: Link, now_ms: int, token: str | None = None) -> None:
        """A connection is there: log in through it."""
        self._link, self.now_ms = link, now_ms
        self.stage = Stage.LOGGING_IN
        self._resolver = Resolver(self, self.history)
        self._missed = Missed(self, self.history, self.resolve)
        params = LoginParams(
            self.session_id,
            self.name,
            self.trading,
            instance=self._instance,
            token=token,
            cursor=self.history.cursor,
            on_disconnect=self._when_gone[0],
            grace_ms=self._when_gone[1],
        )
        self.request("login", params, Request(self._on_login, self._on_no_answer, now_ms + _LOGIN_MS))

    def received(self, data: bytes, now_ms: int) -> None:
        """One text frame arrived."""
        self.now_ms = now_ms
        if self._link is None:
            return
        try:
            message = decode_server_message(data)
        except LocalProtocolError as error:
            # Skipping it could lose an execution: a new login brings a consistent state.
            self._restart(f"{error}; {advice(error.code)}")
            return
        match message:
            case DepthPush() | KlinePush() | TradePush() | MarkPush():
                if not self.sampler.takes(message):
                    self.delivery.market(message)
            case Reply():
                self._reply(message)
            case StatusPush():
                self.status = message.text
            case TradingPush():
                if self.restriction.heard(message):
                    self.report(LocalProtocolError(message.text, code=ErrorCode.HALTED))
            case BalancePush():
                self.balances.changed(message.balances)
            case SessionClosedPush():
                self._restart(f"the gateway closed session {self.session_id}: {message.reason}")
            case SnapshotPush() if not self.history.is_known:
                self._deliver(message)
            case _:
                self.delivery.event(partial(self._deliver, message))

    def closed(self, reason: str, now_ms: int) -> None:
        """The connection is gone; requests without an answer will never get one."""
        self._link, self.now_ms = None, now_ms
        was, self.stage = self.stage, Stage.OFFLINE
        unanswered = [each for request in self._requests.clear() for each in request.client_order_ids]
        self._login = None
        self.streams.forget_confirmations()
        for client_order_id in (*unanswered, *self.delivery.forget()):
            self.lost(client_order_id)
        if was in (Stage.LOGGED_IN, Stage.READY):
            _log.warning("session %d lost its gateway: %s; reconnecting", self.session_id, reason)
        if was in (Stage.LOGGED_IN, Stage.READY) or self._was_logged_in:
            self._was_logged_in = False
            self.delivery.news(partial(self._listener.disconnected, reason))

    def leave(self) -> None:
        """Give the session up, on purpose; `closed` follows."""
        self._close()
        self._was_logged_in = False

    def tick(self, now_ms: int) -> None:
        """Time passed; needed when `next_deadline_ms` is due, harmless at any time."""
        self.now_ms = now_ms
        self._requests.expire(now_ms)
        for push in self.sampler.due(now_ms):
            self.delivery.market(push)

    @property
    def next_deadline_ms(self) -> int | None:
        """When `tick` has something to do, if ever."""
        deadlines = (self._requests.next_deadline_ms, self.sampler.next_ms)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    # The strategy's side -------------------------------------------------------------------------------------------

    @property
    def is_logged_in(self) -> bool:
        """Whether the session is taken through the connection there is now."""
        return self.stage in (Stage.LOGGED_IN, Stage.READY)

    @property
    def is_ready(self) -> bool:
        """Whether all is known that a strategy needs to decide; without trading, a login is enough."""
        return self.stage is Stage.READY or (self.is_logged_in and not self.trading)

    def start_delivery(self) -> None:
        """Let the listener hear what waited, and from now on everything at once."""
        self.delivery.start()

    def stop_delivery(self) -> None:
        """Let the listener hear nothing until `start_delivery`; of market data little is kept."""
        self.delivery.stop()

    def subscribe(self, stream: Stream) -> None:
        """Ask for a stream now and after every login."""
        self.streams.add(stream)
        if self.is_logged_in:
            self.streams.request([stream])

    def unsubscribe(self, name: str) -> None:
        """Ask for a stream no more; what the gateway still sends of it is nobody's."""
        self.sampler.remove(name)
        if self.streams.remove(name) and self.is_logged_in:
            self.query("unsubscribe", [name], lambda _: None)

    def product(self, symbol: str) -> Product | None:
        """The rules of a symbol, once a subscription of it was confirmed."""
        return self.streams.products.get(symbol)

    def learned(self, product: Product) -> None:
        """The rules of a symbol became known, or known anew."""
        if product.is_spot:
            self.history.orders.is_spot(product.symbol)
        self.balances.is_margin = self.balances.is_margin or product.view.margin

    # Replies -------------------------------------------------------------------------------------------------------

    def _on_login(self, reply: Reply) -> None:
        try:
            login = decode_result(reply, LoginResult)
        except LocalProtocolError as error:
            text = f"login refused: {error}"
            if text != self.status:
                self.status = text
                self.report(LocalProtocolError(text, code=error.code))
            self._close()
            return
        self._login = login
        self.orders.begin()
        self.status = ""
        self.restriction.forget()
        self.stage = Stage.LOGGED_IN
        _log.info(
            "session %d (%s) logged in%s", self.session_id, self.name, "" if self.trading else ", without trading"
        )
        self._is_login_told = self._is_connection_told = False
        self.delivery.news(self._tell_login)
        is_resumed = login.resumed and self.history.cursor is not None
        if is_resumed:
            self.stage = Stage.READY
        self.history.begin(login.lineage, is_resumed=is_resumed)
        self.streams.request()
        if self.trading:
            self.balances.ask()
        if login.snapshot is not None:
            push = SnapshotPush(login.snapshot)
            if self.history.is_known:
                self.delivery.event(partial(self._deliver, push))
            else:
                self._deliver(push)
        elif self.is_ready:
            self.delivery.news(self._tell_connection)
            self._catch_up()

    def _on_no_answer(self) -> None:
        self._restart("the gateway does not answer")

    # Pushes --------------------------------------------------------------------------------------------------------

    def _reply(self, reply: Reply) -> None:
        request = self._requests.answered(reply.id)
        if request is not None:
            if request.may_wait:
                self.delivery.event(partial(request.on_reply, reply), request.client_order_ids)
            else:
                request.on_reply(reply)
        elif reply.error is not None and reply.id is None:
            self.report(LocalProtocolError(reply.error.msg, code=reply.error.code))

    def _deliver(self, push: Push) -> None:
        if self._link is None:
            return
        match push:
            case OrderPush() | PositionPush():
                try:
                    self.history.apply(push)
                except Gap as gap:
                    self._restart(str(gap))
                if isinstance(push, OrderPush):
                    self.orders.heard_of(push.order.client_order_id)
            case SnapshotPush():
                # Callbacks may send orders while the rest is being told: the positions are complete by then.
                self.stage = Stage.READY
                self.history.merge(push.snapshot)
                self.delivery.news(self._tell_connection)
                self._catch_up()
            case DurablePush(epoch, n):
                self.history.durable.reached((epoch, n))
            case RequestFailedPush():
                self.orders.failed(push)
            case MarginPush():
                _log.warning("session %d: the margin level is %s: %s", self.session_id, push.level, push.status)
                self._listener.margin_changed(MarginLevel.of(push))
            case _:  # dealt with on arrival
                pass

    def _tell_where_we_are(self) -> None:
        if self.is_logged_in:
            self.delivery.event(self._tell_login)
        if self.is_ready:
            self.delivery.event(self._tell_connection)

    def _tell_login(self) -> None:
        if not self._is_login_told:
            self._is_login_told = self._listener.logged_in()

    def _tell_connection(self) -> None:
        if not self._is_connection_told:
            self._is_connection_told = self._listener.connected()

    # Requests ------------------------------------------------------------------------------------------------------

    def query(
        self, method: str, params: Struct | list[str], on_reply: Callable[[Reply], None], *, may_wait: bool = False
    ) -> None:
        """Send a request that a working gateway answers in time."""
        self.request(method, params, Request(on_reply, self._on_no_answer, self.now_ms + _QUERY_MS, may_wait))

    def retry(self, action: Callable[[], None]) -> None:
        """Do something in a moment, if the connection still stands then."""
        self._requests.later(self.now_ms + _RETRY_MS, action)

    def request(self, method: str, params: Struct | list[str], request: Request) -> None:
        """Send any request; without a connection, forget it."""
        if self._link is not None:
            self._link.send(encode_request(self._requests.add(request), method, params))

    def trading_login(self, *, may_boot: bool = False) -> LoginResult:
        """The login that orders belong to; ``may_boot``: the gateway need not be ready.

        Raises LocalProtocolError when nothing can be sent now.
        """
        if not self.trading:
            raise LocalProtocolError(f"not sent: {_NO_TRADING}", code=ErrorCode.NON_TRADING)
        is_far_enough = self.is_logged_in if may_boot else self.stage is Stage.READY
        if not is_far_enough or self._login is None:
            code = ErrorCode.NOT_READY if self.is_logged_in else ErrorCode.DISCONNECTED
            raise LocalProtocolError(f"not sent: {self.stage.value}: {_MEANWHILE}", code=code)
        return self._login

    def _catch_up(self) -> None:
        """Ask what nobody told meanwhile."""
        if self.stage is Stage.READY:
            self._missed.ask()

    def resolve(self) -> None:
        """Ask what became of the orders that are lost."""
        if self.stage is Stage.READY:
            self._resolver.resolve()

    def lost(self, client_order_id: str) -> None:
        """An order's request got no answer that says what became of it."""
        order = self.history.orders.lost(client_order_id)
        if order is not None:
            _log.warning("no answer to order %s: asking what became of it", client_order_id)
            self.delivery.news(partial(self._listener.order, order, None))

    def report(self, error: LocalProtocolError) -> None:
        """Log an error answer with what to do about it, and tell the strategy when it runs."""
        hint = advice(error.code)
        _log.error("session %d: %s (%d)%s", self.session_id, error, error.code, f": {hint}" if hint else "")
        self.delivery.news(partial(self._listener.error, error))

    def _restart(self, reason: str) -> None:
        _log.warning("session %d starts over: %s", self.session_id, reason)
        self._close()

    def _close(self) -> None:
        link, self._link = self._link, None
        self._was_logged_in = self._was_logged_in or self.is_logged_in
        self.stage = Stage.OFFLINE
        if link is not None:
            link.close()
