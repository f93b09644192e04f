"""Executions that history showed only after younger ones were booked for good: are they what the books lack?

The watermark has passed them, and nothing reads them again. They are in the account, so books and account differ: where
they differ by exactly what such executions moved, these are what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tradingsys.core.order import Fill
from tradingsys.core.position import Pair
from tradingsys.oms.asset_totals import add, movements

__all__ = ["explain", "moved", "not_booked"]

_ZERO = Decimal(0)


def not_booked(told: Iterable[Fill], booked: Iterable[Fill], first_id: int, watermark: int) -> list[Fill]:
    """Of what the venue tells, the executions that nobody reads any more and that were not booked."""
    ours = {fill.key for fill in booked}
    return [fill for fill in told if first_id <= int(fill.exec_id) < watermark and fill.key not in ours]


def moved(fills: Iterable[Fill], pairs: Mapping[str, Pair], began_ms: Mapping[str, int]) -> dict[str, Decimal]:
    """What executions moved, by symbol, or by asset where assets are held; there ``began_ms`` has since when each is
    accounted for, as what moved it before is in its baseline.
    """
    sums: dict[str, Decimal] = {}
    for fill in fills:
        pair = pairs.get(fill.symbol)
        if pair is None:
            add(sums, fill.symbol, fill.signed_qty)
            continue
        for asset, amount in movements(fill, pair).items():
            if asset in began_ms and fill.ts_event_ms > began_ms[asset]:
                add(sums, asset, amount)
    return sums


def explain(
    fills: Iterable[Fill],
    differences: Mapping[str, Decimal],
    pairs: Mapping[str, Pair],
    began_ms: Mapping[str, int],
) -> bool:
    """Whether these executions are what the books lack: all that they moved is missing, and no more than that; which is
    nothing where they cancel out.

    ``differences`` are Σ sessions + EXTERNAL − account.
    """
    lacking = moved(fills, pairs, began_ms)
    return bool(lacking) and all(differences.get(name, _ZERO) == -amount for name, amount in lacking.items())
