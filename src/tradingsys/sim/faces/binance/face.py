"""A face: HTTP requests, websocket frames and the clock in; replies and frames out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, Protocol

from msgspec import Struct

from tradingsys.sim.events import ExchangeEvent
from tradingsys.sim.faces.binance.call import S
from tradingsys.sim.faces.binance.connection import Connection, Route
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.keepalive import KeepAlive
from tradingsys.sim.faces.binance.market_streams import MarketStreams
from tradingsys.sim.faces.binance.params import Keyring
from tradingsys.sim.faces.binance.rest import Rest
from tradingsys.sim.faces.binance.stream_control import StreamControl
from tradingsys.sim.faces.binance.troubles import Lost
from tradingsys.sim.faces.binance.ws_api import WsApi
from tradingsys.sim.faces.transport import Reply, Request, WsClose, WsOutput, WsPing, WsRefuse, WsSend
from tradingsys.sim.history import History
from tradingsys.sim.listed_market import ListedMarket

__all__ = ["Face", "Habits", "Place", "Users", "make_pasts"]

_NS = 1_000_000_000
_LIFETIME_NS = 24 * 3600 * _NS
_GOING_AWAY = 1001
_POLICY = 1008


class Place(Struct, frozen=True):
    """What a websocket's address says."""

    route: Route
    is_combined: bool
    names: str
    """Stream names in the path, joined by slashes."""
    query: list[tuple[str, str]]


class Habits(Struct, frozen=True):
    """What differs between products of the venue."""

    locate: Callable[[str], Place | None]
    """What is at a websocket's address."""
    frames_per_second: int
    """How many a client may send to a stream connection."""
    connect_weight: int
    """What opening a WS-API connection costs."""
    ping_ns: int
    """Between two pings."""
    patience_ns: int
    """Until a pong."""


class Users(Protocol):
    """Who listens to which account, and what they hear."""

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do."""

    def tick(self, now_ns: int) -> list[WsOutput]:
        """What is due by the clock."""

    def end(self, now_ns: int) -> list[WsOutput]:
        """Let every account's stream end before its time."""

    def publish(self, events: Iterable[ExchangeEvent]) -> list[WsOutput]:
        """What accounts hear of these events."""

    def accounts_of(self, conn: Connection) -> set[str]:
        """Accounts that a connection hears of."""

    def forget(self, conn: Connection) -> None:
        """The connection is gone."""


def make_pasts(
    first_id: int, markets: Sequence[ListedMarket], past: int | None, now_ns: int
) -> Mapping[str, History | None]:
    """The history of every market, from the seed ``past``; None for markets that begin now."""
    return {
        market.symbol: None if past is None else History(market, market.start_price, past, ms(now_ns), first_id)
        for market in markets
    }


