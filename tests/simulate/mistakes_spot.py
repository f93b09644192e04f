"""Mistakes with assets that a life on spot must notice: each changes one line of the product."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Mistake
from tradingsys.core.order import Fill
from tradingsys.core.position import Pair
from tradingsys.oms import fill_book
from tradingsys.oms.asset_account import AssetAccount
from tradingsys.oms.cash_book import CashBook
from tradingsys.oms.session_book import SessionBook

__all__ = ["SPOT_MISTAKES"]


def base_fees_cost_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fill_book, "base_fee", lambda fill, pair: Decimal(0))


def what_was_before_a_baseline_counts_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CashBook, "_moved", lambda *args: None)


def symbols_enter_without_their_past(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AssetAccount, "_read_from", lambda *args, **more: None)


def foreign_symbols_are_nobodys_business(patch: pytest.MonkeyPatch) -> None:
    async def nothing(account: AssetAccount) -> set[str]:
        return set()

    patch.setattr(AssetAccount, "symbols_held", nothing)
    patch.setattr(SessionBook, "_note_outside", lambda *args: None)


def a_restart_forgets_what_was_paid(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("tradingsys.oms.accounting.quote_flow", lambda fill: Decimal(0))


def fees_in_a_third_asset_are_free(patch: pytest.MonkeyPatch) -> None:
    def less(fill: Fill, pair: Pair) -> dict[str, Decimal]:
        return {pair.base: fill.signed_qty, pair.quote: Decimal(0)}

    patch.setattr("tradingsys.oms.cash_book.movements", less)


SPOT_MISTAKES: dict[Mistake, Profile] = {
    base_fees_cost_nothing: Profile.NORMAL,
    what_was_before_a_baseline_counts_twice: Profile.KILLS,
    symbols_enter_without_their_past: Profile.KILLS,
    foreign_symbols_are_nobodys_business: Profile.NORMAL,
    a_restart_forgets_what_was_paid: Profile.NORMAL,
    fees_in_a_third_asset_are_free: Profile.KILLS,
}
"""Each with the profile whose lives meet it soonest."""
