"""The box on real sockets: HTTP on one port, websockets of futures on the next, those of spot on the one after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache, partial

from msgspec import Struct

from tradingsys.net import http_server, ws
from tradingsys.net.clock import Clock, SystemClock
from tradingsys.sim.chaos import Chaos
from tradingsys.sim.faces.transport import CUT, Request, WsOutput, WsPing, WsSend
from tradingsys.sim.simulator import Product, Simulator

__all__ = ["SimServer", "SimUrls", "start"]


_NS = 1_000_000_000
_SHORTEST_WAIT_S = 0.005
"""Background traders act hundreds of times a second: to wake up for a few of them at a time costs a third less. Whoever
asks for something is answered at once, after all that was due by then.
"""
_MAX_PENDING_BYTES = 16 * 1024 * 1024
"""A client that reads so slowly loses its connection."""


class SimUrls(Struct, frozen=True):
    """Where everything is."""

    rest: str
    streams: str
    ws_api: str
    admin: str
    spot_streams: str = ""
    spot_ws_api: str = ""


@lru_cache(maxsize=1)
def _http_date(now_s: int) -> str:
    return formatdate(now_s, usegmt=True)


class _SpeedClock:
    """The box's own time: the machine's when it starts, then ``speed`` times as fast."""

    def __init__(self, clock: Clock, speed: float) -> None:
        self._clock = clock
        self.speed = speed
        self._start_wall_ns = clock.wall_ns()
        self._start_ns = clock.monotonic_ns()

    def now_ns(self) -> int:
        return self._start_wall_ns + int((self._clock.monotonic_ns() - self._start_ns) * self.speed)


class SimServer:
    """A running box."""

    def __init__(self, simulator: Simulator | Chaos, clock: _SpeedClock) -> None:
        self.simulator = simulator
        self._clock = clock
        self._connections: dict[int, ws.Connection] = {}
        self._last_conn_id = 0
        self._timer: asyncio.TimerHandle | None = None
        self._http: http_server.HttpServer | None = None
        self._ws: dict[Product, ws.Server] = {}
        self._host = ""
        self.on_over: Callable[[], None] | None = None
        """Called when a recording has been played to its end."""

    @property
    def urls(self) -> SimUrls:
        """Where everything is."""
        if self._http is None or len(self._ws) != len(Product):
            raise RuntimeError("not listening")
        rest = f"http://{self._host}:{self._http.port}"
        futures, spot = (f"ws://{self._host}:{self._ws[product].port}" for product in Product)
        return SimUrls(rest, futures, f"{futures}/ws-fapi/v1", f"{rest}/admin", spot, f"{spot}/ws-api/v3")

    async def listen(self, host: str, port: int) -> None:
        """Open all ports; 0 chooses free ones. Raises OSError when one is taken."""
        self._host = host
        self._http = await http_server.serve(host, port, self._handle)
        try:
            for number, product in enumerate(Product, 1):
                accept = partial(self._accept, product)
                self._ws[product] = await ws.serve(host, port + number if port else 0, accept)
        except OSError:
            await self.close()
            raise
        self._wake()

    async def close(self) -> None:
        """Stop listening and close every connection."""
        if self._timer is not None:
            self._timer.cancel()
        for server in self._ws.values():
            await server.close()
        if self._http is not None:
            await self._http.close()

    def _handle(self, given: http_server.HttpIn) -> http_server.HttpOut:
        request = Request(given.method, given.path, given.query, given.headers, given.body)
        now_ns = self._clock.now_ns()
        reply, outputs = self.simulator.http(request, now_ns)
        self._perform(outputs)
        # By the same clock as all that the body says: how long a ban lasts may be reckoned from it.
        headers = {"Date": _http_date(self.simulator.exchange_ns(now_ns) // _NS), **reply.headers}
        return http_server.HttpOut(reply.status, headers, reply.body, reply.late_ns / _NS / self._clock.speed)

    def _accept(self, product: Product, request: ws.UpgradeRequest) -> ws.WsHandler | ws.Refuse:
        refusal = self.simulator.ws_refusal(request.path, self._clock.now_ns(), product)
        if refusal is not None:
            return ws.Refuse(refusal.status, refusal.text)
        return _Client(self, request.path, product)

    def opened(self, conn: ws.Connection, target: str, product: Product) -> int:
        """A client connected; returns its number."""
        self._last_conn_id += 1
        self._connections[self._last_conn_id] = conn
        conn_id = self._last_conn_id
        conn.on_pong = lambda: self.simulator.ws_pong(conn_id)
        self._perform(self.simulator.ws_open(conn_id, target, self._clock.now_ns(), product))
        return conn_id

    def frame(self, conn_id: int, data: bytes) -> None:
        """A client sent a frame."""
        self._perform(self.simulator.ws_frame(conn_id, data, self._clock.now_ns()))

    def closed(self, conn_id: int) -> None:
        """A client is gone."""
        self._connections.pop(conn_id, None)
        self.simulator.ws_closed(conn_id)

    def _perform(self, outputs: list[WsOutput]) -> None:
        for output in outputs:
            conn = self._connections.get(output.conn_id)
            if conn is None:
                continue
            if isinstance(output, WsSend):
                conn.send(output.data)
                if conn.pending_bytes > _MAX_PENDING_BYTES:
                    conn.abort()
            elif isinstance(output, WsPing):
                conn.ping(output.payload)
            elif output.code == CUT:
                conn.abort()
            else:
                conn.close(output.code, output.reason)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_ns = self.simulator.next_deadline_ns
        if deadline_ns is not None:
            wait_s = (deadline_ns - self._clock.now_ns()) / _NS / self._clock.speed
            self._timer = asyncio.get_running_loop().call_later(max(_SHORTEST_WAIT_S, wait_s), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._perform(self.simulator.tick(self._clock.now_ns()))
        if self.on_over is not None and self.simulator.is_over:
            self.on_over()
            self.on_over = None


class _Client:
    """One websocket."""

    def __init__(self, server: SimServer, target: str, product: Product) -> None:
        self._server = server
        self._product = product
        self._target = target
        self._conn_id = 0

    def opened(self, conn: ws.Connection) -> None:
        self._conn_id = self._server.opened(conn, self._target, self._product)

    def frame(self, data: bytes, is_text: bool) -> None:
        if is_text:
            self._server.frame(self._conn_id, data)

    def closed(self, reason: str) -> None:  # noqa: ARG002 - the venue does not care why
        self._server.closed(self._conn_id)


async def start(
    make_simulator: Callable[[int], Simulator | Chaos],
    *,
    host: str = "localhost",
    port: int = 8100,
    speed: float = 1.0,
    clock: Clock | None = None,
) -> SimServer:
    """Make a box that begins now, and open its ports: HTTP on ``port``, websockets on the two after it; 0 chooses any.

    ``make_simulator`` gets the time at which the box begins; its time then runs ``speed`` times as fast.

    Raises OSError when a port is taken.
    """
    time = _SpeedClock(clock or SystemClock(), speed)
    server = SimServer(make_simulator(time.now_ns()), time)
    await server.listen(host, port)
    return server
