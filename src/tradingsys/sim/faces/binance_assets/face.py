"""The spot face: what spot and margin have that other products do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, unquote

from msgspec import structs

from tradingsys.sim.events import ExchangeEvent, Executed
from tradingsys.sim.faces.binance.connection import Connection, Route
from tradingsys.sim.faces.binance.face import Face as _Face
from tradingsys.sim.faces.binance.face import Habits, Place, Users, make_pasts
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.market_streams import MarketStreams
from tradingsys.sim.faces.binance.params import ApiKey, Keyring, Params, check_exact_time
from tradingsys.sim.faces.binance.rest import Rest
from tradingsys.sim.faces.binance.stream_control import StreamControl
from tradingsys.sim.faces.binance.troubles import Troubles
from tradingsys.sim.faces.binance.ws_api import ConnectionMethod, WsApi, WsManners
from tradingsys.sim.faces.binance_margin import RiskStreams, margin_routes
from tradingsys.sim.faces.binance_spot.call import State
from tradingsys.sim.faces.binance_spot.feeds import make_feed
from tradingsys.sim.faces.binance_spot.limits import CONNECT_WEIGHT, ORDERS_PER_10S, SapiLimits, SpotLimits
from tradingsys.sim.faces.binance_spot.methods import ASKED, METHODS
from tradingsys.sim.faces.binance_spot.microseconds import in_microseconds, wants_microseconds
from tradingsys.sim.faces.binance_spot.refusals import FAULTS
from tradingsys.sim.faces.binance_spot.rest import BY_HTTP, MANNERS
from tradingsys.sim.faces.binance_spot.user_streams import StreamMethods, UserStreams
from tradingsys.sim.faces.binance_spot.wallets import Wallets, wallet_routes
from tradingsys.sim.faces.transport import Reply, Request, WsOutput, WsRefuse, WsSend
from tradingsys.sim.spot_exchange import SpotExchange
from tradingsys.sim.spot_markets import SpotMarket
from tradingsys.sim.tape import Tape
from tradingsys.venues.binance.encode import to_bytes
from tradingsys.venues.binance.messages import SessionState, spot
from tradingsys.venues.binance.spot_errors import ERRORS

__all__ = ["Face"]

_SECOND_NS = 1_000_000_000
_INT64 = 2**63
_LONGEST_ID = 36
_WS_API_PATH = "/ws-api/v3"
_STREAM_PATH = re.compile(r"/(ws|stream)(?:/(.*))?")
_WRONG_KEY = Fault(400, -2028, "HMAC-SHA-256 API key is not supported.")
_TAKER_GIVES_BACK, _MAKER_GIVES_BACK = 1, 5
"""Orders that count no more once one is filled for the first time."""


def _locate(target: str) -> Place | None:
    path, _, query = target.partition("?")
    # A plus is a plus, as in names of streams: this is no form.
    given = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    if path == _WS_API_PATH:
        return Place(Route.WS_API, False, "", given)
    match = _STREAM_PATH.fullmatch(unquote(path))
    return None if match is None else Place(Route.STREAM, match[1] == "stream", match[2] or "", given)


_HABITS = Habits(
    _locate,
    frames_per_second=5,
    connect_weight=CONNECT_WEIGHT,
    ping_ns=20 * _SECOND_NS,
    patience_ns=60 * _SECOND_NS,
)


class _Control(StreamControl[State]):
    """A stream whose name is a listen key tells a margin account's risk."""

    def __init__(self, markets: MarketStreams[State], risk: RiskStreams) -> None:
        super().__init__(markets)
        self._risk = risk

    def _takes_id(self, request_id: object) -> bool:
        """Whole numbers of 64 bits, up to 36 letters and digits (UUIDs have dashes too), or null."""
        if isinstance(request_id, int) and not isinstance(request_id, bool):
            return -_INT64 <= request_id < _INT64
        if isinstance(request_id, str):
            return len(request_id) <= _LONGEST_ID
        return request_id is None

    def _listen(self, conn: Connection, name: str, now_ns: int) -> None:
        if self._risk.knows(name):
            self._risk.subscribe(conn, name)
        else:
            super()._listen(conn, name, now_ns)

    def _unlisten(self, conn: Connection, name: str) -> None:
        self._risk.unsubscribe(conn, name)
        super()._unlisten(conn, name)


