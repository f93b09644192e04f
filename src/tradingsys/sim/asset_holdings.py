"""What orders for assets do to wallets: what they set aside, what they pay and receive, fees, debts."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import (
    OrderStatus,
    OrderType,
    SelfTradePrevention,
    Side,
    SideEffect,
    TimeInForce,
    TriggerPrice,
)
from tradingsys.matching.cross_margin import CrossMarginWallet
from tradingsys.matching.order_book import Prevented as Met
from tradingsys.matching.wallet import SpotWallet, floor8
from tradingsys.sim.asset_events import Prevented
from tradingsys.sim.asset_judging import Judging, market_cost, quoted_lots, takeable
from tradingsys.sim.asset_state import AssetState
from tradingsys.sim.events import ExchangeEvent, Executed, Execution, ExpiryReason, NewOrder, OrderRecord, Refusal
from tradingsys.sim.holdings import Fill
from tradingsys.sim.lending import Lending
from tradingsys.sim.order_records import PreventedMatch
from tradingsys.sim.placing import Placing
from tradingsys.sim.venue import Venue

__all__ = ["AssetHoldings"]

_ZERO = Decimal(0)
_TRANSFER = SelfTradePrevention.TRANSFER


class AssetHoldings:
    """See `Holdings`. Its `placing` is to be set before the first order."""

    placing: Placing
    longest_ns: int | None = None

    def __init__(self, state: AssetState, judging: Judging, lending: Lending) -> None:
        self._state = state
        self._judging = judging
        self._lending = lending

    # --- orders come

    def refusal(self, venue: Venue, request: NewOrder, ticks: int | None, lots: int) -> Refusal | None:
        """See `Holdings`."""
        return self._judging.refusal(venue, request, ticks, lots)

    def opened(self, venue: Venue, order: OrderRecord, now_ns: int, events: list[ExchangeEvent]) -> OrderRecord:
        """Lock what the order needs, and borrow what is lacking if it says so."""
        wallet = self._state.accounts[order.account]
        if wallet.is_house:
            return order
        asset, amount = self._needed(venue, order)
        group = None if order.list_id < 0 else (order.symbol, order.list_id, order.side)
        if order.side_effect is SideEffect.MARGIN_BUY and isinstance(wallet, CrossMarginWallet):
            lacking = amount - wallet.free_of(asset) - self._state.locks.held(group)
            if lacking > 0:
                self._lending.lend(wallet, asset, lacking, now_ns, events, order.order_id)
                order = structs.replace(order, borrowed=lacking, borrowed_asset=asset)
        self._state.locks.open(wallet, _key(order), asset, amount, group)
        if order.order_type.is_conditional and order.trailing_bps is not None and order.trigger_px is None:
            order = structs.replace(order, trailing_ns=now_ns)
        return order

    def _needed(self, venue: Venue, order: OrderRecord) -> tuple[str, Decimal]:
        instrument = venue.instrument
        if order.side is Side.SELL:
            return instrument.base_asset, order.leaves
        if order.order_type is not OrderType.MARKET:
            return instrument.quote_asset, floor8((order.px or order.trigger_px or venue.last_px) * order.leaves)
        if order.quote_qty is not None:
            return instrument.quote_asset, order.quote_qty
        return instrument.quote_asset, market_cost(venue, order, int(order.leaves / instrument.lot_size))

    def relock(self, before: OrderRecord, after: OrderRecord) -> None:
        """An open order has less to trade than before: it needs less."""
        key = _key(after)
        needed = self._state.locks.of(key)
        if not needed:
            return
        if after.side is Side.SELL:
            needed = after.leaves
        elif after.px is not None:
            needed = floor8(after.px * after.leaves)
        elif after.is_working:
            needed -= after.cum_quote - before.cum_quote
        else:
            needed = floor8(needed * after.leaves / before.leaves)
        self._state.locks.change(key, needed)

    # --- orders trade

    def most_lots(self, venue: Venue, order: OrderRecord, lots: int) -> int:
        """Fill-or-kill is all or nothing; a market order trades what was set aside for it."""
        wallet = self._state.accounts[order.account]
        if order.time_in_force is TimeInForce.FOK:
            limit = None if order.px is None else venue.ticks(order.px)
            limit = self.reach(venue, order.side, limit)
            there = takeable(venue, order.side, limit, order.account, order.self_trade_prevention)
            return lots if sum(each for _, each in there) >= lots else 0
        if wallet.is_house or order.order_type.has_price:
            return lots
        locked = self._state.locks.of(_key(order))
        if order.side is Side.SELL:
            return min(lots, int(locked / venue.instrument.lot_size))
        if market_cost(venue, order, lots) <= locked:
            return lots
        return min(lots, quoted_lots(venue, order, locked, beyond=False))

    def triggered(self, venue: Venue, order: OrderRecord) -> bool:
        """A conditional order is to work: at market, it locks what that costs. Whether there is so much."""
        key, wallet = _key(order), self._state.accounts[order.account]
        self._state.locks.only(key)
        if order.side is Side.SELL or order.order_type.has_price or wallet.is_house:
            return True
        cost = market_cost(venue, order, int(order.leaves / venue.instrument.lot_size))
        free = wallet.free_of(venue.instrument.quote_asset) + self._state.locks.of(key)
        if cost > free:
            return False
        self._state.locks.change(key, cost)
        return True

    def market_limit(self, venue: Venue, side: Side) -> int | None:  # noqa: ARG002
        """There is none."""
        return None

    def reach(self, venue: Venue, side: Side, limit: int | None) -> int | None:
        """As far as the symbol's range of prices allows."""
        allowed = self._state.ranges.get(venue.instrument.symbol)
        return limit if allowed is None else allowed.reach(venue, side, limit)

    def prevention(self, order: OrderRecord) -> SelfTradePrevention:
        """See `Holdings`."""
        return order.self_trade_prevention

    def prevented(self, venue: Venue, taker: OrderRecord, step: Met, now_ns: int, events: list[ExchangeEvent]) -> None:
        """See `Holdings`."""
        maker = venue.open[step.maker.order_id]
        mode = taker.self_trade_prevention
        if mode is _TRANSFER and maker.self_trade_prevention is not _TRANSFER:
            mode = SelfTradePrevention.DECREMENT
        shared = venue.qty(step.qty)
        taker_qty = shared or (taker.leaves if step.taker_expires else _ZERO)
        maker_qty = shared or (maker.leaves if step.maker_expires else _ZERO)
        match = PreventedMatch(
            self._state.number(f"prevented/{taker.symbol}"), taker.account, taker.symbol, taker.order_id,
            maker.order_id, venue.price(step.maker.px), mode, now_ns, taker_qty, maker_qty,
            shared or min(taker.leaves, maker.leaves),
        )  # fmt: skip
        self._state.ledger.prevented.append(match)
        for order, qty in ((maker, maker_qty), (taker, taker_qty)):
            if qty:
                self._prevent(venue, order, match, qty, now_ns, events)

    def _prevent(
        self,
        venue: Venue,
        order: OrderRecord,
        match: PreventedMatch,
        qty: Decimal,
        now_ns: int,
        events: list[ExchangeEvent],
    ) -> None:
        after = structs.replace(
            order, prevented_qty=order.prevented_qty + qty, prevented_id=match.match_id, updated_ns=now_ns
        )
        if after.leaves:
            self.placing.change(venue, after)
            self.relock(order, after)
            events.append(Prevented(after, match, qty))
            return
        after = structs.replace(after, status=OrderStatus.EXPIRED_IN_MATCH, expiry=ExpiryReason.SELF_TRADE)
        self.placing.conclude(venue, order, after, lambda ended: Prevented(ended, match, qty), now_ns, events)

    def value(self, px: Decimal, qty: Decimal) -> Decimal:
        """Amounts have eight decimals."""
        return floor8(px * qty)

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
        wallet = self._state.accounts[after.account]
        if wallet.is_house:
            return
        base, quote = venue.instrument.base_asset, venue.instrument.quote_asset
        is_buy = after.side is Side.BUY
        self._state.locks.only(_key(after))
        if after.status.is_open:
            self.relock(before, after)
        else:
            self._state.locks.drop(_key(after))
        wallet.earn(base, fill.qty if is_buy else -fill.qty)
        wallet.earn(quote, -fill.value if is_buy else fill.value)
        fee, fee_asset = self._fee(venue, wallet, after.side, fill)
        wallet.earn(fee_asset, -fee)
        execution = Execution(
            after.account, after.symbol, fill.trade_id, after.order_id, after.client_order_id, after.side, fill.px,
            fill.qty, fee, fee_asset, fill.is_maker, _ZERO, now_ns, fill.value, after.list_id, base, quote,
        )  # fmt: skip
        self._state.ledger.put_execution(execution)
        events.append(Executed(after, execution))
        if is_buy and after.list_id >= 0:
            self._state.proceeds.received(wallet, after.list_id, base, fill.qty, (fee, fee_asset))
        if after.side_effect is SideEffect.AUTO_REPAY and isinstance(wallet, CrossMarginWallet):
            got, amount = (base, fill.qty) if is_buy else (quote, fill.value)
            amount -= fee if fee_asset == got else _ZERO
            self._lending.pay_back(wallet, got, amount, now_ns, events, after.order_id)
        if after.list_id >= 0:
            self._state.stirred.append(after)

    def _fee(self, venue: Venue, wallet: SpotWallet, side: Side, fill: Fill) -> tuple[Decimal, str]:
        """Of what is received; or in BNB, if the account wants that and has enough."""
        instrument, fees = venue.instrument, self._state.fees
        rate = fees.rate(side, is_maker=fill.is_maker)
        if wallet.burns_bnb:
            price = self._state.prices(fees.discount_asset).get(instrument.quote_asset)
            fee = None if price is None else floor8(fill.value * price * rate * fees.discount)
            if fee is not None and fee <= wallet.free_of(fees.discount_asset):
                return fee, fees.discount_asset
        if side is Side.BUY:
            return floor8(fill.qty * rate), instrument.base_asset
        return floor8(fill.value * rate), instrument.quote_asset

    def traded(self, venue: Venue, account: str, now_ns: int, events: list[ExchangeEvent]) -> None:
        """See `Holdings`."""

    # --- orders end

    def ended(self, venue: Venue, order: OrderRecord, now_ns: int, events: list[ExchangeEvent]) -> None:  # noqa: ARG002
        """See `Holdings`."""
        before = self._state.locks.of(_key(order))
        self._state.locks.drop(_key(order))
        wallet = self._state.accounts[order.account]
        if order.borrowed and order.repay_at_cancel and isinstance(wallet, CrossMarginWallet):
            unused = min(order.borrowed, before)
            self._lending.pay_back(wallet, order.borrowed_asset, unused, now_ns, events, order.order_id)

    def forgotten(self, venue: Venue, order: OrderRecord) -> None:
        """See `Holdings`."""
        venue.triggers[TriggerPrice.LAST].drop(order.order_id)
        if order.list_id >= 0:
            self._state.stirred.append(order)

    def unfilled(self, order: OrderRecord) -> ExpiryReason:
        """See `Holdings`."""
        if not order.order_type.has_price:
            return ExpiryReason.NO_LIQUIDITY
        is_fok = order.time_in_force is TimeInForce.FOK
        return ExpiryReason.UNFILLED_FOK if is_fok else ExpiryReason.UNFILLED_IMMEDIATE


def _key(order: OrderRecord) -> tuple[str, int]:
    return order.symbol, order.order_id
