"""What must be true when everything is quiet: the exchange's ledger is the judge."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import apsw

from tests.simulate.pyalgo_strategy import PyalgoStrategy
from tests.simulate.wish import PRICES
from tradingsys.core.enums import OrderStatus
from tradingsys.core.ids import EXTERNAL, decode_client_order_id
from tradingsys.sim.events import Execution
from tradingsys.store import read

if TYPE_CHECKING:
    from tests.simulate.life import Life

__all__ = ["judge"]

_ACCOUNT = "account"


def judge(life: Life, conn: apsw.Connection) -> Iterator[str]:
    """Everything that is wrong."""
    assert life.gateway is not None
    book = life.gateway.gateway.book
    exchange = life.venue.simulator.exchange
    rows = [row for row in exchange.ledger.executions if row.account == _ACCOUNT]
    owned = _by_owner(rows, book.lineage, dict(book.symbols))
    life.counts["executions"] += len(rows)

    yield from _positions_equal_ledger(life, conn, owned)
    yield from _fills_equal_ledger(conn, owned)
    yield from _sent_at_most_once(life)
    yield from _nothing_left_in_doubt(life)
    ledger = exchange.ledger
    orders = [order for symbol in life.venue.symbols for order in ledger.orders(_ACCOUNT, symbol)]
    yield from life.witness.lies(orders, rows, book.lineage)
    if not life.gateway.gateway.is_ready:
        yield f"the gateway is not ready: {life.gateway.gateway.text}"
    if life.gateway.gateway.halted:
        yield f"halted: {life.gateway.gateway.halted}"
    if life.gateway.gateway.recovery.differences:
        yield f"differences: {life.gateway.gateway.recovery.differences}"


def _by_owner(rows: list[Execution], lineage: str, first: dict[str, int]) -> dict[tuple[int, str], list[Execution]]:
    owned: dict[tuple[int, str], list[Execution]] = defaultdict(list)
    for row in rows:
        if row.exec_id < first.get(row.symbol, 0) or row.symbol not in first:
            continue  # before the book began: part of the baseline
        key = decode_client_order_id(row.client_order_id)
        session = key.session if key is not None and key.lineage == lineage else EXTERNAL
        owned[session, row.symbol].append(row)
    return owned


def _net(rows: list[Execution]) -> Decimal:
    return sum((row.qty * row.side.sign for row in rows), Decimal(0))


def _positions_equal_ledger(
    life: Life, conn: apsw.Connection, owned: dict[tuple[int, str], list[Execution]]
) -> Iterator[str]:
    assert life.gateway is not None
    book = life.gateway.gateway.book
    kept = {(row.session, row.symbol): row.net for row in read.positions(conn)}
    baseline: dict[str, Decimal] = {}
    for row in read.adjustments(conn, EXTERNAL):
        baseline[row.symbol] = baseline.get(row.symbol, Decimal(0)) + row.delta
    for symbol in book.symbols:
        for session in (*(strategy.session for strategy in life.strategies), EXTERNAL):
            true = _net(owned.get((session, symbol), []))
            if session == EXTERNAL:
                true += baseline.get(symbol, Decimal(0))
            in_memory, on_disk = book.net(session, symbol), kept.get((session, symbol), Decimal(0))
            if not in_memory == on_disk == true:
                yield f"session {session} {symbol}: ledger {true}, memory {in_memory}, pos.db {on_disk}"
        held = life.venue.simulator.exchange.position(_ACCOUNT, symbol).net
        if book.total(symbol) != held:
            yield f"{symbol}: Σ sessions + EXTERNAL {book.total(symbol)}, account {held}"
    for strategy in life.strategies:
        for symbol in PRICES:
            believed, true = strategy.net.get(symbol, Decimal(0)), book.net(strategy.session, symbol.upper())
            if believed != true:
                yield f"session {strategy.session} believes {believed} {symbol}, and holds {true}"


def _fills_equal_ledger(conn: apsw.Connection, owned: dict[tuple[int, str], list[Execution]]) -> Iterator[str]:
    for session in sorted({owner for owner, _ in owned}):
        true = Counter(
            (row.symbol, str(row.exec_id), str(row.order_id), row.qty, row.px)
            for (owner, _), rows in owned.items()
            if owner == session
            for row in rows
        )
        booked = Counter(
            (row.fill.symbol, row.fill.exec_id, row.fill.venue_order_id, row.fill.last_qty, row.fill.last_px)
            for row in read.fills(conn, session, limit=1_000_000)
        )
        for missing in (true - booked).elements():
            yield f"session {session}: never booked {missing}"
        for invented in (booked - true).elements():
            yield f"session {session}: booked without the exchange {invented}"


def _sent_at_most_once(life: Life) -> Iterator[str]:
    ledger = life.venue.simulator.exchange.ledger
    accepted = Counter(
        (order.symbol, order.client_order_id)
        for symbol in life.venue.symbols
        for order in ledger.orders(_ACCOUNT, symbol)
        if not order.client_order_id.startswith("web_")
    )
    life.counts["orders accepted"] += len(accepted)
    for key, count in accepted.items():
        if count > 1:
            yield f"accepted {count} times: {key}"


def _nothing_left_in_doubt(life: Life) -> Iterator[str]:
    assert life.gateway is not None
    book = life.gateway.gateway.book
    exchange = life.venue.simulator.exchange
    at_venue = {
        exchange.ledger.conditions[order.algo_id].client_algo_id if order.algo_id else order.client_order_id
        for order in exchange.open_orders(_ACCOUNT)
    } | {condition.client_algo_id for condition in exchange.open_conditions(_ACCOUNT)}
    at_venue = {each for each in at_venue if decode_client_order_id(each) is not None}
    ours = {order.client_order_id for order in book.open_orders() if order.is_open}
    for client_order_id in at_venue ^ ours:
        known = book.order(client_order_id)
        where = "the exchange" if client_order_id in at_venue else "our book"
        yield f"open only at {where}: {client_order_id} {known.status if known else 'unknown'}"
    for order in book.orders.values():
        if order.in_doubt or order.status is OrderStatus.UNKNOWN:
            yield f"still in doubt: {order.client_order_id}"
    if book.unattributed:
        yield f"fills without owner: {book.unattributed}"
    for strategy in life.strategies:
        if isinstance(strategy, PyalgoStrategy):
            yield from strategy.wrong
        if strategy.asked:
            yield f"session {strategy.session} never learned of {list(strategy.asked)}"
