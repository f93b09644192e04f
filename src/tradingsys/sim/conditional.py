"""Orders that wait for a price, and the orders they become."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import OrderType, TriggerPrice
from tradingsys.sim.conditions import Condition, ConditionStatus, NewCondition
from tradingsys.sim.events import (
    Accepted,
    ChangeRefused,
    ConditionChanged,
    ExchangeEvent,
    NewOrder,
    OrderRecord,
    Refusal,
    Rejected,
)
from tradingsys.sim.placing import Placing
from tradingsys.sim.state import State
from tradingsys.sim.venue import Venue

__all__ = ["MAX_OPEN_CONDITIONS", "Conditional"]

MAX_OPEN_CONDITIONS = 200
"""Of an account, over all symbols."""

_NS_PER_MS = 1_000_000


class Conditional:
    """Keeps conditional orders until a price sets them off."""

    def __init__(self, state: State, placing: Placing) -> None:
        self._state = state
        self._placing = placing
        self._next_id = state.first_id
        self._open: dict[int, Condition] = {}
        self._open_count: dict[str, int] = {}
        self._client_ids: dict[tuple[str, str], int] = {}

    def open(self, account: str, symbol: str | None = None) -> list[Condition]:
        """Waiting orders of an account, oldest first."""
        return [
            each
            for each in self._open.values()
            if each.terms.account == account and symbol in (None, each.terms.symbol)
        ]

    @property
    def watches_mark(self) -> bool:
        """Whether any order waits for a mark price."""
        return any(venue.triggers[TriggerPrice.MARK] for venue in self._state.venues.values())

    # --- requests

    def place(self, request: NewCondition, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Take a conditional order: `ConditionChanged`, or `ChangeRefused`."""
        venue = self._state.venues[request.symbol]
        refused = self._refusal(venue, request)
        if refused is not None:
            events.append(ChangeRefused(request.account, request.symbol, refused))
            return
        algo_id = self._next_id = self._next_id + 1
        starts_activated = request.is_trailing and request.activation_px is None
        condition = Condition(
            algo_id, request.client_algo_id or f"a{algo_id}", request, now_ns, now_ns, is_activated=starts_activated
        )
        self._open[algo_id] = condition
        self._open_count[request.account] = self._open_count.get(request.account, 0) + 1
        self._client_ids[request.account, condition.client_algo_id] = algo_id
        self._wait(venue, condition)
        if request.good_till_ms:
            self._state.schedule.put(("condition", request.symbol, algo_id), request.good_till_ms * _NS_PER_MS)
        if request.needs_position:
            self._state.position_bound.setdefault((request.account, request.symbol), {})[algo_id] = None
        self._tell(condition, events)

    def _refusal(self, venue: Venue, request: NewCondition) -> Refusal | None:
        if (request.account, request.client_algo_id) in self._client_ids:
            return Refusal.DUPLICATE_CLIENT_ORDER_ID
        if self._open_count.get(request.account, 0) >= MAX_OPEN_CONDITIONS:
            return Refusal.TOO_MANY_CONDITIONS
        net = self._state.accounts[request.account].position(request.symbol).net
        if request.needs_position and net * request.side.sign >= 0:
            return Refusal.NO_POSITION
        level = request.activation_px if request.is_trailing else request.trigger_px
        if level is None:
            return None
        px = self._price(venue, request.trigger_price)
        fires = px >= level if request.fires_above else px <= level
        return Refusal.WOULD_TRIGGER if fires else None

    def cancel(self, account: str, condition: Condition | None, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Cancel a waiting order: `ConditionChanged`, or `ChangeRefused` when it waits no more."""
        if condition is None or condition.algo_id not in self._open:
            events.append(ChangeRefused(account, "", Refusal.UNKNOWN_ORDER))
            return
        self._end(condition, ConditionStatus.CANCELED, now_ns, events)

    def expire(self, algo_id: int, now_ns: int, events: list[ExchangeEvent]) -> None:
        """End a waiting order by the exchange's own decision."""
        condition = self._open.get(algo_id)
        if condition is not None:
            self._end(condition, ConditionStatus.EXPIRED, now_ns, events)

    def expire_all(self, symbol: str, now_ns: int, events: list[ExchangeEvent]) -> None:
        """End every order that waits on a symbol."""
        for condition in [each for each in self._open.values() if each.terms.symbol == symbol]:
            self._end(condition, ConditionStatus.EXPIRED, now_ns, events)

    # --- prices

    def on_price(self, venue: Venue, kind: TriggerPrice, px: Decimal, now_ns: int, events: list[ExchangeEvent]) -> None:
        """A price was seen: activate and trigger whom it concerns."""
        protected: list[Condition] = []
        triggers = venue.triggers[kind]
        for algo_id in triggers.due(px) if triggers else ():
            condition = self._open[algo_id]
            if condition.terms.is_trailing and not condition.is_activated:
                self._activate(venue, condition, px, now_ns, events)
            elif condition.terms.price_protect and self._apart(venue):
                protected.append(condition)
            else:
                self._trigger(condition, now_ns, events)
        for condition in protected:
            self._wait(venue, condition)

    def _activate(
        self, venue: Venue, condition: Condition, px: Decimal, now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        condition = structs.replace(condition, is_activated=True, updated_ns=now_ns)
        self._open[condition.algo_id] = condition
        self._wait(venue, condition, px)
        self._tell(condition, events)

    def _apart(self, venue: Venue) -> bool:
        return abs(venue.mark.px - venue.last_px) > venue.mark.px * venue.trigger_protect

    def _trigger(self, condition: Condition, now_ns: int, events: list[ExchangeEvent]) -> None:
        terms = condition.terms
        self._forget(condition)
        condition = structs.replace(
            condition, status=ConditionStatus.TRIGGERING, triggered_ns=now_ns, updated_ns=now_ns
        )
        self._tell(condition, events)
        net = self._state.accounts[terms.account].position(terms.symbol).net
        qty = abs(net) if terms.close_position else terms.qty
        if terms.close_position and net * terms.side.sign >= 0:
            self._reject(condition, Refusal.REDUCE_ONLY.value, now_ns, events)
            return
        child: list[ExchangeEvent] = []
        self._placing.place(self._child(condition, qty), now_ns, child)
        first = child[0]
        if isinstance(first, Rejected):
            self._reject(condition, first.refusal.value, now_ns, events)
            return
        assert isinstance(first, Accepted)
        condition = structs.replace(
            condition,
            status=ConditionStatus.TRIGGERED,
            child_id=first.order.order_id,
            child_type=first.order.order_type,
        )
        self._tell(condition, events)
        events += child

    def _child(self, condition: Condition, qty: Decimal) -> NewOrder:
        terms = condition.terms
        is_limit = terms.order_type.has_price
        return NewOrder(
            account=terms.account,
            symbol=terms.symbol,
            side=terms.side,
            order_type=OrderType.LIMIT if is_limit else OrderType.MARKET,
            qty=qty,
            px=terms.px,
            time_in_force=terms.time_in_force,
            post_only=terms.post_only,
            reduce_only=terms.reduce_only or terms.close_position,
            client_order_id=condition.client_algo_id if self._state.options.child_keeps_client_id else "",
            self_trade_prevention=terms.self_trade_prevention,
            good_till_ms=terms.good_till_ms,
            price_match=terms.price_match if is_limit else None,
            algo_id=condition.algo_id,
        )

    def on_child_ended(self, order: OrderRecord, now_ns: int, events: list[ExchangeEvent]) -> None:
        """The order that a conditional order became is done."""
        condition = self._state.ledger.conditions[order.algo_id]
        self._tell(
            structs.replace(
                condition,
                status=ConditionStatus.FINISHED,
                updated_ns=now_ns,
                child_qty=order.cum_qty,
                child_px=order.avg_px,
            ),
            events,
        )

    # --- keeping

    def _wait(self, venue: Venue, condition: Condition, px: Decimal | None = None) -> None:
        terms = condition.terms
        triggers = venue.triggers[terms.trigger_price]
        if condition.is_activated and terms.callback_rate is not None:
            start = self._price(venue, terms.trigger_price) if px is None else px
            triggers.trail(condition.algo_id, terms.side, terms.callback_rate, start)
            return
        level = terms.activation_px if terms.is_trailing else terms.trigger_px
        if level is not None:
            triggers.wait(condition.algo_id, level, above=terms.fires_above)

    def _price(self, venue: Venue, kind: TriggerPrice) -> Decimal:
        return venue.mark.px if kind is TriggerPrice.MARK else venue.last_px

    def _end(self, condition: Condition, status: ConditionStatus, now_ns: int, events: list[ExchangeEvent]) -> None:
        self._forget(condition)
        self._tell(structs.replace(condition, status=status, updated_ns=now_ns), events)

    def _reject(self, condition: Condition, reason: str, now_ns: int, events: list[ExchangeEvent]) -> None:
        rejected = structs.replace(condition, status=ConditionStatus.REJECTED, updated_ns=now_ns, reason=reason)
        self._tell(rejected, events)

    def _forget(self, condition: Condition) -> None:
        terms = condition.terms
        del self._open[condition.algo_id]
        del self._client_ids[terms.account, condition.client_algo_id]
        self._open_count[terms.account] -= 1
        self._state.venues[terms.symbol].triggers[terms.trigger_price].drop(condition.algo_id)
        self._state.schedule.drop(("condition", terms.symbol, condition.algo_id))
        if terms.needs_position:
            bound = self._state.position_bound[terms.account, terms.symbol]
            bound.pop(condition.algo_id, None)
            if not bound:
                del self._state.position_bound[terms.account, terms.symbol]

    def _tell(self, condition: Condition, events: list[ExchangeEvent]) -> None:
        self._state.ledger.put_condition(condition)
        if condition.algo_id in self._open:
            self._open[condition.algo_id] = condition
        events.append(ConditionChanged(condition))
