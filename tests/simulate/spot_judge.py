"""What must be true of books of assets when everything is quiet: the exchange's ledger is the judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import apsw

from tests.simulate.heard import untrue
from tests.simulate.money import Earned, differences, position_of
from tests.simulate.plain_spot import PlainSpot, middle
from tests.simulate.pyalgo_strategy import PyalgoStrategy
from tests.simulate.spot_box import balances_at
from tests.simulate.spot_strategy import SpotStrategy
from tests.simulate.truth import Truth
from tradingsys.core.enums import OrderStatus
from tradingsys.core.ids import EXTERNAL, decode_client_order_id
from tradingsys.core.position import SessionPosition
from tradingsys.core.records import HaltCause, LedgerKind, Scope
from tradingsys.sim.events import Execution
from tradingsys.store import read
from tradingsys.wire.messages import PositionView

if TYPE_CHECKING:
    from tests.simulate.spot_life import SpotLife

__all__ = ["SpotJudge"]

_ZERO, _ONE = Decimal(0), Decimal(1)


class SpotJudge:
    """Everything that is wrong with one life on spot."""

    def __init__(self, life: SpotLife, conn: apsw.Connection) -> None:
        assert life.gateway is not None
        self._life = life
        self._conn = conn
        self._gateway = life.gateway.gateway
        self._book = life.gateway.gateway.book
        self._first_names: dict[tuple[str, int], str] = {}
        """Of orders that were renamed since."""
        for change in life.exchange.ledger.amendments:
            self._first_names.setdefault((change.symbol, change.order_id), change.client_order_id)
        life.machine.editor.look(conn)
        self._edits = life.machine.editor.taken
        self._rows = [row for row in life.exchange.ledger.executions if row.account == life.account]
        self.earned = self._compute()

    def violations(self) -> Iterator[str]:
        gateway, book = self._gateway, self._book
        if not gateway.is_ready or gateway.halting.reason:
            yield f"not ready: {gateway.text} {gateway.halting.reason}"
        if gateway.recovery.is_catching_up:
            yield "the gateway still reads what happened while nobody listened"
        yield from self._assets()
        yield from self._fills()
        yield from self._positions()
        yield from self._beliefs()
        yield from self._orders()
        truth = Truth(self._life.exchange, self._life.account, book.lineage, self._life.venue.symbols)
        yield from self._heard(truth)
        yield from self._limits()
        yield from self._life.witness.lies(truth)
        yield from self._life.asked.broken(truth)
        yield from self._life.venue.sent.wrong()
        yield from self._life.edits_broken(self._conn)
        yield from self._life.marks_missing()
        if isinstance(self._life.box, PlainSpot):
            asked = sum(each.loans for each in self._life.strategies if isinstance(each, SpotStrategy))
            if self._life.box.loans > asked:
                yield f"loans were asked for {asked} times, and the exchange was asked {self._life.box.loans} times"
        if book.unattributed:
            yield f"fills without owner: {book.unattributed}"
        for strategy in self._life.strategies:
            if isinstance(strategy, PyalgoStrategy):
                yield from strategy.misled(truth)
            elif strategy.unanswered:
                yield f"session {strategy.session} was never answered: {strategy.unanswered}"
            if strategy.asked:
                yield f"session {strategy.session} never learned of {list(strategy.asked)}"

    def seen(self) -> Counter[str]:
        """What happened in this life that rules are about."""
        ledger = self._life.exchange.ledger
        on_pyalgo = {each.session for each in self._life.strategies if isinstance(each, PyalgoStrategy)}
        lists_of_pyalgo = (
            each.contingency
            for each in ledger.lists.values()
            if each.account == self._life.account and self._session(each.legs[0].client_order_id) in on_pyalgo
        )
        return Counter(f"lists of pyalgo: {each}" for each in lists_of_pyalgo) + Counter(
            {
                "executions of assets told by pyalgo": sum(
                    len(life.news) for each in self._life.strategies if each.session in on_pyalgo for life in each.lives
                ),
                "fees of assets told by pyalgo": sum(
                    len(life.fees) for each in self._life.strategies if each.session in on_pyalgo for life in each.lives
                ),
                "executions": len(self._rows),
                "executions of sessions": sum(self._owner(row) != EXTERNAL for row in self._rows),
                "fees in BNB": sum(row.fee_asset == "BNB" and bool(row.fee) for row in self._rows),
                "fees in the base asset": sum(row.fee_asset == row.base_asset and bool(row.fee) for row in self._rows),
                "orders amended": len(ledger.amendments),
                "order lists": len(ledger.lists),
                "loans": len(ledger.loans),
                "loans without an order": sum(
                    each.loans for each in self._life.strategies if isinstance(each, SpotStrategy)
                ),
                "interest": len(ledger.interest),
            }
        )

    def _limits(self) -> Iterator[str]:
        """Sessions are stopped by what they lost."""
        limits = self._life.limits
        if limits is None or self._life.machine.hands.were_used:
            return
        lost = {strategy.session: self._lost(strategy.session) for strategy in self._life.strategies}
        yield from limits.at_rest(self._gateway, lost)
        self._life.counts["sessions stopped by what they lost"] += limits.stopped

    def _lost(self, session: int) -> Decimal:
        """In USDT, without what was paid in a third asset: what that is worth is not always known."""
        earned = Fraction(0)
        for symbol, pair in self._book.pairs.items():
            own, px = self.earned.get((session, symbol)), middle(self._life.exchange, symbol)
            if own is None or not (own.net or own.realized):
                continue
            if px is None or own.cost is None:
                return _ZERO  # nobody knows
            amount = own.realized + Fraction(own.net * px) - own.cost
            amount -= Fraction(own.fees.get(pair.quote, _ZERO) + own.fees.get(pair.base, _ZERO) * px)
            rate = _ONE if pair.quote == "USDT" else middle(self._life.exchange, f"{pair.quote}USDT")
            if rate is None:
                return _ZERO
            earned += amount * Fraction(rate)
        return max(_ZERO, -Decimal(float(earned)))

    def _owner(self, row: Execution) -> int:
        return self._session(self._name(row))

    def _session(self, client_order_id: str) -> int:
        key = decode_client_order_id(client_order_id)
        return key.session if key is not None and key.lineage == self._book.lineage else EXTERNAL

    def _name(self, row: Execution) -> str:
        return self._first_names.get((row.symbol, row.order_id), row.client_order_id)

    def _heard(self, truth: Truth) -> Iterator[str]:
        for strategy in self._life.strategies:
            executed, is_hidden = truth.executed(strategy.session), self._life.exchange_forgets
            restored_ns = self._life.machine.hands.restored_ns
            yield from untrue(strategy.session, strategy.lives, executed, is_hidden=is_hidden, restored_ns=restored_ns)

    def _assets(self) -> Iterator[str]:
        """Nothing differs but by transfers that no gateway heard of."""
        book = self._book
        held = balances_at(self._life.exchange, self._life.account, self._life.world.now_ns)
        known = {row.ext_id for row in read.ledger(self._conn, limit=1_000_000) if row.kind == LedgerKind.TRANSFER}
        for asset, total in book.asset_totals().items():
            begun_ms = self._begun_ms(asset)
            unheard = sum(
                (
                    amount
                    for name, (moved, amount, at_ms) in self._life.transfers.items()
                    if moved == asset and name not in known and at_ms > begun_ms
                ),
                _ZERO,
            )
            if total + unheard != held.get(asset, _ZERO):
                yield f"{asset}: books {total}, unheard {unheard}, account {held.get(asset)}"
            if book.differences.get(asset, _ZERO) != -unheard:
                yield f"{asset}: difference {book.differences.get(asset)}, transfers that nobody heard of {unheard}"
            for symbol, pair in book.pairs.items() if asset in book.differences else ():
                causes = {row.cause for row in book.halts if row.scope == Scope(symbol=symbol)}
                if asset in (pair.base, pair.quote) and HaltCause.DIFFERENCE not in causes:
                    yield f"{asset} differs, and {symbol} is traded on"
        if missing := {"USDT", "DOGE", "ADA", "BNB"} - book.assets.keys():
            yield f"not accounted for: {missing}"

    def _begun_ms(self, asset: str) -> int:
        """When the account had what the baseline says: later than its instant by as much as the gateway's clock was
        behind, and then after transfers that nobody heard of.
        """
        told_ms = self._book.assets[asset]
        rows = (row for row in read.ledger(self._conn, limit=1_000_000) if row.kind == LedgerKind.BASELINE)
        # Those of before make up for what a symbol that was entered later had traded by then.
        baseline = sum((row.amount for row in rows if (row.asset, row.ts_ms) == (asset, told_ms)), _ZERO)
        moved_ms = {at_ms for moved, _, at_ms in self._life.transfers.values() if moved == asset}
        traded_ms = {row.ts_ns // 1_000_000 for row in self._rows}
        for at_ms in (told_ms, *sorted(each for each in moved_ms | traded_ms if each > told_ms)):
            last_ns = (at_ms + 1) * 1_000_000 - 1
            if balances_at(self._life.exchange, self._life.account, last_ns).get(asset, _ZERO) == baseline:
                return at_ms
        return told_ms

    def _fills(self) -> Iterator[str]:
        first = self._book.symbols
        true: Counter[tuple[object, ...]] = Counter(
            (self._owner(row), row.symbol, str(row.exec_id), str(row.order_id), row.side, row.qty, row.px, row.fee)
            for row in self._rows
            if row.exec_id >= first.get(row.symbol, 10**30)
        )
        booked: Counter[tuple[object, ...]] = Counter(
            (
                row.session,
                row.fill.symbol,
                row.fill.exec_id,
                row.fill.venue_order_id,
                row.fill.side,
                row.fill.last_qty,
                row.fill.last_px,
                row.fill.fee,
            )
            for row in read.fills(self._conn, limit=1_000_000)
        )
        for missing in (true - booked).elements():
            yield f"never booked {missing}"
        for invented in (booked - true).elements():
            yield f"booked without the exchange {invented}"
        for row in self._rows:
            if self._owner(row) != EXTERNAL and row.exec_id < first.get(row.symbol, 10**30):
                yield f"ours, and before the books: {row}"

    def _compute(self) -> dict[tuple[int, str], Earned]:
        edits: dict[tuple[int, str], list[tuple[int, Decimal]]] = {}
        for edit in self._edits:
            edits.setdefault((edit.session, edit.symbol), []).append((edit.taken_ms, edit.delta))
        sessions = (strategy.session for strategy in self._life.strategies)
        places = [(session, symbol) for session in sessions for symbol in self._book.symbols]
        return {place: Earned.of(self._own(*place), edits=edits.get(place, ())) for place in places}

    def _own(self, session: int, symbol: str) -> list[Execution]:
        return [row for row in self._rows if row.symbol == symbol and self._owner(row) == session]

    def _positions(self) -> Iterator[str]:
        kept = {(row.session, row.symbol): row.net for row in read.positions(self._conn)}
        for (session, symbol), true in self.earned.items():
            where, told = f"session {session} {symbol}", self._book.position(session, symbol)
            executed = sum((row.qty * row.side.sign for row in self._own(session, symbol)), _ZERO)
            if (told.net_executed or _ZERO) != executed:
                yield f"{where}: {told.net_executed} executed, true {executed}"
            if kept.get((session, symbol), _ZERO) != true.net:
                yield f"{where}: {kept.get((session, symbol))} in pos.db, true {true.net}"
            yield from self._unlike(where, told, true)

    def _unlike(self, where: str, told: SessionPosition, true: Earned) -> Iterator[str]:
        return differences(where, told, true, are_late=self._life.executions_are_late)

    def _beliefs(self) -> Iterator[str]:
        for strategy in self._life.strategies:
            for symbol in strategy.symbols:
                true = self.earned.get((strategy.session, symbol.upper()), Earned())
                where = f"session {strategy.session} believes of {symbol}"
                if strategy.net.get(symbol, _ZERO) != true.net:
                    yield f"{where}: {strategy.net.get(symbol)}, and holds {true.net}"
                view = strategy.holdings.get(symbol) or PositionView(symbol, "0")
                yield from self._unlike(where, position_of(view), true)

    def _orders(self) -> Iterator[str]:
        book, ledger = self._book, self._life.exchange.ledger
        open_there: set[str] = set()
        for symbol in self._life.venue.symbols:
            for record in ledger.orders(self._life.account, symbol):
                name = self._first_names.get((symbol, record.order_id), record.client_order_id)
                key = decode_client_order_id(name)
                if key is None or key.lineage != book.lineage:
                    continue
                known = book.order(name)
                is_hidden = self._life.exchange_forgets or name != record.client_order_id
                if record.status.is_open:
                    open_there.add(name)
                if known is None:
                    if record.cum_qty or record.status.is_open:
                        yield f"unknown to the book: {name}"
                elif known.absent and is_hidden and not (record.cum_qty or record.status.is_open):
                    continue  # until nobody asked any more, and ended without a trace
                elif (_settled(known.status), known.facts.cum_qty) != (_settled(record.status), record.cum_qty):
                    true = f"{record.status} {record.cum_qty} of {record.qty}"
                    yield f"{name} is {true}; the book: {known.status} {known.facts.cum_qty}"
        ours = {order.client_order_id for order in book.open_orders() if order.is_open}
        for name in open_there ^ ours:
            yield f"open only {'there' if name in open_there else 'here'}: {name}"
        for order in book.orders.values():
            if order.in_doubt or order.status is OrderStatus.UNKNOWN or order.replace or order.cancel_pending:
                yield f"still in doubt, or a change under way: {order.client_order_id} {order.status}"


def _settled(status: OrderStatus) -> OrderStatus:
    """Whether one that waits for another is accepted is a matter of words."""
    return OrderStatus.NEW if status is OrderStatus.PENDING_NEW else status
