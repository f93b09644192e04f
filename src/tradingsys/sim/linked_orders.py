"""Orders that depend on each other: what one does decides over the others."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, structs

from tradingsys.core.enums import Contingency, OrderStatus
from tradingsys.sim.asset_events import ListChanged, ListRejected
from tradingsys.sim.asset_holdings import AssetHoldings
from tradingsys.sim.asset_judging import Judging
from tradingsys.sim.asset_state import AssetState
from tradingsys.sim.crowding import crowded, too_many_lists
from tradingsys.sim.events import Accepted, ExchangeEvent, ExpiryReason, NewOrder, OrderRecord, Refusal
from tradingsys.sim.order_lists import ListLeg, ListStatus, ListStep, NewOrderList, OrderListRecord
from tradingsys.sim.placing import Judged, Placing, minted
from tradingsys.sim.proceeds import payable_qty
from tradingsys.sim.venue import Venue
from tradingsys.sim.working import Working

__all__ = ["LinkedOrders"]

_AVERAGE_MINUTES = 5
_ZERO = Decimal(0)


class _Judged(Struct, frozen=True):
    """The orders of a list that may be."""

    venue: Venue
    legs: tuple[Judged, ...]


class LinkedOrders:
    """Order lists, from the request to the end of the last of their orders."""

    def __init__(
        self, state: AssetState, placing: Placing, holdings: AssetHoldings, judging: Judging, working: Working
    ) -> None:
        self._state = state
        self._placing = placing
        self._holdings = holdings
        self._judging = judging
        self._working = working
        self._open: dict[int, OrderListRecord] = {}

    def open(self, account: str, symbol: str | None = None) -> list[OrderListRecord]:
        """Lists of an account that are alive, oldest first."""
        return [each for each in self._open.values() if each.account == account and symbol in (None, each.symbol)]

    # --- requests

    def place(self, request: NewOrderList, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Take a list: `ListRejected`, or `ListChanged` and an `Accepted` for each of its orders."""
        judged = self._judge(request)
        if isinstance(judged, ListRejected):
            events.append(judged)
            return
        venue, list_id = judged.venue, self._state.number("list")
        waits = 0 if request.contingency is Contingency.OCO else 1
        accepted: list[ExchangeEvent] = []
        orders: list[OrderRecord] = []
        for number, (leg, each) in enumerate(zip(request.orders, judged.legs, strict=True)):
            is_waiting = bool(waits) and number >= waits
            status = OrderStatus.PENDING_NEW if is_waiting else OrderStatus.NEW
            lots = 0 if is_waiting and request.pays_other else each.lots
            orders.append(
                self._placing.accept(venue, leg, lots, each.ticks, now_ns, accepted, list_id=list_id, status=status)
            )
        record = OrderListRecord(
            list_id, request.client_list_id or minted(f"{request.symbol}/list", list_id), request.account,
            request.symbol, request.contingency,
            tuple(ListLeg(order.order_id, order.client_order_id) for order in orders), now_ns, now_ns,
            pays_other=request.pays_other,
        )  # fmt: skip
        if request.pays_other:
            self._state.proceeds.expect(list_id)
        self._tell(record, events)
        events += accepted
        for order in orders:
            if order.status is OrderStatus.NEW and order.order_id in venue.open:
                self._working.begin(venue, order, now_ns, events)

    def _judge(self, request: NewOrderList) -> _Judged | ListRejected:
        venue = self._state.venues.get(request.symbol)
        if venue is None:
            return ListRejected(request, Refusal.UNKNOWN_SYMBOL, 0)
        refused = self._list_refusal(venue, request)
        if refused is not None:
            return ListRejected(request, refused, 0)
        waits = 0 if request.contingency is Contingency.OCO else 1
        legs: list[Judged] = []
        for number, leg in enumerate(request.orders):
            judged = self._judge_pending(venue, leg) if waits and number >= waits else self._placing.judge(leg)
            if isinstance(judged, Refusal):
                return ListRejected(request, judged, number)
            legs.append(judged)
        return _Judged(venue, tuple(legs))

    def _list_refusal(self, venue: Venue, request: NewOrderList) -> Refusal | None:
        mine, limits = self.open(request.account), self._state.limits
        if any(each.client_list_id == request.client_list_id for each in mine if request.client_list_id):
            return Refusal.DUPLICATE_CLIENT_ORDER_ID
        refused = too_many_lists(limits, venue, [each.symbol for each in mine])
        # Of orders of which each by itself might be, there can be too many together.
        refused = refused or crowded(self._state, limits, venue, request.account, request.orders)
        if refused is not None:
            return refused
        names = [leg.client_order_id for leg in request.orders if leg.client_order_id]
        if len(set(names)) < len(names):
            return Refusal.DUPLICATE_CLIENT_ORDER_ID
        if len(request.orders) != request.contingency.size:
            return Refusal.BAD_LIST_PRICES
        if request.contingency is Contingency.OTO:
            return None
        above, below = (_reference_px(leg) for leg in request.orders[-2:])
        last = venue.last_px if request.contingency is Contingency.OCO else None
        fits = (
            (above is None or below is None or above > below)
            and (above is None or last is None or above > last)
            and (below is None or last is None or below < last)
        )
        return None if fits else Refusal.BAD_LIST_PRICES

    def _judge_pending(self, venue: Venue, leg: NewOrder) -> Judged | Refusal:
        """An order that waits for another is asked for money only when its turn comes."""
        lots = venue.lots(leg.qty)
        ticks = None if leg.px is None else venue.ticks(leg.px)
        if lots is None or (ticks is None) == leg.order_type.has_price:
            return Refusal.OFF_GRID
        return self._judging.standing(venue, leg) or Judged(venue, ticks, lots)

    # --- what orders do

    def on_stirred(self, order: OrderRecord, now_ns: int, events: list[ExchangeEvent]) -> None:
        """An order of a list traded or ended."""
        record = self._open.get(order.list_id)
        if record is None:
            return
        venue = self._state.venues[order.symbol]
        ids = [leg.order_id for leg in record.legs]
        is_first = order.order_id == ids[0] and record.contingency is not Contingency.OCO
        if order.status is OrderStatus.CANCELED:
            self._end_others(venue, ids, order, ExpiryReason.OTHER_LEG, now_ns, events)
        elif is_first:
            self._after_first(venue, order, ids[1:], now_ns, events)
        elif record.contingency is not Contingency.OTO and order.expiry is not ExpiryReason.OTHER_LEG:
            others = [each for each in ids[-2:] if each != order.order_id]
            self._end_others(venue, others, order, ExpiryReason.OTHER_LEG, now_ns, events)
        if record.list_id in self._open and not any(each in venue.open for each in ids):
            self._done(record, now_ns, events)

    def on_trigger(self, venue: Venue, order: OrderRecord, now_ns: int, events: list[ExchangeEvent]) -> None:
        """A conditional order of a list is about to work: of a pair, the other one ends."""
        record = self._open.get(order.list_id)
        if record is None or record.contingency is Contingency.OTO:
            return
        ids = [leg.order_id for leg in record.legs[-2:]]
        if order.order_id in ids:
            others = [each for each in ids if each != order.order_id]
            self._end_others(venue, others, order, ExpiryReason.OTHER_LEG, now_ns, events)

    def _end_others(
        self,
        venue: Venue,
        others: list[int],
        cause: OrderRecord,
        reason: ExpiryReason,
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> None:
        """The others are canceled with an order that was, and expire otherwise."""
        canceled = cause.status is OrderStatus.CANCELED
        status = OrderStatus.CANCELED if canceled else OrderStatus.EXPIRED
        for order_id in others:
            if order_id in venue.open:
                self._placing.end(venue, order_id, status, now_ns, events, None if canceled else reason)

    def _after_first(
        self,
        venue: Venue,
        order: OrderRecord,
        pending: list[int],
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> None:
        if order.status.is_open:
            return
        if order.status is OrderStatus.FILLED:
            waiting = [venue.open[each] for each in pending if each in venue.open]
            waiting = [each for each in waiting if each.status is OrderStatus.PENDING_NEW]
            self._begin_pending(venue, self._paid(venue, waiting, now_ns), now_ns, events)
        else:
            self._end_others(venue, pending, order, ExpiryReason.FIRST_PHASE, now_ns, events)

    def _paid(self, venue: Venue, orders: list[OrderRecord], now_ns: int) -> list[OrderRecord]:
        """With the quantity that what was bought for them comes to; without any where that breaks a rule."""
        record = self._open.get(orders[0].list_id) if orders else None
        if record is None or not record.pays_other:
            return orders
        amount = self._state.proceeds.release(record.list_id)
        px = venue.average.px(now_ns, _AVERAGE_MINUTES) or venue.last_px
        return [structs.replace(order, qty=payable_qty(venue, order, amount, px) or _ZERO) for order in orders]

    def _begin_pending(self, venue: Venue, orders: list[OrderRecord], now_ns: int, events: list[ExchangeEvent]) -> None:
        if any(not order.qty or self._unpayable(venue, order) for order in orders):
            for order in orders:
                status, reason = OrderStatus.EXPIRED, ExpiryReason.UNPAYABLE
                self._placing.end(venue, order.order_id, status, now_ns, events, reason)
            return
        begun: list[OrderRecord] = []
        for order in orders:
            works = not order.order_type.is_conditional
            changed = structs.replace(
                order, status=OrderStatus.NEW, is_working=works, working_ns=now_ns if works else 0, updated_ns=now_ns
            )
            caused: list[ExchangeEvent] = []
            changed = self._holdings.opened(venue, changed, now_ns, caused)
            self._placing.change(venue, changed)
            events.append(Accepted(changed))
            events += caused
            begun.append(changed)
        for order in begun:
            if order.order_id in venue.open:
                self._working.begin(venue, order, now_ns, events)
                if self._judging.would_trigger(venue, _as_request(order)):
                    self._state.prints.append((venue, venue.last_px))

    def _unpayable(self, venue: Venue, order: OrderRecord) -> bool:
        ticks = None if order.px is None else venue.ticks(order.px)
        if order.post_only and ticks is not None and venue.book.would_take(order.side, ticks):
            return True
        lots = int(order.leaves / venue.instrument.lot_size)
        return self._judging.unpayable(venue, _as_request(order), ticks, lots) is not None

    # --- keeping

    def is_unpaid(self, order: OrderRecord) -> bool:
        """Whether an order waits for what another one buys, and has no quantity yet."""
        record = self._open.get(order.list_id)
        return record is not None and record.pays_other and order.status is OrderStatus.PENDING_NEW

    def renamed(self, order: OrderRecord, old_name: str, now_ns: int, events: list[ExchangeEvent]) -> None:
        """An order of a list has another client id."""
        record = self._open.get(order.list_id)
        if record is None or order.client_order_id == old_name:
            return
        legs = tuple(
            ListLeg(leg.order_id, order.client_order_id) if leg.order_id == order.order_id else leg
            for leg in record.legs
        )
        self._tell(structs.replace(record, legs=legs, step=ListStep.UPDATED, updated_ns=now_ns), events)

    def partner(self, venue: Venue, order: OrderRecord) -> OrderRecord | None:
        """The open order of which only one can trade, it or this one."""
        record = self._open.get(order.list_id)
        if record is None or record.contingency is Contingency.OTO:
            return None
        ids = [leg.order_id for leg in record.legs[-2:]]
        other = [each for each in ids if each != order.order_id and order.order_id in ids]
        return venue.open.get(other[0]) if other else None

    def _done(self, record: OrderListRecord, now_ns: int, events: list[ExchangeEvent]) -> None:
        self._state.proceeds.release(record.list_id)
        self._tell(
            structs.replace(record, status=ListStatus.ALL_DONE, step=ListStep.ALL_DONE, updated_ns=now_ns), events
        )  # fmt: skip

    def _tell(self, record: OrderListRecord, events: list[ExchangeEvent]) -> None:
        self._state.ledger.put_list(record)
        if record.status is ListStatus.EXECUTING:
            self._open[record.list_id] = record
        else:
            del self._open[record.list_id]
        events.append(ListChanged(record))


def _reference_px(leg: NewOrder) -> Decimal | None:
    """The price that must be on one side of the other's; None for one that follows the market."""
    return leg.trigger_px if leg.order_type.is_conditional else leg.px


def _as_request(order: OrderRecord) -> NewOrder:
    return NewOrder(
        order.account, order.symbol, order.side, order.order_type, order.qty, order.px, order.time_in_force,
        post_only=order.post_only, self_trade_prevention=order.self_trade_prevention, trigger_px=order.trigger_px,
        trailing_bps=order.trailing_bps, side_effect=order.side_effect,
    )  # fmt: skip
