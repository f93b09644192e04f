"""Every execution of the account, once, and what it made of the positions of those it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from msgspec import structs

from tradingsys.core.commands import Income
from tradingsys.core.errors import InvariantViolation
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Fill, FillKey, Order
from tradingsys.core.position import Pair, SessionPosition
from tradingsys.core.records import (
    BASELINE,
    AdjustmentRecord,
    FillRecord,
    LedgerKind,
    LedgerRecord,
    PositionRecord,
    Saved,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.oms.accounting import Accounting
from tradingsys.oms.asset_totals import add, asset_totals, base_fee
from tradingsys.oms.cash_book import CashBook
from tradingsys.oms.effects import Effect, PositionNews, Save
from tradingsys.oms.exposure import Exposure
from tradingsys.oms.funding import shares

__all__ = ["FillBook"]

_ZERO = Decimal(0)


class FillBook:
    """Executions, positions and money; what follows goes to ``effects``, in order."""

    def __init__(self, saved: Saved, effects: list[Effect], is_kept: Callable[[Fill], bool]) -> None:
        """``is_kept`` tells whether an execution that the watermark passed was booked."""
        self._effects, self._is_kept = effects, is_kept
        self.positions: dict[tuple[int, str], Decimal] = {(row.session, row.symbol): row.net for row in saved.positions}
        self.exposure = Exposure(self.positions)
        """What these positions could become."""
        self.symbols: dict[str, int] = {row.symbol: row.first_trade_id for row in saved.symbols}
        self.watermarks: dict[str, int] = dict(self.symbols)
        self.watermarks |= {row.symbol: row.trade_id for row in saved.watermarks}
        self.pairs: dict[str, Pair] = {row.symbol: row.pair for row in saved.symbols if row.pair is not None}
        """The assets of symbols that trade assets."""
        self.cash = CashBook(saved, self.pairs, effects)
        self.touched: set[tuple[int, str]] = set()
        self._booked: dict[str, dict[FillKey, tuple[Fill, int]]] = {}
        """By symbol: of each execution from the watermark on what is known, and whose it is."""
        for row in saved.fills:
            self.remember(row)
        self._accounting = Accounting(saved.performance, saved.fills, saved.adjustments, self.watermarks, self.pairs)
        self._late: set[FillKey] = set()
        """Executions below the watermark that are known not to be booked, and shall be."""
        self.booked_late: set[FillKey] = set()
        """Those that were: nobody who saw pos.db before may admit them again."""
        self._newest: dict[str, int] = {}
        for row in saved.fills:
            self._note_newest(row.fill)
        for (session, symbol), net in self.positions.items():
            self._accounting.correct(session, symbol, net)
        for session, symbol in sorted(self.positions.keys() - {(row.session, row.symbol) for row in saved.performance}):
            self._save_base(session, symbol)  # a book of an older version: the next start need not read all fills
        paid = {asset for flow in self._accounting.flows() for asset in flow.fees}
        self.cash.wanted |= paid - self.cash.assets.keys()

    def net(self, session: int, symbol: str) -> Decimal:
        """What a session (EXTERNAL included) holds."""
        return self.positions.get((session, symbol), _ZERO)

    def total(self, symbol: str) -> Decimal:
        """Σ sessions + EXTERNAL: what the account must hold."""
        return sum((net for (_, held), net in self.positions.items() if held == symbol), _ZERO)

    def position(self, session: int, symbol: str) -> SessionPosition:
        """What a session holds of a symbol, and what it earned there."""
        return self._accounting.position(session, symbol)

    def is_booked(self, fill: Fill) -> bool:
        """Whether this execution is in the books, or before their beginning."""
        if self.is_above_watermark(fill):
            return fill.key in self._booked.get(fill.symbol, ())
        return fill.key not in self._late

    def is_above_watermark(self, fill: Fill) -> bool:
        """Whether the next start reads it again."""
        return int(fill.exec_id) >= self.watermarks.get(fill.symbol, 0)

    def above_watermark(self, symbol: str) -> Iterable[Fill]:
        """What is booked and the next start reads again, whoever told of it."""
        return (fill for fill, _ in self._booked.get(symbol, {}).values() if self.is_above_watermark(fill))

    def admitted(self, facts: Order, before: Order) -> Order:
        """What is told of an order, whose executions as they are booked are in ``before``.

        The watermark may have passed one that history showed late, and an event tells it even later: it is booked if it
        is not in pos.db, as soon as its fee is told with it, for nobody asks for that any more.
        """
        passed = [
            fill
            for fill in facts.fills.values()
            if fill.exec_id not in before.fills
            and self.symbols.get(fill.symbol, 0) <= int(fill.exec_id) < self.watermarks.get(fill.symbol, 0)
        ]
        for fill in passed:
            if fill.fee is not None and fill.key not in self._late and not self._is_kept(fill):
                self.admit_late(fill)
        without = {fill.exec_id for fill in passed if fill.fee is None}
        if not without:
            return facts
        return structs.replace(facts, fills={key: fill for key, fill in facts.fills.items() if key not in without})

    def admit_late(self, fill: Fill) -> None:
        """This one is not booked, although the watermark passed it: it will be when it is told once more."""
        if not self.is_above_watermark(fill) and fill.key not in self.booked_late:
            self._late.add(fill.key)

    def unsettled_symbols(self) -> set[str]:
        """Those with an execution above the watermark: history was not read since, or too soon after."""
        return {symbol for symbol, trade_id in self._newest.items() if trade_id > self.watermarks.get(symbol, 0)}

    def asset_totals(self) -> dict[int, dict[str, Decimal]]:
        """What each session holds of each asset, EXTERNAL included."""
        return asset_totals(self._accounting.flows(), self.cash.totals)

    def asset_sums(self) -> dict[str, Decimal]:
        """What the books have of each asset, accounted for or not."""
        sums: dict[str, Decimal] = {}
        for held in self.asset_totals().values():
            for asset, amount in held.items():
                add(sums, asset, amount)
        return sums

    def enter_pair(self, symbol: str, first_trade_id: int, pair: Pair) -> None:
        """Account for a symbol that trades assets; what the account held before is in the baselines of its assets."""
        self.pairs[symbol] = pair
        self._begin_symbol(SymbolRecord(symbol, first_trade_id, pair.base, pair.quote))

    def enter_symbol(self, symbol: str, first_trade_id: int, account_net: Decimal, ts_ms: int) -> None:
        """Account for a symbol from a trade id on; what the account held before is EXTERNAL's."""
        self._begin_symbol(SymbolRecord(symbol, first_trade_id))
        self.adjust(EXTERNAL, symbol, account_net - self.total(symbol), BASELINE, ts_ms)

    def advance(self, symbol: str, trade_id: int) -> None:
        """Every smaller trade id is booked now; history need not be read from further back again."""
        if trade_id <= self.watermarks[symbol]:
            return
        self.watermarks[symbol] = trade_id
        open_ended = self._booked.get(symbol, {})
        self._booked[symbol] = {key: known for key, known in open_ended.items() if int(key[1]) >= trade_id}
        self._settle(symbol)
        self._effects.append(Save(WatermarkRecord(symbol, trade_id)))

    def remember(self, row: FillRecord) -> None:
        """An execution that was booked is read again: what is below the watermark can tell nothing new."""
        fill = row.fill
        if self.is_above_watermark(fill):
            self._booked.setdefault(fill.symbol, {}).setdefault(fill.key, (fill, row.session))

    def book(self, fill: Fill, session: int, client_order_id: str | None) -> None:
        """Book an execution once; a report of it that knows more completes it.

        Raises InvariantViolation when it belongs to another session already.
        """
        first = self.symbols.get(fill.symbol)
        if first is None or int(fill.exec_id) < first:
            return  # before the beginning of the book: part of the baseline
        known = self._booked.get(fill.symbol, {}).get(fill.key)
        if known is not None:
            self._complete(known, fill, session, client_order_id)
        elif not self.is_booked(fill):
            is_late = fill.key in self._late
            if not is_late:
                self._booked.setdefault(fill.symbol, {})[fill.key] = (fill, session)
            self._note_newest(fill)
            self._effects.append(Save(FillRecord(fill, session, client_order_id)))
            self.touched.add((session, fill.symbol))
            self.cash.booked(fill, session)
            self._open_account(session, fill.symbol)
            self._accounting.booked(session, fill)
            if is_late:
                self._late.discard(fill.key)
                self.booked_late.add(fill.key)
                self._settle(fill.symbol)
            self._move(session, fill.symbol, fill.signed_qty - base_fee(fill, self.pairs.get(fill.symbol)))

    def complete(self, fill: Fill) -> bool:
        """Join a report with what is booked; False when nothing is."""
        known = self._booked.get(fill.symbol, {}).get(fill.key)
        if known is not None:
            self._complete(known, fill, known[1], None)
        return known is not None

    def adjust(self, session: int, symbol: str, delta: Decimal, why: str, ts_ms: int) -> None:
        """Change a session's net without a fill."""
        if delta:
            record = AdjustmentRecord(session, symbol, delta, why, ts_ms)
            self._effects.append(Save(record))
            self.cash.note_adjustment(record)
            self._accounting.adjusted(record)
            self._save_base(session, symbol)
            self._move(session, symbol, delta)

    def value_edits(self, session: int, symbol: str, px: Decimal) -> None:
        """What edits changed of a session's net since that was told last was worth this a unit."""
        if self._accounting.valued(session, symbol, px):
            self._save_base(session, symbol)

    def pay(self, income: Income) -> None:
        """Share a row of the account's cash history; a row that was shared changes nothing. Every trade up to then must
        be booked.

        Funding is borne by those who held its symbol at its instant, interest by those who were short its asset.
        """
        if self.cash.is_known(income):
            return
        self.cash.know(income)
        if income.kind == LedgerKind.INTEREST:
            self._charge(income)
            return
        symbol = income.symbol
        now = {session: net for (session, held), net in self.positions.items() if held == symbol}
        nets = self.cash.held_at(symbol, income.ts_ms, now)
        for session, amount in shares(income.amount, nets).items():
            self._put(session, income, amount)
            self._accounting.funded(session, symbol, income.asset, amount)
            self._save_base(session, symbol)
            self._tell(session, symbol)

    # ---- inside

    def _settle(self, symbol: str) -> None:
        """What is below the watermark goes into the bases, which the next start reads in its place."""
        for session in self._accounting.advance(symbol, self.watermarks[symbol]):
            self._save_base(session, symbol)

    def _charge(self, income: Income) -> None:
        """Interest from before an asset's baseline is in that already."""
        began_ms = self.cash.assets.get(income.asset)
        if began_ms is None or income.ts_ms <= began_ms:
            return
        now = {session: held[income.asset] for session, held in self.asset_totals().items() if income.asset in held}
        held = self.cash.held_at(income.asset, income.ts_ms, now)
        for session, amount in shares(income.amount, {each: net for each, net in held.items() if net < 0}).items():
            self._put(session, income, amount)

    def _put(self, session: int, income: Income, amount: Decimal) -> None:
        self.cash.book(
            LedgerRecord(session, income.asset, amount, income.kind, income.ext_id, income.ts_ms, income.symbol)
        )

    def _begin_symbol(self, record: SymbolRecord) -> None:
        self.symbols[record.symbol] = self.watermarks[record.symbol] = record.first_trade_id
        self._effects.append(Save(record))

    def _complete(self, known: tuple[Fill, int], fill: Fill, session: int, client_order_id: str | None) -> None:
        before, owner = known
        if owner != session:
            raise InvariantViolation(f"execution {fill.key} booked to session {owner}, now claimed by {session}")
        joined = before.join(fill)
        if joined == before:
            return
        self._booked[fill.symbol][fill.key] = (joined, session)
        self._effects.append(Save(FillRecord(joined, session, client_order_id)))
        if self._accounting.joined(session, before, joined):
            self._save_base(session, fill.symbol)
        if before.charge is None and joined.charge is not None:
            self._fee_known(session, joined)

    def _fee_known(self, session: int, fill: Fill) -> None:
        self.cash.fee_known(fill, session)
        taken = base_fee(fill, self.pairs.get(fill.symbol))
        if taken:
            self.touched.add((session, fill.symbol))
            self._move(session, fill.symbol, -taken)
        else:
            self._tell(session, fill.symbol)

    def _move(self, session: int, symbol: str, delta: Decimal) -> None:
        net = self.net(session, symbol) + delta
        self.positions[session, symbol] = net
        self.exposure.moved(session, symbol, net)
        self._effects.append(Save(PositionRecord(session, symbol, net)))
        self._tell(session, symbol)

    def _tell(self, session: int, symbol: str) -> None:
        if session != EXTERNAL:
            self._effects.append(PositionNews(session, symbol, self.position(session, symbol)))

    def _note_newest(self, fill: Fill) -> None:
        self._newest[fill.symbol] = max(int(fill.exec_id), self._newest.get(fill.symbol, 0))

    def _open_account(self, session: int, symbol: str) -> None:
        """Keep an empty base: a row tells the next start that only what is above the watermark comes on top."""
        if not self._accounting.knows(session, symbol):
            self._save_base(session, symbol)

    def _save_base(self, session: int, symbol: str) -> None:
        self._effects.append(Save(self._accounting.base(session, symbol)))
