"""The whole box without sockets: exchange, market, venue face and operator's window, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any

from msgspec import Struct

from tradingsys.matching.fees import FeeSchedule
from tradingsys.sim.admin import Admin, Product
from tradingsys.sim.events import ExchangeEvent, NewOrder
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.faces import binance_assets
from tradingsys.sim.faces.binance.face import Face as AnyFace
from tradingsys.sim.faces.binance_usdm import ORDERS_PER_MINUTE, ApiKey, Face
from tradingsys.sim.faces.transport import Reply, Request, WsOutput, WsRefuse
from tradingsys.sim.flow import Flow
from tradingsys.sim.markets import Market, load_markets
from tradingsys.sim.recording import Recording
from tradingsys.sim.replay import Replay
from tradingsys.sim.segment import Segment
from tradingsys.sim.spot_exchange import SpotExchange
from tradingsys.sim.spot_markets import SpotMarket, load_spot_markets
from tradingsys.sim.state import Options

__all__ = ["Part", "Product", "Simulator"]

_NS = 1_000_000_000
_ID_EPOCH_S = 1_600_000_000
_IDS_PER_S = 1_000


_ORDERS_PER_10S_OF_SPOT = 12
"""An account may send as many orders a minute on futures as 12 times in ten seconds on spot: 1,200, and 100."""
_SPOT_PATHS = ("/api/", "/sapi/")
_SPOT_SOCKETS = ("/ws-api/",)


def _nobody(_symbol: str) -> float | None:
    return None


class Part:
    """One exchange of the box: its face, what makes its market, and how much of the time has passed there."""

    def __init__(self, exchange: Segment[Any], face: AnyFace[Any], source: Flow | Replay | None) -> None:
        self.exchange = exchange
        self.face = face
        self.source = source

    @property
    def next_deadline_ns(self) -> int | None:
        """When to call `tick` at the latest."""
        source_ns = None if self.source is None else self.source.next_deadline_ns
        deadlines = (self.face.next_deadline_ns, self.exchange.next_deadline_ns, source_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def tick(self, now_ns: int) -> list[WsOutput]:
        """Let time pass."""
        events: list[ExchangeEvent] = [] if self.source is None else self.source.advance(now_ns)
        events += self.exchange.tick(now_ns)
        return [*self.face.absorb(events, now_ns), *self.face.tick(now_ns)]

    def jumped(self, by_ns: int, now_ns: int) -> None:
        """The clock has jumped by so much, to now."""
        if isinstance(self.source, Replay):
            self.source.wait(by_ns)
        self.face.jumped(now_ns)

    def move_price(self, symbol: str, ticks: int, now_ns: int) -> list[WsOutput]:
        """Let the background market trade at another price.

        Raises LookupError when there is none, or a recorded one.
        """
        if not isinstance(self.source, Flow):
            raise LookupError("a recorded market goes its own way" if self.source else "nobody makes the market")
        return self.face.absorb(self.source.move(symbol, ticks, now_ns), now_ns)

    def market_status(self, now_ns: int) -> dict[str, object]:
        """What makes the market."""
        if isinstance(self.source, Replay):
            return {"kind": "recording", **self.source.status(now_ns)}
        return {"kind": "none" if self.source is None else "background traders"}


class _Traded(Struct, frozen=True):
    """The symbols of both exchanges, and those of each whose market is a recording."""

    futures: tuple[Market, ...]
    spot: tuple[SpotMarket, ...]
    played: frozenset[str] = frozenset()
    spot_played: frozenset[str] = frozenset()

    @classmethod
    def chosen(cls, futures: tuple[Market, ...], spot: tuple[SpotMarket, ...], recording: Recording | None) -> _Traded:
        """Of the product that a recording is of, its symbols alone."""
        if recording is None:
            return cls(futures, spot)
        if recording.is_of_spot:
            spot = recording.listed(spot)
            return cls(futures, spot, spot_played=frozenset(each.symbol for each in spot))
        futures = recording.listed(futures)
        return cls(futures, spot, frozenset(each.symbol for each in futures))


class Simulator:
    """An exchange in a box, for a socket server or for a simulated network.

    Every method takes the time of whoever calls (ns since the Unix epoch, never going back) and returns what is to be
    sent, in order. It is the venue's time until `advance` puts the venue ahead. The same calls at the same times give
    the same bytes. Websockets are numbered by the caller, each number larger than the one before.
    """

    def __init__(
        self,
        *,
        now_ns: int,
        accounts: Mapping[str, Mapping[str, Decimal]],
        keys: Iterable[ApiKey],
        flow: Random | None,
        markets: Sequence[Market] | None = None,
        fees: FeeSchedule | None = None,
        recording: Recording | None = None,
        pace: float = 1.0,
        options: Options | None = None,
        orders_per_minute: int = ORDERS_PER_MINUTE,
        spot_markets: Sequence[SpotMarket] | None = None,
        spot_accounts: Mapping[str, Mapping[str, Decimal]] | None = None,
    ) -> None:
        """``accounts``: deposits by asset, by account, the first being the default of manual trades.

        Without a ``flow`` nobody trades but the accounts, the books begin empty and the markets have no past. With a
        ``recording`` it makes the market of its product, of its symbols alone; ``flow`` then the other product's, and
        the past.
        ``pace`` is how often background traders act, as a multiple of what is usual.
        ``options`` are for what exchanges do one way or another; accounts of much trade may send more
        ``orders_per_minute``. ``spot_accounts`` are the deposits of spot wallets and of margin accounts, by default the
        same ones.
        """
        # A box that starts later gives larger ids, so that nobody mistakes its orders for those of an earlier one.
        first_id = max(1, now_ns // _NS - _ID_EPOCH_S) * _IDS_PER_S
        past = None if flow is None else flow.getrandbits(64)
        traded = _Traded.chosen(
            tuple(load_markets() if markets is None else markets),
            tuple(load_spot_markets() if spot_markets is None else spot_markets),
            recording,
        )
        self.exchange = Exchange((each.listing for each in traded.futures), fees, first_id, options)
        self.spot_exchange = SpotExchange((each.listing for each in traded.spot), None, first_id)
        self._open_accounts(accounts, accounts if spot_accounts is None else spot_accounts, now_ns)
        self.default_account = next(iter(accounts), "")
        self._wallets = binance_assets.Wallets(self.spot_exchange, self.exchange)
        self._make_faces(traded, tuple(keys), past, orders_per_minute, now_ns)
        self._ahead_ns = 0
        self._faces_by_conn: dict[int, AnyFace[Any]] = {}
        futures_source, spot_source = self._sources(traded, recording, flow, past, now_ns, pace)
        self.parts = {
            Product.FUTURES: Part(self.exchange, self.face, futures_source),
            Product.SPOT: Part(self.spot_exchange, self.spot_face, spot_source),
        }
        self.admin = Admin(self, self.parts)
        for part in self.parts.values():
            if part.source is not None:
                part.face.absorb(part.source.advance(now_ns), now_ns)

    def _open_accounts(
        self,
        accounts: Mapping[str, Mapping[str, Decimal]],
        spot_accounts: Mapping[str, Mapping[str, Decimal]],
        now_ns: int,
    ) -> None:
        for name, deposits in accounts.items():
            self.exchange.open_account(name, deposits, now_ns=now_ns)
        for name in accounts:
            self.spot_exchange.open_account(name, spot_accounts.get(name, {}), now_ns=now_ns)
            self.spot_exchange.open_margin(name, spot_accounts.get(name, {}), now_ns=now_ns)

    def _make_faces(
        self, traded: _Traded, keys: Sequence[ApiKey], past: int | None, orders_per_minute: int, now_ns: int
    ) -> None:
        self.face = Face(
            self.exchange,
            traded.futures,
            keys,
            now_ns,
            past=past,
            recorded=traded.played,
            orders_per_minute=orders_per_minute,
        )
        self.spot_face = binance_assets.Face(
            self.spot_exchange,
            traded.spot,
            keys,
            now_ns,
            wallets=self._wallets,
            past=past,
            recorded=traded.spot_played,
            orders_per_10s=orders_per_minute // _ORDERS_PER_10S_OF_SPOT,
        )

    def _sources(
        self,
        traded: _Traded,
        recording: Recording | None,
        flow: Random | None,
        past: int | None,
        now_ns: int,
        pace: float,
    ) -> tuple[Flow | Replay | None, Flow | Replay | None]:
        """What makes the markets of futures, and of spot."""
        futures: Flow | Replay | None = None
        spot: Flow | Replay | None = None
        if recording is not None:
            if recording.is_of_spot:
                spot = Replay(self.spot_exchange, recording, now_ns)
            else:
                futures = Replay(self.exchange, recording, now_ns)
        if flow is not None:
            # One coin has about one price in the box, and futures are the same with and without spot beside them.
            if futures is None:
                leads = _nobody if spot is None else spot.value
                futures = Flow(self.exchange, traded.futures, flow, now_ns, pace, leads)
            if spot is None:
                spot = Flow(self.spot_exchange, traded.spot, Random(f"{past}/spot"), now_ns, pace, futures.value)
        return futures, spot

    @property
    def next_deadline_ns(self) -> int | None:
        """When to call `tick` at the latest."""
        deadlines = [part.next_deadline_ns for part in self.parts.values()]
        earliest = min((deadline for deadline in deadlines if deadline is not None), default=None)
        return None if earliest is None else earliest - self._ahead_ns

    @property
    def is_over(self) -> bool:
        """Whether a recording has been played to its end."""
        return any(isinstance(part.source, Replay) and part.source.is_over for part in self.parts.values())

    def exchange_ns(self, now_ns: int) -> int:
        """What the exchange's clock shows."""
        return now_ns + self._ahead_ns

    def tick(self, now_ns: int) -> list[WsOutput]:
        """Let time pass."""
        return self._tick(self.exchange_ns(now_ns))

    def _tick(self, now_ns: int) -> list[WsOutput]:
        return [output for part in self.parts.values() for output in part.tick(now_ns)]

    def http(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        """Answer one HTTP request: the venue's, or the operator's under ``/admin/``."""
        now_ns = self.exchange_ns(now_ns)
        outputs = self._tick(now_ns)
        if request.path.startswith("/admin/"):
            reply, caused = self.admin.answer(request, now_ns)
        else:
            face = self.spot_face if request.path.startswith(_SPOT_PATHS) else self.face
            reply, caused = face.http(request, now_ns)
            elsewhere, self._wallets.elsewhere = self._wallets.elsewhere, []
            caused += self.face.absorb(elsewhere, now_ns)
        return reply, [*outputs, *caused]

    def _face_at(self, target: str, product: Product) -> AnyFace[Any]:
        is_spot = product is Product.SPOT or target.startswith(_SPOT_SOCKETS)
        return self.spot_face if is_spot else self.face

    def ws_refusal(self, target: str, now_ns: int, product: Product = Product.FUTURES) -> WsRefuse | None:
        """Whether a websocket to ``target`` (path and query) is refused; if not, `ws_open` follows.

        ``product`` is whose streams are meant, where the path does not tell.
        """
        return self._face_at(target, product).ws_refusal(target, self.exchange_ns(now_ns))

    def ws_open(self, conn_id: int, target: str, now_ns: int, product: Product = Product.FUTURES) -> list[WsOutput]:
        """A websocket was opened."""
        now_ns = self.exchange_ns(now_ns)
        outputs = self._tick(now_ns)
        face = self._faces_by_conn[conn_id] = self._face_at(target, product)
        face.ws_open(conn_id, target, now_ns)
        return outputs

    def ws_frame(self, conn_id: int, data: bytes, now_ns: int) -> list[WsOutput]:
        """A client sent one text frame."""
        now_ns = self.exchange_ns(now_ns)
        outputs = self._tick(now_ns)
        face = self._faces_by_conn.get(conn_id)
        return outputs if face is None else [*outputs, *face.ws_frame(conn_id, data, now_ns)]

    def ws_pong(self, conn_id: int) -> None:
        """A client sent a pong."""
        face = self._faces_by_conn.get(conn_id)
        if face is not None:
            face.ws_pong(conn_id)

    def ws_closed(self, conn_id: int) -> None:
        """A websocket is gone."""
        face = self._faces_by_conn.pop(conn_id, None)
        if face is not None:
            face.ws_closed(conn_id)

    def place(
        self, order: NewOrder, now_ns: int, product: Product = Product.FUTURES
    ) -> tuple[list[ExchangeEvent], list[WsOutput]]:
        """An order that reaches the exchange by no venue's protocol: for tests that need a market."""
        now_ns = self.exchange_ns(now_ns)
        outputs = self._tick(now_ns)
        part = self.parts[product]
        events = part.exchange.place(order, now_ns)
        return events, [*outputs, *part.face.absorb(events, now_ns)]

    def advance(self, by_ns: int, now_ns: int) -> list[WsOutput]:
        """Jump into the future, from the venue's time: what was due on the way happens on landing, and nobody trades
        meanwhile."""
        self._ahead_ns += by_ns
        for part in self.parts.values():
            part.jumped(by_ns, now_ns + by_ns)
        return self._tick(now_ns + by_ns)

    # --- what makes the market of futures

    def absorb(self, events: Iterable[ExchangeEvent], now_ns: int) -> list[WsOutput]:
        """Tell listeners what happened in the exchange."""
        return self.face.absorb(events, now_ns)

    def move_price(self, symbol: str, ticks: int, now_ns: int) -> list[WsOutput]:
        """See `Part.move_price`."""
        return self.parts[Product.FUTURES].move_price(symbol, ticks, now_ns)

    def market_status(self, now_ns: int) -> dict[str, object]:
        """See `Part.market_status`."""
        return self.parts[Product.FUTURES].market_status(now_ns)
