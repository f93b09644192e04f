"""Placing, replacing, changing and cancelling orders: the same for REST and WS-API, for spot and for margin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tradingsys.core.commands import CancelOrder
from tradingsys.core.enums import OrderType
from tradingsys.sim.asset_events import Prevented
from tradingsys.sim.events import (
    Accepted,
    Amended,
    Canceled,
    CancelRefused,
    ChangeRefused,
    ExchangeEvent,
    Executed,
    Expired,
    Rejected,
)
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.binance_spot import account_reads, render
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.faces.binance_spot.new_orders import new_order
from tradingsys.sim.faces.binance_spot.refusals import AMEND_REFUSALS, REFUSALS, filter_failure, refused
from tradingsys.sim.order_records import Execution, NewAmend, NewOrder, OrderRecord
from tradingsys.sim.refusals import Refusal
from tradingsys.venues.binance import requests, spot_requests
from tradingsys.venues.binance.messages import Nothing, spot
from tradingsys.venues.binance.params import SPOT_CLIENT_ID, client_id

__all__ = [
    "AMEND_WEIGHT",
    "amend",
    "cancel",
    "cancel_all",
    "cancel_one",
    "count",
    "enter",
    "executions_of",
    "find_open",
    "name_cancels",
    "name_open",
    "named",
    "place",
    "place_test",
    "response_type",
    "wished",
]

_FULL_BY_DEFAULT = frozenset({OrderType.LIMIT, OrderType.MARKET})
_RESPONSES = ("ACK", "RESULT", "FULL")
AMEND_WEIGHT = 4
"""Of an amend, but for one that ends its order."""
_STATUS_OF = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}


# --- placing


def place(call: Call) -> spot.OrderReply:
    """`POST /api/v3/order` and `order.place`.

    Raises Fault or VenueError for anything the venue refuses.
    """
    wish = wished(call)
    kind = response_type(call.params, wish)
    return reply(call, kind, *enter(call, wish))


def reply(call: Call, kind: str, record: OrderRecord, events: Sequence[ExchangeEvent]) -> spot.OrderReply:
    """What is told of an order that was placed: as it is after all that its placing caused."""
    now = call.state.exchange.ledger.order(call.account, record.symbol, record.order_id) or record
    matches = (event.match for event in events if isinstance(event, Prevented))
    # Both of its orders tell of one.
    met = {match.match_id: match for match in matches if match.taker_id == record.order_id}
    return render.order_reply(kind, now, executions_of(record.order_id, events), list(met.values()))


def place_test(call: Call) -> object:
    """`POST /api/v3/order/test` and `order.test`: every check but the account's, and nothing happens."""
    wish = wished(call)
    response_type(call.params, wish)
    if not call.params.flag("computeCommissionRates"):
        return Nothing()
    fees = call.state.exchange.fees
    rates = {
        "maker": format(fees.rate(wish.side, is_maker=True), "f"),
        "taker": format(fees.rate(wish.side, is_maker=False), "f"),
    }
    nothing = dict.fromkeys(rates, "0.00000000")
    return {
        "standardCommissionForOrder": rates,
        "specialCommissionForOrder": nothing,
        "taxCommissionForOrder": nothing,
        "discount": account_reads.discount(call),
    }


def wished(call: Call) -> NewOrder:
    """The order that is asked for.

    Raises Fault or VenueError for anything that is wrong with it.
    """
    return new_order(call, spot_requests.parse_place(call.params.values))


def count(call: Call, orders: int = 1) -> None:
    """Count new orders.

    Raises Fault (-1015) when they are too many.
    """
    call.state.limits.spend_order(call.account, call.now_ms, orders, orders)


def enter(call: Call, wish: NewOrder) -> tuple[OrderRecord, list[ExchangeEvent]]:
    """Give an order to the exchange.

    Raises Fault.
    """
    if call.state.limits.is_spent(call.account, call.now_ms):
        count(call)
    events = call.state.happen(call.state.exchange.place(wish, call.now_ns))
    first = events[0]
    if isinstance(first, Rejected):
        raise refused(first.refusal)
    assert isinstance(first, Accepted)
    count(call)
    return first.order, events


def executions_of(order_id: int, events: Iterable[ExchangeEvent]) -> list[Execution]:
    """What an order executed, of what happened."""
    return [event.execution for event in events if isinstance(event, Executed) and event.execution.order_id == order_id]


def response_type(given: Params, wish: NewOrder) -> str:
    """How much is to be told of a new order.

    Raises Fault (-1130) for nobody's word.
    """
    is_full = wish.order_type in _FULL_BY_DEFAULT and not wish.post_only
    kind = given.get("newOrderRespType", "FULL" if is_full else "ACK")
    if kind not in _RESPONSES:
        raise malformed("newOrderRespType")
    return kind


# --- cancelling


def cancel(call: Call) -> spot.OrderReply:
    """`DELETE /api/v3/order`.

    Raises Fault (-2011) when there is nothing to cancel.
    """
    return cancel_one(call)[0]


def cancel_one(call: Call) -> tuple[spot.OrderReply, list[ExchangeEvent]]:
    """Cancel the order that the parameters name, and with it the list it belongs to.

    Raises Fault (-2011, -2039) when there is nothing to cancel, (-1145) for nobody's restriction, and VenueError.
    """
    given = call.params
    symbol = call.symbol()
    order_id, client_order_id = named(requests.parse_cancel(given.values))
    wanted = _restriction(given)
    record = find_open(call, symbol, order_id, client_order_id)
    if wanted not in (None, record.status.value):
        raise Fault(400, -2011, "Order was not canceled due to cancel restrictions.")
    cancel_id = client_id(given.values, "newClientOrderId", SPOT_CLIENT_ID) or call.state.made_id()
    name_cancels(call, record, cancel_id)
    events = call.state.happen(call.state.exchange.cancel(call.account, symbol, call.now_ns, order_id=record.order_id))
    first = events[0]
    if isinstance(first, CancelRefused):
        raise refused(Refusal.UNKNOWN_ORDER)
    assert isinstance(first, Canceled)
    return render.cancel_reply(first.order, cancel_id), events


