"""The whole box without sockets: exchange, background market, venue face and operator's window, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from random import Random

from tradingsys.matching.fees import FeeSchedule
from tradingsys.sim.admin import Admin
from tradingsys.sim.events import ExchangeEvent, NewOrder
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.faces.binance_usdm import ApiKey, Face
from tradingsys.sim.faces.transport import Reply, Request, WsOutput, WsRefuse
from tradingsys.sim.flow import Flow
from tradingsys.sim.markets import Market, load_markets

__all__ = ["Simulator"]

_NS = 1_000_000_000
_ID_EPOCH_S = 1_600_000_000
_IDS_PER_S = 1_000


class Simulator:
    """An exchange in a box, for a socket server or for a simulated network.

    Every method takes the venue's time (ns since the Unix epoch, never going back) and returns what is to be sent, in
    order. The same calls at the same times give the same bytes. Websockets are numbered by the caller, each number
    larger than the one before.
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
    ) -> None:
        """``accounts``: deposits by asset, by account, the first being the default of manual trades.

        Without a ``flow`` nobody trades but the accounts, and the books begin empty.
        """
        listed = load_markets() if markets is None else markets
        listings = (each.listing for each in listed)
        # A box that starts later gives larger ids, so that nobody mistakes its orders for those of an earlier one.
        first_id = max(1, now_ns // _NS - _ID_EPOCH_S) * _IDS_PER_S
        self.exchange = Exchange(listings, fees, first_id)
        for name, deposits in accounts.items():
            self.exchange.open_account(name, deposits, now_ns=now_ns)
        past = None if flow is None else flow.getrandbits(64)
        self.face = Face(self.exchange, listed, keys, now_ns, past=past)
        self._admin = Admin(self.exchange, next(iter(accounts), ""))
        self._flow = None if flow is None else Flow(self.exchange, listed, flow, now_ns)
        if self._flow is not None:
            self.face.absorb(self._flow.advance(now_ns), now_ns)

    @property
    def next_deadline_ns(self) -> int | None:
        """When to call `tick` at the latest."""
        deadlines = (
            self.face.next_deadline_ns,
            self.exchange.next_deadline_ns,
            None if self._flow is None else self._flow.next_deadline_ns,
        )
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def tick(self, now_ns: int) -> list[WsOutput]:
        """Let time pass."""
        events: list[ExchangeEvent] = [] if self._flow is None else self._flow.advance(now_ns)
        events += self.exchange.tick(now_ns)
        return [*self.face.absorb(events, now_ns), *self.face.tick(now_ns)]

    def http(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        """Answer one HTTP request: the venue's, or the operator's under ``/admin/``."""
        outputs = self.tick(now_ns)
        if request.path.startswith("/admin/"):
            reply, events = self._admin.answer(request, now_ns)
            caused = self.face.absorb(events, now_ns)
        else:
            reply, caused = self.face.http(request, now_ns)
        return reply, [*outputs, *caused]

    def ws_refusal(self, target: str, now_ns: int) -> WsRefuse | None:
        """Whether a websocket to ``target`` (path and query) is refused; if not, `ws_open` follows."""
        return self.face.ws_refusal(target, now_ns)

    def ws_open(self, conn_id: int, target: str, now_ns: int) -> list[WsOutput]:
        """A websocket was opened."""
        outputs = self.tick(now_ns)
        self.face.ws_open(conn_id, target, now_ns)
        return outputs

    def ws_frame(self, conn_id: int, data: bytes, now_ns: int) -> list[WsOutput]:
        """A client sent one text frame."""
        return [*self.tick(now_ns), *self.face.ws_frame(conn_id, data, now_ns)]

    def ws_closed(self, conn_id: int) -> None:
        """A websocket is gone."""
        self.face.ws_closed(conn_id)

    def place(self, order: NewOrder, now_ns: int) -> tuple[list[ExchangeEvent], list[WsOutput]]:
        """An order that reaches the exchange by no venue's protocol: for tests that need a market."""
        outputs = self.tick(now_ns)
        events = self.exchange.place(order, now_ns)
        return events, [*outputs, *self.face.absorb(events, now_ns)]