class Face(Generic[S]):
    """One exchange, seen through the venue's protocol.

    Whoever holds it calls `absorb` with everything that happens in the exchange by other hands, gives every websocket
    a number, and performs the outputs in order. Times are nanoseconds since the Unix epoch and must not go back.
    """

    def __init__(
        self,
        habits: Habits,
        state: S,
        keyring: Keyring,
        users: Users,
        markets: MarketStreams[S],
        control: StreamControl[S],
        rest: Rest[S],
        ws_api: WsApi[S],
    ) -> None:
        self._habits = habits
        self._state = state
        self._keyring = keyring
        self._users = users
        self._markets = markets
        self._control = control
        self._rest = rest
        self._ws_api = ws_api
        self.troubles = state.troubles
        """What shall go wrong."""
        self._connections: dict[int, Connection] = {}
        self._keepalive = KeepAlive(habits.ping_ns, habits.patience_ns)

    @property
    def next_deadline_ns(self) -> int | None:
        """When to call `tick` at the latest."""
        candidates = (
            self._markets.next_deadline_ns,
            self._users.next_deadline_ns,
            self.troubles.next_deadline_ns,
            self._keepalive.next_deadline_ns,
            # Connections are numbered and opened in order: the first is the oldest.
            next((conn.opened_ns + _LIFETIME_NS for conn in self._connections.values()), None),
        )
        return min((deadline for deadline in candidates if deadline is not None), default=None)

    def absorb(self, events: Iterable[ExchangeEvent], now_ns: int) -> list[WsOutput]:
        """Tell listeners what happened in the exchange."""
        events = list(events)
        told = self.troubles.passed_on(self._users.publish(events), now_ns)
        return [*told, *self._markets.publish(events, now_ns)]

    def tick(self, now_ns: int) -> list[WsOutput]:
        """What is due by the clock."""
        outputs = self._markets.tick(now_ns)
        outputs += self.troubles.released(now_ns)
        outputs += self._users.tick(now_ns)
        for conn in list(self._connections.values()):
            if now_ns < conn.opened_ns + _LIFETIME_NS:
                break
            outputs += self._drop(conn, _GOING_AWAY, "24 hours are over")
        to_ping, lost = self._keepalive.tick(now_ns)
        outputs += [WsPing(conn_id, str(ms(now_ns)).encode()) for conn_id in to_ping]
        for conn_id in lost:
            outputs += self._drop(self._connections[conn_id], _POLICY, "Pong timeout")
        return outputs

    def jumped(self, now_ns: int) -> None:
        """The clock has jumped to now: no client is to blame for what it missed."""
        self._keepalive.forgive(now_ns)

    def announce(self, symbol: str, now_ns: int) -> list[WsOutput]:
        """Tell listeners that a symbol has a new status."""
        return self._markets.announce(symbol, now_ns)

    def lose_change(self, symbol: str) -> int:
        """Let the next change of a book be lost, in every stream of changes; returns in how many."""
        return self._markets.lose_change(symbol)

    def shut_out(self, until_ns: int, *, is_ban: bool) -> None:
        """Refuse everything that is asked until then: with 429, or, as a ban, with 418."""
        self._state.limits.shut_out(ms(until_ns), is_ban=is_ban)

    def end_streams(self, now_ns: int) -> list[WsOutput]:
        """Let every account's stream end before its time."""
        return self._users.end(now_ns)

    def is_public(self, conn_id: int) -> bool:
        """Whether a websocket carries the public market, and nothing of any account."""
        conn = self._connections.get(conn_id)
        if conn is None or conn.route not in (Route.PUBLIC, Route.MARKET, Route.STREAM):
            return False
        return not self._users.accounts_of(conn)

    def connections(self) -> list[tuple[Connection, set[str]]]:
        """Open websockets, oldest first, with the accounts they speak for or hear of."""
        return [(conn, self._accounts_of(conn)) for conn in self._connections.values()]

    def _accounts_of(self, conn: Connection) -> set[str]:
        if conn.session_key:
            return {self._keyring.find(conn.session_key).account}
        return self._users.accounts_of(conn)

    def drop(self, conn_ids: Iterable[int]) -> list[WsOutput]:
        """Close websockets as after 24 hours."""
        outputs: list[WsOutput] = []
        for conn_id in conn_ids:
            outputs += self._drop(self._connections[conn_id], _GOING_AWAY, "24 hours are over")
        return outputs

    def answers(self, path: str) -> bool:
        """Whether the product has anything at a path of its REST interface."""
        return self._rest.answers(path)

    def http(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        """Answer one HTTP request; what it caused goes to listeners."""
        reply = self._rest.answer(request, now_ns)
        return reply, self._publish(now_ns)

    def ws_refusal(self, target: str, now_ns: int) -> WsRefuse | None:
        """Whether a websocket to ``target`` (path and query) is refused; opening one on the WS-API costs weight."""
        place = self._habits.locate(target)
        if place is None:
            return WsRefuse(404, "no such stream endpoint")
        if place.route.is_api:
            try:
                self._state.limits.spend(self._habits.connect_weight, ms(now_ns))
            except Fault as fault:
                return WsRefuse(fault.status, fault.message)
        return None

    def ws_open(self, conn_id: int, target: str, now_ns: int) -> None:
        """A websocket that was not refused is open, under a new, larger number."""
        place = self._habits.locate(target)
        if place is None:
            raise ValueError(f"refused, but opened: {target}")
        conn = self._connections[conn_id] = Connection(
            conn_id,
            place.route,
            now_ns,
            is_combined=place.is_combined,
            returns_rate_limits=("returnRateLimits", "false") not in place.query,
        )
        self._keepalive.opened(conn_id, now_ns)
        if not place.route.is_api:
            self._opened(conn, place, now_ns)

    def _opened(self, conn: Connection, place: Place, now_ns: int) -> None:
        listed = [place.names, *(value for name, value in place.query if name == "streams")]
        for name in (name for group in listed for name in group.split("/") if name):
            self._control.subscribe(conn, name, now_ns)

    def ws_frame(self, conn_id: int, data: bytes, now_ns: int) -> list[WsOutput]:
        """One text frame from a client."""
        conn = self._connections.get(conn_id)
        if conn is None:
            return []
        if conn.route.is_api:
            try:
                answer: WsOutput = WsSend(conn_id, self._ws_api.handle(conn, data, now_ns))
            except Lost:
                (answer,) = self._drop(conn, _GOING_AWAY, "")
            return [answer, *self._publish(now_ns)]
        second = now_ns // _NS
        if second != conn.second:
            conn.second, conn.frames_in_second = second, 0
        conn.frames_in_second += 1
        if conn.frames_in_second > self._habits.frames_per_second:
            return self._drop(conn, _POLICY, "Too many requests")
        return [WsSend(conn_id, self._control.handle(conn, data, now_ns))]

    def ws_pong(self, conn_id: int) -> None:
        """A client sent a pong."""
        self._keepalive.pong(conn_id)

    def ws_closed(self, conn_id: int) -> None:
        """A websocket is gone, whoever closed it."""
        self._keepalive.closed(conn_id)
        conn = self._connections.pop(conn_id, None)
        if conn is not None:
            self._control.forget(conn)
            self._users.forget(conn)

    def _drop(self, conn: Connection, code: int, reason: str) -> list[WsOutput]:
        self.ws_closed(conn.conn_id)
        return [WsClose(conn.conn_id, code, reason)]

    def _publish(self, now_ns: int) -> list[WsOutput]:
        events, self._state.happened = self._state.happened, []
        return self.absorb(events, now_ns)
