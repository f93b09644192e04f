"""What the exchange of assets refuses, and what a market order would cost."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tradingsys.core.enums import OrderType, SelfTradePrevention, Side, SideEffect
from tradingsys.core.instrument import SpotRules
from tradingsys.matching.cross_margin import CrossMarginWallet
from tradingsys.matching.wallet import SpotWallet, floor8
from tradingsys.sim.asset_state import AssetState
from tradingsys.sim.conditions import fires_above
from tradingsys.sim.crowding import crowded
from tradingsys.sim.events import NewOrder, OrderRecord, Refusal
from tradingsys.sim.lending import Lending
from tradingsys.sim.venue import Venue

__all__ = ["Judging", "market_cost", "quoted_lots", "takeable"]

_ZERO = Decimal(0)
_STOPPING = frozenset({SelfTradePrevention.EXPIRE_TAKER, SelfTradePrevention.EXPIRE_BOTH})


def takeable(
    venue: Venue, side: Side, limit: int | None, account: str, prevention: SelfTradePrevention
) -> Iterable[tuple[int, int]]:
    """Price and lots that an order could trade with at once, in turn; not with its own account's."""
    for ticks, lots, owner in venue.book.reach(side, limit):
        if owner != account or prevention is SelfTradePrevention.NONE:
            yield ticks, lots
        elif prevention in _STOPPING:
            return


def market_cost(venue: Venue, request: NewOrder | OrderRecord, lots: int) -> Decimal:
    """What a market order that buys so much would pay."""
    cost = _ZERO
    for ticks, there in takeable(venue, Side.BUY, None, request.account, request.self_trade_prevention):
        taken = min(lots, there)
        cost += floor8(venue.price(ticks) * venue.qty(taken))
        lots -= taken
        if not lots:
            break
    return cost


def quoted_lots(venue: Venue, request: NewOrder | OrderRecord, budget: Decimal, *, beyond: bool) -> int:
    """How much can be traded for so much of the quote asset; with ``beyond`` also for what nobody offers now."""
    total = 0
    for ticks, there in takeable(venue, request.side, None, request.account, request.self_trade_prevention):
        lot_value = venue.price(ticks) * venue.instrument.lot_size
        lots = min(there, int(budget / lot_value))
        total += lots
        budget -= lots * lot_value
        if lots < there:
            return total
    return total + int(budget / (venue.last_px * venue.instrument.lot_size)) if beyond else total


class Judging:
    """Whether orders may be."""

    def __init__(self, state: AssetState, lending: Lending) -> None:
        self._state = state
        self._lending = lending

    def refusal(self, venue: Venue, request: NewOrder, ticks: int | None, lots: int) -> Refusal | None:
        """Why a new order cannot be; None when it can."""
        refused = self.standing(venue, request)
        if refused is not None:
            return refused
        if request.post_only and ticks is not None and venue.book.would_take(request.side, ticks):
            return Refusal.WOULD_TAKE
        if self.would_trigger(venue, request):
            return Refusal.WOULD_TRIGGER
        return self.unpayable(venue, request, ticks, lots)

    def standing(self, venue: Venue, request: NewOrder) -> Refusal | None:
        """What is refused whatever the market and the balances are."""
        wallet, instrument = self._state.accounts[request.account], venue.instrument
        if not instrument.is_trading:
            return Refusal.CANCEL_ONLY if instrument.status == "CANCEL_ONLY" else Refusal.NOT_TRADING
        if wallet.is_house:
            return None
        if isinstance(wallet, CrossMarginWallet) and wallet.is_liquidating:
            return Refusal.IN_LIQUIDATION
        if (request.account, request.client_order_id) in venue.client_ids:
            return Refusal.DUPLICATE_CLIENT_ORDER_ID
        return self._crowded(venue, request, wallet)

    def _crowded(self, venue: Venue, request: NewOrder, wallet: SpotWallet) -> Refusal | None:
        refused = crowded(self._state, self._state.limits, venue, request.account, (request,))
        if refused is not None:
            return refused
        most = (venue.instrument.spot or SpotRules()).max_position
        if most is not None and request.side is Side.BUY:
            mine = (venue.open[order_id] for order_id in venue.open_ids.get(request.account, ()))
            coming = sum((order.leaves for order in mine if order.side is Side.BUY), request.qty)
            if wallet.total(venue.instrument.base_asset) + coming > most:
                return Refusal.MAX_POSITION
        return None

    def would_trigger(self, venue: Venue, request: NewOrder) -> bool:
        """Whether a conditional order, or what makes it follow the price, is due already."""
        if request.trigger_px is None or not request.order_type.is_conditional:
            return False
        if fires_above(request.order_type, request.side):
            return venue.last_px >= request.trigger_px
        return venue.last_px <= request.trigger_px

    def needed(self, venue: Venue, request: NewOrder, ticks: int | None, lots: int) -> tuple[str, Decimal]:
        """What an order must be paid with, and how much of it."""
        instrument = venue.instrument
        if request.side is Side.SELL:
            return instrument.base_asset, venue.qty(lots)
        if ticks is not None:
            return instrument.quote_asset, floor8(venue.price(ticks) * venue.qty(lots))
        if request.order_type is not OrderType.MARKET:
            return instrument.quote_asset, floor8((request.trigger_px or venue.last_px) * venue.qty(lots))
        return instrument.quote_asset, request.quote_qty or market_cost(venue, request, lots)

    def unpayable(self, venue: Venue, request: NewOrder, ticks: int | None, lots: int) -> Refusal | None:
        """Why an order cannot be paid; None when it can, if need be with what it borrows."""
        wallet = self._state.accounts[request.account]
        if wallet.is_house:
            return None
        asset, amount = self.needed(venue, request, ticks, lots)
        lacking = amount - wallet.free_of(asset)
        if lacking <= 0:
            return None
        if request.side_effect is not SideEffect.MARGIN_BUY or not isinstance(wallet, CrossMarginWallet):
            return Refusal.INSUFFICIENT_BALANCE
        return self._lending.refusal(wallet, asset, lacking)
