"""The USDⓈ-M face: HTTP requests, websocket frames and the clock in; replies and frames out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, unquote

from msgspec import Struct

from tradingsys.sim.events import ExchangeEvent
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.faces.binance_usdm.call import State
from tradingsys.sim.faces.binance_usdm.connection import Connection, Route
from tradingsys.sim.faces.binance_usdm.faults import Fault
from tradingsys.sim.faces.binance_usdm.keepalive import KeepAlive
from tradingsys.sim.faces.binance_usdm.limits import CONNECT_WEIGHT, ORDERS_PER_MINUTE, Limits
from tradingsys.sim.faces.binance_usdm.market_streams import MarketStreams
from tradingsys.sim.faces.binance_usdm.params import ApiKey, Keyring
from tradingsys.sim.faces.binance_usdm.render import ms
from tradingsys.sim.faces.binance_usdm.rest import Rest
from tradingsys.sim.faces.binance_usdm.stream_control import StreamControl
from tradingsys.sim.faces.binance_usdm.troubles import Lost
from tradingsys.sim.faces.binance_usdm.user_streams import Subscription, UserStreams
from tradingsys.sim.faces.binance_usdm.ws_api import WsApi
from tradingsys.sim.faces.transport import Reply, Request, WsClose, WsOutput, WsPing, WsRefuse, WsSend
from tradingsys.sim.gauge import Gauge
from tradingsys.sim.history import History
from tradingsys.sim.markets import Market
from tradingsys.sim.tape import Tape

__all__ = ["Face"]

_NS = 1_000_000_000
_LIFETIME_NS = 24 * 3600 * _NS
_FRAMES_PER_SECOND = 10
_GOING_AWAY = 1001
_POLICY = 1008
_WS_API_PATH = "/ws-fapi/v1"
_STREAM_PATH = re.compile(r"(/public|/market|/private)?/(ws|stream)(?:/(.*))?")
_ROUTES = {"": Route.PUBLIC, "/public": Route.PUBLIC, "/market": Route.MARKET, "/private": Route.PRIVATE}


class Face:
    """One exchange, seen through the venue's protocol.

    Whoever holds it calls `absorb` with everything that happens in the exchange by other hands, gives every websocket
    a number, and performs the outputs in order. Times are nanoseconds since the Unix epoch and must not go back.
    """

    def __init__(
        self,
        exchange: Exchange,
        markets: Sequence[Market],
        keys: Iterable[ApiKey],
        now_ns: int,
        *,
        past: int | None = None,
        recorded: frozenset[str] = frozenset(),
        orders_per_minute: int = ORDERS_PER_MINUTE,
    ) -> None:
        """``past`` is the seed of the markets' history; without one they begin now.

        ``recorded`` are symbols whose public market is what a recording plays, without the accounts' own trades.
        """
        tapes, gauges = {}, {}
        for market in markets:
            symbol, px = market.symbol, market.start_price
            history = None if past is None else History(market, px, past, ms(now_ns), exchange.first_id)
            tapes[symbol] = Tape(symbol, px, now_ns, history)
            gauges[symbol] = Gauge(exchange.venues[symbol], now_ns, history)
        listed = {market.symbol: market for market in markets}
        self._state = State(exchange, listed, tapes, gauges, Limits(orders_per_minute))
        self._state.recorded = recorded
        self.troubles = self._state.troubles
        """What shall go wrong."""
        keyring = Keyring(keys)
        self._users = UserStreams(exchange)
        self._markets = MarketStreams(self._state)
        self._control = StreamControl(self._markets, self._users)
        self._rest = Rest(self._state, keyring, self._users)
        self._ws_api = WsApi(self._state, keyring, self._users)
        self._connections: dict[int, Connection] = {}
        self._keepalive = KeepAlive()
        self._keyring = keyring

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
        return conn is not None and conn.route in (Route.PUBLIC, Route.MARKET)

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

    def http(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        """Answer one HTTP request; what it caused goes to listeners."""
        reply = self._rest.answer(request, now_ns)
        return reply, self._publish(now_ns)

    def ws_refusal(self, target: str, now_ns: int) -> WsRefuse | None:
        """Whether a websocket to ``target`` (path and query) is refused; opening one on the WS-API costs weight."""
        place = _locate(target)
        if place is None:
            return WsRefuse(404, "no such stream endpoint")
        if place.route is Route.WS_API:
            try:
                self._state.limits.spend(CONNECT_WEIGHT, ms(now_ns))
            except Fault as fault:
                return WsRefuse(fault.status, fault.message)
        return None

    def ws_open(self, conn_id: int, target: str, now_ns: int) -> None:
        """A websocket that was not refused is open, under a new, larger number."""
        place = _locate(target)
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
        if place.route is not Route.WS_API:
            self._subscribe_from_target(conn, place.names, place.query, now_ns)

    def _subscribe_from_target(
        self, conn: Connection, names: str, given: Sequence[tuple[str, str]], now_ns: int
    ) -> None:
        listed = [names, *(value for name, value in given if name == "streams")]
        for name in (name for group in listed for name in group.split("/") if name):
            self._control.subscribe(conn, name, now_ns)
        if conn.route is not Route.PRIVATE:
            return
        # ``events`` belongs to the ``listenKey`` before it.
        keys: list[tuple[str, frozenset[str] | None]] = []
        for name, value in given:
            if name == "listenKey":
                keys.append((value, None))
            elif name == "events" and keys:
                keys[-1] = (keys[-1][0], frozenset(value.split("/")))
        for key, events in keys:
            self._users.subscribe(Subscription(conn, key, events))

    def ws_frame(self, conn_id: int, data: bytes, now_ns: int) -> list[WsOutput]:
        """One text frame from a client."""
        conn = self._connections.get(conn_id)
        if conn is None:
            return []
        if conn.route is Route.WS_API:
            try:
                answer: WsOutput = WsSend(conn_id, self._ws_api.handle(conn, data, now_ns))
            except Lost:
                (answer,) = self._drop(conn, _GOING_AWAY, "")
            return [answer, *self._publish(now_ns)]
        second = now_ns // _NS
        if second != conn.second:
            conn.second, conn.frames_in_second = second, 0
        conn.frames_in_second += 1
        if conn.frames_in_second > _FRAMES_PER_SECOND:
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

    def _drop(self, conn: Connection, code: int, reason: str) -> list[WsOutput]:
        self.ws_closed(conn.conn_id)
        return [WsClose(conn.conn_id, code, reason)]

    def _publish(self, now_ns: int) -> list[WsOutput]:
        events, self._state.happened = self._state.happened, []
        return self.absorb(events, now_ns)


class _Place(Struct, frozen=True):
    """What a websocket's address says."""

    route: Route
    is_combined: bool
    names: str
    """Stream names in the path, joined by slashes."""
    query: list[tuple[str, str]]


def _locate(target: str) -> _Place | None:
    path, _, query = target.partition("?")
    given = parse_qsl(query, keep_blank_values=True)
    if path == _WS_API_PATH:
        return _Place(Route.WS_API, False, "", given)
    match = _STREAM_PATH.fullmatch(unquote(path))
    if match is None:
        return None
    route = _ROUTES[match[1] or ""]
    return _Place(route, match[2] == "stream", match[3] or "", given)
