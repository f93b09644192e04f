"""Books of assets: by asset, Σ sessions + EXTERNAL is what the account has of its own.

A symbol that trades assets begins flat, with a trade id; what the account held is in the baselines of its assets, each
with the instant at which the balance was read. An execution moves both assets of its symbol, and pays its fee in one
of them or in a third. Baselines and executions fit together because

- an asset's baseline is read twice, at such a distance that the balance surely was the same at the instant between,
  however stale the answers: what moved it before is in the baseline, and what moves it afterwards is not;
- a symbol that enters when one of its assets has a baseline already is read from that instant on: nothing the account
  traded in between is lost. What such history tells from before the other asset's baseline is in that already, so
  that EXTERNAL gives it back (`CashBook.correct_baseline`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.commands import Balance, BalancesQuery, Income
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Fill
from tradingsys.core.position import Pair
from tradingsys.core.records import LedgerKind
from tradingsys.oms.account_books import ATTEMPTS_BEFORE_ALARM, Comparison
from tradingsys.oms.asset_totals import add, movements
from tradingsys.oms.cash_history import CREATION_DOUBT_MS
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.trade_history import TradeHistory

__all__ = ["AssetAccount"]

_ZERO = Decimal(0)
_HOUR_MS = 3_600_000
_CHARGING_MS = 120_000
"""Interest is charged on the hour; so long after it nobody knows whether a balance has it already."""


class _Reading(Struct):
    """What was read to begin with symbols and assets."""

    balances: dict[str, Balance]
    balances_ms: int
    """Venue time at which they surely were so: in the middle of two readings that agree."""
    last_ids: dict[str, int]
    histories: dict[str, list[Fill]]
    """What the account traded on a symbol since the first of its assets has a baseline."""
    quiet_symbols: set[str]
    quiet_assets: set[str]


class AssetAccount:
    """An account that holds assets."""

    def __init__(self, inquiry: Inquiry, history: TradeHistory, *, charges_interest: bool) -> None:
        self._inquiry = inquiry
        self._history = history
        self._book = inquiry.book
        self._staleness_ms = inquiry.margins.staleness_ms
        self.cash_kind: str | None = LedgerKind.INTEREST.value if charges_interest else None
        self.instruments: Mapping[str, Instrument] = {}
        self._lost: set[str] = set()

    async def symbols_held(self) -> set[str]:
        """Pairs of which both assets are held or accounted for, and whatever else the account was seen to trade."""
        balances = await self._balances()
        known = self._book.assets.keys() | {each.asset for each in balances.values() if _is_held(each)}
        pairs = {each.symbol for each in self.instruments.values() if {each.base_asset, each.quote_asset} <= known}
        return pairs | self._book.outside

    async def enter_symbols(self, symbols: Iterable[str], tries: int | None = None) -> None:
        """Start accounting for symbols, and for those of their assets that are not accounted for."""
        wanted, attempts = {symbol for symbol in symbols if self._pair(symbol) is not None}, 0
        while (missing := wanted - self._book.symbols.keys()) and attempts != tries:
            await self._enter(missing, set())
            attempts += 1
            if attempts == ATTEMPTS_BEFORE_ALARM and (busy := wanted - self._book.symbols.keys()):
                self._tell_busy(busy)

    async def enter_lost_symbol(self, symbol: str) -> None:
        """It is among those whose orders are ours, and read from the book's beginning on for that."""
        self._lost.add(symbol)
        await self.enter_symbols((symbol,))

    async def enter_assets(self, assets: Iterable[str], tries: int | None = None) -> None:
        """Start accounting for assets that moved without being one of a symbol's two, such as a fee's."""
        wanted, attempts = set(assets), 0
        while (missing := wanted - self._book.assets.keys()) and attempts != tries:
            await self._enter(set(), missing)
            attempts += 1
            if attempts == ATTEMPTS_BEFORE_ALARM and (busy := wanted - self._book.assets.keys()):
                self._tell_busy(busy)

    async def compare(self) -> Comparison:
        """Balances, less what is borrowed and owed."""
        balances = await self._balances()
        return {asset: (total, _net(balances, asset)) for asset, total in self._book.asset_totals().items()}

    def symbols_behind(self, names: Iterable[str]) -> set[str]:
        """All that trade one of the assets, and all that may have paid a fee in it."""
        return self._trading(names) | self.symbols_in_use()

    def symbols_in_use(self) -> set[str]:
        """Those that sessions trade. Whatever else the account trades on another one, its assets differ."""
        book = self._book
        used = {symbol for session, symbol in book.positions if session != EXTERNAL}
        used |= {order.symbol for order in book.open_orders()} | {symbol for symbol, _ in book.unattributed}
        return used & book.symbols.keys()

    def symbols_of(self, income: Income) -> set[str]:
        """All whose executions may have made somebody short of the asset."""
        return self._trading({income.asset}) & self.symbols_in_use()

    # ---- inside

    async def _enter(self, symbols: set[str], assets: set[str]) -> None:
        pairs = {symbol: pair for symbol in sorted(symbols) if (pair := self._pair(symbol)) is not None}
        reading = await self._read(pairs, assets)
        book = self._book
        ready = {
            symbol: pair
            for symbol, pair in pairs.items()
            if symbol in reading.quiet_symbols
            and symbol not in book.symbols
            and {pair.base, pair.quote} <= reading.quiet_assets | book.assets.keys()
        }
        new = {asset for pair in ready.values() for asset in (pair.base, pair.quote)} | (assets & reading.quiet_assets)
        new -= book.assets.keys()
        held = book.asset_sums()
        begin = {asset: _net(reading.balances, asset) - held.get(asset, _ZERO) for asset in sorted(new)}
        now_ms = self._inquiry.venue_ms()
        for symbol, pair in ready.items():
            early: dict[str, Decimal] = {}
            fills = reading.histories[symbol]
            for fill in fills:
                for asset, delta in movements(fill, pair).items():
                    if asset in begin:
                        begin[asset] -= delta
                    elif fill.ts_event_ms <= book.assets.get(asset, -1):
                        add(early, asset, -delta)
            for asset, amount in early.items():
                book.cash.correct_baseline(asset, symbol, amount, now_ms)
        for asset, amount in begin.items():
            book.cash.enter_asset(asset, amount, reading.balances_ms)
        for symbol, pair in ready.items():
            first = min((int(fill.exec_id) for fill in reading.histories[symbol]), default=reading.last_ids[symbol] + 1)
            book.enter_pair(symbol, first, pair)
        for symbol in ready:
            await self._history.pull(symbol)

    async def _read(self, pairs: Mapping[str, Pair], assets: set[str]) -> _Reading:
        """Each reading is taken when the one before can no longer be the younger one, however stale they are."""
        book, inquiry, history = self._book, self._inquiry, self._history
        new = {asset for pair in pairs.values() for asset in (pair.base, pair.quote)} | assets
        new -= book.assets.keys()
        around = self._trading(new) | (self.symbols_in_use() if assets else set())
        starts = {symbol: self._read_from(symbol, pair) for symbol, pair in pairs.items()}
        before = {symbol: await history.last_id(symbol) for symbol in pairs}
        for symbol in sorted(around):
            await history.pull(symbol)
        moves, outside = {asset: book.cash.moved[asset] for asset in new}, frozenset(book.outside)
        earlier = await self._balances() if new else {}
        await inquiry.wait(self._staleness_ms)
        balances_ms = inquiry.venue_ms()
        latest_ms = balances_ms + inquiry.uncertainty_ms()
        await inquiry.wait(self._staleness_ms)
        balances = await self._balances() if new else {}
        for symbol in sorted(around):
            await history.pull(symbol)
        histories = {
            symbol: [] if start_ms is None else await history.since(symbol, start_ms)
            for symbol, start_ms in starts.items()
        }
        quiet_symbols = {symbol for symbol in pairs if await history.last_id(symbol) == before[symbol]}
        traded = [pair for symbol, pair in pairs.items() if symbol not in quiet_symbols]
        traded += [pair for symbol in book.outside - outside if (pair := self._pair(symbol)) is not None]
        traded += [book.pairs[symbol] for symbol, _ in book.unattributed]
        is_owned = not assets or not book.unattributed  # a fee may be in any asset
        quiet_assets = {
            asset
            for asset in new
            if is_owned
            and _net(balances, asset) == _net(earlier, asset)
            and book.cash.moved[asset] == moves[asset]
            and not any(asset in (pair.base, pair.quote) for pair in traded)
            and not (asset in balances and _is_being_charged(balances[asset], latest_ms))
        }
        return _Reading(balances, balances_ms, before, histories, quiet_symbols, quiet_assets)

    def _read_from(self, symbol: str, pair: Pair) -> int | None:
        """From when on a symbol's history must be in the books; None: from now on."""
        book = self._book
        if symbol in self._lost or any(order.symbol == symbol for order in book.orders.values()):
            return book.created_ms - CREATION_DOUBT_MS
        return min((book.assets[asset] for asset in (pair.base, pair.quote) if asset in book.assets), default=None)

    def _trading(self, assets: Iterable[str]) -> set[str]:
        wanted = set(assets)
        return {symbol for symbol, pair in self._book.pairs.items() if {pair.base, pair.quote} & wanted}

    def _pair(self, symbol: str) -> Pair | None:
        instrument = self.instruments.get(symbol)
        return None if instrument is None else Pair(instrument.base_asset, instrument.quote_asset)

    async def _balances(self) -> dict[str, Balance]:
        return {each.asset: each for each in await self._inquiry.patiently(BalancesQuery())}

    def _tell_busy(self, names: Iterable[str]) -> None:
        self._book.alarm(
            f"waiting for {2 * self._staleness_ms / 1000:g} s in which this account does not move "
            f"{', '.join(sorted(names))}: only then what it began with is certain"
        )


def _net(balances: Mapping[str, Balance], asset: str) -> Decimal:
    return balances[asset].net if asset in balances else _ZERO


def _is_held(balance: Balance) -> bool:
    return bool(balance.wallet or balance.borrowed or balance.interest)


def _is_being_charged(balance: Balance, ts_ms: int) -> bool:
    return bool(balance.borrowed or balance.interest) and ts_ms % _HOUR_MS < _CHARGING_MS
