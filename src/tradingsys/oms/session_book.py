"""The books of one account: every order of ours, every execution, and what each session holds.

Facts come in through `learn`, in any order and any number of times; what follows from them comes out of
`take_effects`. A fill is booked once, to the session whose order it belongs to, or to EXTERNAL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from msgspec import structs

from tradingsys.core.command_line import CommandLine
from tradingsys.core.commands import ReplaceOrder
from tradingsys.core.enums import AccountKind, TradingState
from tradingsys.core.errors import InvariantViolation
from tradingsys.core.ids import EXTERNAL, OrderKey, decode_client_order_id
from tradingsys.core.order import Closed, Fill, Order
from tradingsys.core.position import Pair, SessionPosition
from tradingsys.core.records import DayRecord, Edit, HaltCause, Intent, LedgerKind, PriceRecord, Replace, Saved, Scope
from tradingsys.oms.effects import Alarm, Effect, EnterSymbol, LookFor, OrderNews, PullTrades, Save
from tradingsys.oms.fill_book import FillBook
from tradingsys.oms.halts import Halts
from tradingsys.oms.incarnation import Incarnation
from tradingsys.oms.kinship import Kinship
from tradingsys.oms.missing import Missing
from tradingsys.oms.order_index import OrderIndex
from tradingsys.oms.recalling import Recall, Recalling
from tradingsys.oms.strays import Strays
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Incarnation", "SessionBook"]

_ZERO = Decimal(0)
_NO_OPTIONS = CommandLine()
_ACCOUNT = Scope()


class SessionBook:
    """Orders, executions and positions, by session."""

    def __init__(
        self,
        saved: Saved,
        recall: Recall | None = None,
        kind: AccountKind | None = None,
        commands: CommandLine = _NO_OPTIONS,
        is_kept: Callable[[Fill], bool] = lambda _: True,
    ) -> None:
        """``recall`` finds an order too old to be in ``saved``; it is asked only about ids of our own lineage.

        Without ``kind`` it is what the account's books have been so far. ``commands`` is what people are told to type.
        ``is_kept`` tells whether an execution that the watermark passed was booked.
        """
        self.commands = commands
        self.kind = kind or (AccountKind.ASSETS if any(row.pair for row in saved.symbols) else AccountKind.CONTRACTS)
        self.lineage = saved.lineage
        self.created_ms = saved.created_ms
        self._effects: list[Effect] = []
        fills = self._fills = FillBook(saved, self._effects, is_kept)
        self._strays = Strays(self._fills, self._effects)
        self.positions = self._fills.positions
        """Nets by (session, symbol)."""
        self.symbols = self._fills.symbols
        """What is accounted for, each from a trade id on."""
        self.watermarks = self._fills.watermarks
        self.pairs = self._fills.pairs
        """The assets of symbols that trade assets."""
        self.prices = {row.symbol: row for row in saved.prices}
        """What symbols traded at when that was kept last."""
        self.cash = self._fills.cash
        """The ledger, and what is accounted for since when."""
        self.total, self.asset_sums, self.value_edits = fills.total, fills.asset_sums, fills.value_edits
        self.is_booked, self.unsettled_symbols, self.net = fills.is_booked, fills.unsettled_symbols, fills.net
        self.name_of_stray, self.ledger_marks = self._strays.name, self.cash.marks
        self.moved, self.mark_ledger = self.cash.transferred, self.cash.mark
        self.advance, self.pay, self.booked_late = fills.advance, fills.pay, fills.booked_late
        self.differences = self.cash.differences
        """Σ sessions + EXTERNAL − account, where it is not zero: by symbol, or by asset where assets are held."""
        self.assets = self.cash.assets
        """What is accounted for of an account that holds assets, each from an instant on (venue time in ms)."""
        self.outside: set[str] = set()
        """Symbols that the account traded and that are not accounted for; where assets are held, they must be."""
        self.touched = self._fills.touched
        """Positions that fills changed since the book was opened."""
        self.unattributed = self._strays.unattributed
        """Executions whose owner is being sought, by (symbol, venue order id)."""
        self.halts = Halts(saved.halts, self._effects, commands)
        """What may not be sent, until it is lifted."""
        self.exposure = self._fills.exposure
        """What each session could come to hold."""
        self._index = OrderIndex(self.exposure)
        self.orders = self._index.by_client_id
        self._incarnation: Incarnation | None = None
        self.missing = Missing(saved.missing, self._index, self._effects)
        self.kinship = Kinship(self.kind, self._index, self._strays, self.missing)
        """Whether somebody else's orders may be ours."""
        self._index.load(saved.orders, saved.fills)
        self.recalling = Recalling(recall, saved, self._index, self._fills)
        """Orders of any age."""

    # ---- what is known

    def begin(self, incarnation: Incarnation) -> None:
        """From now on orders are minted under this incarnation."""
        self._incarnation = incarnation
        self.recalling.epoch, self.recalling.first_epoch = incarnation.epoch, incarnation.first_epoch

    def order(self, client_order_id: str) -> TrackedOrder | None:
        """The order of this id, if it is ours, however old."""
        return self.orders.get(client_order_id) or self.recalling.order(client_order_id)

    def position(self, session: int, symbol: str) -> SessionPosition:
        """What a session holds of a symbol, and what it earned there."""
        return self._fills.position(session, symbol)

    def asset_totals(self) -> dict[str, Decimal]:
        """Σ sessions + EXTERNAL of every asset that is accounted for, and what they have yet to share: what must be the
        account's own.
        """
        sums, unshared = self._fills.asset_sums(), self.cash.unshared
        return {asset: sums.get(asset, _ZERO) + unshared.get(asset, _ZERO) for asset in sorted(self.assets)}

    def session_assets(self, session: int) -> dict[str, Decimal]:
        """What a session (EXTERNAL included) holds of each asset, borrowed and owed: what is not zero."""
        held = self.assets_by_session().get(session, {})
        return {asset: held[asset] for asset in sorted(held) if held[asset]}

    def assets_by_session(self) -> dict[int, dict[str, Decimal]]:
        """What each session (EXTERNAL included) holds of each asset, borrowed and owed, from one look at all flows."""
        return self._fills.asset_totals()

    def open_orders(self, session: int | None = None) -> list[TrackedOrder]:
        """Orders that may still execute or wait for executions, of one session or all."""
        return [order for order in self._index.active.values() if session is None or order.session == session]

    def busy_symbols(self) -> set[str]:
        """What is accounted for and may execute, or did and is not settled yet."""
        used = {order.symbol for order in self._index.active.values()} | {symbol for symbol, _ in self.unattributed}
        return (used | self.unsettled_symbols()) & self.symbols.keys()

    def unseen_orders(self) -> list[TrackedOrder]:
        """Those of which the venue showed nothing yet."""
        return self._index.all_unseen()

    def told_above_watermark(self, symbol: str) -> Iterator[Fill]:
        """What was told of executions that the next start reads again: booked, or without an owner."""
        yield from self._fills.above_watermark(symbol)
        for (held, _), fills in self.unattributed.items():
            if held == symbol:
                yield from (fill for fill in fills.values() if self._fills.is_above_watermark(fill))

    def look_for(self, order: TrackedOrder) -> None:
        """The answer to an order is late: it should be asked about."""
        self._effects.append(LookFor(order))

    def untold_orders(self) -> list[TrackedOrder]:
        """Orders that only trades told us of last: how they stand now is to be asked for."""
        return [order for order in self._index.untold.values() if order.is_untold]

    # ---- what we do

    def track(self, intent: Intent) -> TrackedOrder:
        """Remember an order before its bytes leave."""
        order = TrackedOrder.of_intent(intent)
        order.may_rest = not intent.stamp_ms and self.missing.lacks_orders(order.symbol)
        self._index.track(order)
        return order

    def untrack(self, order: TrackedOrder) -> None:
        """Forget an order that was never sent because the journal refused it."""
        self._index.forget(order)

    def alarm(self, text: str) -> None:
        """Somebody should read this."""
        self._effects.append(Alarm(text))

    def enter_symbol(self, symbol: str, first_trade_id: int, account_net: Decimal, ts_ms: int) -> None:
        """Account for a symbol from a trade id on; what the account held before is EXTERNAL's."""
        self._fills.enter_symbol(symbol, first_trade_id, account_net, ts_ms)
        self._book_told(symbol)

    def enter_pair(self, symbol: str, first_trade_id: int, pair: Pair) -> None:
        """Account for a symbol that trades assets from a trade id on. Both assets must be accounted for, now or next:
        what the account held before is in their baselines.
        """
        self._fills.enter_pair(symbol, first_trade_id, pair)
        self.outside.discard(symbol)
        self._book_told(symbol)

    def accept_difference(self, name: str, difference: Decimal, ts_ms: int) -> None:
        """A person takes note of what the total of a symbol, or where assets are held of an asset, is more than the
        account has: EXTERNAL has so much less.
        """
        if self.kind is AccountKind.ASSETS:
            self.cash.accept(name, difference, ts_ms)
        else:
            self._fills.adjust(EXTERNAL, name, -difference, LedgerKind.ACCEPTED, ts_ms)
            self.differences.pop(name, None)

    def _book_told(self, symbol: str) -> None:
        self.missing.entered(symbol)
        for order in self.orders.values():
            if order.symbol == symbol:  # what the stream told of it meanwhile could not be booked
                for fill in order.facts.fills.values():
                    self._fills.book(fill, order.session, order.client_order_id)

    def keep_day(self, record: DayRecord) -> None:
        """What a session's day began with is this."""
        self._effects.append(Save(record))

    def keep_price(self, record: PriceRecord) -> None:
        """A symbol trades at this now: that is known after a restart, too."""
        self.prices[record.symbol] = record
        self._effects.append(Save(record))

    def transfer(self, edit: Edit, ts_ms: int, why: str) -> None:
        """A session's net becomes what a person says it is; EXTERNAL takes the other side."""
        delta = edit.edited - self.net(edit.session, edit.symbol)
        self._fills.adjust(edit.session, edit.symbol, delta, why, ts_ms)
        self._fills.adjust(EXTERNAL, edit.symbol, -delta, why, ts_ms)

    def set_net(
        self, session: int, symbol: str, net: Decimal, ts_ms: int, why: str
    ) -> tuple[Decimal, Decimal, Decimal]:
        """A session's net becomes ``net``; returns what it was, what it is, and what EXTERNAL holds now."""
        before = self.net(session, symbol)
        self.transfer(Edit(session, symbol, before, net), ts_ms, why)
        return before, self.net(session, symbol), self.net(EXTERNAL, symbol)

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
        order.replace = Replace(
            command.order_qty, command.price, command.revision, command.stamp_ms, command.recv_window_ms
        )
        order.revisions = max(order.revisions, command.revision)
        self._index.touch(order)

    def replace_ended(self, order: TrackedOrder) -> None:
        """The replace can no longer act: what the order is, its facts tell."""
        seen, order.replace = order.visible, None
        self._index.touch(order)
        if order.visible != seen:
            self._effects.append(OrderNews(order))

    # ---- what the venue says

    def learn(self, facts: Order, symbol: str, ts_event_ms: int) -> TrackedOrder | None:
        """Merge facts about one order, whoever's it is; returns it when it is ours.

        Facts that contradict what is known change nothing and halt.
        """
        order = self._find(facts, symbol, ts_event_ms)
        try:
            if facts.forced and self._is_news(facts, symbol):
                self.halts.forced(symbol, facts.forced, ts_event_ms)
            if facts.fills and symbol not in self.symbols and self.kind is AccountKind.ASSETS:
                self._note_outside(symbol)
            if order is not None:
                self._merge(order, facts)
            elif facts.forced or (facts.client_order_ids and not self.kinship.may_be_ours(facts, symbol)):
                self._strays.disown(facts, symbol)
            elif facts.venue_order_id is not None:
                self._strays.hold(facts, facts.venue_order_id, symbol)
        except InvariantViolation as violation:
            told = f"the exchange contradicts itself: {violation}. This report was not booked"
            if not self.halts.impose(_ACCOUNT, TradingState.HALTED, HaltCause.CONTRADICTION, told, ts_event_ms):
                self.alarm(told)
        return order

    def book_late(self, fill: Fill) -> None:
        """Book an execution below the watermark that pos.db was seen not to have, once it is known whose it is."""
        self._fills.admit_late(fill)
        facts = Order(venue_order_id=fill.venue_order_id, accepted=True, fills={fill.exec_id: fill})
        order = self.learn(facts, fill.symbol, fill.ts_event_ms)
        if order is not None and fill.exec_id in order.facts.fills:  # which may have had it, and it was never booked
            self._fills.book(fill, order.session, order.client_order_id)

    def give_up(self, symbol: str, venue_order_id: str) -> None:
        """That order is none of ours, or the venue does not know whose it was: its fills are EXTERNAL."""
        if self._strays.name(symbol, venue_order_id) is None:
            self.alarm(f"order {venue_order_id} on {symbol} has no owner: its fills are booked to EXTERNAL")
        self._strays.disown(Order(venue_order_id=venue_order_id), symbol)

    def take_effects(self) -> list[Effect]:
        """What follows from everything since the last call, in order."""
        if self._index.is_changed:
            self._effects += [Save(record) for record in self._index.take_unsaved()]
        taken = list(self._effects)
        self._effects.clear()
        return taken

    # ---- inside

    def _find(self, facts: Order, symbol: str, ts_event_ms: int) -> TrackedOrder | None:
        order = self._index.find(facts, symbol)
        if order is not None:
            return order
        for client_order_id in facts.client_order_ids:
            key = decode_client_order_id(client_order_id)
            if key is not None and key.lineage == self.lineage:
                return self._adopt(client_order_id, key, symbol, facts, ts_event_ms)
        return None

    def _adopt(self, client_order_id: str, key: OrderKey, symbol: str, facts: Order, ts_event_ms: int) -> TrackedOrder:
        """An order of this book that memory does not know: old, or lost with the journal's tail, or another's."""
        known = self.recalling.order(client_order_id, key)
        if known is not None:
            return known
        order = TrackedOrder(client_order_id, key.session, Order(), None, symbol=symbol)
        self.orders[client_order_id] = order
        self._effects.append(Alarm(f"adopted order {client_order_id} of session {key.session} on {symbol}"))
        now, lacks_orders = self._incarnation, self.missing.lacks_orders(symbol)
        reason = now.split_brain(key, facts, ts_event_ms, lacks_orders=lacks_orders) if now is not None else ""
        if reason:
            told = (
                f"order {client_order_id} on {symbol} {reason}: another gateway uses a copy of this pos.db. "
                "Stop the other one, or give this one a new pos.db, and restart"
            )
            self.halts.impose(_ACCOUNT, TradingState.HALTED, HaltCause.COPIED_BOOK, told, ts_event_ms)
        return order

    def _note_outside(self, symbol: str) -> None:
        if symbol not in self.outside:
            self.outside.add(symbol)
            self._effects.append(EnterSymbol(symbol))

    def _is_news(self, facts: Order, symbol: str) -> bool:
        """Whether it tells of an order, or of an execution, that nobody told of before."""
        is_new = not self._strays.is_foreign(symbol, facts.venue_order_id)
        return is_new or any(not self.is_booked(fill) for fill in facts.fills.values())

    def _merge(self, order: TrackedOrder, facts: Order) -> None:
        had_evidence, seen = order.has_evidence, order.visible
        before, facts = order.facts, self._fills.admitted(facts, order.facts)
        order.facts = before.merge(facts)
        if order.facts == before:
            return
        terms = facts.terms
        if terms is not None:
            order.revisions = max(order.revisions, terms.revision)
            if order.terms is None and terms.order_type.is_conditional:
                order.terms = terms  # what it was before it was triggered
        if order.absent and order.has_evidence and not had_evidence:
            self._effects.append(Alarm(f"order {order.client_order_id} was believed absent and lives"))
            order.absent = False
        if order.has_evidence:
            order.in_doubt = False
        if order.facts.venue_order_id is not None and before.venue_order_id is None:
            self._learn_venue_id(order, order.facts.venue_order_id)
        self._index.add(order)
        new = tuple(fill for fill in facts.fills.values() if fill.exec_id not in before.fills)
        for fill in facts.fills.values():
            self._fills.book(fill, order.session, order.client_order_id)
        replace = order.replace
        if replace is not None and (order.revisions_seen >= replace.revision or not order.may_be_enlarged):
            order.replace = None
        if order.cancel_pending and not order.complete.status.is_open:
            order.cancel_pending = False
        if order.facts.missing_qty > before.missing_qty:
            self._effects.append(PullTrades(order.symbol))
        completed = order.facts.completed_by(facts, before)
        # "Filled" without its executions is half a story: the other half is on its way, or `PullTrades` fetches it.
        if new or ((completed or order.visible != seen) and not order.facts.missing_qty):
            self._effects.append(OrderNews(order, new, completed))
        self._index.touch(order)

    def _learn_venue_id(self, order: TrackedOrder, venue_order_id: str) -> None:
        told = self._strays.told(order.symbol, venue_order_id)
        fills = {fill.exec_id: fill for fill in self._strays.claim(order.symbol, venue_order_id)}
        self._merge(order, structs.replace(told, fills=fills))

    def _changed(self, order: TrackedOrder) -> None:
        self._index.touch(order)
        self._effects.append(OrderNews(order))
