"""What a symbol is worth by what it, or its two assets, are worth elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping

__all__ = ["ValueElsewhere", "cross_rates"]

ValueElsewhere = Callable[[str], float | None]
"""What a symbol is worth in another segment, in its quote asset; None when nobody says."""

_UNIT = "USDT"


def cross_rates(elsewhere: ValueElsewhere, assets: Mapping[str, tuple[str, str]]) -> ValueElsewhere:
    """Values of symbols that ``elsewhere`` knows, and of those between two assets that it knows in one unit.

    ``assets``: base and quote by symbol.
    """

    def value(symbol: str) -> float | None:
        known = elsewhere(symbol)
        if known is not None or symbol not in assets:
            return known
        base, quote = (elsewhere(asset + _UNIT) for asset in assets[symbol])
        return None if base is None or quote is None else base / quote

    return value
