"""How procedures ask the venue: patiently, and knowing how late it may act and how old its answers may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct, structs

from tradingsys.core.commands import AmendmentsQuery, OrderQuery, Reading, TradesQuery
from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import Banned, TradingError, VenueError
from tradingsys.core.order import Order
from tradingsys.core.venue_clock import VenueClock
from tradingsys.oms.procedure import T, ask, until
from tradingsys.oms.refusals import NotTold, OfSymbol, Refusals, is_refusal
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.sign_of_life import SignOfLife
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["NEGATIVES_NEEDED", "Inquiry", "Margins", "Timing"]

NEGATIVES_NEEDED = 3
"""So often the venue must deny an order before that is believed."""
_NS_PER_MS = 1_000_000


class Margins(Struct, frozen=True):
    """How late a venue may act and how stale its answers may be, in ms."""

    future_ms: int = 1_000
    """Timestamps so far ahead of the venue's clock are still accepted."""
    engine_ms: int = 5_000
    """From receiving a request in time to acting on it."""
    staleness_ms: int = 2_000
    """How old the state may be that a query answers from."""

    def fence_ms(self, recv_window_ms: int) -> int:
        """Venue time after which nothing stamped before can appear that a query would not show."""
        return self.future_ms + recv_window_ms + self.engine_ms + self.staleness_ms

    def expiry_ms(self, stamp_ms: int, recv_window_ms: int) -> int:
        """Venue time after which an answer shows whatever a request stamped so can ever have done."""
        return stamp_ms + recv_window_ms + self.engine_ms + self.staleness_ms


class Timing(Struct, frozen=True):
    """How often to ask, in ms."""

    first_retry_ms: int = 200
    longest_retry_ms: int = 4_000
    settle_ms: int = 500
    """Between two readings that must agree, and for events on their way to arrive."""


