"""The way to the venue: its protocol over the transport, within the rate budget."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal

from tradingsys.core.commands import Ask, Command, PlaceOrderList, Query, RateLimit, TimeQuery
from tradingsys.core.deadlines import earliest
from tradingsys.core.enums import AccountKind
from tradingsys.core.instrument import Instrument
from tradingsys.core.io import CloseWs, HttpRequest, Input, OpenWs, Tick, WsFrame
from tradingsys.core.order import Terms
from tradingsys.core.reports import Answer, LimitsSeen, Report, TradingState, UserStreamState
from tradingsys.gateway.seams import Log, Transport
from tradingsys.net.clock import Clock
from tradingsys.oms.procedure import Procedures
from tradingsys.oms.throttle import Share, Throttle
from tradingsys.venues.protocol import Output, VenueProtocol

__all__ = ["VenueLink"]

_NS_PER_MS = 1_000_000
_CLOCK_LIMIT_MS = 1_000
"""With the venue's time known no better than this, a timestamp could outlive its fence."""
_UNTOLD_WAIT_MS = 3_000
"""A shorter wait for room in the budget is nothing to speak of."""
_UNDER_WAY = 12
"""Questions at a time: one that is stamped and then waits for a connection is too old when it arrives at a slow venue,
is refused, and asked again: the more are in doubt, the less is answered. Some connections are left for the time."""


