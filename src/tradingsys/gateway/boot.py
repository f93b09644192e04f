"""From an opened pos.db to READY, as one procedure that reads like the rule it follows.

clock → rules and account → epoch → user stream → fence, if the journal may be incomplete → everything the venue did
since → edits by SQL → check against the account → READY.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.commands import AccountMode, AccountModeQuery, InstrumentsQuery, VenueRules
from tradingsys.core.errors import AuthError, ConfigError
from tradingsys.core.instrument import plain
from tradingsys.core.records import AccountRecord, Edit
from tradingsys.gateway.seams import Log, StoreSeam
from tradingsys.gateway.settings import GatewaySettings
from tradingsys.oms.procedure import until
from tradingsys.oms.recovery import Margins, Recovery
from tradingsys.oms.retention import heed_gap
from tradingsys.oms.session_book import Incarnation, SessionBook

__all__ = ["Boot", "BootSteps"]

_NS_PER_MS = 1_000_000
_CLOCK_OFF_MS = 5_000


class BootSteps(Struct, frozen=True):
    """What the boot tells the gateway on its way."""

    rules_known: Callable[[VenueRules, str], None]
    """Instruments, limits and the account's name."""
    epoch_begun: Callable[[Incarnation], None]
    """Strategies may connect; the user stream may be opened."""
    stream_rise: Callable[[], int]
    """Which rise of the user stream this is; 0 while it is down."""
    flush: Callable[[], None]
    """Everything learned so far must be durable on return."""
    progress: Callable[[str], None]
    ready: Callable[[], None]
    wall_ms: Callable[[], int]
    """What this machine believes the time to be."""
    left_alone_ms: Callable[[], int]
    """For how long the venue still wants to be left alone, as it told an earlier gateway; 0 when it may be asked."""


