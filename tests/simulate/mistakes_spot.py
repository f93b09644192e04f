"""Mistakes with assets, on spot."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Edit, Mistake, OnSpot
from tradingsys.oms import accounting
from tradingsys.oms.asset_account import AssetAccount
from tradingsys.oms.asset_totals import asset_totals
from tradingsys.oms.cash_book import CashBook
from tradingsys.oms.fill_book import FillBook
from tradingsys.oms.session_book import SessionBook

__all__ = ["SPOT_MISTAKES"]

SPOT_MISTAKES = (
    Mistake(
        "base_fees_cost_nothing",
        OnSpot(Profile.NORMAL),
        FillBook.book,
        "self._move(session, fill.symbol, fill.signed_qty - base_fee(fill, self.pairs.get(fill.symbol)))",
        "self._move(session, fill.symbol, fill.signed_qty)",
    ),
    Mistake(
        "symbols_enter_without_their_past",
        OnSpot(Profile.KILLS),
        AssetAccount._enter,
        "start_ms = self._read_from(symbol, pair, began_ms, is_lost=symbol in lost)",
        "start_ms = None",
    ),
    Mistake(
        "foreign_symbols_are_nobodys_business",
        OnSpot(Profile.NORMAL),
        SessionBook._note_outside,
        "self.outside.add(symbol)",
        "return",
        (Edit(AssetAccount.symbols_held, "return pairs | self._book.outside", "return set()"),),
    ),
    Mistake(
        "what_was_before_a_baseline_counts_twice",
        OnSpot(Profile.KILLS),
        CashBook._moved,
        "elif delta and fill.ts_event_ms <= began_ms:",
        "elif False:",
    ),
    Mistake(
        "what_was_paid_below_the_watermark_is_forgotten",
        OnSpot(Profile.NORMAL),
        accounting._Account.settle,
        "self._base_quote_flow += quote_flow(fill)",
        "pass",
        soon=2,
    ),
    Mistake(
        "fees_in_a_third_asset_are_free",
        OnSpot(Profile.NORMAL),
        asset_totals,
        "if asset != flow.pair.base:",
        "if asset == flow.pair.quote:",
        soon=3,
    ),
)
