"""Finding out what really happened: at boot, after every gap in the user stream, and for each order in doubt.

The exchange's own ledger is the log of record; these procedures read it until the books must equal it. Each is a
`Procedure`: it asks the venue and waits, and changes nothing but the `SessionBook`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.commands import OpenOrdersQuery, OrderQuery, PositionsQuery, Query, TimeQuery, TradesQuery
from tradingsys.core.enums import OrderStatus
from tradingsys.core.errors import Banned, TradingError, VenueError
from tradingsys.core.order import Closed, Fill, Order
from tradingsys.core.venue_clock import VenueClock
from tradingsys.oms.procedure import T, ask, until
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Margins", "Recovery", "Timing"]

_NS_PER_MS = 1_000_000
_NEGATIVES_NEEDED = 3
_OWNER_ATTEMPTS = 12
_ATTEMPTS_BEFORE_ALARM = 3
_FETCHES = 2
_JOIN_MS = 50
_PAGE = 1000
_CREATION_DOUBT_MS = 3_600_000
"""How far the clock of the machine that made the book may have been ahead; reading too much does no harm."""
_CLOCK_WANTED_MS = 500
"""Half of what timestamps may be ahead of the venue's clock."""
_RETENTION_MS = 3 * 86_400_000
"""Binance forgets orders that ended without a fill after so long."""


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


class Timing(Struct, frozen=True):
    """How often to ask, in ms."""

    first_retry_ms: int = 200
    longest_retry_ms: int = 4_000
    settle_ms: int = 500
    """Between two readings that must agree, and for events on their way to arrive."""


