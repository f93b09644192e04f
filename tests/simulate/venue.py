"""The simulator's exchange behind a network that loses, repeats and delays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from tests.simulate.faults import Faults
from tests.simulate.past import Past
from tests.simulate.sent import SentRequests
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
from tradingsys.sim.events import ExchangeEvent, NewOrder
from tradingsys.sim.faces.binance import params
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.transport import Reply, Request, WsClose, WsOutput, WsPing, WsRefuse
from tradingsys.sim.simulator import Simulator

__all__ = ["ENGINE_MS", "Network", "Venue", "is_order_request"]

ENGINE_MS = 499
"""How long after receiving it in time the exchange may act on a request."""
_READS = ("/order", "/algoOrder", "/openOrders", "/openAlgoOrders", "/allAlgoOrders", "/userTrades", "/positionRisk")
_ORDER_METHODS = (b'"order.', b'"orderList.', b'"algoOrder.')
_ORDER_PATHS = ("/order?", "/order/amend/keepPriority?", "/algoOrder?")


def is_order_request(transmission: Transmission) -> bool:
    """Whether it places, amends or cancels an order of either kind, by either way."""
    if isinstance(transmission, WsFrame):
        return any(method in transmission.data for method in _ORDER_METHODS)
    return (
        isinstance(transmission, HttpRequest)
        and transmission.method != "GET"
        and any(path in transmission.url for path in _ORDER_PATHS)
    )


class Venue:
    """The exchange, its face, and people who trade there by hand."""

    reads: tuple[str, ...] = _READS
    """Paths of questions that may be answered from an older state."""

    def __init__(self, world: World, simulator: Simulator, symbols: list[str], account: str) -> None:
        self._account = account
        self.past = Past(simulator, account)
        self.sent = SentRequests()
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

    def pay_funding(self) -> None:
        """Funding is due in a moment: at the end of a millisecond, so that it is told from no trade of the same one."""
        due_ns = self.world.now_ns // 1_000_000 * 1_000_000 + 1_999_999
        self.simulator.exchange._state.schedule.put(("funding", "", ""), due_ns)

    def liquidate(self, symbol: str) -> bool:
        """The exchange closes the account's position, if there is one."""
        exchange, now_ns = self.simulator.exchange, self.world.now_ns
        venue, account = exchange.venues[symbol], exchange.accounts[self._account]
        net = account.position(symbol).net
        if not net:
            return False
        events: list[ExchangeEvent] = []
        exchange._liquidation._liquidate(account, [venue], abs(net) * venue.mark.px / 20, now_ns, events)
        exchange._follow(now_ns, events)
        self.deliver(self.simulator.absorb(events, now_ns))
        return True


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
        self._on_its_way_ns: dict[int, int] = {}
        """When the last message of a connection gets there: no break stops what has left."""

    def perform(self, transmission: Transmission) -> None:
        if not self.alive:
            return
        if is_order_request(transmission):
            assert isinstance(transmission, WsFrame | HttpRequest)
            self._venue.sent.note(transmission)
        match transmission:
            case OpenWs(channel, url):
                self._world.after(self._latency(), lambda: self._open(channel, url))
            case WsFrame(channel, data):
                self._to_venue(channel, data, is_order_request(transmission))
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

    def _to_venue(self, channel: str, data: bytes, is_order: bool) -> None:
        conn_id = self._conn_ids.get(channel)
        if conn_id is None:
            return
        faults = self._faults()
        if self._world.chance(faults.cut_connection):
            # The bytes may still get there although the connection is lost for us.
            if self._world.chance(0.5):
                self._send(conn_id, data, self._slow_latency(is_order))
            self._world.after(self._latency(), lambda: self._cut(conn_id, "connection reset"))
            return
        if channel == "trade" and self._world.chance(faults.lose_request):
            return
        if is_order and self._world.chance(faults.last_instant):
            request = json.loads(data)["params"]
            self._send(conn_id, data, *self._last_instant(request["timestamp"], request["recvWindow"]))
            return
        self._send(conn_id, data, self._in_order(conn_id, True, self._slow_latency(is_order)))

    def _send(self, conn_id: int, data: bytes, delay_ns: int, engine_ns: int = 0) -> None:
        at_ns = self._world.now_ns + delay_ns + engine_ns
        self._on_its_way_ns[conn_id] = max(at_ns, self._on_its_way_ns.get(conn_id, 0))
        self._world.after(delay_ns + engine_ns, lambda: self._arrive(conn_id, data, engine_ns))

    def _arrive(self, conn_id: int, data: bytes, engine_ns: int) -> None:
        with _received_earlier(engine_ns):
            self._venue.deliver(self._venue.simulator.ws_frame(conn_id, data, self._world.now_ns))

    def from_venue(self, output: WsOutput) -> None:
        conn_id = output.conn_id
        if isinstance(output, WsClose):
            self._world.after(self._latency(), lambda: self._cut(conn_id, f"closed by the venue: {output.code}"))
            return
        if isinstance(output, WsPing):
            self._venue.simulator.ws_pong(conn_id)
            return
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
        still_ns = self._on_its_way_ns.pop(conn_id, 0) - self._world.now_ns
        self._world.after(max(0, still_ns), lambda: self._venue.simulator.ws_closed(conn_id))

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
        is_order = is_order_request(request)
        if is_order and self._world.chance(faults.last_instant):
            query = parse_qs(urlsplit(request.url).query)
            delay_ns, engine_ns = self._last_instant(int(query["timestamp"][0]), int(query["recvWindow"][0]))
            self._world.after(delay_ns + engine_ns, lambda: self._serve(request, engine_ns))
            return
        self._world.after(self._slow_latency(is_order), lambda: self._serve(request))

    def _serve(self, request: HttpRequest, engine_ns: int = 0) -> None:
        parts = urlsplit(request.url)
        headers = {name.lower(): value for name, value in request.headers.items()}
        incoming = Request(request.method, parts.path, parts.query.encode(), headers, request.body)
        self._venue.tick()
        with self._read(incoming), _received_earlier(engine_ns):
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

    def _read(self, request: Request) -> AbstractContextManager[None]:
        """How old the state is that this question is answered from."""
        faults = self._faults()
        if request.method != "GET":
            return nullcontext()
        if request.path.endswith("/income"):
            return self._venue.past.cash(self._world.now_ns, ms(faults.late_income_ms))
        if not faults.staleness_ms or not request.path.endswith(self._venue.reads):
            return nullcontext()
        age_ms = faults.staleness_ms * self._world.rng.choice((0, self._world.rng.random(), 1, 1, 1))
        return self._venue.past.shown(self._world.now_ns, ms(age_ms), ms(faults.staleness_ms))

    def _latency(self) -> int:
        return ms(self._world.rng.uniform(0.5, 20))

    def _slow_latency(self, is_order: bool = False) -> int:
        faults = self._faults()
        late = self._world.chance(max(faults.late_request, faults.late_order * is_order))
        return ms(self._world.rng.uniform(100, 3_000)) if late else self._latency()

    def _last_instant(self, timestamp_ms: int, recv_window_ms: int) -> tuple[int, int]:
        """How long until the request must be received, and how long after that it is acted on."""
        left_ns = ms(timestamp_ms + recv_window_ms) - self._world.now_ns
        return max(ms(1), left_ns), ms(ENGINE_MS)

    def _in_order(self, conn_id: int, to_venue: bool, delay_ns: int) -> int:
        """Messages of one connection arrive in the order they were sent."""
        key = (conn_id, to_venue)
        at_ns = max(self._world.now_ns + delay_ns, self._arrive_ns.get(key, 0))
        self._arrive_ns[key] = at_ns
        return at_ns - self._world.now_ns


@contextmanager
def _received_earlier(engine_ns: int) -> Iterator[None]:
    """The recvWindow is checked when a request is received, which was ``engine_ns`` before it is acted on."""
    if not engine_ns:
        yield
        return
    check_time = params.check_time

    def as_received(given: Params, now_ms: int) -> None:
        check_time(given, now_ms - engine_ns // 1_000_000)

    params.check_time = as_received  # type: ignore[assignment]
    try:
        yield
    finally:
        params.check_time = check_time
