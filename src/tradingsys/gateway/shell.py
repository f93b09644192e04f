"""The gateway's process: the event loop, real sockets, the store's thread and signals around the kernel."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from tradingsys.core.errors import ConfigError, TradingError
from tradingsys.core.instrument import plain
from tradingsys.core.io import Frame, Input
from tradingsys.gateway.clients.local_port import LocalPort, RemoteDoor, WsPeer, open_local_port
from tradingsys.gateway.kernel import Gateway
from tradingsys.gateway.seams import Log
from tradingsys.gateway.settings import GatewaySettings
from tradingsys.gateway.transport import NetTransport
from tradingsys.net.clock import SystemClock
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.store.edits import RowEdit
from tradingsys.store.runner import ThreadRunner
from tradingsys.store.store import Store
from tradingsys.venues.protocol import MarketProtocol, VenueProtocol

__all__ = ["Shell", "ShellSettings"]

_CLOSING_S = 1.0
_COARSE_NS = 5_000_000
"""The timer's resolution: deadlines that come this much earlier than the armed one do not arm it again."""


class ShellSettings(Struct, frozen=True):
    """Where this gateway lives."""

    host: str
    port: int
    db: Path
    account: str
    """Names the account within pos.db."""
    tickets: Path | None
    lineage: int
    """A random number, used when pos.db is new."""
    remote: RemoteDoor | None = None
    """Where strategies of other machines come in."""


class Shell:
    """Runs one gateway until it is told to stop or cannot go on."""

    def __init__(
        self,
        settings: ShellSettings,
        gateway: GatewaySettings,
        venue: Callable[[], VenueProtocol],
        market: MarketProtocol,
        log: Log,
    ) -> None:
        self._settings = settings
        self._gateway_settings = gateway
        self._venue = venue
        self._market = market
        self._log = log
        self._clock = SystemClock()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = 0
        self._server: LocalPort | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: TradingError | None = None
        self._is_over = False
        """The book is closed: what still happens is for the next start to read."""

    async def run(self) -> None:
        """Run until SIGINT or SIGTERM.

        Raises the TradingError that ended it.
        """
        loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._transport = NetTransport(self._happened)
        with _nothing_is_garbage():
            runners = (ThreadRunner(loop.call_soon_threadsafe, name) for name in ("store", "looking", "copying"))
            self._gateway = Gateway(
                self._gateway_settings,
                self._venue(),
                self._market,
                self._open_store(*runners),
                self._transport,
                self._clock,
                self._log,
                accepting=self._listen,
                failed=self._fail,
            )
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt instead
                loop.add_signal_handler(number, self._stop.set)
        self._gateway.start()
        self._arm()
        await self._stop.wait()
        self._is_over = True
        await self._close(self._gateway.stop())
        if self._error is not None:
            raise self._error

    def _open_store(self, runner: ThreadRunner, reader: ThreadRunner, copier: ThreadRunner) -> Store:
        try:
            return Store.open(
                self._settings.db,
                account=self._settings.account,
                random_lineage=self._settings.lineage,
                wall_ms=self._clock.wall_ns() // 1_000_000,
                ticket_dir=self._settings.tickets,
                runner=runner,
                reader=reader,
                copier=copier,
                on_edit=self._edited,
            )
        except TradingError:
            for each in (runner, reader, copier):
                each.close()
            raise

    # ---- what the world reports

    def peer_opened(self, peer: WsPeer) -> None:
        """A strategy connected."""
        if not self._is_over:
            self._gateway.peer_opened(peer, peer.source)

    def peer_frame(self, peer: WsPeer, data: bytes) -> None:
        """A strategy sent a message."""
        if not self._is_over:
            self._gateway.peer_frame(peer, data)
            self._arm()

    def peer_heard(self, peer: WsPeer) -> None:
        """A strategy gave another sign of life."""
        if not self._is_over:
            self._gateway.peer_heard(peer)

    def peer_closed(self, peer: WsPeer) -> None:
        """A strategy is gone."""
        if not self._is_over:
            self._gateway.peer_closed(peer)
            self._arm()

    def is_stranger(self, peer: WsPeer) -> bool:
        """Whether it has shown no token yet."""
        client = self._gateway.clients.get(peer)
        return client is None or client.is_stranger

    def _happened(self, event: Input) -> None:
        if self._is_over:
            return
        self._gateway.venue_event(event)
        if (
            not (isinstance(event, Frame) and self._gateway.market.owns(event.channel))
            or self._gateway.market.is_behind
        ):
            self._arm()

    def _tick(self) -> None:
        self._timer = None
        self._gateway.tick()
        self._arm()

    def _arm(self) -> None:
        due_ns = self._gateway.next_deadline_ns
        if due_ns is None:
            return
        if self._timer is not None:
            if self._timer_ns - due_ns < _COARSE_NS:
                return  # it fires in time, or too early, which costs one tick
            self._timer.cancel()
        self._timer_ns = due_ns
        self._timer = asyncio.get_running_loop().call_later(self._clock.seconds_until(due_ns), self._tick)

    def _listen(self) -> None:
        task = asyncio.get_running_loop().create_task(self._open_port())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open_port(self) -> None:
        host, port = self._settings.host, self._settings.port
        try:
            self._server = await open_local_port(host, port, self, self._settings.remote)
        except OSError as error:
            self._fail(
                ConfigError(
                    f"{self._addresses()} cannot be opened: {error.strerror or error}",
                    key="local",
                    hint="another gateway uses this port? Give each its own local and db",
                )
            )
            return
        self._log.info(f"strategies connect to {self._addresses()}")

    def _addresses(self) -> str:
        host, port, remote = self._settings.host, self._settings.port, self._settings.remote
        more = "" if remote is None else f", those of other machines to wss://{remote.host}:{port}"
        return f"ws://{host}:{port}{more}"

    def _edited(self, rows: Sequence[RowEdit]) -> None:
        for row in rows:
            self._log.warning(f"positions was edited while the gateway runs; the edit waits for the next start: {row}")

    def _fail(self, error: TradingError) -> None:
        self._error = self._error or error
        self._stop.set()

    async def _close(self, left_open: list[TrackedOrder]) -> None:
        for order in left_open:
            terms = order.known_terms
            self._log.warning(
                "order left open at the exchange",
                session=order.session,
                symbol=order.symbol,
                side=terms.side if terms else "",
                quantity=plain(terms.order_qty) if terms else "",
                price=plain(terms.price) if terms and terms.price is not None else "",
                status=order.status,
                client_order_id=order.client_order_id,
            )
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.close(), _CLOSING_S)
        await self._transport.close()
        self._log.info("stopped", orders_left_open=len(left_open))


@contextlib.contextmanager
def _nothing_is_garbage() -> Iterator[None]:
    """What is made inside stays as long as the process: the collector neither interrupts it nor looks at it again.

    A book of many orders would else be searched through from time to time, while orders wait.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
