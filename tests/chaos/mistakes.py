"""Gateways that are broken on purpose: whoever judges a stretch must see each."""

from __future__ import annotations

from tradingsys.core.commands import Command, PlaceOrder
from tradingsys.core.order import Fill
from tradingsys.core.records import Intent
from tradingsys.gateway.venue_link import VenueLink
from tradingsys.oms.fill_book import FillBook
from tradingsys.store.store import Store

__all__ = ["MISTAKES"]

_EVERY = 5


def _a_fill_is_lost() -> None:
    """One execution in five is never booked, from whatever source it is known."""
    book = FillBook.book

    def book_most(self: FillBook, fill: Fill, session: int, client_order_id: str | None) -> None:
        if int(fill.exec_id) % _EVERY:
            book(self, fill, session, client_order_id)

    FillBook.book = book_most  # type: ignore[method-assign]


def _a_fill_is_someone_elses() -> None:
    """One execution in five is booked to the next session; another one than is lost."""
    book = FillBook.book

    def book_wrongly(self: FillBook, fill: Fill, session: int, client_order_id: str | None) -> None:
        is_wrong = session > 0 and int(fill.exec_id) % _EVERY == _EVERY // 2
        book(self, fill, session + is_wrong, client_order_id)

    FillBook.book = book_wrongly  # type: ignore[method-assign]


def _no_journal() -> None:
    """Orders are sent without being written down first."""

    def append(self: Store, intent: Intent, *others: Intent) -> None:
        del self, intent, others

    Store.append = append  # type: ignore[method-assign]


def _an_order_is_sent_twice() -> None:
    """One that waits for a price, at once: the exchange refuses the second, and has no record of it."""
    send = VenueLink.send

    def send_again(self: VenueLink, command: Command) -> None:
        send(self, command)
        if isinstance(command, PlaceOrder) and command.terms.order_type.is_conditional:
            send(self, command)

    VenueLink.send = send_again  # type: ignore[method-assign]


MISTAKES = {
    "a fill is lost": _a_fill_is_lost,
    "a fill is someone else's": _a_fill_is_someone_elses,
    "no journal": _no_journal,
    "an order is sent twice": _an_order_is_sent_twice,
}
"""By name."""
