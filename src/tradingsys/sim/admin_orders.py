"""Trades by hand: orders that come to the exchange past every venue's filters, limits and keys, or by its own will."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import OrderType, SelfTradePrevention, Side, SideEffect, TimeInForce
from tradingsys.sim.admin_calls import Answer, Box, Handler, Problem, decode, known_account, number
from tradingsys.sim.admin_reads import execution_row, order_row
from tradingsys.sim.events import Accepted, Canceled, CancelRefused, Executed, NewOrder, Refusal, Rejected
from tradingsys.sim.faces.transport import Request
from tradingsys.sim.spot_exchange import SpotExchange

__all__ = ["ORDERS"]

_NS_PER_MS = 1_000_000


class _Trade(Struct, frozen=True, forbid_unknown_fields=True):
    """Without a price it is a market order."""

    symbol: str
    side: Side
    qty: str = "0"
    price: str | None = None
    type: OrderType | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    account: str = ""
    client_order_id: str = ""
    post_only: bool = False
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.NONE
    quote_qty: str | None = None
    """This and what follows: of assets alone."""
    trigger_px: str | None = None
    trailing_bps: int | None = None
    iceberg_qty: str | None = None
    side_effect: SideEffect = SideEffect.NO_SIDE_EFFECT


class _Cancel(Struct, frozen=True, forbid_unknown_fields=True):
    """One id of either kind."""

    symbol: str
    account: str = ""
    order_id: int | None = None
    client_order_id: str | None = None


class _Deleverage(Struct, frozen=True, forbid_unknown_fields=True):
    """Without a quantity the whole position is meant."""

    symbol: str
    qty: str | None = None
    account: str = ""


def _trade(box: Box, request: Request, now_ns: int) -> Answer:
    body = decode(request.body, _Trade)
    exchange, account = box.exchange, known_account(box, body.account)
    number_of_orders = sum(1 for _ in exchange.ledger.orders(account, body.symbol))
    order = NewOrder(
        account=account,
        symbol=body.symbol,
        side=body.side,
        order_type=body.type or (OrderType.MARKET if body.price is None else OrderType.LIMIT),
        qty=number(body.qty),
        px=_maybe(body.price),
        time_in_force=body.time_in_force,
        post_only=body.post_only,
        reduce_only=body.reduce_only,
        client_order_id=body.client_order_id or f"web_{now_ns // _NS_PER_MS}_{number_of_orders + 1}",
        self_trade_prevention=body.self_trade_prevention,
        trigger_px=_maybe(body.trigger_px),
        trailing_bps=body.trailing_bps,
        iceberg_qty=_maybe(body.iceberg_qty),
        quote_qty=_maybe(body.quote_qty),
        side_effect=body.side_effect,
    )
    _check(order, is_of_assets=isinstance(exchange, SpotExchange))
    events = exchange.place(order, now_ns)
    first = events[0]
    if isinstance(first, Rejected):
        raise Problem(400, first.refusal.value)
    assert isinstance(first, Accepted)
    record = exchange.ledger.order(order.account, order.symbol, first.order.order_id)
    mine = [event.execution for event in events if isinstance(event, Executed)]
    result = {
        "order": order_row(record or first.order),
        "executions": [execution_row(row) for row in mine if row.order_id == first.order.order_id],
    }
    return Answer(result, box.absorb(events, now_ns))


def _maybe(given: str | None) -> Decimal | None:
    return None if given is None else number(given)


def _check(order: NewOrder, *, is_of_assets: bool) -> None:
    """Raises Problem for an order that the exchange does not know."""
    of_assets = (order.trigger_px, order.trailing_bps, order.iceberg_qty, order.quote_qty)
    if not is_of_assets:
        if any(each is not None for each in of_assets) or order.side_effect is not SideEffect.NO_SIDE_EFFECT:
            raise Problem(400, "trigger_px, trailing_bps, iceberg_qty, quote_qty and side_effect are of spot")
        return
    if order.reduce_only:
        raise Problem(400, "reduce_only is of futures")
    if order.order_type.is_conditional is not (order.trigger_px is not None or order.trailing_bps is not None):
        raise Problem(400, "a conditional type and trigger_px or trailing_bps belong together")
    if order.quote_qty is not None and (order.order_type is not OrderType.MARKET or order.qty):
        raise Problem(400, "quote_qty is of market orders without qty")
    if order.iceberg_qty is not None and not (order.order_type.has_price and 0 < order.iceberg_qty <= order.qty):
        raise Problem(400, "iceberg_qty is some of the qty of an order with a price")
    if any(each is not None and each <= 0 for each in of_assets):
        raise Problem(400, "amounts, prices and distances must be above 0")


def _cancel(box: Box, request: Request, now_ns: int) -> Answer:
    body = decode(request.body, _Cancel)
    events = box.exchange.cancel(
        known_account(box, body.account),
        body.symbol,
        now_ns,
        order_id=body.order_id,
        client_order_id=body.client_order_id,
    )
    first = events[0]
    if isinstance(first, CancelRefused):
        raise Problem(400, first.refusal.value)
    assert isinstance(first, Canceled)
    return Answer(order_row(first.order), box.absorb(events, now_ns))


def _deleverage(box: Box, request: Request, now_ns: int) -> Answer:
    body = decode(request.body, _Deleverage)
    exchange, account = box.exchange, known_account(box, body.account)
    venue = exchange.venues.get(body.symbol)
    if venue is None:
        raise Problem(400, Refusal.UNKNOWN_SYMBOL.value)
    held = abs(exchange.position(account, body.symbol).net)
    qty = held if body.qty is None else number(body.qty)
    if not 0 < qty <= held or venue.lots(qty) is None:
        raise Problem(400, f"{account} has a position of {held}: qty must be some of it, in whole lots")
    events = exchange.deleverage(account, body.symbol, qty, now_ns)
    first = events[0]
    assert isinstance(first, Accepted)
    record = exchange.ledger.order(account, body.symbol, first.order.order_id)
    return Answer(order_row(record or first.order), box.absorb(events, now_ns))


ORDERS: dict[tuple[str, str], Handler] = {
    ("POST", "/admin/trade"): _trade,
    ("POST", "/admin/cancel"): _cancel,
    ("POST", "/admin/deleverage"): _deleverage,
}
"""Calls that trade."""
