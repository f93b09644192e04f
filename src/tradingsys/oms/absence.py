"""Orders of which nobody knows whether they exist: asked about until they show, or provably never reached the venue."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from tradingsys.core.commands import OpenOrdersQuery
from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import TradingError
from tradingsys.core.order import Order
from tradingsys.oms.attribution import Attribution
from tradingsys.oms.inquiry import NEGATIVES_NEEDED, Inquiry
from tradingsys.oms.procedure import Signal, ask
from tradingsys.oms.refusals import NotTold, is_refusal
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.oms.trade_history import TradeHistory

__all__ = ["Absence"]

_STORM = 4
"""With so many orders of a symbol in doubt, one question for all its open orders costs less than one for each."""
_SWEEP_MS = 1_000
_NS_PER_MS = 1_000_000
_SOON_MS = 400


class _Look(Struct, frozen=True):
    """When all open orders of a symbol were asked for, and when they were told, in monotonic time."""

    asked_ns: int
    told_ns: int


class Absence:
    """Procedures about one order each; those of one symbol share what they are told."""

    def __init__(self, inquiry: Inquiry, history: TradeHistory, attribution: Attribution) -> None:
        self._inquiry, self._history, self._attribution = inquiry, history, attribution
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
        """Ask until the venue shows the order, or has denied it often enough; returns when it did so first.

        As long as there are executions that may be its own a denial proves nothing: the venue denies what there is.
        """
        inquiry = self._inquiry
        negatives, denied_ns, wait_ms = 0, 0, inquiry.timing.first_retry_ms
        expiry_ms = inquiry.margins.expiry_ms(order.stamp_ms, order.recv_window_ms)
        while order.in_doubt and negatives < NEGATIVES_NEEDED:
            if self._resolving[order.symbol] >= _STORM:
                await self._sweep(order.symbol)
            asked_ms = inquiry.surely_ms()
            facts, answered = (None, False) if order.has_evidence else await inquiry.order(order)
            if facts is not None:
                inquiry.learn(facts, order.symbol)
            elif answered and self._attribution.may_be_executed(order, asked_ms):
                negatives, denied_ns, answered = 0, 0, False  # as if it had not: there is no haste until it can prove
            elif answered and asked_ms > expiry_ms:
                negatives, denied_ns = negatives + 1, denied_ns or inquiry.now_ns()
            if negatives < NEGATIVES_NEEDED and order.in_doubt:
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
                await self._attribution.recognise(facts, symbol)
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

        When it ended under such a name its executions lead back to it, see `Attribution`: so they must be told. Answers
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

    def _soon(self, order: TrackedOrder, wait_ms: int) -> int:
        """Less patience as long as an order that exists may just not show yet, as answers are old."""
        age_ms = self._inquiry.venue_ms() - order.stamp_ms
        return min(wait_ms, _SOON_MS) if age_ms < self._inquiry.margins.staleness_ms + 2 * _SOON_MS else wait_ms

    def _pause_ms(self, order: TrackedOrder, wait_ms: int, expiry_ms: int, *, has_answer: bool) -> int:
        """Patience until answers begin to prove something, haste from then on; a venue that is silent is spared."""
        wait_ms = self._soon(order, wait_ms)
        left_ms = expiry_ms - self._inquiry.surely_ms() + 1
        return min(wait_ms, max(left_ms, self._inquiry.timing.first_retry_ms)) if has_answer else wait_ms


def _is_refused(error: TradingError) -> bool:
    return isinstance(error, NotTold) or is_refusal(error)
