"""Orders that depend on each other: which can be sent together, and what each of them may count on."""

from __future__ import annotations

from collections.abc import Sequence

from tradingsys.core.enums import Contingency
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Terms
from tradingsys.core.order_lists import misfit, pair_of, resting, unlike
from tradingsys.wire.messages import ErrorCode, OrderListParams

__all__ = ["check_list", "executed_before", "leg_name", "list_terms", "one_symbol", "rivals"]


def leg_name(params: OrderListParams, number: int) -> str:
    """Which of the orders (from 1 on) something is about."""
    leg = params.orders[number - 1]
    return f"order {number} of {len(params.orders)} ({leg.side} {leg.order_type})"


def one_symbol(params: OrderListParams) -> str:
    """The symbol that all of them are on.

    Raises InvalidOrder when there are several, or not as many orders as the list has.
    """
    why = unlike(params.contingency, [leg.symbol.lower() for leg in params.orders])
    if why is not None:
        raise _invalid(why)
    return params.orders[0].symbol


def list_terms(contingency: Contingency, legs: Sequence[Terms]) -> list[Terms]:
    """The terms as the exchange takes them: in an OCO a limit order is always post-only."""
    pair = pair_of(contingency, legs)
    return list(legs) if pair is None else [*legs[:-2], *(resting(leg) for leg in pair)]


def executed_before(contingency: Contingency, legs: Sequence[Terms], number: int) -> Terms | None:
    """What is executed when an order (from 1 on) begins to work; None for one that works at once."""
    return legs[0] if contingency.has_first and number > 1 else None


def rivals(contingency: Contingency, client_order_ids: Sequence[str]) -> dict[str, str]:
    """Of the two orders of which one cancels the other: to each its other."""
    pair = pair_of(contingency, client_order_ids)
    if pair is None:
        return {}
    one, other = pair
    return {one: other, other: one}


def check_list(contingency: Contingency, legs: Sequence[Terms], instrument: Instrument) -> None:
    """Raises InvalidOrder for orders that do not fit together."""
    name = instrument.symbol.lower()
    offered = () if instrument.spot is None else instrument.spot.lists
    if contingency not in offered:
        instead = "send the orders one by one" if instrument.spot is None else f"it has {', '.join(offered) or 'none'}"
        raise _invalid(f"{name} has no {contingency} lists: {instead}")
    why = misfit(contingency, legs)
    if why is not None:
        raise _invalid(why)


def _invalid(why: str) -> InvalidOrder:
    return InvalidOrder(why, code=ErrorCode.INVALID_ORDER)
