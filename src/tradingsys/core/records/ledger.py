"""Money that moved without a trade."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

__all__ = ["LedgerKind", "LedgerMarkRecord", "LedgerRecord"]


class LedgerKind(StrEnum):
    """Why an asset moved without a trade, in the books of an account that holds assets."""

    BASELINE = "BASELINE"
    """What the account held of an asset when its books began; with a symbol, less what that symbol's history had."""
    TRANSFER = "TRANSFER"
    """A deposit, a withdrawal, a transfer between wallets."""
    INTEREST = "INTEREST"
    """Charged on what was borrowed."""
    ACCEPTED = "ACCEPTED"
    """A difference that a person took note of."""


class LedgerRecord(Struct, frozen=True):
    """Money that moved without a trade, such as funding. ``ext_id`` makes it unique within its kind."""

    session: int
    asset: str
    amount: Decimal
    kind: str
    ext_id: str
    ts_ms: int
    symbol: str = ""


class LedgerMarkRecord(Struct, frozen=True):
    """Every row of this kind that is older is in the ledger."""

    kind: str
    ts_ms: int
