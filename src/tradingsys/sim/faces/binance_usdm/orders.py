"""Placing, changing and cancelling orders: the same for REST and WS-API."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from tradingsys.core.commands import ReplaceOrder
from tradingsys.core.enums import OrderType, PriceMatch, SelfTradePrevention, Side, TimeInForce
from tradingsys.core.order import Terms
from tradingsys.sim.events import (
    Accepted,
    Amended,
    Canceled,
    CancelRefused,
    ChangeRefused,
    NewAmend,
    NewOrder,
    OrderRecord,
    Refusal,
    Rejected,
)
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance_usdm import render
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.sim.faces.binance_usdm.refusals import refused
from tradingsys.sim.judging import status_refusal
from tradingsys.venues.binance import filters, requests
from tradingsys.venues.binance.messages import CountdownCancelAll, Done, OrderReply
from tradingsys.venues.binance.usdm import FILTERS

__all__ = [
    "cancel",
    "cancel_all",
    "cancel_uncounted",
    "check_hedge",
    "check_price_match",
    "count_down",
    "either_id",
    "good_till",
    "modify",
    "modify_uncounted",
    "place",
    "place_test",
    "place_uncounted",
]

_MIN_GOOD_TILL_MS = 600_000
_MAX_GOOD_TILL_MS = 253_402_300_799_000
_DEFAULT_PREVENTION = SelfTradePrevention.EXPIRE_MAKER
_WITHDRAWN_MATCHES = frozenset({PriceMatch.OPPONENT_10, PriceMatch.OPPONENT_20})
"""Taken off on 2025-10-23, and not seen since."""
_IMMEDIATE = (TimeInForce.IOC, TimeInForce.FOK)
_ORDER_UNCHANGED = {-4164: -5029}
"""Where a rule has another code for changes than for new orders."""


# --- placing


def place(call: Call) -> OrderReply:
    """`POST /fapi/v1/order` and `order.place`.

    Raises Fault or VenueError for anything the venue refuses.
    """
    return _enter(call, _wish(call))


def place_uncounted(call: Call) -> OrderReply:
    """An order of a batch, which was counted as a whole."""
    return _enter(call, _wish(call, counts=False))


def place_test(call: Call) -> OrderReply:
    """`POST /fapi/v1/order/test`: every check but the account's, and nothing happens."""
    wish = _wish(call, counts=False)
    record = OrderRecord(
        account=wish.account,
        symbol=wish.symbol,
        order_id=0,
        client_order_id=wish.client_order_id,
        side=wish.side,
        order_type=wish.order_type,
        time_in_force=wish.time_in_force,
        post_only=wish.post_only,
        reduce_only=wish.reduce_only,
        qty=wish.qty,
        px=wish.px,
        self_trade_prevention=wish.self_trade_prevention,
        good_till_ms=wish.good_till_ms,
        created_ns=call.now_ns,
        updated_ns=call.now_ns,
        price_match=wish.price_match,
    )
    return render.order_test_reply(record)


def _wish(call: Call, *, counts: bool = True) -> NewOrder:
    call.symbol()
    check_hedge(call)
    placed = requests.parse_place(call.params.values)
    _response_type(call)
    check_price_match(placed.terms.price_match)
    terms = _priced(call, placed.terms)
    good_till_ms = good_till(call, terms)
    # The rules are about the price that was found.
    found = structs.replace(terms, price_match=None)
    _check_filters(call, found, call.state.exchange.open_count(call.account, terms.symbol))
    if counts:
        call.state.limits.spend_order(call.account, call.now_ms)
    return NewOrder(
        account=call.account,
        symbol=terms.symbol,
        side=terms.side,
        order_type=terms.order_type,
        qty=terms.order_qty,
        px=terms.price,
        time_in_force=terms.time_in_force or TimeInForce.GTC,
        post_only=terms.post_only,
        reduce_only=terms.reduce_only,
        client_order_id=placed.client_order_id,
        self_trade_prevention=terms.self_trade_prevention or _DEFAULT_PREVENTION,
        good_till_ms=good_till_ms,
        price_match=terms.price_match,
    )


