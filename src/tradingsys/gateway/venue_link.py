"""The way to the venue: its protocol over the transport, within the rate budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from tradingsys.core.ban import Ban, BanRecord
from tradingsys.core.commands import Ask, Command, PlaceOrderList, Query, RateLimit
from tradingsys.core.deadlines import earliest
from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import LimitExceeded, TransportError
from tradingsys.core.instrument import Instrument
from tradingsys.core.io import CloseWs, HttpRequest, Input, OpenWs, Tick, WsFrame
from tradingsys.core.order import Terms
from tradingsys.core.reports import Answer, LimitsSeen, Report, TradingState, UserStreamState
from tradingsys.gateway.seams import Log, Transport
from tradingsys.net.clock import Clock
from tradingsys.oms.procedure import Procedures, Turn
from tradingsys.oms.throttle import Lacking, Share, Throttle
from tradingsys.oms.turns import SHARES, Turns
from tradingsys.venues.protocol import Misfit, Output, VenueProtocol
from tradingsys.wire.messages import ErrorCode

__all__ = ["VenueLink"]

_NS_PER_MS = 1_000_000
_CLOCK_LIMIT_MS = 1_000
"""With the venue's time known no better than this, a timestamp could outlive its fence."""
_UNTOLD_WAIT_MS = 3_000
"""A shorter wait for room in the budget is nothing to speak of."""
_NEWS_MS = 5_000
"""Answers to what was sent at one time differ by less in for how long the venue wants to be left alone: that is kept,
but not told.
"""


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
        keep: Callable[[list[BanRecord]], None],
        ban: BanRecord | None,
    ) -> None:
        """``keep`` is told each ban, for the gateway after this one; ``ban`` is what an earlier one was told."""
        self.trading = TradingState(False)
        self.stream = UserStreamState(False)
        self._venue = venue
        self._transport = transport
        self._clock = clock
        self._procedures = procedures
        self._heard = heard
        self._log = log
        self._keep = keep
        self._throttle = Throttle()
        self._turns = Turns()
        self._waiting_until_ns: int | None = None
        self._first_to_wait: Turn | None = None
        """This turn, and those after it, wait for room in the budget until then."""
        self._ban, self._too_many_orders = Ban(), Ban()
        """Of everything that this machine's address asks, and of the account's new orders alone."""
        if ban is not None:
            self._ban.hold(ban.left_ms(self._wall_ms()), clock.monotonic_ns())

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
            self._waiting_until_ns = self._first_to_wait = None
        for token in self._turns.take_stale(now_ns):
            why = "it had to wait for too long, and was not sent"
            self._procedures.answer(token, None, TransportError(why, sent=False))
        for token in self._turns.take_lost(now_ns):
            self._log.error("a question to the exchange was never answered: please report it", token=token)
            self._procedures.answer(token, None, TransportError("no answer", sent=True))

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do."""
        return earliest((self._venue.next_deadline_ns, self._waiting_until_ns, self._turns.next_deadline_ns))

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
        costs = self._costs(command)
        if self._shut_out_ms(costs):
            return False
        return not self._venue.clock.is_set or self._throttle.admits(costs, self.venue_ms(), share)

    @property
    def ban_left_ms(self) -> int:
        """For how long the venue still wants to be left alone; 0 when it may be asked."""
        return self._ban.left_ms(self._clock.monotonic_ns())

    @property
    def left_alone_until_ms(self) -> int:
        """When that is, by this machine's time of day; 0 when the venue may be asked."""
        left_ms = self.ban_left_ms
        return self._wall_ms() + left_ms if left_ms else 0

    @property
    def ban(self) -> BanRecord:
        """The same, for the gateway that is started next."""
        return BanRecord(self._wall_ms(), self.ban_left_ms)

    def question_wait_ms(self, query: Query[object]) -> int:
        """How long a strategy's question should wait for room in its part of the budget; 0 when it may go now."""
        if self.admits(Ask(0, query), Share.STRATEGIES_QUESTIONS):
            return 0
        return max(1, self._retry_ms(Ask(0, query), Share.STRATEGIES_QUESTIONS))

    def too_fast(self, what: str, command: Command, share: Share = Share.ORDERS) -> str:
        """Why something is not sent that `admits` does not."""
        wait_s = self._retry_ms(command, share) / 1000
        return f"over the exchange's rate limit: {what} not sent; try again in {wait_s:.1f} s"

    def denial(
        self, what: str, command: Command, share: Share = Share.ORDERS, *, for_others: bool = False
    ) -> LimitExceeded:
        """The refusal of something that `admits` does not, with figures."""
        text, costs = self.too_fast(what, command, share), self._costs(command)
        left_ms = self._shut_out_ms(costs)
        lacking = (
            self._throttle.lacking(costs, self.venue_ms(), share)
            if self._venue.clock.is_set and not left_ms
            else Lacking("", left_ms, 0, 1)
        )
        within = f"in {lacking.window_ms / 1000:g} s"
        return LimitExceeded(
            text,
            code=ErrorCode.DENIED,
            limit=f"exchange: {lacking.kind or 'shut out'}",
            allowed=f"{lacking.allowed} {within}",
            observed=f"{lacking.wanted} {within}",
            for_others=for_others,
        )

    def is_filled_by(self, session: int, command: Command) -> bool:
        """Whether there is no room for an order of a session because it took most of the room itself; a ban is nobody's
        doing.
        """
        costs = self._costs(command)
        return not self._shut_out_ms(costs) and self._throttle.is_filled_by(session, costs, self.venue_ms())

    def percent(self, query: Query[object], times: int, in_ms: int) -> int:
        """How full asking this so often in so long makes the exchange's rate limit."""
        return self._throttle.percent(self._costs(Ask(0, query)), times, in_ms)

    def send(self, command: Command) -> None:
        """Send one command now."""
        if self._venue.clock.is_set:
            self._throttle.spend(self._costs(command), self.venue_ms())
        self._perform(self._venue.command(command, self._clock.monotonic_ns()))

    def send_for(self, session: int, command: Command) -> None:
        """Send one command now, as a session asks for it: that counts as its own."""
        if self._venue.clock.is_set:
            self._throttle.charge(session, self._costs(command), self.venue_ms())
        self.send(command)

    def ask_what_is_due(self) -> bool:
        """Send the questions of procedures, each in its turn and as far as its share allows; whether any was sent."""
        now_ns, sent = self._clock.monotonic_ns(), False
        for token, query, turn in self._procedures.take_queries():
            self._turns.add(token, query, turn, now_ns)
        while (first := self._turns.first(before=self._first_to_wait)) is not None:
            turn, ask = first
            if not self.admits(ask, SHARES[turn]):
                self._first_to_wait = turn
                self._wait_for_room(self._retry_ms(ask, SHARES[turn]))
                break
            self._turns.sent(turn, now_ns)
            self.send(ask)
            sent = True
        return sent

    @property
    def questions_waiting(self) -> int:
        """How many could not be asked yet."""
        return len(self._turns)

    def _wait_for_room(self, wait_ms: int) -> None:
        self._waiting_until_ns = self._clock.monotonic_ns() + wait_ms * _NS_PER_MS
        if wait_ms > _UNTOLD_WAIT_MS and not self.ban_left_ms:  # of which people were told
            self._log.warning(
                "reading waits for room in the exchange's rate limit; orders have room of their own",
                seconds=-(-wait_ms // 1000),
                questions=len(self._turns),
            )

    def refusal(self, terms: Terms, instrument: Instrument, reference_px: Decimal | None) -> str:
        """Why the venue would refuse an order, by its own rules; empty when it would not."""
        error = self._venue.refusal(terms, instrument, reference_px)
        return "" if error is None else str(error)

    def misfit(self, terms: Terms, instrument: Instrument, px: Decimal | None) -> Misfit | None:
        """Whether an order is about too little, or too much, for the venue, by its rules."""
        return self._venue.misfit(terms, instrument, px)

    def refused_misfit(
        self, terms: Terms, instrument: Instrument, px: Decimal | None, code: int, message: str
    ) -> Misfit | None:
        """The same, by how it was refused."""
        return self._venue.refused_misfit(terms, instrument, px, code, message)

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
                    self._turns.answered(token)
                    self._heard(output)
                    self._procedures.answer(token, value, error)
                case LimitsSeen(used, retry_after_ms, is_of_orders):
                    if self._venue.clock.is_set:
                        self._throttle.seen(used, self.venue_ms())
                    ban = self._too_many_orders if is_of_orders else self._ban
                    longer_ms = ban.hold(retry_after_ms, self._clock.monotonic_ns())
                    if longer_ms and not is_of_orders:
                        self._keep([self.ban])
                    if longer_ms > _NEWS_MS:
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

    def _shut_out_ms(self, costs: dict[str, int]) -> int:
        """For how much longer nothing of such costs may be sent."""
        now_ns = self._clock.monotonic_ns()
        return max(self._ban.left_ms(now_ns), self._too_many_orders.left_ms(now_ns) if costs["orders"] else 0)

    def _retry_ms(self, command: Command, share: Share) -> int:
        costs = self._costs(command)
        full_ms = self._throttle.retry_ms(costs, self.venue_ms(), share) if self._venue.clock.is_set else 0
        return max(self._shut_out_ms(costs), full_ms)

    def _wall_ms(self) -> int:
        return self._clock.wall_ns() // _NS_PER_MS

    def _costs(self, command: Command) -> dict[str, int]:
        cost = self._venue.cost(command)
        return {"weight": cost.weight, "orders": cost.orders}
