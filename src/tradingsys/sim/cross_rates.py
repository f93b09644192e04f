"""What a symbol is worth by what its two assets are worth elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tradingsys.sim.flow import ValueElsewhere
from tradingsys.sim.spot_markets import SpotMarket

__all__ = ["cross_rates"]

_UNIT = "USDT"


def cross_rates(elsewhere: ValueElsewhere, markets: Iterable[SpotMarket]) -> ValueElsewhere:
    """Values of symbols that ``elsewhere`` knows, and of those between two assets that it knows in one unit."""
    assets: Mapping[str, tuple[str, str]] = {market.symbol: (market.base, market.quote) for market in markets}

    def value(symbol: str) -> float | None:
        known = elsewhere(symbol)
        if known is not None or symbol not in assets:
            return known
        base, quote = (elsewhere(asset + _UNIT) for asset in assets[symbol])
        return None if base is None or quote is None else base / quote

    return value
