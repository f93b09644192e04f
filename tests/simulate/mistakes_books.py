"""Mistakes about books that the exchange cannot mend: too old ones, copies, and differences that a person accepts."""

from __future__ import annotations

from tests.simulate.mistakes import Mistake
from tests.simulate.scenes import books
from tradingsys.gateway.requests.asset_desk import AssetDesk
from tradingsys.oms import retention
from tradingsys.oms.session_book import SessionBook
from tradingsys.store import lineage

__all__ = ["BOOK_MISTAKES"]

BOOK_MISTAKES = (
    Mistake(
        "a_book_is_as_old_as_it_is",
        books.away_too_long,
        retention.heed_gap,
        "complete_ms = min(book.ledger_marks.values(), default=max(book.created_ms, last_start_ms))",
        "complete_ms = book.created_ms",
        hidden_by="no life is as long as an exchange remembers",
    ),
    Mistake(
        "the_exchange_remembers_for_ever",
        books.away_too_long,
        retention.heed_gap,
        "if is_empty or away_ms * 100 <= history_ms * _SAFE_PERCENT:",
        "if is_empty or away_ms <= history_ms * _SAFE_PERCENT:",
        hidden_by="as above",
    ),
    Mistake(
        "a_book_of_its_own_lacks_the_journal",
        books.own_lineage,
        lineage._begin,
        "absorb_journal(conn, identity, read_segments(db, identity.lineage, only_look=True))",
        "pass",
        hidden_by="nobody does so in lives",
    ),
    Mistake(
        "a_difference_is_accepted_as_it_was_told",
        books.accepted,
        AssetDesk._accept,
        "run_within(gateway, gateway.recovery.measure(asset), _MEASURE_MS, measured)",
        "measured(Difference(gateway.book.differences[asset], is_steady=True))",
        hidden_by="as above",
    ),
    Mistake(
        "what_is_accepted_is_told_before_it_is_written",
        books.accepted,
        AssetDesk._book,
        "reply_when_saved(gateway, client, request.id, result)",
        "reply(client, request.id, result)",
        hidden_by="as above",
    ),
    Mistake(
        "what_is_accepted_is_added",
        books.accepted,
        SessionBook.accept_difference,
        "self._fills.adjust(EXTERNAL, name, -difference, LedgerKind.ACCEPTED, ts_ms)",
        "self._fills.adjust(EXTERNAL, name, difference, LedgerKind.ACCEPTED, ts_ms)",
        hidden_by="as above",
    ),
)
"""In the order of the words above."""
