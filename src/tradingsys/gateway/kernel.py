"""The gateway: events in, effects out through the seams, nothing waits.

It owns one venue account. Everything it knows is in the rooms below (`oms` decides, `venues` speaks, `store` keeps);
this module only carries events to them and performs, in order, what they want done.
"""

from __future__ import annotations

from collections.abc import Callable

from tradingsys.core.commands import VenueRules
from tradingsys.core.deadlines import earliest
from tradingsys.core.errors import ConfigError, StoreError, TradingError, VenueError
from tradingsys.core.instrument import Instrument
from tradingsys.core.io import Input, Opened, Tick
from tradingsys.core.records import HaltRecord, Record, SessionRecord
from tradingsys.core.reports import (
    AccountChanged,
    Answer,
    AssetMoved,
    EventMissed,
    MarginLevel,
    OrderChanged,
    Report,
    RequestDone,
    UserStreamState,
)
from tradingsys.gateway.backups import Backups
from tradingsys.gateway.boot import Boot, BootSteps
from tradingsys.gateway.clients.announcements import Announcements
from tradingsys.gateway.clients.recent_rows import RecentRows
from tradingsys.gateway.clients.sessions import Client, Session, SessionDesk
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.duties import inquiries, take_up
from tradingsys.gateway.halting import Halting
from tradingsys.gateway.limits.limiting import Limiting
from tradingsys.gateway.margin_level import is_well, margin_text
from tradingsys.gateway.market.market_data import MarketData
from tradingsys.gateway.market.symbol_rules import SymbolRules
from tradingsys.gateway.ordering.orders import OrderDesk
from tradingsys.gateway.report_log import log_report
from tradingsys.gateway.requests.requests import RequestHandler
from tradingsys.gateway.saving import Saving, stops_without_store
from tradingsys.gateway.seams import Log, Peer, StoreSeam, Transport
from tradingsys.gateway.settings import GatewaySettings
from tradingsys.gateway.stops.stopping import Stopping
from tradingsys.gateway.venue_link import VenueLink
from tradingsys.net.clock import Clock
from tradingsys.oms.effects import Alarm, Effect, Halt, OrderNews, PositionNews, Save
from tradingsys.oms.procedure import Procedure, Procedures
from tradingsys.oms.recovery import Recovery
from tradingsys.oms.session_book import Incarnation, SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.oms.watch import Watch
from tradingsys.venues.protocol import MarketProtocol, VenueProtocol
from tradingsys.wire.messages import StatusPush

