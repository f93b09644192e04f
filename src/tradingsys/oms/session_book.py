"""The books of one account: every order of ours, every execution, and what each session holds.

Facts come in through `learn`, in any order and any number of times; what follows from them comes out of
`take_effects`. A fill is booked once, to the session whose order it belongs to, or to EXTERNAL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.commands import ReplaceOrder
from tradingsys.core.errors import InvariantViolation
from tradingsys.core.ids import EXTERNAL, OrderKey, decode_client_order_id
from tradingsys.core.order import Closed, Fill, FillKey, Order
from tradingsys.core.position import SessionPosition
from tradingsys.core.records import (
    AdjustmentRecord,
    Edit,
    FillRecord,
    HaltRecord,
    Intent,
    OrderRecord,
    PositionRecord,
    Saved,
    SymbolRecord,
    WatermarkRecord,
)
from tradingsys.oms.effects import (
    Alarm,
    Attribute,
    Effect,
    Halt,
    OrderNews,
    PositionNews,
    PullTrades,
    Save,
)
from tradingsys.oms.tracked_order import Replace, TrackedOrder

__all__ = ["Incarnation", "SessionBook"]

_ZERO = Decimal(0)
_FOREIGN_REMEMBERED = 100_000

Recall = Callable[[str], tuple[OrderRecord, Sequence[FillRecord]] | None]
"""Finds an order of any age, with its fills."""


class Incarnation(Struct, frozen=True):
    """Who this gateway is among all that ever ran this book."""

    lineage: str
    epoch: int
    first_epoch_after_cut: int
    """From this epoch on the journal is complete: what it does not hold was never sent by us."""
    adopt_until_ms: int
    """Venue time after which no order of an earlier epoch can still be accepted."""


class SessionBook:
    """Orders, executions and positions, by session."""

    def __init__(self, saved: Saved, recall: Recall | None = None) -> None:
        """``recall`` finds an order too old to be in ``saved``; it is asked only about ids of our own lineage."""
        self._recall = recall
        self.lineage = saved.lineage
        self.created_ms = saved.created_ms
        self.positions: dict[tuple[int, str], Decimal] = {(row.session, row.symbol): row.net for row in saved.positions}
        self.symbols: dict[str, int] = {row.symbol: row.first_trade_id for row in saved.symbols}
        self.watermarks: dict[str, int] = dict(self.symbols)
        self.watermarks |= {row.symbol: row.trade_id for row in saved.watermarks}
        self.halts: dict[str, HaltRecord] = {row.symbol: row for row in saved.halts}
        """Symbols without new orders, until `resume`."""
        self.orders: dict[str, TrackedOrder] = {}
        self.touched: set[tuple[int, str]] = set()
        """Positions that fills changed since the book was opened."""
        self.unattributed: dict[tuple[str, str], dict[FillKey, Fill]] = {}
        self._by_venue_id: dict[tuple[str, str], TrackedOrder] = {}
        self._foreign: dict[tuple[str, str], None] = {}
        self._booked: dict[FillKey, tuple[Fill, int]] = {}
        self._incarnation: Incarnation | None = None
        self._effects: list[Effect] = []
        self._unsaved: dict[str, TrackedOrder] = {}
        self._active: dict[str, TrackedOrder] = {}
        self._load(saved)

    # ---- what is known

    def begin(self, incarnation: Incarnation) -> None:
        """From now on orders are minted under this incarnation."""
        self._incarnation = incarnation

    def order(self, client_order_id: str) -> TrackedOrder | None:
        """The order of this id, if it is ours, however old."""
        order = self.orders.get(client_order_id)
        if order is None and self._recall is not None:
            key = decode_client_order_id(client_order_id)
            if key is not None and key.lineage == self.lineage and not self._is_current(key):
                order = self._recalled(client_order_id)
        return order

    def net(self, session: int, symbol: str) -> Decimal:
        """What a session (EXTERNAL included) holds."""
        return self.positions.get((session, symbol), _ZERO)

    def position(self, session: int, symbol: str) -> SessionPosition:
        """What a session holds of a symbol, and what it earned there."""
        return SessionPosition(self.net(session, symbol))

    def total(self, symbol: str) -> Decimal:
        """Σ sessions + EXTERNAL: what the account must hold."""
        return sum((net for (_, held), net in self.positions.items() if held == symbol), _ZERO)

    def open_orders(self, session: int | None = None) -> list[TrackedOrder]:
        """Orders that may still execute or wait for executions, of one session or all."""
        return [order for order in self._active.values() if session is None or order.session == session]

    def is_booked(self, fill: Fill) -> bool:
        """Whether this execution is in the books, or before their beginning."""
        symbol = fill.symbol
        return fill.key in self._booked or int(fill.exec_id) < self.watermarks.get(symbol, 0)

    # ---- what we do

    def track(self, intent: Intent) -> TrackedOrder:
        """Remember an order before its bytes leave."""
        order = TrackedOrder.of_intent(intent)
        self.orders[intent.client_order_id] = order
        self._touch(order)
        return order

    def untrack(self, order: TrackedOrder) -> None:
        """Forget an order that was never sent because the journal refused it."""
        for known in (self.orders, self._unsaved, self._active):
            known.pop(order.client_order_id, None)

    def alarm(self, text: str) -> None:
        """Somebody should read this."""
        self._effects.append(Alarm(text))

    def enter_symbol(self, symbol: str, first_trade_id: int, account_net: Decimal, ts_ms: int) -> None:
        """Account for a symbol from a trade id on; what the account held before is EXTERNAL's."""
        self.symbols[symbol] = first_trade_id
        self.watermarks[symbol] = first_trade_id
        self._effects.append(Save(SymbolRecord(symbol, first_trade_id)))
        self._adjust(EXTERNAL, symbol, account_net - self.total(symbol), "baseline", ts_ms)
        for order in self.orders.values():
            if order.symbol == symbol:  # what the stream told of it meanwhile could not be booked
                for fill in order.facts.fills.values():
                    self._book(fill, order.session, order.client_order_id)

    def advance(self, symbol: str, trade_id: int) -> None:
        """Every smaller trade id is booked now; history need not be read from further back again."""
        if trade_id > self.watermarks[symbol]:
            self.watermarks[symbol] = trade_id
            self._effects.append(Save(WatermarkRecord(symbol, trade_id)))

    def transfer(self, edit: Edit, ts_ms: int, why: str) -> None:
        """A session's net becomes what a person says it is; EXTERNAL takes the other side."""
        delta = edit.edited - self.net(edit.session, edit.symbol)
        self._adjust(edit.session, edit.symbol, delta, why, ts_ms)
        self._adjust(EXTERNAL, edit.symbol, -delta, why, ts_ms)

    def set_net(
        self, session: int, symbol: str, net: Decimal, ts_ms: int, why: str
    ) -> tuple[Decimal, Decimal, Decimal]:
        """A session's net becomes ``net``; returns what it was, what it is, and what EXTERNAL holds now."""
        before = self.net(session, symbol)
        self.transfer(Edit(session, symbol, before, net), ts_ms, why)
        return before, self.net(session, symbol), self.net(EXTERNAL, symbol)

    def halt(self, symbol: str, reason: str, ts_ms: int) -> None:
        """No new orders on a symbol until `resume`, over restarts too. A symbol that is halted stays as it is."""
        if symbol not in self.halts:
            self.halts[symbol] = HaltRecord(symbol, reason, ts_ms)
            self._effects += [Save(self.halts[symbol]), Halt(reason, symbol)]

    def resume(self, symbol: str, ts_ms: int) -> bool:
        """Lift a symbol's halt; False when there is none."""
        if self.halts.pop(symbol, None) is None:
            return False
        self._effects.append(Save(HaltRecord(symbol, "", ts_ms)))
        return True

    # ---- our judgement

    def doubt(self, order: TrackedOrder) -> None:
        """The request's outcome is unknown."""
        if not order.has_evidence and not order.in_doubt:
            order.in_doubt = True
            self._changed(order)

    def refuse(self, order: TrackedOrder, closed: Closed) -> None:
        """The venue (or our own transport) proved that the order will never execute."""
        self._merge(order, Order(closed=closed))

    def believe_absent(self, order: TrackedOrder) -> None:
        """Enough negative answers after the last instant at which it could have been accepted."""
        if not order.has_evidence:
            order.in_doubt, order.absent = False, True
            self._changed(order)

    def cancel_pending(self, order: TrackedOrder, pending: bool) -> None:
        """A cancel is under way, or ended."""
        if order.cancel_pending != pending:
            order.cancel_pending = pending
            self._effects.append(OrderNews(order))

    def replacing(self, order: TrackedOrder, command: ReplaceOrder) -> None:
        """A replace is about to be sent: until it ended, limits count the larger of both sizes."""
        price, qty = command.price, command.order_qty
        order.replace = Replace(qty, price, command.revision, command.stamp_ms, command.recv_window_ms)
        order.revisions = max(order.revisions, command.revision)

    def replace_ended(self, order: TrackedOrder) -> None:
        """The replace can no longer act: what the order is, its facts tell."""
        order.replace = None

    # ---- what the venue says

    def learn(self, facts: Order, symbol: str, ts_event_ms: int) -> TrackedOrder | None:
        """Merge facts about one order, whoever's it is; returns it when it is ours.

        Facts that contradict what is known change nothing and halt.
        """
        order = self._find(facts, symbol, ts_event_ms)
        try:
            if facts.forced:
                self._halt_forced(facts, symbol, ts_event_ms)
            if order is not None:
                self._merge(order, facts)
            elif facts.client_order_ids or facts.forced:
                self._disown(facts, symbol)
            elif facts.fills and facts.venue_order_id is not None:
                self._unknown_owner(facts, facts.venue_order_id, symbol)
        except InvariantViolation as violation:
            self._effects.append(Halt(f"the exchange contradicts itself: {violation}. This report was not booked."))
        return order

    def give_up(self, symbol: str, venue_order_id: str) -> None:
        """The venue does not know whose order that was: its fills are EXTERNAL."""
        self._effects.append(
            Alarm(f"order {venue_order_id} on {symbol} has no owner: its fills are booked to EXTERNAL")
        )
        self._disown(Order(venue_order_id=venue_order_id), symbol)

    def take_effects(self) -> list[Effect]:
        """What follows from everything since the last call, in order."""
        for order in self._unsaved.values():
            record = order.record()
            if record is not None:
                self._effects.append(Save(record))
        self._unsaved.clear()
        taken, self._effects = self._effects, []
        return taken

    # ---- inside

    def _load(self, saved: Saved) -> None:
        for record in saved.orders:
            order = TrackedOrder.of_record(record)
            self.orders[order.client_order_id] = order
            self._index(order)
        for row in saved.fills:
            self._booked[row.fill.key] = (row.fill, row.session)
            owner = self.orders.get(row.client_order_id or "")
            if owner is not None:
                owner.facts = owner.facts.with_fill(row.fill)
                owner.in_doubt = False
        for order in self.orders.values():
            self._note_activity(order)

    def _index(self, order: TrackedOrder) -> None:
        for client_order_id in order.facts.client_order_ids:
            self.orders.setdefault(client_order_id, order)
        venue_order_id = order.facts.venue_order_id
        if venue_order_id is not None:
            self._by_venue_id[order.symbol, venue_order_id] = order

    def _find(self, facts: Order, symbol: str, ts_event_ms: int) -> TrackedOrder | None:
        for client_order_id in facts.client_order_ids:
            order = self.orders.get(client_order_id)
            if order is not None:
                return order
        if facts.venue_order_id is not None:
            order = self._by_venue_id.get((symbol, facts.venue_order_id))
            if order is not None:
                return order
        for client_order_id in facts.client_order_ids:
            key = decode_client_order_id(client_order_id)
            if key is not None and key.lineage == self.lineage:
                return self._adopt(client_order_id, key, symbol, facts, ts_event_ms)
        return None

    def _adopt(self, client_order_id: str, key: OrderKey, symbol: str, facts: Order, ts_event_ms: int) -> TrackedOrder:
        """An order of this book that memory does not know: old, or lost with the journal's tail, or another's."""
        known = None if self._is_current(key) else self._recalled(client_order_id)
        if known is not None:
            return known
        order = TrackedOrder(client_order_id, key.session, Order(), None, symbol=symbol)
        self.orders[client_order_id] = order
        self._effects.append(Alarm(f"adopted order {client_order_id} of session {key.session} on {symbol}"))
        reason = self._split_brain(key, facts, ts_event_ms)
        if reason:
            self._effects.append(
                Halt(
                    f"order {client_order_id} on {symbol} {reason}: another gateway uses a copy of this pos.db. "
                    "Stop the other one, or give this one a new pos.db, and restart."
                )
            )
        return order

    def _halt_forced(self, facts: Order, symbol: str, ts_event_ms: int) -> None:
        """The exchange traded for the account: nobody may go on as if nothing had happened.

        Told once per order and again for each of its executions; a report that tells nothing new halts nothing.
        """
        is_new = (symbol, facts.venue_order_id or "") not in self._foreign
        if is_new or any(not self.is_booked(fill) for fill in facts.fills.values()):
            name = symbol.lower()
            reason = (
                f"the exchange itself traded {name} for the account ({facts.forced}), booked to EXTERNAL: look at the "
                f"account, put the sessions right (`tradingsys pos show`), then `tradingsys resume {name}`"
            )
            self.halt(symbol, reason, ts_event_ms)

    def _is_current(self, key: OrderKey) -> bool:
        """Of the epoch whose orders are all in memory."""
        return self._incarnation is not None and key.epoch == self._incarnation.epoch

    def _recalled(self, client_order_id: str) -> TrackedOrder | None:
        found = self._recall(client_order_id) if self._recall is not None else None
        if found is None:
            return None
        record, fills = found
        order = self.orders[client_order_id] = TrackedOrder.of_record(record)
        for row in fills:
            self._booked.setdefault(row.fill.key, (row.fill, row.session))
            order.facts = order.facts.with_fill(row.fill)
        self._index(order)
        self._note_activity(order)
        return order

    def _split_brain(self, key: OrderKey, facts: Order, ts_event_ms: int) -> str:
        now = self._incarnation
        if now is None:
            return ""
        if key.epoch == now.epoch:
            return "carries our epoch and a key that was never used here"
        if key.epoch >= now.first_epoch_after_cut:
            return "belongs to an epoch whose journal is complete, and is not in it"
        accepted_now = facts.accepted and facts.closed is None and not facts.cum_qty
        if accepted_now and ts_event_ms > now.adopt_until_ms:
            return "was accepted after every order sent before this start must have been"
        return ""

    def _merge(self, order: TrackedOrder, facts: Order) -> None:
        had_evidence, seen = order.has_evidence, _visible(order)
        before = order.facts
        order.facts = before.merge(facts)
        if order.facts == before:
            return
        if order.absent and order.has_evidence and not had_evidence:
            self._effects.append(Alarm(f"order {order.client_order_id} was believed absent and lives"))
            order.absent = False
        if order.has_evidence:
            order.in_doubt = False
        if order.facts.venue_order_id is not None and before.venue_order_id is None:
            self._learn_venue_id(order, order.facts.venue_order_id)
        self._index(order)
        new = tuple(fill for fill in facts.fills.values() if fill.exec_id not in before.fills)
        for fill in facts.fills.values():
            self._book(fill, order.session, order.client_order_id)
        if order.cancel_pending and not order.complete.status.is_open:
            order.cancel_pending = False
        if order.facts.missing_qty > before.missing_qty:
            self._effects.append(PullTrades(order.symbol))
        # "Filled" without its executions is half a story: the other half is on its way, or `PullTrades` fetches it.
        if new or (_visible(order) != seen and not order.facts.missing_qty):
            self._effects.append(OrderNews(order, new))
        self._touch(order)

    def _learn_venue_id(self, order: TrackedOrder, venue_order_id: str) -> None:
        waiting = self.unattributed.pop((order.symbol, venue_order_id), {})
        for fill in waiting.values():
            self._merge(order, Order(venue_order_id=venue_order_id, fills={fill.exec_id: fill}))

    def _disown(self, facts: Order, symbol: str) -> None:
        fills: Iterable[Fill] = facts.fills.values()
        if facts.venue_order_id is not None:
            self._foreign[symbol, facts.venue_order_id] = None
            fills = [*fills, *self.unattributed.pop((symbol, facts.venue_order_id), {}).values()]
            while len(self._foreign) > _FOREIGN_REMEMBERED:
                del self._foreign[next(iter(self._foreign))]
        client_order_id = facts.client_order_ids[0] if facts.client_order_ids else None
        for fill in fills:
            self._book(fill, EXTERNAL, client_order_id)

    def _unknown_owner(self, facts: Order, venue_order_id: str, symbol: str) -> None:
        if symbol not in self.symbols:
            return
        if (symbol, venue_order_id) in self._foreign:
            self._disown(facts, symbol)
            return
        unknown = {fill.key: fill for fill in facts.fills.values() if not self.is_booked(fill)}
        for fill in facts.fills.values():
            booked = self._booked.get(fill.key)
            if booked is not None:
                self._book(fill, booked[1], None)
        if unknown:
            waiting = self.unattributed.setdefault((symbol, venue_order_id), {})
            if not waiting:
                self._effects.append(Attribute(symbol, venue_order_id))
            waiting |= unknown

    def _book(self, fill: Fill, session: int, client_order_id: str | None) -> None:
        first = self.symbols.get(fill.symbol)
        if first is None or int(fill.exec_id) < first:
            return  # before the beginning of the book: part of the baseline
        known = self._booked.get(fill.key)
        if known is None and int(fill.exec_id) < self.watermarks[fill.symbol]:
            return  # proven booked by an earlier incarnation
        if known is not None:
            if known[1] != session:
                raise InvariantViolation(f"execution {fill.key} booked to session {known[1]}, now claimed by {session}")
            joined = known[0].join(fill)
            if joined != known[0]:
                self._booked[fill.key] = (joined, session)
                self._effects.append(Save(FillRecord(joined, session, client_order_id)))
            return
        self._booked[fill.key] = (fill, session)
        self._effects.append(Save(FillRecord(fill, session, client_order_id)))
        self.touched.add((session, fill.symbol))
        self._move(session, fill.symbol, fill.signed_qty)

    def _move(self, session: int, symbol: str, delta: Decimal) -> None:
        net = self.net(session, symbol) + delta
        self.positions[session, symbol] = net
        self._effects.append(Save(PositionRecord(session, symbol, net)))
        if session != EXTERNAL:
            self._effects.append(PositionNews(session, symbol, self.position(session, symbol)))

    def _adjust(self, session: int, symbol: str, delta: Decimal, why: str, ts_ms: int) -> None:
        if delta:
            self._effects.append(Save(AdjustmentRecord(session, symbol, delta, why, ts_ms)))
            self._move(session, symbol, delta)

    def _changed(self, order: TrackedOrder) -> None:
        self._touch(order)
        self._effects.append(OrderNews(order))

    def _touch(self, order: TrackedOrder) -> None:
        self._unsaved[order.client_order_id] = order
        self._note_activity(order)

    def _note_activity(self, order: TrackedOrder) -> None:
        if order.is_open or order.facts.missing_qty:
            self._active[order.client_order_id] = order
        else:
            self._active.pop(order.client_order_id, None)


def _visible(order: TrackedOrder) -> tuple[object, ...]:
    """What a strategy sees of an order: news only when this changes, not when a second report adds a fee."""
    facts, terms = order.facts, order.known_terms
    asked = (terms.order_qty, terms.price) if terms else None
    return (order.status, facts.cum_qty, facts.venue_order_id, facts.closed, asked)
