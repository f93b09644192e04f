"""What a gateway speaks where the venue's bytes are left out: each message is the number of an object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from urllib.parse import urlencode

from tradingsys.core.commands import (
    Ask,
    CancelOrder,
    Command,
    InstrumentsQuery,
    Loan,
    PlaceOrder,
    PlaceOrderList,
    ReplaceOrder,
    TimeQuery,
)
from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import TradingError, TransportError, VenueError
from tradingsys.core.instrument import Instrument
from tradingsys.core.io import Closed, Frame, HttpFailed, HttpReply, HttpRequest, Input, Opened, OpenWs, Tick
from tradingsys.core.order import Terms
from tradingsys.core.reports import (
    Answer,
    OrderChanged,
    OrderRequest,
    Outcome,
    RequestDone,
    TradingState,
    UserStreamState,
)
from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.binance.errors import WRONG_TIME
from tradingsys.venues.protocol import Cost, Misfit, Output

__all__ = ["PlainProtocol"]

_MS = 1_000_000


class PlainProtocol:
    """A `VenueProtocol` whose messages are numbers."""

    account_kind = AccountKind.ASSETS
    next_deadline_ns: int | None = None

    def __init__(self, number: Callable[[object], str], objects: Sequence[object]) -> None:
        self.clock = VenueClock()
        self._number, self._objects = number, objects
        self._token = 0
        self._sent: dict[int, tuple[Command, int]] = {}

    def connect(self, now_ns: int) -> list[Output]:
        return [TradingState(True, "plain"), OpenWs("user", "ws://sim/user")]

    def handle(self, event: Input, now_ns: int) -> list[Output]:
        match event:
            case Tick():
                self.next_deadline_ns = None
                return [OpenWs("user", "ws://sim/user")]
            case Opened():
                return [UserStreamState(True)]
            case Closed(_, reason):
                self.next_deadline_ns = now_ns + 300 * _MS
                return [UserStreamState(False, reason)]
            case Frame(_, data):
                report = self._objects[int(data)]
                assert isinstance(report, OrderChanged)
                return [report]
            case HttpReply(token, _, _, body):
                command, sent_ns = self._sent.pop(token)
                return list(self._done(command, self._objects[int(body)], sent_ns, now_ns))
            case HttpFailed(token, sent, reason):
                command, _ = self._sent.pop(token)
                return list(self._failed(command, TransportError(reason, sent=sent), sent=sent))

    def command(self, command: Command, now_ns: int) -> list[Output]:
        self._token += 1
        self._sent[self._token] = (command, now_ns)
        if isinstance(command, Ask):
            asked = {"id": self._number(command)}
            if not isinstance(command.query, TimeQuery | InstrumentsQuery):
                asked["timestamp"] = str(self.clock.now_ms(now_ns))
            if isinstance(command.query, Loan):
                return [HttpRequest(self._token, "POST", f"http://sim/loan?{urlencode(asked)}", {})]
            return [HttpRequest(self._token, "GET", f"http://sim/openOrders?{urlencode(asked)}", {})]
        first = command.orders[0] if isinstance(command, PlaceOrderList) else command
        symbol = first.terms.symbol if isinstance(first, PlaceOrder) else first.symbol
        named = {"symbol": symbol, "newClientOrderId": first.client_order_id}
        if isinstance(command, ReplaceOrder):
            named |= {"modifyId": str(command.revision), "origClientOrderId": command.client_order_id}
        method = "DELETE" if isinstance(command, CancelOrder) else "POST"
        query = urlencode({"id": self._number(command), **named})
        return [HttpRequest(self._token, method, f"http://sim/order?{query}", {})]

    def cost(self, command: Command) -> Cost:
        return Cost(0, 0)

    def refusal(self, terms: Terms, instrument: Instrument, reference_px: Decimal | None) -> TradingError | None:
        return None

    def misfit(self, terms: Terms, instrument: Instrument, px: Decimal | None) -> Misfit | None:
        return None

    def refused_misfit(
        self, terms: Terms, instrument: Instrument, px: Decimal | None, code: int, message: str
    ) -> Misfit | None:
        return None

    def list_refusal(self, command: PlaceOrderList) -> TradingError | None:
        return None

    def _done(self, command: Command, value: object, sent_ns: int, now_ns: int) -> Iterator[Output]:
        if isinstance(value, VenueError) and value.code == WRONG_TIME:
            self.clock.doubt()
        if isinstance(command, Ask):
            if isinstance(command.query, TimeQuery) and not isinstance(value, TradingError):
                assert isinstance(value, int)
                self.clock.set(value, sent_ns, now_ns)
            error = value if isinstance(value, TradingError) else None
            yield Answer(command.token, None if error else value, error)
            return
        error = value if isinstance(value, TradingError) else None
        if error is None:
            assert isinstance(value, list)
            yield from value
        yield from _ended(command, Outcome.REFUSED if error else Outcome.ACCEPTED, error)

    def _failed(self, command: Command, error: TransportError, *, sent: bool) -> Iterator[Output]:
        if isinstance(command, Ask):
            yield Answer(command.token, None, error)
            return
        yield from _ended(command, Outcome.IN_DOUBT if sent else Outcome.NOT_SENT, error)


def _ended(command: Command, outcome: Outcome, error: TradingError | None) -> Iterator[RequestDone]:
    match command:
        case PlaceOrderList(_, orders):
            yield from (RequestDone(each.client_order_id, OrderRequest.PLACE, outcome, error) for each in orders)
        case PlaceOrder():
            yield RequestDone(command.client_order_id, OrderRequest.PLACE, outcome, error)
        case CancelOrder():
            yield RequestDone(command.client_order_id, OrderRequest.CANCEL, outcome, error)
        case ReplaceOrder():
            yield RequestDone(command.client_order_id, OrderRequest.REPLACE, outcome, error, command.revision)