__all__ = ["Gateway", "GatewaySettings"]


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
        self.settings, self.store = settings, store
        self._clock, self.log = clock, log
        self._accepting, self._failed = accepting, failed
        self.book = SessionBook(store.saved, store.find_order, venue.account_kind, settings.commands, store.has_fill)
        self.procedures = Procedures(lambda *fault: self.halting.broken(*fault))
        self._saving, ban = Saving(store, self.fail), store.saved.ban
        self.venue = VenueLink(venue, transport, clock, self.procedures, self._heard, log, self._saving.save, ban)
        self.market = MarketData(market, transport, clock, log, self.venue.known_ms)
        self.recovery = Recovery(
            self.book,
            settings.margins,
            settings.timing,
            clock.monotonic_ns,
            venue.clock,
            charges_interest=settings.product is ProductName.MARGIN,
        )
        self._watch = Watch(self.recovery, clock.monotonic_ns, settings.watch_ms, settings.cadence)
        self.rules = SymbolRules(self.book, log, clock.monotonic_ns, self._take_rules)
        self.halting = Halting(
            self.book, log, clock, self.venue.venue_ms, lambda: self._apply(self.book.take_effects()), self.fail
        )
        self.backups = Backups(store, settings.backups, clock.monotonic_ns, log)
        self.recent = RecentRows(store.saved)
        self.session_records = {row.session: row for row in store.saved.sessions}
        self.product, self.environment, self.db = settings.product, settings.environment, settings.db
        self.margin: MarginLevel | None = None
        self.instruments: dict[str, Instrument] = self.rules.instruments
        self.sessions: SessionDesk | None = None
        self.orders: OrderDesk | None = None
        self.clients: dict[Peer, Client] = {}
        self._tell = Announcements(self.clients)
        self.is_ready = False
        self.account, self.text = "", "starting"
        self.stopping = Stopping(self)
        self.limiting = Limiting(self, settings.limits, settings.sessions)
        self._requests = RequestHandler(self)
        self._settling, self._stream_rises = False, 0
        self._started_ns = clock.monotonic_ns()

    # ---- the world calls

    def start(self) -> None:
        """Begin the boot; everything else follows from events."""
        steps = BootSteps(
            self._rules_known,
            self._epoch_begun,
            lambda: self._stream_rises if self.venue.stream.is_up else 0,
            self.flush,
            self._progress,
            self._ready,
            lambda: self._clock.wall_ns() // 1_000_000,
            lambda: self.venue.ban_left_ms,
        )
        boot = Boot(
            self.book,
            self.store,
            self.recovery,
            self.settings.margins,
            steps,
            self._clock.monotonic_ns,
            self.venue.venue_ms,
            self.log,
        )
        self.procedures.keep(self._watch.keep_time)  # a machine may be suspended while it boots, too
        self.run(self._boot(boot))

    @stops_without_store
    def venue_event(self, event: Input) -> None:
        """Something happened on a connection to the venue."""
        if not isinstance(event, Tick) and self.market.owns(getattr(event, "channel", "")):
            self.market.handle(event)
            if isinstance(event, Opened) and self.is_ready:
                self.run(self.rules.read_again())
            return
        self.venue.handle(event)
        self.settle()

    @stops_without_store
    def tick(self) -> None:
        """Time passed: `next_deadline_ns` is due."""
        now_ns = self._clock.monotonic_ns()
        self.venue.tick()
        self.procedures.tick(now_ns)
        self.market.tick()
        if self.sessions is not None:
            self.sessions.tick(now_ns)
        self.settle()

    @property
    def next_deadline_ns(self) -> int | None:
        """When to call `tick` at the latest."""
        venue, procedures, market = self.venue, self.procedures, self.market
        of_sessions = self.sessions.next_deadline_ns if self.sessions else None
        return earliest((venue.next_deadline_ns, procedures.next_deadline_ns, market.next_deadline_ns, of_sessions))

    def peer_opened(self, peer: Peer, source: str = "") -> None:
        """A strategy connected, from another machine if there is a ``source``."""
        self.clients[peer] = Client(peer, self._clock.monotonic_ns(), source)

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
        for step in (self.flush, self.store.close):
            try:
                step()
            except StoreError as error:  # all else is to be closed too, and people told which orders rest
                self.fail(error)
        return self.book.open_orders()

    # ---- its own rooms call

    def run(self, procedure: Procedure) -> None:
        """Start a procedure."""
        self.procedures.start(procedure)
        self.settle()

    @property
    def epoch(self) -> int:
        """This incarnation's number; 0 before the boot minted it."""
        return self.book.recalling.epoch or 0

    @property
    def up_ns(self) -> int:
        """How long this process has been at it."""
        return self._clock.monotonic_ns() - self._started_ns

    def now_ns(self) -> int:
        """Monotonic time."""
        return self._clock.monotonic_ns()

    def session_opened(self, session: Session) -> None:
        """A session has an owner: keep its name for people who read pos.db, and what it asked for."""
        record = SessionRecord(session.id, session.name, session.on_disconnect, session.grace_ms)
        self.session_records[session.id] = record
        self._saving.save([record])

    def status(self) -> StatusPush:
        """The gateway's state as strategies see it."""
        obstacle, halted = self.venue.why_not_trading(), self.halting.reason
        text = halted or self.text or obstacle or self.halting.text or self.rules.text or margin_text(self.margin)
        return StatusPush(self.is_ready and not halted, not obstacle, self.market.is_up, self.recovery.and_lost(text))

    def flush(self) -> None:
        """Make everything learned so far durable."""
        self._apply(self.book.take_effects(), durable=True)

    def when_saved(self, then: Callable[[StoreError | None], None]) -> None:
        """Call back when everything learned so far is written to pos.db, or could not be."""
        self._apply(self.book.take_effects())
        self.store.commit([], then)

    def settle(self) -> None:
        """Perform what follows from the last event, until nothing more does."""
        if self._settling:
            return
        self._settling = True
        try:
            while True:
                effects = self.book.take_effects()
                if effects:
                    self._apply(effects)
                if not self.venue.ask_what_is_due() and not effects:
                    break
        finally:
            self._settling = False
        self._tell.status(self.status(), self.book.halts)

    def fail(self, error: TradingError) -> None:
        """Nothing may be trusted any more: stop."""
        self.is_ready = False
        self.halting.halt_for_good(str(error))
        self._failed(error)

    # ---- inside

    async def _boot(self, boot: Boot) -> None:
        try:
            await boot.run(self.settings)
        except (ConfigError, StoreError) as error:
            self.fail(error)

    def _rules_known(self, rules: VenueRules, account: str) -> None:
        self.account = account
        self._take_rules(rules)
        self.limiting.read_prices()

    def _take_rules(self, rules: VenueRules) -> None:
        self.rules.learn(rules)
        self.recovery.read_rules(self.instruments, rules.unreadable)
        self.venue.set_limits(rules.rate_limits)

    def _epoch_begun(self, incarnation: Incarnation) -> None:
        settings = self.settings
        self.sessions = self._tell.sessions = SessionDesk(incarnation.epoch, settings.token, settings.admitted)
        self.orders = OrderDesk(
            self.book,
            self.store,
            self.recovery,
            self.procedures,
            incarnation,
            self.settings.orders,
            self._tell.failed,
            self.venue.account_kind,
        )
        self._accepting()
        self.venue.connect()

    def _progress(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self.log.info(text)

    def _ready(self) -> None:
        assert self.sessions is not None and self.orders is not None
        self.stopping.heed_kill_file()
        if self.store.saved.ban is not None:  # one told while a clock was wrong would delay every start
            self._saving.save([self.venue.ban])
        self.is_ready, self.text = True, ""
        self.rules.tell()
        doubtful = take_up(self, self.procedures, self.rules, self._watch, self._heard)
        self.log.info("ready", open_orders=len(self.book.open_orders()), in_doubt=len(doubtful))
        self._tell.snapshots(self.book)

    def _heard(self, report: Report) -> None:
        log_report(self.log, report)
        match report:
            case Answer(error=error):
                self._doubt_rules(error)
            case OrderChanged(order, symbol, ts_event_ms):
                self.book.learn(order, symbol, ts_event_ms)
            case RequestDone():
                self._request_done(report)
            case UserStreamState(is_up):
                self._stream_rises += is_up
                if is_up and self.is_ready:
                    self.procedures.start(self.recovery.reconcile_after_gap())
                    self.procedures.start(self.rules.read_again())
            case EventMissed() if self.is_ready:
                self.procedures.start(self.recovery.reconcile_missed())
            case AssetMoved():
                self.book.moved(report)
            case MarginLevel():
                self.margin = None if is_well(report) else report
                self._tell.margin(report)
            case AccountChanged(reason):
                self._tell.balances(report)
                if reason == "FUNDING_FEE" and self.is_ready:
                    self.procedures.start(self.recovery.pull_funding(expected=True))

    def _apply(self, effects: list[Effect], *, durable: bool = False) -> None:
        records: list[Record] = []
        halted: list[HaltRecord] = []
        begun: list[Procedure] = []
        for effect in effects:
            match effect:
                case Save(record):
                    records.append(record)
                case OrderNews():
                    self._tell_order(effect)
                case PositionNews(session, symbol, position):
                    self._tell.position(session, symbol, position, deliver=self.is_ready)
                case Alarm(text):
                    self.log.warning(text)
                case Halt(record):
                    halted.append(record)
                case _:
                    begun += inquiries(effect, self.recovery, self.book, is_ready=self.is_ready)
        self.recent.note(records)
        moved, self._tell.moved = [*self._tell.moved], {}
        self._saving.save(self._tell.numbered(records, self.epoch), durable=durable, moved=moved)
        for row in halted:
            self.halting.noted(row)
        for procedure in begun:  # what one of these causes at once must not be written down before what caused it
            self.procedures.start(procedure)

    def _tell_order(self, news: OrderNews) -> None:
        self._tell.order(news, deliver=self.is_ready)
        self.limiting.executed(news)
        if self.orders is not None:
            self.orders.reducing.watch(news.order)

    def _request_done(self, report: RequestDone) -> None:
        if self.orders is not None:
            self.orders.done(report)
            self.limiting.answered(report)
        self._doubt_rules(report.error)

    def _doubt_rules(self, error: TradingError | None) -> None:
        if isinstance(error, VenueError) and self.settings.shows_old_rules(error.code, error.message):
            self.procedures.start(self.rules.read_again())
