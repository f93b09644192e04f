"""What each session, and the account, could come to hold: kept up with every change, never summed anew.

Longs and shorts are apart: everything under way on a side counts at its full size there, and nothing on the other side
makes up for it. An order in doubt counts as if it stood, an amended one with the larger of both sizes, and what the
venue says was executed beyond the executions that are booked counts as if it were still to come. Of two orders of
which one cancels the other, only the larger counts. What only its strategy tells of counts for nothing until the venue
shows it, unless the venue still refuses to tell what is open on its symbol.

Sums over symbols are in money, at what a unit of each was worth when somebody said so last.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Exposure", "Line", "Total"]

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


class Total:
    """Of several lines: money, as it was last valued, and orders."""

    __slots__ = ("gross", "orders", "under_way")

    def __init__(self) -> None:
        self.gross = self.under_way = _ZERO
        """The sum of what each position could become, and of what is under way."""
        self.orders = 0
        """Open ones."""

    def add(self, gross: Decimal, under_way: Decimal, orders: int = 0) -> None:
        """So much more."""
        self.gross += gross
        self.under_way += under_way
        self.orders += orders


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
        self.totals: dict[int, Total] = {}
        """By session."""
        self.account = Total()
        """Of all sessions."""
        self._worths: dict[str, Decimal] = {}
        self._counted: dict[str, _Counted] = {}
        self._pairs: dict[str, dict[str, Decimal]] = {}
        for (session, symbol), net in positions.items():
            self.moved(session, symbol, net)

    def line(self, session: int, symbol: str) -> Line:
        """A session's line on a symbol."""
        return self.lines.get(session, {}).get(symbol) or Line()

    def total(self, session: int) -> Total:
        """All of a session's lines together."""
        return self.totals.get(session) or Total()

    def worth(self, symbol: str) -> Decimal:
        """Of a unit of a symbol, as somebody said it last; 0 as long as nobody did."""
        return self._worths.get(symbol, _ZERO)

    def value(self, symbol: str, worth: Decimal) -> None:
        """A unit of a symbol is worth this now."""
        change = worth - self._worths.get(symbol, _ZERO)
        self._worths[symbol] = worth
        if not change:
            return
        for session, lines in self.lines.items():
            line = lines.get(symbol)
            if line is not None:
                gross, under_way = line.worst() * change, line.under_way * change
                self.totals[session].add(gross, under_way)
                self.account.add(gross, under_way)

    # ---- the book tells

    def moved(self, session: int, symbol: str, net: Decimal) -> None:
        """What a session holds is this now."""
        if session != EXTERNAL:
            line = self._open_line(session, symbol)
            before = line.worst()
            line.net = net
            self._weigh(session, symbol, line.worst() - before, _ZERO, 0)

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
        step = 0 if not order.is_open else -1 if gone else 1
        line.orders += step
        if gone:
            line.doubts.pop(name, None)
        elif order.in_doubt:
            line.doubts[name] = order.side
        self._weigh(order.session, order.symbol, line.worst() - worst, line.under_way - under_way, step)

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

    def _weigh(self, session: int, symbol: str, worst: Decimal, under_way: Decimal, orders: int) -> None:
        worth = self._worths.get(symbol, _ZERO)
        gross, under_way = worst * worth, under_way * worth
        self.totals[session].add(gross, under_way, orders)
        self.account.add(gross, under_way, orders)

    def _open_line(self, session: int, symbol: str) -> Line:
        lines = self.lines.get(session)
        if lines is None:
            lines = self.lines[session] = {}
            self.totals[session] = Total()
        line = lines.get(symbol)
        if line is None:
            line = lines[symbol] = Line()
        return line


def _counted(order: TrackedOrder) -> _Counted | None:
    terms = order.known_terms
    if terms is None or order.is_past:
        return None
    is_open, leaves, unbooked = order.is_open, order.worst_leaves_qty, order.facts.missing_qty
    if not (is_open or leaves or unbooked):
        return None
    pair = terms.side + min(order.client_order_id, order.rival) if order.rival else ""
    return _Counted(
        order.session, order.symbol, terms.side, leaves, unbooked, is_open, order.in_doubt and is_open, pair
    )
