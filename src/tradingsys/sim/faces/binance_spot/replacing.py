"""Cancelling one order and placing another in one request."""

from __future__ import annotations

from tradingsys.core.errors import VenueError
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.binance_spot import orders
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.order_records import NewOrder
from tradingsys.venues.binance.messages import spot
from tradingsys.venues.binance.params import SPOT_CLIENT_ID, client_id

__all__ = ["cancel_replace"]

_SUCCESS, _FAILURE, _NOT_ATTEMPTED = "SUCCESS", "FAILURE", "NOT_ATTEMPTED"


def cancel_replace(call: Call) -> spot.CancelReplaced:
    """`POST /api/v3/order/cancelReplace` and `order.cancelReplace`.

    The new order's own checks come first: when it breaks a rule, nothing is cancelled. Raises Fault 409 (-2021) when
    one half succeeded, 400 (-2022) when neither did, with both halves in its data.
    """
    given = call.params
    mode = given.text("cancelReplaceMode")
    if mode not in ("STOP_ON_FAILURE", "ALLOW_FAILURE"):
        raise malformed("cancelReplaceMode")
    beyond_limit = given.get("orderRateLimitExceededMode", "DO_NOTHING")
    if beyond_limit not in ("DO_NOTHING", "CANCEL_ONLY"):
        raise malformed("orderRateLimitExceededMode")
    named = _named(given)
    wish = orders.wished(call)
    kind = orders.response_type(given, wish)
    if call.state.limits.is_spent(call.account, call.now_ms):
        _beyond_limit(call, named, mode, cancels=beyond_limit == "CANCEL_ONLY")
    canceled, problem = _try_cancel(call, named)
    if problem is not None and mode == "STOP_ON_FAILURE":
        orders.count(call)
        raise _partly(canceled, problem, None, None)
    placed, failure = _try_place(call, wish, kind)
    if problem is not None or failure is not None:
        raise _partly(canceled, problem, placed, failure)
    assert canceled is not None and placed is not None
    return spot.CancelReplaced(
        cancel_result=_SUCCESS, new_order_result=_SUCCESS, cancel_response=canceled, new_order_response=placed
    )


def _named(given: Params) -> Params:
    """What is to be cancelled, in the words of a cancellation."""
    names = {
        "symbol": "symbol",
        "cancelOrderId": "orderId",
        "cancelOrigClientOrderId": "origClientOrderId",
        "cancelNewClientOrderId": "newClientOrderId",
        "cancelRestrictions": "cancelRestrictions",
    }
    named = Params({plain: given.values[name] for name, plain in names.items() if name in given.values})
    if not named.get("orderId") and not named.get("origClientOrderId"):
        text = "Param 'cancelOrigClientOrderId' or 'cancelOrderId' must be sent, but both were empty/null!"
        raise Fault(400, -1102, text)
    client_id(named.values, "newClientOrderId", SPOT_CLIENT_ID)
    return named


def _beyond_limit(call: Call, named: Params, mode: str, *, cancels: bool) -> None:
    """Raises Fault: there can be no new order. Of modes that go on after a failure the status tells that one was."""
    try:
        orders.count(call)
    except Fault as fault:
        if not cancels:
            raise
        canceled, problem = _try_cancel(call, named)
        stops = mode == "STOP_ON_FAILURE"
        partly = _partly(canceled, problem, None, None if stops and canceled is None else fault)
        status = 429 if stops else partly.status
        raise Fault(status, partly.code, partly.message, fault.wait, partly.data) from None


def _try_cancel(call: Call, named: Params) -> tuple[spot.OrderReply | None, Fault | None]:
    asked = Call(call.state, named, call.now_ns, call.account, call.api_key)
    try:
        return orders.cancel(asked), None
    except Fault as fault:
        return None, fault
    except VenueError as refused:
        return None, Fault(400, refused.code, refused.message)


def _try_place(call: Call, wish: NewOrder, kind: str) -> tuple[spot.OrderReply | None, Fault | None]:
    try:
        return orders.reply(call, kind, *orders.enter(call, wish)), None
    except Fault as fault:
        return None, fault
    except VenueError as refused:
        return None, Fault(400, refused.code, refused.message)


def _partly(
    canceled: spot.OrderReply | None, problem: Fault | None, placed: spot.OrderReply | None, failure: Fault | None
) -> Fault:
    data = _data(canceled, problem, placed, failure)
    if canceled is None and placed is None:
        return Fault(400, -2022, "Order cancel-replace failed.", data=data)
    return Fault(409, -2021, "Order cancel-replace partially failed.", data=data)


def _data(
    canceled: spot.OrderReply | None, problem: Fault | None, placed: spot.OrderReply | None, failure: Fault | None
) -> dict[str, object]:
    attempted = placed is not None or failure is not None
    return {
        "cancelResult": _SUCCESS if canceled is not None else _FAILURE,
        "newOrderResult": _SUCCESS if placed is not None else _FAILURE if attempted else _NOT_ATTEMPTED,
        "cancelResponse": canceled if problem is None else problem.body(),
        "newOrderResponse": placed if failure is None else failure.body(),
    }
