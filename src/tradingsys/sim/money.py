"""Money that moves without an order, and what holding a position costs."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

__all__ = ["CashKind", "CashRow", "FundingRecord", "InterestRecord", "LoanKind", "LoanRecord", "MarginMove"]


class CashKind(StrEnum):
    """Why a balance changed."""

    TRANSFER = "TRANSFER"
    REALIZED_PNL = "REALIZED_PNL"
    COMMISSION = "COMMISSION"
    FUNDING_FEE = "FUNDING_FEE"
    INSURANCE_CLEAR = "INSURANCE_CLEAR"
    """Liquidation fees, and what the insurance fund pays for those who lost more than they had."""
    TRADE = "TRADE"
    """Of assets: what an execution brought or took, before its fee."""
    BORROW = "BORROW"
    REPAY = "REPAY"
    """Of the wallet; what is owed is told by the loans and the interest."""
    FORCED_REPAY = "FORCED_REPAY"
    """A repayment that a liquidation made."""


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


class LoanKind(StrEnum):
    """The two ways of a loan."""

    BORROW = "BORROW"
    REPAY = "REPAY"


class LoanRecord(Struct, frozen=True):
    """An asset was borrowed, or paid back."""

    loan_id: int
    account: str
    asset: str
    kind: LoanKind
    principal: Decimal
    interest: Decimal
    """Paid with it; 0 when borrowed."""
    ts_ns: int
    order_id: int = 0
    """The order that did it by itself; 0 when it was asked for."""

    @property
    def amount(self) -> Decimal:
        """All that moved."""
        return self.principal + self.interest


class InterestRecord(Struct, frozen=True):
    """An hour's interest on what is owed of an asset; borrowing owes one at once."""

    interest_id: int
    account: str
    asset: str
    principal: Decimal
    interest: Decimal
    hourly_rate: Decimal
    ts_ns: int
    is_first: bool = False