class VenueLink:
    """Sends commands and the procedures' questions; hands on what the venue reports.

    Orders and cancels go at once or not at all; questions wait for room in the budget.
    """

    def __init__(
        self,
        venue: VenueProtocol,
        transport: Transport,
        clock: Clock,
        procedures: Procedures,
        heard: Callable[[Report], None],
        log: Log,
    ) -> None:
        self.trading = TradingState(False)
        self.stream = UserStreamState(False)
        self._venue = venue
        self._transport = transport
        self._clock = clock
        self._procedures = procedures
        self._heard = heard
        self._log = log
        self._throttle = Throttle()
        self._waiting: deque[Ask] = deque()
        self._waiting_until_ns: int | None = None
        self._asked: set[int] = set()
        """What has no answer yet, by token."""

    def set_limits(self, limits: Iterable[RateLimit]) -> None:
        """Take the rate limits the venue states."""
        self._throttle.set_limits(limits)

    def connect(self) -> None:
        """Open order connection and account stream, and keep them open."""
        self._perform(self._venue.connect(self._clock.monotonic_ns()))

    def handle(self, event: Input) -> None:
        """Something happened on a connection of the protocol's."""
        self._perform(self._venue.handle(event, self._clock.monotonic_ns()))

    def tick(self) -> None:
        """Time passed."""
        now_ns = self._clock.monotonic_ns()
        due_ns = self._venue.next_deadline_ns
        if due_ns is not None and due_ns <= now_ns:
            self.handle(Tick())
        if self._waiting_until_ns is not None and self._waiting_until_ns <= now_ns:
            self._waiting_until_ns = None

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do."""
        return earliest((self._venue.next_deadline_ns, self._waiting_until_ns))

    @property
    def account_kind(self) -> AccountKind:
        """What the account holds."""
        return self._venue.account_kind

    def known_ms(self) -> int | None:
        """The venue's time now; None as long as nobody told it."""
        return self.venue_ms() if self._venue.clock.is_set else None

    def venue_ms(self) -> int:
        """The venue's time now."""
        return self._venue.clock.now_ms(self._clock.monotonic_ns())

    def admits(self, command: Command, share: Share = Share.ORDERS) -> bool:
        """Whether the budget has room for this now, in its share."""
        if not self._venue.clock.is_set:
            return True
        return self._throttle.admits(self._costs(command), self.venue_ms(), share)

    def question_wait_ms(self, query: Query[object]) -> int:
        """How long a strategy's question should wait for room in its part of the budget; 0 when it may go now."""
        if self.admits(Ask(0, query), Share.STRATEGIES_QUESTIONS):
            return 0
        return max(1, self._retry_ms(Ask(0, query), Share.STRATEGIES_QUESTIONS))

    def too_fast(self, what: str, command: Command, share: Share = Share.ORDERS) -> str:
        """Why something is not sent that `admits` does not."""
        wait_s = self._retry_ms(command, share) / 1000
        return f"over the exchange's rate limit: {what} not sent; try again in {wait_s:.1f} s"

    def send(self, command: Command) -> None:
        """Send one command now."""
        if self._venue.clock.is_set:
            self._throttle.spend(self._costs(command), self.venue_ms())
        if isinstance(command, Ask):
            self._asked.add(command.token)
        self._perform(self._venue.command(command, self._clock.monotonic_ns()))

    def ask_what_is_due(self) -> bool:
        """Send the questions of procedures, a few at a time, as far as their share allows; whether any was sent.

        The time is asked for out of turn: however much waits to be read, orders need it.
        """
        sent = False
        for token, query in self._procedures.take_queries():
            ask = Ask(token, query)
            if not isinstance(query, TimeQuery):
                self._waiting.append(ask)
            elif self.admits(ask):
                self.send(ask)
                sent = True
            else:
                self._waiting.appendleft(ask)
        while self._waiting and self._waiting_until_ns is None:
            first = self._waiting[0]
            is_urgent = isinstance(first.query, TimeQuery)
            if len(self._asked) >= _UNDER_WAY and not is_urgent:
                break
            share = Share.ORDERS if is_urgent else Share.OWN_QUESTIONS
            if not self.admits(first, share):
                self._wait_for_room(self._retry_ms(first, share))
                break
            self.send(self._waiting.popleft())
            sent = True
        return sent

    def _wait_for_room(self, wait_ms: int) -> None:
        self._waiting_until_ns = self._clock.monotonic_ns() + wait_ms * _NS_PER_MS
        if wait_ms > _UNTOLD_WAIT_MS:
            self._log.warning(
                "reading waits for room in the exchange's rate limit; orders have room of their own",
                seconds=-(-wait_ms // 1000),
                questions=len(self._waiting),
            )

    def refusal(self, terms: Terms, instrument: Instrument, reference_px: Decimal | None) -> str:
        """Why the venue would refuse an order, by its own rules; empty when it would not."""
        error = self._venue.refusal(terms, instrument, reference_px)
        return "" if error is None else str(error)

    def list_refusal(self, command: PlaceOrderList) -> str:
        """Why the venue has no such list of orders; empty when it has."""
        error = self._venue.list_refusal(command)
        return "" if error is None else str(error)

    def why_not_trading(self) -> str:
        """Why no order can be sent now; empty when one can."""
        if not self.trading.is_up:
            return f"trade disconnected: {self.trading.reason or 'no order connection'}"
        if not self.stream.is_up:
            return f"trade disconnected: the account's events do not reach us ({self.stream.reason or 'connecting'})"
        # A doubted clock stops nothing: the venue itself refuses what is stamped wrong, and most was only slow.
        if self._venue.clock.precision_ms(self._clock.monotonic_ns()) > _CLOCK_LIMIT_MS:
            return "the exchange's time is uncertain by more than a second"
        return ""

    def _perform(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            match output:
                case OpenWs() | WsFrame() | CloseWs() | HttpRequest():
                    self._transport.perform(output)
                case Answer(token, value, error):
                    self._asked.discard(token)
                    self._procedures.answer(token, value, error)
                case LimitsSeen(used, retry_after_ms):
                    if self._venue.clock.is_set and self._throttle.seen(used, retry_after_ms, self.venue_ms()):
                        self._heard(output)
                case TradingState():
                    self.trading = output
                    self._heard(output)
                case UserStreamState():
                    before, self.stream = self.stream, output
                    if before != output:
                        self._heard(output)
                case _:
                    self._heard(output)

    def _retry_ms(self, command: Command, share: Share) -> int:
        return self._throttle.retry_ms(self._costs(command), self.venue_ms(), share)

    def _costs(self, command: Command) -> dict[str, int]:
        cost = self._venue.cost(command)
        return {"weight": cost.weight, "orders": cost.orders}
