"""Mistakes with assets, on spot."""

from __future__ import annotations

from tests.simulate.faults import Profile
from tests.simulate.mistakes import Edit, Mistake, OnSpot
from tradingsys.core.position import Position
from tradingsys.oms import accounting
from tradingsys.oms.asset_account import AssetAccount
from tradingsys.oms.asset_totals import asset_totals
from tradingsys.oms.cash_book import CashBook
from tradingsys.oms.fill_book import FillBook
from tradingsys.oms.session_book import SessionBook
from tradingsys.oms.tracked_order import TrackedOrder

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
        "start_ms = self._read_from(symbol, began_ms)",
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
    ),
    Mistake(
        "fees_in_a_third_asset_are_free",
        OnSpot(Profile.NORMAL),
        asset_totals,
        "if asset != flow.pair.base:",
        "if asset == flow.pair.quote:",
    ),
    Mistake(
        "profit_counts_twice",
        OnSpot(Profile.NORMAL),
        Position.after,
        "return Position(net, entry, earned)",
        "return Position(net, entry, 2 * earned - self.realized_pnl)",
    ),
    Mistake(
        "doubts_execute_nothing_more",
        OnSpot(Profile.EXTREME),
        TrackedOrder.worst_leaves_qty,
        "if terms is None or not (self.is_open or self.may_be_enlarged):",
        "if self.in_doubt or terms is None or not (self.is_open or self.may_be_enlarged):",
    ),
    Mistake(
        "which_list_an_order_belongs_to_is_not_kept",
        OnSpot(Profile.NORMAL),
        TrackedOrder.record,
        "self.facts.list_id,",
        "None,",
    ),
)
