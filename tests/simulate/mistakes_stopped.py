"""Mistakes about sessions at their limits: what ends a restriction, what stays open, what orders are measured with."""

from __future__ import annotations

from tests.simulate.mistakes import Mistake
from tests.simulate.scenes import limits
from tradingsys.gateway.limits import losses
from tradingsys.gateway.limits.limiting import Limiting
from tradingsys.gateway.ordering.reducing import Reducing
from tradingsys.gateway.stops.clearing import Clearing
from tradingsys.oms import earnings, excess, halts, limit_checks
from tradingsys.oms.day_loss import DayLoss
from tradingsys.oms.fill_book import FillBook
from tradingsys.store import standing_rows

__all__ = ["STOPPED_MISTAKES"]

STOPPED_MISTAKES = (
    Mistake(
        "a_pause_has_no_end_after_a_restart",
        limits.paused,
        standing_rows.read_halts,
        "None if until_ms is None else int(str(until_ms)),",
        "None,",
        hidden_by="no session of lives is ever paused",
    ),
    Mistake(
        "what_is_less_severe_ends_what_is_more",
        limits.stopped,
        halts._end_ms,
        "return until_ms if state.severity > known.state.severity else known.until_ms",
        "return until_ms",
        hidden_by="no session of lives is halted for good",
    ),
    Mistake(
        "who_is_halted_keeps_orders_that_add",
        limits.stopped,
        losses.restrict,
        "duty = HaltDuty.NOTHING if cause is HaltCause.PAUSE else HaltDuty.REDUCE",
        "duty = HaltDuty.NOTHING",
        hidden_by="as above",
    ),
    Mistake(
        "who_is_halted_loses_his_stops",
        limits.stopped,
        Clearing._is_all,
        "return self.row.state is TradingState.HALTED and self.row.duty is not HaltDuty.REDUCE",
        "return self.row.state is TradingState.HALTED",
        hidden_by="as above",
    ),
    Mistake(
        "stops_leave_no_room_for_what_reduces",
        limits.stopped,
        excess.beyond,
        "elif terms.reduce_only or terms.close_position or order.rival in fitting:",
        "elif order.rival in fitting:",
        hidden_by="as above",
    ),
    Mistake(
        "who_loses_a_cent_is_stopped",
        limits.small_losses,
        DayLoss.verdict,
        "if allowed is not None and observed >= allowed",
        "if allowed is not None and observed",
        hidden_by="who is stopped may have lost as much at an instant that is over",
    ),
    Mistake(
        "all_together_may_lose_what_they_like",
        limits.small_losses,
        losses.Losses.judge_account,
        'self._act_on(self.account, Scope(), lambda limit: f"limits: {ACCOUNT}{limit}")',
        "pass",
        hidden_by="no account of lives has such a limit",
    ),
    Mistake(
        "an_edit_ends_the_limit_of_losses",
        limits.edited,
        earnings._held,
        "if holding.px is None:",
        "if holding.px is None or held.entry_px is None:",
        hidden_by="nobody judges what is lost where somebody edited",
    ),
    Mistake(
        "what_an_edit_brings_is_a_gain",
        limits.edited,
        FillBook.value_edits,
        "if self._accounting.valued(session, symbol, px):",
        "if self._accounting.valued(session, symbol, px * 0):",
        hidden_by="as above",
    ),
    Mistake(
        "prices_are_told_by_streams_alone",
        limits.unfollowed,
        Limiting._keep_prices_fresh,
        "self.reading.keep_fresh(needed & self._gateway.instruments.keys(), min(ages, default=FRESH_S))",
        "pass",
        hidden_by="strategies of lives follow what they trade",
    ),
    Mistake(
        "an_old_price_measures_as_well",
        limits.no_price,
        limit_checks._unmeasured,
        "if reference.problem and limits.max_reference_age_s is not None:",
        "if False:",
        hidden_by="markets of lives do not sleep",
    ),
    Mistake(
        "a_stop_and_a_target_are_one_order",
        limits.bracket,
        Reducing.check_others,
        "for owner, side in sorted(sides):",
        "for owner, side in ():",
        hidden_by="strategies of lives seldom have both, each as large as what they hold",
    ),
    Mistake(
        "a_stop_is_one_whatever_another_session_sells",
        limits.bracket,
        Reducing._check_guarded,
        "if wanted is side:",
        "if False:",
        hidden_by="as above",
    ),
    Mistake(
        "what_only_reduced_outlives_what_was_held",
        limits.outlived,
        Reducing.outlived,
        "if self._reducible(order) < lot(symbol):",
        "if False:",
        hidden_by="the books are right, whatever a session opens",
    ),
)
"""In the order of the words above."""
