"""Whose an order is, or an execution, that comes under a name which is none of ours."""

from __future__ import annotations

from collections import OrderedDict

from tradingsys.core.commands import AmendmentsQuery, OrderQuery
from tradingsys.core.errors import TradingError
from tradingsys.core.order import Order
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.procedure import Signal
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Attribution"]

_OWNER_ATTEMPTS = 12
_REMEMBERED = 1_000
"""Answers; who needs one that was forgotten asks once more."""
_LAGGING_MS = 60_000
"""At least so old may answers be, whatever the venue is known for, that contradict what it told of executions."""


class Attribution:
    """Procedures about one order each."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._book = inquiry.book
        self._lagging_ms = max(inquiry.margins.staleness_ms, _LAGGING_MS)
        self._asking: dict[str, Signal] = {}
        """Orders that wait for a price, while they are asked about."""
        self._told_ms = OrderedDict[str, int]()
        """When what the venue told of each was asked for last: it excludes them for all executions before."""

    def may_be_of(self, session: int, symbol: str, venue_order_id: str) -> bool:
        """Whether unattributed executions may be this session's: anybody's, as long as the venue tells no name."""
        book = self._book
        if book.missing.lacks_orders(symbol) or book.name_of_stray(symbol, venue_order_id) is None:
            return True
        if book.kinship.stray_may_be_renamed(symbol, venue_order_id):
            return True
        return any(order.session == session for order in self._candidates(symbol, venue_order_id))

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

    async def attribute(self, symbol: str, venue_order_id: str) -> None:
        """Find out whose order a fill belongs to.

        Under a client order id that is not ours it may still be what a conditional order of ours became, or one of ours
        that somebody else amended: it is nobody's of ours only when none of them can be it. Nor when the venue denies
        it, as long as that denial may be a minute old and the order one of ours that it would deny too.
        """
        book, inquiry = self._book, self._inquiry
        wait_ms, negatives = inquiry.timing.first_retry_ms, 0
        is_contradicted = False
        asked = set[str]()
        named_ms: int | None = None
        while (symbol, venue_order_id) in book.unattributed:
            if book.name_of_stray(symbol, venue_order_id) is None and (negatives < _OWNER_ATTEMPTS or is_contradicted):
                may_be_late = self._is_contradicted(symbol, venue_order_id)
                if await self._ask_its_name(symbol, venue_order_id):  # no answer proves nothing, however late it is
                    negatives, is_contradicted = negatives + 1, may_be_late
                if (symbol, venue_order_id) not in book.unattributed:
                    return
            is_named = book.name_of_stray(symbol, venue_order_id) is not None
            is_nameless = negatives >= _OWNER_ATTEMPTS and not is_contradicted
            if (is_named or is_nameless) and not book.missing.lacks_orders(symbol):
                # A clock in doubt knows no time; a later, better one still bounds when it had its name.
                now_ms = inquiry.venue_ms() + inquiry.uncertainty_ms()
                named_ms = now_ms if named_ms is None else min(named_ms, now_ms)
                await self._ask_conditional_orders(symbol, venue_order_id, asked)
                if (symbol, venue_order_id) not in book.unattributed:
                    return
                is_settled = await self._is_not_renamed(symbol, venue_order_id, named_ms)
                if (symbol, venue_order_id) not in book.unattributed:
                    return
                if is_settled and not self._candidates(symbol, venue_order_id):
                    book.give_up(symbol, venue_order_id)
                    return
            if (symbol, venue_order_id) in book.unattributed:
                await inquiry.wait(wait_ms)
                wait_ms = inquiry.longer(wait_ms)

    def may_be_executed(self, order: TrackedOrder, asked_ms: int) -> bool:
        """Whether executions without an owner may be this order's, although the venue, asked then, denies it."""
        kinship, symbol = self._book.kinship, order.symbol
        return self._may_be_accepted_since(order, asked_ms) and any(
            kinship.may_be_denied(order, symbol, venue_order_id)
            and order.stamp_ms <= self._latest_stamp_ms(symbol, venue_order_id)
            and self._may_be_older(symbol, venue_order_id, asked_ms)
            for held, venue_order_id in self._book.unattributed
            if held == symbol
        )

    def _is_contradicted(self, symbol: str, venue_order_id: str) -> bool:
        """Whether a denial, if it comes now, proves nothing: the executions may be of an order of ours that the venue
        denies too, or of one that the journal lost, which nobody here knows.
        """
        asked_ms = self._inquiry.surely_ms()
        if not self._may_be_older(symbol, venue_order_id, asked_ms):
            return False
        if self._first_ms(symbol, venue_order_id) <= self._book.missing.until_ms:
            return True
        # What a stop became is younger than the stop, and may be denied for longer.
        latest_stamp_ms, kinship = self._latest_stamp_ms(symbol, venue_order_id), self._book.kinship
        return any(
            order.stamp_ms <= latest_stamp_ms
            and (self._may_be_accepted_since(order, asked_ms) or order.is_conditional)
            and kinship.may_be_denied(order, symbol, venue_order_id)
            for order in self._book.unseen_orders()
        )

    def _may_be_older(self, symbol: str, venue_order_id: str, asked_ms: int) -> bool:
        """Whether what the venue, asked then, says of orders may be from before these executions."""
        if self._inquiry.refusals.is_gone(symbol):
            return False
        return asked_ms <= self._first_ms(symbol, venue_order_id) + self._lagging_ms

    def _may_be_accepted_since(self, order: TrackedOrder, asked_ms: int) -> bool:
        """Whether an answer to what was asked then may be older than the last instant at which the venue could accept
        the order: after that it shows the order, or there is none. One whose stamp nobody knows was lost.
        """
        stamp_ms = order.stamp_ms or self._book.missing.until_ms
        return asked_ms <= self._inquiry.margins.expiry_ms(stamp_ms, order.recv_window_ms) + self._lagging_ms

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

    async def _ask_conditional_orders(self, symbol: str, venue_order_id: str, asked: set[str]) -> None:
        """Ask each order that waits for a price whether it became this one, or hear what others were told who asked.

        It had become this one before the first execution: an answer that is surely younger would tell. One that fits is
        asked at once, and then when the answer excludes it.
        """
        for order in self._candidates(symbol, venue_order_id):
            name = order.client_order_id
            if not self._is_to_be_asked(order, symbol, venue_order_id, asked):
                continue
            if name in self._asking:  # for long, maybe: if its answer is too old, the next pass asks anew
                await self._asking[name]
            else:
                asked.add(name)
                await self._ask_what_it_is(order)
            if (symbol, venue_order_id) not in self._book.unattributed:
                return

    def _is_to_be_asked(self, order: TrackedOrder, symbol: str, venue_order_id: str, asked: set[str]) -> bool:
        first_ms, told_ms = self._first_ms(symbol, venue_order_id), self._told_ms.get(order.client_order_id, 0)
        if told_ms <= first_ms and order.client_order_id not in asked:
            return True
        return self._is_excluded(order, symbol, venue_order_id, self._inquiry.surely_ms())

    async def _ask_what_it_is(self, order: TrackedOrder) -> None:
        """One question at a time, whose answer is everybody's."""
        name, inquiry = order.client_order_id, self._inquiry
        self._asking[name] = Signal()
        asked_ms = inquiry.surely_ms()
        try:
            facts, answered = await inquiry.order(order)
            if answered:
                self._told_ms[name] = asked_ms
                self._told_ms.move_to_end(name)
                if len(self._told_ms) > _REMEMBERED:
                    self._told_ms.popitem(last=False)
            if facts is not None:
                inquiry.learn(facts, order.symbol)
        except Exception:
            self._asking.pop(name).give()
            raise
        self._asking.pop(name).give()  # not when the gateway ends amid it: nobody is to go on then

    def _is_excluded(self, order: TrackedOrder, symbol: str, venue_order_id: str, asked_ms: int) -> bool:
        """Whether what the venue answers, asked then, would tell that it became this one."""
        age_ms = asked_ms - self._first_ms(symbol, venue_order_id)
        if age_ms <= self._inquiry.margins.staleness_ms:
            return False
        return age_ms > self._patience_ms(order, symbol, venue_order_id)

    def _patience_ms(self, order: TrackedOrder, symbol: str, venue_order_id: str) -> int:
        """How much later than an execution the answer must be that proves it to be another order's."""
        staleness_ms, fits = self._inquiry.margins.staleness_ms, self._book.kinship.fits
        if not fits(order, symbol, venue_order_id) or self._inquiry.refusals.is_gone(symbol):
            return staleness_ms
        return self._lagging_ms

    def _candidates(self, symbol: str, venue_order_id: str) -> list[TrackedOrder]:
        """Orders that wait for a price, or were denied at a time of which answers may still be, and that no answer
        excludes.
        """
        kinship, first_ms = self._book.kinship, self._first_ms(symbol, venue_order_id)
        latest_stamp_ms = self._latest_stamp_ms(symbol, venue_order_id)
        absent = kinship.absent_stops(symbol, first_ms)
        denied = [order for order in absent if self._may_be_accepted_since(order, first_ms)]
        return [
            order
            for order in (*kinship.waiting_orders(symbol), *denied)
            if order.stamp_ms <= latest_stamp_ms
            and not self._is_excluded(order, symbol, venue_order_id, self._told_ms.get(order.client_order_id, 0))
        ]

    def _latest_stamp_ms(self, symbol: str, venue_order_id: str) -> int:
        return self._first_ms(symbol, venue_order_id) + self._inquiry.margins.future_ms

    def _first_ms(self, symbol: str, venue_order_id: str) -> int:
        return min(fill.ts_event_ms for fill in self._book.unattributed[symbol, venue_order_id].values())
