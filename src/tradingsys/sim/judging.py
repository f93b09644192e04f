"""What the exchange refuses, and why."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import OrderType, TimeInForce
from tradingsys.matching.account import Account
from tradingsys.sim.events import NewOrder, Refusal
from tradingsys.sim.state import State
from tradingsys.sim.venue import Venue

__all__ = ["margin_refusal", "refusal", "status_refusal"]

_ZERO = Decimal(0)
_ENDED = frozenset({"CLOSE", "DELIVERED"})


def refusal(state: State, venue: Venue, request: NewOrder, ticks: int | None, lots: int) -> Refusal | None:
    """Why a new order cannot be; None when it can."""
    account = state.accounts[request.account]
    stopped = status_refusal(venue)
    if stopped is not None:
        return stopped
    if not account.is_house:
        if (request.account, request.client_order_id) in venue.client_ids:
            return Refusal.DUPLICATE_CLIENT_ORDER_ID
        limit = venue.instrument.max_open_orders
        if limit is not None and len(venue.open_ids.get(account.name, ())) >= limit:
            return Refusal.TOO_MANY_ORDERS
    if request.reduce_only:
        refused = _reduce_only(account, venue, request)
        if refused is not None:
            return refused
    if request.post_only and ticks is not None and venue.book.would_take(request.side, ticks):
        return Refusal.WOULD_TAKE
    if request.time_in_force is TimeInForce.FOK and venue.book.available(request.side, ticks) < lots:
        return Refusal.NOT_FILLABLE
    if request.reduce_only or account.is_house:
        return None
    px = venue.mark.px if ticks is None else venue.price(ticks)
    return margin_refusal(state, account, venue, request, request.qty * px)


def status_refusal(venue: Venue) -> Refusal | None:
    """Why nothing can be ordered of a symbol; None when it trades."""
    if venue.instrument.is_trading:
        return None
    return Refusal.CLOSED if venue.instrument.status in _ENDED else Refusal.NOT_TRADING


def margin_refusal(state: State, account: Account, venue: Venue, request: NewOrder, value: Decimal) -> Refusal | None:
    """Whether an account may have, and can pay for, so much more of open orders."""
    symbol, mark = request.symbol, venue.mark.px
    before, after = account.exposure(symbol, mark), account.exposure(symbol, mark, request.side, value)
    if after <= before:
        return None
    if after > venue.tiers.cap(account.leverage(symbol)):
        return Refusal.MAX_POSITION
    if not account.can_afford(symbol, after - before, venue.instrument.margin_asset, state.marks()):
        return Refusal.INSUFFICIENT_MARGIN
    return None


def _reduce_only(account: Account, venue: Venue, request: NewOrder) -> Refusal | None:
    net = account.position(request.symbol).net
    if net * request.side.sign >= 0:
        return Refusal.REDUCE_ONLY
    rests = request.order_type is OrderType.LIMIT and request.time_in_force in (TimeInForce.GTC, TimeInForce.GTD)
    if rests:
        others = sum((venue.open[other].leaves for other in venue.reducing.get(request.account, ())), _ZERO)
        if others + request.qty > abs(net):
            return Refusal.REDUCE_ONLY_EXCEEDS
    return None
