"""The simulator's exchange behind a network that loses, repeats and delays."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from urllib.parse import urlsplit

from tests.simulate.faults import Faults
from tests.simulate.world import World, ms
from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.core.io import (
    Closed,
    CloseWs,
    Frame,
    HttpFailed,
    HttpReply,
    HttpRequest,
    Input,
    Opened,
    OpenWs,
    Transmission,
    WsFrame,
)
from tradingsys.sim.events import NewOrder
from tradingsys.sim.faces.transport import Reply, Request, WsClose, WsOutput, WsRefuse, WsSend
from tradingsys.sim.simulator import Simulator

__all__ = ["Network", "Venue"]


class Venue:
    """The exchange, its face, and people who trade there by hand."""

    def __init__(self, world: World, simulator: Simulator, symbols: list[str]) -> None:
        self.world = world
        self.simulator = simulator
        self.symbols = symbols
        self.networks: dict[int, Network] = {}
        self._ids = 0

    def next_id(self) -> int:
        self._ids += 1
        return self._ids

    def deliver(self, outputs: list[WsOutput]) -> None:
        for output in outputs:
            network = self.networks.get(output.conn_id)
            if network is not None:
                network.from_venue(output)

    def tick(self) -> None:
        self.deliver(self.simulator.tick(self.world.now_ns))

    def order(self, account: str, symbol: str, side: Side, qty: int, px: Decimal | None, client_order_id: str) -> None:
        request = NewOrder(
            account,
            symbol,
            side,
            OrderType.MARKET if px is None else OrderType.LIMIT,
            Decimal(qty),
            px,
            TimeInForce.GTC,
            client_order_id=client_order_id,
        )
        self.deliver(self.simulator.place(request, self.world.now_ns)[1])


class Network:
    """One gateway incarnation's connections. When it is dead, nothing arrives any more; what left, left."""

    def __init__(self, venue: Venue, faults: Callable[[], Faults], happened: Callable[[Input], None]) -> None:
        self.alive = True
        self._venue = venue
        self._world = venue.world
        self._faults = faults
        self._happened = happened
        self._conn_ids: dict[str, int] = {}
        self._channels: dict[int, str] = {}
        self._arrive_ns: dict[tuple[int, bool], int] = {}

    def perform(self, transmission: Transmission) -> None:
        if not self.alive:
            return
        match transmission:
            case OpenWs(channel, url):
                self._world.after(self._latency(), lambda: self._open(channel, url))
            case WsFrame(channel, data):
                self._to_venue(channel, data)
            case CloseWs(channel):
                conn_id = self._conn_ids.get(channel)
                if conn_id is not None:
                    self._world.after(self._latency(), lambda: self._cut(conn_id, "closed here"))
            case HttpRequest():
                self._http(transmission)

    def die(self) -> None:
        self.alive = False
        for conn_id in list(self._channels):
            self._world.after(self._latency(), lambda conn_id=conn_id: self._venue_closes(conn_id))  # type: ignore[misc]

    # ---- websockets

    def _open(self, channel: str, url: str) -> None:
        if not self.alive:
            return
        conn_id = self._venue.next_id()
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        refusal = self._venue.simulator.ws_refusal(path, self._world.now_ns)
        if self._world.chance(self._faults().refuse_connection):
            refusal = WsRefuse(503, "busy")
        if refusal is not None:
            self._tell(Closed(channel, f"refused: {refusal.status}"))
            return
        self._conn_ids[channel], self._channels[conn_id] = conn_id, channel
        self._venue.networks[conn_id] = self
        outputs = self._venue.simulator.ws_open(conn_id, path, self._world.now_ns)
        self._tell(Opened(channel))
        self._venue.deliver(outputs)

    def _to_venue(self, channel: str, data: bytes) -> None:
        conn_id = self._conn_ids.get(channel)
        if conn_id is None:
            return
        faults = self._faults()
        if self._world.chance(faults.cut_connection):
            # The bytes may still get there although the connection is lost for us.
            if self._world.chance(0.5):
                self._world.after(self._slow_latency(), lambda: self._arrive(conn_id, data))
            self._world.after(self._latency(), lambda: self._cut(conn_id, "connection reset"))
            return
        if channel == "trade" and self._world.chance(faults.lose_request):
            return
        self._world.after(self._in_order(conn_id, True, self._slow_latency()), lambda: self._arrive(conn_id, data))

    def _arrive(self, conn_id: int, data: bytes) -> None:
        self._venue.deliver(self._venue.simulator.ws_frame(conn_id, data, self._world.now_ns))

    def from_venue(self, output: WsOutput) -> None:
        conn_id = output.conn_id
        if isinstance(output, WsClose):
            self._world.after(self._latency(), lambda: self._cut(conn_id, f"closed by the venue: {output.code}"))
            return
        assert isinstance(output, WsSend)
        channel, faults = self._channels.get(conn_id, ""), self._faults()
        if self._world.chance(faults.cut_connection):
            self._world.after(self._latency(), lambda: self._cut(conn_id, "connection reset"))
            return
        if channel == "trade" and b'"method"' not in output.data and self._world.chance(faults.lose_reply):
            return
        data = output.data
        if channel == "user":
            if self._world.chance(faults.lose_event):
                return
            if self._world.chance(faults.late_event):
                self._world.after(self._slow_latency(), lambda: self._frame(conn_id, data))
                return
            if self._world.chance(faults.duplicate_event):
                self._world.after(self._slow_latency(), lambda: self._frame(conn_id, data))
        self._world.after(self._in_order(conn_id, False, self._latency()), lambda: self._frame(conn_id, data))

    def _frame(self, conn_id: int, data: bytes) -> None:
        channel = self._channels.get(conn_id)
        if channel is not None:
            self._tell(Frame(channel, data))

    def _cut(self, conn_id: int, reason: str) -> None:
        channel = self._channels.pop(conn_id, None)
        self._venue_closes(conn_id)
        if channel is not None:
            self._conn_ids.pop(channel, None)
            self._tell(Closed(channel, reason))

    def _venue_closes(self, conn_id: int) -> None:
        self._venue.networks.pop(conn_id, None)
        self._venue.simulator.ws_closed(conn_id)

    # ---- HTTP

    def _http(self, request: HttpRequest) -> None:
        faults = self._faults()
        if self._world.chance(faults.refuse_connection / 4):
            self._world.after(self._latency(), lambda: self._tell(HttpFailed(request.token, False, "refused")))
            return
        if self._world.chance(faults.lose_request):
            self._world.after(
                request.timeout_ns, lambda: self._tell(HttpFailed(request.token, True, "no answer in time"))
            )
            return
        self._world.after(self._slow_latency(), lambda: self._serve(request))

    def _serve(self, request: HttpRequest) -> None:
        parts = urlsplit(request.url)
        headers = {name.lower(): value for name, value in request.headers.items()}
        incoming = Request(request.method, parts.path, parts.query.encode(), headers, request.body)
        reply, outputs = self._venue.simulator.http(incoming, self._world.now_ns)
        self._venue.deliver(outputs)
        if self._world.chance(self._faults().lose_reply):
            self._world.after(ms(50), lambda: self._tell(HttpFailed(request.token, True, "connection reset")))
            return
        self._world.after(self._latency(), lambda: self._reply(request, reply))

    def _reply(self, request: HttpRequest, reply: Reply) -> None:
        headers = {name.lower(): value for name, value in reply.headers.items()}
        self._tell(HttpReply(request.token, reply.status, headers, reply.body))

    # ---- inside

    def _tell(self, event: Input) -> None:
        if self.alive:
            self._happened(event)

    def _latency(self) -> int:
        return ms(self._world.rng.uniform(0.5, 20))

    def _slow_latency(self) -> int:
        late = self._world.chance(self._faults().late_request)
        return ms(self._world.rng.uniform(100, 3_000)) if late else self._latency()

    def _in_order(self, conn_id: int, to_venue: bool, delay_ns: int) -> int:
        """Messages of one connection arrive in the order they were sent."""
        key = (conn_id, to_venue)
        at_ns = max(self._world.now_ns + delay_ns, self._arrive_ns.get(key, 0))
        self._arrive_ns[key] = at_ns
        return at_ns - self._world.now_ns
