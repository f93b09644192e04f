"""Finding out what became of single orders: in doubt, canceled, replaced, vanished, or with an owner yet unknown."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from tradingsys.core.commands import AmendmentsQuery, OpenOrdersQuery, OrderQuery
from tradingsys.core.enums import AccountKind, OrderStatus
from tradingsys.core.errors import TradingError
from tradingsys.core.order import Closed, Order
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.procedure import Signal, ask
from tradingsys.oms.refusals import NotTold, is_refusal
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.oms.trade_history import TradeHistory

__all__ = ["Settling"]

_NEGATIVES_NEEDED = 3
_STORM = 4
"""With so many orders of a symbol in doubt, one question for all its open orders costs less than one for each."""
_SWEEP_MS = 1_000
_NS_PER_MS = 1_000_000
_SOON_MS = 400
_CANCEL_ASKED_NS = 5_000_000_000
_OWNER_ATTEMPTS = 12
_RETENTION_MS = 3 * 86_400_000
"""Binance forgets orders that ended without a fill after so long."""


class _Look(Struct, frozen=True):
    """When all open orders of a symbol were asked for, and when they were told, in monotonic time."""

    asked_ns: int
    told_ns: int


class Settling:
    """Procedures about one order each."""

    def __init__(self, inquiry: Inquiry, history: TradeHistory) -> None:
        self._inquiry = inquiry
        self._history = history
        self._book = inquiry.book
        self._resolving: Counter[str] = Counter()
        """Of each symbol, how many orders in doubt are being asked about."""
        self._doubted: set[str] = set()
        self._looked_for: set[str] = set()
        self._sweeping: dict[str, Signal] = {}
        self._sweep_due_ns: dict[str, int] = {}
        self._looks: dict[str, _Look] = {}
        """At each symbol's open orders, the last time that of all of them was told whose they are."""

    async def resolve(self, order: TrackedOrder) -> None:
        """Ask until the venue shows the order, or until it provably never got it."""
        if order.client_order_id in self._doubted:
            return
        self._doubted.add(order.client_order_id)
        self._resolving[order.symbol] += 1
        try:
            await self._resolve(order)
        finally:
            self._doubted.discard(order.client_order_id)
            self._resolving[order.symbol] -= 1

    async def look_for(self, order: TrackedOrder) -> None:
        """An answer is late: ask whether the order is there, until somebody says so or its outcome is in doubt."""
        if order.client_order_id in self._looked_for:
            return
        self._looked_for.add(order.client_order_id)
        self._resolving[order.symbol] += 1
        wait_ms = self._inquiry.timing.first_retry_ms
        try:
            while not (order.has_evidence or order.in_doubt or order.absent):
                facts = await self._ask_about(order)
                if facts is not None:
                    self._inquiry.learn(facts, order.symbol)
                await self._inquiry.wait(self._soon(order, wait_ms))
                wait_ms = self._inquiry.longer(wait_ms)
        finally:
            self._looked_for.discard(order.client_order_id)
            self._resolving[order.symbol] -= 1

    async def _ask_about(self, order: TrackedOrder) -> Order | None:
        if self._resolving[order.symbol] >= _STORM:
            await self._sweep(order.symbol)
        return None if order.has_evidence else (await self._inquiry.order(order))[0]

    async def _resolve(self, order: TrackedOrder) -> None:
        inquiry = self._inquiry
        denied_ns, wait_ms = await self._ask_until_denied(order), inquiry.timing.first_retry_ms
        # To ask for the order once more proves nothing more: what is awaited now, one question tells of a whole symbol.
        while order.in_doubt and not await self._has_no_other_name(order, denied_ns):
            await inquiry.wait(wait_ms)
            wait_ms = inquiry.longer(wait_ms)
        if order.in_doubt:
            self._book.believe_absent(order)

    async def _ask_until_denied(self, order: TrackedOrder) -> int:
        """Ask until the venue shows the order, or has denied it often enough; returns when it did so first."""
        inquiry = self._inquiry
        negatives, denied_ns, wait_ms = 0, 0, inquiry.timing.first_retry_ms
        expiry_ms = inquiry.margins.expiry_ms(order.stamp_ms, order.recv_window_ms)
        while order.in_doubt and negatives < _NEGATIVES_NEEDED:
            if self._resolving[order.symbol] >= _STORM:
                await self._sweep(order.symbol)
            asked_ms = inquiry.surely_ms()
            facts, answered = (None, False) if order.has_evidence else await inquiry.order(order)
            if facts is not None:
                inquiry.learn(facts, order.symbol)
            elif answered and asked_ms > expiry_ms:
                negatives, denied_ns = negatives + 1, denied_ns or inquiry.now_ns()
            if negatives < _NEGATIVES_NEEDED and order.in_doubt:
                await inquiry.wait(self._pause_ms(order, wait_ms, expiry_ms, has_answer=answered))
                wait_ms = inquiry.longer(wait_ms)
        return denied_ns

    async def _sweep(self, symbol: str) -> None:
        """One question for all that rest, in place of one for each order in doubt: those that are found are known."""
        inquiry = self._inquiry
        if symbol in self._sweeping:
            await self._sweeping[symbol]
            return  # at a slow venue each of those who waited would sweep in turn, and hold up all others meanwhile
        if inquiry.now_ns() < self._sweep_due_ns.get(symbol, 0):
            return
        swept = self._sweeping[symbol] = Signal()
        try:
            await self._learn_of_the_open(symbol)
        except TradingError as error:  # each is asked about then
            self._swept(symbol, swept, inquiry.timing.longest_retry_ms if _is_refused(error) else _SWEEP_MS)
        except Exception:
            self._swept(symbol, swept)
            raise
        else:
            self._swept(symbol, swept)

    def _swept(self, symbol: str, swept: Signal, pause_ms: int = _SWEEP_MS) -> None:
        """Not when the gateway ends amid it: nobody is to go on then."""
        del self._sweeping[symbol]
        self._sweep_due_ns[symbol] = self._inquiry.now_ns() + pause_ms * _NS_PER_MS
        swept.give()

    async def _learn_of_the_open(self, symbol: str) -> None:
        """Raises TradingError, what the venue refuses to tell of one order after all that it tells of others."""
        inquiry, refused = self._inquiry, None
        asked_ns = inquiry.now_ns()
        shown = await ask(OpenOrdersQuery(symbol))
        told_ns = inquiry.now_ns()
        others = [facts for facts in shown if inquiry.learn(facts, symbol) is None]
        for facts in others if self._book.kind is AccountKind.ASSETS else ():
            try:
                await self.recognise(facts, symbol)
            except TradingError as error:
                if not _is_refused(error):
                    raise
                refused = error
        if refused is not None:
            raise refused
        self._looks[symbol] = _Look(asked_ns, told_ns)

    async def _has_no_other_name(self, order: TrackedOrder, denied_ns: int) -> bool:
        """Whether, after the venue denied it first, it was not open under another name either, that somebody else gave
        it by an amend.

        When it ended under such a name its executions lead back to it, see `attribute`: so they must be told. Answers
        may be old: who asks so much later is told of an amend before the denial, and of what no longer was open.
        """
        if self._book.kind is not AccountKind.ASSETS:
            return True
        symbol, staleness_ns = order.symbol, self._inquiry.margins.staleness_ms * _NS_PER_MS
        await self._inquiry.wait_until(denied_ns + staleness_ns)
        if not self._is_seen(symbol, denied_ns + staleness_ns):
            await self._sweep(symbol)
        if order.has_evidence or not self._is_seen(symbol, denied_ns + staleness_ns):
            return False
        executed_ns = self._looks[symbol].told_ns + staleness_ns
        await self._inquiry.wait_until(executed_ns)
        return await self._has_no_execution(order, executed_ns)

    def _is_seen(self, symbol: str, since_ns: int) -> bool:
        return symbol in self._looks and self._looks[symbol].asked_ns >= since_ns

    async def _has_no_execution(self, order: TrackedOrder, since_ns: int) -> bool:
        """Whether none is told, by a venue that tells them, that is its own or may be so."""
        symbol = order.symbol
        if symbol in self._book.symbols:
            await self._history.pull_since(symbol, since_ns)
            if symbol in self._history.untold:
                return False
        may_be_renamed = self._book.kinship.stray_may_be_renamed
        strays = [order_id for where, order_id in self._book.unattributed if where == symbol]
        return not order.has_evidence and not any(may_be_renamed(symbol, order_id) for order_id in strays)

    async def recognise(self, facts: Order, symbol: str, *, patiently: bool = False) -> None:
        """Learn of an order, and by its amends whether it is one of ours, where that can be. Raises TradingError:
        NotTold and no other if asked ``patiently``.
        """
        if self._inquiry.learn(facts, symbol) is not None or facts.venue_order_id is None:
            return
        if self._book.kinship.may_be_ours(facts, symbol):
            await self._ask_former_names(symbol, facts.venue_order_id, patiently=patiently)
            self._inquiry.learn(facts, symbol)

    async def _ask_former_names(self, symbol: str, venue_order_id: str, *, patiently: bool = False) -> None:
        """Learn under which names an order was known before. Raises TradingError."""
        query = AmendmentsQuery(symbol, venue_order_id)
        names = await (self._inquiry.of_symbol(query) if patiently else self._inquiry.ask(query))
        if names:
            self._inquiry.learn(Order(tuple(sorted(names)), venue_order_id, accepted=True), symbol)

    def _soon(self, order: TrackedOrder, wait_ms: int) -> int:
        """Less patience as long as an order that exists may just not show yet, as answers are old."""
        age_ms = self._inquiry.venue_ms() - order.stamp_ms
        return min(wait_ms, _SOON_MS) if age_ms < self._inquiry.margins.staleness_ms + 2 * _SOON_MS else wait_ms

    def _pause_ms(self, order: TrackedOrder, wait_ms: int, expiry_ms: int, *, has_answer: bool) -> int:
        """Patience until answers begin to prove something, haste from then on; a venue that is silent is spared."""
        wait_ms = self._soon(order, wait_ms)
        left_ms = expiry_ms - self._inquiry.surely_ms() + 1
        return min(wait_ms, max(left_ms, self._inquiry.timing.first_retry_ms)) if has_answer else wait_ms

    async def settle_cancel(self, order: TrackedOrder) -> None:
        """After a cancel whose outcome is not known, or that was refused: see what the order is now.

        Not for ever: another one does no harm, and who wants the order gone waits for nothing but this.
        """
        inquiry = self._inquiry
        wait_ms, until_ns = inquiry.timing.first_retry_ms, inquiry.now_ns() + _CANCEL_ASKED_NS
        while order.is_open and inquiry.now_ns() < until_ns:
            facts, _ = await inquiry.order(order)
            if facts is not None:
                inquiry.learn(facts, order.symbol)
                break
            await inquiry.wait(wait_ms)
            wait_ms = inquiry.longer(wait_ms)
        self._book.cancel_pending(order, False)

    async def settle_replace(self, order: TrackedOrder, *, refused: bool = False) -> None:
        """After a replace whose outcome is not known: ask until it can no longer act, or has.

        Of one that was refused, any answer tells what the order is now.
        """
        inquiry, replace = self._inquiry, order.replace
        if replace is None:
            return
        expiry_ms = 0 if refused else inquiry.margins.expiry_ms(replace.stamp_ms, replace.recv_window_ms)
        wait_ms = inquiry.timing.first_retry_ms
        while order.replace is replace and order.may_be_enlarged:
            asked_ms = inquiry.surely_ms()
            facts, answered = await inquiry.order(order)
            if facts is not None:
                inquiry.learn(facts, order.symbol)
            if answered and asked_ms > expiry_ms:
                break
            await inquiry.wait(wait_ms)
            wait_ms = inquiry.longer(wait_ms)
        if order.replace is replace:
            self._book.replace_ended(order)

    async def refresh(self, order: TrackedOrder) -> None:
        """An order that was open and is not among the open ones: ask how it ended."""
        inquiry = self._inquiry
        wait_ms, negatives = inquiry.timing.first_retry_ms, 0
        while negatives < _NEGATIVES_NEEDED:
            facts, answered = await inquiry.order(order)
            if facts is not None:
                inquiry.learn(facts, order.symbol)
                return
            if inquiry.is_put_off(order):
                return
            negatives += answered
            await inquiry.wait(wait_ms)
            wait_ms = inquiry.longer(wait_ms)
        if order.last_seen_ms and inquiry.venue_ms() - order.last_seen_ms > _RETENTION_MS:
            self._book.refuse(order, Closed(OrderStatus.EXPIRED, reason="ended so long ago that the venue forgot it"))

    async def find_terms(self, order: TrackedOrder) -> None:
        """Only executions told of the order so far: ask what it is, once for all who want to know."""
        if order.client_order_id in self._looked_for:
            return
        self._looked_for.add(order.client_order_id)
        try:
            await self.refresh(order)
        finally:
            self._looked_for.discard(order.client_order_id)

    def end_with_its_symbol(self, order: TrackedOrder, asked_ms: int) -> None:
        """The venue took its symbol off, so nothing but the list of all open orders can tell of it.

        Whoever asked for that at ``asked_ms`` or later did not see it there: once it would show, it is over.
        """
        expiry_ms = self._inquiry.margins.expiry_ms(order.last_seen_ms, order.recv_window_ms)
        if not order.is_open or asked_ms <= expiry_ms:
            return
        if order.has_evidence:
            reason = "the exchange took its symbol off, and it is not among the open orders"
            self._book.refuse(order, Closed(OrderStatus.EXPIRED, reason=reason))
        else:
            self._book.believe_absent(order)

    async def attribute(self, symbol: str, venue_order_id: str) -> None:
        """Find out whose order a fill belongs to.

        Under a client order id that is not ours it may still be what a conditional order of ours became, or one of ours
        that somebody else amended: it is nobody's of ours only when none of them can be it.
        """
        book, inquiry = self._book, self._inquiry
        wait_ms, negatives = inquiry.timing.first_retry_ms, 0
        excluded: set[str] = set()
        named_ms: int | None = None
        while (symbol, venue_order_id) in book.unattributed:
            if book.name_of_stray(symbol, venue_order_id) is None and negatives < _OWNER_ATTEMPTS:
                negatives += await self._ask_its_name(symbol, venue_order_id)
            is_named = book.name_of_stray(symbol, venue_order_id) is not None
            if (is_named or negatives >= _OWNER_ATTEMPTS) and not book.missing.lacks_orders(symbol):
                # A clock in doubt knows no time; a later, better one still bounds when it had its name.
                now_ms = inquiry.venue_ms() + inquiry.uncertainty_ms()
                named_ms = now_ms if named_ms is None else min(named_ms, now_ms)
                await self._ask_conditional_orders(symbol, venue_order_id, excluded)
                if (symbol, venue_order_id) not in book.unattributed:
                    return
                is_settled = await self._is_not_renamed(symbol, venue_order_id, named_ms)
                if (symbol, venue_order_id) not in book.unattributed:
                    return
                if is_settled and not self._candidates(symbol, venue_order_id, excluded):
                    book.give_up(symbol, venue_order_id)
                    return
            if (symbol, venue_order_id) in book.unattributed:
                await inquiry.wait(wait_ms)
                wait_ms = inquiry.longer(wait_ms)

    async def _ask_its_name(self, symbol: str, venue_order_id: str) -> bool:
        """Whether the venue said that it knows no such order."""
        try:
            facts = await self._inquiry.ask(OrderQuery(symbol, venue_order_id=venue_order_id))
        except TradingError:
            return self._inquiry.refusals.is_gone(symbol)  # nobody can say any more
        if facts is not None:
            self._inquiry.learn(facts, symbol)
        return facts is None

    async def _is_not_renamed(self, symbol: str, venue_order_id: str, named_ms: int) -> bool:
        """Whether it is certain that nobody renamed an order of ours to this one: asked only where that can be.

        It has had the name since ``named_ms`` at least, and an answer that is surely younger would tell how it came to.
        """
        if not self._book.kinship.stray_may_be_renamed(symbol, venue_order_id):
            return True
        asked_ms = self._inquiry.surely_ms()
        try:
            await self._ask_former_names(symbol, venue_order_id)
        except TradingError:
            return self._inquiry.refusals.is_gone(symbol)
        return asked_ms > named_ms + self._inquiry.margins.staleness_ms

    async def _ask_conditional_orders(self, symbol: str, venue_order_id: str, excluded: set[str]) -> None:
        """Ask each order that waits for a price whether it became this one, and exclude those that cannot have.

        It had become this one before the first execution: an answer that is surely younger would tell.
        """
        inquiry = self._inquiry
        for order in self._candidates(symbol, venue_order_id, excluded):
            told_ms = self._first_ms(symbol, venue_order_id) + inquiry.margins.staleness_ms
            asked_ms = inquiry.surely_ms()
            facts, answered = await inquiry.order(order)
            if facts is not None:
                inquiry.learn(facts, symbol)
            if answered and asked_ms > told_ms:
                excluded.add(order.client_order_id)
            if (symbol, venue_order_id) not in self._book.unattributed:
                return

    def _candidates(self, symbol: str, venue_order_id: str, excluded: set[str]) -> list[TrackedOrder]:
        latest_stamp_ms = self._first_ms(symbol, venue_order_id) + self._inquiry.margins.future_ms
        return [
            order
            for order in self._book.kinship.waiting_orders(symbol)
            if order.client_order_id not in excluded and order.stamp_ms <= latest_stamp_ms
        ]

    def _first_ms(self, symbol: str, venue_order_id: str) -> int:
        return min(fill.ts_event_ms for fill in self._book.unattributed[symbol, venue_order_id].values())


def _is_refused(error: TradingError) -> bool:
    return isinstance(error, NotTold) or is_refusal(error)
