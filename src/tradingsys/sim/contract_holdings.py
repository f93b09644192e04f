"""What orders for contracts do to accounts: margin, positions, fees, reduce-only orders."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from tradingsys.matching.order_book import Prevented
from tradingsys.sim.events import ExchangeEvent, Executed, Execution, ExpiryReason, NewOrder, OrderRecord, Refusal
from tradingsys.sim.holdings import Fill
from tradingsys.sim.judging import refusal
from tradingsys.sim.placing import Placing
from tradingsys.sim.state import State
from tradingsys.sim.venue import Venue

__all__ = ["ContractHoldings"]

_ZERO = Decimal(0)


class ContractHoldings:
    """See `Holdings`. Its `placing` is to be set before the first order."""

    placing: Placing
    longest_ns: int | None = 365 * 86_400 * 1_000_000_000

    def __init__(self, state: State) -> None:
        self._state = state

    def refusal(self, venue: Venue, request: NewOrder, ticks: int | None, lots: int) -> Refusal | None:
        """See `Holdings`."""
        return refusal(self._state, venue, request, ticks, lots)

    def opened(self, venue: Venue, order: OrderRecord, now_ns: int, events: list[ExchangeEvent]) -> OrderRecord:  # noqa: ARG002
        """See `Holdings`."""
        if order.px is not None:
            self._state.accounts[order.account].lock(order.symbol, order.side, order.px * order.qty)
        if order.reduce_only:
            venue.reducing.setdefault(order.account, []).append(order.order_id)
        return order

    def most_lots(self, venue: Venue, order: OrderRecord, lots: int) -> int:
        """A reduce-only order does no more than flatten the position."""
        if not order.reduce_only:
            return lots
        room = abs(self._state.accounts[order.account].position(order.symbol).net)
        return min(lots, int(room / venue.instrument.lot_size))

    def market_limit(self, venue: Venue, side: Side) -> int | None:
        """See `Holdings`."""
        bound = venue.mark.px * (1 + side.sign * venue.market_bound)
        return int(bound / venue.instrument.tick_size)

    def reach(self, venue: Venue, side: Side, limit: int | None) -> int | None:  # noqa: ARG002
        """As far as its limit says."""
        return limit

    def prevention(self, order: OrderRecord) -> SelfTradePrevention:
        """A fill-or-kill order was promised to fill completely."""
        return SelfTradePrevention.NONE if order.time_in_force is TimeInForce.FOK else order.self_trade_prevention

    def prevented(
        self, venue: Venue, taker: OrderRecord, step: Prevented, now_ns: int, events: list[ExchangeEvent]
    ) -> None:
        """See `Holdings`."""
        status = OrderStatus.EXPIRED_IN_MATCH
        if step.maker_expires:
            self.placing.end(venue, step.maker.order_id, status, now_ns, events, ExpiryReason.SELF_TRADE)
        if step.taker_expires:
            is_immediate = taker.time_in_force is TimeInForce.IOC
            why = ExpiryReason.SELF_TRADE_IMMEDIATE if is_immediate else ExpiryReason.SELF_TRADE
            self.placing.end(venue, taker.order_id, status, now_ns, events, why)

    def value(self, px: Decimal, qty: Decimal) -> Decimal:
        """See `Holdings`."""
        return px * qty

    def executed(
        self,
        venue: Venue,
        before: OrderRecord,
        after: OrderRecord,
        fill: Fill,
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> None:
        """See `Holdings`."""
        state, account = self._state, self._state.accounts[after.account]
        asset = venue.instrument.margin_asset
        fee = state.fees.fee(fill.value, is_maker=fill.is_maker) if fill.fee is None else fill.fee
        realized = account.fill(after.symbol, after.side, fill.qty, fill.px, fee, asset)
        if before.px is not None:
            account.lock(after.symbol, after.side, -before.px * fill.qty)
        if account.is_house:
            return
        execution = Execution(
            after.account, after.symbol, fill.trade_id, after.order_id, after.client_order_id, after.side, fill.px,
            fill.qty, fee, asset, fill.is_maker, realized, now_ns,
        )  # fmt: skip
        state.ledger.put_execution(execution)
        events.append(state.account_changed(account, asset, now_ns, "ORDER", symbol=after.symbol))
        events.append(Executed(after, execution))
        if (account.name, after.symbol) in state.position_bound and not account.position(after.symbol).net:
            state.flattened.append((account.name, after.symbol))

    def traded(self, venue: Venue, account: str, now_ns: int, events: list[ExchangeEvent]) -> None:
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
                self.placing.end(venue, order_id, OrderStatus.EXPIRED, now_ns, events, ExpiryReason.REDUCE_ONLY)
            else:
                room = max(_ZERO, room - order.leaves)

    def ended(self, venue: Venue, order: OrderRecord, now_ns: int, events: list[ExchangeEvent]) -> None:  # noqa: ARG002
        """See `Holdings`."""
        if order.px is not None:
            self._state.accounts[order.account].lock(order.symbol, order.side, -order.px * order.leaves)

    def forgotten(self, venue: Venue, order: OrderRecord) -> None:
        """See `Holdings`."""
        if order.reduce_only:
            venue.reducing[order.account].remove(order.order_id)
        if order.algo_id:
            self._state.ended_children.append(order)

    def unfilled(self, order: OrderRecord) -> ExpiryReason:
        """See `Holdings`."""
        is_market = order.order_type is OrderType.MARKET
        return ExpiryReason.UNFILLED_MARKET if is_market else ExpiryReason.UNFILLED_IMMEDIATE
