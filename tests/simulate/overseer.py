"""After every step of a gateway: what it just decided, held against the exchange's ledger.

It looks at the effects of each step alone, which costs next to nothing, and outlives the gateways: what one of them
booked the next one must have, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from tests.simulate.unanswered import BOOKING, Question, Unanswered
from tests.simulate.world import World
from tradingsys.core.enums import OrderStatus, TradingState
from tradingsys.core.ids import EXTERNAL, decode_client_order_id
from tradingsys.core.order import Fill, FillKey
from tradingsys.core.records import (
    AdjustmentRecord,
    FillRecord,
    HaltCause,
    HaltRecord,
    PositionRecord,
    Record,
    Scope,
    WatermarkRecord,
)
from tradingsys.core.reports import OrderChanged, OrderRequest, Outcome, Report, RequestDone
from tradingsys.gateway.kernel import Gateway
from tradingsys.oms.asset_totals import base_fee
from tradingsys.oms.effects import Alarm, Effect, OrderNews, Save
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.sim.conditions import Condition
from tradingsys.sim.events import Execution, OrderRecord

if TYPE_CHECKING:
    from tests.simulate.watched import WatchedGateway

__all__ = ["Overseer"]

_ZERO = Decimal(0)
_MOST_WAITING = 300
"""Of questions to the exchange, procedures, connections: many times what a life ever has."""
_WORDS = {"adopted order": "orders adopted", "was believed absent and lives": "orders believed absent that lived"}


class Exchange(Protocol):
    """What is asked of the exchange's ledger."""

    ledger: Any


