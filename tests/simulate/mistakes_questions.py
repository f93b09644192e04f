"""Mistakes about questions to the exchange: whose turn it is, what is asked too late, what an answer proves, and what
becomes of those without one.
"""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Edit, Mistake
from tests.simulate.scenes import questions, strays
from tradingsys.gateway.boot import Boot
from tradingsys.gateway.ordering import orders
from tradingsys.gateway.ordering.unproven import UnprovenOrders
from tradingsys.gateway.stops.confirming import Confirming
from tradingsys.gateway.venue_link import VenueLink
from tradingsys.oms.attribution import Attribution
from tradingsys.oms.disagreement import Disagreement
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.proof import Proof
from tradingsys.oms.refusals import Refusals
from tradingsys.oms.turns import Turns
from tradingsys.venues.binance import limits

__all__ = ["QUESTION_MISTAKES"]

QUESTION_MISTAKES = (
    Mistake(
        "strategies_take_all_places",
        questions.crowd,
        Turns._has_place,
        "if turn in _MOST_OF and self._under_way[turn] >= _MOST_OF[turn]:",
        "if False:",
        hidden_by="strategies of lives ask little",
    ),
    Mistake(
        "what_nobody_waits_for_any_more_is_done",
        questions.too_late,
        Turns.add,
        "if turn is Turn.STRATEGIES or not isinstance(query, Reading):",
        "if False:",
        hidden_by="as above",
    ),
    Mistake(
        "who_was_believed_absent_is_not_canceled",
        questions.believed_closed,
        Confirming._ask,
        "open_there = list(self._ours(shown))",
        "open_there = []",
        hidden_by="nobody halts anything by hand",
    ),
    Mistake(
        "a_made_up_order_counts",
        questions.made_up,
        UnprovenOrders.intent,
        "if key.epoch < now.first_epoch or key.epoch >= now.first_epoch_after_cut:",
        "if False:",
        hidden_by="strategies of lives make nothing up",
    ),
    Mistake(
        "whoever_asks_for_an_order_makes_it_up_for_its_owner",
        questions.others_order,
        UnprovenOrders.intent,
        "if key is None or session is None or key.session != session.id:",
        "if key is None or session is None:",
        (Edit(orders._require_own, "if key is None or key.session != session:", "if key is None:"),),
        hidden_by="as above, and each of two rules",
    ),
    Mistake(
        "a_stop_cannot_have_been_triggered_when_answers_are_young_enough",
        Profile.FORGETFUL,
        Attribution._patience_ms,
        "return self._lagging_ms",
        "return staleness_ms",
    ),
    Mistake(
        "an_execution_of_a_denied_order_is_nobodys",
        questions.denied,
        Attribution.attribute,
        "is_nameless = negatives >= _OWNER_ATTEMPTS and not is_contradicted",
        "is_nameless = negatives >= _OWNER_ATTEMPTS",
        hidden_by="no life denies all that is known of an order for so long",
    ),
    Mistake(
        "after_the_minute_no_answer_is_a_denial",
        strays.denied_then_silent,
        Attribution.attribute,
        "may_be_late = self._is_contradicted(symbol, venue_order_id)",
        "may_be_late = is_contradicted = self._is_contradicted(symbol, venue_order_id)",
        hidden_by="as above",
    ),
    Mistake(
        "an_execution_of_a_lost_order_that_is_denied_is_nobodys",
        strays.lost_and_denied,
        Attribution._is_contradicted,
        "if self._first_ms(symbol, venue_order_id) <= self._book.missing.until_ms:",
        "if False:",
        hidden_by="as above",
    ),
    Mistake(
        "a_start_waits_for_all_that_comes_meanwhile",
        strays.others_trade,
        Boot._catch_up,
        "while self._recovery.owners.awaits_any(owners):",
        "while self._recovery.owners.to_come():",
        hidden_by="people of lives seldom sell what a stop would, and not for so long",
    ),
    Mistake(
        "what_waits_for_its_owner_is_a_difference_that_lasts",
        strays.others_trade,
        Disagreement.judge,
        "name: max(self._since_ms.get(name, now_ms), self._explained_ms(name, differences))",
        "name: self._since_ms.get(name, now_ms)",
        hidden_by="as above",
    ),
    Mistake(
        "no_ban_is_longer_than_a_minute",
        Profile.NORMAL,
        limits.wait_ms,
        "return min(_told_wait_ms(error, headers, now_ms), LONGEST_BAN_MS)",
        "return min(_told_wait_ms(error, headers, now_ms), 60_000)",
    ),
    Mistake(
        "who_is_shut_out_asks_on",
        Profile.VENUE,
        VenueLink.admits,
        "if self._shut_out_ms(costs):",
        "if False:",
    ),
    Mistake(
        "what_is_put_aside_is_never_asked_for_again",
        Profile.REFUSED,
        Refusals.failed,
        "refusal.due_ns = now_ns + refusal.pause_ns",
        "refusal.due_ns = now_ns + 10**18",
    ),
    Mistake(
        "what_is_refused_counts_as_told",
        Profile.REFUSED,
        Inquiry.ask,
        'raise NotTold(f"the exchange refuses to tell of {asked.symbol}")',
        "if isinstance(asked, TradesQuery):\n"
        "    return ()\n"
        'raise NotTold(f"the exchange refuses to tell of {asked.symbol}")',
    ),
    Mistake(
        "silence_of_one_holds_up_all",
        questions.silent,
        Inquiry.ask,
        "if is_refusal(error) or await self._is_alone(asked, error, asked_ns):",
        "if is_refusal(error):",
        hidden_by="when lives end, all is answered",
    ),
    Mistake(
        "silence_of_all_is_taken_for_a_refusal",
        questions.silent,
        Inquiry.ask,
        "if is_refusal(error) or await self._is_alone(asked, error, asked_ns):",
        "if is_refusal(error) or self.refusals.is_without_answer(asked, error):",
        hidden_by="what was put aside is told a minute later",
    ),
    Mistake(
        "books_that_nothing_proves_are_trusted",
        questions.unproven,
        Proof.watch,
        "if self._waited_ms >= longest_ms and not self._is_imposed:",
        "if False:",
        hidden_by="what the account holds is seldom refused for so long",
    ),
    Mistake(
        "what_nothing_proved_stays_restricted",
        questions.unproven,
        Proof.compared,
        "if is_dealt_with and self._halts.lift(Scope(), now_ms, HaltCause.UNPROVEN):",
        "if False:",
        hidden_by="as above",
    ),
    Mistake(
        "who_sent_an_order_on_a_lost_symbol_is_told_nothing",
        Profile.CUTS,
        UnprovenOrders._check,
        "if instrument is None:",
        "if instrument is None or terms.symbol not in self._book.symbols:",
        (
            Edit(UnprovenOrders._check, "if terms.symbol in self._book.symbols:", "if False:"),
            Edit(UnprovenOrders._check, "if self._is_listed(terms.symbol):", "if False:"),
        ),
    ),
)
"""Places first, then proofs, then what is not told."""
