"""Orders of a margin account: spot's, and what else they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import UNSET, structs

from tradingsys.core.enums import SideEffect
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.binance_spot import order_lists, order_reads, orders, render
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.order_records import OrderRecord
from tradingsys.sim.spot_exchange import margin_name
from tradingsys.venues.binance import encode_spot
from tradingsys.venues.binance.messages import spot

__all__ = [
    "all_orders",
    "as_margin",
    "borrows",
    "cancel",
    "cancel_all",
    "cancel_list",
    "list_of",
    "lists_of",
    "my_trades",
    "open_orders",
    "place",
    "place_list",
    "query",
]

Answer = Callable[[Call], object]

_AT_MARKET = frozenset({"STOP_LOSS", "TAKE_PROFIT"})


def as_margin(answer: Answer) -> Answer:
    """The same answer about the caller's margin account.

    Raises Fault for isolated margin (-11001), which nobody has here.
    """

    def answered(call: Call) -> object:
        if call.params.get("isIsolated", "FALSE").upper() == "TRUE":
            raise Fault(400, -11001, "Isolated margin account does not exist.")
        return answer(Call(call.state, call.params, call.now_ns, margin_name(call.account), call.api_key))

    return answered


def borrows(params: Params) -> bool:
    """Whether an order may borrow."""
    return params.get("sideEffectType") in (SideEffect.MARGIN_BUY, "AUTO_BORROW_REPAY")


def _check_pair(call: Call) -> None:
    """Raises Fault (-3028) for a symbol that is not traded on margin."""
    if not call.state.markets[call.symbol()].margin:
        raise Fault(400, -3028, "Not a valid margin pair.")


def place(call: Call) -> spot.OrderReply:
    """`POST /sapi/v1/margin/order`.

    Raises Fault for anything the venue refuses.
    """
    _check_pair(call)
    told = orders.place(call)
    assert isinstance(told.order_id, int)
    record = call.state.exchange.ledger.order(call.account, told.symbol, told.order_id)
    borrowed = record is not None and record.borrowed
    # The documented answer has no place for what triggers an order, or for what is shown of it.
    unsaid = structs.replace(told, stop_price=UNSET, trailing_delta=UNSET, trailing_time=UNSET, iceberg_qty=UNSET)
    return encode_spot.in_margin(
        unsaid,
        borrowed_qty=record.borrowed if record is not None and borrowed else None,
        borrowed_asset=record.borrowed_asset if record is not None and borrowed else None,
    )


def cancel(call: Call) -> spot.OrderReply:
    """`DELETE /sapi/v1/margin/order`.

    Raises Fault (-2011) when there is nothing to cancel.
    """
    return encode_spot.in_margin(orders.cancel(call))


def cancel_all(call: Call) -> list[spot.OrderReply | spot.OrderList]:
    """`DELETE /sapi/v1/margin/openOrders`.

    Raises Fault (-2011) when there is nothing to cancel.
    """
    return [
        structs.replace(_less(each), is_isolated=False) if isinstance(each, spot.OrderReply) else _isolated_not(each)
        for each in orders.cancel_all(call)
    ]


def query(call: Call) -> spot.OrderReply:
    """`GET /sapi/v1/margin/order`.

    Raises Fault (-2013).
    """
    return encode_spot.in_margin(order_reads.query(call))


def open_orders(call: Call) -> list[spot.OrderReply]:
    """`GET /sapi/v1/margin/openOrders`, of one symbol or all."""
    return [encode_spot.in_margin(each) for each in order_reads.open_orders(call)]


def all_orders(call: Call) -> list[spot.OrderReply]:
    """`GET /sapi/v1/margin/allOrders`."""
    return [encode_spot.in_margin(each) for each in order_reads.all_orders(call)]


def my_trades(call: Call) -> list[spot.UserTrade]:
    """`GET /sapi/v1/margin/myTrades`."""
    return [render.user_trade(row, is_margin=True) for row in order_reads.executions(call)]


# --- lists


def place_list(answer: Callable[[Call], spot.OrderList]) -> Answer:
    """A list placed as on spot, told as on margin."""

    def placed(call: Call) -> spot.OrderList:
        _check_pair(call)
        told = answer(_as_on_spot(call))
        records = _records(call, told)
        borrowed = [record for record in records if record.borrowed]
        return structs.replace(
            _isolated_not(told),
            margin_buy_borrow_amount=format(borrowed[0].borrowed, ".8f") if borrowed else UNSET,
            margin_buy_borrow_asset=borrowed[0].borrowed_asset if borrowed else UNSET,
        )

    return placed


def _as_on_spot(call: Call) -> Call:
    """Without the price that margin wants of every order that waits and trails, where its type has none.

    Raises Fault (-1102) when that price is missing.
    """
    given = call.params
    said = dict(given.values)
    for prefix in ("pending", "pendingAbove", "pendingBelow"):
        if given.get(f"{prefix}TrailingDelta"):
            given.text(f"{prefix}Price")
            if given.get(f"{prefix}Type") in _AT_MARKET:
                del said[f"{prefix}Price"]
    return Call(call.state, Params(said), call.now_ns, call.account, call.api_key)


def _records(call: Call, told: spot.OrderList) -> Sequence[OrderRecord]:
    ledger = call.state.exchange.ledger
    found = (ledger.order(call.account, row.symbol, row.order_id) for row in told.orders)
    return [record for record in found if record is not None]


def cancel_list(call: Call) -> spot.OrderList:
    """`DELETE /sapi/v1/margin/orderList`.

    Raises Fault (-2011) when there is nothing to cancel.
    """
    return _isolated_not(order_lists.cancel_list(call))


def list_of(call: Call) -> spot.OrderList:
    """`GET /sapi/v1/margin/orderList`.

    Raises Fault (-2018) when there is none.
    """
    return _isolated_not(order_lists.query_list(call))


def lists_of(answer: Callable[[Call], list[spot.OrderList]]) -> Answer:
    """Lists asked for as on spot, told as on margin."""
    return lambda call: [_isolated_not(each) for each in answer(call)]


def _less(report: spot.OrderReply) -> spot.OrderReply:
    """Margin tells less of a list's orders than spot, and of a cancellation no time."""
    is_cancellation = report.orig_client_order_id is not UNSET
    return structs.replace(
        report,
        transact_time=UNSET if is_cancellation else report.transact_time,
        working_time=UNSET,
        orig_quote_order_qty=UNSET,
    )


def _isolated_not(told: spot.OrderList) -> spot.OrderList:
    reports = told.order_reports
    if reports is not UNSET:
        reports = [_less(each) for each in reports]
    return structs.replace(told, is_isolated=False, order_reports=reports)
