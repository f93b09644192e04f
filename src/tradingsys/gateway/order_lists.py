"""Orders that depend on each other: which can be sent together, and what each of them may count on."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from tradingsys.core.enums import Contingency, OrderType
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Terms
from tradingsys.wire.messages import ErrorCode, OrderListParams

__all__ = ["check_list", "executed_before", "leg_name", "list_terms", "one_symbol", "rivals"]

_LEGS = {Contingency.OCO: 2, Contingency.OTO: 2, Contingency.OTOCO: 3}
_PROFIT = (OrderType.LIMIT, OrderType.TAKE_PROFIT_LIMIT, OrderType.TAKE_PROFIT_MARKET)
_LOSS = (OrderType.STOP_LIMIT, OrderType.STOP_MARKET, OrderType.TRAILING_STOP_MARKET)


def leg_name(params: OrderListParams, number: int) -> str:
    """Which of the orders (from 1 on) something is about."""
    leg = params.orders[number - 1]
    return f"order {number} of {len(params.orders)} ({leg.side} {leg.order_type})"


def one_symbol(params: OrderListParams) -> str:
    """The symbol that all of them are on.

    Raises InvalidOrder when there are several, or not as many orders as the list has.
    """
    wanted, symbols = _LEGS[params.contingency], {leg.symbol.lower() for leg in params.orders}
    if len(params.orders) != wanted:
        raise _invalid(f"an {params.contingency} has {wanted} orders, not {len(params.orders)}")
    if len(symbols) > 1:
        raise _invalid(f"the orders of a list are all on one symbol, not on {', '.join(sorted(symbols))}")
    return params.orders[0].symbol


def list_terms(contingency: Contingency, legs: Sequence[Terms]) -> list[Terms]:
    """The terms as the exchange takes them: in an OCO a limit order is always post-only."""
    first = len(legs) - 2 if contingency is not Contingency.OTO else len(legs)
    return [
        structs.replace(leg, post_only=True) if at >= first and leg.order_type is OrderType.LIMIT else leg
        for at, leg in enumerate(legs)
    ]


def executed_before(contingency: Contingency, legs: Sequence[Terms], number: int) -> Terms | None:
    """What is executed when an order (from 1 on) begins to work; None for one that works at once."""
    return legs[0] if contingency is not Contingency.OCO and number > 1 else None


def rivals(contingency: Contingency, client_order_ids: Sequence[str]) -> dict[str, str]:
    """Of the two orders of which one cancels the other: to each its other."""
    if contingency is Contingency.OTO:
        return {}
    one, other = client_order_ids[-2:]
    return {one: other, other: one}


def check_list(contingency: Contingency, legs: Sequence[Terms], instrument: Instrument) -> None:
    """Raises InvalidOrder for orders that do not fit together."""
    name = instrument.symbol.lower()
    offered = () if instrument.spot is None else instrument.spot.lists
    if contingency not in offered:
        instead = "send the orders one by one" if instrument.spot is None else f"it has {', '.join(offered) or 'none'}"
        raise _invalid(f"{name} has no {contingency} lists: {instead}")
    if len({leg.side_effect for leg in legs}) > 1:
        raise _invalid("side_effect is the whole list's: give all its orders the same one")
    if any(leg.quote_order_qty is not None for leg in legs):
        raise _invalid("quote_quantity is for single orders: in a list every order has a quantity")
    if contingency is not Contingency.OCO:
        if legs[0].order_type is not OrderType.LIMIT:
            raise _invalid(f"the first order of an {contingency} works at once, and is a LIMIT order")
        legs = legs[1:]
    if contingency is not Contingency.OTO:
        _check_pair(*legs)


def _check_pair(one: Terms, other: Terms) -> None:
    """Two orders of which one cancels the other."""
    if one.side is not other.side or one.order_qty != other.order_qty:
        raise _invalid("of an OCO both orders have the same side and the same quantity")
    profit, loss = (one, other) if one.order_type in _PROFIT else (other, one)
    if profit.order_type not in _PROFIT or loss.order_type not in _LOSS:
        raise _invalid(
            f"of an OCO one order takes profit ({', '.join(_PROFIT)}), and the other stops a loss ({', '.join(_LOSS)})"
        )
    target = profit.price if profit.order_type is OrderType.LIMIT else profit.stop_px
    if target is None or loss.stop_px is None:
        return
    if (target - loss.stop_px) * one.side.sign >= 0:
        where = "below" if one.side.sign > 0 else "above"
        raise _invalid(f"an OCO that {one.side}s takes its profit {where} the price at which it stops the loss")


def _invalid(why: str) -> InvalidOrder:
    return InvalidOrder(why, code=ErrorCode.INVALID_ORDER)
