"""What an amend makes of an order, and which orders can be amended so."""

from __future__ import annotations

from msgspec import structs

from tradingsys.core.enums import OrderType
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.instrument import Instrument, plain
from tradingsys.core.order import Terms
from tradingsys.gateway.views.views import number
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.wire.messages import AmendParams, ErrorCode

__all__ = ["amendable_terms", "amended_terms"]

_INSTEAD = "cancel it and send another"


def amendable_terms(order: TrackedOrder) -> Terms:
    """The terms of an order that can be amended now. Raises InvalidOrder for any other."""
    terms = order.known_terms
    if not order.is_open:
        why = f"the order is {order.status}"
    elif order.in_doubt or terms is None or not order.has_evidence:
        why = "the exchange has not confirmed the order yet: wait for its order push"
    elif not terms.order_type.has_price:
        why = f"only limit orders can be amended, not {terms.order_type}: {_INSTEAD}"
    elif order.is_waiting:
        why = f"a conditional order cannot be amended before it is triggered: {_INSTEAD}"
    elif order.cancel_pending or order.replace is not None:
        why = f"{'a cancel' if order.cancel_pending else 'an amend'} of it is under way: wait for its outcome"
    else:
        return terms
    raise InvalidOrder(f"cannot be amended: {why}", code=ErrorCode.INVALID_ORDER)


def amended_terms(order: TrackedOrder, terms: Terms, params: AmendParams, instrument: Instrument | None) -> Terms:
    """The terms after the amend; what is left out stays.

    Raises InvalidOrder when that makes no sense, or when the symbol's product has no such amend.
    """
    if params.price is not None and params.price_match is not None:
        raise InvalidOrder("either price or price_match, not both", code=ErrorCode.INVALID_ORDER)
    try:
        qty = terms.order_qty if params.quantity is None else number("quantity", params.quantity)
        price = terms.price if params.price is None else number("price", params.price)
    except ValueError as error:
        raise InvalidOrder(str(error), code=ErrorCode.INVALID_ORDER) from None
    match = params.price_match
    if (qty, price, match) == (terms.order_qty, terms.price, None):
        raise InvalidOrder("the amend changes nothing: give another price or quantity", code=ErrorCode.INVALID_ORDER)
    if qty <= order.facts.cum_qty:
        raise InvalidOrder(
            f"{plain(order.facts.cum_qty)} are executed already, and quantity is the whole order's: cancel it instead",
            code=ErrorCode.INVALID_ORDER,
        )
    # What is amended is a limit order by now, whatever it was before it was triggered.
    amended = structs.replace(
        terms,
        order_type=OrderType.LIMIT,
        order_qty=qty,
        price=None if match is not None else price,
        price_match=match,
        stop_px=None,
        trigger_price=None,
        price_protect=False,
        callback_rate=None,
        activation_px=None,
    )
    if instrument is not None and instrument.spot is not None:
        _check_on_spot(terms, amended, can_amend=instrument.spot.amend, is_listed=order.facts.list_id is not None)
    return amended


def _check_on_spot(terms: Terms, amended: Terms, *, can_amend: bool, is_listed: bool) -> None:
    """Spot orders only become smaller, and keep their place in the queue."""
    name = terms.symbol.lower()
    if not can_amend:
        why = f"{name} has no amends on this account: {_INSTEAD}"
    elif is_listed:
        why = "it belongs to an order list: cancel that and send another"
    elif amended.price_match is not None or amended.price != terms.price:
        why = f"the price of a spot order cannot be changed: {_INSTEAD}"
    elif amended.order_qty > terms.order_qty:
        why = f"a spot order can only be made smaller: {_INSTEAD}, or send the rest as a second order"
    else:
        return
    raise InvalidOrder(f"cannot be amended: {why}", code=ErrorCode.INVALID_ORDER)
