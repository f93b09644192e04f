"""Mistakes about questions to the exchange: whose turn it is, what is asked too late, and what an answer proves."""

from __future__ import annotations

from tests.simulate.mistakes import Edit, Mistake
from tests.simulate.scenes import questions
from tradingsys.gateway import orders
from tradingsys.gateway.confirming import Confirming
from tradingsys.gateway.unproven import UnprovenOrders
from tradingsys.oms.turns import Turns

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
)
"""Places first, then proofs."""
