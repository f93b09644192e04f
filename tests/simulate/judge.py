"""What must be true when everything is quiet: the exchange's ledger is the judge."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import apsw

from tests.simulate.heard import untrue
from tests.simulate.money import Earned, differences, position_of, share
from tests.simulate.pyalgo_strategy import PyalgoStrategy
from tests.simulate.strategy import Strategy
from tests.simulate.truth import FORGOTTEN, Owned, Truth
from tests.simulate.wallet import unbalanced
from tests.simulate.wish import PRICES
from tradingsys.core.enums import OrderStatus
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.position import SessionPosition
from tradingsys.core.records import HaltCause, Scope
from tradingsys.oms.session_book import SessionBook
from tradingsys.sim.events import Execution
from tradingsys.sim.money import CashKind, CashRow
from tradingsys.store import read
from tradingsys.wire.messages import PositionView

if TYPE_CHECKING:
    from tests.simulate.incarnation import Incarnation
    from tests.simulate.life import Life

__all__ = ["Judge", "judge_file"]

_ACCOUNT = "account"
_Books = dict[tuple[int, str], Earned]
_ZERO = Decimal(0)


class Judge:
    """Everything that is wrong with one life."""

    def __init__(self, life: Life, conn: apsw.Connection, gateway: Incarnation | None = None) -> None:
        gateway = gateway or life.gateway
        assert gateway is not None
        self._life = life
        self._conn = conn
        self._gateway = gateway.gateway
        self._book = self._gateway.book
        self._exchange = life.venue.simulator.exchange
        self.truth = Truth(self._exchange, _ACCOUNT, self._book.lineage, life.venue.symbols)
        self._sessions = (*(strategy.session for strategy in life.strategies), EXTERNAL)
        self._owned: dict[tuple[int, str], list[Execution]] = defaultdict(list)
        self._baseline: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.truth.rows:
            first = self._book.symbols.get(row.symbol)
            if first is None or row.exec_id < first:
                self._baseline[row.symbol] += row.qty * row.side.sign
                continue
            owner = self.truth.owner(row)
            self._owned[owner.key.session if owner else EXTERNAL, row.symbol].append(row)
        life.machine.editor.look(conn)
        self._edits = life.machine.editor.taken
        self.earned = self._compute()

    def violations(self) -> Iterator[str]:
        yield from self.money()
        yield from self.orders()
        yield from self._heard()
        yield from self._life.venue.sent.wrong()
        yield from self._halts()
        yield from self._counted()
        yield from self._life.witness.lies(self.truth)
        yield from self._life.asked.broken(self.truth)
        yield from self._life.edits_broken(self._conn)
        yield from self._life.marks_missing()
        gateway = self._gateway
        if not gateway.is_ready:
            yield f"the gateway is not ready: {gateway.text}"
        is_of_a_copy = HaltCause.COPIED_BOOK in self._life.overseer.may_halt
        if gateway.halting.fault or (gateway.halting.reason and not is_of_a_copy):
            yield f"halted: {gateway.halting.reason}"
        for row in self._book.halts:
            if row.cause in (HaltCause.DIFFERENCE, HaltCause.UNPROVEN) and not gateway.recovery.differences:
                yield f"restricted still, and nothing differs: {row}"
        if gateway.recovery.is_catching_up:
            yield "the gateway still reads what happened while nobody listened"
        if gateway.recovery.differences:
            yield f"differences: {gateway.recovery.differences}"

    def money(self) -> Iterator[str]:
        """What is wrong with what everybody has."""
        yield from self._positions()
        yield from self._beliefs()
        yield from self._fills()
        yield from self._funding()
        yield from self._wallet()

    def books(self) -> Iterator[str]:
        """What is wrong with what the gateway believes, whatever its strategies do."""
        yield from self._positions()
        yield from self._fills()
        yield from self._funding()
        yield from self._wallet()
        yield from self._orders()

    def orders(self) -> Iterator[str]:
        """What is wrong with what is known of orders."""
        yield from self._orders()
        yield from self._nothing_left_in_doubt()

    def seen(self) -> Counter[str]:
        """What happened in this life that rules are about."""
        triggered = list(self.truth.triggered())
        taken = {order.client_order_id for order in self.truth.orders}
        return Counter(
            {
                "executions": len(self.truth.rows),
                "executions of sessions": sum(self.truth.owner(row) is not None for row in self.truth.rows),
                "conditional orders": sum(order.is_conditional for order in self.truth.orders),
                "conditional orders triggered": len(triggered),
                "foreign children executed": sum(bool(order.rows) and order.has_foreign_child for order in triggered),
                "foreign children attributed after a restart": self._attributed_late(triggered),
                "orders amended": len(self._exchange.ledger.amendments),
                "leverage changed": sum(
                    strategy.leverage_changes for strategy in self._life.strategies if isinstance(strategy, Strategy)
                ),
                "several orders of which some were taken": sum(
                    0 < sum(name in taken for name in names) < len(names)
                    for strategy in self._life.strategies
                    if isinstance(strategy, Strategy)
                    for names in strategy.together
                ),
                "orders that flattened a session": len(self._life.asked.flattened),
                "executions told after a snapshot": sum(
                    life.late for strategy in self._life.strategies for life in strategy.lives
                ),
                "fundings shared": sum(len(self._shares(row)) > 1 for row in self._paid()),
            }
        )

    def _attributed_late(self, triggered: list[Owned]) -> int:
        """Executions of children without our name, of orders of a gateway that was dead when they happened."""
        return sum(
            order.has_foreign_child and any(self._life.was_deaf(row.ts_ns) for row in order.rows) for order in triggered
        )

    # ---- what each session has

    def _compute(self) -> _Books:
        books = {
            (session, symbol): Earned.of(
                self._owned.get((session, symbol), []),
                self._baseline[symbol] if session == EXTERNAL else _ZERO,
                self._edited(session, symbol),
            )
            for symbol in self._life.venue.symbols
            for session in self._sessions
        }
        for row in self._paid():
            for session, amount in self._shares(row).items():
                funding = books[session, row.symbol].funding
                funding[row.asset] = funding.get(row.asset, _ZERO) + amount
        return books

    def _edited(self, session: int, symbol: str) -> list[tuple[int, Decimal]]:
        """What edits by SQL gave to a session, and when; EXTERNAL has the other side of all."""
        edits = [edit for edit in self._edits if edit.symbol == symbol]
        if session == EXTERNAL:
            return [(edit.taken_ms, -edit.delta) for edit in edits]
        return [(edit.taken_ms, edit.delta) for edit in edits if edit.session == session]

    def _paid(self) -> list[CashRow]:
        return [row for row in self._exchange.ledger.money(_ACCOUNT) if row.kind is CashKind.FUNDING_FEE]

    def _shares(self, row: CashRow) -> dict[int, Decimal]:
        symbol, ts_ms = row.symbol, row.ts_ns // 1_000_000
        nets = {}
        for session in self._sessions:
            rows = (each for each in self._owned.get((session, symbol), ()) if each.ts_ns // 1_000_000 <= ts_ms)
            edited = sum((delta for at_ms, delta in self._edited(session, symbol) if at_ms <= ts_ms), _ZERO)
            nets[session] = _net(rows) + edited + (self._baseline[symbol] if session == EXTERNAL else _ZERO)
        return share(row, nets)

    def _positions(self) -> Iterator[str]:
        kept = {(row.session, row.symbol): row.net for row in read.positions(self._conn)}
        for symbol in self._book.symbols:
            for session in self._sessions:
                true = self.earned[session, symbol]
                where = f"session {session} {symbol}"
                on_disk = kept.get((session, symbol), _ZERO)
                if not self._book.net(session, symbol) == on_disk == true.net:
                    yield f"{where}: ledger {true.net}, memory {self._book.net(session, symbol)}, pos.db {on_disk}"
                yield from self._unlike(where, self._book.position(session, symbol), true)
            held = self._exchange.position(_ACCOUNT, symbol).net
            if self._book.total(symbol) != held:
                yield f"{symbol}: Σ sessions + EXTERNAL {self._book.total(symbol)}, account {held}"

    def _unlike(self, where: str, told: SessionPosition, true: Earned) -> Iterator[str]:
        return differences(where, told, true, are_late=self._life.executions_are_late)

    def _beliefs(self) -> Iterator[str]:
        for strategy in self._life.strategies:
            for symbol in PRICES:
                true = self.earned[strategy.session, symbol.upper()]
                believed = strategy.net.get(symbol, _ZERO)
                if believed != true.net:
                    yield f"session {strategy.session} believes {believed} {symbol}, and holds {true.net}"
                view = strategy.holdings.get(symbol) or PositionView(symbol, "0")
                yield from self._unlike(f"session {strategy.session} believes of {symbol}", position_of(view), true)

    def _heard(self) -> Iterator[str]:
        began_ms = self._life.overseer.edited_by
        for strategy in self._life.strategies:
            edits = [
                # By the start that took it: the book dates it by the gateway's clock.
                (edit.symbol.lower(), round(began_ms[edit.session, edit.symbol, edit.taken_ms] * 1e6), edit.delta)
                for edit in self._edits
                if edit.session == strategy.session
            ]
            executed, is_hidden = self.truth.executed(strategy.session), self._life.exchange_forgets
            restored_ns = self._life.machine.hands.restored_ns
            yield from untrue(
                strategy.session, strategy.lives, executed, edits, is_hidden=is_hidden, restored_ns=restored_ns
            )

    def _fills(self) -> Iterator[str]:
        for session in self._sessions:
            true: Counter[tuple[object, ...]] = Counter(
                (row.symbol, str(row.exec_id), str(row.order_id), row.side, row.qty, row.px, row.fee, row.is_maker)
                for (owner, _), rows in self._owned.items()
                if owner == session
                for row in rows
            )
            booked: Counter[tuple[object, ...]] = Counter(
                (
                    row.fill.symbol,
                    row.fill.exec_id,
                    row.fill.venue_order_id,
                    row.fill.side,
                    row.fill.last_qty,
                    row.fill.last_px,
                    row.fill.fee,
                    row.fill.is_maker,
                )
                for row in read.fills(self._conn, session, limit=1_000_000)
            )
            for missing in (true - booked).elements():
                yield f"session {session}: never booked {missing}"
            for invented in (booked - true).elements():
                yield f"session {session}: booked without the exchange {invented}"

    def _funding(self) -> Iterator[str]:
        """Every row in the ledger, shared once."""
        if self._life.executions_are_late:
            return
        true = Counter(
            (session, row.symbol, amount, row.ts_ns // 1_000_000, str(row.row_id))
            for row in self._paid()
            for session, amount in self._shares(row).items()
        )
        kept = Counter(
            (row.session, row.symbol, row.amount, row.ts_ms, row.ext_id)
            for row in read.ledger(self._conn, limit=1_000_000)
            if row.amount
        )
        for missing in (true - kept).elements():
            yield f"funding never booked: {missing}"
        for invented in (kept - true).elements():
            yield f"funding booked without the exchange: {invented}"

    def _wallet(self) -> Iterator[str]:
        """All that everybody earned and paid makes what the account has."""
        account, rows = self._exchange.accounts[_ACCOUNT], list(self._exchange.ledger.money(_ACCOUNT))
        begun_late = {row.symbol for row in self.truth.rows if row.exec_id < self._book.symbols.get(row.symbol, 0)}
        yield from unbalanced(self._book, self._sessions, account, rows, begun_late)

    # ---- orders

    def _orders(self) -> Iterator[str]:
        """Every order that the exchange has of ours is known as it is there."""
        for order in self.truth.orders:
            known = self._book.order(order.client_order_id)
            if known is None and (order.rows or order.status.is_open):
                yield f"unknown to the book: {order.client_order_id}"
            if known is None:
                continue  # lost with the journal's tail, and ended without a trace
            if known.absent and self._life.exchange_forgets and not order.rows and not order.status.is_open:
                continue  # hidden until nobody asked any more, and ended without a trace
            if order.is_forgotten(self._life.world.now_ns) and known.status in FORGOTTEN:
                continue
            terms = known.known_terms
            qty, px = (terms.order_qty, terms.price) if terms else (None, None)
            told = (known.session, known.status, known.facts.cum_qty, qty, px)
            true = (order.key.session, order.status, order.executed, order.qty, order.px)
            if told != true:
                yield f"{order.client_order_id}: the exchange has {true}, the book {told}"

    def _halts(self) -> Iterator[str]:
        """Every trade by the exchange itself halted its symbol, until somebody looked at it."""
        booked = {row.ts_ns for (session, _), rows in self._owned.items() if session == EXTERNAL for row in rows}
        for symbol, at_ns in self._life.forces.trades:
            was_halted = any(halted == symbol and then_ns >= at_ns for halted, then_ns in self._life.resumed)
            if at_ns in booked and not was_halted and not self._book.halts.of(Scope(symbol=symbol)):
                yield f"the exchange traded {symbol} by itself, and nobody was stopped"

    def _counted(self) -> Iterator[str]:
        """Limits count what is open, and nothing else; beside a copy others' orders are open, too."""
        if HaltCause.COPIED_BOOK in self._life.overseer.may_halt:
            return
        open_orders = Counter((order.key.session, order.symbol) for order in self.truth.orders if order.status.is_open)
        for session, lines in self._book.exposure.lines.items():
            for symbol, line in lines.items():
                true = open_orders[session, symbol]
                if line.orders != true or (not true and (line.buys or line.sells)):
                    counted = f"{line.orders} of {line.buys} and {line.sells}"
                    yield f"{true} orders of session {session} are open on {symbol}, and limits count {counted}"

    def _nothing_left_in_doubt(self) -> Iterator[str]:
        book = self._book
        at_venue = {order.client_order_id for order in self.truth.orders if order.status.is_open}
        ours = {order.client_order_id for order in book.open_orders() if order.is_open}
        for client_order_id in at_venue ^ ours:
            known = book.order(client_order_id)
            where = "the exchange" if client_order_id in at_venue else "our book"
            yield f"open only at {where}: {client_order_id} {known.status if known else 'unknown'}"
        for order in book.orders.values():
            if order.in_doubt or order.status is OrderStatus.UNKNOWN:
                yield f"still in doubt: {order.client_order_id}"
            if order.replace is not None or order.cancel_pending:
                yield f"a change still under way: {order.client_order_id}"
        if book.unattributed:
            yield f"fills without owner: {book.unattributed}"
        # What was executed is told with its executions: not as long as the exchange shows none.
        awaited = {name for name, order in book.orders.items() if order.facts.missing_qty}
        for strategy in self._life.strategies:
            if isinstance(strategy, PyalgoStrategy):
                yield from strategy.misled(self.truth, awaited)
            elif strategy.unanswered:
                yield f"session {strategy.session} was never answered: {strategy.unanswered}"
            untold = [name for name in strategy.asked if name not in awaited]
            if untold:
                yield f"session {strategy.session} never learned of {untold}"


def judge_file(earned: Mapping[tuple[int, str], Earned], book: SessionBook, *, are_late: bool = False) -> Iterator[str]:
    """The book as the next start would read it; ``are_late`` as in `differences`."""
    for (session, symbol), true in earned.items():
        if symbol in book.symbols:
            where = f"read again, session {session} {symbol}"
            yield from differences(where, book.position(session, symbol), true, are_late=are_late)


def _net(rows: Iterable[Execution]) -> Decimal:
    return sum((row.qty * row.side.sign for row in rows), _ZERO)
