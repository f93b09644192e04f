"""Orders for assets begin to work: at once, or when the last price sets them off."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from msgspec import structs

from tradingsys.core.enums import OrderStatus, TriggerPrice
from tradingsys.sim.asset_events import Triggered
from tradingsys.sim.asset_holdings import AssetHoldings
from tradingsys.sim.asset_state import AssetState
from tradingsys.sim.events import ExchangeEvent, ExpiryReason, OrderRecord
from tradingsys.sim.placing import Placing
from tradingsys.sim.venue import Venue
from tradingsys.sim.waiting import await_price, follows_price

__all__ = ["TriggerWatcher", "Working"]


class TriggerWatcher(Protocol):
    """Whoever must know before a conditional order works."""

    def on_trigger(self, venue: Venue, order: OrderRecord, now_ns: int, events: list[ExchangeEvent]) -> None:
        """The order is about to work."""


class Working:
    """Lets open orders trade, or wait."""

    def __init__(self, state: AssetState, placing: Placing, holdings: AssetHoldings) -> None:
        self._state = state
        self._placing = placing
        self._holdings = holdings

    def begin(self, venue: Venue, order: OrderRecord, now_ns: int, events: list[ExchangeEvent]) -> None:
        """An accepted order trades or, if it is conditional, waits."""
        if not order.is_working:
            await_price(venue, order)
            return
        ticks = None if order.px is None else venue.ticks(order.px)
        lots = int(order.leaves / venue.instrument.lot_size)
        self._placing.trade(venue, order, ticks, lots, now_ns, events)
        self._state.publish(venue, now_ns, events)

    def on_price(
        self, venue: Venue, px: Decimal, watcher: TriggerWatcher, now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        """A trade was made at this price."""
        for order_id in venue.triggers[TriggerPrice.LAST].due(px):
            order = venue.open.get(order_id)
            if order is None:
                continue
            if order.trailing_bps is not None and not follows_price(order):
                order = structs.replace(order, trailing_ns=now_ns, updated_ns=now_ns)
                self._placing.change(venue, order)
                await_price(venue, order, px)
                continue
            watcher.on_trigger(venue, order, now_ns, events)
            if not self._holdings.triggered(venue, order):
                self._placing.end(venue, order_id, OrderStatus.EXPIRED, now_ns, events, ExpiryReason.UNPAYABLE)
                continue
            order = structs.replace(order, is_working=True, working_ns=now_ns, updated_ns=now_ns)
            self._placing.change(venue, order)
            events.append(Triggered(order))
            self.begin(venue, order, now_ns, events)