def _enter(call: Call, wish: NewOrder) -> OrderReply:
    events = call.state.exchange.place(wish, call.now_ns)
    call.state.happened += events
    first = events[0]
    if isinstance(first, Rejected):
        raise refused(first.refusal)
    assert isinstance(first, Accepted)
    record = first.order
    ends_at_once = wish.order_type is OrderType.MARKET or wish.time_in_force in _IMMEDIATE
    if ends_at_once and _response_type(call) == "RESULT":
        record = call.state.exchange.ledger.order(call.account, wish.symbol, record.order_id) or record
    return render.order_reply(record)


def _response_type(call: Call) -> str:
    response = call.params.get("newOrderRespType", "ACK")
    if response not in ("ACK", "RESULT"):
        raise Fault(400, -1136, "Invalid newOrderRespType.")
    return response


def check_hedge(call: Call) -> None:
    """Whether an account in hedge mode says what it must; it cannot trade here all the same, as positions are one-way.

    Raises Fault for an unknown side (-4060), none (-4061), with `reduceOnly` (-1106), else (-4084). That `reduceOnly`
    is not required was seen on the exchange (nautilus_trader's issue 4231).
    """
    if not call.state.settings_of(call.account).hedge_mode:
        return
    side = call.params.get("positionSide", "BOTH")
    if side not in ("BOTH", "LONG", "SHORT"):
        raise Fault(400, -4060, "Invalid position side.")
    if side == "BOTH":
        raise Fault(400, -4061, "Order's position side does not match user's setting.")
    if call.params.get("reduceOnly"):
        raise Fault(400, -1106, "Parameter 'reduceonly' sent when not required.")
    raise Fault(400, -4084, "Method is not allowed currently. Upcoming soon.")


def check_price_match(match: PriceMatch | None) -> None:
    """Raises Fault (-5037) for one that the venue took off."""
    if match in _WITHDRAWN_MATCHES:
        raise Fault(400, -5037, "Invalid price match")


def _priced(call: Call, terms: Terms) -> Terms:
    """With the price that the book has for the order, if it shall have that."""
    if terms.price_match is None:
        return terms
    return structs.replace(terms, price=_match(call, terms.symbol, terms.side, terms.price_match))


def _match(call: Call, symbol: str, side: Side, match: PriceMatch) -> Decimal:
    venue = call.state.exchange.venues[symbol]
    ticks = venue.matched_ticks(side, match)
    if ticks is None:
        raise refused(Refusal.NO_DEPTH)
    return venue.price(ticks)


def good_till(call: Call, terms: Terms) -> int:
    """When an order ends by itself; 0 for never.

    Raises Fault (-5040) for a time too near or too far.
    """
    if terms.good_till_ms is None:
        return 0
    if not call.now_ms + _MIN_GOOD_TILL_MS < terms.good_till_ms < _MAX_GOOD_TILL_MS:
        text = "The goodTillDate timestamp must be greater than the current time plus 600 seconds"
        raise Fault(400, -5040, text + " and smaller than 253402300799000 (UTC 9999-12-31 23:59:59)")
    return terms.good_till_ms


def _check_filters(call: Call, terms: Terms, open_orders: int) -> None:
    venue = call.state.exchange.venues[terms.symbol]
    stopped = status_refusal(venue)
    if stopped is not None:
        raise refused(stopped)
    best = venue.book.best(terms.side.opposite)
    broken = filters.check_order(
        FILTERS,
        venue.instrument,
        terms,
        mark_px=venue.mark.px,
        counter_px=None if best is None else venue.price(best),
        open_orders=open_orders,
    )
    if broken is not None:
        raise Fault(400, broken.code, broken.message)


# --- changing


def modify(call: Call) -> OrderReply:
    """`PUT /fapi/v1/order` and `order.modify`.

    Raises Fault or VenueError for anything the venue refuses; the order then stays as it is.
    """
    asked = requests.parse_replace(call.params.values)
    call.state.limits.spend_order(call.account, call.now_ms)
    return _amend(call, asked)


