"""Mistakes about history that is read once more: by the day's audit, and where books and account differ."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Mistake
from tests.simulate.scenes import audits, late
from tradingsys.gateway.auditing import Audit
from tradingsys.gateway.host import look_when_saved
from tradingsys.gateway.late_executions import LateExecutions
from tradingsys.gateway.rereading import Rereading
from tradingsys.oms import auditing, late_fills
from tradingsys.oms.fill_book import FillBook
from tradingsys.oms.trade_history import TradeHistory
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
        Rereading.read,
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
        Rereading.read,
        "await self.wait_for_owners(symbol)",
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
        Rereading.read,
        "await recovery.pull_trades(symbol)",
        "pass",
        hidden_by="as above",
    ),
    Mistake(
        "what_explains_a_part_of_what_the_books_lack_is_booked",
        late.others_are_missing,
        late_fills.explain,
        "return bool(lacking) and all(differences.get(name, _ZERO) == -amount for name, amount in lacking.items())",
        "return bool(lacking)",
        hidden_by="an account seldom loses what nothing explains just then",
    ),
    Mistake(
        "what_a_person_edited_is_booked_once_more",
        late.edited_by_hand,
        LateExecutions.book,
        "if corrected or not explain(fills, book.differences, book.pairs, book.assets):",
        "if not explain(fills, book.differences, book.pairs, book.assets):",
        hidden_by="a person seldom corrects what explains itself a moment later",
    ),
    Mistake(
        "an_audit_does_not_wait_for_those_that_are_booked_late",
        late.nobodys_canceled_out,
        LateExecutions.book,
        "await self._history.wait_for_owners(symbol)",
        "pass",
        hidden_by="whose an execution is, is mostly known at once",
    ),
    Mistake(
        "what_history_showed_late_is_never_booked",
        Profile.FORGETFUL,
        FillBook.is_booked,
        "return fill.key not in self._late",
        "return True",
        scene=late.shown_late,
    ),
    Mistake(
        "what_was_booked_late_is_lost_to_the_next_start",
        Profile.FORGETFUL,
        FillBook.book,
        "self._settle(fill.symbol)",
        "pass",
        scene=late.shown_late,
    ),
    Mistake(
        "what_an_event_tells_late_is_left_to_history",
        late.told_late,
        FillBook.admitted,
        "if fill.fee is not None and fill.key not in self._late and not self._is_kept(fill):",
        "if False:",
        hidden_by="what history shows late is told by no event in most lives",
    ),
    Mistake(
        "the_watermark_passes_what_history_does_not_show",
        late.fee_shown_late,
        TradeHistory._pull_once,
        "settled &= first_hidden is None or int(fill.exec_id) < first_hidden",
        "pass",
        hidden_by="what was told without its fee is told once more with it",
    ),
)
"""What an audit compares, and with what; then what is booked of what history showed too late."""
