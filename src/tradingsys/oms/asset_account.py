"""Books of assets: by asset, Σ sessions + EXTERNAL is what the account has of its own.

A symbol that trades assets begins flat, with a trade id; what the account held is in the baselines of its assets, each
with the instant at which the balance was read. An execution moves both assets of its symbol, and pays its fee in one
of them or in a third. Baselines and executions fit together because

- an asset's baseline is read twice, at such a distance that the balance surely was the same at the instant between,
  however stale the answers, and nothing was executed around it: what moved the asset before is in the baseline, and
  what moves it afterwards is not;
- a symbol that enters when one of its assets has a baseline already is read from that instant on: nothing the account
  traded in between is lost;
- an execution that comes into the books after the baseline of an asset that it moved earlier is in that already:
  EXTERNAL gives it back (`CashBook.booked`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal

from tradingsys.core.commands import Balance, BalancesQuery, Income, TimeQuery
from tradingsys.core.instrument import Instrument
from tradingsys.core.position import Pair
from tradingsys.core.records import LedgerKind
from tradingsys.oms.account_books import Comparison
from tradingsys.oms.asset_totals import movements
from tradingsys.oms.cash_history import CREATION_DOUBT_MS
from tradingsys.oms.entering import Entering, Wish
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.refusals import NotTold
from tradingsys.oms.trade_history import TradeHistory

__all__ = ["AssetAccount"]

_ZERO = Decimal(0)
_HOUR_MS = 3_600_000
_CHARGING_MS = 120_000
"""Interest is charged on the hour; so long after it nobody knows whether a balance has it already."""


class AssetAccount:
    """An account that holds assets."""

    def __init__(self, inquiry: Inquiry, history: TradeHistory, *, charges_interest: bool) -> None:
        self._inquiry = inquiry
        self._history = history
        self._book = inquiry.book
        self._staleness_ms = inquiry.margins.staleness_ms
        self.cash_kind: str | None = LedgerKind.INTEREST.value if charges_interest else None
        self.instruments: Mapping[str, Instrument] = {}
        self._entering = Entering(inquiry, self._enter, self._is_done, self._tell_busy)
        self._told_busy: set[str] = set()

    async def symbols_held(self) -> set[str]:
        """Pairs of which both assets are held or accounted for, and whatever else the account was seen to trade."""
        balances = await self._balances()
        known = self._book.assets.keys() | {each.asset for each in balances.values() if _is_held(each)}
        pairs = {each.symbol for each in self.instruments.values() if {each.base_asset, each.quote_asset} <= known}
        return pairs | self._book.outside

    async def enter_symbols(self, symbols: Iterable[str], tries: int | None = None) -> None:
        """Start accounting for symbols, and for those of their assets that are not accounted for."""
        await self._entering.enter((Wish(symbol=each) for each in symbols), tries)

    async def enter_assets(self, assets: Iterable[str], tries: int | None = None) -> None:
        """Start accounting for assets that moved without being one of a symbol's two, such as a fee's."""
        await self._entering.enter((Wish(asset=each) for each in assets), tries)

    def total(self, name: str) -> Decimal:
        """Of an asset."""
        return self._book.asset_totals().get(name, _ZERO)

    async def compare(self) -> Comparison:
        """Balances, less what is borrowed and owed."""
        balances = await self._balances()
        return {asset: (total, _net(balances, asset)) for asset, total in self._book.asset_totals().items()}

    def symbols_behind(self, names: Iterable[str]) -> set[str]:
        """All that trade one of the assets, and all that may have paid a fee in it."""
        return self._trading(names) | self.symbols_in_use()

    def symbols_trading(self, name: str) -> set[str]:
        """All that trade the asset."""
        return self._trading({name})

    def symbols_in_use(self) -> set[str]:
        """Those on which orders may execute, or executions are not settled yet. Whatever else the account trades, its
        assets differ.
        """
        return self._book.busy_symbols()

    def symbols_of(self, income: Income) -> set[str]:
        """All whose executions may have made somebody short of the asset."""
        lost = {symbol: self._pair(symbol) for symbol in filter(self._inquiry.lacks_trades, self._book.missing.trades)}
        may_be = {symbol for symbol, pair in lost.items() if pair and income.asset in (pair.base, pair.quote)}
        return may_be | (self._trading({income.asset}) & self.symbols_in_use())

    # ---- inside

    def _is_done(self, wish: Wish) -> bool:
        """Whether it is accounted for, or cannot be now."""
        if wish.symbol:
            is_hidden = self._pair(wish.symbol) is None or self._inquiry.is_history_put_off(wish.symbol)
            return wish.symbol in self._book.symbols or is_hidden
        return wish.asset in self._book.assets

    async def _enter(self, wishes: Collection[Wish]) -> None:
        """Enter what can be entered now. Each reading is taken when the one before can no longer be the younger one."""
        book, history = self._book, self._history
        symbols = sorted({wish.symbol for wish in wishes if wish.symbol})
        pairs = {symbol: pair for symbol in symbols if (pair := self._pair(symbol)) is not None}
        new = {asset for pair in pairs.values() for asset in (pair.base, pair.quote)}
        new |= {wish.asset for wish in wishes if wish.asset}
        last_ids = await history.last_ids(pairs)
        began_ms = await self._enter_quiet(new - book.assets.keys(), pairs)
        for symbol, pair in pairs.items():
            if symbol in last_ids and symbol not in book.symbols and {pair.base, pair.quote} <= book.assets.keys():
                start_ms = self._read_from(symbol, began_ms)
                try:
                    fills = [] if start_ms is None else await history.since(symbol, start_ms)
                except NotTold:
                    continue
                first = min((int(fill.exec_id) for fill in fills), default=last_ids[symbol] + 1)
                if not self._is_done(Wish(symbol)):
                    book.enter_pair(symbol, first, pair)
                    await history.pull(symbol)

    async def _enter_quiet(self, new: set[str], symbols: Iterable[str]) -> int:
        """Account for those assets that do not move now; returns since when (venue time in ms).

        The dear question, what was traded on each symbol, is asked only about what stood still by all others.
        """
        book, inquiry = self._book, self._inquiry
        moves, earliest_ms = {asset: book.cash.moved[asset] for asset in new}, inquiry.surely_ms() - self._staleness_ms
        earlier = await self._balances() if new else {}
        await inquiry.wait(self._staleness_ms)
        await inquiry.patiently(TimeQuery())  # a machine that was suspended does not know how late it is
        began_ms = inquiry.venue_ms()
        is_charging = (began_ms + inquiry.uncertainty_ms()) % _HOUR_MS < _CHARGING_MS
        await inquiry.wait(self._staleness_ms)
        if not any(book.cash.moved[asset] == moves[asset] for asset in new):
            return began_ms
        balances = await self._balances()
        still = {
            asset
            for asset in new
            if _net(balances, asset) == _net(earlier, asset)
            and not (is_charging and asset in balances and _owes(balances[asset]))
        }
        quiet = still - await self._traded_since(earliest_ms, symbols, still)
        quiet = {asset for asset in quiet if book.cash.moved[asset] == moves[asset]}
        self._enter_assets(quiet - book.assets.keys(), balances, began_ms)
        return began_ms

    async def _traded_since(self, start_ms: int, symbols: Iterable[str], assets: set[str]) -> set[str]:
        """What executions moved: two readings agree even if it was moved there and back between them."""
        around: set[str] = set()
        if assets:
            around = {*symbols, *self._trading(assets), *self._book.outside, *self.symbols_in_use()}
        moved: set[str] = set()
        for symbol in sorted(around):
            if (pair := self._pair(symbol)) is not None:
                with suppress(NotTold):  # of what is not told, the balances tell
                    for fill in await self._history.since(symbol, start_ms):
                        moved |= movements(fill, pair).keys()
        return moved

    def _enter_assets(self, assets: Iterable[str], balances: Mapping[str, Balance], began_ms: int) -> None:
        held = self._book.asset_sums()
        for asset in sorted(assets):
            self._book.cash.enter_asset(asset, _net(balances, asset) - held.get(asset, _ZERO), began_ms)

    def _read_from(self, symbol: str, began_ms: int) -> int | None:
        """From when on a symbol's history must be in the books; None: from the trade id that was just read."""
        book = self._book
        if book.missing.lacks_trades(symbol) or any(order.symbol == symbol for order in book.orders.values()):
            return book.created_ms - CREATION_DOUBT_MS
        since_ms = min(book.assets.values())  # fees may have moved any of them
        return since_ms if since_ms < began_ms else None

    def _trading(self, assets: Iterable[str]) -> set[str]:
        wanted = set(assets)
        return {symbol for symbol, pair in self._book.pairs.items() if {pair.base, pair.quote} & wanted}

    def _pair(self, symbol: str) -> Pair | None:
        instrument = self.instruments.get(symbol)
        return None if instrument is None else Pair(instrument.base_asset, instrument.quote_asset)

    async def _balances(self) -> dict[str, Balance]:
        return {each.asset: each for each in await self._inquiry.patiently(BalancesQuery())}

    def _tell_busy(self, wishes: Collection[Wish]) -> None:
        pairs = [pair for wish in wishes if (pair := self._pair(wish.symbol)) is not None]
        busy = {asset for pair in pairs for asset in (pair.base, pair.quote)}
        busy |= {wish.asset for wish in wishes if wish.asset}
        busy -= self._book.assets.keys() | self._told_busy
        self._told_busy |= busy
        if busy:
            self._book.alarm(
                f"waiting for {2 * self._staleness_ms / 1000:g} s in which this account does not move "
                f"{', '.join(sorted(busy))}: only then what it began with is certain"
            )


def _net(balances: Mapping[str, Balance], asset: str) -> Decimal:
    return balances[asset].net if asset in balances else _ZERO


def _is_held(balance: Balance) -> bool:
    return bool(balance.wallet or balance.borrowed or balance.interest)


def _owes(balance: Balance) -> bool:
    return bool(balance.borrowed or balance.interest)
