"""One life of the gateway's process inside the world: the product's kernel, store and protocol, and how they die."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from tests.simulate.ambush import Killed
from tests.simulate.answers import Answers
from tests.simulate.door import Door
from tests.simulate.faults import Faults
from tests.simulate.late_time import believe_ahead
from tests.simulate.machine import Machine
from tests.simulate.network import Network, is_cancel, is_order_request
from tests.simulate.promises import Promises, PromisingStore
from tests.simulate.sent import new_orders
from tests.simulate.strategy import Link
from tests.simulate.venue import Venue
from tests.simulate.watched import WatchedGateway
from tests.simulate.world import Clock, World, ms
from tests.simulate.writer_thread import WorldRunner
from tradingsys.core.errors import TradingError
from tradingsys.core.io import HttpRequest, Transmission, WsFrame
from tradingsys.gateway.kernel import GatewaySettings
from tradingsys.store.runner import InlineRunner
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.protocol import VenueProtocol

__all__ = ["Incarnation", "Killed", "Owner"]

_OUR_FAULT = "a fault in tradingsys"
_TOO_SLOW_BYTES, _STALLED_NS = 3_000, ms(500)
"""The real port closes whoever leaves megabytes unread; nobody says that much in so short a life."""


class Owner(Protocol):
    """Who is at the other end of a `SimPeer`."""

    session: int
    _link: Link | None

    def received(self, data: bytes) -> None: ...

    def closed(self) -> None: ...


class SimPeer:
    """A strategy's connection: what is written arrives later, in order, unless the connection is gone."""

    def __init__(self, world: World, strategy: Owner, incarnation: Incarnation) -> None:
        self.pending_bytes = 0
        self._world = world
        self._strategy = strategy
        self._incarnation = incarnation
        self.open = True
        self._door = Door(world, self._hand_on, self._flooded, incarnation.gateway.counts)
        self._was_ended_here = False
        self._next_ns = {"up": 0, "down": 0}
        self._answers = Answers(strategy.session, incarnation.note_wrong)

    @property
    def is_late(self) -> bool:
        return self._door.is_late

    def forgive(self) -> None:
        self._door.forgive()

    @contextmanager
    def charged(self) -> Iterator[None]:
        before = self.pending_bytes
        with self._door.charged():
            yield
            self._door.takes(self.pending_bytes - before)

    def write(self, data: bytes) -> None:
        if not self._incarnation.alive:
            return
        self._incarnation.passing("before a push")
        self._answers.told(data)
        if self._incarnation.overheard is not None:
            self._incarnation.overheard(self._strategy.session, data)
        self.pending_bytes += len(data)
        self._later("down", lambda: self._deliver(data))
        if self.pending_bytes > _TOO_SLOW_BYTES and self._next_ns["down"] - self._world.now_ns > _STALLED_NS:
            self._incarnation.gateway.counts["strategies shut out for not reading"] += self.open
            self.close("too slow: reconnect and resume")
        self._incarnation.passing("after a push")

    def stall(self, for_ns: int) -> None:
        """The strategy reads nothing for so long; what is written meanwhile waits."""
        self._next_ns["down"] = max(self._next_ns["down"], self._world.now_ns + for_ns)

    def _deliver(self, data: bytes) -> None:
        self.pending_bytes -= len(data)
        if self.open:
            self._strategy.received(data)

    def ping(self) -> None:
        def pong() -> None:
            if self.open and self._incarnation.alive:
                self._incarnation.call(lambda: self._incarnation.gateway.peer_heard(self))

        self._later("down", pong)

    def close(self, reason: str = "", after_s: float = 0.0) -> None:
        del reason
        if after_s:
            self._door.mute()
            self._world.after(ms(after_s * 1_000), self.close)
        elif self.open:
            self.open, self._was_ended_here = False, True
            self._world.after(ms(self._world.rng.uniform(0.1, 20)), self._closed)

    def lose(self) -> None:
        """The strategy's side is gone; the gateway may take a while to notice."""
        if self.open:
            self.open = False
            is_half_open = self._world.chance(self._incarnation.faults().half_open)
            self._world.after(ms(self._world.rng.uniform(500, 3_000) if is_half_open else 1), self._closed)

    def send(self, data: bytes) -> None:
        """The strategy's side."""
        self._incarnation.asked(self._strategy.session, data)
        self._answers.asked(data)
        is_slow = self._world.chance(self._incarnation.faults().slow_message)
        more_ns = ms(self._world.rng.uniform(100, 2_000)) if is_slow else 0
        self._later("up", lambda: self._door.arrive(data), more_ns)

    def _hand_on(self, data: bytes) -> None:
        # What was written before a break may still arrive; the gateway must refuse it then.
        if self._incarnation.alive and self in self._incarnation.gateway.clients:
            self._incarnation.call(lambda: self._incarnation.gateway.peer_frame(self, data))

    def _flooded(self) -> None:
        self._incarnation.gateway.counts["strategies shut out for a flood"] += 1
        self.close("more messages at once than anybody could mean")

    def _closed(self) -> None:
        if self._was_ended_here:
            self._door.mute()
            self._gone()
        else:
            self._door.finish(self._gone)
        if self._strategy._link is self:
            self._strategy.closed()

    def _gone(self) -> None:
        if self._incarnation.alive:
            self._incarnation.note_wrong(self._door.wrong)
            self._incarnation.call(lambda: self._incarnation.gateway.peer_closed(self))

    def _later(self, way: str, action: Callable[[], None], more_ns: int = 0) -> None:
        at_ns = max(self._world.now_ns + ms(self._world.rng.uniform(0.05, 5)) + more_ns, self._next_ns[way])
        self._next_ns[way] = at_ns
        self._world.after(at_ns - self._world.now_ns, action)