def named(order: CancelOrder) -> tuple[int | None, str | None]:
    """By which ids an order is named: by the exchange's, by the client's, or by both."""
    return None if order.venue_order_id is None else int(order.venue_order_id), order.client_order_id or None


def find_open(call: Call, symbol: str, order_id: int | None, client_order_id: str | None) -> OrderRecord:
    """An open order: by the exchange's id, which the client's must belong to, or by the client's alone.

    Raises Fault (-2011, -2039).
    """
    for record in call.state.exchange.open_orders(call.account, symbol):
        if order_id is None and record.client_order_id == client_order_id:
            return record
        if record.order_id == order_id:
            if client_order_id is not None and record.client_order_id != client_order_id:
                raise Fault(400, -2039, "Client order ID is not correct for this order ID.")
            return record
    raise refused(Refusal.UNKNOWN_ORDER)


def _restriction(given: Params) -> str | None:
    """The status that an order must have to be cancelled, if any.

    Raises Fault (-1145) for nobody's restriction.
    """
    word = given.get("cancelRestrictions")
    if word and word not in _STATUS_OF:
        raise Fault(400, -1145, "Invalid cancelRestrictions")
    return _STATUS_OF.get(word)


def name_cancels(call: Call, record: OrderRecord, cancel_id: str) -> None:
    """Give a cancellation its client id: of an order, and of those that go with it."""
    lists = call.state.exchange.ledger.lists
    legs = lists[record.list_id].legs if record.list_id in lists else ()
    name_open(call, record.symbol, {record.order_id, *(leg.order_id for leg in legs)}, cancel_id)


def name_open(call: Call, symbol: str, order_ids: Iterable[int], cancel_id: str) -> None:
    """Give the cancellations of those of these orders that are open their client id."""
    is_open = call.state.exchange.venues[symbol].open
    for order_id in order_ids:
        if order_id in is_open:
            call.state.cancel_ids[symbol, order_id] = cancel_id


def cancel_all(call: Call) -> list[spot.OrderReply | spot.OrderList]:
    """`DELETE /api/v3/openOrders` and `openOrders.cancelAll`: orders, and lists as wholes.

    Raises Fault (-2011) when there is nothing to cancel.
    """
    symbol, exchange = call.symbol(), call.state.exchange
    records = exchange.open_orders(call.account, symbol)
    if not records:
        raise refused(Refusal.UNKNOWN_ORDER)
    cancel_id = call.state.made_id()
    for record in records:
        name_cancels(call, record, cancel_id)
    call.state.happen(exchange.cancel_all(call.account, symbol, call.now_ns))
    told: list[spot.OrderReply | spot.OrderList] = []
    for list_id in dict.fromkeys(record.list_id for record in records):
        members = [
            render.cancel_reply(now, cancel_id)
            for record in records
            if record.list_id == list_id
            and (now := exchange.ledger.order(call.account, symbol, record.order_id)) is not None
        ]
        if list_id in exchange.ledger.lists:
            told.append(render.list_reply(exchange.ledger.lists[list_id], exchange.ledger, members))
        else:
            told += members
    return told


# --- changing


def amend(call: Call) -> spot.AmendReply:
    """`PUT /api/v3/order/amend/keepPriority` and `order.amend.keepPriority`: a smaller quantity.

    Raises Fault or VenueError; the order then stays as it is.
    """
    symbol, exchange = call.symbol(), call.state.exchange
    asked = spot_requests.parse_amend(call.params.values)
    order_id, client_order_id = named(asked.named)
    qty = asked.new_qty
    known = exchange.ledger.order(call.account, symbol, order_id, client_order_id)
    if known is None or not known.status.is_open:
        raise Fault(400, -2013, "Order does not exist.")
    if client_order_id is not None and known.client_order_id != client_order_id:
        raise Fault(400, -2039, "Client order ID is not correct for this order ID.")
    rules = exchange.venues[symbol].instrument
    if qty <= 0:
        raise Fault(400, -1013, "Invalid quantity.")
    if qty < rules.min_qty or qty % rules.lot_size:
        raise filter_failure("LOT_SIZE")
    if known.px is not None and qty * known.px < rules.min_notional:
        raise filter_failure("NOTIONAL")
    wish = NewAmend(
        call.account,
        symbol,
        known.side,
        qty,
        known.px,
        known.order_id,
        new_client_order_id=asked.new_client_order_id or call.state.made_id(),
    )
    events = call.state.happen(exchange.amend(wish, call.now_ns))
    first = events[0]
    if isinstance(first, ChangeRefused):
        code, text = AMEND_REFUSALS.get(first.refusal) or REFUSALS[first.refusal]
        raise Fault(400, code, text)
    in_list = exchange.ledger.lists.get(known.list_id)
    if isinstance(first, Amended) and first.amendment is not None:
        number = first.amendment.amendment_id
        return render.amend_reply(first.order, number, first.amendment.client_order_id, in_list, exchange.ledger)
    assert isinstance(first, Expired)  # nothing is left to trade; the stream is told right after this answer
    call.state.limits.waive(AMEND_WEIGHT, call.now_ms)
    return render.amend_reply(first.order, exchange.next_happening, known.client_order_id, in_list, exchange.ledger)
