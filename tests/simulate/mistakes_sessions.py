"""Mistakes about sessions: who owns them, and what strategies are told."""

from __future__ import annotations

from pyalgo.history import History
from pyalgo.missed import Missed
from pyalgo.order import Order
from tests.simulate.faults import Profile
from tests.simulate.layers import Layer
from tests.simulate.mistakes import Edit, Mistake
from tests.simulate.scenes import beliefs, clients
from tradingsys.gateway.clients.announcements import Announcements
from tradingsys.gateway.clients.sessions import Session, SessionDesk
from tradingsys.gateway.clients.tokens import Tokens
from tradingsys.gateway.requests.requests import RequestHandler
from tradingsys.gateway.saving import Saving
from tradingsys.gateway.views.views import order_view, positions_view, snapshot

__all__ = ["SESSION_MISTAKES"]

SESSION_MISTAKES = (
    Mistake(
        "a_session_may_have_two_owners",
        Profile.PEERS,
        SessionDesk.login,
        "self._contest(session, owner, client, now_ns)",
        "pass",
        scene=clients.claimed,
    ),
    Mistake(
        "doubts_are_left_out_of_the_snapshot",
        Profile.KILLS,
        snapshot,
        "return Snapshot(epoch, n, positions_view(book, session), [view for view in views if view is not None])",
        "views = [view for view in views if view is not None and not view.in_doubt]\n"
        "return Snapshot(epoch, n, positions_view(book, session), views)",
        scene=clients.without_memory,
    ),
    Mistake(
        "what_is_not_booked_yet_is_netted_across_sides",
        Layer.QUERIES,
        positions_view,
        "bought, sold = (unbooked.get((symbol, side), _ZERO) for side in (Side.BUY, Side.SELL))",
        "bought, sold = (unbooked.get((symbol, side), _ZERO) for side in (Side.BUY, Side.SELL))\n"
        "bought, sold = max(bought - sold, _ZERO), max(sold - bought, _ZERO)",
        hidden_by="it is booked too soon",
    ),
    Mistake(
        "a_login_before_ready_gets_a_snapshot",
        clients.early,
        RequestHandler._login,
        "if session is not None and gateway.is_ready and missed is None",
        "if session is not None and missed is None",
        hidden_by="strategies wait for the one at READY",
    ),
    Mistake(
        "a_cursor_of_another_epoch_counts",
        clients.comes_back,
        Session.missed_since,
        "if cursor is None or cursor[0] != self.epoch or cursor[1] > self.n:",
        "if cursor is None or cursor[1] > self.n:",
        hidden_by="event numbers seldom reach so far again",
    ),
    Mistake(
        "what_happened_while_away_is_told_from_the_next_on",
        Profile.PEERS,
        Session.missed_since,
        "missed = self.n - cursor[1]",
        "missed = max(0, self.n - cursor[1] - 1)",
        scene=clients.away,
    ),
    Mistake(
        "whoever_asks_gets_the_session",
        clients.claimed,
        SessionDesk._contest,
        "if client.instance and owner.instance == client.instance:",
        "if True:",
        hidden_by="strategies come back and take theirs again",
    ),
    Mistake(
        "signs_of_life_are_not_heeded",
        clients.claimed,
        SessionDesk.tick,
        "if session.owner.heard_ns > session.probe_deadline_ns - _PROBE_NS:",
        "if False:",
        hidden_by="as above",
    ),
    Mistake(
        "a_sessions_token_opens_all",
        clients.stranger,
        Tokens._opens,
        "return compare_digest(given, session_token(self._master, session).encode()) or is_master",
        "return any(compare_digest(given, session_token(self._master, each).encode()) for each in (1, session))",
        hidden_by="lives have no tokens",
    ),
    Mistake(
        "events_for_slow_readers_are_dropped",
        Profile.NEIGHBOURS,
        Session._push,
        "client.peer.write(data)",
        "client.peer.pending_bytes > 300 or client.peer.write(data)",
        scene=clients.slow,
    ),
    Mistake(
        "a_cursor_too_old_gets_what_is_kept",
        Profile.PEERS,
        Session.missed_since,
        "if missed > len(self._events):",
        "if (missed := min(missed, len(self._events))) < 0:",
        (
            Edit(
                Session._push,
                "while self._events_bytes > _MAX_REPLAY_BYTES:",
                "while len(self._events) > 2:",
            ),
        ),
        scene=clients.away,
    ),
    Mistake(
        "what_is_given_to_the_store_is_told_to_be_durable",
        clients.durable,
        Saving._tell,
        "while self._marks and self._marks[0][0] <= self._kept:",
        "while self._marks and self._marks[0][0] <= self._given:",
        hidden_by="few die in the milliseconds between",
    ),
    Mistake(
        "executions_are_not_told",
        Profile.NORMAL,
        Announcements.order,
        "elif (view := order_view(news.order, news.new_fills, news.completed_fills)) is not None:",
        "elif (view := order_view(news.order, (), news.completed_fills)) is not None:",
        scene=clients.told,
    ),
    Mistake(
        "every_push_has_all_executions",
        Profile.NORMAL,
        Announcements.order,
        "elif (view := order_view(news.order, news.new_fills, news.completed_fills)) is not None:",
        "elif (view := order_view(news.order, news.order.facts.fills.values(), news.completed_fills)) is not None:",
        scene=clients.told,
    ),
    Mistake(
        "pyalgo_keeps_executions_to_itself",
        Profile.NORMAL,
        History.tell,
        "order, fill, is_late_fee = told",
        "order, fill, is_late_fee = told.order, None, told.is_late_fee",
        scene=clients.told,
    ),
    Mistake(
        "pyalgo_tells_executions_twice",
        Profile.NORMAL,
        History.tell,
        "self._listener.order(order, fill)",
        "self._listener.order(order, fill)\nself._listener.order(order, fill)",
        scene=clients.told,
    ),
    Mistake(
        "pyalgo_takes_an_order_for_filled_that_was_amended",
        beliefs.amended_elsewhere,
        Order._is_outgrown,
        "return self.state is State.FILLED and is_larger and Decimal(view.cum_qty) == self._cum",
        "return False",
        hidden_by="amends are seldom executed just as far as before",
    ),
    Mistake(
        "an_execution_waits_for_the_terms_of_its_order",
        beliefs.told_by_an_execution,
        order_view,
        "terms = known or _terms_shown(facts)",
        "terms = known",
        hidden_by="a start sees all open orders",
    ),
    Mistake(
        "pyalgo_does_not_ask_what_was_executed_meanwhile",
        clients.missed,
        Missed._go_on,
        "after = self._history.told_up_to",
        "after = None",
        hidden_by="few sessions of lives are flattened",
    ),
    Mistake(
        "executions_are_not_numbered",
        clients.missed,
        Announcements.numbered,
        "return [self._numbered(row, told, epoch) if isinstance(row, FillRecord) else row for row in records]",
        "return list(records)",
        hidden_by="as above",
    ),
    Mistake(
        "what_was_executed_is_asked_for_after_the_snapshot",
        clients.missed,
        History._lose_track,
        "self.told_up_to, self.cursor = self.told_up_to or self.cursor, None",
        "self.cursor = None",
        hidden_by="as above",
    ),
    Mistake(
        "executions_that_are_not_written_yet_are_not_in_the_snapshot",
        clients.missed_and_begun,
        snapshot,
        "orders = dict.fromkeys([*book.open_orders(session), *unsaved])",
        "orders = dict.fromkeys(book.open_orders(session))",
        hidden_by="few die in the milliseconds between",
    ),
)
"""Owners first, then what is told."""
