"""When all is over the gateway dies once more: what its successor makes of the files and of a scan is what it knew.

Books are compared whole: orders with all that is known of them, executions, positions and earnings, restrictions,
watermarks, and what limits count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tests.simulate.world import s
from tradingsys.core.records import HaltCause
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder

if TYPE_CHECKING:
    from tests.simulate.lifetime import Lifetime

__all__ = ["Replica", "unlike"]

_LONGEST_START_S = 200
"""As for any gateway: so long may it be told to come back later."""
_SETTLED_S, _TIMES = 12, 8
"""Within which whoever is READY has read all that is not asked for at a start; and where answers are older, times what
they are older by.
"""
_State = Mapping[str, Mapping[Any, object]]


class Replica:
    """Of one life, whose gateway is still there and has nothing more to learn."""

    def __init__(self, life: Lifetime, names: Iterable[str]) -> None:
        """``names`` of orders that the exchange has; the book may know of more."""
        assert life.gateway is not None
        self._life = life
        self._book = life.gateway.gateway.book
        self._names = sorted({*names, *self._book.orders})
        self._before = _state(self._book, self._names)

    def violations(self, *, power_cut: bool) -> Iterator[str]:
        """What its successor has otherwise. Afterwards that one is the life's gateway."""
        life = self._life
        assert life.gateway is not None
        life.gateway.kill("in the end", power_cut=power_cut)
        differences: list[str] = []
        for second in range(_LONGEST_START_S + life.starts_later_s):
            life.world.run_for(s(1))
            if second < 1 or not life.is_settled:
                continue
            differences = list(unlike(self._before, _state(life.gateway.gateway.book, self._names)))
            if not differences or second > _SETTLED_S + _TIMES * life.more_s:
                break
        if not life.is_settled:
            yield "after its last death the gateway does not come to rest"
        life.counts["books built once more"] += 1
        life.counts["orders in books built once more"] += len(self._names)
        yield from (f"built once more, {each}" for each in differences)


def unlike(before: _State, after: _State) -> Iterator[str]:
    """Where two states differ."""
    for what, rows in before.items():
        for key in dict.fromkeys([*rows, *after[what]]):
            was, now = rows.get(key), after[what].get(key)
            if was != now:
                yield f"{what} {key}: {now}; before: {was}"


def _state(book: SessionBook, names: Iterable[str]) -> _State:
    """All that must not depend on who read it when; of what is nothing there is no row."""
    known = ((name, book.order(name)) for name in names)
    return {
        "order": {name: _order(order) for name, order in known if order is not None},
        "position": {
            place: (book.net(*place), book.position(*place)) for place in sorted(book.positions) if book.net(*place)
        },
        "restriction": {
            (row.scope, row.cause): (row.cause is HaltCause.DIFFERENCE or row.state, row.duty) for row in book.halts
        },  # who differs for long may not even reduce
        "watermark": dict(book.watermarks),
        "first trade of": dict(book.symbols),
        "difference": dict(book.differences),
        "asset": dict(book.asset_totals()),
        "asset from": dict(book.assets),
        "exposure": {
            (session, symbol): (line.net, line.buys, line.sells, line.orders)
            for session, lines in book.exposure.lines.items()
            for symbol, line in lines.items()
            if line.net or line.under_way or line.orders
        },
        "executions above the watermark": {
            key: owner for rows in book._fills._booked.values() for key, (_, owner) in rows.items()
        },
    }


def _order(order: TrackedOrder) -> tuple[object, ...]:
    facts, terms = order.facts, order.known_terms
    return (
        order.session,
        order.status,
        facts.venue_order_id,
        facts.cum_qty,
        {key: (fill.last_qty, fill.last_px, fill.fee) for key, fill in facts.fills.items()},
        facts.closed and (facts.closed.status, facts.closed.code),  # when, an answer may tell that no event told
        terms and (terms.symbol, terms.side, terms.order_type, terms.order_qty, terms.price, terms.stop_px),
        order.only_reduces,
        order.worst_leaves_qty,
        order.replace,
        order.cancel_pending,
        order.in_doubt,
        facts.list_id,
    )
