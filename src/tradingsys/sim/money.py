"""Money that moves without an order, and what holding a position costs."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

__all__ = ["CashKind", "CashRow", "FundingRecord", "MarginMove"]


class CashKind(StrEnum):
    """Why a balance changed."""

    TRANSFER = "TRANSFER"
    REALIZED_PNL = "REALIZED_PNL"
    COMMISSION = "COMMISSION"
    FUNDING_FEE = "FUNDING_FEE"
    INSURANCE_CLEAR = "INSURANCE_CLEAR"
    """Liquidation fees, and what the insurance fund pays for those who lost more than they had."""


class CashRow(Struct, frozen=True):
    """One change of one balance; all rows of an account sum up to its wallet."""

    account: str
    kind: CashKind
    symbol: str
    """Empty for transfers."""
    asset: str
    amount: Decimal
    """Negative when paid."""
    ts_ns: int
    row_id: int
    """Unique."""
    exec_id: int | None = None
    """The execution that caused it."""


class MarginMove(Struct, frozen=True):
    """Money moved between an account and one of its isolated positions; the wallet holds both."""

    account: str
    symbol: str
    asset: str
    amount: Decimal
    """Negative when it came back."""
    ts_ns: int


class FundingRecord(Struct, frozen=True):
    """One settlement of a symbol: who is long paid this rate of the position's value to who is short."""

    symbol: str
    rate: Decimal
    mark_px: Decimal
    ts_ms: int
