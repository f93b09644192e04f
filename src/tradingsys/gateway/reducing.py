"""Reduce-only and close-position, against a session's own book.

At the venue both act on the position of the whole account. The venue's flag is therefore passed on only where it means
the same: while no other session holds the symbol or has orders there. Where assets are traded there is no such flag:
"reduce only" is then kept by this book alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import AccountKind, Side
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.core.order import Terms
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.wire.messages import ErrorCode

__all__ = ["Reducing"]

_ZERO = Decimal(0)


class Reducing:
    """What a session may still reduce."""

    def __init__(self, book: SessionBook, kind: AccountKind = AccountKind.CONTRACTS) -> None:
        self._book = book
        self._has_flag = kind is AccountKind.CONTRACTS
        self._bound: dict[str, dict[str, TrackedOrder]] = {}
        """By symbol: waiting orders that only the account's position keeps from doing more than they shall."""
        for order in book.open_orders():
            self.watch(order)

    def watch(self, order: TrackedOrder) -> None:
        """Something changed about an order: it may be one that the account's position bounds."""
        if _is_bound(order):
            self._bound.setdefault(order.symbol, {})[order.client_order_id] = order

    def check_others(self, session: int, symbol: str) -> None:
        """Raises InvalidOrder while another session has orders that are right for the symbol's only holder alone."""
        if symbol not in self._bound:
            return
        bound = self._bound[symbol]
        sides: set[tuple[int, Side]] = set()
        for order in list(bound.values()):
            terms = order.known_terms
            if terms is None or not _is_bound(order):
                del bound[order.client_order_id]
            elif order.session == session:
                continue
            elif order.closes_position:
                raise InvalidOrder(
                    f"session {order.session} has an order that closes the account's whole position in "
                    f"{symbol.lower()} when it is triggered ({order.client_order_id}): until it is gone no other "
                    "session can trade the symbol",
                    code=ErrorCode.INVALID_ORDER,
                )
            else:
                sides.add((order.session, terms.side))
        if not bound:
            del self._bound[symbol]
        for owner, side in sorted(sides):
            self._check_bracket(owner, symbol, side)

    def _check_bracket(self, owner: int, symbol: str, side: Side) -> None:
        """With a second holder the venue would let a stop and a target of the first both execute."""
        orders = self._own(owner, symbol, side)
        together, room = _without_rivals(orders), max(-self._book.net(owner, symbol) * side.sign, _ZERO)
        if together > room:
            names = ", ".join(order.client_order_id for order in orders if _is_guarded(order))
            raise InvalidOrder(
                f"session {owner} waits to {side} {plain(together)} {symbol.lower()} of the {plain(room)} that it holds"
                f" ({names}): as the symbol's only holder it may, so until one of them is gone no other session can"
                " trade it",
                code=ErrorCode.INVALID_ORDER,
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
            self.terms_for_venue(session, only, instead_of, before=before)
        except InvalidOrder as error:
            raise InvalidOrder(f"{why}; {error}", code=ErrorCode.HALTED) from None
        return only

    def terms_for_venue(
        self, session: int, terms: Terms, instead_of: TrackedOrder | None = None, *, before: Terms | None = None
    ) -> bool:
        """Whether the venue may be told that this order only reduces; ``instead_of`` is the order that it amends.

        ``before`` is executed when the order begins to work.

        Raises InvalidOrder when it would do more than that.
        """
        if terms.close_position:
            self._check_close(session, terms)
            return False  # the venue takes one of the two flags
        net = self._book.net(session, terms.symbol)
        alone = self._has_flag and self._is_alone(session, terms.symbol)
        under_way = before.order_qty if before is not None and before.side is terms.side else _ZERO
        bought = before.order_qty if before is not None and before.side is not terms.side else _ZERO
        # Of orders that wait with the venue's own flag, each may be as large as the position: a stop beside a take
        # profit. The venue lets none of them do more than reduce.
        if not (alone and terms.order_type.is_conditional):
            under_way += _without_rivals(
                order
                for order in self._own(session, terms.symbol, terms.side)
                if order is not instead_of and not (alone and _is_guarded(order))
            )
        wanted = terms.order_qty - (instead_of.facts.booked_qty if instead_of is not None else _ZERO)
        room = bought - net * terms.side.sign - under_way
        if wanted > room:
            raise InvalidOrder(
                f"reduce-only: the session holds {plain(net)}, {plain(under_way)} of it being reduced already: "
                f"{_way_out(terms, room, under_way, alone)}",
                code=ErrorCode.INVALID_ORDER,
            )
        return alone

    def _check_close(self, session: int, terms: Terms) -> None:
        net, name = self._book.net(session, terms.symbol), terms.symbol.lower()
        if -net * terms.side.sign <= 0:
            raise InvalidOrder(
                f"close_position: the session holds {plain(net)} {name}, of which a {terms.side} closes nothing",
                code=ErrorCode.INVALID_ORDER,
            )
        if not self._is_alone(session, terms.symbol):
            raise InvalidOrder(
                f"close_position would close the whole account's position in {name}, of which this session is not the "
                f"only holder: send reduce_only with a quantity instead (the session holds {plain(net)})",
                code=ErrorCode.INVALID_ORDER,
            )

    def _own(self, session: int, symbol: str, side: Side) -> list[TrackedOrder]:
        orders = ((order, order.known_terms) for order in self._book.open_orders(session) if order.symbol == symbol)
        return [order for order, terms in orders if terms is not None and terms.side is side]

    def _is_alone(self, session: int, symbol: str) -> bool:
        """Whether nobody else holds the symbol, or has an order there that could make it so."""
        others = (lines.get(symbol) for owner, lines in self._book.exposure.lines.items() if owner != session)
        is_used = any(line is not None and (line.net or line.under_way) for line in others)
        return not is_used and not self._book.net(EXTERNAL, symbol)


def _without_rivals(orders: Iterable[TrackedOrder]) -> Decimal:
    """What orders may execute together: of two of which one cancels the other, the larger counts."""
    largest: dict[str, Decimal] = {}
    for order in orders:
        qty = order.worst_leaves_qty + order.facts.missing_qty
        pair = min(order.client_order_id, order.rival or order.client_order_id)
        largest[pair] = max(qty, largest.get(pair, _ZERO))
    return sum(largest.values(), _ZERO)


def _way_out(terms: Terms, room: Decimal, under_way: Decimal, alone: bool) -> str:
    """What to do about an order that would do more than reduce."""
    if room > _ZERO:
        return f"{terms.side} {plain(room)} at most"
    if not under_way:
        return f"a {terms.side} reduces nothing"
    together = "" if alone else "; while other sessions hold the symbol too, a stop and a target count together"
    return f"cancel or amend the orders that do{together}"


def _is_guarded(order: TrackedOrder) -> bool:
    known = order.known_terms
    return known is not None and order.is_waiting and known.reduce_only


def _is_bound(order: TrackedOrder) -> bool:
    return order.closes_position or _is_guarded(order)
