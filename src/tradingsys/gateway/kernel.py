"""The gateway: events in, effects out through the seams, nothing waits.

It owns one venue account. Everything it knows is in the rooms below (`oms` decides, `venues` speaks, `store` keeps);
this module only carries events to them and performs, in order, what they want done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from msgspec import Struct

from tradingsys.core.commands import Ask, Command, PlaceOrder, Query, VenueRules
from tradingsys.core.errors import (
    ConfigError,
    StoreError,
    TradingError,
)
from tradingsys.core.instrument import Instrument, plain
from tradingsys.core.io import CloseWs, HttpRequest, Input, OpenWs, Tick, WsFrame
from tradingsys.core.order import Fill, Order
from tradingsys.core.records import Record, SessionRecord
from tradingsys.core.reports import (
    AccountChanged,
    Answer,
    LimitsSeen,
    Oddity,
    OrderChanged,
    RequestDone,
    TradingState,
    UserStreamState,
)
from tradingsys.gateway.boot import Boot, BootSteps
from tradingsys.gateway.market_data import MarketData
from tradingsys.gateway.orders import OrderDesk, OrderSettings
from tradingsys.gateway.requests import RequestHandler
from tradingsys.gateway.seams import Log, Peer, StoreSeam, Transport
from tradingsys.gateway.sessions import Client, Session, SessionDesk
from tradingsys.gateway.views import order_view, snapshot
from tradingsys.net.clock import Clock
from tradingsys.oms.effects import Alarm, Attribute, Effect, Halt, OrderNews, PositionNews, PullTrades, Save
from tradingsys.oms.procedure import Procedure, Procedures
from tradingsys.oms.recovery import Margins, Recovery, Timing
from tradingsys.oms.session_book import Incarnation, SessionBook
from tradingsys.oms.throttle import Throttle
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.venues.protocol import MarketProtocol, Output, VenueProtocol
from tradingsys.wire.codec import encode
from tradingsys.wire.messages import SnapshotPush, StatusPush

__all__ = ["Gateway", "GatewaySettings"]

_NS_PER_MS = 1_000_000
_CLOCK_LIMIT_MS = 1_000
"""With the venue's time known no better than this, a timestamp could outlive its fence."""


class GatewaySettings(Struct, frozen=True):
    """Everything about a gateway that is not the world around it."""

    orders: OrderSettings
    margins: Margins = Margins()
    timing: Timing = Timing()
    symbols: tuple[str, ...] = ()
    """Upper case; accounted for from the first start on, whether or not a strategy subscribes them."""
    token: str | None = None
    watch_ms: int = 30_000