def modify_uncounted(call: Call) -> OrderReply:
    """A change in a batch, which was counted as a whole."""
    return _amend(call, requests.parse_replace(call.params.values))


def _amend(call: Call, asked: ReplaceOrder) -> OrderReply:
    symbol, exchange = call.symbol(), call.state.exchange
    order_id, client_order_id = either_id(call)
    record = exchange.ledger.order(call.account, symbol, order_id, client_order_id)
    if record is None or not record.status.is_open:
        raise Fault(400, -2013, "Order does not exist.")
    check_price_match(asked.price_match)
    px = asked.price if asked.price_match is None else _match(call, symbol, asked.side, asked.price_match)
    if record.order_type is OrderType.LIMIT and asked.order_qty > record.cum_qty:
        _check_change(call, record, asked.order_qty, px)
    wish = NewAmend(
        call.account, symbol, asked.side, asked.order_qty, px, record.order_id, None, asked.revision, asked.price_match
    )
    events = exchange.amend(wish, call.now_ns)
    call.state.happened += events
    first = events[0]
    if isinstance(first, ChangeRefused):
        raise refused(first.refusal)
    assert isinstance(first, Amended | Canceled)
    return render.amend_reply(structs.replace(first.order, modify_id=asked.revision))


def _check_change(call: Call, record: OrderRecord, qty: Decimal, px: Decimal | None) -> None:
    venue = call.state.exchange.venues[record.symbol]
    if not venue.instrument.is_trading:
        raise Fault(400, -5024, "Symbol is not in trading status. Order amendment is not permitted.")
    terms = Terms(
        record.symbol,
        record.side,
        record.order_type,
        qty,
        px,
        record.time_in_force,
        post_only=record.post_only,
        reduce_only=record.reduce_only,
        good_till_ms=record.good_till_ms,
    )
    try:
        _check_filters(call, terms, 0)
    except Fault as fault:
        if fault.code in _ORDER_UNCHANGED:
            text = f"Order's notional must be no smaller than {venue.instrument.min_notional}"
            raise Fault(400, _ORDER_UNCHANGED[fault.code], text) from None
        raise


# --- cancelling


def cancel(call: Call) -> OrderReply:
    """`DELETE /fapi/v1/order` and `order.cancel`.

    Raises Fault (-2011) when there is nothing to cancel.
    """
    order_id, client_order_id = either_id(call)
    return cancel_uncounted(call, order_id, client_order_id)


def cancel_uncounted(call: Call, order_id: int | None, client_order_id: str | None) -> OrderReply:
    """Cancel one order by either id.

    Raises Fault (-2011) when there is nothing to cancel.
    """
    events = call.state.exchange.cancel(
        call.account, call.symbol(), call.now_ns, order_id=order_id, client_order_id=client_order_id
    )
    call.state.happened += events
    first = events[0]
    if isinstance(first, CancelRefused):
        raise refused(Refusal.UNKNOWN_ORDER)
    assert isinstance(first, Canceled)
    return render.order_reply(first.order)


def cancel_all(call: Call) -> Done:
    """`DELETE /fapi/v1/allOpenOrders`: conditional orders, which have a call of their own, stay."""
    call.state.happened += call.state.exchange.cancel_all(call.account, call.symbol(), call.now_ns)
    return Done(code=200, msg="The operation of cancel all open order is done.")


def count_down(call: Call) -> CountdownCancelAll:
    """`POST /fapi/v1/countdownCancelAll`."""
    symbol, countdown_ms = call.symbol(), call.params.integer("countdownTime")
    call.state.exchange.count_down(call.account, symbol, countdown_ms, call.now_ns)
    return CountdownCancelAll(symbol=symbol, countdown_time=str(countdown_ms))


def either_id(call: Call) -> tuple[int | None, str | None]:
    """Which order is meant: by the venue's id if there is one, else by the client's.

    Raises VenueError (-1102) when neither is given.
    """
    named = requests.parse_cancel(call.params.values)
    order_id = None if named.venue_order_id is None else int(named.venue_order_id)
    return order_id, named.client_order_id or None
