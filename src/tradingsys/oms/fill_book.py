"""Every execution of the account, once, and what it made of the positions of those it belongs to."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.commands import Income
from tradingsys.core.errors import InvariantViolation
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Fill, FillKey
from tradingsys.core.position import SessionPosition
from tradingsys.core.records import (
    AdjustmentRecord,
    FillRecord,
    LedgerMarkRecord,
    LedgerRecord,
    PositionRecord,
    Saved,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.oms.accounting import BASELINE, Accounting
from tradingsys.oms.effects import Effect, PositionNews, Save
from tradingsys.oms.funding import Movements, shares

__all__ = ["FillBook"]

_ZERO = Decimal(0)


class FillBook:
    """Executions, positions and money; what follows goes to ``effects``, in order."""

    def __init__(self, saved: Saved, effects: list[Effect]) -> None:
        self._effects = effects
        self.positions: dict[tuple[int, str], Decimal] = {(row.session, row.symbol): row.net for row in saved.positions}
        self.symbols: dict[str, int] = {row.symbol: row.first_trade_id for row in saved.symbols}
        self.watermarks: dict[str, int] = dict(self.symbols)
        self.watermarks |= {row.symbol: row.trade_id for row in saved.watermarks}
        self.ledger_marks: dict[str, int] = {row.kind: row.ts_ms for row in saved.ledger_marks}
        self.touched: set[tuple[int, str]] = set()
        self._booked: dict[FillKey, tuple[Fill, int]] = {row.fill.key: (row.fill, row.session) for row in saved.fills}
        self._paid: dict[tuple[str, str], int] = {(row.kind, row.ext_id): row.ts_ms for row in saved.ledger}
        self._accounting = Accounting(saved.performance, saved.fills, saved.adjustments, self.watermarks)
        for (session, symbol), net in self.positions.items():
            self._accounting.correct(session, symbol, net)
        for session, symbol in sorted(self.positions.keys() - {(row.session, row.symbol) for row in saved.performance}):
            self._save_base(session, symbol)  # a book of an older version: the next start need not read all fills
        self._movements = Movements()
        oldest_ms = min(self.ledger_marks.values(), default=0)
        for fill_row in saved.fills:
            fill = fill_row.fill
            if fill.ts_event_ms > oldest_ms:
                self._movements.add(fill.symbol, fill.ts_event_ms, fill_row.session, fill.signed_qty)
        for row in saved.adjustments:
            if row.ts_ms > oldest_ms and row.why != BASELINE:  # which was there before the first trade
                self._movements.add(row.symbol, row.ts_ms, row.session, row.delta)

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
        return fill.key in self._booked or int(fill.exec_id) < self.watermarks.get(fill.symbol, 0)

    def enter_symbol(self, symbol: str, first_trade_id: int, account_net: Decimal, ts_ms: int) -> None:
        """Account for a symbol from a trade id on; what the account held before is EXTERNAL's."""
        self.symbols[symbol] = first_trade_id
        self.watermarks[symbol] = first_trade_id
        self._effects.append(Save(SymbolRecord(symbol, first_trade_id)))
        self.adjust(EXTERNAL, symbol, account_net - self.total(symbol), BASELINE, ts_ms)

    def advance(self, symbol: str, trade_id: int) -> None:
        """Every smaller trade id is booked now; history need not be read from further back again."""
        if trade_id <= self.watermarks[symbol]:
            return
        self.watermarks[symbol] = trade_id
        for session in self._accounting.advance(symbol, trade_id):
            self._save_base(session, symbol)
        self._effects.append(Save(WatermarkRecord(symbol, trade_id)))

    def remember(self, row: FillRecord) -> None:
        """An execution that was booked long ago is read again with its order."""
        self._booked.setdefault(row.fill.key, (row.fill, row.session))

    def book(self, fill: Fill, session: int, client_order_id: str | None) -> None:
        """Book an execution once; a report of it that knows more completes it.

        Raises InvariantViolation when it belongs to another session already.
        """
        first = self.symbols.get(fill.symbol)
        if first is None or int(fill.exec_id) < first:
            return  # before the beginning of the book: part of the baseline
        known = self._booked.get(fill.key)
        if known is not None:
            self._complete(known, fill, session, client_order_id)
        elif int(fill.exec_id) >= self.watermarks[fill.symbol]:  # else proven booked by an earlier incarnation
            self._booked[fill.key] = (fill, session)
            self._effects.append(Save(FillRecord(fill, session, client_order_id)))
            self.touched.add((session, fill.symbol))
            self._movements.add(fill.symbol, fill.ts_event_ms, session, fill.signed_qty)
            self._open_account(session, fill.symbol)
            self._accounting.booked(session, fill)
            self._move(session, fill.symbol, fill.signed_qty)

    def complete(self, fill: Fill) -> bool:
        """Join a report with what is booked; False when nothing is."""
        known = self._booked.get(fill.key)
        if known is not None:
            self._complete(known, fill, known[1], None)
        return known is not None

    def adjust(self, session: int, symbol: str, delta: Decimal, why: str, ts_ms: int) -> None:
        """Change a session's net without a fill."""
        if delta:
            record = AdjustmentRecord(session, symbol, delta, why, ts_ms)
            self._effects.append(Save(record))
            if why != BASELINE:
                self._movements.add(symbol, ts_ms, session, delta)
            self._open_account(session, symbol)
            self._accounting.adjusted(record)
            self._move(session, symbol, delta)

    # ---- money without a trade

    def is_paid(self, income: Income) -> bool:
        """Whether this row of the account's cash history is in the ledger."""
        return (income.kind, income.ext_id) in self._paid

    def pay(self, income: Income) -> None:
        """Share a row among those who held its symbol at its instant; a row that was shared changes nothing."""
        if self.is_paid(income):
            return
        self._paid[income.kind, income.ext_id] = income.ts_ms
        symbol = income.symbol
        now = {session: net for (session, held), net in self.positions.items() if held == symbol}
        nets = self._movements.nets_at(symbol, income.ts_ms, now)
        for session, amount in shares(income.amount, nets).items():
            row = LedgerRecord(session, income.asset, amount, income.kind, income.ext_id, income.ts_ms, symbol)
            self._effects.append(Save(row))
            self._accounting.funded(session, symbol, income.asset, amount)
            self._save_base(session, symbol)
            self._tell(session, symbol)

    def mark_ledger(self, kind: str, ts_ms: int) -> None:
        """Every older row of this kind is in the ledger: cash history need not be read from further back again."""
        if ts_ms > self.ledger_marks.get(kind, 0):
            self.ledger_marks[kind] = ts_ms
            self._paid = {key: paid_ms for key, paid_ms in self._paid.items() if paid_ms >= ts_ms or key[0] != kind}
            self._movements.forget_until(ts_ms)
            self._effects.append(Save(LedgerMarkRecord(kind, ts_ms)))

    # ---- inside

    def _complete(self, known: tuple[Fill, int], fill: Fill, session: int, client_order_id: str | None) -> None:
        before, owner = known
        if owner != session:
            raise InvariantViolation(f"execution {fill.key} booked to session {owner}, now claimed by {session}")
        joined = before.join(fill)
        if joined == before:
            return
        self._booked[fill.key] = (joined, session)
        self._effects.append(Save(FillRecord(joined, session, client_order_id)))
        if self._accounting.joined(session, before, joined):
            self._save_base(session, fill.symbol)
        if before.fee is None and joined.fee is not None:
            self._tell(session, fill.symbol)

    def _move(self, session: int, symbol: str, delta: Decimal) -> None:
        net = self.net(session, symbol) + delta
        self.positions[session, symbol] = net
        self._effects.append(Save(PositionRecord(session, symbol, net)))
        self._tell(session, symbol)

    def _tell(self, session: int, symbol: str) -> None:
        if session != EXTERNAL:
            self._effects.append(PositionNews(session, symbol, self.position(session, symbol)))

    def _open_account(self, session: int, symbol: str) -> None:
        """Keep an empty base: a row tells the next start that only what is above the watermark comes on top."""
        if not self._accounting.knows(session, symbol):
            self._save_base(session, symbol)

    def _save_base(self, session: int, symbol: str) -> None:
        self._effects.append(Save(self._accounting.base(session, symbol)))
