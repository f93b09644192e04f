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
from pyalgo.backlog import Backlog, Held
from pyalgo.history import Gap, History
from pyalgo.link import Link, Listener, Stage
from pyalgo.order import Order, terms_of
from pyalgo.requests import Request, Requests
from pyalgo.resolver import Resolver
from pyalgo.streams import Stream, Streams, may_help_to_wait
from pyalgo.words import OrderType, Side, Tif, to_wire
from tradingsys.core import enums as fix
from tradingsys.core.errors import InvalidOrder, LocalProtocolError
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.wire.codec import decode_result, decode_server_message, encode_request
from tradingsys.wire.messages import (
    CancelParams,
    DepthPush,
    ErrorCode,
    KlinePush,
    LoginParams,
    LoginResult,
    OrderParams,
    OrderPush,
    OrderResult,
    PositionPush,
    PositionView,
    Push,
    Reply,
    SessionClosedPush,
    SnapshotPush,
    StatusPush,
    SymbolsParams,
)

__all__ = ["Client"]

_log = logging.getLogger(__name__)

_LOGIN_MS = 10_000
_ORDER_MS = 5_000
_QUERY_MS = 30_000
_RETRY_MS = 1_000


class Client:
    """One session. ``instance`` is random per process: it lets a reconnect take the session over at once."""

    def __init__(self, session_id: int, name: str, trading: bool, instance: str, listener: Listener) -> None:
        self.session_id, self.name, self.trading = session_id, name, trading
        self._instance, self._listener = instance, listener
        self.stage = Stage.OFFLINE
        self.status = ""
        """What the gateway last said of its own state, or why it refused the login."""
        self.history = History(listener)
        self.streams = Streams(self)
        self._resolver = Resolver(self, self.history, listener)
        self._link: Link | None = None
        self._now_ms = 0
        self._requests = Requests()
        self._cancels: dict[str, int] = {}
        self._login: LoginResult | None = None
        self._seq = 0
        self._backlog = Backlog()
        self._delivering = False

    # The transport's side ------------------------------------------------------------------------------------------

    def opened(self, link: Link, now_ms: int, token: str | None = None) -> None:
        """A connection is there: log in through it."""
        self._link, self._now_ms = link, now_ms
        self.stage = Stage.LOGGING_IN
        params = LoginParams(
            self.session_id,
            self.name,
            self.trading,
            instance=self._instance,
            token=token,
            cursor=self.history.cursor,
        )
        self._request("login", params, Request(self._on_login, self._on_no_answer, now_ms + _LOGIN_MS))

    def received(self, data: bytes, now_ms: int) -> None:
        """One text frame arrived."""
        self._now_ms = now_ms
        if self._link is None:
            return
        try:
            message = decode_server_message(data)
        except LocalProtocolError as error:
            # Skipping it could lose an execution: a new login brings a consistent state.
            self._restart(f"{error}; {advice(error.code)}")
            return
        if isinstance(message, Reply):
            request = self._requests.answered(message.id)
            if request is not None:
                if self._delivering or not request.may_wait:
                    request.on_reply(message)
                else:
                    self._backlog.hold(Held(message, request.on_reply, request.client_order_id))
            elif message.error is not None and message.id is None:
                self.report(LocalProtocolError(message.error.msg, code=message.error.code))
        elif isinstance(message, StatusPush):
            self.status = message.text
        elif isinstance(message, SessionClosedPush):
            self._restart(f"the gateway closed session {self.session_id}: {message.reason}")
        elif self._delivering or (isinstance(message, SnapshotPush) and not self.history.is_known):
            self._deliver(message)
        else:
            self._backlog.hold(message)

    def closed(self, reason: str, now_ms: int) -> None:
        """The connection is gone; requests without an answer will never get one."""
        self._link, self._now_ms = None, now_ms
        was, self.stage = self.stage, Stage.OFFLINE
        if was in (Stage.LOGGED_IN, Stage.READY):
            _log.warning("session %d lost its gateway: %s; reconnecting", self.session_id, reason)
        unanswered = [request.client_order_id for request in self._requests.clear()]
        unanswered += [held.client_order_id for held in self._backlog.clear()]
        self._cancels.clear()
        self._login = None
        self.streams.forget_confirmations()
        for client_order_id in unanswered:
            self._lost(client_order_id)

    def leave(self) -> None:
        """Give the session up, on purpose; `closed` follows."""
        self._close()

    def tick(self, now_ms: int) -> None:
        """Time passed; needed when `next_deadline_ms` is due, harmless at any time."""
        self._now_ms = now_ms
        self._requests.expire(now_ms)

    @property
    def next_deadline_ms(self) -> int | None:
        """When `tick` has something to do, if ever."""
        return self._requests.next_deadline_ms

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
        self._delivering = True
        if self.is_logged_in:
            self._listener.logged_in()
        for waiting in self._backlog.clear():
            if waiting.on_reply is not None and isinstance(waiting.message, Reply):
                waiting.on_reply(waiting.message)
            elif not isinstance(waiting.message, Reply):
                self._deliver(waiting.message)

    def stop_delivery(self) -> None:
        """Let the listener hear nothing until `start_delivery`; of depth only the latest is kept."""
        self._delivering = False

    def subscribe(self, stream: Stream) -> None:
        """Ask for a stream now and after every login."""
        self.streams.add(stream)
        if self.is_logged_in:
            self.streams.request([stream])

    def place(self, symbol: str, price: float, quantity: float, side: Side, order_type: OrderType, tif: Tif) -> Order:
        """Send one new order.

        Raises LocalProtocolError when it breaks the symbol's rules or cannot be sent now; it is not queued.
        """
        login = self._trading_login()
        product = self.streams.products.get(symbol)
        if product is None:
            raise InvalidOrder(f"{symbol}: subscribe to it first", code=ErrorCode.INVALID_SYMBOL)
        wire = to_wire(order_type, tif)
        price_text = product.price_text(price, wire)
        quantity_text = product.quantity_text(quantity, price_text)
        self._seq += 1
        params = OrderParams(
            login.lineage,
            login.epoch,
            login.login,
            self._seq,
            symbol,
            fix.Side(side.value),
            wire.order_type,
            quantity_text,
            price_text,
            wire.time_in_force,
            wire.post_only,
        )
        key = OrderKey(self.session_id, login.lineage, login.epoch, login.login, self._seq)
        client_order_id = encode_client_order_id(key)
        order = self.history.orders.add(terms_of(client_order_id, params), order_type, tif, self._now_ms)
        request = Request(
            partial(self._on_order_reply, client_order_id),
            partial(self._on_order_silence, client_order_id),
            self._now_ms + _ORDER_MS,
            may_wait=True,
            client_order_id=client_order_id,
        )
        self._request("order", params, request)
        return order

    def cancel(self, order: Order) -> bool:
        """Ask for a cancel unless one is under way; returns whether it was asked for.

        Raises LocalProtocolError when it cannot be sent now; it is not queued.
        """
        client_order_id = order.client_order_id
        if not order.is_active or self._cancels.get(client_order_id, 0) > self._now_ms:
            return False
        self._trading_login(may_boot=True)
        # The venue may refuse a cancel after the gateway took it: after a while it may be asked for again.
        self._cancels = {asked: until_ms for asked, until_ms in self._cancels.items() if until_ms > self._now_ms}
        self._cancels[client_order_id] = deadline_ms = self._now_ms + _ORDER_MS
        request = Request(partial(self._on_cancel_reply, order), lambda: None, deadline_ms, may_wait=True)
        self._request("cancel", CancelParams(client_order_id), request)
        return True

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
        self._login, self._seq = login, 0
        self.status = ""
        self.stage = Stage.LOGGED_IN
        _log.info(
            "session %d (%s) logged in%s", self.session_id, self.name, "" if self.trading else ", without trading"
        )
        if self._delivering:
            self._listener.logged_in()
        if login.resumed and self.history.cursor is not None:
            self.stage = Stage.READY
        else:
            self.history.cursor = None
        self.streams.request()
        if not self.trading:
            self.query("get_positions", SymbolsParams(), self._on_positions)
        if login.snapshot is not None:
            snapshot = SnapshotPush(login.snapshot)
            if self._delivering or not self.history.is_known:
                self._deliver(snapshot)
            else:
                self._backlog.hold(snapshot)
        elif self.stage is Stage.READY:
            self._resolve()

    def _on_positions(self, reply: Reply) -> None:
        try:
            self.history.take_positions(decode_result(reply, list[PositionView]))
        except LocalProtocolError as error:
            if not may_help_to_wait(error.code):
                self.report(error)
                return
            self.retry(partial(self.query, "get_positions", SymbolsParams(), self._on_positions))

    def _on_order_reply(self, client_order_id: str, reply: Reply) -> None:
        try:
            decode_result(reply, OrderResult)
        except LocalProtocolError as error:
            if error.code in (ErrorCode.STALE_KEY, ErrorCode.UNDEFINED) or reply.error is None:
                # Neither proves that nothing was sent.
                self._lost(client_order_id)
                self._resolve()
            else:
                refused = self.history.orders.refuse(client_order_id, error.code, str(error), self._now_ms)
                if refused is not None:
                    self._listener.order(refused)
            self.report(error)

    def _on_order_silence(self, client_order_id: str) -> None:
        _log.warning("the gateway did not answer to order %s: asking what became of it", client_order_id)
        self._lost(client_order_id)
        self._resolve()

    def _on_cancel_reply(self, order: Order, reply: Reply) -> None:
        if reply.error is None or not order.is_active:
            return
        # A strategy that kills at every tick must not ask at every tick.
        self._cancels[order.client_order_id] = self._now_ms + _RETRY_MS
        if reply.error.code == ErrorCode.NO_SUCH_ORDER:
            self.history.orders.unresolved.add(order.client_order_id)
            self._resolve()
        self.report(LocalProtocolError(f"cancel of order {order.id}: {reply.error.msg}", code=reply.error.code))

    def _on_no_answer(self) -> None:
        self._restart("the gateway does not answer")

    # Pushes --------------------------------------------------------------------------------------------------------

    def _deliver(self, push: Push) -> None:
        if self._link is None:
            return
        match push:
            case DepthPush():
                self._listener.depth(push)
            case KlinePush():
                self._listener.kline(push)
            case OrderPush() | PositionPush():
                try:
                    self.history.apply(push)
                except Gap as gap:
                    self._restart(str(gap))
            case SnapshotPush():
                # Callbacks may send orders while the rest is being told: the positions are complete by then.
                self.stage = Stage.READY
                self.history.merge(push.snapshot)
                self._resolve()
            case _:  # status and session_closed were dealt with on arrival
                pass

    # Requests ------------------------------------------------------------------------------------------------------

    def query(
        self, method: str, params: Struct | list[str], on_reply: Callable[[Reply], None], *, may_wait: bool = False
    ) -> None:
        """Send a request that a working gateway answers in time."""
        self._request(method, params, Request(on_reply, self._on_no_answer, self._now_ms + _QUERY_MS, may_wait))

    def retry(self, action: Callable[[], None]) -> None:
        """Do something in a moment, if the connection still stands then."""
        self._requests.later(self._now_ms + _RETRY_MS, action)

    def _request(self, method: str, params: Struct | list[str], request: Request) -> None:
        if self._link is not None:
            self._link.send(encode_request(self._requests.add(request), method, params))

    def _trading_login(self, *, may_boot: bool = False) -> LoginResult:
        if not self.trading:
            raise LocalProtocolError("not sent: this session does not trade", code=ErrorCode.NON_TRADING)
        is_far_enough = self.is_logged_in if may_boot else self.stage is Stage.READY
        if not is_far_enough or self._login is None:
            code = ErrorCode.NOT_READY if self.is_logged_in else ErrorCode.DISCONNECTED
            raise LocalProtocolError(f"not sent: {self.stage.value}", code=code)
        return self._login

    def _resolve(self) -> None:
        if self.stage is Stage.READY:
            self._resolver.resolve()

    def _lost(self, client_order_id: str | None) -> None:
        order = None if client_order_id is None else self.history.orders.lost(client_order_id)
        if order is not None and self._delivering:
            self._listener.order(order)

    def report(self, error: LocalProtocolError) -> None:
        """Log an error answer with what to do about it, and tell the strategy when it runs."""
        hint = advice(error.code)
        _log.error("session %d: %s (%d)%s", self.session_id, error, error.code, f": {hint}" if hint else "")
        if self._delivering:
            self._listener.error(error)

    def _restart(self, reason: str) -> None:
        _log.warning("session %d starts over: %s", self.session_id, reason)
        self._close()

    def _close(self) -> None:
        link, self._link = self._link, None
        self.stage = Stage.OFFLINE
        if link is not None:
            link.close()
