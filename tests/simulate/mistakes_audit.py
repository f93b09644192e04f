"""Mistakes about the day's audit: what is compared, with what, and when."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Mistake
from tests.simulate.scenes import audits
from tradingsys.gateway.auditing import Audit
from tradingsys.gateway.host import look_when_saved
from tradingsys.oms import auditing
from tradingsys.store import auditing as stored

__all__ = ["AUDIT_MISTAKES"]

_RIGHT = "the books are right wherever an audit looks"

AUDIT_MISTAKES = (
    Mistake(
        "an_audit_compares_quantities_alone",
        audits.tampered,
        auditing._facts,
        "return (fill.side, fill.last_px, fill.last_qty, fill.charge)",
        "return (fill.side, fill.last_qty)",
        hidden_by=_RIGHT,
    ),
    Mistake(
        "an_audit_asks_only_about_what_is_booked",
        audits.tampered,
        auditing.compare,
        'wrong[key] = f"{_told(fill)} is not booked"',
        "pass",
        hidden_by="as above",
    ),
    Mistake(
        "an_audit_asks_only_about_what_the_exchange_tells",
        audits.tampered,
        auditing.compare,
        "if key not in theirs and since_ms <= fill.ts_event_ms <= until_ms:",
        "if False:",
        hidden_by="as above",
    ),
    Mistake(
        "an_audit_does_not_ask_whose_executions_are",
        audits.tampered,
        stored.not_the_orders_own,
        "return [",
        "return [] and [",
        hidden_by="as above",
    ),
    Mistake(
        "what_a_person_resumed_is_found_again",
        audits.resumed,
        Audit._found,
        "news = [what for what in wrong if what not in self._told and what not in stands]",
        "news = wrong",
        hidden_by="as above",
    ),
    Mistake(
        "an_audit_takes_half_a_trade_for_all_of_it",
        audits.half_a_page,
        Audit._audit,
        "told = [fill for fill in told if is_last or int(fill.exec_id) < last]",
        "last += not is_last",
        hidden_by="pages of 1,000 rows",
    ),
    Mistake(
        "an_audit_is_sure_of_what_is_on_its_way",
        audits.meanwhile_traded,
        auditing.compare,
        "if fill.ts_event_ms > until_ms:",
        "if False:",
        hidden_by="an audit seldom comes within the second in which it matters",
    ),
    Mistake(
        "an_audit_looks_before_all_is_written",
        audits.not_yet_booked,
        look_when_saved,
        "gateway.when_saved(saved)",
        "saved(None)",
        hidden_by="as above",
    ),
    Mistake(
        "an_audit_does_not_wait_for_owners",
        audits.not_yet_booked,
        Audit._audit,
        "await self._wait_for_owners(symbol)",
        "pass",
        hidden_by="as above",
    ),
    Mistake(
        "an_audit_begins_before_the_book_did",
        Profile.NORMAL,
        stored.first_to_audit,
        '"SELECT max(0, first_trade_id, coalesce((SELECT CAST(trade_id AS INTEGER) FROM fills WHERE symbol = ?1"',
        '"SELECT max(0, coalesce((SELECT CAST(trade_id AS INTEGER) FROM fills WHERE symbol = ?1"',
    ),
    Mistake(
        "an_audit_reads_on_from_the_watermark",
        audits.not_yet_booked,
        Audit._audit,
        "await recovery.pull_trades(symbol)",
        "pass",
        hidden_by="as above",
    ),
)
"""What is compared first, then what it is compared with."""
