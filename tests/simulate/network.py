"""One gateway's connections to the exchange, on a network that loses, repeats and delays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from decimal import Decimal
from email.utils import formatdate
from functools import partial
from urllib.parse import parse_qs, urlsplit

from tests.simulate.faults import Faults
from tests.simulate.late_time import late_ns
from tests.simulate.left_alone import LeftAlone
from tests.simulate.unanswered import Topic
from tests.simulate.venue import Venue
from tests.simulate.world import ms
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
from tradingsys.sim.faces.binance import params
from tradingsys.sim.faces.transport import NO_ANSWER, Reply, Request, WsClose, WsOutput, WsPing, WsRefuse

__all__ = ["ENGINE_MS", "Network", "is_cancel", "is_order_request"]

ENGINE_MS = 499
"""How long after receiving it in time the exchange may act on a request."""
_LONGEST_SILENCE_MS = 15_000
_NOTICED_MS = (50, 500, 15_000)
"""After how long a connection breaks on which a request was lost; whoever asked waits no longer than he means to."""
_USER = "user"
"""How channels begin that carry the account's events."""
_ANSWER = b'{"id":'
"""How answers begin; on spot also that to the subscription to the account's events."""
_DOWN = Reply(502, b"<html><head><title>502 Bad Gateway</title></head><body></body></html>")
_ORDER_METHODS = (b'"order.', b'"orderList.', b'"algoOrder.')
_ORDER_PATHS = ("/order?", "/order/amend/keepPriority?", "/algoOrder?")


def is_cancel(transmission: Transmission) -> bool:
    """Whether an order request can only end an order."""
    if isinstance(transmission, WsFrame):
        return b'.cancel"' in transmission.data
    return isinstance(transmission, HttpRequest) and transmission.method == "DELETE"


def is_order_request(transmission: Transmission) -> bool:
    """Whether it places, amends or cancels an order of either kind, by either way."""
    if isinstance(transmission, WsFrame):
        return any(method in transmission.data for method in _ORDER_METHODS)
    return (
        isinstance(transmission, HttpRequest)
        and transmission.method != "GET"
        and any(path in transmission.url for path in _ORDER_PATHS)
    )


