"""Open orders for assets get a smaller quantity, and keep their place."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import OrderStatus
from tradingsys.core.instrument import SpotRules
from tradingsys.sim.asset_holdings import AssetHoldings
from tradingsys.sim.asset_state import HAPPENING, AssetState
from tradingsys.sim.events import (
    Amended,
    Amendment,
    ChangeRefused,
    ExchangeEvent,
    ExpiryReason,
    NewAmend,
    OrderRecord,
    Refusal,
)
from tradingsys.sim.linked_orders import LinkedOrders
from tradingsys.sim.placing import Placing, minted
from tradingsys.sim.venue import Venue

__all__ = ["Shrinking"]


class Shrinking:
    """Makes orders smaller; of a pair of which only one can trade, both."""

    def __init__(self, state: AssetState, placing: Placing, holdings: AssetHoldings, lists: LinkedOrders) -> None:
        self._state = state
        self._placing = placing
        self._holdings = holdings
        self._lists = lists

    def amend(self, request: NewAmend, order: OrderRecord | None, now_ns: int, events: list[ExchangeEvent]) -> None:
        """Change an open order: `Amended`, `Expired` where nothing is left to trade, or `ChangeRefused`."""
        venue = self._state.venues[request.symbol]
        refused = self._refusal(venue, request, order)
        if refused is not None or order is None:
            events.append(ChangeRefused(request.account, request.symbol, refused or Refusal.UNKNOWN_ORDER))
            return
        if request.qty <= order.cum_qty + order.prevented_qty:
            self._placing.end(venue, order.order_id, OrderStatus.EXPIRED, now_ns, events, ExpiryReason.AMENDED)
            self._state.publish(venue, now_ns, events)
            return
        name = request.new_client_order_id or minted(f"{order.symbol}/amend", self._state.number("name"))
        partner = self._lists.partner(venue, order)
        self._shrink(venue, order, request.qty, name, now_ns, events)
        if partner is not None:
            self._shrink(venue, partner, request.qty, partner.client_order_id, now_ns, events)
        self._state.publish(venue, now_ns, events)

    def _refusal(self, venue: Venue, request: NewAmend, order: OrderRecord | None) -> Refusal | None:
        if order is None:
            return Refusal.UNKNOWN_ORDER
        if self._lists.is_unpaid(order):
            return Refusal.UNPAID
        if venue.lots(request.qty) is None:
            return Refusal.OFF_GRID
        if request.px is not None and request.px != order.px:
            return Refusal.NOT_SMALLER
        if request.qty == order.qty:
            return Refusal.UNCHANGED
        if request.qty > order.qty:
            return Refusal.NOT_SMALLER
        most = (venue.instrument.spot or SpotRules()).max_amends
        if most is not None and order.amends >= most:
            return Refusal.TOO_MANY_AMENDS
        holder = venue.client_ids.get((order.account, request.new_client_order_id))
        return Refusal.CLIENT_ID_IN_USE if holder not in (None, order.order_id) else None

    def _shrink(
        self, venue: Venue, order: OrderRecord, qty: Decimal, name: str, now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        if order.order_id in venue.book:
            venue.book.shrink(order.order_id, int((order.qty - qty) / venue.instrument.lot_size))
        after = structs.replace(order, qty=qty, client_order_id=name, amends=order.amends + 1, updated_ns=now_ns)
        amendment = None
        if not self._state.is_house(order.account):
            del venue.client_ids[order.account, order.client_order_id]
            venue.client_ids[order.account, name] = order.order_id
            amendment = Amendment(
                self._state.number(HAPPENING), order.order_id, order.client_order_id, order.account, order.symbol,
                order.px or Decimal(0), order.px or Decimal(0), order.qty, qty, after.amends, 0, now_ns, name,
            )  # fmt: skip
            self._state.ledger.put_amendment(amendment)
        self._placing.change(venue, after)
        self._holdings.relock(order, after)
        events.append(Amended(after, amendment))
        self._lists.renamed(after, order.client_order_id, now_ns, events)
