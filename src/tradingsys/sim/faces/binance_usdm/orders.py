"""Placing, cancelling and asking for orders: the same for REST and WS-API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from msgspec import Struct

from tradingsys.core.enums import OrderType, SelfTradePrevention, TimeInForce
from tradingsys.core.order import Terms
from tradingsys.sim.events import Accepted, Canceled, CancelRefused, ExchangeEvent, NewOrder, OrderRecord, Rejected
from tradingsys.sim.faces.binance_usdm import render
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.sim.faces.binance_usdm.faults import REFUSALS, Fault, malformed
from tradingsys.venues.binance import filters, requests
from tradingsys.venues.binance.messages import ErrorBody, OrderReply
from tradingsys.venues.binance.usdm import FILTERS

__all__ = ["all_orders", "cancel", "cancel_all", "open_order", "open_orders", "place", "query", "time_window"]

_DAY_MS = 24 * 3_600_000
_LONGEST_WINDOW_MS = 7 * _DAY_MS
_MIN_GOOD_TILL_MS = 600_000
_MAX_GOOD_TILL_MS = 253_402_300_799_000
_DEFAULT_PREVENTION = SelfTradePrevention.EXPIRE_MAKER


class _Wish(Struct, frozen=True):
    """An order as its parameters say it."""

    terms: Terms
    client_order_id: str
    good_till_ms: int
    wants_result: bool


def place(call: Call) -> OrderReply:
    """`POST /fapi/v1/order` and `order.place`.

    Raises Fault for anything the venue refuses.
    """
    symbol = call.symbol()
    wish = _parse(call)
    terms = wish.terms
    _check_filters(call, terms)
    call.state.limits.spend_order(call.account, call.now_ms)
    request = NewOrder(
        account=call.account,
        symbol=symbol,
        side=terms.side,
        order_type=terms.order_type,
        qty=terms.order_qty,
        px=terms.price,
        time_in_force=terms.time_in_force or TimeInForce.GTC,
        post_only=terms.post_only,
        reduce_only=terms.reduce_only,
        client_order_id=wish.client_order_id,
        self_trade_prevention=terms.self_trade_prevention or _DEFAULT_PREVENTION,
        good_till_ms=wish.good_till_ms,
    )
    events = call.state.exchange.place(request, call.now_ns)
    call.state.happened += events
    first = events[0]
    if isinstance(first, Rejected):
        code, message = REFUSALS[first.refusal]
        raise Fault(400, code, message)
    assert isinstance(first, Accepted)
    record = first.order
    ends_at_once = terms.order_type is OrderType.MARKET or terms.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
    if wish.wants_result and ends_at_once:
        record = call.state.exchange.ledger.order(call.account, symbol, record.order_id) or record
    return render.order_reply(record)


def _parse(call: Call) -> _Wish:
    params = call.params
    placed = requests.parse_place(params.values)
    terms = placed.terms
    # Only one-way positions exist here: an account switched to hedge mode cannot trade.
    if call.state.settings_of(call.account).hedge_mode:
        raise Fault(400, -4061, "Order's position side does not match user's setting.")
    if params.get("priceMatch", "NONE") != "NONE":
        raise malformed("priceMatch")
    response = params.get("newOrderRespType", "ACK")
    if response not in ("ACK", "RESULT"):
        raise malformed("newOrderRespType")
    good_till_ms = _good_till_ms(call, terms.time_in_force)
    return _Wish(terms, placed.client_order_id, good_till_ms, response == "RESULT")


def _good_till_ms(call: Call, tif: TimeInForce | None) -> int:
    if tif is not TimeInForce.GTD:
        return 0
    until_ms = call.params.integer("goodTillDate")
    if not call.now_ms + _MIN_GOOD_TILL_MS < until_ms < _MAX_GOOD_TILL_MS:
        text = "The goodTillDate timestamp must be greater than the current time plus 600 seconds"
        raise Fault(400, -5040, text + " and smaller than 253402300799000")
    return until_ms // 1000 * 1000


def _check_filters(call: Call, terms: Terms) -> None:
    exchange = call.state.exchange
    venue = exchange.venues[terms.symbol]
    best = venue.book.best(terms.side.opposite)
    refused = filters.check_order(
        FILTERS,
        venue.instrument,
        terms,
        mark_px=venue.mark.px,
        counter_px=None if best is None else venue.price(best),
        open_orders=len(exchange.open_orders(call.account, terms.symbol)),
    )
    if refused is not None:
        raise Fault(400, refused.code, refused.message)


def cancel(call: Call) -> OrderReply:
    """`DELETE /fapi/v1/order` and `order.cancel`.

    Raises Fault (-2011) when there is nothing to cancel.
    """
    symbol = call.symbol()
    order_id, client_order_id = _either_id(call)
    events = call.state.exchange.cancel(
        call.account, symbol, call.now_ns, order_id=order_id, client_order_id=client_order_id
    )
    call.state.happened += events
    first = events[0]
    if isinstance(first, CancelRefused):
        _unknown_to_cancel()
    assert isinstance(first, Canceled)
    return render.order_reply(first.order)


def _unknown_to_cancel() -> NoReturn:
    raise Fault(400, -2011, "Unknown order sent.")


def cancel_all(call: Call) -> ErrorBody:
    """`DELETE /fapi/v1/allOpenOrders`."""
    events: list[ExchangeEvent] = call.state.exchange.cancel_all(call.account, call.symbol(), call.now_ns)
    call.state.happened += events
    return ErrorBody(code=200, msg="The operation of cancel all open order is done.")


def query(call: Call) -> OrderReply:
    """`GET /fapi/v1/order` and `order.status`: open or not.

    Raises Fault (-2013).
    """
    return render.order_query(_find(call))


def open_order(call: Call) -> OrderReply:
    """`GET /fapi/v1/openOrder`.

    Raises Fault (-2013) when the order is not open.
    """
    record = _find(call)
    if not record.status.is_open:
        raise Fault(400, -2013, "Order does not exist.")
    return render.order_query(record)


def open_orders(call: Call) -> list[OrderReply]:
    """`GET /fapi/v1/openOrders`, of one symbol or all."""
    records = call.state.exchange.open_orders(call.account, call.maybe_symbol())
    return [render.order_query(record) for record in records]


def all_orders(call: Call) -> list[OrderReply]:
    """`GET /fapi/v1/allOrders`: from an order id on, or within a time window, else the newest."""
    params, ledger = call.params, call.state.exchange.ledger
    from_id = params.maybe_integer("orderId")
    start_ms, end_ms = time_window(call)
    limit = call.limit(500, 1000)
    symbol = call.maybe_symbol()
    names = [symbol] if symbol is not None else list(ledger.symbols(call.account))
    rows = [
        record
        for name in names
        for record in ledger.orders(call.account, name, from_id or 0)
        if from_id is not None or start_ms <= render.ms(record.created_ns) <= end_ms
    ]
    rows.sort(key=lambda record: (record.created_ns, record.order_id))
    oldest_first = from_id is not None or bool(params.get("startTime"))
    return [render.order_query(record) for record in _page(rows, limit, oldest_first=oldest_first)]


def _page(rows: Sequence[OrderRecord], limit: int, *, oldest_first: bool) -> Sequence[OrderRecord]:
    return rows[:limit] if oldest_first else rows[-limit:]


def time_window(call: Call) -> tuple[int, int]:
    """Start and end in ms; a week at most.

    Raises Fault (-1127) for a longer one.
    """
    params = call.params
    end_ms = params.optional_integer("endTime", call.now_ms)
    start_ms = params.optional_integer("startTime", end_ms - _LONGEST_WINDOW_MS)
    if not params.get("endTime"):
        end_ms = min(end_ms, start_ms + _LONGEST_WINDOW_MS)
    if end_ms - start_ms > _LONGEST_WINDOW_MS:
        raise Fault(400, -1127, "More than 168 hours between startTime and endTime.")
    return start_ms, end_ms


def _find(call: Call) -> OrderRecord:
    symbol = call.symbol()
    order_id, client_order_id = _either_id(call)
    record = call.state.exchange.ledger.order(call.account, symbol, order_id, client_order_id)
    if record is None:
        raise Fault(400, -2013, "Order does not exist.")
    return record


def _either_id(call: Call) -> tuple[int | None, str | None]:
    named = requests.parse_cancel(call.params.values)
    order_id = None if named.venue_order_id is None else int(named.venue_order_id)
    return order_id, named.client_order_id or None
