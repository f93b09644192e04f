"""Mistakes about conditional orders, amends, forced trades and money."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Mistake
from tests.simulate.scenes import restrictions, unknown
from tradingsys.gateway.ordering.orders import OrderDesk
from tradingsys.oms.accounting import Accounting, Holding
from tradingsys.oms.cash_book import CashBook
from tradingsys.oms.fill_book import FillBook
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.order_index import OrderIndex
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["FUTURES_MISTAKES"]

_TAKE_BASE = "self._accounts[row.session, row.symbol] = _Account(row, self._pairs.get(row.symbol))"

FUTURES_MISTAKES = (
    Mistake(
        "what_it_became_is_known_by_our_id_only",
        Profile.NORMAL,
        OrderIndex.find,
        "if facts.venue_order_id is not None:",
        "if False:",
    ),
    Mistake(
        "a_foreign_name_is_nobodys_at_once",
        Profile.NORMAL,
        SessionBook.learn,
        "elif facts.forced or (facts.client_order_ids and not self.kinship.may_be_ours(facts, symbol)):",
        "elif facts.forced or facts.client_order_ids:",
    ),
    Mistake(
        "conditional_orders_are_asked_for_among_the_others",
        Profile.NORMAL,
        Inquiry._query,
        "return OrderQuery(order.symbol, client_order_id=order.client_order_id, is_conditional=True)",
        "return OrderQuery(order.symbol, client_order_id=order.client_order_id)",
    ),
    Mistake(
        "a_refused_cancel_means_canceled",
        Profile.PEERS,
        OrderDesk._canceled,
        "self._procedures.start(self._settle_refused_cancel(order, report))",
        "self._book.refuse(order, Closed(OrderStatus.CANCELED))",
    ),
    Mistake(
        "an_amend_without_an_answer_was_refused",
        unknown.unanswered_amend,
        OrderDesk._replaced,
        "if report.outcome in (Outcome.ACCEPTED, Outcome.NOT_SENT):",
        "if report.outcome in (Outcome.ACCEPTED, Outcome.NOT_SENT, Outcome.IN_DOUBT):",
        hidden_by="the stream, or a question, tells of most amends sooner",
    ),
    Mistake(
        "an_amend_is_believed",
        Profile.AMENDS,
        SessionBook.replacing,
        "self._index.touch(order)",
        "terms = order.known_terms\n"
        "terms = structs.replace(terms, order_qty=command.order_qty, price=command.price)\n"
        "order.facts = structs.replace(order.facts, terms=terms)\n"
        "self._index.touch(order)",
    ),
    Mistake(
        "an_amend_under_way_counts_for_nothing",
        unknown.late_amend,
        TrackedOrder.may_be_enlarged,
        "return self.replace is not None and (self.is_open or self.is_untold)",
        "return False",
        hidden_by="an execution in part must come while a larger amend is under way",
    ),
    Mistake(
        "trades_alone_tell_how_an_order_stands",
        unknown.forgotten_amend,
        SessionBook.untold_orders,
        "return [order for order in self._index.untold.values() if order.is_untold]",
        "return []",
        hidden_by="amends are in the journal, and people of lives change prices only",
    ),
    Mistake(
        "a_forced_trade_halts_nothing",
        Profile.NORMAL,
        SessionBook.learn,
        "self.halts.forced(symbol, facts.forced, ts_event_ms)",
        "pass",
        scene=restrictions.liquidated,
    ),
    Mistake(
        "funding_counts_as_often_as_it_is_read",
        Profile.KILLS,
        CashBook.is_known,
        "return (income.kind, income.ext_id) in self._known",
        "return False",
    ),
    Mistake(
        "funding_goes_to_the_largest_whole",
        Profile.NORMAL,
        FillBook.pay,
        "for session, amount in shares(income.amount, nets).items():",
        "largest = max(nets, key=lambda session: (abs(nets[session]), -session), default=-1)\n"
        "for session, amount in {largest: income.amount}.items():",
    ),
    Mistake(
        "funding_is_shared_by_what_is_held_now",
        Profile.NORMAL,
        FillBook.pay,
        "nets = self.cash.held_at(symbol, income.ts_ms, now)",
        "nets = now",
    ),
    Mistake(
        "profit_counts_again_after_a_restart",
        Profile.NORMAL,
        Accounting.__init__,
        "if key not in based or int(record.fill.exec_id) >= watermarks.get(key[1], 0):",
        "if True:",
    ),
    Mistake(
        "profit_is_forgotten_in_a_restart",
        Profile.NORMAL,
        Accounting.__init__,
        _TAKE_BASE,
        f"row = structs.replace(row, realized_pnl=_ZERO)\n{_TAKE_BASE}",
    ),
    Mistake(
        "what_had_no_known_cost_earned_nothing",
        Profile.NORMAL,
        Holding._with,
        "return Holding(position, is_priced, self.uncosted + more)",
        "return Holding(position, is_priced, self.uncosted)",
    ),
)
"""Orders first, then money."""
