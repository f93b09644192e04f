"""A symbol that is delisted: its orders end, and the exchange closes every position at the mark price."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from tradingsys.core.enums import OrderStatus, OrderType, Side, TimeInForce
from tradingsys.matching.account import Account
from tradingsys.sim.conditional import Conditional
from tradingsys.sim.events import ExchangeEvent, ExpiryReason, NewOrder
from tradingsys.sim.placing import Placing
from tradingsys.sim.state import State
from tradingsys.sim.venue import Venue

__all__ = ["SETTLEMENT_PREFIX", "Settlement"]

SETTLEMENT_PREFIX = "settlement_autoclose-"

_NS_PER_MS = 1_000_000


class Settlement:
    """Empties a symbol."""

    def __init__(self, state: State, placing: Placing, conditional: Conditional) -> None:
        self._state = state
        self._placing = placing
        self._conditional = conditional
        self._made = 0

    def settle(self, venue: Venue, now_ns: int, events: list[ExchangeEvent]) -> None:
        """End what is open and close what is held; there are no public trades in it."""
        for order_id in list(venue.open):
            self._placing.end(venue, order_id, OrderStatus.EXPIRED, now_ns, events, ExpiryReason.DELISTED)
        self._conditional.expire_all(venue.instrument.symbol, now_ns, events)
        ticks = int((venue.mark.px / venue.instrument.tick_size).to_integral_value(ROUND_HALF_EVEN))
        for account in list(self._state.accounts.values()):
            if account.position(venue.instrument.symbol).net:
                self._close(venue, account, max(1, ticks), now_ns, events)
        self._state.publish(venue, now_ns, events)

    def _close(self, venue: Venue, account: Account, ticks: int, now_ns: int, events: list[ExchangeEvent]) -> None:
        symbol, px = venue.instrument.symbol, venue.price(ticks)
        net = account.position(symbol).net
        side, qty = Side.SELL if net > 0 else Side.BUY, abs(net)
        if account.is_house:
            account.fill(symbol, side, qty, px, Decimal(0), venue.instrument.margin_asset)
            return
        self._made += 1
        request = NewOrder(
            account.name,
            symbol,
            side,
            OrderType.LIMIT,
            qty,
            px,
            TimeInForce.IOC,
            reduce_only=True,
            client_order_id=f"{SETTLEMENT_PREFIX}{now_ns // _NS_PER_MS}{self._made:02d}",
        )
        lots = venue.lots(qty) or 0
        order = self._placing.accept(venue, request, lots, ticks, now_ns, events, forced="settlement")
        self._placing.execute(venue, order.order_id, venue.trade_id(), px, qty, now_ns, events)