class Network:
    """One gateway incarnation's connections. When it is dead, nothing arrives any more; what left, left."""

    def __init__(self, venue: Venue, faults: Callable[[], Faults], happened: Callable[[Input], None]) -> None:
        self.alive = True
        self._venue = venue
        self._world = venue.world
        self._faults = faults
        self._happened = happened
        self._odd = venue.odd_frames
        self._counts = venue.counts
        self._conn_ids: dict[str, int] = {}
        self._channels: dict[int, str] = {}
        self._arrive_ns: dict[tuple[int, bool], int] = {}
        self._on_its_way_ns: dict[int, int] = {}
        """When the last message of a connection gets there: no break stops what has left."""
        self._silent: set[int] = set()
        """Connections that look open, and carry nothing any more."""
        self.is_time_asked_late = False
        """Questions about the exchange's time are long on their way there, and their answers are not."""
        self.accounts_for: Callable[[str], bool] = lambda symbol: True
        """Whether a symbol is in the books: what they begin with must be certain, however late executions show."""
        self.left_alone = LeftAlone(venue.world, venue.sent.unheeded)

    def perform(self, transmission: Transmission) -> None:
        if not self.alive:
            return
        self.left_alone.sends(transmission)
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

    def fall_silent(self) -> bool:
        """Some connections carry nothing any more, until somebody notices; whether there were any."""
        chosen = [conn_id for conn_id in self._channels if self._world.chance(0.6)]
        for conn_id in chosen:
            self._silent.add(conn_id)
            self._world.after(
                ms(self._world.rng.uniform(500, _LONGEST_SILENCE_MS)),
                lambda conn_id=conn_id: self._cut(conn_id, "nobody answers pings"),  # type: ignore[misc]
            )
        return bool(chosen)

    # ---- websockets

    def _open(self, channel: str, url: str) -> None:
        if not self.alive:
            return
        conn_id = self._venue.next_id()
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        refusal = self._venue.simulator.ws_refusal(path, self._world.now_ns)
        if self._venue.is_down or self._world.chance(self._faults().refuse_connection):
            refusal = WsRefuse(503, "busy")
        if refusal is not None:
            self._tell(Closed(channel, f"refused: {refusal.status}"))
            return
        self._conn_ids[channel], self._channels[conn_id] = conn_id, channel
        self._venue.networks[conn_id] = self
        outputs = self._venue.simulator.ws_open(conn_id, path, self._world.now_ns)
        self._tell(Opened(channel))
        self._venue.deliver(outputs)
        for data in self._odd.old(self._faults()) if channel.startswith(_USER) else ():
            self._world.after(self._latency(), lambda data=data: self._frame(conn_id, data))  # type: ignore[misc]

    def _to_venue(self, channel: str, data: bytes, is_order: bool) -> None:
        conn_id = self._conn_ids.get(channel)
        if conn_id is None or conn_id in self._silent:
            return
        faults = self._faults()
        if self._world.chance(faults.cut_connection):
            self._counts["connections cut"] += 1
            # The bytes may still get there although the connection is lost for us.
            if self._world.chance(0.5):
                self._send(conn_id, data, self._slow_latency(is_order))
            self._world.after(self._latency(), lambda: self._cut(conn_id, "connection reset"))
            return
        if channel == "trade" and self._world.chance(faults.lose_request):
            self._counts["requests lost"] += 1
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
        self._venue.troubles.order_comes(data)
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
            self._counts["connections cut"] += 1
            self._world.after(self._latency(), lambda: self._cut(conn_id, "connection reset"))
            return
        is_answer = output.data.startswith(_ANSWER) or (channel == "trade" and b'"method"' not in output.data)
        if is_answer and self._world.chance(faults.lose_reply):
            self._counts["answers lost"] += 1
            return
        if is_answer or not channel.startswith(_USER):
            self._world.after(
                self._in_order(conn_id, False, self._latency()), lambda: self._frame(conn_id, output.data)
            )
            return
        for data in self._odd.of(output.data, faults):
            self._event(conn_id, data, faults)

    def _event(self, conn_id: int, data: bytes, faults: Faults) -> None:
        """Something of the account's is on its way."""
        arrive = partial(self._frame, conn_id, data)
        if self._world.chance(faults.lose_event):
            self._counts["events lost"] += 1
            return
        if self._world.chance(faults.late_event):
            self._counts["events late"] += 1
            self._world.after(self._slow_latency(), arrive)
            return
        if self._world.chance(faults.duplicate_event):
            self._counts["events told twice"] += 1
            self._world.after(self._slow_latency(), arrive)
        self._world.after(self._in_order(conn_id, False, self._latency()), arrive)

    def _frame(self, conn_id: int, data: bytes) -> None:
        channel = self._channels.get(conn_id)
        if channel is not None and conn_id not in self._silent:
            self._tell(Frame(channel, data))

    def _cut(self, conn_id: int, reason: str) -> None:
        channel = self._channels.pop(conn_id, None)
        self._silent.discard(conn_id)
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
            self._counts["requests lost"] += 1
            noticed_ns = ms(_NOTICED_MS[-1] if faults.is_loss_silent else self._world.rng.choice(_NOTICED_MS))
            self._world.after(
                min(noticed_ns, request.timeout_ns), lambda: self._tell(HttpFailed(request.token, True, "no answer"))
            )
            return
        is_order = is_order_request(request)
        if is_order and self._world.chance(faults.last_instant):
            query = parse_qs(urlsplit(request.url).query)
            delay_ns, engine_ns = self._last_instant(int(query["timestamp"][0]), int(query["recvWindow"][0]))
            self._world.after(delay_ns + engine_ns, lambda: self._serve(request, engine_ns))
            return
        way_ns = self._slow_latency(is_order)
        if self.is_time_asked_late and faults.clock_ahead_ms and urlsplit(request.url).path.endswith("/time"):
            way_ns = late_ns(faults.clock_ahead_ms)
        self._world.after(way_ns, lambda: self._serve(request))

    def _serve(self, request: HttpRequest, engine_ns: int = 0) -> None:
        parts = urlsplit(request.url)
        headers = {name.lower(): value for name, value in request.headers.items()}
        incoming = Request(request.method, parts.path, parts.query.encode(), headers, request.body)
        self._venue.tick()
        if self._venue.is_down:
            if self._venue.troubles.has_face:
                self._world.after(self._latency(), lambda: self._reply(request, _DOWN))
            else:
                self._tell(HttpFailed(request.token, True, "connection reset"))
            return
        instead = self._venue.instead(incoming)
        if instead is not None:
            self._refuse(request, instead)
            return
        self._venue.troubles.order_comes(request.url.encode())
        with self._read(incoming), _received_earlier(engine_ns):
            reply, outputs = self._venue.simulator.http(incoming, self._world.now_ns)
        self._venue.deliver(outputs)
        if reply.status == NO_ANSWER or self._world.chance(self._faults().lose_reply):
            self._counts["answers lost"] += 1
            self._world.after(ms(50), lambda: self._tell(HttpFailed(request.token, True, "connection reset")))
            return
        self._world.after(self._latency(), lambda: self._reply(request, reply))

    def _refuse(self, request: HttpRequest, reply: Reply) -> None:
        """The exchange does not answer a question, or not with the truth."""
        if reply.status == NO_ANSWER:
            self._world.after(request.timeout_ns, lambda: self._tell(HttpFailed(request.token, True, "no answer")))
            return
        self._world.after(self._latency(), lambda: self._reply(request, reply))

    def _reply(self, request: HttpRequest, reply: Reply) -> None:
        headers = {name.lower(): value for name, value in reply.headers.items()}
        if self._venue.tells_date:
            headers["date"] = formatdate(self._world.now_ns // 1_000_000_000, usegmt=True)
        if self.alive:
            self.left_alone.told(reply.status, headers, reply.body)
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
        if request.path.endswith(faults.fresh) or not request.path.endswith(self._venue.reads):
            return nullcontext()
        hidden = faults.hide_order, faults.hides_for_s
        asked = self._venue.asked(request)
        is_late = faults.lag_ms and asked.topic in faults.lagging
        if is_late and (asked.topic is not Topic.EXECUTIONS or self.accounts_for(asked.symbol)):
            lag_ns = ms(self._world.rng.uniform(0, faults.lag_ms))
            self._counts["questions answered from far too old a state"] += 1
            # Of executions each is late by itself, and younger ones may be there before it.
            staleness_ns = ms(faults.lag_ms) if asked.topic is Topic.EXECUTIONS else -1
            return self._venue.past.shown(self._world.now_ns, lag_ns, staleness_ns, *hidden)
        if not faults.staleness_ms and not faults.hide_order:
            return nullcontext()
        age_ms = faults.staleness_ms * self._world.rng.choice((0, self._world.rng.random(), 1, 1, 1))
        return self._venue.past.shown(self._world.now_ns, ms(age_ms), ms(faults.staleness_ms), *hidden)

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
    check_window = params._check_window

    def as_received(timestamp_ms: Decimal | int, window_ms: Decimal | int, now_ms: int) -> None:
        check_window(timestamp_ms, window_ms, now_ms - engine_ns // 1_000_000)

    params._check_window = as_received
    try:
        yield
    finally:
        params._check_window = check_window