class Boot:
    """One start of one gateway."""

    def __init__(
        self,
        book: SessionBook,
        store: StoreSeam,
        recovery: Recovery,
        margins: Margins,
        steps: BootSteps,
        now_ns: Callable[[], int],
        venue_ms: Callable[[], int],
        log: Log,
    ) -> None:
        self._book = book
        self._store = store
        self._recovery = recovery
        self._margins = margins
        self._steps = steps
        self._now_ns = now_ns
        self._venue_ms = venue_ms
        self._log = log

    async def run(self, settings: GatewaySettings) -> None:
        """Boot. Raises ConfigError when a person must decide something first."""
        saved, steps = self._store.saved, self._steps
        symbols, scan, recv_window_ms = settings.symbols, settings.scan, settings.orders.recv_window_ms
        await self._leave_alone()
        steps.progress("asking the exchange for its time, rules and account")
        started_ms = await self._recovery.learn_time()
        self._compare_clocks()
        rules = await self._recovery.patiently(InstrumentsQuery())
        mode = await self._account_mode()
        if mode.hedge_mode:
            raise ConfigError(
                "the account is in hedge mode, where one symbol has two positions",
                hint="with no position and no order open, set Position Mode to One-way in the futures preferences",
            )
        self._check_owner(mode.account)
        steps.rules_known(rules, mode.account)
        listed = {instrument.symbol for instrument in rules.instruments}
        _check_symbols(listed, (*symbols, *scan), saved.edits)
        for symbol in sorted(self._book.symbols.keys() - listed):
            self._log.warning("the exchange lists this symbol no longer: its trades cannot be read", symbol=symbol)
        if settings.history_ms is not None:  # before anything is read: reading moves the mark
            heed_gap(self._book, self._venue_ms(), settings.history_ms, saved.last_epoch)
        epoch = max(saved.last_epoch + 1, started_ms)
        self._store.begin_epoch(epoch, recv_window_ms)
        fence_ms = started_ms + self._margins.fence_ms(max(recv_window_ms, saved.max_recv_window_ms))
        first = saved.first_epoch_after_cut if saved.journal_proven else epoch
        now = Incarnation(saved.lineage, epoch, first, fence_ms, saved.first_epoch or (epoch if saved.is_new else 0))
        self._book.begin(now)
        is_cut = not (saved.journal_proven or saved.is_new)
        if is_cut:
            self._book.missing.journal_lost(fence_ms)
        # Before strategies come: what they subscribe to would be entered as of now.
        for symbol in sorted(set(scan) - self._book.symbols.keys()):
            steps.progress(f"reading all trades of {symbol.lower()} since the book began")
            await self._recovery.enter_lost_symbol(symbol)
        steps.epoch_begun(now)
        await self._listen()
        if not self._book.missing.has_all_orders:
            if is_cut:
                await self._fence(fence_ms)
            steps.progress("asking for orders that the journal may have lost")
            await self._recovery.find_lost_orders()
        rise = await self._catch_up(
            {*symbols, *(symbol for _, symbol in self._book.positions), *(edit.symbol for edit in saved.edits)}
        )
        self._absorb_edits(saved.edits)
        while True:
            steps.progress("checking the books against the account")
            await self._recovery.check_account()
            if steps.stream_rise() == rise:
                break
            rise = await self._catch_up(())
        steps.flush()
        self._store.mark_ready(epoch)
        steps.ready()

    async def _leave_alone(self) -> None:
        """Whoever knocks during a ban is banned for longer."""
        if left_ms := self._steps.left_alone_ms():
            until = datetime.fromtimestamp((self._steps.wall_ms() + left_ms) // 1000, UTC)
            self._steps.progress(
                f"waiting until {until:%Y-%m-%d %H:%M:%S} UTC: until then the exchange wants to be left alone, as it "
                "said before this start (docs/errors.md says what to do if this machine has another address by now)"
            )
            await self._wait(left_ms)

    def _compare_clocks(self) -> None:
        off_ms = self._steps.wall_ms() - self._venue_ms()
        if abs(off_ms) > _CLOCK_OFF_MS:
            self._log.warning(
                f"this machine's clock is {abs(off_ms) / 1000:.1f} s {'ahead of' if off_ms > 0 else 'behind'} the "
                "exchange's: orders carry the exchange's time and are right, but logs and the gateway's time stamps of "
                "market data are not; set the clock, for example by NTP"
            )

    async def _account_mode(self) -> AccountMode:
        """The first answer that only the account's owner gets."""
        try:
            return await self._recovery.patiently(
                AccountModeQuery(), is_final=lambda error: isinstance(error, AuthError)
            )
        except AuthError as error:
            raise ConfigError(
                f"the exchange refuses the API key or its signature: {error}",
                key="apikey",
                hint="do apikey and pem (or secret) belong together, and to this environment? "
                "May the key trade this product, from this machine's address?",
            ) from None

    def _check_owner(self, account: str) -> None:
        """Another account's executions must never reach this book."""
        known = self._store.saved.account
        if known and account and known != account:
            raise ConfigError(
                f"the book in it is of the account that the exchange calls {known}, and the API key of {account}",
                key="db",
                hint="give every account a file of its own; a simulator forgets its account when it stops: "
                "for a new one move the file away, or name another",
            )
        if account and not known:
            self._store.save_now([AccountRecord(account)])

    async def _fence(self, fence_ms: int) -> None:
        """Orders lost with the journal's tail may still be on their way: wait until none can appear any more."""
        while (left_ms := fence_ms - self._recovery.surely_ms()) >= 0:
            self._steps.progress(f"waiting {left_ms / 1000:.1f} s, until no earlier order can still arrive")
            await self._wait(min(left_ms + 1, 1_000))

    async def _listen(self) -> int:
        """Wait for the user stream; returns which rise of it this is."""
        while not (rise := self._steps.stream_rise()):
            self._steps.progress("connecting to the account's stream of events")
            await self._wait(50)
        return rise

    async def _catch_up(self, symbols: Iterable[str]) -> int:
        """Book everything the venue did while nobody listened; returns the rise of the stream that told the rest."""
        while True:
            rise = await self._listen()
            self._steps.progress("reading what happened meanwhile")
            await self._recovery.reconcile(symbols)
            owners = self._recovery.owners.to_come()  # others come for as long as anybody trades
            while self._recovery.owners.awaits_any(owners):
                self._steps.progress("asking whose the executions are")
                await self._wait(50)
            if self._steps.stream_rise() == rise:
                return rise  # no event was missed since the reading began

    def _absorb_edits(self, found: tuple[Edit, ...]) -> None:
        untold = [edit for edit in found if self._is_untold(edit)]
        edits = [edit for edit in found if edit not in untold]
        if edits:
            self._store.backup("before-edit")
        moved = [edit for edit in edits if (edit.session, edit.symbol) in self._book.touched or edit.conflict]
        if moved:  # the rows have the book's numbers again: no later start would tell of them
            self._steps.flush()
            raise _refused([(edit, self._book.net(edit.session, edit.symbol)) for edit in moved])
        self._postpone(untold)
        for edit in edits:
            self._log.warning(
                "position edited by SQL",
                session=edit.session,
                symbol=edit.symbol,
                was=plain(edit.basis),
                now=plain(edit.edited),
            )
            self._book.transfer(edit, self._venue_ms(), "sql-edit")

    def _is_untold(self, edit: Edit) -> bool:
        """Whether executions from before it may still be told: nobody knows yet what "net is this now" means."""
        is_moved = edit.conflict or (edit.session, edit.symbol) in self._book.touched
        return not is_moved and self._recovery.lacks_executions(edit.session, edit.symbol)

    def _postpone(self, edits: list[Edit]) -> None:
        for edit in edits:
            self._log.warning(
                f"positions: the edit of session {edit.session} {edit.symbol.lower()} from {plain(edit.basis)} to "
                f"{plain(edit.edited)} waits for the next start: the exchange does not tell now what was executed there"
            )
        if edits:
            self._store.postpone(edits)

    async def _wait(self, ms: int) -> None:
        await until(self._now_ns() + ms * _NS_PER_MS)


def _refused(moved: Iterable[tuple[Edit, Decimal]]) -> ConfigError:
    """Edits of positions that moved meanwhile, each with what the net is now."""
    told, repeated = list[str](), list[str]()
    for edit, net in moved:
        session, symbol, edited = edit.session, edit.symbol.lower(), plain(edit.edited)
        was = plain(edit.basis if edit.edited_from is None else edit.edited_from)
        told.append(
            f"session {session} {symbol} was edited from {was} to {edited}, but it also traded: its net "
            f"is {plain(net)} now, the edit was not applied"
        )
        repeated.append(f"UPDATE positions SET net = '{edited}' WHERE session_id = {session} AND symbol = '{symbol}'")
    hint = f"if you still want it, stop the gateway and run: {'; '.join(repeated)}"
    return ConfigError(f"positions: {'; '.join(told)}", hint=hint)


def _check_symbols(listed: Container[str], configured: Iterable[str], edits: Iterable[Edit]) -> None:
    """Raises ConfigError for a symbol that the exchange does not have: nothing about it could ever be read."""
    for symbol in configured:
        if symbol not in listed:
            raise ConfigError(
                f"the exchange has no {symbol.lower()}",
                key="symbols",
                hint="is it spelled as the exchange spells it, and listed there?",
            )
    for edit in edits:
        if edit.symbol not in listed and edit.edited:
            raise ConfigError(
                f"positions: session {edit.session} was given {plain(edit.edited)} {edit.symbol.lower()}, which the "
                "exchange does not have",
                hint="delete the row",
            )
