"""Orders that only a strategy tells of: the journal that had them was lost, or they were never sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import structs

from tradingsys.core.errors import LocalProtocolError
from tradingsys.core.ids import decode_client_order_id
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Terms
from tradingsys.core.records import Intent
from tradingsys.gateway.clients.sessions import Session
from tradingsys.gateway.views.views import signed_number, terms_of
from tradingsys.oms.session_book import Incarnation, SessionBook
from tradingsys.wire.messages import ErrorCode, ResolveItem

__all__ = ["Presume", "UnprovenOrders"]

Presume = Callable[[int, Terms], Decimal]
"""Told a session and terms, it tells what an order for an amount may come to."""

_MOST = 100
"""Of a session at a time: each is asked about until the exchange has shown what became of it."""


class UnprovenOrders:
    """Judges what a strategy says that it sent."""

    def __init__(self, book: SessionBook, incarnation: Incarnation, is_listed: Callable[[str], bool]) -> None:
        """``is_listed``: whether the exchange lists a symbol, also one whose rules cannot be read."""
        self._book, self._incarnation, self._is_listed = book, incarnation, is_listed

    def intent(
        self,
        session: Session | None,
        item: ResolveItem,
        instruments: Mapping[str, Instrument],
        presume: Presume,
    ) -> Intent | None:
        """What would have been in the journal; None when it provably never left.

        Raises LocalProtocolError when it cannot be one of the session's orders, or too many are in doubt already.
        """
        key, now = decode_client_order_id(item.client_order_id), self._incarnation
        if key is None or session is None or key.session != session.id:
            raise LocalProtocolError("not an order of this session", code=ErrorCode.NO_SUCH_ORDER)
        if key.lineage != now.lineage:
            raise LocalProtocolError(
                "an order of another pos.db, which alone can tell what became of it: look for it at the exchange",
                code=ErrorCode.NO_SUCH_ORDER,
            )
        if key.epoch < now.first_epoch or key.epoch >= now.first_epoch_after_cut:
            return None
        if item.terms_unknown:
            raise LocalProtocolError(
                "its executions are being read again, and nobody knows yet what was ordered: ask again in some seconds",
                code=ErrorCode.NOT_READY,
            )
        terms = self.terms(item)
        self._check(terms, instruments.get(terms.symbol))
        in_doubt = sum(order.is_unproven for order in self._book.open_orders(session.id))
        if in_doubt >= _MOST:
            raise LocalProtocolError(
                f"the exchange is being asked about {_MOST} orders of this session already: ask again in some seconds",
                code=ErrorCode.DENIED,
            )
        return Intent(item.client_order_id, session.id, terms, 0, 0, presumed_qty=presume(session.id, terms))

    def terms(self, item: ResolveItem) -> Terms:
        """What it was, as the strategy says, which was told later how much one for an amount, or for all, came to.

        Raises LocalProtocolError.
        """
        try:
            if item.quote_quantity is not None or item.close_position:
                signed_number("quantity", item.quantity)  # counts for nothing, and must be a number all the same
                item = structs.replace(item, quantity="0")
            return terms_of(item)
        except ValueError as error:
            raise LocalProtocolError(str(error), code=ErrorCode.BAD_REQUEST) from None

    def _check(self, terms: Terms, instrument: Instrument | None) -> None:
        """It is shown as what it claims to be: at least it must be able to be that."""
        name = terms.symbol.lower()[:20]
        if instrument is None:
            if terms.symbol in self._book.symbols:
                return
            if self._is_listed(terms.symbol):
                return  # what it takes nobody can read, and the exchange can be asked what became of it
            raise LocalProtocolError(
                f"{name} is in no order of this pos.db's past, nor does the exchange list it",
                code=ErrorCode.NO_SUCH_ORDER,
            )
        most_px = instrument.max_price or terms.price
        is_too_dear = terms.price is not None and most_px is not None and terms.price > most_px
        if is_too_dear or terms.order_qty > max(instrument.max_qty, instrument.market_max_qty):
            raise LocalProtocolError(
                f"{name} takes no order of that quantity or price: it was never sent so", code=ErrorCode.BAD_REQUEST
            )
