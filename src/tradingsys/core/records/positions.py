"""What sessions hold, what that came to, and from when on symbols are accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.position import Pair

__all__ = [
    "BASELINE",
    "AdjustmentRecord",
    "Edit",
    "PerformanceRecord",
    "PositionRecord",
    "SymbolRecord",
    "WatermarkRecord",
]


class PositionRecord(Struct, frozen=True):
    """The new net position of a session (EXTERNAL included): replaces the row and its basis."""

    session: int
    symbol: str
    net: Decimal


class PerformanceRecord(Struct, frozen=True):
    """What a session's fills below the watermark came to: later ones are added to it when the book is read."""

    session: int
    symbol: str
    net: Decimal
    entry_px: Decimal | None
    """None when flat, or when part of ``net`` was set by an adjustment."""
    realized_pnl: Decimal
    fees: Mapping[str, Decimal]
    """By asset."""
    funding: Mapping[str, Decimal]
    """By asset; all of it, whatever the watermark."""
    adjustments: int
    """So many of its adjustments are counted in."""
    executed: Decimal = Decimal(0)
    """Bought less sold, without fees and adjustments; of symbols that trade assets."""
    quote_flow: Decimal = Decimal(0)
    """Received of the quote asset less paid, before fees; of symbols that trade assets."""
    uncosted: Decimal = Decimal(0)
    unvalued: Decimal = Decimal(0)
    """Both as in `SessionPosition`; of ``unvalued`` all of it, whatever the watermark."""


BASELINE = "baseline"
"""Why of the adjustment that stands for everything before the book's first trade id."""


class AdjustmentRecord(Struct, frozen=True):
    """A change of a session's net that is no fill: baseline, an edit by SQL, an operator's correction."""

    session: int
    symbol: str
    delta: Decimal
    why: str
    ts_ms: int


class Edit(Struct, frozen=True):
    """A row of ``positions`` that a user changed while the gateway was stopped: "net is this now"."""

    session: int
    symbol: str
    basis: Decimal
    """What we last wrote."""
    edited: Decimal
    edited_from: Decimal | None = None
    """The basis then, where the row was edited while the gateway ran, and fills moved it afterwards."""

    @property
    def conflict(self) -> bool:
        """Whether nobody knows what "net is this now" meant."""
        return self.edited_from is not None


class SymbolRecord(Struct, frozen=True):
    """A symbol entered the book: from ``first_trade_id`` on every trade of the account is ours to account for."""

    symbol: str
    first_trade_id: int
    base_asset: str = ""
    """Of a symbol that trades assets; empty for contracts."""
    quote_asset: str = ""

    @property
    def pair(self) -> Pair | None:
        """None for contracts."""
        return Pair(self.base_asset, self.quote_asset) if self.base_asset else None


class WatermarkRecord(Struct, frozen=True):
    """Every trade of the account with a smaller id is booked."""

    symbol: str
    trade_id: int
