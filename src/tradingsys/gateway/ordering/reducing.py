"""Reduce-only and close-position, against a session's own book.

At the venue both act on the position of the whole account. The venue's flag is therefore passed on only where it means
the same: while no other session holds the symbol or has orders there. Where assets are traded there is no such flag:
"reduce only" is then kept by this book alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import AccountKind, Side
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.core.order import Terms
from tradingsys.oms.exposure import Line
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.wire.messages import ErrorCode

__all__ = ["Reducing"]

_ZERO = Decimal(0)
_NOTHING = Line()
_MOST_NAMED = 5


class Reducing:
    """What a session may still reduce."""

    def __init__(self, book: SessionBook, kind: AccountKind = AccountKind.CONTRACTS) -> None:
        self._book = book
        self._has_flag = kind is AccountKind.CONTRACTS
        self._open: dict[str, dict[str, TrackedOrder]] = {}
        """By symbol: orders that were asked only to reduce, or to close the position."""
        self._unflagged: set[str] = set()
        """Those of them that this process sent without the venue's flag."""
        self._unwanted: set[str] = set()
        """Those that keep another session from trading, and are of no use any more."""
        for order in book.open_orders():
            self.watch(order)

    def watch(self, order: TrackedOrder, *, flagged: bool = True) -> None:
        """Something changed about an order: it may be one that only reduces; ``flagged``: the venue was told so."""
        if not _only_reduces(order):
            return
        self._open.setdefault(order.symbol, {})[order.client_order_id] = order
        if not flagged:
            self._unflagged.add(order.client_order_id)

    def outlived(self, lot: Callable[[str], Decimal]) -> Iterator[TrackedOrder]:
        """Orders that have nothing left to reduce, where the venue would let them open a position of their session, or
        where they keep another one from trading; ``lot`` is the smallest quantity of a symbol that can be traded.
        """
        for symbol in list(self._open):
            for order in self._watched(symbol):
                is_unwanted = order.client_order_id in self._unwanted
                is_kept = self._is_flagged(order) or order.closes_position
                if not order.has_evidence or (is_kept and not is_unwanted and self._is_alone(order.session, symbol)):
                    continue
                if self._reducible(order) < lot(symbol):
                    yield order

    def check_others(self, session: int, terms: Terms, more: Decimal | None) -> None:
        """``more`` is what an order, or an amend, adds to what the session has under way on its side; None: not known.

        Raises InvalidOrder for what could add to the session's position while another one has orders that are right for
        the symbol's only holder alone. Whoever only reduces makes nothing worse.
        """
        symbol = terms.symbol
        line = self._line(session, symbol)
        if symbol not in self._open or (more is not None and line.worst_of(terms.side, more) <= _ZERO):
            return
        others = [
            order
            for order in self._watched(symbol)
            if order.session != session and (order.closes_position or self._is_flagged(order))
        ]
        left_over = [order for order in others if self._reducible(order) <= _ZERO]
        if left_over:
            self._unwanted.update(order.client_order_id for order in left_over)
            owners = ", ".join(f"session {owner}" for owner in sorted({order.session for order in left_over}))
            raise _in_the_way(
                f"{owners} has {_named(left_over)} left over, which could act on a position of this session: that is "
                "canceled as soon as the exchange has confirmed it, try again in a second"
            )
        for order in others:
            if order.closes_position:
                raise _in_the_way(
                    f"session {order.session} has an order that closes the account's whole position in "
                    f"{symbol.lower()} when it is triggered ({order.client_order_id}): until it is gone no other "
                    "session can add to a position in it"
                )
        sides = {(order.session, known.side) for order in others if (known := order.known_terms) is not None}
        for owner, side in sorted(sides):
            self._check_guarded(owner, symbol, side, terms.side)

    def _check_guarded(self, owner: int, symbol: str, side: Side, wanted: Side) -> None:
        """The venue measures the owner's orders with the account's position, which is the owner's own now.

        Once another session holds some of it, a stop and a target may both execute; once another one is on the opposite
        side, neither does.
        """
        room = max(-self._book.net(owner, symbol) * side.sign, _ZERO)
        orders = sorted(self._own(owner, symbol, side), key=lambda order: not self._is_flagged(order))

        def waits(waiting: Sequence[TrackedOrder]) -> str:
            what = f"{plain(_without_rivals(waiting))} {symbol.lower()} of the {plain(room)} that it holds"
            return f"session {owner} waits to {side} {what} ({_named(waiting)})"

        if _without_rivals(orders) > room:
            raise _in_the_way(
                f"{waits(orders)}: as the symbol's only holder it may, so until that is no more than it holds no other "
                "session can add to a position in it"
            )
        if wanted is side:
            raise _in_the_way(
                f"{waits([order for order in orders if self._is_flagged(order)])}: the exchange would not do that any "
                f"more if another session could {side} more than it holds; until they are gone it can reduce what it "
                f"holds, or {side.opposite}"
            )

    def restricted(
        self,
        session: int,
        terms: Terms,
        why: str,
        *,
        before: Terms | None = None,
        instead_of: TrackedOrder | None = None,
    ) -> Terms:
        """The same, only reducing, while ``why`` allows nothing else; the rest is as in `terms_for_venue`.

        Raises InvalidOrder (-10013) when it would do more than that.
        """
        try:
            if terms.quote_order_qty is not None:
                raise InvalidOrder("what a quote_quantity comes to is not known: say how much with quantity")
            only = terms if terms.close_position else structs.replace(terms, reduce_only=True)
            self.terms_for_venue(session, only, instead_of, before=before, is_restricted=True)
        except InvalidOrder as error:
            raise InvalidOrder(f"{why}; {error}", code=ErrorCode.HALTED) from None
        return only

    def terms_for_venue(
        self,
        session: int,
        terms: Terms,
        instead_of: TrackedOrder | None = None,
        *,
        before: Terms | None = None,
        is_restricted: bool = False,
    ) -> bool:
        """Whether the venue may be told that this order only reduces; ``instead_of`` is the order that it amends: of
        that one the venue knows what it was told when it was sent.

        ``before`` is executed when the order begins to work. A stop may stand beside plain orders, which turn the
        position if they come after it: not where the session ``is_restricted``.

        Raises InvalidOrder when it would do more than that.
        """
        if terms.close_position:
            self._check_close(session, terms)
            return False  # the venue takes one of the two flags
        net = self._book.net(session, terms.symbol)
        is_alone = self._is_alone(session, terms.symbol)
        is_flagged = self._has_flag and is_alone and (instead_of is None or self._is_flagged(instead_of))
        under_way = before.order_qty if before is not None and before.side is terms.side else _ZERO
        bought = before.order_qty if before is not None and before.side is not terms.side else _ZERO
        under_way += _without_rivals(
            order
            for order in self._own(session, terms.symbol, terms.side)
            if order is not instead_of and not (is_flagged and self._may_be_beside(order, terms, is_restricted))
        )
        wanted = terms.order_qty - (instead_of.facts.booked_qty if instead_of is not None else _ZERO)
        room = bought - net * terms.side.sign - under_way
        if wanted > room:
            is_shared = self._has_flag and not is_alone
            raise InvalidOrder(
                f"reduce-only: the session holds {plain(net)}, {plain(under_way)} of it being reduced already: "
                f"{_way_out(terms, room, under_way, is_shared=is_shared)}",
                code=ErrorCode.INVALID_ORDER,
                for_others=is_shared and wanted <= room + self._only_as_shared(session, terms),
            )
        return is_flagged

    def _check_close(self, session: int, terms: Terms) -> None:
        net, name = self._book.net(session, terms.symbol), terms.symbol.lower()
        if -net * terms.side.sign <= 0:
            raise InvalidOrder(
                f"close_position: the session holds {plain(net)} {name}, of which a {terms.side} closes nothing",
                code=ErrorCode.INVALID_ORDER,
            )
        if not self._is_alone(session, terms.symbol):
            raise _in_the_way(
                f"close_position would close the whole account's position in {name}, of which this session is not the "
                f"only holder: send reduce_only with a quantity instead (the session holds {plain(net)})"
            )

    def _may_be_beside(self, order: TrackedOrder, terms: Terms, is_restricted: bool) -> bool:
        """Whether an order does not count where ``terms`` are sent with the venue's flag.

        Of orders that wait with it each may be as large as the position: a stop beside a take profit. The venue lets
        none of them do more than reduce.
        """
        if self._is_flagged(order):
            return order.is_waiting or terms.order_type.is_conditional
        return terms.order_type.is_conditional and not _only_reduces(order) and not is_restricted

    def _only_as_shared(self, session: int, terms: Terms) -> Decimal:
        """What counts beside ``terms`` only because another session uses the symbol, too: no order that they amend, as
        none is amended while it waits.
        """
        orders = self._own(session, terms.symbol, terms.side)
        is_stop = terms.order_type.is_conditional
        return _without_rivals(order for order in orders if is_stop or (order.is_waiting and _only_reduces(order)))

    def _watched(self, symbol: str) -> list[TrackedOrder]:
        """Of a symbol those that are still open."""
        orders = self._open[symbol]
        for order in list(orders.values()):
            if not _only_reduces(order):
                del orders[order.client_order_id]
                self._unflagged.discard(order.client_order_id)
                self._unwanted.discard(order.client_order_id)
        if not orders:
            del self._open[symbol]
        return list(orders.values())

    def _own(self, session: int, symbol: str, side: Side) -> list[TrackedOrder]:
        """What the session has under way on a side; what only its strategy tells of is over, whatever it was."""
        orders = (order for order in self._book.open_orders(session) if order.symbol == symbol)
        known = ((order, order.known_terms) for order in orders if not order.is_past)
        return [order for order, terms in known if terms is not None and terms.side is side]

    def _reducible(self, order: TrackedOrder) -> Decimal:
        """What an order could still have to reduce: what its session holds, what it bought and nobody booked yet, or
        may have bought, and what the order waits for as one of a list. A bid for another price is no position.
        """
        terms = order.known_terms
        assert terms is not None
        held = max(_ZERO, -self._book.net(order.session, order.symbol) * terms.side.sign)
        for other in self._own(order.session, order.symbol, terms.side.opposite):
            is_awaited = other.facts.list_id is not None and other.facts.list_id == order.facts.list_id
            held += other.facts.missing_qty
            held += other.worst_leaves_qty if other.in_doubt or is_awaited else _ZERO
        return held

    def _line(self, session: int, symbol: str) -> Line:
        return self._book.exposure.lines.get(session, {}).get(symbol, _NOTHING)

    def _is_alone(self, session: int, symbol: str) -> bool:
        """Whether nobody else holds the symbol, or has an order there that could make it so."""
        others = (lines.get(symbol) for owner, lines in self._book.exposure.lines.items() if owner != session)
        is_used = any(line is not None and (line.net or line.under_way) for line in others)
        return not is_used and not self._book.net(EXTERNAL, symbol)

    def _is_flagged(self, order: TrackedOrder) -> bool:
        """Whether the venue knows that it only reduces: by its own words, else as it was sent."""
        told, known = order.facts.terms, order.known_terms
        if not self._has_flag or known is None:
            return False
        return (
            told.reduce_only if told is not None else known.reduce_only and order.client_order_id not in self._unflagged
        )


