"""Finding out how single orders stand: canceled, replaced, vanished, or known by their executions alone."""

from __future__ import annotations

from tradingsys.core.enums import OrderStatus
from tradingsys.core.order import Closed
from tradingsys.oms.inquiry import NEGATIVES_NEEDED, Inquiry
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Settling"]

_CANCEL_ASKED_NS = 5_000_000_000
_RETENTION_MS = 3 * 86_400_000
"""Binance forgets orders that ended without a fill after so long."""


class Settling:
    """Procedures about one order each."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._book = inquiry.book
        self._looked_for: set[str] = set()

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
        while negatives < NEGATIVES_NEEDED:
            facts, answered = await inquiry.order(order)
            if facts is not None:
                inquiry.learn(facts, order.symbol)
                return
            if inquiry.is_put_off(order):
                return
            negatives += answered
            await inquiry.wait(wait_ms)
            wait_ms = inquiry.longer(wait_ms)
        # The venue counts from when it was made: one that rests for longer is forgotten as soon as it ended.
        is_in_vain = not order.facts.cum_qty
        known_ms = (is_in_vain and order.placed_ms) or order.last_seen_ms
        if known_ms and inquiry.surely_ms() - known_ms > _RETENTION_MS:
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