class Inquiry:
    """Asks, waits, knows the venue's time, and tells the book what it learns."""

    def __init__(
        self, book: SessionBook, margins: Margins, timing: Timing, now_ns: Callable[[], int], clock: VenueClock
    ) -> None:
        self.book = book
        self.margins = margins
        self.timing = timing
        self.clock = clock
        self.refusals = Refusals(now_ns, book.alarm)
        self._now_ns = now_ns
        self._life = SignOfLife(now_ns)

    async def ask(self, query: Reading[T]) -> T:
        """The venue's answer. Raises NotTold where it refuses to answer, and the TradingError that prevented one."""
        asked: OfSymbol | None = query if isinstance(query, OfSymbol) else None
        if asked is None:
            return await ask(query)
        if not self.refusals.is_put_off(asked):
            asked_ns = self._now_ns()
            try:
                answer = await ask(query)
            except TradingError as error:
                if is_refusal(error) or await self._is_alone(asked, error, asked_ns):
                    self.refusals.failed(asked, error)
                if not self.refusals.is_put_off(asked):
                    raise
            else:
                self.refusals.answered(asked)
                return answer
        raise NotTold(f"the exchange refuses to tell of {asked.symbol}")

    async def _is_alone(self, query: OfSymbol, error: TradingError, asked_ns: int) -> bool:
        """Whether this question finds no answer for long, and others do: it is not the venue that is down."""
        return self.refusals.is_without_answer(query, error) and await self._life.was_seen(asked_ns)

    async def of_symbol(self, query: Reading[T]) -> T:
        """What the venue tells of a symbol, however often it takes. Raises NotTold where it refuses to."""
        return await self.patiently(query, is_final=lambda error: isinstance(error, NotTold))

    def is_history_put_off(self, symbol: str) -> bool:
        """Whether executions of it are not to be asked for now, as the venue refuses to tell them."""
        return self.refusals.is_put_off(TradesQuery(symbol))

    def is_history_untold(self, symbol: str) -> bool:
        """Whether executions may be missing that the venue refuses to tell; where it took the symbol off, none are."""
        return self.is_history_put_off(symbol) and not self.refusals.is_gone(symbol)

    def lacks_trades(self, symbol: str) -> bool:
        """Whether sessions may have traded a symbol that is not accounted for, and the venue may yet tell of it."""
        return self.book.missing.lacks_trades(symbol) and not self.refusals.is_gone(symbol)

    async def patiently(self, query: Reading[T], *, is_final: Callable[[TradingError], bool] = lambda _: False) -> T:
        """The answer, however often it takes. Raises the error that ``is_final``: asking again cannot mend it."""
        wait_ms, is_told = self.timing.first_retry_ms, False
        while True:
            try:
                return await self.ask(query)
            except TradingError as error:
                if is_final(error):
                    raise
                if (wait_ms == self.timing.longest_retry_ms or isinstance(error, Banned)) and not is_told:
                    self.book.alarm(
                        f"no answer from the exchange to {type(query).__name__}: {error}; asking on."
                        + ("" if isinstance(error, Banned) else self._if_it_lasts())
                    )
                    is_told = True
                # Whoever goes on asking after "too many" is shut out, and whoever does so then, for longer.
                shut_out_ms = error.retry_after_ms if isinstance(error, VenueError) else None
                await self.wait(max(wait_ms, shut_out_ms or 0))
                wait_ms = self.longer(wait_ms)

    def _if_it_lasts(self) -> str:
        return (
            " If this lasts, see to the network and to the addresses (environment, urls): "
            f"{self.book.commands.line('doctor')} tries them all"
        )

    def owners_to_come(self) -> Iterator[tuple[str, str]]:
        """Orders (symbol, venue order id) without an owner of which the venue may yet tell whose they are: it refuses
        none of what `Attribution.attribute` asks. One by one, as most who ask want to know of any alone.
        """
        is_told, is_put_off = dict[str, bool](), self.refusals.is_put_off
        for symbol, venue_order_id in list(self.book.unattributed):
            if symbol not in is_told:
                is_told[symbol] = self._tells_what_waits(symbol)
            asked = OrderQuery(symbol, venue_order_id=venue_order_id), AmendmentsQuery(symbol, venue_order_id)
            if is_told[symbol] and not any(is_put_off(query) for query in asked):
                yield symbol, venue_order_id

    def _tells_what_waits(self, symbol: str) -> bool:
        """Whether nothing is refused that would tell of an order of ours what it became."""
        if self.book.missing.lacks_orders(symbol):
            return False
        kinship = self.book.kinship
        asked = (*kinship.waiting_orders(symbol), *kinship.absent_stops(symbol, self.surely_ms()))
        return not any(self.is_put_off(order) for order in asked)

    def is_put_off(self, order: TrackedOrder) -> bool:
        """Whether it is not to be asked about now, as the venue refuses to tell of it."""
        return self.refusals.is_put_off(self._query(order))

    async def order(self, order: TrackedOrder) -> tuple[Order | None, bool]:
        """(facts, whether the venue answered at all): an error is not an answer."""
        query = self._query(order)
        try:
            facts = await self.ask(query)
        except TradingError:
            return None, False
        if facts is not None and query.client_order_id is not None:  # whatever it is called by now
            names = {*facts.client_order_ids, query.client_order_id}
            facts = structs.replace(facts, client_order_ids=tuple(sorted(names)))
        return facts, True

    def _query(self, order: TrackedOrder) -> OrderQuery:
        venue_order_id = order.facts.venue_order_id
        if venue_order_id is not None and self.book.kind is AccountKind.ASSETS:
            # Whoever amends an order of assets may give it another client order id.
            return OrderQuery(order.symbol, venue_order_id=venue_order_id)
        if not order.is_conditional:
            return OrderQuery(order.symbol, client_order_id=order.client_order_id)
        if venue_order_id is None:
            return OrderQuery(order.symbol, client_order_id=order.client_order_id, is_conditional=True)
        # What it became may have a client order id of the venue's making.
        return OrderQuery(order.symbol, venue_order_id=venue_order_id)

    def now_ns(self) -> int:
        """Monotonic time."""
        return self._now_ns()

    async def wait(self, ms: int) -> None:
        """Let time pass."""
        await until(self._now_ns() + ms * _NS_PER_MS)

    async def wait_until(self, at_ns: int) -> None:
        """Let time pass up to an instant of monotonic time, if it is still to come."""
        if at_ns > self._now_ns():
            await until(at_ns)

    def longer(self, wait_ms: int) -> int:
        """The wait after this one, when asking did not help."""
        return min(2 * wait_ms, self.timing.longest_retry_ms)

    def venue_ms(self) -> int:
        """The venue's time."""
        return self.clock.now_ms(self._now_ns())

    def uncertainty_ms(self) -> int:
        """How far `venue_ms` may be off."""
        return self.clock.uncertainty_ms(self._now_ns())

    def surely_ms(self) -> int:
        """The venue's time at the least, where being ahead of it could prove too much."""
        return self.venue_ms() - self.uncertainty_ms()

    def learn(self, facts: Order, symbol: str | None = None) -> TrackedOrder | None:
        """Tell the book what an answer says."""
        where = symbol or (facts.terms.symbol if facts.terms else "")
        return self.book.learn(facts, where, facts.terms.version_ms if facts.terms else 0)
