"""Finding out what really happened: at boot, after every gap in the user stream, and for each order in doubt.

The exchange's own ledger is the log of record; these procedures read it until the books must equal it. Each is a
`Procedure`: it asks the venue and waits, and changes nothing but the `SessionBook`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable
from decimal import Decimal

from tradingsys.core.commands import (
    ConditionalOrdersQuery,
    OpenOrdersQuery,
    PositionsQuery,
    Query,
    TimeQuery,
    TradesQuery,
)
from tradingsys.core.errors import TradingError
from tradingsys.core.order import Fill
from tradingsys.core.venue_clock import VenueClock
from tradingsys.oms.cash_history import CREATION_DOUBT_MS, CashHistory
from tradingsys.oms.inquiry import Inquiry, Margins, Timing
from tradingsys.oms.procedure import T
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.settling import Settling
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Margins", "Recovery", "Timing"]

_ATTEMPTS = 12
_ATTEMPTS_BEFORE_ALARM = 3
_FETCHES = 2
_JOIN_MS = 50
_PAGE = 1000
_MISSED_EVERY_MS = 5_000
_CLOCK_CHECK_MS = 250
_CLOCK_WANTED_MS = 500
"""Half of what timestamps may be ahead of the venue's clock."""


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
        self._inquiry = Inquiry(book, margins, timing, now_ns, clock)
        self._settling = Settling(self._inquiry)
        self._cash = CashHistory(self._inquiry, self.pull_trades)
        self._book = book
        self._margins = margins
        self._timing = timing
        self._pulling: dict[str, bool] = {}
        self._pulled: Counter[str] = Counter()
        self._fetching: dict[str, int] = {}
        self._was_missed = self._reads_missed = False
        self._catching_up = 0
        self.differences: dict[str, Decimal] = {}
        """Σ sessions + EXTERNAL − account, by symbol, where it is not zero after two agreeing readings."""
        self.listed: Container[str] | None = None
        """The venue's symbols; nothing can be asked about any other. None as long as nobody said."""

    async def learn_time(self) -> int:
        """The venue's time in ms, known well enough for timestamps that it accepts."""
        await self.patiently(TimeQuery())
        while self._inquiry.uncertainty_ms() > _CLOCK_WANTED_MS:
            await self._inquiry.wait(self._timing.first_retry_ms)
            await self.patiently(TimeQuery())
        return self._inquiry.venue_ms()

    async def reconcile(self, extra_symbols: Iterable[str] = ()) -> None:
        """Read everything that may have happened while nobody listened. Ends when all of it is in the book."""
        open_now = await self.patiently(OpenOrdersQuery())
        held = await self.patiently(PositionsQuery())
        shown = {order.client_order_id for facts in open_now if (order := self._inquiry.learn(facts)) is not None}
        lost = {order.symbol for order in self._book.orders.values()} - self._book.symbols.keys()
        for symbol in sorted(filter(self._is_listed, lost)):
            await self.enter_lost_symbol(symbol)
        await self.enter_symbols({*extra_symbols, *(symbol for symbol, net in held.items() if net)})
        for symbol in sorted(self._book.symbols):
            await self.pull_trades(symbol)
        not_shown = [order for order in self._book.open_orders() if order.client_order_id not in shown]
        for order in dict.fromkeys([*not_shown, *self._book.untold_orders()]):
            if order.has_evidence and self._is_listed(order.symbol):
                await self._settling.refresh(order)

    async def find_lost_conditional_orders(self) -> None:
        """After a loss of the journal's tail: know every conditional order of ours again.

        One that was triggered meanwhile is open no longer, and what it became may have a client id of the venue's
        making: nothing else would tell whose its executions are.
        """
        for symbol in sorted(filter(self._is_listed, self._book.symbols)):
            for facts in await self.patiently(ConditionalOrdersQuery(symbol)):
                self._inquiry.learn(facts, symbol)
        self._book.lacks_orders = False

    async def reconcile_after_gap(self) -> None:
        """Read now what happened while nobody listened, and once more when no answer can be older than the gap."""
        self._catching_up += 1
        try:
            await self.reconcile()
            await self.reconcile_later()
        finally:
            self._catching_up -= 1

    async def reconcile_missed(self) -> None:
        """Read what the venue told and nobody could read; it may go on so, and is not asked all the time."""
        self._was_missed = True
        if self._reads_missed:
            return
        self._reads_missed = True
        try:
            while self._was_missed:
                self._was_missed = False
                await self.reconcile_after_gap()
                await self._inquiry.wait(_MISSED_EVERY_MS)
        finally:
            self._reads_missed = False

    async def reconcile_later(self) -> None:
        """Read again what an answer may have been too old to tell."""
        self._catching_up += 1
        try:
            await self._inquiry.wait(self._margins.staleness_ms)
            await self.reconcile()
        finally:
            self._catching_up -= 1
        await self.pull_funding()

    @property
    def is_catching_up(self) -> bool:
        """Whether executions from a time when nobody listened may still be found."""
        return self._catching_up > 0

    async def watch(self, every_ms: int) -> None:
        """For as long as the process lives: keep the clock right and the books proven."""
        while True:
            await self._inquiry.wait(every_ms)
            # Once is enough: a slow answer tells less than what is known, and must not keep the books from being read.
            await self.patiently(TimeQuery())
            await self.reconcile()
            await self.check_account()
            await self.pull_funding()

    async def keep_time(self) -> None:
        """For as long as the process lives: ask for the time as soon as it is in doubt."""
        while True:
            await self._inquiry.wait(_CLOCK_CHECK_MS)
            if self._inquiry.uncertainty_ms() > _CLOCK_WANTED_MS:
                await self.patiently(TimeQuery())

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
                await self._inquiry.wait(_JOIN_MS)
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
                await self._inquiry.wait(wait_ms)
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
            await self._inquiry.wait(self._margins.staleness_ms)
            held = await self.patiently(PositionsQuery())
            await self._inquiry.wait(self._margins.staleness_ms)
            for symbol in missing:
                if before[symbol] == await self._last_trade_id(symbol) and symbol not in self._book.symbols:
                    net = held.get(symbol, Decimal(0))
                    self._book.enter_symbol(symbol, before[symbol] + 1, net, self._inquiry.venue_ms())
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
            await self._inquiry.wait(self._margins.staleness_ms)
            held = (await self.patiently(PositionsQuery())).get(symbol, Decimal(0))
            await self._inquiry.wait(self._margins.staleness_ms)
            fills = await self._traded_since(symbol, self._book.created_ms - CREATION_DOUBT_MS)
            if await self._last_trade_id(symbol) != last or symbol in self._book.symbols:
                continue
            first = min((int(fill.exec_id) for fill in fills), default=last + 1)
            traded = sum((fill.signed_qty for fill in fills), Decimal(0))
            self._book.enter_symbol(symbol, first, held - traded, self._inquiry.venue_ms())

    # ---- single orders, and money

    async def resolve(self, order: TrackedOrder) -> None:
        """Ask until the venue shows the order, or until it provably never got it."""
        await self._settling.resolve(order)

    async def settle_cancel(self, order: TrackedOrder) -> None:
        """After a cancel whose outcome is not known, or that was refused: see what the order is now."""
        await self._settling.settle_cancel(order)

    async def settle_replace(self, order: TrackedOrder, *, refused: bool = False) -> None:
        """After a replace whose outcome is not known, or that was refused: see what the order is; then it ended."""
        await self._settling.settle_replace(order, refused=refused)

    async def attribute(self, symbol: str, venue_order_id: str) -> None:
        """Find out whose order a fill belongs to."""
        await self._settling.attribute(symbol, venue_order_id)

    async def pull_funding(self, *, expected: bool = False) -> None:
        """Book funding since the last reading to those who held the symbol; ``expected``: the venue announced it."""
        await self._cash.pull_funding(expected=expected)

    async def patiently(self, query: Query[T], *, fatal: type[TradingError] | tuple[()] = ()) -> T:
        """The answer, however often it takes. Raises errors of the kind ``fatal``, which asking again cannot mend."""
        return await self._inquiry.patiently(query, fatal=fatal)

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
            await self._inquiry.wait(self._margins.staleness_ms + self._timing.settle_ms)

    def _differ(self, differences: dict[str, Decimal]) -> None:
        if differences and differences != self.differences:
            told = ", ".join(f"{symbol} {difference}" for symbol, difference in differences.items())
            self._book.alarm(f"the books differ from the account (Σ sessions + EXTERNAL − account): {told}")
        self.differences = differences

    async def _pull_once(self, symbol: str) -> None:
        from_id = booked_to = self._book.watermarks[symbol]
        settled = True
        while True:
            asked_ms = self._inquiry.surely_ms()
            rows = await self.patiently(TradesQuery(symbol, from_id=from_id, limit=_PAGE))
            fills = [fill for row in rows for fill in row.fills.values()]
            for row in rows:
                self._inquiry.learn(row, symbol)
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

    def _is_listed(self, symbol: str) -> bool:
        return self.listed is None or symbol in self.listed