class Incarnation:
    """A gateway from start to death."""

    def __init__(
        self,
        world: World,
        venue: Venue,
        machine: Machine,
        settings: GatewaySettings,
        protocol: Callable[[], VenueProtocol],
        market: BinanceMarket,
        faults: Callable[[], Faults],
        died: Callable[[bool], None],
        overheard: Callable[[int, bytes], None] | None = None,
        counts: Counter[str] | None = None,
    ) -> None:
        """Raises Killed when it dies of opening the book, and TradingError when it refuses to."""
        self.overheard = overheard
        """Told everything that the gateway says to a session."""
        self.asked: Callable[[int, bytes], None] = lambda session, data: None
        """Told everything that is said to it in a session's place."""
        self.alive = True
        self.accepting = False
        self.failure: TradingError | None = None
        self._world, self._machine, self._disk = world, machine, machine.disk
        self.faults = faults
        self.passing = machine.disk.passing
        self._died = died
        self.network = Network(venue, faults, self._happened)
        own = faults()
        self.clock = Clock(world, world.rng.randrange(10**15), own.clock_drift_ppm, own.wall_clock_off_s)
        self._runner = WorldRunner(world, lambda: faults().disk, self.call)
        self._timer_ns: int | None = None
        self.store = self._open_store()
        self.gateway = WatchedGateway(
            Counter() if counts is None else counts,
            machine.adapt(settings),
            protocol(),
            market,
            self.store,
            self,
            self.clock,
            self,
            accepting=self._accept,
            failed=self._fail,
        )
        self.gateway.was_ready = self._run_ahead
        self.network.accounts_for = self._accounts_for
        self.call(self.gateway.start)

    def _accounts_for(self, symbol: str) -> bool:
        book = self.gateway.book
        begins_an_asset = symbol in book.pairs and (book.cash.wanted or not self.gateway.is_ready)
        return symbol in book.symbols and not begins_an_asset

    def _run_ahead(self) -> None:
        """From now on it knows the exchange's time as badly as one does whose questions got there late for an hour."""
        by_ms = self.faults().clock_ahead_ms
        if by_ms:
            self.gateway.counts["clocks ahead"] += 1
            believe_ahead(self.gateway.venue._venue.clock, self._world.now_ns, self.clock.monotonic_ns(), by_ms)
            self.network.is_time_asked_late = True

    def _open_store(self) -> PromisingStore:
        wall_ms, book = self._world.now_ns // 1_000_000, self._disk.folder / "pos.db"
        store = PromisingStore.open(
            book,
            account="simulated",
            random_lineage=self._world.rng.getrandbits(30),
            wall_ms=wall_ms,
            ticket_dir=self._disk.folder / "shm",
            runner=self._runner,  # type: ignore[arg-type]
            reader=InlineRunner(),  # on a real machine, too, it does not wait for the writer
            copier=self._runner,  # type: ignore[arg-type]
            segment_bytes=self._disk.segment_bytes,
        )
        assert isinstance(store, PromisingStore)
        # What takes months on a real machine happens within one life.
        store._conn.execute(f"PRAGMA wal_autocheckpoint = {self._disk.checkpoint_pages}").fetchall()
        store.promises = Promises(book, wall_ms, store.saved)
        self._machine.editor.edited = store.promises.edited
        store.passing = self.passing
        return store

    # ---- the transport seam, with death around the bytes of an order

    def perform(self, transmission: Transmission) -> None:
        is_order = is_order_request(transmission)
        if is_order:
            self.passing("before a send")
            if self._world.chance(self.faults().kill_at_send / 2):
                raise Killed
            if self.failure is not None and not is_cancel(transmission):
                self._disk.broken.append(f"an order was sent after the store failed: {self.failure}")
            assert isinstance(transmission, WsFrame | HttpRequest)
            for name, symbol in new_orders(transmission) if self.alive else ():
                is_synced = self._disk.syncs_each_order
                self._disk.broken += self.store.promises.unkept(name, symbol, is_synced=is_synced)
        self.network.perform(transmission)
        if is_order:
            self.passing("after a send")
            if self._world.chance(self.faults().kill_at_send / 2):
                raise Killed

    # ---- the log seam

    def debug(self, event: str, /, **fields: object) -> None:
        pass

    # What a dead process had begun is ended by the collector, whenever that runs: nobody may hear of it.

    def info(self, event: str, /, **fields: object) -> None:
        if not self.alive:
            return
        self._world.note(f"gateway: {event} {fields or ''}")
        self.gateway.counts["audits"] += event.startswith("audited")
        if not self.gateway.is_ready:
            self.passing("after a step of the boot")

    def warning(self, event: str, /, **fields: object) -> None:
        self._complain("WARNING", event, fields)

    def error(self, event: str, /, **fields: object) -> None:
        self._complain("ERROR", event, fields)

    def _complain(self, level: str, event: str, fields: dict[str, object]) -> None:
        if self.alive:
            if _OUR_FAULT in event:
                self._disk.broken.append(f"the gateway says: {event} {fields}")
            self._world.note(f"gateway {level}: {event} {fields or ''}")

    # ---- running

    def call(self, action: Callable[[], object]) -> None:
        if not self.alive:
            return
        try:
            action()
        except Killed as killed:
            self.kill(str(killed) or "at a send")
            return
        self._arm()

    def connect(self, strategy: Owner) -> Link | None:
        if not self.alive or not self.accepting:
            return None
        peer = SimPeer(self._world, strategy, self)
        self.call(lambda: self.gateway.peer_opened(peer))
        return peer

    def unkept_amend(self, client_order_id: str, revision: int) -> Iterable[str]:
        """What should have been on the disk before this amend leaves."""
        return self.store.promises.unkept_amend(client_order_id, revision, is_synced=self._disk.syncs_each_order)

    def note_wrong(self, what: Iterable[str]) -> None:
        """Somebody saw what should not be."""
        self._disk.broken.extend(what)

    def kill(self, where: str, *, power_cut: bool | None = None) -> None:
        """kill -9: memory is gone, files stay as the kernel has them, sockets close."""
        if not self.alive:
            return
        if power_cut is None:
            power_cut = self._world.chance(self.faults().power_cut)
        self._world.note(f"gateway killed {where}{' by a power cut' if power_cut else ''}")
        self.alive = self._runner.alive = False
        self._count_denials()
        self._disk.is_frozen = True
        self.network.die()
        for peer in list(self.gateway.clients):
            assert isinstance(peer, SimPeer)
            peer.close()
        _let_go(self.store)
        self._machine.process_died(power_cut=power_cut, knew=self.gateway.book.symbols)
        if power_cut:
            self._disk.broken += self.store.promises.broken(self.store.saved.lineage)
            self._machine.lost_orders |= self.store.promises.lost
        self._machine.while_down(self.gateway.book.symbols)
        self._died(power_cut)

    def stop(self) -> None:
        """SIGTERM."""
        self.call(self.gateway.stop)
        self.alive = False
        self._count_denials()
        self.network.die()

    def release(self) -> None:
        """The story is over, however it ended: no file stays open, and nobody dies of that."""
        self._disk.passing = lambda point: None
        if self.alive:
            self.alive = self._runner.alive = False
            _let_go(self.store)

    def _count_denials(self) -> None:
        for guarded in self.gateway.limiting.sessions.values():
            for limit, times in guarded.denials.items():
                self.gateway.counts[f"denied by {limit}"] += times

    def _accept(self) -> None:
        self.accepting = True

    def _fail(self, error: TradingError) -> None:
        self._world.note(f"gateway failed: {error}")
        if self.failure is None:
            self.failure = error
            self._machine.gave_up(self, error)

    def _happened(self, event: object) -> None:
        def handle() -> None:
            self.passing("before an answer is handled")
            self.gateway.venue_event(event)  # type: ignore[arg-type]
            self.passing("after an answer is handled")

        self.call(handle)

    def _arm(self) -> None:
        due_ns = self.gateway.next_deadline_ns
        if due_ns is None or (self._timer_ns is not None and self._timer_ns <= due_ns):
            return
        self._timer_ns = due_ns
        self._world.after(self.clock.until_ns(due_ns), lambda: self._tick(due_ns))

    def _tick(self, due_ns: int) -> None:
        if self._timer_ns == due_ns:
            self._timer_ns = None
            self.call(self.gateway.tick)


def _let_go(store: PromisingStore) -> None:
    """What the kernel does with a dead process: nothing more is written, locks and files are released."""
    store._is_closed = True
    store._conn.close()
    if store._journal is not None:
        store._journal.close()
    store._ticket.close()
    store._lock.release()