def _without_rivals(orders: Iterable[TrackedOrder]) -> Decimal:
    """What orders may execute together: of two of which one cancels the other, the larger counts."""
    largest: dict[str, Decimal] = {}
    for order in orders:
        qty = order.worst_leaves_qty + order.facts.missing_qty
        pair = min(order.client_order_id, order.rival or order.client_order_id)
        largest[pair] = max(qty, largest.get(pair, _ZERO))
    return sum(largest.values(), _ZERO)


def _named(orders: Sequence[TrackedOrder]) -> str:
    """Some of them: a session may quote at a hundred prices."""
    names = [order.client_order_id for order in orders[:_MOST_NAMED]]
    more = len(orders) - len(names)
    return ", ".join([*names, f"{more} more"] if more else names)


def _in_the_way(why: str) -> InvalidOrder:
    """Of an order that nothing is wrong with, but for what other sessions hold or wait for."""
    return InvalidOrder(why, code=ErrorCode.INVALID_ORDER, for_others=True)


def _way_out(terms: Terms, room: Decimal, under_way: Decimal, *, is_shared: bool) -> str:
    """What to do about an order that would do more than reduce; ``is_shared``: other sessions use the symbol, too."""
    if room > _ZERO:
        return f"{terms.side} {plain(room)} at most"
    if not under_way:
        return f"a {terms.side} reduces nothing"
    together = "; while other sessions hold the symbol too, a stop and a target count together" if is_shared else ""
    return f"cancel or amend the orders that do{together}"


def _only_reduces(order: TrackedOrder) -> bool:
    """Whether an open order was asked to do no more."""
    return order.is_open and not order.is_past and order.only_reduces
