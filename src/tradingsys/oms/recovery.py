"""Finding out what really happened: at boot, after every gap in the user stream, and for each order in doubt.

The exchange's own ledger is the log of record; these procedures read it until the books must equal it. Each is a
`Procedure`: it asks the venue and waits, and changes nothing but the `SessionBook`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

from tradingsys.core.commands import (
    ConditionalOrdersQuery,
    OpenOrdersQuery,
    Reading,
    TimeQuery,
    TradesQuery,
)
from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import TradingError
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Order
from tradingsys.core.venue_clock import VenueClock
from tradingsys.oms.absence import Absence
from tradingsys.oms.account_books import AccountBooks
from tradingsys.oms.account_check import NO_DIFFERENCE, AccountCheck, Difference
from tradingsys.oms.asset_account import AssetAccount
from tradingsys.oms.attribution import Attribution
from tradingsys.oms.cadence import Cadence, whose_turn
from tradingsys.oms.cash_history import CashHistory
from tradingsys.oms.contract_account import ContractAccount
from tradingsys.oms.inquiry import Inquiry, Margins, Timing
from tradingsys.oms.lost_orders import LostOrders
from tradingsys.oms.lost_symbols import LostSymbols
from tradingsys.oms.owners import Owners
from tradingsys.oms.procedure import T
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.settling import Settling
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.oms.trade_history import TradeHistory

__all__ = ["Difference", "Margins", "Recovery", "Timing"]

_TRIES_MEANWHILE = 1
_FIRST_MISSED_PAUSE_MS = 5_000
_LONGEST_MISSED_PAUSE_MS = 60_000
"""Whoever goes on telling what cannot be read is not listened to all the time: the watch reads too."""
_JOIN_MS = 50
_LATE_MS = 1_000
"""An order is answered within some ten milliseconds."""
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
        *,
        charges_interest: bool = False,
    ) -> None:
        """``charges_interest``: the account can borrow, and its cash history has what that costs."""
        self._inquiry = Inquiry(book, margins, timing, now_ns, clock)
        self._history = TradeHistory(self._inquiry)
        self._settling, self._attribution = Settling(self._inquiry), Attribution(self._inquiry)
        self.owners = Owners(self._inquiry, self._attribution)
        self._absence = Absence(self._inquiry, self._history, self._attribution)
        self._lost_orders = LostOrders(self._inquiry, self._attribution)
        self._lost_symbols = LostSymbols(book, self._inquiry.refusals)
        self._wanted: set[str] = set()
        """Symbols that somebody wants to trade, and that are not accounted for."""
        self._assets = AssetAccount(self._inquiry, self._history, charges_interest=charges_interest)
        self._account: AccountBooks = self._assets
        if book.kind is AccountKind.CONTRACTS:
            self._account = ContractAccount(self._inquiry, self._history)
        self._cash = CashHistory(self._inquiry, self._account, self.pull_trades)
        self._check = AccountCheck(self._inquiry, self._account, self._cash, self.pull_trades)
        self._book = book
        self._margins = margins
        self._timing = timing
        self._was_missed = self._reads_missed = False
        self._was_gap = self._reads_gap = False
        self._catching_up = 0
        self.differences = book.differences
        """Σ sessions + EXTERNAL − account, where it is not zero: by symbol, or by asset where assets are held."""

    def read_rules(self, instruments: Mapping[str, Instrument], unreadable: Iterable[str]) -> None:
        """The rules were read: these symbols, and those ``unreadable`` ones, are listed."""
        self._assets.instruments = instruments
        self._inquiry.refusals.read_rules({*instruments, *unreadable})

    def is_listed(self, symbol: str) -> bool:
        """Whether the rules name a symbol, also where nobody can read what they say of it."""
        return self._inquiry.refusals.is_named(symbol)

    async def learn_time(self) -> int:
        """The venue's time in ms, known well enough for timestamps that it accepts."""
        await self.ask_time()
        while self.is_time_in_doubt:
            await self._inquiry.wait(self._timing.first_retry_ms)
            await self.ask_time()
        return self._inquiry.venue_ms()

    def surely_ms(self) -> int:
        """The venue's time at the least."""
        return self._inquiry.surely_ms()

    async def reconcile(self, extra_symbols: Iterable[str] = ()) -> None:
        """Read everything that may have happened while nobody listened. Ends when all of it is in the book."""
        self._wanted |= set(extra_symbols)
        shown, asked_ms = await self._read_open_orders()
        if not self._book.missing.knows_symbols:
            # A lost order that was over by then is known by its executions alone: none may be too young to show.
            await self._inquiry.wait(self._margins.staleness_ms)
        await self._enter_symbols()
        for symbol in sorted(self._book.symbols):
            await self.pull_trades(symbol)
        if not self._book.missing.has_all_orders:  # only now it is known on which symbols there were any
            await self._lost_orders.find()
            self._book.missing.symbols_known()
        await self._account.enter_assets(self._book.cash.wanted)
        await self._see_what_became(shown, asked_ms)

    async def _reconcile(self) -> None:
        """The same while trading goes on. Entering, and symbols that nobody trades, are left to the watch: what else
        the account holds must not delay what sessions executed.
        """
        shown, asked_ms = await self._read_open_orders()
        for symbol in sorted(self._account.symbols_in_use()):
            await self.pull_trades(symbol)
        await self._see_what_became(shown, asked_ms)

    async def _read_open_orders(self) -> tuple[set[str], int]:
        """What is open now; returns those of ours that are, and an instant (venue time) surely before the answer's."""
        asked_ms = self._inquiry.surely_ms()
        open_now = await self.patiently(OpenOrdersQuery())
        learned = [self._inquiry.learn(facts) for facts in open_now]
        return {order.client_order_id for order in learned if order is not None}, asked_ms

    async def _enter_symbols(self, tries: int | None = None) -> None:
        """Start accounting for all that the account holds, that were lost, and that somebody wants to trade."""
        held = await self._account.symbols_held()
        missing = self._book.missing
        ordered = {order.symbol for order in self._book.orders.values() if order.stamp_ms or order.has_evidence}
        missing.trades_lost(ordered - self._book.symbols.keys())
        await self._account.enter_symbols({*held, *missing.trades, *self._wanted}, tries)
        self._wanted -= self._book.symbols.keys()
        self._lost_symbols.tell()

    async def _see_what_became(self, shown: Container[str], asked_ms: int) -> None:
        """Of orders that were not ``shown`` as open, and of those that other facts contradict."""
        not_shown = [order for order in self._book.open_orders() if order.client_order_id not in shown]
        for order in dict.fromkeys([*not_shown, *self._book.untold_orders()]):
            if self.is_gone(order.symbol):
                if order.client_order_id not in shown:
                    self._settling.end_with_its_symbol(order, asked_ms)
            elif order.has_evidence:
                await self._settling.refresh(order)

    async def find_lost_orders(self) -> None:
        """After a loss of the journal's tail: know every order of ours again on symbols that are known by now.

        `reconcile` does so on those that it finds, and where the venue refused to tell.
        """
        await self._lost_orders.find()

    async def reconcile_after_gap(self) -> None:
        """Read now what happened while nobody listened, and once more when no answer can be older than the gap.

        Of gaps that follow each other closely the last one counts: one reading at a time, and all of it after that.
        """
        self._was_gap = True
        if self._reads_gap:
            return
        self._reads_gap = True
        self._catching_up += 1
        try:
            while self._was_gap:
                self._was_gap = False
                await self._reconcile()
                if not self._was_gap:
                    await self.reconcile_later()
        finally:
            self._catching_up -= 1
            self._reads_gap = False

    async def reconcile_missed(self) -> None:
        """Read what the venue told and nobody could read; it may go on so, and is asked ever less often then."""
        self._was_missed = True
        if self._reads_missed:
            return
        self._reads_missed, pause_ms = True, _FIRST_MISSED_PAUSE_MS
        try:
            while self._was_missed:
                self._was_missed = False
                await self.reconcile_after_gap()
                await self._inquiry.wait(pause_ms)
                pause_ms = min(2 * pause_ms, _LONGEST_MISSED_PAUSE_MS)
        finally:
            self._reads_missed = False

    async def reconcile_later(self) -> None:
        """Read again what an answer may have been too old to tell."""
        self._catching_up += 1
        try:
            await self._inquiry.wait(self._margins.staleness_ms)
            await self._reconcile()
        finally:
            self._catching_up -= 1
        await self.pull_funding()

    @property
    def is_catching_up(self) -> bool:
        """Whether executions from a time when nobody listened may still be found."""
        return self._catching_up > 0

    # ---- what is looked at again and again: see `Watch`

    async def ask_time(self) -> None:
        """Keep the clock right."""
        await self.patiently(TimeQuery())

    @property
    def is_time_in_doubt(self) -> bool:
        """Whether timestamps may come to be refused."""
        return self._inquiry.uncertainty_ms() > _CLOCK_WANTED_MS

    async def look_at_orders(self) -> None:
        """See what is open, and what became of what is not."""
        shown, asked_ms = await self._read_open_orders()
        if not self._book.missing.has_all_orders:
            await self._lost_orders.find()
        await self._see_what_became(shown, asked_ms)

    async def look_at_holdings(self) -> None:
        """Account for what the account came to hold."""
        await self._enter_symbols(_TRIES_MEANWHILE)
        await self._account.enter_assets(self._book.cash.wanted, _TRIES_MEANWHILE)

    async def read_whose_turn_it_is(self, cadence: Cadence) -> None:
        """Read the executions of the symbol that waits for it longest, if one does."""
        busy, all_in_use = self._book.busy_symbols(), self._account.symbols_in_use()
        told = {symbol for symbol in busy | all_in_use if not self._inquiry.is_history_put_off(symbol)}
        busy, idle = busy & told, (all_in_use & told) - busy
        symbol = whose_turn(cadence, busy, idle, self._history.read_ns, self._inquiry.now_ns())
        if symbol is not None:
            await self.pull_trades(symbol)

    def have_late_orders_looked_for(self) -> None:
        """Those whose answer is late, and that no event told of."""
        for order in self._book.unseen_orders():
            is_late = self._inquiry.venue_ms() - order.stamp_ms > _LATE_MS
            if is_late and order.stamp_ms and not (order.in_doubt or order.absent):
                self._book.look_for(order)

    async def watch_proof(self, every_ms: int) -> None:
        """For as long as the process lives: restrict orders where nothing has proven the books for long."""
        await self._check.proof.watch(every_ms)

    @property
    def wants_confirmation(self) -> bool:
        """Whether the last check of the account found something that the next one, soon, shall confirm."""
        return self._check.wants_confirmation

    # ---- executions, symbols and assets

    async def pull_trades(self, symbol: str) -> None:
        """Book every execution from the watermark on that history shows to whoever asks now."""
        await self._history.pull(symbol)

    async def fetch_missing(self, symbol: str) -> None:
        """The venue told of executions that we do not know: get them, from its stream or from history."""
        await self._history.fetch_missing(symbol)

    async def enter_symbols(self, symbols: Iterable[str]) -> None:
        """Start accounting for symbols, which takes until the venue's answers are certain.

        What the venue refuses to tell of, each reconciliation tries again to account for.
        """
        wanted = set(symbols)
        while not self._book.missing.knows_symbols:  # of one that was lost more is ours than what comes from now on
            await self._inquiry.wait(_JOIN_MS)
        await self._account.enter_symbols(wanted)
        self._wanted |= wanted - self._book.symbols.keys()

    async def enter_assets(self, assets: Iterable[str]) -> None:
        """Start accounting for assets that moved, where assets are held."""
        await self._account.enter_assets(assets)

    async def enter_lost_symbol(self, symbol: str) -> None:
        """A symbol of ours without a row (an older pos.db was restored): everything since the book began is ours.

        Where the venue refuses to tell that, each reconciliation asks again, after restarts too.
        """
        self._book.missing.trades_lost([symbol])
        await self._account.enter_symbols([symbol])
        self._lost_symbols.tell()

    def why_not_entered(self, symbol: str) -> str:
        """Why a symbol that somebody wants to trade is not accounted for; empty when nobody wants that."""
        if symbol not in self._wanted and symbol not in self._book.missing.trades:
            return ""
        return (
            "the exchange did not tell yet what this account executed there; it is asked again every few minutes, "
            "and as soon as it tells, orders are taken"
        )

    def and_lost(self, text: str) -> str:
        """A text for people, and what the books are known to lack."""
        return self._lost_symbols.after(text)

    def lacks_executions(self, session: int, symbol: str) -> bool:
        """Whether a session may have executed something there that the venue may yet tell, or whose it was."""
        if self.owners.strays_of(session, symbol):
            return True
        is_untold = symbol in {*self._wanted, *self._book.missing.trades, *self._history.untold}
        return is_untold and self.is_listed(symbol)

    # ---- single orders, and money

    async def look_for(self, order: TrackedOrder) -> None:
        """The answer to an order is late: ask whether it is there."""
        await self._absence.look_for(order)

    async def resolve(self, order: TrackedOrder) -> None:
        """Ask until the venue shows the order, or until it provably never got it."""
        await self._absence.resolve(order)

    async def settle_cancel(self, order: TrackedOrder) -> None:
        """After a cancel whose outcome is not known, or that was refused: see what the order is now."""
        await self._settling.settle_cancel(order)

    async def find_terms(self, order: TrackedOrder) -> None:
        """Only executions told of the order so far: ask what it is, once for all who want to know."""
        await self._settling.find_terms(order)

    async def settle_replace(self, order: TrackedOrder, *, refused: bool = False) -> None:
        """After a replace whose outcome is not known, or that was refused: see what the order is; then it ended."""
        await self._settling.settle_replace(order, refused=refused)

    async def attribute(self, symbol: str, venue_order_id: str) -> None:
        """Find out whose order a fill belongs to."""
        await self._attribution.attribute(symbol, venue_order_id)

    async def pull_funding(self, *, expected: bool = False) -> None:
        """Book funding since the last reading to those who held the symbol; ``expected``: the venue announced it."""
        await self._cash.pull_funding(expected=expected)

    async def patiently(self, query: Reading[T], *, is_final: Callable[[TradingError], bool] = lambda _: False) -> T:
        """The answer, however often it takes. Raises the error that ``is_final``: asking again cannot mend it."""
        return await self._inquiry.patiently(query, is_final=is_final)

    async def of_symbol(self, query: TradesQuery | ConditionalOrdersQuery) -> tuple[Order, ...]:
        """What the venue tells of a symbol, however often it takes. Raises NotTold where it refuses to."""
        return await self._inquiry.of_symbol(query)

    def is_gone(self, symbol: str) -> bool:
        """Whether the venue provably took it off: it will tell nothing of it any more."""
        return self._inquiry.refusals.is_gone(symbol)

    def agreed_ms(self, symbol: str) -> int | None:
        """When (venue time) the books surely lacked no execution of a symbol last; None: not since the start."""
        pair = self._book.pairs.get(symbol)
        return self._check.agreed_ms.get(symbol if pair is None else pair.base)

    async def check_account(self) -> None:
        """Compare with the account, and tell where the books differ from it: see `AccountCheck`."""
        await self._check.check()

    def may_explain(self, name: str) -> bool:
        """Whether an execution that nothing but its order's quantity told of, and that will be booked yet, may be what
        the books differ by.
        """
        missing = {order.symbol for order in self._book.open_orders() if order.facts.missing_qty}
        on_its_way = {symbol for symbol in missing if self._history.may_lack(symbol)}
        return bool(on_its_way & self._account.symbols_behind((name,)))

    async def measure(self, name: str) -> Difference:
        """By how much the books differ from the account in this symbol or asset now: by nothing where they do not."""
        return (await self._check.measure((name,))).get(name, NO_DIFFERENCE)
