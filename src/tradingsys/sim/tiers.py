"""The box's leverage brackets: made up, with the shape of real ones."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.matching.tiers import Tiers

__all__ = ["tiers_of"]

_MAJORS = frozenset({"BTC", "ETH"})

_MAJOR = Tiers(
    (leverage, Decimal(cap), Decimal(ratio))
    for leverage, cap, ratio in (
        (125, 300_000, "0.004"),
        (100, 1_000_000, "0.005"),
        (75, 3_000_000, "0.0065"),
        (50, 12_000_000, "0.01"),
        (25, 70_000_000, "0.02"),
        (20, 120_000_000, "0.025"),
        (10, 250_000_000, "0.05"),
        (5, 500_000_000, "0.1"),
        (4, 600_000_000, "0.125"),
        (2, 1_200_000_000, "0.25"),
        (1, 2_000_000_000, "0.5"),
    )
)
_MINOR = Tiers(
    (leverage, Decimal(cap), Decimal(ratio))
    for leverage, cap, ratio in (
        (75, 20_000, "0.006"),
        (50, 250_000, "0.01"),
        (25, 4_000_000, "0.02"),
        (20, 10_000_000, "0.025"),
        (10, 25_000_000, "0.05"),
        (5, 50_000_000, "0.1"),
        (4, 60_000_000, "0.125"),
        (2, 120_000_000, "0.25"),
        (1, 200_000_000, "0.5"),
    )
)


def tiers_of(base_asset: str) -> Tiers:
    """The brackets of a contract on an asset."""
    return _MAJOR if base_asset in _MAJORS else _MINOR
