"""The exchange in the box: accounts, books, matching and a ledger, in virtual time. It knows no venue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from tradingsys.core.instrument import Instrument
from tradingsys.core.position import Position
from tradingsys.matching.account import Account
from tradingsys.matching.fees import FeeSchedule
from tradingsys.matching.order_book import BookOrder, Match
from tradingsys.sim.events import (
    Accepted,
    AccountChanged,
    BookChanged,
    Canceled,
    CancelRefused,
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
from tradingsys.sim.ledger import Ledger
from tradingsys.sim.venue import Venue

__all__ = ["Exchange"]

_ZERO = Decimal(0)
_NS_PER_MS = 1_000_000
_UPDATES_PER_ID = 10


class Exchange:
    """Takes requests with the time at which they arrive and says what happened.

    Times are nanoseconds since the Unix epoch and must not go back. The same requests at the same times give the same
    events, to the last byte.
    """

    def __init__(
        self,
        listings: Iterable[tuple[Instrument, Decimal, Decimal]],
        fees: FeeSchedule | None = None,
        first_id: int = 1,
    ) -> None:
        """``listings``: instrument, first mark price, and how far from mark a market order may trade (a fraction).

        Order, trade and update ids grow from ``first_id``: give a larger one after each restart.
        """
        self.fees = fees or FeeSchedule()
        self.first_id = first_id
        """Tells this run of an exchange from every other."""
        self.ledger = Ledger()
        self.accounts: dict[str, Account] = {}
        self.venues: dict[str, Venue] = {
            instrument.symbol: Venue(instrument, px, bound, first_id) for instrument, px, bound in listings
        }
        self._update_id = first_id * _UPDATES_PER_ID

    # --- accounts and prices

    def open_account(self, name: str, deposits: Mapping[str, Decimal], *, is_house: bool = False) -> Account:
        """A new account. A house account has unlimited credit and leaves no trace in the ledger."""
        account = self.accounts[name] = Account(name, deposits, is_house=is_house)
        return account

    def marks(self) -> dict[str, Decimal]:
        """Mark price by symbol."""
        return {symbol: venue.mark.px for symbol, venue in self.venues.items()}

    def open_orders(self, account: str, symbol: str | None = None) -> list[OrderRecord]:
        """Open orders of an account, oldest first, on one symbol or all."""
        venues = [self.venues[symbol]] if symbol is not None else list(self.venues.values())
        return [order for venue in venues for order in venue.open.values() if order.account == account]

    def position(self, account: str, symbol: str) -> Position:
        """The position of an account."""
        return self.accounts[account].position(symbol)

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do at the latest."""
        deadlines = [ms for venue in self.venues.values() for ms in venue.timed.values()]
        return min(deadlines) * _NS_PER_MS if deadlines else None

    def tick(self, now_ns: int) -> list[ExchangeEvent]:
        """Let time pass: mark prices move, orders with an end expire."""
        events: list[ExchangeEvent] = []
        for symbol, venue in self.venues.items():
            venue.mark.update(venue.mid, now_ns)
            for order_id in [order_id for order_id, ms in venue.timed.items() if ms * _NS_PER_MS <= now_ns]:
                self._end(venue, order_id, OrderStatus.EXPIRED, now_ns, events, ExpiryReason.GOOD_TILL)
            self._publish(symbol, venue, now_ns, events)
        return events

    # --- requests

    def place(self, request: NewOrder, now_ns: int) -> list[ExchangeEvent]:
        """Take an order. The first event is `Accepted` or `Rejected`; what it traded and how it ended follow."""
        venue = self.venues.get(request.symbol)
        if venue is None:
            return [Rejected(request, Refusal.UNKNOWN_SYMBOL)]
        venue.mark.update(venue.mid, now_ns)
        lots = venue.lots(request.qty)
        ticks = None if request.px is None else venue.ticks(request.px)
        if lots is None or (ticks is None) != (request.order_type is OrderType.MARKET):
            return [Rejected(request, Refusal.OFF_GRID)]
        refusal = self._refusal(venue, request, ticks, lots)
        if refusal is not None:
            return [Rejected(request, refusal)]
        events: list[ExchangeEvent] = []
        order = self._accept(venue, request, venue.qty(lots), None if ticks is None else venue.price(ticks), now_ns)
        events.append(Accepted(order))
        if request.reduce_only:
            room = abs(self.position(request.account, request.symbol).net)
            lots = min(lots, int(room / venue.instrument.lot_size))
        taker = BookOrder(order.order_id, order.account, order.side, ticks or 0, lots)
        self._trade(venue, request, taker, ticks, now_ns, events)
        self._publish(request.symbol, venue, now_ns, events)
        return events

    def cancel(
        self,
        account: str,
        symbol: str,
        now_ns: int,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> list[ExchangeEvent]:
        """Cancel one open order by either id. The first event is `Canceled` or `CancelRefused`."""
        venue = self.venues.get(symbol)
        if venue is None:
            return [CancelRefused(account, symbol, Refusal.UNKNOWN_SYMBOL)]
        order = self._find_open(venue, account, order_id, client_order_id)
        if order is None:
            return [CancelRefused(account, symbol)]
        events: list[ExchangeEvent] = []
        self._end(venue, order.order_id, OrderStatus.CANCELED, now_ns, events)
        self._publish(symbol, venue, now_ns, events)
        return events

    def cancel_all(self, account: str, symbol: str, now_ns: int) -> list[ExchangeEvent]:
        """Cancel all open orders of an account on a symbol."""
        venue = self.venues[symbol]
        events: list[ExchangeEvent] = []
        for order in self.open_orders(account, symbol):
            self._end(venue, order.order_id, OrderStatus.CANCELED, now_ns, events)
        self._publish(symbol, venue, now_ns, events)
        return events

    # --- judging

    def _refusal(self, venue: Venue, request: NewOrder, ticks: int | None, lots: int) -> Refusal | None:
        account = self.accounts[request.account]
        book = venue.book
        if not account.is_house:
            mine = [order for order in venue.open.values() if order.account == account.name]
            if any(order.client_order_id == request.client_order_id for order in mine):
                return Refusal.DUPLICATE_CLIENT_ORDER_ID
            limit = venue.instrument.max_open_orders
            if limit is not None and len(mine) >= limit:
                return Refusal.TOO_MANY_ORDERS
        if request.reduce_only:
            refusal = self._reduce_only_refusal(venue, request)
            if refusal is not None:
                return refusal
        if request.post_only and ticks is not None and book.would_take(request.side, ticks):
            return Refusal.WOULD_TAKE
        if request.time_in_force is TimeInForce.FOK and book.available(request.side, ticks) < lots:
            return Refusal.NOT_FILLABLE
        value = request.qty * (request.px if request.px is not None else venue.mark.px)
        asset = venue.instrument.margin_asset
        if not request.reduce_only and not account.can_afford(request.symbol, request.side, value, asset, self.marks()):
            return Refusal.INSUFFICIENT_MARGIN
        return None

    def _reduce_only_refusal(self, venue: Venue, request: NewOrder) -> Refusal | None:
        net = self.position(request.account, request.symbol).net
        if net * request.side.sign >= 0:
            return Refusal.REDUCE_ONLY
        rests = request.order_type is OrderType.LIMIT and request.time_in_force in (TimeInForce.GTC, TimeInForce.GTD)
        if rests:
            others = sum((venue.open[other].leaves for other in venue.reducing.get(request.account, ())), _ZERO)
            if others + request.qty > abs(net):
                return Refusal.REDUCE_ONLY_EXCEEDS
        return None

    # --- acting

    def _accept(self, venue: Venue, request: NewOrder, qty: Decimal, px: Decimal | None, now_ns: int) -> OrderRecord:
        order_id = venue.order_id()
        order = OrderRecord(
            account=request.account,
            symbol=request.symbol,
            order_id=order_id,
            client_order_id=request.client_order_id or f"x{order_id}",
            side=request.side,
            order_type=request.order_type,
            time_in_force=request.time_in_force,
            post_only=request.post_only,
            reduce_only=request.reduce_only,
            qty=qty,
            px=px,
            self_trade_prevention=request.self_trade_prevention,
            good_till_ms=request.good_till_ms,
            created_ns=now_ns,
            updated_ns=now_ns,
        )
        venue.open[order_id] = order
        self._remember(order)
        if order.px is not None:
            self.accounts[order.account].lock(order.symbol, order.side, order.px * order.qty)
        if order.reduce_only:
            venue.reducing.setdefault(order.account, []).append(order_id)
        return order

    def _trade(
        self,
        venue: Venue,
        request: NewOrder,
        taker: BookOrder,
        ticks: int | None,
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> None:
        limit = ticks if ticks is not None else self._market_limit(venue, request.side)
        prevention = request.self_trade_prevention
        if request.time_in_force is TimeInForce.FOK:
            prevention = SelfTradePrevention.NONE  # it was promised to fill completely
        for step in venue.book.match(taker, limit, prevention):
            if isinstance(step, Match):
                self._settle(venue, taker, step, now_ns, events)
            else:
                prevented = OrderStatus.EXPIRED_IN_MATCH
                if step.maker_expires:
                    self._end(venue, step.maker.order_id, prevented, now_ns, events, ExpiryReason.SELF_TRADE)
                if step.taker_expires:
                    self._end(venue, taker.order_id, prevented, now_ns, events, ExpiryReason.SELF_TRADE)
            if taker.order_id not in venue.open:
                return
        if taker.order_id not in venue.open:
            return
        if request.order_type is OrderType.MARKET:
            reason = ExpiryReason.UNFILLED_MARKET
        elif request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
            reason = ExpiryReason.UNFILLED_IMMEDIATE
        else:
            venue.book.rest(taker)
            if request.good_till_ms:
                venue.timed[taker.order_id] = request.good_till_ms
            return
        self._end(venue, taker.order_id, OrderStatus.EXPIRED, now_ns, events, reason)

    def _market_limit(self, venue: Venue, side: Side) -> int:
        """The worst price a market order may trade at, in ticks."""
        bound = venue.mark.px * (1 + side.sign * venue.market_bound)
        return int(bound / venue.instrument.tick_size)

    def _settle(self, venue: Venue, taker: BookOrder, match: Match, now_ns: int, events: list[ExchangeEvent]) -> None:
        px, qty = venue.price(match.px), venue.qty(match.qty)
        trade_id = venue.trade_id()
        venue.last_px = px
        symbol = venue.instrument.symbol
        events.append(Traded(symbol, trade_id, px, qty, match.px, match.qty, match.maker.side is Side.BUY, now_ns))
        for side_order, is_maker in ((match.maker, True), (taker, False)):
            self._execute(venue, side_order.order_id, trade_id, px, qty, is_maker, now_ns, events)
        for name in dict.fromkeys((match.maker.account, taker.account)):
            self._trim_reducing(venue, name, now_ns, events)

    def _execute(
        self,
        venue: Venue,
        order_id: int,
        trade_id: int,
        px: Decimal,
        qty: Decimal,
        is_maker: bool,
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> None:
        before = venue.open[order_id]
        cum = before.cum_qty + qty
        order = structs.replace(
            before,
            cum_qty=cum,
            cum_quote=before.cum_quote + px * qty,
            status=OrderStatus.FILLED if cum == before.qty else OrderStatus.PARTIALLY_FILLED,
            updated_ns=now_ns,
        )
        account = self.accounts[order.account]
        asset = venue.instrument.margin_asset
        fee = self.fees.fee(px * qty, is_maker=is_maker)
        realized = account.fill(order.symbol, order.side, qty, px, fee, asset)
        if order.px is not None:
            account.lock(order.symbol, order.side, -order.px * qty)
        self._remember(order)
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
        self.ledger.put_execution(execution)
        position = account.position(order.symbol)
        events.append(AccountChanged(account.name, asset, account.wallet[asset], order.symbol, position, now_ns))
        events.append(Executed(order, execution))

    def _trim_reducing(self, venue: Venue, account: str, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Expire reduce-only orders, newest first, until together they can do no more than flatten the position."""
        ids = venue.reducing.get(account)
        if not ids:
            return
        net = self.position(account, venue.instrument.symbol).net
        room = abs(net)
        for order_id in list(ids):
            order = venue.open[order_id]
            immediate = order_id not in venue.book
            if net * order.side.sign >= 0 or (order.leaves > room and not immediate):
                self._end(venue, order_id, OrderStatus.EXPIRED, now_ns, events, ExpiryReason.REDUCE_ONLY)
            else:
                room = max(_ZERO, room - order.leaves)

    def _end(
        self,
        venue: Venue,
        order_id: int,
        status: OrderStatus,
        now_ns: int,
        events: list[ExchangeEvent],
        reason: ExpiryReason | None = None,
    ) -> None:
        order = venue.open[order_id]
        venue.book.cancel(order_id)
        if order.px is not None:
            self.accounts[order.account].lock(order.symbol, order.side, -order.px * order.leaves)
        ended = structs.replace(order, status=status, updated_ns=now_ns, expiry=reason)
        self._forget_open(venue, ended)
        self._remember(ended)
        event: Callable[[OrderRecord], ExchangeEvent] = Canceled if status is OrderStatus.CANCELED else Expired
        events.append(event(ended))

    def _forget_open(self, venue: Venue, order: OrderRecord) -> None:
        del venue.open[order.order_id]
        venue.timed.pop(order.order_id, None)
        if order.reduce_only:
            venue.reducing[order.account].remove(order.order_id)

    def _remember(self, order: OrderRecord) -> None:
        if not self.accounts[order.account].is_house:
            self.ledger.put_order(order)

    def _find_open(
        self, venue: Venue, account: str, order_id: int | None, client_order_id: str | None
    ) -> OrderRecord | None:
        if order_id is not None:
            order = venue.open.get(order_id)
            return order if order is not None and order.account == account else None
        newest = self.ledger.order(account, venue.instrument.symbol, client_order_id=client_order_id)
        return venue.open.get(newest.order_id) if newest is not None else None

    def _publish(self, symbol: str, venue: Venue, now_ns: int, events: list[ExchangeEvent]) -> None:
        bids, asks = venue.book.take_changes()
        if bids or asks:
            # One counter for all symbols, and more than one step each time: ids grow with gaps, as real ones do.
            self._update_id += 1 + len(bids) + len(asks)
            venue.update_id = self._update_id
            best_bid = next(iter(venue.book.levels(Side.BUY, 1)), None)
            best_ask = next(iter(venue.book.levels(Side.SELL, 1)), None)
            events.append(BookChanged(symbol, self._update_id, bids, asks, best_bid, best_ask, now_ns))
