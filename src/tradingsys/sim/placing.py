"""Orders enter, trade, rest and end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from msgspec import Struct, structs

from tradingsys.core.enums import OrderStatus, Side, TimeInForce, TriggerPrice
from tradingsys.matching.order_book import BookOrder, Match
from tradingsys.sim.events import (
    Accepted,
    Canceled,
    ExchangeEvent,
    Expired,
    ExpiryReason,
    NewOrder,
    OrderRecord,
    Refusal,
    Rejected,
    Traded,
)
from tradingsys.sim.floor import Floor
from tradingsys.sim.holdings import Fill, Holdings
from tradingsys.sim.venue import Venue

__all__ = ["Judged", "Placing", "minted"]

_NS_PER_MS = 1_000_000
_MINTED_LENGTH = 22


class Judged(Struct, frozen=True):
    """An order that may be: its price and quantity on the symbol's grid."""

    venue: Venue
    ticks: int | None
    lots: int


class Placing:
    """The way of an order through an exchange of any kind. What happens is appended to ``events``."""

    def __init__(self, floor: Floor[Any], holdings: Holdings) -> None:
        self._floor = floor
        self._holdings = holdings

    def place(self, request: NewOrder, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Judge an order and let it trade: `Rejected`, or `Accepted` and what follows."""
        judged = self.judge(request)
        if isinstance(judged, Refusal):
            events.append(Rejected(request, judged))
            return
        venue, ticks = judged.venue, judged.ticks
        order = self.accept(venue, request, judged.lots, ticks, now_ns, events)
        self.trade(venue, order, ticks, judged.lots, now_ns, events)
        self._floor.publish(venue, now_ns, events)

    def judge(self, request: NewOrder) -> Judged | Refusal:
        """Whether an order may be."""
        venue = self._floor.venues.get(request.symbol)
        if venue is None:
            return Refusal.UNKNOWN_SYMBOL
        lots = venue.lots(request.qty)
        ticks = None if request.px is None else venue.ticks(request.px)
        if request.price_match is not None and request.px is None:
            ticks = venue.matched_ticks(request.side, request.price_match)
            if ticks is None:
                return Refusal.NO_DEPTH
        if lots is None or (ticks is None) == request.order_type.has_price:
            return Refusal.OFF_GRID
        return self._holdings.refusal(venue, request, ticks, lots) or Judged(venue, ticks, lots)

    def accept(
        self,
        venue: Venue,
        request: NewOrder,
        lots: int,
        ticks: int | None,
        now_ns: int,
        events: list[ExchangeEvent],
        *,
        forced: str = "",
        list_id: int = -1,
        status: OrderStatus = OrderStatus.NEW,
    ) -> OrderRecord:
        """Give an order its id; nobody asks any more whether it may be.

        With the status PENDING_NEW it waits for another: nothing is set aside for it before `Holdings.opened`.
        """
        order_id = venue.order_id()
        order = structs.replace(
            _entered(request, order_id, now_ns, status),
            qty=venue.qty(lots),
            px=None if ticks is None else venue.price(ticks),
            forced=forced,
            list_id=list_id,
        )
        caused: list[ExchangeEvent] = []
        if status is OrderStatus.NEW:
            order = self._holdings.opened(venue, order, now_ns, caused)
        venue.open[order_id] = order
        if not self._floor.is_house(order.account):
            self._floor.ledger.put_order(order)
            venue.open_ids.setdefault(order.account, {})[order_id] = None
            venue.client_ids[order.account, order.client_order_id] = order_id
        events.append(Accepted(order))
        events += caused
        return order

    def trade(
        self, venue: Venue, order: OrderRecord, ticks: int | None, lots: int, now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        """Match an open order that is not in the book; what is left rests or expires."""
        lots = self._holdings.most_lots(venue, order, lots)
        peak = 0 if order.iceberg_qty is None else int(order.iceberg_qty / venue.instrument.lot_size)
        taker = BookOrder(order.order_id, order.account, order.side, ticks or 0, lots, peak)
        limit = ticks if ticks is not None else self._holdings.market_limit(venue, order.side)
        reach = self._holdings.reach(venue, order.side, limit)
        for step in venue.book.match(taker, reach, self._holdings.prevention(order)):
            if isinstance(step, Match):
                self._settle(venue, taker, step, now_ns, events)
            else:
                self._holdings.prevented(venue, venue.open[taker.order_id], step, now_ns, events)
            if taker.order_id not in venue.open:
                return
        if taker.order_id not in venue.open:
            return
        if reach != limit and venue.book.would_take(order.side, limit):
            self.end(venue, taker.order_id, OrderStatus.EXPIRED, now_ns, events, ExpiryReason.PRICE_RANGE)
            return
        immediate = order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
        if immediate or not order.order_type.has_price:
            reason = self._holdings.unfilled(order)
            self.end(venue, taker.order_id, OrderStatus.EXPIRED, now_ns, events, reason)
            return
        venue.book.rest(taker)
        longest_ns = self._holdings.longest_ns
        if not self._floor.is_house(order.account) and (order.good_till_ms or longest_ns is not None):
            due_ns = order.good_till_ms * _NS_PER_MS or order.created_ns + (longest_ns or 0)
            self._floor.schedule.put(("order", order.symbol, order.order_id), due_ns)

    def end(
        self,
        venue: Venue,
        order_id: int,
        status: OrderStatus,
        now_ns: int,
        events: list[ExchangeEvent],
        reason: ExpiryReason | None = None,
    ) -> OrderRecord:
        """Take an open order out; returns it as it ended."""
        order = venue.open[order_id]
        ended = structs.replace(order, status=status, updated_ns=now_ns, expiry=reason)
        event: Callable[[OrderRecord], ExchangeEvent] = Canceled if status is OrderStatus.CANCELED else Expired
        self.conclude(venue, order, ended, event, now_ns, events)
        return ended

    def conclude(
        self,
        venue: Venue,
        order: OrderRecord,
        ended: OrderRecord,
        event: Callable[[OrderRecord], ExchangeEvent],
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> None:
        """Take out an open order that has become ``ended``, and tell so."""
        venue.book.cancel(order.order_id)
        caused: list[ExchangeEvent] = []
        self._holdings.ended(venue, order, now_ns, caused)
        self._forget_open(venue, ended)
        self.remember(ended)
        events.append(event(ended))
        events += caused

    def remember(self, order: OrderRecord) -> None:
        """Write an order down as it is now, unless it is the house's."""
        if not self._floor.is_house(order.account):
            self._floor.ledger.put_order(order)

    def change(self, venue: Venue, order: OrderRecord) -> None:
        """An open order is this from now on."""
        venue.open[order.order_id] = order
        self.remember(order)

    # --- executions

    def _settle(self, venue: Venue, taker: BookOrder, match: Match, now_ns: int, events: list[ExchangeEvent]) -> None:
        px, qty = venue.price(match.px), venue.qty(match.qty)
        trade_id = venue.trade_id()
        venue.printed(px, qty, now_ns)
        symbol = venue.instrument.symbol
        if venue.triggers[TriggerPrice.LAST]:
            self._floor.prints.append((venue, px))
        events.append(Traded(symbol, trade_id, px, qty, match.px, match.qty, match.maker.side is Side.BUY, now_ns))
        for side_order, is_maker in ((match.maker, True), (taker, False)):
            self.execute(venue, side_order.order_id, trade_id, px, qty, now_ns, events, is_maker=is_maker)
        for name in dict.fromkeys((match.maker.account, taker.account)):
            self._holdings.traded(venue, name, now_ns, events)

    def execute(
        self,
        venue: Venue,
        order_id: int,
        trade_id: int,
        px: Decimal,
        qty: Decimal,
        now_ns: int,
        events: list[ExchangeEvent],
        *,
        is_maker: bool = False,
        fee: Decimal | None = None,
    ) -> None:
        """Book one side of a trade; ``fee`` where it is not what the account pays usually."""
        before = venue.open[order_id]
        value = self._holdings.value(px, qty)
        order = structs.replace(
            before,
            cum_qty=before.cum_qty + qty,
            cum_quote=before.cum_quote + value,
            status=OrderStatus.PARTIALLY_FILLED,
            updated_ns=now_ns,
        )
        if not order.leaves:
            order = structs.replace(order, status=OrderStatus.FILLED)
        self.remember(order)
        if order.status is OrderStatus.FILLED:
            self._forget_open(venue, order)
        else:
            venue.open[order_id] = order
        self._holdings.executed(venue, before, order, Fill(trade_id, px, qty, value, is_maker, fee), now_ns, events)

    def _forget_open(self, venue: Venue, order: OrderRecord) -> None:
        del venue.open[order.order_id]
        mine = venue.open_ids.get(order.account)
        if mine is not None:
            del mine[order.order_id]
            del venue.client_ids[order.account, order.client_order_id]
            self._floor.schedule.drop(("order", order.symbol, order.order_id))
        self._holdings.forgotten(venue, order)


def _entered(request: NewOrder, order_id: int, now_ns: int, status: OrderStatus) -> OrderRecord:
    """The order as it comes, in the words of whoever sent it."""
    works = status is OrderStatus.NEW and not request.order_type.is_conditional
    return OrderRecord(
        account=request.account,
        symbol=request.symbol,
        order_id=order_id,
        client_order_id=request.client_order_id or minted(request.symbol, order_id),
        side=request.side,
        order_type=request.order_type,
        time_in_force=request.time_in_force,
        post_only=request.post_only,
        reduce_only=request.reduce_only,
        qty=request.qty,
        px=request.px,
        self_trade_prevention=request.self_trade_prevention,
        good_till_ms=request.good_till_ms,
        created_ns=now_ns,
        updated_ns=now_ns,
        status=status,
        price_match=request.price_match,
        algo_id=request.algo_id,
        trigger_px=request.trigger_px,
        trailing_bps=request.trailing_bps,
        iceberg_qty=request.iceberg_qty,
        quote_qty=request.quote_qty,
        is_working=works,
        working_ns=now_ns if works else 0,
        side_effect=request.side_effect,
        repay_at_cancel=request.repay_at_cancel,
        strategy_id=request.strategy_id,
        strategy_type=request.strategy_type,
    )


def minted(symbol: str, number: int) -> str:
    """A client order id for whoever gave none: as long as the venue's, and no other order's on any symbol."""
    return hashlib.sha256(f"{symbol}/{number}".encode()).hexdigest()[:_MINTED_LENGTH]