class _Everybody:
    """Those who listen to accounts on the WS-API, and to their risk: see `face.Users`."""

    def __init__(self, users: UserStreams, risk: RiskStreams) -> None:
        self._all: tuple[Users, ...] = (users, risk)

    @property
    def next_deadline_ns(self) -> int | None:
        deadlines = (each.next_deadline_ns for each in self._all)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def tick(self, now_ns: int) -> list[WsOutput]:
        return [output for each in self._all for output in each.tick(now_ns)]

    def end(self, now_ns: int) -> list[WsOutput]:
        return [output for each in self._all for output in each.end(now_ns)]

    def publish(self, events: Iterable[ExchangeEvent]) -> list[WsOutput]:
        listed = list(events)
        return [output for each in self._all for output in each.publish(listed)]

    def accounts_of(self, conn: Connection) -> set[str]:
        return {name for each in self._all for name in each.accounts_of(conn)}

    def forget(self, conn: Connection) -> None:
        for each in self._all:
            each.forget(conn)


class Face(_Face[State]):
    """One exchange of assets, seen through the protocols of spot and of margin."""

    def __init__(
        self,
        exchange: SpotExchange,
        markets: Sequence[SpotMarket],
        keys: Iterable[ApiKey],
        now_ns: int,
        *,
        wallets: Wallets,
        past: int | None = None,
        recorded: frozenset[str] = frozenset(),
        orders_per_10s: int = ORDERS_PER_10S,
    ) -> None:
        """``past`` is the seed of the markets' history; without one they begin now.

        ``recorded`` are symbols whose public market is what a recording plays, without the accounts' own trades.
        ``wallets`` are where assets may be moved.
        """
        pasts = make_pasts(exchange.first_id, markets, past, now_ns)
        listed = {market.symbol: market for market in markets}
        # Trades of one taker at one price are told at once.
        tapes = {
            symbol: Tape(symbol, market.start_price, now_ns, pasts[symbol], aggregate_ns=1)
            for symbol, market in listed.items()
        }
        state = State(exchange, listed, tapes, SpotLimits(orders_per_10s), Troubles(FAULTS, ERRORS))
        state.recorded = recorded
        keyring = Keyring(keys)
        self._streams = users = UserStreams(state, keyring)
        self._subscribing = StreamMethods(users)
        self._risk = risk = RiskStreams()
        market_streams = MarketStreams(state, make_feed)
        api = WsApi(state, keyring, METHODS, WsManners(check_exact_time, ASKED, _WRONG_KEY))
        super().__init__(
            _HABITS,
            state,
            keyring,
            _Everybody(users, risk),
            market_streams,
            _Control(market_streams, risk),
            Rest(state, keyring, BY_HTTP, MANNERS),
            api,
        )
        self._api = api
        sapi = {**wallet_routes(keyring, wallets), **margin_routes(users, risk, wallets)}
        self._sapi_limits = SapiLimits()
        self._sapi = Rest(state, keyring, sapi, MANNERS, self._sapi_limits)
        self._in_microseconds: set[int] = set()
        self._add_methods()

    def _add_methods(self) -> None:
        methods = self._api.of_connection
        logout = methods["session.logout"]

        def log_out(conn: Connection, given: Params, now_ns: int) -> object:
            self._subscribing.logged_out(conn, now_ns)
            return logout(conn, given, now_ns)

        def subscribe(conn: Connection, _given: Params, _now_ns: int) -> spot.Subscription:
            owner = self._keyring.maybe(conn.session_key)
            return self._subscribing.subscribe(conn, None if owner is None else owner.account)

        def by_signature(conn: Connection, given: Params, now_ns: int) -> spot.Subscription:
            owner = self._api.signed_by(given, ms(now_ns))
            return self._streams.subscribe(conn, owner.account, by_logon=False)

        methods |= {
            "session.logon": self._told(methods["session.logon"]),
            "session.status": self._told(methods["session.status"]),
            "session.logout": self._told(log_out),
            "session.subscriptions": self._subscribing.active,
            "userDataStream.subscribe": subscribe,
            "userDataStream.subscribe.signature": by_signature,
            "userDataStream.subscribe.listenToken": self._subscribing.by_token,
            "userDataStream.unsubscribe": self._subscribing.unsubscribe,
        }

    def _told(self, answer: ConnectionMethod) -> ConnectionMethod:
        """A session's state, with whether any account is listened to."""

        def told(conn: Connection, given: Params, now_ns: int) -> object:
            state = answer(conn, given, now_ns)
            assert isinstance(state, SessionState)
            return structs.replace(state, user_data_stream=bool(self._streams.of(conn)))

        return told

    # --- what happens

    def absorb(self, events: Iterable[ExchangeEvent], now_ns: int) -> list[WsOutput]:
        """See `face.Face`: orders that were filled count no more."""
        events = list(events)
        for event in events:
            if isinstance(event, Executed) and event.order.cum_qty == event.execution.qty:
                count = _MAKER_GIVES_BACK if event.execution.is_maker else _TAKER_GIVES_BACK
                self._state.limits.give_back(event.order.account, count, ms(now_ns))
        return self._scaled(super().absorb(events, now_ns))

    def tick(self, now_ns: int) -> list[WsOutput]:
        """See `face.Face`."""
        return self._scaled(super().tick(now_ns))

    def shut_down(self, now_ns: int) -> list[WsOutput]:
        """Tell every connection that its server will stop soon; what comes of it is up to whoever holds the face."""
        message = spot.ServerShutdown(ts_sent_ms=ms(now_ns))
        raw = to_bytes(message)
        forms = {
            (Route.STREAM, False): raw,
            (Route.STREAM, True): b'{"stream":"!serverShutdown","data":' + raw + b"}",
            (Route.WS_API, False): b'{"event":' + raw + b"}",
        }
        return self._scaled(
            [
                WsSend(conn.conn_id, forms[conn.route, conn.is_combined])
                for conn, _ in self.connections()
                if (conn.route, conn.is_combined) in forms
            ]
        )

    # --- requests

    def shut_out(self, until_ns: int, *, is_ban: bool) -> None:
        """See `face.Face`: whoever is shut out is so on margin too."""
        super().shut_out(until_ns, is_ban=is_ban)
        self._sapi_limits.shut_out(ms(until_ns), is_ban=is_ban)

    def answers(self, path: str) -> bool:
        """See `face.Face`."""
        return super().answers(path) or self._sapi.answers(path)

    def http(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        """See `face.Face`."""
        rest = self._sapi if request.path.startswith("/sapi/") else self._rest
        try:
            is_long = wants_microseconds(request.headers.get("x-mbx-time-unit", ""))
        except Fault as fault:
            return Reply(fault.status, to_bytes(fault.body()), {"Content-Type": "application/json"}), []
        reply = rest.answer(request, now_ns)
        if is_long and reply.body:
            reply = structs.replace(reply, body=in_microseconds(reply.body))
        return reply, self._publish(now_ns)

    def ws_refusal(self, target: str, now_ns: int) -> WsRefuse | None:
        """See `face.Face`: also for nobody's unit of time."""
        place = _locate(target)
        try:
            wants_microseconds(dict(place.query).get("timeUnit", "") if place else "")
            if place is not None:
                self._state.limits.spend_connection(ms(now_ns), is_api=place.route.is_api)
        except Fault as fault:
            return WsRefuse(fault.status, fault.message)
        return super().ws_refusal(target, now_ns)

    def ws_open(self, conn_id: int, target: str, now_ns: int) -> None:
        """See `face.Face`."""
        place = _locate(target)
        if place is not None and wants_microseconds(dict(place.query).get("timeUnit", "")):
            self._in_microseconds.add(conn_id)
        super().ws_open(conn_id, target, now_ns)

    def ws_frame(self, conn_id: int, data: bytes, now_ns: int) -> list[WsOutput]:
        """See `face.Face`."""
        outputs = super().ws_frame(conn_id, data, now_ns)
        told, self._subscribing.outputs = self._subscribing.outputs, []
        return [*self._scaled(outputs[:1]), *self._scaled(told), *outputs[1:]]

    def ws_closed(self, conn_id: int) -> None:
        """See `face.Face`."""
        self._in_microseconds.discard(conn_id)
        super().ws_closed(conn_id)

    def _scaled(self, outputs: list[WsOutput]) -> list[WsOutput]:
        if not self._in_microseconds:
            return outputs
        return [
            WsSend(output.conn_id, in_microseconds(output.data))
            if isinstance(output, WsSend) and output.conn_id in self._in_microseconds
            else output
            for output in outputs
        ]
