"""Mistakes that a life must notice: each changes one line of the product.

Not here, because another rule hides them from a life: a watermark that is saved before its fills (it follows only what
is older than the staleness, and such rows are long saved), an order of another epoch that is sent (no client asks for
one) and an EXTERNAL that swallows differences (there are none). Tests of their own are about those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from msgspec import structs

from tests.simulate.faults import Profile
from tradingsys.core.commands import PlaceOrder
from tradingsys.core.enums import OrderStatus
from tradingsys.core.order import Closed, Fill, Order
from tradingsys.core.records import Intent, Record, SymbolRecord
from tradingsys.core.reports import OrderRequest, Outcome, Report, RequestDone
from tradingsys.gateway import boot as boot_module
from tradingsys.gateway.boot import Boot
from tradingsys.gateway.kernel import Gateway
from tradingsys.gateway.orders import OrderDesk
from tradingsys.gateway.sessions import SessionDesk
from tradingsys.gateway.views import snapshot
from tradingsys.oms.fill_book import FillBook
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.recovery import Margins, Recovery
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.settling import Settling
from tradingsys.oms.strays import Strays
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.store.book import Book
from tradingsys.store.store import Store
from tradingsys.wire.messages import Snapshot

__all__ = ["MISTAKES", "Mistake"]

Mistake = Callable[[pytest.MonkeyPatch], None]


def no_fill_dedup(patch: pytest.MonkeyPatch) -> None:
    book = FillBook.book

    def twice(self: FillBook, fill: Fill, session: int, client_order_id: str | None) -> None:
        self._booked.get(fill.symbol, {}).pop(fill.key, None)
        book(self, fill, session, client_order_id)

    patch.setattr(FillBook, "book", twice)


def a_timeout_means_rejected(patch: pytest.MonkeyPatch) -> None:
    def reject(self: SessionBook, order: TrackedOrder) -> None:
        self.refuse(order, Closed(OrderStatus.REJECTED, reason="timeout"))

    patch.setattr(SessionBook, "doubt", reject)


def a_timeout_means_once_more(patch: pytest.MonkeyPatch) -> None:
    heard = Gateway._heard

    def and_resend(self: Gateway, report: Report) -> None:
        heard(self, report)
        match report:
            case RequestDone(client_order_id, OrderRequest.PLACE, Outcome.IN_DOUBT):
                order = self.book.orders[client_order_id]
                if order.in_doubt and order.terms is not None:
                    stamp_ms = self.venue.venue_ms()
                    self.venue.send(PlaceOrder(client_order_id, order.terms, stamp_ms, order.recv_window_ms))

    patch.setattr(Gateway, "_heard", and_resend)


def history_is_never_read(patch: pytest.MonkeyPatch) -> None:
    async def nothing(self: Recovery, symbol: str) -> None:
        del self, symbol

    patch.setattr(Recovery, "pull_trades", nothing)


def the_watermark_follows_the_stream(patch: pytest.MonkeyPatch) -> None:
    learn = SessionBook.learn

    def ahead(self: SessionBook, facts: Order, symbol: str, ts_event_ms: int) -> TrackedOrder | None:
        order = learn(self, facts, symbol, ts_event_ms)
        for exec_id in facts.fills:
            if symbol in self.symbols:
                self.advance(symbol, int(exec_id) + 1)
        return order

    patch.setattr(SessionBook, "learn", ahead)


def the_watermark_ignores_how_old_answers_are(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Inquiry, "surely_ms", lambda self: self.venue_ms() + 10**9)


def order_numbers_are_not_checked(patch: pytest.MonkeyPatch) -> None:
    login = SessionDesk.login

    def always_first(self: SessionDesk, client: Any, params: Any, now_ns: int) -> None:
        login(self, client, params, now_ns)
        client.login = 1

    patch.setattr(SessionDesk, "login", always_first)


def a_session_may_have_two_owners(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SessionDesk, "_evict", lambda *_: None)


def epochs_are_used_again(patch: pytest.MonkeyPatch) -> None:
    begin = Book.begin_epoch

    def again(self: Book, epoch: int, recv_window_ms: int) -> None:
        self._conn.execute("DELETE FROM epochs WHERE epoch = ?", (epoch,))
        begin(self, epoch, recv_window_ms)

    patch.setattr(Book, "begin_epoch", again)
    patch.setattr(boot_module, "max", lambda a, b: 7 if b > 10**9 else max(a, b), raising=False)


def cancels_are_believed(patch: pytest.MonkeyPatch) -> None:
    canceling = OrderDesk.canceling

    def done_already(self: OrderDesk, command: Any) -> None:
        canceling(self, command)
        self._book.refuse(self._book.orders[command.client_order_id], Closed(OrderStatus.CANCELED))

    patch.setattr(OrderDesk, "canceling", done_already)


def the_journal_is_not_written(patch: pytest.MonkeyPatch) -> None:
    def nothing(self: Store, intent: Intent) -> None:
        del self, intent

    patch.setattr(Store, "append", nothing)


def no_fence(patch: pytest.MonkeyPatch) -> None:
    async def nothing(self: Boot, fence_ms: int) -> None:
        del self, fence_ms

    patch.setattr(Boot, "_fence", nothing)


def a_fence_of_the_recv_window_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Margins, "fence_ms", lambda self, recv_window_ms: recv_window_ms)


def the_cut_is_forgotten_before_the_fence_ends(patch: pytest.MonkeyPatch) -> None:
    fence = Boot._fence

    async def forgetful(self: Boot, fence_ms: int) -> None:
        store = self._store
        assert isinstance(store, Store)
        store._book.mark_ready(store._epoch, ends_cut=True)
        store._ticket.issue(store._epoch)
        await fence(self, fence_ms)

    patch.setattr(Boot, "_fence", forgetful)


def nothing_is_read_before_ready(patch: pytest.MonkeyPatch) -> None:
    async def only_listen(self: Boot, symbols: Iterable[str]) -> int:
        del symbols
        return await self._listen()

    patch.setattr(Boot, "_catch_up", only_listen)


def what_the_journal_lacks_was_never_sent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OrderDesk, "_unknown", lambda *_: None)


def doubts_are_left_out_of_the_snapshot(patch: pytest.MonkeyPatch) -> None:
    def confident(book: SessionBook, session: int, epoch: int, n: int) -> Snapshot:
        told = snapshot(book, session, epoch, n)
        return structs.replace(told, orders=[view for view in told.orders if not view.in_doubt])

    patch.setattr("tradingsys.gateway.announcements.snapshot", confident)
    patch.setattr("tradingsys.gateway.requests.snapshot", confident)


def absent_before_its_time(patch: pytest.MonkeyPatch) -> None:
    async def hasty(self: Settling, order: TrackedOrder) -> None:
        negatives, inquiry = 0, self._inquiry
        while order.in_doubt:
            facts, answered = await inquiry.order(order)
            negatives += answered
            if facts is not None:
                inquiry.learn(facts, order.symbol)
            elif negatives > 2:
                inquiry.book.believe_absent(order)
            else:
                await inquiry.wait(50)

    patch.setattr(Settling, "_resolve", hasty)


def a_fill_without_an_owner_is_nobodys(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Strays, "hold", lambda self, facts, _venue_order_id, symbol: self.disown(facts, symbol))


def symbols_are_not_kept(patch: pytest.MonkeyPatch) -> None:
    commit, save_now = Store.commit, Store.save_now

    def without(records: Sequence[Record]) -> list[Record]:
        return [record for record in records if not isinstance(record, SymbolRecord)]

    patch.setattr(Store, "commit", lambda self, records, done: commit(self, without(records), done))
    patch.setattr(Store, "save_now", lambda self, records: save_now(self, without(records)))


MISTAKES: dict[Mistake, Profile] = {
    no_fill_dedup: Profile.NORMAL,
    a_timeout_means_rejected: Profile.NORMAL,
    a_timeout_means_once_more: Profile.NORMAL,
    history_is_never_read: Profile.NORMAL,
    the_watermark_follows_the_stream: Profile.NORMAL,
    the_watermark_ignores_how_old_answers_are: Profile.STALE,
    order_numbers_are_not_checked: Profile.NORMAL,
    a_session_may_have_two_owners: Profile.PEERS,
    epochs_are_used_again: Profile.KILLS,
    cancels_are_believed: Profile.NORMAL,
    the_journal_is_not_written: Profile.KILLS,
    no_fence: Profile.EXTREME,
    a_fence_of_the_recv_window_only: Profile.EXTREME,
    the_cut_is_forgotten_before_the_fence_ends: Profile.KILLS,
    nothing_is_read_before_ready: Profile.EXTREME,
    what_the_journal_lacks_was_never_sent: Profile.EXTREME,
    doubts_are_left_out_of_the_snapshot: Profile.KILLS,
    absent_before_its_time: Profile.EXTREME,
    a_fill_without_an_owner_is_nobodys: Profile.NORMAL,
    symbols_are_not_kept: Profile.NORMAL,
}
"""Each with the profile whose lives meet it soonest."""
