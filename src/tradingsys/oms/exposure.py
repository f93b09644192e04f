"""What each session, and the account, could come to hold: kept up with every change, never summed anew.

Longs and shorts are apart: everything under way on a side counts at its full size there, and nothing on the other side
makes up for it. An order in doubt counts as if it stood, an amended one with the larger of both sizes, and what the
venue says was executed beyond the executions that are booked counts as if it were still to come. Of two orders of
which one cancels the other, only the larger counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Exposure", "Line"]

_ZERO = Decimal(0)


class Line:
    """What one session holds of a symbol, and has under way there."""

    __slots__ = ("buys", "doubts", "net", "orders", "sells")

    def __init__(self) -> None:
        self.net = self.buys = self.sells = _ZERO
        self.orders = 0
        """Open ones."""
        self.doubts: dict[str, Side] = {}
        """Orders in doubt, and their sides."""

    def worst(self, buys: Decimal = _ZERO, sells: Decimal = _ZERO) -> Decimal:
        """The largest position, long or short, that what is under way could make; with so much more of each side."""
        return max(self.net + self.buys + buys, self.sells + sells - self.net)

    def worst_of(self, side: Side, more: Decimal = _ZERO) -> Decimal:
        """The largest position that orders of this side could make; negative while they only reduce."""
        if side is Side.BUY:
            return self.net + self.buys + more
        return self.sells + more - self.net

    @property
    def under_way(self) -> Decimal:
        """Of both sides together."""
        return self.buys + self.sells


class _Counted(Struct, frozen=True):
    """What one order counts for."""

    session: int
    symbol: str
    side: Side
    leaves: Decimal
    unbooked: Decimal
    is_open: bool
    in_doubt: bool
    pair: str


class Exposure:
    """Of all sessions, by session and symbol, and of the account, by symbol. EXTERNAL is nobody's exposure."""

    def __init__(self, positions: Mapping[tuple[int, str], Decimal]) -> None:
        self.lines: dict[int, dict[str, Line]] = {}
        self.worst: dict[str, Decimal] = {}
        """By symbol: the sum of what each session's position could become."""
        self.under_way: dict[str, Decimal] = {}
        """By symbol: what all sessions have under way."""
        self.orders = 0
        """Open ones, of all sessions."""
        self._counted: dict[str, _Counted] = {}
        self._pairs: dict[str, dict[str, Decimal]] = {}
        for (session, symbol), net in positions.items():
            self.moved(session, symbol, net)

    def line(self, session: int, symbol: str) -> Line:
        """A session's line on a symbol."""
        return self.lines.get(session, {}).get(symbol) or Line()

    def orders_of(self, session: int) -> int:
        """How many open orders a session has."""
        return sum(line.orders for line in self.lines.get(session, {}).values())

    def reduces(self, session: int, symbol: str, side: Side, qty: Decimal) -> bool:
        """Whether so much more on a side could do nothing but reduce what the session holds."""
        return self.line(session, symbol).worst_of(side, qty) <= 0

    # ---- the book tells

    def moved(self, session: int, symbol: str, net: Decimal) -> None:
        """What a session holds is this now."""
        if session != EXTERNAL:
            line = self._open_line(session, symbol)
            before = line.worst()
            line.net = net
            self._weigh(symbol, line.worst() - before, _ZERO)

    def note(self, order: TrackedOrder) -> None:
        """Something about an order changed."""
        name, now = order.client_order_id, _counted(order)
        before = self._counted.get(name)
        if before == now:
            return
        if before is not None:
            self._count(name, before, gone=True)
            del self._counted[name]
        if now is not None:
            self._counted[name] = now
            self._count(name, now)

    def forget(self, client_order_id: str) -> None:
        """That order is over, or was never sent."""
        before = self._counted.pop(client_order_id, None)
        if before is not None:
            self._count(client_order_id, before, gone=True)

    # ---- inside

    def _count(self, name: str, order: _Counted, *, gone: bool = False) -> None:
        line = self._open_line(order.session, order.symbol)
        worst, under_way = line.worst(), line.under_way
        qty = self._pair_change(name, order, gone=gone) if order.pair else -order.leaves if gone else order.leaves
        qty += -order.unbooked if gone else order.unbooked
        if order.side is Side.BUY:
            line.buys += qty
        else:
            line.sells += qty
        if order.is_open:
            step = -1 if gone else 1
            line.orders += step
            self.orders += step
        if gone:
            line.doubts.pop(name, None)
        elif order.in_doubt:
            line.doubts[name] = order.side
        self._weigh(order.symbol, line.worst() - worst, line.under_way - under_way)

    def _pair_change(self, name: str, order: _Counted, *, gone: bool) -> Decimal:
        pair = self._pairs.setdefault(order.pair, {})
        before = max(pair.values(), default=_ZERO)
        if gone:
            pair.pop(name, None)
        else:
            pair[name] = order.leaves
        if not pair:
            del self._pairs[order.pair]
        return max(pair.values(), default=_ZERO) - before

    def _weigh(self, symbol: str, worst: Decimal, under_way: Decimal) -> None:
        self.worst[symbol] = self.worst.get(symbol, _ZERO) + worst
        self.under_way[symbol] = self.under_way.get(symbol, _ZERO) + under_way

    def _open_line(self, session: int, symbol: str) -> Line:
        lines = self.lines.setdefault(session, {})
        line = lines.get(symbol)
        if line is None:
            line = lines[symbol] = Line()
        return line


def _counted(order: TrackedOrder) -> _Counted | None:
    terms = order.known_terms
    if terms is None:
        return None
    is_open, leaves, unbooked = order.is_open, order.worst_leaves_qty, order.facts.missing_qty
    if not (is_open or leaves or unbooked):
        return None
    pair = terms.side + min(order.client_order_id, order.rival) if order.rival else ""
    return _Counted(
        order.session, order.symbol, terms.side, leaves, unbooked, is_open, order.in_doubt and is_open, pair
    )


def total(amounts: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """The sum of quantities at their prices."""
    return sum((qty * px for qty, px in amounts), _ZERO)
