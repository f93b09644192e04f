"""Resting limit orders get another price or quantity."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import OrderStatus, OrderType
from tradingsys.sim.events import (
    Amended,
    Amendment,
    ChangeRefused,
    ExchangeEvent,
    NewAmend,
    NewOrder,
    OrderRecord,
    Refusal,
)
from tradingsys.sim.judging import margin_refusal
from tradingsys.sim.placing import Placing
from tradingsys.sim.state import State
from tradingsys.sim.venue import Venue

__all__ = ["MAX_AMENDS", "Amending"]

MAX_AMENDS = 10_000
"""An order can be changed less often than this."""


class Amending:
    """Changes orders: they keep their ids and lose their place in the queue."""

    def __init__(self, state: State, placing: Placing) -> None:
        self._state = state
        self._placing = placing
        self._made = state.first_id

    def amend(self, request: NewAmend, order: OrderRecord | None, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Change an open order: `Amended`, `Canceled` where the change leaves nothing to trade, or `ChangeRefused`."""
        venue = self._state.venues[request.symbol]
        if order is None:
            events.append(ChangeRefused(request.account, request.symbol, Refusal.UNKNOWN_ORDER))
            return
        ticks = None if request.px is None else venue.ticks(request.px)
        if request.px is None and request.price_match is not None:
            ticks = venue.matched_ticks(request.side, request.price_match)
        lots = venue.lots(request.qty)
        refused = self._refusal(venue, request, order, ticks, lots)
        if refused is not None or ticks is None or lots is None:
            events.append(ChangeRefused(request.account, request.symbol, refused or Refusal.OFF_GRID))
            return
        px, qty = venue.price(ticks), venue.qty(lots)
        if qty <= order.cum_qty or (order.post_only and venue.book.would_take(order.side, ticks)):
            self._note(order, px, qty, request.modify_id, now_ns)
            self._placing.end(venue, order.order_id, OrderStatus.CANCELED, now_ns, events)
        else:
            self._relist(venue, order, request, (ticks, lots), now_ns, events)
        self._state.publish(venue, now_ns, events)

    def _refusal(
        self, venue: Venue, request: NewAmend, order: OrderRecord, ticks: int | None, lots: int | None
    ) -> Refusal | None:
        if order.order_type is not OrderType.LIMIT or order.px is None:
            return Refusal.NOT_LIMIT
        if order.side is not request.side:
            return Refusal.WRONG_SIDE
        if ticks is None:
            return Refusal.OFF_GRID if request.px is not None else Refusal.NO_DEPTH
        if lots is None:
            return Refusal.OFF_GRID
        px, qty = venue.price(ticks), venue.qty(lots)
        if (px, qty) == (order.px, order.qty):
            return Refusal.UNCHANGED
        if order.amends + 1 >= MAX_AMENDS:
            return Refusal.TOO_MANY_AMENDS
        more = px * (qty - order.cum_qty) - order.px * order.leaves
        account = self._state.accounts[order.account]
        if order.reduce_only:
            others = sum((venue.open[other].leaves for other in venue.reducing[order.account]), -order.leaves)
            room = abs(account.position(order.symbol).net)
            return Refusal.REDUCE_ONLY_EXCEEDS if others + qty - order.cum_qty > room else None
        if more <= 0 or account.is_house:
            return None
        wish = NewOrder(order.account, order.symbol, order.side, order.order_type, qty, px)
        return margin_refusal(self._state, account, venue, wish, more)

    def _relist(
        self,
        venue: Venue,
        order: OrderRecord,
        request: NewAmend,
        wanted: tuple[int, int],
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> None:
        ticks, lots = wanted
        px, qty = venue.price(ticks), venue.qty(lots)
        venue.book.cancel(order.order_id)
        amended = structs.replace(
            order,
            px=px,
            qty=qty,
            updated_ns=now_ns,
            amends=order.amends + 1,
            modify_id=request.modify_id,
            price_match=request.price_match,
        )
        account = self._state.accounts[order.account]
        account.lock(order.symbol, order.side, px * amended.leaves - (order.px or Decimal(0)) * order.leaves)
        venue.open[order.order_id] = amended
        self._placing.remember(amended)
        self._note(order, px, qty, request.modify_id, now_ns)
        events.append(Amended(amended))
        done = venue.lots(order.cum_qty) or 0
        self._placing.trade(venue, amended, ticks, lots - done, now_ns, events)

    def _note(self, before: OrderRecord, px: Decimal, qty: Decimal, modify_id: int, now_ns: int) -> None:
        if self._state.accounts[before.account].is_house:
            return
        self._made += 1
        self._state.ledger.put_amendment(
            Amendment(
                self._made,
                before.order_id,
                before.client_order_id,
                before.account,
                before.symbol,
                before.px or Decimal(0),
                px,
                before.qty,
                qty,
                before.amends + 1,
                modify_id,
                now_ns,
            )
        )
