"""Mistakes about conditional orders, amends, forced trades and money that a life must notice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from tests.simulate.faults import Profile
from tradingsys.core.commands import OrderQuery, ReplaceOrder
from tradingsys.core.enums import OrderStatus
from tradingsys.core.errors import TradingError
from tradingsys.core.order import Closed, Order
from tradingsys.core.position import Pair
from tradingsys.core.records import AdjustmentRecord, FillRecord, PerformanceRecord, Saved
from tradingsys.core.reports import Outcome, RequestDone
from tradingsys.gateway.orders import OrderDesk
from tradingsys.oms.accounting import Accounting
from tradingsys.oms.fill_book import FillBook
from tradingsys.oms.funding import Movements
from tradingsys.oms.halts import Halts
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.order_index import OrderIndex
from tradingsys.oms.procedure import ask
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["FUTURES_MISTAKES"]


def what_it_became_is_known_by_our_id_only(patch: pytest.MonkeyPatch) -> None:
    def by_name(self: OrderIndex, facts: Order, symbol: str) -> TrackedOrder | None:
        del symbol
        return next((self.by_client_id[name] for name in facts.client_order_ids if name in self.by_client_id), None)

    patch.setattr(OrderIndex, "find", by_name)


def a_foreign_name_is_nobodys_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SessionBook, "may_be_ours", lambda *_: False)


def conditional_orders_are_asked_for_among_the_others(patch: pytest.MonkeyPatch) -> None:
    async def plainly(self: Inquiry, order: TrackedOrder) -> tuple[Order | None, bool]:
        del self
        try:
            return await ask(OrderQuery(order.symbol, client_order_id=order.client_order_id)), True
        except TradingError:
            return None, False

    patch.setattr(Inquiry, "order", plainly)


def a_refused_cancel_means_canceled(patch: pytest.MonkeyPatch) -> None:
    canceled = OrderDesk._canceled

    def believe(self: OrderDesk, order: TrackedOrder, report: RequestDone) -> None:
        if report.outcome is Outcome.REFUSED and order.is_conditional:
            self._book.refuse(order, Closed(OrderStatus.CANCELED))
        canceled(self, order, report)

    patch.setattr(OrderDesk, "_canceled", believe)


def an_amend_without_an_answer_was_refused(patch: pytest.MonkeyPatch) -> None:
    replaced = OrderDesk._replaced

    def give_up(self: OrderDesk, order: TrackedOrder, report: RequestDone) -> None:
        if report.outcome is Outcome.IN_DOUBT:
            self._book.replace_ended(order)
        else:
            replaced(self, order, report)

    patch.setattr(OrderDesk, "_replaced", give_up)


def an_amend_is_believed(patch: pytest.MonkeyPatch) -> None:
    replacing = SessionBook.replacing

    def done_already(self: SessionBook, order: TrackedOrder, command: ReplaceOrder) -> None:
        replacing(self, order, command)
        if order.facts.terms is not None:
            terms = structs.replace(order.facts.terms, order_qty=command.order_qty, price=command.price)
            order.facts = structs.replace(order.facts, terms=terms)

    patch.setattr(SessionBook, "replacing", done_already)


def an_amend_under_way_counts_for_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TrackedOrder, "may_be_enlarged", property(lambda _: False))


def trades_alone_tell_how_an_order_stands(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SessionBook, "untold_orders", lambda _: [])


def a_forced_trade_halts_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Halts, "forced", lambda *_: None)


def funding_is_forgotten_in_a_restart(patch: pytest.MonkeyPatch) -> None:
    open_book = FillBook.__init__

    def without(self: FillBook, saved: Saved, effects: list[Any]) -> None:
        open_book(self, structs.replace(saved, ledger=()), effects)

    patch.setattr(FillBook, "__init__", without)


def funding_goes_to_the_largest_whole(patch: pytest.MonkeyPatch) -> None:
    def whole(amount: Decimal, nets: Mapping[int, Decimal]) -> dict[int, Decimal]:
        return {max(nets, key=lambda session: (abs(nets[session]), -session), default=-1): amount}

    patch.setattr("tradingsys.oms.fill_book.shares", whole)


def funding_is_shared_by_what_is_held_now(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Movements, "nets_at", lambda _self, _symbol, _ts_ms, now: dict(now))


def profit_counts_again_after_a_restart(patch: pytest.MonkeyPatch) -> None:
    open_accounts = Accounting.__init__

    def twice(
        self: Accounting,
        performance: Iterable[PerformanceRecord],
        fills: Iterable[FillRecord],
        adjustments: Iterable[AdjustmentRecord],
        watermarks: Mapping[str, int],
        pairs: Mapping[str, Pair] | None = None,
    ) -> None:
        del watermarks
        open_accounts(self, performance, fills, adjustments, {}, pairs)

    patch.setattr(Accounting, "__init__", twice)


def profit_is_forgotten_in_a_restart(patch: pytest.MonkeyPatch) -> None:
    open_book = FillBook.__init__

    def without(self: FillBook, saved: Saved, effects: list[Any]) -> None:
        poor = tuple(structs.replace(row, realized_pnl=Decimal(0)) for row in saved.performance)
        open_book(self, structs.replace(saved, performance=poor), effects)

    patch.setattr(FillBook, "__init__", without)


FUTURES_MISTAKES: dict[Callable[[pytest.MonkeyPatch], None], Profile] = {
    what_it_became_is_known_by_our_id_only: Profile.NORMAL,
    a_foreign_name_is_nobodys_at_once: Profile.NORMAL,
    conditional_orders_are_asked_for_among_the_others: Profile.NORMAL,
    a_refused_cancel_means_canceled: Profile.PEERS,
    an_amend_without_an_answer_was_refused: Profile.AMENDS,
    an_amend_is_believed: Profile.AMENDS,
    an_amend_under_way_counts_for_nothing: Profile.AMENDS,
    trades_alone_tell_how_an_order_stands: Profile.AMENDS,
    a_forced_trade_halts_nothing: Profile.NORMAL,
    funding_is_forgotten_in_a_restart: Profile.KILLS,
    funding_goes_to_the_largest_whole: Profile.NORMAL,
    funding_is_shared_by_what_is_held_now: Profile.NORMAL,
    profit_counts_again_after_a_restart: Profile.NORMAL,
    profit_is_forgotten_in_a_restart: Profile.NORMAL,
}
"""Each with the profile whose lives meet it soonest."""
