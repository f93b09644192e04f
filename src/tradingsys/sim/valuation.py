"""What assets are worth, by the last prices of the markets between them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tradingsys.sim.venue import Venue

__all__ = ["prices_in"]


def prices_in(unit: str, venues: Iterable[Venue]) -> dict[str, Decimal]:
    """What one of each asset is worth in ``unit``; assets that no chain of markets leads to are missing.

    The shortest chain counts; of several, the one whose markets are listed first.
    """
    ways: dict[str, list[tuple[str, Decimal, bool]]] = {}
    for venue in venues:
        base, quote = venue.instrument.base_asset, venue.instrument.quote_asset
        ways.setdefault(quote, []).append((base, venue.last_px, False))
        ways.setdefault(base, []).append((quote, venue.last_px, True))
    known = {unit: Decimal(1)}
    reached = [unit]
    for asset in reached:
        for other, px, inverse in ways.get(asset, ()):
            if other not in known:
                known[other] = known[asset] / px if inverse else known[asset] * px
                reached.append(other)
    return known
