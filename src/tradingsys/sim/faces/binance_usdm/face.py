"""The USDⓈ-M face: what futures have that other products do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, unquote

from tradingsys.sim.exchange import Exchange
from tradingsys.sim.faces.binance import params
from tradingsys.sim.faces.binance.connection import Connection, Route
from tradingsys.sim.faces.binance.face import Face as _Face
from tradingsys.sim.faces.binance.face import Habits, Place, make_pasts
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.market_streams import MarketStreams
from tradingsys.sim.faces.binance.params import ApiKey, Keyring, Params
from tradingsys.sim.faces.binance.rest import Rest
from tradingsys.sim.faces.binance.stream_control import StreamControl as _StreamControl
from tradingsys.sim.faces.binance.troubles import Troubles
from tradingsys.sim.faces.binance.ws_api import WsApi, WsManners
from tradingsys.sim.faces.binance_usdm.call import State
from tradingsys.sim.faces.binance_usdm.feeds import make_feed
from tradingsys.sim.faces.binance_usdm.limits import CONNECT_WEIGHT, ORDERS_PER_MINUTE, UsdmLimits
from tradingsys.sim.faces.binance_usdm.methods import ASKED, methods
from tradingsys.sim.faces.binance_usdm.rest import MANNERS, routes
from tradingsys.sim.faces.binance_usdm.trouble_words import FAULTS
from tradingsys.sim.faces.binance_usdm.user_streams import Subscription, UserStreams
from tradingsys.sim.gauge import Gauge
from tradingsys.sim.markets import Market
from tradingsys.sim.tape import Tape
from tradingsys.venues.binance.usdm_errors import ERRORS

__all__ = ["Face"]

_MINUTE_NS = 60 * 1_000_000_000
_WS_API_PATH = "/ws-fapi/v1"
_STREAM_PATH = re.compile(r"(/public|/market|/private)?/(ws|stream)(?:/(.*))?")
_ROUTES = {"": Route.PUBLIC, "/public": Route.PUBLIC, "/market": Route.MARKET, "/private": Route.PRIVATE}
_WRONG_KEY = Fault(400, -4056, "Invalid api key type: session.logon needs an Ed25519 key.")


def _locate(target: str) -> Place | None:
    path, _, query = target.partition("?")
    given = parse_qsl(query, keep_blank_values=True)
    if path == _WS_API_PATH:
        return Place(Route.WS_FAPI, False, "", given)
    match = _STREAM_PATH.fullmatch(unquote(path))
    if match is None:
        return None
    route = _ROUTES[match[1] or ""]
    return Place(route, match[2] == "stream", match[3] or "", given)


def _check_time(given: Params, now_ms: int) -> None:
    params.check_time(given, now_ms)


_HABITS = Habits(
    _locate, frames_per_second=10, connect_weight=CONNECT_WEIGHT, ping_ns=3 * _MINUTE_NS, patience_ns=10 * _MINUTE_NS
)


class _Control(_StreamControl[State]):
    """On the private route, names of streams are listen keys."""

    def __init__(self, markets: MarketStreams[State], users: UserStreams) -> None:
        super().__init__(markets)
        self._users = users

    def _listen(self, conn: Connection, name: str, now_ns: int) -> None:
        if conn.route is Route.PRIVATE:
            self._users.subscribe(Subscription(conn, name, None))
        else:
            super()._listen(conn, name, now_ns)

    def _unlisten(self, conn: Connection, name: str) -> None:
        if conn.route is Route.PRIVATE:
            self._users.unsubscribe(conn, name)
        else:
            super()._unlisten(conn, name)


class Face(_Face[State]):
    """One exchange, seen through the protocol of USDⓈ-M futures."""

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
        pasts = make_pasts(exchange.first_id, markets, past, now_ns)
        listed = {market.symbol: market for market in markets}
        state = State(
            exchange,
            listed,
            {symbol: Tape(symbol, market.start_price, now_ns, pasts[symbol]) for symbol, market in listed.items()},
            {symbol: Gauge(exchange.venues[symbol], now_ns, pasts[symbol]) for symbol in listed},
            UsdmLimits(orders_per_minute),
            Troubles(FAULTS, ERRORS),
        )
        state.recorded = recorded
        keyring = Keyring(keys)
        self._listen_keys = users = UserStreams(exchange)
        streams = MarketStreams(state, make_feed)
        super().__init__(
            _HABITS,
            state,
            keyring,
            users,
            streams,
            _Control(streams, users),
            Rest(state, keyring, routes(users), MANNERS),
            WsApi(state, keyring, methods(users), WsManners(_check_time, ASKED, _WRONG_KEY)),
        )

    def _opened(self, conn: Connection, place: Place, now_ns: int) -> None:
        super()._opened(conn, place, now_ns)
        if conn.route is not Route.PRIVATE:
            return
        # ``events`` belongs to the ``listenKey`` before it.
        keys: list[tuple[str, frozenset[str] | None]] = []
        for name, value in place.query:
            if name == "listenKey":
                keys.append((value, None))
            elif name == "events" and keys:
                keys[-1] = (keys[-1][0], frozenset(value.split("/")))
        for key, events in keys:
            self._listen_keys.subscribe(Subscription(conn, key, events))
