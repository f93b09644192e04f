"""Orders that depend on each other: what makes a list of them, for everybody who is to take one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from msgspec import structs

from tradingsys.core.enums import Contingency, OrderType, TimeInForce
from tradingsys.core.order import Terms

__all__ = ["misfit", "pair_of", "resting", "unlike"]

_T = TypeVar("_T")


def pair_of(contingency: Contingency, legs: Sequence[_T]) -> tuple[_T, _T] | None:
    """The two of which one cancels the other; None where no two do."""
    if contingency is Contingency.OTO:
        return None
    one, other = legs[-2:]
    return one, other


def resting(terms: Terms) -> Terms:
    """An order of a pair as the exchange takes it: a limit order there only rests."""
    is_taking = terms.order_type is OrderType.LIMIT and not terms.post_only
    return structs.replace(terms, post_only=True) if is_taking else terms


def unlike(contingency: Contingency, symbols: Sequence[str]) -> str | None:
    """Why orders on these symbols are no such list; None when they may be one."""
    if len(symbols) != contingency.size:
        return f"an {contingency} has {contingency.size} orders, not {len(symbols)}"
    if len(set(symbols)) > 1:
        return f"the orders of a list are all on one symbol, not on {', '.join(sorted(set(symbols)))}"
    return None


def misfit(contingency: Contingency, legs: Sequence[Terms]) -> str | None:
    """Why orders are no such list; None when they are one."""
    why = unlike(contingency, [leg.symbol for leg in legs])
    if why is not None:
        return why
    if len({leg.side_effect for leg in legs}) > 1:
        return "side_effect is the whole list's: give all its orders the same one"
    if len({leg.self_trade_prevention for leg in legs}) > 1:
        return "self-trade prevention is the whole list's: give all its orders the same one"
    if any(leg.quote_order_qty is not None for leg in legs):
        return "quote_quantity is for single orders: in a list every order has a quantity"
    if contingency.has_first and legs[0].order_type is not OrderType.LIMIT:
        return f"the first order of an {contingency} works at once, and is a LIMIT order"
    pair = pair_of(contingency, legs)
    return None if pair is None else _no_pair(*pair)


def _no_pair(one: Terms, other: Terms) -> str | None:
    if one.side is not other.side or one.order_qty != other.order_qty:
        return "of an OCO both orders have the same side and the same quantity"
    profit, loss = (other, one) if one.order_type.stops_loss else (one, other)
    if not loss.order_type.stops_loss or not (profit.order_type.takes_profit or profit.order_type is OrderType.LIMIT):
        losses = ", ".join(each for each in OrderType if each.stops_loss)
        profits = ", ".join((OrderType.LIMIT, *(each for each in OrderType if each.takes_profit)))
        return f"of an OCO one order takes profit ({profits}), and the other stops a loss ({losses})"
    if profit.order_type is OrderType.LIMIT and profit.time_in_force not in (None, TimeInForce.GTC):
        return f"the limit order of an OCO rests: it cannot be {profit.time_in_force}"
    target = profit.price if profit.order_type is OrderType.LIMIT else profit.stop_px
    stop_px = loss.stop_px or loss.activation_px
    if target is not None and stop_px is not None and (target - stop_px) * one.side.sign >= 0:
        where = "below" if one.side.sign > 0 else "above"
        return f"an OCO that {one.side}s takes its profit {where} the price at which it stops the loss"
    return None
