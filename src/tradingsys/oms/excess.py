"""Which open orders do more than a trading state allows: those that have to be canceled where it is imposed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tradingsys.core.enums import Side, TradingState
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["beyond"]


def beyond(state: TradingState, orders: Iterable[TrackedOrder], net: Decimal) -> list[TrackedOrder]:
    """Of one session's open orders on one symbol those that ``state`` would not let pass now; ``net`` is its own.

    While only reducing is allowed all that were asked to do no more may stay, stops above all: one that is too large by
    now, where the venue does not keep it from doing more, is better than none. Of the others may stay the oldest that
    fit into what is left then of what the session holds.
    """
    if state is TradingState.ACTIVE:
        return []
    if state is TradingState.HALTED:
        return list(orders)
    room, found = abs(net), []
    fitting: set[str] = set()
    for order in sorted(orders, key=lambda order: (not order.only_reduces, order.placed_ms)):
        terms = order.known_terms
        reduces = terms is not None and net != 0 and (terms.side is Side.SELL) is (net > 0)
        qty = order.worst_leaves_qty + order.facts.missing_qty
        if not reduces or terms is None:
            found.append(order)
        elif terms.reduce_only or terms.close_position or order.rival in fitting:
            continue  # of two rivals one is canceled as soon as the other executes
        elif order.only_reduces or qty <= room:
            room -= qty
            fitting.add(order.client_order_id)
        else:
            found.append(order)
    return found
