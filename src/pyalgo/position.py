"""What a session holds, and what it made of it."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from tradingsys.wire.messages import PositionView

__all__ = ["Position", "Unfilled", "position_of"]


class Position(Struct, frozen=True):
    """What a session holds of a symbol, as it was when asked. Money is in the settlement asset unless it says else."""

    symbol: str
    net: float
    """Negative when short. On spot what can be sold: fees that were taken in the base asset are subtracted."""
    entry_price: float | None
    """Average cost; None when flat, or when part of the position was set by an edit."""
    realized_pnl: float
    """Of what was closed, before fees and funding."""
    unrealized_pnl: float | None
    """Of what is open; None while entry price or a market price are not known."""
    fees: dict[str, float]
    """Paid, by asset; negative for rebates."""
    funding: dict[str, float]
    """Received, by asset; negative when paid."""
    net_executed: float | None = None
    """On spot what was bought less what was sold, fees left out; None for contracts."""


class Unfilled(NamedTuple):
    """What may still be bought and sold beyond the position, at worst: quantities, by side."""

    buy: float
    sell: float


def position_of(symbol: str, view: PositionView | None, market_price: float | None) -> Position:
    """A position from the wire; without a view it is flat and nothing was ever made."""
    if view is None:
        return Position(symbol, 0.0, None, 0.0, 0.0, {}, {})
    net, unrealized = Decimal(view.net), None
    if not net:
        unrealized = 0.0
    elif view.entry_px is not None and market_price:
        unrealized = float((Decimal(repr(market_price)) - Decimal(view.entry_px)) * net)
    return Position(
        symbol,
        float(net),
        None if view.entry_px is None else float(view.entry_px),
        float(view.realized_pnl),
        unrealized,
        {asset: float(fee) for asset, fee in view.fees.items()},
        {asset: float(paid) for asset, paid in view.funding.items()},
        None if view.net_executed is None else float(view.net_executed),
    )
