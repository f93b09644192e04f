"""Mistakes about requests: who may send what, and what becomes of it."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Edit, Mistake
from tests.simulate.scenes import clients, cuts, unknown
from tradingsys.gateway.clients.sessions import SessionDesk
from tradingsys.gateway.kernel import Gateway
from tradingsys.gateway.ordering.orders import OrderDesk
from tradingsys.gateway.ordering.reducing import Reducing
from tradingsys.oms.absence import Absence
from tradingsys.oms.inquiry import Margins
from tradingsys.oms.session_book import SessionBook

__all__ = ["ORDER_MISTAKES"]

_DONE = "self.orders.done(report)"
_RESEND = (
    f"{_DONE}\n"
    "order = self.book.order(report.client_order_id)\n"
    "if order is not None and order.in_doubt and order.terms is not None:\n"
    "    from tradingsys.core.commands import PlaceOrder\n"
)
_NEW_ID = (
    "    from msgspec import structs\n"
    "    from tradingsys.core.ids import decode_client_order_id, encode_client_order_id\n"
    "    key = decode_client_order_id(order.client_order_id)\n"
    "    name = encode_client_order_id(structs.replace(key, seq=key.seq + 10**7))\n"
    "    from tradingsys.core.records import Intent\n"
    "    self.book.track(Intent(name, order.session, order.terms, self.venue.venue_ms(), order.recv_window_ms))\n"
)
_SEND = "    self.venue.send(PlaceOrder({name}, order.terms, self.venue.venue_ms(), order.recv_window_ms))"
_EXPIRY_MS = "return stamp_ms + recv_window_ms + self.engine_ms + self.staleness_ms"

ORDER_MISTAKES = (
    Mistake(
        "a_timeout_means_rejected",
        Profile.NORMAL,
        OrderDesk._placed,
        "self._book.doubt(order)",
        "self._book.refuse(order, Closed(OrderStatus.REJECTED))",
    ),
    Mistake(
        "a_timeout_means_once_more",
        Profile.NORMAL,
        Gateway._request_done,
        _DONE,
        _RESEND + _SEND.format(name="order.client_order_id"),
    ),
    Mistake(
        "a_timeout_means_once_more_under_a_new_id",
        Profile.NORMAL,
        Gateway._request_done,
        _DONE,
        _RESEND + _NEW_ID + _SEND.format(name="name"),
    ),
    Mistake(
        "absent_before_its_time",
        Profile.EXTREME,
        Absence._ask_until_denied,
        "elif answered and asked_ms > expiry_ms:",
        "elif answered:",
    ),
    Mistake(
        "absence_forgets_the_engine",
        Profile.EXTREME,
        Margins.expiry_ms,
        _EXPIRY_MS,
        "return stamp_ms + recv_window_ms + self.staleness_ms",
    ),
    Mistake(
        "absence_forgets_how_old_answers_are",
        Profile.EXTREME,
        Margins.expiry_ms,
        _EXPIRY_MS,
        "return stamp_ms + recv_window_ms + self.engine_ms",
    ),
    Mistake(
        "no_answer_counts_as_a_denial",
        unknown.silence,
        Absence._ask_until_denied,
        "elif answered and asked_ms > expiry_ms:",
        "elif asked_ms > expiry_ms:",
        hidden_by="stream and lists of open orders find the order",
    ),
    Mistake(
        "who_was_believed_absent_stays_so",
        unknown.hidden,
        SessionBook._merge,
        "order.facts = before.merge(facts)",
        "if order.absent:\n    return\norder.facts = before.merge(facts)",
        hidden_by="exchanges hide nothing for so long",
    ),
    Mistake(
        "cancels_are_believed",
        Profile.NORMAL,
        OrderDesk.canceling,
        "self._book.cancel_pending(self._book.orders[command.client_order_id], True)",
        "self._book.refuse(self._book.orders[command.client_order_id], Closed(OrderStatus.CANCELED))",
    ),
    Mistake(
        "numbers_begin_anew_at_each_login",
        Profile.NORMAL,
        SessionDesk.login,
        "client.login, client.seq = self._logins, 0",
        "client.login, client.seq = 1, 0",
        scene=clients.twice,
    ),
    Mistake(
        "an_order_of_another_epoch_is_sent",
        clients.old_order,
        OrderDesk.key,
        "if (params.lineage, params.epoch, params.login) != (now.lineage, now.epoch, client.login):",
        "if params.lineage != now.lineage:",
        (
            Edit(
                OrderDesk.key,
                "return OrderKey(session.id, now.lineage, now.epoch, client.login, params.seq)",
                "return OrderKey(session.id, now.lineage, params.epoch, params.login, params.seq)",
            ),
        ),
        hidden_by="pyalgo sends none",
    ),
    Mistake(
        "an_order_of_another_epoch_is_not_canceled",
        clients.old_cancel,
        OrderDesk.own,
        "order = self._book.order(client_order_id)",
        "order = self._book.order(client_order_id)\n"
        "order = order if decode_client_order_id(client_order_id).epoch == self._incarnation.epoch else None",
        hidden_by="orders end all the same",
    ),
    Mistake(
        "what_the_journal_lacks_was_never_sent",
        Profile.CUTS,
        OrderDesk.resolve,
        "intent = self._unproven.intent(client.session, item, instruments, presume)",
        "intent = None",
        scene=cuts.lost_tail,
    ),
    Mistake(
        "reduce_only_goes_by_the_account",
        Profile.NORMAL,
        Reducing.terms_for_venue,
        "net = self._book.net(session, terms.symbol)",
        "net = self._book.total(terms.symbol)",
    ),
)
"""In the order in which a request meets these rules."""