class Overseer:
    """One for each life; ``wrong`` is what was, and when it was first seen."""

    def __init__(self, world: World, exchange: Exchange, account: str, counts: Counter[str]) -> None:
        self.wrong: dict[str, str] = {}
        self.may_halt = set[HaltCause]()
        """What may be imposed in this life, since there is reason for it."""
        self.is_excused: Callable[[Scope, HaltCause], bool] = lambda scope, cause: False
        """Whether there is reason for it here and now."""
        self.is_restored = False
        """The book is a backup: it has orders as they were before they were amended, until it asks."""
        self._world = world
        self._ledger = exchange.ledger
        self._account = account
        self._counts = counts
        self._rows: dict[FillKey, Execution] = {}
        self._ids: dict[str, list[Execution]] = {}
        self._read = 0
        self._ever: dict[FillKey, Fill] = {}
        """What any gateway booked."""
        self.staleness_ms = 0.0
        """How old the exchange's answers may be in this life: what is younger than that they need not show yet."""
        self.executions_are_late = False
        """History shows younger ones before them: the watermark may pass what is booked later."""
        self.unanswered: Unanswered | None = None
        """What the exchange refuses to tell."""
        self._began_ms = 0.0
        self._accepted: dict[str, int] = {}
        self._lineage = ""
        self.edited: dict[tuple[int, str], Decimal] = {}
        """What edits by SQL gave to sessions, as the gateway of now knows."""
        self.edited_by: dict[tuple[int, str, int], float] = {}
        """When the gateway began that took an edit of a session and symbol at an instant of the book."""
        self._watch_accepted()

    # ---- one gateway

    def begin(self, gateway: WatchedGateway, lost_orders: set[str] | None = None) -> None:
        """It has opened its book; ``lost_orders``: client ids that a power cut took from its machine's files."""
        self._lost_orders = set[str]() if lost_orders is None else lost_orders
        gateway.overseer = self
        self._began_ms = self._world.now_ns / 1e6
        book, saved = gateway.book, gateway.store.saved
        self._gateway: Gateway = gateway
        self._book: SessionBook = book
        self._lineage = book.lineage
        self._booked: dict[FillKey, tuple[Fill, int]] = {_key(row.fill): (row.fill, row.session) for row in saved.fills}
        self._nets = dict(book.positions)
        self.edited.clear()
        for row in saved.adjustments:
            self._note_edit(row)
        self._passed = dict(book.watermarks)
        self._cum: dict[str, Decimal] = {}
        self._over: set[str] = set()
        self._answered: set[str] = set()
        self._doubted: set[str] = set()
        self._told: set[FillKey] = set()
        self._differing = {row.scope for row in book.halts if row.cause is HaltCause.DIFFERENCE}

    def ready(self) -> None:
        """It has read all that answers show: what any gateway before it booked, it has.

        But for what was only told, in the last moments, to a gateway that died before it wrote it down: READY does not
        wait for the oldest answer there may be, the reading after it does.
        """
        untold = self._untold()
        shown_ms = self._began_ms - self.staleness_ms
        for fill in self._ever.values():
            is_shown = fill.ts_event_ms < shown_ms
            if is_shown and fill.symbol in self._book.symbols.keys() - untold and not self._book.is_booked(fill):
                self._say(f"booked once, and no longer: {fill.symbol} {fill.exec_id}")

    def _untold(self) -> set[str]:
        """Symbols of which this gateway was refused executions, or whose they are: that is said, and asked again."""
        if self.unanswered is None:
            return set()
        for refusing in self.unanswered.lasting():
            if refusing.last_ns > self.began_ns and not refusing.has_met_start:
                refusing.has_met_start = True
                self._counts["starts that were READY while questions were refused"] += 1
        within_ns = self._world.now_ns - self.began_ns
        wanted = (Question(topic, symbol) for symbol in self._book.symbols for topic in BOOKING)
        return {each.symbol for each in wanted if self.unanswered.was_refused(each, within_ns)}

    def heard(self, report: Report) -> None:
        """The exchange said something."""
        match report:
            case RequestDone(name, OrderRequest.PLACE, outcome):
                self._answered.add(name)
                if outcome is Outcome.IN_DOUBT:
                    self._doubted.add(name)
            case OrderChanged(facts):
                for fill in facts.fills.values():
                    self._told.add(_key(fill))
                    self._counts["executions told again"] += fill.symbol in self._book.symbols and (
                        self._book.is_booked(fill)
                    )

    def decided(self, effects: Iterable[Effect]) -> None:
        """A step is over; these follow from it."""
        ended: list[str] = []
        for effect in effects:
            match effect:
                case Save(record):
                    self._keep(record)
                case OrderNews(order):
                    self._follow(effect)
                    if not order.is_open:
                        ended.append(order.client_order_id)
                case Alarm(text):
                    for words, what in _WORDS.items():
                        self._counts[what] += words in text
                    self._count_lost(text)
        self._over.update(ended)  # only now: what was executed in the step that ended it is no surprise

    @property
    def is_ready(self) -> bool:
        """Whether the gateway of now is."""
        return self._gateway.is_ready

    @property
    def began_ns(self) -> int:
        """When the gateway of now opened its book."""
        return int(self._began_ms * 1e6)

    @property
    def book(self) -> SessionBook:
        """Of the gateway of now."""
        return self._book

    def lacks(self, symbol: str, before_ns: int) -> bool:
        """Whether an execution from before that instant is not booked."""
        self._learn()
        first = self._book.symbols.get(symbol)
        return first is not None and any(
            row.exec_id >= first
            and row.ts_ns < before_ns
            and (symbol, str(row.exec_id), str(row.order_id)) not in self._booked
            for row in self._ids.get(symbol, ())
        )

    def unknowable(self) -> frozenset[FillKey]:
        """Executions that nothing tells this gateway of: history is refused, and it lost all memory of their orders."""
        self._learn()
        untold = self._untold()
        rows = (item for item in self._rows.items() if item[0][0] in untold and item[0] not in self._booked)
        return frozenset(key for key, row in rows if not any(self._book.order(name) for name in self._names(row)))

    def is_bounded(self) -> None:
        """Nothing grows without end."""
        gateway = self._gateway
        sizes = {
            "questions waiting": gateway.venue.questions_waiting,
            "questions asked": len(gateway.procedures._asking),
            "procedures kept": len(gateway.procedures._kept),
            "connections": len(gateway.clients),
            "executions without owner": len(gateway.book.unattributed),
        }
        most = _MOST_WAITING + len(gateway.book.open_orders())
        for what, size in sizes.items():
            if size > most:
                self._say(f"more than {most} {what}")

    # ---- what is kept

    def _keep(self, record: Record) -> None:
        match record:
            case FillRecord():
                self._book_fill(record)
            case AdjustmentRecord(session, symbol, delta, _, ts_ms):
                self._move(session, symbol, delta)
                self._note_edit(record)
                self.edited_by[session, symbol, ts_ms] = self._began_ms
            case PositionRecord(session, symbol, net):
                if self._nets.get((session, symbol), _ZERO) != net:
                    mine = self._nets.get((session, symbol), _ZERO)
                    self._say(f"session {session} {symbol}: position {net}, executions and adjustments make {mine}")
                    self._nets[session, symbol] = net
            case WatermarkRecord(symbol, trade_id):
                self._pass(symbol, trade_id)
            case HaltRecord(scope, TradingState.ACTIVE, cause=HaltCause.DIFFERENCE):
                self._differing.discard(scope)
            case HaltRecord(scope, state, reason, _, cause) if state is not TradingState.ACTIVE:
                if cause is HaltCause.DIFFERENCE and state is TradingState.HALTED and scope not in self._differing:
                    self._say(f"{scope} is halted at once, where orders may reduce: {reason}")
                if cause is HaltCause.DIFFERENCE:
                    self._differing.add(scope)
                self._counts[f"restricted: {cause.lower()}"] += 1
                if cause not in self.may_halt and not self.is_excused(scope, cause):
                    self._say(f"{scope} is {state.lower()} for no reason: {reason}")

    def _note_edit(self, record: AdjustmentRecord) -> None:
        if record.why == "sql-edit":
            key = (record.session, record.symbol)
            self.edited[key] = self.edited.get(key, _ZERO) + record.delta

    def _book_fill(self, record: FillRecord) -> None:
        fill, key = record.fill, _key(record.fill)
        known = self._booked.get(key)
        net = fill.signed_qty - base_fee(fill, self._book.pairs.get(fill.symbol))
        if known is not None:  # its fee may have become known
            before, session = known
            if before == fill:
                self._say(f"booked twice: {fill}")
            if session != record.session:
                self._say(f"booked to session {session}, and then to {record.session}: {fill}")
            net -= before.signed_qty - base_fee(before, self._book.pairs.get(fill.symbol))
        else:
            self._judge(record)
            self._count(record)
        self._booked[key] = (fill, record.session)
        self._ever[key] = fill
        self._move(record.session, fill.symbol, net)

    def _judge(self, record: FillRecord) -> None:
        fill = record.fill
        row = self._row(_key(fill))
        if row is None:
            self._say(f"booked without the exchange: {fill}")
            return
        if (fill.last_qty, fill.last_px, fill.side) != (row.qty, row.px, row.side):
            self._say(f"booked as {fill}, executed as {row}")
        if fill.fee is not None and (fill.fee, fill.fee_asset) != (row.fee, row.fee_asset):
            self._say(f"booked with the fee {fill.fee} {fill.fee_asset}, which was {row.fee} {row.fee_asset}")
        owner = self._owner(row)
        if owner != record.session:
            self._say(f"booked to session {record.session}, and it is session {owner}'s: {fill}")
        if int(fill.exec_id) < self._passed.get(fill.symbol, 0):
            self._counts["executions booked below the watermark"] += 1
            if not self.executions_are_late:
                self._say(f"booked below the watermark: {fill}")

    def _count(self, record: FillRecord) -> None:
        name, key = record.client_order_id or "", _key(record.fill)
        self._counts["executions found by history alone"] += key not in self._told
        if record.session == EXTERNAL:
            return
        self._counts["executions of orders that were over"] += name in self._over
        order_key = decode_client_order_id(name)
        is_own = order_key is not None and order_key.epoch == self._gateway.epoch
        self._counts["executed before the answer came"] += is_own and name not in self._answered

    def _pass(self, symbol: str, trade_id: int) -> None:
        """Every execution that the watermark passes is booked."""
        if self.executions_are_late:
            return
        self._learn()
        first = self._passed.get(symbol, self._book.symbols.get(symbol, 0))
        for row in self._ids.get(symbol, ()):
            if first <= row.exec_id < trade_id and (symbol, str(row.exec_id), str(row.order_id)) not in self._booked:
                self._say(f"the watermark of {symbol} passes {row.exec_id} of order {row.order_id}, not booked")
        self._passed[symbol] = trade_id

    def _move(self, session: int, symbol: str, qty: Decimal) -> None:
        self._nets[session, symbol] = self._nets.get((session, symbol), _ZERO) + qty

    # ---- orders

    def _follow(self, news: OrderNews) -> None:
        order = news.order
        name, cum = order.client_order_id, order.facts.cum_qty
        if cum < self._cum.get(name, _ZERO):
            self._say(f"less executed of {name} than before: {cum} after {self._cum[name]}")
        self._cum[name] = cum
        terms = order.known_terms
        if terms is not None and terms.order_qty and cum > terms.order_qty and not self._is_enlarged(order, cum):
            self._say(f"more executed of {name} than ordered: {cum} of {terms.order_qty}")
        if name in self._doubted and order.has_evidence:
            self._doubted.discard(name)
            is_alive = order.facts.accepted and order.status is not OrderStatus.REJECTED
            self._counts["orders accepted after they were in doubt"] += is_alive

    def _is_enlarged(self, order: TrackedOrder, cum: Decimal) -> bool:
        """By an amend under way, or by one that a backup or a cut tail of the journal lacks, until it is asked for."""
        if order.replace is not None or self.is_restored:
            return True
        changes = (change for change in self._ledger.amendments if str(change.order_id) == order.facts.venue_order_id)
        return any(change.symbol == order.symbol and max(change.qty, change.qty_before) >= cum for change in changes)

    def _watch_accepted(self) -> None:
        """Under one name the exchange takes one order."""
        put_order = self._ledger.put_order

        def put(order: OrderRecord) -> None:
            put_order(order)
            name = order.client_order_id
            key = decode_client_order_id(name)
            if order.account != self._account or order.algo_id or key is None:
                return
            self._counts["orders accepted"] += name not in self._accepted and key.lineage == self._lineage
            first = self._accepted.setdefault(name, order.order_id)
            if first != order.order_id:
                self._say(f"two orders of one name at the exchange: {name}")

        self._ledger.put_order = put

    # ---- the exchange's ledger

    def _learn(self) -> None:
        rows = self._ledger.executions
        for row in rows[self._read :]:
            if row.account == self._account:
                self._rows[row.symbol, str(row.exec_id), str(row.order_id)] = row
                before = self._ids.setdefault(row.symbol, [])
                if before and before[-1].exec_id == row.exec_id:
                    self._count_met({self._owner(before[-1]), self._owner(row)})
                before.append(row)
        self._read = len(rows)

    def _count_lost(self, text: str) -> None:
        """An order that the journal lost with its tail is no longer lost."""
        words = text.split()
        found = self._lost_orders & set(words) if words[:2] == ["adopted", "order"] else set()
        self._lost_orders -= found
        self._counts["orders lost with the journal's tail and adopted"] += len(found)

    def _count_met(self, owners: set[int]) -> None:
        """Two orders of the account traded with each other; those of one session may, too."""
        met = "a session and a person" if EXTERNAL in owners else "sessions"
        self._counts[f"executions between {met}"] += owners != {EXTERNAL}

    def _row(self, key: FillKey) -> Execution | None:
        self._learn()
        return self._rows.get(key)

    def _owner(self, row: Execution) -> int:
        for name in self._names(row):
            key = decode_client_order_id(name)
            if key is not None and key.lineage == self._book.lineage:
                return key.session
        return EXTERNAL

    def _names(self, row: Execution) -> Iterator[str]:
        """Under which its order was ever known, or the conditional order that became it."""
        record = self._ledger.order(row.account, row.symbol, row.order_id)
        yield record.client_order_id
        conditions: dict[int, Condition] = getattr(self._ledger, "conditions", {})
        condition = conditions.get(record.algo_id)
        if condition is not None:
            yield condition.client_algo_id
        for change in self._ledger.amendments:
            if (change.symbol, change.order_id) == (row.symbol, row.order_id):
                yield change.client_order_id

    def _say(self, what: str) -> None:
        self.wrong.setdefault(what, f"{self._world.at(self._world.now_ns):.4f}")


def _key(fill: Fill) -> FillKey:
    """What makes an execution one, by the exchange's own ids: whoever judges the product's key does not use it."""
    return (fill.symbol, fill.exec_id, fill.venue_order_id)
