"""Orders enter, trade, rest and end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce, TriggerPrice
from tradingsys.matching.account import Account
from tradingsys.matching.order_book import BookOrder, Match
from tradingsys.sim.events import (
    Accepted,
    AccountChanged,
    Canceled,
    ExchangeEvent,
    Executed,
    Execution,
    Expired,
    ExpiryReason,
    NewOrder,
    OrderRecord,
    Refusal,
    Rejected,
    Traded,
)
from tradingsys.sim.judging import refusal
from tradingsys.sim.state import State
from tradingsys.sim.venue import Venue

__all__ = ["Placing"]

_ZERO = Decimal(0)
_NS_PER_MS = 1_000_000
_LONGEST_NS = 365 * 86_400 * 1_000_000_000
"""How long an order is good till it is cancelled, at the most."""
_MINTED_LENGTH = 22


class Placing:
    """The way of an order through the exchange. What happens is appended to ``events``."""

    def __init__(self, state: State) -> None:
        self._state = state

    def place(self, request: NewOrder, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Judge an order and let it trade: `Rejected`, or `Accepted` and what follows."""
        venue = self._state.venues.get(request.symbol)
        if venue is None:
            events.append(Rejected(request, Refusal.UNKNOWN_SYMBOL))
            return
        lots = venue.lots(request.qty)
        ticks = None if request.px is None else venue.ticks(request.px)
        if request.price_match is not None and request.px is None:
            ticks = venue.matched_ticks(request.side, request.price_match)
            if ticks is None:
                events.append(Rejected(request, Refusal.NO_DEPTH))
                return
        if lots is None or (ticks is None) != (request.order_type is OrderType.MARKET):
            events.append(Rejected(request, Refusal.OFF_GRID))
            return
        refused = refusal(self._state, venue, request, ticks, lots)
        if refused is not None:
            events.append(Rejected(request, refused))
            return
        order = self.accept(venue, request, lots, ticks, now_ns, events)
        if request.reduce_only:
            room = abs(self._state.accounts[request.account].position(request.symbol).net)
            lots = min(lots, int(room / venue.instrument.lot_size))
        self.trade(venue, order, ticks, lots, now_ns, events)
        self._state.publish(venue, now_ns, events)

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
    ) -> OrderRecord:
        """Give an order its id; nobody asks any more whether it may be."""
        order_id = venue.order_id()
        order = OrderRecord(
            account=request.account,
            symbol=request.symbol,
            order_id=order_id,
            client_order_id=request.client_order_id or _minted(request.symbol, order_id),
            side=request.side,
            order_type=request.order_type,
            time_in_force=request.time_in_force,
            post_only=request.post_only,
            reduce_only=request.reduce_only,
            qty=venue.qty(lots),
            px=None if ticks is None else venue.price(ticks),
            self_trade_prevention=request.self_trade_prevention,
            good_till_ms=request.good_till_ms,
            created_ns=now_ns,
            updated_ns=now_ns,
            price_match=request.price_match,
            algo_id=request.algo_id,
            forced=forced,
        )
        venue.open[order_id] = order
        account = self._state.accounts[order.account]
        if not account.is_house:
            self._state.ledger.put_order(order)
            venue.open_ids.setdefault(order.account, {})[order_id] = None
            venue.client_ids[order.account, order.client_order_id] = order_id
        if order.px is not None:
            account.lock(order.symbol, order.side, order.px * order.qty)
        if order.reduce_only:
            venue.reducing.setdefault(order.account, []).append(order_id)
        events.append(Accepted(order))
        return order

    def trade(
        self, venue: Venue, order: OrderRecord, ticks: int | None, lots: int, now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        """Match an open order that is not in the book; what is left rests or expires."""
        taker = BookOrder(order.order_id, order.account, order.side, ticks or 0, lots)
        limit = ticks if ticks is not None else _market_limit(venue, order.side)
        prevention = order.self_trade_prevention
        if order.time_in_force is TimeInForce.FOK:
            prevention = SelfTradePrevention.NONE  # it was promised to fill completely
        for step in venue.book.match(taker, limit, prevention):
            if isinstance(step, Match):
                self._settle(venue, taker, step, now_ns, events)
            else:
                prevented = OrderStatus.EXPIRED_IN_MATCH
                if step.maker_expires:
                    self.end(venue, step.maker.order_id, prevented, now_ns, events, ExpiryReason.SELF_TRADE)
                if step.taker_expires:
                    is_immediate = order.time_in_force is TimeInForce.IOC
                    why = ExpiryReason.SELF_TRADE_IMMEDIATE if is_immediate else ExpiryReason.SELF_TRADE
                    self.end(venue, taker.order_id, prevented, now_ns, events, why)
            if taker.order_id not in venue.open:
                return
        if taker.order_id not in venue.open:
            return
        if order.order_type is OrderType.MARKET:
            reason = ExpiryReason.UNFILLED_MARKET
        elif order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
            reason = ExpiryReason.UNFILLED_IMMEDIATE
        else:
            venue.book.rest(taker)
            if not self._state.accounts[order.account].is_house:
                due_ns = order.good_till_ms * _NS_PER_MS or order.created_ns + _LONGEST_NS
                self._state.schedule.put(("order", order.symbol, order.order_id), due_ns)
            return
        self.end(venue, taker.order_id, OrderStatus.EXPIRED, now_ns, events, reason)

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
        venue.book.cancel(order_id)
        if order.px is not None:
            self._state.accounts[order.account].lock(order.symbol, order.side, -order.px * order.leaves)
        ended = structs.replace(order, status=status, updated_ns=now_ns, expiry=reason)
        self._forget_open(venue, ended)
        self.remember(ended)
        event: Callable[[OrderRecord], ExchangeEvent] = Canceled if status is OrderStatus.CANCELED else Expired
        events.append(event(ended))
        return ended

    def remember(self, order: OrderRecord) -> None:
        """Write an order down as it is now, unless it is the house's."""
        if not self._state.accounts[order.account].is_house:
            self._state.ledger.put_order(order)

    # --- executions

    def _settle(self, venue: Venue, taker: BookOrder, match: Match, now_ns: int, events: list[ExchangeEvent]) -> None:
        px, qty = venue.price(match.px), venue.qty(match.qty)
        trade_id = venue.trade_id()
        venue.last_px = px
        symbol = venue.instrument.symbol
        if venue.triggers[TriggerPrice.LAST]:
            self._state.prints.append((venue, px))
        events.append(Traded(symbol, trade_id, px, qty, match.px, match.qty, match.maker.side is Side.BUY, now_ns))
        for side_order, is_maker in ((match.maker, True), (taker, False)):
            fee = self._state.fees.fee(px * qty, is_maker=is_maker)
            self.execute(venue, side_order.order_id, trade_id, px, qty, fee, now_ns, events, is_maker=is_maker)
        for name in dict.fromkeys((match.maker.account, taker.account)):
            self.trim_reducing(venue, name, now_ns, events)

    def execute(
        self,
        venue: Venue,
        order_id: int,
        trade_id: int,
        px: Decimal,
        qty: Decimal,
        fee: Decimal,
        now_ns: int,
        events: list[ExchangeEvent],
        *,
        is_maker: bool = False,
    ) -> None:
        """Book one side of a trade."""
        before = venue.open[order_id]
        cum = before.cum_qty + qty
        order = structs.replace(
            before,
            cum_qty=cum,
            cum_quote=before.cum_quote + px * qty,
            status=OrderStatus.FILLED if cum == before.qty else OrderStatus.PARTIALLY_FILLED,
            updated_ns=now_ns,
        )
        account = self._state.accounts[order.account]
        asset = venue.instrument.margin_asset
        realized = account.fill(order.symbol, order.side, qty, px, fee, asset)
        if order.px is not None:
            account.lock(order.symbol, order.side, -order.px * qty)
        self.remember(order)
        if order.status is OrderStatus.FILLED:
            self._forget_open(venue, order)
        else:
            venue.open[order_id] = order
        if account.is_house:
            return
        execution = Execution(
            order.account, order.symbol, trade_id, order_id, order.client_order_id, order.side, px, qty, fee, asset,
            is_maker, realized, now_ns,
        )  # fmt: skip
        self._state.ledger.put_execution(execution)
        events.append(self._account_event(account, asset, order.symbol, now_ns))
        events.append(Executed(order, execution))
        if (account.name, order.symbol) in self._state.position_bound and not account.position(order.symbol).net:
            self._state.flattened.append((account.name, order.symbol))

    def _account_event(self, account: Account, asset: str, symbol: str, now_ns: int) -> AccountChanged:
        return self._state.account_changed(account, asset, now_ns, "ORDER", symbol=symbol)

    def trim_reducing(self, venue: Venue, account: str, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Expire reduce-only orders, newest first, until together they can do no more than flatten the position."""
        ids = venue.reducing.get(account)
        if not ids:
            return
        net = self._state.accounts[account].position(venue.instrument.symbol).net
        room = abs(net)
        for order_id in list(ids):
            order = venue.open[order_id]
            immediate = order_id not in venue.book
            if net * order.side.sign >= 0 or (order.leaves > room and not immediate):
                self.end(venue, order_id, OrderStatus.EXPIRED, now_ns, events, ExpiryReason.REDUCE_ONLY)
            else:
                room = max(_ZERO, room - order.leaves)

    def _forget_open(self, venue: Venue, order: OrderRecord) -> None:
        del venue.open[order.order_id]
        mine = venue.open_ids.get(order.account)
        if mine is not None:
            del mine[order.order_id]
            del venue.client_ids[order.account, order.client_order_id]
        if mine is not None:
            self._state.schedule.drop(("order", order.symbol, order.order_id))
        if order.reduce_only:
            venue.reducing[order.account].remove(order.order_id)
        if order.algo_id:
            self._state.ended_children.append(order)


def _market_limit(venue: Venue, side: Side) -> int:
    """The worst price a market order may trade at, in ticks."""
    bound = venue.mark.px * (1 + side.sign * venue.market_bound)
    return int(bound / venue.instrument.tick_size)


def _minted(symbol: str, order_id: int) -> str:
    """A client order id for whoever gave none: as long as the venue's, and no other order's on any symbol."""
    return hashlib.sha256(f"{symbol}/{order_id}".encode()).hexdigest()[:_MINTED_LENGTH]
