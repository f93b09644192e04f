"""The whole box without sockets: exchange, market, venue face and operator's window, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from random import Random

from tradingsys.matching.fees import FeeSchedule
from tradingsys.sim.admin import Admin
from tradingsys.sim.events import ExchangeEvent, NewOrder
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.faces.binance_usdm import ORDERS_PER_MINUTE, ApiKey, Face
from tradingsys.sim.faces.transport import Reply, Request, WsOutput, WsRefuse
from tradingsys.sim.flow import Flow
from tradingsys.sim.markets import Market, load_markets
from tradingsys.sim.recording import Recording
from tradingsys.sim.replay import Replay
from tradingsys.sim.state import Options

__all__ = ["Simulator"]

_NS = 1_000_000_000
_ID_EPOCH_S = 1_600_000_000
_IDS_PER_S = 1_000


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
        speed: float = 1.0,
        options: Options | None = None,
        orders_per_minute: int = ORDERS_PER_MINUTE,
    ) -> None:
        """``accounts``: deposits by asset, by account, the first being the default of manual trades.

        Without a ``flow`` nobody trades but the accounts, the books begin empty and the markets have no past. With a
        ``recording`` it makes the market, of its symbols alone; ``flow`` is then the source of the past only.
        ``speed`` is how fast the caller's time runs: in a hurry, background traders do less in the same time.
        ``options`` are for what exchanges do one way or another; accounts of much trade may send more
        ``orders_per_minute``.
        """
        listed = tuple(load_markets() if markets is None else markets)
        if recording is not None:
            listed = recording.listed(listed)
        # A box that starts later gives larger ids, so that nobody mistakes its orders for those of an earlier one.
        first_id = max(1, now_ns // _NS - _ID_EPOCH_S) * _IDS_PER_S
        self.exchange = Exchange((each.listing for each in listed), fees, first_id, options)
        for name, deposits in accounts.items():
            self.exchange.open_account(name, deposits, now_ns=now_ns)
        self.default_account = next(iter(accounts), "")
        past = None if flow is None else flow.getrandbits(64)
        recorded = frozenset() if recording is None else frozenset(each.symbol for each in listed)
        self.face = Face(
            self.exchange, listed, keys, now_ns, past=past, recorded=recorded, orders_per_minute=orders_per_minute
        )
        self.admin = Admin(self)
        self._ahead_ns = 0
        self._source: Flow | Replay | None = None
        if recording is not None:
            self._source = Replay(self.exchange, recording, now_ns)
        elif flow is not None:
            self._source = Flow(self.exchange, listed, flow, now_ns, speed)
        if self._source is not None:
            self.face.absorb(self._source.advance(now_ns), now_ns)

    @property
    def next_deadline_ns(self) -> int | None:
        """When to call `tick` at the latest."""
        deadlines = (
            self.face.next_deadline_ns,
            self.exchange.next_deadline_ns,
            None if self._source is None else self._source.next_deadline_ns,
        )
        earliest = min((deadline for deadline in deadlines if deadline is not None), default=None)
        return None if earliest is None else earliest - self._ahead_ns

    @property
    def is_over(self) -> bool:
        """Whether a recording has been played to its end."""
        return isinstance(self._source, Replay) and self._source.is_over

    def tick(self, now_ns: int) -> list[WsOutput]:
        """Let time pass."""
        return self._tick(now_ns + self._ahead_ns)

    def _tick(self, now_ns: int) -> list[WsOutput]:
        events: list[ExchangeEvent] = [] if self._source is None else self._source.advance(now_ns)
        events += self.exchange.tick(now_ns)
        return [*self.face.absorb(events, now_ns), *self.face.tick(now_ns)]

    def http(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        """Answer one HTTP request: the venue's, or the operator's under ``/admin/``."""
        now_ns += self._ahead_ns
        outputs = self._tick(now_ns)
        if request.path.startswith("/admin/"):
            reply, caused = self.admin.answer(request, now_ns)
        else:
            reply, caused = self.face.http(request, now_ns)
        return reply, [*outputs, *caused]

    def ws_refusal(self, target: str, now_ns: int) -> WsRefuse | None:
        """Whether a websocket to ``target`` (path and query) is refused; if not, `ws_open` follows."""
        return self.face.ws_refusal(target, now_ns + self._ahead_ns)

    def ws_open(self, conn_id: int, target: str, now_ns: int) -> list[WsOutput]:
        """A websocket was opened."""
        now_ns += self._ahead_ns
        outputs = self._tick(now_ns)
        self.face.ws_open(conn_id, target, now_ns)
        return outputs

    def ws_frame(self, conn_id: int, data: bytes, now_ns: int) -> list[WsOutput]:
        """A client sent one text frame."""
        now_ns += self._ahead_ns
        return [*self._tick(now_ns), *self.face.ws_frame(conn_id, data, now_ns)]

    def ws_pong(self, conn_id: int) -> None:
        """A client sent a pong."""
        self.face.ws_pong(conn_id)

    def ws_closed(self, conn_id: int) -> None:
        """A websocket is gone."""
        self.face.ws_closed(conn_id)

    def place(self, order: NewOrder, now_ns: int) -> tuple[list[ExchangeEvent], list[WsOutput]]:
        """An order that reaches the exchange by no venue's protocol: for tests that need a market."""
        now_ns += self._ahead_ns
        outputs = self._tick(now_ns)
        events = self.exchange.place(order, now_ns)
        return events, [*outputs, *self.face.absorb(events, now_ns)]

    # --- levers: times are the venue's

    def absorb(self, events: Iterable[ExchangeEvent], now_ns: int) -> list[WsOutput]:
        """Tell listeners what happened in the exchange."""
        return self.face.absorb(events, now_ns)

    def advance(self, by_ns: int, now_ns: int) -> list[WsOutput]:
        """Jump into the future: what was due on the way happens on landing, and nobody trades meanwhile."""
        self._ahead_ns += by_ns
        if isinstance(self._source, Replay):
            self._source.wait(by_ns)
        self.face.jumped(now_ns + by_ns)
        return self._tick(now_ns + by_ns)

    def move_price(self, symbol: str, ticks: int, now_ns: int) -> list[WsOutput]:
        """Let the background market trade at another price.

        Raises LookupError when there is none, or a recorded one.
        """
        if not isinstance(self._source, Flow):
            raise LookupError("a recorded market goes its own way" if self._source else "nobody makes the market")
        return self.face.absorb(self._source.move(symbol, ticks, now_ns), now_ns)

    def market_status(self, now_ns: int) -> dict[str, object]:
        """What makes the market."""
        if isinstance(self._source, Replay):
            return {"kind": "recording", **self._source.status(now_ns)}
        return {"kind": "none" if self._source is None else "background traders"}
