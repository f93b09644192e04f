"""What the facts of an exchange of assets are called in Binance's SDK, and which fields not every order has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.judges.box import Row
from tests.judges.ccxt_spot_words import word_of

__all__ = ["AT_TIMES", "assert_same_spot_order", "at_times"]

AT_TIMES = (
    # of trailing orders, of those with a strategy, of those that prevented a trade of the account with itself,
    "trailingDelta", "trailingTime", "strategyId", "strategyType", "preventedMatchId", "preventedQuantity",
    # of smart routing and of pegs, which the box has not, and of orders that expired
    "workingFloor", "usedSor", "pegPriceType", "pegOffsetType", "pegOffsetValue", "peggedPrice", "expiryReason",
)  # fmt: skip
"""Fields of an order that only some have."""


def at_times(*prefixes: str, more: tuple[str, ...] = ()) -> set[str]:
    """The paths of such fields; answers to placing and cancelling are without ``more`` of plain orders."""
    return {f"{prefix}.{name}" for prefix in prefixes or ("",) for name in (*AT_TIMES, *more)}


def assert_same_spot_order(told: Any, truth: Row, *, is_cancel: bool = False) -> None:
    """What every reply about an order says, in the exchange's words."""
    own_id = told.orig_client_order_id if is_cancel else told.client_order_id
    assert (told.symbol, told.order_id, own_id) == (truth["symbol"], truth["order_id"], truth["client_order_id"])
    assert (told.side, told.type, told.status) == (truth["side"], word_of(truth), truth["status"])
    assert told.order_list_id == (-1 if truth["list_id"] is None else truth["list_id"])
    assert [
        Decimal(text)
        for text in (
            told.price, told.orig_qty, told.executed_qty, told.cummulative_quote_qty, told.orig_quote_order_qty,
        )
    ] == [
        Decimal(truth[name] or 0) for name in ("price", "qty", "cum_qty", "cum_quote", "quote_qty")
    ]  # fmt: skip
    if hasattr(told, "update_time"):
        assert (told.time, told.update_time) == (truth["created_ms"], truth["updated_ms"])
        assert Decimal(told.stop_price) == Decimal(truth["trigger_px"] or 0)
        assert Decimal(told.iceberg_qty) == Decimal(truth["iceberg_qty"] or 0)
        assert told.is_working is truth["is_working"] or truth["status"] not in ("NEW", "PARTIALLY_FILLED")
    else:
        assert told.transact_time in (truth["created_ms"], truth["updated_ms"])