class Gateway:
    """One venue account and the strategies that share it."""

    def __init__(
        self,
        settings: GatewaySettings,
        venue: VenueProtocol,
        market: MarketProtocol,
        store: StoreSeam,
        transport: Transport,
        clock: Clock,
        log: Log,
        *,
        accepting: Callable[[], None],
        failed: Callable[[TradingError], None],
    ) -> None:
        self._settings = settings
        self._venue = venue
        self._store = store
        self._transport = transport
        self._clock = clock
        self._log = log
        self._accepting = accepting
        self._failed = failed
        self.book = SessionBook(store.saved, store.find_order)
        self.market = MarketData(market, transport, clock, log)
        self.throttle = Throttle()
        self.procedures = Procedures()
        self.recovery = Recovery(self.book, settings.margins, settings.timing, clock.monotonic_ns, venue.clock)
        self.instruments: dict[str, Instrument] = {}
        self.sessions: SessionDesk | None = None
        self.orders: OrderDesk | None = None
        self.clients: dict[Peer, Client] = {}
        self.is_ready = False
        self.halted = ""
        self.account = ""
        self.text = "starting"
        self._incarnation: Incarnation | None = None
        self._requests = RequestHandler(self)
        self._trading = TradingState(False)
        self._stream = UserStreamState(False)
        self._waiting: deque[tuple[int, Query[object]]] = deque()
        self._waiting_until_ns: int | None = None
        self._status: StatusPush | None = None
        self._settling = False

    # ---- the world calls

    def start(self) -> None:
        """Begin the boot; everything else follows from events."""
        steps = BootSteps(
            self._rules_known, self._epoch_begun, lambda: self._stream.is_up, self.flush, self._progress, self._ready
        )
        boot = Boot(
            self.book,
            self._store,
            self.recovery,
            self._settings.margins,
            steps,
            self._clock.monotonic_ns,
            self.venue_ms,
            self._log,
        )
        self.run(self._boot(boot))

    def venue_event(self, event: Input) -> None:
        """Something happened on a connection to the venue."""
        if not isinstance(event, Tick) and self.market.owns(getattr(event, "channel", "")):
            self.market.handle(event)
            return
        self._perform(self._venue.handle(event, self._clock.monotonic_ns()))
        self.settle()

    def tick(self) -> None:
        """Time passed: `next_deadline_ns` is due."""
        now_ns = self._clock.monotonic_ns()
        due = self._venue.next_deadline_ns
        if due is not None and due <= now_ns:
            self._perform(self._venue.handle(Tick(), now_ns))
        self.procedures.tick(now_ns)
        self.market.tick()
        if self.sessions is not None:
            self.sessions.tick(now_ns)
        if self._waiting_until_ns is not None and self._waiting_until_ns <= now_ns:
            self._waiting_until_ns = None
        self.settle()

    @property
    def next_deadline_ns(self) -> int | None:
        """When to call `tick` at the latest."""
        dues = [
            self._venue.next_deadline_ns,
            self.procedures.next_deadline_ns,
            self.market.next_deadline_ns,
            self.sessions.next_deadline_ns if self.sessions else None,
            self._waiting_until_ns,
        ]
        return min((due for due in dues if due is not None), default=None)

    def peer_opened(self, peer: Peer) -> None:
        """A strategy connected."""
        self.clients[peer] = Client(peer, self._clock.monotonic_ns())

    def peer_heard(self, peer: Peer) -> None:
        """A strategy gave a sign of life other than a message."""
        self.clients[peer].heard_ns = self._clock.monotonic_ns()

    def peer_frame(self, peer: Peer, data: bytes) -> None:
        """A strategy sent a message."""
        client = self.clients.get(peer)
        if client is None:
            return
        client.heard_ns = self._clock.monotonic_ns()
        self._requests.handle(client, data)
        self.settle()

    def peer_closed(self, peer: Peer) -> None:
        """A strategy is gone. Its orders stay; its session waits for it."""
        client = self.clients.pop(peer, None)
        if client is None:
            return
        self.market.drop(client)
        if self.sessions is not None:
            self.sessions.release(client)

    def stop(self) -> list[TrackedOrder]:
        """Take no more requests, write everything down; returns the orders left open at the venue."""
        self.is_ready = False
        for peer in list(self.clients):
            peer.close("the gateway stops")
        self.flush()
        self._store.close()
        return self.book.open_orders()

    # ---- its own rooms call

    def venue_ms(self) -> int:
        """The venue's time now."""
        return self._venue.clock.now_ms(self._clock.monotonic_ns())

    def run(self, procedure: Procedure) -> None:
        """Start a procedure."""
        self.procedures.start(procedure)
        self.settle()

    def admits(self, command: Command, *, urgent: bool = False) -> bool:
        """Whether the rate budget has room for this now. An order without room is refused, never kept for later."""
        if not self._venue.clock.is_set:
            return True
        return self.throttle.admits(self._costs(command), self.venue_ms(), urgent=urgent)

    def send(self, command: Command) -> None:
        """Send one command to the venue now."""
        if self._venue.clock.is_set:
            self.throttle.spend(self._costs(command), self.venue_ms())
        self._perform(self._venue.command(command, self._clock.monotonic_ns()))

    @property
    def epoch(self) -> int:
        """This incarnation's number; 0 before the boot minted it."""
        return self._incarnation.epoch if self._incarnation else 0

    def session_opened(self, session: Session) -> None:
        """A session has an owner: keep its name for people who read pos.db."""
        self._store.commit([SessionRecord(session.id, session.name)], self._committed)

    def why_not_trading(self) -> str:
        """Why no order can be sent now; empty when one can."""
        if not self._trading.is_up:
            return f"trade disconnected: {self._trading.reason or 'no order connection'}"
        if not self._stream.is_up:
            return f"trade disconnected: the account's events do not reach us ({self._stream.reason or 'connecting'})"
        if self._venue.clock.uncertainty_ms(self._clock.monotonic_ns()) > _CLOCK_LIMIT_MS:
            return "the exchange's time is uncertain by more than a second"
        return ""

    def refusal(self, order: PlaceOrder) -> str:
        """Why the venue would refuse an order, by its own rules; empty when it would not."""
        terms = order.terms
        error = self._venue.refusal(terms, self.instruments[terms.symbol], self.market.reference_px(terms.symbol))
        return "" if error is None else str(error)

    def status(self) -> StatusPush:
        """The gateway's state as strategies see it."""
        text = self.halted or self.text or self.why_not_trading()
        return StatusPush(self.is_ready and not self.halted, not self.why_not_trading(), self.market.is_up, text)

    def flush(self) -> None:
        """Make everything learned so far durable."""
        self._apply(self.book.take_effects(), durable=True)

    def settle(self) -> None:
        """Perform what follows from the last event, until nothing more does."""
        if self._settling:
            return
        self._settling = True
        try:
            while True:
                effects = self.book.take_effects()
                self._apply(effects)
                self._waiting.extend(self.procedures.take_queries())
                if not self._send_queries() and not effects:
                    break
        finally:
            self._settling = False
        self._tell_status()

    def fail(self, error: TradingError) -> None:
        """Nothing may be trusted any more: stop."""
        self.is_ready = False
        self.halted = self.halted or str(error)
        self._failed(error)

    # ---- inside

    async def _boot(self, boot: Boot) -> None:
        try:
            await boot.run(self._settings.symbols, self._settings.orders.recv_window_ms)
        except (ConfigError, StoreError) as error:
            self.fail(error)

    def _rules_known(self, rules: VenueRules, account: str) -> None:
        self.account = account
        self.instruments = {instrument.symbol: instrument for instrument in rules.instruments}
        self.throttle.set_limits(rules.rate_limits)

    def _epoch_begun(self, incarnation: Incarnation) -> None:
        self._incarnation = incarnation
        self.sessions = SessionDesk(incarnation.epoch, self._settings.token)
        self.orders = OrderDesk(
            self.book, self._store, self.recovery, self.procedures, incarnation, self._settings.orders
        )
        self._accepting()
        self._perform(self._venue.connect(self._clock.monotonic_ns()))

    def _progress(self, text: str) -> None:
        self.text = text
        self._log.info(text)

    def _ready(self) -> None:
        assert self.sessions is not None
        self.is_ready, self.text = True, ""
        doubtful = [order for order in self.book.open_orders() if order.in_doubt]
        self._log.info("ready", open_orders=len(self.book.open_orders()), in_doubt=len(doubtful))
        for order in doubtful:
            self.procedures.start(self.recovery.resolve(order))
        self.procedures.start(self.recovery.watch(self._settings.watch_ms))
        for session in self.sessions.sessions.values():
            if session.owner is not None:
                view = snapshot(self.book, session.id, session.epoch, session.n)
                session.owner.peer.write(encode(SnapshotPush(view)))

    def _perform(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            match output:
                case OpenWs() | WsFrame() | CloseWs() | HttpRequest():
                    self._transport.perform(output)
                case OrderChanged(order, symbol, ts_event_ms, is_forced):
                    self._learn(order, symbol, ts_event_ms, is_forced)
                case RequestDone():
                    if self.orders is not None:
                        self.orders.done(output)
                case Answer(token, value, error):
                    self.procedures.answer(token, value, error)
                case UserStreamState():
                    self._stream_changed(output)
                case TradingState():
                    self._trading = output
                    self._log.info("order connection", up=output.is_up, via=output.via, reason=output.reason)
                case LimitsSeen(used, retry_after_ms):
                    if self._venue.clock.is_set:
                        self.throttle.seen(used, retry_after_ms, self.venue_ms())
                case AccountChanged(reason):
                    if reason != "ORDER":
                        self._log.info("account changed", reason=reason)
                case Oddity(text):
                    self._log.warning("odd message from the exchange", text=text)

    def _learn(self, order: Order, symbol: str, ts_event_ms: int, is_forced: bool) -> None:
        self.book.learn(order, symbol, ts_event_ms)
        if is_forced:
            self._halt(f"the exchange closed a position on {symbol} by itself; look at the account, then restart")

    def _stream_changed(self, state: UserStreamState) -> None:
        rose = state.is_up and not self._stream.is_up
        self._stream = state
        self._log.info("account events", up=state.is_up, reason=state.reason)
        if rose and self.is_ready:
            self.procedures.start(self.recovery.reconcile())

    def _halt(self, reason: str) -> None:
        self.halted = self.halted or reason
        self._log.error("HALT: no new orders", reason=reason)

    def _apply(self, effects: list[Effect], *, durable: bool = False) -> None:
        records: list[Record] = []
        for effect in effects:
            match effect:
                case Save(record):
                    records.append(record)
                case OrderNews(order, new_fills):
                    self._tell_order(order, new_fills)
                case PositionNews(session, symbol, net):
                    if self.sessions is not None:
                        self.sessions.session(session).push_position(symbol.lower(), plain(net), deliver=self.is_ready)
                case Attribute(symbol, venue_order_id):
                    self.procedures.start(self.recovery.attribute(symbol, venue_order_id))
                case PullTrades(symbol):
                    if symbol in self.book.symbols:
                        self.procedures.start(self.recovery.pull_trades(symbol))
                case Alarm(text):
                    self._log.warning(text)
                case Halt(reason):
                    self._halt(reason)
        if durable:
            self._store.save_now(records)
        elif records:
            self._store.commit(records, self._committed)

    def _committed(self, error: StoreError | None) -> None:
        if error is not None:
            self.fail(error)

    def _tell_order(self, order: TrackedOrder, new_fills: Iterable[Fill]) -> None:
        view = order_view(order, new_fills)
        if view is not None and self.sessions is not None:
            self.sessions.session(order.session).push_order(view, deliver=self.is_ready)

    def _tell_status(self) -> None:
        status = self.status()
        if status != self._status:
            self._status = status
            data = encode(status)
            for peer, client in self.clients.items():
                if client.is_logged_in:
                    peer.write(data)

    def _send_queries(self) -> bool:
        sent = False
        while self._waiting and self._waiting_until_ns is None:
            token, query = self._waiting[0]
            ask = Ask(token, query)
            if not self.admits(ask):
                wait_ms = self.throttle.retry_ms(self.venue_ms())
                self._waiting_until_ns = self._clock.monotonic_ns() + wait_ms * _NS_PER_MS
                break
            self._waiting.popleft()
            self.send(ask)
            sent = True
        return sent

    def _costs(self, command: Command) -> dict[str, int]:
        cost = self._venue.cost(command)
        return {"weight": cost.weight, "orders": cost.orders}
