"""Orders that depend on each other: placing, cancelling and asking for lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tradingsys.core.enums import Contingency, OrderStatus, Side
from tradingsys.sim.asset_events import ListChanged, ListRejected
from tradingsys.sim.events import Accepted, Canceled, CancelRefused, ExchangeEvent
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.binance_spot import order_reads, orders, render
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.faces.binance_spot.new_orders import new_order
from tradingsys.sim.faces.binance_spot.refusals import refused
from tradingsys.sim.order_lists import NewOrderList, OrderListRecord
from tradingsys.sim.order_records import NewOrder, OrderRecord
from tradingsys.sim.refusals import Refusal
from tradingsys.venues.binance import margin_requests, spot_lists
from tradingsys.venues.binance.messages import spot
from tradingsys.venues.binance.params import SPOT_CLIENT_ID, client_id

__all__ = [
    "all_lists",
    "cancel_list",
    "cancel_of_list",
    "open_lists",
    "place_oco",
    "place_older_oco",
    "place_opo",
    "place_opoco",
    "place_oto",
    "place_otoco",
    "query_list",
]

_PREFIXES = {
    Contingency.OCO: ("above", "below"),
    Contingency.OTO: ("working", "pending"),
    Contingency.OTOCO: ("working", "pendingAbove", "pendingBelow"),
}
_UNPAID_QTY = "pendingQuantity"
_OLDER_PREFIXES = ("limit", "stop")


# --- placing


def place_oco(call: Call) -> spot.OrderList:
    """`POST /api/v3/orderList/oco` and `orderList.place.oco`: an order above the market, and one below.

    Raises Fault or VenueError for anything the venue refuses.
    """
    return _place(call, Contingency.OCO)


def place_older_oco(call: Call) -> spot.OrderList:
    """`POST /api/v3/order/oco` and `orderList.place`: a limit order that makes, and a stop, with the names of before.

    Raises Fault or VenueError for anything the venue refuses.
    """
    placed = margin_requests.parse_older_oco(call.params.values).orders
    limit, stop = (new_order(call, leg, prefix) for leg, prefix in zip(placed, _OLDER_PREFIXES, strict=True))
    return _enter(call, Contingency.OCO, (limit, stop) if limit.side is Side.SELL else (stop, limit))


def place_oto(call: Call) -> spot.OrderList:
    """`POST /api/v3/orderList/oto` and `orderList.place.oto`: the second is placed when the first is filled.

    Raises Fault or VenueError for anything the venue refuses.
    """
    return _place(call, Contingency.OTO)


def place_otoco(call: Call) -> spot.OrderList:
    """`POST /api/v3/orderList/otoco` and `orderList.place.otoco`: a pair is placed when the first is filled.

    Raises Fault or VenueError for anything the venue refuses.
    """
    return _place(call, Contingency.OTOCO)


def place_opo(call: Call) -> spot.OrderList:
    """`POST /api/v3/orderList/opo` and `orderList.place.opo`: the second sells what the first bought.

    Raises Fault or VenueError for anything the venue refuses.
    """
    return _place_paying(call, Contingency.OTO)


def place_opoco(call: Call) -> spot.OrderList:
    """`POST /api/v3/orderList/opoco` and `orderList.place.opoco`: a pair of which one sells what the first bought.

    Raises Fault or VenueError for anything the venue refuses.
    """
    return _place_paying(call, Contingency.OTOCO)


def _place(call: Call, contingency: Contingency) -> spot.OrderList:
    placed = spot_lists.parse_list(contingency, call.params.values).orders
    legs = zip(placed, _PREFIXES[contingency], strict=True)
    return _enter(call, contingency, [new_order(call, leg, prefix) for leg, prefix in legs])


def _place_paying(call: Call, contingency: Contingency) -> spot.OrderList:
    """Of the orders that wait nobody says how large they are: in the words of the codec, as large as the first."""
    given = call.params
    said = {**given.values, _UNPAID_QTY: given.text("workingQuantity")}
    first, *others = spot_lists.parse_list(contingency, said).orders
    if first.terms.side is not Side.BUY:
        raise Fault(400, -1222, "Working order in an OPO list must be a bid.")
    if any(leg.terms.side is not Side.SELL for leg in others):
        raise Fault(400, -1223, "Pending orders in an OPO list must be asks.")
    prefix, *prefixes = _PREFIXES[contingency]
    waiting = [new_order(call, leg, name, unpaid=True) for leg, name in zip(others, prefixes, strict=True)]
    return _enter(call, contingency, [new_order(call, first, prefix), *waiting], pays_other=True)


def _enter(
    call: Call, contingency: Contingency, legs: Sequence[NewOrder], *, pays_other: bool = False
) -> spot.OrderList:
    given = call.params
    kind = _response_type(given)
    if call.state.limits.is_spent(call.account, call.now_ms):
        orders.count(call)
    own_id = client_id(given.values, "listClientOrderId", SPOT_CLIENT_ID)
    wish = NewOrderList(call.account, legs[0].symbol, contingency, tuple(legs), own_id, pays_other)
    events = call.state.happen(call.state.exchange.place_list(wish, call.now_ns))
    first = events[0]
    if isinstance(first, ListRejected):
        raise refused(first.refusal)
    assert isinstance(first, ListChanged)
    orders.count(call, len(legs))
    accepted = {event.order.order_id: event.order for event in reversed(events) if isinstance(event, Accepted)}
    placed = [accepted[leg.order_id] for leg in first.record.legs]
    # What waits is told as it was, also when its turn has come already.
    reports = [
        render.order_reply(kind, record, ())
        if record.status is OrderStatus.PENDING_NEW
        else orders.reply(call, kind, record, events)
        for record in placed
    ]
    return render.list_reply(first.record, call.state.exchange.ledger, reports)


def _response_type(given: Params) -> str:
    kind = given.get("newOrderRespType", "RESULT")
    if kind not in ("ACK", "RESULT", "FULL"):
        raise Fault(400, -1130, "Data sent for parameter 'newOrderRespType' is not valid.")
    return kind


# --- cancelling


def cancel_list(call: Call) -> spot.OrderList:
    """`DELETE /api/v3/orderList` and `orderList.cancel`.

    Raises Fault (-2011) when there is nothing to cancel.
    """
    given, symbol, exchange = call.params, call.symbol(), call.state.exchange
    list_id, client_list_id = given.maybe_integer("orderListId"), given.get("listClientOrderId")
    if list_id is None and not client_list_id:
        raise Fault(400, -1102, "Param 'orderListId' or 'listClientOrderId' must be sent, but both were empty/null!")
    found = exchange.ledger.order_list(call.account, list_id, client_list_id)
    if found is None or found.symbol != symbol or client_list_id not in ("", found.client_list_id):
        raise refused(Refusal.UNKNOWN_LIST)
    cancel_id = client_id(given.values, "newClientOrderId", SPOT_CLIENT_ID) or call.state.made_id()
    orders.name_open(call, symbol, (leg.order_id for leg in found.legs), cancel_id)
    events = call.state.happen(exchange.cancel_list(call.account, symbol, call.now_ns, list_id=found.list_id))
    if isinstance(events[0], CancelRefused):
        raise refused(Refusal.UNKNOWN_LIST)
    return _canceled(call, found, events, cancel_id)


def cancel_of_list(call: Call) -> spot.OrderReply | spot.OrderList:
    """`order.cancel`: an order, or when it belongs to a list, the list.

    Raises Fault (-2011) when there is nothing to cancel.
    """
    told, events = orders.cancel_one(call)
    found = call.state.exchange.ledger.lists.get(told.order_list_id or -1)
    return told if found is None else _canceled(call, found, events, told.client_order_id)


def _canceled(call: Call, found: OrderListRecord, events: Iterable[ExchangeEvent], cancel_id: str) -> spot.OrderList:
    ledger = call.state.exchange.ledger
    mine = {leg.order_id for leg in found.legs}
    ended: list[OrderRecord] = [
        event.order for event in events if isinstance(event, Canceled) and event.order.order_id in mine
    ]
    return render.list_reply(
        ledger.lists.get(found.list_id, found), ledger, [render.cancel_reply(order, cancel_id) for order in ended]
    )


# --- asking


def query_list(call: Call) -> spot.OrderList:
    """`GET /api/v3/orderList` and `orderList.status`.

    Raises Fault (-2018) when there is none.
    """
    given, ledger = call.params, call.state.exchange.ledger
    list_id, client_list_id = given.maybe_integer("orderListId"), given.get("origClientOrderId")
    if list_id is None and not client_list_id:
        raise Fault(400, -1102, "Param 'orderListId' or 'origClientOrderId' must be sent, but both were empty/null!")
    found = ledger.order_list(call.account, list_id, client_list_id)
    if found is None or call.state.troubles.hides(found.created_ns, call.now_ns):
        raise Fault(400, -2018, "Order list does not exist.")
    return render.list_reply(found, ledger)


def open_lists(call: Call) -> list[spot.OrderList]:
    """`GET /api/v3/openOrderList` and `openOrderLists.status`."""
    ledger = call.state.exchange.ledger
    return [
        render.list_reply(record, ledger)
        for record in call.state.exchange.open_lists(call.account, call.maybe_symbol())
        if not call.state.troubles.hides(record.created_ns, call.now_ns)
    ]


def all_lists(call: Call) -> list[spot.OrderList]:
    """`GET /api/v3/allOrderList` and `allOrderLists`: from an id on, or within a day, else the newest."""
    ledger, from_id = call.state.exchange.ledger, call.params.maybe_integer("fromId")
    window = order_reads.day_window(call)
    if from_id is not None and window is not None:
        raise Fault(400, -1128, "Combination of optional parameters invalid.")
    rows = [
        record
        for record in ledger.lists.values()
        if record.account == call.account
        and (from_id is None or record.list_id >= from_id)
        and (window is None or window[0] <= ms(record.created_ns) <= window[1])
    ]
    chosen = order_reads.page(call, rows, is_counted=from_id is not None)
    return [render.list_reply(record, ledger) for record in chosen]