class Recovery:
    """Procedures over one `SessionBook`."""

    def __init__(
        self,
        book: SessionBook,
        margins: Margins,
        timing: Timing,
        now_ns: Callable[[], int],
        clock: VenueClock,
    ) -> None:
        self._book = book
        self._margins = margins
        self._timing = timing
        self._now_ns = now_ns
        self._clock = clock
        self._pulling: dict[str, bool] = {}
        self._pulled: Counter[str] = Counter()
        self._fetching: dict[str, int] = {}
        self._resolving: set[str] = set()
        self.differences: dict[str, Decimal] = {}
        """Σ sessions + EXTERNAL − account, by symbol, where it is not zero after two agreeing readings."""
        self.listed: Container[str] | None = None
        """The venue's symbols; nothing can be asked about any other. None as long as nobody said."""

    async def learn_time(self) -> int:
        """The venue's time in ms, known well enough for timestamps that it accepts."""
        await self.patiently(TimeQuery())
        while self._clock.uncertainty_ms(self._now_ns()) > _CLOCK_WANTED_MS:
            await self._wait(self._timing.first_retry_ms)
            await self.patiently(TimeQuery())
        return self._venue_ms()

    async def reconcile(self, extra_symbols: Iterable[str] = ()) -> None:
        """Read everything that may have happened while nobody listened. Ends when all of it is in the book."""
        open_now = await self.patiently(OpenOrdersQuery())
        held = await self.patiently(PositionsQuery())
        for facts in open_now:
            self._learn(facts)
        lost = {order.symbol for order in self._book.orders.values()} - self._book.symbols.keys()
        for symbol in sorted(filter(self._is_listed, lost)):
            await self.enter_lost_symbol(symbol)
        await self.enter_symbols({*extra_symbols, *(symbol for symbol, net in held.items() if net)})
        for symbol in sorted(self._book.symbols):
            await self.pull_trades(symbol)
        shown = {client_order_id for facts in open_now for client_order_id in facts.client_order_ids}
        for order in self._book.open_orders():
            if order.client_order_id not in shown and order.has_evidence and self._is_listed(order.symbol):
                await self._refresh(order)

    async def reconcile_after_gap(self) -> None:
        """Read now what happened while nobody listened, and once more when no answer can be older than the gap."""
        await self.reconcile()
        await self.reconcile_later()

    async def reconcile_later(self) -> None:
        """Read again what an answer may have been too old to tell."""
        await self._wait(self._margins.staleness_ms)
        await self.reconcile()

    async def watch(self, every_ms: int) -> None:
        """For as long as the process lives: keep the clock right and the books proven."""
        while True:
            await self._wait(every_ms)
            # Once is enough: a slow answer tells less than what is known, and must not keep the books from being read.
            await self.patiently(TimeQuery())
            await self.reconcile()
            await self.check_account()

    async def pull_funding(self) -> None:
        """Book what the account paid or received for its positions to those who held them."""

    async def pull_trades(self, symbol: str) -> None:
        """Book every execution from the watermark on; the watermark follows up to what can no longer change.

        Ends when history was asked for, and read, after this call.
        """
        if not self._is_listed(symbol):
            return
        if symbol in self._pulling:
            self._pulling[symbol] = True  # one is under way: it will go round once more
            enough = self._pulled[symbol] + 2
            while symbol in self._pulling and self._pulled[symbol] < enough:
                await self._wait(_JOIN_MS)
            return
        self._pulling[symbol] = True
        try:
            while self._pulling[symbol]:
                self._pulling[symbol] = False
                await self._pull_once(symbol)
                self._pulled[symbol] += 1
        finally:
            del self._pulling[symbol]

    async def fetch_missing(self, symbol: str) -> None:
        """The venue told of executions that we do not know: give its stream a moment to tell them, then ask history.

        Once more when no answer can be older than the question; what is missing even then is found by `watch`.
        """
        is_under_way = symbol in self._fetching
        self._fetching[symbol] = _FETCHES
        if is_under_way:
            return
        wait_ms = self._timing.settle_ms
        try:
            while self._fetching[symbol]:
                self._fetching[symbol] -= 1
                await self._wait(wait_ms)
                if not any(order.symbol == symbol and order.facts.missing_qty for order in self._book.open_orders()):
                    return
                await self.pull_trades(symbol)
                wait_ms = self._margins.staleness_ms
        finally:
            del self._fetching[symbol]

    async def enter_symbols(self, symbols: Iterable[str]) -> None:
        """Start accounting for symbols: read trade id, position, trade id until nothing traded in between.

        Each reading is taken when the one before can no longer be the younger one, however stale their answers are.
        """
        wanted, attempts = set(filter(self._is_listed, symbols)), 0
        while missing := sorted(wanted - self._book.symbols.keys()):
            before = {symbol: await self._last_trade_id(symbol) for symbol in missing}
            await self._wait(self._margins.staleness_ms)
            held = await self.patiently(PositionsQuery())
            await self._wait(self._margins.staleness_ms)
            for symbol in missing:
                if before[symbol] == await self._last_trade_id(symbol) and symbol not in self._book.symbols:
                    net = held.get(symbol, Decimal(0))
                    self._book.enter_symbol(symbol, before[symbol] + 1, net, self._venue_ms())
                    await self.pull_trades(symbol)
            attempts += 1
            if attempts == _ATTEMPTS_BEFORE_ALARM and (busy := wanted - self._book.symbols.keys()):
                self._book.alarm(
                    f"waiting for {2 * self._margins.staleness_ms / 1000:g} s in which this account does not trade "
                    f"{', '.join(sorted(busy))}: only then the position to begin with is certain"
                )

    async def enter_lost_symbol(self, symbol: str) -> None:
        """A symbol of ours without a row (an older pos.db was restored): everything since the book began is ours.

        What the account held when the book began is what it holds now less what it traded since.
        """
        while symbol not in self._book.symbols:
            last = await self._last_trade_id(symbol)
            await self._wait(self._margins.staleness_ms)
            held = (await self.patiently(PositionsQuery())).get(symbol, Decimal(0))
            await self._wait(self._margins.staleness_ms)
            fills = await self._traded_since(symbol, self._book.created_ms - _CREATION_DOUBT_MS)
            if await self._last_trade_id(symbol) != last or symbol in self._book.symbols:
                continue
            first = min((int(fill.exec_id) for fill in fills), default=last + 1)
            traded = sum((fill.signed_qty for fill in fills), Decimal(0))
            self._book.enter_symbol(symbol, first, held - traded, self._venue_ms())

    async def resolve(self, order: TrackedOrder) -> None:
        """Ask until the venue shows the order, or until it provably never got it."""
        if order.client_order_id in self._resolving:
            return
        self._resolving.add(order.client_order_id)
        try:
            await self._resolve(order)
        finally:
            self._resolving.discard(order.client_order_id)

    async def _resolve(self, order: TrackedOrder) -> None:
        negatives, wait_ms = 0, self._timing.first_retry_ms
        expiry_ms = order.stamp_ms + order.recv_window_ms + self._margins.engine_ms + self._margins.staleness_ms
        while order.in_doubt:
            asked_ms = self._surely_ms()
            facts, answered = await self._query_order(order)
            if facts is not None:
                self._learn(facts, order.symbol)
            elif answered and asked_ms > expiry_ms:
                negatives += 1
                if negatives >= _NEGATIVES_NEEDED:
                    self._book.believe_absent(order)
            if order.in_doubt:
                await self._wait(wait_ms)
                wait_ms = min(2 * wait_ms, self._timing.longest_retry_ms)

    async def settle_cancel(self, order: TrackedOrder) -> None:
        """After a cancel whose outcome is not known, or that was refused: see what the order is now."""
        wait_ms = self._timing.first_retry_ms
        while order.is_open:
            facts, _ = await self._query_order(order)
            if facts is not None:
                self._learn(facts, order.symbol)
                break
            await self._wait(wait_ms)
            wait_ms = min(2 * wait_ms, self._timing.longest_retry_ms)
        self._book.cancel_pending(order, False)

    async def attribute(self, symbol: str, venue_order_id: str) -> None:
        """Find out whose order a fill belongs to."""
        wait_ms = self._timing.first_retry_ms
        negatives = 0
        while (symbol, venue_order_id) in self._book.unattributed:
            try:
                facts = await ask(OrderQuery(symbol, venue_order_id=venue_order_id))
            except TradingError:
                facts = None
            else:
                negatives += facts is None
            if facts is not None:
                self._learn(facts, symbol)
            elif negatives >= _OWNER_ATTEMPTS:
                self._book.give_up(symbol, venue_order_id)
            else:
                await self._wait(wait_ms)
                wait_ms = min(2 * wait_ms, self._timing.longest_retry_ms)

    async def check_account(self) -> None:
        """Compare with the account's positions; a difference counts once two readings of a quiet market agree on it."""
        seen: dict[str, tuple[Decimal, Decimal]] = {}
        for _ in range(3):
            held = await self.patiently(PositionsQuery())
            totals = {symbol: self._book.total(symbol) for symbol in self._book.symbols}
            pairs = {symbol: (total, held.get(symbol, Decimal(0))) for symbol, total in totals.items()}
            wrong = {symbol: pair for symbol, pair in pairs.items() if pair[0] != pair[1]}
            agreed = {symbol: pair[0] - pair[1] for symbol, pair in wrong.items() if seen.get(symbol) == pair}
            if agreed or not wrong:
                self._differ(agreed)
                return
            seen = wrong
            for symbol in wrong:
                await self.pull_trades(symbol)
            await self._wait(self._margins.staleness_ms + self._timing.settle_ms)

    def _differ(self, differences: dict[str, Decimal]) -> None:
        if differences and differences != self.differences:
            told = ", ".join(f"{symbol} {difference}" for symbol, difference in differences.items())
            self._book.alarm(f"the books differ from the account (Σ sessions + EXTERNAL − account): {told}")
        self.differences = differences

    async def patiently(self, query: Query[T], *, fatal: type[TradingError] | tuple[()] = ()) -> T:
        """The answer, however often it takes.

        Raises errors of the kind ``fatal``, which asking again cannot mend.
        """
        wait_ms, is_told = self._timing.first_retry_ms, False
        while True:
            try:
                return await ask(query)
            except fatal:
                raise
            except TradingError as error:
                if (wait_ms == self._timing.longest_retry_ms or isinstance(error, Banned)) and not is_told:
                    self._book.alarm(f"no answer from the exchange to {type(query).__name__}: {error}; asking on")
                    is_told = True
                # Whoever goes on asking after "too many" is shut out, and whoever does so then, for longer.
                shut_out_ms = error.retry_after_ms if isinstance(error, VenueError) else None
                await self._wait(max(wait_ms, shut_out_ms or 0))
                wait_ms = min(2 * wait_ms, self._timing.longest_retry_ms)

    async def _pull_once(self, symbol: str) -> None:
        from_id = booked_to = self._book.watermarks[symbol]
        settled = True
        while True:
            asked_ms = self._surely_ms()
            rows = await self.patiently(TradesQuery(symbol, from_id=from_id, limit=_PAGE))
            fills = [fill for row in rows for fill in row.fills.values()]
            for row in rows:
                self._learn(row, symbol)
            for fill in fills:
                # Beyond a young row an older one could still appear; beyond one without owner nothing is booked yet.
                settled &= fill.ts_event_ms < asked_ms - self._margins.staleness_ms and self._book.is_booked(fill)
                booked_to = int(fill.exec_id) if settled else booked_to
            self._book.advance(symbol, booked_to)
            last = int(fills[-1].exec_id) if fills else from_id
            if len(rows) < _PAGE or last == from_id:
                return
            from_id = last  # inclusive: a self-trade's two rows may fall on two pages

    async def _traded_since(self, symbol: str, start_ms: int) -> list[Fill]:
        rows = await self.patiently(TradesQuery(symbol, start_ms=start_ms, limit=_PAGE))
        fills = {fill.key: fill for row in rows for fill in row.fills.values()}
        while len(rows) >= _PAGE:
            last = max(int(fill.exec_id) for fill in fills.values())
            rows = await self.patiently(TradesQuery(symbol, from_id=last, limit=_PAGE))
            if not any(int(exec_id) > last for row in rows for exec_id in row.fills):
                break
            fills |= {fill.key: fill for row in rows for fill in row.fills.values()}
        return list(fills.values())

    async def _last_trade_id(self, symbol: str) -> int:
        rows = await self.patiently(TradesQuery(symbol, limit=_PAGE))
        if not rows:  # the venue shows only recent ones unless asked from an id on
            rows = await self.patiently(TradesQuery(symbol, from_id=0, limit=_PAGE))
        last = max((int(exec_id) for row in rows for exec_id in row.fills), default=-1)
        while len(rows) >= _PAGE:
            rows = await self.patiently(TradesQuery(symbol, from_id=last + 1, limit=_PAGE))
            last = max((int(exec_id) for row in rows for exec_id in row.fills), default=last)
        return last

    async def _query_order(self, order: TrackedOrder) -> tuple[Order | None, bool]:
        """(facts, whether the venue answered at all): an error is not an answer."""
        try:
            return await ask(OrderQuery(order.symbol, client_order_id=order.client_order_id)), True
        except TradingError:
            return None, False

    async def _refresh(self, order: TrackedOrder) -> None:
        """An order that was open and is not among the open ones: ask how it ended."""
        wait_ms, negatives = self._timing.first_retry_ms, 0
        while negatives < _NEGATIVES_NEEDED:
            facts, answered = await self._query_order(order)
            if facts is not None:
                self._learn(facts, order.symbol)
                return
            negatives += answered
            await self._wait(wait_ms)
            wait_ms = min(2 * wait_ms, self._timing.longest_retry_ms)
        if order.last_seen_ms and self._venue_ms() - order.last_seen_ms > _RETENTION_MS:
            self._book.refuse(order, Closed(OrderStatus.EXPIRED, reason="ended so long ago that the venue forgot it"))

    def _is_listed(self, symbol: str) -> bool:
        return self.listed is None or symbol in self.listed

    def _venue_ms(self) -> int:
        return self._clock.now_ms(self._now_ns())

    def _surely_ms(self) -> int:
        """The venue's time at the least, where being ahead of it could prove too much."""
        now_ns = self._now_ns()
        return self._clock.now_ms(now_ns) - self._clock.uncertainty_ms(now_ns)

    async def _wait(self, ms: int) -> None:
        await until(self._now_ns() + ms * _NS_PER_MS)

    def _learn(self, facts: Order, symbol: str | None = None) -> None:
        where = symbol or (facts.terms.symbol if facts.terms else "")
        self._book.learn(facts, where, facts.terms.version_ms if facts.terms else 0)
